"""The activities of ours without the world: the core answers, and nothing is written or sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from temporalio import activity

from activities.consider import plain_answer
from models import references
from models.world import Surroundings


@dataclass(frozen=True)
class CoreAlone:
    """What is left of a lifecycle without register and mail: the shell and the core.

    Arguments:
        surroundings: what the core is told of the world.
    """

    surroundings: Surroundings

    @activity.defn(name="consider")
    async def consider(self, reference: str) -> dict[str, Any]:
        """What the core answers."""
        return plain_answer(references.fetch(reference), self.surroundings)

    @activity.defn(name="write_register")
    async def write_register(self, _file: str, reference: str) -> int:
        """Writes nothing, and says that it did."""
        return int(references.fetch(reference).revision)

    @activity.defn(name="send_letter")
    async def send_letter(self, _opening: dict[str, Any], _letter: dict[str, Any]) -> dict[str, Any]:
        """Every letter is taken at once."""
        at = activity.info().started_time.isoformat()
        return {"accepted": True, "at": at, "address": "", "subject": "", "message_id": "", "why": ""}

    @activity.defn(name="archive")
    async def archive(self, _reference: str, _revision: int, _carried: bytes) -> None:
        """Keeps nothing."""

    def all(self) -> list[Callable[..., Any]]:
        """The activities, for a worker."""
        return [self.consider, self.write_register, self.send_letter, self.archive]
