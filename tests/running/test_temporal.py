"""Client, worker and replayer come from one place, and what keeps us from Temporal is said in a line."""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import socket
import urllib.request
import uuid
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner

from models.record import Refusal
from running.embedded.processes import free_port
from running.embedded.temporal_server import TemporalServer
from running.logs import set_up_logging
from running.settings import Settings, SettingsError, load_settings
from running.temporal import TemporalUnavailable, connect, data_converter, make_replayer, make_worker, sandboxed

AT_ONCE = timedelta(seconds=0.3)


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The sample workflows, under a name by which the sandbox finds them too."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("sample_workflow")


@pytest.fixture
def settings() -> Settings:
    """Settings with a task queue of the test's own."""
    return load_settings(task_queue=uuid.uuid4().hex)


@pytest.fixture
async def client(server: TemporalServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Our client of the embedded server, found as in real life."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
    return await connect(settings)


@activity.defn
async def refuse(number: int) -> Refusal:
    """An activity that returns one of the core's classes."""
    return Refusal(rule="2.9f", reason=f"No {number}.")


async def test_a_profile_in_temporals_own_file_says_where_it_is(
    server: TemporalServer, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "temporal.toml"
    file.write_text(f'[profile.here]\naddress = "{server.address}"\nnamespace = "board"\n')
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
    monkeypatch.setenv("TEMPORAL_PROFILE", "here")
    client = await connect(settings)
    assert (client.service_client.config.target_host, client.namespace) == (server.address, "board")


async def test_without_settings_it_is_looked_for_where_the_embedded_one_is(settings: Settings) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 7233)) == 0:
            pytest.skip("something runs there")
    with pytest.raises(TemporalUnavailable) as caught:
        await connect(settings)
    assert str(caught.value) == (
        "Temporal at 127.0.0.1:7233 does not answer (connection refused): "
        "start it, or set TEMPORAL_ADDRESS or TEMPORAL_PROFILE to where it is."
    )


async def test_a_server_that_never_answers_is_not_waited_for_for_ever(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TemporalUnavailable, match=r"did not answer within 0\.3 seconds: "):
            await connect(settings, patience=AT_ONCE)


async def test_a_host_that_is_not_there_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "no-such-host.invalid:7233")
    with pytest.raises(TemporalUnavailable, match=r"^Temporal at no-such-host\.invalid:7233 "):
        await connect(settings)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"TEMPORAL_ADDRESS": "not an address"}, "TEMPORAL_ADDRESS: "),
        ({"TEMPORAL_PROFILE": "nowhere"}, "Temporal's own settings: Profile 'nowhere' not found."),
        ({"TEMPORAL_CONFIG_FILE": "/no/such.toml"}, "TEMPORAL_CONFIG_FILE: there is no file /no/such.toml; "),
        (
            {"TEMPORAL_TLS_CLIENT_CERT_PATH": "/no/such.pem", "TEMPORAL_TLS_CLIENT_KEY_PATH": "/no/such.pem"},
            "TEMPORAL_TLS_…: /no/such.pem: No such file or directory; ",
        ),
    ],
)
async def test_a_wrong_setting_of_temporals_is_named_in_one_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], says: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        await connect(settings)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


async def test_a_broken_file_of_temporals_is_not_quoted(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "temporal.toml"
    file.write_text('[profile.default]\napi_key = "hunter2\n')
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
    with pytest.raises(SettingsError, match=r"TOML parse error at line 2, column \d+\.$") as caught:
        await connect(settings)
    assert "hunter2" not in str(caught.value)


async def test_a_worker_runs_workflows_and_activities_with_one_converter_and_a_replayer_agrees(
    client: Client, settings: Settings, sample: ModuleType
) -> None:
    async with make_worker(client, settings, [sample.Sample], [refuse]):
        handle = await client.start_workflow(sample.Sample.run, 7, id=uuid.uuid4().hex, task_queue=settings.task_queue)
        refusal, class_in_the_workflow = await handle.result()
    assert refusal == Refusal(rule="2.9f", reason="No 7.")
    assert class_in_the_workflow == id(Refusal), "the core was loaded again inside the sandbox"
    replayed = await make_replayer([sample.Sample]).replay_workflow(await handle.fetch_history())
    assert replayed.replay_failure is None


@pytest.mark.usefixtures("logging_of_its_own")
async def test_what_a_workflow_logs_goes_the_same_way_with_its_file(
    client: Client, settings: Settings, sample: ModuleType
) -> None:
    log = io.StringIO()
    set_up_logging(load_settings(log_format="json"), log)
    async with make_worker(client, settings, [sample.Sample], [refuse]):
        await client.execute_workflow(sample.Sample.run, 7, id="SCR-2027-001", task_queue=settings.task_queue)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    [line] = [line for line in lines if line["event"] == "asking for number 7"]
    assert (line["level"], line["workflow_id"]) == ("warning", "SCR-2027-001")


async def test_client_worker_and_replayer_have_the_same_converter_and_a_replay_is_watched(
    client: Client, settings: Settings, sample: ModuleType
) -> None:
    worker = make_worker(client, settings, [sample.Sample], [refuse])
    replayer = make_replayer([sample.Sample])
    assert client.data_converter == worker.client.data_converter == data_converter()
    assert replayer.config()["data_converter"] == data_converter()
    assert isinstance(worker.config()["workflow_runner"], UnsandboxedWorkflowRunner)
    watching: Any = replayer.config()["workflow_runner"]
    assert watching == sandboxed()
    assert "models" in watching.restrictions.passthrough_modules
    assert "workflows" not in watching.restrictions.passthrough_modules, "workflows would no longer be watched"


@pytest.mark.parametrize("forbidden", ["ReadsTheClock", "ThrowsDice"])
async def test_a_workflow_that_would_not_replay_is_caught(
    client: Client, settings: Settings, sample: ModuleType, forbidden: str
) -> None:
    handle = await client.start_workflow(forbidden, id=uuid.uuid4().hex, task_queue=settings.task_queue)
    async with (
        make_worker(client, settings, [getattr(sample, forbidden)], [refuse], workflow_runner=sandboxed()),
        asyncio.timeout(20),
    ):
        async for event in handle.fetch_history_events(wait_new_event=True):
            assert event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                break
    failure = event.workflow_task_failed_event_attributes.failure
    assert failure.application_failure_info.type == "RestrictedWorkflowAccessError"
    await handle.terminate()


async def test_a_stopping_worker_lets_what_is_under_way_finish(
    client: Client, settings: Settings, sample: ModuleType
) -> None:
    under_way = asyncio.Event()

    @activity.defn
    async def until_told_to_stop() -> str:
        under_way.set()
        await activity.wait_for_worker_shutdown()
        await asyncio.sleep(0.3)  # as a letter that is just being handed over would
        return "finished"

    handle = await client.start_workflow(
        sample.WaitsForShutdown.run, id=uuid.uuid4().hex, task_queue=settings.task_queue
    )
    async with make_worker(client, settings, [sample.WaitsForShutdown], [until_told_to_stop]):
        await under_way.wait()
    async with make_worker(client, settings, [sample.WaitsForShutdown], [until_told_to_stop]):
        assert await handle.result() == "finished"


async def test_settings_and_options_reach_the_worker(client: Client, sample: ModuleType) -> None:
    settings = load_settings(task_queue="one", cache_megabytes=64)
    config = make_worker(client, settings, [sample.Sample], [refuse]).config()
    assert (config["task_queue"], config["max_cached_workflows"]) == ("one", 42)
    kinds = ("workflow_tasks", "activities", "local_activities")
    assert {config[f"max_concurrent_{kind}"] for kind in kinds} == {16}  # type: ignore[literal-required]
    assert config["sticky_queue_schedule_to_start_timeout"] == timedelta(seconds=1)
    other = make_worker(client, settings, [sample.Sample], [refuse], task_queue="other", max_cached_workflows=0)
    assert (other.config()["task_queue"], other.config()["max_cached_workflows"]) == ("other", 0)


async def test_a_worker_serves_metrics_and_a_command_does_not(
    server: TemporalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
    settings = load_settings(metrics_address=f"127.0.0.1:{free_port()}")
    await connect(settings)
    with pytest.raises(OSError):
        await read(settings)
    for _ in range(2):  # the address is taken once, however often this process connects
        await connect(settings, serve_metrics=True)
    assert "temporal_request" in await read(settings)


async def test_a_metrics_address_in_use_is_named(server: TemporalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(SettingsError, match=rf"^SCR_METRICS_ADDRESS: {address}: "):
            await connect(load_settings(metrics_address=address), serve_metrics=True)


async def read(settings: Settings) -> str:
    def get() -> str:
        with urllib.request.urlopen(f"http://{settings.metrics_address}/metrics") as page:
            return str(page.read(), "utf-8")

    return await asyncio.to_thread(get)
