"""A deadline in words: how much time is left or gone, in the unit it is counted in, and how the day was reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.casefile_parts import Extension
from models.days import Unit, count, day_off, start_of
from models.deadline_words import DeadlineWords, deadline_words, working_days_between
from models.world import Surroundings, World

FRIDAY, SATURDAY, MONDAY = date(2026, 12, 18), date(2026, 12, 19), date(2026, 12, 21)


@dataclass(frozen=True)
class One:
    """A deadline, as the words ask for it."""

    due: date
    counted: str = "5 working days from 14 December 2026"
    met_on: date | None = None
    original: date | None = None
    period: bool = False

    @property
    def original_due(self) -> date:
        return self.original or self.due


def at(today: date, *extra_holidays: date) -> World:
    """The world on a day."""
    return Surroundings(None, {}, frozenset(extra_holidays)).at(start_of(today))


def words(due: date, today: date, unit: str = "working days", met_on: date | None = None) -> DeadlineWords:
    return deadline_words(One(due, f"5 {unit} from 1 December 2026", met_on), at(today))


@pytest.mark.parametrize(
    ("today", "due", "unit", "text"),
    [
        (date(2026, 12, 16), FRIDAY, "working days", "2 working days left"),
        (date(2026, 12, 17), FRIDAY, "working days", "1 working day left"),
        (FRIDAY, FRIDAY, "working days", "due today"),
        (FRIDAY, MONDAY, "working days", "1 working day left"),
        (FRIDAY, SATURDAY, "working days", "1 day left"),
        (SATURDAY, FRIDAY, "working days", "1 day overdue"),
        (MONDAY, FRIDAY, "working days", "1 working day overdue"),
        # 25 and 28 December are bank holidays, and so is 1 January.
        (date(2026, 12, 23), date(2027, 1, 18), "working days", "15 working days left"),
        (date(2026, 12, 26), date(2027, 1, 5), "working days", "5 working days left"),
        (FRIDAY, MONDAY, "calendar days", "3 days left"),
        (MONDAY, FRIDAY, "calendar days", "3 days overdue"),
        (date(2026, 1, 31), date(2026, 2, 28), "calendar months", "1 month left"),
        (date(2026, 1, 15), date(2026, 4, 18), "calendar months", "3 months and 3 days left"),
        (date(2026, 4, 15), date(2026, 4, 18), "calendar months", "3 days left"),
        (date(2027, 4, 19), date(2026, 4, 18), "calendar months", "12 months and 1 day overdue"),
    ],
)
def test_the_time_left_or_gone_is_told_in_the_unit_it_is_counted_in(
    today: date, due: date, unit: str, text: str
) -> None:
    assert words(due, today, unit).text == text


def test_a_date_somebody_set_is_told_in_days() -> None:
    assert deadline_words(One(MONDAY, "the date that was set"), at(FRIDAY)).text == "3 days left"


def test_an_extra_holiday_is_no_working_day() -> None:
    told = deadline_words(One(MONDAY), at(date(2026, 12, 17), FRIDAY))
    assert told.text == "1 working day left"


def test_a_year_without_a_calendar_is_told_in_days_and_breaks_no_page() -> None:
    assert words(date(2031, 1, 10), date(2031, 1, 1)).text == "9 days left"
    assert words(date(2010, 1, 10), date(2010, 1, 11)).text == "1 day overdue"


@pytest.mark.parametrize(
    ("met_on", "state", "text"),
    [
        (FRIDAY, "met", "met on 18 December 2026"),
        (date(2026, 12, 1), "met", "met on 1 December 2026"),
        (date(2026, 12, 22), "met late", "met on 22 December 2026, 2 working days late"),
    ],
)
def test_what_is_met_says_when_and_how_late(met_on: date, state: str, text: str) -> None:
    told = words(FRIDAY, date(2027, 6, 1), met_on=met_on)
    assert (told.state, told.text) == (state, text)


def test_a_deadline_that_was_moved_keeps_its_date_and_reasons() -> None:
    moved = One(MONDAY, original=FRIDAY)
    told = deadline_words(moved, at(FRIDAY), [Extension(SATURDAY, "Snow"), Extension(MONDAY, "More snow")])
    assert told.moved == "originally due 18 December 2026; moved because: Snow; then: More snow"
    assert deadline_words(moved, at(FRIDAY)).moved == "originally due 18 December 2026"
    assert deadline_words(One(MONDAY), at(FRIDAY)).moved == ""


def test_a_period_that_must_run_is_never_overdue() -> None:
    told = deadline_words(One(FRIDAY, "12 calendar months from 18 December 2025", period=True), at(MONDAY))
    assert (told.state, told.text) == ("running", "ran until 18 December 2026")
    assert deadline_words(One(MONDAY, period=True), at(FRIDAY)).text == "runs until 21 December 2026"


def test_states_tell_what_is_near_from_what_is_far() -> None:
    due = date(2026, 12, 18)
    by_day = {days: words(due, due - timedelta(days=days)).state for days in (-1, 0, 1, 7, 8)}
    assert by_day == {-1: "overdue", 0: "due today", 1: "due soon", 7: "due soon", 8: "open"}


def test_one_line_says_all_of_it() -> None:
    assert words(MONDAY, FRIDAY).line == "1 working day left, due 21 December 2026"
    assert words(FRIDAY, MONDAY).line == "1 working day overdue, was due 18 December 2026"
    assert words(FRIDAY, FRIDAY).line == "due today, 18 December 2026"


@given(st.dates(date(2012, 1, 1), date(2028, 12, 31)), st.integers(0, 400))
def test_the_days_between_are_those_that_counting_would_count(start: date, length: int) -> None:
    end = min(start + timedelta(days=length), date(2028, 12, 31))
    slow = sum(day_off(start + timedelta(days=n), frozenset()) is None for n in range(1, (end - start).days + 1))
    assert working_days_between(start, end, frozenset()) == slow


@given(st.dates(date(2012, 1, 1), date(2027, 12, 31)), st.integers(1, 60))
def test_what_was_counted_is_what_is_left_on_its_first_day(start: date, length: int) -> None:
    for unit, word in (("working days", "working day"), ("calendar days", "day"), ("calendar months", "month")):
        if unit == "calendar months" and (length > 12 or start.day > 28):
            continue
        named: Unit = unit  # type: ignore[assignment]
        reached = count(start, length if unit != "calendar months" else min(length, 11), named, frozenset())
        told = deadline_words(One(reached.due, reached.words()), at(start))
        assert told.text.startswith(f"{reached.length} {word}")
