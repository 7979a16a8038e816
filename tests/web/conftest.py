"""A whole board for the tests of the pages: Temporal, register, mail server, a worker, and browsers signed in."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from temporalio.client import Client

from commands.samples import SAMPLES
from models.days import london_date
from register.directory import replace_directory
from register.people import passwords
from register.people.accounts import Account, add_account
from register.people.sessions import begin_session
from register.schema import migrate
from running.case_client import CaseClient
from running.embedded.mail_catcher import Postbox, postbox
from running.embedded.processes import free_port, free_ports
from running.embedded.temporal_server import TemporalServer, temporal_server
from running.plain_files import read_plain_file
from running.rehearsals.scenario import directory_in
from running.secrets import pages_secret
from running.settings import load_settings
from running.system import System, system
from running.temporal import core_runtime, data_converter
from web.app import make_app
from web.site import Site

BASE = "http://board.test"


class Browser(httpx.AsyncClient):
    """Somebody at the pages, without JavaScript. ``account`` is who is signed in."""

    account: Account

    async def token(self, page: str) -> str:
        """The token that a page's forms carry."""
        return csrf_in((await self.get(page)).text)

    async def fill(self, page: str, values: dict[str, Any], *, form: str = "") -> httpx.Response:
        """Fills in a page's form and sends it.

        Arguments:
            page: where it is sent.
            values: what is typed.
            form: where the form is shown, if elsewhere.
        """
        return await self.post(page, data={"csrf": await self.token(form or page), **values})


def csrf_in(page: str) -> str:
    """The token in a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, "the page has no form"
    return found[1]


@dataclass
class Board:
    """The whole board, running.

    Arguments:
        app: the pages.
        site: what they stand on.
        cases: the files.
        mails: where the mail server keeps what was sent.
    """

    app: FastAPI
    site: Site
    cases: CaseClient
    client: Client
    mails: Postbox
    parts: System
    _numbers: itertools.count[int]

    def reference(self) -> str:
        """A reference nobody has yet."""
        return f"EX-TEST-{next(self._numbers):04d}"

    @property
    def today(self) -> str:
        """Today in London."""
        return london_date(datetime.now(UTC)).isoformat()

    def day(self, ago: int) -> str:
        """A day so many days ago."""
        return (london_date(datetime.now(UTC)) - timedelta(days=ago)).isoformat()

    async def opened(self, *, aware: int = 3, notified: int = 2, **more: Any) -> str:
        """The reference of a new file: a death, with abuse suspected, at three organisations. Made up.

        Arguments:
            aware, notified: how many days ago.
            more: further fields of the incident.
        """
        reference = self.reference()
        child = {
            "id": "child-1",
            "born_on": "2015-03-04",
            "outcome": "died",
            "died_on": self.day(aware),
            "abuse_or_neglect": "suspected",
            "custody": "none",
            "detained_under_mental_health_act": "no",
            "deprived_of_liberty": "no",
            "residence": "Hertfordshire",
        }
        names = {"exampleshire-hospital": "Exampleshire Hospital Trust", "exampleshire-police": "Exampleshire Police"}
        incident = {
            "children": [child],
            "aware_on": self.day(aware),
            "notified_on": self.day(notified),
            "concern_about_joint_working": "yes",
            "organisations": [{"id": id, "name": name} for id, name in names.items()],
            **more,
        }
        body = {"reference": reference, "opened_on": self.today, "recorded_by": "A Coordinator", "incident": incident}
        await self.cases.open(body, self.parts.rulebook)
        return reference

    async def record(self, reference: str, step: str, **fields: Any) -> None:
        """Records a step as having happened today."""
        body = {"id": f"test-{next(self._numbers)}", "recorded_by": "A Coordinator", "happened_on": self.today}
        await self.cases.record(reference, step, body | fields)


@pytest.fixture(scope="package")
def pages_at() -> str:
    """The pages' address, as mails have it."""
    return BASE


@pytest.fixture(scope="package")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TemporalServer]:
    """One Temporal for all boards of a process."""
    port, web_port = free_ports(2)
    async with temporal_server(tmp_path_factory.mktemp("temporal"), port=port, web_port=web_port) as server:
        yield server


@pytest.fixture(scope="package")
async def board(
    temporal: TemporalServer, tmp_path_factory: pytest.TempPathFactory, pages_at: str
) -> AsyncIterator[Board]:
    """One board for all tests of a process: each test opens files of its own."""
    async with a_board(temporal, tmp_path_factory.mktemp("board"), pages_at) as board:
        yield board


@pytest.fixture(autouse=True)
def passwords_cost_little(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A password's hash takes a seventh of a second of all cores: on purpose, and not needed here."""
    monkeypatch.setattr(
        passwords, "PasswordHasher", partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1)
    )
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


@asynccontextmanager
async def a_board(
    server: TemporalServer, folder: Path, pages_at: str, first: int = 1, **worker: Any
) -> AsyncIterator[Board]:
    """A board with a register, mails and a worker of its own.

    Arguments:
        server: its Temporal; other boards may have the same.
        folder: for everything else, and of a name of its own.
        pages_at: the pages' address.
        first: the number of its first file; no two boards of a Temporal may have the same.
        worker: options of its worker.
    """
    saved = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(("SCR_", "TEMPORAL_"))}
    async with AsyncExitStack() as stack:
        client = await Client.connect(server.address, data_converter=data_converter(), runtime=core_runtime())
        mails = await stack.enter_async_context(postbox(folder / "mails"))
        settings = load_settings(
            data_dir=str(folder),
            smtp_host=mails.host,
            smtp_port=str(mails.port),
            smtp_security="none",
            mail_from="board@board.example",
            public_url=pages_at,
            pages_secret="a secret of the tests alone, long enough",
            log_level="error",
            task_queue=folder.name,
        )
        await migrate(settings.register_url)
        parts = await stack.enter_async_context(system(settings))
        plain = read_plain_file(SAMPLES / "board.yaml")
        directory = directory_in(plain, plain.data)
        await replace_directory(parts.register, directory, changed_by="the tests", at=datetime.now(UTC))
        await stack.enter_async_context(parts.worker(client, **worker))
        cases = CaseClient(client, parts.register, parts.surroundings, settings.task_queue)
        async with asyncio.timeout(30):
            while not await cases.cluster.workers():  # Temporal has heard of the worker: it is told as well
                await asyncio.sleep(0.02)
        site = Site(parts, cases, temporal_page=server.web_page, mails=mails.folder, secret=pages_secret(settings))
        yield Board(make_app(site), site, cases, client, mails, parts, itertools.count(first))
    os.environ.update(saved)


Browsers = Callable[..., Awaitable[Browser]]


_accounts = itertools.count(1)


@asynccontextmanager
async def browser_of(
    board: Board, *roles: str, name: str = "", person: str = "", organisation: str = "", app: FastAPI | None = None
) -> AsyncIterator[Browser]:
    """A browser at a board's pages, signed in as somebody new with these roles; none, a stranger.

    ``person`` and ``organisation`` are the directory's ids. ``name`` is the account's.
    """
    transport = httpx.ASGITransport(app=app or board.app)
    async with Browser(transport=transport, base_url=BASE) as browser:
        if roles:
            now = board.site.now()
            browser.account = await add_account(
                board.site.register,
                name=name or f"A {roles[0].replace('_', ' ').title()}",
                email=f"{next(_accounts)}.{now.timestamp()}@board.example",
                roles=frozenset(roles),
                organisation=organisation,
                person=person,
                by="the tests",
                now=now,
            )
            secret = await begin_session(board.site.register, browser.account.id, now=now)
            browser.cookies.set("session", secret)
        yield browser


@pytest.fixture
async def browser(board: Board) -> AsyncIterator[Browsers]:
    """Opens a browser for a test, as :func:`browser_of` does: ``await browser("coordinator")``."""
    async with AsyncExitStack() as stack:

        async def open_browser(*roles: str, **more: Any) -> Browser:
            return await stack.enter_async_context(browser_of(board, *roles, **more))

        yield open_browser


@pytest.fixture
async def away(board: Board) -> AsyncIterator[FastAPI]:
    """The pages of the same board while Temporal is away."""
    client = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True)
    cases = CaseClient(client, board.parts.register, board.parts.surroundings, board.parts.settings.task_queue)
    yield make_app(replace(board.site, cases=cases))
