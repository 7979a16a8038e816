"""Lives of files on the real server, for what no scenario has: outages, signals, a cancellation, new runs."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowHistory

from register.schema import migrate
from running.embedded.mail_catcher import postbox
from running.rehearsals.time_skipping import until_quiet

from ..workflows.conftest import Board, a_board, low_limit

NOTE = {"text": "The first call was returned."}


async def lives(folder: Path) -> dict[str, WorkflowHistory]:
    """Plays them; every run's history, by a name that says what is in it."""
    await migrate(f"sqlite:///{folder}/register.sqlite")
    async with low_limit() as env:
        async with a_board(env, folder / "register", folder / "register.sqlite") as board:
            found = await _register_unavailable(board)
            found |= await _signals_and_a_cancellation(board)
            found |= await _merged_and_reopened(board)
        return found | await _mail_unavailable(env, folder)


async def _register_unavailable(board: Board) -> dict[str, WorkflowHistory]:
    """The register is away while steps are recorded, and comes back."""
    handle = await board.open("RECORDED-1", days_ago=2)
    with closing(sqlite3.connect(str(board.parts.register.url.database), isolation_level=None)) as locked:
        locked.execute("BEGIN IMMEDIATE")
        for number in range(3):
            await board.record("RECORDED-1", "note_added", f"note-{number}", **NOTE)
    await _until(lambda: _written(board, "RECORDED-1"))
    await board.record("RECORDED-1", "notified_panel", "panel")
    return {"register-unavailable": await _history(handle)}


async def _signals_and_a_cancellation(board: Board) -> dict[str, WorkflowHistory]:
    """Steps come as signals, some of them refused, many at once, and somebody asks Temporal to cancel the file."""
    handle = await board.open("RECORDED-2", days_ago=2)
    await handle.signal("note_added", board.body("signalled", **NOTE))
    await handle.signal("note_added", args=[board.body("with-an-envelope", **NOTE), {"account": "a-1"}])
    await handle.signal("no_such_step", board.body("unknown", **NOTE))
    await handle.signal("note_added", args=[])
    await asyncio.gather(*(handle.signal("note_added", board.body(f"many-{n}", **NOTE)) for n in range(20)))
    await handle.cancel()
    await handle.signal("recheck")
    await _until(lambda: _has(board, "RECORDED-2", "cancel_requested"))
    await board.record("RECORDED-2", "note_added", "after", **NOTE)
    return {"signals-and-a-cancellation": await _history(handle)}


async def _merged_and_reopened(board: Board) -> dict[str, WorkflowHistory]:
    """A file ends in favour of another, which is told; a second one names no file; both go on."""
    await board.open("RECORDED-4")
    handle = await board.open("RECORDED-3", days_ago=9)
    await board.record("RECORDED-3", "merged_into", "merged", reference="RECORDED-4", reason="The same incident.")
    await handle.result()
    ended = await _history(handle)
    await board.record("RECORDED-3", "reopened", "again", reason="It was another one.")
    await board.record("RECORDED-3", "merged_into", "nowhere", reference="NOWHERE-1", reason="The same incident.")
    await _until(lambda: _has(board, "RECORDED-3", "message_undelivered"))
    reopened = await _history(board.cases.handle("RECORDED-3"))
    return {"merged": ended, "reopened-and-merged-into-nothing": reopened}


async def _mail_unavailable(env: Any, folder: Path) -> dict[str, WorkflowHistory]:
    """Letters wait for a mail server through a continue-as-new; one of them is settled before it can go."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with a_board(env, folder / "mail", folder / "register.sqlite", smtp_port=port) as board:
        handle = await board.open("RECORDED-5", days_ago=9)
        first = (await handle.describe()).run_id
        await board.record("RECORDED-5", "notified_panel", "panel")
        number = 0
        while (await handle.describe()).run_id == first:
            number += 1
            await board.record("RECORDED-5", "note_added", f"note-{number}", **NOTE)
        before = await board.client.get_workflow_handle("RECORDED-5", run_id=first).fetch_history()
        async with postbox(folder / "mail" / "later", port=port):
            await _until(lambda: _delivered(board, "RECORDED-5"), seconds=120)
            await _until(lambda: _written(board, "RECORDED-5"))
            after = await _history(handle)
    return {"mail-unavailable": before, "letters-and-timers-carried-on": after}


async def _history(handle: WorkflowHandle[Any, Any]) -> WorkflowHistory:
    await until_quiet(handle)
    return await handle.fetch_history()


async def _until(come: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await come():
            await asyncio.sleep(0.05)


async def _written(board: Board, reference: str) -> bool:
    state = await board.state(reference)
    return state.written == state.revision


async def _has(board: Board, reference: str, name: str) -> bool:
    return name in await board.names(reference)


async def _delivered(board: Board, reference: str) -> bool:
    return not (await board.state(reference)).work
