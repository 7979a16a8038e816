"""Which letters told what a step corrects or takes back: those who got them hear so."""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from typing import Any

from .casefile import CaseFile
from .duties import notices_of
from .duty import Clocks, Notice
from .sections.every_week import StruckOut
from .sections.letters import OF_RUNGS
from .sections.s2_7_organisations import OrganisationRemoved
from .step import Step


def wrong_letters(step: Step, before: CaseFile, after: CaseFile, holidays: tuple[date, ...]) -> dict[str, Any] | None:
    """What the fact ``letters_wrong`` says of a step; None when no letter told what it takes back.

    Arguments:
        step: that was just recorded.
        before, after: the file without it and with it.
        holidays: one-off bank holidays.
    """
    if not isinstance(step, StruckOut | OrganisationRemoved):
        return None
    stand = notices_of(after, Clocks(after, holidays))
    stood = notices_of(before, Clocks(before, holidays)).values()
    void = [notice.key for notice in stood if notice.key not in stand]
    gone = before.parties.keys() - after.parties.keys()
    wrong = [notice.key for notice in stood if notice.key in void or _chased(notice, gone)]
    if not wrong:
        return None
    numbers = {key: before.resends.get(key, 1) for key in wrong}
    return {"step": step.id, "notices": numbers, "void": void}


def _chased(notice: Notice, organisations: Set[str]) -> bool:
    """Whether a mail about a deadline went to one of these organisations."""
    kind, _, name = notice.to.partition(":")
    return notice.key.startswith(OF_RUNGS) and kind in ("lead", "board_member") and name in organisations
