"""What has happened on a file: its one ordered list of entries, steps and facts alike, kept as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from .contract import instant_text, read_instant

Source = Literal["start", "update", "signal", "shell"]


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
        envelope: what the sender sent beside the body.
        payload_metadata: the metadata of the message's payload as the codec left it; empty without a codec.
    """

    name: str
    body: Mapping[str, Any]
    id: str
    source: Source
    recorded_at: datetime
    envelope: Mapping[str, Any] = field(default_factory=dict)
    payload_metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_fact(self) -> bool:
        """Whether the shell made it. No message from outside can make a fact."""
        return self.source == "shell"

    def plain(self) -> dict[str, Any]:
        """The entry as the shell and the register keep it."""
        came_with = {"envelope": dict(self.envelope), "payload_metadata": dict(self.payload_metadata)}
        return {
            "name": self.name,
            "body": dict(self.body),
            "id": self.id,
            "source": self.source,
            "recorded_at": instant_text(self.recorded_at),
            **{name: value for name, value in came_with.items() if value},
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
            envelope=plain.get("envelope", {}),
            payload_metadata=plain.get("payload_metadata", {}),
        )
