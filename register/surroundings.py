"""Reads what is around every file: the directory and the extra holidays, beside the rulebooks of this process."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from models import references
from models.world import Surroundings

from .directory import Known, directory_since
from .engine import Register
from .extra_holidays import days_in_force
from .unavailable import RegisterUnavailable

FRESH_SECONDS = 5.0
"""How long they count as just read, and a register that is away is not asked for them again."""

log = logging.getLogger(__name__)


class SurroundingsUnknown(Exception):
    """This process has never read the directory and the extra holidays, so it derives no date."""

    def __init__(self) -> None:
        super().__init__("The directory and the extra holidays were never read by this process: the register is away.")


class SurroundingsReader:
    """The one way to what is around every file.

    Arguments:
        register: where the directory and the extra holidays are.
        rulebooks: the rulebooks on the shelf, by name, as plain data.
    """

    def __init__(self, register: Register, rulebooks: Mapping[str, Mapping[str, Any]]) -> None:
        self._register, self._rulebooks = register, rulebooks
        self._directory: Known | None = None
        self._asked_at = float("-inf")
        self.known: Surroundings | None = None
        """As they were last read; None before."""
        self.queues: set[tuple[str, str]] = set()
        """Namespace and task queue of this process's workers, whose validators look at what was read last."""

    async def latest(self, *, anew: bool = False) -> Surroundings:
        """As they are; while the register is away, as they were last read.

        Arguments:
            anew: whether to read them even if they were just read.

        Raises:
            SurroundingsUnknown: the register is away, and they were never read.
        """
        if self.known is None or anew or time.monotonic() >= self._asked_at + FRESH_SECONDS:
            # Whoever asks meanwhile goes on with the last.
            self._asked_at = time.monotonic()
            try:
                return await self.refresh()
            except RegisterUnavailable as error:
                if self.known is None:
                    raise SurroundingsUnknown from error
                log.warning("The directory and the extra holidays are used as they were last read: %s", error.reason)
        return self.known

    async def refresh(self) -> Surroundings:
        """As they are now.

        Raises:
            RegisterUnavailable: no answer in time.
        """

        async def work(connection: AsyncConnection) -> tuple[Known | None, frozenset[date]]:
            return await directory_since(connection, self._directory), await days_in_force(connection)

        directory, extra = await self._register.read(work)
        found = Surroundings(directory.directory if directory else None, self._rulebooks, extra)
        self._directory, self.known = directory, found
        references.surroundings.update(dict.fromkeys(self.queues, found))
        # Without a directory they are asked for again each time: whoever loads it is about to go on.
        self._asked_at = time.monotonic() if directory else float("-inf")
        return found
