"""Temporal's database is put back to an older copy: the register is ahead, says so, and a person settles it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from activities.filing import projection_of
from register.files.behind import all_behind, behind_of
from register.files.store import read_file
from running.recheck import Recheck, Side
from web.operations import probes

from ..web.conftest import BASE, Board, a_board, browser_of
from .server import Server

SIDES: dict[Side, str] = {"register": "lost", "file": "since"}
"""Which side counts, and which step is there then."""


async def ids_on(board: Board, reference: str) -> tuple[list[str], list[str]]:
    """The ids of the notes, as the file has them and as the register has them."""
    state, stored = await board.cases.state(reference), await read_file(board.parts.register, reference)
    assert stored is not None
    in_file = [entry["id"] for entry in state.record if entry["name"] == "note_added"]
    return in_file, [entry.id for entry in stored.entries if entry.name == "note_added"]


async def agree(board: Board, reference: str) -> None:
    """Waits until the register has all of a file, and is what the file is."""
    async with asyncio.timeout(60):
        while (about := await board.cases.handle(reference).query("about"))["written"] < about["revision"]:
            await asyncio.sleep(0.05)
    state = await board.cases.state(reference)
    assert await read_file(board.parts.register, reference) == projection_of(
        state, await board.parts.surroundings.latest()
    )


async def rechecked(board: Board, reference: str, counts: Side | None, *, apply: bool) -> dict[str, Any]:
    """What ``recheck`` finds of a file."""
    [found] = [one async for one in Recheck(board.cases, board.parts, counts=counts).files(reference, apply=apply)]
    return found


async def test_a_register_that_is_ahead_is_named_and_settled_by_either_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_KEPT", "_KEPT_OF_TEMPORAL", "_SOON"):
        monkeypatch.setattr(probes, name, 0.0)
    server, folder, copy = Server(tmp_path / "temporal"), tmp_path / "board", tmp_path / "copy"
    folder.mkdir()
    try:
        await server.start()
        async with a_board(server.running, folder, BASE) as board:
            files = {side: await board.opened() for side in SIDES}
            for reference in files.values():
                await board.record(reference, "note_added", id="before", text="Before the copy.")
                await agree(board, reference)
        await server.close()
        shutil.copytree(server.folder, copy)
        await server.start()
        async with a_board(server.running, folder, BASE) as board:
            for reference in files.values():
                await board.record(reference, "note_added", id="lost", text="After the copy.")
                await agree(board, reference)
        await server.close()
        shutil.rmtree(server.folder)
        shutil.copytree(copy, server.folder)
        await server.start()
        async with a_board(server.running, folder, BASE, 100) as board:
            await put_back(board, files)
    finally:
        await server.close()


async def put_back(board: Board, files: dict[Side, str]) -> None:
    """Temporal is back, and has "before" alone; the register has "lost" as well."""
    for reference in files.values():
        await board.record(reference, "note_added", id="since", text="Since it was put back.")
    async with asyncio.timeout(60):
        while (await all_behind(board.parts.register)).ahead < len(files):
            await asyncio.sleep(0.05)
    async with browser_of(board, "coordinator", "operations") as browser:
        for side, reference in files.items():
            assert await ids_on(board, reference) == (["before", "since"], ["before", "lost"])
            page = await browser.get(f"/files/{reference}")
            assert "steps that the file itself does not have" in page.text and f"recheck {reference}" in page.text
            page = await browser.get("/health")
            assert reference in page.text and "a person must decide which version is right" in " ".join(
                page.text.split()
            )
            told = await browser.get("/healthz")
            assert told.json()["register_behind"]["ahead"] == len(files)

            # A person must say which counts: nothing is changed before.
            for apply in (False, True):
                found = await rechecked(board, reference, None, apply=apply)
                assert not found["applied"] and not found["failed"]
                notes = {one["title"].split(",")[0]: one["what"] for one in found["would"] if "note" in one["title"]}
                assert notes == {"note_added lost": "only_in_register", "note_added since": "only_in_file"}
            assert await ids_on(board, reference) == (["before", "since"], ["before", "lost"])
            assert (await behind_of(board.parts.register, reference)) is not None
            assert not (await rechecked(board, reference, side, apply=False))["applied"]

        for side, reference in files.items():
            assert (await rechecked(board, reference, side, apply=True))["applied"]
            counted = ["before", SIDES[side]]
            await agree(board, reference)
            assert await ids_on(board, reference) == (counted, counted)
            assert await behind_of(board.parts.register, reference) is None
            await board.record(reference, "note_added", id="after", text="Since it was settled.")
            await agree(board, reference)
            assert await ids_on(board, reference) == ([*counted, "after"], [*counted, "after"])
            assert not (await rechecked(board, reference, None, apply=False))["would"]
            assert "Do not rely on them" not in (await browser.get(f"/files/{reference}")).text
        told = await browser.get("/healthz")
        assert told.json()["register_behind"] == {"files": 0, "ahead": 0, "seconds": 0}
