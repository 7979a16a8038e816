"""One-off bank holidays that the calendar does not know, and who added and removed them, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.days import day_off, day_words
from models.tables.register import StoredExtraHoliday

from .engine import Register

_HOLIDAY = StoredExtraHoliday.__table__
_IN_FORCE = _HOLIDAY.c.removed_at.is_(None)


class FaultyHoliday(Exception):
    """A day that cannot be added or removed; its text says why."""


@dataclass(frozen=True, slots=True)
class ExtraHoliday:
    """A one-off bank holiday.

    Arguments:
        day: when it is.
        name: what it is for.
        added_at, added_by: when, and by whom.
        removed_at, removed_by: the same; None while it counts.
    """

    day: date
    name: str
    added_at: datetime
    added_by: str
    removed_at: datetime | None
    removed_by: str | None


async def extra_holidays(register: Register) -> tuple[ExtraHoliday, ...]:
    """Every one there ever was, by day, those that were removed among them.

    Raises:
        RegisterUnavailable: no answer in time.
    """

    async def work(connection: AsyncConnection) -> tuple[ExtraHoliday, ...]:
        columns = [_HOLIDAY.c[name] for name in ExtraHoliday.__slots__]
        found = await connection.execute(select(*columns).order_by(_HOLIDAY.c.day, _HOLIDAY.c.id))
        return tuple(ExtraHoliday(*row) for row in found)

    return await register.read(work)


async def days_in_force(connection: AsyncConnection) -> frozenset[date]:
    """The days that count as extra holidays now."""
    return frozenset(await connection.scalars(select(_HOLIDAY.c.day).where(_IN_FORCE)))


async def add_holiday(register: Register, day: date, *, name: str, by: str, at: datetime) -> None:
    """Adds a day; what it moves on open files moves when they are asked again.

    Raises:
        FaultyHoliday: it is no working day anyhow, or it has no name.
        NoCalendarError: there is no calendar for its year yet.
        RegisterUnavailable: no answer in time.
    """
    off = day_off(day, frozenset())
    if off is not None:
        what = f"a {day:%A}" if off == "weekend" else f"a bank holiday already ({off})"
        raise FaultyHoliday(f"{day_words(day)} is {what}: adding it would change nothing.")
    if not name.strip():
        raise FaultyHoliday("Say what the holiday is for: --name.")

    async def work(connection: AsyncConnection) -> bool:
        if day in await days_in_force(connection):
            return False
        await connection.execute(_HOLIDAY.insert().values(day=day, name=name.strip(), added_at=at, added_by=by))
        return True

    if not await register.change(work):
        raise FaultyHoliday(f"{day_words(day)} is an extra holiday already.")


async def remove_holiday(register: Register, day: date, *, by: str, at: datetime) -> None:
    """Removes a day; it is kept that it was one, with who added and who removed it.

    Raises:
        FaultyHoliday: it is none.
        RegisterUnavailable: no answer in time.
    """

    async def work(connection: AsyncConnection) -> bool:
        gone = _HOLIDAY.update().where(_HOLIDAY.c.day == day, _IN_FORCE).values(removed_at=at, removed_by=by)
        return (await connection.execute(gone)).rowcount > 0

    if not await register.change(work):
        raise FaultyHoliday(f"{day_words(day)} is no extra holiday.")
