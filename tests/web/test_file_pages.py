"""A file's pages: what it is, what is due, what was done, by whom, and what may be recorded next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from register.files.behind import Behind, note, settle

from .conftest import Board, Browsers

PAGES = ("", "/deadlines", "/organisations", "/people", "/reviewers", "/actions", "/documents", "/letters", "/history")


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_says_what_the_file_is_and_what_is_due_next(
    board: Board, browser: Browsers, page: str
) -> None:
    reference = await board.opened()
    text = (await (await browser("coordinator")).get(f"/files/{reference}{page}")).text
    assert text.count("<h1") == 1 and f"<title>{reference}: " in " ".join(text.split())
    for words in ("Deciding", "Undecided", "Next deadline", 'aria-current="page"'):
        assert words in text


@pytest.mark.parametrize("page", PAGES)
async def test_there_is_no_page_of_a_file_that_is_not_there(browser: Browsers, page: str) -> None:
    found = await (await browser("coordinator")).get(f"/files/NO-SUCH-FILE{page}")
    assert found.status_code == 404 and "There is no file NO-SUCH-FILE" in found.text


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_says_that_it_does_not_show_the_latest_steps_or_shows_too_many(
    board: Board, browser: Browsers, page: str
) -> None:
    reference, register, person = await board.opened(), board.site.register, await browser("coordinator")
    address = f"/files/{reference}{page}"
    behind, ahead = (
        "have not shown the latest steps on this file",
        "have shown steps that the file itself does not have",
    )
    since = datetime(2026, 3, 2, 12, tzinfo=UTC)

    async def words() -> str:
        return " ".join((await person.get(address)).text.split())

    assert behind not in await words() and ahead not in await words()
    late = Behind(reference, 99, since, "The register is away.")
    await register.change(lambda connection: note(connection, late))
    text = await words()
    assert behind in text and "Since 2 March 2026, 12:00" in text and "recheck" not in text
    await register.change(lambda connection: note(connection, replace(late, ahead=True)))
    text = await words()
    assert ahead in text and behind not in text and f"starter.py recheck {reference}" in text
    await settle(register, reference)
    assert ahead not in await words()


async def test_what_was_typed_about_the_incident_stands_on_the_file_and_in_its_summary(
    board: Board, browser: Browsers
) -> None:
    told = {"summary": "Found by a neighbour.", "late_because": "The report went astray.", "where": "unknown"}
    reference = await board.opened(**dict[str, Any](told))
    person = await browser("coordinator")
    page = (await person.get(f"/files/{reference}/people")).text
    assert f'href="/files/{reference}/record/facts_corrected"' in page
    for text in (page, (await person.get(f"/files/{reference}/papers/summary")).text):
        for words in (*told.values(), "What happened, in a few sentences", "Why the board was notified late"):
            assert words in text or words.capitalize() in text, words
        assert "The authority became aware on" in text and "Where it happened" in text


async def test_a_file_without_an_incident_says_why_its_review_is_held(board: Board, browser: Browsers) -> None:
    reference = board.reference()
    review = {"kind": "audit of practice", "reasons": "The board wants to know.", "organisations": []}
    body = {"reference": reference, "opened_on": board.today, "recorded_by": "A Coordinator", "review": review}
    await board.cases.open(body, board.parts.rulebook)
    assert "The board wants to know." in (await (await browser("coordinator")).get(f"/files/{reference}/people")).text


async def test_the_overview_says_what_is_done_what_is_next_and_what_cannot_start_and_why(
    board: Board, browser: Browsers
) -> None:
    reference = await board.opened()
    text = " ".join((await (await browser("coordinator")).get(f"/files/{reference}")).text.split())
    assert "Notification of the board by the local authority" in text and "Completed" in text
    assert "Not yet started" in text and f'href="/files/{reference}/record/decision"' in text
    assert "Cannot start yet" in text and "Waiting for the Chair&#39;s decision." in text
    assert "Are the criteria met? Met" in text and "2.1a" in text and "Outcome: died (supports)" in text


async def test_the_history_calls_organisations_by_name(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    await board.record(reference, "files_secured", organisation="exampleshire-police", how="locked down")
    text = (await (await browser("coordinator")).get(f"/files/{reference}/history")).text
    told = text.partition("An organisation secured its case files")[2].partition("moj-timeline__item")[0]
    assert "Exampleshire Police" in told and "exampleshire-police" not in told
