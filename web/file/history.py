"""A file's history: what happened, who recorded it, when and why; what was struck out stays legible."""

from __future__ import annotations

from typing import get_args

from fastapi import APIRouter
from fastapi.responses import Response

from models.timeline import KINDS, Kind, timeline
from web.file.request import asked_for
from web.lists.work_list import page_number
from web.request.paging import pagination
from web.request.visit import Visit, allowed

router = APIRouter()

PAGE = 100


@router.get("/files/{reference}/history")
async def history(reference: str, visit: Visit = allowed("read files")) -> Response:
    """The timeline: of one kind when ``kind`` says so, the newest first unless ``order`` is ``oldest``."""
    asked = await asked_for(visit, reference)
    given, number = visit.request.query_params, page_number(visit)
    only: Kind | None = next((kind for kind in get_args(Kind) if kind == given.get("kind")), None)
    oldest = given.get("order") == "oldest"
    stored = asked.file.stored
    moments = timeline(stored.entries, stored.events, asked.names, only)
    if not oldest:
        moments.reverse()
    query = ({"kind": only} if only else {}) | ({"order": "oldest"} if oldest else {})
    shown = moments[(number - 1) * PAGE : number * PAGE]
    return asked.page(
        "history",
        moments=shown,
        total=len(moments),
        first=(number - 1) * PAGE + 1,
        kinds=KINDS,
        only=only,
        oldest=oldest,
        pages=pagination(f"/files/{reference}/history", query, number, len(moments), PAGE),
    )
