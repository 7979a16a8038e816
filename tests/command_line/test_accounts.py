"""Accounts on the command line: the first administrator is made there, by a one-time link and no default password."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from register.engine import Register
from register.people.credentials import LinkSpent, check_password, choose_password, invited

from .test_starter import command


@pytest.fixture
async def env(tmp_path: Path) -> dict[str, str]:
    """Settings of a machine where nothing runs, with a register."""
    env = {"SCR_DATA_DIR": str(tmp_path), "SCR_PUBLIC_URL": "https://reviews.board.example"}
    assert (await command("migrate", env=env)).code == 0
    return env


async def test_the_first_administrator_chooses_a_password_by_the_printed_link(env: dict[str, str]) -> None:
    added = await command("account", "add", "Ada Example", "Ada@board.example", "--role", "administrator", env=env)
    assert (added.code, added.err) == (0, "")
    [secret] = re.findall(r"https://reviews\.board\.example/welcome/([\w-]{43})", added.out)
    async with Register(f"sqlite:///{env['SCR_DATA_DIR']}/register.sqlite") as register:
        account = await choose_password(register, secret, "turnip lantern quiet boat", now=datetime.now(UTC))
        assert account.email == "ada@board.example" and account.roles == {"administrator"}
        assert (await check_password(register, account.email, "turnip lantern quiet boat")).account == account


async def test_accounts_are_listed_linked_stopped_and_allowed_again(env: dict[str, str]) -> None:
    for name, role in (("ada", "administrator"), ("grace", "coordinator")):
        words = ("account", "add", name, f"{name}@board.example", "--role", role, "--json")
        first = (await command(*words, env=env)).lines[0]["link"]
    again = (await command("account", "link", "grace@board.example", "--json", env=env)).lines[0]["link"]
    assert first != again
    async with Register(f"sqlite:///{env['SCR_DATA_DIR']}/register.sqlite") as register:
        with pytest.raises(LinkSpent):
            await invited(register, first.rpartition("/")[2], now=datetime.now(UTC))
        assert await invited(register, again.rpartition("/")[2], now=datetime.now(UTC))
    stopped = await command("account", "stop", "grace@board.example", env=env)
    assert stopped.code == 0 and "is stopped" in stopped.out
    listed = (await command("account", "list", "--json", env=env)).lines
    assert {line["email"]: line["active"] for line in listed} == {
        "ada@board.example": True,
        "grace@board.example": False,
    }
    refused = await command("account", "link", "grace@board.example", env=env)
    assert refused.code == 2 and "is stopped" in refused.err and refused.err.count("\n") == 1
    assert (await command("account", "allow", "grace@board.example", env=env)).code == 0
    assert "grace@board.example" in (await command("account", "list", env=env)).out


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("add", "Ada", "no address", "--role", "coordinator"), 2, "Enter an e-mail address"),
        (("add", "Ada", "a@board.example", "--role", "emperor"), 2, "emperor is not a role: give coordinator,"),
        (("add", "Ada", "a@board.example", "--role", "board_member"), 2, "Choose the organisation"),
        (("add", "Two", "ONE@board.example", "--role", "auditor"), 2, "Another account has this e-mail address"),
        (("link", "nobody@board.example"), 2, "There is no account with the address nobody@board.example"),
        (("stop", "nobody@board.example"), 2, "There is no account with the address nobody@board.example"),
        (("stop", "one@board.example"), 1, "only account left that administers accounts"),
    ],
)
async def test_what_is_wrong_is_said_in_one_line(
    env: dict[str, str], words: tuple[str, ...], code: int, says: str
) -> None:
    one = ("account", "add", "One", "one@board.example", "--role", "administrator")
    assert (await command(*one, env=env)).code == 0
    outcome = await command("account", *words, env=env)
    assert outcome.code == code and says in outcome.err and outcome.err.count("\n") == 1 and outcome.out == ""
