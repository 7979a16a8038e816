"""Actions of all reviews: which there are, whose, what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.sections.s2_8_actions import BOARD
from models.tables.register import StoredAction, StoredInvolvement

from ..engine import Register
from ..people.access import Reader

_ACTION = StoredAction.__table__
_INVOLVED = StoredInvolvement.__table__

PAGE = 50
STATUSES = ("proposed", "agreed", "done", "closed", "declined")
"""Where an action can stand, in its order."""

TO_DO = ("proposed", "agreed")
"""Not done yet: only these can be overdue."""


@dataclass(frozen=True, slots=True)
class ActionLine:
    """An action as one line of a list. ``owner_name`` is empty when the file knows no such organisation."""

    reference: str
    id: str
    text: str
    owner: str
    owner_name: str
    status: str
    due: date | None
    done_on: date | None
    impact: str


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """Which actions. What is left out does not matter.

    Arguments:
        organisation: owned by this organisation, by its id, or by ``board``.
        status: with this status.
        owners: owned by one of these; None when it does not matter.
        overdue: only those that are overdue.
    """

    organisation: str = ""
    status: str = ""
    owners: Sequence[str] | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class OwnerLine:
    """How many actions an organisation owns: not done yet, of these overdue, and in all."""

    owner: str
    name: str
    to_do: int
    overdue: int
    total: int


@dataclass(frozen=True, slots=True)
class ActionPage:
    """Some of the actions that were asked for, how many there are in all, and how many of them are overdue."""

    actions: tuple[ActionLine, ...]
    total: int
    overdue: int


async def list_actions(
    register: Register, reader: Reader, which: ActionFilter, *, today: date, start: int = 0, limit: int = PAGE
) -> ActionPage:
    """Actions, overdue ones first, then what is still to do, each by due date.

    Arguments:
        register: where.
        reader: for whom; files that are restricted to others are left out.
        which: the filter.
        today: in London.
        start: how many to leave out at the beginning.
        limit: how many to give.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    late = _overdue(today)
    wanted = [reader.sees(_ACTION.c.reference)]
    if which.organisation:
        wanted.append(_ACTION.c.owner == which.organisation)
    if which.status:
        wanted.append(_ACTION.c.status == which.status)
    if which.owners is not None:
        wanted.append(_ACTION.c.owner.in_(which.owners))
    if which.overdue:
        wanted.append(late)
    columns = ("reference", "id", "text", "owner", "status", "due", "done_on", "impact")
    order = case((late, 0), (_ACTION.c.status.in_(TO_DO), 1), (_ACTION.c.status == "done", 2), else_=3)
    actions = (
        select(*(_ACTION.c[name] for name in columns), _INVOLVED.c.name.label("owner_name"))
        .outerjoin(_INVOLVED, and_(_INVOLVED.c.reference == _ACTION.c.reference, _INVOLVED.c.id == _ACTION.c.owner))
        .where(*wanted)
        .order_by(order, _ACTION.c.due.asc().nulls_last(), _ACTION.c.reference, _ACTION.c.position)
        .offset(start)
        .limit(limit)
    )
    counted = select(func.count(), func.coalesce(func.sum(case((late, 1), else_=0)), 0)).where(*wanted)

    async def work(connection: AsyncConnection) -> ActionPage:
        rows = (row._asdict() for row in await connection.execute(actions))
        found = tuple(ActionLine(**(row | {"owner_name": _name(row["owner"], row["owner_name"])})) for row in rows)
        total, overdue = (await connection.execute(counted)).one()
        return ActionPage(found, total, overdue)

    return await register.read(work)


async def actions_by_owner(register: Register, reader: Reader, *, today: date) -> tuple[OwnerLine, ...]:
    """How many actions each organisation owns, those with most overdue first.

    Raises:
        RegisterUnavailable: no answer in time.
    """

    def having(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    named = and_(_INVOLVED.c.reference == _ACTION.c.reference, _INVOLVED.c.id == _ACTION.c.owner)
    overdue = having(_overdue(today))
    found = (
        select(_ACTION.c.owner, func.min(_INVOLVED.c.name), having(_ACTION.c.status.in_(TO_DO)), overdue, func.count())
        .outerjoin(_INVOLVED, named)
        .where(reader.sees(_ACTION.c.reference))
        .group_by(_ACTION.c.owner)
        .order_by(overdue.desc(), _ACTION.c.owner)
    )

    async def work(connection: AsyncConnection) -> tuple[OwnerLine, ...]:
        rows = await connection.execute(found)
        return tuple(OwnerLine(owner, _name(owner, name), *counts) for owner, name, *counts in rows)

    return await register.read(work)


def _overdue(today: date) -> ColumnElement[bool]:
    return and_(_ACTION.c.status.in_(TO_DO), _ACTION.c.due < today)


def _name(owner: str, name: str | None) -> str:
    return "The board" if owner == BOARD else name or owner
