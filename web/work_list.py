"""What needs somebody now, by due date."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from web.visit import Visit, allowed

router = APIRouter()


@router.get("/")
async def work_list(visit: Visit = allowed("read files")) -> Response:
    """The work list."""
    return visit.page("work_list.html", title="Work list")
