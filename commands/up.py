"""Runs everything on this machine: Temporal with its web page, a mail server that keeps mail, worker, pages."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from commands.first_account import first_link
from commands.printing import Printer
from commands.samples import load_samples
from register.schema import migrate
from running.case_client import PAGE_PATIENCE, CaseClient
from running.embedded.mail_catcher import Postbox, postbox
from running.embedded.processes import LOOPBACK, EmbeddedServerError, own_folder, refuse_port_in_use
from running.embedded.temporal_server import TemporalServer, temporal_server
from running.schedules import ensure_schedules
from running.settings import Settings, load_settings
from running.system import System, system
from running.temporal import connect

SMTP_PORT, TEMPORAL_PORT, WEB_PORT = 2525, 7233, 8233

NEWCOMER = "you@board.example"
"""What the first account signs in with: a made-up address, as everything is here."""

_TRIES_EVERYTHING = frozenset({"coordinator", "chair", "administrator"})


@dataclass(frozen=True)
class Ports:
    """Where to listen, on this machine alone: Temporal, its web page, the mail server, the pages.

    Without a port the pages are where the settings say.
    """

    temporal: int = TEMPORAL_PORT
    web: int = WEB_PORT
    smtp: int = SMTP_PORT
    pages: int | None = None


class Pages(Protocol):
    """Serves the pages while the block runs: :func:`web.server.pages`, which this package does not know."""

    def __call__(
        self, parts: System, cases: CaseClient, *, temporal_page: str, mails: Path
    ) -> AbstractAsyncContextManager[None]:
        """The pages of this system."""


async def run_everything(printer: Printer, ports: Ports, pages: Pages) -> None:
    """Runs until Ctrl-C or SIGTERM, or until the Temporal server is gone.

    Arguments:
        printer: says where everything is.
        ports: where to listen.
        pages: serves the pages.

    Raises:
        SettingsError, PortInUseError, EmbeddedServerError, SchemaError: it cannot be started.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    at_first = load_settings(**({"pages_address": f"{LOOPBACK}:{ports.pages}"} if ports.pages else {}))
    folder, pages_port = own_folder(at_first.data_dir), int(at_first.pages_address.rpartition(":")[2])
    wanted = {"Temporal": ports.temporal, "Temporal's web page": ports.web, "mail": ports.smtp, "the pages": pages_port}
    if len(set(wanted.values())) < len(wanted):
        given = ", ".join(f"{server} {port}" for server, port in wanted.items())
        raise EmbeddedServerError(f"Two servers cannot listen on the same port. You gave: {given}.")
    refuse_port_in_use(pages_port, "the pages")  # before anything is started that takes a while
    async with AsyncExitStack() as stack:
        printer.say("Starting the Temporal server …")
        server = await stack.enter_async_context(
            temporal_server(folder / "temporal", port=ports.temporal, web_port=ports.web)
        )
        mails = await stack.enter_async_context(postbox(folder / "mails", port=ports.smtp))
        # Everything else finds the embedded servers as it would find any others: by settings.
        os.environ["TEMPORAL_ADDRESS"] = server.address
        settings = load_settings(
            smtp_host=mails.host,
            smtp_port=mails.port,
            smtp_security="none",
            pages_address=at_first.pages_address,
            public_url=at_first.public_url or f"http://{LOOPBACK}:{pages_port}",
        )
        printer.say("Bringing the register up to date …")
        await migrate(settings.register_url)
        parts = await stack.enter_async_context(system(settings))
        client = await connect(settings)
        await stack.enter_async_context(parts.worker(client))
        await ensure_schedules(client, settings.task_queue)
        at_leisure = CaseClient(client, parts.register, parts.surroundings, settings.task_queue)
        opened = await load_samples(parts, at_leisure, datetime.now(UTC))
        cases = CaseClient(client, parts.register, parts.surroundings, settings.task_queue, patience=PAGE_PATIENCE)
        await stack.enter_async_context(pages(parts, cases, temporal_page=server.web_page, mails=mails.folder))
        first = await first_link(
            parts.register,
            settings.public_url,
            name="A Newcomer",
            email=NEWCOMER,
            roles=_TRIES_EVERYTHING,
            person="coordinator",
            now=datetime.now(UTC),
        )
        _welcome(printer, server, mails, settings, opened, first)
        gone = asyncio.create_task(server.ended())
        waiting = asyncio.create_task(stopped.wait())
        await asyncio.wait({gone, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not stopped.is_set():
            raise EmbeddedServerError(f"The Temporal server has ended; see {server.log}. Start again to continue.")
        gone.cancel()
        printer.say("\nStopping. Everything is kept, and the next start continues from here.")


def _welcome(
    printer: Printer,
    server: TemporalServer,
    mails: Postbox,
    settings: Settings,
    opened: list[str],
    first: str | None,
) -> None:
    if printer.as_json:
        values: dict[str, Any] = {
            "pages": settings.public_url,
            "first_sign_in": first,
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

  The pages            {settings.public_url}
  Temporal's web page  {server.web_page}
  Temporal             {server.address}
  Mails that were sent {mails.folder}
  Register             {settings.register_url.rpartition(":///")[2]}
""")
    if opened:
        printer.say(f"  Sample incidents were opened: {', '.join(opened)}. All of them are made up.\n")
    if first:
        printer.say(f"""To sign in the first time, open this link and choose a password. You are {NEWCOMER} here, and
may do all that a coordinator, the Chair and an administrator may.

  {first}
""")
    printer.say(f"""Try next, in another terminal:

  {command} list
  {command} show SAMPLE-0001
  {command} steps decision
  {command} record SAMPLE-0001 note_added --set "text=The first call was returned."
  {command} rehearse scenarios/published-review.yaml
""")
