"""Every duty that stands for a file: what its regime asks for, the letters' own, and the one to close it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from .casefile import CaseFile
from .casefile_parts import Rung
from .days import london_date
from .duty import Deadline, DeadlineFactory, Duty, Notice
from .key import Key
from .sections import letters
from .world import World


@dataclass(frozen=True, slots=True)
class Duties:
    """What stands for a file.

    Arguments:
        deadlines: every one, met or open, by key.
        notices: every one, sent or not, by key.
    """

    deadlines: dict[str, Deadline]
    notices: dict[str, Notice]


def duties_of(file: CaseFile, world: World) -> Duties:
    """Every duty of the file.

    Raises:
        NoCalendarError: a deadline counts working days in a year without a calendar.
    """
    found, factory = Duties({}, {}), DeadlineFactory(file, world)
    _put(found, _sections(file, factory))
    _put(found, letters.notices(file))
    _put(found, _rungs(file, found.deadlines))
    # Only a letter that still has something to say must be delivered.
    _put(found, letters.undelivered(file, factory, found.notices))
    _put(found, _closing(file, factory, found.deadlines))
    return found


def deadlines_of(file: CaseFile, world: World) -> dict[str, Deadline]:
    """Every deadline of the file, met or open, by key.

    Raises:
        NoCalendarError: a deadline counts working days in a year without a calendar.
    """
    return duties_of(file, world).deadlines


def notices_of(file: CaseFile, world: World) -> dict[str, Notice]:
    """Every notice of the file, sent or not, by key."""
    return duties_of(file, world).notices


def all_done_on(file: CaseFile, deadlines: Iterable[Deadline]) -> date:
    """The day the last thing was done."""
    days = [file.begun_on, *(d.met_on for d in deadlines if d.met_on)]
    # Mails about deadlines do nothing: a reminder to close the file must not put that off.
    accepted = [letter.accepted_at for key, letter in file.letters.items() if Key(key).kind not in letters.OF_RUNGS]
    days += [london_date(at) for at in accepted if at]
    days += [day for day in (file.reopened_on, *(action.declined_on for action in file.actions.values())) if day]
    # What was asked of the file after it was closed did not delay its closing.
    return max(day for day in days if file.ended_on is None or day <= file.ended_on)


def _put(found: Duties, duties: Iterable[Duty]) -> None:
    for duty in duties:
        if isinstance(duty, Deadline):
            found.deadlines[duty.key] = duty
        else:
            found.notices[duty.key] = duty


def _sections(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    for duties in file.regime.duties:
        for duty in duties(file, factory):
            if file.ended is None or _outlives(file, duty):
                yield duty
    for notices in file.regime.closing_notices:
        yield from notices(file)


def _outlives(file: CaseFile, duty: Duty) -> bool:
    """What is left of a file that has ended: what was done, what went out, and what can still be asked of it."""
    if isinstance(duty, Deadline):
        return not duty.open or file.regime.clocks[duty.clock].after_end
    return duty.key in file.letters


def _rungs(file: CaseFile, deadlines: Mapping[str, Deadline]) -> Iterator[Notice]:
    """A mail for each rung of a ladder that was reached, while it has something to say.

    One that was settled before it could go has not, nor has one that was refused and whose reason is gone.
    """
    for deadline, rungs in file.rungs.items():
        for rung in rungs:
            for to in rung.to:
                key = rung.notice_to(to)
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
                about, due = (deadline, rung.due.isoformat()) if rung.kind != "period_ended" else ("", "")
                title = f"{_RUNGS.get(rung.kind, '')}{rung.title}"
                yield Notice(key, rung.rule, title, rung.kind, to, content, about=about, due=due)


_RUNGS = {"reminder": "Reminder: ", "escalation": "Overdue: ", "period_ended": "Period over: "}
"""How the titles of mails about deadlines begin, so that they never read as if the thing was done."""


def _lasts(file: CaseFile, deadlines: Mapping[str, Deadline], rung: Rung) -> bool:
    """Whether what a rung told of still holds: its deadline is open, with the date it told."""
    if rung.kind == "period_ended":
        return True
    # These two follow from what other letters and deadlines are, and are not among them yet.
    if rung.deadline == "closing":
        return file.ended is None
    key = Key(rung.deadline)
    if key.kind == "undelivered":
        late = file.letters.get(Key.of(*key.about))
        return late is None or late.accepted_at is None
    deadline = deadlines.get(rung.deadline)
    return deadline is not None and deadline.open and deadline.due == rung.due


def _closing(file: CaseFile, factory: DeadlineFactory, deadlines: dict[str, Deadline]) -> Iterator[Deadline]:
    """An open file is never without a next deadline: when all is done, closing it is what is left to do."""
    if file.ended == "closed" or (file.ended is None and not any(d.open for d in deadlines.values())):
        yield factory.deadline("closing", all_done_on(file, deadlines.values()), met_on=file.ended_on)
