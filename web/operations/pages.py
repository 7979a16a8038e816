"""For operations: each file's reference, with the way to its workflow on Temporal's web page, and nothing else."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from register.lists.files import PAGE, Filter, list_files
from web.lists.work_list import page_number
from web.request.paging import pagination
from web.request.visit import Visit, allowed

router = APIRouter()


@router.get("/operations/files")
async def workflows(visit: Visit = allowed("see health")) -> Response:
    """Every file's workflow. Restricted files are there as well: of none is more shown than its reference."""
    searched, number = visit.request.query_params.get("q", "").strip(), page_number(visit)
    which = Filter(reference=searched)
    found = await list_files(visit.site.register, which, start=(number - 1) * PAGE, limit=PAGE)
    return visit.page(
        "work_list/workflows.html",
        title="Workflows",
        searched=searched,
        total=found.total,
        first=(number - 1) * PAGE + 1,
        files=[(file.reference, workflow_page(visit, file.reference)) for file in found.files],
        pages=pagination("/operations/files", {"q": searched} if searched else {}, number, found.total, PAGE),
    )


def workflow_page(visit: Visit, reference: str) -> str:
    """The address of a file's workflow on Temporal's web page; empty when that page's address is not known."""
    page = visit.site.temporal_page.rstrip("/")
    return f"{page}/namespaces/default/workflows/{quote(reference)}" if page else ""
