"""Signing in: who gets in, who does not, how often one may try, and what is kept of a form meanwhile."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Form
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import select
from starlette.requests import Request
from structlog.testing import capture_logs

from models.tables.access import StoredSession
from register.people.accounts import Account, change_account
from register.people.credentials import choose_password, invite
from register.people.saved_forms import kept_form
from register.people.sessions import IDLE, LONGEST
from web.accounts.attempts import network
from web.accounts.sign_in import ours
from web.app import make_app
from web.request.saved_input import taken, typed
from web.request.visit import Visit, allowed

from .conftest import BASE, Board, Browser, Browsers, csrf_in

PASSWORD = "turnip lantern quiet boat"


async def with_password(board: Board, account: Account, password: str = PASSWORD) -> Account:
    """The account, with a password chosen."""
    secret = await invite(board.site.register, account.id, by="the tests", now=board.site.now())
    return await choose_password(board.site.register, secret, password, now=board.site.now())


async def sign_in(browser: Browser, email: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
    return await browser.fill("/sign-in", {"email": email, "password": password, **more})


@pytest.fixture
async def known(board: Board, browser: Browsers) -> Account:
    """A coordinator with a password, signed in nowhere."""
    return await with_password(board, (await browser("coordinator")).account)


def an_app(board: Board, now: datetime | None = None) -> FastAPI:
    """The pages again, with nothing counted yet; at another time."""
    moment = now or board.site.now()
    return make_app(replace(board.site, now=lambda: moment) if now else board.site)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many attempts an account has, in pages that are put together from now on: each costs a hash."""
    monkeypatch.setattr("web.accounts.attempts.OF_AN_ACCOUNT", 3)
    return 3


# --- Signing in and out ---


async def test_address_and_password_let_in_and_lead_where_one_wanted_to_go(known: Account, browser: Browsers) -> None:
    stranger = await browser()
    page = await stranger.get("/sign-in?then=%2F%3Fstage%3Dreview")
    answer = await stranger.post(
        "/sign-in",
        data={
            "csrf": csrf_in(page.text),
            "email": f" {known.email.upper()} ",
            "password": PASSWORD,
            "then": "/?stage=review",
        },
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/?stage=review")
    assert (await stranger.get("/")).status_code == 200


async def test_the_session_is_for_this_browser_and_this_site_alone(
    board: Board, known: Account, browser: Browsers
) -> None:
    stranger = await browser()
    cookies = (await sign_in(stranger, known.email)).headers.get_list("set-cookie")
    [session] = [cookie for cookie in cookies if cookie.startswith("session=")]
    assert "HttpOnly" in session and "SameSite=lax" in session and "Path=/" in session
    assert "Max-Age" not in session and "expires" not in session.lower() and "Secure" not in session
    transport = httpx.ASGITransport(app=board.app)
    async with Browser(transport=transport, base_url="https://board.test") as safe:
        cookies = (await sign_in(safe, known.email)).headers.get_list("set-cookie")
        [session] = [cookie for cookie in cookies if cookie.startswith("__Host-session=")]
        assert "Secure" in session and "HttpOnly" in session and "Path=/" in session and "Domain" not in session
        assert (await safe.get("/")).status_code == 200


async def test_each_sign_in_has_a_new_secret_and_ends_the_one_before(known: Account, browser: Browsers) -> None:
    first = await browser()
    await sign_in(first, known.email)
    before = first.cookies["session"]
    first.cookies.delete("session")
    await sign_in(first, known.email)
    after = first.cookies["session"]
    assert before != after
    # A secret that somebody else put into the browser is not the one that is signed in with.
    second = await browser()
    second.cookies.set("session", "planted-by-somebody-else")
    await sign_in(second, known.email)
    secrets = [cookie.value for cookie in second.cookies.jar if cookie.name == "session"]
    assert secrets and secrets[-1] != "planted-by-somebody-else"


async def test_signing_in_again_in_a_browser_ends_the_session_it_had(
    board: Board, known: Account, browser: Browsers
) -> None:
    one = await browser("coordinator")
    before = one.cookies["session"]
    page = await one.get("/sign-in")
    assert page.status_code == 303 and page.headers["location"] == "/"
    token = "t" * 40
    one.cookies.set("form", token)
    answer = await one.post("/sign-in", data={"csrf": token, "email": known.email, "password": PASSWORD})
    assert answer.status_code == 303
    again = await browser()
    again.cookies.set("session", before)
    assert (await again.get("/")).status_code == 303


async def test_the_register_keeps_no_secret(board: Board, known: Account, browser: Browsers) -> None:
    one = await browser()
    await sign_in(one, known.email)
    secret = one.cookies["session"]
    kept = select(StoredSession.__table__)
    rows = await board.site.register.read(lambda connection: connection.run_sync(lambda sync: sync.execute(kept).all()))
    assert rows and secret not in str(rows)


async def test_signing_out_ends_the_session_and_not_only_its_cookie(board: Board, browser: Browsers) -> None:
    one = await browser("coordinator")
    secret = one.cookies["session"]
    answer = await one.fill("/sign-out", {}, form="/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?out=1")
    assert "You are signed out" in (await one.get("/sign-in?out=1")).text
    again = await browser()
    again.cookies.set("session", secret)
    assert (await again.get("/")).status_code == 303


async def test_whoever_begins_elsewhere_than_the_work_list_is_led_there(board: Board, browser: Browsers) -> None:
    for role, home in (("administrator", "/directory"), ("operations", "/health")):
        account = await with_password(board, (await browser(role)).account)
        answer = await sign_in(await browser(), account.email)
        assert answer.headers["location"] == home


@pytest.mark.parametrize(
    ("then", "leads"),
    [
        ("/files/EX-1?tab=letters", "/files/EX-1?tab=letters"),
        ("/", "/"),
        ("", "/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example/", "/"),
        ("/\t/elsewhere.example/", "/"),
        ("\\\\elsewhere.example", "/"),
        (" //elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("elsewhere.example", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/sign-in?then=/x", "/"),
        ("/sign-out", "/"),
        ("/" + "x" * 3000, "/"),
    ],
)
def test_signing_in_leads_to_our_own_pages_alone(then: str, leads: str) -> None:
    assert ours(then) == leads


async def test_an_address_elsewhere_is_followed_neither_from_the_link_nor_from_the_form(
    known: Account, browser: Browsers
) -> None:
    one = await browser()
    page = (await one.get("/sign-in?then=https://elsewhere.example/")).text
    assert "elsewhere" not in page
    answer = await sign_in(one, known.email, then="//elsewhere.example/")
    assert answer.headers["location"] == "/"


# --- Who does not get in ---


async def test_unknown_wrong_stopped_and_without_a_password_are_all_told_the_same(
    board: Board, known: Account, browser: Browsers
) -> None:
    without = (await browser("coordinator")).account
    stopped = await with_password(board, (await browser("coordinator")).account)
    await change_account(board.site.register, replace(stopped, active=False), by="the tests", now=board.site.now())
    pages = []
    for email, password in (
        (known.email, "not the password"),
        ("nobody@board.example", PASSWORD),
        (without.email, ""),
        (without.email, PASSWORD),
        (stopped.email, PASSWORD),
    ):
        answer = await sign_in(await browser(app=an_app(board)), email, password)
        assert answer.status_code == 422 and "session" not in answer.cookies
        assert "<title>Error: Sign in" in answer.text.replace("\n", "")
        text = re.sub(r'nonce="[^"]+"|name="csrf" value="[^"]+"', "", answer.text).replace(email, "somebody")
        if password:
            assert "The e-mail address or password is wrong." in text
            pages.append(text)
        assert PASSWORD not in answer.text
    assert len(set(pages)) == 1


async def test_what_was_typed_stays_but_not_the_password(known: Account, browser: Browsers) -> None:
    answer = await sign_in(await browser(), known.email, "something secret here", then="/?stage=review", kept="1")
    assert f'value="{known.email}"' in answer.text and "something secret" not in answer.text
    assert 'name="then" value="/?stage=review"' in answer.text and "We kept what you typed" in answer.text


async def test_after_too_many_attempts_for_an_account_one_is_told_when_to_try_again(
    board: Board, known: Account, browser: Browsers, few: int
) -> None:
    app = an_app(board)
    attacker = await browser(app=app)
    for _ in range(few):
        assert (await sign_in(attacker, known.email, "a guess of theirs")).status_code == 422
    refused = await sign_in(attacker, known.email)
    assert refused.status_code == 429 and 0 < int(refused.headers["retry-after"]) <= 900
    assert re.search(r"Try again after \d\d:\d\d\.", refused.text)
    # From elsewhere it is the same account; another account is not touched.
    assert (await sign_in(await browser(app=app), known.email)).status_code == 429
    other = await with_password(board, (await browser("coordinator")).account)
    assert (await sign_in(await browser(app=app), other.email)).status_code == 303


async def test_strangers_cannot_keep_out_whoever_signed_in_in_this_browser_before(
    board: Board, known: Account, browser: Browsers, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.accounts.attempts.OF_AN_ADDRESS", few + 2)
    app = an_app(board)
    owner, stranger = await browser(app=app), await browser(app=app)
    assert (await sign_in(owner, known.email)).status_code == 303
    owner.cookies.delete("session")
    for _ in range(few + 2):
        await sign_in(stranger, known.email, "a guess of theirs")
    assert (await sign_in(stranger, known.email)).status_code == 429
    assert (await sign_in(owner, known.email)).status_code == 303


async def test_a_browser_has_attempts_of_its_own_for_the_account_that_was_signed_in_in_it_alone(
    board: Board, known: Account, browser: Browsers, few: int
) -> None:
    app = an_app(board)
    other = await with_password(board, (await browser("coordinator")).account)
    one = await browser(app=app)
    assert (await sign_in(one, known.email)).status_code == 303
    one.cookies.delete("session")
    for account in (known, other):
        statuses = [(await sign_in(one, account.email, "a guess of theirs")).status_code for _ in range(few + 1)]
        assert statuses == [422] * few + [429]
    one.cookies.set("browser", one.cookies["browser"] + "x")  # A mark that we did not sign is none.
    assert (await sign_in(one, known.email)).status_code == 303


async def test_an_address_nobody_has_is_limited_just_the_same(board: Board, browser: Browsers, few: int) -> None:
    attacker = await browser(app=an_app(board))
    statuses = [(await sign_in(attacker, "nobody@board.example", "guess")).status_code for _ in range(few + 1)]
    assert statuses == [422] * few + [429]


async def test_who_signs_in_starts_counting_anew(board: Board, known: Account, browser: Browsers, few: int) -> None:
    app = an_app(board)
    for _ in range(2):
        one = await browser(app=app)
        for _ in range(few - 1):
            assert (await sign_in(one, known.email, "a guess of theirs")).status_code == 422
        assert (await sign_in(one, known.email)).status_code == 303


async def test_one_address_of_the_network_cannot_try_every_account(
    board: Board, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.accounts.attempts.OF_AN_ADDRESS", 3)
    attacker = await browser(app=an_app(board))
    statuses = [(await sign_in(attacker, f"{n}@board.example", "guess")).status_code for n in range(4)]
    assert statuses == [422, 422, 422, 429]


async def test_attempts_at_the_same_moment_are_all_counted(
    board: Board, known: Account, browser: Browsers, few: int
) -> None:
    attacker = await browser(app=an_app(board))
    token = await attacker.token("/sign-in")
    data = {"csrf": token, "email": known.email, "password": "a guess of theirs"}
    answers = await asyncio.gather(*(attacker.post("/sign-in", data=data) for _ in range(few + 4)))
    assert sorted(answer.status_code for answer in answers) == [422] * few + [429] * 4


async def test_the_log_names_accounts_and_nothing_of_a_person(board: Board, known: Account, browser: Browsers) -> None:
    one = await browser(app=an_app(board))
    with capture_logs() as lines:
        await sign_in(one, known.email, "a wrong guess")
        await sign_in(one, "nobody@board.example", "a wrong guess")
        await sign_in(one, known.email)
    text = str(lines)
    assert known.id in text and "signed in" in text and "sign-in failed" in text
    for secret in (known.email, "nobody", known.name, "a wrong guess", PASSWORD, one.cookies["session"]):
        assert secret not in text


# --- The sign-in form's own token ---


async def test_the_sign_in_form_must_come_from_our_page_in_this_browser(known: Account, browser: Browsers) -> None:
    data = {"email": known.email, "password": PASSWORD}
    assert (await (await browser()).post("/sign-in", data=data)).status_code == 403
    one, other = await browser(), await browser()
    token, foreign = await one.token("/sign-in"), await other.token("/sign-in")
    assert token != foreign
    assert (await one.post("/sign-in", data={**data, "csrf": foreign})).status_code == 403
    assert (await one.post("/sign-in", data={**data, "csrf": ""})).status_code == 403
    one.cookies.delete("form")
    assert (await one.post("/sign-in", data={**data, "csrf": token})).status_code == 403
    one.cookies.set("form", "")
    assert (await one.post("/sign-in", data={**data, "csrf": ""})).status_code == 403


async def test_what_another_site_sends_is_refused_before_it_is_read(browser: Browsers) -> None:
    one, broken = await browser(), b"--b\r\nno form at all"
    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert (await one.post("/sign-in", content=broken, headers=headers)).status_code == 400
    headers["origin"] = "https://elsewhere.example"
    assert (await one.post("/sign-in", content=broken, headers=headers)).status_code == 403


async def test_what_a_stranger_sends_is_taken_apart_only_where_strangers_send_something(browser: Browsers) -> None:
    one, someone, broken = await browser(), await browser("coordinator"), b"--b\r\nno form at all"
    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert (await someone.post("/open", content=broken, headers=headers)).status_code == 400
    answer = await one.post("/open", content=broken, headers=headers)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("header", [{"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}])
async def test_a_sign_in_form_on_another_site_is_refused(
    known: Account, browser: Browsers, header: dict[str, str]
) -> None:
    one = await browser()
    data = {"csrf": await one.token("/sign-in"), "email": known.email, "password": PASSWORD}
    assert (await one.post("/sign-in", data=data, headers=header)).status_code == 403
    assert (await one.post("/sign-in", data=data, headers={"origin": BASE})).status_code == 303


# --- A one-time link ---


async def test_a_one_time_link_lets_choose_a_password_once(board: Board, browser: Browsers) -> None:
    account = (await browser("coordinator")).account
    secret = await invite(board.site.register, account.id, by="the tests", now=board.site.now())
    one = await browser()
    page = await one.get(f"/welcome/{secret}")
    assert page.status_code == 200 and account.email in page.text
    answer = await one.fill(f"/welcome/{secret}", {"password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await one.get("/")).status_code == 200
    assert (await sign_in(await browser(), account.email)).status_code == 303
    for spent in (await one.get(f"/welcome/{secret}"), await one.get("/welcome/never-given")):
        assert spent.status_code == 410 and "has already been used or has expired" in spent.text


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "at least 12 characters"),
        ("short enough", ""),
        ("elevenchars", "at least 12 characters"),
        ("passwordpassword", "harder to guess"),
        ("Password123456!", "harder to guess"),
        ("P@ssw0rd2026!!", "harder to guess"),
        ("qwertyuiopasdf", "harder to guess"),
        ("123456789012", "harder to guess"),
        ("aaaaaaaaaaaa", "harder to guess"),
        ("abcabcabcabcabc", "harder to guess"),
        ("x" * 201, "at most 200"),
    ],
)
async def test_a_password_that_is_easy_to_guess_is_not_taken(
    board: Board, browser: Browsers, password: str, why: str
) -> None:
    account = (await browser("coordinator")).account
    secret = await invite(board.site.register, account.id, by="the tests", now=board.site.now())
    one = await browser()
    answer = await one.fill(f"/welcome/{secret}", {"password": password})
    if why:
        assert answer.status_code == 422 and why in answer.text and "Error: Choose a password" in answer.text
        assert not password or f'value="{password}"' not in answer.text
        assert (await one.get(f"/welcome/{secret}")).status_code == 200
    else:
        assert answer.status_code == 303


async def test_the_address_is_no_password(board: Board, browser: Browsers) -> None:
    account = (await browser("coordinator", name="Marguerite Featherstone")).account
    secret = await invite(board.site.register, account.id, by="the tests", now=board.site.now())
    one = await browser()
    for password in (account.email, account.email.upper(), "MargueriteFeatherstone1", "featherstone2026"):
        assert (await one.fill(f"/welcome/{secret}", {"password": password})).status_code == 422


# --- How long somebody is signed in ---


async def test_a_page_says_until_when_one_is_signed_in(board: Board, browser: Browsers) -> None:
    one = await browser("coordinator")
    assert re.search(r"You will be signed out at \d\d:\d\d unless you use the service", (await one.get("/")).text)


async def test_an_idle_session_ends_and_one_that_is_used_goes_on(board: Board, browser: Browsers) -> None:
    began = board.site.now()
    idle = await browser("coordinator", app=an_app(board, began + IDLE + timedelta(minutes=1)))
    assert (await idle.get("/")).status_code == 303
    busy = await browser("coordinator")
    for minutes in (20, 40, 60):
        at = an_app(board, began + timedelta(minutes=minutes))
        again = await browser(app=at)
        again.cookies.set("session", busy.cookies["session"])
        assert (await again.get("/")).status_code == 200, minutes


async def test_what_a_page_asks_by_itself_does_not_keep_anybody_signed_in(board: Board, browser: Browsers) -> None:
    began = board.site.now()
    one = await browser("coordinator")
    later = await browser(app=an_app(board, began + timedelta(minutes=20)))
    later.cookies.set("session", one.cookies["session"])
    asked = (await later.get("/session/left")).json()
    assert 0 < asked["left"] <= 600 and asked["more"] is True
    assert (await later.get("/session/left")).json()["left"] <= 600
    token = await one.token("/")
    kept = await later.post("/session/keep", data={"csrf": token})
    assert kept.json()["left"] > 1700


async def test_however_busy_somebody_is_their_session_ends(board: Board, browser: Browsers) -> None:
    began = board.site.now()
    clock = began
    app = make_app(replace(board.site, now=lambda: clock))
    one, often = await browser("coordinator", app=app), timedelta(minutes=25)
    while clock + often < began + LONGEST:
        clock += often
        page = await one.get("/")
        assert page.status_code == 200
    assert "unless you use the service" not in page.text and "the longest time you can stay signed in" in page.text
    clock = began + LONGEST + timedelta(minutes=1)
    assert (await one.get("/")).status_code == 303


@pytest.mark.parametrize("change", [{"roles": frozenset({"auditor"})}, {"active": False}])
async def test_a_session_ends_at_once_when_roles_change_or_the_account_is_stopped(
    board: Board, browser: Browsers, change: dict[str, Any]
) -> None:
    one = await browser("coordinator")
    assert (await one.get("/")).status_code == 200
    await change_account(board.site.register, replace(one.account, **change), by="the tests", now=board.site.now())
    assert (await one.get("/")).status_code == 303


# --- What was typed ---


def with_a_form(board: Board, now: datetime | None = None) -> FastAPI:
    """The pages, with one more that has a form."""
    router = APIRouter()

    @router.get("/a-form")
    async def shown(visit: Visit = allowed("read files")) -> Response:
        values = await typed(visit)
        assert visit.session is not None
        return PlainTextResponse(f'name="csrf" value="{visit.session.csrf}" {values}')

    @router.post("/a-form")
    async def sent(words: Annotated[str, Form()], visit: Visit = allowed("record steps")) -> Response:
        await taken(visit)
        return visit.redirect("/")

    @router.post("/a-form/only-sent")
    async def button(visit: Visit = allowed("record steps")) -> Response:
        return visit.redirect("/")

    app = an_app(board, now)
    app.include_router(router)
    return app


TYPED = {"words": "Quite a lot, <b>typed</b>", "again": ["one", "two"]}


async def test_what_was_typed_when_the_session_had_ended_is_there_again_after_signing_in(
    board: Board, browser: Browsers
) -> None:
    one = await browser("coordinator", app=with_a_form(board))
    await with_password_kept_session(board, one)
    token = await one.token("/a-form")
    later = await browser(app=with_a_form(board, board.site.now() + IDLE + timedelta(minutes=1)))
    later.cookies.set("session", one.cookies["session"])
    secret = {"new_password": "never kept anywhere", "csrf": token}
    answer = await later.post("/a-form", data={**TYPED, **secret})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?then=%2Fa-form&kept=1")
    assert "We kept what you typed" in (await later.get(answer.headers["location"])).text
    back = await sign_in(later, one.account.email, then="/a-form", kept="1")
    assert back.headers["location"] == "/a-form"
    page = (await later.get("/a-form")).text
    assert "[('words', 'Quite a lot, <b>typed</b>'), ('again', 'one'), ('again', 'two')]" in page
    # It stays until it is taken, and then it is gone.
    assert "typed" in (await later.get("/a-form")).text
    assert (await later.fill("/a-form", {"words": "x"})).status_code == 303
    assert "[]" in (await later.get("/a-form")).text


async def with_password_kept_session(board: Board, browser: Browser) -> None:
    """Gives the browser's account a password and signs it in again: choosing one ends its sessions."""
    await with_password(board, browser.account)
    browser.cookies.delete("session")
    await sign_in(browser, browser.account.email)


async def test_nobody_else_ever_gets_it(board: Board, known: Account, browser: Browsers) -> None:
    one = await browser("coordinator", app=with_a_form(board))
    token = await one.token("/a-form")
    later = await browser(app=with_a_form(board, board.site.now() + IDLE + timedelta(minutes=1)))
    later.cookies.set("session", one.cookies["session"])
    await later.post("/a-form", data={**TYPED, "csrf": token})
    await sign_in(later, known.email, then="/a-form")
    page = await later.get("/a-form")
    assert page.status_code == 200 and "[]" in page.text
    assert await kept_form(board.site.register, one.account.id, "/a-form", now=board.site.now())


async def test_a_form_without_the_right_token_is_kept_for_nobody(board: Board, browser: Browsers) -> None:
    one = await browser("coordinator", app=with_a_form(board))
    later = await browser(app=with_a_form(board, board.site.now() + IDLE + timedelta(minutes=1)))
    later.cookies.set("session", one.cookies["session"])
    answer = await later.post("/a-form", data={**TYPED, "csrf": "somebody else's"})
    assert answer.status_code == 403
    assert not await kept_form(board.site.register, one.account.id, "/a-form", now=board.site.now())


async def test_a_button_has_nothing_to_keep_and_leads_back_to_the_page_it_was_on(
    board: Board, browser: Browsers
) -> None:
    one = await browser("coordinator", app=with_a_form(board))
    token = await one.token("/a-form")
    later = await browser(app=with_a_form(board, board.site.now() + IDLE + timedelta(minutes=1)))
    later.cookies.set("session", one.cookies["session"])
    answer = await later.post("/a-form/only-sent", data={"csrf": token}, headers={"referer": f"{BASE}/a-form?x=1"})
    assert answer.headers["location"] == "/sign-in?then=%2Fa-form"
    elsewhere = await later.post("/a-form/only-sent", data={"csrf": token}, headers={"referer": "https://x.example/a"})
    assert elsewhere.headers["location"] == "/sign-in?then=%2F"


async def test_a_form_that_was_open_while_its_owner_signed_in_again_is_taken(board: Board, browser: Browsers) -> None:
    app = with_a_form(board)
    one, other = await browser("coordinator", app=app), await browser("coordinator", app=app)
    await with_password_kept_session(board, one)
    open_since = await one.token("/a-form")
    one.cookies.delete("session")
    await sign_in(one, one.account.email)
    assert await one.token("/a-form") != open_since
    assert (await one.post("/a-form", data={"csrf": open_since, "words": "x"})).status_code == 303
    # For another account in the same browser it is as foreign as any.
    one.cookies.clear()
    one.cookies.set("session", other.cookies["session"])
    assert (await one.post("/a-form", data={"csrf": open_since, "words": "x"})).status_code == 403


def test_visitors_by_ipv4_are_told_apart_also_by_a_server_that_listens_on_both() -> None:
    def seen(host: str) -> str:
        return network(Request({"type": "http", "client": (host, 4321)}))

    assert seen("::ffff:198.51.100.7") == seen("198.51.100.7") != seen("::ffff:203.0.113.9")
    assert seen("2001:db8::1") == seen("2001:db8::2") != seen("2001:db8:0:1::1")
