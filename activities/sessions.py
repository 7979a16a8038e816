"""Sessions of the pages: random, kept by their digest, over after a while unused, at the latest after a day's work."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models.register_access import StoredAccount, StoredSession

from .accounts import Account, digest
from .database import Register

_SESSION = StoredSession.__table__
_ACCOUNT = StoredAccount.__table__

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
_KEPT = timedelta(days=1)
"""How long a session that is over is still known: whoever was signed in then may have typed something."""
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in.

    Arguments:
        account: who.
        csrf: the token that each of their forms carries.
        idle_at: when it is over if nothing more is asked.
        ends_at: when it is over at the latest.
        over: whether it is over: then nothing may be done with it, but what was typed can be kept for its account.
    """

    account: Account
    csrf: str
    idle_at: datetime
    ends_at: datetime
    over: bool


async def begin_session(register: Register, account: str, *, now: datetime) -> str:
    """Signs an account in; the session's secret, for a cookie. What is long over is cleared away."""
    secret = secrets.token_urlsafe(32)
    values = {
        "digest": digest(secret),
        "account": account,
        "csrf": secrets.token_urlsafe(32),
        "began_at": now,
        "idle_at": now + IDLE,
        "ends_at": now + LONGEST,
        "over": False,
    }

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(delete(_SESSION).where(_SESSION.c.ends_at < now - _KEPT))
        await connection.execute(insert(_SESSION).values(values))

    await register.change(work)
    return secret


async def session_of(register: Register, secret: str, *, now: datetime, used: bool = True) -> Session | None:
    """The session with this secret, over or not; None when there is none.

    Arguments:
        register: where.
        secret: from the cookie.
        now: the present.
        used: whether somebody is there, so that it is not idle; not for what a page asks by itself.

    Raises:
        RegisterAway: no answer in time.
    """
    name = digest(secret)
    columns = (
        *(_ACCOUNT.c[n] for n in ("id", "name", "email", "roles", "organisation", "person", "password", "active")),
        *(_SESSION.c[n] for n in ("csrf", "idle_at", "ends_at", "over")),
    )
    found = select(*columns).join(_ACCOUNT, _ACCOUNT.c.id == _SESSION.c.account).where(_SESSION.c.digest == name)

    async def work(connection: AsyncConnection) -> Session | None:
        row = (await connection.execute(found)).one_or_none()
        if row is None:
            return None
        account = Account(
            row.id,
            row.name,
            row.email,
            frozenset(row.roles),
            row.organisation,
            row.person,
            bool(row.password),
            row.active,
        )
        over = row.over or not row.active or now >= min(row.idle_at, row.ends_at)
        return Session(account, row.csrf, row.idle_at, row.ends_at, over)

    session = await register.read(work)
    if session is None or session.over or not used:
        return session
    if session.idle_at - now < IDLE - _NOTED_EVERY:
        await register.change(
            lambda connection: connection.execute(
                update(_SESSION).where(_SESSION.c.digest == name).values(idle_at=now + IDLE)
            )
        )
    return session


async def end_session(register: Register, secret: str) -> None:
    """Signs out."""
    await register.change(
        lambda connection: connection.execute(
            update(_SESSION).where(_SESSION.c.digest == digest(secret)).values(over=True)
        )
    )
