"""A program that is told to stop, or is done, ends in good order whatever is still under way."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from running.embedded.processes import command_of, free_ports
from running.embedded.temporal_server import TemporalServer
from running.event_loop import run

PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def program(code: str, *arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A program of its own, with the project's packages."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=PROJECT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_what_the_coroutine_returns_or_raises_is_passed_on() -> None:
    async def answer() -> int:
        return 42

    async def fail() -> None:
        raise ZeroDivisionError

    assert run(answer()) == 42
    with pytest.raises(ZeroDivisionError):
        run(fail())


def test_what_is_under_way_at_the_end_is_ended_in_its_own_way() -> None:
    ended = []

    async def other() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("other")

    async def main() -> asyncio.Task[None]:
        task = asyncio.create_task(other())
        await asyncio.sleep(0)
        return task

    assert run(main()).cancelled()
    assert ended == ["other"]


CALL_UNDER_WAY = """
import asyncio, os
from running.event_loop import run
from running.settings import load_settings
from running.temporal import connect

async def main():
    client = await connect(load_settings())
    handle = await client.start_workflow("AnyFile", id=f"exit-{os.getpid()}", task_queue="nobody")
    asyncio.create_task(handle.result())
    await asyncio.sleep(0.05)

run(main())
"""


async def test_a_call_to_temporal_under_way_does_not_keep_a_program_from_ending(server: TemporalServer) -> None:
    """Without care about half of the programs hang, so four at once are asked."""

    def all_end() -> list[int]:
        where = {"TEMPORAL_ADDRESS": server.address}
        with (
            program(CALL_UNDER_WAY, **where) as a,
            program(CALL_UNDER_WAY, **where) as b,
            program(CALL_UNDER_WAY, **where) as c,
            program(CALL_UNDER_WAY, **where) as d,
        ):
            return [process.wait(timeout=90) for process in (a, b, c, d)]

    assert await asyncio.to_thread(all_end) == [0, 0, 0, 0]


SERVER_UNDER_WAY = """
import asyncio, sys
from pathlib import Path
from running.event_loop import run
from running.embedded.temporal_server import temporal_server

async def main():
    async with temporal_server(Path(sys.argv[1]), port=int(sys.argv[2]), web_port=int(sys.argv[3])) as server:
        print(server.process.pid, flush=True)
        await asyncio.Event().wait()

run(main())
"""


@pytest.mark.parametrize(("request_to_end", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, -signal.SIGINT)])
def test_a_program_that_is_told_to_end_leaves_no_server_behind(
    tmp_path: Path, request_to_end: signal.Signals, code: int
) -> None:
    with program(SERVER_UNDER_WAY, tmp_path, *free_ports(2)) as process:
        assert process.stdout is not None
        server = int(process.stdout.readline())
        assert command_of(server) is not None
        process.send_signal(request_to_end)
        assert process.wait(timeout=90) == code
    assert command_of(server) is None
    assert (tmp_path / "temporal.pid").read_text() == ""
