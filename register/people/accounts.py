"""Accounts: who may sign in to the pages, what they may do there, and every change of that, with who and when."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.access import StoredAccount, StoredAccountChange, StoredInvitation, StoredSession

from ..engine import Register

_ACCOUNT = StoredAccount.__table__
_CHANGE = StoredAccountChange.__table__
_INVITATION = StoredInvitation.__table__
_SESSION = StoredSession.__table__

ADMINISTRATOR = "administrator"
"""The role without which nobody could change an account any more: somebody always has it."""

_NOT_CHOSEN = ""
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


class EmailTaken(Exception):
    """Another account has this e-mail address."""

    def __init__(self) -> None:
        super().__init__("Another account has this e-mail address: give each person one account, with all their roles.")


class LastAdministrator(Exception):
    """A change after which no administrator could sign in any more."""

    def __init__(self) -> None:
        super().__init__(
            "This is the only account left that administers accounts. Give somebody else the role of administrator "
            "first."
        )


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in.

    Arguments:
        id: its own, random; in addresses and in the audit.
        name: as it stands beside what they record.
        email: what they sign in with, in small letters.
        roles: words of the table in ``web/request/roles.py``.
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


def faults(name: str, email: str, roles: Collection[str], organisation: str) -> dict[str, str]:
    """What is wrong with an account as somebody typed it: a sentence for each field; empty when nothing is."""
    found = {}
    if not name.strip() or len(name) > 200:
        found["name"] = "Enter the person's name, in up to 200 characters."
    if not _EMAIL.fullmatch(email.strip()) or len(email) > 254:
        found["email"] = "Enter an e-mail address, like name@board.example."
    if not roles:
        found["roles"] = "Choose at least one role."
    if "board_member" in roles and not organisation:
        found["organisation"] = "Choose the organisation that this board member confirms for."
    return found


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
    """A new account, without a password: see :func:`register.people.credentials.invite`.

    Arguments:
        register: where.
        name, email, roles, organisation, person: as in :class:`Account`.
        by: who adds it.
        now: the present.

    Raises:
        EmailTaken: another account has the address.
        RegisterUnavailable: no answer in time.
    """
    account = Account(uuid4().hex[:12], name.strip(), email.strip().lower(), roles, organisation, person)

    async def work(connection: AsyncConnection) -> None:
        await _address_is_free(connection, account)
        values = {**_values(account), "password": _NOT_CHOSEN, "changed_at": now}
        await connection.execute(insert(_ACCOUNT).values(values))
        await note(connection, account, by, now, f"added as {_roles_text(account)}")

    await register.change(work)
    return account


async def change_account(register: Register, account: Account, *, by: str, now: datetime) -> None:
    """Changes an account to what is given. Who loses or gains a role, or is stopped, is signed out everywhere.

    Arguments:
        register: where.
        account: as it is to be; its id says which. Whether it has a password is not changed by this.
        by: who changes it.
        now: the present.

    Raises:
        EmailTaken: another account has the address.
        LastAdministrator: nobody would be left who could change accounts.
        LookupError: there is no such account.
        RegisterUnavailable: no answer in time.
    """
    account = replace(account, name=account.name.strip(), email=account.email.strip().lower())

    async def work(connection: AsyncConnection) -> None:
        before = await find(connection, _ACCOUNT.c.id == account.id)
        if before is None:
            raise LookupError(account.id)
        await _address_is_free(connection, account)
        if _administers(before) and not _administers(account):
            await _another_administrator(connection, account)
        await connection.execute(
            update(_ACCOUNT).where(_ACCOUNT.c.id == account.id).values({**_values(account), "changed_at": now})
        )
        if account.email != before.email:
            # Whoever signed in at the address that was wrong may be somebody else: the right one links anew.
            await connection.execute(update(_ACCOUNT).where(_ACCOUNT.c.id == account.id).values(subject=None))
        if (before.roles, before.active, before.email) != (account.roles, account.active, account.email):
            await connection.execute(update(_SESSION).where(_SESSION.c.account == account.id).values(over=True))
        if not account.active or account.email != before.email:
            # A link that was handed over to somebody who is gone, or at an address that was wrong, is good no more.
            await connection.execute(delete(_INVITATION).where(_INVITATION.c.account == account.id))
        for what in _differences(before, account):
            await note(connection, account, by, now, what)

    await register.change(work)


async def find_account(register: Register, id: str) -> Account | None:
    """The account with this id."""
    return await register.read(lambda connection: find(connection, _ACCOUNT.c.id == id))


async def account_by_email(register: Register, email: str) -> Account | None:
    """The account with this e-mail address."""
    return await register.read(lambda connection: find(connection, _ACCOUNT.c.email == email.strip().lower()))


async def accounts(register: Register) -> tuple[Account, ...]:
    """All accounts, by name."""

    async def work(connection: AsyncConnection) -> tuple[Account, ...]:
        return tuple(from_row(row) for row in await connection.execute(select(_ACCOUNT).order_by(_ACCOUNT.c.name)))

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


async def find(connection: AsyncConnection, where: Any) -> Account | None:
    """Within a transaction: the one account that fits a condition."""
    row = (await connection.execute(select(_ACCOUNT).where(where))).one_or_none()
    return None if row is None else from_row(row)


async def note(connection: AsyncConnection, account: Account, by: str, now: datetime, what: str) -> None:
    """Within a transaction: writes a change of an account down."""
    await connection.execute(insert(_CHANGE).values(account=account.id, at=now, changed_by=by, what=what))


def from_row(row: Any) -> Account:
    """An account from its row in the register."""
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


def _administers(account: Account) -> bool:
    return account.active and ADMINISTRATOR in account.roles


async def _another_administrator(connection: AsyncConnection, account: Account) -> None:
    # Two administrators who stop each other at the same moment wait for one another here.
    rows = await connection.execute(select(_ACCOUNT).order_by(_ACCOUNT.c.id).with_for_update())
    if not any(_administers(from_row(row)) for row in rows if row.id != account.id):
        raise LastAdministrator


async def _address_is_free(connection: AsyncConnection, account: Account) -> None:
    taken = select(_ACCOUNT.c.id).where(_ACCOUNT.c.email == account.email, _ACCOUNT.c.id != account.id)
    if await connection.scalar(taken):
        raise EmailTaken


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
    return ", ".join(sorted(role.replace("_", " ") for role in account.roles)) or "nobody in particular"
