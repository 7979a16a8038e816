"""How days are counted: the conventions of guidance and statute, both known answers, and gov.uk's own list."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from govuk_bank_holidays.bank_holidays import BankHolidays
from hypothesis import given, settings
from hypothesis import strategies as st

from models.bank_holidays import BANK_HOLIDAYS, FIRST_YEAR, LAST_YEAR
from models.days import NoCalendarError, add_months, count, day_off, london_date, morning_of, start_of

NAMED = {
    holiday["date"]: holiday["title"] + (" (substitute day)" if holiday["notes"] == "Substitute day" else "")
    for holiday in BankHolidays(use_cached_holidays=True).get_holidays(BankHolidays.ENGLAND_AND_WALES)
}
GOV_UK = frozenset(NAMED)
"""gov.uk's own list of bank holidays in England and Wales."""

NONE: frozenset[date] = frozenset()
"""No extra holidays."""

STEADY = settings(max_examples=200, deadline=None, derandomize=True)

days = st.dates(date(2012, 1, 10), date(2028, 6, 1))


def test_five_working_days_from_a_saturday_after_christmas() -> None:
    counted = count(date(2026, 12, 26), 5, "working days", NONE)
    assert counted.due == date(2027, 1, 5)
    assert [text.rpartition(" on ")[2] for text in counted.skipped] == ["28 December 2026", "1 January 2027"]


def test_fifteen_working_days_over_christmas() -> None:
    assert count(date(2026, 12, 23), 15, "working days", NONE).due == date(2027, 1, 18)


def test_the_starting_day_is_day_nought() -> None:
    assert count(date(2018, 9, 3), 5, "calendar days", NONE).due == date(2018, 9, 8)
    assert count(date(2018, 9, 3), 5, "working days", NONE).due == date(2018, 9, 10)


def test_a_start_on_a_day_off_does_not_roll_forward_first() -> None:
    saturday = date(2018, 9, 1)
    assert count(saturday, 1, "working days", NONE).due == date(2018, 9, 3)
    assert count(saturday, 5, "working days", NONE).due == count(date(2018, 8, 31), 5, "working days", NONE).due


def test_no_days_from_a_day_is_that_day() -> None:
    assert count(date(2018, 9, 1), 0, "working days", NONE).due == date(2018, 9, 1)


@pytest.mark.parametrize(
    ("start", "months", "due"),
    [
        ("2018-08-31", 1, "2018-09-30"),
        ("2018-08-31", 6, "2019-02-28"),
        ("2019-08-31", 6, "2020-02-29"),
        ("2020-02-29", 12, "2021-02-28"),
        ("2018-12-15", 1, "2019-01-15"),
        ("2018-03-31", -1, "2018-02-28"),
        ("2018-01-31", -2, "2017-11-30"),
    ],
)
def test_months_are_calendar_months_clamped_to_the_months_end(start: str, months: int, due: str) -> None:
    assert add_months(date.fromisoformat(start), months) == date.fromisoformat(due)
    assert count(date.fromisoformat(start), months, "calendar months", NONE).due == date.fromisoformat(due)


def test_it_counts_backwards_over_the_same_days_off() -> None:
    assert count(date(2027, 1, 5), -5, "working days", NONE).due == date(2026, 12, 24)
    assert count(date(2018, 9, 8), -7, "calendar days", NONE).due == date(2018, 9, 1)


def test_how_it_was_counted_can_be_read_years_later() -> None:
    counted = count(date(2018, 12, 21), 3, "working days", NONE)
    words = counted.words()
    assert words.startswith("3 working days from 21 December 2018, not counting ")
    assert "on 25 December 2018" in words and "on 26 December 2018" in words
    assert count(date(2018, 9, 3), 1, "calendar months", NONE).words() == "1 calendar month from 3 September 2018"


def test_a_one_off_holiday_can_be_added() -> None:
    extra = date(2018, 9, 4)
    assert count(date(2018, 9, 3), 1, "working days", NONE).due == extra
    counted = count(date(2018, 9, 3), 1, "working days", frozenset({extra}))
    assert counted.due == date(2018, 9, 5)
    assert counted.skipped == ("an extra holiday on 4 September 2018",)
    known = count(date(2018, 12, 24), 1, "working days", frozenset({date(2018, 12, 25)}))
    assert known.skipped[0] == "Christmas Day on 25 December 2018"


@pytest.mark.parametrize("year", [FIRST_YEAR - 1, LAST_YEAR + 1])
def test_a_year_without_a_calendar_has_no_answer(year: int) -> None:
    with pytest.raises(NoCalendarError, match=str(year)):
        day_off(date(year, 6, 1), NONE)
    with pytest.raises(NoCalendarError):
        count(date(year, 6, 1), 1, "working days", NONE)


def test_a_year_without_a_calendar_is_named_even_if_only_the_last_day_is_in_it() -> None:
    with pytest.raises(NoCalendarError) as error:
        count(date(2028, 12, 29), 5, "working days", NONE)
    assert error.value.year == 2029
    assert count(date(2028, 12, 20), 30, "calendar days", NONE).due == date(2029, 1, 19)


def test_every_bank_holiday_of_gov_uk_is_a_day_off_and_no_other_weekday_is() -> None:
    listed = {day for day in GOV_UK if FIRST_YEAR <= day.year <= LAST_YEAR}
    assert {day.year for day in listed} == set(range(FIRST_YEAR, LAST_YEAR + 1))
    day = min(listed).replace(month=1, day=1)
    while day.year <= LAST_YEAR:
        assert (day_off(day, NONE) is not None) == (day.weekday() >= 5 or day in listed), day
        day += timedelta(days=1)


def test_every_bank_holiday_has_the_name_that_gov_uk_gives_it() -> None:
    named = {day: name.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") for day, name in NAMED.items()}
    assert {day: name for day, name in named.items() if FIRST_YEAR <= day.year <= LAST_YEAR} == BANK_HOLIDAYS


@STEADY
@given(start=days, length=st.integers(0, 60))
def test_working_days_are_the_days_that_gov_uk_leaves(start: date, length: int) -> None:
    day, left = start, length
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5 and day not in GOV_UK
    assert count(start, length, "working days", NONE).due == day


@STEADY
@given(start=days, length=st.integers(0, 60))
def test_a_later_start_or_a_longer_time_is_never_due_earlier(start: date, length: int) -> None:
    due = count(start, length, "working days", NONE).due
    assert count(start, length + 1, "working days", NONE).due > due
    assert count(start + timedelta(days=1), length, "working days", NONE).due >= due


@pytest.mark.parametrize(
    ("day", "morning", "midnight"),
    [
        ("2018-03-24", "2018-03-24T08:00Z", "2018-03-24T00:00Z"),
        ("2018-03-25", "2018-03-25T07:00Z", "2018-03-25T00:00Z"),
        ("2018-03-26", "2018-03-26T07:00Z", "2018-03-25T23:00Z"),
        ("2018-10-27", "2018-10-27T07:00Z", "2018-10-26T23:00Z"),
        ("2018-10-28", "2018-10-28T08:00Z", "2018-10-27T23:00Z"),
        ("2018-10-29", "2018-10-29T08:00Z", "2018-10-29T00:00Z"),
    ],
)
def test_the_day_is_londons_on_both_sides_of_both_clock_changes(day: str, morning: str, midnight: str) -> None:
    on = date.fromisoformat(day)
    assert morning_of(on) == datetime.fromisoformat(morning)
    assert start_of(on) == datetime.fromisoformat(midnight)
    assert london_date(start_of(on)) == on
    assert london_date(start_of(on) - timedelta(microseconds=1)) == on - timedelta(days=1)


def test_an_instant_late_in_the_evening_of_utc_is_the_next_day_in_a_london_summer() -> None:
    assert london_date(datetime(2018, 7, 1, 23, 30, tzinfo=UTC)) == date(2018, 7, 2)
    assert london_date(datetime(2018, 12, 1, 23, 30, tzinfo=UTC)) == date(2018, 12, 1)


def test_days_are_23_24_or_25_hours_long_and_none_is_lost() -> None:
    starts = [start_of(date(2018, 1, 1) + timedelta(days=number)) for number in range(366)]
    lengths = {later - earlier for earlier, later in pairwise(starts)}
    assert lengths == {timedelta(hours=hours) for hours in (23, 24, 25)}
