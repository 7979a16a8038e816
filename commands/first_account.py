"""The first account: whoever gets its one-time link chooses a password, and adds the others."""

from __future__ import annotations

from datetime import datetime

from register.engine import Register
from register.people.accounts import accounts, add_account
from register.people.credentials import invite


async def first_link(
    register: Register, base: str, *, name: str, email: str, roles: frozenset[str], person: str = "", now: datetime
) -> str | None:
    """The address where the first account's password is chosen; None once one was chosen.

    The account is made if there is none at all. Each address works once, and until the next one is given.

    Arguments:
        register: where accounts are.
        base: the pages' address.
        name, email, roles, person: of the account, should it be made: see :class:`register.people.accounts.Account`.
        now: the present.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    found = await accounts(register)
    if not found:
        first = await add_account(
            register, name=name, email=email, roles=roles, person=person, by="the first start", now=now
        )
    elif len(found) == 1 and not found[0].has_password and found[0].active:
        first = found[0]
    else:
        return None
    return link(base, await invite(register, first.id, by="the first start", now=now))


def link(base: str, secret: str) -> str:
    """The address of the page where a password is chosen."""
    return f"{base}/welcome/{secret}"
