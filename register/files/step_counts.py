"""How many steps people have recorded on files: all that has to be known to see that somebody recorded another."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.register import StoredEntry, StoredFile

from ..engine import Register

_FILE = StoredFile.__table__
_ENTRY = StoredEntry.__table__


async def step_counts(register: Register, references: Collection[str]) -> dict[str, int]:
    """How many steps each of these files has, by reference; a file that the register does not have is left out.

    What the shell itself saw does not count: a letter that was accepted is no news to whoever has the page open.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    by_people = and_(_ENTRY.c.reference == _FILE.c.reference, _ENTRY.c.source != "shell")
    found = (
        select(_FILE.c.reference, func.count(_ENTRY.c.position))
        .select_from(_FILE.outerjoin(_ENTRY, by_people))
        .where(_FILE.c.reference.in_(sorted(references)))
        .group_by(_FILE.c.reference)
    )

    async def work(connection: AsyncConnection) -> dict[str, int]:
        return {reference: count for reference, count in await connection.execute(found)}

    return await register.read(work)
