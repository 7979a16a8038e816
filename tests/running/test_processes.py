"""Ports and processes: what holds a port is named, and ending a process ends that process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from running.embedded.processes import (
    PortInUseError,
    command_of,
    end_process,
    free_port,
    free_ports,
    holder_of,
    refuse_port_in_use,
)


def python(code: str, *, stdin: int | None = None, stdout: int | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], stdin=stdin, stdout=stdout)


@pytest.fixture(params=["127.0.0.1", "0.0.0.0"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A socket of this process that listens, on the loopback address or on all."""
    with socket.create_server((request.param, 0)) as listening:
        yield listening


def test_a_free_port_is_not_refused() -> None:
    port = free_port()
    refuse_port_in_use(port, "Temporal")
    assert holder_of(port) is None


def test_free_ports_are_none_that_the_operating_system_gives_to_others() -> None:
    ports = free_ports(200)
    assert len(set(ports)) == 200
    with socket.create_server(("127.0.0.1", 0)) as given:
        assert max(ports) < given.getsockname()[1]


def test_a_port_in_use_is_refused_and_says_by_what(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with pytest.raises(PortInUseError) as caught:
        refuse_port_in_use(port, "Temporal's web page")
    assert caught.value.port == port
    program = (command_of(os.getpid()) or "").split()[0].rpartition("/")[2]
    assert str(caught.value) == (
        f"Port {port} for Temporal's web page is in use by {program} (process {os.getpid()}): "
        "end that, or choose another port."
    )


def test_a_port_that_is_bound_but_never_answers_is_in_use_too() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(PortInUseError):
            refuse_port_in_use(bound.getsockname()[1], "Temporal")


def test_a_port_that_was_only_just_used_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # the server's side closes first and lingers for a minute
        client.close()
    refuse_port_in_use(port, "Temporal")


def test_a_process_that_is_gone_has_no_command() -> None:
    with python("pass") as process:
        process.wait()
    assert command_of(process.pid) is None


def test_a_process_that_ended_but_was_not_fetched_has_no_command() -> None:
    with python("input()", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert command_of(process.pid) is None


@pytest.mark.parametrize(("stubborn", "ended_by"), [(False, signal.SIGTERM), (True, signal.SIGKILL)])
async def test_a_process_is_asked_to_end_and_then_made_to(stubborn: bool, ended_by: signal.Signals) -> None:
    code = "import signal\n"
    code += "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if stubborn else ""
    code += "print(flush=True)\nsignal.pause()"
    with python(code, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        await end_process(process.pid, lambda: process.poll() is None, timedelta(seconds=0.3 if stubborn else 10))
    assert process.returncode == -ended_by


async def test_a_number_that_is_somebody_elses_by_now_is_left_alone() -> None:
    with python("input()", stdin=subprocess.PIPE) as process:
        await end_process(process.pid, lambda: False, timedelta(seconds=1))
        assert process.poll() is None
        assert process.stdin is not None
        process.stdin.write(b"\n")
    assert process.returncode == 0
