"""A deadline in words, the same everywhere: how much time is left or gone, the day, and how it was counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, Protocol

from .bank_holidays import FIRST_YEAR, LAST_YEAR
from .casefile_parts import Extension
from .days import add_months, day_off, day_words
from .world import World

State = Literal["overdue", "due today", "due soon", "open", "running", "met", "met late"]

SOON = 7
"""From so many calendar days before its day on, a deadline is told apart from those further off."""


class DeadlineLike(Protocol):
    """What of a deadline is told: a row of the register, or a deadline of the core."""

    @property
    def period(self) -> bool:
        """Whether it is no task but a period that must run."""

    @property
    def due(self) -> date:
        """The day, after any extension."""

    @property
    def original_due(self) -> date:
        """The day, before any extension."""

    @property
    def counted(self) -> str:
        """How it was counted."""

    @property
    def met_on(self) -> date | None:
        """The day it was met, if it was."""


@dataclass(frozen=True, slots=True)
class DeadlineWords:
    """A deadline as every page shows it.

    Arguments:
        state: one adjective, for filters and colours; never shown by its colour alone.
        text: ``3 working days left``, ``due today``, ``2 days overdue``, ``met on 5 January 2027``.
        due: the day.
        day: the day in words.
        counted: how the day was reached, ``5 working days from 26 December 2026, not counting …``.
        moved: the original date and why there is another one; empty when it was never moved.
    """

    state: State
    text: str
    due: date
    day: str
    counted: str
    moved: str = ""

    @property
    def late(self) -> bool:
        """Whether its day passed without it."""
        return self.state in ("overdue", "met late")

    @property
    def line(self) -> str:
        """All of it that fits on one line: ``3 working days left, due 5 January 2027``."""
        if self.state == "due today":
            return f"due today, {self.day}"
        if self.state == "running":
            return self.text
        return f"{self.text}, {'was ' if self.state in ('overdue', 'met', 'met late') else ''}due {self.day}"


def deadline_words(
    deadline: DeadlineLike,
    world: World,
    extensions: Sequence[Extension] = (),
) -> DeadlineWords:
    """A deadline in words.

    Arguments:
        deadline: a row of the register or a deadline of the core.
        world: for today, and the extra holidays.
        extensions: how it was moved, the first one first, for the reasons; without them the words name the dates alone.
    """
    state = _state(deadline, world.today)
    return DeadlineWords(
        state=state,
        text=_text(deadline, state, world.today, world.extra_holidays),
        due=deadline.due,
        day=day_words(deadline.due),
        counted=deadline.counted,
        moved=_moved(deadline, extensions),
    )


def counts_working_days(counted: str) -> bool:
    """Whether a date was reached by counting working days, as the words about it say."""
    return re.match(r"\d+ working days?\b", counted) is not None


def counts_months(counted: str) -> bool:
    """Whether a date was reached by counting calendar months, as the words about it say."""
    return re.match(r"\d+ calendar months?\b", counted) is not None


def _state(deadline: DeadlineLike, today: date) -> State:
    if deadline.met_on is not None:
        return "met late" if deadline.met_on > deadline.due else "met"
    if deadline.period:
        return "running"
    if deadline.due < today:
        return "overdue"
    if deadline.due == today:
        return "due today"
    return "due soon" if deadline.due <= today + timedelta(days=SOON) else "open"


def _text(deadline: DeadlineLike, state: State, today: date, extra: frozenset[date]) -> str:
    if deadline.met_on is not None:
        met = f"met on {day_words(deadline.met_on)}"
        if state == "met":
            return met
        return f"{met}, {_between(deadline, deadline.due, deadline.met_on, extra)} late"
    if state == "due today":
        return "due today"
    if state == "running":
        return f"{'runs' if deadline.due >= today else 'ran'} until {day_words(deadline.due)}"
    if state == "overdue":
        return f"{_between(deadline, deadline.due, today, extra)} overdue"
    return f"{_between(deadline, today, deadline.due, extra)} left"


def _between(deadline: DeadlineLike, start: date, end: date, extra: frozenset[date]) -> str:
    """How much lies between two days, the first one not counted, in the unit that the deadline is counted in."""
    if counts_working_days(deadline.counted):
        days = working_days_between(start, end, extra)
        # From Friday to Saturday there is no working day, and yet it is not the same day.
        if days:
            return _number(days, "working day")
    if counts_months(deadline.counted):
        months = _whole_months(start, end)
        if months:
            rest = (end - add_months(start, months)).days
            return f"{_number(months, 'month')} and {_number(rest, 'day')}" if rest else _number(months, "month")
    return _number((end - start).days, "day")


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _whole_months(start: date, end: date) -> int:
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1


def working_days_between(start: date, end: date, extra: frozenset[date]) -> int | None:
    """How many working days lie after ``start``, up to and with ``end``; None where no calendar reaches."""
    if not FIRST_YEAR <= start.year <= end.year <= LAST_YEAR:
        return None
    whole = sum(_worked(year, extra)[-1] for year in range(start.year, end.year))
    return whole + _worked(end.year, extra)[_day(end)] - _worked(start.year, extra)[_day(start)]


def _day(day: date) -> int:
    return day.timetuple().tm_yday


@lru_cache(maxsize=64)
def _worked(year: int, extra: frozenset[date]) -> tuple[int, ...]:
    """By the day of the year, how many working days there were up to and with it: lists ask for hundreds at a time."""
    found, day = [0], date(year, 1, 1)
    while day.year == year:
        found.append(found[-1] + (day_off(day, extra) is None))
        day += timedelta(days=1)
    return tuple(found)


def _moved(deadline: DeadlineLike, extensions: Sequence[Extension]) -> str:
    if deadline.due == deadline.original_due:
        return ""
    original = f"originally due {day_words(deadline.original_due)}"
    reasons = [extension.reason for extension in extensions]
    return f"{original}; moved because: {'; then: '.join(reasons)}" if reasons else original
