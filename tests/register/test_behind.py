"""Files that cannot be written are noted, once the register can be written, for as long as they are behind."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from models.projection import Projection
from register.engine import Register
from register.files.behind import (
    NAMED,
    Behind,
    BehindNotes,
    RegisterAhead,
    all_behind,
    behind_of,
    clear,
    note,
)
from register.files.store import write
from register.schema import migrate
from register.unavailable import RegisterUnavailable

AFile = Callable[..., Projection]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AWAY = "The register at sqlite:///register.db is away: disk I/O error"


def behind(reference: str = "EX-1", revision: int = 3, minutes: int = 0, *, ahead: bool = False) -> Behind:
    """A file that should have been written some minutes after noon."""
    return Behind(reference, revision, NOON + timedelta(minutes=minutes), AWAY, ahead)


async def noted(register: Register, *files: Behind) -> None:
    """Notes these files."""
    for one in files:
        await register.change(partial(note, behind=one))


async def rows(register: Register) -> int:
    """How many notes there are, counting or not."""
    count = text("SELECT count(*) FROM register_behind")
    return await register.read(lambda connection: connection.scalar(count)) or 0


async def until(register: Register, number: int) -> None:
    """Waits until there are so many notes."""
    async with asyncio.timeout(20):
        while await rows(register) != number:
            await asyncio.sleep(0.01)


@pytest.fixture
async def notes(register: Register) -> AsyncIterator[BehindNotes]:
    """The notes of a process on that register."""
    async with BehindNotes(register, again=0.05) as notes:
        yield notes


async def test_a_register_that_has_everything_is_behind_with_nothing(register: Register) -> None:
    found = await all_behind(register)
    assert (found.files, found.ahead, found.since, found.named) == (0, 0, None, ())
    assert await behind_of(register, "EX-1") is None


async def test_files_are_named_with_the_reason_those_that_wait_longest_first(register: Register) -> None:
    await noted(register, *(behind(f"EX-{minute:02}", minutes=minute) for minute in range(NAMED + 2, 0, -1)))
    found = await all_behind(register)
    assert (found.files, found.ahead, found.since) == (NAMED + 2, 0, NOON + timedelta(minutes=1))
    assert found.named == tuple(behind(f"EX-{minute:02}", minutes=minute) for minute in range(1, NAMED + 1))
    assert await behind_of(register, "EX-12") == behind("EX-12", minutes=12)


async def test_a_file_that_fails_again_has_been_behind_since_the_first_time(register: Register) -> None:
    await noted(register, behind(revision=3), behind(revision=5, minutes=9))
    assert await behind_of(register, "EX-1") == behind(revision=5)


async def test_a_note_counts_until_the_register_has_that_revision(register: Register, a_file: AFile) -> None:
    await noted(register, behind(revision=3))
    await write(register, a_file("EX-1", revision=2))
    assert await behind_of(register, "EX-1") == behind(revision=3) and (await all_behind(register)).files == 1
    await write(register, a_file("EX-1", revision=3))
    assert await behind_of(register, "EX-1") is None and (await all_behind(register)).files == 0


async def test_a_register_that_is_ahead_stays_so_until_it_is_cleared(register: Register, a_file: AFile) -> None:
    await write(register, a_file("EX-1", revision=9))
    await noted(register, behind(revision=3, ahead=True), behind("EX-2"))
    found = await all_behind(register)
    assert (found.files, found.ahead) == (2, 1) and await behind_of(register, "EX-1") == behind(ahead=True)
    await register.change(lambda connection: clear(connection, ["EX-1"]))
    assert await behind_of(register, "EX-1") is None and (await all_behind(register)).files == 1


async def test_a_write_that_fails_is_noted_and_one_that_then_succeeds_takes_the_note_away(
    register: Register, notes: BehindNotes
) -> None:
    with pytest.raises(RegisterUnavailable), notes.writing("EX-1", 3, NOON):
        raise RegisterUnavailable(AWAY)
    with pytest.raises(RegisterAhead), notes.writing("EX-2", 3, NOON):
        raise RegisterAhead("The register has revision 4, the file revision 3.")
    await until(register, 2)
    assert await behind_of(register, "EX-1") == behind()
    ahead = await behind_of(register, "EX-2")
    assert ahead is not None and ahead.ahead and ahead.reason == "The register has revision 4, the file revision 3."
    for reference in ("EX-1", "EX-2"):
        with notes.writing(reference, 4, NOON):
            pass
    await until(register, 0)


async def test_a_fault_of_ours_is_noted_by_its_kind_as_its_text_may_be_of_the_file(
    register: Register, notes: BehindNotes
) -> None:
    with pytest.raises(ValueError, match="Robin"), notes.writing("EX-1", 3, NOON):
        raise ValueError("Robin has two deadlines")
    await until(register, 1)
    found = await behind_of(register, "EX-1")
    assert found is not None and "ValueError" in found.reason and "Robin" not in found.reason


async def test_notes_that_no_longer_count_go_with_the_next_ones(
    register: Register, notes: BehindNotes, a_file: AFile
) -> None:
    for reference in ("EX-1", "EX-2"):  # noted by a worker that was killed
        await noted(register, behind(reference))
        await write(register, a_file(reference))
    notes.failed(behind("EX-3"))
    await until(register, 1)
    assert await behind_of(register, "EX-3") == behind("EX-3")


async def test_what_cannot_be_noted_is_kept_and_noted_as_soon_as_the_register_can_be_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/register.db"
    await migrate(url)
    async with Register(url, patience=0.1) as register, BehindNotes(register, again=0.05) as notes:
        other = sqlite3.connect(tmp_path / "register.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for reference in ("EX-1", "EX-2"):
            with pytest.raises(RegisterUnavailable), notes.writing(reference, 3, NOON):
                await register.change(lambda connection: connection.execute(text("DELETE FROM entry")))
        with notes.writing("EX-2", 4, NOON):
            pass
        assert await rows(register) == 0
        other.close()
        await until(register, 1)
        assert (await all_behind(register)).named[0].reference == "EX-1"
