"""The form of a reply by link: the same fields as on the pages, without what the letter settles, and who answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from activities.mail.reply_links import ForgedLink, read_upload, sign_upload
from models.days import london_date
from register.documents.store import Document, DocumentMissing
from web.forms.faults import faults_of, in_order, refused_by_core
from web.forms.fields import FormField, fields_of
from web.forms.reading import Fault, read_fields
from web.forms.uploads import keep_uploads
from web.forms.values import Typed, typed_in
from web.forms.view import FormView
from web.replies.link import Asked
from web.request.visit import Visit

_LONGEST_NAME = 80
_LONGEST_RECORDED_BY = 200
_NAME = FormField(
    "name",
    "name",
    "line",
    "Your name",
    "We keep it on the file with your answer.",
    needed=True,
    limit=_LONGEST_NAME,
    autocomplete="name",
)


@dataclass
class ReplyForm:
    """A reply's form.

    Arguments:
        asked: what the link asks.
        view: as the page shows it.
        body: as it would be recorded.
    """

    asked: Asked
    view: FormView
    body: dict[str, Any]

    def add(self, fault: Fault) -> None:
        """Something else that is wrong."""
        self.view = replace(self.view, faults=in_order(self.view.fields, [*self.view.faults, fault]))


def empty_form(asked: Asked) -> FormView:
    """The form as it is first shown."""
    return FormView(_fields(asked), Typed())


async def sent_form(visit: Visit, asked: Asked) -> ReplyForm:
    """The form as it was sent, with what is wrong with it.

    A document is kept at once. In the form stands what ties it to this link, which nobody else can make: not its
    digest, by which a stranger could ask whether the board has a document.
    """
    fields, secret, link = _fields(asked), visit.site.secret, asked.link

    def tie(document: Document) -> str:
        return sign_upload(secret, link, document.sha256, document.filename)

    async def tied(text: str) -> Document:
        try:
            return Document(*read_upload(secret, link, text), "", 0, visit.now)
        except ForgedLink:
            raise DocumentMissing from None

    typed, uploaded, faults = await keep_uploads(visit, link.reference, fields, typed_in(visit.form), tie, tied)
    reading = read_fields(fields, typed)
    answers = {key: uploaded[value].sha256 if value in uploaded else value for key, value in reading.body.items()}
    faults += reading.faults
    name = " ".join(answers.pop(_NAME.key, "").split())
    if not name or len(name) > _LONGEST_NAME:
        words = "Enter your name" if not name else f"Enter a name of up to {_LONGEST_NAME} characters"
        faults.append(Fault(_NAME.name, words))
    by = f"{name}, for {asked.organisation}, by link"
    today = {"happened_on": london_date(visit.now).isoformat()} if asked.reply.by_replying else {}
    body = {"id": link.step_id, "recorded_by": by[:_LONGEST_RECORDED_BY], **today, **asked.reply.given, **answers}
    faults += faults_of(asked.case.regime, asked.kind, body, fields)
    faults = faults or refused_by_core(asked.entries, asked.case, asked.world, asked.kind, body, fields)
    return ReplyForm(asked, FormView(fields, typed, in_order(fields, faults), uploaded, sent=True), body)


def _fields(asked: Asked) -> list[FormField]:
    settled = {"id", "recorded_by", *asked.reply.given, *(("happened_on",) if asked.reply.by_replying else ())}
    return [_NAME, *fields_of(asked.kind, leave_out=frozenset(settled))]
