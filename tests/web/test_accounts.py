"""Accounts: administrators add, change and stop them; everybody looks after their own."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

import pytest

from register.people.accounts import Account, account_by_email, accounts, change_account, find_account
from register.people.sessions import begin_session

from .conftest import Board, Browser, Browsers
from .test_sign_in import PASSWORD, an_app, sign_in, with_password


def filled(email: str, **more: Any) -> dict[str, Any]:
    return {"name": "Ada Example", "email": email, "roles": ["coordinator"], "organisation": "", "person": "", **more}


async def only_one(board: Board, keep: Account) -> None:
    """Leaves one administrator: the other tests' accounts administer no more."""
    for one in await accounts(board.site.register):
        if "administrator" in one.roles and one.id != keep.id and one.active:
            await stopped(board, one)


async def stopped(board: Board, account: Account) -> None:
    await change_account(board.site.register, replace(account, active=False), by="the tests", now=board.site.now())


async def test_an_account_is_added_with_a_link_that_is_shown_once(board: Board, browser: Browsers) -> None:
    admin = await browser("administrator")
    answer = await admin.fill("/accounts/add", filled("Ada@board.example", organisation="hill-school", person="chair"))
    assert answer.status_code == 303
    added = await account_by_email(board.site.register, "ada@board.example")
    assert added is not None and added.roles == {"coordinator"} and not added.has_password
    assert answer.headers["location"] == f"/accounts/{added.id}" and "/welcome/" not in answer.headers["location"]
    page = await admin.get(answer.headers["location"])
    [link] = re.findall(r"http://board\.test(/welcome/[\w-]+)", page.text)
    assert "Hill School" in page.text and "The Chair" in page.text
    assert "/welcome/" not in (await admin.get(answer.headers["location"])).text
    newcomer = await browser()
    assert (await newcomer.fill(link, {"password": PASSWORD})).status_code == 303
    assert (await newcomer.get("/")).status_code == 200


async def test_what_is_wrong_is_said_at_each_field_and_what_was_typed_stays(browser: Browsers) -> None:
    admin = await browser("administrator")
    bad = {"name": "", "email": "<b>no address", "organisation": "nowhere", "person": "nobody"}
    answer = await admin.fill("/accounts/add", bad)
    text = html.unescape(answer.text)
    assert answer.status_code == 422 and "Error: Add an account" in text
    for words in (
        "Enter the person's name",
        "Enter an e-mail address",
        "Choose at least one role",
        "not in the directory",
    ):
        assert text.count(words) >= 2, words
    for field in ("name", "email", "roles", "organisation", "person"):
        assert f'href="#{field}"' in text and f'id="{field}"' in text
    assert "&lt;b&gt;no address" in answer.text and "<b>no address" not in answer.text


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"roles": ["emperor"]}, "Choose roles from the list"),
        ({"roles": ["board_member"]}, "the organisation that this board member confirms for"),
        ({"email": "TAKEN"}, "Another account has this e-mail address"),
    ],
)
async def test_an_account_that_cannot_be_is_refused(browser: Browsers, more: dict[str, Any], why: str) -> None:
    admin = await browser("administrator")
    more = {name: admin.account.email.upper() if value == "TAKEN" else value for name, value in more.items()}
    answer = await admin.fill("/accounts/add", filled("grace@board.example") | more)
    assert answer.status_code == 422 and why in answer.text


async def test_other_roles_sign_the_person_out_and_the_history_says_who_changed_what(
    board: Board, browser: Browsers
) -> None:
    admin, other = await browser("administrator", name="An Administrator"), await browser("coordinator", name="Was So")
    page = f"/accounts/{other.account.id}/change"
    shown = await admin.get(page)
    assert other.account.email in shown.text and re.search(r'value="coordinator" checked', shown.text)
    answer = await admin.fill(page, filled(other.account.email, name="Is So", roles=["auditor", "chair"]))
    assert answer.status_code == 303
    assert (await other.get("/")).status_code == 303
    history = html.unescape((await admin.get(f"/accounts/{other.account.id}")).text)
    assert "roles from coordinator to auditor, chair" in history and "name from Was So to Is So" in history
    assert "An Administrator" in history


async def test_a_stopped_account_is_out_at_once_and_may_be_allowed_again(board: Board, browser: Browsers) -> None:
    admin, other = await browser("administrator"), await browser("coordinator")
    await with_password(board, other.account)
    page = f"/accounts/{other.account.id}"
    await admin.fill(f"{page}/link", {}, form=page)
    [link] = re.findall(r"http://board\.test(/welcome/[\w-]+)", (await admin.get(page)).text)
    assert (await admin.fill(f"{page}/stop", {}, form=page)).status_code == 303
    assert (await other.get("/")).status_code == 303
    assert (await sign_in(await browser(app=an_app(board)), other.account.email)).status_code == 422
    assert "Stopped" in (await admin.get("/accounts")).text
    assert (await admin.fill(f"{page}/allow", {}, form=page)).status_code == 303
    assert (await sign_in(await browser(app=an_app(board)), other.account.email)).status_code == 303
    # A link that was handed over before is good no more.
    assert (await (await browser()).get(link)).status_code == 410


async def test_the_last_administrator_stays_one(board: Board, browser: Browsers) -> None:
    admin = await browser("administrator")
    await only_one(board, admin.account)
    page = f"/accounts/{admin.account.id}"
    answer = await admin.fill(f"{page}/stop", {}, form=page)
    assert "give somebody else" in (await admin.get(answer.headers["location"])).text.lower()
    answer = await admin.fill(f"{page}/change", filled(admin.account.email, roles=["auditor"]))
    assert answer.status_code == 422 and "only account left" in answer.text
    second = await browser("administrator")
    assert (await admin.fill(f"{page}/stop", {}, form=page)).headers["location"] == page
    assert (await admin.get("/accounts")).status_code == 303
    assert (await second.get("/accounts")).status_code == 200


async def test_there_is_no_page_for_an_account_that_is_not_there(browser: Browsers) -> None:
    admin = await browser("administrator")
    token = await admin.token("/account")
    for page in ("/accounts/nobody", "/accounts/nobody/change"):
        assert (await admin.get(page)).status_code == 404
    for page in ("stop", "allow", "link", "change"):
        assert (await admin.post(f"/accounts/nobody/{page}", data={"csrf": token})).status_code == 404


async def test_a_new_link_takes_the_place_of_the_one_before(board: Board, browser: Browsers) -> None:
    admin, other = await browser("administrator"), await browser("coordinator")
    page = f"/accounts/{other.account.id}"
    links = []
    for _ in range(2):
        await admin.fill(f"{page}/link", {}, form=page)
        links += re.findall(r"http://board\.test(/welcome/[\w-]+)", (await admin.get(page)).text)
    first, second = links
    assert (await (await browser()).get(first)).status_code == 410
    assert (await (await browser()).get(second)).status_code == 200


# --- One's own account ---


async def test_everybody_sees_their_own_details(browser: Browsers) -> None:
    for role in ("coordinator", "chair", "board_member", "auditor", "operations", "administrator"):
        one = await browser(role, organisation="hill-school")
        page = await one.get("/account")
        assert page.status_code == 200 and one.account.email in page.text and "Hill School" in page.text


async def test_somebody_signs_out_everywhere_else(board: Board, browser: Browsers) -> None:
    here = await browser("coordinator")
    elsewhere = await browser()
    elsewhere.cookies.set("session", await begin_session(board.site.register, here.account.id, now=board.site.now()))
    assert "and in 1 other." in (await here.get("/account")).text
    answer = await here.fill("/account/sessions/end", {}, form="/account")
    assert answer.headers["location"] == "/account?done=elsewhere"
    assert (await elsewhere.get("/")).status_code == 303
    assert "In this browser only" in (await here.get("/account")).text


async def test_a_password_is_changed_by_whoever_knows_it(board: Board, browser: Browsers) -> None:
    one, elsewhere = await browser(app=an_app(board)), await browser(app=an_app(board))
    account = await with_password(board, (await browser("coordinator")).account)
    await sign_in(one, account.email)
    await sign_in(elsewhere, account.email)
    new = "another turnip in the rain"

    async def change(browser: Browser, present: str, new: str) -> tuple[int, str]:
        answer = await browser.fill("/account/password", {"password": present, "new_password": new})
        return answer.status_code, html.unescape(answer.text)

    status, text = await change(one, "not the password", new)
    assert status == 422 and "not your current password" in text and "not the password" not in text
    status, text = await change(one, PASSWORD, "short")
    assert status == 422 and "at least 12 characters" in text
    before = one.cookies["session"]
    assert (await change(one, PASSWORD, new))[0] == 303
    assert one.cookies["session"] != before
    assert "Your password has been changed" in (await one.get("/account?done=changed")).text
    assert (await elsewhere.get("/")).status_code == 303
    assert (await sign_in(await browser(app=an_app(board)), account.email)).status_code == 422
    assert (await sign_in(await browser(app=an_app(board)), account.email, new)).status_code == 303
    found = await find_account(board.site.register, account.id)
    assert found is not None and found.has_password


async def test_somebody_elses_session_does_not_let_guess_the_password_for_ever(
    board: Board, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.accounts.attempts.OF_AN_ACCOUNT", 3)
    one = await browser("coordinator", app=an_app(board))
    guess = {"password": "a guess of theirs", "new_password": "another turnip in the rain"}
    statuses = [(await one.fill("/account/password", guess)).status_code for _ in range(4)]
    assert statuses == [422] * 3 + [429]
