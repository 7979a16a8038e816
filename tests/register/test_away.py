"""A register that is away is one clear error, soon; and a mistake of ours is never taken for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from models.projection import Projection
from register.engine import Register
from register.engine import register_url as read_url
from register.files.store import read_file, write
from register.lists.files import list_files
from register.schema import migrate
from register.unavailable import RegisterUnavailable

from .conftest import Pause

AFile = Callable[..., Projection]

SOON = 4.0
"""Seconds. Generous, for a busy machine; what is tested would otherwise take the register's five, or for ever."""


async def fails_soon(register: Register, a_file: AFile, words: str) -> None:
    async with asyncio.timeout(SOON):
        with pytest.raises(RegisterUnavailable, match=words):
            await write(register, a_file(revision=9))


async def test_a_folder_that_is_not_there(tmp_path: Path, a_file: AFile) -> None:
    async with Register(f"sqlite:///{tmp_path}/missing/register.db") as register:
        await fails_soon(register, a_file, "missing/register.db is away: unable to open database file")


async def test_a_file_that_was_moved_away_is_away_until_it_is_back_and_none_is_made_in_its_place(
    tmp_path: Path, a_file: AFile
) -> None:
    file, elsewhere = tmp_path / "register.db", tmp_path / "elsewhere.db"
    await migrate(f"sqlite:///{file}")
    async with Register(f"sqlite:///{file}") as register:
        await write(register, a_file(revision=8))
        file.rename(elsewhere)
        await fails_soon(register, a_file, "register.db is away: there is no such file. Put it back")
        with pytest.raises(RegisterUnavailable, match="there is no such file"):
            await list_files(register)
        assert not file.exists()
        elsewhere.rename(file)
        assert (await list_files(register)).total == 1
        assert await write(register, a_file(revision=9))


async def test_a_copy_that_was_put_in_place_of_the_file_is_what_counts_from_then_on(
    tmp_path: Path, a_file: AFile
) -> None:
    file, copy = tmp_path / "register.db", tmp_path / "copy.db"
    for path in (file, copy):
        await migrate(f"sqlite:///{path}")
    async with Register(f"sqlite:///{file}") as register:
        await write(register, a_file(revision=8))
        for name in ("-wal", "-shm"):
            (tmp_path / f"register.db{name}").unlink(missing_ok=True)
        copy.replace(file)
        assert (await list_files(register)).total == 0
        assert await write(register, a_file(revision=9))
        assert (await list_files(register)).total == 1


async def test_a_file_that_is_no_database(tmp_path: Path, a_file: AFile) -> None:
    (tmp_path / "register.db").write_text("something else " * 100)
    async with Register(f"sqlite:///{tmp_path}/register.db") as register:
        await fails_soon(register, a_file, "is away: file is not a database")


async def test_a_server_that_is_down_and_the_password_stays_secret(a_file: AFile) -> None:
    async with Register("postgresql://someone:secret@127.0.0.1:1/register") as register:
        await fails_soon(
            register, a_file, r"someone:\*\*\*@127\.0\.0\.1:1/register is away: .*refused|Connect call failed"
        )
        with pytest.raises(RegisterUnavailable) as away:
            await list_files(register)
        assert "secret" not in str(away.value) and "secret" not in away.value.reason


async def test_a_server_that_accepts_and_says_nothing(a_file: AFile) -> None:
    silent = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Register(f"postgresql://someone@127.0.0.1:{port}/register", patience=0.3) as register:
        await fails_soon(register, a_file, "did not answer in 0.3 seconds|is away: TimeoutError")
        silent.set()


async def test_a_database_that_is_not_there(postgresql_server: str, a_file: AFile) -> None:
    async with Register(make_url(postgresql_server).set(database="nothing_here")) as register:
        await fails_soon(register, a_file, 'database "nothing_here" does not exist')


async def test_tables_that_are_not_there(bare_url: str, a_file: AFile) -> None:
    async with Register(bare_url) as register:
        await fails_soon(register, a_file, "run `starter.py migrate`")


async def test_a_lock_that_is_held(register: Register, register_url: str, a_file: AFile, pause: Pause) -> None:
    await write(register, a_file(revision=1))

    async def hold(connection: AsyncConnection) -> None:
        await connection.execute(text("UPDATE case_file SET stage = 'held'"))
        await pause.here()

    holding = asyncio.create_task(register.change(hold))
    await pause.begun()
    async with Register(register_url, patience=1) as impatient:
        await fails_soon(impatient, a_file, "did not answer in 1 seconds|database is locked")
        pause.let_go()
        await holding
        # What was given up on was not half done, and keeps nobody else out.
        assert await write(impatient, a_file(revision=9))
        assert await read_file(impatient, "HSCB-2018-0001") == a_file(revision=9)


async def test_whoever_is_cancelled_lets_go(register: Register, a_file: AFile, pause: Pause) -> None:
    async def dawdle(connection: AsyncConnection) -> None:
        await connection.execute(text("INSERT INTO organisation (id, position, name) VALUES ('x', 0, 'X')"))
        await pause.here()

    dawdling = asyncio.create_task(register.change(dawdle))
    await pause.begun()
    dawdling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dawdling
    pause.let_go()
    assert await write(register, a_file())
    assert await register.read(lambda connection: connection.scalar(text("SELECT count(*) FROM organisation"))) == 0


async def test_connections_that_broke_meanwhile_are_made_anew(register: Register, a_file: AFile) -> None:
    await write(register, a_file(revision=1))
    if register.engine.dialect.name == "postgresql":
        others = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        async with Register(register.url) as other:
            await other.read(lambda connection: connection.execute(others))
    assert await write(register, a_file(revision=2))


async def test_a_mistake_of_ours_is_not_taken_for_an_absence(register: Register) -> None:
    twice = "INSERT INTO organisation (id, position, name) VALUES ('x', 0, :name)"

    async def insert(connection: AsyncConnection) -> None:
        await connection.execute(text(twice), [{"name": "Someone's name"}, {"name": "Someone's name"}])

    with pytest.raises(IntegrityError) as mistake:
        await register.change(insert)
    assert "Someone's name" not in str(mistake.value)
    if register.engine.dialect.name == "postgresql":  # SQLite would take the text for a number

        async def wrong_type(connection: AsyncConnection) -> None:
            await connection.execute(text("SELECT CAST(:n AS integer)"), {"n": "text"})

        with pytest.raises(DBAPIError):
            await register.read(wrong_type)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sqlite:////data/register.db", "sqlite:////data/register.db"),
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+asyncpg://h/d?ssl=require"),
    ],
)
def test_an_address_is_read_with_our_driver(given: str, meant: str) -> None:
    assert read_url(given).render_as_string(hide_password=False) == meant


@pytest.mark.parametrize(
    "wrong",
    ["mysql://u:secret@h/d", "sqlite+aiosqlite:///secret.db", "postgresql+psycopg://u:secret@h/d", "secret", ""],
)
def test_a_wrong_address_is_named_without_being_repeated(wrong: str) -> None:
    with pytest.raises(ValueError, match="register") as error:
        Register(wrong)
    assert "secret" not in str(error.value)
