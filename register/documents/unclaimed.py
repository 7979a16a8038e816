"""Documents that were sent with a form which was never confirmed: which there are, and how they are removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Text, cast, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.register import StoredDocument, StoredEntry, StoredFileDocument

from ..engine import Register
from .store import DocumentStore

LEFT_AFTER = timedelta(days=90)
"""How long one is kept for whoever comes back to the form: longer than any form is."""

_DOCUMENT = StoredDocument.__table__
_NAMED = StoredFileDocument.__table__
_ENTRY = StoredEntry.__table__


@dataclass(frozen=True, slots=True)
class LeftDocument:
    """A document that nothing on its file names. What it is called is left out: that may be a person's name."""

    reference: str
    sha256: str
    size: int
    stored_at: datetime


async def left_documents(register: Register, before: datetime) -> tuple[LeftDocument, ...]:
    """Those that were last sent before an instant, the oldest first.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    columns = (_DOCUMENT.c[field.name] for field in fields(LeftDocument))
    found = select(*columns).where(*_left(before)).order_by(_DOCUMENT.c.stored_at, _DOCUMENT.c.sha256)

    async def work(connection: AsyncConnection) -> tuple[LeftDocument, ...]:
        return tuple(LeftDocument(*row) for row in await connection.execute(found))

    return await register.read(work)


async def remove_left(register: Register, store: DocumentStore, left: LeftDocument, before: datetime) -> bool:
    """Removes one, unless it was sent again or named meanwhile. The content stays while another file has it.

    Returns:
        whether it was removed.

    Raises:
        DocumentStoreUnavailable: the folder cannot be written.
        RegisterUnavailable: no answer in time.
    """
    this = (_DOCUMENT.c.reference == left.reference, _DOCUMENT.c.sha256 == left.sha256)
    other = select(_DOCUMENT.c.reference).where(_DOCUMENT.c.sha256 == left.sha256, ~this[0]).limit(1)
    still = select(_DOCUMENT.c.reference).where(*this, *_left(before))

    async def alone(connection: AsyncConnection) -> bool:
        return bool(await connection.scalar(still)) and not await connection.scalar(other)

    # The content first: were it left behind, nothing would lead to it any more.
    if await register.read(alone):
        await store.discard(left.sha256, before)

    async def removed(connection: AsyncConnection) -> bool:
        return (await connection.execute(delete(_DOCUMENT).where(*this, *_left(before)))).rowcount > 0

    return await register.change(removed)


def _left(before: datetime) -> Iterator[ColumnElement[bool]]:
    """No step names it: none that stands, and none that was struck out or refused and is still on the record."""
    yield _DOCUMENT.c.stored_at < before
    yield ~exists().where(_NAMED.c.sha256 == _DOCUMENT.c.sha256)
    of_file = _ENTRY.c.reference == _DOCUMENT.c.reference
    yield ~exists().where(of_file, cast(_ENTRY.c.body, Text).contains(_DOCUMENT.c.sha256))
