"""Deadlines in people's own calendars: an iCalendar feed at a secret address, made, renewed and removed by each."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter
from fastapi.responses import Response
from icalendar import Calendar, Event

from activities.weekly import title_of
from models.days import london_date
from models.responsible import answers_for
from register.lists.deadlines import DueFilter, DueLine, deadlines_due
from register.people.access import reader_of
from register.people.calendar_feeds import account_of_feed, has_feed, new_feed, remove_feed
from web.request.filters import asked
from web.request.roles import may
from web.request.visit import NotFound, Visit, allowed

router = APIRouter()

_PAGE = "/account/calendar"
_COOKIE = "new-feed"
_BACK = timedelta(days=365)
"""What has been overdue for longer is on the work list alone: a calendar would be nothing but old days."""


@router.get("/feeds/{secret}.ics")
async def feed(secret: str, visit: Visit = allowed("anyone")) -> Response:
    """The deadlines of whoever has this secret: reference and title alone. Calendars ask again and again."""
    site = visit.site
    account = await account_of_feed(site.register, secret)
    if account is None or not may(account.roles, "read across files"):
        raise NotFound("There is no calendar at this address. The link may have been replaced or deleted.")
    query, today = asked(visit, ("organisation", "stage", "mine")), london_date(visit.now)
    directory = await site.directory()
    mine = answers_for(account.roles, account.organisation, account.person, directory, today)
    which = DueFilter(
        organisation=query.get("organisation", ""),
        stage=query.get("stage", ""),
        mine=mine if "mine" in query else None,
        since=today - _BACK,
    )
    due = await deadlines_due(site.register, reader_of(account), which)
    tag = _tag(due.lines)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    known = visit.request.headers.get("if-none-match", "")
    if tag in [one.strip().removeprefix("W/") for one in known.split(",")]:
        return Response(status_code=304, headers=headers)
    content = await asyncio.to_thread(calendar_of, due.lines, base=site.settings.public_url, now=visit.now)
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)


@router.get(_PAGE)
async def own_feed(visit: Visit = allowed("read across files")) -> Response:
    """One's own feed. A new address is shown here once."""
    secret = visit.request.cookies.get(_COOKIE, "")
    new = bool(secret) and await has_feed(visit.site.register, visit.account.id, secret)
    base = visit.site.settings.public_url or f"{visit.request.url.scheme}://{visit.request.url.netloc}"
    page = visit.page(
        "calendar/feed.html",
        title="Deadlines in your own calendar",
        has=await has_feed(visit.site.register, visit.account.id),
        address=f"{base.rstrip('/')}/feeds/{secret}.ics" if new else "",
        removed="removed" in visit.request.query_params,
    )
    if secret:
        page.delete_cookie(_COOKIE, path=_PAGE)
    return page


@router.post(_PAGE)
async def change_feed(visit: Visit = allowed("read across files")) -> Response:
    """Makes a new address, in place of the one before, or removes it."""
    register = visit.site.register
    if visit.text("what") == "remove":
        await remove_feed(register, visit.account, now=visit.now)
        return visit.redirect(f"{_PAGE}?removed=1")
    answer = visit.redirect(_PAGE)
    # It is kept as a digest alone: the browser carries it to the page that shows it, once.
    answer.set_cookie(
        _COOKIE,
        await new_feed(register, visit.account, now=visit.now),
        max_age=300,
        path=_PAGE,
        secure=visit.request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


def calendar_of(lines: Sequence[DueLine], *, base: str, now: datetime) -> bytes:
    """Deadlines as iCalendar, each an event of a whole day that is the same event wherever its deadline moves.

    Arguments:
        lines: the deadlines.
        base: the pages' address, for links; empty for none.
        now: the present.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Serious case reviews//Deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", "Serious case reviews: deadlines")
    calendar.add("refresh-interval", timedelta(hours=4), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT4H")
    host = urlsplit(base).hostname or "board"
    for line in lines:
        calendar.add_component(_event(line, host, base, now))
    return bytes(calendar.to_ical())


def _event(line: DueLine, host: str, base: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{hashlib.sha256(json.dumps([line.reference, line.key]).encode()).hexdigest()[:32]}@{host}")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("sequence", line.revision)
    event.add("summary", f"{line.reference}: {title_of(line)}")
    event.add("dtstart", line.due)
    event.add("dtend", line.due + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    if base:
        event.add("url", f"{base.rstrip('/')}/files/{quote(line.reference, safe='')}")
    return event


def _tag(lines: Sequence[DueLine]) -> str:
    """Another one whenever anything in the feed is another."""
    what: list[list[Any]] = [[line.reference, line.key, line.revision, title_of(line), str(line.due)] for line in lines]
    return f'"{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]}"'
