"""Runs the benchmarks: those named on the command line, or all there are."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import bench

ROOT = Path(__file__).resolve().parents[1]


def found() -> dict[str, Callable[[], None]]:
    """Every module of this package that has a ``main``, by name."""
    names = [module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")]
    modules = {name: importlib.import_module(f"bench.{name}") for name in sorted(names)}
    return {name: module.main for name, module in modules.items() if hasattr(module, "main")}


def release() -> str:
    """The version that is measured, with its commit where the project is a checkout."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    try:
        asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
        commit = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return str(version)
    return f"{version}, commit {commit}"


def run(wanted: list[str]) -> int:
    """Runs them one after another; 2 when one that was asked for is not there."""
    benchmarks = found()
    if unknown := [name for name in wanted if name not in benchmarks]:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(benchmarks)}.", file=sys.stderr)
        return 2
    print(f"Measured with {release()}.")
    for name in wanted or benchmarks:
        benchmarks[name]()
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
