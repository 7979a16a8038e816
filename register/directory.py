"""Keeps the board's directory, and what was changed in it, when and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.directory import Acting, Appointment, Directory, Organisation, Person
from models.tables.register import (
    StoredActing,
    StoredAppointment,
    StoredBoard,
    StoredDirectoryChange,
    StoredOrganisation,
    StoredPerson,
)

from .engine import Register, insert_into

_BOARD = StoredBoard.__table__
_CHANGE = StoredDirectoryChange.__table__

_LISTS: tuple[tuple[str, Table, type[BaseModel]], ...] = (
    ("organisations", StoredOrganisation.__table__, Organisation),
    ("people", StoredPerson.__table__, Person),
    ("appointments", StoredAppointment.__table__, Appointment),
    ("acting", StoredActing.__table__, Acting),
)
"""A directory's lists, in the order in which they can be stored: appointments speak of people."""


class NoDirectory(Exception):
    """The register has no directory yet."""

    def __init__(self) -> None:
        super().__init__("The register has no directory yet: load it first, starter.py directory load FILE.")


class FaultyDirectory(Exception):
    """A directory that does not hang together. ``faults`` says what is wrong, one line each."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The directory was not stored: " + "; ".join(self.faults) + ".")


class DirectoryMoved(Exception):
    """Somebody else changed the directory meanwhile, so nothing was stored. ``changes`` says what they did."""

    def __init__(self, changes: tuple[Change, ...]) -> None:
        self.changes = changes
        super().__init__("Somebody else has changed the directory meanwhile: look at what they did, and send it again.")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the directory.

    Arguments:
        revision: which replacement of the directory it came with; 1 is the first.
        at: when.
        changed_by: by whom.
        what: ``board`` or the list: ``organisations``, ``people``, ``appointments``, ``acting``.
        was: as it was; None for what is new.
        became: as it is now; None for what is gone.
    """

    revision: int
    at: datetime
    changed_by: str
    what: str
    was: Mapping[str, Any] | None
    became: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Known:
    """A directory as it was read; ``revision`` says which replacement it came with."""

    revision: int
    directory: Directory


async def load_directory(register: Register) -> Directory:
    """The board's directory.

    Raises:
        NoDirectory: none was stored yet.
        RegisterUnavailable: no answer in time.
    """
    return (await latest_directory(register, None)).directory


async def latest_directory(register: Register, known: Known | None) -> Known:
    """The board's directory, read anew only if it was replaced since: one query for each letter instead of six.

    Arguments:
        register: where.
        known: as whoever asks has read it before.

    Raises:
        NoDirectory: none was stored yet.
        RegisterUnavailable: no answer in time.
    """

    found = await register.read(lambda connection: directory_since(connection, known))
    if found is None:
        raise NoDirectory
    return found


async def directory_since(connection: AsyncConnection, known: Known | None) -> Known | None:
    """The directory, read anew only if it was replaced since; None while there is none."""
    revision = await connection.scalar(select(_BOARD.c.revision))
    if known is not None and known.revision == revision:
        return known
    directory = await _load(connection)
    return Known(revision, directory) if revision is not None and directory is not None else None


async def load_directory_to_change(register: Register) -> tuple[Directory | None, int]:
    """The directory, None while there is none, and its revision: give that back with what is changed.

    Raises:
        RegisterUnavailable: no answer in time.
    """

    async def work(connection: AsyncConnection) -> tuple[Directory | None, int]:
        return await _load(connection), await connection.scalar(select(_BOARD.c.revision)) or 0

    return await register.read(work)


async def replace_directory(
    register: Register, directory: Directory, *, changed_by: str, at: datetime, seen: int | None = None
) -> tuple[Change, ...]:
    """Stores a directory in place of the one there was, in one transaction, and what that changed.

    Arguments:
        register: where.
        directory: the whole of it.
        changed_by: who does this, for the audit.
        at: when, for the audit.
        seen: the revision that this one was made from; without it, whatever is there is replaced.

    Returns:
        What changed; nothing when it is the same directory, or the same in another order.

    Raises:
        FaultyDirectory: it names people or organisations that it does not have, say.
        DirectoryMoved: something was changed since ``seen``.
        RegisterUnavailable: no answer in time; ask again.
    """
    if faults := directory.faults():
        raise FaultyDirectory(faults)

    async def work(connection: AsyncConnection) -> tuple[Change, ...]:
        # The board's row comes first: who has it makes others wait, and then compares with what they stored.
        insert = insert_into(connection.dialect.name, _BOARD)
        board = {"id": 1, "name": directory.board, "revision": 1}
        counted = insert.on_conflict_do_update(
            index_elements=["id"], set_={"revision": _BOARD.c.revision + 1}
        ).returning(_BOARD.c.revision)
        revision = (await connection.execute(counted, board)).scalar_one()
        if seen is not None and (meanwhile := await _changes_since(connection, seen)):
            raise DirectoryMoved(meanwhile)
        before = await _load(connection) if revision > 1 else None
        changes = tuple(Change(revision, at, changed_by, *change) for change in _changes(before, directory))
        if directory != before:
            await _store(connection, directory, changes)
        return changes

    return await register.change(work)


async def directory_changes(register: Register) -> tuple[Change, ...]:
    """Every change of the directory, the first one first.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    return await register.read(lambda connection: _changes_since(connection, 0))


async def _changes_since(connection: AsyncConnection, revision: int) -> tuple[Change, ...]:
    columns = (_CHANGE.c[name] for name in ("revision", "at", "changed_by", "what", "was", "became"))
    found = select(*columns).where(_CHANGE.c.revision > revision).order_by(_CHANGE.c.revision, _CHANGE.c.number)
    return tuple(Change(*row) for row in await connection.execute(found))


async def _load(connection: AsyncConnection) -> Directory | None:
    board = await connection.scalar(select(_BOARD.c.name))
    if board is None:
        return None
    lists: dict[str, Any] = {}
    for name, table, plain in _LISTS:
        columns = (table.c[field] for field in plain.model_fields)
        found = await connection.execute(select(*columns).order_by(table.c.position))
        lists[name] = tuple(plain(**row) for row in found.mappings())
    return Directory(board=board, **lists)


async def _store(connection: AsyncConnection, directory: Directory, changes: Iterable[Change]) -> None:
    await connection.execute(_BOARD.update().values(name=directory.board))
    for _, table, _ in reversed(_LISTS):
        await connection.execute(delete(table))
    for name, table, _ in _LISTS:
        rows = [{"position": at} | part.model_dump() for at, part in enumerate(getattr(directory, name))]
        if rows:
            await connection.execute(table.insert(), rows)
    kept = [
        {
            "revision": change.revision,
            "number": number,
            "at": change.at,
            "changed_by": change.changed_by,
            "what": change.what,
            "was": change.was,
            "became": change.became,
        }
        for number, change in enumerate(changes)
    ]
    if kept:
        await connection.execute(_CHANGE.insert(), kept)


_Difference = tuple[str, Mapping[str, Any] | None, Mapping[str, Any] | None]


def _changes(before: Directory | None, after: Directory) -> Iterable[_Difference]:
    old_board = None if before is None else {"name": before.board}
    if old_board != {"name": after.board}:
        yield "board", old_board, {"name": after.board}
    for name, _, _ in _LISTS:
        old = () if before is None else getattr(before, name)
        yield from _differences(name, old, getattr(after, name))


def _differences(name: str, old: Iterable[BaseModel], new: Iterable[BaseModel]) -> Iterable[_Difference]:
    """What is gone, new or other. Of rows without an id, a change is one gone and one new."""
    before = {getattr(row, "id", row): row.model_dump(mode="json") for row in old}
    after = {getattr(row, "id", row): row.model_dump(mode="json") for row in new}
    for key in before | after:
        if before.get(key) != after.get(key):
            yield name, before.get(key), after.get(key)
