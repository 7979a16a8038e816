"""Deadlines of all files that are still to be met: by day, for a calendar, a feed and the weekly list."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.responsible import work_of
from models.tables.register import StoredDeadline, StoredFile, StoredInvolvement

from ..engine import Register
from ..people.access import Reader

_FILE = StoredFile.__table__
_DEADLINE = StoredDeadline.__table__
_INVOLVED = StoredInvolvement.__table__

MOST = 5_000
"""The most deadlines that are given at once."""


@dataclass(frozen=True, slots=True)
class DueLine:
    """A deadline that is still to be met, with its file. The fields are those of the file and the deadline."""

    reference: str
    revision: int
    stage: str
    kind: str
    key: str
    clock: str
    rule: str
    title: str
    responsible: str
    due: date
    original_due: date
    counted: str
    met_on: date | None
    period: bool


@dataclass(frozen=True, slots=True)
class DueFilter:
    """Which deadlines. What is left out does not matter.

    Arguments:
        organisation: of files with this organisation involved, by its id.
        stage: of files in this stage.
        mine: those that are the work of one of these: see :func:`models.responsible.answers_for`.
        since, until: due on or after, on or before.
        periods: with periods that must run, which are nobody's task.
    """

    organisation: str = ""
    stage: str = ""
    mine: frozenset[str] | None = None
    since: date | None = None
    until: date | None = None
    periods: bool = True


@dataclass(frozen=True, slots=True)
class Due:
    """Some deadlines, and how many there are in all."""

    lines: tuple[DueLine, ...]
    total: int


async def deadlines_due(
    register: Register, reader: Reader, which: DueFilter, *, start: int = 0, limit: int = MOST
) -> Due:
    """Deadlines that are still to be met, by day and reference.

    Arguments:
        register: where.
        reader: for whom; files that are restricted to others are left out.
        which: the filter.
        start: how many to leave out at the beginning.
        limit: how many to give, at most :data:`MOST`.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    wanted = _conditions(reader, which)
    lines = (
        select(*_columns())
        .join(_FILE, _FILE.c.reference == _DEADLINE.c.reference)
        .where(*wanted)
        .order_by(_DEADLINE.c.due, _DEADLINE.c.reference, _DEADLINE.c.key)
        .offset(start)
        .limit(min(limit, MOST))
    )
    counted = (
        select(func.count()).join_from(_DEADLINE, _FILE, _FILE.c.reference == _DEADLINE.c.reference).where(*wanted)
    )

    async def work(connection: AsyncConnection) -> Due:
        found = tuple(DueLine(*row) for row in await connection.execute(lines))
        return Due(found, await connection.scalar(counted) or 0)

    return await register.read(work)


async def deadlines_by_day(register: Register, reader: Reader, which: DueFilter, *, each: int) -> Mapping[date, Due]:
    """The same by day, with the first few of each day and how many the day has.

    Arguments:
        register, reader, which: as for :func:`deadlines_due`.
        each: how many to give for a day.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    in_day = func.row_number().over(partition_by=_DEADLINE.c.due, order_by=(_DEADLINE.c.reference, _DEADLINE.c.key))
    of_day = func.count().over(partition_by=_DEADLINE.c.due)
    ranked = (
        select(*_columns(), in_day.label("place"), of_day.label("total"))
        .join(_FILE, _FILE.c.reference == _DEADLINE.c.reference)
        .where(*_conditions(reader, which))
        .subquery()
    )
    found = select(ranked).where(ranked.c.place <= each).order_by(ranked.c.due, ranked.c.place)

    async def work(connection: AsyncConnection) -> Mapping[date, Due]:
        days: dict[date, Due] = {}
        for *values, _, total in await connection.execute(found):
            line = DueLine(*values)
            before = days.get(line.due)
            days[line.due] = Due((*(before.lines if before else ()), line), total)
        return days

    return await register.read(work)


async def next_deadlines(register: Register, reader: Reader, references: Collection[str]) -> Mapping[str, DueLine]:
    """The first deadline of each of these files that is still to be met; a file with none is left out.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    place = func.row_number().over(partition_by=_DEADLINE.c.reference, order_by=(_DEADLINE.c.due, _DEADLINE.c.key))
    ranked = (
        select(*_columns(), place.label("place"))
        .join(_FILE, _FILE.c.reference == _DEADLINE.c.reference)
        .where(_DEADLINE.c.reference.in_(sorted(references)), *_conditions(reader, DueFilter()))
        .subquery()
    )
    found = select(ranked).where(ranked.c.place == 1)

    async def work(connection: AsyncConnection) -> Mapping[str, DueLine]:
        return {line.reference: line for *values, _ in await connection.execute(found) for line in [DueLine(*values)]}

    return await register.read(work)


async def organisations_on_files(register: Register, reader: Reader) -> tuple[tuple[str, str], ...]:
    """Every organisation that is involved in a file, as id and name, by name.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    name = func.min(_INVOLVED.c.name)
    found = (
        select(_INVOLVED.c.id, name).where(reader.sees(_INVOLVED.c.reference)).group_by(_INVOLVED.c.id).order_by(name)
    )

    async def work(connection: AsyncConnection) -> tuple[tuple[str, str], ...]:
        return tuple((row[0], row[1]) for row in await connection.execute(found))

    return await register.read(work)


async def names_on_files(register: Register, ids: Collection[str], reader: Reader) -> dict[str, str]:
    """What files call these organisations: the name for each id that is on one.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    if not ids:
        return {}
    seen = (_INVOLVED.c.id.in_(sorted(ids)), reader.sees(_INVOLVED.c.reference))
    found = select(_INVOLVED.c.id, func.min(_INVOLVED.c.name)).where(*seen).group_by(_INVOLVED.c.id)

    async def work(connection: AsyncConnection) -> dict[str, str]:
        return {row[0]: row[1] for row in await connection.execute(found)}

    return await register.read(work)


def _columns() -> list[ColumnElement[Any]]:
    return [
        (_FILE if name.name in ("revision", "stage", "kind") else _DEADLINE).c[name.name] for name in fields(DueLine)
    ]


def _conditions(reader: Reader, which: DueFilter) -> list[ColumnElement[bool]]:
    # What stands is what nobody has met: the stored status is of the day the file was last written.
    wanted = [_DEADLINE.c.met_on.is_(None), _DEADLINE.c.status != "cancelled", reader.sees(_DEADLINE.c.reference)]
    if which.since is not None:
        wanted.append(_DEADLINE.c.due >= which.since)
    if which.until is not None:
        wanted.append(_DEADLINE.c.due <= which.until)
    if not which.periods:
        wanted.append(_DEADLINE.c.period.is_(False))
    if which.stage:
        wanted.append(_FILE.c.stage == which.stage)
    if which.organisation:
        of_file = _INVOLVED.c.reference == _DEADLINE.c.reference
        wanted.append(exists().where(of_file, _INVOLVED.c.id == which.organisation))
    if which.mine is not None:
        wanted.append(is_theirs(which.mine))
    return wanted


def is_theirs(answers_for: frozenset[str]) -> ColumnElement[bool]:
    """Whether a deadline is the work of whoever answers for these: see :func:`models.responsible.work_of`."""
    return _DEADLINE.c.responsible.in_(sorted(work_of(answers_for)))
