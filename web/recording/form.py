"""One step's form on one file: what was typed, read, judged by the core, and what was recorded meanwhile."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from models.record import Entry
from models.step import Step
from register.documents.store import Document
from register.people.saved_forms import kept_form
from web.forms.faults import faults_of, in_order, refused_by_core
from web.forms.fields import FormField
from web.forms.names import Given, named_by_directory, step_fields
from web.forms.reading import Fault, read_fields, typed_from
from web.forms.uploads import keep_uploads
from web.forms.values import Typed, cleaned, typed_in
from web.forms.view import FormView
from web.recording.rights import not_own, own_fields
from web.request.opened_file import OpenFile
from web.request.visit import Visit

_ID = re.compile(r"(?!reply-)[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
"""A form's own id. Those of replies by link are not taken by any form: such a link would then count as used."""
NOT_YOURS = "You can record this only for your own organisation: choose your organisation"


@dataclass
class StepForm:
    """A step's form.

    Arguments:
        visit: who fills it in.
        opened: the file.
        kind: the step.
        fields: its questions.
        id: the step's own id, made when the form was first shown: sent twice, it is recorded once.
        seen: how many entries the file had when the form was first shown.
        view: as the page shows it.
        body: as it would be recorded.
        kept: whether it was kept from an earlier time.
    """

    visit: Visit
    opened: OpenFile
    kind: type[Step]
    fields: list[FormField]
    id: str
    seen: int
    view: FormView
    body: dict[str, Any] = field(default_factory=dict)
    kept: bool = False

    @property
    def address(self) -> str:
        """Where the form is, and where it is sent."""
        return f"/files/{self.opened.reference}/record/{self.kind.name()}"

    @property
    def by_finding(self) -> bool:
        """Whether the finding is shown with it: nothing is decided or recommended before it was read (2.1a)."""
        return bool(self.opened.case.finding.limbs) and self.kind.by_finding

    @property
    def entries(self) -> tuple[Entry, ...]:
        """How many entries the file has now."""
        return self.opened.stored.entries

    @property
    def since(self) -> list[Entry]:
        """The steps that others recorded since the form was first shown."""
        return [entry for entry in self.entries[self.seen :] if not entry.is_fact and entry.id != self.id]

    @property
    def recorded_before(self) -> bool:
        """Whether exactly this was recorded already: a double click, or a page that was loaded again."""
        return any(e.id == self.id and e.name == self.kind.name() and dict(e.body) == self.body for e in self.entries)

    @property
    def id_taken(self) -> bool:
        """Whether something else was recorded with this very form."""
        return not self.recorded_before and self.id in self.opened.case.ids

    def add(self, fault: Fault) -> None:
        """Something else that is wrong."""
        self.view = replace(self.view, faults=in_order(self.fields, [*self.view.faults, fault]))

    def faults(self) -> list[Fault]:
        """What is wrong with what was typed, by its own class and by the core; the view has it afterwards."""
        found = [*self.view.faults, *faults_of(self.opened.regime, self.kind, self.body, self.fields)]
        if not found and (name := not_own(self.kind, self.visit.account, self.body, self.opened.case)):
            found.append(Fault(name, NOT_YOURS))
        case, world = self.opened.case, self.opened.world
        found = found or refused_by_core(self.entries, case, world, self.kind, self.body, self.fields)
        self.view = replace(self.view, faults=in_order(self.fields, found))
        return self.view.faults


async def made_form(visit: Visit, opened: OpenFile, kind: type[Step]) -> StepForm:
    """The form as it was sent; on a first look, with what was kept of it or what the address gives beforehand."""
    given = await _given(visit, opened)
    fields = own_fields(kind, visit.account, step_fields(kind, given), opened.case)
    sent = visit.request.method == "POST"
    typed, kept = (typed_in(visit.form), False) if sent else await _before(visit, fields)
    reference, store = opened.stored.reference, visit.site.system.documents
    typed, uploaded, faults = await keep_uploads(
        visit, reference, fields, typed, lambda document: document.sha256, lambda digest: store.about(reference, digest)
    )
    if not sent:
        faults = []
    reading = read_fields(fields, typed)
    given_id = typed.one("id")
    id = given_id if _ID.fullmatch(given_id) else f"{kind.name()}-{secrets.token_hex(6)}"
    body = {"id": id, "recorded_by": visit.account.name, **reading.body}
    body = named_by_directory(body, opened.world)
    view = FormView(fields, typed, [*faults, *reading.faults], uploaded, sent=sent or kept)
    return StepForm(visit, opened, kind, fields, id, _seen(typed, opened), view, body, kept)


async def _before(visit: Visit, fields: list[FormField]) -> tuple[Typed, bool]:
    kept = await kept_form(visit.site.register, visit.account.id, visit.request.url.path, now=visit.now)
    if kept:
        return cleaned(kept), True
    names = {made.key: made for made in fields}
    given = {name: value for name, value in visit.request.query_params.items() if name in names}
    plain = {name: value for name, value in given.items() if names[name].kind not in ("group", "texts", "numbers")}
    body = {name: _as_given(names[name], value) for name, value in plain.items()}
    return cleaned(typed_from(fields, body).items), False


def _as_given(made: FormField, value: str) -> Any:
    """A value of the address as a body would have it."""
    if made.kind in ("choices", "lines"):
        return [value]
    return value == "yes" if made.kind in ("yes or no", "checkbox") else value


def _seen(typed: Typed, opened: OpenFile) -> int:
    text = typed.one("_seen")
    now = len(opened.stored.entries)
    return min(int(text), now) if text.isascii() and text.isdigit() and len(text) < 7 else now


async def _given(visit: Visit, opened: OpenFile) -> Given:
    """What the form is built from: the file, and what its documents are called."""
    stored = opened.stored
    kinds = {row.sha256: row.kind for row in stored.documents}
    known = await visit.site.system.documents.named(stored.reference, kinds)
    found = {
        digest: (known.get(digest) or Document(digest, f"Document {digest[:8]}", "", 0, visit.now), kind)
        for digest, kind in reversed(kinds.items())
    }
    return Given(opened.case, opened.world, stored.entries, stored.notices, tuple(found.values()), opened.names)
