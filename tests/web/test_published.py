"""Published reports: open to everyone, only what the file's record publishes, and gone when it is taken down."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from hashlib import sha256

import httpx

from models.project import project
from register.files.store import write

from ..core.case import Case
from ..core.lives import drafted, published, signed_off, year_over
from .conftest import Board, Browser, Browsers

REPORT = b"%PDF-1.4\n% the report, made up\n"
RESPONSE = b"%PDF-1.4\n% the response, made up\n"
DRAFT = b"%PDF-1.4\n% a draft, made up\n"


def digest(content: bytes) -> str:
    """What a document is known by."""
    return sha256(content).hexdigest()


def with_report() -> Case:
    """A review whose report and response are published, with a draft that never was."""
    case = drafted()
    case.step("report_drafted", document=digest(DRAFT), version="An early draft")
    signed_off(case, document=digest(REPORT))
    case.step("board_responded", document=digest(RESPONSE))
    return published(case)


async def shown(board: Board, case: Case, reference: str = "") -> str:
    """Puts the case into the register, its documents under a name that nobody outside may read; its reference."""
    opened, reference = case.record[0], reference or board.reference()
    record = [replace(opened, body={**opened.body, "reference": reference}), *case.record[1:]]
    await write(board.site.register, project(record, case.events, len(record), case.world))
    for content in (DRAFT, REPORT, RESPONSE):
        await board.site.system.documents.put(reference, content, "Report about Jane Doe.pdf", board.site.now())
    return reference


def taken_down(case: Case) -> Case:
    """The report is off the website."""
    case.step(
        "report_withdrawn",
        "2019-05-01",
        ordered_by="The Chair",
        ground="welfare of a child or adult at risk",
        reasons="A sibling was recognised.",
    )
    return case


async def listed(stranger: Browser, reference: str) -> httpx.Response:
    """The page of the list that a report is on, or its last one: other tests publish reports too."""
    for number in itertools.count(1):
        page = await stranger.get("/published", params={"page": number})
        assert page.status_code == 200
        if reference in page.text or f'href="/published?page={number + 1}"' not in page.text:
            return page
    raise AssertionError("There is no last page.")


async def test_anyone_reads_report_and_response(board: Board, browser: Browsers) -> None:
    reference = await shown(board, with_report())
    stranger = await browser()
    page = await listed(stranger, reference)
    assert reference in page.text and "1 April 2019" in page.text
    assert page.headers["cache-control"] == "public, max-age=300"
    assert "noindex" not in page.text and "coordinator@board.example" in page.text
    for which, content in (("report", REPORT), ("response", RESPONSE)):
        assert f'href="/published/{reference}/{which}"' in page.text
        document = await stranger.get(f"/published/{reference}/{which}")
        assert document.status_code == 200 and document.content == content
        assert document.headers["content-type"] == "application/pdf"
        assert document.headers["content-disposition"] == f'attachment; filename="{reference}-{which}.pdf"'


async def test_nothing_else_of_the_file_is_open(board: Board, browser: Browsers) -> None:
    reference = await shown(board, with_report())
    stranger = await browser()
    for address in ("draft", digest(DRAFT), "plan", "Report", "report/", ""):
        page = await stranger.get(f"/published/{reference}/{address}")
        assert page.status_code in (404, 307), address
        assert DRAFT not in page.content


async def test_a_file_without_a_published_report_has_none(board: Board, browser: Browsers) -> None:
    signed = await shown(board, signed_off(document=digest(REPORT)))
    stranger = await browser()
    assert (await stranger.get(f"/published/{signed}/report")).status_code == 404
    assert signed not in (await listed(stranger, signed)).text
    page = await stranger.get("/published/NO-SUCH-FILE/report")
    assert page.status_code == 404 and "no such document" in page.text


async def test_a_report_that_was_taken_down_is_gone_at_once_and_back_when_put_back(
    board: Board, browser: Browsers
) -> None:
    case, stranger = with_report(), await browser()
    reference = await shown(board, taken_down(case))
    assert reference not in (await listed(stranger, reference)).text
    assert (await stranger.get(f"/published/{reference}/report")).status_code == 404
    case.step(
        "publication_checked",
        "2019-05-10",
        checked_by="Person chair",
        welfare="Nobody can be recognised.",
        impact_managed="The family is told.",
        data_protection=True,
        court_orders=True,
    )
    case.step("report_restored", "2019-05-20")
    await shown(board, case, reference)
    assert reference in (await listed(stranger, reference)).text
    assert (await stranger.get(f"/published/{reference}/report")).content == REPORT


async def test_after_its_year_it_can_be_asked_for(board: Board, browser: Browsers) -> None:
    reference = await shown(board, year_over(with_report()))
    stranger = await browser()
    page = await listed(stranger, reference)
    assert reference in page.text and "Available on request" in page.text
    assert f"/published/{reference}/report" not in page.text
    assert (await stranger.get(f"/published/{reference}/report")).status_code == 404


async def test_a_page_with_somebodys_name_on_it_is_not_kept(browser: Browsers) -> None:
    page = await (await browser("coordinator")).get("/published")
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"


async def test_a_page_number_that_is_none_shows_the_first(browser: Browsers) -> None:
    stranger = await browser()
    first = re.findall("EX-TEST-[0-9]+", (await stranger.get("/published")).text)
    for number in ("", "0", "-1", "x", "99999999", "\u0663", "1' or '1"):
        page = await stranger.get("/published", params={"page": number})
        assert page.status_code == 200 and re.findall("EX-TEST-[0-9]+", page.text) == first, number


async def test_operations_and_administrators_read_them_too(browser: Browsers) -> None:
    for role in ("operations", "administrator"):
        assert (await (await browser(role)).get("/published")).status_code == 200


async def test_search_engines_are_asked_to_keep_to_what_is_public(browser: Browsers) -> None:
    text = (await (await browser()).get("/robots.txt")).text
    assert "Allow: /published" in text and "Disallow: /\n" in text
