"""Which letters told what a step corrects or takes back: those who got them hear so."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date, datetime
from typing import Any

from .casefile import CaseFile
from .duties import notices_of
from .duty import Clocks, Notice
from .record import Entry
from .sections.every_week import StruckOut
from .sections.letters import OF_RUNGS
from .sections.s1_1_files import MergedFrom
from .sections.s2_1_criteria import OUTSIDE, FactsCorrected
from .sections.s2_7_organisations import OrganisationRemoved
from .step import Step

CORRECTING = (FactsCorrected, MergedFrom, StruckOut, OrganisationRemoved)
"""The steps that correct what was told, or take it back."""


def wrong_letters(
    step: Step, record: Sequence[Entry], before: CaseFile, after: CaseFile, holidays: tuple[date, ...]
) -> dict[str, Any] | None:
    """What the fact ``letters_wrong`` says of a step; None when no letter told what it corrects or takes back.

    A letter did when it has no reason any more, when it would now say something else, or when what all those outside
    are told rests on has changed. Which of them went out, and which go out yet, their numbers tell.

    Arguments:
        step: that was just recorded, one of those.
        record: everything that happened before.
        before, after: the file without the step and with it.
        holidays: one-off bank holidays.
    """
    stood = notices_of(before, Clocks(before, holidays)).values()
    stand = notices_of(after, Clocks(after, holidays))
    takes_back = isinstance(step, StruckOut | OrganisationRemoved)
    void = [notice.key for notice in stood if takes_back and notice.key not in stand]
    gone = before.parties.keys() - after.parties.keys()
    since = _recorded_at(record, step.step) if isinstance(step, StruckOut) else None
    deciding = not isinstance(step, MergedFrom) and _basis(before) != _basis(after)
    wrong = list(void)
    for notice in stood:
        now = stand.get(notice.key)
        said = now is not None and (now.content != notice.content or (deciding and _tells_outside(notice)))
        if _chased(notice, gone) or (said and _written_since(before, notice, since)):
            wrong.append(notice.key)
    if not wrong:
        return None
    return {"step": step.id, "notices": {key: before.resends.get(key, 1) for key in wrong}, "void": void}


def _basis(file: CaseFile) -> tuple[object, ...]:
    """What every letter to those outside rests on: each criterion, and whose case it is."""
    areas = [child.residence for child in file.children.values()]
    return [limb.held for limb in file.finding.limbs], areas, file.where


def _tells_outside(notice: Notice) -> bool:
    """Whether a notice tells somebody of the facts: those outside, and whoever else is told of decisions (2.2e)."""
    return notice.to in OUTSIDE or notice.key.startswith("decision:")


def _chased(notice: Notice, organisations: Set[str]) -> bool:
    """Whether a mail about a deadline went to one of these organisations."""
    kind, _, name = notice.to.partition(":")
    return notice.key.startswith(OF_RUNGS) and kind in ("lead", "board_member") and name in organisations


def _written_since(file: CaseFile, notice: Notice, since: datetime | None) -> bool:
    """Whether a letter went after an instant, or goes yet: before, it did not tell of the step."""
    letter = file.letters.get(notice.key)
    return since is None or letter is None or letter.taken_at is None or letter.taken_at >= since


def _recorded_at(record: Sequence[Entry], step: str) -> datetime:
    return next(entry.recorded_at for entry in record if entry.id == step and not entry.is_fact)
