"""A closed file is kept whole, with its history, each time it closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import text

from register.engine import Register
from register.files.archive import ArchivedFile, read_archive, write_archive

CLOSED = ArchivedFile("HSCB-2018-0001", 40, b"\0case" * 1000, None, datetime(2021, 3, 1, 12, tzinfo=UTC))


async def test_a_file_that_never_closed_has_no_archive(register: Register) -> None:
    assert await read_archive(register, CLOSED.reference) is None


async def test_what_was_archived_is_what_is_read_and_it_is_compressed(register: Register) -> None:
    file = replace(CLOSED, history=b"history" * 1000)
    await write_archive(register, file)
    assert await read_archive(register, CLOSED.reference) == file
    longer = text('SELECT greatest(length("case"), length(history)) FROM archive')
    if register.engine.dialect.name == "sqlite":
        longer = text('SELECT max(length("case"), length(history)) FROM archive')
    assert await register.read(lambda connection: connection.scalar(longer)) < 200


async def test_the_history_may_come_later_and_nothing_else_changes(register: Register) -> None:
    await write_archive(register, CLOSED)
    assert await read_archive(register, CLOSED.reference) == CLOSED
    await write_archive(register, replace(CLOSED, history=b"history", case=b"other"))
    await write_archive(register, replace(CLOSED, history=b"another"))
    assert await read_archive(register, CLOSED.reference) == replace(CLOSED, history=b"history")


async def test_a_file_closed_again_is_read_as_it_last_closed(register: Register) -> None:
    again = replace(CLOSED, revision=55, case=b"later")
    await write_archive(register, again)
    await write_archive(register, CLOSED)
    assert await read_archive(register, CLOSED.reference) == again
