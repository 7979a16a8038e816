"""The weekly list: who gets it, and one mail to each. Temporal starts it by a schedule, Mondays at 08:00 in London."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from models.contract import instant_text, letters_queue

PATIENT = RetryPolicy(initial_interval=timedelta(seconds=10), maximum_interval=timedelta(minutes=15))
"""For the world outside: tried again for as long as the week lasts."""

WHILE_IT_IS_NEWS = timedelta(days=5)
"""A list that could not be sent until then is given up: the next one is about to come, and must not wait for it."""


@workflow.defn(name="WeeklyListWorkflow")
class WeeklyListWorkflow:
    """One week's lists."""

    @workflow.run
    async def run(self) -> dict[str, str]:
        """Sends each coordinator the list of the week; answers what became of each, by recipient."""
        begun = instant_text(workflow.now())
        recipients: list[str] = await workflow.execute_activity(
            "weekly_recipients",
            start_to_close_timeout=timedelta(minutes=1),
            schedule_to_close_timeout=WHILE_IT_IS_NEWS,
            retry_policy=PATIENT,
            summary="who gets the list",
        )
        became = await asyncio.gather(*(self._send(recipient, begun) for recipient in recipients))
        return dict(zip(recipients, became, strict=True))

    async def _send(self, recipient: str, begun: str) -> str:
        """One that fails holds up no other."""
        try:
            became: str = await workflow.execute_activity(
                "send_weekly_list",
                args=[recipient, begun],
                task_queue=letters_queue(workflow.info().task_queue),
                # As long as its claim holds: whoever tries again has it again, and must be the only one who sends.
                start_to_close_timeout=timedelta(minutes=5),
                schedule_to_close_timeout=WHILE_IT_IS_NEWS,
                retry_policy=PATIENT,
                summary=f"to {recipient}",
            )
        except FailureError as error:
            workflow.logger.error("send_weekly_list gave up: %s", type(error).__name__)
            became = "given up"
        return became
