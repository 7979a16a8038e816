"""Which letters told what a step corrects or takes back: those who got them hear so."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import Any

from .casefile import CaseFile
from .duties import notices_of
from .duty import Notice
from .key import Key
from .recipient import Recipient
from .responsible import ASKED_OF_ORGANISATIONS
from .sections.letters import OF_RUNGS
from .sections.s2_1_criteria import OUTSIDE
from .step import Correcting
from .world import World


def wrong_letters(
    step: str, correcting: Correcting, before: CaseFile, after: CaseFile, world: World
) -> dict[str, Any] | None:
    """What the fact ``letters_wrong`` says of a step; None when no letter told what it corrects or takes back.

    A letter did when it has no reason any more, when it would now say something else, or when what all those outside
    are told rests on has changed. Which of them went out, and which go out yet, their numbers tell.

    Arguments:
        step: the id of the one that was just recorded.
        correcting: what it says of itself.
        before, after: the file without the step and with it.
        world: what the core is told of the world.
    """
    stood = notices_of(before, world).values()
    stand = notices_of(after, world)
    void = [notice.key for notice in stood if correcting.takes_back and notice.key not in stand]
    gone = before.parties.keys() - after.parties.keys()
    deciding = correcting.deciding and _basis(before) != _basis(after)
    wrong = list(void)
    for notice in stood:
        now = stand.get(notice.key)
        said = now is not None and (now.content != notice.content or (deciding and _tells_outside(notice)))
        if _chased(notice, gone) or (said and _written_since(before, notice, correcting.since)):
            wrong.append(notice.key)
    if not wrong:
        return None
    return {"step": step, "notices": {key: before.resends.get(key, 1) for key in wrong}, "void": void}


def _basis(file: CaseFile) -> tuple[object, ...]:
    """What every letter to those outside rests on: each criterion, and whose case it is."""
    areas = [child.residence for child in file.children.values()]
    return [limb.held for limb in file.finding.limbs], areas, file.where


def _tells_outside(notice: Notice) -> bool:
    """Whether a notice tells somebody of the facts: those outside, and whoever else is told of decisions (2.2e)."""
    return notice.to in OUTSIDE or Key(notice.key).kind == "decision"


def _chased(notice: Notice, organisations: Set[str]) -> bool:
    """Whether a mail about a deadline went to one of these organisations."""
    to = Recipient(notice.to)
    return Key(notice.key).kind in OF_RUNGS and to.kind in ASKED_OF_ORGANISATIONS and to.name in organisations


def _written_since(file: CaseFile, notice: Notice, since: datetime | None) -> bool:
    """Whether a letter went after an instant, or goes yet: before, it did not tell of the step."""
    letter = file.letters.get(notice.key)
    return since is None or letter is None or letter.accepted_at is None or letter.accepted_at >= since
