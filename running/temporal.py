"""The one way to Temporal: client, worker and replayer are made here alone, so that they never differ.

Where Temporal is comes from its own settings: a profile (TEMPORAL_PROFILE) in its configuration file
(TEMPORAL_CONFIG_FILE), and the variables TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS
and so on. Without any it is at 127.0.0.1:7233, where `make run` starts it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from running.settings import Settings, SettingsError

DEFAULT_ADDRESS = "127.0.0.1:7233"

_GRACE = timedelta(seconds=10)
"""What a stopping worker gives the activities under way; a letter needs a few seconds."""

_STICKY_PATIENCE = timedelta(seconds=1)
"""After a worker was killed, how long the next step of its files waits for it to come back."""

_MEGABYTES_A_FILE = 1.5
"""What a file takes in memory in the busy weeks of its review. One that was just opened takes a fifth of it."""

_AT_ONCE = 16
"""Of tasks and of activities: more than one core can work at. With a hundred of each, what waits in a storm runs into
its timeouts: a task has two seconds, the register five. A task asks the core one question at a time."""

_BUILD = "serious-case-review"
"""What Temporal is told of the worker's code. Told nothing, the SDK reads and hashes every module there is: half a
second at each start, for a number that nothing here goes by."""

_OUTSIDE_THE_SANDBOX = ("models", "pydantic", "pydantic_core", "annotated_types")
"""Loaded once, not again for each file: a cached file then takes 80 KB and not megabytes. The workflows
themselves stay inside, where reading the clock or a random number is caught."""

_WHAT_TO_DO = "start it, or set TEMPORAL_ADDRESS or TEMPORAL_PROFILE to where it is."

_REASONS = (
    ("ConnectionRefused", "connection refused"),
    ("dns error", "there is no such host"),
    ("InvalidCertificate", "its certificate is not trusted"),
    ("PermissionDenied", "it refuses us: wrong key, or not allowed"),
    ("Unauthenticated", "it refuses us: no key, or a wrong one"),
    ("timed out", "timed out"),
)
"""What to look for in the SDK's errors, which print a whole chain of structures, and what it means."""


class TemporalUnavailable(Exception):
    """Temporal does not answer. Its text is one line that says where it was looked for and what to do."""


def data_converter() -> DataConverter:
    """How arguments and results become payloads. A codec that encrypts them belongs here, and only here."""
    return pydantic_data_converter


def sandboxed() -> WorkflowRunner:
    """How tests and replays run workflow code: in Temporal's sandbox, which catches what is not deterministic.

    A worker in operation does without it, as what it would catch was caught before: it costs a tenth of a file's
    processor time, and a quarter of an open file's memory.
    """
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*_OUTSIDE_THE_SANDBOX)
    )


async def connect(
    settings: Settings,
    *,
    serve_metrics: bool = False,
    patience: timedelta = timedelta(seconds=10),
    lazy: bool = False,
) -> Client:
    """A client of the Temporal that the environment names.

    Arguments:
        settings: for `metrics_address`.
        serve_metrics: whether this process is to serve metrics: a worker is, a command is not.
        patience: how long to wait for an answer.
        lazy: whether to wait for none: it is connected to with the first call, and each call tries again.

    Raises:
        SettingsError: Temporal's own settings are wrong, or metrics cannot be served at their address.
        TemporalUnavailable: it does not answer.
    """
    config = _connect_config()
    config.setdefault("target_host", DEFAULT_ADDRESS)
    runtime = core_runtime(settings.metrics_address if serve_metrics else None)
    where = f"Temporal at {config['target_host']}"
    try:
        async with asyncio.timeout(patience.total_seconds()):
            return await Client.connect(**config, data_converter=data_converter(), runtime=runtime, lazy=lazy)
    except TimeoutError:
        raise TemporalUnavailable(
            f"{where} did not answer within {patience.total_seconds():g} seconds: {_WHAT_TO_DO}"
        ) from None
    except ValueError as error:
        raise SettingsError(f"TEMPORAL_ADDRESS: {_first_line(error)}; give host:port.") from None
    except RuntimeError as error:
        raise TemporalUnavailable(f"{where} does not answer ({_why(error)}): {_WHAT_TO_DO}") from None


@contextmanager
def outages_as_unavailable() -> Iterator[None]:
    """Around a call with a lazy client: that it cannot connect is an RPCError, as it is for one that was connected."""
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("Failed client connect"):
            raise
        raise RPCError(f"Temporal does not answer ({_why(error)}).", RPCStatusCode.UNAVAILABLE, b"") from None


def make_worker(
    client: Client,
    settings: Settings,
    workflows: Sequence[type],
    activities: Sequence[Callable[..., Any]],
    **options: Any,
) -> Worker:
    """A worker for this system's files, not yet running.

    Arguments:
        client: from `connect`, so that its data converter is ours.
        settings: for the task queue and the memory for files.
        workflows: the workflow classes.
        activities: the activities, all of them async.
        options: other arguments of `temporalio.worker.Worker`, which win over what is chosen here.
    """
    chosen: dict[str, Any] = {
        "task_queue": settings.task_queue,
        "max_cached_workflows": int(settings.cache_megabytes / _MEGABYTES_A_FILE),
        "max_concurrent_workflow_tasks": _AT_ONCE,
        "max_concurrent_activities": _AT_ONCE,
        "max_concurrent_local_activities": _AT_ONCE,
        "graceful_shutdown_timeout": _GRACE,
        "sticky_queue_schedule_to_start_timeout": _STICKY_PATIENCE,
        "workflow_runner": UnsandboxedWorkflowRunner(),
        "build_id": _BUILD,
    }
    return Worker(client, workflows=workflows, activities=activities, **(chosen | options))


def make_replayer(workflows: Sequence[type]) -> Replayer:
    """Replays recorded histories with the code of today, decoded and run as a worker does it."""
    return Replayer(workflows=workflows, data_converter=data_converter(), workflow_runner=sandboxed())


@cache
def core_runtime(metrics_address: str | None = None) -> Runtime:
    """The SDK's core, with threads of its own: one a process for each address, however often asked."""
    metrics = PrometheusConfig(bind_address=metrics_address, durations_as_seconds=True) if metrics_address else None
    telemetry = TelemetryConfig(
        metrics=metrics,
        logging=LoggingConfig(
            filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
            forwarding=LogForwardingConfig(
                logger=logging.getLogger("temporalio.core"),
                append_target_to_name=False,
                prepend_target_on_message=False,
            ),
        ),
    )
    try:
        return Runtime(telemetry=telemetry, disable_environment_info=True)
    except ValueError as error:
        raise SettingsError(f"SCR_METRICS_ADDRESS: {metrics_address}: {_first_line(error)}.") from None


def _connect_config() -> ClientConnectConfig:
    named = os.environ.get("TEMPORAL_CONFIG_FILE")
    if named and not Path(named).is_file():
        # Temporal's loader takes a missing file for an empty one, and would go to the wrong server.
        raise SettingsError(f"TEMPORAL_CONFIG_FILE: there is no file {named}; name one that is there.")
    try:
        return ClientConfig.load_client_connect_config()
    except OSError as error:
        raise SettingsError(f"TEMPORAL_TLS_…: {error.filename}: {error.strerror}; name a file.") from None
    except RuntimeError as error:
        # The first line alone: the others quote the file, which may hold a key.
        raise SettingsError(f"Temporal's own settings: {_first_line(error)}.") from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].strip().removesuffix(".")


def _why(error: Exception) -> str:
    text = str(error)
    return next((meaning for sign, meaning in _REASONS if sign in text), _first_line(error)[:200])
