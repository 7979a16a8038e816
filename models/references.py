"""What one process knows and hands over inside itself: questions to the core, files for the register, the world.

A reference is a random text that no other process has. It is kept weakly: what it stands for lives as long as the run
of the file that made it, so that a run which is dropped from memory leaves nothing here.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

from .world import Surroundings

surroundings: dict[tuple[str, str], Surroundings] = {}
"""The world as it was last read, by the worker's namespace and task queue: filled by the worker, never on replay."""

_handed_over: WeakValueDictionary[str, Any] = WeakValueDictionary()


class UnknownReferenceError(Exception):
    """What the reference stood for is gone, or was made by another process."""


def hand_over(what: object) -> str:
    """A new reference to something that whoever calls this holds on to."""
    reference = uuid4().hex
    _handed_over[reference] = what
    return reference


def fetch(reference: str) -> Any:
    """What a reference stands for.

    Raises:
        UnknownReferenceError: it is gone, or was never made in this process.
    """
    try:
        return _handed_over[reference]
    except KeyError:
        raise UnknownReferenceError("This reference is not known in this process.") from None
