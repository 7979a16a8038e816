"""A Temporal server whose files each have a clock of their own that can be moved forward, for rehearsals.

It is the full server, in memory. Workflows, their timers and remote activities live in virtual time, which
runs as the real one does until it is moved; a local activity's own times and all else stay in real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from running.temporal import core_runtime, data_converter
from running.temporal_server import WITHOUT_THIS_MACHINES_SETTINGS, temporal_binary
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
_BETWEEN_LOOKS = 0.002


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
    past: timedelta = timedelta(milliseconds=500),
) -> bool:
    """Moves a file's clock forward to an instant, with everything due until then done and nothing under way.

    Arguments:
        env: from `start_time_skipping`.
        handle: of the workflow, without a run: it is followed through continue-as-new.
        instant: where to, in virtual time; one that has passed moves nothing.
        past: how far beyond to go: a timer fires late by as long as the task took that set it.

    Returns:
        False if the workflow ended before; its clock then stands where it ended.

    Raises:
        SkippingStoppedError: the clock stopped on its way.
    """
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
            return False
    return await until_quiet(handle)


async def until_quiet(handle: WorkflowHandle[Any, Any], *, patience: timedelta = timedelta(seconds=60)) -> bool:
    """Waits until nothing is under way in a workflow: no task, and no activity but one waiting to retry.

    `WorkflowEnvironment.fast_forward` skips only while nothing is under way, but returns as soon as its time
    has come, in the middle of whatever then is.

    Returns:
        False if the workflow has ended.

    Raises:
        TimeoutError: it was not quiet in that time.
    """
    async with asyncio.timeout(patience.total_seconds()):
        quiet_at: int | None = None
        while True:
            description = await handle.describe()
            if description.status != WorkflowExecutionStatus.RUNNING:
                return False
            raw = description.raw_description
            busy = raw.HasField("pending_workflow_task") or any(
                activity.state != PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
                or not activity.HasField("next_attempt_schedule_time")
                for activity in raw.pending_activities
            )
            # Twice, with the same history: between the end of one thing and the next, nothing is pending.
            if not busy and quiet_at == description.history_length:
                return True
            quiet_at = None if busy else description.history_length
            await asyncio.sleep(_BETWEEN_LOOKS)
