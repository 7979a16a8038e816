"""Every step there is, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .duties import SECTIONS
from .sections import closing, every_week, letters, s1_2_report
from .step import Step


def _all_steps() -> Mapping[str, type[Step]]:
    modules = (*SECTIONS, s1_2_report, letters, every_week, closing)
    found = (
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Step) and "label" in vars(value)
    )
    return MappingProxyType({kind.name(): kind for kind in sorted(found, key=lambda kind: kind.rules + ("~",))})


STEPS = _all_steps()
"""Each step's class by the name of its message."""
