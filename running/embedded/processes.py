"""Ports and processes of this machine: who holds a port, what runs under a number, and ending it.

On Linux by reading ``/proc``, elsewhere by asking ``lsof`` and ``ps``; nothing has to be installed for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import SystemRandom

LOOPBACK = "127.0.0.1"

_PROC = Path("/proc")
_LISTENING = "0A"
_SELDOM_USED = range(12_000, 32_000)
_BETWEEN_LOOKS = 0.02


class EmbeddedServerError(Exception):
    """A server that belongs to the embedded run cannot be started. Its text is one line with what to do."""


class PortInUseError(EmbeddedServerError):
    """Something else listens where a server of ours was to.

    Arguments:
        port: which.
        purpose: what it was to be for, ``Temporal``.
        holder: what holds it, as far as it can be told.
    """

    def __init__(self, port: int, purpose: str, holder: str | None) -> None:
        by = f" by {holder}" if holder else ""
        super().__init__(f"Port {port} for {purpose} is in use{by}: end that, or choose another port.")
        self.port = port


def own_folder(path: Path) -> Path:
    """A folder by its absolute path, for nobody else to look into; made if need be.

    Raises:
        EmbeddedServerError: it cannot be made, or others may look into it.
    """
    path = path.resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedServerError(f"The folder {path} cannot be made: {error.strerror}. Set SCR_DATA_DIR.") from None
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise EmbeddedServerError(
            f"Others on this machine may open the folder {path}, and what is about children is kept in it. Close it to "
            f"them: chmod 700 {path}"
        )
    return path


def free_ports(count: int) -> list[int]:
    """So many ports of this machine, each another, that nothing listens on.

    They lie below those that the operating system gives to connections, and to servers that ask for any: until it is
    used, nothing gets one of them by chance.
    """
    found: list[int] = []
    for port in SystemRandom().sample(_SELDOM_USED, len(_SELDOM_USED)):
        if len(found) == count:
            break
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            found.append(port)
    return found


def free_port() -> int:
    """One of :func:`free_ports`."""
    return free_ports(1)[0]


def refuse_port_in_use(port: int, purpose: str) -> None:
    """Raises PortInUseError if something listens on a port of the loopback address.

    It is asked for in two ways: on some systems a listener on all addresses does not keep us from taking the
    loopback one, and connecting does not tell of one that is too busy to answer.
    """
    with socket.socket() as probe:
        probe.settimeout(1)
        taken = probe.connect_ex((LOOPBACK, port)) == 0
    if not taken:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except PermissionError:
                raise EmbeddedServerError(
                    f"Port {port} for {purpose} is not ours to take: choose one above 1023."
                ) from None
            except OSError:
                taken = True
    if taken:
        pid = holder_of(port)
        raise PortInUseError(port, purpose, None if pid is None else f"{_program(pid)} (process {pid})")


def holder_of(port: int) -> int | None:
    """The number of the process that listens on a port; None if there is none or it may not be known."""
    if not _PROC.is_dir():
        pids = _ask("lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-t").split()
        return int(pids[0]) if pids else None
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return None
    for process in _PROC.glob("[0-9]*"):
        # Processes come and go while we look, and some are not ours to look into.
        with contextlib.suppress(OSError):
            if any(os.readlink(entry) in sockets for entry in (process / "fd").iterdir()):
                return int(process.name)
    return None


def command_of(pid: int) -> str | None:
    """The command line of a process; None if there is none, or it has ended and its parent does not care."""
    if not _PROC.is_dir():
        return _ask("ps", "-ww", "-o", "command=", "-p", str(pid)).strip() or None
    try:
        arguments = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return None
    return arguments.replace(b"\0", b" ").decode(errors="replace").strip() or None


def processes_with(*parts: str) -> list[int]:
    """The numbers of the processes whose command lines hold all the texts, in this order, as whole words."""
    looked_for = re.compile(".*".join(rf"(?<!\S){re.escape(part)}(?!\S)" for part in parts), re.DOTALL)
    if _PROC.is_dir():
        numbers = (int(process.name) for process in _PROC.glob("[0-9]*"))
        return [number for number in numbers if looked_for.search(command_of(number) or "")]
    lines = (line.strip().partition(" ") for line in _ask("ps", "-axww", "-o", "pid=,command=").splitlines())
    return [int(number) for number, _, command in lines if looked_for.search(command)]


async def end_process(pid: int, is_it: Callable[[], bool], patience: timedelta) -> None:
    """Ends a process that is not a child of ours: asks it to, and after a while makes it.

    Arguments:
        pid: its number.
        is_it: whether the number is still that process's, as numbers are used again.
        patience: how long it may take to end in good order.
    """
    for request in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                if is_it():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, request)
                while is_it():
                    await asyncio.sleep(_BETWEEN_LOOKS)
                return
    raise EmbeddedServerError(f"Process {pid} cannot be ended: end it, then try again.")


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def _program(pid: int) -> str:
    """A program's name alone: the rest of a command line may hold what is nobody's business."""
    return Path((command_of(pid) or "a program").split()[0]).name


def _ask(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
