"""Figures, as tables with charts and as a spreadsheet."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from fastapi.responses import Response

from models.days import london_date
from web.figures.spreadsheet import MARKING, spreadsheet
from web.figures.tables import figures
from web.request.filters import choices
from web.request.visit import Visit, allowed

router = APIRouter()

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/statistics")
async def statistics(visit: Visit = allowed("read across files")) -> Response:
    """The figures of a year, or of all years."""
    found = await figures(visit, _year(visit))
    chosen = str(found.year or "")
    return visit.page(
        "statistics/page.html",
        title=f"Statistics, {found.year}" if found.year else "Statistics",
        found=found,
        marking=MARKING,
        years=choices([("", "All years"), *((str(year), str(year)) for year in found.years)], chosen),
        sheet=f"/statistics.xlsx?year={found.year}" if found.year else "/statistics.xlsx",
        all_files="auditor" in visit.account.roles,
    )


@router.get("/statistics.xlsx")
async def statistics_sheet(visit: Visit = allowed("read across files")) -> Response:
    """The same as a spreadsheet."""
    found = await figures(visit, _year(visit))
    directory = await visit.site.directory()
    what = f"Statistics, {found.year or 'all years'}"
    made = spreadsheet(
        what, found.tables, board=directory.board if directory else "", by=visit.account.name, now=visit.now
    )
    content = await asyncio.to_thread(made)
    name = f"statistics-{found.year or 'all-years'}-{london_date(visit.now)}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=_XLSX, headers=headers)


def _year(visit: Visit) -> int | None:
    """The year that the address asks for; None for all."""
    given = visit.request.query_params.get("year", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) == 4 and int(given) >= 1900 else None
