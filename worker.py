"""Runs the workflow and the activities until told to stop: ``python worker.py``."""

from __future__ import annotations

import asyncio
import signal
import sys

import structlog

from activities.away import RegisterAway
from activities.schema import SchemaError, check_schema
from models.rulebook import RulebookError
from running import event_loop
from running.logs import set_up_logging
from running.schedules import ensure_schedules
from running.search_attributes import SearchAttributesError, register_search_attributes
from running.settings import Settings, SettingsError, load_settings
from running.system import relay_of, system
from running.temporal import TemporalAwayError, connect

log = structlog.get_logger("worker")


async def run(settings: Settings, stopped: asyncio.Event) -> None:
    """Runs a worker until ``stopped`` is set; what is under way gets its grace.

    Raises:
        SettingsError, RulebookError, SchemaError, RegisterAway, TemporalAwayError: it cannot be started.
    """
    fault = relay_of(settings).fault()
    if fault is not None:
        raise SettingsError(f"SCR_SMTP_…: {fault}")
    async with system(settings) as parts:
        await check_schema(parts.register)
        client = await connect(settings, serve_metrics=True)
        await register_search_attributes(client)
        await ensure_schedules(client, settings.task_queue)
        async with parts.worker(client, await parts.known_directory()):
            log.info("The worker runs.", task_queue=settings.task_queue, rulebooks=sorted(parts.rulebooks))
            await stopped.wait()
            log.info("The worker stops.")


async def _main() -> int:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        settings = load_settings()
        set_up_logging(settings)
        await run(settings, stopped)
    except (
        SettingsError,
        RulebookError,
        SchemaError,
        RegisterAway,
        SearchAttributesError,
        TemporalAwayError,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(event_loop.run(_main()))
