"""The work list: what needs somebody now, by due date."""

from __future__ import annotations

import re

import pytest

from register.people.access import restrict

from .conftest import Board, Browsers
from .html_forms import structure_faults


async def test_somebody_who_may_read_files_sees_it(browser: Browsers) -> None:
    page = await (await browser("coordinator")).get("/")
    assert page.status_code == 200 and "Work list" in page.text


async def test_a_stranger_is_asked_to_sign_in_and_comes_back(browser: Browsers) -> None:
    page = await (await browser()).get("/?stage=review")
    assert page.status_code == 303 and page.headers["location"] == "/sign-in?then=%2F%3Fstage%3Dreview"


@pytest.mark.parametrize(("role", "begins"), [("operations", "/health"), ("administrator", "/directory")])
async def test_who_reads_no_files_is_led_to_where_they_begin(browser: Browsers, role: str, begins: str) -> None:
    page = await (await browser(role)).get("/")
    assert page.status_code == 303 and page.headers["location"] == begins


async def test_a_line_says_how_much_time_is_left_what_where_and_who(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    page = await (await browser("coordinator")).get(f"/?q={reference.lower()}")
    assert f'<a class="govuk-link board-reference" href="/files/{reference}">{reference}</a>' in page.text
    assert "decision on a Serious Case Review" in page.text
    assert re.search(r"\d+ (day|month|working day)s?( and \d+ days?)? left", page.text)
    assert "The local authority" in page.text and "2.2b" in page.text
    assert f'href="/files/{reference}/record/decision"' in page.text


async def test_the_list_of_files_tells_the_next_deadline_as_the_work_list_does(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(aware=30, notified=20), await browser("coordinator")
    page = await coordinator.get(f"/files?q={reference}")
    assert page.status_code == 200 and structure_faults(page.text) == []
    (words,) = re.findall(r'<strong class="govuk-tag board-deadline [^>]+>([^<]+)</strong>', page.text)
    assert words.endswith("overdue") and f"{words}</strong>" in (await coordinator.get(f"/?q={reference}")).text


async def test_an_auditor_is_offered_nothing_to_record(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    page = await (await browser("auditor")).get(f"/?q={reference}")
    assert reference in page.text and "/record/" not in page.text


async def test_a_restricted_file_appears_to_nobody_else_in_counts_neither(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    named, other, auditor = [await browser("coordinator"), await browser("coordinator"), await browser("auditor")]
    await restrict(board.site.register, reference, [named.account.id], by=named.account.id, now=board.site.now())
    seen = [(await one.get(f"/?q={reference}")).text for one in (named, other, auditor)]
    assert [f'href="/files/{reference}"' in page for page in seen] == [True, False, True]
    assert "No open deadlines match" in seen[1] and "Overdue (0)" in seen[1]
    listed = [
        f'href="/files/{reference}"' in (await one.get(f"/files?q={reference}")).text for one in (named, other, auditor)
    ]
    assert listed == [True, False, True]


async def test_filters_stand_in_the_address_and_in_the_form(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    coordinator = await browser("coordinator")
    page = (await coordinator.get(f"/?q={reference}&stage=deciding&mine=1")).text
    assert '<option value="deciding" selected>Deciding' in page
    assert re.search(r'name="mine"[^>]* checked', page)
    assert reference in page
    assert "No open deadlines match" in (await coordinator.get(f"/?q={reference}&stage=review")).text


async def test_hostile_text_in_the_address_is_only_text(browser: Browsers) -> None:
    asked = {
        "q": '"><script>alert(1)</script>',
        "stage": "<b>",
        "organisation": "' OR 1=1 --",
        "page": "٣",
        "kind": "{{7*7}}",
    }
    page = await (await browser("coordinator")).get("/", params=asked)
    assert page.status_code == 200
    assert "<script>alert" not in page.text and "<b>" not in page.text and "{{7*7}}" in page.text


async def test_a_page_beyond_the_last_says_so(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    coordinator = await browser("coordinator")
    assert "none on this page" in (await coordinator.get(f"/?q={reference}&page=9")).text
    assert reference in (await coordinator.get(f"/?q={reference}&page=0")).text


@pytest.mark.rule("2.2c")
async def test_what_the_chair_decides_is_the_chairs_own_and_says_so(board: Board, browser: Browsers) -> None:
    reference, own = await board.opened(aware=60, notified=58), board.reference().lower()
    ahead = await board.opened(organisations=[{"id": own, "name": own}])
    for role in ("chair", "coordinator"):
        person = await browser(role)
        page = " ".join((await person.get(f"/?q={reference}&mine=1")).text.split())
        assert "decision on a Serious Case Review" in page, role
        assert "The Chair or the coordinator" in page and "Only my deadlines (0)" not in page
        assert page.count(f'href="/files/{reference}/record/decision"') == 1
        assert "Overdue (1)" in page and "<strong>1</strong> deadline, 1 overdue" in page, role
        assert ahead in (await person.get(f"/calendar/list?mine=1&organisation={own}")).text, role
    assert "No open deadlines match" in (await (await browser("auditor")).get(f"/?q={reference}&mine=1")).text
