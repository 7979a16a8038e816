"""What documents are called, many at a time: for lists of those that a file names."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.register import StoredDocument

from .database import Register
from .documents import Document

_DOCUMENT = StoredDocument.__table__


async def named_documents(register: Register, digests: Collection[str]) -> dict[str, Document]:
    """The documents with these digests, by digest; those that the store does not have are left out.

    Raises:
        RegisterAway: no answer in time.
    """
    if not digests:
        return {}
    columns = (_DOCUMENT.c[name] for name in ("sha256", "filename", "media_type", "size", "stored_at"))
    found = select(*columns).where(_DOCUMENT.c.sha256.in_(sorted(digests)))

    async def work(connection: AsyncConnection) -> dict[str, Document]:
        return {row.sha256: Document(*row) for row in await connection.execute(found)}

    return await register.read(work)
