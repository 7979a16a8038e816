"""The board's figures: reviews by kind and year (1.2a), and those of its annual report (1.2e, 1.3f)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Column, ColumnElement, case, extract, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.register import StoredAction, StoredDeadline, StoredFile

from .database import Register

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
        year: which.
        opened: files opened in it, by kind.
        decisions: decisions taken in it, by what was decided. A file counts with its latest decision.
        completed: reviews completed in it.
        published: reports published in it.
        closed: files closed in it.
        clocks: how each clock was kept, by name.
        actions: what became of the actions due in it.
    """

    year: int
    opened: Mapping[str, int]
    decisions: Mapping[str, int]
    completed: int
    published: int
    closed: int
    clocks: tuple[Timeliness, ...]
    actions: Actions


async def count_by_kind_and_year(register: Register) -> tuple[Count, ...]:
    """How many reviews of each kind were opened in each year, by year and kind (1.2a).

    Raises:
        RegisterAway: no answer in time.
    """
    year = extract("year", _FILE.c.opened_on)
    counted = select(year, _FILE.c.kind, func.count()).group_by(year, _FILE.c.kind).order_by(year, _FILE.c.kind)

    async def work(connection: AsyncConnection) -> tuple[Count, ...]:
        return tuple(Count(int(in_year), kind, files) for in_year, kind, files in await connection.execute(counted))

    return await register.read(work)


async def annual_report(register: Register, year: int) -> AnnualReport:
    """The figures for the annual report on a calendar year (1.2e, 1.3f).

    Raises:
        RegisterAway: no answer in time.
    """

    def in_year(column: Column[date | None]) -> ColumnElement[bool]:
        return column.between(date(year, 1, 1), date(year, 12, 31))

    def having(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    async def work(connection: AsyncConnection) -> AnnualReport:
        async def tally(column: Column[str], *conditions: ColumnElement[bool]) -> dict[str, int]:
            counted = select(column, func.count()).where(*conditions).group_by(column).order_by(column)
            return {row[0]: row[1] for row in await connection.execute(counted)}

        totals = select(
            having(in_year(_FILE.c.completed_on)),
            having(in_year(_FILE.c.published_on)),
            having(in_year(_FILE.c.closed_on)),
        )
        completed, published, closed = (await connection.execute(totals)).one()
        statuses = ("met", "met late", "overdue", "open")
        clock = (_DEADLINE.c.clock, _DEADLINE.c.rule, _DEADLINE.c.basis)
        kept = (
            select(*clock, *(having(_DEADLINE.c.status == status) for status in statuses))
            .where(in_year(_DEADLINE.c.due), _DEADLINE.c.status.in_(statuses))
            .group_by(*clock)
            .order_by(*clock)
        )
        due = in_year(_ACTION.c.due)
        outcome = select(having(_ACTION.c.done_on.is_not(None)), having(_ACTION.c.impact != "")).where(due)
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
