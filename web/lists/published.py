"""Published reports, open to everyone: each with the board's response for its year or longer, then for the asking."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from models.days import london_date
from register.documents.store import DocumentMissing
from register.lists.published import published_report, published_reports
from web.request.visit import NotFound, Visit, allowed

router = APIRouter()

_SHORT_WHILE = "public, max-age=300"


@router.get("/published")
async def published(visit: Visit = allowed("anyone")) -> Response:
    """The list."""
    asked = visit.request.query_params.get("page", "1")
    page = max(int(asked), 1) if asked.isascii() and asked.isdecimal() and len(asked) < 5 else 1
    found = await published_reports(visit.site.register, page=page)
    directory = await visit.site.directory()
    coordinator = directory.holder("coordinator", london_date(visit.now)) if directory else None
    answer = visit.page(
        "published/list.html",
        title="Published reports",
        found=found,
        number=page,
        board=directory.board if directory else "",
        contact=coordinator.email if coordinator else "",
    )
    return _open_to_all(visit, answer)


@router.get("/published/{reference}/{which}")
async def document(reference: str, which: str, visit: Visit = allowed("anyone")) -> Response:
    """A published document, for taking away."""
    found = await published_report(visit.site.register, reference)
    open_documents = {"report": found.report, "response": found.response} if found else {}
    digest = open_documents.get(which, "")
    documents = visit.site.system.documents
    try:
        if not digest:
            raise DocumentMissing
        about, content = await documents.about(reference, digest), await documents.get(digest)
    except DocumentMissing:
        raise NotFound(
            "There is no such document, or it is not published any more. See the published reports."
        ) from None
    # What it is called by whoever stored it may name a child: the public's copy is called by the reference.
    name = f"{reference}-{which}.{about.filename.rpartition('.')[2]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return _open_to_all(visit, Response(content, media_type=about.media_type, headers=headers))


@router.get("/robots.txt")
async def robots(visit: Visit = allowed("anyone")) -> Response:
    """Search engines are asked to keep to what is public."""
    return PlainTextResponse("User-agent: *\nAllow: /published\nAllow: /static/\nDisallow: /\n")


def _open_to_all(visit: Visit, answer: Response) -> Response:
    """May be kept for five minutes: what is taken down is gone soon. A page with somebody's name on it is not kept."""
    if visit.session is None:
        answer.headers["Cache-Control"] = _SHORT_WHILE
        answer.headers["Vary"] = "Cookie"
    return answer
