"""A Temporal of a test's own: the real one, on a database and a port that stay the same when it is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowHandle

from running.embedded.processes import free_ports
from running.embedded.temporal_server import TemporalServer, temporal_server


class Server:
    """The embedded server on one database and one port, killed and started again.

    Arguments:
        folder: where its database is.
        config: more of its own settings.
    """

    def __init__(self, folder: Path, config: Sequence[str] = ()) -> None:
        self.folder, self._config, (self._port, self._web_port) = folder, config, free_ports(2)
        self._stack = AsyncExitStack()
        self.address = f"127.0.0.1:{self._port}"
        self._running: TemporalServer | None = None

    async def start(self) -> None:
        """Starts it, and waits until it is ready."""
        context = temporal_server(self.folder, port=self._port, web_port=self._web_port, dynamic_config=self._config)
        self._running = await self._stack.enter_async_context(context)

    @property
    def running(self) -> TemporalServer:
        """The server that runs."""
        assert self._running is not None
        return self._running

    async def kill(self) -> None:
        """kill -9."""
        os.kill(self.running.process.pid, signal.SIGKILL)
        await self.running.ended()
        await self.close()

    async def close(self) -> None:
        """Ends it in good order, if it still runs: what it has is in its database."""
        await self._stack.aclose()


def with_short_tasks(client: Client) -> Client:
    """A client that starts files whose workflow tasks are given up after two seconds: an outage outlasts them."""
    config = client.config()
    config["interceptors"] = [_ShortTasks()]
    return Client(**config)


class _ShortTasks(Interceptor):
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        """Around every call."""
        return _Starting(next)


class _Starting(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        input.task_timeout = timedelta(seconds=2)
        return await super().start_workflow(input)
