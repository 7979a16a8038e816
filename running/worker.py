"""The life of a worker: what must be in order before it starts, what it says of its health, how it stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from temporalio.worker import Worker

from models.rulebook_file import RulebookError
from register.engine import Register
from register.schema import SchemaError, check_schema
from register.unavailable import RegisterUnavailable
from running import http_server
from running.embedded.processes import EmbeddedServerError
from running.health import Cluster
from running.schedules import ensure_schedules
from running.search_attributes import SearchAttributesError, register_search_attributes
from running.settings import Settings, SettingsError
from running.system import relay_of, system
from running.temporal import TemporalUnavailable, connect

log = structlog.get_logger("worker")

CANNOT_START = (
    SettingsError,
    RulebookError,
    SchemaError,
    RegisterUnavailable,
    TemporalUnavailable,
    SearchAttributesError,
    EmbeddedServerError,
)
"""Why a worker may not be able to start. Each error's text is for operations."""


@asynccontextmanager
async def running_worker(settings: Settings) -> AsyncIterator[None]:
    """A worker that runs while the block does; then it takes nothing more, and what is under way gets its grace.

    Raises:
        CANNOT_START: one of them.
    """
    if fault := relay_of(settings).fault():
        raise SettingsError(f"SCR_SMTP_…: {fault}")
    async with system(settings) as parts:
        await check_schema(parts.register)
        client = await connect(settings, serve_metrics=True)
        await register_search_attributes(client)
        await ensure_schedules(client, settings.task_queue)
        health = Health(parts.register, Cluster(client, settings.task_queue))
        async with _served(health, settings.worker_health_address), parts.worker(client) as pollers:
            while not all(poller.is_running for poller in pollers):  # each first asks Temporal for its namespace
                await asyncio.sleep(0.01)
            health.pollers = pollers
            log.info("The worker runs.", task_queue=settings.task_queue, rulebooks=sorted(parts.rulebooks))
            try:
                yield
            finally:
                health.pollers = ()
                log.info("The worker stops.")


@dataclass
class Health:
    """What a worker says of itself.

    Arguments:
        register: it must be readable.
        cluster: it must answer.
        pollers: what asks Temporal for work; none before the start and once it is to stop.
    """

    register: Register
    cluster: Cluster
    pollers: Sequence[Worker] = ()

    async def livez(self, _: Request) -> Response:
        """Whether this process is alive, for what starts it again: 200 while it answers and nothing of it has ended."""
        return _answer("" if self._alive() else "The worker has stopped asking Temporal for work.")

    async def readyz(self, _: Request) -> Response:
        """Whether it does its work: 200, or 503 with what hinders it."""
        if not self.pollers or not self._alive():
            return _answer("The worker does not ask Temporal for work: it starts, or it stops.")
        return _answer(" ".join(filter(None, await asyncio.gather(self._temporal(), self._register()))))

    def _alive(self) -> bool:
        return all(poller.is_running for poller in self.pollers)

    async def _temporal(self) -> str:
        return "" if await self.cluster.reachable() else "Temporal does not answer."

    async def _register(self) -> str:
        try:
            await check_schema(self.register)
        except (RegisterUnavailable, SchemaError) as error:
            return str(error)
        return ""


def _answer(fault: str) -> Response:
    return PlainTextResponse(f"{fault or 'well'}\n", status_code=503 if fault else 200)


@asynccontextmanager
async def _served(health: Health, address: str | None) -> AsyncIterator[None]:
    if address is None:
        yield
        return
    app = Starlette(routes=[Route("/livez", health.livez), Route("/readyz", health.readyz)])
    listener = http_server.listen_at(address, "the worker's health", "SCR_WORKER_HEALTH_ADDRESS")
    async with http_server.serving(app, listener):
        yield
