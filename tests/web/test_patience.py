"""How long the pages wait for whoever has connected, at a real socket."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from running.embedded.processes import free_port
from running.settings import load_settings
from web.app import make_app
from web.request import slow_clients
from web.request.visit import Visit, allowed
from web.server import serving

from .conftest import Board

SOON = 0.3
"""Seconds that a test has somebody wait for what is a third of a minute otherwise."""
HEAD = b"POST /takes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
PART = b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'
END = b"\r\n--b--\r\n"


@pytest.fixture
def app(board: Board, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """The pages in a hurry, with one that takes a form, one that takes its time and one that never ends."""
    monkeypatch.setattr(slow_clients, "REQUEST_TIMEOUT", SOON)
    monkeypatch.setattr(slow_clients, "BODY_TIMEOUT", SOON)
    app = make_app(board.site)

    async def takes(visit: Visit = allowed("anyone")) -> Response:
        return PlainTextResponse(str(len(visit.form)))

    async def slow() -> Response:
        await asyncio.sleep(SOON * 3)
        return PlainTextResponse("done")

    async def endless() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 100_000
                    await asyncio.sleep(0)  # To a closed connection is sent without a pause.
            finally:
                app.state.ended.set()

        return StreamingResponse(parts())

    app.state.ended = asyncio.Event()
    app.post("/takes")(takes)
    app.get("/slow")(slow)
    app.get("/endless")(endless)
    return app


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    """Where they are served."""
    port = free_port()
    async with serving(app, load_settings(pages_address=f"127.0.0.1:{port}")):
        yield port


async def said(port: int, *parts: bytes, every: float = 0.0) -> bytes:
    """What is answered until the connection is closed by the other end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = bytearray()
    reading = asyncio.create_task(_read(reader, answered))
    for part in parts:
        if reading.done():
            break
        writer.write(part)
        await asyncio.sleep(every)
    async with asyncio.timeout(20):
        try:
            await reading
        finally:
            writer.close()
    return bytes(answered)


async def _read(reader: asyncio.StreamReader, into: bytearray) -> None:
    """Reads to the end. What came before a reset counts: who still sends when the other end closes gets one."""
    with suppress(ConnectionResetError):
        while some := await reader.read(65536):
            into += some


@pytest.mark.parametrize("parts", [[], [b"GET /healthz HTTP/1.1\r\n"], [b"G"] + [b"E"] * 500], ids=len)
async def test_who_connects_and_asks_for_nothing_is_left(port: int, parts: list[bytes]) -> None:
    assert await said(port, *parts, every=SOON / 10) == b""


async def test_who_was_answered_and_asks_drop_by_drop_is_left(port: int) -> None:
    answer = await said(port, b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", *[b"G"] * 500, every=SOON / 10)
    assert answer.startswith(b"HTTP/1.1 200") and answer.count(b"HTTP/1.1") == 1


async def test_what_is_sent_drop_by_drop_is_refused_with_what_to_do(port: int) -> None:
    length = b"Content-Length: 500000\r\n\r\n"
    answer = await said(port, HEAD + length + PART, *[b"x"] * 500, every=SOON / 10)
    assert answer.startswith(b"HTTP/1.1 408") and b"The upload took too long" in answer


async def test_what_came_fast_and_then_stops_is_refused(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "IDLE_TIMEOUT", SOON)
    length = b"Content-Length: 1000000\r\n\r\n"
    answer = await said(port, HEAD + length + PART, b"x" * 500_000)
    assert answer.startswith(b"HTTP/1.1 408"), "half a megabyte brings most of a minute, and none of it for silence"


async def test_what_comes_slowly_and_fast_enough_is_taken(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "MIN_BYTES_PER_SECOND", 1_000)
    parts = [b"x" * 1_000] * 8
    length = len(PART) + 8_000 + len(END)
    head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % length
    answer = await said(port, head + PART, *parts, END, every=SOON / 3)
    assert answer.startswith(b"HTTP/1.1 200")


async def test_who_waits_for_an_answer_is_not_left(port: int) -> None:
    answer = await said(port, b"GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"done")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot be told to")
async def test_who_takes_nothing_of_an_answer_is_left(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "RESPONSE_TIMEOUT", SOON)
    port = free_port()
    async with serving(app, load_settings(pages_address=f"127.0.0.1:{port}")):
        with socket.create_connection(("127.0.0.1", port)) as one:
            one.sendall(b"GET /endless HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            async with asyncio.timeout(20):
                await app.state.ended.wait()


async def test_no_more_than_so_many_are_connected_and_those_who_are_silent_make_room(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_clients, "CONNECTIONS", 3)
    port, asked = free_port(), b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    async with serving(app, load_settings(pages_address=f"127.0.0.1:{port}")):
        silent = [asyncio.create_task(said(port)) for _ in range(3)]
        began = time.monotonic()
        answers = [await said(port, asked)]
        while not answers[-1].startswith(b"HTTP/1.1 200"):
            assert time.monotonic() - began < 20
            answers.append(await said(port, asked))
        assert answers[0].startswith(b"HTTP/1.1 503")
        assert await asyncio.gather(*silent) == [b""] * 3
