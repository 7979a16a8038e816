"""A file in the register is its workflow's file, at the highest revision that came, however it came."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.exc import StatementError

from models.projection import Event, Projection
from models.record import Entry
from register.engine import Register
from register.files.store import _GROWING, _OWN, _STANDING, read_entries, read_events, read_file, write

AFile = Callable[..., Projection]
NOON = datetime(2018, 10, 1, 12, tzinfo=UTC)

numbers = itertools.count(1)


async def do(register: Register, statement: str) -> None:
    await register.change(lambda connection: connection.execute(text(statement)))


async def test_what_was_written_is_what_is_read(register: Register, a_file: AFile) -> None:
    assert await write(register, a_file())
    assert await read_file(register, "HSCB-2018-0001") == a_file()


async def test_an_unknown_file_is_none(register: Register) -> None:
    assert await read_file(register, "HSCB-2018-0001") is None
    assert await read_entries(register, "HSCB-2018-0001") == ()


async def test_the_record_and_the_timeline_can_be_read_from_a_position_on(register: Register, a_file: AFile) -> None:
    file = a_file(revision=5)
    await write(register, file)
    assert await read_entries(register, file.reference, since=3) == file.entries[3:]
    assert await read_events(register, file.reference) == file.events


async def test_a_revision_that_is_not_higher_changes_nothing(register: Register, a_file: AFile) -> None:
    await write(register, a_file(revision=4))
    assert not await write(register, a_file(revision=4, stage="closed", deadlines=()))
    assert not await write(register, a_file(revision=3))
    assert await read_file(register, "HSCB-2018-0001") == a_file(revision=4)


async def test_what_a_higher_revision_no_longer_has_is_gone(register: Register, a_file: AFile) -> None:
    await write(register, a_file())
    bare = a_file(revision=4, deadlines=(), notices=(), actions=(), organisations=(), documents=())
    await write(register, bare)
    assert await read_file(register, bare.reference) == bare


async def test_rows_keep_the_order_of_the_file(register: Register, a_file: AFile) -> None:
    file = a_file()
    await write(register, file)
    turned = a_file(revision=4, deadlines=tuple(reversed(file.deadlines)))
    await write(register, turned)
    assert await read_file(register, file.reference) == turned


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(revisions=st.lists(st.integers(1, 9), min_size=1, max_size=6))
async def test_revisions_in_any_order_give_the_same_as_the_highest_alone(
    register: Register, a_file: AFile, revisions: list[int]
) -> None:
    reference = f"ANY-{next(numbers)}"
    counted = [await write(register, a_file(reference, revision)) for revision in revisions]
    assert counted == [all(revision > other for other in revisions[:n]) for n, revision in enumerate(revisions)]
    assert await read_file(register, reference) == a_file(reference, max(revisions))


async def test_of_writers_at_once_the_highest_revision_wins(register: Register, a_file: AFile) -> None:
    async with Register(register.url) as other:
        for round_ in range(5):
            reference = f"AT-ONCE-{round_}"
            counted = await asyncio.gather(
                *(write((register, other)[n % 2], a_file(reference, n)) for n in (4, 9, 2, 7, 1, 8, 3))
            )
            assert counted[1]
            assert await read_file(register, reference) == a_file(reference, 9)


async def test_a_reader_sees_one_revision_whole_while_others_are_written(register: Register, a_file: AFile) -> None:
    async def write_all() -> None:
        for revision in range(2, 40):
            await write(other, a_file(revision=revision))

    await write(register, a_file(revision=1))
    async with Register(register.url) as other:
        writing = asyncio.create_task(write_all())
        while not writing.done():
            read = await read_file(register, "HSCB-2018-0001")
            assert read is not None and read == a_file(revision=read.revision)
        await writing


async def test_stored_entries_are_not_written_again(register: Register, a_file: AFile) -> None:
    await write(register, a_file(revision=3))
    await do(register, "UPDATE entry SET name = 'left alone' WHERE position = 0")
    await write(register, a_file(revision=5))
    entries = await read_entries(register, a_file(revision=5).reference)
    assert entries[0].name == "left alone" and entries[1:] == a_file(revision=5).entries[1:]


async def test_a_file_whose_rows_were_damaged_is_written_again(register: Register, a_file: AFile) -> None:
    file = a_file()
    await write(register, file)
    await do(register, "UPDATE entry SET name = 'other'")
    await do(register, "DELETE FROM deadline")
    await do(register, "DELETE FROM timeline_event WHERE position = 1")
    assert not await write(register, file)
    assert await write(register, file, instead=True)
    assert await read_file(register, file.reference) == file


async def test_two_rows_with_one_key_are_an_error_and_nothing_is_kept(register: Register, a_file: AFile) -> None:
    file = a_file()
    with pytest.raises(ValueError, match="two of the deadlines have the same key"):
        await write(register, replace(file, deadlines=file.deadlines + file.deadlines[:1]))
    assert await read_file(register, file.reference) is None


async def test_files_do_not_touch_each_other(register: Register, a_file: AFile) -> None:
    one, two = a_file("ONE", 5), a_file("TWO", 2)
    await write(register, one)
    await write(register, two)
    await write(register, a_file("TWO", 3, deadlines=()))
    assert await read_file(register, "ONE") == one


async def test_instants_come_back_in_utc_whatever_zone_they_went_in(register: Register, a_file: AFile) -> None:
    summer = datetime(2018, 7, 1, 9, 30, 15, 123456, tzinfo=timezone(timedelta(hours=1)))
    await write(register, a_file(events=(Event(summer, "stage", {}),)))
    (read,) = await read_events(register, "HSCB-2018-0001")
    assert read.at == summer and read.at.tzinfo is UTC


async def test_an_instant_without_a_zone_is_an_error(register: Register, a_file: AFile) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        await write(register, a_file(events=(Event(datetime(2018, 7, 1), "stage", {}),)))


HOSTILE = "\0 \ud800 ' \" ; DROP TABLE entry; -- \\ 😀 \u202e %s :name"


async def test_hostile_text_is_kept_as_it_was_sent(register: Register, a_file: AFile) -> None:
    body: dict[str, Any] = {"id": HOSTILE, HOSTILE: [HOSTILE, None, True, 1e300, 10**30, {"deep": {}}]}
    sent = Entry(HOSTILE, body, HOSTILE, "signal", NOON)
    actions = (replace(a_file().actions[0], id=HOSTILE, text=HOSTILE),)
    for revision in (3, 4):
        await write(register, a_file(revision=revision, entries=(sent,), actions=actions))
    read = await read_file(register, "HSCB-2018-0001")
    assert read is not None
    assert read.entries[0].body == body
    # What no column of text can hold is replaced, and nothing else.
    assert read.actions[0].text == HOSTILE.replace("\0", "\ufffd").replace("\ud800", "\ufffd")


async def test_a_number_that_json_does_not_know_does_not_keep_a_file_out(register: Register, a_file: AFile) -> None:
    await write(register, a_file(entries=(Entry("unknown", {"id": "s0", "n": float("inf")}, "s0", "signal", NOON),)))
    (read,) = await read_entries(register, "HSCB-2018-0001")
    assert read.body == {"id": "s0", "n": "Infinity"}


async def test_a_step_takes_few_statements(register: Register, a_file: AFile) -> None:
    await write(register, a_file(revision=3))
    statements: list[tuple[str, int]] = []

    def note(_: object, __: object, statement: str, values: Any, ___: object, many: bool) -> None:
        statements.append((statement[:30], len(values) if many else 1))

    event.listen(register.engine, "before_cursor_execute", note)
    before = a_file(revision=3)
    step = replace(a_file(revision=5), notices=before.notices, actions=before.actions, documents=before.documents)
    assert await write(register, step)
    # To begin, the file, its entries, its events; then only what changed of what hangs from it: the deadlines.
    assert len(statements) <= 7 and max(rows for _, rows in statements) == 2, statements


def test_every_field_of_a_file_has_its_column() -> None:
    parts = {part.name: part for part in (*_GROWING, *_STANDING)}
    names = [field.name for field in fields(Projection) if field.name != "replaced"]
    assert names[: len(_OWN)] == list(_OWN) and set(names[len(_OWN) :]) == set(parts)
    for part in parts.values():
        assert {*part.columns, "reference"} == set(part.table.c.keys()), part.name
