"""What the tests of failures share: a mail server that fails, virtual time, and a whole system to use them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from commands.samples import SAMPLES
from models.directory import Directory
from register.directory import replace_directory
from register.engine import Register
from running.plain_files import read_plain_file
from running.rehearsals.scenario import directory_in
from running.rehearsals.time_skipping import start_time_skipping
from running.settings import load_settings
from running.temporal import connect

from .mail_server import MailServer, mail_server
from .server import Server
from .virtual import Virtual
from .whole import Whole, whole_system


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but a test's own, from this machine's environment or a file where tests are run."""
    for name in os.environ:
        if name.upper().startswith(("SCR_", "TEMPORAL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="package")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """The full Temporal server with a clock of its own for each file."""
    async with await start_time_skipping() as env:
        yield env


@pytest.fixture(scope="package")
def board() -> Directory:
    """The sample board: plainly fictional."""
    plain = read_plain_file(SAMPLES / "board.yaml")
    return directory_in(plain, plain.data)


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    """A mail server that takes everything until a test tells it otherwise."""
    async with mail_server() as server:
        yield server


@pytest.fixture
async def with_board(register_url: str, board: Directory) -> str:
    """The address of a register that has the board's directory and nothing else."""
    async with Register(register_url) as register:
        await replace_directory(register, board, changed_by="the test", at=datetime.now(UTC))
    return register_url


@pytest.fixture
async def virtual(
    env: WorkflowEnvironment, mail: MailServer, with_board: str, tmp_path: Path
) -> AsyncIterator[Virtual]:
    """A whole system in virtual time, its worker running. A test that takes it runs on SQLite and on PostgreSQL."""
    address = str(env.client.service_client.config.target_host)
    async with whole_system(tmp_path, env.client, address, with_board, mail.port) as whole:
        await whole.worker.start()
        yield Virtual(env, whole, mail)


@pytest.fixture
async def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of the server of the test's own module."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
    return await connect(load_settings())


@pytest.fixture
async def whole(
    server: Server, client: Client, mail: MailServer, with_board: str, tmp_path: Path
) -> AsyncIterator[Whole]:
    """A whole system on that server, its worker a process of its own."""
    async with whole_system(tmp_path, client, server.address, with_board, mail.port) as whole:
        await whole.worker.start()
        yield whole
