"""Extra holidays are in the register: added and removed by name, kept with who and when, the same for everybody."""

from __future__ import annotations

import asyncio
import logging
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from models import references
from models.days import NoCalendarError
from models.directory import Directory
from models.world import Surroundings
from register.directory import replace_directory
from register.engine import Register
from register.extra_holidays import ExtraHoliday, FaultyHoliday, add_holiday, extra_holidays, remove_holiday
from register.schema import migrate
from register.surroundings import SurroundingsReader, SurroundingsUnknown
from register.unavailable import RegisterUnavailable

NOW, LATER = datetime(2027, 4, 1, 9, tzinfo=UTC), datetime(2027, 4, 2, 9, tzinfo=UTC)
TUESDAY = date(2027, 5, 4)
BOARD, OTHER = Directory(board="A Board"), Directory(board="Another Board")
SHELF = {"a-rulebook": {"name": "a-rulebook"}}


async def add(register: Register, day: date = TUESDAY, name: str = "A jubilee") -> None:
    await add_holiday(register, day, name=name, by="ada", at=NOW)


async def test_one_is_added_removed_and_added_again_and_each_is_kept_with_who_and_when(register: Register) -> None:
    assert await extra_holidays(register) == ()
    await add(register)
    await remove_holiday(register, TUESDAY, by="grace", at=LATER)
    await add(register, name="A coronation")
    assert await extra_holidays(register) == (
        ExtraHoliday(TUESDAY, "A jubilee", NOW, "ada", LATER, "grace"),
        ExtraHoliday(TUESDAY, "A coronation", NOW, "ada", None, None),
    )


@pytest.mark.parametrize(
    ("day", "name", "why"),
    [
        (date(2027, 5, 1), "x", "1 May 2027 is a Saturday: adding it would change nothing"),
        (date(2027, 5, 3), "x", r"3 May 2027 is a bank holiday already \(Early May bank holiday\)"),
        (TUESDAY, "  ", "Say what the holiday is for"),
    ],
)
async def test_what_would_change_nothing_or_has_no_name_is_refused(
    register: Register, day: date, name: str, why: str
) -> None:
    with pytest.raises(FaultyHoliday, match=why):
        await add(register, day, name)
    assert await extra_holidays(register) == ()


async def test_a_year_without_a_calendar_is_refused(register: Register) -> None:
    with pytest.raises(NoCalendarError, match="2035"):
        await add(register, date(2035, 5, 4))


async def test_one_that_is_there_is_not_added_again_and_one_that_is_not_is_not_removed(register: Register) -> None:
    with pytest.raises(FaultyHoliday, match="4 May 2027 is no extra holiday"):
        await remove_holiday(register, TUESDAY, by="ada", at=NOW)
    await add(register)
    with pytest.raises(FaultyHoliday, match="4 May 2027 is an extra holiday already"):
        await add(register)


# Reading them


async def test_they_are_read_together_with_the_directory_and_the_shelf(register: Register) -> None:
    reader = SurroundingsReader(register, SHELF)
    assert await reader.latest() == Surroundings(None, SHELF, frozenset())
    await replace_directory(register, BOARD, changed_by="ada", at=NOW)
    await add(register)
    assert await reader.latest() == reader.known == Surroundings(BOARD, SHELF, frozenset({TUESDAY}))
    await remove_holiday(register, TUESDAY, by="ada", at=LATER)
    assert await reader.refresh() == Surroundings(BOARD, SHELF, frozenset())


async def test_what_was_just_read_is_not_read_again_unless_it_is_to_be(register: Register) -> None:
    await replace_directory(register, BOARD, changed_by="ada", at=NOW)
    reader = SurroundingsReader(register, SHELF)
    first = await reader.latest()
    await replace_directory(register, OTHER, changed_by="ada", at=NOW)
    assert await reader.latest() is first
    assert (await reader.latest(anew=True)).directory == OTHER
    assert (await reader.latest()).directory == OTHER


async def test_while_the_register_is_away_the_last_are_used_and_one_that_never_read_them_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, elsewhere = tmp_path / "register.db", tmp_path / "elsewhere.db"
    await migrate(f"sqlite:///{file}")
    async with Register(f"sqlite:///{file}") as register:
        await replace_directory(register, BOARD, changed_by="ada", at=NOW)
        await add(register)
        has_read, never_read = SurroundingsReader(register, SHELF), SurroundingsReader(register, SHELF)
        known = await has_read.latest()
        shutil.move(file, elsewhere)
        with caplog.at_level(logging.WARNING):
            assert await has_read.latest(anew=True) is known
        assert "used as they were last read" in caplog.text
        for _ in range(2):
            with pytest.raises(SurroundingsUnknown):
                await never_read.latest()
        with pytest.raises(RegisterUnavailable):
            await has_read.refresh()
        shutil.move(elsewhere, file)
        assert await never_read.latest() == known


async def test_a_workers_validators_look_at_what_was_read_last(register: Register) -> None:
    reader, queue = SurroundingsReader(register, SHELF), ("a-namespace", "a-queue")
    reader.queues.add(queue)
    try:
        await reader.refresh()
        assert references.surroundings[queue].extra_holidays == frozenset()
        await add(register)
        await reader.latest(anew=True)
        assert references.surroundings[queue].extra_holidays == frozenset({TUESDAY})
    finally:
        del references.surroundings[queue]


async def test_many_at_once_read_the_same(register: Register) -> None:
    await add(register)
    reader = SurroundingsReader(register, SHELF)
    assert {found.extra_holidays for found in await asyncio.gather(*(reader.latest() for _ in range(8)))} == {
        frozenset({TUESDAY})
    }
