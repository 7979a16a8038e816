"""Which file a SQLite register is: opened only where it is, and never spoken to once it is somewhere else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import URL, Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

_WHICH = "register_file"


class SqliteFile:
    """The file of a SQLite register.

    A file that was moved away is not made anew: an empty register in its place would hide that it is gone, and what
    SQLite keeps beside an empty one could break the real one once it is moved back.

    Arguments:
        url: the register's, from :func:`activities.database.register_url`.
        create: whether a file that is not there is made. Only migrations do.
    """

    def __init__(self, url: URL, *, create: bool) -> None:
        given = url.database or ""
        # What is in memory, or has SQLite's own options, is whoever's gave it.
        self.path = None if given in ("", ":memory:") or given.startswith("file:") else Path(given).absolute()
        self._create = create

    async def open(self, *file: Any, **options: Any) -> aiosqlite.Connection:
        """A connection to it, with what SQLAlchemy gives.

        Raises:
            FileNotFoundError: it is not there.
            sqlite3.Error: it cannot be opened.
        """
        if self.path is not None and not self._create:
            if self.path.parent.exists() and not self.path.exists():
                raise FileNotFoundError(
                    "there is no such file. Put it back; to begin a new register, run `starter.py migrate`."
                )
            file, options = (f"{self.path.as_uri()}?mode=rw", *file[1:]), {**options, "uri": True}
        connection = aiosqlite.connect(*file, **options)
        connection._thread.daemon = True  # as SQLAlchemy does: a process that ends does not wait for it
        try:
            return await connection
        except Exception:
            # Its thread still has a word for this event loop, which may be about to close.
            await asyncio.to_thread(connection._thread.join)
            raise

    def watch(self, engine: Engine) -> None:
        """Lets the engine's pool give away no connection to a file that is no longer the one at the address."""
        if self.path is not None:
            event.listen(engine, "connect", self._connected)
            event.listen(engine, "checkout", self._checked_out)

    def _connected(self, _: Any, entry: ConnectionPoolEntry) -> None:
        entry.info[_WHICH] = self._which()

    def _checked_out(self, _: Any, entry: ConnectionPoolEntry, __: Any) -> None:
        which = self._which()
        if which is None or entry.info.get(_WHICH) != which:
            # The pool drops this connection and opens another: to the file that is there now, or to none.
            raise DisconnectionError("the file is no longer there")

    def _which(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat() if self.path is not None else None
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if found else None
