"""The core as a local activity: its answer stays in the workflow's history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from temporalio import activity

from models.changes import Incoming, Standing
from models.consider import consider
from models.directory import Directory
from models.record import Entry, read_instant
from models.step import World

from .away import RegisterAway
from .database import Register
from .directory import load_directory


@dataclass
class CoreActivities:
    """Asks the core, with what it must be told of the world.

    Arguments:
        register: for the directory; while it is away, the directory as it was last read.
        rulebooks: the rulebooks on the shelf, by name, as plain data.
        extra_holidays: one-off bank holidays.
    """

    register: Register
    rulebooks: Mapping[str, Mapping[str, Any]]
    extra_holidays: tuple[date, ...] = ()
    _directory: Directory | None = field(default=None, init=False)

    @activity.defn(name="consider")
    async def consider(self, question: dict[str, Any]) -> dict[str, Any]:
        """What the shell is to change; see :func:`models.consider.consider`."""
        world = World(
            now=read_instant(question["now"]),
            directory=await self._latest_directory(),
            rulebooks=self.rulebooks,
            extra_holidays=self.extra_holidays,
        )
        record = [Entry.read(entry) for entry in question["record"]]
        standing = Standing.model_validate(question["standing"])
        incoming = Incoming.model_validate(question["incoming"])
        return consider(record, standing, incoming, world).model_dump(exclude_defaults=True)

    async def _latest_directory(self) -> Directory | None:
        try:
            self._directory = await load_directory(self.register)
        except (RegisterAway, LookupError):
            activity.logger.warning("The directory cannot be read: it is used as it was last read.")
        return self._directory
