"""Commands about the board's directory, and about who may sign in to the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from commands.account_checks import account_row, link_for, new_account, set_active
from commands.first_account import link
from commands.options import By, Json
from commands.printing import Printer
from commands.shared import (
    register_only,
    run,
    whoever,
)
from register.directory import load_directory, replace_directory
from register.people.accounts import accounts
from register.people.credentials import invite
from running.plain_files import read_plain_file
from running.rehearsals.scenario import directory_in
from running.system import System
from web.request.roles import ROLES

directory = typer.Typer(no_args_is_help=True, help="The board's directory: who holds which role.")
Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]

account = typer.Typer(no_args_is_help=True, help="Accounts: who may sign in to the pages.")


@directory.command("show")
def directory_show() -> None:
    """Shows the directory, as JSON that `directory load` takes."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            printer.data((await load_directory(parts.register)).model_dump(mode="json"))
        return 0

    run(work, as_json=True)


@directory.command("load")
def directory_load(
    file: Annotated[Path, typer.Argument(help="YAML or JSON; see samples/board.yaml.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Replaces the directory. Every change is kept, with who made it and when."""

    async def work(printer: Printer) -> int:
        plain = read_plain_file(file)
        wanted, who = directory_in(plain, plain.data), whoever(by)
        async with register_only() as parts:
            changes = await replace_directory(parts.register, wanted, changed_by=who, at=datetime.now(UTC))
        if printer.as_json:
            printer.data({"changes": len(changes)})
        else:
            printer.say(f"{len(changes)} changes.")
        return 0

    run(work, as_json=json)


@account.command("add")
def account_add(
    name: Annotated[str, typer.Argument(help="The name shown with everything they record.")],
    email: Email,
    role: Annotated[list[str], typer.Option("--role", help=f"One of {', '.join(ROLES)}. Repeat for more roles.")],
    organisation: Annotated[str, typer.Option(help="The directory's id of the organisation they represent.")] = "",
    person: Annotated[str, typer.Option(help="The directory's id of this person.")] = "",
    by: By = None,
    json: Json = False,
) -> None:
    """Adds an account and prints its one-time link to choose a password."""

    async def work(printer: Printer) -> int:
        now, who = datetime.now(UTC), whoever(by)
        async with register_only() as parts:
            account = await new_account(
                parts.register,
                name=name,
                email=email,
                roles=role,
                organisation=organisation,
                person=person,
                by=who,
                now=now,
            )
            secret = await invite(parts.register, account.id, by=who, now=now)
            _hand_over(printer, parts, account.email, secret)
        return 0

    run(work, as_json=json)


@account.command("list")
def account_list(json: Json = False) -> None:
    """Lists all accounts."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            rows = [account_row(account) for account in await accounts(parts.register)]
        printer.rows(
            f"{len(rows)} accounts", ("name", "email", "roles", "organisation", "active", "has_password"), rows
        )
        return 0

    run(work, as_json=json)


@account.command("link")
def account_link(email: Email, by: By = None, json: Json = False) -> None:
    """Prints a new one-time link to choose a password. The previous link stops working."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            secret = await link_for(parts.register, email, by=whoever(by), now=datetime.now(UTC))
            _hand_over(printer, parts, email, secret)
        return 0

    run(work, as_json=json)


@account.command("stop")
def account_stop(email: Email, by: By = None, json: Json = False) -> None:
    """Stops an account and signs it out everywhere at once."""
    _set_active(email, by, active=False, as_json=json)


@account.command("allow")
def account_allow(email: Email, by: By = None, json: Json = False) -> None:
    """Allows a stopped account to sign in again."""
    _set_active(email, by, active=True, as_json=json)


def _set_active(email: str, by: str | None, *, active: bool, as_json: bool) -> None:
    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            account = await set_active(parts.register, email, active=active, by=whoever(by), now=datetime.now(UTC))
        if printer.as_json:
            printer.data(account_row(account))
        else:
            printer.say(f"{account.email} {'can sign in again' if active else 'is stopped'}.")
        return 0

    run(work, as_json=as_json)


def _hand_over(printer: Printer, parts: System, email: str, secret: str) -> None:
    address = link(parts.settings.public_url, secret)
    if printer.as_json:
        printer.data({"email": email, "link": address})
        return
    printer.say(f"To choose a password for {email}, once, within three days:\n\n  {address}\n")
    if not parts.settings.public_url:
        printer.say("Put the pages' address before it, or set SCR_PUBLIC_URL.")
