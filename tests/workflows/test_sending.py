"""A letter is tried again by whoever claimed it, and by nobody else while they may still be sending it."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

from sqlalchemy import event
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.sending import LEASE
from register.files.deliveries import deliveries_of
from running.rehearsals.time_skipping import skip_to

from .conftest import Boards

DECISION = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "By the finding."}


class LateClaim:
    """Keeps a register from answering the first claim of a letter until it is let go: it is then kept all the same."""

    def __init__(self, engine: Any) -> None:
        self._claims, self._kept = None, threading.Event()
        event.listen(engine, "before_cursor_execute", self._executes)
        event.listen(engine, "commit", self._commits)

    def _executes(self, connection: Any, _: Any, statement: str, *__: Any) -> None:
        if self._claims is None and statement.startswith("INSERT INTO delivery"):
            self._claims = connection

    def _commits(self, connection: Any) -> None:
        if connection is self._claims:
            self._kept.wait(60)

    def let_go(self) -> None:
        """Lets the register go on."""
        self._kept.set()


async def attempts(handle: WorkflowHandle[Any, Any]) -> list[int]:
    """How often each letter under way has been tried."""
    pending = (await handle.describe()).raw_description.pending_activities
    return [one.attempt for one in pending if one.activity_type.name == "send_letter"]


async def test_a_letter_whose_claim_was_kept_though_the_answer_came_too_late_goes_at_the_next_attempt(
    skipping: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(skipping, worker=False) as board:
        late = LateClaim(board.parts.register.engine)
        async with board.parts.worker(board.client):
            handle = await board.open("LATE-1")
            start = await skipping.get_current_time(handle)
            await board.record("LATE-1", "decision", "decided", **DECISION)
            async with asyncio.timeout(60):
                while not (tried := await attempts(handle)) or min(tried) < 2:
                    await asyncio.sleep(0.05)
            assert board.sent() == [], "a letter that may not be claimed is not sent"
            late.let_go()
            await skip_to(skipping, handle, start + timedelta(minutes=1))
            letters = await deliveries_of(board.parts.register, "LATE-1")
            assert letters and {one.status for one in letters} == {"accepted"}
            assert sorted(mail.message["Message-ID"] for mail in board.sent()) == sorted(
                one.message_id for one in letters
            )


async def test_temporal_tries_a_letter_again_only_when_its_claim_has_run_out_or_its_sender_has_said_that_it_failed(
    skipping: WorkflowEnvironment, boards: Boards
) -> None:
    """The same sender has its claim again at once: it must not be sending still."""
    async with boards(skipping) as board:
        handle = await board.open("LEASE-1")
        await board.record("LEASE-1", "decision", "decided", **DECISION)
        await skip_to(skipping, handle, await skipping.get_current_time(handle) + timedelta(minutes=1))
        scheduled = [
            one.activity_task_scheduled_event_attributes
            for one in (await handle.fetch_history()).events
            if one.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
        ]
        letters = [one for one in scheduled if one.activity_type.name == "send_letter"]
        assert letters
        assert all(one.start_to_close_timeout.ToTimedelta() >= LEASE for one in letters)
