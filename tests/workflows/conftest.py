"""A whole small board for the shell's tests: the real server, the real worker, a register, a mail server."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.directory import replace_directory
from activities.schema import migrate
from models.counting import london_date
from running.cases import Cases
from running.plain_files import read_plain_file
from running.postbox import Mail, list_mails, postbox
from running.samples import SAMPLES
from running.scenario import directory_in
from running.settings import load_settings
from running.system import System, system
from running.temporal import core_runtime, data_converter
from running.temporal_server import temporal_binary
from running.time_skipping import start_time_skipping
from workflows.attributes import SEARCH_ATTRIBUTES

_numbers = itertools.count(1)


@dataclass
class Board:
    """One board: its parts, its files, and its mail."""

    client: Client
    parts: System
    cases: Cases
    mails: Path

    async def open(self, reference: str, *, days_ago: int = 0, **incident: Any) -> WorkflowHandle[Any, Any]:
        """Opens a file for a death that meets the criteria, notified so many days ago."""
        today = london_date(self.cases.now())
        notified = today - timedelta(days=days_ago)
        child = {
            "id": "child-one",
            "born_on": "2015-01-31",
            "outcome": "died",
            "died_on": notified.isoformat(),
            "abuse_or_neglect": "known",
            "custody": "none",
            "detained_under_mental_health_act": "no",
            "deprived_of_liberty": "no",
            "residence": "Hertfordshire",
        }
        body = {
            "reference": reference,
            "opened_on": today.isoformat(),
            "recorded_by": "coordinator",
            "incident": {
                "children": [child],
                "aware_on": notified.isoformat(),
                "notified_on": notified.isoformat(),
                "organisations": [{"id": "hill-school", "name": "Hill School"}],
                **incident,
            },
        }
        await self.cases.open(body, self.parts.rulebook)
        return self.cases.handle(reference)

    def body(self, id: str, /, **fields: Any) -> dict[str, Any]:
        """A step's body, for a step that happened today."""
        today = london_date(self.cases.now()).isoformat()
        return {"id": id, "recorded_by": "coordinator", "happened_on": today, **fields}

    async def record(self, reference: str, step: str, id: str, /, **fields: Any) -> dict[str, Any]:
        """Records a step that happened today."""
        return await self.cases.record(reference, step, self.body(id, **fields))

    async def state(self, reference: str) -> dict[str, Any]:
        """What the workflow holds."""
        state: dict[str, Any] = await self.cases.ask(reference, "state")
        return state

    async def names(self, reference: str) -> list[str]:
        """The names of the entries on the file's record."""
        return [entry["name"] for entry in (await self.state(reference))["record"]]

    def sent(self) -> list[Mail]:
        """The mails that arrived."""
        return list_mails(self.mails)


Boards = Callable[..., AbstractAsyncContextManager[Board]]


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    """The embedded server in real time, which suggests to continue as new after 150 events."""
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(temporal_binary()),
        dev_server_extra_args=["--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=150"],
        dev_server_log_level="never",
        data_converter=data_converter(),
        runtime=core_runtime(),
        search_attributes=SEARCH_ATTRIBUTES,
    ) as env:
        yield env


@pytest.fixture(scope="session")
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The embedded server with a virtual clock for each file."""
    async with await start_time_skipping() as env:
        yield env


@pytest.fixture(scope="session")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register with its tables, to be copied."""
    path = tmp_path_factory.mktemp("register") / "register.sqlite"
    await migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def boards(tmp_path: Path, migrated: Path) -> Boards:
    """Makes a board on a server; with ``worker=False`` its worker is not started."""

    @asynccontextmanager
    async def board(env: WorkflowEnvironment, *, worker: bool = True, **settings: Any) -> AsyncIterator[Board]:
        folder = tmp_path / f"board-{next(_numbers)}"
        folder.mkdir()
        shutil.copy(migrated, folder / "register.sqlite")
        async with AsyncExitStack() as stack:
            mails = await stack.enter_async_context(postbox(folder / "mails"))
            given = load_settings(
                data_dir=folder,
                register_url=f"sqlite+aiosqlite:///{folder}/register.sqlite",
                smtp_host=mails.host,
                smtp_port=mails.port,
                smtp_security="none",
                mail_from="board@board.example",
                task_queue=f"board-{folder.name}-{folder.parent.name}",
                **settings,
            )
            parts = await stack.enter_async_context(system(given))
            plain = read_plain_file(SAMPLES / "board.yaml")
            directory = directory_in(plain, plain.data)
            await replace_directory(parts.register, directory, changed_by="a test", at=datetime.now(UTC))
            cases = Cases(env.client, parts.register, given.task_queue)
            if worker:
                await stack.enter_async_context(parts.worker(env.client))
            yield Board(env.client, parts, cases, mails.folder)

    return board
