"""Gives out references, each to one opening alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.register import StoredClaim, StoredFile

from ..engine import Register, insert_into

_CLAIM = StoredClaim.__table__
_FILE = StoredFile.__table__
_NUMBERED = re.compile(r"([A-Z][A-Z0-9]*)-([0-9]{4})-([0-9]{4,9})")


class ReferenceTaken(Exception):
    """A reference that belongs to another opening, or to a file that is there already."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"{reference} is already used: choose another reference, or leave it out for the next one.")
        self.reference = reference


@dataclass(frozen=True, slots=True)
class Claim:
    """A reference that belongs to an opening.

    Arguments:
        reference: the reference.
        opening: the opening's own id, as it was given.
        begun: whether the file was begun before: Temporal took it, or it is in the register.
    """

    reference: str
    opening: str
    begun: bool


async def claim_reference(register: Register, reference: str, opening: str, now: datetime) -> Claim:
    """Claims one reference for an opening. The same opening may ask again, after a crash or a lost answer.

    Arguments:
        register: where.
        reference: what the file is to be called.
        opening: what tells this opening from every other one, a random id or a digest of what is opened.
        now: business time.

    Raises:
        ReferenceTaken: another opening has it, or a file without a claim does.
        RegisterUnavailable: no answer in time; ask again with the same ``opening``.
    """

    return await register.change(lambda connection: _claim(connection, reference, opening, now))


async def claim_next_reference(register: Register, prefix: str, year: int, opening: str, now: datetime) -> Claim:
    """Claims the next free reference of a year: ``HSCB-2026-0001`` first, then one more than the highest.

    Arguments:
        register: where.
        prefix: the rulebook's, ``HSCB``.
        year: the year in the reference.
        opening: as for :func:`claim_reference`; asked again, it gets the same reference.
        now: business time.

    Raises:
        RegisterUnavailable: no answer in time; ask again with the same ``opening``.
    """

    return await register.change(lambda connection: _claim_next(connection, prefix, year, opening, now))


async def likely_next_reference(register: Register, prefix: str, year: int) -> str:
    """The reference that the next opening of a year would be given, were it carried out now. Claims nothing."""

    async def work(connection: AsyncConnection) -> str:
        ours = (_CLAIM.c.prefix == prefix) & (_CLAIM.c.year == year)
        number = await connection.scalar(select(func.max(_CLAIM.c.number)).where(ours)) or 0
        return f"{prefix}-{year}-{number + 1:04}"

    return await register.read(work)


async def _claim_next(connection: AsyncConnection, prefix: str, year: int, opening: str, now: datetime) -> Claim:
    if connection.dialect.name == "postgresql":
        # One at a time, as SQLite does by itself: an opening sent twice at once could get two references.
        await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{prefix}-{year}"))))
    ours = (_CLAIM.c.prefix == prefix) & (_CLAIM.c.year == year)
    before = select(_CLAIM.c.reference).where(ours, _CLAIM.c.opening == opening)
    if (reference := await connection.scalar(before)) is not None:
        return await _claim(connection, reference, opening, now)
    number = await connection.scalar(select(func.max(_CLAIM.c.number)).where(ours)) or 0
    while True:
        number += 1  # past those claimed by name meanwhile, and files that are there without a claim
        try:
            return await _claim(connection, f"{prefix}-{year}-{number:04}", opening, now)
        except ReferenceTaken:
            continue


async def _claim(connection: AsyncConnection, reference: str, opening: str, now: datetime) -> Claim:
    has_file = await connection.scalar(select(_FILE.c.revision).where(_FILE.c.reference == reference)) is not None
    claimed = select(_CLAIM.c.opening, _CLAIM.c.begun_at).where(_CLAIM.c.reference == reference)
    mine = (await connection.execute(claimed)).one_or_none()
    if mine is None and not has_file:
        row: dict[str, Any] = {"reference": reference, "opening": opening, "claimed_at": now, "begun_at": None}
        insert = insert_into(connection.dialect.name, _CLAIM).on_conflict_do_nothing()
        await connection.execute(insert, row | _taken_apart(reference))
        mine = (await connection.execute(claimed)).one_or_none()
    if mine is None or mine.opening != opening:
        raise ReferenceTaken(reference)
    return Claim(reference, opening, has_file or mine.begun_at is not None)


async def mark_begun(register: Register, reference: str, now: datetime) -> None:
    """Writes down that Temporal has taken a file's first run. ``now`` is business time.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    marking = _CLAIM.update().where(_CLAIM.c.reference == reference, _CLAIM.c.begun_at.is_(None)).values(begun_at=now)
    await register.change(lambda connection: connection.execute(marking))


async def begun_without_file(register: Register) -> list[str]:
    """References whose file was begun, and that the register has nothing of; in order.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    found = (
        select(_CLAIM.c.reference)
        .where(_CLAIM.c.begun_at.is_not(None), _CLAIM.c.reference.not_in(select(_FILE.c.reference)))
        .order_by(_CLAIM.c.reference)
    )

    async def work(connection: AsyncConnection) -> list[str]:
        return list(await connection.scalars(found))

    return await register.read(work)


async def release_claim(register: Register, reference: str) -> None:
    """Gives a reference back whose file is nowhere any more, so that it can be opened again.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    await register.change(lambda connection: connection.execute(_CLAIM.delete().where(_CLAIM.c.reference == reference)))


def _taken_apart(reference: str) -> dict[str, str | int | None]:
    found = _NUMBERED.fullmatch(reference)
    if found is None:
        return {"prefix": None, "year": None, "number": None}
    return {"prefix": found[1], "year": int(found[2]), "number": int(found[3])}
