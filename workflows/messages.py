"""What comes to a workflow from outside, taken as plain data: nothing here decodes into a type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio.common import RawValue

from models.changes import Incoming
from models.record import Refusal, read_message


def read_step_message(name: str, args: Sequence[RawValue], source: str) -> Incoming:
    """The step a message holds, or one that says why it cannot be read.

    Arguments:
        name: the message's name, the step's.
        args: what was sent; there must be exactly one JSON object.
        source: ``update`` or ``signal``.
    """
    found = _one_object(args)
    if isinstance(found, Refusal):
        return Incoming(kind="step", name=name, source=source, refusal=found.reason)
    return Incoming(kind="step", name=name, body=found, source=source)


def _one_object(args: Sequence[RawValue]) -> dict[str, Any] | Refusal:
    if len(args) != 1:
        return Refusal("", f"The message has {len(args)} arguments: send one JSON object with the step's fields.")
    payload = args[0].payload
    if payload.metadata.get("encoding") != b"json/plain":
        return Refusal("", "The message is not JSON: send one JSON object with the step's fields.")
    return read_message(payload.data)
