"""Whether the system is well, for operations and for machines."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from temporalio.client import Client

from activities.database import Register
from activities.ledger import Claimed, Letter, claim, taken, waiting
from running.cases import Cases
from running.processes import free_port
from web.app import make_app

from .conftest import Board, Browsers


async def test_a_machine_hears_that_all_is_well_and_nothing_else(browser: Browsers) -> None:
    answer = await (await browser()).get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"well": True})


async def test_a_machine_hears_that_the_register_is_away(board: Board, browser: Browsers) -> None:
    site = replace(board.site, system=replace(board.parts, register=Register("sqlite:////no/such/folder/r.sqlite")))
    answer = await (await browser(app=make_app(site))).get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"well": False})


async def test_operations_see_each_part(browser: Browsers) -> None:
    page = " ".join((await (await browser("operations")).get("/health")).text.split())
    well = ("its tables are those of this release", "It answers.", "One asks for work.", "None stands still.")
    for words in (*well, "Letters that wait"):
        assert words in page, words
    assert 'href="/operations/files"' in page


async def test_they_find_temporals_web_page(board: Board, browser: Browsers) -> None:
    page = await (await browser("administrator")).get("/health")
    assert f'href="{board.site.temporal_page}"' in page.text


async def test_others_do_not_see_it(browser: Browsers) -> None:
    for role in ("coordinator", "chair", "board_member", "auditor"):
        assert (await (await browser(role)).get("/health")).status_code == 403, role


async def test_temporal_away_is_said_and_the_page_is_there_all_the_same(board: Board, browser: Browsers) -> None:
    nowhere = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True)
    site = replace(board.site, cases=Cases(nowhere, board.parts.register, board.site.settings.task_queue))
    page = await (await browser("operations", app=make_app(site))).get("/health")
    assert page.status_code == 200 and "It does not answer. Files can be read" in page.text
    assert "Not known while Temporal does not answer." in page.text


async def test_no_worker_is_said(board: Board, browser: Browsers) -> None:
    site = replace(board.site, cases=Cases(board.client, board.parts.register, "nobody-asks-here"))
    page = await (await browser("operations", app=make_app(site))).get("/health")
    assert "None asks for work" in page.text


async def test_letters_that_wait_are_counted_without_their_files(board: Board, browser: Browsers) -> None:
    letter, register, now = Letter("EX-WAITS-0001", "decision:x:ofsted", 1), board.site.register, board.site.now()
    of_the_letter = {"recipient": "ofsted", "address": "o@o.example", "message_id": "<m@t>"}
    claimed = await claim(register, letter, **of_the_letter, now=now, lease=timedelta(minutes=5))
    assert isinstance(claimed, Claimed)
    operations = await browser("operations")
    for settings_are_wrong, says in ((False, "Letters that wait for the mail server"), (True, "are mended")):
        before = counted(says, (await operations.get("/health")).text)
        await waiting(register, letter, claimed.holder, now=now, words="Away.", operations_must_act=settings_are_wrong)
        page = (await operations.get("/health")).text
        assert counted(says, page) == before + 1 and "Not well" in page
        assert "EX-WAITS-0001" not in page and "o@o.example" not in page
        claimed = await claim(register, letter, **of_the_letter, now=now, lease=timedelta(minutes=5))
        assert isinstance(claimed, Claimed)
    await taken(register, letter, now=now)


def counted(words: str, page: str) -> int:
    """The number after these words; 0 where they are not."""
    found = re.search(rf"{words}: (\d+)", " ".join(page.split()))
    return int(found[1]) if found else 0


async def test_files_that_stand_still_are_counted_with_what_to_look_at(board: Board, browser: Browsers) -> None:
    class TwoStandStill(Cases):
        async def standing_still(self) -> int | None:
            return 2  # Temporal itself takes a minute to report one

    site = replace(board.site, cases=TwoStandStill(board.client, board.parts.register, board.site.settings.task_queue))
    page = await (await browser("operations", app=make_app(site))).get("/health")
    assert "2 stand still" in page.text and "nothing is lost" in page.text and "worker&#39;s log" in page.text
