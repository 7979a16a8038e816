"""Files restricted to named people, and the audit of who looked at or took away what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, insert, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.access import StoredAccess, StoredAccount, StoredRestriction

from ..engine import Register
from .accounts import Account

_RESTRICTION = StoredRestriction.__table__
_ACCESS = StoredAccess.__table__
_ACCOUNT = StoredAccount.__table__


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody looked at a file, or took something away. ``who`` is the account's name."""

    at: datetime
    who: str
    what: str


def visible(reference: ColumnElement[str], account: str, *, reads_all: bool = False) -> ColumnElement[bool]:
    """The condition under which somebody may see what belongs to a file, for any query that crosses files.

    Arguments:
        reference: the query's column with the file's reference.
        account: the id of the account that asks.
        reads_all: whether that account reads restricted files without being named: an auditor's does.
    """
    if reads_all:
        return true()
    restriction = _RESTRICTION.alias()
    of_file = restriction.c.reference == reference
    return ~exists().where(of_file) | exists().where(of_file, restriction.c.account == account)


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom files are read: what is restricted to others is left out.

    Arguments:
        account: the id of the account that asks; empty for somebody without one, who sees nothing restricted.
        reads_all: whether they read restricted files without being named.
    """

    account: str = ""
    reads_all: bool = False

    def sees(self, reference: ColumnElement[str]) -> ColumnElement[bool]:
        """The condition under which they may see what belongs to a file."""
        return visible(reference, self.account, reads_all=self.reads_all)


EVERYTHING = Reader(reads_all=True)
"""Reads every file: for the board's own figures and for operations, who see no file's content by it."""


def reader_of(account: Account) -> Reader:
    """An account as a reader of files."""
    return Reader(account.id, "auditor" in account.roles)


async def restricted_to(register: Register, reference: str) -> frozenset[str]:
    """The accounts a file is restricted to; empty when it is not restricted."""

    async def work(connection: AsyncConnection) -> frozenset[str]:
        found = select(_RESTRICTION.c.account).where(_RESTRICTION.c.reference == reference)
        return frozenset(await connection.scalars(found))

    return await register.read(work)


async def restrict(register: Register, reference: str, accounts: Collection[str], *, by: str, now: datetime) -> None:
    """Restricts a file to these accounts; to none, and it is open to every reader again. The audit keeps it.

    Arguments:
        register: where.
        reference: the file.
        accounts: their ids. Whoever restricts it is always among them: nobody shuts themselves out.
        by: the id of the account that decides it.
        now: the present.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    named = sorted({*accounts, by}) if accounts else []

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(delete(_RESTRICTION).where(_RESTRICTION.c.reference == reference))
        rows = [{"reference": reference, "account": account, "since": now, "by": by} for account in named]
        what = "opened to every reader again"
        if rows:
            await connection.execute(insert(_RESTRICTION), rows)
            found = select(_ACCOUNT.c.name).where(_ACCOUNT.c.id.in_(named)).order_by(_ACCOUNT.c.name)
            what = f"restricted to {', '.join(await connection.scalars(found))}"
        await connection.execute(insert(_ACCESS).values(at=now, account=by, reference=reference, what=what))

    await register.change(work)


async def note_access(register: Register, reference: str, account: str, what: str, *, now: datetime) -> None:
    """Writes down that somebody looked at or took away something: ``read the file``, ``downloaded a document``."""
    await register.change(
        lambda connection: connection.execute(
            insert(_ACCESS).values(at=now, account=account, reference=reference, what=what)
        )
    )


async def accesses(register: Register, reference: str, *, limit: int = 200) -> tuple[Access, ...]:
    """Who looked at a file, the latest first."""
    found = (
        select(_ACCESS.c.at, _ACCOUNT.c.name, _ACCESS.c.account, _ACCESS.c.what)
        .outerjoin(_ACCOUNT, _ACCOUNT.c.id == _ACCESS.c.account)
        .where(_ACCESS.c.reference == reference)
        .order_by(_ACCESS.c.number.desc())
        .limit(limit)
    )

    async def work(connection: AsyncConnection) -> tuple[Access, ...]:
        return tuple(Access(row.at, row.name or row.account, row.what) for row in await connection.execute(found))

    return await register.read(work)
