"""Serves the pages inside this process, and stops at once with it, open streams included."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from sse_starlette.sse import AppStatus
from starlette.types import ASGIApp

from register.people.accounts import count_accounts
from register.schema import check_schema
from running import http_server
from running.case_client import PAGE_PATIENCE, CaseClient
from running.secrets import pages_secret
from running.settings import Settings
from running.system import System, system
from running.temporal import connect
from web.app import make_app
from web.request import slow_clients
from web.site import Site

log = structlog.get_logger("pages")


@asynccontextmanager
async def pages(
    parts: System, cases: CaseClient, *, temporal_page: str = "", mails: Path | None = None
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
        SettingsError, RulebookError, SchemaError, RegisterUnavailable, EmbeddedServerError: they cannot be served.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with system(settings) as parts:
        await check_schema(parts.register)
        client = await connect(settings, lazy=True)
        cases = CaseClient(client, parts.register, parts.surroundings, settings.task_queue, patience=PAGE_PATIENCE)
        async with pages(parts, cases):
            log.info("The pages are served.", address=settings.pages_address, public_url=settings.public_url)
            if not await count_accounts(parts.register):
                log.warning("There is no account yet: add an administrator's with `starter.py account add`.")
            await stopped.wait()
            log.info("The pages stop.")


@asynccontextmanager
async def serving(app: ASGIApp, settings: Settings) -> AsyncIterator[None]:
    """Serves an application at ``pages_address`` while the block runs."""
    listener = http_server.listen_at(settings.pages_address, "the pages", "SCR_PAGES_ADDRESS")
    slow_clients.leave_who_reads_nothing(listener)
    try:
        async with http_server.serving(
            app,
            listener,
            http=slow_clients.Connection,
            limit_concurrency=slow_clients.CONNECTIONS,
            proxy_headers=bool(settings.pages_proxies),
            forwarded_allow_ips=list(settings.pages_proxies),
        ):
            try:
                yield
            finally:
                # Streams to open pages never end by themselves; they look at this flag, one for the whole process.
                AppStatus.should_exit = True
    finally:
        AppStatus.should_exit = False
