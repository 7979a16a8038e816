"""Lists files: which there are, filtered, by what is due next."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.register import StoredFile, StoredInvolvement

from ..engine import Register
from ..people.access import visible

_FILE = StoredFile.__table__
_INVOLVED = StoredInvolvement.__table__

PAGE = 50
MOST = 1_000
"""The longest page that is given."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which files to list. What is left out does not matter.

    Arguments:
        stage: in this stage.
        kind: of this kind of review.
        overdue: with something overdue, or with nothing.
        open: not closed yet, or closed.
        organisation: with this organisation involved, by its id.
        reference: with this text in the reference, in capitals or not.
        reader: the id of the account that asks: restricted files that it may not see are left out. Without one, all
            files are listed.
    """

    stage: str | None = None
    kind: str | None = None
    overdue: bool | None = None
    open: bool | None = None
    organisation: str | None = None
    reference: str = ""
    reader: str | None = None
    has_run: bool = False


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file as one line of a list. ``overdue`` counts its deadlines that are."""

    reference: str
    revision: int
    rulebook: str
    kind: str
    stage: str
    finding: str
    decision: str
    opened_on: date
    closed_on: date | None
    next_due: date | None
    overdue: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the files that were asked for, and how many there are in all."""

    files: tuple[FileLine, ...]
    total: int


async def list_files(register: Register, which: Filter | None = None, *, start: int = 0, limit: int = PAGE) -> Page:
    """Files by the date of what is due next, those with nothing due last, then by reference.

    Arguments:
        register: where.
        which: the filter; all files without one.
        start: how many to leave out at the beginning.
        limit: how many to give, at most :data:`MOST`.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    wanted = list(_conditions(which or Filter()))
    columns = [_FILE.c[field.name] for field in fields(FileLine)]
    files = (
        select(*columns)
        .where(*wanted)
        .order_by(_FILE.c.next_due.asc().nulls_last(), _FILE.c.reference)
        .offset(max(start, 0))
        .limit(min(max(limit, 0), MOST))
    )

    async def work(connection: AsyncConnection) -> Page:
        found = tuple(FileLine(*row) for row in await connection.execute(files))
        total = await connection.scalar(select(func.count()).select_from(_FILE).where(*wanted))
        return Page(found, total or 0)

    return await register.read(work)


def _conditions(which: Filter) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if which.stage is not None:
        wanted.append(_FILE.c.stage == which.stage)
    if which.kind is not None:
        wanted.append(_FILE.c.kind == which.kind)
    if which.overdue is not None:
        wanted.append(_FILE.c.overdue > 0 if which.overdue else _FILE.c.overdue == 0)
    if which.open is not None:
        wanted.append(_FILE.c.closed_on.is_(None) if which.open else _FILE.c.closed_on.is_not(None))
    if which.has_run:
        wanted.append(or_(_FILE.c.closed_on.is_(None), _FILE.c.next_due.is_not(None)))
    if which.organisation is not None:
        wanted.append(exists().where(_INVOLVED.c.reference == _FILE.c.reference, _INVOLVED.c.id == which.organisation))
    if which.reference:
        wanted.append(_FILE.c.reference.contains(which.reference.strip().upper(), autoescape=True))
    if which.reader is not None:
        wanted.append(visible(_FILE.c.reference, which.reader))
    return wanted
