"""A question is handed over by reference inside one process: slow, lost or asked again, it loses nothing."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner

from activities.consider import CoreActivities, plain_answer
from activities.filing import projection_of
from models import references
from models.contract import Question
from register.files.store import read_file
from running.rehearsals.time_skipping import until_quiet
from running.temporal import sandboxed
from workflows.incident import IncidentWorkflow

from .conftest import Board, Boards

NOTE = {"text": "The first call was returned."}

_numbers = itertools.count(1)

RUNNERS = pytest.mark.parametrize("runner", [sandboxed(), UnsandboxedWorkflowRunner()], ids=["sandbox", "no sandbox"])


async def failed_tasks(handle: WorkflowHandle[Any, Any]) -> int:
    """How many workflow tasks of the run have failed."""
    failed = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    return sum(event.event_type == failed for event in (await handle.fetch_history()).events)


async def agrees(board: Board, reference: str) -> None:
    """Fails unless the register has what the run holds."""
    await until_quiet(board.cases.handle(reference))
    state = await board.state(reference)
    assert state.written == state.revision
    expected = projection_of(state, await board.parts.surroundings.latest())
    assert await read_file(board.parts.register, reference) == expected


class Core(CoreActivities):
    """The core, with something that happens before it answers a note of this name."""

    happens: Any = None

    @activity.defn(name="consider")
    async def consider(self, reference: str) -> dict[str, Any]:
        """This release's answer, after what happens."""
        question: Question = references.fetch(reference)
        if any(one.body.get("id") == "held-up" for one in question.incoming):
            await self.happens()
        return plain_answer(question, await self.surroundings.latest())


async def test_a_step_whose_question_takes_longer_than_a_workflow_task_is_recorded_once(
    server: WorkflowEnvironment, boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = f"SLOW-{next(_numbers)}"

    async def takes_twelve_seconds(_: CoreActivities) -> None:
        await asyncio.sleep(12)  # Temporal's workflow task has ten

    monkeypatch.setattr(Core, "happens", takes_twelve_seconds)
    monkeypatch.setattr("running.system.CoreActivities", Core)
    async with boards(server, runner=UnsandboxedWorkflowRunner(), cache_megabytes=6) as board:
        await board.open(file)
        held = asyncio.create_task(board.record(file, "note_added", "held-up", **NOTE))
        for number in range(4):  # more files than are kept in memory
            await board.open(f"{file}-OTHER-{number}")
            await board.record(f"{file}-OTHER-{number}", "note_added", "meanwhile", **NOTE)
        assert (await held).id == "held-up"
        assert (await board.names(file)).count("note_added") == 1
        for reference in (file, f"{file}-OTHER-0", f"{file}-OTHER-3"):
            await agrees(board, reference)


@RUNNERS
async def test_a_question_whose_reference_is_lost_is_asked_anew(
    server: WorkflowEnvironment, boards: Boards, monkeypatch: pytest.MonkeyPatch, runner: WorkflowRunner
) -> None:
    file = f"LOST-{next(_numbers)}"
    fetched, real = list[str](), references.fetch

    def fetch(reference: str) -> Any:
        found = real(reference)
        notes = isinstance(found, Question) and any(one.body.get("id") == "lost" for one in found.incoming)
        if notes and not fetched:
            fetched.append(reference)
            raise references.UnknownReferenceError("It is gone.")
        return found

    monkeypatch.setattr(references, "fetch", fetch)
    async with boards(server, runner=runner) as board:
        handle = await board.open(file)
        assert (await board.record(file, "note_added", "lost", **NOTE)).id == "lost"
        assert len(fetched) == 1 and await failed_tasks(handle) == 1
        assert (await board.names(file)).count("note_added") == 1
        await agrees(board, file)


async def test_of_a_task_that_fails_after_the_answer_nothing_is_kept_and_another_step_may_win(
    server: WorkflowEnvironment, boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for then comes again, with what came in since: the file is another under the same number."""
    file = f"WINS-{next(_numbers)}"
    failing, failed = asyncio.Event(), list[int]()
    real = IncidentWorkflow._apply

    def apply(self: IncidentWorkflow, question: Question, changes: Any) -> None:
        if question.incoming[0].body.get("id") == "first" and not failed:
            failed.append(question.state.revision)
            failing.set()
            raise RuntimeError("The worker ran out of memory.")
        real(self, question, changes)

    monkeypatch.setattr(IncidentWorkflow, "_apply", apply)
    fields = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "The first limb is met."}
    async with boards(server, runner=UnsandboxedWorkflowRunner()) as board:
        handle = await board.open(file)
        await until_quiet(handle)
        first = asyncio.create_task(board.record(file, "decision", "first", **fields))
        await failing.wait()
        second = asyncio.create_task(board.record(file, "decision", "second", **fields))
        answers = await asyncio.gather(first, second, return_exceptions=True)
        assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
        assert (await board.names(file)).count("decision") == 1
        assert await failed_tasks(handle) >= 1
        await agrees(board, file)


class Renewing(CoreActivities):
    """The core, which wishes a new run with each note."""

    @activity.defn(name="consider")
    async def consider(self, reference: str) -> dict[str, Any]:
        """This release's answer, and the wish."""
        question: Question = references.fetch(reference)
        answer = plain_answer(question, await self.surroundings.latest())
        return answer | ({"renew": True} if any(one.name == "note_added" for one in question.incoming) else {})


@RUNNERS
async def test_a_run_is_renewed_at_the_cores_wish_with_letters_under_way_once_the_register_is_written(
    server: WorkflowEnvironment, boards: Boards, monkeypatch: pytest.MonkeyPatch, runner: WorkflowRunner
) -> None:
    file = f"RENEW-{next(_numbers)}"
    monkeypatch.setattr("running.system.CoreActivities", Renewing)
    async with boards(server, runner=runner, smtp_port=9) as board:  # nobody listens there: letters wait
        handle = await board.open(file, days_ago=9)
        first = (await handle.describe()).run_id
        before = await board.state(file)
        assert before.work and before.timers
        await board.record(file, "note_added", "renews", **NOTE)
        async with asyncio.timeout(20):
            while (await handle.describe()).run_id == first:
                await asyncio.sleep(0.02)
        after = await board.state(file)
        assert after.work.keys() == before.work.keys() and after.timers.keys() == before.timers.keys()
        assert after.written == after.revision and after.record[-1]["id"] == "renews"
        assert await board.record(file, "notified_panel", "panel")
