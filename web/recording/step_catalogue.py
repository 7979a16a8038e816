"""Every step in groups, by the framework's sections or by a file's stages: what may be recorded now, and why not."""

from __future__ import annotations

from dataclasses import dataclass

from models.regime import Regime
from models.sections.headings import SECTIONS
from models.step import Step
from models.step_words import plain_reason
from models.tasks import stage_of_step
from register.people.accounts import Account
from web.guide.rule_texts import section_of
from web.recording.rights import may_not
from web.request.opened_file import OpenFile
from web.request.visit import Visit

EVERY_WEEK = "At any time"


@dataclass(frozen=True, slots=True)
class Offered:
    """A step in the list. ``why_not`` is empty when it may be recorded."""

    name: str
    label: str
    about: str
    rules: tuple[str, ...]
    why_not: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Steps that belong together."""

    title: str
    now: tuple[Offered, ...]
    later: tuple[Offered, ...]


def catalogue(opened: OpenFile, account: Account, *, by_stage: bool = False) -> list[Group]:
    """Every step of a file, in groups, for whoever asks."""
    regime = opened.regime
    groups: dict[str, list[Offered]] = {name: [] for name in _titles(regime, by_stage)}
    for one in opened.steps:
        kind = regime.steps[one["step"]]
        groups[_group(regime, kind, by_stage)].append(offered(regime, kind, account, one["why_not"]))
    return [
        Group(title, tuple(s for s in steps if not s.why_not), tuple(s for s in steps if s.why_not))
        for title, steps in groups.items()
        if steps
    ]


def offered(regime: Regime, kind: type[Step], account: Account, why_not: list[dict[str, str]]) -> Offered:
    """A step as the list has it: who may not record it is told that first."""
    refused = may_not(kind, account)
    reasons = [refused] if refused else []
    for one in why_not:
        rule = f" ({one['rule']})" if one["rule"] and f"({one['rule']})" not in one["reason"] else ""
        reasons.append(plain_reason(regime, one["reason"]) + rule)
    return Offered(kind.name(), kind.label, about(regime, kind), kind.rules, tuple(dict.fromkeys(reasons)))


def about(regime: Regime, kind: type[Step]) -> str:
    """What a step is, in a sentence."""
    return plain_reason(regime, " ".join((kind.__doc__ or "").split("\n\n")[0].split()).replace("``", ""))


def _titles(regime: Regime, by_stage: bool) -> list[str]:
    if by_stage:
        return [*(stage.name.capitalize() for stage in regime.stages), EVERY_WEEK]
    return [*(f"{number} {title}" for number, title in SECTIONS.items()), EVERY_WEEK]


def _group(regime: Regime, kind: type[Step], by_stage: bool) -> str:
    section = section_of(kind.rules[0]) if kind.rules else ""
    if by_stage:
        return stage_of_step(regime, kind.name()).capitalize() or EVERY_WEEK
    return f"{section} {SECTIONS[section]}" if section in SECTIONS else EVERY_WEEK


def recorded_words(visit: Visit, regime: Regime) -> str:
    """What a file's page says right after a step was recorded, by the address it was led to; empty otherwise."""
    name = visit.request.query_params.get("recorded", "")
    label = regime.steps[name].label if name in regime.steps else ""
    follows = " This page and the lists will show it in a moment." if visit.request.query_params.get("follows") else ""
    return f"Recorded: {label[:1].lower()}{label[1:]}.{follows}" if label else ""
