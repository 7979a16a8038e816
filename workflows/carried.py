"""What a run hands to the next one, compressed: the record, what stands, and what is under way."""

from __future__ import annotations

import json
import zlib
from typing import Any


def pack(state: dict[str, Any]) -> bytes:
    """The state as it is carried on and archived: a few years of a file stay well under Temporal's two megabytes."""
    return zlib.compress(json.dumps(state, separators=(",", ":"), sort_keys=True).encode(), level=9)


def unpack(carried: bytes) -> dict[str, Any]:
    """The state :func:`pack` made; empty for a file that has just been opened."""
    state: dict[str, Any] = json.loads(zlib.decompress(carried)) if carried else {}
    return state
