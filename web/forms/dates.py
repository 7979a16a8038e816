"""Dates as people type them: day, month and year, the month as a number or a name."""

from __future__ import annotations

import calendar
from datetime import date

from web.forms.values import Typed

PARTS = ("day", "month", "year")
_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name}
_MONTHS["sept"] = 9


class NotADate(Exception):
    """What was typed is no date. Its text says what is wrong, and goes on from the field's title."""

    def __init__(self, words: str, part: str) -> None:
        super().__init__(words)
        self.part = part
        """Which of the three inputs is wrong."""


def read_date(typed: Typed, name: str) -> str | None:
    """The date as ``2018-09-30``; None when nothing was typed.

    Raises:
        NotADate: something was typed that is no date.
    """
    day, month, year = (typed.one(f"{name}-{part}") for part in PARTS)
    if not (day or month or year):
        return None
    missing = [part for part, value in zip(PARTS, (day, month, year), strict=True) if not value]
    if missing:
        raise NotADate(f"must include a {' and a '.join(missing)}", missing[0])
    if not _number(day, 2):
        raise NotADate("must be a real date: the day is a number", "day")
    number = _month(month)
    if number is None:
        raise NotADate("must be a real date: the month is a number or a name, 9 or September", "month")
    if not _number(year, 4) or len(year) != 4:
        raise NotADate("must have a year of 4 figures", "year")
    try:
        return date(int(year), number, int(day)).isoformat()
    except ValueError:
        raise NotADate("must be a real date", "day") from None


def date_values(name: str, day: date | str) -> dict[str, str]:
    """The three values that stand for a date in a form; for what is no date, none."""
    try:
        found = date.fromisoformat(str(day))
    except ValueError:
        return {}
    return {f"{name}-day": str(found.day), f"{name}-month": str(found.month), f"{name}-year": str(found.year)}


def _number(text: str, longest: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= longest


def _month(text: str) -> int | None:
    if _number(text, 2):
        return int(text)
    return _MONTHS.get(text.casefold())
