"""The core as a local activity: its answer stays in the workflow's history, and the register is written with it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from temporalio import activity

from models.changes import Incoming, Standing
from models.consider import consider
from models.directory import Directory
from models.project import project
from models.record import Entry, read_instant
from models.step import World

from .away import RegisterAway
from .database import Register
from .directory import Known, NoDirectory, latest_directory
from .register import write

FRESH_SECONDS = 5.0
"""How long the directory counts as just read, and a register that is away is not asked for it again. Letters ask each
time; this one is for who may decide."""


@dataclass
class CoreActivities:
    """Asks the core, with what it must be told of the world.

    Arguments:
        register: for the directory; while it is away, the directory as it was last read.
        rulebooks: the rulebooks on the shelf, by name, as plain data.
        extra_holidays: one-off bank holidays.
        known: the directory as it was read when the worker started; None if there was none.
    """

    register: Register
    rulebooks: Mapping[str, Mapping[str, Any]]
    extra_holidays: tuple[date, ...] = ()
    known: Known | None = None
    _asked_at: float = field(default=float("-inf"), init=False)

    @activity.defn(name="consider")
    async def consider(self, question: dict[str, Any]) -> dict[str, Any]:
        """What the shell is to change, and the revision that the register then has.

        See :func:`models.consider.consider`. The register is brought up to date in the same breath, so that whoever
        gets the answer reads their own write; when it is away, the shell sees to it later.
        """
        world = World(
            now=read_instant(question["now"]),
            directory=await self._latest_directory(),
            rulebooks=self.rulebooks,
            extra_holidays=self.extra_holidays,
        )
        record = [Entry.read(entry) for entry in question["record"]]
        standing = Standing.model_validate(question["standing"])
        incoming = Incoming.model_validate(question["incoming"])
        changes = consider(record, standing, incoming, world)
        answer: dict[str, Any] = {"changes": changes.model_dump(exclude_defaults=True)}
        revision = question["revision"] + changes.counts
        if question["write"] and revision > question["written"]:
            record += [Entry.read(entry) for entry in changes.entries]
            if await self._written(record, [*question["events"], *changes.events], revision, world):
                answer["written"] = revision
        return answer

    async def _written(self, record: list[Entry], events: list[dict[str, Any]], revision: int, world: World) -> bool:
        try:
            await write(self.register, project(record, events, revision, world), as_of=world.now)
        except RegisterAway as error:
            activity.logger.warning("The register is written later: %s", error.reason)
            return False
        return True

    async def _latest_directory(self) -> Directory | None:
        if time.monotonic() >= self._asked_at + FRESH_SECONDS:
            try:
                self.known = await latest_directory(self.register, self.known)
                self._asked_at = time.monotonic()
            except NoDirectory:
                # Asked for again each time: whoever loads it is about to go on.
                activity.logger.warning("The register has no directory.")
            except RegisterAway:
                self._asked_at = time.monotonic()
                activity.logger.warning("The directory cannot be read: it is used as it was last read.")
        return self.known.directory if self.known else None
