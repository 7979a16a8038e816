"""Whether the system is well, for operations and for machines."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from models.days import moment_words
from register.documents.store import DocumentStore
from register.engine import Register
from register.files.behind import Behind, note, settle
from register.files.deliveries import Claimed, Letter, accepted, claim, waiting
from running.case_client import CaseClient
from running.embedded.processes import free_port
from running.health import Cluster
from web.app import make_app
from web.site import Site

from .conftest import Board, Browsers

GONE = "sqlite:////no/such/folder/r.sqlite"
WELL = {"well": True, "register": True, "temporal": True, "documents": True, "workers": True}
NOTHING = {"files": 0, "ahead": 0, "seconds": 0}
WHY = "The register at sqlite:///register.db is away: disk I/O error"


def with_parts(board: Board, **parts: Any) -> Site:
    """What the board's pages stand on, but for these parts."""
    return replace(board.site, system=replace(board.parts, **parts))


def spoken_to(board: Board, client: Client, task_queue: str = "") -> Site:
    """What the board's pages stand on, but for the way to its files."""
    cases = CaseClient(
        client, board.parts.register, board.parts.surroundings, task_queue or board.site.settings.task_queue
    )
    return replace(board.site, cases=cases)


@pytest.fixture
async def late(board: Board) -> AsyncIterator[Behind]:
    """A file that the register has been behind with for five minutes."""
    reference = await board.opened()
    late = Behind(reference, 99, board.site.now() - timedelta(minutes=5), WHY)
    await board.site.register.change(lambda connection: note(connection, late))
    yield late
    await settle(board.site.register, reference)


async def test_a_machine_hears_that_all_is_well_and_nothing_else(browser: Browsers) -> None:
    answer = await (await browser()).get("/healthz")
    assert (answer.status_code, answer.json()) == (200, WELL | {"register_behind": NOTHING})


async def test_a_machine_hears_that_the_register_is_away(board: Board, browser: Browsers) -> None:
    app = make_app(with_parts(board, register=Register(GONE)))
    answer = await (await browser(app=app)).get("/healthz")
    told = WELL | {"well": False, "register": False, "register_behind": None}
    assert (answer.status_code, answer.json()) == (503, told)
    answer = await (await browser(app=app)).get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False})


async def test_a_machine_hears_that_temporal_is_away_and_that_pages_can_be_shown(
    board: Board, browser: Browsers
) -> None:
    nowhere = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True)
    stranger = await browser(app=make_app(spoken_to(board, nowhere)))
    answer = await stranger.get("/healthz")
    told = WELL | {"well": False, "temporal": False, "workers": False, "register_behind": NOTHING}
    assert (answer.status_code, answer.json()) == (503, told)
    answer = await stranger.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True})


async def test_what_temporal_is_asked_to_keep_is_one_workflow_and_no_file(board: Board, browser: Browsers) -> None:
    reference, queue = await board.opened(), board.site.settings.task_queue
    for _ in range(2):
        await (await browser(app=make_app(board.site))).get("/healthz")
    handle = board.client.get_workflow_handle(f"write-check:{queue}")
    kinds = [event.event_type async for event in handle.fetch_history_events()]
    assert kinds.count(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED) >= 2
    running = await board.cases.cluster.running()
    assert reference in running and handle.id not in running
    assert await board.cases.cluster.standing_still() == 0 and await board.cases.cluster.workers() == 1


async def test_a_machine_hears_that_there_is_no_worker(board: Board, browser: Browsers) -> None:
    answer = await (await browser(app=make_app(spoken_to(board, board.client, "nobody-asks-here")))).get("/healthz")
    told = WELL | {"well": False, "workers": False, "register_behind": NOTHING}
    assert (answer.status_code, answer.json()) == (503, told)


async def test_a_machine_and_operations_hear_that_no_document_can_be_stored(
    board: Board, browser: Browsers, tmp_path: Path
) -> None:
    (tmp_path / "in-the-way").touch()
    app = make_app(with_parts(board, documents=DocumentStore(tmp_path / "in-the-way", board.site.register)))
    answer = await (await browser(app=app)).get("/healthz")
    told = WELL | {"well": False, "documents": False, "register_behind": NOTHING}
    assert (answer.status_code, answer.json()) == (503, told)
    page = await (await browser("operations", app=app)).get("/health")
    assert "The folder of documents cannot be written: File exists." in page.text


async def test_a_machine_hears_how_long_the_register_is_behind_of_which_file_only_operations_do(
    board: Board, browser: Browsers, late: Behind
) -> None:
    answer = await (await browser()).get("/healthz")
    told = answer.json()
    assert answer.status_code == 200 and told["well"] and late.reference not in answer.text
    assert told["register_behind"] == {"files": 1, "ahead": 0, "seconds": pytest.approx(300, abs=60)}

    page = " ".join((await (await browser("operations")).get("/health")).text.split())
    assert "Files whose latest steps are not in the register: 1, since" in page and "starter.py recheck" not in page
    link = f'href="{board.site.temporal_page}/namespaces/default/workflows/{late.reference}"'
    assert link in page and f"since {moment_words(late.since)}. {WHY}" in page


async def test_a_register_that_is_ahead_is_told_with_what_to_do(board: Board, browser: Browsers, late: Behind) -> None:
    ahead = replace(late, ahead=True, reason="The register has revision 9, the file revision 8.")
    await board.site.register.change(lambda connection: note(connection, ahead))
    answer = await (await browser()).get("/healthz")
    assert answer.status_code == 200 and answer.json()["register_behind"]["ahead"] == 1
    page = " ".join((await (await browser("operations")).get("/health")).text.split())
    assert "has steps that the file does not have: 1." in page and "run starter.py recheck with its reference" in page
    assert ahead.reason in page and "within five minutes" not in page


async def test_operations_see_each_part(browser: Browsers) -> None:
    page = " ".join((await (await browser("operations")).get("/health")).text.split())
    well = (
        *("its tables match this release", "up to date with every file", "saving what it is sent"),
        *("1 worker running.", "No files stuck.", "Documents can be saved.", "Letters waiting"),
    )
    for words in well:
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
    page = await (await browser("operations", app=make_app(spoken_to(board, nowhere)))).get("/health")
    assert page.status_code == 200 and "Not responding. Files can be read" in page.text
    assert "Unknown while Temporal is not responding." in page.text


async def test_no_worker_is_said(board: Board, browser: Browsers) -> None:
    app = make_app(spoken_to(board, board.client, "nobody-asks-here"))
    page = await (await browser("operations", app=app)).get("/health")
    assert "No worker is running" in page.text


async def test_letters_that_wait_are_counted_without_their_files(board: Board, browser: Browsers) -> None:
    letter, register, now = Letter("EX-WAITS-0001", "decision:x:ofsted", 1), board.site.register, board.site.now()
    of_the_letter = {"recipient": "ofsted", "address": "o@o.example", "message_id": "<m@t>", "holder": "a test"}
    claimed = await claim(register, letter, **of_the_letter, now=now, lease=timedelta(minutes=5))
    assert isinstance(claimed, Claimed)
    operations = await browser("operations")
    for settings_are_wrong, says in ((False, "Letters waiting for the mail server"), (True, "are corrected")):
        before = counted(says, (await operations.get("/health")).text)
        await waiting(register, letter, claimed.holder, now=now, words="Away.", operations_must_act=settings_are_wrong)
        page = (await operations.get("/health")).text
        assert counted(says, page) == before + 1 and "Problem" in page
        assert "EX-WAITS-0001" not in page and "o@o.example" not in page
        claimed = await claim(register, letter, **of_the_letter, now=now, lease=timedelta(minutes=5))
        assert isinstance(claimed, Claimed)
    await accepted(register, letter, now=now)


def counted(words: str, page: str) -> int:
    """The number after these words; 0 where they are not."""
    found = re.search(rf"{words}: (\d+)", " ".join(page.split()))
    return int(found[1]) if found else 0


async def test_files_that_stand_still_are_counted_with_what_to_look_at(board: Board, browser: Browsers) -> None:
    class TwoStandStill(Cluster):
        async def standing_still(self) -> int | None:
            return 2  # Temporal itself takes a minute to report one

    site = spoken_to(board, board.client)
    site.cases.cluster = TwoStandStill(board.client, site.settings.task_queue)
    page = await (await browser("operations", app=make_app(site))).get("/health")
    assert "2 stuck" in page.text and "Nothing is lost" in page.text and "worker&#39;s log" in page.text
