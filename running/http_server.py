"""Serves an application over HTTP with uvicorn, inside this process, and stops with the block that it runs in."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from running.embedded.processes import EmbeddedServerError, PortInUseError, refuse_port_in_use

_TO_STOP = 1
"""Seconds that what is being answered may still take when the server is to stop."""
_BACKLOG = 2048


def listen_at(address: str, purpose: str, setting: str) -> socket.socket:
    """A socket that listens.

    Arguments:
        address: an IP address and a port.
        purpose: what is served there, ``the pages``.
        setting: the one that says where, for errors.

    Raises:
        PortInUseError: something else listens there.
        EmbeddedServerError: the address cannot be listened on.
    """
    host, _, port_text = address.rpartition(":")
    host, port = host.strip("[]"), int(port_text)
    if ip_address(host).is_loopback or ip_address(host).is_unspecified:
        refuse_port_in_use(port, purpose)
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(port, purpose, None) from None
        raise EmbeddedServerError(
            f"We cannot listen at {address} for {purpose} ({error.strerror}): choose another {setting}."
        ) from None
    return listener


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket, **options: Any) -> AsyncIterator[None]:
    """Serves an application while the block runs, then closes the listener.

    Arguments:
        app: the application.
        listener: from :func:`listen_at`.
        options: more of uvicorn's own.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_TO_STOP,
        **options,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        try:
            await task
        finally:
            listener.close()


class _Server(uvicorn.Server):
    """uvicorn, which leaves signals to the program that it is a part of."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
