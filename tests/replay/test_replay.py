"""Files that were opened under an older release run on under this one: their recorded histories replay."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

import models.consider
import models.fold
import models.quick_answers
from models.contract import unpack
from running.system import WORKFLOWS
from running.temporal import data_converter, make_replayer

HISTORIES = sorted((Path(__file__).resolve().parents[1] / "histories").glob("*.json.gz"))


def history(path: Path) -> WorkflowHistory:
    """A recorded history."""
    text = gzip.decompress(path.read_bytes()).decode()
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(started["workflowId"], text)


SHELL = {
    "activities": {"send_letter", "tell_file", "write_register", "archive"},
    "events": {
        *("WORKFLOW_EXECUTION_SIGNALED", "WORKFLOW_EXECUTION_CANCEL_REQUESTED", "WORKFLOW_EXECUTION_UPDATE_COMPLETED"),
        *("TIMER_STARTED", "TIMER_CANCELED", "TIMER_FIRED", "MARKER_RECORDED"),
        *("WORKFLOW_EXECUTION_CONTINUED_AS_NEW", "WORKFLOW_EXECUTION_COMPLETED", "ACTIVITY_TASK_COMPLETED"),
        "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
    },
    "facts": {
        *("letter_accepted", "letter_withdrawn", "step_refused", "cancel_requested", "message_undelivered"),
        *("rung_reached", "recipients_listed", "letters_wrong"),
    },
}
"""What the recorded histories must have between them: all that the shell does, and much of what comes in."""


def test_the_histories_cover_all_of_the_shell() -> None:
    found: dict[str, set[str]] = {name: set() for name in SHELL}
    carried = 0
    for path in HISTORIES:
        for event in history(path).events:
            found["events"].add(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_"))
            scheduled = event.activity_task_scheduled_event_attributes
            found["activities"].add(scheduled.activity_type.name)
            for payloads in event.marker_recorded_event_attributes.details.values():
                text = b"".join(payload.data for payload in payloads.payloads).decode(errors="replace")
                found["facts"] |= {fact for fact in SHELL["facts"] if f'"name":"{fact}"' in text}
            if event.HasField("workflow_execution_started_event_attributes"):
                started = event.workflow_execution_started_event_attributes
                if started.continued_execution_run_id:
                    state = unpack(json_bytes(started.input.payloads[1].data))
                    carried += bool(state.timers and state.work)
    assert {name: SHELL[name] - found[name] for name in SHELL} == {name: set() for name in SHELL}
    assert carried, "no run was carried on with timers set and a letter under way"


def json_bytes(data: bytes) -> bytes:
    """Bytes as they were sent, whatever way the converter writes them."""
    return data if data[:1] == b"x" else base64.b64decode(json.loads(data))


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

    asked = ((models.consider, "consider"), (models.quick_answers, "quick_refusal"), (models.fold, "fold"))
    for module, name in asked:
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
