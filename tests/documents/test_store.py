"""A document is kept whole under the digest of its content, or refused with a reason; and never given out damaged."""

from __future__ import annotations

import asyncio
import io
import os
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from register.documents.store import (
    DocumentDamaged,
    DocumentMissing,
    DocumentRefused,
    DocumentStore,
    DocumentStoreUnavailable,
)
from register.engine import Register

NOW = datetime(2019, 6, 1, 9, tzinfo=UTC)
FILE, OTHER = "EX-2019-0001", "EX-2019-0002"
PDF = b"%PDF-1.7\n" + b"a report " * 300_000


def zipped(**parts: bytes) -> bytes:
    """A ZIP of parts, stored as they are; ``__`` in a name stands for a slash and ``_`` for a dot."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return made.getvalue()


WORD = zipped(word__document_xml=b"<w/>")
ODT = zipped(mimetype=b"application/vnd.oasis.opendocument.text", content_xml=b"<o/>")

GOOD = {
    "report.pdf": (PDF, "application/pdf"),
    "REPORT.PDF": (PDF, "application/pdf"),
    "report.docx": (WORD, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "plan.xlsx": (
        zipped(xl__workbook_xml=b"<x/>"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "report.odt": (ODT, "application/vnd.oasis.opendocument.text"),
    "note.txt": ("Grüße, £5 and a tab\t\r\n".encode("cp1252"), "text/plain"),
    "note.md": ("# Ünïcode 😀\n<b>bold</b>".encode(), "text/markdown"),
    "plan.csv": (b"\xef\xbb\xbfaction,owner\r\n", "text/csv"),
    "scan.png": (b"\x89PNG\r\n\x1a\nxx", "image/png"),
    "scan.jpg": (b"\xff\xd8\xff\xe0xx", "image/jpeg"),
    "scan.JPEG": (b"\xff\xd8\xff\xe1xx", "image/jpeg"),
}

LIES = {
    "program.pdf": b"MZ\x90\x00",
    "page.pdf": b"<html>%PDF-",
    "report.docx": zipped(xl__workbook_xml=b"<x/>"),
    "macros.docx": zipped(word__document_xml=b"<w/>", word__vbaProject_bin=b"\0"),
    "cut.docx": WORD[:-10],
    "words.docx": b"PK\x03\x04 and no more",
    "plan.xlsx": WORD,
    "plain.odt": zipped(content_xml=b"<o/>"),
    "sheet.odt": zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet", content_xml=b"<o/>"),
    "picture.png": b"\xff\xd8\xff\xe0xx",
    "picture.jpg": b"\x89PNG\r\n\x1a\nxx",
    "report.txt": PDF,
    "page.txt": b"\xef\xbb\xbf \n<!DOCTYPE HTML><script>",
    "drawing.md": b"<svg onload=alert(1)>",
    "zip.csv": WORD,
    "binary.csv": b"a,b\r\n" * 50_000 + b"\0",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The store's folder, which is not there yet."""
    return tmp_path / "data" / "documents"


@pytest.fixture
def store(folder: Path, register: Register) -> DocumentStore:
    """An empty store."""
    return DocumentStore(folder, register, largest=3_000_000)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for piece in content:
        yield piece


async def test_what_was_stored_is_what_is_got(store: DocumentStore) -> None:
    document = await store.put(FILE, PDF, "report.pdf", NOW)
    assert document.sha256 == sha256(PDF).hexdigest()
    assert (document.filename, document.size, document.stored_at) == ("report.pdf", len(PDF), NOW)
    assert await store.get(document.sha256) == PDF
    assert await store.about(FILE, document.sha256) == document


async def test_a_document_may_come_in_pieces(store: DocumentStore) -> None:
    whole = await store.put(FILE, pieces(b"%P", b"DF-", b"", b"1.7"), "report.pdf", NOW)
    assert await store.get(whole.sha256) == b"%PDF-1.7"


async def test_the_same_content_is_stored_once_under_the_name_it_was_last_sent_with(
    store: DocumentStore, folder: Path
) -> None:
    first = await store.put(FILE, PDF, "report.pdf", NOW)
    at_once = await asyncio.gather(*(store.put(FILE, PDF, "report.pdf", NOW) for _ in range(4)))
    assert {first, *at_once} == {first}
    again = await store.put(FILE, PDF, "report (final).pdf", NOW + timedelta(days=1))
    assert (again.filename, again.stored_at) == ("report (final).pdf", NOW + timedelta(days=1))
    assert await store.about(FILE, first.sha256) == again
    assert len(files(folder)) == 1


async def test_no_file_hears_what_another_calls_the_same_content(store: DocumentStore, folder: Path) -> None:
    ours = await store.put(FILE, PDF, "report.pdf", NOW)
    with pytest.raises(DocumentMissing, match=f"The file {OTHER} has no document"):
        await store.about(OTHER, ours.sha256)
    assert await store.named(OTHER, [ours.sha256]) == {}
    await store.put(OTHER, PDF, "Name of a child.pdf", NOW)
    assert (await store.about(FILE, ours.sha256)).filename == "report.pdf"
    assert (await store.named(OTHER, [ours.sha256]))[ours.sha256].filename == "Name of a child.pdf"
    assert len(files(folder)) == 1


@pytest.mark.parametrize("name", GOOD)
async def test_a_type_that_is_kept(store: DocumentStore, name: str) -> None:
    content, media_type = GOOD[name]
    assert (await store.put(FILE, content, name, NOW)).media_type == media_type


@pytest.mark.parametrize("name", LIES)
async def test_a_content_that_is_not_what_its_name_says_is_refused(
    store: DocumentStore, folder: Path, name: str
) -> None:
    with pytest.raises(DocumentRefused, match="though its name says so: save it as one and send it again"):
        await store.put(FILE, LIES[name], name, NOW)
    assert files(folder) == []
    with pytest.raises(DocumentMissing):
        await store.about(FILE, sha256(LIES[name]).hexdigest())


@pytest.mark.parametrize(
    "name", ["page.html", "program.exe", "report", "report.pdf.exe", ".pdf", "", "a.docm", "x.svg"]
)
async def test_a_type_that_is_not_kept_is_refused_naming_those_that_are(store: DocumentStore, name: str) -> None:
    with pytest.raises(DocumentRefused, match="send one of these: pdf, docx, xlsx, odt, txt, md, csv, png, jpg, jpeg"):
        await store.put(FILE, PDF, name, NOW)


async def test_a_document_that_is_too_large_is_refused_and_not_read_to_its_end(
    store: DocumentStore, folder: Path
) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"%PDF-" + b"x" * 1_000_000

    with pytest.raises(DocumentRefused, match=r"report\.pdf is too large: 3 MB is the most"):
        await store.put(FILE, endless(), "report.pdf", NOW)
    assert read == 3 and files(folder) == []
    assert (await store.put(FILE, PDF[:3_000_000], "report.pdf", NOW)).size <= 3_000_000


async def test_an_empty_document_is_refused(store: DocumentStore) -> None:
    with pytest.raises(DocumentRefused, match=r"note\.txt is empty"):
        await store.put(FILE, b"", "note.txt", NOW)


async def test_an_upload_that_breaks_off_leaves_nothing(store: DocumentStore, folder: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield PDF
        raise RuntimeError("the browser went away")

    with pytest.raises(RuntimeError):
        await store.put(FILE, broken(), "report.pdf", NOW)
    assert files(folder) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/report.pdf", "report.pdf"),
        ("C:\\Users\\someone\\report.pdf", "report.pdf"),
        ("re\u202eport\r\nX-Header: 1\0.pdf", "reportX-Header: 1.pdf"),
        (" report.pdf. ", "report.pdf"),
        ("r" * 500 + ".pdf", "r" * 146 + ".pdf"),
        ("Bericht über alles.pdf", "Bericht über alles.pdf"),
    ],
)
async def test_a_name_is_kept_without_folders_and_tricks(
    store: DocumentStore, folder: Path, given: str, kept: str
) -> None:
    document = await store.put(FILE, PDF, given, NOW)
    assert document.filename == kept
    assert files(folder.parent.parent) and all(folder in path.parents for path in files(folder.parent))


@pytest.mark.parametrize("digest", ["../../secret", "/etc/passwd", "", "0" * 63, "0" * 64 + "\n", "A" * 64, "0" * 64])
async def test_what_is_no_digest_of_ours_is_missing(store: DocumentStore, folder: Path, digest: str) -> None:
    (folder.parent / "secret").parent.mkdir(parents=True)
    (folder.parent.parent / "secret").write_text("secret")
    with pytest.raises(DocumentMissing):
        await store.get(digest)
    with pytest.raises(DocumentMissing):
        await store.about(FILE, digest)


async def test_a_damaged_document_is_never_given_out_and_storing_it_again_mends_it(
    store: DocumentStore, folder: Path
) -> None:
    document = await store.put(FILE, PDF, "report.pdf", NOW)
    (kept,) = files(folder)
    kept.write_bytes(PDF[:-1] + b"!")
    with pytest.raises(DocumentDamaged, match=document.sha256):
        await store.get(document.sha256)
    await store.put(FILE, PDF, "report.pdf", NOW)
    assert await store.get(document.sha256) == PDF


async def test_only_its_owner_can_read_the_folder(store: DocumentStore, folder: Path) -> None:
    await store.put(FILE, PDF, "report.pdf", NOW)
    (kept,) = files(folder)
    assert [path.stat().st_mode & 0o777 for path in (folder, kept.parent, kept)] == [0o700, 0o700, 0o600]


@pytest.fixture
def file_in_the_way(folder: Path) -> None:
    """A file where the folder should be."""
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")


@pytest.mark.usefixtures("file_in_the_way")
async def test_a_folder_that_is_away_is_one_clear_error(store: DocumentStore) -> None:
    with pytest.raises(DocumentStoreUnavailable, match="cannot be written: File exists"):
        await store.put(FILE, PDF, "report.pdf", NOW)
    with pytest.raises(DocumentStoreUnavailable, match="cannot be written: File exists"):
        await store.try_a_write()
    with pytest.raises(DocumentStoreUnavailable, match="cannot be read: Not a directory"):
        await store.get("0" * 64)


async def test_trying_whether_the_folder_can_be_written_leaves_nothing_in_it(
    store: DocumentStore, folder: Path
) -> None:
    await store.try_a_write()
    assert folder.is_dir() and not list(folder.iterdir())


async def test_a_document_is_on_the_disk_before_it_has_its_name(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def noted(name: str) -> Callable[..., None]:
        real = getattr(os, name)

        def note(*given: object) -> None:
            done.append(name)
            real(*given)

        return note

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name))
    await store.put(FILE, PDF, "report.pdf", NOW)
    assert done == ["fsync", "replace", "fsync", "fsync"]
