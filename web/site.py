"""What the pages stand on: the parts of the running system, put together once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from models.directory import Directory
from models.world import World
from register.engine import Register
from running.case_client import CaseClient
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
    cases: CaseClient
    now: Callable[[], datetime] = _present
    temporal_page: str = ""
    mails: Path | None = None
    secret: bytes = field(default=b"", repr=False)
    """Signs the links in mails: see :mod:`activities.mail.reply_links`."""

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
        return (await self.system.surroundings.refresh()).directory

    async def world(self) -> World:
        """What the core is told of the world, now."""
        return (await self.system.surroundings.refresh()).at(self.now())


def stamp(path: Path) -> str:
    """What tells one content of a file from another, for addresses that may be kept for ever."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
