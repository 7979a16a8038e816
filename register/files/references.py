"""Gives out references, each to one opening alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.register import StoredClaim, StoredFile

from .database import Register, insert_into

_CLAIM = StoredClaim.__table__
_FILE = StoredFile.__table__
_NUMBERED = re.compile(r"([A-Z][A-Z0-9]*)-([0-9]{4})-([0-9]{4,9})")


class ReferenceTaken(Exception):
    """A reference that belongs to another opening, or to a file that is there already."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"{reference} is taken: choose another reference, or leave it out to be given the next.")
        self.reference = reference


@dataclass(frozen=True, slots=True)
class Claim:
    """A reference that belongs to an opening.

    Arguments:
        reference: the reference.
        opening: the opening's own id, as it was given.
        has_file: whether a file by this reference is in the register: the opening was carried out before.
    """

    reference: str
    opening: str
    has_file: bool


async def claim_reference(register: Register, reference: str, opening: str, now: datetime) -> Claim:
    """Claims one reference for an opening. The same opening may ask again, after a crash or a lost answer.

    Arguments:
        register: where.
        reference: what the file is to be called.
        opening: what tells this opening from every other one, a random id or a digest of what is opened.
        now: business time.

    Raises:
        ReferenceTaken: another opening has it, or a file without a claim does.
        RegisterAway: no answer in time; ask again with the same ``opening``.
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
        RegisterAway: no answer in time; ask again with the same ``opening``.
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
    mine = await connection.scalar(select(_CLAIM.c.opening).where(_CLAIM.c.reference == reference))
    if mine is None and not has_file:
        row: dict[str, Any] = {"reference": reference, "opening": opening, "claimed_at": now}
        insert = insert_into(connection.dialect.name, _CLAIM).on_conflict_do_nothing()
        await connection.execute(insert, row | _taken_apart(reference))
        mine = await connection.scalar(select(_CLAIM.c.opening).where(_CLAIM.c.reference == reference))
    if mine != opening:
        raise ReferenceTaken(reference)
    return Claim(reference, opening, has_file)


def _taken_apart(reference: str) -> dict[str, str | int | None]:
    found = _NUMBERED.fullmatch(reference)
    if found is None:
        return {"prefix": None, "year": None, "number": None}
    return {"prefix": found[1], "year": int(found[2]), "number": int(found[3])}
