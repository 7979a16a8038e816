"""The activities of ours without the world: the core answers, and nothing is written or sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from temporalio import activity

from models.changes import Incoming, Standing
from models.consider import consider
from models.directory import Directory
from models.record import Entry, read_instant
from models.step import World


@dataclass(frozen=True)
class CoreAlone:
    """What is left of a lifecycle without register and mail: the shell and the core.

    Arguments:
        directory: the board's.
        rulebooks: the shelf, as plain data.
    """

    directory: Directory
    rulebooks: Mapping[str, Mapping[str, Any]]

    @activity.defn(name="consider")
    async def consider(self, question: dict[str, Any]) -> dict[str, Any]:
        """What the core answers, as if the register were written."""
        now = read_instant(question["now"])
        world = World(now=now, directory=self.directory, rulebooks=self.rulebooks)
        record = [Entry.read(entry) for entry in question["record"]]
        standing = Standing.model_validate(question["standing"])
        changes = consider(record, standing, Incoming.model_validate(question["incoming"]), world)
        revision = question["revision"] + changes.counts
        return {"changes": changes.model_dump(exclude_defaults=True), "written": revision}

    @activity.defn(name="send_letter")
    async def send_letter(self, _opening: dict[str, Any], _letter: dict[str, Any]) -> dict[str, Any]:
        """Every letter is taken at once."""
        at = activity.info().started_time.isoformat()
        return {"taken": True, "at": at, "address": "", "subject": "", "message_id": "", "why": ""}

    @activity.defn(name="archive")
    async def archive(self, _reference: str, _revision: int, _carried: bytes) -> None:
        """Keeps nothing."""

    def all(self) -> list[Callable[..., Any]]:
        """The activities, for a worker."""
        return [self.consider, self.send_letter, self.archive]
