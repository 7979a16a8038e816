"""The whole system as operations run it: the worker in a process of its own, spoken to from outside."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from temporalio.client import Client

from activities.filing import projection_of
from models.contract import State
from models.projection import Projection
from models.rulebook import Rulebook
from models.rulebook_file import read_rulebook
from models.world import Surroundings
from register.engine import Register
from register.files.store import read_file
from register.surroundings import SurroundingsReader
from running.case_client import CaseClient

from . import loaded

PROJECT = Path(__file__).resolve().parents[2]
_OURS = ("SCR_", "TEMPORAL_")


def rulebook(name: str = "hertfordshire-2018") -> Rulebook:
    """A rulebook from the shelf."""
    return read_rulebook((PROJECT / "rulebooks" / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")


@dataclass
class Worker:
    """A worker with the settings of an environment; stopped, killed and started as often as a test likes.

    Arguments:
        settings: by their variables, ``SCR_REGISTER_URL``. Nothing else of ours is in its environment.
        folder: its working directory, and its home.
    """

    settings: dict[str, str]
    folder: Path
    lines: list[str] = field(default_factory=list)
    _process: ForkServerProcess | asyncio.subprocess.Process | None = None
    _reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The number of its process; 0 while there is none."""
        return (self._process.pid or 0) if self._process else 0

    @property
    def environment(self) -> dict[str, str]:
        """All of its environment."""
        others = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return {**others, "HOME": str(self.folder), **self.settings}

    async def start(self) -> None:
        """Starts it, and waits until it says that it runs."""
        await self.launch()
        await self.ready()

    async def launch(self) -> None:
        """Starts it, forked from a process that has loaded it."""
        self._process, heard = await asyncio.to_thread(loaded.start, self.environment, self.folder, PROJECT)
        lines = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(os.dup(heard.fileno()))
        )
        heard.close()
        self._listen(lines, pipe)

    async def launch_script(self) -> None:
        """Starts ``worker.py`` itself."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, PROJECT / "worker.py"),
            cwd=self.folder,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stderr is not None
        self._listen(self._process.stderr)

    async def ready(self) -> None:
        """Waits until it says that it runs; fails if it ends instead."""
        assert self._reading is not None
        said = asyncio.create_task(self._ready.wait())
        await asyncio.wait({said, self._reading}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        said.cancel()
        assert self._ready.is_set(), "The worker did not start: " + " ".join(self.lines[-5:])

    async def kill(self) -> None:
        """kill -9."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Asks it to stop, and waits until it has; its exit code."""
        return await self._end(signal.SIGTERM)

    async def ended(self) -> int:
        """Waits until it ends by itself; its exit code."""
        assert self._process is not None and self._reading is not None
        await self._reading
        if isinstance(self._process, asyncio.subprocess.Process):
            return await self._process.wait()
        await asyncio.to_thread(self._process.join)
        assert self._process.exitcode is not None
        return self._process.exitcode

    async def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        with suppress(ProcessLookupError):
            os.kill(self.pid, how)
        code = await self.ended()
        self._process = self._reading = None
        return code

    def _listen(self, lines: asyncio.StreamReader, pipe: asyncio.BaseTransport | None = None) -> None:
        self._ready = asyncio.Event()
        self._reading = asyncio.create_task(self._read(lines, pipe))

    async def _read(self, lines: asyncio.StreamReader, pipe: asyncio.BaseTransport | None) -> None:
        async for line in lines:
            self.lines.append(line.decode(errors="replace").rstrip())
            if "The worker runs." in self.lines[-1]:
                self._ready.set()
        if pipe is not None:
            pipe.close()


@dataclass
class Whole:
    """A system in operation.

    Arguments:
        client: of Temporal, as the command line and the pages have it.
        register: the register, opened beside the worker.
        worker: the process that does the work.
        task_queue: the worker's.
    """

    client: Client
    register: Register
    worker: Worker
    task_queue: str

    def cases(self, offset: timedelta = timedelta()) -> CaseClient:
        """The files, spoken to as the command line and the pages do."""
        return CaseClient(self.client, self.register, SurroundingsReader(self.register, {}), self.task_queue, offset)

    async def state(self, reference: str) -> State:
        """What the workflow holds."""
        return await self.cases().state(reference)

    async def stored(self, reference: str) -> Projection:
        """What the register holds."""
        stored = await read_file(self.register, reference)
        assert stored is not None, f"{reference} is not in the register"
        return stored


ALONE = Surroundings(None, {}, frozenset())
"""What is around every file where the register has no directory and no extra holidays."""


def as_projected(state: State) -> Projection:
    """What the register is to hold of a file whose workflow holds this."""
    return projection_of(state, ALONE)


def steps_in(state: State) -> list[str]:
    """The ids of the steps that people recorded, in the file's order."""
    return [entry["id"] for entry in state.record if entry["source"] in ("update", "signal")]


@asynccontextmanager
async def whole_system(
    folder: Path, client: Client, address: str, register_url: str, mail_port: int, **settings: str
) -> AsyncIterator[Whole]:
    """A system in operation while the block runs, its worker not started yet.

    Arguments:
        folder: for documents, and as the worker's home.
        client: of Temporal.
        address: Temporal's, for the worker.
        register_url: of a register with tables.
        mail_port: of the mail server, on this machine.
        settings: more settings of the worker, by name without ``SCR_``.
    """
    task_queue = f"faults-{folder.name}-{mail_port}"
    usual = {
        "TEMPORAL_ADDRESS": address,
        "SCR_DATA_DIR": str(folder / "data"),
        "SCR_REGISTER_URL": register_url,
        "SCR_SMTP_HOST": "127.0.0.1",
        "SCR_SMTP_PORT": str(mail_port),
        "SCR_SMTP_SECURITY": "none",
        "SCR_MAIL_FROM": "reviews@board.example",
        "SCR_TASK_QUEUE": task_queue,
    }
    given = {f"SCR_{name.upper()}": value for name, value in settings.items()}
    worker = Worker({**usual, **given}, folder)
    try:
        async with Register(register_url) as register:
            yield Whole(client, register, worker, task_queue)
    finally:
        await worker.kill()


def offset_to(instant: datetime) -> timedelta:
    """Between server time and a business time that is to be now."""
    return instant - datetime.now(UTC)
