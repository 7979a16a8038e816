"""How far the register has come with a file: it is written a moment after a step was recorded."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.register import StoredEntry, StoredFile

from ..engine import Register
from ..unavailable import RegisterUnavailable

_FILE = StoredFile.__table__
_ENTRY = StoredEntry.__table__
_PAUSES = (0.01, 0.01, 0.02)
"""Seconds before each look: writing takes about ten milliseconds, so an earlier look finds nothing."""


async def step_by_id(register: Register, reference: str, id: str) -> tuple[str, dict[str, Any]] | None:
    """Name and body of the step with this id, as the register has it; None when it has none.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    columns = select(_ENTRY.c.name, _ENTRY.c.body)
    found = columns.where(_ENTRY.c.reference == reference, _ENTRY.c.id == id, _ENTRY.c.source != "shell")

    async def work(connection: AsyncConnection) -> tuple[str, dict[str, Any]] | None:
        row = (await connection.execute(found)).one_or_none()
        return (row.name, row.body) if row else None

    return await register.read(work)


async def wait_for_revision(register: Register, reference: str, revision: int, *, seconds: float) -> bool:
    """Waits until the register has come to a revision of the file; False when that took longer, or it is away."""
    found = select(_FILE.c.revision).where(_FILE.c.reference == reference)
    pauses = iter(_PAUSES)
    try:
        async with asyncio.timeout(seconds):
            await asyncio.sleep(next(pauses))
            while (await register.read(lambda connection: connection.scalar(found)) or -1) < revision:
                await asyncio.sleep(next(pauses, _PAUSES[-1]))
    except (TimeoutError, RegisterUnavailable):
        return False
    return True
