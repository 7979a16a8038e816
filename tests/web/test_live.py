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

from activities.access import restrict
from activities.sessions import end_sessions
from running.processes import free_port
from web.live import Watch

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
    first, second = watch.follow(reference), watch.follow(reference)
    assert await anext(first) == await anext(second)
    task = watch._task
    assert task is not None
    await first.aclose()
    assert not task.cancelled()
    await second.aclose()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_every_page_of_a_file_listens_and_says_it_where_it_is_read_out(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    for page in ("", "/letters", "/history?kind=letters"):
        text = (await (await browser("coordinator")).get(f"/files/{reference}{page}")).text
        assert f'data-live="/files/{reference}/events"' in text and "/static/live.js?" in text
        assert 'role="status" aria-live="polite"' in text
        assert f'href="/files/{reference}{page}">show</a>' in text
