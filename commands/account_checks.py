"""Accounts from the command line, checked as the pages check them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from models.record import Refusal, Refused
from register.engine import Register
from register.people.accounts import (
    Account,
    LastAdministrator,
    account_by_email,
    add_account,
    change_account,
    faults,
)
from register.people.credentials import invite
from web.request.roles import ROLES


class AccountError(Exception):
    """An account that is not there, or cannot be as it was given. Its text is one line."""


def account_row(account: Account) -> dict[str, Any]:
    """An account as the command line lists it."""
    return {
        "name": account.name,
        "email": account.email,
        "roles": sorted(account.roles),
        "organisation": account.organisation,
        "person": account.person,
        "active": account.active,
        "has_password": account.has_password,
    }


async def account_at(register: Register, email: str) -> Account:
    """The account with an address.

    Raises:
        AccountError: there is none.
    """
    account = await account_by_email(register, email)
    if account is None:
        raise AccountError(f"There is no account with the address {email}: `starter.py account list` shows them.")
    return account


async def new_account(
    register: Register,
    *,
    name: str,
    email: str,
    roles: Collection[str],
    organisation: str = "",
    person: str = "",
    by: str,
    now: datetime,
) -> Account:
    """A new account, checked.

    Raises:
        AccountError: it cannot be so.
        EmailTaken: another account has the address.
    """
    wrong = list(faults(name, email, roles, organisation).values())
    wrong += [f"{role} is not a role: give {', '.join(ROLES)}." for role in roles if role not in ROLES]
    if wrong:
        raise AccountError(" ".join(wrong))
    return await add_account(
        register,
        name=name,
        email=email,
        roles=frozenset(roles),
        organisation=organisation,
        person=person,
        by=by,
        now=now,
    )


async def set_active(register: Register, email: str, *, active: bool, by: str, now: datetime) -> Account:
    """Stops an account, or lets it sign in again.

    Raises:
        AccountError: there is no such account.
        Refused: it is the last one that administers accounts.
    """
    account = replace(await account_at(register, email), active=active)
    try:
        await change_account(register, account, by=by, now=now)
    except LastAdministrator as error:
        raise Refused(Refusal("", str(error))) from None
    return account


async def link_for(register: Register, email: str, *, by: str, now: datetime) -> str:
    """The secret of a new one-time link.

    Raises:
        AccountError: there is no such account, or it is stopped.
    """
    account = await account_at(register, email)
    if not account.active:
        raise AccountError(f"The account with the address {email} is stopped: let it sign in again first.")
    return await invite(register, account.id, by=by, now=now)
