"""Serious case reviews: the regime of chapter 8.1 of the framework, with Working Together 2015 behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from .regime import Regime
from .sections import (
    letters,
    s1_1_files,
    s1_2_report,
    s1_3_principles,
    s2_1_criteria,
    s2_2_decision,
    s2_2_peer_challenge,
    s2_3_panel,
    s2_4_methodology,
    s2_5_reviewers,
    s2_6_timescale,
    s2_7_organisations,
    s2_8_actions,
    s2_9_check,
    s2_9_not_publishing,
    s2_9_publication,
    s2_9_website,
    s2_10_learning,
)
from .sections.clocks import ANY_TIME, STAGES
from .sections.life import MOVES, POSSIBLE
from .sections.opening import may_open, remarks
from .sections.s2_1_finding import find
from .sections.stages import KINDS, kind_of, stage_of
from .step import Step
from .upkeep import any_time, closing

SECTIONS = (
    s2_1_criteria,
    s2_2_decision,
    s2_2_peer_challenge,
    s2_3_panel,
    s2_4_methodology,
    s2_5_reviewers,
    s2_6_timescale,
    s2_7_organisations,
    s1_3_principles,
    s2_8_actions,
    s2_9_publication,
    s2_9_check,
    s2_9_not_publishing,
    s2_9_website,
    s2_10_learning,
)
"""The sections that ask for something."""


def _all_steps() -> Mapping[str, type[Step]]:
    modules = (*SECTIONS, s1_1_files, s1_2_report, letters, any_time, closing)
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

SERIOUS_CASE_REVIEWS = Regime(
    name="scr-2015",
    title="serious case reviews",
    steps=STEPS,
    stages=STAGES,
    any_time=ANY_TIME,
    moves=MOVES,
    possible=POSSIBLE,
    kinds=KINDS,
    addressees=("ofsted", "dfe", "national_panel"),
    acknowledged=frozenset({"decision", "decision_not_to_initiate"}),
    stage_of=stage_of,
    kind_of=kind_of,
    find=lambda file: find(file.children.values(), file.concern, file.rules.definitions),
    may_open=may_open,
    remarks=remarks,
    duties=tuple(section.duties for section in SECTIONS),
    listings=s2_8_actions.listings,
    closing_notices=(s2_1_criteria.closing_notices, s2_2_decision.closing_notices),
)
