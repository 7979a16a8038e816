"""Keeps what somebody typed into a form that could not be taken, until they come back to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.access import StoredKeptForm

from ..engine import Register, insert_into

_KEPT = StoredKeptForm.__table__
KEPT_FOR = timedelta(days=2)
DRAFTS = "/open/"
"""Pages that begin so are drafts, which somebody put down to come back to."""
DRAFTS_KEPT_FOR = timedelta(days=60)

Values = Sequence[tuple[str, str]]
"""Names and values of a form, in its order; a name may come several times."""


async def keep_form(register: Register, account: str, page: str, values: Values, *, now: datetime) -> None:
    """Keeps what was typed on a page, in place of what was kept for it before."""
    row = {"account": account, "page": page, "values": {"items": [list(item) for item in values]}, "kept_at": now}

    async def work(connection: AsyncConnection) -> None:
        draft = _KEPT.c.page.startswith(DRAFTS)
        await connection.execute(delete(_KEPT).where(draft, _KEPT.c.kept_at < now - DRAFTS_KEPT_FOR))
        await connection.execute(delete(_KEPT).where(~draft, _KEPT.c.kept_at < now - KEPT_FOR))
        insert = insert_into(connection.dialect.name, _KEPT)
        changed = {name: insert.excluded[name] for name in ("values", "kept_at")}
        await connection.execute(insert.on_conflict_do_update(index_elements=["account", "page"], set_=changed), row)

    await register.change(work)


async def kept_form(register: Register, account: str, page: str, *, now: datetime) -> list[tuple[str, str]]:
    """What is kept for somebody on a page; empty when nothing is."""

    async def work(connection: AsyncConnection) -> list[tuple[str, str]]:
        found = await connection.scalar(
            select(_KEPT.c["values"]).where(
                _KEPT.c.account == account,
                _KEPT.c.page == page,
                _KEPT.c.kept_at >= now - (DRAFTS_KEPT_FOR if page.startswith(DRAFTS) else KEPT_FOR),
            )
        )
        return [(name, value) for name, value in found["items"]] if found else []

    return await register.read(work)


async def kept_drafts(register: Register, account: str, *, now: datetime) -> dict[str, tuple[Values, datetime]]:
    """What somebody put down to come back to, by page, the latest first, each with when it was kept."""
    found = (
        select(_KEPT.c.page, _KEPT.c["values"], _KEPT.c.kept_at)
        .where(_KEPT.c.account == account, _KEPT.c.page.startswith(DRAFTS), _KEPT.c.kept_at >= now - DRAFTS_KEPT_FOR)
        .order_by(_KEPT.c.kept_at.desc())
    )

    async def work(connection: AsyncConnection) -> dict[str, tuple[Values, datetime]]:
        rows = await connection.execute(found)
        return {page: ([(name, value) for name, value in kept["items"]], at) for page, kept, at in rows}

    return await register.read(work)


async def forget_form(register: Register, account: str, page: str) -> None:
    """Nothing is kept any more: it was taken, or given up."""
    await register.change(
        lambda connection: connection.execute(delete(_KEPT).where(_KEPT.c.account == account, _KEPT.c.page == page))
    )
