"""What is tried to see whether the system is well: each part at most once in a while, however many ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from temporalio.service import RPCError, RPCStatusCode

from register.documents.store import DocumentStoreUnavailable
from register.schema import SchemaError, check_schema
from register.takes_writes import try_a_write
from register.unavailable import RegisterUnavailable
from web.site import Site

_PATIENCE = 5.0
"""Seconds that whoever asks waits for an answer: a folder on a server that is gone may never give one."""
_KEPT = 10.0
_KEPT_OF_TEMPORAL = 30.0
"""Each try adds to a history there, and is paid for on Temporal Cloud."""
_SOON = 5.0
"""Seconds until what was not well is tried again."""


class Probe:
    """Something that is tried. Its answer is kept for a while, and of many who ask at once one tries.

    Arguments:
        look: tries it; answers what is wrong, in words, or nothing.
        kept: seconds for which all that was well is taken to be so still.
        patience: seconds to wait for the answer. Until it has come nothing is tried again.
    """

    def __init__(self, look: Callable[[], Awaitable[str]], kept: float, patience: float = _PATIENCE) -> None:
        self._look, self._kept, self._patience = look, kept, patience
        self._task: asyncio.Task[str] | None = None
        self._good_until = float("-inf")

    async def fault(self) -> str:
        """What is wrong, in words for operations; nothing while it is well."""
        if self._task is None or (self._task.done() and time.monotonic() >= self._good_until):
            self._task = asyncio.create_task(self._try())
        task = self._task
        await asyncio.wait({task}, timeout=self._patience)
        return task.result() if task.done() else f"It gave no answer in {self._patience:g} seconds."

    async def _try(self) -> str:
        fault = await self._look()
        self._good_until = time.monotonic() + (_SOON if fault else self._kept)
        return fault


class Probes:
    """The parts that must take what is written.

    Arguments:
        site: the pages' world.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self.register = Probe(self._register, _KEPT)
        self.temporal = Probe(self._temporal, _KEPT_OF_TEMPORAL)
        self.documents = Probe(self._documents, _KEPT)

    async def _register(self) -> str:
        try:
            await check_schema(self._site.register)
            await try_a_write(self._site.register, self._site.now())
        except (RegisterUnavailable, SchemaError) as error:
            return str(error)
        return ""

    async def _temporal(self) -> str:
        try:
            await self._site.cases.cluster.try_a_write()
        except RPCError as error:
            return error.message or RPCStatusCode(error.status).name
        return ""

    async def _documents(self) -> str:
        try:
            await self._site.system.documents.try_a_write()
        except DocumentStoreUnavailable as error:
            return str(error)
        return ""
