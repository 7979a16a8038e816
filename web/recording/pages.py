"""Recording a step: what may be recorded, a form built from the step, check your answers, done."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from models.record import Refused
from models.step import Step
from register.people.saved_forms import forget_form, keep_form
from register.unavailable import RegisterUnavailable
from running.case_client import NoSuchFileError
from web.forms.faults import refused
from web.forms.reading import Fault
from web.forms.view import FormView
from web.guide.rule_texts import rules
from web.recording.form import StepForm, made_form
from web.recording.rights import may_not
from web.recording.step_catalogue import about, catalogue, offered
from web.request.opened_file import OpenFile, is_there, no_such_file, open_file
from web.request.sending import NotTaken, send
from web.request.visit import NotFound, Visit, allowed

router = APIRouter()


@router.get("/files/{reference}/record")
async def choose(reference: str, visit: Visit = allowed("record steps")) -> Response:
    """Every step: what may be recorded now, and why the others may not."""
    opened = await open_file(visit, reference)
    by_stage = visit.request.query_params.get("by") == "stage"
    groups = catalogue(opened, visit.account, by_stage=by_stage)
    title = f"{reference}: record an update"
    return visit.page("recording/choose.html", title=title, file=opened, groups=groups, by_stage=by_stage)


@router.get("/files/{reference}/record/{step}")
async def form(reference: str, step: str, visit: Visit = allowed("record steps")) -> Response:
    """The form of a step, with what was kept of it, or with what the address gives beforehand."""
    opened = await open_file(visit, reference)
    kind = _kind(opened, step)
    if why_not := _why_not(visit, kind, opened):
        return _not_now(visit, opened, kind, why_not)
    made = await made_form(visit, opened, kind)
    return _form_page(visit, made)


@router.post("/files/{reference}/record/{step}")
async def send_form(reference: str, step: str, visit: Visit = allowed("record steps")) -> Response:
    """Takes what was typed: to be checked, changed, confirmed or given up."""
    opened = await open_file(visit, reference)
    kind = _kind(opened, step)
    page = visit.request.url.path
    if visit.text("_discard"):
        await forget_form(visit.site.register, visit.account.id, page)
        return visit.redirect(page)
    if refusal := may_not(kind, visit.account):
        return _not_now(visit, opened, kind, [refusal])
    made = await made_form(visit, opened, kind)
    if made.recorded_before:
        return await _done(visit, made, listed=True)
    if made.id_taken:
        return _taken_page(visit, made)
    if visit.text("_change"):
        return _form_page(visit, made)
    faults = made.faults() or await _not_there(visit, made)
    if faults:
        return _form_page(visit, made, status=422)
    if not visit.text("_confirm"):
        return _check_page(visit, made)
    if made.since:
        return _check_page(visit, made, status=409)
    return await _record(visit, made)


async def _not_there(visit: Visit, made: StepForm) -> list[Fault]:
    """Nothing is sent on to another file that whoever records it may not read; whether there is one is not told."""
    field = made.kind.tells_file
    other = str(made.body.get(field, ""))
    if not field or await is_there(visit, other):
        return []
    made.add(Fault(field, str(no_such_file(other))))
    return made.view.faults


async def _record(visit: Visit, made: StepForm) -> Response:
    """Sends the step, and says what became of it."""
    opened, name = made.opened, made.kind.name()
    try:
        recorded = await send(visit.site, lambda: visit.site.cases.record(opened.reference, name, made.body))
    except Refused as error:
        made.add(refused(made.opened.regime, error.refusal, made.fields))
        return _form_page(visit, made, status=422)
    except NoSuchFileError:
        raise no_such_file(opened.reference) from None
    except NotTaken as error:
        return await _away_page(visit, made, perhaps=error.perhaps or bool(visit.text("_again")), why=error.why)
    return await _done(visit, made, listed=recorded.listed)


async def _done(visit: Visit, made: StepForm, *, listed: bool) -> Response:
    """What was typed is needed no longer; the file's page says what was recorded, and whether it shows it already."""
    with suppress(RegisterUnavailable):  # It is recorded, whatever becomes of the rest.
        await forget_form(visit.site.register, visit.account.id, visit.request.url.path)
    follows = "" if listed else "&follows=yes"
    return visit.redirect(f"/files/{made.opened.reference}?recorded={made.kind.name()}{follows}")


def _kind(opened: OpenFile, step: str) -> type[Step]:
    if step not in opened.regime.steps:
        raise NotFound("There is no such step.")
    return opened.regime.steps[step]


def _why_not(visit: Visit, kind: type[Step], opened: OpenFile) -> list[str]:
    found = next(one for one in opened.steps if one["step"] == kind.name())
    return list(offered(opened.regime, kind, visit.account, found["why_not"]).why_not)


def _not_now(visit: Visit, opened: OpenFile, kind: type[Step], why_not: list[str]) -> Response:
    status = 403 if may_not(kind, visit.account) else 200
    title = f"{kind.label}: not available yet"
    return visit.page("recording/not_now.html", status=status, title=title, file=opened, kind=kind, why_not=why_not)


def _form_page(visit: Visit, made: StepForm, *, status: int = 200) -> Response:
    return _page(visit, "recording/form.html", made, made.kind.label, status=status, errors=made.view.errors)


def _check_page(visit: Visit, made: StepForm, *, status: int = 200) -> Response:
    return _page(visit, "recording/check.html", made, "Check your answers", status=status)


def _taken_page(visit: Visit, made: StepForm) -> Response:
    return _page(visit, "recording/taken.html", made, "You already recorded this form", status=409)


async def _away_page(visit: Visit, made: StepForm, *, perhaps: bool, why: str) -> Response:
    """Says plainly that it was not recorded, or may have been, and keeps what was typed here and on the server."""
    values = [("id", made.id), ("_seen", str(made.seen)), *made.view.hidden()]
    with suppress(RegisterUnavailable):  # The page itself keeps it as well.
        await keep_form(visit.site.register, visit.account.id, visit.request.url.path, values, now=visit.now)
    title = "It may or may not have been recorded" if perhaps else "It was not recorded"
    return _page(visit, "recording/away.html", made, title, status=503, perhaps=perhaps, why=why)


def _page(visit: Visit, template: str, made: StepForm, title: str, *, status: int, **more: Any) -> Response:
    view: FormView = made.view
    because = [rules()[number] for number in made.kind.rules if number in rules()]
    return visit.page(
        template,
        status=status,
        title=f"{made.opened.reference}: {title[:1].lower()}{title[1:]}",
        heading=title,
        file=made.opened,
        made=made,
        form=view,
        because=because,
        about=about(made.opened.regime, made.kind),
        **more,
    )
