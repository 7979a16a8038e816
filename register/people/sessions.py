"""Sessions of the pages: random, kept by their digest, over after a while unused, at the latest after a day's work."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.access import StoredAccount, StoredSession

from ..engine import Register
from ..unavailable import RegisterUnavailable
from .accounts import Account, digest, from_row

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

    @property
    def until(self) -> datetime:
        """When it is over if nothing more is asked, or at the latest."""
        return min(self.idle_at, self.ends_at)

    @property
    def can_go_on(self) -> bool:
        """Whether asking for something puts its end off."""
        return self.idle_at < self.ends_at


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
        RegisterUnavailable: no answer in time.
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
        account = from_row(row)
        over = row.over or not row.active or now >= min(row.idle_at, row.ends_at)
        return Session(account, row.csrf, row.idle_at, row.ends_at, over)

    session = await register.read(work)
    if session is None or session.over or not used:
        return session
    if session.idle_at - now < IDLE - _NOTED_EVERY:
        noted = update(_SESSION).where(_SESSION.c.digest == name).values(idle_at=now + IDLE)
        # A register that takes no write, as its disk is full, is still read, /health above all.
        with suppress(RegisterUnavailable):
            await register.change(lambda connection: connection.execute(noted))
            session = replace(session, idle_at=now + IDLE)
    return session


async def end_session(register: Register, secret: str) -> None:
    """Signs out."""
    await register.change(
        lambda connection: connection.execute(
            update(_SESSION).where(_SESSION.c.digest == digest(secret)).values(over=True)
        )
    )


async def is_own_token(register: Register, account: str, token: str) -> bool:
    """Whether a form's token is of an earlier session of the same account: its page was open since before.

    Arguments:
        register: where.
        account: the id of the account that sends the form.
        token: as the form carries it.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    found = select(_SESSION.c.digest).where(_SESSION.c.account == account, _SESSION.c.csrf == token)

    async def work(connection: AsyncConnection) -> bool:
        return await connection.scalar(found) is not None

    return await register.read(work)


async def end_sessions(register: Register, account: str, *, but: str = "") -> int:
    """Signs an account out everywhere; how many sessions that ended.

    Arguments:
        register: where.
        account: its id.
        but: the secret of the one session that goes on.
    """
    others = (_SESSION.c.account == account, _SESSION.c.digest != digest(but), _SESSION.c.over.is_(False))

    async def work(connection: AsyncConnection) -> int:
        return (await connection.execute(update(_SESSION).where(*others).values(over=True))).rowcount

    return await register.change(work)


async def count_sessions(register: Register, account: str, *, now: datetime) -> int:
    """In how many browsers an account is signed in."""
    live = (_SESSION.c.over.is_(False), _SESSION.c.idle_at > now, _SESSION.c.ends_at > now)
    found = select(func.count()).select_from(_SESSION).where(_SESSION.c.account == account, *live)

    async def work(connection: AsyncConnection) -> int:
        return await connection.scalar(found) or 0

    return await register.read(work)
