"""A Temporal server whose files each have a clock of their own that can be moved forward, for rehearsals.

It is the full server, in memory. Workflows, their timers and remote activities live in virtual time, which
runs as the real one does until it is moved; a local activity's own times and all else stay in real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from running.embedded.temporal_server import WITHOUT_THIS_MACHINES_SETTINGS, temporal_binary
from running.temporal import core_runtime, data_converter
from workflows.attributes import SEARCH_ATTRIBUTES

_DYNAMIC_CONFIG = (
    # What lets time be skipped, under its name in this server and in later ones.
    "frontend.WorkflowTimeSkippingEnabled=true",
    "system.workflowTimeSkippingEnabled=true",
    # How often the server looks at its queues: without these 300 skips took 65 seconds instead of 2.
    'history.timerProcessorMaxTimeShift="1ms"',
    "history.timerProcessorMaxPollRPS=2000",
    "history.timerProcessorMaxPollHostRPS=20000",
    "history.transferProcessorMaxPollRPS=2000",
    # A run that seems younger than a second continues as new after a delay, which never ends in virtual time.
    'history.workflowIdReuseMinimalInterval="0s"',
)
_MOST_SKIPS = 100_000
_BETWEEN_LOOKS = 0.005


class SkippingStoppedError(Exception):
    """Virtual time did not get where it was to go, and the file is still open: a mistake, never an answer."""


async def start_time_skipping(
    search_attributes: Sequence[SearchAttributeKey[Any]] = SEARCH_ATTRIBUTES,
    *,
    startup_timeout: timedelta = timedelta(seconds=60),
) -> WorkflowEnvironment:
    """Starts the server on a free port of this machine; use it as an async context manager, which ends it.

    Each workflow that the environment's client starts begins at the real present; one that continues as new
    goes on where it was.

    Arguments:
        search_attributes: what is registered from the start.
        startup_timeout: how long the server may take.

    Raises:
        EmbeddedServerError: the server is not installed.
    """
    extra = [*WITHOUT_THIS_MACHINES_SETTINGS, "--output", "none"]  # standard output belongs to what we print
    for value in _DYNAMIC_CONFIG:
        extra += ["--dynamic-config-value", value]
    return await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False, max_session_skip_count=_MOST_SKIPS),
        data_converter=data_converter(),
        runtime=core_runtime(),
        search_attributes=search_attributes,
        dev_server_existing_path=str(temporal_binary()),
        dev_server_extra_args=extra,
        dev_server_log_level="never",
        dev_server_startup_timeout=startup_timeout,
    )


async def skip_to(
    env: WorkflowEnvironment,
    handle: WorkflowHandle[Any, Any],
    instant: datetime,
    *,
    now: datetime | None = None,
    past: timedelta = timedelta(milliseconds=500),
) -> datetime | None:
    """Moves a file's clock forward to an instant, with everything due until then done and nothing under way.

    What is under way now is done first: the server skips no time as long as anything is.

    Arguments:
        env: from `start_time_skipping`.
        handle: of the workflow, without a run: it is followed through continue-as-new.
        instant: where to, in virtual time; one that has passed moves nothing.
        now: the file's clock, which runs as the real one does until it is moved; the server is asked when left out.
        past: how far beyond to go: a timer fires late by as long as the task took that set it.

    Returns:
        The file's clock; None if the workflow ended before: its clock then stands where it ended.

    Raises:
        SkippingStoppedError: the clock stopped on its way.
    """
    if now is None:
        now = await env.get_current_time(handle)
    if now < instant + past:
        try:
            arrived = await env.fast_forward(handle, instant + past - now)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            arrived = False
        if not arrived:
            if (await handle.describe()).status == WorkflowExecutionStatus.RUNNING:
                raise SkippingStoppedError(f"The clock of {handle.id} stopped on its way to {instant}.")
            return None
    return await until_quiet(handle)


async def until_quiet(
    handle: WorkflowHandle[Any, Any],
    *,
    patience: timedelta = timedelta(seconds=60),
) -> datetime | None:
    """Waits until nothing is under way in a workflow: no task, and no activity but one waiting to retry.

    `WorkflowEnvironment.fast_forward` skips only while nothing is under way, but returns as soon as its time
    has come, in the middle of whatever then is.

    Arguments:
        handle: of the workflow, without a run.
        patience: how long to wait.

    Returns:
        The file's clock; None if the workflow has ended.

    Raises:
        TimeoutError: it was not quiet in that time.
    """
    async with asyncio.timeout(patience.total_seconds()):
        while True:
            description = await handle.describe()
            if description.status != WorkflowExecutionStatus.RUNNING:
                return None
            raw = description.raw_description
            now = _clock(raw)
            # The end of one thing and the beginning of the next are one change of the server's: nothing is between.
            if not raw.HasField("pending_workflow_task") and all(_waits(one, now) for one in raw.pending_activities):
                return now
            await asyncio.sleep(_BETWEEN_LOOKS)


def _clock(raw: DescribeWorkflowExecutionResponse) -> datetime:
    if raw.workflow_extended_info.HasField("time_skipping_info"):
        return raw.workflow_extended_info.time_skipping_info.current_time.ToDatetime(UTC)
    return datetime.now(UTC)


def _waits(activity: PendingActivityInfo, now: datetime) -> bool:
    """Whether it waits to retry, and its time has not come.

    The server's own word for it, ``next_attempt_schedule_time``, is by the real clock: once the file's is ahead, an
    activity that nobody has picked up yet has it too.
    """
    scheduled = activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    return scheduled and activity.attempt > 1 and activity.scheduled_time.ToDatetime(UTC) > now
