"""Signals sent with Temporal's own command line, by hand and wrongly: none of them fails a file or holds it up."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus

from models.contract import MAX_MESSAGE_BYTES
from running.embedded.temporal_server import WITHOUT_THIS_MACHINES_SETTINGS, temporal_binary

from .virtual import File, Virtual
from .whole import steps_in

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

NOTE = {"recorded_by": "coordinator", "happened_on": "2018-09-05", "text": "Sent with Temporal's own command line."}


def note(id: str, **fields: object) -> str:
    """A note that may be recorded, as JSON, but for the fields that are given."""
    return json.dumps({"id": id, **NOTE, **fields})


async def temporal(file: File, name: str, *more: str) -> str | None:
    """Signals a file with ``temporal workflow signal``; what the program says when it does not send it."""
    address = str(file.virtual.whole.client.service_client.config.target_host)
    process = await asyncio.create_subprocess_exec(
        temporal_binary(),
        *("workflow", "signal", "--address", address, *WITHOUT_THIS_MACHINES_SETTINGS),
        *("--workflow-id", file.reference, "--name", name, *more),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return said.decode(errors="replace") if process.returncode else None


async def goes_on(file: File) -> None:
    """Fails unless the file is open, takes a good signal, stood still at no time, and agrees with the register."""
    body = note("good")
    assert await temporal(file, "note_added", "--input", body) is None
    await file.quiet()
    assert steps_in(await file.state()) == ["good"]
    assert (await file.handle.describe()).status is WorkflowExecutionStatus.RUNNING
    kinds = {event.event_type for event in (await file.handle.fetch_history()).events}
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in kinds
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT not in kinds
    await file.agrees()


NOT_JSON = "The message is not JSON: send one JSON object with the step's fields."
NOT_AN_OBJECT = "The message is not a JSON object: send one object with the step's fields."

WRONG = {
    "no input": ((), "The message has 0 arguments: send one JSON object with the step's fields."),
    "three arguments": (
        ("--input", note("first"), "--input", "{}", "--input", note("third")),
        "The message has 3 arguments: send one JSON object with the step's fields.",
    ),
    "words": (("--input", "hello there", "--input-meta", "encoding=binary/plain"), NOT_JSON),
    "words called JSON with no encoding": (("--input", note("bare"), "--input-meta", "encoding="), NOT_JSON),
    "a protobuf message": (("--input", note("proto"), "--input-meta", "encoding=json/protobuf"), NOT_JSON),
    "an encrypted one": (("--input", "AAAA", "--input-meta", "encoding=binary/encrypted"), NOT_JSON),
    "nothing, as null": (("--input", "null"), NOT_AN_OBJECT),
    "a list": (("--input", f"[{note('listed')}]"), NOT_AN_OBJECT),
    "a number": (("--input", "7"), NOT_AN_OBJECT),
    "a text": (("--input", '"note"'), NOT_AN_OBJECT),
    "no id": (("--input", json.dumps(NOTE)), "The message has no id: give the step an id of its own, as text."),
    "a number too large": (
        ("--input", note("large").replace('"Sent', '1e999, "more": "Sent')),
        "The message holds a number that is too large: send one that can be counted with.",
    ),
    "half a character": (
        ("--input", note("half", text="\ud800")),
        "The message holds half a character (a lone surrogate): send whole ones.",
    ),
    "nested": (
        ("--input", '{"id": "nested", "text": ' + "[" * 20 + "]" * 20 + "}"),
        "The message is nested 21 deep: a step's fields are 10 deep at most.",
    ),
    "huge": (
        ("--input", note("huge", text="x" * 100_000)),
        f"The message is {len(note('huge', text='x' * 100_000)):,} bytes; a step may have {MAX_MESSAGE_BYTES:,}.",
    ),
}
"""What the program sends although it is no step, with why it is refused."""


async def test_what_is_no_step_is_kept_with_the_reason_and_the_file_goes_on(virtual: Virtual) -> None:
    file = await virtual.opened()
    for what, (more, _) in WRONG.items():
        assert await temporal(file, "note_added", *more) is None, what
    await file.quiet()
    kept = await file.facts("step_refused")
    # The same refusal of the same step is kept once, however often it is sent.
    assert [one["reason"] for one in kept] == list(dict.fromkeys(reason for _, reason in WRONG.values()))
    assert {one["step"] for one in kept} == {"note_added"}
    told = await file.told("step_refused")
    assert [one["reason"] for one in told] == [one["reason"] for one in kept]
    await goes_on(file)


async def test_bytes_that_are_no_text_are_refused(virtual: Virtual, tmp_path: Path) -> None:
    file = await virtual.opened()
    path = tmp_path / "input.json"
    path.write_bytes(note("bytes", text="?").encode().replace(b"?", b"\xff\xfe"))
    assert await temporal(file, "note_added", "--input-file", str(path)) is None
    await file.quiet()
    assert [one["reason"] for one in await file.facts("step_refused")] == [NOT_JSON]
    await goes_on(file)


async def test_millions_of_bytes_again_and_again_are_refused_once_and_the_file_goes_on_in_another_run(
    virtual: Virtual, tmp_path: Path
) -> None:
    file = await virtual.opened()
    first = (await file.handle.describe()).run_id
    path = tmp_path / "input.json"
    path.write_text(note("huge", text="x" * 1_500_000))
    for _ in range(4):
        assert await temporal(file, "note_added", "--input-file", str(path)) is None
    await file.quiet()
    [kept] = await file.facts("step_refused")
    assert kept["reason"] == f"The message is {path.stat().st_size:,} bytes; a step may have {MAX_MESSAGE_BYTES:,}."
    await goes_on(file)
    assert (await file.handle.describe()).run_id != first


async def test_names_that_are_no_step_are_refused_by_name(virtual: Virtual) -> None:
    file = await virtual.opened()
    names = ["no_such_step", "Note_Added", "state", "opened", "letter_accepted", "é", "x" * 900]
    for number, name in enumerate(names):
        assert await temporal(file, name, "--input", note(f"named-{number}")) is None, name
    await file.quiet()
    kept = [(one["step"], one["reason"]) for one in await file.facts("step_refused")]
    assert kept == [(n[:64], f"There is no step called {n[:64]}. See the list of steps.") for n in names]
    await goes_on(file)


async def test_fields_that_are_wrong_are_refused_with_what_is_wrong(virtual: Virtual) -> None:
    file = await virtual.opened()
    wrong: dict[str, dict[str, object]] = {
        "odd-1": {"happened_on": "yesterday"},
        "odd-2": {"happened_on": "2018-09-06"},
        "odd-3": {"text": None},
        "odd-4": {"unknown": 1},
        "odd-5": {"text": ["a", "list"]},
    }
    for id, fields in wrong.items():
        assert await temporal(file, "note_added", "--input", note(id, **fields)) is None
    await file.quiet()
    kept = await file.facts("step_refused")
    assert [one["id"] for one in kept] == list(wrong)
    assert all(one["reason"] for one in kept)
    await goes_on(file)


async def test_the_signal_that_asks_again_takes_any_input_and_none(virtual: Virtual) -> None:
    file = await virtual.opened()
    for more in (
        (),
        ("--input", "7"),
        ("--input", "7", "--input", "[]"),
        ("--input", "x", "--input-meta", "encoding=x"),
    ):
        assert await temporal(file, "recheck", *more) is None
    await goes_on(file)


async def test_names_that_temporal_keeps_for_itself_hold_nothing_up(virtual: Virtual) -> None:
    file = await virtual.opened()
    for name in ("__temporal_something", "__stack_trace", "__enhanced_stack_trace"):
        await temporal(file, name, "--input", note(name))
    await goes_on(file)


async def test_what_the_program_or_the_server_does_not_take_leaves_no_trace(virtual: Virtual, tmp_path: Path) -> None:
    file = await virtual.opened()
    path = tmp_path / "input.json"
    path.write_text(note("a", text="x" * 3_000_000))
    assert await temporal(file, "note_added", "--input-file", str(path))
    assert await temporal(file, "note_added", "--input", "not JSON")
    assert await temporal(file, "note_added", "--input", '{"id": "a", "n": NaN}')
    assert await temporal(file, "x" * 2_000, "--input", note("a"))
    await file.quiet()
    assert not await file.facts("step_refused")
    await goes_on(file)
