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
from temporalio.worker import WorkflowRunner

from commands.samples import SAMPLES
from models.contract import State
from models.days import london_date
from models.fold import fold
from models.record import Entry
from models.view import shown
from register.directory import replace_directory
from register.schema import migrate
from running.case_client import CaseClient, Recorded
from running.embedded.mail_catcher import Mail, list_mails, postbox
from running.embedded.temporal_server import temporal_binary
from running.plain_files import read_plain_file
from running.rehearsals.scenario import directory_in
from running.rehearsals.time_skipping import start_time_skipping
from running.settings import load_settings
from running.system import System, system
from running.temporal import core_runtime, data_converter, sandboxed
from workflows.attributes import SEARCH_ATTRIBUTES

_numbers = itertools.count(1)


@dataclass
class Board:
    """One board: its parts, its files, and its mail."""

    client: Client
    parts: System
    cases: CaseClient
    mails: Path
    runner: WorkflowRunner

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

    async def record(self, reference: str, step: str, id: str, /, **fields: Any) -> Recorded:
        """Records a step that happened today."""
        return await self.cases.record(reference, step, self.body(id, **fields))

    async def state(self, reference: str) -> State:
        """What the workflow holds."""
        return await self.cases.state(reference)

    async def names(self, reference: str) -> list[str]:
        """The names of the entries on the file's record."""
        return [entry["name"] for entry in (await self.state(reference)).record]

    async def shown(self, reference: str) -> dict[str, Any]:
        """The file as people see it, from what its workflow holds."""
        record = [Entry.read(entry) for entry in (await self.state(reference)).record]
        return shown(fold(record), (await self.parts.surroundings.refresh()).at(self.cases.now()))

    def sent(self) -> list[Mail]:
        """The mails that arrived."""
        return list_mails(self.mails)


Boards = Callable[..., AbstractAsyncContextManager[Board]]


@asynccontextmanager
async def low_limit() -> AsyncIterator[WorkflowEnvironment]:
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


@asynccontextmanager
async def a_board(
    env: WorkflowEnvironment,
    folder: Path,
    register: Path,
    *,
    worker: bool = True,
    runner: WorkflowRunner | None = None,
    **settings: Any,
) -> AsyncIterator[Board]:
    """A board on a server.

    Arguments:
        env: the server.
        folder: for all that it keeps; made here.
        register: one with its tables, to be copied.
        worker: whether its worker is started.
        runner: how its workflows run; in the sandbox unless told otherwise.
        settings: more settings, by name.
    """
    folder.mkdir()
    shutil.copy(register, folder / "register.sqlite")
    async with AsyncExitStack() as stack:
        mails = await stack.enter_async_context(postbox(folder / "mails"))
        plainly = {"smtp_host": mails.host, "smtp_port": mails.port, "smtp_security": "none"}
        given = load_settings(
            data_dir=folder,
            register_url=f"sqlite:///{folder}/register.sqlite",
            mail_from="board@board.example",
            task_queue=f"board-{folder.name}-{folder.parent.name}",
            **(plainly | settings),
        )
        parts = await stack.enter_async_context(system(given))
        plain = read_plain_file(SAMPLES / "board.yaml")
        directory = directory_in(plain, plain.data)
        await replace_directory(parts.register, directory, changed_by="a test", at=datetime.now(UTC))
        cases = CaseClient(env.client, parts.register, parts.surroundings, given.task_queue)
        runs = runner or sandboxed()
        if worker:
            await stack.enter_async_context(parts.worker(env.client, workflow_runner=runs))
        yield Board(env.client, parts, cases, mails.folder, runs)


@pytest.fixture(scope="package")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    """The embedded server in real time, which suggests to continue as new after 150 events."""
    async with low_limit() as env:
        yield env


@pytest.fixture(scope="package")
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The embedded server with a virtual clock for each file."""
    async with await start_time_skipping() as env:
        yield env


@pytest.fixture(scope="package")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register with its tables, to be copied."""
    path = tmp_path_factory.mktemp("register") / "register.sqlite"
    await migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def boards(tmp_path: Path, migrated: Path) -> Boards:
    """Makes a board on a server: see :func:`a_board`."""

    def board(env: WorkflowEnvironment, **more: Any) -> AbstractAsyncContextManager[Board]:
        return a_board(env, tmp_path / f"board-{next(_numbers)}", migrated, **more)

    return board
