"""What the pages stand on: the parts of the running system, put together once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from activities.database import Register
from activities.directory import directory_revision, load_directory
from models.directory import Directory
from models.step import World
from running.cases import Cases
from running.settings import Settings
from running.system import System


def _present() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Site:
    """The pages' world.

    Arguments:
        system: settings, register, documents, rulebooks.
        cases: the files, through Temporal.
        now: business time: the present, unless a test says otherwise.
        temporal_page: the address of Temporal's web page, for operations; empty when it is not known.
        mails: the folder where the embedded mail server keeps what was sent; only under ``make run``.
    """

    system: System
    cases: Cases
    now: Callable[[], datetime] = _present
    temporal_page: str = ""
    mails: Path | None = None
    secret: bytes = field(default=b"", repr=False)
    """Signs the links in mails: see :mod:`activities.reply_links`."""
    _directories: dict[int, Directory] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The latest directory, by its revision."""

    @property
    def register(self) -> Register:
        """Where lists and files are read."""
        return self.system.register

    @property
    def settings(self) -> Settings:
        """All settings."""
        return self.system.settings

    async def directory(self) -> Directory | None:
        """The board's directory; None while there is none."""
        revision = await directory_revision(self.register)
        if revision is None:
            return None
        if revision not in self._directories:
            found = await load_directory(self.register)
            self._directories.clear()
            self._directories[revision] = found
        return self._directories[revision]

    async def world(self) -> World:
        """What the core is told of the world, now."""
        return World(self.now(), await self.directory(), self._shelf, self.settings.extra_holidays)

    @cached_property
    def _shelf(self) -> dict[str, dict[str, Any]]:
        """The rulebooks as plain data: they are read once, when the pages start."""
        return {name: rulebook.model_dump(mode="json") for name, rulebook in self.system.rulebooks.items()}


def stamp(path: Path) -> str:
    """What tells one content of a file from another, for addresses that may be kept for ever."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
