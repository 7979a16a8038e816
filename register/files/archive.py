"""Keeps closed files for good: the whole case and its workflow's history, as they were when it closed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.register import StoredArchive

from ..engine import Register, insert_into

_ARCHIVE = StoredArchive.__table__


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file as it was when it closed.

    Arguments:
        reference: which file.
        revision: its revision then. A file that was reopened and closed again is there twice.
        case: all that a new run of it starts from, as its workflow writes it.
        history: its workflow's history, as its server writes it; None until it was fetched.
        closed_at: business time.
    """

    reference: str
    revision: int
    case: bytes
    history: bytes | None
    closed_at: datetime


async def write_archive(register: Register, file: ArchivedFile) -> None:
    """Keeps a closed file. Written again for the same revision it may add the history, and nothing else.

    Raises:
        RegisterUnavailable: no answer in time; ask again.
    """
    row = {
        "reference": file.reference,
        "revision": file.revision,
        "case": zlib.compress(file.case),
        "history": None if file.history is None else zlib.compress(file.history),
        "closed_at": file.closed_at,
    }

    async def work(connection: AsyncConnection) -> None:
        insert = insert_into(connection.dialect.name, _ARCHIVE)
        history = func.coalesce(_ARCHIVE.c.history, insert.excluded.history)
        keeping = insert.on_conflict_do_update(index_elements=["reference", "revision"], set_={"history": history})
        await connection.execute(keeping, row)

    await register.change(work)


async def read_archive(register: Register, reference: str) -> ArchivedFile | None:
    """A file as it was when it last closed, or None when it never was archived.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    latest = select(_ARCHIVE).where(_ARCHIVE.c.reference == reference).order_by(_ARCHIVE.c.revision.desc()).limit(1)

    async def work(connection: AsyncConnection) -> ArchivedFile | None:
        row = (await connection.execute(latest)).one_or_none()
        if row is None:
            return None
        history = None if row.history is None else zlib.decompress(row.history)
        return ArchivedFile(row.reference, row.revision, zlib.decompress(row.case), history, row.closed_at)

    return await register.read(work)
