"""Makes sure that Temporal starts the weekly list: Mondays at 08:00 in London, whatever the clocks do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from models.days import LONDON, MORNING
from workflows.weekly import WeeklyListWorkflow

WEEKLY_LIST = "weekly-list"
"""The schedule's id, and what the ids of its workflows begin with."""

CATCH_UP = timedelta(days=3)
"""A list that could not be started on Monday goes until Thursday; later, the next one is nearer."""

_MONDAY = 1

log = structlog.get_logger("schedules")


def weekly_schedule(task_queue: str, *, start_at: datetime | None = None) -> Schedule:
    """The schedule of the weekly list.

    Arguments:
        task_queue: the workers'.
        start_at: not before this instant; None for from now on.
    """
    monday_morning = ScheduleCalendarSpec(
        hour=[ScheduleRange(MORNING.hour)],
        minute=[ScheduleRange(MORNING.minute)],
        day_of_week=[ScheduleRange(_MONDAY)],
        comment="Mondays at 08:00 in London",
    )
    return Schedule(
        action=ScheduleActionStartWorkflow(
            WeeklyListWorkflow.run,
            id=WEEKLY_LIST,
            task_queue=task_queue,
            static_summary="The weekly list to each coordinator",
        ),
        spec=ScheduleSpec(calendars=[monday_morning], time_zone_name=LONDON.key, start_at=start_at),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )


async def ensure_schedules(client: Client, task_queue: str) -> bool:
    """Makes the schedule, or brings one that is there up to this release. Paused by somebody, it stays so.

    May be called at every start, and by several workers at once. A Temporal that does not let us leaves the files
    running without it: the log says so.

    Arguments:
        client: of the namespace.
        task_queue: the workers'.

    Returns:
        Whether the schedule is there now.
    """
    wanted = weekly_schedule(task_queue)

    def changed(there: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(schedule=replace(wanted, state=there.description.schedule.state))

    try:
        try:
            await client.create_schedule(WEEKLY_LIST, wanted)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(WEEKLY_LIST).update(changed)
    except RPCError as error:
        log.error("The weekly list is not scheduled: Temporal does not let us.", why=error.message)
        return False
    return True
