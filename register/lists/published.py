"""The files whose report was published at some time, the latest first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.fold import fold
from models.public import PublicReport, public_report
from models.record import Entry
from models.tables.register import StoredEntry, StoredFile

from ..engine import Register
from ..files.store import read_entries

_FILE = StoredFile.__table__
_ENTRY = StoredEntry.__table__

PAGE = 25


@dataclass(frozen=True, slots=True)
class PublicPage:
    """Some of the reports that are open to the public.

    Arguments:
        reports: those of this page that stand.
        more: whether there is a next page.
    """

    reports: tuple[PublicReport, ...]
    more: bool


async def published_reports(register: Register, *, page: int = 1) -> PublicPage:
    """The reports of a page. What of a file may be shown is the core's to say, so that a page can hold fewer.

    Arguments:
        register: where.
        page: which one, from 1.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    once = _FILE.c.published_on.is_not(None)
    here = (
        select(_FILE.c.reference)
        .where(once)
        .order_by(_FILE.c.published_on.desc(), _FILE.c.reference)
        .offset(PAGE * (page - 1))
        .limit(PAGE)
    )

    async def work(connection: AsyncConnection) -> tuple[dict[str, list[Entry]], int]:
        references = list(await connection.scalars(here))
        columns = (_ENTRY.c[name] for name in ("name", "body", "id", "source", "recorded_at", "reference"))
        found = select(*columns).where(_ENTRY.c.reference.in_(references)).order_by(_ENTRY.c.position)
        rows = list(await connection.execute(found))
        entries: dict[str, list[Entry]] = {reference: [] for reference in references}
        for row in rows:
            entries[row.reference].append(Entry(*row[:5]))
        total = await connection.scalar(select(func.count()).select_from(_FILE).where(once))
        return entries, total or 0

    entries, total = await register.read(work)
    reports = (public_report(fold(record)) for record in entries.values())
    return PublicPage(tuple(report for report in reports if report), total > PAGE * page)


async def published_report(register: Register, reference: str) -> PublicReport | None:
    """What the public may see of one file; None when nothing.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    entries = await read_entries(register, reference)
    return public_report(fold(entries)) if entries else None
