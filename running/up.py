"""Runs everything on this machine: Temporal with its web page, a mail server that keeps mail, register, worker."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from activities.schema import migrate
from running.cases import Cases
from running.postbox import Postbox, postbox
from running.printing import Printer
from running.processes import EmbeddedServerError, own_folder
from running.samples import load_samples
from running.settings import load_settings
from running.system import system
from running.temporal import connect
from running.temporal_server import TemporalServer, temporal_server

SMTP_PORT, TEMPORAL_PORT, WEB_PORT = 2525, 7233, 8233


@dataclass(frozen=True)
class Ports:
    """Where to listen, on this machine alone: Temporal, its web page, the mail server."""

    temporal: int = TEMPORAL_PORT
    web: int = WEB_PORT
    smtp: int = SMTP_PORT


async def run_everything(printer: Printer, ports: Ports) -> None:
    """Runs until Ctrl-C or SIGTERM, or until the Temporal server is gone.

    Raises:
        SettingsError, PortInUseError, EmbeddedServerError, SchemaError: it cannot be started.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    folder = own_folder(load_settings().data_dir)
    async with AsyncExitStack() as stack:
        printer.say("Starting the Temporal server …")
        server = await stack.enter_async_context(
            temporal_server(folder / "temporal", port=ports.temporal, web_port=ports.web)
        )
        mails = await stack.enter_async_context(postbox(folder / "mails", port=ports.smtp))
        # Everything else finds the embedded servers as it would find any others: by settings.
        os.environ["TEMPORAL_ADDRESS"] = server.address
        settings = load_settings(smtp_host=mails.host, smtp_port=mails.port, smtp_security="none")
        printer.say("Bringing the register up to date …")
        await migrate(settings.register_url)
        parts = await stack.enter_async_context(system(settings))
        client = await connect(settings)
        await stack.enter_async_context(parts.worker(client, await parts.known_directory()))
        opened = await load_samples(parts, Cases(client, parts.register, settings.task_queue), datetime.now(UTC))
        _welcome(printer, server, mails, settings.register_url, opened)
        gone = asyncio.create_task(server.ended())
        waiting = asyncio.create_task(stopped.wait())
        await asyncio.wait({gone, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not stopped.is_set():
            raise EmbeddedServerError(f"The Temporal server has ended; see {server.log}. Start again to go on.")
        gone.cancel()
        printer.say("\nStopping; everything is kept, and the next start goes on from here.")


def _welcome(printer: Printer, server: TemporalServer, mails: Postbox, register_url: str, opened: list[str]) -> None:
    if printer.as_json:
        values: dict[str, Any] = {
            "temporal": server.address,
            "web_page": server.web_page,
            "mails": str(mails.folder),
            "opened": opened,
        }
        printer.data(values)
        return
    command = ".venv/bin/python starter.py"
    printer.say(f"""
Everything runs on this machine. Ctrl-C stops it.

  Temporal's web page  {server.web_page}
  Temporal             {server.address}
  Mails that were sent {mails.folder}
  Register             {register_url.rpartition(":///")[2]}
""")
    if opened:
        printer.say(f"  Sample incidents were opened: {', '.join(opened)}. All of them are made up.\n")
    printer.say(f"""Try next, in another terminal:

  {command} list
  {command} show SAMPLE-0001
  {command} steps decision
  {command} record SAMPLE-0001 note_added --set "text=The first call was returned."
  {command} rehearse scenarios/published-review.yaml
""")
