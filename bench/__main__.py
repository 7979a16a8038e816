"""Runs the benchmarks: those named on the command line, or all there are."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable

import bench


def found() -> dict[str, Callable[[], None]]:
    """Every module of this package that has a ``main``, by name."""
    names = [module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")]
    modules = {name: importlib.import_module(f"bench.{name}") for name in sorted(names)}
    return {name: module.main for name, module in modules.items() if hasattr(module, "main")}


def run(wanted: list[str]) -> int:
    """Runs them one after another; 2 when one that was asked for is not there."""
    benchmarks = found()
    if unknown := [name for name in wanted if name not in benchmarks]:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(benchmarks)}.", file=sys.stderr)
        return 2
    for name in wanted or benchmarks:
        benchmarks[name]()
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
