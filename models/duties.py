"""Every duty that stands for a file: the sections' own, the letters', and the one to close it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from .casefile import CaseFile
from .counting import london_date
from .duty import Clocks, Deadline, Duty, Notice
from .parts import Rung
from .sections import (
    letters,
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

ASKED_OF_ENDED = frozenset({"panel_request", "copy_supplied"})
"""Clocks of what can be asked of a file that has ended: they are followed like any other."""


@dataclass(frozen=True, slots=True)
class Duties:
    """What stands for a file.

    Arguments:
        deadlines: every one, met or open, by key.
        notices: every one, sent or not, by key.
    """

    deadlines: dict[str, Deadline]
    notices: dict[str, Notice]


def duties_of(file: CaseFile, clocks: Clocks) -> Duties:
    """Every duty of the file.

    Raises:
        NoCalendarError: a deadline counts working days in a year without a calendar.
    """
    found = Duties({}, {})
    _put(found, _sections(file, clocks))
    _put(found, letters.notices(file))
    _put(found, _rungs(file, found.deadlines))
    # Only a letter that still has something to say must be delivered.
    _put(found, letters.undelivered(file, clocks, found.notices))
    _put(found, _closing(file, clocks, found.deadlines))
    return found


def deadlines_of(file: CaseFile, clocks: Clocks) -> dict[str, Deadline]:
    """Every deadline of the file, met or open, by key.

    Raises:
        NoCalendarError: a deadline counts working days in a year without a calendar.
    """
    return duties_of(file, clocks).deadlines


def notices_of(file: CaseFile, clocks: Clocks) -> dict[str, Notice]:
    """Every notice of the file, sent or not, by key."""
    return duties_of(file, clocks).notices


def all_done_on(file: CaseFile, deadlines: Iterable[Deadline]) -> date:
    """The day the last thing was done."""
    days = [file.begun_on, *(d.met_on for d in deadlines if d.met_on)]
    # Mails about deadlines do nothing: a reminder to close the file must not put that off.
    of_rungs = letters.OF_RUNGS
    taken = [letter for name, letter in file.letters.items() if letter.taken_at and not name.startswith(of_rungs)]
    days += [london_date(letter.taken_at) for letter in taken if letter.taken_at]
    days += [day for day in (file.reopened_on, *(action.declined_on for action in file.actions.values())) if day]
    # What was asked of the file after it was closed did not delay its closing.
    return max(day for day in days if file.ended_on is None or day <= file.ended_on)


def _put(found: Duties, duties: Iterable[Duty]) -> None:
    for duty in duties:
        if isinstance(duty, Deadline):
            found.deadlines[duty.key] = duty
        else:
            found.notices[duty.key] = duty


def _sections(file: CaseFile, clocks: Clocks) -> Iterator[Duty]:
    for section in SECTIONS:
        for duty in section.duties(file, clocks):
            if file.ended is None or _outlives(file, duty):
                yield duty
    yield from s2_1_criteria.closing_notices(file)
    yield from s2_2_decision.closing_notices(file)


def _outlives(file: CaseFile, duty: Duty) -> bool:
    """What is left of a file that has ended: what was done, what went out, and what can still be asked of it."""
    if isinstance(duty, Deadline):
        return not duty.open or duty.clock in ASKED_OF_ENDED
    return duty.key in file.letters


def still_to_say(file: CaseFile, deadlines: Mapping[str, Deadline], key: str) -> bool:
    """Whether a letter about a deadline, if this is one, still holds: the deadline is open, and no later rung says it.

    Arguments:
        deadlines: those that stand, met or open.
        key: of any notice.
    """
    for name, rungs in file.rungs.items():
        for number, rung in enumerate(rungs):
            for to in rung.to if rung.kind in ("reminder", "escalation") else ():
                if _key(rung, to) == key:
                    stands = deadlines.get(name)
                    holds = stands is not None and stands.open and stands.due == rung.due
                    return holds and not any(_says(later, rung, to) for later in rungs[number + 1 :])
    return True


def _says(later: Rung, rung: Rung, to: str) -> bool:
    """Whether a later rung leaves an earlier one's mail to somebody with nothing to say."""
    return later.due == rung.due and (to in later.to or (rung.kind == "reminder" and later.kind == "passed"))


def _key(rung: Rung, to: str) -> str:
    return f"{rung.kind}:{rung.deadline}:{rung.due.isoformat()}:{rung.name}:{to}"


def _rungs(file: CaseFile, deadlines: Mapping[str, Deadline]) -> Iterator[Notice]:
    """A mail for each rung of a ladder that was reached, while it has something to say.

    One that was settled before it could go has not, nor has one that was refused and whose reason is gone.
    """
    for deadline, rungs in file.rungs.items():
        for rung in rungs:
            for to in rung.to:
                key = _key(rung, to)
                letter = file.letters.get(key)
                refused = letter is not None and letter.refused_at is not None
                if key in file.withdrawn or (refused and not _lasts(file, deadlines, rung)):
                    continue
                content = {
                    "deadline": rung.title,
                    "due": rung.due.isoformat(),
                    "rule": rung.rule,
                    "key": deadline,
                }
                yield Notice(key, rung.rule, rung.title, rung.kind, to, content)


def _lasts(file: CaseFile, deadlines: Mapping[str, Deadline], rung: Rung) -> bool:
    """Whether what a rung told of still holds: its deadline is open, with the date it told."""
    if rung.kind == "over":
        return True
    # These two follow from what other letters and deadlines are, and are not among them yet.
    if rung.deadline == "closing":
        return file.ended is None
    if rung.deadline.startswith("undelivered:"):
        late = file.letters.get(rung.deadline.removeprefix("undelivered:"))
        return late is None or late.taken_at is None
    deadline = deadlines.get(rung.deadline)
    return deadline is not None and deadline.open and deadline.due == rung.due


def _closing(file: CaseFile, clocks: Clocks, deadlines: dict[str, Deadline]) -> Iterator[Deadline]:
    """An open file is never without a next deadline: when all is done, closing it is what is left to do."""
    if file.ended == "closed" or (file.ended is None and not any(d.open for d in deadlines.values())):
        yield clocks.deadline("closing", all_done_on(file, deadlines.values()), met_on=file.ended_on)
