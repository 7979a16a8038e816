"""The directory is stored whole, and every change of it is kept with who and when."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest

from models.directory import Acting, Appointment, Directory, Organisation, Person
from register.directory import (
    FaultyDirectory,
    NoDirectory,
    directory_changes,
    latest_directory,
    load_directory,
    replace_directory,
)
from register.engine import Register

NOW = datetime(2019, 1, 7, 9, tzinfo=UTC)

FIRST = Directory(
    board="Testshire Safeguarding Children Board",
    organisations=(Organisation(id="school", name="School"), Organisation(id="hospital", name="Hospital")),
    people=(
        Person(id="chair", name="The Chair", email="chair@example.org"),
        Person(id="deputy", name="The Deputy", email="deputy@example.org"),
    ),
    appointments=(
        Appointment(role="chair", person="chair", since=date(2018, 1, 1)),
        Appointment(role="board_member", person="deputy", organisation="school", until=date(2020, 12, 31)),
    ),
    acting=(Acting(role="chair", person="deputy", since=date(2018, 8, 1), until=date(2018, 8, 31)),),
)


def other(**changes: Any) -> Directory:
    return FIRST.model_copy(update=changes)


async def test_a_register_without_a_directory_says_so(register: Register) -> None:
    with pytest.raises(NoDirectory, match="no directory yet"):
        await load_directory(register)
    assert await directory_changes(register) == ()


async def test_what_was_stored_is_what_is_loaded_in_its_order(register: Register) -> None:
    await replace_directory(register, FIRST, changed_by="A Coordinator", at=NOW)
    assert await load_directory(register) == FIRST
    turned = other(organisations=FIRST.organisations[::-1], people=FIRST.people[::-1])
    assert await replace_directory(register, turned, changed_by="A Coordinator", at=NOW) == ()
    assert await load_directory(register) == turned


async def test_a_directory_that_is_known_is_read_again_only_once_it_was_replaced(register: Register) -> None:
    await replace_directory(register, FIRST, changed_by="A Coordinator", at=NOW)
    known = await latest_directory(register, None)
    assert await latest_directory(register, known) is known
    renamed = other(board="Another Board")
    await replace_directory(register, renamed, changed_by="A Coordinator", at=NOW)
    assert (await latest_directory(register, known)).directory == renamed


async def test_each_change_is_kept_with_what_it_was_when_and_by_whom(register: Register) -> None:
    first = await replace_directory(register, FIRST, changed_by="set up", at=NOW)
    assert [change.what for change in first] == [
        "board", *["organisations"] * 2, *["people"] * 2, *["appointments"] * 2, "acting"
    ]  # fmt: skip
    assert all(change.was is None for change in first)
    moved = Person(id="chair", name="The Chair", email="new@example.org")
    second = other(board="Testshire Board", people=(moved, FIRST.people[1]), acting=())
    changes = await replace_directory(register, second, changed_by="A Coordinator", at=NOW)
    assert [(change.what, change.was, change.became) for change in changes] == [
        ("board", {"name": FIRST.board}, {"name": "Testshire Board"}),
        ("people", FIRST.people[0].model_dump(), moved.model_dump()),
        ("acting", FIRST.acting[0].model_dump(mode="json"), None),
    ]
    assert {(change.revision, change.at, change.changed_by) for change in changes} == {(2, NOW, "A Coordinator")}
    assert await directory_changes(register) == first + changes


async def test_a_person_and_an_organisation_can_go(register: Register) -> None:
    await replace_directory(register, FIRST, changed_by="set up", at=NOW)
    small = Directory(board=FIRST.board, people=FIRST.people[:1], appointments=FIRST.appointments[:1])
    await replace_directory(register, small, changed_by="A Coordinator", at=NOW)
    assert await load_directory(register) == small


async def test_the_same_directory_again_changes_nothing(register: Register) -> None:
    first = await replace_directory(register, FIRST, changed_by="set up", at=NOW)
    assert await replace_directory(register, FIRST, changed_by="set up", at=NOW) == ()
    assert await directory_changes(register) == first


async def test_a_faulty_directory_is_refused_with_its_faults(
    register: Register,
) -> None:
    await replace_directory(register, FIRST, changed_by="set up", at=NOW)
    with pytest.raises(FaultyDirectory, match="person 'chair' in role 'chair' is not among the people"):
        await replace_directory(register, other(people=FIRST.people[1:]), changed_by="A Coordinator", at=NOW)
    assert await load_directory(register) == FIRST


async def test_replacements_at_once_follow_one_another(register: Register) -> None:
    boards = [f"Board {n}" for n in range(6)]
    async with Register(register.url) as second:
        await asyncio.gather(
            *(
                replace_directory((register, second)[n % 2], other(board=board), changed_by=board, at=NOW)
                for n, board in enumerate(boards)
            )
        )
    renamed = [change for change in await directory_changes(register) if change.what == "board"]
    # Each was compared with the one before it, so the names form one chain, and the last is the one in force.
    assert [change.was and change.was["name"] for change in renamed] == [
        None,
        *(change.became and change.became["name"] for change in renamed[:-1]),
    ]
    assert len(renamed) == 6 and renamed[-1].became == {"name": (await load_directory(register)).board}
