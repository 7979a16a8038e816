"""The whole board behind a real server, and real browsers in front of it: this machine's Chromium."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, async_playwright

from register.people.accounts import add_account
from register.people.sessions import begin_session
from running.embedded.processes import free_port
from web.server import serving

from ..web.conftest import Board, board, temporal

__all__ = ["Board", "OpenPage", "as_it_stands", "axe", "board", "no_sideways_scroll", "temporal"]

# The first shows no window at all, and costs a third.
NAMES = (
    *("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
OpenPage = Callable[..., Awaitable[Page]]


def chromium_here() -> str:
    """This machine's Chromium. No test of the pages is left out for want of one."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("There is no Chromium: sudo apt-get install chromium, or brew install --cask google-chrome")
    return found


@pytest.fixture(scope="package")
def pages_at() -> str:
    """The pages' address, as mails have it: the server's."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="package")
async def served(board: Board, pages_at: str) -> AsyncIterator[str]:
    """The pages, served; their address."""
    async with serving(board.app, board.site.settings.model_copy(update={"pages_address": urlsplit(pages_at).netloc})):
        yield pages_at


@pytest.fixture(scope="package")
async def chromium() -> AsyncIterator[Chromium]:
    """One Chromium for all tests of a process; each test opens windows of its own."""
    unboxed = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_here(), args=unboxed)
        yield browser
        await browser.close()


@pytest.fixture
async def open_page(board: Board, served: str, chromium: Chromium) -> AsyncIterator[OpenPage]:
    """Opens a window, signed in as somebody new with these roles: ``page = await open_page("coordinator")``.

    Without roles, a stranger's. ``javascript=False`` turns it off; ``width`` and ``height`` are the window's;
    ``name``, ``person`` and ``organisation`` are the account's. ``page.goto("/calendar")`` needs no host.

    A script that fails, something that the pages' own policy forbids, or a request to anybody else fails the test.
    """
    numbers = itertools.count(1)
    wrong: list[str] = []
    async with AsyncExitStack() as stack:

        async def open_one(
            *roles: str,
            javascript: bool = True,
            width: int = 1280,
            height: int = 900,
            name: str = "",
            person: str = "",
            organisation: str = "",
        ) -> Page:
            context = await chromium.new_context(
                base_url=served, java_script_enabled=javascript, viewport={"width": width, "height": height}
            )
            stack.push_async_callback(context.close)
            if roles:
                now = board.site.now()
                account = await add_account(
                    board.site.register,
                    name=name or f"A {roles[0].replace('_', ' ').title()}",
                    email=f"browser.{next(numbers)}.{now.timestamp()}@board.example",
                    roles=frozenset(roles),
                    organisation=organisation,
                    person=person,
                    by="the tests",
                    now=now,
                )
                secret = await begin_session(board.site.register, account.id, now=now)
                await context.add_cookies([{"name": "session", "value": secret, "url": served}])
            page = await context.new_page()
            page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
            page.on("console", lambda said: wrong.extend([said.text] * ("Content Security Policy" in said.text)))
            page.on("request", lambda asked: wrong.extend([asked.url] * (not asked.url.startswith((served, "data:")))))
            return page

        yield open_one
    assert not wrong, wrong


@asynccontextmanager
async def as_it_stands(page: Page) -> AsyncIterator[Page]:
    """A copy of a page that needs no script, in a window in which axe and measuring work: they are scripts."""
    html = re.sub(r"<script\b.*?</script>", "", await page.content(), flags=re.DOTALL)
    assert page.context.browser is not None and page.viewport_size is not None
    context = await page.context.browser.new_context(viewport=page.viewport_size)
    copy = await context.new_page()
    await copy.route(page.url, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    await copy.goto(page.url)
    yield copy
    await context.close()


async def axe(page: Page, *, contrast: bool = True) -> None:
    """Fails with what axe finds wrong on a page as it is shown now; reading the contrast takes most of its time."""
    rules = {"color-contrast": {"enabled": contrast}}
    found = await Axe().run(page, options={"resultTypes": ["violations"], "rules": rules})
    told = [
        f"{one['id']}: {one['help']}\n    " + "\n    ".join(node["html"][:200] for node in one["nodes"])
        for one in found.response["violations"]
    ]
    assert not told, f"{page.url}\n" + "\n".join(told)


async def no_sideways_scroll(page: Page, *, width: int = 320, text: int = 100) -> None:
    """Fails if a page is wider than its window.

    Arguments:
        page: what is looked at; its window keeps the width.
        width: of the window, in CSS pixels.
        text: the size of text, in percent of what it is.
    """
    await page.set_viewport_size({"width": width, "height": 900})
    await page.evaluate("size => { document.documentElement.style.fontSize = size }", f"{text}%")
    too_wide = await page.evaluate(
        """() => document.scrollingElement.scrollWidth <= document.documentElement.clientWidth ? [] :
            [...document.querySelectorAll('body *')]
                .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
                .filter(one => !one.parentElement.closest('.board-scroll'))
                .map(one => one.outerHTML.slice(0, 150))"""
    )
    await page.evaluate("() => { document.documentElement.style.fontSize = '' }")
    assert not too_wide, f"{page.url} at {width} px, text at {text}%: " + "\n".join(too_wide[:5])
