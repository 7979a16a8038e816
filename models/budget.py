"""How large a file may become: it is carried from run to run as one message, and Temporal takes two megabytes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Self

from .contract import State, compressed, text_of

PACKED, PLAIN = 1_000_000, 3_000_000
"""Bytes that a file may have as it is sent, compressed, with what an encrypting codec adds; and before that. The other
half of Temporal's two megabytes is for what nobody can refuse: letters that were sent, deadlines that passed."""

CODEC = 1_024
"""More than an encrypting codec adds to one payload."""

TOLD_AT = 0.8
"""The part of it from which on the file says so, and notes are refused."""

UNMEASURED = PACKED // 3
"""A record of fewer bytes is not measured: with all that belongs to it, it is far from the limit."""

WITH_EACH = 2_000
"""Bytes that a step may bring besides its own, before they are compressed: a line of the timeline, deadlines,
letters. They compress to a quarter."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a file is, in bytes: as it is sent, and before it is compressed."""

    packed: int
    plain: int

    @classmethod
    def of(cls, state: State, record_bytes: int) -> Self:
        """The size of what a run holds; a small one is not measured.

        Arguments:
            state: what the run holds.
            record_bytes: how large the record is, about.
        """
        if record_bytes < UNMEASURED:
            return cls(record_bytes, record_bytes)
        text = text_of(state)
        return cls(len(compressed(text)) + CODEC, len(text))

    @property
    def part(self) -> float:
        """The part of what a file may have."""
        return max(self.packed / PACKED, self.plain / PLAIN)

    def with_step(self, body: Any) -> Self:
        """The size once a step with this body is recorded, at most."""
        text = json.dumps(body).encode()
        more = (len(compressed(text)) + WITH_EACH // 4, len(text) + WITH_EACH)
        return replace(self, packed=self.packed + more[0], plain=self.plain + more[1])
