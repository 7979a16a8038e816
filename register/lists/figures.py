"""The board's figures: reviews by kind and year (1.2a), and those of its annual report (1.2e, 1.3f)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Column, ColumnElement, case, extract, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.register import StoredAction, StoredDeadline, StoredFile

from ..engine import Register
from ..people.access import EVERYTHING, Reader

_FILE = StoredFile.__table__
_DEADLINE = StoredDeadline.__table__
_ACTION = StoredAction.__table__


@dataclass(frozen=True, slots=True)
class Count:
    """How many reviews of a kind were opened in a year."""

    year: int
    kind: str
    files: int


@dataclass(frozen=True, slots=True)
class StageCount:
    """How many files of a kind are in a stage."""

    kind: str
    stage: str
    files: int


@dataclass(frozen=True, slots=True)
class DecisionCount:
    """How often a decision was taken in a year. A file counts with its latest decision."""

    year: int
    decision: str
    files: int


@dataclass(frozen=True, slots=True)
class Timeliness:
    """How one clock was kept, over the deadlines that were due in the year. Cancelled ones do not count.

    Arguments:
        clock: the clock's name in the rulebook.
        rule: the framework's number.
        basis: set by statute, or the board's own.
        met: on its day or before.
        met_late: after its day.
        overdue: its day has passed and it is still to be met.
        open: its day has not passed yet.
    """

    clock: str
    rule: str
    basis: str
    met: int
    met_late: int
    overdue: int
    open: int


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions due in the year: how many in all, by status, done, and with impact recorded (1.2d)."""

    total: int
    by_status: Mapping[str, int]
    done: int
    impact_recorded: int


@dataclass(frozen=True, slots=True)
class AnnualReport:
    """The figures of one calendar year, as the register has them now.

    Arguments:
        year: which; None for all.
        opened: files opened in it, by kind.
        decisions: decisions taken in it, by what was decided. A file counts with its latest decision.
        completed: reviews completed in it.
        published: reports published in it.
        closed: files closed in it.
        clocks: how each clock was kept, by name.
        actions: what became of the actions due in it.
    """

    year: int | None
    opened: Mapping[str, int]
    decisions: Mapping[str, int]
    completed: int
    published: int
    closed: int
    clocks: tuple[Timeliness, ...]
    actions: Actions


async def count_by_kind_and_year(register: Register, reader: Reader = EVERYTHING) -> tuple[Count, ...]:
    """How many reviews of each kind were opened in each year, by year and kind (1.2a).

    Arguments:
        register: where.
        reader: for whom; files that are restricted to others are left out, here and below.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    year = extract("year", _FILE.c.opened_on)
    counted = (
        select(year, _FILE.c.kind, func.count())
        .where(reader.sees(_FILE.c.reference))
        .group_by(year, _FILE.c.kind)
        .order_by(year, _FILE.c.kind)
    )

    async def work(connection: AsyncConnection) -> tuple[Count, ...]:
        return tuple(Count(int(in_year), kind, files) for in_year, kind, files in await connection.execute(counted))

    return await register.read(work)


async def count_by_kind_and_stage(
    register: Register, reader: Reader = EVERYTHING, *, year: int | None = None
) -> tuple[StageCount, ...]:
    """Where the files of each kind stand; those opened in a year, or all.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    wanted = [reader.sees(_FILE.c.reference)]
    if year is not None:
        wanted.append(_in_year(_FILE.c.opened_on, year))
    both = (_FILE.c.kind, _FILE.c.stage)
    counted = select(*both, func.count()).where(*wanted).group_by(*both).order_by(*both)

    async def work(connection: AsyncConnection) -> tuple[StageCount, ...]:
        return tuple(StageCount(*row) for row in await connection.execute(counted))

    return await register.read(work)


async def count_decisions(register: Register, reader: Reader = EVERYTHING) -> tuple[DecisionCount, ...]:
    """How often each decision was taken in each year, those not to initiate a review among them (2.2e).

    Raises:
        RegisterUnavailable: no answer in time.
    """
    year = extract("year", _FILE.c.decided_on)
    counted = (
        select(year, _FILE.c.decision, func.count())
        .where(_FILE.c.decided_on.is_not(None), reader.sees(_FILE.c.reference))
        .group_by(year, _FILE.c.decision)
        .order_by(year, _FILE.c.decision)
    )

    async def work(connection: AsyncConnection) -> tuple[DecisionCount, ...]:
        rows = await connection.execute(counted)
        return tuple(DecisionCount(int(in_year), choice, files) for in_year, choice, files in rows)

    return await register.read(work)


async def annual_report(register: Register, year: int | None, reader: Reader = EVERYTHING) -> AnnualReport:
    """The figures for the annual report on a calendar year (1.2e, 1.3f), or of all years for ``None``.

    Arguments:
        register: where.
        year: which.
        reader: for whom; files that are restricted to others are left out.

    Raises:
        RegisterUnavailable: no answer in time.
    """

    def in_year(column: Column[date | None]) -> ColumnElement[bool]:
        return column.is_not(None) if year is None else _in_year(column, year)

    def having(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    async def work(connection: AsyncConnection) -> AnnualReport:
        async def tally(column: Column[str], *conditions: ColumnElement[bool]) -> dict[str, int]:
            seen = reader.sees(column.table.c.reference)
            counted = select(column, func.count()).where(seen, *conditions).group_by(column).order_by(column)
            return {row[0]: row[1] for row in await connection.execute(counted)}

        totals = select(
            having(in_year(_FILE.c.completed_on)),
            having(in_year(_FILE.c.published_on)),
            having(in_year(_FILE.c.closed_on)),
        ).where(reader.sees(_FILE.c.reference))
        completed, published, closed = (await connection.execute(totals)).one()
        statuses = ("met", "met late", "overdue", "open")
        clock = (_DEADLINE.c.clock, _DEADLINE.c.rule, _DEADLINE.c.basis)
        kept = (
            select(*clock, *(having(_DEADLINE.c.status == status) for status in statuses))
            .where(in_year(_DEADLINE.c.due), _DEADLINE.c.status.in_(statuses), reader.sees(_DEADLINE.c.reference))
            .group_by(*clock)
            .order_by(*clock)
        )
        due = in_year(_ACTION.c.due)
        outcome = select(having(_ACTION.c.done_on.is_not(None)), having(_ACTION.c.impact != "")).where(
            due, reader.sees(_ACTION.c.reference)
        )
        done, impact_recorded = (await connection.execute(outcome)).one()
        by_status = await tally(_ACTION.c.status, due)
        return AnnualReport(
            year=year,
            opened=await tally(_FILE.c.kind, in_year(_FILE.c.opened_on)),
            decisions=await tally(_FILE.c.decision, in_year(_FILE.c.decided_on)),
            completed=completed,
            published=published,
            closed=closed,
            clocks=tuple(Timeliness(*row) for row in await connection.execute(kept)),
            actions=Actions(sum(by_status.values()), by_status, done, impact_recorded),
        )

    return await register.read(work)


def _in_year(column: Column[date | None], year: int) -> ColumnElement[bool]:
    return column.between(date(year, 1, 1), date(year, 12, 31))
