"""The secret address of somebody's calendar: made, shown once, renewed and removed. Only its digest is kept."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.access import StoredAccount, StoredAccountChange

from ..engine import Register
from .accounts import Account, digest, find_account

_ACCOUNT = StoredAccount.__table__
_CHANGE = StoredAccountChange.__table__


async def has_feed(register: Register, account: str, secret: str = "") -> bool:
    """Whether somebody has a calendar address; with a secret, whether it is this one.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    kept = await register.read(
        lambda connection: connection.scalar(select(_ACCOUNT.c.feed).where(_ACCOUNT.c.id == account))
    )
    return kept is not None and (not secret or secrets.compare_digest(kept, digest(secret)))


async def new_feed(register: Register, account: Account, *, now: datetime) -> str:
    """The secret of somebody's calendar address, in place of any earlier one, which then no longer works.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    secret = secrets.token_urlsafe(32)
    await _keep(register, account, digest(secret), "made a calendar address", now)
    return secret


async def remove_feed(register: Register, account: Account, *, now: datetime) -> None:
    """Somebody's calendar address no longer works.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    await _keep(register, account, None, "removed the calendar address", now)


async def account_of_feed(register: Register, secret: str) -> Account | None:
    """Whose calendar has this secret; None for nobody's, and for somebody who may no longer sign in.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    found = await register.read(
        lambda connection: connection.scalar(select(_ACCOUNT.c.id).where(_ACCOUNT.c.feed == digest(secret)))
    )
    account = await find_account(register, found) if found else None
    return account if account is not None and account.active else None


async def _keep(register: Register, account: Account, kept: str | None, what: str, now: datetime) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(update(_ACCOUNT).where(_ACCOUNT.c.id == account.id).values(feed=kept))
        change = {"account": account.id, "at": now, "changed_by": account.name, "what": what}
        await connection.execute(insert(_CHANGE).values(change))

    await register.change(work)
