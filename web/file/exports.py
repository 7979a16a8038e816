"""A file's papers: summary, chronology, action plan and letters, to print and to take away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr

from fastapi import APIRouter
from fastapi.responses import Response

from models.duties import duties_of
from register.files.deliveries import Delivery, deliveries_of
from register.people.access import accesses, note_access
from web.papers.blocks import MARKING, Facts, Heading, Paper, Paragraph, Table, words
from web.papers.chronology import chronology
from web.papers.letter import letter
from web.papers.pdf import as_pdf
from web.papers.plan import action_plan
from web.papers.sheet import as_sheet
from web.papers.summary import summary
from web.papers.word import as_word
from web.request.opened_file import OpenFile, open_file
from web.request.roles import Action
from web.request.visit import NotFound, Visit, allowed

router = APIRouter()

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_ACCESSES = 1_000


@dataclass(frozen=True, slots=True)
class _Form:
    """A form that a paper comes in."""

    words: str
    media_type: str
    make: Callable[[Paper], bytes]


_FORMS = {
    "pdf": _Form("PDF", "application/pdf", as_pdf),
    "docx": _Form("Word", _WORD, as_word),
    "xlsx": _Form("Spreadsheet", _SHEET, as_sheet),
}
_AUDIT: Action = "read the audit"
_WITH_AUDIT = " with its audit"
_PAPERS = {
    "summary": ("Summary", ("pdf", "docx")),
    "chronology": (f"Chronology{_WITH_AUDIT}", ("pdf", "docx", "xlsx")),
    "action-plan": ("Action plan", ("pdf", "docx", "xlsx")),
}
"""Each paper's words, and the forms it can be taken away in."""
_LETTER_FORMS = ("pdf", "docx")


@router.get("/files/{reference}/papers")
async def papers(reference: str, visit: Visit = allowed("read files")) -> Response:
    """Every paper there is, and its forms."""
    file = await open_file(visit, reference)
    return visit.page(
        "papers/list.html",
        title=f"{file.reference}: papers",
        file=file,
        papers={name: (_paper_words(visit, name), forms) for name, (_, forms) in _PAPERS.items()},
        forms=_FORMS,
        letters=await deliveries_of(visit.site.register, file.reference),
        titles={notice.key: notice.title for notice in file.stored.notices},
        letter_forms=_LETTER_FORMS,
    )


@router.get("/files/{reference}/papers/letter")
async def one_letter(reference: str, visit: Visit = allowed("read files")) -> Response:
    """One letter; which one stands in the query: ``notice``, ``number`` and, for a form, ``as``."""
    file = await open_file(visit, reference, what="read a letter")
    asked = visit.request.query_params
    made = await _letter(visit, file, asked.get("notice", ""), asked.get("number", "1"))
    return await _given(visit, file, made, asked.get("as", ""), _LETTER_FORMS)


@router.get("/files/{reference}/papers/{name}")
async def one_paper(reference: str, name: str, visit: Visit = allowed("read files")) -> Response:
    """A paper: ``summary`` to print it, ``summary.pdf`` to take it away."""
    name, _, form = name.partition(".")
    if name not in _PAPERS:
        raise NotFound("There is no such paper.")
    file = await open_file(visit, reference)
    return await _given(visit, file, await _paper(visit, file, name), form, _PAPERS[name][1])


async def _given(visit: Visit, file: OpenFile, paper: Paper, form: str, forms: tuple[str, ...]) -> Response:
    """The paper in a form, or as the page that prints cleanly; either is kept in the audit."""
    if form and form not in forms:
        raise NotFound("There is no such form of this paper.")
    how = _FORMS[form].words if form else "a page to print"
    what = f"downloaded: {paper.title.partition(': ')[2]}, as {how}"
    await note_access(visit.site.register, file.reference, visit.account.id, what, now=visit.now)
    if not form:
        return visit.page(
            "papers/print.html",
            title=paper.title,
            paper=paper,
            marking=MARKING,
            words=words,
            kinds={Heading: "heading", Paragraph: "paragraph", Facts: "facts", Table: "table"},
            forms=[(_FORMS[one].words, _address(visit, one)) for one in forms],
            file=file,
        )
    content = await asyncio.to_thread(_FORMS[form].make, paper)
    headers = {"Content-Disposition": f'attachment; filename="{file.reference}-{paper.name}.{form}"'}
    return Response(content, media_type=_FORMS[form].media_type, headers=headers)


def _address(visit: Visit, form: str) -> str:
    url = visit.request.url
    return f"{url.path}?{url.query}&as={form}" if url.query else f"{url.path}.{form}"


async def _paper(visit: Visit, file: OpenFile, name: str) -> Paper:
    match name:
        case "summary":
            blocks = tuple(summary(file.stored, file.case, file.world))
        case "chronology":
            looked = None
            if visit.may(_AUDIT):
                looked = await accesses(visit.site.register, file.reference, limit=_MOST_ACCESSES)
            blocks = tuple(chronology(file.stored, file.names, looked))
        case _:
            blocks = tuple(action_plan(file.stored, file.case))
    title = f"{file.reference}: {_paper_words(visit, name).lower()}"
    return Paper(name, title, file.reference, visit.now, visit.account.name, blocks, wide=True)


def _paper_words(visit: Visit, name: str) -> str:
    """What a paper is called. Who looked at a file is for those alone who may read the audit."""
    found = _PAPERS[name][0]
    return found if visit.may(_AUDIT) else found.removesuffix(_WITH_AUDIT)


async def _letter(visit: Visit, file: OpenFile, key: str, number: str) -> Paper:
    duties = duties_of(file.case, file.world)
    notice, directory = duties.notices.get(key), file.world.directory
    delivery = await _delivery(visit, file.reference, key, number)
    if delivery is None:
        raise NotFound("There is no such letter on this file.")
    if notice is None or directory is None:
        raise NotFound("What this letter said has changed, so its text cannot be shown.")
    sender = parseaddr(visit.site.settings.mail_from)[1]
    blocks = tuple(letter(file.reference, notice, delivery, directory, sender=sender))
    title = f"{file.reference}: letter, {notice.title}"
    return Paper("letter", title, file.reference, visit.now, visit.account.name, blocks)


async def _delivery(visit: Visit, reference: str, key: str, number: str) -> Delivery | None:
    found = await deliveries_of(visit.site.register, reference)
    return next((one for one in found if one.notice_key == key and str(one.number) == number), None)
