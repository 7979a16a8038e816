"""A file is opened while something fails: it is begun once, never from nothing again, and what was lost is named."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from register.files.references import claim_reference
from register.files.store import read_file
from running.case_client import CaseClient, LostRunError, Opened, UnansweredError
from running.recheck import Recheck
from running.rehearsals.time_skipping import until_quiet
from web.app import make_app

from ..web.conftest import BASE, Board, Browsers, a_board, browser
from ..web.test_opening import begun, death, walked
from .server import Server
from .whole import PROJECT

__all__ = ["browser"]


class Holding(Interceptor):
    """Holds every write of the register while its gate is closed."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Around every activity."""
        return _Around(next, self.gate)


class _Around(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, gate: asyncio.Event) -> None:
        super().__init__(next)
        self._gate = gate

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        if input.fn.__name__ == "write_register":
            await self._gate.wait()
        return await super().execute_activity(input)


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A Temporal that a test may lose."""
    server = Server(tmp_path_factory.mktemp("lost"))
    await server.start()
    yield server
    await server.close()


@pytest.fixture(scope="module")
def holding() -> Holding:
    """Holds the register's writes."""
    return Holding()


@pytest.fixture(scope="module")
async def board(server: Server, holding: Holding, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Board]:
    """A board on it."""
    folder = tmp_path_factory.mktemp("openings")
    async with a_board(server.running, folder, BASE, 8001, interceptors=[holding]) as board:
        yield board


def incident(board: Board) -> dict[str, Any]:
    """What an incident is opened with. Made up."""
    child = {
        "id": "child-1",
        "born_on": "2015-03-04",
        "outcome": "died",
        "died_on": board.day(3),
        "abuse_or_neglect": "suspected",
        "custody": "none",
        "detained_under_mental_health_act": "no",
        "deprived_of_liberty": "no",
        "residence": "Hertfordshire",
    }
    about = {"children": [child], "aware_on": board.day(3), "notified_on": board.day(2)}
    organisations = [{"id": "exampleshire-hospital", "name": "Exampleshire Hospital Trust"}]
    return {
        "reference": board.reference(),
        "opened_on": board.today,
        "recorded_by": "A Coordinator",
        "incident": {**about, "concern_about_joint_working": "yes", "organisations": organisations},
    }


async def entries(board: Board, reference: str, name: str) -> int:
    """How many entries of a name the file has."""
    return [entry["name"] for entry in (await board.cases.state(reference)).record].count(name)


async def test_a_file_whose_run_is_lost_is_named_and_never_begun_again_from_nothing(
    board: Board, browser: Browsers, server: Server
) -> None:
    coordinator, answers = await browser("coordinator"), death(board)
    confirm = (await walked(coordinator, await begun(coordinator), answers)).replace("/check", "/confirm")
    by_page = answers["reference"]["reference"]
    nobody = CaseClient(
        board.client, board.parts.register, board.parts.surroundings, "nobody", patience=timedelta(seconds=1)
    )
    alone = await browser(app=make_app(replace(board.site, cases=nobody)))
    alone.cookies.set("session", coordinator.cookies["session"])
    told = await alone.fill(confirm, {}, form="/open")
    assert told.status_code == 503 and "The file may or may not be open" in told.text
    body = incident(board)
    with pytest.raises(UnansweredError):
        await nobody.open(body, board.parts.rulebook)
    known = incident(board)
    await board.cases.open(known, board.parts.rulebook)
    await until_quiet(board.cases.handle(known["reference"]))

    await server.kill()
    for file in server.folder.glob("temporal.sqlite*"):
        file.unlink()
    await server.start()

    lost = [by_page, body["reference"]]
    for one in (body, known):
        with pytest.raises(LostRunError, match=f"recheck {one['reference']}"):
            await board.cases.open(one, board.parts.rulebook)
    with pytest.raises(LostRunError):
        await board.record(known["reference"], "note_added", text="Nobody has it.")
    told = await coordinator.fill(confirm, {}, form="/open")
    assert told.status_code == 503 and "The file was not opened" in told.text
    assert f"recheck {by_page}" in told.text and "No deadlines have started" not in told.text
    for reference in (*lost, known["reference"]):
        assert await board.cases.status(reference) is None

    recheck = Recheck(board.cases, board.parts)
    found = {one["reference"]: one["would"] async for one in recheck.files(None, apply=False)}
    assert [found[reference] for reference in lost] == [[{"what": "reference_released"}]] * 2
    for reference in (*lost, known["reference"]):
        assert [one["applied"] async for one in recheck.files(reference, apply=True)] == [True]
    assert (await coordinator.fill(confirm, {}, form="/open")).status_code == 303
    for one in (body, known):
        assert (await board.cases.open(one, board.parts.rulebook)).reference == one["reference"]
    for reference in (*lost, known["reference"]):
        assert await entries(board, reference, "opened") == 1


async def test_a_file_that_was_claimed_and_not_started_is_begun_when_it_is_opened_again(board: Board) -> None:
    body = incident(board)
    await claim_reference(board.parts.register, body["reference"], CaseClient.token(body), board.cases.now())
    assert await board.cases.open(body, board.parts.rulebook) == Opened(body["reference"], listed=True)
    assert await entries(board, body["reference"], "opened") == 1


async def test_a_file_that_was_started_and_not_marked_is_not_begun_again(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crashed(BaseException):
        pass

    async def crash(*_: Any) -> None:
        raise Crashed

    body = incident(board)
    with monkeypatch.context() as crashing:
        crashing.setattr("running.case_client.mark_begun", crash)
        with pytest.raises(Crashed):
            await board.cases.open(body, board.parts.rulebook)
    first = (await board.cases.handle(body["reference"]).describe()).run_id
    assert await board.cases.open(body, board.parts.rulebook) == Opened(body["reference"], listed=True)
    assert (await board.cases.handle(body["reference"]).describe()).run_id == first


async def test_opened_by_several_at_once_it_is_one_file(board: Board) -> None:
    body = incident(board)
    opened = await asyncio.gather(*(board.cases.open(body, board.parts.rulebook) for _ in range(4)))
    assert {one.reference for one in opened} == {body["reference"]}
    assert await entries(board, body["reference"], "opened") == 1
    runs = [run async for run in board.client.list_workflows(f"WorkflowId = '{body['reference']}'")]
    assert len(runs) <= 1  # lists come a moment later


async def test_an_open_file_whose_register_is_behind_is_said_to_be_open(
    board: Board, browser: Browsers, server: Server, holding: Holding
) -> None:
    coordinator, answers = await browser("coordinator"), death(board)
    confirm = (await walked(coordinator, await begun(coordinator), answers)).replace("/check", "/confirm")
    reference, on = answers["reference"]["reference"], ""
    holding.gate.clear()
    try:
        told = await coordinator.fill(confirm, {}, form="/open")
        assert told.status_code == 200 and "The file is open" in told.text and reference in told.text
        assert "It will appear in the lists in a moment" in told.text
        on = f"/open/done/{reference}"
        assert f'href="{on}"' in told.text
        # Too soon: it says the same, and not that there is no such file.
        assert "It will appear in the lists in a moment" in (await coordinator.get(on)).text
        assert (await coordinator.get(confirm.replace("/confirm", "/check"))).headers["location"] == on
        assert await by_command(board, server, incident(board)) == " is open. The lists will show it in a moment."
        assert await read_file(board.parts.register, reference) is None
    finally:
        holding.gate.set()
    await until_quiet(board.cases.handle(reference))
    assert "The first deadlines" in (await coordinator.get(on)).text


async def by_command(board: Board, server: Server, body: dict[str, Any]) -> str:
    """What ``starter.py open`` says behind the reference."""
    settings, file = board.parts.settings, board.parts.settings.data_dir / "opening.json"
    file.write_text(json.dumps(body))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, PROJECT / "starter.py", "open", file),
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(settings.data_dir),
            "TEMPORAL_ADDRESS": server.address,
            "SCR_DATA_DIR": str(settings.data_dir),
            "SCR_REGISTER_URL": settings.register_url,
            "SCR_TASK_QUEUE": settings.task_queue,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    return said.decode().strip().removeprefix(body["reference"])
