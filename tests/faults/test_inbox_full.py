"""More comes in for one file than it can take: senders are told, the worker stays small, and nothing stands still."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.update.v1 import UpdateRef
from temporalio.api.workflowservice.v1 import PollWorkflowExecutionUpdateRequest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.contract import INBOX_ITEMS
from models.days import london_date
from running.case_client import CaseClient
from running.rehearsals.time_skipping import until_quiet
from workflows.incident import BUSY

from .server import Server
from .test_killed_again_and_again import open_file
from .whole import Whole, as_projected

MEGABYTE = 1024 * 1024
AT_ONCE = 1_500


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A Temporal of these tests' own."""
    server = Server(tmp_path_factory.mktemp("full"))
    await server.start()
    yield server
    await server.close()


def notes(id: str, today: str, count: int) -> list[dict[str, Any]]:
    """Notes of a few hundred bytes. Made up."""
    usual = {"recorded_by": "coordinator", "happened_on": today, "text": "Another system has run wild. " * 10}
    return [{**usual, "id": f"{id}-{number}"} for number in range(count)]


async def signalled(cases: CaseClient, reference: str, bodies: list[dict[str, Any]]) -> None:
    """Sends them as signals, fifty at a time."""
    handle, left = cases.handle(reference), iter(bodies)
    while some := list(itertools.islice(left, 50)):
        await asyncio.gather(*(handle.signal("note_added", body) for body in some))


async def taken(cases: CaseClient, reference: str, sent: list[dict[str, Any]]) -> tuple[int, int]:
    """How many of what was sent is on the file, and how many it says it has not kept; waits until that is all."""
    ids = {body["id"] for body in sent}
    async with asyncio.timeout(60):
        while True:
            record = (await cases.state(reference)).record
            kept = sum(entry["id"] in ids for entry in record)
            facts = [entry["body"]["count"] for entry in record if entry["name"] == "signals_dropped"]
            if kept + sum(facts) == len(sent):
                assert len(facts) <= 1, "of one day, they are one fact"
                return kept, sum(facts)
            await asyncio.sleep(0.05)


async def check_never_stood_still(cases: CaseClient, reference: str) -> None:
    """No workflow task of the file failed, in any of its runs."""
    handle = cases.handle(reference)
    history = await handle.fetch_history()
    failed = [event for event in history.events if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED]
    assert not [event for event in failed if event.workflow_task_failed_event_attributes.HasField("failure")]


async def has_come(client: Client, reference: str, update: str) -> None:
    """Waits until Temporal has an update, which no worker has seen yet."""
    which = UpdateRef(workflow_execution=WorkflowExecution(workflow_id=reference), update_id=update)
    asked = PollWorkflowExecutionUpdateRequest(namespace=client.namespace, update_ref=which)
    async with asyncio.timeout(20):
        while True:
            try:
                await client.workflow_service.poll_workflow_execution_update(asked)
            except RPCError as error:
                assert error.status is RPCStatusCode.NOT_FOUND
                await asyncio.sleep(0.02)
            else:
                return


def memory(pid: int) -> int:
    """How much a process has in memory, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_of_a_thousand_signals_each_is_kept_or_counted_steps_are_tried_again_and_the_worker_stays_small(
    whole: Whole,
) -> None:
    cases, today, pid = whole.cases(), london_date(datetime.now(UTC)).isoformat(), whole.worker.pid
    await open_file(whole, "FLOOD-1", today)
    await until_quiet(cases.handle("FLOOD-1"))
    before = memory(pid)
    # All at once: none is taken before the last has come.
    sent = notes("flood", today, AT_ONCE)
    os.kill(pid, signal.SIGSTOP)
    try:
        await signalled(cases, "FLOOD-1", sent)
        body, *people = notes("person", today, 4)
        once = asyncio.create_task(cases.handle("FLOOD-1").execute_update("note_added", body, id="once"))
        await has_come(whole.client, "FLOOD-1", "once")
        recording = [asyncio.create_task(cases.record("FLOOD-1", "note_added", one)) for one in people]
    finally:
        os.kill(pid, signal.SIGCONT)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await once
    assert isinstance(refused.value.cause, ApplicationError) and refused.value.cause.type == BUSY
    # Whoever records by page or command is tried again meanwhile.
    assert [(await one).id for one in recording] == [one["id"] for one in people]
    kept, dropped = await taken(cases, "FLOOD-1", sent)
    assert kept >= INBOX_ITEMS and dropped > 0
    async with asyncio.timeout(10):
        await cases.record("FLOOD-1", "note_added", notes("after", today, 1)[0])
    assert memory(pid) - before < 150 * MEGABYTE
    await check_never_stood_still(cases, "FLOOD-1")
    await until_quiet(cases.handle("FLOOD-1"))
    assert await whole.stored("FLOOD-1") == as_projected(await whole.state("FLOOD-1"))
