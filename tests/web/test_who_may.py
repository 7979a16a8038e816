"""Every address of the pages, with every role and with none: each declares what it needs, and the table decides."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from web.app import AREAS
from web.request.roles import ACTIONS, MAY, ROLES, Action, may
from web.request.visit import action_of

from .conftest import BASE, Board, Browser, Browsers

DOCS = Path(__file__).resolve().parents[2] / "docs" / "roles.md"


@dataclass(frozen=True)
class Place:
    """An address and a method.

    Arguments:
        method: GET or POST.
        path: with its parameters in braces.
        action: what it needs; None when it does not say.
    """

    method: str
    path: str
    action: Action | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def places() -> Iterator[Place]:
    """Everything the pages answer to, but for files that never change."""
    for area in AREAS:
        for route in routes(area.router):
            actions = [action_of(needed.call) for needed in route.dependant.dependencies if needed.call]
            found = [action for action in actions if action is not None]
            for method in route.methods or ():
                yield Place(method, route.path, found[0] if len(found) == 1 else None)


def routes(router: APIRouter) -> Iterator[APIRoute]:
    """A router's routes, and those of the routers in it."""
    for route in router.routes:
        within = getattr(route, "original_router", None)
        if isinstance(within, APIRouter):
            yield from routes(within)
        else:
            assert isinstance(route, APIRoute), f"{route} is no ordinary route"
            yield route


PLACES = sorted(places(), key=str)
GETS = [place for place in PLACES if place.method in ("GET", "HEAD")]
OTHERS = [place for place in PLACES if place not in GETS]
each = pytest.mark.parametrize


@dataclass(frozen=True)
class Answer:
    """The beginning of an answer: a page that never ends is not waited for."""

    status: int
    location: str


async def ask(board: Board, place: Place, browser: Browser, **more: Any) -> Answer:
    """Asks for an address as somebody, with parameters that fit if any do."""
    account = getattr(browser, "account", None)
    values = {"reference": await a_file(board), "id": account.id if account else "nobody"}
    path = re.sub(r"{(\w+)(:\w+)?}", lambda found: values.get(found[1], "x"), place.path)
    form: Mapping[str, Any] | None = more.get("form")
    body = urlencode(form).encode() if form is not None else b""
    headers = {
        "host": "board.test",
        "cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar),
        **({"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))} if body else {}),
        **more.get("headers", {}),
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": place.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("board.test", 80),
    }
    begun: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    waiting = [{"type": "http.request", "body": body, "more_body": False}]
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and not begun.done():
            sent = {name.decode(): value.decode() for name, value in message["headers"]}
            begun.set_result(Answer(message["status"], sent.get("location", "")))

    async def answer() -> None:
        try:
            await board.app(scope, receive, send)
        except Exception as error:
            if begun.done():
                raise
            begun.set_exception(error)

    answering = asyncio.create_task(answer())
    async with asyncio.timeout(30):
        await begun
    gone.set()
    try:
        async with asyncio.timeout(10):
            await answering
    except TimeoutError:
        pytest.fail(f"{place} goes on after the browser has gone")
    return begun.result()


async def a_file(board: Board) -> str:
    """The reference of a file that nothing is done with."""
    found: str | None = board.__dict__.get("looked_at")
    if found is None:
        found = board.__dict__["looked_at"] = await board.opened()
    return found


def asks_to_sign_in(answer: Answer) -> bool:
    return answer.status == 303 and answer.location.startswith("/sign-in?")


def test_every_address_says_what_it_needs_and_none_stands_there_twice() -> None:
    assert PLACES
    assert [str(place) for place in PLACES if place.action is None] == []
    assert {place.action for place in PLACES} <= set(ACTIONS)
    names = [re.sub(r"{\w+", "{", str(place)) for place in PLACES]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_whatever_changes_something_is_sent_as_a_form() -> None:
    assert {place.method for place in PLACES} <= {"GET", "HEAD", "POST"}


@each("role", ROLES)
async def test_each_role_sees_what_the_table_lets_it_see_and_nothing_else(
    board: Board, browser: Browsers, role: str
) -> None:
    one = await browser(role)
    # Files that other tests have just recorded on may not be written yet, and /healthz says so.
    async with asyncio.timeout(30):
        while (await one.get("/healthz")).status_code != 200:
            await asyncio.sleep(0.1)
    wrong = []
    for place in GETS:
        assert place.action is not None
        answer = await ask(board, place, one)
        if may({role}, place.action):
            fine = answer.status in (200, 303, 404, 410) and not asks_to_sign_in(answer)
        else:
            fine = answer.status == 403
        if not fine:
            wrong.append(f"{place} ({place.action}) answered {role} with {answer.status} {answer.location}")
    assert wrong == []


async def test_a_stranger_sees_what_is_for_anyone_and_is_asked_to_sign_in_for_the_rest(
    board: Board, browser: Browsers
) -> None:
    stranger, wrong = await browser(), []
    for place in GETS:
        answer = await ask(board, place, stranger)
        public = answer.status in (200, 404, 410) or (answer.status == 303 and not asks_to_sign_in(answer))
        if public if place.action != "anyone" else not public:
            wrong.append(f"{place} ({place.action}) answered {answer.status} {answer.location}")
    assert wrong == []


async def test_an_account_without_a_role_may_do_nothing(board: Board, browser: Browsers) -> None:
    one = await browser("nobody in particular")
    for place in PLACES:
        if place.action == "anyone":
            continue
        form = {"csrf": "x"} if place.method == "POST" else None
        assert (await ask(board, place, one, form=form)).status == 403, place


@each("place", OTHERS, ids=str)
async def test_a_form_is_taken_only_from_those_who_may_with_their_own_token_and_from_our_own_page(
    board: Board, browser: Browsers, place: Place
) -> None:
    assert place.action is not None
    roles = [role for role in ROLES if may({role}, place.action)]
    one, other = await browser(roles[0]), await browser(roles[0])
    own, foreign = await token(one), await token(other)
    no_role = [role for role in ROLES if role not in roles]

    async def refused(who: Browser, form: dict[str, str], **headers: str) -> None:
        answer = await ask(board, place, who, form=form, headers=headers)
        assert answer.status == 403, f"{place} answered {answer.status} {answer.location}"

    await refused(one, {"x": "y"})
    await refused(one, {"csrf": ""})
    await refused(one, {"csrf": foreign})
    for headers in (
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": BASE.replace("http", "https")},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": BASE, "sec-fetch-site": "cross-site"},
    ):
        await refused(one, {"csrf": own}, **headers)
        await refused(await browser(), {"csrf": own}, **headers)
    for role in no_role:
        without = await browser(role)
        await refused(without, {"csrf": await token(without)})
    if place.action != "anyone":
        assert asks_to_sign_in(await ask(board, place, await browser(), form={"csrf": own}))


async def token(browser: Browser) -> str:
    """The token of somebody's session: every page of theirs carries it."""
    return await browser.token("/account")


def test_the_page_on_roles_is_the_table() -> None:
    text = DOCS.read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    head, _, *body = rows
    assert [role.replace(" ", "_") for role in head[1:]] == list(ROLES)
    written = {row[0]: {role for role, cell in zip(ROLES, row[1:], strict=True) if cell == "yes"} for row in body}
    assert written == {action: set(roles) for action, roles in MAY.items() if action != "anyone"}
