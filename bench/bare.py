"""A bare workflow to measure ours against: as many updates, timers and activities, and nothing in them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

_COUNTED = {"TIMER_STARTED": "timers", "TIMER_CANCELED": "cancelled", "ACTIVITY_TASK_SCHEDULED": "remote"}

Plan = list[dict[str, int]]
"""What to do at the start and after each update, besides asking once: how many ``timers`` to set and ``cancelled``,
``remote`` activities to start, and such that are ``asked after`` by a local one."""

_A_MONTH = timedelta(days=30)


@activity.defn
async def nothing(_: dict[str, Any]) -> dict[str, Any]:
    """Does nothing: as a local activity in place of the core, as a remote one in place of a letter."""
    return {}


@workflow.defn
class BareWorkflow:
    """Does what a plan says at the start and after each update, and ends after the last one."""

    @workflow.init
    def __init__(self, plan: list[dict[str, int]]) -> None:
        """Takes the plan of :func:`plan_of`."""
        self.plan = plan
        self.opened = False
        self.taken = 1
        self.timers: list[asyncio.Task[None]] = []
        self.under_way: set[asyncio.Task[None]] = set()

    @workflow.run
    async def run(self, plan: list[dict[str, int]]) -> None:
        """Until every update has come and nothing is under way."""
        await self._ask({})
        self._do(plan[0])
        self.opened = True
        await workflow.wait_condition(
            lambda: self.taken == len(plan) and not self.under_way and workflow.all_handlers_finished()
        )

    @workflow.update
    async def step(self, body: dict[str, Any]) -> dict[str, Any]:
        """Asks a local activity, and does what the plan says for this update."""
        await workflow.wait_condition(lambda: self.opened)
        await self._ask(body)
        self._do(self.plan[self.taken])
        self.taken += 1
        return {"recorded": True}

    @workflow.query
    def is_open(self) -> bool:
        """Whether the start is done: asked first, as a timer set and cancelled in one task is never started."""
        return self.opened

    async def _ask(self, body: dict[str, Any]) -> None:
        await workflow.execute_local_activity(nothing, body, start_to_close_timeout=timedelta(seconds=30))

    def _do(self, part: dict[str, int]) -> None:
        for timer in self.timers[: part["cancelled"]]:
            timer.cancel()
        del self.timers[: part["cancelled"]]
        for _ in range(part["timers"]):
            self.timers.append(asyncio.create_task(workflow.sleep(_A_MONTH, summary="a deadline")))
        for _ in range(part["remote"]):
            self._start(self._send(ask_after=False))
        for _ in range(part["asked after"]):
            self._start(self._send(ask_after=True))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def _send(self, *, ask_after: bool) -> None:
        await workflow.execute_activity(nothing, {}, start_to_close_timeout=timedelta(minutes=3), summary="a letter")
        if ask_after:
            await self._ask({})


def plan_of(history: WorkflowHistory) -> Plan:
    """What one of our lifecycles did, counted in its history."""
    plan, asked = [_nothing_yet()], 0
    for event in history.events:
        kind = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
        if kind == "WORKFLOW_EXECUTION_UPDATE_ACCEPTED":
            plan.append(_nothing_yet())
        elif kind == "MARKER_RECORDED":
            asked += 1
        elif kind in _COUNTED:
            plan[-1][_COUNTED[kind]] += 1
    # Once at the start and for each update; the others took what became of a letter.
    after = asked - len(plan)
    for part in plan:
        part["asked after"] = min(part["remote"], after)
        part["remote"] -= part["asked after"]
        after -= part["asked after"]
    return plan


def totals(plan: Plan) -> dict[str, int]:
    """All of a plan together, to see whether two lifecycles did as much."""
    found = {name: sum(part[name] for part in plan) for name in _nothing_yet()}
    return {"updates": len(plan) - 1, **found}


def _nothing_yet() -> dict[str, int]:
    return {"timers": 0, "cancelled": 0, "remote": 0, "asked after": 0}
