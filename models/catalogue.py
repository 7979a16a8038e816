"""Every step there is, by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from .duties import SECTIONS
from .sections import closing, every_week, letters, s1_1_files, s1_2_report
from .step import Step


def _all_steps() -> Mapping[str, type[Step]]:
    modules = (*SECTIONS, s1_1_files, s1_2_report, letters, every_week, closing)
    found = (
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Step) and "label" in vars(value)
    )
    return MappingProxyType({kind.name(): kind for kind in sorted(found, key=_place)})


def _place(kind: type[Step]) -> tuple[bool, list[tuple[int, ...]], str]:
    """By the framework's numbers, 2.9 before 2.10; steps that no rule names come last."""
    numbers = [
        tuple(int(part) if part.isdigit() else ord(part) for part in re.findall(r"\d+|[a-z]", rule))
        for rule in kind.rules
    ]
    return not kind.rules, numbers, kind.name()


STEPS = _all_steps()
"""Each step's class by the name of its message."""
