"""An open page hears that its file changed, from a real server, and the server stops at once all the same."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn

from register.people.access import restrict
from register.people.sessions import end_sessions
from running.embedded.processes import free_port
from web.file.live import Watch

from .conftest import Board, Browser, Browsers


@asynccontextmanager
async def served(board: Board) -> AsyncIterator[tuple[uvicorn.Server, str]]:
    """The pages, served over HTTP as they are in a run."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(board.app, port=port, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server, f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


async def told(response: httpx.Response) -> AsyncIterator[dict[str, int]]:
    async for line in response.aiter_lines():
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))


def as_signed_in(browser: Browser, address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, cookies={"session": browser.cookies["session"]}, timeout=20)


async def test_a_page_hears_how_many_steps_there_are_and_of_each_later_one_and_nothing_else(
    board: Board, browser: Browsers
) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    async with (
        served(board) as (_, address),
        as_signed_in(coordinator, address) as client,
        client.stream("GET", f"/files/{reference}/events") as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        heard = told(response)
        first = await anext(heard)
        assert f'data-steps="{first["steps"]}"' in (await coordinator.get(f"/files/{reference}")).text
        await board.record(reference, "note_added", text="Somebody else was here.")
        second = await anext(heard)
    assert second["steps"] > first["steps"]
    assert set(first) == set(second) == {"steps"}


async def test_the_server_stops_at_once_with_pages_open(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    async with served(board) as (server, address), as_signed_in(coordinator, address) as client:
        async with client.stream("GET", f"/files/{reference}/events") as response:
            heard = told(response)
            await anext(heard)
            began = time.monotonic()
            server.should_exit = True
            with pytest.raises((StopAsyncIteration, httpx.RemoteProtocolError)):
                await anext(heard)
        while server.servers and any(one.is_serving() for one in server.servers):
            await asyncio.sleep(0.01)
    assert time.monotonic() - began < 10, "the streams are ended as soon as the server is told to stop"


async def test_nobody_hears_of_a_file_they_may_not_see(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    named, other = await browser("coordinator"), await browser("coordinator")
    await restrict(board.site.register, reference, [named.account.id], by=named.account.id, now=board.site.now())
    refused, missing = [await other.get(f"/files/{one}/events") for one in (reference, "EX-TEST-9999")]
    assert refused.status_code == missing.status_code == 404, "whether there is such a file is not told"
    assert (await (await browser("operations")).get(f"/files/{reference}/events")).status_code == 403
    assert (await (await browser()).get(f"/files/{reference}/events")).status_code == 303


@pytest.mark.parametrize("how", ["restricted", "signed out"])
async def test_who_may_no_longer_read_a_file_hears_no_more_of_it(board: Board, browser: Browsers, how: str) -> None:
    reference, coordinator, named = await board.opened(), await browser("coordinator"), await browser("chair")
    async with (
        served(board) as (_, address),
        as_signed_in(coordinator, address) as client,
        client.stream("GET", f"/files/{reference}/events") as response,
    ):
        heard = told(response)
        await anext(heard)
        register, now = board.site.register, board.site.now()
        if how == "restricted":
            await restrict(register, reference, [named.account.id], by=named.account.id, now=now)
        else:
            await end_sessions(register, coordinator.account.id)
        await board.record(reference, "note_added", text="Not for everybody.")
        with pytest.raises(StopAsyncIteration):
            await anext(heard)


async def test_the_register_is_looked_at_once_for_all_and_not_at_all_for_nobody(board: Board) -> None:
    reference = await board.opened()
    watch = Watch(board.site.register, every=60)
    first, second = watch.follow(reference, "one"), watch.follow(reference, "another")
    assert await anext(first) == await anext(second)
    task = watch._task
    assert task is not None
    await first.aclose()
    assert not task.cancelled()
    await second.aclose()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_no_account_has_more_than_so_many_pages_told_of_changes(
    board: Board, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.file.live.OF_AN_ACCOUNT", 1)
    reference, one, other = await board.opened(), await browser("coordinator"), await browser("coordinator")
    address = f"/files/{reference}/events"
    async with served(board) as (_, base), as_signed_in(one, base) as client, as_signed_in(other, base) as another:
        async with client.stream("GET", address) as response:
            heard = told(response)
            await anext(heard)
            assert (await client.get(address)).status_code == 429, "a browser does not ask again after this"
            async with another.stream("GET", address) as theirs:
                assert theirs.status_code == 200
        async with asyncio.timeout(10):  # The page is closed; the server hears it in its own time.
            while (again := await client.send(client.build_request("GET", address), stream=True)).status_code == 429:
                await again.aclose()
        await again.aclose()
        assert again.status_code == 200


async def test_of_many_pages_opened_at_once_so_many_are_told_of_changes(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.file.live.OF_AN_ACCOUNT", 2)
    reference, watch = await board.opened(), Watch(board.site.register)
    followed = [watch.follow(reference, "one") for _ in range(4)]
    heard = await asyncio.gather(*(anext(one, None) for one in followed))
    assert [steps is not None for steps in heard] == [True, True, False, False]
    await followed[0].aclose()
    assert not watch.is_enough("one") and await anext(watch.follow(reference, "one")) == heard[0]
    await followed[1].aclose()


async def test_every_page_of_a_file_listens_and_says_it_where_it_is_read_out(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    for page in ("", "/letters", "/history?kind=letters"):
        text = (await (await browser("coordinator")).get(f"/files/{reference}{page}")).text
        assert f'data-live="/files/{reference}/events"' in text and "/static/live.js?" in text
        assert 'role="status" aria-live="polite"' in text
        assert f'href="/files/{reference}{page}">show</a>' in text
