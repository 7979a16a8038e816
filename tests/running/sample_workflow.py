"""Workflows to try a worker with. In a module of their own, as Temporal's sandbox loads it again."""

from __future__ import annotations

import random
import time
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from models.record import Refusal


@workflow.defn
class Sample:
    """Calls an activity that returns one of the core's classes, and says which object that class is."""

    @workflow.run
    async def run(self, number: int) -> tuple[Refusal, int]:
        """Returns what the activity made, and the class's number in memory."""
        workflow.logger.warning("asking for number %s", number)
        refusal = await workflow.execute_activity(
            "refuse", number, result_type=Refusal, start_to_close_timeout=timedelta(seconds=10)
        )
        return refusal, id(Refusal)


@workflow.defn
class ReadsTheClock:
    """What a workflow must not do."""

    @workflow.run
    async def run(self) -> float:
        """Reads the machine's clock."""
        return time.time()


@workflow.defn
class ThrowsDice:
    """What a workflow must not do either."""

    @workflow.run
    async def run(self) -> float:
        """Asks for a number that is another one in a replay."""
        return random.random()


@workflow.defn
class WaitsForShutdown:
    """Calls an activity that ends when its worker is told to stop."""

    @workflow.run
    async def run(self) -> str:
        """Returns what the activity says; it is not tried again."""
        answer: str = await workflow.execute_activity(
            "until_told_to_stop",
            result_type=str,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )
        return answer
