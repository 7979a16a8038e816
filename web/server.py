"""Serves the pages with uvicorn, inside this process, and stops at once with it, open streams included."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from pathlib import Path

import structlog
import uvicorn
from sse_starlette.sse import AppStatus
from starlette.types import ASGIApp

from activities.accounts import count_accounts
from activities.schema import check_schema
from running.cases import PAGE_PATIENCE, Cases
from running.processes import EmbeddedServerError, PortInUseError, refuse_port_in_use
from running.secrets import pages_secret
from running.settings import Settings
from running.system import System, system
from running.temporal import connect
from web import patience
from web.app import make_app
from web.site import Site

log = structlog.get_logger("pages")

_TO_STOP = 1
"""Seconds that what is being answered may still take when the server is to stop."""
_BACKLOG = 2048


@asynccontextmanager
async def pages(
    parts: System, cases: Cases, *, temporal_page: str = "", mails: Path | None = None
) -> AsyncIterator[None]:
    """The pages, at ``pages_address``, while the block runs.

    Arguments:
        parts: settings, register, documents.
        cases: the files, through Temporal; it may be away.
        temporal_page: the address of Temporal's web page; as the settings say without one.
        mails: where the embedded mail server keeps what was sent, if there is one.

    Raises:
        PortInUseError: something else listens there.
        EmbeddedServerError: the address cannot be listened on.
        SettingsError: no secret is set, and none can be kept.
    """
    settings = parts.settings
    site = Site(
        parts,
        cases,
        now=cases.now,
        temporal_page=temporal_page or settings.temporal_page,
        mails=mails,
        secret=pages_secret(settings),
    )
    async with serving(make_app(site), settings):
        yield


async def serve_pages(settings: Settings) -> None:
    """Serves the pages until Ctrl-C or SIGTERM. Temporal may be away: each step tries again.

    Raises:
        SettingsError, RulebookError, SchemaError, RegisterAway, EmbeddedServerError: they cannot be served.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with system(settings) as parts:
        await check_schema(parts.register)
        client = await connect(settings, lazy=True)
        cases = Cases(client, parts.register, settings.task_queue, patience=PAGE_PATIENCE)
        async with pages(parts, cases):
            log.info("The pages are served.", address=settings.pages_address, public_url=settings.public_url)
            if not await count_accounts(parts.register):
                log.warning("There is no account yet: add an administrator's with `starter.py account add`.")
            await stopped.wait()
            log.info("The pages stop.")


@asynccontextmanager
async def serving(app: ASGIApp, settings: Settings) -> AsyncIterator[None]:
    """Serves an application at ``pages_address`` while the block runs."""
    listener = _listener(settings.pages_address)
    server = _Server(
        uvicorn.Config(
            app,
            http=patience.Connection,
            limit_concurrency=patience.CONNECTIONS,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.pages_proxies),
            forwarded_allow_ips=list(settings.pages_proxies),
            timeout_graceful_shutdown=_TO_STOP,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        yield
    finally:
        # Streams to open pages never end by themselves; they look at this flag, one for all servers of a process.
        AppStatus.should_exit = True
        server.should_exit = True
        try:
            await task
        finally:
            AppStatus.should_exit = False
            listener.close()


class _Server(uvicorn.Server):
    """uvicorn, which leaves signals to the program that it is a part of."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _listener(address: str) -> socket.socket:
    host, _, port_text = address.rpartition(":")
    host, port = host.strip("[]"), int(port_text)
    if ip_address(host).is_loopback or ip_address(host).is_unspecified:
        refuse_port_in_use(port, "the pages")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    patience.leave_who_reads_nothing(listener)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(port, "the pages", None) from None
        raise EmbeddedServerError(
            f"The pages cannot listen at {address} ({error.strerror}): choose another SCR_PAGES_ADDRESS."
        ) from None
    return listener
