"""The work list: open deadlines of all files by their day, with how many there are behind each filter."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.recipient import Recipient
from models.responsible import ASKED_OF_ORGANISATIONS, organisation_of, work_of
from models.tables.access import StoredRestriction
from models.tables.register import StoredDeadline, StoredFile, StoredInvolvement

from ..engine import Register
from ..people.access import Reader
from .deadlines import is_theirs

_FILE = StoredFile.__table__
_DEADLINE = StoredDeadline.__table__
_INVOLVED = StoredInvolvement.__table__
_RESTRICTION = StoredRestriction.__table__

PAGE = 50


@dataclass(frozen=True, slots=True)
class Asker(Reader):
    """Who asks for a work list.

    Arguments:
        answers_for: what they are responsible for, as deadlines name it.
    """

    answers_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """Which deadlines to list. What is left out does not matter.

    Arguments:
        stage, kind: of the file.
        overdue: those that have passed alone.
        organisation: asked of this organisation, by its id.
        mine: those alone that the reader answers for.
        reference: with this text in the file's reference, in capitals or not.
    """

    stage: str | None = None
    kind: str | None = None
    overdue: bool = False
    organisation: str | None = None
    mine: bool = False
    reference: str = ""


@dataclass(frozen=True, slots=True)
class WorkLine:
    """An open deadline as one line of the work list. ``organisation`` is the name of the one that was asked."""

    reference: str
    key: str
    clock: str
    rule: str
    title: str
    basis: str
    responsible: str
    due: date
    original_due: date
    counted: str
    met_on: date | None
    period: bool
    regime: str
    stage: str
    kind: str
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many deadlines each choice of a filter would give, the other filters staying as they are."""

    overdue: int = 0
    mine: int = 0
    stages: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkPage:
    """Some of the deadlines that were asked for, how many there are in all, and how many of them have passed."""

    lines: tuple[WorkLine, ...]
    total: int
    overdue: int
    counts: Counts


_Asked = tuple[str, str, date]
_Stamp = tuple[Any, ...]


class Kept:
    """What was counted last, for whoever asks the same before any file or restriction has changed.

    Counting goes through every open deadline; nearly always nothing has changed since the page before.
    """

    def __init__(self) -> None:
        self._groups: dict[_Asked, tuple[_Stamp, float, list[_Group]]] = {}

    def get(self, asked: _Asked, stamp: _Stamp) -> list[_Group] | None:
        """What was counted for the same question while the register was the same, and not too long ago."""
        before, at, groups = self._groups.get(asked, ((), 0.0, []))
        return groups if before == stamp and time.monotonic() < at + KEPT_SECONDS else None

    def put(self, asked: _Asked, stamp: _Stamp, groups: list[_Group]) -> None:
        """Keeps it; of too many questions the oldest is forgotten."""
        self._groups.pop(asked, None)
        if len(self._groups) >= KEPT_MOST:
            del self._groups[next(iter(self._groups))]
        self._groups[asked] = (stamp, time.monotonic(), groups)


KEPT_SECONDS, KEPT_MOST = 60.0, 200
"""How long, and how many. A file that is mended at the revision it had before is seen when the time is over."""


@dataclass(frozen=True, slots=True)
class _Group:
    """How many deadlines of some kind there are, and how many of them have passed."""

    stage: str
    kind: str
    responsible: str
    late: int
    number: int


async def work_list(
    register: Register,
    reader: Asker,
    today: date,
    which: WorkFilter | None = None,
    *,
    start: int = 0,
    limit: int = PAGE,
    kept: Kept | None = None,
) -> WorkPage:
    """Open deadlines by their day, so that those that have passed come first.

    Periods that only have to run are nobody's work and are left out. Whether a deadline has passed is seen from
    ``today``: what the register says of it is as of the file's last step.

    Arguments:
        register: where.
        reader: who asks.
        today: today in London.
        which: the filter.
        start: how many to leave out at the beginning.
        limit: how many to give, at most :data:`PAGE`.
        kept: what was counted before, to be used again.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    which = which or WorkFilter()

    async def work(connection: AsyncConnection) -> WorkPage:
        groups = await _counted(connection, reader, which, today, kept)
        late = sum(group.late for group in groups if _fits(group, which, reader))
        total = late if which.overdue else sum(group.number for group in groups if _fits(group, which, reader))
        picked = _picked(reader, which, today, connection.dialect.name == "sqlite")
        page = picked.offset(max(start, 0)).limit(min(max(limit, 0), PAGE))
        lines = await _lines(connection, page) if total else ()
        return WorkPage(lines, total, late, _counts(groups, which, reader))

    return await register.read(work)


def _seen(reader: Asker, which: WorkFilter, reference: ColumnElement[str]) -> list[ColumnElement[bool]]:
    """Which files count at all, by their reference: those that may be seen, and fit what is searched for."""
    found = [reader.sees(reference)]
    if searched := which.reference.strip().upper():
        found.append(reference.contains(searched, autoescape=True))
    return found


def _standing() -> list[ColumnElement[bool]]:
    return [_DEADLINE.c.met_on.is_(None), _DEADLINE.c.period.is_(False)]


def _grouped(seen: list[ColumnElement[bool]], today: date) -> Select[Any]:
    # First by file, in the order of an index that has all of it: files are then looked up once each.
    passed = _DEADLINE.c.due < today
    late = func.sum(case((passed, 1), else_=0)).label("late")
    of_files = (
        select(_DEADLINE.c.reference, _DEADLINE.c.responsible, late, func.count().label("number"))
        .where(*_standing())
        .group_by(_DEADLINE.c.reference, _DEADLINE.c.responsible)
        .subquery()
    )
    groups = (_FILE.c.stage, _FILE.c.kind, of_files.c.responsible)
    return (
        select(*groups, func.sum(of_files.c.late), func.sum(of_files.c.number))
        .join_from(of_files, _FILE, _FILE.c.reference == of_files.c.reference)
        .where(*seen)
        .group_by(*groups)
    )


async def _counted(
    connection: AsyncConnection, reader: Asker, which: WorkFilter, today: date, kept: Kept | None
) -> list[_Group]:
    async def counted() -> list[_Group]:
        rows = await connection.execute(_grouped(_seen(reader, which, _FILE.c.reference), today))
        return [_Group(*row) for row in rows]

    if kept is None:
        return await counted()
    asked = ("" if reader.reads_all else reader.account, which.reference.strip().upper(), today)
    stamp = tuple((await connection.execute(_STAMP)).one())
    groups = kept.get(asked, stamp)
    if groups is None:
        groups = await counted()
        kept.put(asked, stamp, groups)
    return groups


_STAMP = select(
    select(func.count()).select_from(_FILE).scalar_subquery(),
    select(func.sum(_FILE.c.revision)).scalar_subquery(),
    select(func.count()).select_from(_RESTRICTION).scalar_subquery(),
    select(func.max(_RESTRICTION.c.since)).scalar_subquery(),
)
"""Is another one whenever a file comes to another revision, or who may read one changes."""


def _narrowed(which: WorkFilter, reader: Asker, today: date, on_sqlite: bool) -> Iterable[ColumnElement[bool]]:
    # SQLite takes an index of the files for a stage, though half of them may be in it, and then sorts all their
    # deadlines. Of an expression it has no index: read by their day, the first fifty are soon found. PostgreSQL knows
    # how many there are, and would not if it were asked so.
    stage, kind = (_FILE.c.stage + "", _FILE.c.kind + "") if on_sqlite else (_FILE.c.stage, _FILE.c.kind)
    if which.stage is not None:
        yield stage == which.stage
    if which.kind is not None:
        yield kind == which.kind
    if which.overdue:
        yield _DEADLINE.c.due < today
    if which.organisation is not None:
        yield _DEADLINE.c.responsible.in_([Recipient.of(kind, which.organisation) for kind in ASKED_OF_ORGANISATIONS])
    if which.mine:
        yield is_theirs(reader.answers_for)


def _picked(reader: Asker, which: WorkFilter, today: date, on_sqlite: bool) -> Select[Any]:
    """Which deadlines are asked for, in their order. A page far down skips them here, before any is read whole.

    Files are joined only if they narrow it: an index has the rest. Every deadline has its file.
    """
    by_file = which.stage is not None or which.kind is not None or bool(which.reference.strip())
    reference = _FILE.c.reference if by_file else _DEADLINE.c.reference
    wanted = [*_standing(), *_seen(reader, which, reference), *_narrowed(which, reader, today, on_sqlite)]
    picked = select(_DEADLINE.c.reference, _DEADLINE.c.key).where(*wanted).order_by(*_IN_ORDER)
    return picked.join_from(_DEADLINE, _FILE, _FILE.c.reference == _DEADLINE.c.reference) if by_file else picked


_IN_ORDER = (_DEADLINE.c.due, _DEADLINE.c.reference, _DEADLINE.c.key)


async def _lines(connection: AsyncConnection, page: Select[Any]) -> tuple[WorkLine, ...]:
    names = [name for name in WorkLine.__slots__ if name not in ("regime", "stage", "kind", "organisation")]
    columns = (*(_DEADLINE.c[name] for name in names), _FILE.c.regime, _FILE.c.stage, _FILE.c.kind)
    of_page = page.subquery()
    same = and_(_DEADLINE.c.reference == of_page.c.reference, _DEADLINE.c.key == of_page.c.key)
    found = (
        select(*columns)
        .join_from(of_page, _DEADLINE, same)
        .join(_FILE, _FILE.c.reference == of_page.c.reference)
        .order_by(*_IN_ORDER)
    )
    lines = [WorkLine(*row) for row in await connection.execute(found)]
    asked = {(line.reference, organisation_of(line.responsible)) for line in lines if organisation_of(line.responsible)}
    if not asked:
        return tuple(lines)
    of_files = select(_INVOLVED.c.reference, _INVOLVED.c.id, _INVOLVED.c.name).where(
        _INVOLVED.c.reference.in_(sorted({reference for reference, _ in asked}))
    )
    called = {(row.reference, row.id): row.name for row in await connection.execute(of_files)}
    named = ((line, called.get((line.reference, organisation_of(line.responsible)), "")) for line in lines)
    return tuple(replace(line, organisation=name) for line, name in named)


def _fits(group: _Group, which: WorkFilter, reader: Asker, leaving_out: str = "") -> bool:
    """Whether a group is among those asked for, one of the filters left out of account."""
    return (
        (leaving_out == "stage" or which.stage in (None, group.stage))
        and (leaving_out == "kind" or which.kind in (None, group.kind))
        and (leaving_out == "organisation" or which.organisation in (None, organisation_of(group.responsible)))
        and (leaving_out == "mine" or not which.mine or group.responsible in work_of(reader.answers_for))
    )


def _counts(groups: list[_Group], which: WorkFilter, reader: Asker) -> Counts:
    stages, kinds, organisations = Counter[str](), Counter[str](), Counter[str]()
    overdue = mine = 0
    for group in groups:
        number = group.late if which.overdue else group.number
        asked = organisation_of(group.responsible)
        if _fits(group, which, reader):
            overdue += group.late
        if _fits(group, which, reader, "stage"):
            stages[group.stage] += number
        if _fits(group, which, reader, "kind"):
            kinds[group.kind] += number
        if asked and _fits(group, which, reader, "organisation"):
            organisations[asked] += number
        if group.responsible in work_of(reader.answers_for) and _fits(group, which, reader, "mine"):
            mine += number
    return Counts(overdue, mine, dict(stages), dict(kinds), dict(organisations))
