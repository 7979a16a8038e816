"""A rehearsal's clock: half a year in a moment, with everything done that falls into it."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from running.rehearsals.time_skipping import skip_to, start_time_skipping, until_quiet
from workflows.attributes import SEARCH_ATTRIBUTES

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@dataclass
class Planned:
    """One thing that a sample file does.

    Arguments:
        after_days: when, counted from the start of its run.
        name: which activity.
        kind: whether that is remote or local; with ``again`` none is called, the file continues as new.
        fails: how often it fails before it does not.
        takes: how long it takes, in real seconds.
        queue: whose worker it is for; the file's own, unless told otherwise.
    """

    after_days: float
    name: str
    kind: str = "remote"
    fails: int = 0
    takes: float = 0.0
    queue: str | None = None


@dataclass
class Done:
    """One thing that was done: when by the file's clock, and by the activity's own."""

    name: str
    at: datetime
    scheduled: datetime


@activity.defn
async def act(planned: Planned) -> datetime:
    """Takes its time, fails as often as it was told to, and says when it was scheduled."""
    await asyncio.sleep(planned.takes)
    if activity.info().attempt <= planned.fails:
        raise RuntimeError("not yet")
    return activity.info().scheduled_time


@workflow.defn(sandboxed=False)
class SampleFile:
    """A file that does what was planned, each at its time."""

    @workflow.init
    def __init__(self, plan: list[Planned], done: list[Done]) -> None:
        self.done, self.closed, self.again = done, False, False

    @workflow.run
    async def run(self, plan: list[Planned], done: list[Done]) -> None:
        """Ends when it is closed."""
        tasks = [asyncio.create_task(self.do(planned)) for planned in plan]
        await workflow.wait_condition(lambda: self.closed or self.again)
        if self.again:
            rest = [planned for planned in plan if planned.name not in {done.name for done in self.done}]
            workflow.continue_as_new(args=[rest, self.done])
        for task in tasks:
            task.cancel()

    async def do(self, planned: Planned) -> None:
        """Waits for the time and does it."""
        await workflow.sleep(timedelta(days=planned.after_days))
        at = workflow.now()
        if planned.kind == "again":
            self.done.append(Done(planned.name, at, at))
            self.again = True
            return
        retried = RetryPolicy(initial_interval=timedelta(minutes=10), backoff_coefficient=2)
        patience = timedelta(seconds=30)
        if planned.kind == "remote":
            scheduled = await workflow.execute_activity(
                act, planned, task_queue=planned.queue, start_to_close_timeout=patience, retry_policy=retried
            )
        else:
            scheduled = await workflow.execute_local_activity(
                act, planned, start_to_close_timeout=patience, retry_policy=retried
            )
        self.done.append(Done(planned.name, at, scheduled))

    @workflow.query
    def what(self) -> list[Done]:
        """What was done so far."""
        return self.done

    @workflow.update
    async def close(self) -> datetime:
        """Ends the file and says when."""
        self.closed = True
        return workflow.now()


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """A server for rehearsals with a worker."""
    async with (
        await start_time_skipping() as env,
        Worker(env.client, task_queue="rehearsal", workflows=[SampleFile], activities=[act]),
    ):
        yield env


File = WorkflowHandle[SampleFile, None]


async def opened(env: WorkflowEnvironment, *plan: Planned) -> tuple[File, datetime]:
    """A new file, and when it began."""
    handle = await env.client.start_workflow(
        SampleFile.run, args=[list(plan), []], id=uuid.uuid4().hex, task_queue="rehearsal"
    )
    await handle.query(SampleFile.what)  # its first task is done, its timers run
    return handle, await env.get_current_time(handle)


async def names(handle: File) -> list[str]:
    return [done.name for done in await handle.query(SampleFile.what)]


async def test_half_a_year_with_timers_and_activities_passes_in_a_moment(env: WorkflowEnvironment) -> None:
    days = range(4, 180, 5)

    async def times_at_once() -> float:
        """How much longer it takes than doing the same without any time between: 4 times, and 60 at the server's
        own pace. By turns, as whatever else the machine does slows down both."""
        began = time.monotonic()
        handle, _ = await opened(env, *(Planned(0, f"day {day}") for day in days))
        await until_quiet(handle)
        middle = time.monotonic()
        handle, start = await opened(env, *(Planned(day, f"day {day}") for day in days))
        assert await skip_to(env, handle, start + 180 * DAY)
        return (time.monotonic() - middle) / (middle - began)

    assert min([await times_at_once() for _ in range(3)]) < 12


async def test_each_thing_is_done_on_its_day(env: WorkflowEnvironment) -> None:
    days = [10, 30, 60, 90, 120, 150, 179]
    handle, start = await opened(env, *(Planned(day, f"day {day}") for day in days))
    assert await skip_to(env, handle, start + 180 * DAY)
    done = await handle.query(SampleFile.what)
    assert [(item.name, (item.at - start + SECOND).days) for item in done] == [(f"day {day}", day) for day in days]
    now = await env.get_current_time(handle)
    assert 180 * DAY + SECOND / 2 <= now - start < 180 * DAY + 10 * SECOND


@pytest.mark.parametrize("kind", ["remote", "local"])
async def test_what_is_due_at_that_very_instant_is_done_too(env: WorkflowEnvironment, kind: str) -> None:
    handle, start = await opened(env, *(Planned(10, f"at once {n}", kind) for n in range(5)))
    assert await skip_to(env, handle, start + 10 * DAY)
    assert sorted(await names(handle)) == [f"at once {n}" for n in range(5)]


@pytest.mark.parametrize("kind", ["remote", "local"])
async def test_what_takes_longer_than_the_rest_of_the_time_is_waited_for(env: WorkflowEnvironment, kind: str) -> None:
    handle, start = await opened(env, Planned(10, "slow", kind, takes=1.2))
    began = time.monotonic()
    assert await skip_to(env, handle, start + 10 * DAY)
    assert time.monotonic() - began > 1.2
    assert await names(handle) == ["slow"]


async def test_time_is_not_skipped_over_what_is_under_way(env: WorkflowEnvironment) -> None:
    handle, start = await opened(env, Planned(10, "slow", takes=0.5), Planned(10.01, "next"), Planned(20, "last"))
    assert await skip_to(env, handle, start + 30 * DAY)
    assert await names(handle) == ["slow", "next", "last"]


@pytest.mark.parametrize("kind", ["remote", "local"])
async def test_waiting_to_try_again_is_skipped_and_counts_as_time(env: WorkflowEnvironment, kind: str) -> None:
    between = [Planned(10 + minutes / 24 / 60, f"after {minutes} minutes") for minutes in (5, 15, 60)]
    handle, start = await opened(env, Planned(10, "at the third try", kind, fails=2), *between)
    assert await skip_to(env, handle, start + 30 * DAY)
    assert await names(handle) == [
        "after 5 minutes",
        "after 15 minutes",
        "at the third try",
        "after 60 minutes",
    ]


async def test_what_still_waits_to_try_again_does_not_hold_the_clock(env: WorkflowEnvironment) -> None:
    handle, start = await opened(env, Planned(10, "never", fails=10_000))
    assert await skip_to(env, handle, start + 10 * DAY)
    assert await names(handle) == []
    now = await env.get_current_time(handle)
    assert now - start < 10 * DAY + 10 * SECOND


async def test_a_remote_activity_is_in_virtual_time_and_a_local_one_in_real_time(
    env: WorkflowEnvironment,
) -> None:
    handle, start = await opened(env, Planned(10, "remote"), Planned(20, "local", "local"))
    assert await skip_to(env, handle, start + 30 * DAY)
    remote, local = await handle.query(SampleFile.what)
    assert abs(remote.scheduled - remote.at) < 10 * SECOND
    assert abs(local.scheduled - datetime.now(UTC)) < 60 * SECOND
    assert local.at - start > 19 * DAY


async def test_each_file_has_a_clock_of_its_own(env: WorkflowEnvironment) -> None:
    one, start = await opened(env)
    other, _ = await opened(env)
    assert await skip_to(env, one, start + 30 * DAY)
    assert await env.get_current_time(one) - start >= 30 * DAY
    assert abs(await env.get_current_time(other) - datetime.now(UTC)) < 10 * SECOND


async def test_a_file_is_not_quiet_while_nobody_has_picked_up_what_is_to_be_done(env: WorkflowEnvironment) -> None:
    """The server, which looks at the real clock, takes it for waiting to try again."""
    handle, _ = await opened(env, Planned(10, "picked up late", queue="away"))
    assert await env.fast_forward(handle, 10 * DAY + SECOND)
    with pytest.raises(TimeoutError):
        await until_quiet(handle, patience=SECOND / 4)
    async with Worker(env.client, task_queue="away", activities=[act]):
        assert await until_quiet(handle)
    assert await names(handle) == ["picked up late"]


async def test_a_file_is_not_quiet_once_the_time_to_try_again_has_come(env: WorkflowEnvironment) -> None:
    handle, start = await opened(env, Planned(10, "at the second try", fails=1, queue="away for a moment"))
    async with Worker(env.client, task_queue="away for a moment", activities=[act]):
        assert await skip_to(env, handle, start + 10 * DAY)
    assert await names(handle) == []
    assert await until_quiet(handle), "it waits to try again, which holds nothing up"
    assert await env.fast_forward(handle, timedelta(minutes=10, seconds=1))
    with pytest.raises(TimeoutError):
        await until_quiet(handle, patience=SECOND / 4)
    async with Worker(env.client, task_queue="away for a moment", activities=[act]):
        assert await until_quiet(handle)
    assert await names(handle) == ["at the second try"]


async def test_time_is_not_skipped_while_nobody_has_picked_up_what_is_to_be_done(env: WorkflowEnvironment) -> None:
    handle, start = await opened(env, Planned(0, "picked up late", queue="nobody"), Planned(20, "last"))
    skipped = asyncio.create_task(skip_to(env, handle, start + 30 * DAY))
    await asyncio.wait({skipped}, timeout=0.5)
    assert await env.get_current_time(handle) - start < DAY
    async with Worker(env.client, task_queue="nobody", activities=[act]):
        assert await skipped
    done = await handle.query(SampleFile.what)
    assert [(one.name, (one.scheduled - start + SECOND).days) for one in done] == [("picked up late", 0), ("last", 20)]


async def test_a_file_that_ends_while_its_clock_is_moved_is_no_error(env: WorkflowEnvironment) -> None:
    handle, start = await opened(env, Planned(0, "holds the clock", queue="never"))
    skipped = asyncio.create_task(skip_to(env, handle, start + 30 * DAY))
    await asyncio.wait({skipped}, timeout=0.5)
    await handle.execute_update(SampleFile.close)
    assert await skipped is None


async def test_a_clock_that_is_known_need_not_be_asked_for(env: WorkflowEnvironment) -> None:
    handle, start = await opened(env, Planned(10, "first"), Planned(20, "second"))
    clock = await until_quiet(handle)
    for day, latest, done in ((10, 10, ["first"]), (20, 20, ["first", "second"]), (15, 20, ["first", "second"])):
        clock = await skip_to(env, handle, start + day * DAY, now=clock)
        assert clock is not None and abs(clock - start - latest * DAY) < 10 * SECOND
        assert abs(clock - await env.get_current_time(handle)) < 10 * SECOND
        assert await names(handle) == done


async def test_an_instant_that_has_passed_moves_nothing(env: WorkflowEnvironment) -> None:
    handle, start = await opened(env)
    await skip_to(env, handle, start + 5 * DAY)
    assert await skip_to(env, handle, start)
    assert 5 * DAY <= await env.get_current_time(handle) - start < 5 * DAY + 10 * SECOND


async def test_a_step_is_recorded_at_virtual_time(env: WorkflowEnvironment) -> None:
    handle, start = await opened(env)
    await skip_to(env, handle, start + 5 * DAY)
    closed = await handle.execute_update(SampleFile.close)
    assert 5 * DAY <= closed - start < 5 * DAY + 10 * SECOND


async def test_a_file_is_followed_when_it_continues_as_new(env: WorkflowEnvironment) -> None:
    """The server takes the second run for younger than it is, and would put the third off."""
    a_little_later = 0.5 / 24 / 60 / 60
    plan = [
        Planned(10, "first run", "again"),
        Planned(10 + a_little_later, "second run", "again"),
        Planned(30, "third run"),
    ]
    handle, start = await opened(env, *plan)
    assert await skip_to(env, handle, start + 70 * DAY)
    done = await handle.query(SampleFile.what)
    assert [(item.name, (item.at - start + SECOND).days) for item in done] == [
        ("first run", 10),
        ("second run", 20),
        ("third run", 50),
    ]


async def test_a_file_that_has_ended_is_no_error(env: WorkflowEnvironment) -> None:
    handle, start = await opened(env)
    await handle.execute_update(SampleFile.close)
    await handle.result()
    assert not await skip_to(env, handle, start + 10 * DAY)
    assert not await until_quiet(handle)


async def test_it_has_our_search_attributes(env: WorkflowEnvironment) -> None:
    assert await env.client.count_workflows(" AND ".join(f"{key.name} IS NULL" for key in SEARCH_ATTRIBUTES))


async def test_nothing_but_us_writes_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    """The server's banner comes when it has been up for a moment."""
    async with await start_time_skipping():
        await asyncio.sleep(1.5)
    assert capfd.readouterr() == ("", "")
