"""What was sent with a form that was never confirmed is found, and removed for good; nothing else ever is."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models.projection import DocumentRow
from models.record import Entry
from register.documents.store import Document, DocumentMissing, DocumentStore
from register.documents.unclaimed import LEFT_AFTER, left_documents, remove_left
from register.engine import Register
from register.files.store import write

from ..register.conftest import file_at

FILE, OTHER = "HSCB-2018-0001", "HSCB-2018-0002"
NOW = datetime.now(UTC)
BEFORE, EARLIER = NOW - LEFT_AFTER, NOW - LEFT_AFTER - timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The store's folder."""
    return tmp_path / "documents"


@pytest.fixture
def store(folder: Path, register: Register) -> DocumentStore:
    """An empty store."""
    return DocumentStore(folder, register)


def contents(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def sent(store: DocumentStore, folder: Path, reference: str, at: datetime) -> Document:
    """A document that was sent then, or was sent again."""
    document = await store.put(reference, b"What an agency wrote.", "answer.txt", at)
    [path] = contents(folder)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return document


async def remove_all(register: Register, store: DocumentStore) -> None:
    for left in await left_documents(register, BEFORE):
        assert await remove_left(register, store, left, BEFORE)


async def test_what_no_step_names_is_removed_once_nobody_comes_back_to_its_form(
    register: Register, store: DocumentStore, folder: Path
) -> None:
    await write(register, file_at(FILE))
    document = await sent(store, folder, FILE, EARLIER)
    [left] = await left_documents(register, BEFORE)
    assert (left.reference, left.sha256) == (FILE, document.sha256)
    await remove_all(register, store)
    assert contents(folder) == [] and await left_documents(register, NOW) == ()
    with pytest.raises(DocumentMissing):
        await store.about(FILE, document.sha256)


@pytest.mark.parametrize("named", ["by the file", "by a struck-out step", "by another file"])
async def test_what_a_step_names_stays_for_good(
    register: Register, store: DocumentStore, folder: Path, named: str
) -> None:
    document = await sent(store, folder, FILE, EARLIER)
    naming: dict[str, Any] = {"documents": (DocumentRow(document.sha256, "report", "s1"),)}
    no_more = Entry("report_drafted", {"id": "s1", "report": document.sha256}, "s1", "update", NOW)
    struck_out: dict[str, Any] = {"entries": (no_more,) * 3}
    await write(register, file_at(FILE, **{"by the file": naming, "by a struck-out step": struck_out}.get(named, {})))
    await write(register, file_at(OTHER, **(naming if named == "by another file" else {})))
    assert await left_documents(register, BEFORE) == ()
    await remove_all(register, store)
    assert await store.get(document.sha256) and await store.about(FILE, document.sha256) == document


async def test_what_was_sent_again_stays_for_its_form(register: Register, store: DocumentStore, folder: Path) -> None:
    await sent(store, folder, FILE, EARLIER)
    [left] = await left_documents(register, BEFORE)
    again = await store.put(FILE, b"What an agency wrote.", "answer.txt", NOW)
    assert await left_documents(register, BEFORE) == ()
    assert not await remove_left(register, store, left, BEFORE)
    assert await store.about(FILE, again.sha256) == again and await store.get(again.sha256)


async def test_a_content_stays_while_another_file_has_it(
    register: Register, store: DocumentStore, folder: Path
) -> None:
    document = await sent(store, folder, OTHER, NOW)
    await sent(store, folder, FILE, EARLIER)
    await remove_all(register, store)
    assert await store.named(FILE, [document.sha256]) == {}
    assert await store.about(OTHER, document.sha256) and await store.get(document.sha256)


async def test_a_content_that_is_sent_in_the_very_moment_is_not_lost(
    register: Register, store: DocumentStore, folder: Path
) -> None:
    document = await sent(store, folder, FILE, EARLIER)
    [path] = contents(folder)
    os.utime(path)  # It has come to its place, and is not noted yet.
    await remove_all(register, store)
    assert contents(folder) == [path] and await store.get(document.sha256)
