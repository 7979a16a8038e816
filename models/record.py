"""What has happened on a file: its one ordered list of entries, steps and facts alike, kept as plain data."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Source = Literal["start", "update", "signal", "shell"]

MAX_MESSAGE_BYTES = 8_192
"""The largest message a step may be sent as. Reports and letters are documents, never messages."""

MAX_DEPTH = 10
"""How deep a message may be nested. A step needs half of it; a hundred times as much would exhaust the reader."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not be recorded: for the person who reads it, with the rule and what to do.

    Arguments:
        rule: the framework's number, ``2.9f``; empty when no rule of the framework is behind it.
        reason: one or two sentences in plain English.
        field: the field of the step that is wrong, when one is.
    """

    rule: str
    reason: str
    field: str | None = None


class Refused(Exception):
    """Raised where a refusal cannot be returned; carries it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Entry:
    """One step or fact.

    Arguments:
        name: the step's or fact's name, ``decision``.
        body: what was sent, as it was sent; never spread into the entry.
        id: the sender's id for a step, the core's own for a fact.
        source: how it came: with the start of the file, an update, a signal, or from the shell itself.
        recorded_at: the instant it was recorded, in UTC.
    """

    name: str
    body: Mapping[str, Any]
    id: str
    source: Source
    recorded_at: datetime

    @property
    def is_fact(self) -> bool:
        """Whether the shell made it. No message from outside can make a fact."""
        return self.source == "shell"

    def plain(self) -> dict[str, Any]:
        """The entry as the shell and the register keep it."""
        return {
            "name": self.name,
            "body": dict(self.body),
            "id": self.id,
            "source": self.source,
            "recorded_at": instant_text(self.recorded_at),
        }

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Entry:
        """An entry from what :meth:`plain` gave, by any release. Unknown fields are ignored."""
        return cls(
            name=plain["name"],
            body=plain["body"],
            id=plain["id"],
            source=plain["source"],
            recorded_at=read_instant(plain["recorded_at"]),
        )


def instant_text(at: datetime) -> str:
    """An instant as text, in UTC, microseconds kept only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_instant(text: str) -> datetime:
    """The instant :func:`instant_text` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)


def read_message(data: bytes | str) -> dict[str, Any] | Refusal:
    """The one JSON object a step is sent as, or why it is not one.

    Messages come from anywhere, so they are read with ``json.loads`` and never into a type.
    """
    raw = data.encode() if isinstance(data, str) else data
    if len(raw) > MAX_MESSAGE_BYTES:
        return Refusal("", f"The message is {len(raw):,} bytes; a step may have {MAX_MESSAGE_BYTES:,}.")
    try:
        message = json.loads(raw, parse_constant=_refuse_constant, parse_float=_finite)
        depth = _depth(message)
    except OverflowError:
        return Refusal("", "The message holds a number that is too large: send one that can be counted with.")
    except (ValueError, RecursionError):
        return Refusal("", "The message is not JSON: send one JSON object with the step's fields.")
    if not isinstance(message, dict):
        return Refusal("", "The message is not a JSON object: send one object with the step's fields.")
    if depth > MAX_DEPTH:
        return Refusal("", f"The message is nested {depth} deep: a step's fields are {MAX_DEPTH} deep at most.")
    if not _is_text(json.dumps(message, ensure_ascii=False)):
        return Refusal("", "The message holds half a character (a lone surrogate): send whole ones.")
    if not isinstance(message.get("id"), str) or not message["id"].strip():
        return Refusal("", "The message has no id: give the step an id of its own, as text.", field="id")
    return message


def _depth(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, parts), default=0)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _finite(number: str) -> float:
    # Python reads 1e999 as infinity, which no JSON can hold: the file could not be kept as it was sent.
    if math.isinf(found := float(number)):
        raise OverflowError(number)
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
