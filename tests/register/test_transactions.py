"""Transactions: in their order, bounded, let go of when nobody waits; on SQLite each in one hop to a thread."""

from __future__ import annotations

import asyncio
import contextvars
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import ResourceClosedError
from sqlalchemy.ext.asyncio import AsyncConnection

from register.engine import Register
from register.one_hop import CONNECTIONS, READERS, AwaitsSomethingElse
from register.schema import migrate
from register.unavailable import RegisterUnavailable

from .conftest import Pause

ROOT = Path(__file__).resolve().parents[2]
INSERT = text("INSERT INTO organisation (id, position, name) VALUES (:id, 0, 'X')")
IDS = text("SELECT id FROM organisation ORDER BY id")
FOR_EVER = {
    "sqlite": text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n"),
    # Nine that count would leave the processors to nobody: not to those who cancel them, nor to those who wait for it.
    "postgresql": text("SELECT pg_sleep(86400)"),
}
STILL_AT_IT = text("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'")

SOON = 20.0
"""Seconds. Giving up, the next transaction and closing may take four; what is tested would otherwise take for ever."""


async def ids(register: Register) -> list[str]:
    async def work(connection: AsyncConnection) -> list[str]:
        return list(await connection.scalars(IDS))

    return await register.read(work)


async def for_ever(connection: AsyncConnection) -> object:
    return await connection.scalar(FOR_EVER[connection.dialect.name])


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "register"}


@pytest.fixture
async def url(tmp_path: Path) -> str:
    """The address of a register on SQLite."""
    url = f"sqlite:///{tmp_path}/register.db"
    await migrate(url)
    return url


# --- On either database ---


async def test_a_statement_that_never_ends_is_given_up_and_ended(register_url: str) -> None:
    async with asyncio.timeout(SOON), Register(register_url, patience=1) as register:
        reading = [register.read(for_ever) for _ in range(CONNECTIONS)]
        for ended in await asyncio.gather(*reading, return_exceptions=True):
            assert isinstance(ended, RegisterUnavailable) and "did not answer in 1 seconds" in ended.reason
        if register.engine.dialect.name == "postgresql":
            while await register.read(lambda connection: connection.scalar(STILL_AT_IT)):
                await asyncio.sleep(0.05)
        # Were they still at it, SQLite would have no thread left.
        assert await ids(register) == []


async def test_a_change_that_is_given_up_is_not_kept_and_keeps_nobody_waiting(register_url: str) -> None:
    async def insert_and_go_on(connection: AsyncConnection) -> None:
        await connection.execute(INSERT, {"id": "x"})
        await for_ever(connection)

    async with asyncio.timeout(SOON), Register(register_url, patience=1) as register:
        with pytest.raises(RegisterUnavailable):
            await register.change(insert_and_go_on)
        await register.change(lambda connection: connection.execute(INSERT, {"id": "y"}))
        assert await ids(register) == ["y"]


async def test_a_transaction_that_fails_is_not_kept(register: Register) -> None:
    async def fail(connection: AsyncConnection) -> None:
        await connection.execute(INSERT, {"id": "x"})
        raise LookupError("a mistake")

    with pytest.raises(LookupError, match="a mistake"):
        await register.change(fail)
    assert await ids(register) == []


async def test_work_may_use_what_was_set_for_its_caller(register: Register) -> None:
    """Logs carry the reference that way."""
    name = contextvars.ContextVar[str]("name")
    name.set("HSCB-2018-0001")

    async def work(_: AsyncConnection) -> str:
        return name.get()

    assert await register.read(work) == "HSCB-2018-0001"


async def test_a_register_that_was_closed_can_be_used_again(register: Register) -> None:
    await register.change(lambda connection: connection.execute(INSERT, {"id": "x"}))
    await register.close()
    await register.change(lambda connection: connection.execute(INSERT, {"id": "y"}))
    assert await ids(register) == ["x", "y"]


# --- On SQLite ---


async def test_changes_are_made_one_at_a_time_in_their_order(url: str) -> None:
    made, under_way = list[int](), list[int]()

    def change(number: int) -> Callable[[AsyncConnection], Awaitable[None]]:
        async def work(connection: AsyncConnection) -> None:
            under_way.append(number)
            await connection.execute(INSERT, {"id": str(number)})
            assert under_way == [number]
            under_way.remove(number)
            made.append(number)

        return work

    async with Register(url) as register:
        await asyncio.gather(*(register.change(change(number)) for number in range(50)))
    assert made == list(range(50))


async def test_a_change_that_nobody_waits_for_any_more_is_not_begun(url: str) -> None:
    begun = list[object]()
    async with Register(url) as register:
        pause = Pause(in_thread=True)
        holding = asyncio.create_task(register.change(lambda _: pause.here()))
        await pause.begun()
        event.listen(register.engine, "begin", begun.append)
        waiting = asyncio.create_task(register.change(lambda connection: connection.execute(INSERT, {"id": "x"})))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        pause.let_go()
        await holding
        await register.change(lambda connection: connection.scalar(IDS))
        assert len(begun) == 1
        assert await ids(register) == []


async def test_reading_goes_on_while_a_change_is_under_way_and_sees_nothing_of_it(url: str) -> None:
    async with Register(url) as register:
        pause = Pause(in_thread=True)

        async def insert(connection: AsyncConnection) -> None:
            await connection.execute(INSERT, {"id": "x"})
            await pause.here()

        changing = asyncio.create_task(register.change(insert))
        await pause.begun()
        assert await ids(register) == []
        pause.let_go()
        await changing
        assert await ids(register) == ["x"]


async def test_any_number_at_once_is_answered_by_few_threads_and_those_end_with_the_register(url: str) -> None:
    before = threads()
    async with Register(url) as register:
        await ids(register)
        assert len(threads() - before) == 1
        await asyncio.gather(*(ids(register) for _ in range(20 * READERS)))
        assert 1 < len(threads() - before) <= READERS
    for thread in threads() - before:
        await asyncio.to_thread(thread.join, SOON)
        assert not thread.is_alive()


@pytest.mark.parametrize("awaited", ["a future", "a moment", "a thread", "an event"])
async def test_work_that_awaits_something_else_is_an_error_at_once(url: str, awaited: str) -> None:
    future = asyncio.get_running_loop().create_future()
    left = list[str]()
    others: dict[str, Callable[[], Awaitable[object]]] = {
        "a future": lambda: future,
        "a moment": lambda: asyncio.sleep(0),
        "a thread": lambda: asyncio.to_thread(int),
        "an event": asyncio.Event().wait,
    }

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(INSERT, {"id": "x"})
        try:
            await others[awaited]()
        finally:
            left.append(awaited)

    async with asyncio.timeout(SOON), Register(url) as register:
        with pytest.raises(AwaitsSomethingElse, match="may await its connection alone"):
            await register.change(work)
        assert left == [awaited]
        assert await ids(register) == []


async def test_rows_cannot_be_read_once_their_transaction_is_over(url: str) -> None:
    async with Register(url) as register:
        await register.change(lambda connection: connection.execute(INSERT, {"id": "x"}))
        late = await register.read(lambda connection: connection.execute(IDS))
        with pytest.raises(ResourceClosedError):
            late.all()


@pytest.mark.parametrize("which", ["read", "change"])
async def test_closing_waits_for_what_was_given_up_on(url: str, which: Literal["read", "change"]) -> None:
    let_go = list[str]()
    pause = Pause(in_thread=True)

    async def dawdle(_: AsyncConnection) -> None:
        await pause.here()
        let_go.append("it has")

    async with Register(url) as register:
        dawdling = asyncio.create_task(getattr(register, which)(dawdle))
        await pause.begun()
        dawdling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dawdling
        threading.Timer(0.1, pause.let_go).start()
    assert let_go == ["it has"]


def test_a_process_ends_although_a_thread_of_its_register_does_not(tmp_path: Path) -> None:
    program = """
import asyncio, sys, threading
from register.engine import Register

async def stuck(connection):
    print("stuck", flush=True)
    threading.Event().wait()

async def main():
    register = Register(sys.argv[1], patience=0.3)
    try:
        await register.read(stuck)
    finally:
        await register.close()

asyncio.run(main())
"""
    database = tmp_path / "register.db"
    with closing(sqlite3.connect(database)) as made:
        made.execute("CREATE TABLE any (id)")
    ended = subprocess.run(
        [sys.executable, "-c", program, f"sqlite:///{database}"],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.stdout == "stuck\n"
    assert ended.stderr.splitlines()[-1].startswith("register.unavailable.RegisterUnavailable"), ended.stderr
