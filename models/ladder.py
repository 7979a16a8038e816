"""What happens around a deadline, and when: reminders before, its passing, escalations after, repeats until met."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Literal

from .casefile import CaseFile
from .casefile_parts import Rung
from .days import london_date, morning_of, start_of
from .duty import Deadline
from .recipient import Recipient
from .rulebook import Ladder


@dataclass(frozen=True, slots=True)
class Planned:
    """A rung that lies ahead, or was missed.

    Arguments:
        name: unlike any other of the same deadline.
        kind: ``passed`` has no mail of its own.
        at: the instant it is due, in UTC.
        to: the recipients.
    """

    name: str
    kind: Literal["passed", "reminder", "escalation", "period_ended"]
    at: datetime
    to: tuple[str, ...]


def planned(deadline: Deadline, file: CaseFile, set_on: date, *, above: bool) -> Iterator[Planned]:
    """Every rung of an open deadline in order of time; without end where repeats are asked for.

    Arguments:
        set_on: the day the deadline was set or moved.
        above: whether the directory has a role above the Chair.
    """
    ladder = file.ladder(deadline.clock)
    reminders = sorted(ladder.reminders, key=lambda reminder: -reminder.days_before)
    for reminder in reminders:
        to = deadline.responsible if reminder.to == "responsible" else reminder.to
        day = deadline.due - timedelta(days=reminder.days_before)
        yield Planned(f"reminder-{reminder.days_before}", "reminder", morning_of(day), (to,))
    if deadline.period:
        yield Planned("period-ended", "period_ended", morning_of(deadline.due), ("coordinator",))
        return
    yield Planned("passed", "passed", start_of(deadline.due + timedelta(days=1)), ())
    yield from _escalations(deadline, ladder, file, _first_escalation(deadline, file, set_on), above=above)


def _first_escalation(deadline: Deadline, file: CaseFile, set_on: date) -> date:
    """The morning after the deadline; at the earliest the one after the letter that first asks for it, or meets it.

    Something that is recorded late can be overdue in the moment in which that letter goes.
    """
    first = deadline.due + timedelta(days=1)
    asked_by_letter = Recipient(deadline.responsible).kind in ("lead", "board_member", "peer")
    if not asked_by_letter and not file.regime.clocks[deadline.clock].by_letters:
        return first
    told = next((rung for rung in reached(deadline, file) if rung.kind == "escalation"), None)
    if told is None:
        return max(first, set_on + timedelta(days=1))
    return max(first, london_date(told.at)) if told.name == "escalation-1" else first


def _escalations(deadline: Deadline, ladder: Ladder, file: CaseFile, first: date, *, above: bool) -> Iterator[Planned]:
    chair_review = file.chair_review_dates.get(deadline.key)
    if chair_review is not None and chair_review[1] >= start_of(first):
        yield from _again(chair_review[0], ladder, above=above)
        return
    # Not acknowledged, or for an earlier date than the deadline has now.
    day, recipients = first, _recipients(deadline, ladder)
    for number, to in enumerate(recipients, start=1):
        if number > 1:
            day += timedelta(days=ladder.next_after_days)
        yield Planned(f"escalation-{number}", "escalation", morning_of(day), (to,))
    if not ladder.repeat_every_days:
        return
    # The role above the Chair is told after so many mails that really went, not after so many that were missed.
    last = recipients[-1]
    told = sum(rung.kind == "escalation" and last in rung.to for rung in reached(deadline, file))
    both = (last, "above_chair") if above and told > ladder.above_after_repeats else (last,)
    for number in count(1):
        day += timedelta(days=ladder.repeat_every_days)
        yield Planned(f"repeat-{number}", "escalation", morning_of(day), both)


def _again(day: date, ladder: Ladder, *, above: bool) -> Iterator[Planned]:
    """The Chair has looked, and on that day it is still not met: now the role above hears too, if there is one."""
    chairs = ("chair", "above_chair") if above else ("chair",)
    while True:
        yield Planned(f"chair-review-{day.isoformat()}", "escalation", morning_of(day), chairs)
        day += timedelta(days=ladder.repeat_every_days or 28)


def _recipients(deadline: Deadline, ladder: Ladder) -> list[str]:
    found = []
    for role in ladder.escalate_to:
        if role != "board_member":
            found.append(str(role))
        elif deadline.organisation:
            found.append(Recipient.of("board_member", deadline.organisation))
    return found or ["chair"]


def reached(deadline: Deadline, file: CaseFile) -> Sequence[Rung]:
    """The rungs that were reached for the date the deadline has now."""
    return [rung for rung in file.rungs.get(deadline.key, ()) if rung.due == deadline.due]


def due_now(
    deadline: Deadline, file: CaseFile, now: datetime, since: datetime, *, above: bool
) -> tuple[list[Planned], Planned | None]:
    """What is due of a ladder at this moment, and the next rung to wait for.

    However much was missed, a person hears once: only the latest rung is due, never a reminder and an escalation
    together; that the deadline passed is seen besides. A reminder from before the deadline was set is no use, nor one
    on that very day: whoever is reminded has just been asked.

    Arguments:
        now: business time.
        since: the instant the deadline was set or moved.
    """
    last = max((rung.at for rung in reached(deadline, file)), default=None)
    set_on = london_date(since)
    missed: list[Planned] = []
    for rung in planned(deadline, file, set_on, above=above):
        if (last is not None and rung.at <= last) or (rung.kind == "reminder" and london_date(rung.at) <= set_on):
            continue
        if rung.at > now:
            return _once(missed), rung
        missed.append(rung)
    return _once(missed), None


def _once(missed: list[Planned]) -> list[Planned]:
    passed = [rung for rung in missed if rung.kind == "passed"]
    mails = [rung for rung in missed if rung.kind != "passed" and (not passed or rung.at > passed[0].at)]
    return passed + mails[-1:]
