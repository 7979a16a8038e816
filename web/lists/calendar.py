"""Deadlines by month and as a list; the feed of them is in ``web/lists/feeds.py``."""

from __future__ import annotations

import calendar as months
import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from models.days import NoCalendarError, day_off, day_words
from models.deadline_words import DeadlineWords, deadline_words
from models.world import World
from register.lists.deadlines import Due, DueFilter, DueLine, deadlines_by_day, deadlines_due
from web.lists import feeds
from web.request.filters import (
    address,
    asked,
    before_page,
    mine,
    organisation_choices,
    page_number,
    reader,
    stage_choices,
)
from web.request.visit import Visit, allowed

router = APIRouter()
router.include_router(feeds.router)

AHEAD = timedelta(days=90)
PAGE = 50
_IN_A_CELL = 4
_FILTERS = ("organisation", "stage", "mine")
_FIRST, _LAST = 1990, 2099


@dataclass(frozen=True)
class Item:
    """A deadline as the calendar shows it."""

    line: DueLine
    words: DeadlineWords


@dataclass(frozen=True)
class Day:
    """A day of the calendar.

    Arguments:
        on: which.
        inside: whether it belongs to the month that is shown.
        today: whether it is today.
        off: why it is no working day: ``weekend`` or the bank holiday's name; empty when it is one.
        items: the first deadlines due on it.
        total: how many there are.
        more: the address of the day's whole list.
    """

    on: date
    inside: bool
    today: bool
    off: str
    items: tuple[Item, ...] = ()
    total: int = 0
    more: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say about it: a narrow screen leaves it out."""
        return not self.items and not self.today and self.off in ("", "weekend")

    @property
    def words(self) -> str:
        """The day in words, with its weekday."""
        return f"{self.on:%A} {day_words(self.on)}"


@router.get("/calendar")
async def month(visit: Visit = allowed("read across files")) -> Response:
    """One month, Monday first."""
    query, world = asked(visit, _FILTERS), await visit.site.world()
    today = world.today
    first = _month(visit.request.query_params.get("month", ""), today)
    weeks = months.Calendar().monthdatescalendar(first.year, first.month)
    which = await due_filter(visit, query, since=weeks[0][0], until=weeks[-1][-1])
    by_day = await deadlines_by_day(visit.site.register, reader(visit), which, each=_IN_A_CELL)
    days = [[_day(on, first, world, by_day.get(on), query) for on in week] for week in weeks]
    return visit.page(
        "calendar/month.html",
        title=f"Calendar, {first:%B %Y}",
        name=f"{first:%B %Y}",
        weeks=days,
        total=sum(day.total for week in days for day in week if day.inside),
        earlier=_to_month(query, first - timedelta(days=1)),
        later=_to_month(query, first + timedelta(days=31)),
        now=address("/calendar", query),
        is_now=(first.year, first.month) == (today.year, today.month),
        value=f"{first:%Y-%m}",
        **await _filters(visit, query),
    )


@router.get("/calendar/list")
async def list_(visit: Visit = allowed("read across files")) -> Response:
    """What is due in the next 90 days, or on one day, by day."""
    query, world = asked(visit, (*_FILTERS, "on")), await visit.site.world()
    today = world.today
    on = _date(query.get("on", ""))
    if on is None:
        query.pop("on", None)
    since, until = (on, on) if on else (today, today + AHEAD)
    register, number = visit.site.register, page_number(visit)
    which = await due_filter(visit, query, since=since, until=until)
    found = await deadlines_due(register, reader(visit), which, start=(number - 1) * PAGE, limit=PAGE)
    late = await due_filter(visit, query, until=today - timedelta(days=1), periods=False)
    overdue = await deadlines_due(register, reader(visit), late, limit=1)
    days = [
        _day(day, day, world, Due(tuple(lines), 0), query)
        for day, lines in groupby(found.lines, key=lambda line: line.due)
    ]
    return visit.page(
        "calendar/list.html",
        title=f"Due on {day_words(on)}" if on else "Due in the next 90 days",
        on=on,
        until=until,
        days=days,
        total=found.total,
        overdue=overdue.total,
        month=_to_month({name: query[name] for name in _FILTERS if name in query}, on or today),
        page=number,
        pages=max(-(-found.total // PAGE), 1),
        before_page=before_page("/calendar/list", query),
        **await _filters(visit, query),
    )


async def due_filter(
    visit: Visit,
    query: dict[str, str],
    *,
    since: date | None = None,
    until: date | None = None,
    periods: bool = True,
) -> DueFilter:
    """The deadlines that an address asks for."""
    return DueFilter(
        organisation=query.get("organisation", ""),
        stage=query.get("stage", ""),
        mine=await mine(visit) if "mine" in query else None,
        since=since,
        until=until,
        periods=periods,
    )


async def _filters(visit: Visit, query: dict[str, str]) -> dict[str, Any]:
    return {
        "query": query,
        "organisations": await organisation_choices(visit, query.get("organisation", "")),
        "stages": stage_choices(query.get("stage", "")),
        "as_list": address("/calendar/list", {name: query[name] for name in _FILTERS if name in query}),
    }


def _day(on: date, month: date, world: World, due: Due | None, query: dict[str, str]) -> Day:
    try:
        off = day_off(on, world.extra_holidays) or ""
    except NoCalendarError:
        off = "weekend" if on.weekday() >= 5 else ""
    items = tuple(Item(line, deadline_words(line, world)) for line in (due.lines if due else ()))
    filters = {name: query[name] for name in _FILTERS if name in query}
    return Day(
        on=on,
        inside=(on.year, on.month) == (month.year, month.month),
        today=on == world.today,
        off=off,
        items=items,
        total=due.total if due else 0,
        more=address("/calendar/list", filters, on=on.isoformat()),
    )


def _month(given: str, today: date) -> date:
    """The first day of the month that is asked for; of this month when that is none."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", given, re.ASCII)
    if found is None or not _FIRST <= int(found[1]) <= _LAST:
        return today.replace(day=1)
    return date(int(found[1]), int(found[2]), 1)


def _to_month(query: dict[str, str], on: date) -> str:
    return address("/calendar", query, month=f"{on:%Y-%m}")


def _date(given: str) -> date | None:
    try:
        found = date.fromisoformat(given)
    except ValueError:
        return None
    return found if _FIRST <= found.year <= _LAST else None
