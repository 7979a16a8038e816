"""The board's directory: who holds which role, and where mail reaches them."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from models.days import london_date
from register.directory import directory_changes, load_directory_to_change
from web.directory import changes as changing
from web.directory.forms import OF_AN_ORGANISATION, role_words
from web.directory.words import gaps, held, holders, told
from web.request.filters import before_page, page_number
from web.request.visit import Visit, allowed

router = APIRouter()
router.include_router(changing.router)

PAGE = 25


@router.get("/directory")
async def directory(visit: Visit = allowed("read the directory")) -> Response:
    """Current office-holders, what is missing, and all that is kept."""
    found, _ = await load_directory_to_change(visit.site.register)
    if found is None:
        return visit.page("directory/none.html", title="Directory")
    today = london_date(visit.now)
    return visit.page(
        "directory/page.html",
        title="Directory",
        directory=found,
        holders=holders(found, today),
        gaps=gaps(found, today),
        people=[
            (one, [line for line in held(found, found.appointments, today) if line.person == one])
            for one in found.people
        ],
        organisations=[
            (one, [(role_words(role), found.holder(role, today, one.id)) for role in reversed(OF_AN_ORGANISATION)])
            for one in found.organisations
        ],
        appointments=held(found, found.appointments, today),
        acting=held(found, found.acting, today),
        may_change=visit.may("change the directory"),
        saved="saved" in visit.request.query_params,
    )


@router.get("/directory/history")
async def history(visit: Visit = allowed("read the directory")) -> Response:
    """Every change, the latest first."""
    found, number = told(await directory_changes(visit.site.register))[::-1], page_number(visit)
    return visit.page(
        "directory/history.html",
        title="Change history of the directory",
        changes=found[(number - 1) * PAGE : number * PAGE],
        total=len(found),
        page=number,
        pages=max(-(-len(found) // PAGE), 1),
        before_page=before_page("/directory/history", {}),
    )
