"""What comes to a workflow from outside, taken as plain data: nothing here decodes into a type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio.common import RawValue

from models.contract import MAX_ENVELOPE_BYTES, Incoming, read_envelope, read_message

_OF_THE_FORM = ("encoding", "messageType")
"""Metadata that tells how a payload is written, and nothing of what a codec made of it."""


def read_step_message(name: str, args: Sequence[RawValue], source: str, ticket: int = 0) -> Incoming:
    """The step a message holds, or one that says why it cannot be read.

    Arguments:
        name: the message's name, the step's.
        args: what was sent: one JSON object, and beside it, if any, the envelope, another.
        source: ``update`` or ``signal``.
        ticket: by which the answer finds who waits for it.
    """
    size = sum(len(arg.payload.data) for arg in args)
    found = _body_and_envelope(args)
    if isinstance(found, str):
        return Incoming("step", ticket, name, source=source, refusal=found, size=size)
    body, envelope, metadata = found
    return Incoming(
        "step", ticket, name, body, source, envelope=envelope, payload_metadata=metadata, size=size + len(str(metadata))
    )


def _body_and_envelope(args: Sequence[RawValue]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]] | str:
    if not 1 <= len(args) <= 2:
        return f"The message has {len(args)} arguments: send one JSON object with the step's fields."
    if any(arg.payload.metadata.get("encoding") != b"json/plain" for arg in args):
        return "The message is not JSON: send one JSON object with the step's fields."
    body = read_message(args[0].payload.data)
    envelope = read_envelope(args[1].payload.data) if len(args) == 2 else {}
    if isinstance(body, str) or isinstance(envelope, str):
        return body if isinstance(body, str) else str(envelope)
    metadata = {
        key: value.decode(errors="backslashreplace")
        for key, value in args[0].payload.metadata.items()
        if key not in _OF_THE_FORM
    }
    if len(str(metadata)) > MAX_ENVELOPE_BYTES:
        return f"The message's payload has more metadata than {MAX_ENVELOPE_BYTES:,} bytes."
    return body, envelope, metadata
