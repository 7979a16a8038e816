"""When a page, a reply link or a command says "not recorded", and when "may or may not have been recorded"."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.record import Refused
from running.case_client import RETRYABLE, CaseClient, Recorded, UnansweredError
from web.app import make_app

from .conftest import Board, Browsers
from .test_recording import again, note, sent, steps
from .test_replies import asked_to_secure, secured

PATIENCE = timedelta(seconds=0.3)


class Meeting(CaseClient):
    """Files whose steps meet with something on their way. How it was is decided here; all else is as it is."""

    meets: Callable[[], Awaitable[Any]]

    @classmethod
    def instead(cls, board: Board, meets: Callable[[], Awaitable[Any]]) -> Meeting:
        """The board's files."""
        made = cls(
            board.client, board.parts.register, board.parts.surroundings, board.cases._task_queue, patience=PATIENCE
        )
        made.meets = meets
        return made

    async def _update(self, *_: Any) -> dict[str, Any]:
        found: dict[str, Any] = await self.meets()
        return found


def answered(kind: str) -> Callable[[], Awaitable[Any]]:
    """Somebody answers that it failed."""
    said = {"rule": "", "reason": "It may not be.", "field": None}

    async def meets() -> Any:
        raise WorkflowUpdateFailedError(ApplicationError("It may not be.", said, type=kind, non_retryable=True))

    return meets


def rpc(status: RPCStatusCode) -> Callable[[], Awaitable[Any]]:
    """Temporal, or the way there, fails."""

    async def meets() -> Any:
        raise RPCError("It is so.", status, b"")

    return meets


async def silence() -> Any:
    """Nobody answers."""
    await asyncio.Event().wait()


NOT: dict[str, Callable[[], Awaitable[Any]]] = {
    "refused": answered("Refused"),
    "a fault of the check": answered("Fault"),
    "busy": answered("Busy"),
}
PERHAPS: dict[str, Callable[[], Awaitable[Any]]] = {
    "silence": silence,
    "ended from outside": answered("AcceptedUpdateCompletedWorkflow"),
    "another failure": answered("RuntimeError"),
    **{status.name: rpc(status) for status in (*sorted(RETRYABLE), RPCStatusCode.PERMISSION_DENIED)},
}


@dataclass
class Ways:
    """A step on its way by page, by command and by a reply's link."""

    board: Board
    browser: Browsers

    async def by_page(self, app: FastAPI, *more: FastAPI) -> str:
        """What the page says; pressed again for each more of the pages' states, what it says last."""
        reference, coordinator = await self.board.opened(), await self.browser("coordinator")
        address = f"/files/{reference}/record/note_added"
        page = await sent(coordinator, address, note(self.board))
        for state in (app, *more):
            cut_off = await self.browser(app=state)
            cut_off.cookies.set("session", coordinator.cookies["session"])
            page = await again(cut_off, address, page, _confirm="yes")
            assert page.status_code in (422, 503), page.status_code
        assert await steps(self.board, reference, "note_added") == []
        return page.text

    async def by_command(self, cases: CaseClient) -> str:
        """What the command line is told."""
        reference = await self.board.opened()
        try:
            await cases.record(reference, "note_added", a_note(self.board))
        except (Refused, UnansweredError, RPCError) as error:
            return str(error)
        raise AssertionError("it was recorded")

    async def by_link(self, app: FastAPI, *more: FastAPI) -> str:
        """What the page says; pressed again for each more of the pages' states, what it says last."""
        _, link = await asked_to_secure(self.board)
        values = secured(self.board)
        for state in (app, *more):
            lead = await self.browser(app=state)
            page = await lead.post(link, data={**values, "_confirm": "yes"})
            assert page.status_code in (422, 503), page.status_code
            values = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        return page.text


@pytest.fixture
def ways(board: Board, browser: Browsers) -> Ways:
    """By page, by command, by link."""
    return Ways(board, browser)


def a_note(board: Board, text: str = "A note.") -> dict[str, Any]:
    """A step's body."""
    return {"id": "the-id", "recorded_by": "A Coordinator", "happened_on": board.today, "text": text}


@pytest.mark.parametrize("why", NOT)
async def test_it_is_said_of_what_was_not_taken(board: Board, ways: Ways, why: str) -> None:
    cases = Meeting.instead(board, NOT[why])
    app = make_app(replace(board.site, cases=cases))
    for told in (await ways.by_page(app), await ways.by_command(cases), await ways.by_link(app)):
        assert "may or may not" not in told
        assert ("It may not be." if why == "refused" else "not recorded") in told


async def test_it_is_said_where_temporal_was_never_reached(ways: Ways, away: FastAPI) -> None:
    for told in (await ways.by_page(away), await ways.by_link(away)):
        assert "was not recorded" in told and "may or may not" not in told


@pytest.mark.parametrize("why", PERHAPS)
async def test_it_is_never_said_of_what_may_have_been_taken(board: Board, ways: Ways, why: str) -> None:
    cases = Meeting.instead(board, PERHAPS[why])
    app = make_app(replace(board.site, cases=cases))
    for told in (await ways.by_page(app), await ways.by_command(cases), await ways.by_link(app)):
        assert "not recorded" not in told
        assert "may or may not" in told or why == "PERMISSION_DENIED"


@pytest.mark.parametrize("then", ["a fault of the check", "busy", "never reached"])
async def test_it_is_never_said_once_an_earlier_try_was_not_answered(
    board: Board, ways: Ways, away: FastAPI, then: str
) -> None:
    silent = make_app(replace(board.site, cases=Meeting.instead(board, silence)))
    after = away if then == "never reached" else make_app(replace(board.site, cases=Meeting.instead(board, NOT[then])))
    for told in (await ways.by_page(silent, after), await ways.by_link(silent, after)):
        assert "not recorded" not in told and "may or may not" in told


@pytest.mark.parametrize("why", ["silence", "busy", "a fault of the check"])
async def test_what_an_earlier_try_recorded_is_found_and_another_step_under_its_id_is_not_taken_for_it(
    board: Board, why: str
) -> None:
    reference = await board.opened()
    cases = Meeting.instead(board, {**NOT, **PERHAPS}[why])
    with pytest.raises(UnansweredError):
        await cases.record(reference, "note_added", a_note(board))
    await board.cases.record(reference, "note_added", a_note(board))
    assert await cases.record(reference, "note_added", a_note(board)) == Recorded("note_added", "the-id", listed=False)
    with pytest.raises(UnansweredError):
        await cases.record(reference, "note_added", a_note(board, "Another."))
