"""Which file a SQLite register is: opened only where it is, and never spoken to once it is somewhere else."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

_WHICH = "register_file"


class SqliteFile:
    """The file of a SQLite register.

    A file that was moved away is not made anew: an empty register in its place would hide that it is gone, and what
    SQLite keeps beside an empty one could break the real one once it is moved back.

    Arguments:
        url: the register's, from :func:`register.engine.register_url`.
        create: whether a file that is not there is made. Only migrations do.
    """

    def __init__(self, url: URL, *, create: bool) -> None:
        given = url.database or ""
        # What is in memory, or has SQLite's own options, is whoever's gave it.
        self.path = None if given in ("", ":memory:") or given.startswith("file:") else Path(given).absolute()
        self._create = create

    def watch(self, engine: Engine) -> None:
        """Lets the engine open the file only where it is, and its pool give away no connection to one that moved."""
        if self.path is not None:
            if not self._create:
                event.listen(engine, "do_connect", partial(_only_where_it_is, self.path))
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


def _only_where_it_is(path: Path, _: Any, __: Any, file: list[str], options: dict[str, Any]) -> None:
    """Called before a connection is opened, with what it is opened with: SQLite alone would make the file."""
    if path.parent.exists() and not path.exists():
        raise FileNotFoundError(
            "there is no such file. Put it back; to begin a new register, run `starter.py migrate`."
        )
    file[0], options["uri"] = f"{path.as_uri()}?mode=rw", True
