"""The pages served: they stop at once, start without Temporal, keep their secret, and say which port is in use."""

from __future__ import annotations

import asyncio
import socket
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from sse_starlette import EventSourceResponse
from temporalio.client import Client

from commands.first_account import first_link
from register.people.accounts import accounts
from register.schema import migrate
from running.case_client import CaseClient, UnansweredError
from running.embedded.processes import EmbeddedServerError, PortInUseError, free_port
from running.secrets import pages_secret
from running.settings import Settings, load_settings
from running.system import system
from web.server import pages, serving

from .conftest import Board, Browsers


def settings_at(port: int, **more: object) -> Settings:
    return load_settings(pages_address=f"127.0.0.1:{port}", **more)


async def test_it_stops_within_a_second_with_a_stream_open_and_somebody_waiting() -> None:
    app, port, begun = FastAPI(), free_port(), asyncio.Event()

    @app.get("/stream")
    async def stream() -> Response:
        async def events() -> AsyncIterator[str]:
            yield "first"
            begun.set()
            await asyncio.sleep(60)

        return EventSourceResponse(events())

    @app.get("/slow")
    async def slow() -> Response:
        await asyncio.sleep(60)
        return PlainTextResponse("")

    async def ask(path: str) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            await client.get(path)

    async with serving(app, settings_at(port)):
        asked = [asyncio.create_task(ask(path)) for path in ("/stream", "/slow")]
        await begun.wait()
        stopped_at = time.monotonic()
    assert time.monotonic() - stopped_at < 10, "neither the stream nor the slow answer, a minute each, was waited for"
    await asyncio.gather(*asked, return_exceptions=True)
    async with serving(app, settings_at(port)):
        begun.clear()
        again = asyncio.create_task(ask("/stream"))
        await begun.wait()  # a stream of the next server in this process is not ended with the first
    await asyncio.gather(again, return_exceptions=True)


async def test_what_is_being_answered_is_answered_before_it_stops() -> None:
    app, port, begun = FastAPI(), free_port(), asyncio.Event()

    @app.get("/")
    async def soon() -> Response:
        begun.set()
        await asyncio.sleep(0.3)
        return PlainTextResponse("done")

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        async with serving(app, settings_at(port)):
            asked = asyncio.create_task(client.get("/"))
            await begun.wait()
        assert (await asked).text == "done"


async def test_a_port_in_use_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"Port {port} for the pages is in use"):
            async with serving(FastAPI(), settings_at(port)):
                pass


async def test_an_address_that_is_not_this_machines_is_named() -> None:
    with pytest.raises(EmbeddedServerError, match=r"cannot listen at 192\.0\.2\.1:8000 .*SCR_PAGES_ADDRESS"):
        async with serving(FastAPI(), load_settings(pages_address="192.0.2.1:8000")):
            pass


@pytest.mark.parametrize(("proxies", "seen"), [((), "http 127.0.0.1"), (("127.0.0.1",), "https 203.0.113.9")])
async def test_a_proxy_is_believed_only_if_it_is_named(proxies: tuple[str, ...], seen: str) -> None:
    app, port = FastAPI(), free_port()

    @app.get("/")
    async def who(request: Request) -> Response:
        assert request.client is not None
        return PlainTextResponse(f"{request.url.scheme} {request.client.host}")

    async with serving(app, settings_at(port, pages_proxies=proxies)), httpx.AsyncClient() as client:
        said = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"}
        answer = await client.get(f"http://127.0.0.1:{port}/", headers=said)
    assert answer.text == seen and "server" not in answer.headers


async def test_without_temporal_the_pages_start_and_are_read_and_a_step_is_not_recorded(tmp_path: Path) -> None:
    settings = settings_at(free_port(), data_dir=str(tmp_path))
    await migrate(settings.register_url)
    nowhere = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True)
    async with system(settings) as parts:
        cases = CaseClient(nowhere, parts.register, parts.surroundings, settings.task_queue)
        async with pages(parts, cases), httpx.AsyncClient(base_url=f"http://{settings.pages_address}") as client:
            assert (await client.get("/readyz")).status_code == 200
            assert (await client.get("/healthz")).status_code == 503
            assert (await client.get("/help")).status_code == 200
        impatient = CaseClient(nowhere, parts.register, parts.surroundings, settings.task_queue, patience=cases.offset)
        with pytest.raises(UnansweredError):
            await impatient.record("EX-1", "note_added", {"id": "1"})


def test_a_secret_is_made_once_for_nobody_else_to_read(tmp_path: Path) -> None:
    settings = load_settings(data_dir=str(tmp_path / "var"))
    made = pages_secret(settings)
    assert len(made) >= 32 and pages_secret(settings) == made
    assert pages_secret(load_settings(data_dir=str(tmp_path / "other"))) != made
    [kept] = (tmp_path / "var").iterdir()
    assert kept.name == "pages.secret" and stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_secret_that_is_set_is_used_and_never_shown(tmp_path: Path) -> None:
    settings = load_settings(data_dir=str(tmp_path), pages_secret="s" * 32)
    assert pages_secret(settings) == b"s" * 32 and not list(tmp_path.iterdir())
    assert "ssss" not in repr(settings)


async def test_the_first_link_is_given_until_a_password_is_chosen(board: Board, tmp_path: Path) -> None:
    settings = settings_at(free_port(), data_dir=str(tmp_path))
    await migrate(settings.register_url)
    async with system(settings) as parts:

        async def first() -> str | None:
            return await first_link(
                parts.register,
                "http://127.0.0.1:1",
                name="A Newcomer",
                email="you@board.example",
                roles=frozenset({"administrator"}),
                now=board.site.now(),
            )

        earlier, later = await first(), await first()
        assert earlier and later and earlier != later and later.startswith("http://127.0.0.1:1/welcome/")
        [account] = await accounts(parts.register)
        assert account.roles == {"administrator"} and not account.has_password


async def test_the_register_of_somebody_who_has_accounts_gets_no_first_link(board: Board, browser: Browsers) -> None:
    await browser("coordinator")
    await browser("chair")
    given = await first_link(
        board.site.register,
        "http://x",
        name="N",
        email="n@board.example",
        roles=frozenset({"administrator"}),
        now=board.site.now(),
    )
    assert given is None
