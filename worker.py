"""Runs the workflow and the activities until told to stop: ``python worker.py``."""

from __future__ import annotations

import asyncio
import signal
import sys

from running import event_loop
from running.logs import set_up_logging
from running.settings import load_settings
from running.worker import CANNOT_START, running_worker


async def _main() -> int:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        settings = load_settings()
        set_up_logging(settings)
        async with running_worker(settings):
            await stopped.wait()
    except CANNOT_START as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(event_loop.run(_main()))
