"""Worker and Temporal server are killed again and again in mid-life: each acknowledged step is there exactly once."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState, WorkflowTaskFailedCause
from temporalio.api.workflowservice.v1 import ResetActivityRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from models.days import london_date
from register.files.deliveries import deliveries_of
from running.case_client import RETRYABLE, UnansweredError
from running.rehearsals.time_skipping import until_quiet

from .mail_server import MailServer
from .server import Server
from .virtual import DIED
from .whole import Whole, as_projected, rulebook, steps_in

FILES, SENDERS, STEPS = 3, 4, 8
"""How many files, people recording on each, and steps of each person."""

KILLED = ("worker", "server", "both")
"""What is killed, in any order. After each, files wait ten seconds for a worker that is no more."""

OFTEN = ("limit.historyCount.suggestContinueAsNew=100",)
"""So that runs continue as new in the middle of it all, as they would after years."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server of the test's own."""
    server = Server(tmp_path / "temporal", OFTEN)
    await server.start()
    yield server
    await server.close()


class Acknowledged:
    """The steps whose senders were told that they are recorded, or that they were taken as signals."""

    def __init__(self) -> None:
        self.by_sender: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.count = 0
        self._more = asyncio.Condition()

    async def add(self, reference: str, sender: str, id: str) -> None:
        """One more."""
        async with self._more:
            self.by_sender[reference, sender].append(id)
            self.count += 1
            self._more.notify_all()

    async def reach(self, count: int) -> None:
        """Waits until there are so many."""
        async with self._more:
            await self._more.wait_for(lambda: self.count >= count)


async def again_and_again(ask: Callable[[], Awaitable[Any]]) -> Any:
    """What a person does who is told that Temporal does not answer: the same again."""
    while True:
        try:
            return await ask()
        except UnansweredError:
            continue
        except RPCError as error:
            assert error.status in RETRYABLE, error
        await asyncio.sleep(0.1)


def bodies(reference: str, sender: str, today: str, people: random.Random) -> list[tuple[str, dict[str, Any]]]:
    """What one person records: requests for peer challenge, which are letters and deadlines, answers, and notes."""
    steps: list[tuple[str, dict[str, Any]]] = []
    for number in range(STEPS):
        body: dict[str, Any] = {"id": f"{sender}-{number}", "recorded_by": sender, "happened_on": today}
        challenge = f"{sender}-{number}"
        if number % 4 == 0:
            more = {"board": "Another Board", "chair": "Its Chair", "email": f"{challenge}@{reference}.example".lower()}
            steps.append(
                ("peer_challenge_sought", body | more | {"challenge": challenge, "question": "What would you do?"})
            )
        elif number % 4 == 1:
            asked = f"{sender}-{number - 1}"
            steps.append(("peer_challenge_answered", body | {"challenge": asked, "answer": "The same."}))
        else:
            steps.append(("note_added", body | {"text": f"Note {people.random()}"}))
    return steps


async def record_all(
    whole: Whole, reference: str, sender: str, steps: list[tuple[str, dict[str, Any]]], told: Acknowledged
) -> None:
    """One person, who sends a step once the one before is acknowledged; every third sends signals."""
    by_signal = sender.startswith("signals")
    cases = whole.cases()
    for name, body in steps:
        if by_signal:
            await again_and_again(lambda name=name, body=body: cases.handle(reference).signal(name, body))  # type: ignore[misc]
        else:
            answer = await again_and_again(lambda name=name, body=body: cases.record(reference, name, body))  # type: ignore[misc]
            assert answer.id == body["id"]
        await told.add(reference, sender, body["id"])


async def kill_things(whole: Whole, server: Server, told: Acknowledged, total: int, dice: random.Random) -> list[str]:
    """Kills one thing, the other, and both, each a random number of steps further on, and starts them again."""
    done: list[str] = []
    moments = sorted(dice.sample(range(3, total - 3), len(KILLED)))
    for moment, what in zip(moments, dice.sample(KILLED, len(KILLED)), strict=True):
        await told.reach(moment)
        await asyncio.sleep(dice.random() * 0.1)  # in the middle of whatever is going on
        done.append(f"{what} after {moment}")
        if what != "server":
            await whole.worker.kill()
        if what != "worker":
            await server.kill()
            await server.start()
        if what != "server":
            await whole.worker.launch()
        await whole.worker.ready()
    return done


async def test_each_acknowledged_step_is_on_the_file_exactly_once(
    whole: Whole, server: Server, mail: MailServer
) -> None:
    seed = int(os.environ.get("FAULTS_SEED") or time.time_ns() % 1_000_000)
    dice = random.Random(seed)
    print(f"FAULTS_SEED={seed} plays this again")
    today = london_date(datetime.now(UTC)).isoformat()
    references = [f"EX-{number}" for number in range(FILES)]
    for reference in references:
        await open_file(whole, reference, today)
    told = Acknowledged()
    senders = [f"{'signals' if number == 0 else 'updates'}-{number}" for number in range(SENDERS)]
    expected = {
        (reference, sender): bodies(reference, sender, today, dice) for reference in references for sender in senders
    }
    start = time.monotonic()
    async with asyncio.TaskGroup() as people:
        killing = people.create_task(kill_things(whole, server, told, FILES * SENDERS * STEPS, dice))
        for (reference, sender), steps in expected.items():
            people.create_task(record_all(whole, reference, sender, steps, told))
    print(f"{time.monotonic() - start:.0f} s, killed: {', '.join(killing.result())}")

    await settle(whole, references)
    print(f"{time.monotonic() - start:.0f} s settled")
    for reference in references:
        await check_file(whole, reference, told)
        await check_letters(
            whole, reference, mail, {key: steps for key, steps in expected.items() if key[0] == reference}
        )


async def open_file(whole: Whole, reference: str, today: str) -> None:
    """A file about a death a week ago. Made up."""
    day = datetime.now(UTC) - timedelta(days=7)
    body = {
        "reference": reference,
        "opened_on": today,
        "recorded_by": "coordinator",
        "incident": {
            "children": [DIED | {"died_on": london_date(day).isoformat()}],
            "aware_on": today,
            "notified_on": today,
            "concern_about_joint_working": "yes",
            "organisations": [{"id": "exampleshire-hospital", "name": "Exampleshire Hospital Trust"}],
        },
    }
    await whole.cases().open(body, rulebook())


async def settle(whole: Whole, references: list[str]) -> None:
    """Some minutes pass, in which Temporal gives up on activities whose worker was killed, and leases run out."""
    await whole.worker.kill()
    for reference in references:
        await give_up(whole, reference)

    async def leases_run_out(connection: Any) -> None:
        await connection.execute(text("UPDATE delivery SET held_until = claimed_at WHERE status = 'sending'"))

    await whole.register.change(leases_run_out)
    await whole.worker.start()
    async with asyncio.timeout(90):
        for reference in references:
            while (state := await whole.state(reference)).work or state.written < state.revision:
                # One that fell due in the moment of the kill went to whoever was dead by then.
                await give_up(whole, reference)
                await asyncio.sleep(0.1)
            await until_quiet(whole.cases().handle(reference))


async def give_up(whole: Whole, reference: str) -> None:
    """What Temporal does after some minutes: fails each activity of a worker that is no more, and tries it again."""
    description = await whole.cases().handle(reference).describe()
    for activity in description.raw_description.pending_activities:
        started = activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        if started and activity.last_worker_identity.partition("@")[0] != str(whole.worker.pid):
            lost = whole.client.get_async_activity_handle(
                workflow_id=reference, run_id=description.run_id, activity_id=activity.activity_id
            )
            await lost.fail(TimeoutError("its worker was killed"))
        elif not started and activity.attempt > 1 and whole.worker.pid:
            again = ResetActivityRequest(
                namespace=whole.client.namespace,
                execution=WorkflowExecution(workflow_id=reference),
                id=activity.activity_id,
            )
            with suppress(RPCError):  # it has ended since
                await whole.client.workflow_service.reset_activity(again)


async def check_file(whole: Whole, reference: str, told: Acknowledged) -> None:
    """Every acknowledged step once, in its sender's order; no run failed; the register agrees."""
    state = await whole.state(reference)
    recorded = Counter(steps_in(state))
    acknowledged = {key[1]: ids for key, ids in told.by_sender.items() if key[0] == reference}
    everything = [id for ids in acknowledged.values() for id in ids]
    assert recorded == Counter(everything)
    for sender, ids in acknowledged.items():
        assert [id for id in steps_in(state) if id.startswith(f"{sender}-")] == ids
    assert not [entry for entry in state.record if entry["name"] == "step_refused"]

    stored = await whole.stored(reference)
    assert Counter(entry.id for entry in stored.entries if entry.source in ("update", "signal")) == recorded
    assert stored == as_projected(state)

    runs = [run async for run in whole.client.list_workflows(f"WorkflowId = '{reference}'")]
    ended = Counter(run.status for run in runs)
    assert ended[WorkflowExecutionStatus.RUNNING] == 1
    assert ended.total() == 1 + ended[WorkflowExecutionStatus.CONTINUED_AS_NEW] > 1, ended
    for run in runs:
        history = await whole.client.get_workflow_handle(reference, run_id=run.run_id).fetch_history()
        tasks = [event.workflow_task_failed_event_attributes for event in history.events]
        # A signal that comes just as a run continues as new sends it back to look again: that is no failure.
        causes = {task.cause for task in tasks if task.HasField("failure")}
        assert causes <= {WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND}


async def check_letters(
    whole: Whole, reference: str, mail: MailServer, expected: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]]
) -> None:
    """Every letter arrived; one that came twice came as the same message."""
    ledger = await deliveries_of(whole.register, reference)
    assert {one.status for one in ledger} == {"accepted"}
    asked = [body["email"] for steps in expected.values() for name, body in steps if name == "peer_challenge_sought"]
    assert sorted(one.address for one in ledger if one.notice_key.startswith("peer_challenge:")) == sorted(asked)
    for one in ledger:
        came = [letter for letter in mail.taken if letter.message_id == one.message_id]
        assert came, f"{one.notice_key} is lost"
    ours = {one.message_id for one in ledger}
    for address in asked:
        assert len({letter.message_id for letter in mail.for_(address)} - set()) == 1
        assert {letter.message_id for letter in mail.for_(address)} <= ours
    doubles = [id for id, times in Counter(letter.message_id for letter in mail.came).items() if times > 1]
    print(reference, len(ledger), "letters,", len(doubles), "of all came twice")
