"""A whole board for the benchmarks: the embedded Temporal server on a file, a register, a mail server."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client

from commands.samples import SAMPLES
from register.directory import replace_directory
from register.schema import migrate
from running.embedded.mail_catcher import postbox
from running.embedded.processes import free_ports
from running.embedded.temporal_server import temporal_server
from running.plain_files import read_plain_file
from running.rehearsals.scenario import directory_in
from running.settings import load_settings
from running.system import System, system
from running.temporal import core_runtime, data_converter


@dataclass(frozen=True)
class Board:
    """A board that is ready, without a worker yet.

    Arguments:
        client: of the embedded server.
        parts: register, documents, activities; ``parts.worker(client)`` makes a worker in this process.
        environment: the settings of a worker in a process of its own.
    """

    client: Client
    parts: System
    environment: dict[str, str]


@asynccontextmanager
async def board() -> AsyncIterator[Board]:
    """Everything as ``make run`` starts it, on free ports and in a temporary folder, without samples and worker."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        port, web_port = free_ports(2)
        server = await stack.enter_async_context(temporal_server(folder / "temporal", port=port, web_port=web_port))
        client = await Client.connect(server.address, data_converter=data_converter(), runtime=core_runtime())
        mails = await stack.enter_async_context(postbox(folder / "mails"))
        chosen = {
            "data_dir": str(folder),
            "register_url": f"sqlite:///{folder}/register.sqlite",
            "smtp_host": mails.host,
            "smtp_port": str(mails.port),
            "smtp_security": "none",
            "mail_from": "board@board.example",
            "log_level": "error",
        }
        settings = load_settings(**chosen)
        await migrate(settings.register_url)
        parts = await stack.enter_async_context(system(settings))
        plain = read_plain_file(SAMPLES / "board.yaml")
        directory = directory_in(plain, plain.data)
        await replace_directory(parts.register, directory, changed_by="a benchmark", at=datetime.now(UTC))
        environment = {f"SCR_{name.upper()}": value for name, value in chosen.items()}
        yield Board(client, parts, {**environment, "TEMPORAL_ADDRESS": server.address})
