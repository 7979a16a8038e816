"""The bank holidays of England, as gov.uk publishes them (https://www.gov.uk/bank-holidays).

Plain data: nothing is loaded when the first day is counted, and no upgrade of a package moves a due date.
"""

from __future__ import annotations

from datetime import date

_NAMES = (
    "New Year's Day",
    "Good Friday",
    "Easter Monday",
    "Early May bank holiday",
    "Spring bank holiday",
    "Summer bank holiday",
    "Christmas Day",
    "Boxing Day",
)

_EVERY_YEAR = {
    2012: "01-02 04-06 04-09 05-07 06-04 08-27 12-25 12-26",
    2013: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2014: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2015: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2016: "01-01 03-25 03-28 05-02 05-30 08-29 12-27 12-26",
    2017: "01-02 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
    2018: "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26",
    2019: "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26",
    2020: "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2022: "01-03 04-15 04-18 05-02 06-02 08-29 12-27 12-26",
    2023: "01-02 04-07 04-10 05-01 05-29 08-28 12-25 12-26",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    2028: "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
}
"""By year, the day of each of the names above, in their order; where that is a weekend, the substitute day."""

_ONCE = {
    date(2012, 6, 4): "Spring bank holiday (substitute day)",
    date(2012, 6, 5): "Queen's Diamond Jubilee",
    date(2020, 5, 8): "Early May bank holiday (VE day)",
    date(2022, 6, 3): "Platinum Jubilee bank holiday",
    date(2022, 9, 19): "Bank Holiday for the State Funeral of Queen Elizabeth II",
    date(2023, 5, 8): "Bank holiday for the coronation of King Charles III",
}

FIRST_YEAR, LAST_YEAR = min(_EVERY_YEAR), max(_EVERY_YEAR)
"""The years whose bank holidays are published, without a gap between them."""

_USUALLY = {"New Year's Day": "01-01", "Christmas Day": "12-25", "Boxing Day": "12-26"}

BANK_HOLIDAYS: dict[date, str] = {
    date.fromisoformat(f"{year}-{day}"): name if _USUALLY.get(name, day) == day else f"{name} (substitute day)"
    for year, days in _EVERY_YEAR.items()
    for name, day in zip(_NAMES, days.split(), strict=True)
} | _ONCE
"""Every bank holiday of these years, with its name."""
