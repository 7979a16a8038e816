"""How days are counted: calendar days, working days and calendar months, as dates in Europe/London.

The starting day is day 0 and the next counting day is day 1. A start on a day off does not roll forward first.
A working day is not a Saturday, a Sunday or a bank holiday in England (SI 2006/1738, regulation 2).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from .bank_holidays import BANK_HOLIDAYS, FIRST_YEAR, LAST_YEAR

LONDON = ZoneInfo("Europe/London")
MORNING = time(8, 0)
"""Reminders and escalations go at 08:00 in London."""

Unit = Literal["calendar days", "working days", "calendar months"]


class NoCalendarError(Exception):
    """Asked for a working day in a year without a calendar: there is no answer, and none is guessed."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"There is no calendar of bank holidays for {year}, only for {FIRST_YEAR} to {LAST_YEAR}. Update the "
            "system before you count working days in that year."
        )
        self.year = year


@dataclass(frozen=True, slots=True)
class Counted:
    """A date and how it was reached, so that history can show it years later.

    Arguments:
        start: the day counted from, day 0.
        length: how many.
        unit: of what.
        due: the day reached.
        skipped: the days off that were not counted, bank holidays with their names.
    """

    start: date
    length: int
    unit: Unit
    due: date
    skipped: tuple[str, ...] = ()

    def words(self) -> str:
        """How it was counted, for people: ``5 working days from 26 December 2026, not counting …``."""
        unit = self.unit if self.length != 1 else self.unit.removesuffix("s")
        text = f"{self.length} {unit} from {day_words(self.start)}"
        return f"{text}, not counting {', '.join(self.skipped)}" if self.skipped else text


def counted_from(words: str) -> date | None:
    """The day counted from, out of :meth:`Counted.words`; None where they name none: a date that somebody set."""
    found = re.match(r"\d+ (?:calendar|working) (?:day|month)s? from (\d{1,2} [A-Z][a-z]+ \d{4})\b", words)
    return datetime.strptime(found[1], "%d %B %Y").date() if found else None


@lru_cache(maxsize=4096)
def day_words(day: date) -> str:
    """``5 January 2027``."""
    return f"{day.day} {day:%B %Y}"


def moment_words(at: datetime) -> str:
    """``5 January 2027, 09:30``, as it is in London."""
    local = at.astimezone(LONDON)
    return f"{day_words(local.date())}, {local:%H:%M}"


def count(start: date, length: int, unit: Unit, extra_holidays: frozenset[date]) -> Counted:
    """Counts ``length`` of ``unit`` from ``start`` (day 0), backwards when negative.

    Raises:
        NoCalendarError: working days in a year without a calendar.
    """
    return _counted(start, length, unit, extra_holidays)


@lru_cache(maxsize=4096)
def _counted(start: date, length: int, unit: Unit, extra: frozenset[date]) -> Counted:
    if unit == "calendar days":
        return Counted(start, length, unit, start + timedelta(days=length))
    if unit == "calendar months":
        return Counted(start, length, unit, add_months(start, length))
    step = timedelta(days=1 if length >= 0 else -1)
    day, left, skipped = start, abs(length), []
    while left:
        day += step
        off = day_off(day, extra)
        if off is None:
            left -= 1
        elif off != "weekend":
            skipped.append(f"{off} on {day_words(day)}")
    return Counted(start, length, unit, day, tuple(skipped))


def add_months(day: date, months: int) -> date:
    """The same day of a later month, clamped to that month's end: 31 August and six months is 28 February."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def day_off(day: date, extra_holidays: frozenset[date]) -> str | None:
    """Why a day is not a working day (``weekend`` or the holiday's name), or None when it is one.

    Raises:
        NoCalendarError: a year without a calendar.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise NoCalendarError(day.year)
    if day.weekday() >= 5:
        return "weekend"
    return BANK_HOLIDAYS.get(day) or ("an extra holiday" if day in extra_holidays else None)


def london_date(at: datetime) -> date:
    """The date in London at an instant."""
    return at.astimezone(LONDON).date()


@lru_cache(maxsize=4096)
def morning_of(day: date) -> datetime:
    """08:00 in London on a day, as an instant in UTC."""
    return datetime.combine(day, MORNING, LONDON).astimezone(UTC)


def start_of(day: date) -> datetime:
    """00:00 in London on a day, as an instant in UTC. A deadline passes at the start of the next day."""
    return datetime.combine(day, time(0), LONDON).astimezone(UTC)
