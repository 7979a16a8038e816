"""Documents: sent with a form, kept after a look at their content, and handed out to those who may read the file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from register.documents.store import (
    Document,
    DocumentDamaged,
    DocumentMissing,
    DocumentRefused,
    DocumentStoreUnavailable,
    clean_name,
)
from register.people.access import note_access
from web.forms.fields import FormField
from web.forms.reading import Fault
from web.forms.values import Typed
from web.request.opened_file import open_file
from web.request.visit import NotFound, Visit, allowed

router = APIRouter()

_PIECE = 1 << 18


@router.get("/files/{reference}/documents/{sha256}")
async def download(reference: str, sha256: str, visit: Visit = allowed("read files")) -> Response:
    """A document that the file names, to be kept by whoever asked; the audit keeps that they did."""
    opened = await open_file(visit, reference, what="asked for a document")
    store, wanted = visit.site.system.documents, NotFound(f"The file {reference} has no such document.")
    if sha256 not in {row.sha256 for row in opened.stored.documents}:
        raise wanted
    try:
        about, content = await store.about(reference, sha256), await store.get(sha256)
    except DocumentMissing:
        raise wanted from None
    except (DocumentDamaged, DocumentStoreUnavailable) as error:
        words = "The document cannot be read at the moment. Nothing on the file is lost. Tell operations."
        if isinstance(error, DocumentDamaged):
            words = "The document is damaged and must be restored from a backup. Tell operations."
        return visit.page(
            "forms/message.html", status=503, title="The document cannot be shown at the moment", words=words
        )
    await note_access(visit.site.register, reference, visit.account.id, f"downloaded {about.filename}", now=visit.now)
    return Response(content, media_type=about.media_type, headers={"Content-Disposition": disposition(about.filename)})


def disposition(filename: str) -> str:
    """The header that makes a browser keep a document rather than show it, under a plain name."""
    name = clean_name(filename) or "document"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " ._-()") else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def keep_uploads(
    visit: Visit,
    reference: str,
    fields: Iterable[FormField],
    typed: Typed,
    named: Callable[[Document], str],
    document_named: Callable[[str], Awaitable[Document]],
) -> tuple[Typed, dict[str, Document], list[Fault]]:
    """Keeps the documents that came with a form, and looks up those that were named.

    Arguments:
        reference: of the file.
        fields: the form's.
        typed: what was typed into them.
        named: what stands in a field for a document.
        document_named: the document that such a text stands for; it raises DocumentMissing when there is none.

    Returns:
        What was typed with each document's name in its field; the documents by name; what was refused.
    """
    store = visit.site.system.documents
    known: dict[str, Document] = {}
    faults = []
    for made in fields:
        if made.kind != "document":
            continue
        sent = visit.form.get(f"{made.name}-upload")
        if made.upload and isinstance(sent, UploadFile) and sent.filename:
            try:
                document = await store.put(reference, pieces(sent), sent.filename, visit.now)
            except DocumentRefused as refused:
                faults.append(Fault(f"{made.name}-upload", str(refused)))
                continue
            except DocumentStoreUnavailable:
                faults.append(Fault(f"{made.name}-upload", "The document could not be saved. Upload it again."))
                continue
            typed = typed.with_values({made.name: named(document)})
            known[named(document)] = document
        name = typed.one(made.name)
        if name and name not in known:
            try:
                known[name] = await document_named(name)
            except DocumentMissing:
                faults.append(
                    Fault(made.name, f"{made.title}: this file has no such document. Choose or upload another.")
                )
    return typed, known, faults


async def pieces(sent: UploadFile) -> AsyncIterator[bytes]:
    """What was sent, piece by piece: a document is never held in memory as a whole."""
    while piece := await sent.read(_PIECE):
        yield piece
