"""Files that were opened under an older release run on under this one: their recorded histories replay."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

import models.consider
import models.fold
from running.system import WORKFLOWS
from running.temporal import data_converter, make_replayer

HISTORIES = sorted((Path(__file__).resolve().parents[1] / "histories").glob("*.json.gz"))


def history(path: Path) -> WorkflowHistory:
    """A recorded history."""
    text = gzip.decompress(path.read_bytes()).decode()
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(started["workflowId"], text)


def test_there_are_histories_to_replay() -> None:
    assert len(HISTORIES) >= 4


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.name.removesuffix(".json.gz"))
async def test_a_recorded_history_replays(path: Path) -> None:
    await make_replayer(WORKFLOWS).replay_workflow(history(path))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.name.removesuffix(".json.gz"))
async def test_a_recorded_history_replays_whatever_the_core_would_answer_today(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the rules said on the day is read from history: with a core that answers nothing, nothing changes."""

    def gone(*_: Any, **__: Any) -> None:
        raise AssertionError("A replay asked the core.")

    for module, name in ((models.consider, "consider"), (models.consider, "why_not"), (models.fold, "fold")):
        monkeypatch.setattr(module, name, gone)
    await make_replayer(WORKFLOWS).replay_workflow(history(path))


@workflow.defn(name="IncidentWorkflow", sandboxed=False)
class AnotherShell:
    """A shell that does something else: what the replay test is there to catch."""

    @workflow.run
    async def run(self, opening: dict[str, Any], carried: bytes = b"") -> str:
        """Sets a timer that no history has."""
        await workflow.sleep(1)
        return "done"


async def test_a_shell_that_does_something_else_is_caught() -> None:
    with pytest.raises(workflow.NondeterminismError):
        await Replayer(
            workflows=[AnotherShell], workflow_runner=UnsandboxedWorkflowRunner(), data_converter=data_converter()
        ).replay_workflow(history(HISTORIES[0]))
