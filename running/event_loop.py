"""How each of our programs runs its coroutine: told to stop in the middle, it still ends in good order."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_LAST = 0.2
"""Seconds at the very end. A process that ends while a call of Temporal's SDK is on its way may abort or hang for
ever (half of the time, measured); cancelled first and given this, it never did."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs a program's coroutine, as `asyncio.run` does, with two differences.

    SIGTERM cancels it, as Ctrl-C does, so that what it started (servers, a worker) is stopped and not left behind.
    And what is still under way when it returns is ended before the process is.

    Raises:
        SystemExit: with 143, once it has ended, if SIGTERM was what ended it.
        KeyboardInterrupt: once it has ended, if Ctrl-C was.
    """
    return asyncio.run(_in_good_order(main))


async def _in_good_order(main: Coroutine[Any, Any, T]) -> T:
    task, told = asyncio.create_task(main), asyncio.Event()

    def stop() -> None:
        told.set()
        task.cancel()

    if threading.current_thread() is threading.main_thread():  # signals reach no other
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if told.is_set():
            raise SystemExit(128 + signal.SIGTERM) from None
        raise
    finally:
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for other in rest:
            other.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await asyncio.sleep(_LAST)
