"""The embedded Temporal server: started, found again, never mistaken for somebody else's, and ended."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypedDict

import httpx
import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from running.embedded.processes import EmbeddedServerError, PortInUseError, command_of, free_port, free_ports
from running.embedded.temporal_server import TemporalServer, temporal_binary, temporal_server
from workflows.attributes import CASE_REFERENCE, SEARCH_ATTRIBUTES

PROJECT = Path(__file__).resolve().parents[2]


class Ports(TypedDict):
    port: int
    web_port: int


def ports(*, port: int | None = None, web_port: int | None = None) -> Ports:
    one, other = free_ports(2)
    return {"port": port or one, "web_port": web_port or other}


async def start_a_workflow(server: TemporalServer) -> None:
    client = await Client.connect(server.address)
    await client.start_workflow("AnyFile", id="SCR-2027-001", task_queue="nobody")


def ports_of(pid: int) -> set[int]:
    """The TCP ports that a process listens on."""
    opened = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()}
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    listens = "0A"
    return {int(row[1].partition(":")[2], 16) for row in rows if row[3] == listens and f"socket:[{row[9]}]" in opened}


async def has_the_workflow(server: TemporalServer) -> bool:
    client = await Client.connect(server.address)
    try:
        await client.get_workflow_handle("SCR-2027-001").describe()
    except RPCError:
        return False
    return True


async def test_it_is_ready_with_its_web_page_and_our_search_attributes(server: TemporalServer) -> None:
    client = await Client.connect(server.address)
    assert await client.count_workflows(" AND ".join(f"{key.name} IS NULL" for key in SEARCH_ATTRIBUTES))
    page = await asyncio.to_thread(urllib.request.urlopen, server.web_page)
    with page:
        assert page.status == 200
    assert server.log.is_file()


async def test_it_listens_on_this_machine_alone(server: TemporalServer) -> None:
    port = int(server.address.rpartition(":")[2])
    addresses = {item[4][0] for item in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1"}:
        if not str(address).startswith("127."):
            with pytest.raises(OSError):
                await asyncio.open_connection(str(address), port)


@pytest.mark.skipif(sys.platform != "linux", reason="which ports a process has, only Linux says so")
async def test_no_web_page_can_send_it_a_signal_past_the_pages(server: TemporalServer) -> None:
    await start_a_workflow(server)
    listening = ports_of(server.process.pid)
    assert len(listening) > 2, "the HTTP API has a port of its own, beside the two that were asked for"
    foreign = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    for port in listening:
        address = f"http://127.0.0.1:{port}/api/v1/namespaces/default/workflows/SCR-2027-001/signal/note_added"
        async with httpx.AsyncClient() as browser:
            try:
                answer = await browser.post(address, content='{"input": [{"text": "Forged."}]}', headers=foreign)
            except httpx.HTTPError:
                continue  # it speaks another protocol
        assert answer.status_code >= 400, f"{port}: {answer.status_code} {answer.text}"


async def test_it_stops_and_goes_on_where_it_was_at_the_next_start(tmp_path: Path) -> None:
    async with temporal_server(tmp_path, **ports()) as first:
        await start_a_workflow(first)
    assert first.process.returncode == 0
    async with temporal_server(tmp_path, **ports()) as second:
        assert await has_the_workflow(second)


async def test_it_goes_on_where_it_was_after_it_was_killed(tmp_path: Path) -> None:
    where = ports()
    async with temporal_server(tmp_path, **where) as first:
        await start_a_workflow(first)
        os.kill(first.process.pid, signal.SIGKILL)
        assert await first.ended() == -signal.SIGKILL
    async with temporal_server(tmp_path, **where) as second:
        assert await has_the_workflow(second)


RUN = """
import asyncio, sys
from pathlib import Path
from running.embedded.temporal_server import temporal_server

async def main():
    async with temporal_server(Path(sys.argv[1]), port=int(sys.argv[2]), web_port=int(sys.argv[3])) as server:
        print(server.process.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@contextmanager
def another_run(folder: Path, port: int, web_port: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A run of this program in a process of its own, and the number of its server's process."""
    command = [sys.executable, "-c", RUN, str(folder), str(port), str(web_port)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        server = int(run.stdout.readline())
        try:
            yield run, server
        finally:
            run.kill()


async def start_workflow_at(port: int) -> None:
    client = await Client.connect(f"127.0.0.1:{port}")
    await client.start_workflow("AnyFile", id="SCR-2027-001", task_queue="nobody")


@pytest.mark.parametrize("elsewhere", [False, True], ids=["the same ports", "other ports"])
async def test_a_server_that_a_killed_run_left_behind_is_ended_and_its_files_go_on(
    tmp_path: Path, elsewhere: bool
) -> None:
    where = ports()
    with another_run(tmp_path, **where) as (run, orphan):
        await start_workflow_at(where["port"])
    assert run.returncode == -signal.SIGKILL
    assert command_of(orphan) is not None
    if elsewhere:  # killed, moreover, before it could note anything
        (tmp_path / "temporal.pid").write_text("")
    async with temporal_server(tmp_path, **(ports() if elsewhere else where)) as server:
        assert command_of(orphan) is None
        assert server.process.pid != orphan
        assert await has_the_workflow(server)


async def test_a_server_whose_run_goes_on_is_left_alone(tmp_path: Path) -> None:
    with another_run(tmp_path, **ports()) as (run, theirs):
        try:
            with pytest.raises(EmbeddedServerError) as caught:
                async with temporal_server(tmp_path, **ports()):
                    pass
            assert str(caught.value) == (
                f"The Temporal server in {tmp_path} belongs to another run of this program "
                f"(process {run.pid}): end that first, or use another folder."
            )
            assert command_of(theirs) is not None
        finally:
            os.kill(theirs, signal.SIGKILL)


@pytest.mark.parametrize("suffix", [".old", "/x"])
async def test_a_process_with_another_database_is_left_alone(tmp_path: Path, suffix: str) -> None:
    database = f"{tmp_path}/temporal.sqlite{suffix}"
    stranger = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "input()", "server", "start-dev", "--db-filename", database),
        stdin=asyncio.subprocess.PIPE,
    )
    (tmp_path / "temporal.pid").write_text(json.dumps({"server": stranger.pid, "owner": 1}))
    async with temporal_server(tmp_path, **ports()):
        assert stranger.returncode is None
    await stranger.communicate(b"\n")
    assert stranger.returncode == 0


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "12"])
async def test_a_run_that_is_only_just_starting_is_left_alone_too(tmp_path: Path, content: str) -> None:
    with (tmp_path / "temporal.pid").open("w") as note:
        note.write(content)
        note.flush()
        fcntl.flock(note, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedServerError, match=r"another run of this program \(it has not said which"):
            async with temporal_server(tmp_path, **ports()):
                pass


@pytest.mark.parametrize(("which", "purpose"), [("port", "Temporal"), ("web_port", "Temporal's web page")])
async def test_a_port_in_use_is_named_and_nothing_is_started(tmp_path: Path, which: str, purpose: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(PortInUseError, match=rf"^Port {port} for {purpose} is in use by .+ \(process \d+\): "):
            async with temporal_server(tmp_path, **ports(**{which: port})):
                pass
    assert not (tmp_path / "temporal.log").exists()


async def test_another_temporal_server_is_not_taken_for_ours(tmp_path: Path, server: TemporalServer) -> None:
    port = int(server.address.rpartition(":")[2])
    with pytest.raises(PortInUseError, match=f"in use by temporal \\(process {server.process.pid}\\)"):
        async with temporal_server(tmp_path, port=port, web_port=free_port()):
            pass
    assert server.process.returncode is None


async def test_a_server_that_is_not_installed_is_named_and_not_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(EmbeddedServerError, match=f"not installed: there is no {tmp_path}/temporal"):
        temporal_binary()


async def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "temporal.sqlite").write_bytes(b"not a database" * 1000)
    with pytest.raises(EmbeddedServerError, match=r"ended as it started \(.*file is not a database.*\); see .*\.log"):
        async with temporal_server(tmp_path, **ports()):
            pass


async def test_a_server_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    where = ports()
    with pytest.raises(EmbeddedServerError, match=r"was not ready in 0\.001 seconds"):
        async with temporal_server(tmp_path, **where, startup_timeout=timedelta(milliseconds=1)):
            pass
    async with temporal_server(tmp_path, **where):
        pass


async def test_the_block_is_told_when_the_server_is_gone(tmp_path: Path) -> None:
    async with temporal_server(tmp_path, **ports()) as server, asyncio.timeout(10):
        gone = asyncio.create_task(server.ended())
        os.kill(server.process.pid, signal.SIGKILL)
        assert await gone == -signal.SIGKILL


async def test_an_error_in_the_block_ends_the_server_too(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with temporal_server(tmp_path, **ports()) as server:
            raise ZeroDivisionError
    assert server.process.returncode is not None
    assert (tmp_path / "temporal.pid").read_text() == ""


def environment_of(pid: int) -> bytes:
    environment = Path(f"/proc/{pid}/environ")
    if not environment.exists():
        pytest.skip("this system does not show a process's environment")
    return environment.read_bytes()


async def test_temporals_settings_for_clients_do_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_PROFILE", "no-such-profile")
    monkeypatch.setenv("TEMPORAL_API_KEY", "hunter2")
    monkeypatch.setenv("SCR_SMTP_PASSWORD", "hunter2")
    async with temporal_server(tmp_path, **ports()) as server:
        assert b"hunter2" not in environment_of(server.process.pid)


async def test_ctrl_c_at_the_terminal_does_not_reach_it(server: TemporalServer) -> None:
    assert os.getpgid(server.process.pid) != os.getpgid(os.getpid())


async def test_its_folder_is_for_nobody_else_to_look_into(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(PortInUseError):
        async with temporal_server(tmp_path / "a" / "b", port=listening.getsockname()[1]):
            pass
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_the_log_starts_afresh_when_it_has_grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import running.embedded.temporal_server as module

    monkeypatch.setattr(module, "_LOG_KEPT_BYTES", 10)
    (tmp_path / "temporal.log").write_text("of old, and long")
    with module._log(tmp_path) as log:
        log.write(b"new")
    assert (tmp_path / "temporal.log").read_text() == "new"
    assert (tmp_path / "temporal.log.1").read_text() == "of old, and long"


def test_search_attributes_hold_no_more_than_a_database_can() -> None:
    kinds = [key.indexed_value_type.name for key in SEARCH_ATTRIBUTES]
    assert CASE_REFERENCE in SEARCH_ATTRIBUTES
    assert kinds.count("KEYWORD") <= 10
    assert all(kinds.count(kind) <= 3 for kind in set(kinds) - {"KEYWORD"})
