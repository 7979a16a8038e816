"""Signing in with an identity provider: whoever it vouches for, if there is an account for them here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from register.people.accounts import Account, account_changes, accounts, change_account
from running.embedded.processes import free_port
from web.app import make_app

from .conftest import Board, Browser, Browsers
from .provider import CLIENT, SECRET, Provider, openid_provider


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """A provider that has just been started."""
    async with openid_provider() as provider:
        yield provider


def pages(board: Board, issuer: str, **more: Any) -> FastAPI:
    """The pages of a board that has this provider."""
    given = {
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr(SECRET),
        "oidc_label": "your council account",
        **more,
    }
    parts = replace(board.parts, settings=board.parts.settings.model_copy(update=given))
    return make_app(replace(board.site, system=parts))


async def sent_there(browser: Browser, then: str = "/") -> httpx.Response:
    """What the provider answers to a browser that is sent there: where it is to come back to."""
    away = await browser.get("/sign-in/provider", params={"then": then})
    assert away.status_code == 303, away.text
    async with httpx.AsyncClient() as client:
        return await client.get(away.headers["location"])


async def through(browser: Browser, then: str = "/") -> httpx.Response:
    """All the way: there and back."""
    return await browser.get((await sent_there(browser, then)).headers["location"])


@pytest.fixture
async def known(browser: Browsers) -> Account:
    """A coordinator with an account, and no password."""
    return (await browser("coordinator")).account


async def test_somebody_with_an_account_signs_in_and_goes_on_to_the_page_they_wanted(
    board: Board, browser: Browsers, provider: Provider, known: Account
) -> None:
    one = await browser(app=pages(board, provider.issuer))
    assert "Sign in with your council account" in (await one.get("/sign-in?then=/?stage=review")).text
    provider.signs_in("subject-1", known.email.upper())
    back = await through(one, "/?stage=review")
    assert (back.status_code, back.headers["location"]) == (303, "/?stage=review")
    assert (await one.get("/")).status_code == 200
    assert "provider" not in one.cookies
    assert "identity provider for the first time" in (await account_changes(board.site.register, known.id))[0][2]


async def test_once_known_it_is_the_providers_own_name_for_them_that_counts(
    board: Board, browser: Browsers, provider: Provider, known: Account
) -> None:
    app = pages(board, provider.issuer)
    provider.signs_in("subject-2", known.email)
    assert (await through(await browser(app=app))).status_code == 303
    # Their address there may change, or be taken out.
    provider.signs_in("subject-2", "married@board.example", email_verified=False)
    assert (await through(await browser(app=app))).status_code == 303
    # Somebody else who gets the old address later does not get the account.
    provider.signs_in("subject-3", known.email)
    answer = await through(await browser(app=app))
    assert answer.status_code == 403 and "belongs to another sign-in" in answer.text


async def test_an_address_that_is_told_apart_from_the_token_counts_if_it_is_of_the_same_person(
    board: Board, browser: Browsers, provider: Provider, known: Account
) -> None:
    app = pages(board, provider.issuer)
    provider.claims = {"sub": "subject-4"}
    provider.told = {"sub": "somebody else", "email": known.email, "email_verified": True}
    assert (await through(await browser(app=app))).status_code == 403
    provider.told = {"email": known.email, "email_verified": True}
    assert (await through(await browser(app=app))).status_code == 303


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"nonce": "another"}, "could not be verified"),
        ({"nonce": None}, "could not be verified"),
        ({"aud": "another-client"}, "could not be verified"),
        ({"aud": [CLIENT, "another-client"]}, "could not be verified"),
        ({"aud": [CLIENT, "another-client"], "azp": "another-client"}, "could not be verified"),
        ({"aud": None}, "could not be verified"),
        ({"iss": "https://elsewhere.example"}, "could not be verified"),
        ({"exp": 1}, "could not be verified"),
        ({"exp": None}, "could not be verified"),
        ({"sub": None}, "could not be verified"),
        ({"email_verified": False}, "an e-mail address that was made sure of"),
        ({"email_verified": "true"}, "an e-mail address that was made sure of"),
        ({"email": None}, "an e-mail address that was made sure of"),
        ({"email": "nobody@board.example"}, "There is no account for you here"),
    ],
    ids=str,
)
async def test_what_is_not_to_be_trusted_lets_nobody_in(
    board: Board, browser: Browsers, provider: Provider, known: Account, claims: dict[str, Any], says: str
) -> None:
    before = await accounts(board.site.register)
    one = await browser(app=pages(board, provider.issuer))
    provider.signs_in("subject-5", known.email)
    provider.claims |= claims
    answer = await through(one)
    assert answer.status_code == 403 and says in answer.text, answer.text
    assert "session" not in one.cookies and (await one.get("/")).status_code == 303
    # No account is ever made by signing in.
    assert await accounts(board.site.register) == before


@pytest.mark.parametrize("how", ["forges", "plain"])
async def test_a_token_that_is_not_signed_by_the_provider_lets_nobody_in(
    board: Board, browser: Browsers, provider: Provider, known: Account, how: str
) -> None:
    provider.signs_in("subject-6", known.email)
    setattr(provider, how, True)
    answer = await through(await browser(app=pages(board, provider.issuer)))
    assert answer.status_code == 403 and "could not be verified" in answer.text


async def test_a_stopped_account_stays_out(board: Board, browser: Browsers, provider: Provider, known: Account) -> None:
    app = pages(board, provider.issuer)
    provider.signs_in("subject-7", known.email)
    assert (await through(await browser(app=app))).status_code == 303
    await change_account(board.site.register, replace(known, active=False), by="the tests", now=board.site.now())
    answer = await through(await browser(app=app))
    assert answer.status_code == 403 and "was stopped" in answer.text
    other = (await browser("chair")).account
    await change_account(board.site.register, replace(other, active=False), by="the tests", now=board.site.now())
    provider.signs_in("subject-8", other.email)
    assert "was stopped" in (await through(await browser(app=app))).text


async def test_a_sign_in_that_was_begun_in_another_browser_is_not_finished_here(
    board: Board, browser: Browsers, provider: Provider, known: Account
) -> None:
    app = pages(board, provider.issuer)
    provider.signs_in("subject-9", known.email)
    one, other = await browser(app=app), await browser(app=app)
    back = (await sent_there(one)).headers["location"]
    await sent_there(other)
    for somebody in (await browser(app=app), other):
        answer = await somebody.get(back)
        assert answer.status_code == 400 and "started in another browser" in answer.text
    assert (await one.get(back)).status_code == 303
    # And a second time it is nobody's.
    assert (await one.get(back)).status_code == 400


async def test_a_code_is_good_only_with_what_the_browser_that_asked_for_it_keeps(
    board: Board, browser: Browsers, provider: Provider, known: Account
) -> None:
    """A stolen code, put into an own sign-in."""
    app = pages(board, provider.issuer)
    provider.signs_in("subject-10", known.email)
    one, thief = await browser(app=app), await browser(app=app)
    stolen = httpx.URL((await sent_there(one)).headers["location"]).params["code"]
    own = httpx.URL((await sent_there(thief)).headers["location"])
    answer = await thief.get(str(own.copy_merge_params({"code": stolen})))
    assert answer.status_code == 403 and "session" not in thief.cookies


async def test_it_leads_to_our_own_pages_alone(
    board: Board, browser: Browsers, provider: Provider, known: Account
) -> None:
    provider.signs_in("subject-11", known.email)
    one = await browser(app=pages(board, provider.issuer))
    assert (await through(one, "https://elsewhere.example/")).headers["location"] == "/"


async def test_somebody_who_says_no_over_there_is_told_how_to_go_on(
    board: Board, browser: Browsers, provider: Provider
) -> None:
    one = await browser(app=pages(board, provider.issuer))
    state = httpx.URL((await sent_there(one)).headers["location"]).params["state"]
    query = {"state": state, "error": "access_denied", "error_description": "<script>alert(1)</script>"}
    answer = await one.get("/sign-in/provider/callback", params=query)
    assert answer.status_code == 403 and "refused the sign-in" in answer.text and "alert(1)" not in answer.text


async def test_a_provider_that_is_away_or_is_not_who_it_should_be_is_said_plainly(
    board: Board, browser: Browsers, provider: Provider
) -> None:
    away = await browser(app=pages(board, f"http://127.0.0.1:{free_port()}"))
    answer = await away.get("/sign-in/provider")
    assert answer.status_code == 502 and "does not answer" in answer.text
    provider.about = {"issuer": "https://elsewhere.example"}
    other = await browser(app=pages(board, provider.issuer))
    answer = await other.get("/sign-in/provider")
    assert answer.status_code == 502 and "could not be verified" in answer.text


async def test_the_providers_secret_must_be_right(
    board: Board, browser: Browsers, provider: Provider, known: Account
) -> None:
    provider.signs_in("subject-12", known.email)
    wrong = await browser(app=pages(board, provider.issuer, oidc_client_secret=SecretStr("another")))
    assert (await through(wrong)).status_code == 403


async def test_the_secret_is_shown_as_the_provider_wants_to_see_it(
    board: Board, browser: Browsers, provider: Provider, known: Account
) -> None:
    provider.signs_in("subject-13", known.email)
    provider.about = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await through(await browser(app=pages(board, provider.issuer)))).status_code == 303


async def test_what_the_provider_says_of_itself_is_not_asked_with_every_visit(
    board: Board, browser: Browsers, provider: Provider
) -> None:
    one = await browser(app=pages(board, provider.issuer))
    for _ in range(5):
        await sent_there(one)
    assert provider.asked == ["configuration"]


async def test_without_a_provider_there_are_no_such_pages(browser: Browsers) -> None:
    one = await browser()
    assert "Sign in with" not in (await one.get("/sign-in")).text
    for page in ("/sign-in/provider", "/sign-in/provider/callback?code=x&state=y"):
        assert (await one.get(page)).status_code == 404
