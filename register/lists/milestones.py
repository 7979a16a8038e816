"""How long the milestones of a review take, against the length that is set for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.days import counted_from
from models.tables.register import StoredDeadline

from ..engine import Register
from ..people.access import Reader

_DEADLINE = StoredDeadline.__table__

MILESTONES = (
    "notify_board",
    "notify_panel",
    "decision",
    "panel_told_not_initiated",
    "completion",
    "panel_copy",
    "publication",
    "learning_event",
)
"""The clocks of a review's way, in its order; see ``rulebooks/`` for their lengths."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """How one milestone was reached, over the deadlines that were due in the year.

    Arguments:
        clock: its name in the rulebook.
        on_time: met on its day or before.
        late: met after it.
        overdue: its day has passed and it is still to be met.
        open: its day has not passed yet.
        median_days: calendar days from the day it is counted from to the day it was met: half took longer. None
            when none was met, or when it is not counted from a day.
        longest_days: the most that one took; None likewise.
    """

    clock: str
    on_time: int
    late: int
    overdue: int
    open: int
    median_days: float | None
    longest_days: int | None

    @property
    def met(self) -> int:
        """How often it was met."""
        return self.on_time + self.late


async def milestones(
    register: Register, reader: Reader, *, today: date, year: int | None = None
) -> tuple[Milestone, ...]:
    """How each of :data:`MILESTONES` was reached, those without any deadline left out.

    Arguments:
        register: where.
        reader: for whom; files that are restricted to others are left out.
        today: in London: what was due before it and is not met is overdue.
        year: only what was due in it; None for all.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    columns = (_DEADLINE.c.clock, _DEADLINE.c.counted, _DEADLINE.c.due, _DEADLINE.c.met_on)
    wanted = [
        _DEADLINE.c.clock.in_(MILESTONES),
        _DEADLINE.c.status != "cancelled",
        reader.sees(_DEADLINE.c.reference),
    ]
    if year is not None:
        wanted.append(_DEADLINE.c.due.between(date(year, 1, 1), date(year, 12, 31)))
    # Many files share a day: the register counts them, and what comes is a fraction of the rows.
    found = select(*columns, func.count()).where(*wanted).group_by(*columns)

    async def work(connection: AsyncConnection) -> list[_Row]:
        return [_Row(*row) for row in await connection.execute(found)]

    by_clock = defaultdict(list)
    for row in await register.read(work):
        by_clock[row.clock].append(row)
    return tuple(_milestone(clock, by_clock[clock], today) for clock in MILESTONES if clock in by_clock)


@dataclass(frozen=True, slots=True)
class _Row:
    clock: str
    counted: str
    due: date
    met_on: date | None
    files: int


def _milestone(clock: str, rows: Iterable[_Row], today: date) -> Milestone:
    counts = dict.fromkeys(("on_time", "late", "overdue", "open"), 0)
    took: list[int] = []
    for row in rows:
        if row.met_on is None:
            counts["overdue" if row.due < today else "open"] += row.files
            continue
        counts["on_time" if row.met_on <= row.due else "late"] += row.files
        if start := _start(row.counted):
            took += [max((row.met_on - start).days, 0)] * row.files
    return Milestone(clock, **counts, median_days=median(took) if took else None, longest_days=max(took, default=None))


_start = lru_cache(maxsize=20_000)(counted_from)
