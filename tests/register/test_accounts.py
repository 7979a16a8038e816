"""Accounts, passwords, sessions and kept forms, on both databases: the promises that the pages stand on."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from register.engine import Register
from register.people.access import accesses, note_access, restrict, restricted_to
from register.people.accounts import (
    Account,
    EmailTaken,
    LastAdministrator,
    account_by_email,
    account_changes,
    accounts,
    add_account,
    change_account,
    count_accounts,
    find_account,
)
from register.people.credentials import (
    INVITED_FOR,
    Identity,
    LinkSpent,
    NoSuchIdentity,
    account_of,
    change_password,
    check_password,
    choose_password,
    invite,
    invited,
)
from register.people.passwords import weakness
from register.people.saved_forms import KEPT_FOR, forget_form, keep_form, kept_form
from register.people.sessions import (
    IDLE,
    LONGEST,
    begin_session,
    count_sessions,
    end_session,
    end_sessions,
    session_of,
)

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
PASSWORD = "turnip lantern quiet boat"


async def added(register: Register, name: str = "ada", *roles: str) -> Account:
    """An account by this name."""
    held = frozenset(roles or ("coordinator",))
    email = f"{name}@board.example"
    return await add_account(register, name=name.title(), email=email, roles=held, by="the tests", now=NOW)


async def with_password(register: Register, account: Account) -> Account:
    secret = await invite(register, account.id, by="the tests", now=NOW)
    return await choose_password(register, secret, PASSWORD, now=NOW)


async def rows_of(register: Register, table: str) -> Any:
    """All that a table holds."""
    query = text(f'SELECT * FROM "{table}"')
    return await register.read(lambda connection: connection.run_sync(lambda sync: sync.execute(query).all()))


# --- Accounts ---


async def test_an_account_is_found_as_it_was_added(register: Register) -> None:
    assert await count_accounts(register) == 0
    one = await add_account(
        register,
        name=" Ada Example ",
        email=" ADA@Board.example ",
        roles=frozenset({"chair", "auditor"}),
        organisation="school",
        person="ada",
        by="the tests",
        now=NOW,
    )
    assert (one.name, one.email, one.has_password, one.active) == ("Ada Example", "ada@board.example", False, True)
    assert await find_account(register, one.id) == one == await account_by_email(register, "Ada@BOARD.example")
    assert await accounts(register) == (one,) and await count_accounts(register) == 1
    assert await find_account(register, "nobody") is None
    assert await account_changes(register, one.id) == ((NOW, "the tests", "added as auditor, chair"),)


async def test_an_address_belongs_to_one_account_however_it_is_written(register: Register) -> None:
    one, two = await added(register), await added(register, "grace")
    with pytest.raises(EmailTaken):
        await add_account(register, name="x", email="ADA@board.example", roles=frozenset(), by="x", now=NOW)
    with pytest.raises(EmailTaken):
        await change_account(register, replace(two, email=" ADA@board.example"), by="x", now=NOW)
    assert await accounts(register) == (one, two)


async def test_every_change_is_kept_and_none_when_nothing_changed(register: Register) -> None:
    one = await added(register)
    await change_account(register, one, by="x", now=NOW)
    changed = replace(one, name="Ada B", roles=frozenset({"chair"}), organisation="school", active=False)
    await change_account(register, changed, by="grace", now=NOW)
    assert {what for _, by, what in await account_changes(register, one.id) if by == "grace"} == {
        "name from Ada to Ada B",
        "roles from coordinator to chair",
        "organisation from none to school",
        "stopped from signing in",
    }
    assert not [by for _, by, _ in await account_changes(register, one.id) if by == "x"]
    with pytest.raises(LookupError):
        await change_account(register, replace(one, id="nobody"), by="x", now=NOW)


async def test_of_two_administrators_who_stop_each_other_at_once_one_stays(register: Register) -> None:
    one, two = await added(register, "ada", "administrator"), await added(register, "grace", "administrator")
    tries = (change_account(register, replace(who, active=False), by="x", now=NOW) for who in (one, two))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {LastAdministrator, type(None)}
    assert sum(account.active for account in await accounts(register)) == 1


@pytest.mark.parametrize("change", [{"active": False}, {"roles": frozenset({"chair"})}])
async def test_the_last_administrator_neither_stops_nor_gives_up_the_role(
    register: Register, change: dict[str, Any]
) -> None:
    one, stopped = await added(register, "ada", "administrator"), await added(register, "grace", "administrator")
    await change_account(register, replace(stopped, active=False), by="x", now=NOW)
    with pytest.raises(LastAdministrator):
        await change_account(register, replace(one, **change), by="x", now=NOW)
    assert await find_account(register, one.id) == one
    # Another name is no matter.
    await change_account(register, replace(one, name="Ada B", roles=one.roles | {"chair"}), by="x", now=NOW)


# --- Passwords and one-time links ---


async def test_the_register_holds_neither_password_nor_link(register: Register) -> None:
    one = await added(register)
    secret = await invite(register, one.id, by="x", now=NOW)
    session = await begin_session(register, one.id, now=NOW)
    other = await invite(register, one.id, by="x", now=NOW)
    await choose_password(register, other, PASSWORD, now=NOW)
    held = ""
    for table in ("account", "account_change", "invitation", "session"):
        held += str(await rows_of(register, table))
    assert "$argon2id$" in held
    assert not [one for one in (PASSWORD, secret, other, session) if one in held]


async def test_a_link_is_good_once_for_three_days_and_only_the_latest(register: Register) -> None:
    one = await added(register)
    first = await invite(register, one.id, by="grace", now=NOW)
    second = await invite(register, one.id, by="grace", now=NOW)
    with pytest.raises(LinkSpent):
        await invited(register, first, now=NOW)
    last_moment = NOW + INVITED_FOR - timedelta(seconds=1)
    assert await invited(register, second, now=last_moment) == one
    with pytest.raises(LinkSpent):
        await invited(register, second, now=NOW + INVITED_FOR)
    with pytest.raises(LinkSpent):
        await choose_password(register, second, PASSWORD, now=NOW + INVITED_FOR)
    outcomes = await asyncio.gather(
        *(choose_password(register, second, PASSWORD, now=NOW) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Account", "LinkSpent", "LinkSpent"]
    changes = [what for _, _, what in await account_changes(register, one.id)]
    assert changes.count("chose a password") == 1
    assert changes.count("given a one-time link to choose a password") == 2


async def test_a_link_ends_with_the_account_or_its_address(register: Register) -> None:
    one = await added(register)
    for change in ({"active": False}, {"email": "other@board.example"}):
        secret = await invite(register, one.id, by="x", now=NOW)
        await change_account(register, replace(one, **change), by="x", now=NOW)
        await change_account(register, one, by="x", now=NOW)
        with pytest.raises(LinkSpent):
            await invited(register, secret, now=NOW)
    await change_account(register, replace(one, active=False), by="x", now=NOW)
    for who in (one.id, "nobody"):
        with pytest.raises(LookupError):
            await invite(register, who, by="x", now=NOW)


async def test_a_link_ends_with_another_password(register: Register) -> None:
    one = await with_password(register, await added(register))
    secret = await invite(register, one.id, by="x", now=NOW)
    await change_password(register, one, "another lantern quiet", now=NOW)
    with pytest.raises(LinkSpent):
        await invited(register, secret, now=NOW)


async def test_only_the_right_password_of_an_active_account_lets_in(register: Register) -> None:
    one = await with_password(register, await added(register))
    without = await added(register, "grace")
    assert (await check_password(register, " ADA@board.example ", PASSWORD)).account == one
    for email, password in (
        (one.email, PASSWORD + " "),
        (one.email, PASSWORD.upper()),
        (one.email, ""),
        (without.email, ""),
        (without.email, PASSWORD),
        ("nobody@board.example", PASSWORD),
        ("", ""),
        ("x' OR 1=1 --", PASSWORD),
    ):
        assert (await check_password(register, email, password)).account is None, (email, password)
    await change_account(register, replace(one, active=False), by="x", now=NOW)
    assert (await check_password(register, one.email, PASSWORD)).account is None


async def test_a_password_is_the_same_however_a_keyboard_puts_its_letters_together(register: Register) -> None:
    one = await added(register)
    secret = await invite(register, one.id, by="x", now=NOW)
    await choose_password(register, secret, "caf\u00e9 lantern quiet", now=NOW)
    assert (await check_password(register, one.email, "cafe\u0301 lantern quiet")).account is not None


async def test_whether_there_is_an_account_does_not_show_in_the_time_it_takes(register: Register) -> None:
    await with_password(register, await added(register))

    async def seconds(email: str) -> float:
        # Of this process's own work: what else the machine does is no part of it.
        began = time.process_time()
        await check_password(register, email, "not the password at all")
        return time.process_time() - began

    await seconds("nobody@board.example")
    taken: dict[str, list[float]] = {"ada@board.example": [], "nobody@board.example": []}
    for _ in range(5):
        for email, times in taken.items():
            times.append(await seconds(email))
    known, unknown = (statistics.median(times) for times in taken.values())
    # Without the work of a hash the unknown one would take a few hundredths of it.
    assert 0.4 < unknown / known < 2.5, taken


async def test_a_hash_made_with_less_effort_is_made_anew_when_its_owner_signs_in(register: Register) -> None:
    one = await with_password(register, await added(register))
    weak = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
    put = text("UPDATE account SET password = :weak").bindparams(weak=weak)
    await register.change(lambda connection: connection.execute(put))
    assert (await check_password(register, one.email, "wrong password here")).account is None
    read = text("SELECT password FROM account")
    assert await register.read(lambda connection: connection.scalar(read)) == weak
    assert (await check_password(register, one.email, PASSWORD)).account is not None
    assert await register.read(lambda connection: connection.scalar(read)) != weak
    assert (await check_password(register, one.email, PASSWORD)).account is not None


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "PASSWORD-PASSWORD",
        "letmeinletmein",
        "Welcome2Hertfordshire",
        "Safeguarding2026!",
        "iloveyou123456",
        "qwerty123456",
        "1q2w3e4r5t6y" * 2,
        "zyxwvutsrqponm",
        "111111111111",
        "!!!!!!!!!!!!????",
        "abababababab",
        "short",
        "            ",
        "Ada.Example2026",
    ],
)
def test_what_many_people_use_is_no_password(password: str) -> None:
    assert weakness(password, email="ada@board.example", name="Ada Example")


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "correct horse battery staple", "Xk9#mQ2$vL5@", "päonie wiese mittwoch", "Ελληνικά στο βουνό"],
)
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    assert weakness(password, email="ada@board.example", name="Ada Example") == ""


# --- The identity provider ---


def test_a_password_that_is_far_too_long_is_refused_at_once() -> None:
    began = time.process_time()
    assert "at most" in weakness("\u0301\u0316" * 200_000, email="a@board.example", name="Ada")
    assert time.process_time() - began < 1
    # Signs count as they are sent: what is longer would be cut when it is checked, and never be right.
    assert "at most" in weakness("e\u0301" * 101, email="a@board.example", name="Ada")


async def test_an_identity_is_matched_by_address_once_and_then_by_its_own_name(register: Register) -> None:
    one = await added(register)
    identity = Identity("https://login.example", "s1", "Ada@board.example")
    assert await account_of(register, identity, now=NOW) == one
    assert await account_of(register, replace(identity, email=""), now=NOW) == one
    for other in (
        Identity("https://login.example", "s2", "ada@board.example"),
        Identity("https://login.example", "s2", ""),
        Identity("https://login.example", "s3", "nobody@board.example"),
    ):
        with pytest.raises(NoSuchIdentity):
            await account_of(register, other, now=NOW)
    # A board that changes its provider: the old one's names mean nothing to the new one.
    moved = Identity("https://new.example", "s1", "ada@board.example")
    assert await account_of(register, moved, now=NOW) == one
    with pytest.raises(NoSuchIdentity):
        await account_of(register, replace(identity, email=""), now=NOW)
    assert len(await accounts(register)) == 1


async def test_who_signed_in_at_an_address_that_was_wrong_is_out_once_it_is_corrected(register: Register) -> None:
    one = await added(register)
    wrong = Identity("https://login.example", "somebody-else", one.email)
    assert await account_of(register, wrong, now=NOW) == one
    secret = await begin_session(register, one.id, now=NOW)
    right = replace(one, email="right@board.example")
    await change_account(register, right, by="x", now=NOW)
    session = await session_of(register, secret, now=NOW)
    assert session is None or session.over
    with pytest.raises(NoSuchIdentity):
        await account_of(register, wrong, now=NOW)
    assert await account_of(register, Identity("https://login.example", "me", right.email), now=NOW) == right


# --- Sessions ---


async def test_a_session_is_idle_after_half_an_hour_and_over_after_ten(register: Register) -> None:
    one = await added(register)
    secret = await begin_session(register, one.id, now=NOW)
    session = await session_of(register, secret, now=NOW)
    assert session is not None and session.account == one and not session.over
    assert session.until == NOW + IDLE and session.can_go_on
    at = NOW
    while at < NOW + LONGEST - timedelta(minutes=20):
        at += timedelta(minutes=20)
        session = await session_of(register, secret, now=at)
        assert session is not None and not session.over, at
        assert session.until == min(at + IDLE, NOW + LONGEST)
    assert not session.can_go_on
    for over in (NOW + LONGEST, NOW + LONGEST + timedelta(hours=1)):
        found = await session_of(register, secret, now=over)
        assert found is not None and found.over
    assert await session_of(register, "another secret", now=NOW) is None


async def test_what_a_page_asks_by_itself_leaves_a_session_idle(register: Register) -> None:
    secret = await begin_session(register, (await added(register)).id, now=NOW)
    for minutes in (10, 20, 29):
        await session_of(register, secret, now=NOW + timedelta(minutes=minutes), used=False)
    session = await session_of(register, secret, now=NOW + IDLE)
    assert session is not None and session.over


async def test_a_session_that_is_over_does_not_come_back_by_being_used(register: Register) -> None:
    secret = await begin_session(register, (await added(register)).id, now=NOW)
    await session_of(register, secret, now=NOW + IDLE + timedelta(seconds=1))
    session = await session_of(register, secret, now=NOW + IDLE + timedelta(seconds=2))
    assert session is not None and session.over
    other = await begin_session(register, session.account.id, now=NOW)
    await end_session(register, other)
    ended = await session_of(register, other, now=NOW)
    assert ended is not None and ended.over


async def test_sessions_end_elsewhere_and_with_a_changed_password(register: Register) -> None:
    one, other = await with_password(register, await added(register)), await added(register, "grace")
    here, there = [await begin_session(register, one.id, now=NOW) for _ in range(2)]
    foreign = await begin_session(register, other.id, now=NOW)

    async def over(secret: str) -> bool:
        session = await session_of(register, secret, now=NOW)
        assert session is not None
        return session.over

    assert await count_sessions(register, one.id, now=NOW) == 2
    assert await end_sessions(register, one.id, but=here) == 1
    assert [await over(secret) for secret in (here, there, foreign)] == [False, True, False]
    await change_password(register, one, "another turnip in the rain", now=NOW)
    assert [await over(secret) for secret in (here, foreign)] == [True, False]
    assert await count_sessions(register, one.id, now=NOW) == 0


async def test_old_sessions_are_cleared_away_but_not_before_what_was_typed_is(register: Register) -> None:
    one = await added(register)
    secret = await begin_session(register, one.id, now=NOW)
    await begin_session(register, one.id, now=NOW + LONGEST + timedelta(hours=23))
    assert await session_of(register, secret, now=NOW + LONGEST + timedelta(hours=23)) is not None
    await begin_session(register, one.id, now=NOW + LONGEST + timedelta(hours=25))
    assert await session_of(register, secret, now=NOW + LONGEST + timedelta(hours=25)) is None


# --- What was typed, and who read what ---


async def test_a_form_is_kept_for_its_owner_on_its_page_until_it_is_taken(register: Register) -> None:
    one, other = await added(register), await added(register, "grace")
    values = [("words", "Quite a lot \U0001f9ea \0"), ("more", "1"), ("more", "2")]
    await keep_form(register, one.id, "/a", [("words", "before")], now=NOW)
    await keep_form(register, one.id, "/a", values, now=NOW)
    kept = await kept_form(register, one.id, "/a", now=NOW)
    assert [name for name, _ in kept] == ["words", "more", "more"] and kept[0][1].startswith("Quite a lot \U0001f9ea")
    for who, page in ((other.id, "/a"), (one.id, "/b"), ("nobody", "/a")):
        assert await kept_form(register, who, page, now=NOW) == []
    assert await kept_form(register, one.id, "/a", now=NOW + KEPT_FOR + timedelta(seconds=1)) == []
    await forget_form(register, other.id, "/a")
    assert await kept_form(register, one.id, "/a", now=NOW)
    await forget_form(register, one.id, "/a")
    assert await kept_form(register, one.id, "/a", now=NOW) == []


async def test_a_restriction_names_whoever_made_it_and_the_audit_says_who_did_what(register: Register) -> None:
    one, other = await added(register), await added(register, "grace")
    assert await restricted_to(register, "EX-1") == frozenset()
    await restrict(register, "EX-1", [other.id], by=one.id, now=NOW)
    assert await restricted_to(register, "EX-1") == {one.id, other.id}
    assert await restricted_to(register, "EX-2") == frozenset()
    await note_access(register, "EX-1", other.id, "read the file", now=NOW + timedelta(minutes=1))
    await restrict(register, "EX-1", [], by=other.id, now=NOW + timedelta(minutes=2))
    assert await restricted_to(register, "EX-1") == frozenset()
    assert [(line.who, line.what) for line in await accesses(register, "EX-1")] == [
        ("Grace", "opened to every reader again"),
        ("Grace", "read the file"),
        ("Ada", "restricted to Ada, Grace"),
    ]
