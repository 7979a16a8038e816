"""What a worker has ready when it starts, as its validators have a moment only and nothing can be loaded there."""

from __future__ import annotations

from temporalio.testing import WorkflowEnvironment

from models.regimes import REGIMES

from .conftest import Boards


async def test_a_worker_that_starts_can_read_every_step_at_once(server: WorkflowEnvironment, boards: Boards) -> None:
    steps = [kind for regime in REGIMES.values() for kind in regime.steps.values()]
    async with boards(server):
        assert [kind.name() for kind in steps if not kind.__pydantic_complete__] == []
