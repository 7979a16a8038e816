"""The register's engine: how SQLite and PostgreSQL are opened, and how long anyone waits for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from .one_hop import CONNECTIONS, OneHop, Work
from .sqlite_file import SqliteFile
from .unavailable import RegisterUnavailable, shown, translate_outages

T = TypeVar("T")

Insert = sqlite.Insert | postgresql.Insert

PATIENCE = 5.0
"""Seconds after which the register counts as away: a busy machine is not."""

_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_WRITES = "register_writes"


class _Transactions(Protocol):
    """How a kind of database runs transactions."""

    async def run(self, work: Work[T], *, writes: bool) -> T:
        """What ``work`` answers. Cancelled, nothing of it is kept, unless that was under way."""

    async def close(self) -> None:
        """Closes the connections that are not in use."""


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
        self._patience = patience
        self._transactions: _Transactions
        if self.url.get_backend_name() == "sqlite":
            self.engine = _sqlite_engine(self.url, patience)
            writing = self.engine.execution_options(**{_WRITES: True})
            self._transactions = OneHop(self.engine, writing)
        else:
            engine = _postgresql_engine(self.url, patience)
            self.engine = engine.sync_engine
            self._transactions = _OnPostgresql(engine)
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
                await self._transactions.close()

    async def read(self, work: Work[T]) -> T:
        """What ``work`` answers, in a transaction of its own that sees one state of the register.

        Raises:
            RegisterUnavailable: no answer in time.
        """
        return await self._bounded(work, writes=False)

    async def change(self, work: Work[T]) -> T:
        """As :meth:`read`, for work that writes. All of it is kept, or nothing.

        Raises:
            RegisterUnavailable: no answer in time. It may have been kept all the same: ask what can be asked twice.
        """
        return await self._bounded(work, writes=True)

    async def _bounded(self, work: Work[T], *, writes: bool) -> T:
        # A task of its own: a driver may take seconds to let go of a silent server. Nobody waits for that.
        task = asyncio.create_task(self._transactions.run(work, writes=writes))
        try:
            done, _ = await asyncio.wait({task}, timeout=self._patience)
        except asyncio.CancelledError:
            self._leave(task)
            raise
        if not done:
            self._leave(task)
            raise RegisterUnavailable(
                f"The register at {shown(self.url)} did not answer in {self._patience:g} seconds."
            )
        with translate_outages(self.url):
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


def migrate_with(url: URL, work: Callable[[Connection], None], patience: float = PATIENCE) -> None:
    """Changes a register's tables in one transaction: all of it, or nothing. Makes SQLite's file where there is none.

    Arguments:
        url: from :func:`register_url`.
        work: what is done on a connection.
        patience: seconds to wait for a connection or a lock.
    """
    if url.get_backend_name() == "postgresql":
        asyncio.run(_migrate_postgresql(url, work, patience))
        return
    engine = _sqlite_engine(url, patience, migrating=True)
    try:
        with engine.begin() as connection:
            work(connection)
    finally:
        engine.dispose()


def insert_into(dialect: str, table: Table) -> Insert:
    """``INSERT`` that knows ``ON CONFLICT``. Both databases have it; SQLAlchemy keeps the two apart."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False, default=dict)
    except ValueError:
        # Python reads 1e999 as infinity, which is not JSON: PostgreSQL would refuse the file for ever.
        return json.dumps(json.loads(json.dumps(value, default=dict), parse_constant=str))


def _engine_options(patience: float) -> dict[str, Any]:
    # Errors go into logs; what was being written must not.
    return {"json_serializer": _json, "hide_parameters": True, "pool_timeout": patience}


def _postgresql_engine(url: URL, patience: float) -> AsyncEngine:
    connecting = {"timeout": patience}
    return create_async_engine(url, **_engine_options(patience), pool_pre_ping=True, connect_args=connecting)


async def _migrate_postgresql(url: URL, work: Callable[[Connection], None], patience: float) -> None:
    engine = _postgresql_engine(url, patience)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


class _OnPostgresql:
    """Transactions on PostgreSQL, as :class:`OneHop` has them on SQLite."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._writing = engine
        # Each statement would see another state of the register by itself. SQLite's transactions see one.
        self._reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def run(self, work: Work[T], *, writes: bool) -> T:
        """What ``work`` answers."""
        async with (self._writing if writes else self._reading).begin() as connection:
            return await work(connection)

    async def close(self) -> None:
        """Closes the connections that are not in use."""
        await self._writing.dispose()


def _sqlite_engine(url: URL, patience: float, *, migrating: bool = False) -> Engine:
    # A migration is without foreign keys: changing a table of SQLite's means copying and dropping it, and that would
    # delete all that hangs from it.
    engine = create_engine(
        url,
        **_engine_options(patience),
        pool_size=CONNECTIONS,
        max_overflow=0,
        connect_args={"timeout": patience, "isolation_level": None},
    )
    SqliteFile(url, create=migrating).watch(engine)
    event.listen(engine, "connect", partial(_prepare_sqlite, foreign_keys=not migrating))
    event.listen(engine, "begin", partial(_begin_sqlite, always_writes=migrating))
    return engine


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
