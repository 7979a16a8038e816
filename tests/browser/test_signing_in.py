"""Signing in as a browser shows it: the warning before a session ends, and nothing that axe would find."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page

from register.people.access import restrict
from register.people.accounts import Account
from register.people.credentials import invite
from register.people.sessions import IDLE, LONGEST, begin_session
from running.embedded.processes import free_port
from web.app import make_app
from web.server import serving

from ..web.conftest import Browsers, browser
from ..web.test_sign_in import PASSWORD, with_password
from .conftest import Board, axe, no_sideways_scroll

__all__ = ["browser"]


@dataclass
class Clock:
    """Business time that a test can put on."""

    start: Callable[[], datetime]
    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return self.start() + self.ahead


@dataclass
class Served:
    """The pages on a port."""

    address: str
    clock: Clock
    context: BrowserContext

    async def signed_in(self, board: Board, account: Account) -> Page:
        """A new page, signed in as somebody."""
        secret = await begin_session(board.site.register, account.id, now=self.clock())
        await self.context.add_cookies([{"name": "session", "value": secret, "url": self.address}])
        return await self.context.new_page()


@pytest.fixture
async def served(board: Board, chromium: Chromium) -> AsyncIterator[Served]:
    """The pages on a port, with a clock that can be put on, and a window."""
    clock, host = Clock(board.site.now), f"127.0.0.1:{free_port()}"
    async with serving(
        make_app(replace(board.site, now=clock)), board.site.settings.model_copy(update={"pages_address": host})
    ):
        context = await chromium.new_context()
        yield Served(f"http://{host}", clock, context)
        await context.close()


async def no_faults(page: Page) -> None:
    """What axe finds is a failure; so is a page that can be scrolled sideways on a narrow screen."""
    await axe(page)
    await no_sideways_scroll(page)
    await page.set_viewport_size({"width": 1280, "height": 900})


async def test_axe_finds_nothing_on_the_pages_of_sign_in_and_accounts(
    board: Board, browser: Browsers, served: Served
) -> None:
    admin = (await browser("administrator", "coordinator", name="A " + "very long name " * 8)).account
    other = (await browser("board_member", organisation="hill-school")).account
    secret = await invite(board.site.register, other.id, by="the tests", now=board.site.now())
    reference = await board.opened()
    stranger = await served.context.new_page()
    for address in ("/sign-in?kept=1", "/sign-in?out=1", f"/welcome/{secret}", "/welcome/spent"):
        await stranger.goto(served.address + address)
        await no_faults(stranger)
    await stranger.goto(f"{served.address}/sign-in")
    await stranger.get_by_role("button", name="Sign in").click()
    assert (await stranger.title()).startswith("Error: ")
    await no_faults(stranger)
    page = await served.signed_in(board, admin)
    addresses = ("/account", "/account/password", "/accounts", "/accounts/add", f"/accounts/{other.id}/change")
    for address in (*addresses, f"/accounts/{other.id}", f"/accounts/{other.id}?refused=1"):
        await page.goto(served.address + address)
        await no_faults(page)
    await page.goto(f"{served.address}/accounts/{other.id}")
    await page.get_by_role("button", name="New one-time link").click()
    await page.get_by_text("Give this link to").wait_for()
    await no_faults(page)
    for address, send in (("/accounts/add", "Add the account"), ("/account/password", "Save")):
        await page.goto(served.address + address)
        await page.get_by_role("button", name=send, exact=True).click()
        assert (await page.title()).startswith("Error: ")
        await no_faults(page)
    await page.goto(f"{served.address}/files/{reference}/restriction")
    await no_faults(page)
    await restrict(board.site.register, reference, [other.id], by=admin.id, now=board.site.now())
    await page.reload()
    await no_faults(page)


async def test_a_warning_comes_before_the_end_and_touches_nothing_that_was_typed(
    board: Board, browser: Browsers, served: Served
) -> None:
    account = (await browser("administrator")).account
    page = await served.signed_in(board, account)
    await page.clock.install(time=served.clock())
    await page.goto(f"{served.address}/accounts/add")
    name = page.get_by_label("Name", exact=True)
    await name.fill("Half a na")
    served.clock.ahead = IDLE - timedelta(seconds=100)
    await page.clock.run_for(1_000 * (int(IDLE.total_seconds()) - 110))
    stay = page.get_by_role("button", name="Stay signed in")
    await stay.wait_for()
    assert "You will be signed out in 2 minutes" in await page.locator(".board-session-warning").inner_text()
    # The focus stays where somebody types.
    assert await name.evaluate("element => element === document.activeElement")
    await no_faults(page)
    await stay.click()
    await stay.wait_for(state="detached")
    assert await name.input_value() == "Half a na"
    served.clock.ahead += timedelta(minutes=25)
    await page.get_by_label("E-mail address").fill("half@board.example")
    await page.get_by_role("button", name="Add the account").click()
    assert (await page.title()).startswith("Error: ")


async def test_after_the_end_what_was_typed_is_still_there_and_there_again_after_signing_in(
    board: Board, browser: Browsers, served: Served
) -> None:
    account = await with_password(board, (await browser("administrator")).account)
    page = await served.signed_in(board, account)
    await page.clock.install(time=served.clock())
    await page.goto(f"{served.address}/accounts/add")
    await page.get_by_label("Name", exact=True).fill("Quite a name")
    await page.get_by_label("Auditor").check()
    served.clock.ahead = IDLE + timedelta(seconds=1)
    await page.clock.run_for(1_000 * int(IDLE.total_seconds()))
    await page.get_by_text("You have been signed out.").wait_for()
    assert await page.get_by_label("Name", exact=True).input_value() == "Quite a name"
    await page.get_by_role("button", name="Add the account").click()
    await page.get_by_text("We kept what you typed").wait_for()
    await page.get_by_label("E-mail address").fill(account.email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    assert page.url == f"{served.address}/accounts/add"
    assert await page.get_by_label("Name", exact=True).input_value() == "Quite a name"
    assert await page.get_by_label("Auditor").is_checked()


async def test_in_the_tenth_hour_there_is_nothing_to_press(board: Board, browser: Browsers, served: Served) -> None:
    account = (await browser("administrator")).account
    page = await served.signed_in(board, account)
    while served.clock.ahead < LONGEST - timedelta(minutes=3):
        served.clock.ahead = min(served.clock.ahead + timedelta(minutes=20), LONGEST - timedelta(minutes=1))
        await page.goto(f"{served.address}/account")
    await page.get_by_text("You will be signed out in a minute").wait_for()
    assert await page.get_by_role("button", name="Stay signed in").count() == 0
