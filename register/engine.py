"""The register's engine: how SQLite and PostgreSQL are opened, and how long anyone waits for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Self, TypeVar

from sqlalchemy import URL, Connection, Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from .away import RegisterAway, away_means_away, shown
from .sqlite_file import SqliteFile

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

Insert = sqlite.Insert | postgresql.Insert

PATIENCE = 5.0
"""Seconds after which the register counts as away: a busy machine is not."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_WRITES = "register_writes"


class Register:
    """A register by its address. Connects when it is needed; close it, or use it in ``async with``.

    Arguments:
        url: ``sqlite:///folder/register.db`` or ``postgresql://user:password@host/name``.
        patience: seconds that any one read or change may take, waiting for a connection or a lock included.

    Raises:
        ValueError: an address that is neither.
    """

    def __init__(self, url: str | URL, patience: float = PATIENCE) -> None:
        self.url = register_url(url)
        self.engine = make_engine(self.url, patience)
        on_sqlite = self.engine.dialect.name == "sqlite"
        self._writing = self.engine.execution_options(**{_WRITES: True})
        # SQLite's readers see one state by themselves; PostgreSQL's would see another with each statement.
        one_state = {} if on_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reading = self.engine.execution_options(**one_state)
        self._patience = patience
        # SQLite has one writer at a time and lets waiting ones starve. Ours queue here, in their order.
        self._one_writer = asyncio.Lock() if on_sqlite else None
        self._left = set[asyncio.Task[Any]]()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes all connections, once what was given up on has let go of its own."""
        if self._left:
            await asyncio.wait(set(self._left), timeout=self._patience)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                await self.engine.dispose()

    async def read(self, work: Work[T]) -> T:
        """What ``work`` answers, in a transaction of its own that sees one state of the register.

        Raises:
            RegisterAway: no answer in time.
        """
        return await self._bounded(partial(_in_transaction, self._reading, work))

    async def change(self, work: Work[T]) -> T:
        """As :meth:`read`, for work that writes. All of it is kept, or nothing.

        Raises:
            RegisterAway: no answer in time. It may have been kept all the same: ask what can be asked twice.
        """
        return await self._bounded(partial(self._in_turn, work))

    async def _in_turn(self, work: Work[T]) -> T:
        if self._one_writer is None:
            return await _in_transaction(self._writing, work)
        async with self._one_writer:
            return await _in_transaction(self._writing, work)

    async def _bounded(self, work: Callable[[], Awaitable[T]]) -> T:
        # A task of its own: a driver may take seconds to let go of a silent server. Nobody waits for that.
        task = asyncio.create_task(_awaited(work))
        try:
            done, _ = await asyncio.wait({task}, timeout=self._patience)
        except asyncio.CancelledError:
            self._leave(task)
            raise
        if not done:
            self._leave(task)
            raise RegisterAway(f"The register at {shown(self.url)} did not answer in {self._patience:g} seconds.")
        with away_means_away(self.url):
            return task.result()

    def _leave(self, task: asyncio.Task[Any]) -> None:
        task.cancel()
        self._left.add(task)
        task.add_done_callback(self._left.discard)
        task.add_done_callback(lambda left: left.cancelled() or left.exception())


def register_url(url: str | URL) -> URL:
    """An address with the driver we use.

    Raises:
        ValueError: an address that is neither SQLite's nor PostgreSQL's. Its text does not repeat it.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("The register's address is not a URL, as sqlite:///register.db is.") from None
    if parsed.drivername not in _DRIVERS:
        raise ValueError(f"The register cannot be kept in {parsed.drivername!r}: give sqlite:///… or postgresql://…")
    parsed = parsed.set(drivername=_DRIVERS[parsed.drivername])
    if "sslmode" in parsed.query:  # libpq's name for what asyncpg calls ssl
        mode = parsed.query["sslmode"]
        parsed = parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return parsed


def make_engine(url: URL, patience: float = PATIENCE, *, migrating: bool = False) -> AsyncEngine:
    """An engine for an address from :func:`register_url`.

    Arguments:
        url: the address, with its driver.
        patience: seconds to wait for a connection or a lock.
        migrating: makes SQLite's file where there is none, and is without its foreign keys: changing a table there
            means copying and dropping it, and that would delete all that hangs from it.
    """
    common: dict[str, Any] = {
        "json_serializer": _json,
        # Errors go into logs; what was being written must not.
        "hide_parameters": True,
        "pool_timeout": patience,
    }
    if url.get_backend_name() == "postgresql":
        return create_async_engine(url, **common, pool_pre_ping=True, connect_args={"timeout": patience})
    file = SqliteFile(url, create=migrating)
    options = {"timeout": patience, "isolation_level": None, "async_creator_fn": file.open}
    engine = create_async_engine(url, **common, connect_args=options)
    file.watch(engine.sync_engine)
    event.listen(engine.sync_engine, "connect", partial(_prepare_sqlite, foreign_keys=not migrating))
    event.listen(engine.sync_engine, "begin", partial(_begin_sqlite, always_writes=migrating))
    return engine


def insert_into(dialect: str, table: Table) -> Insert:
    """``INSERT`` that knows ``ON CONFLICT``. Both databases have it; SQLAlchemy keeps the two apart."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False, default=dict)
    except ValueError:
        # Python reads 1e999 as infinity, which is not JSON: PostgreSQL would refuse the file for ever.
        return json.dumps(json.loads(json.dumps(value, default=dict), parse_constant=str))


def _prepare_sqlite(connection: Any, _: ConnectionPoolEntry, *, foreign_keys: bool) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # With WAL a power cut may lose the last moments, never break the file; their workflows write them again.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
    cursor.close()


def _begin_sqlite(connection: Connection, *, always_writes: bool) -> None:
    # The driver alone would begin at the first write: too late for one state to be seen, and a reader that
    # becomes a writer is refused at once instead of waiting its turn.
    writes = always_writes or connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


async def _in_transaction(engine: AsyncEngine, work: Work[T]) -> T:
    async with engine.begin() as connection:
        return await work(connection)


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
