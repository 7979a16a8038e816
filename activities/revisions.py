"""At which revision files stand in the register: all that has to be known to see that one changed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.register import StoredFile

from .database import Register

_FILE = StoredFile.__table__


async def revisions(register: Register, references: Collection[str]) -> dict[str, int]:
    """The revision of each of these files, by reference; a file that the register does not have is left out.

    Raises:
        RegisterAway: no answer in time.
    """
    found = select(_FILE.c.reference, _FILE.c.revision).where(_FILE.c.reference.in_(sorted(references)))

    async def work(connection: AsyncConnection) -> dict[str, int]:
        return {row.reference: row.revision for row in await connection.execute(found)}

    return await register.read(work)
