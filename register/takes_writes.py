"""Whether the register and a folder take writes: only a write tells, as a full disk still answers what is read."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.register import StoredWriteCheck

from .engine import Register, insert_into
from .sqlite_file import SqliteFile
from .unavailable import RegisterUnavailable, reason_of, shown

_CHECK = StoredWriteCheck.__table__
_BYTES = 32_768

_NEW_PAGES = text(
    "CREATE TEMPORARY TABLE needs_new_pages ON COMMIT DROP AS "
    "SELECT n, md5(n::text) AS filler FROM generate_series(1, 500) AS n"
)
"""32 KB that PostgreSQL has to find new room for."""


async def try_a_write(register: Register, now: datetime) -> None:
    """Writes one row into the register, and takes as much new room on its disk as a file's next steps may need.

    On a full disk a row that is written over goes on being written: PostgreSQL puts it where its last version was,
    SQLite where its log was begun again. What needs new room fails all the while.

    Raises:
        RegisterUnavailable: it takes no write; with what the database says.
    """

    async def work(connection: AsyncConnection) -> None:
        dialect = connection.dialect.name
        insert = insert_into(dialect, _CHECK).values(id=1, at=now)
        await connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_={"at": now}))
        if dialect == "postgresql":
            await connection.execute(text("SET LOCAL temp_tablespaces = ''"))  # where the register's own tables are
            await connection.execute(_NEW_PAGES)

    try:
        await register.change(work)
    except DBAPIError as error:  # it may not write, say
        raise RegisterUnavailable(
            f"The register at {shown(register.url)} takes no write: {reason_of(error)}"
        ) from error
    if (file := SqliteFile(register.url, create=False).path) is not None:
        try:
            write_and_remove(file.parent)
        except OSError as error:
            raise RegisterUnavailable(
                f"The register's folder {file.parent} takes no write: {error.strerror}."
            ) from error


def write_and_remove(folder: Path) -> None:
    """Writes a file of 32 KB to a folder's disk and removes it again.

    Raises:
        OSError: it cannot be written.
    """
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".write-check-") as file:
        file.write(bytes(_BYTES))
        file.flush()
        os.fsync(file.fileno())
