"""Whether the register takes writes is seen by a write; what only reads goes on while it takes none."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from register.engine import Register
from register.people.accounts import add_account
from register.people.sessions import IDLE, begin_session, session_of
from register.schema import check_schema
from register.takes_writes import try_a_write
from register.unavailable import RegisterUnavailable

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def test_a_register_that_takes_writes_is_left_with_one_row_however_often_it_is_tried(register: Register) -> None:
    for _ in range(3):
        await try_a_write(register, NOW)
    count = text("SELECT count(*) FROM write_check")
    assert await register.read(lambda connection: connection.scalar(count)) == 1


async def test_nothing_is_left_beside_a_sqlite_register(register: Register) -> None:
    if register.engine.dialect.name == "sqlite":
        folder = Path(register.url.database or "").parent
        before = {path.name for path in folder.iterdir() if path.name.startswith(".")}
        await try_a_write(register, NOW)
        assert {path.name for path in folder.iterdir() if path.name.startswith(".")} == before


async def test_a_register_that_can_only_be_read_is_told_with_what_the_database_says(register_url: str) -> None:
    async with only_read(register_url), Register(register_url, patience(register_url)) as register:
        await check_schema(register)
        with pytest.raises(RegisterUnavailable, match=r"read-only transaction|database is locked|did not answer"):
            await try_a_write(register, NOW)
    async with Register(register_url) as register:
        await try_a_write(register, NOW)


async def test_whoever_is_signed_in_goes_on_reading_while_it_cannot_be_noted(register_url: str) -> None:
    async with Register(register_url, patience(register_url)) as register:
        account = await add_account(
            register,
            name="An Operator",
            email="operator@board.example",
            roles=frozenset({"operations"}),
            organisation="",
            person="",
            by="the tests",
            now=NOW,
        )
        secret = await begin_session(register, account.id, now=NOW)
        async with only_read(register_url):
            session = await session_of(register, secret, now=NOW + IDLE / 2)
            assert session is not None and not session.over and session.idle_at == NOW + IDLE
        session = await session_of(register, secret, now=NOW + IDLE / 2)
        assert session is not None and session.idle_at == NOW + IDLE * 1.5


async def test_an_account_that_may_not_write_is_told_and_is_no_mistake_of_ours(register: Register) -> None:
    if register.engine.dialect.name == "postgresql":

        async def make_reader(connection: AsyncConnection) -> None:
            await connection.execute(text("DROP ROLE IF EXISTS a_reader"))
            await connection.execute(text("CREATE ROLE a_reader LOGIN"))

        await register.change(make_reader)
        async with Register(register.url.set(username="a_reader", password=None)) as reader:
            with pytest.raises(RegisterUnavailable, match="takes no write: permission denied for table write_check"):
                await try_a_write(reader, NOW)


@asynccontextmanager
async def only_read(url: str) -> AsyncIterator[None]:
    """A register that takes no write while the block runs."""
    if url.startswith("sqlite"):
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.close()
        return
    await _all_read_only(url, "on")
    try:
        yield
    finally:
        await _all_read_only(url, "off")


def patience(url: str) -> float:
    """Seconds: nobody waits long for a lock that is held all the while, and a server says no by itself."""
    return 0.3 if url.startswith("sqlite") else 30


async def _all_read_only(url: str, how: str) -> None:
    """Every connection that is made from now on; those there are, are ended."""
    connection = await asyncpg.connect(url)
    try:
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {how}")
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    finally:
        await connection.close()
