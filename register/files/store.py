"""Writes a file into the register from what its workflow knows, and reads it back as the same plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache, cached_property
from hashlib import blake2b
from operator import attrgetter
from typing import Any

from sqlalchemy import Delete, Executable, Select, Table, bindparam, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.projection import (
    ActionRow,
    DeadlineRow,
    DocumentRow,
    Event,
    NoticeRow,
    OrganisationRow,
    Projection,
)
from models.record import Entry
from models.register import (
    StoredAction,
    StoredDeadline,
    StoredEntry,
    StoredEvent,
    StoredFile,
    StoredFileDocument,
    StoredInvolvement,
    StoredNotice,
)

from .database import Insert, Register, insert_into


@dataclass(frozen=True)
class _Part:
    """One of a projection's lists, the table it is kept in, and the plain class of its rows."""

    name: str
    table: Table
    plain: type[Any]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """What a row has besides its file: the fields of its plain class, and its position last."""
        return (*(field.name for field in fields(self.plain)), "position")

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The columns that tell two rows of one file apart."""
        return tuple(column.name for column in self.table.primary_key if column.name != "reference")

    def values(self, rows: Sequence[Any], since: int = 0) -> list[tuple[Any, ...]]:
        """Plain rows, from a position on, as values of the columns."""
        values_of = attrgetter(*self.columns[:-1])
        return [(*values_of(rows[position]), position) for position in range(since, len(rows))]

    def key(self, values: tuple[Any, ...]) -> dict[str, Any]:
        """A row's key, by column."""
        return {name: values[self.columns.index(name)] for name in self.keys}


_ENTRIES = _Part("entries", StoredEntry.__table__, Entry)
_EVENTS = _Part("events", StoredEvent.__table__, Event)
_NOTHING = (0, "")
_GROWING = (_ENTRIES, _EVENTS)
"""What is only ever added to: the record and the timeline."""

_NAMES_OF_GROWING = frozenset(part.name for part in _GROWING)
_AS_OF = "as_of"

_STANDING = (
    _Part("deadlines", StoredDeadline.__table__, DeadlineRow),
    _Part("notices", StoredNotice.__table__, NoticeRow),
    _Part("actions", StoredAction.__table__, ActionRow),
    _Part("organisations", StoredInvolvement.__table__, OrganisationRow),
    _Part("documents", StoredFileDocument.__table__, DocumentRow),
)
"""What stands as of a revision, and is brought into line with it."""

_FILE = StoredFile.__table__
_OWN = tuple(column.name for column in _FILE.c if not column.name.startswith("held"))
"""What the file's own row has, in the order of :class:`Projection`; reference first."""


async def write(
    register: Register, projection: Projection, *, as_of: datetime | None = None, again: bool = False
) -> bool:
    """Brings the register up to one revision of a file, in one transaction.

    Only a higher revision than the stored one counts, or one that the workflow came to later: it may be sent
    twice, late, out of order, or by several at once. Entries and events that are stored are left; the rest becomes
    what the projection says.

    Arguments:
        register: where.
        projection: the whole file, as its workflow knows it.
        as_of: the workflow's time at this revision. A worker that is killed may have written revisions that its
            workflow never kept, and then comes to others under the same numbers, later. Without it, the revision
            alone counts.
        again: write everything anew even if this very revision is stored, entries and events included: for a
            register whose rows are not to be trusted. An older revision still changes nothing.

    Returns:
        Whether it counted.

    Raises:
        RegisterAway: no answer in time; ask again.
        ValueError: two rows of the projection have the same key.
    """

    async def work(connection: AsyncConnection) -> bool:
        holds = _holds(projection, as_of)
        held = await _advance(connection, projection, holds, again)
        if held is None:
            return False
        if not all(_goes_on(projection, part, held) for part in _GROWING):
            # A worker that was killed had written what its workflow then never kept: the workflow is right.
            await _remove(connection, projection, _GROWING)
            held = {name: value for name, value in held.items() if name not in _NAMES_OF_GROWING}
        for part in _GROWING:
            await _append(connection, projection, part, held.get(part.name, _NOTHING)[0])
        for part in _STANDING:
            if held.get(part.name) != holds[part.name]:
                await _align(connection, projection, part)
        return True

    return await register.change(work)


async def read_file(register: Register, reference: str) -> Projection | None:
    """A whole file as it was last written, or None when the register has none by this reference.

    Raises:
        RegisterAway: no answer in time.
    """

    async def work(connection: AsyncConnection) -> Projection | None:
        columns = (_FILE.c[name] for name in _OWN)
        file = (await connection.execute(select(*columns).where(_FILE.c.reference == reference))).one_or_none()
        if file is None:
            return None
        parts: dict[str, Any] = {
            part.name: await _rows(connection, part, reference) for part in (*_GROWING, *_STANDING)
        }
        return Projection(*file, **parts)

    return await register.read(work)


async def read_entries(register: Register, reference: str, since: int = 0) -> tuple[Entry, ...]:
    """A file's record from a position on (0 is the first): empty when there is none.

    Raises:
        RegisterAway: no answer in time.
    """
    return await register.read(lambda connection: _rows(connection, _ENTRIES, reference, since))


async def read_events(register: Register, reference: str, since: int = 0) -> tuple[Event, ...]:
    """A file's timeline from a position on (0 is the first): empty when there is none.

    Raises:
        RegisterAway: no answer in time.
    """
    return await register.read(lambda connection: _rows(connection, _EVENTS, reference, since))


def _holds(projection: Projection, as_of: datetime | None) -> dict[str, Any]:
    ends = {part.name: _end(getattr(projection, part.name)) for part in _GROWING}
    digests = {part.name: _digest(getattr(projection, part.name)) for part in _STANDING}
    return ends | digests | {_AS_OF: as_of.timestamp() if as_of else None}


def _end(rows: Sequence[Any]) -> list[Any]:
    """How many there are, and which the last one is."""
    return [len(rows), _digest(rows[-1:])]


def _digest(rows: Sequence[Any]) -> str:
    return blake2b(repr(rows).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


async def _advance(
    connection: AsyncConnection, projection: Projection, holds: dict[str, Any], again: bool
) -> dict[str, Any] | None:
    """Stores the file's own row if its revision is higher; on both databases whoever does makes others wait.

    Returns:
        What the file held until now, or None when this revision does not count.
    """
    values = {name: getattr(projection, name) for name in _OWN} | {"held": holds, "held_before": None}
    found = (await connection.execute(_advancing(connection.dialect.name, again), values)).one_or_none()
    if found is None:
        return None
    if again:
        await _remove(connection, projection, (*_GROWING, *_STANDING))
        return {}
    held_before: dict[str, Any] | None = found.held_before
    return held_before or {}


def _goes_on(projection: Projection, part: _Part, held: dict[str, Any]) -> bool:
    """Whether what is stored of a part is how the projection's begins. Its last row tells."""
    stored, last = held.get(part.name, _NOTHING)
    return not stored or _end(getattr(projection, part.name)[:stored]) == [stored, last]


async def _remove(connection: AsyncConnection, projection: Projection, parts: Sequence[_Part]) -> None:
    for part in parts:
        await connection.execute(delete(part.table).where(part.table.c.reference == projection.reference))


async def _append(connection: AsyncConnection, projection: Projection, part: _Part, stored: int) -> None:
    added = part.values(getattr(projection, part.name), since=stored)
    await _insert(connection, projection.reference, part, added, _adding(connection.dialect.name, part))


async def _align(connection: AsyncConnection, projection: Projection, part: _Part) -> None:
    reference = projection.reference
    found = await connection.execute(_selecting(part), {"file": reference})
    stored = {tuple(part.key(row).values()): row for row in map(tuple, found)}
    rows = part.values(getattr(projection, part.name))
    wanted = {tuple(part.key(row).values()): row for row in rows}
    if len(wanted) != len(rows):
        raise ValueError(f"{reference}: two of the {part.name} have the same {' and '.join(part.keys)}")
    if gone := [part.key(row) for key, row in stored.items() if key not in wanted]:
        of_file = [{"file": reference} | {f"gone_{name}": value for name, value in key.items()} for key in gone]
        await connection.execute(_deleting(part), of_file)
    changed = [row for key, row in wanted.items() if stored.get(key) != row]
    await _insert(connection, reference, part, changed, _replacing(connection.dialect.name, part))


async def _insert(
    connection: AsyncConnection, reference: str, part: _Part, rows: Sequence[tuple[Any, ...]], how: Insert
) -> None:
    if rows:
        named = [{"reference": reference, **dict(zip(part.columns, row, strict=True))} for row in rows]
        await connection.execute(how, named)


async def _rows(connection: AsyncConnection, part: _Part, reference: str, since: int = 0) -> tuple[Any, ...]:
    found = await connection.execute(_selecting(part), {"file": reference, "since": since})
    return tuple(part.plain(*row[:-1]) for row in found)


# The statements are made once: SQLAlchemy then knows them again without looking at them closely.


@cache
def _advancing(dialect: str, again: bool) -> Executable:
    insert = insert_into(dialect, _FILE)
    offered, stored = insert.excluded.revision, _FILE.c.revision
    later = insert.excluded.held[_AS_OF].as_float() > _FILE.c.held[_AS_OF].as_float()
    return insert.on_conflict_do_update(
        index_elements=["reference"],
        set_={name: insert.excluded[name] for name in (*_OWN[1:], "held")} | {"held_before": _FILE.c.held},
        where=offered >= stored if again else or_(offered > stored, later),
    ).returning(_FILE.c.held_before)


@cache
def _adding(dialect: str, part: _Part) -> Insert:
    # Should a revision come with fewer than an earlier one, those stored stay, and more go on after them.
    return insert_into(dialect, part.table).on_conflict_do_nothing()


@cache
def _selecting(part: _Part) -> Select[Any]:
    table = part.table
    mine = (table.c.reference == bindparam("file")) & (table.c.position >= bindparam("since", 0))
    columns = (table.c[name] for name in part.columns)
    return select(*columns).where(mine).order_by(table.c.position)


@cache
def _deleting(part: _Part) -> Delete:
    keys = (part.table.c[name] == bindparam(f"gone_{name}") for name in part.keys)
    return delete(part.table).where(part.table.c.reference == bindparam("file"), *keys)


@cache
def _replacing(dialect: str, part: _Part) -> Insert:
    insert = insert_into(dialect, part.table)
    keys = ["reference", *part.keys]
    others = {column.name: insert.excluded[column.name] for column in part.table.c if column.name not in keys}
    return insert.on_conflict_do_update(index_elements=keys, set_=others)
