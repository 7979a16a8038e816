"""The document store: reports, letters and what agencies sent, in a folder by the SHA-256 of their content.

What a document is called, and which type it is, stands in the register, for each file by itself: the same content may
come to two files under two names, and neither hears of the other. The folder holds the contents alone, each once.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import unicodedata
from collections.abc import AsyncIterable, AsyncIterator, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.register import StoredDocument

from ..engine import Register, insert_into
from ..takes_writes import write_and_remove
from .types import WrongType, check_type, media_type_by_name

LARGEST = 25_000_000
"""Bytes that a document may have, unless the store is told otherwise. Mail servers rarely take more."""

_DOCUMENT = StoredDocument.__table__
_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = ".unfinished-"
_LONGEST_NAME = 150
_PIECE = 1_000_000


class DocumentRefused(Exception):
    """A document that is not kept: too large, empty, or of a wrong type. Its text is for whoever sent it."""


class DocumentMissing(Exception):
    """The store has no document by this digest, or the file has none."""


class DocumentDamaged(Exception):
    """A stored document is no longer what was stored. Operations must bring it back from a copy."""


class DocumentStoreUnavailable(Exception):
    """The store's folder cannot be read or written: wait and try again. Its text says why, for operations."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a file.

    Arguments:
        sha256: the digest of its content, in small hexadecimal letters.
        filename: what it was called when it was last sent for this file, without folders.
        media_type: ``application/pdf``, say.
        size: in bytes.
        stored_at: when it was last sent for this file, business time.
    """

    sha256: str
    filename: str
    media_type: str
    size: int
    stored_at: datetime

    @property
    def words(self) -> str:
        """What sort of file it is and how large, for people: ``PDF, 12 kB``."""
        return f"{PurePosixPath(self.filename).suffix[1:].upper()}, {max(self.size // 1000, 1):,} kB"


class DocumentStore:
    """A folder of documents.

    Arguments:
        folder: where; made when it is not there.
        register: knows what the documents are called.
        largest: bytes that a document may have.
    """

    def __init__(self, folder: Path, register: Register, largest: int = LARGEST) -> None:
        self._folder, self._register, self._largest = folder, register, largest

    async def put(
        self, reference: str, content: bytes | AsyncIterable[bytes], filename: str, now: datetime
    ) -> Document:
        """Stores a document of a file, whole or not at all. Sent again for the same file, it has its latest name.

        Arguments:
            reference: the file it is for.
            content: its bytes, or pieces of them as they come in; no more is read than may be stored.
            filename: what it is called. Folders in it are left out, and what does not belong into a name.
            now: business time.

        Raises:
            DocumentRefused: too large, empty, of a type that is not kept, or not of the type its name says.
            DocumentStoreUnavailable: the folder cannot be written.
            RegisterUnavailable: the register did not answer; store it again.
        """
        name = clean_name(filename)
        try:
            media_type = media_type_by_name(name)
            digest, size = await self._keep(_pieces(content), name)
        except WrongType as wrong:
            raise DocumentRefused(str(wrong)) from None
        except OSError as error:
            raise DocumentStoreUnavailable(f"The folder of documents cannot be written: {error.strerror}.") from error
        return await self._register.change(
            lambda connection: _note(connection, reference, Document(digest, name, media_type, size, now))
        )

    async def try_a_write(self) -> None:
        """Writes a file into the folder and removes it: as small as can be, and large enough to need room.

        Raises:
            DocumentStoreUnavailable: the folder cannot be written.
        """

        def work() -> None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_and_remove(self._folder)

        try:
            await asyncio.to_thread(work)
        except OSError as error:
            raise DocumentStoreUnavailable(f"The folder of documents cannot be written: {error.strerror}.") from error

    async def get(self, digest: str) -> bytes:
        """A document's content, checked against its digest.

        Raises:
            DocumentMissing: the store has none by this digest.
            DocumentDamaged: the content is no longer what was stored.
            DocumentStoreUnavailable: the folder cannot be read.
        """
        path = self._path(digest)
        try:
            content = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            raise DocumentMissing(f"The store has no document {digest}.") from None
        except OSError as error:
            raise DocumentStoreUnavailable(f"The folder of documents cannot be read: {error.strerror}.") from error
        if (await asyncio.to_thread(sha256, content)).hexdigest() != digest:
            raise DocumentDamaged(f"Document {digest} is damaged: bring it back from a copy of the folder.")
        return content

    async def about(self, reference: str, digest: str) -> Document:
        """What a document of a file is called, and its type and size.

        Raises:
            DocumentMissing: none was stored for this file by this digest.
            RegisterUnavailable: the register did not answer.
        """
        known = (await self.named(reference, [digest])).get(digest)
        if known is None:
            raise DocumentMissing(f"The file {reference} has no document {digest}.")
        return known

    async def named(self, reference: str, digests: Collection[str]) -> dict[str, Document]:
        """The documents of a file with these digests, by digest; those that were never stored for it are left out.

        Raises:
            RegisterUnavailable: the register did not answer.
        """
        if not digests:
            return {}
        columns = (_DOCUMENT.c[field.name] for field in fields(Document))
        found = select(*columns).where(_DOCUMENT.c.reference == reference, _DOCUMENT.c.sha256.in_(sorted(digests)))

        async def work(connection: AsyncConnection) -> dict[str, Document]:
            return {row.sha256: Document(*row) for row in await connection.execute(found)}

        return await self._register.read(work)

    async def discard(self, digest: str, before: datetime) -> None:
        """Removes a content for good, unless it was sent on or after an instant. None there is nothing to do.

        Raises:
            DocumentStoreUnavailable: the folder cannot be written.
        """
        try:
            await asyncio.to_thread(self._discard, self._path(digest), before)
        except FileNotFoundError:
            return
        except OSError as error:
            raise DocumentStoreUnavailable(f"The folder of documents cannot be written: {error.strerror}.") from error

    def _discard(self, path: Path, before: datetime) -> None:
        # Put aside before it is looked at: what is sent in this moment comes to its place, and not into our hands.
        aside = self._folder / f"{_UNFINISHED}{path.name}"
        os.rename(path, aside)
        if aside.stat().st_mtime >= before.timestamp():
            with suppress(FileExistsError):
                os.link(aside, path)
        os.unlink(aside)

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise DocumentMissing("A document is asked for by its SHA-256, 64 digits and small letters a to f.")
        return self._folder / digest[:2] / digest

    async def _keep(self, pieces: AsyncIterable[bytes], name: str) -> tuple[str, int]:
        """Brings the content under its digest, and to the disk before it has its name there."""
        file = await asyncio.to_thread(self._begin)
        try:
            digest, size = sha256(), 0
            async for piece in pieces:
                size += len(piece)
                if size > self._largest:
                    raise DocumentRefused(f"{name} is too large: {self._largest / 1e6:g} MB is the most.")
                await asyncio.to_thread(file.write, piece)
                digest.update(piece)
            if not size:
                raise DocumentRefused(f"{name} is empty: choose the file again.")
            await asyncio.to_thread(self._finish, file, name, self._path(digest.hexdigest()))
        finally:
            await asyncio.to_thread(_end, file)
        return digest.hexdigest(), size

    def _begin(self) -> IO[bytes]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tempfile.NamedTemporaryFile(dir=self._folder, prefix=_UNFINISHED, delete=False)

    def _finish(self, file: IO[bytes], name: str, path: Path) -> None:
        file.flush()
        check_type(name, Path(file.name))
        os.fsync(file.fileno())
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # Also where it is there already: what was stored before may be damaged, and this is whole.
        os.replace(file.name, path)
        for folder in (path.parent, self._folder):
            _fsync_folder(folder)


def clean_name(filename: str) -> str:
    """A file's name as it is kept: without folders, control characters, and marks that turn text round."""
    last = re.split(r"[/\\]", filename)[-1]
    name = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp")).strip(" .")
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: _LONGEST_NAME - len(ending) - 1]}{dot}{ending}" if stem else name


async def _pieces(content: bytes | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        for start in range(0, len(content), _PIECE):
            yield content[start : start + _PIECE]
        return
    async for piece in content:
        yield piece


def _end(file: IO[bytes]) -> None:
    with suppress(OSError):
        file.close()
    with suppress(OSError):
        os.unlink(file.name)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _note(connection: AsyncConnection, reference: str, document: Document) -> Document:
    insert = insert_into(connection.dialect.name, _DOCUMENT)
    changed = {name: insert.excluded[name] for name in ("filename", "media_type", "size", "stored_at")}
    kept = insert.on_conflict_do_update(index_elements=["reference", "sha256"], set_=changed)
    await connection.execute(kept.values(reference=reference, **asdict(document)))
    return document
