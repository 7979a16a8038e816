"""Accounts: who may sign in to the pages, what they may do there, and every change of that, with who and when."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models.register_access import StoredAccount, StoredAccountChange, StoredInvitation, StoredSession

from .database import Register

_ACCOUNT = StoredAccount.__table__
_CHANGE = StoredAccountChange.__table__
_INVITATION = StoredInvitation.__table__
_SESSION = StoredSession.__table__

INVITED_FOR = timedelta(days=3)
"""How long a one-time link to choose a password can be used."""


class EmailTaken(Exception):
    """Another account has this e-mail address."""

    def __init__(self) -> None:
        super().__init__("Another account has this e-mail address: give each person one account, with all their roles.")


class LinkSpent(Exception):
    """A one-time link that was used, has run out, or was never given."""

    def __init__(self) -> None:
        super().__init__("This link was used already or has run out: ask an administrator for a new one.")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in.

    Arguments:
        id: its own, random; in addresses and in the audit.
        name: as it stands beside what they record.
        email: what they sign in with, in small letters.
        roles: words of the table in ``web/roles.py``.
        organisation: the directory's id of the organisation they speak for; empty when none.
        person: the directory's id of the same person; empty when they are not in it.
        has_password: whether they have chosen one.
        active: whether they may sign in.
    """

    id: str
    name: str
    email: str
    roles: frozenset[str]
    organisation: str = ""
    person: str = ""
    has_password: bool = False
    active: bool = True


def digest(secret: str) -> str:
    """What of a random secret is kept: enough to know it again, not to use it."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def add_account(
    register: Register,
    *,
    name: str,
    email: str,
    roles: frozenset[str],
    organisation: str = "",
    person: str = "",
    by: str,
    now: datetime,
) -> Account:
    """A new account, without a password: see :func:`invite`.

    Arguments:
        register: where.
        name, email, roles, organisation, person: as in :class:`Account`.
        by: who adds it.
        now: the present.

    Raises:
        EmailTaken: another account has the address.
        RegisterAway: no answer in time.
    """
    account = Account(uuid4().hex[:12], name.strip(), email.strip().lower(), roles, organisation, person)

    async def work(connection: AsyncConnection) -> None:
        await _address_is_free(connection, account)
        values = {**_values(account), "password": "", "changed_at": now}
        await connection.execute(insert(_ACCOUNT).values(values))
        await _note(connection, account, by, now, f"added as {_roles_text(account)}")

    await register.change(work)
    return account


async def change_account(register: Register, account: Account, *, by: str, now: datetime) -> None:
    """Changes an account to what is given. Who loses or gains a role, or is stopped, is signed out everywhere.

    Raises:
        EmailTaken: another account has the address.
        LookupError: there is no such account.
        RegisterAway: no answer in time.
    """

    async def work(connection: AsyncConnection) -> None:
        before = await _find(connection, _ACCOUNT.c.id == account.id)
        if before is None:
            raise LookupError(account.id)
        await _address_is_free(connection, account)
        await connection.execute(
            update(_ACCOUNT).where(_ACCOUNT.c.id == account.id).values({**_values(account), "changed_at": now})
        )
        if (before.roles, before.active) != (account.roles, account.active):
            await connection.execute(update(_SESSION).where(_SESSION.c.account == account.id).values(over=True))
        for what in _differences(before, account):
            await _note(connection, account, by, now, what)

    await register.change(work)


async def find_account(register: Register, id: str) -> Account | None:
    """The account with this id."""
    return await register.read(lambda connection: _find(connection, _ACCOUNT.c.id == id))


async def accounts(register: Register) -> tuple[Account, ...]:
    """All accounts, by name."""

    async def work(connection: AsyncConnection) -> tuple[Account, ...]:
        return tuple(_account(row) for row in await connection.execute(select(_ACCOUNT).order_by(_ACCOUNT.c.name)))

    return await register.read(work)


async def count_accounts(register: Register) -> int:
    """How many accounts there are: with none, the first one is an administrator's."""

    async def work(connection: AsyncConnection) -> int:
        return await connection.scalar(select(func.count()).select_from(_ACCOUNT)) or 0

    return await register.read(work)


async def account_changes(register: Register, id: str) -> tuple[tuple[datetime, str, str], ...]:
    """When an account was changed, by whom and what; the latest first."""

    async def work(connection: AsyncConnection) -> tuple[tuple[datetime, str, str], ...]:
        found = await connection.execute(
            select(_CHANGE.c.at, _CHANGE.c.changed_by, _CHANGE.c.what)
            .where(_CHANGE.c.account == id)
            .order_by(_CHANGE.c.number.desc())
        )
        return tuple((row.at, row.changed_by, row.what) for row in found)

    return await register.read(work)


async def check_password(register: Register, email: str, password: str) -> Account | None:
    """The active account that signs in so, or None. It takes as long whether there is such an account or not."""

    async def work(connection: AsyncConnection) -> Any:
        found = await connection.execute(select(_ACCOUNT).where(_ACCOUNT.c.email == email.strip().lower()))
        return found.one_or_none()

    row = await register.read(work)
    # Somebody nobody knows costs a verification as well, or the time taken would tell who has an account.
    right = verify(row.password if row is not None and row.password else _nobodys(), password)
    return _account(row) if right and row is not None and row.password and row.active else None


def verify(hashed: str, password: str) -> bool:
    """Whether this is the password of that argon2id hash."""
    try:
        return PasswordHasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


async def invite(register: Register, account: str, *, now: datetime) -> str:
    """The secret of a new one-time link to choose a password; earlier ones are spent by it."""
    secret = secrets.token_urlsafe(32)

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(delete(_INVITATION).where(_INVITATION.c.account == account))
        values = {"digest": digest(secret), "account": account, "expires_at": now + INVITED_FOR}
        await connection.execute(insert(_INVITATION).values(values))

    await register.change(work)
    return secret


async def invited(register: Register, secret: str, *, now: datetime) -> Account:
    """Whom a one-time link is for; it stays good.

    Raises:
        LinkSpent: used, run out, or never given.
    """
    found = await register.read(lambda connection: _invited(connection, secret, now))
    if found is None:
        raise LinkSpent
    return found


async def choose_password(register: Register, secret: str, password: str, *, now: datetime) -> Account:
    """Sets the password by a one-time link, which is spent by it, and ends the account's sessions.

    Raises:
        LinkSpent: used, run out, or never given.
    """
    hashed = PasswordHasher().hash(password)

    async def work(connection: AsyncConnection) -> Account | None:
        account = await _invited(connection, secret, now)
        if account is None:
            return None
        spent = await connection.execute(delete(_INVITATION).where(_INVITATION.c.digest == digest(secret)))
        if not spent.rowcount:
            return None
        await connection.execute(update(_ACCOUNT).where(_ACCOUNT.c.id == account.id).values(password=hashed))
        await connection.execute(update(_SESSION).where(_SESSION.c.account == account.id).values(over=True))
        await _note(connection, account, account.name, now, "chose a password")
        return replace(account, has_password=True)

    account = await register.change(work)
    if account is None:
        raise LinkSpent
    return account


@cache
def _nobodys() -> str:
    return PasswordHasher().hash(secrets.token_urlsafe(16))


async def _invited(connection: AsyncConnection, secret: str, now: datetime) -> Account | None:
    found = await connection.scalar(
        select(_INVITATION.c.account).where(_INVITATION.c.digest == digest(secret), _INVITATION.c.expires_at > now)
    )
    account = await _find(connection, _ACCOUNT.c.id == found) if found else None
    return account if account is not None and account.active else None


async def _find(connection: AsyncConnection, where: Any) -> Account | None:
    row = (await connection.execute(select(_ACCOUNT).where(where))).one_or_none()
    return None if row is None else _account(row)


async def _address_is_free(connection: AsyncConnection, account: Account) -> None:
    taken = select(_ACCOUNT.c.id).where(_ACCOUNT.c.email == account.email, _ACCOUNT.c.id != account.id)
    if await connection.scalar(taken):
        raise EmailTaken


async def _note(connection: AsyncConnection, account: Account, by: str, now: datetime, what: str) -> None:
    await connection.execute(insert(_CHANGE).values(account=account.id, at=now, changed_by=by, what=what))


def _account(row: Any) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        email=row.email,
        roles=frozenset(row.roles),
        organisation=row.organisation,
        person=row.person,
        has_password=bool(row.password),
        active=row.active,
    )


def _values(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "email": account.email,
        "roles": sorted(account.roles),
        "organisation": account.organisation,
        "person": account.person,
        "active": account.active,
    }


def _differences(before: Account, after: Account) -> list[str]:
    found = []
    if before.roles != after.roles:
        found.append(f"roles from {_roles_text(before)} to {_roles_text(after)}")
    if before.active != after.active:
        found.append("allowed to sign in again" if after.active else "stopped from signing in")
    for name in ("name", "email", "organisation", "person"):
        was, became = getattr(before, name), getattr(after, name)
        if was != became:
            found.append(f"{name} from {was or 'none'} to {became or 'none'}")
    return found


def _roles_text(account: Account) -> str:
    return ", ".join(sorted(account.roles)) or "nobody in particular"
