"""Looks whether the register has a step yet: it is brought up to date a moment after the step was taken."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from models.register import StoredEntry

from .database import Register

_ENTRY = StoredEntry.__table__
_PAUSE = 0.02


async def has_step(register: Register, reference: str, id: str) -> bool:
    """Whether the register has the step with this id on the file.

    Raises:
        RegisterAway: no answer in time.
    """
    found = select(_ENTRY.c.id).where(_ENTRY.c.reference == reference, _ENTRY.c.id == id, _ENTRY.c.source != "shell")
    return await register.read(lambda connection: connection.scalar(found)) is not None


async def wait_for_step(register: Register, reference: str, id: str, *, seconds: float) -> bool:
    """Waits until the register has the step, so that whoever recorded it finds it there; False when it took longer.

    Raises:
        RegisterAway: no answer in time.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while not await has_step(register, reference, id):
        if loop.time() > until:
            return False
        await asyncio.sleep(_PAUSE)
    return True
