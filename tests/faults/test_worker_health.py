"""What a worker says of its health, and how it stops: asked over HTTP, from outside of its process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url
from temporalio.client import Client

from register.files.deliveries import Delivery, deliveries_of
from running.embedded.processes import free_port

from .mail_server import MailServer
from .server import Server
from .virtual import incident, morning
from .whole import Whole, offset_to, rulebook, whole_system

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

ITS_CHAIR = "its.chair@another.example"
SOUGHT = {"challenge": "c-1", "question": "What would you do?", "board": "Another Board", "chair": "Its Chair"}


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server for the tests of this file, killed in one."""
    server = Server(tmp_path_factory.mktemp("health"))
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def whole(
    server: Server, client: Client, mail: MailServer, with_board: str, tmp_path: Path
) -> AsyncIterator[Whole]:
    """A whole system whose worker says how it is; not started yet."""
    address = f"127.0.0.1:{free_port()}"
    async with whole_system(
        tmp_path, client, server.address, with_board, mail.port, worker_health_address=address
    ) as whole:
        yield whole


async def said(whole: Whole, path: str) -> tuple[int, str]:
    """What the worker answers."""
    async with httpx.AsyncClient(timeout=30) as asking:
        answer = await asking.get(f"http://{whole.worker.settings['SCR_WORKER_HEALTH_ADDRESS']}/{path}")
    return answer.status_code, answer.text.strip()


async def until_ready(whole: Whole, status: int) -> str:
    """Waits until ``/readyz`` has this status; its words."""
    async with asyncio.timeout(60):
        while (answer := await said(whole, "readyz"))[0] != status:
            await asyncio.sleep(0.05)
    return answer[1]


async def test_a_worker_that_works_is_alive_and_ready(whole: Whole) -> None:
    await whole.worker.start()
    assert await said(whole, "livez") == await said(whole, "readyz") == (200, "well")
    assert await whole.worker.stop() == 0


async def test_while_temporal_is_gone_it_is_alive_and_not_ready_and_then_ready_again(
    whole: Whole, server: Server
) -> None:
    await whole.worker.start()
    await server.kill()
    assert await until_ready(whole, 503) == "Temporal does not answer."
    assert await said(whole, "livez") == (200, "well")
    await server.start()
    await until_ready(whole, 200)


async def test_while_the_register_is_gone_it_is_alive_and_not_ready_and_then_ready_again(
    whole: Whole, with_board: str
) -> None:
    await whole.worker.start()
    file = Path(make_url(with_board).database or "")
    away = file.rename(file.with_suffix(".away"))
    words = await until_ready(whole, 503)
    assert words.startswith("The register at") and "there is no such file" in words
    assert await said(whole, "livez") == (200, "well")
    away.rename(file)
    await until_ready(whole, 200)


async def test_told_to_stop_it_ends_what_is_under_way_first(whole: Whole, mail: MailServer) -> None:
    async def letter() -> Delivery:
        [found] = [one for one in await deliveries_of(whole.register, "EX-1") if one.address == ITS_CHAIR]
        return found

    await whole.worker.start()
    mail.holds = ITS_CHAIR
    at = morning("2018-09-05")
    cases = whole.cases(offset_to(at))
    opening = {"reference": "EX-1", "opened_on": "2018-09-05", "recorded_by": "coordinator", "incident": incident()}
    await cases.open(opening, rulebook(), at)
    step = {"id": "s-1", "recorded_by": "coordinator", "happened_on": "2018-09-05", "email": ITS_CHAIR, **SOUGHT}
    await cases.record("EX-1", "peer_challenge_sought", step)
    await mail.held.wait()

    stopping = asyncio.create_task(whole.worker.stop())
    assert "it stops" in await until_ready(whole, 503)
    assert await said(whole, "livez") == (200, "well")
    assert (await letter()).status == "sending"
    mail.released.set()
    assert await stopping == 0
    assert (await letter()).status == "accepted" and len(mail.for_(ITS_CHAIR)) == 1


async def test_a_health_address_in_use_is_named(whole: Whole, mail: MailServer) -> None:
    whole.worker.settings["SCR_WORKER_HEALTH_ADDRESS"] = f"127.0.0.1:{mail.port}"
    await whole.worker.launch()
    assert await whole.worker.ended() == 1
    assert f"Port {mail.port} for the worker's health is in use" in whole.worker.lines[-1]
