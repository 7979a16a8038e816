"""Workers forked from a process that has loaded all of ``worker.py``: loading takes seconds, and is done once."""

from __future__ import annotations

import multiprocessing
import os
import sys
from contextlib import chdir
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import worker
from running import event_loop

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([__name__])


def start(environment: dict[str, str], folder: Path, project: Path) -> tuple[ForkServerProcess, Connection]:
    """Starts a worker; its process, and what it says on standard error.

    Arguments:
        environment: all of its environment.
        folder: its working directory.
        project: where ``worker.py`` is.
    """
    with chdir(project):  # for the first: there the process that is forked finds what it is to load
        forkserver.ensure_running()
    heard, said = _FORKING.Pipe(duplex=False)
    process = _FORKING.Process(target=_run, args=(environment, str(folder), said), daemon=True)
    process.start()
    said.close()
    return process, heard


def _run(environment: dict[str, str], folder: str, said: Connection) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    nothing = os.open(os.devnull, os.O_RDWR)
    for file, by in ((0, nothing), (1, nothing), (2, said.fileno())):
        os.dup2(by, file)
    said.close()
    sys.exit(event_loop.run(worker._main()))
