"""The calendar: a month, a list, and a feed for people's own calendars."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
from icalendar import Calendar

from models.days import day_words
from register.people.access import restrict
from register.people.accounts import change_account

from .conftest import Board, Browser, Browsers


async def decided(board: Board, reference: str) -> None:
    """A review is held: its organisations have deadlines of their own."""
    await board.record(reference, "decision", choice="SCR, criteria met", decided_by="chair", reasons="It is met.")


async def feed_of(browser: Browser) -> str:
    """The path of somebody's new feed."""
    answer = await browser.fill("/account/calendar", {"what": "make"})
    assert answer.status_code == 303
    page = (await browser.get("/account/calendar")).text
    found = re.search(r'value="http://board\.test(/feeds/[\w-]{43}\.ics)"', page)
    assert found
    return found[1]


def events(answer: httpx.Response) -> list[Any]:
    """Of a feed, as the library reads them."""
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


def events_in(answer: httpx.Response) -> dict[str, list[tuple[str, date]]]:
    """Of a feed, by reference: title and day."""
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found: dict[str, list[tuple[str, date]]] = {}
    for event in events(answer):
        reference, _, title = str(event["SUMMARY"]).partition(": ")
        assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(days=1)
        found.setdefault(reference, []).append((title, event["DTSTART"].dt))
    return found


async def test_the_month_begins_on_monday_and_names_bank_holidays(browser: Browsers) -> None:
    page = (await (await browser("coordinator")).get("/calendar?month=2026-12")).text
    assert '<h1 class="govuk-heading-l">Calendar, December 2026</h1>' in page
    days = re.findall(r'<time datetime="([\d-]+)">', page)
    assert days[0] == "2026-11-30" and date.fromisoformat(days[0]).weekday() == 0 and len(days) == 35
    assert "Bank holiday: Christmas Day" in page and "Bank holiday: Boxing Day (" in page
    assert 'href="/calendar?month=2026-11"' in page and 'href="/calendar?month=2027-01"' in page


async def test_today_is_said_in_words(board: Board, browser: Browsers) -> None:
    page = (await (await browser("coordinator")).get("/calendar")).text
    (cell,) = re.findall(r"<td[^>]*board-month__day--today.*?</td>", page, re.S)
    assert f'datetime="{board.today}"' in cell and ">Today</strong>" in cell


async def test_a_month_that_is_none_is_this_month_and_a_year_without_a_calendar_has_no_holidays(
    board: Board, browser: Browsers
) -> None:
    somebody = await browser("auditor")
    for month in ("2026-13", "x", "99999-01", "1000-01", "<script>"):
        answer = await somebody.get("/calendar", params={"month": month})
        assert answer.status_code == 200 and f'datetime="{board.today}"' in answer.text
    answer = await somebody.get("/calendar?month=2031-12")
    assert answer.status_code == 200 and "Bank holiday" not in answer.text


async def test_a_deadline_stands_on_its_day_and_in_the_list(board: Board, browser: Browsers) -> None:
    reference = await board.opened(aware=1, notified=0)
    somebody = await browser("coordinator")
    due = date.fromisoformat(board.today) + timedelta(days=28)
    months = {due.replace(day=1), (due + timedelta(days=5)).replace(day=1)}
    pages = [
        (await somebody.get(f"/calendar/list?on={day}")).text for day in (due + timedelta(days=n) for n in range(6))
    ]
    assert any(reference in page and "decision on a Serious Case Review" in page for page in pages)
    listed = [(await somebody.get(f"/calendar?month={month:%Y-%m}")).text for month in months]
    assert any("decision on a Serious Case Review" in page for page in listed)
    soon = f"{date.fromisoformat(board.today) + timedelta(days=4):%Y-%m}"
    assert re.search(r'govuk-tag--\w+">\w+ days left</strong>', (await somebody.get(f"/calendar?month={soon}")).text)


async def test_filters_stay_in_the_address_from_month_to_month(board: Board, browser: Browsers) -> None:
    page = (await (await browser("chair")).get("/calendar?month=2026-12&stage=review&mine=1")).text
    assert "/calendar?stage=review&amp;mine=1&amp;month=2026-11" in page
    assert re.search(r'value="review" selected', page) and re.search(r'name="mine"[^>]*value="1"[^>]*checked', page)


async def test_a_filter_leaves_out_what_does_not_fit(board: Board, browser: Browsers) -> None:
    reference = await board.opened(organisations=[{"id": "hill-school", "name": "Hill School"}])
    await decided(board, reference)
    somebody = await browser("coordinator")
    path = "/calendar/list?organisation=hill-school"
    assert reference in (await somebody.get(path)).text
    assert reference not in (await somebody.get("/calendar/list?organisation=exampleshire-police")).text
    assert reference not in (await somebody.get(f"{path}&stage=closed")).text
    lead = await browser("board_member", organisation="hill-school")
    mine = (await lead.get("/calendar/list?mine=1&organisation=hill-school")).text
    assert reference in mine and "Set the scope of the review" not in mine


async def test_a_restricted_file_is_in_no_calendar_of_others(board: Board, browser: Browsers) -> None:
    reference = await board.opened(organisations=[{"id": "only-here", "name": "Only Here"}])
    named, other, auditor = await browser("coordinator"), await browser("coordinator"), await browser("auditor")
    await restrict(board.site.register, reference, [named.account.id], by=named.account.id, now=board.site.now())
    feeds = {id(one): await feed_of(one) for one in (named, other, auditor)}
    for somebody, sees in ((named, True), (other, False), (auditor, True)):
        for path in ("/calendar/list?organisation=only-here", "/calendar?organisation=only-here"):
            page = (await somebody.get(path)).text
            assert ("Only Here" in page) is sees
        listed = (await somebody.get("/calendar/list?organisation=only-here")).text
        assert (reference in listed) is sees
        assert (reference in events_in(await somebody.get(feeds[id(somebody)]))) is sees


async def test_a_feed_needs_no_sign_in_and_has_references_and_titles_alone(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    path = await feed_of(await browser("coordinator"))
    answer = await (await browser()).get(path)
    events = events_in(answer)[reference]
    assert any(title == "Chair's decision on a Serious Case Review" for title, _ in events)
    assert "child" not in answer.text.lower() and "@hospital.example" not in answer.text


async def test_a_feeds_event_stays_the_same_event_when_its_deadline_moves(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    await decided(board, reference)
    path = await feed_of(await browser("coordinator"))
    stranger = await browser()

    async def scope() -> tuple[str, date, int, str]:
        answer = await stranger.get(path)
        for event in events(answer):
            if str(event["SUMMARY"]) == f"{reference}: Set the scope of the review":
                return str(event["UID"]), event["DTSTART"].dt, int(event["SEQUENCE"]), answer.headers["etag"]
        raise AssertionError("no such event")

    # Letters of these and other files are still on their way: the feed is the same once they have arrived.
    for _ in range(100):
        uid, due, sequence, tag = await scope()
        unchanged = await stranger.get(path, headers={"If-None-Match": f'"another", {tag}'})
        if unchanged.status_code == 304:
            break
    assert unchanged.status_code == 304 and not unchanged.content and unchanged.headers["etag"] == tag
    new = (due + timedelta(days=7)).isoformat()
    await board.record(reference, "deadline_extended", deadline="scope_set", new_due=new, reason="The lead is ill.")
    moved = await scope()
    assert moved[0] == uid and moved[1].isoformat() == new and moved[2] > sequence and moved[3] != tag
    assert (await stranger.get(path, headers={"If-None-Match": tag})).status_code == 200


async def test_an_address_is_shown_once_and_kept_as_a_digest(board: Board, browser: Browsers) -> None:
    somebody = await browser("coordinator")
    path = await feed_of(somebody)
    again = (await somebody.get("/account/calendar")).text
    assert "/feeds/" not in again and "You have a calendar link" in again
    secret = path.removeprefix("/feeds/").removesuffix(".ics")
    database = board.site.register.url.database
    assert database
    for file in Path(database).parent.glob(f"{Path(database).name}*"):
        assert secret.encode() not in file.read_bytes()


async def test_a_renewed_or_removed_address_no_longer_works(browser: Browsers) -> None:
    somebody, stranger = await browser("coordinator"), await browser()
    old = await feed_of(somebody)
    new = await feed_of(somebody)
    assert (await stranger.get(old)).status_code == 404 and (await stranger.get(new)).status_code == 200
    gone = await somebody.fill("/account/calendar", {"what": "remove"})
    assert gone.status_code == 303 and (await stranger.get(new)).status_code == 404
    assert "Your calendar link was deleted" in (await somebody.get(gone.headers["location"])).text


async def test_a_secret_that_somebody_else_planted_is_not_shown(browser: Browsers) -> None:
    somebody = await browser("coordinator")
    somebody.cookies.set("new-feed", "x" * 43)
    assert "/feeds/" not in (await somebody.get("/account/calendar")).text


async def test_an_account_that_is_stopped_or_changed_has_no_feed_any_more(board: Board, browser: Browsers) -> None:
    somebody, stranger = await browser("coordinator"), await browser()
    path = await feed_of(somebody)
    for now_is in ({"active": False}, {"active": True, "roles": frozenset({"operations"})}):
        account = replace(somebody.account, **now_is)
        await change_account(board.site.register, account, by="the tests", now=board.site.now())
        assert (await stranger.get(path)).status_code == 404


async def test_a_feed_can_be_of_ones_own_deadlines_alone(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    await decided(board, reference)
    lead = await browser("board_member", organisation="exampleshire-police")
    path = await feed_of(lead)
    own = events_in(await lead.get(f"{path}?mine=1"))[reference]
    assert own and all("Exampleshire Police" in title for title, _ in own)
    assert len(events_in(await lead.get(path))[reference]) > len(own)


async def test_those_without_file_content_have_no_calendar(browser: Browsers) -> None:
    for role in ("operations", "administrator"):
        somebody = await browser(role)
        for path in ("/calendar", "/calendar/list", "/account/calendar"):
            assert (await somebody.get(path)).status_code == 403


async def test_a_day_of_its_own_says_which(browser: Browsers) -> None:
    page = (await (await browser("chair")).get("/calendar/list?on=2027-01-04&organisation=none")).text
    assert f"Due on {day_words(date(2027, 1, 4))}" in page and "No deadlines match the filters." in page
