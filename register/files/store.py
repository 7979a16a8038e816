"""Writes a file into the register from what its workflow knows, and reads it back as the same plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from hashlib import blake2b
from operator import attrgetter
from typing import Any

from sqlalchemy import Delete, Select, Table, bindparam, delete, select
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
from models.tables.register import (
    StoredAction,
    StoredDeadline,
    StoredEntry,
    StoredEvent,
    StoredFile,
    StoredFileDocument,
    StoredInvolvement,
    StoredNotice,
)

from ..engine import Insert, Register, insert_into
from .behind import RegisterAhead


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
_GROWING = (_ENTRIES, _EVENTS)
"""What is added to: the record and the timeline. A row keeps its position, also when another takes its place."""

_STANDING = (
    _Part("deadlines", StoredDeadline.__table__, DeadlineRow),
    _Part("notices", StoredNotice.__table__, NoticeRow),
    _Part("actions", StoredAction.__table__, ActionRow),
    _Part("organisations", StoredInvolvement.__table__, OrganisationRow),
    _Part("documents", StoredFileDocument.__table__, DocumentRow),
)
"""What stands as of a revision, and is brought into line with it."""

_NOTHING: tuple[int, dict[str, Any]] = (-1, {})

_FILE = StoredFile.__table__
_OWN = tuple(column.name for column in _FILE.c if column.name != "held")
"""What the file's own row has, in the order of :class:`Projection`; reference first."""


async def write(register: Register, projection: Projection, *, instead: bool = False) -> bool:
    """Brings the register up to one revision of a file, in one transaction.

    Only a higher revision than the stored one counts: it may be sent twice, late, out of order, or by several at once.
    Entries and events that are stored are left, but for those that were replaced since; the rest becomes what the
    projection says.

    Arguments:
        register: where.
        projection: the whole file, as its workflow knows it.
        instead: put it in the place of whatever is stored, once a person has said so.

    Returns:
        Whether it counted.

    Raises:
        RegisterAhead: the register has what the file does not; nothing was written.
        RegisterUnavailable: no answer in time; ask again.
        ValueError: two rows of the projection have the same key.
    """

    async def work(connection: AsyncConnection) -> bool:
        holds = _holds(projection)
        stored = await _stored(connection, projection, holds)
        revision, held = stored or _NOTHING
        if instead:
            await _remove(connection, projection, (*_GROWING, *_STANDING))
            revision, held = _NOTHING
        elif stored is not None:
            for part in _GROWING:
                await _check_behind(connection, projection, part, revision, held)
            if projection.revision <= revision:
                return False
        if stored is not None:
            await connection.execute(_UPDATING, _own(projection, holds) | {"file": projection.reference})
        for part in _GROWING:
            stored_rows = held.get(part.name, (0,))[0]
            await _replace(connection, projection, part, since=revision, stored=stored_rows)
            await _append(connection, projection, part, stored_rows)
        for part in _STANDING:
            if held.get(part.name) != holds[part.name]:
                await _align(connection, projection, part)
        return True

    return await register.change(work)


async def read_file(register: Register, reference: str) -> Projection | None:
    """A whole file as it was last written, or None when the register has none by this reference.

    Raises:
        RegisterUnavailable: no answer in time.
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
        RegisterUnavailable: no answer in time.
    """
    return await register.read(lambda connection: _rows(connection, _ENTRIES, reference, since))


async def read_events(register: Register, reference: str, since: int = 0) -> tuple[Event, ...]:
    """A file's timeline from a position on (0 is the first): empty when there is none.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    return await register.read(lambda connection: _rows(connection, _EVENTS, reference, since))


def _holds(projection: Projection) -> dict[str, Any]:
    ends: dict[str, Any] = {part.name: _end(part, getattr(projection, part.name)) for part in _GROWING}
    return ends | {part.name: _digest(getattr(projection, part.name)) for part in _STANDING}


def _end(part: _Part, rows: Sequence[Any]) -> list[Any]:
    """How many there are, and which the last one is."""
    return [len(rows), _identity(part, rows[-1]) if rows else ""]


def _identity(part: _Part, row: Any) -> str:
    """What tells a row of a record or a timeline from every other, also after another body took its place."""
    names = ("recorded_at", "name", "id") if part is _ENTRIES else ("at", "what")
    return " ".join(str(getattr(row, name)) for name in names)


def _digest(rows: Sequence[Any]) -> str:
    return blake2b(repr(rows).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def _own(projection: Projection, holds: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(projection, name) for name in _OWN[1:]} | {"held": holds}


async def _stored(
    connection: AsyncConnection, projection: Projection, holds: dict[str, Any]
) -> tuple[int, dict[str, Any]] | None:
    """The revision that is stored, and what hangs from it; None when the file's own row was just added.

    On both databases whoever has the row makes others wait.
    """
    found = (await connection.execute(_LOOKING, {"file": projection.reference})).one_or_none()
    if found is None:
        added = _ADDING_FILE[connection.dialect.name]
        if (await connection.execute(added, {"reference": projection.reference, **_own(projection, holds)})).rowcount:
            return None
        # Somebody else has just added it.
        found = (await connection.execute(_LOOKING, {"file": projection.reference})).one()
    return found.revision, found.held


async def _check_behind(
    connection: AsyncConnection, projection: Projection, part: _Part, revision: int, held: dict[str, Any]
) -> None:
    """What is stored of a part must be how the projection's begins, or go on from it when this comes late."""
    stored, last = held[part.name]
    rows = getattr(projection, part.name)
    if stored <= len(rows):
        more = projection.revision > revision or stored == len(rows)  # What was added since came with a revision.
        same = more and (not stored or _identity(part, rows[stored - 1]) == last)
    else:
        there = (await _rows(connection, part, projection.reference, len(rows) - 1))[:1] if rows else ()
        same = revision > projection.revision and all(
            _identity(part, row) == _identity(part, rows[-1]) for row in there
        )
    if not same:
        raise RegisterAhead(
            f"the register has {stored} {part.name} at revision {revision}, the file {len(rows)} others at revision "
            f"{projection.revision}: starter.py recheck {projection.reference} shows both, and asks which side counts"
        )


async def _remove(connection: AsyncConnection, projection: Projection, parts: Sequence[_Part]) -> None:
    for part in parts:
        await connection.execute(delete(part.table).where(part.table.c.reference == projection.reference))


async def _replace(
    connection: AsyncConnection, projection: Projection, part: _Part, *, since: int, stored: int
) -> None:
    """Rows that were replaced after the stored revision, each at its position."""
    rows = getattr(projection, part.name)
    for position, revision in projection.replaced.get(part.name, {}).items():
        if revision > since and int(position) < stored:
            values = part.values(rows[: int(position) + 1], since=int(position))[0]
            there = (part.table.c.reference == projection.reference) & (part.table.c.position == int(position))
            await connection.execute(
                part.table.update().where(there).values(dict(zip(part.columns, values, strict=True)))
            )


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


_ADDING_FILE = {name: insert_into(name, _FILE).on_conflict_do_nothing() for name in ("sqlite", "postgresql")}
_LOOKING = select(_FILE.c.revision, _FILE.c.held).where(_FILE.c.reference == bindparam("file")).with_for_update()
_UPDATING = (
    _FILE.update()
    .where(_FILE.c.reference == bindparam("file"))
    .values({name: bindparam(name) for name in (*_OWN[1:], "held")})
)


@cache
def _adding(dialect: str, part: _Part) -> Insert:
    return insert_into(dialect, part.table)


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
