"""Memory of a worker for each file that is open and kept in its cache."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from running.case_client import CaseClient
from running.event_loop import run

from .board import Board, board
from .life import STEPS, at_once, begin

OPENED = 200
UNDER_REVIEW = 25
"""How many more files are brought to the last step but one."""

WARMING_UP = 10
_WORKER = Path(__file__).resolve().parents[1] / "worker.py"
_OURS = ("SCR_", "TEMPORAL_")


def main() -> None:
    """Prints what a worker in a process of its own takes, and how much more with each file."""
    run(_measure())


async def _measure() -> None:
    async with board() as on, _worker(on) as pid:
        cases = CaseClient(on.client, on.parts.register, on.parts.surroundings, on.parts.settings.task_queue)

        async def brought(names: Iterable[str], leave_out: int) -> int:
            await at_once(names, lambda name: begin(cases, on.parts.rulebook, name, leave_out=leave_out))
            return _resident(pid)

        await brought((f"WARM-{n}" for n in range(WARMING_UP)), len(STEPS))
        before = await brought((f"FIRST-{n}" for n in range(2)), 1)
        opened = await brought((f"OPEN-{n}" for n in range(OPENED)), len(STEPS))
        reviewed = await brought((f"REVIEW-{n}" for n in range(UNDER_REVIEW)), 1)
    rows = (
        (f"with its first {WARMING_UP + 2} files", before),
        (f"each of {OPENED} files just opened", (opened - before) / OPENED),
        (f"each of {UNDER_REVIEW} files after {len(STEPS) - 1} steps", (reviewed - opened) / UNDER_REVIEW),
    )
    print("memory: of a worker process, resident")
    for what, took in rows:
        print(f"  {what:34}{took / 1024:12,.0f} KiB")


@asynccontextmanager
async def _worker(on: Board) -> AsyncIterator[int]:
    """A worker as operations run it, while the block runs; its process's number."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    process = await asyncio.create_subprocess_exec(sys.executable, _WORKER, env={**others, **on.environment})
    try:
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


def _resident(pid: int) -> int:
    """Bytes of a process that are in memory."""
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], check=True, capture_output=True, text=True)
    return int(shown.stdout) * 1024
