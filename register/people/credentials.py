"""How somebody shows who they are: a password, a one-time link to choose one, or the identity provider's word."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.access import StoredAccount, StoredInvitation, StoredSession

from ..engine import Register
from .accounts import Account, digest, find, from_row, note
from .passwords import hashed, is_outdated, matches

_ACCOUNT = StoredAccount.__table__
_INVITATION = StoredInvitation.__table__
_SESSION = StoredSession.__table__

INVITED_FOR = timedelta(days=3)
"""How long a one-time link to choose a password can be used."""


class LinkSpent(Exception):
    """A one-time link that was used, has run out, or was never given."""

    def __init__(self) -> None:
        super().__init__("This link has already been used or has expired. Ask an administrator for a new one.")


class NoSuchIdentity(Exception):
    """The identity provider's word for somebody fits no account. Its text says what to do."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tried to sign in.

    Arguments:
        account: who they are; None when they have not shown it.
        of: the id of the account they named; empty when there is none. For the log alone, never for an answer.
    """

    account: Account | None
    of: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, as the identity provider says.

    Arguments:
        issuer: the provider.
        subject: its name for them, never given to anybody else.
        email: their address; empty when it gives none or has not made sure of it.
    """

    issuer: str
    subject: str
    email: str


async def check_password(register: Register, email: str, password: str) -> Attempt:
    """Who signs in so. It takes as long whether there is such an account or not.

    Raises:
        RegisterUnavailable: no answer in time.
    """

    async def work(connection: AsyncConnection) -> Any:
        found = await connection.execute(select(_ACCOUNT).where(_ACCOUNT.c.email == email.strip().lower()))
        return found.one_or_none()

    row = await register.read(work)
    right = await matches(row.password if row is not None else "", password)
    if row is None or not right or not row.active:
        return Attempt(None, row.id if row is not None else "")
    if is_outdated(row.password):
        renewed = update(_ACCOUNT).where(_ACCOUNT.c.id == row.id, _ACCOUNT.c.password == row.password)
        fresh = await hashed(password)
        await register.change(lambda connection: connection.execute(renewed.values(password=fresh)))
    return Attempt(from_row(row), row.id)


async def change_password(register: Register, account: Account, password: str, *, now: datetime) -> None:
    """Sets the password of somebody who is signed in and has shown their present one; ends all their sessions.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    kept = await hashed(password)
    await register.change(lambda connection: _set_password(connection, account, kept, "changed the password", now))


async def invite(register: Register, account: str, *, by: str, now: datetime) -> str:
    """The secret of a new one-time link to choose a password; earlier ones are spent by it.

    Arguments:
        register: where.
        account: whose, by its id.
        by: who gives it, for the audit.
        now: the present.

    Raises:
        LookupError: there is no such account, or it is stopped.
        RegisterUnavailable: no answer in time.
    """
    secret = secrets.token_urlsafe(32)

    async def work(connection: AsyncConnection) -> None:
        found = await find(connection, _ACCOUNT.c.id == account)
        if found is None or not found.active:
            raise LookupError(account)
        await connection.execute(delete(_INVITATION).where(_INVITATION.c.account == account))
        values = {"digest": digest(secret), "account": account, "expires_at": now + INVITED_FOR}
        await connection.execute(insert(_INVITATION).values(values))
        await note(connection, found, by, now, "given a one-time link to choose a password")

    await register.change(work)
    return secret


async def invited(register: Register, secret: str, *, now: datetime) -> Account:
    """Whom a one-time link is for; it stays good.

    Raises:
        LinkSpent: used, run out, or never given.
        RegisterUnavailable: no answer in time.
    """
    found = await register.read(lambda connection: _invited(connection, secret, now))
    if found is None:
        raise LinkSpent
    return found


async def choose_password(register: Register, secret: str, password: str, *, now: datetime) -> Account:
    """Sets the password by a one-time link, which is spent by it, and ends the account's sessions.

    Raises:
        LinkSpent: used, run out, or never given.
        RegisterUnavailable: no answer in time.
    """
    kept = await hashed(password)

    async def work(connection: AsyncConnection) -> Account | None:
        account = await _invited(connection, secret, now)
        if account is None:
            return None
        # Of two who use the link at the same moment only one takes it away.
        spent = await connection.execute(delete(_INVITATION).where(_INVITATION.c.digest == digest(secret)))
        if not spent.rowcount:
            return None
        await _set_password(connection, account, kept, "chose a password", now)
        return replace(account, has_password=True)

    account = await register.change(work)
    if account is None:
        raise LinkSpent
    return account


async def account_of(register: Register, identity: Identity, *, now: datetime) -> Account:
    """The active account of somebody as the identity provider says: by its name for them, the first time by e-mail.

    No account is ever made by this.

    Raises:
        NoSuchIdentity: it fits none.
        RegisterUnavailable: no answer in time.
    """
    subject = f"{identity.issuer} {identity.subject}"

    async def work(connection: AsyncConnection) -> Account | str:
        known = await find(connection, _ACCOUNT.c.subject == subject)
        if known is not None:
            return known if known.active else _STOPPED
        if not identity.email:
            return _NO_ADDRESS
        row = await connection.execute(select(_ACCOUNT).where(_ACCOUNT.c.email == identity.email.strip().lower()))
        found = row.one_or_none()
        if found is None:
            return _UNKNOWN
        if not found.active:
            return _STOPPED
        # An address may be given to somebody else after years; the provider's own name for a person is not.
        if found.subject is not None and found.subject.partition(" ")[0] == identity.issuer:
            return _SOMEBODY_ELSE
        await connection.execute(update(_ACCOUNT).where(_ACCOUNT.c.id == found.id).values(subject=subject))
        account = from_row(found)
        await note(connection, account, account.name, now, "signed in with the identity provider for the first time")
        return account

    found = await register.change(work)
    if isinstance(found, str):
        raise NoSuchIdentity(found)
    return found


_UNKNOWN = "There is no account for you here. Ask an administrator to add one with the address you signed in with."
_STOPPED = "Your account here was stopped. Ask an administrator if that is a mistake."
_NO_ADDRESS = (
    "The sign-in did not come with an e-mail address that was made sure of, and this is the first time you sign in so. "
    "Have your address confirmed there, or sign in with your password here."
)
_SOMEBODY_ELSE = "The account with your address belongs to another sign-in. Ask an administrator to look into it."


async def _set_password(connection: AsyncConnection, account: Account, kept: str, what: str, now: datetime) -> None:
    await connection.execute(update(_ACCOUNT).where(_ACCOUNT.c.id == account.id).values(password=kept))
    await connection.execute(update(_SESSION).where(_SESSION.c.account == account.id).values(over=True))
    # A link that is still about would set it again, for whoever has it.
    await connection.execute(delete(_INVITATION).where(_INVITATION.c.account == account.id))
    await note(connection, account, account.name, now, what)


async def _invited(connection: AsyncConnection, secret: str, now: datetime) -> Account | None:
    found = await connection.scalar(
        select(_INVITATION.c.account).where(_INVITATION.c.digest == digest(secret), _INVITATION.c.expires_at > now)
    )
    account = await find(connection, _ACCOUNT.c.id == found) if found else None
    return account if account is not None and account.active else None
