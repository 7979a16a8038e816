"""Recording a step: what may be recorded, a form built from the step, check your answers, done."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from activities.away import RegisterAway
from activities.kept_forms import forget_form, keep_form
from activities.recorded import has_step, wait_for_step
from models.catalogue import STEPS
from models.record import Refused
from models.sections.s1_1_files import MergedInto
from models.step import Step
from running.cases import NoSuchFileError
from web.form_faults import refused
from web.form_reading import Fault
from web.form_view import FormView
from web.reading import OpenFile, is_there, no_such_file, open_file
from web.recording_form import StepForm, made_form
from web.recording_rights import may_not
from web.rule_texts import rules
from web.sending import NotTaken, send
from web.step_catalogue import about, catalogue, offered
from web.visit import NotFound, Visit, allowed

router = APIRouter()

IN_REGISTER_WITHIN = 2.0
"""Seconds that are waited for the register, so that the file's page shows what was recorded."""


@router.get("/files/{reference}/record")
async def choose(reference: str, visit: Visit = allowed("record steps")) -> Response:
    """Every step: what may be recorded now, and why the others may not."""
    opened = await open_file(visit, reference)
    by_stage = visit.request.query_params.get("by") == "stage"
    groups = catalogue(opened, visit.account, by_stage=by_stage)
    title = f"{reference}: record a step"
    return visit.page("recording/choose.html", title=title, file=opened, groups=groups, by_stage=by_stage)


@router.get("/files/{reference}/record/{step}")
async def form(reference: str, step: str, visit: Visit = allowed("record steps")) -> Response:
    """The form of a step, with what was kept of it, or with what the address gives beforehand."""
    kind, opened = _kind(step), await open_file(visit, reference)
    if why_not := _why_not(visit, kind, opened):
        return _not_now(visit, opened, kind, why_not)
    made = await made_form(visit, opened, kind)
    return _form_page(visit, made)


@router.post("/files/{reference}/record/{step}")
async def send_form(reference: str, step: str, visit: Visit = allowed("record steps")) -> Response:
    """Takes what was typed: to be checked, changed, confirmed or given up."""
    kind, opened = _kind(step), await open_file(visit, reference)
    page = visit.request.url.path
    if visit.text("_discard"):
        await forget_form(visit.site.register, visit.account.id, page)
        return visit.to(page)
    if refusal := may_not(kind, visit.account):
        return _not_now(visit, opened, kind, [refusal])
    made = await made_form(visit, opened, kind)
    if made.recorded_before:
        return await _done(visit, made)
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
    other = str(made.body.get("reference", ""))
    if made.kind is not MergedInto or await is_there(visit, other):
        return []
    made.add(Fault("reference", str(no_such_file(other))))
    return made.view.faults


async def _record(visit: Visit, made: StepForm) -> Response:
    """Sends the step, and says what became of it."""
    opened, name = made.opened, made.kind.name()
    try:
        await send(visit.site, lambda: visit.site.cases.record(opened.reference, name, made.body))
    except Refused as error:
        made.add(refused(error.refusal, made.fields))
        return _form_page(visit, made, status=422)
    except NoSuchFileError:
        raise no_such_file(opened.reference) from None
    except NotTaken as error:
        with suppress(RegisterAway):
            if await has_step(visit.site.register, opened.reference, made.id):
                return await _done(visit, made)
        return await _away_page(visit, made, perhaps=error.perhaps or bool(visit.text("_again")))
    return await _done(visit, made)


async def _done(visit: Visit, made: StepForm) -> Response:
    """What was typed is needed no longer; the file's page says what was recorded."""
    register, reference = visit.site.register, made.opened.reference
    with suppress(RegisterAway):  # It is recorded, whatever becomes of the rest.
        await forget_form(register, visit.account.id, visit.request.url.path)
        await wait_for_step(register, reference, made.id, seconds=IN_REGISTER_WITHIN)
    return visit.to(f"/files/{reference}?recorded={made.kind.name()}")


def _kind(step: str) -> type[Step]:
    if step not in STEPS:
        raise NotFound("There is no such step.")
    return STEPS[step]


def _why_not(visit: Visit, kind: type[Step], opened: OpenFile) -> list[str]:
    found = next(one for one in opened.steps if one["step"] == kind.name())
    return list(offered(kind, visit.account, found["why_not"]).why_not)


def _not_now(visit: Visit, opened: OpenFile, kind: type[Step], why_not: list[str]) -> Response:
    status = 403 if may_not(kind, visit.account) else 200
    title = f"{kind.label}: not now"
    return visit.page("recording/not_now.html", status=status, title=title, file=opened, kind=kind, why_not=why_not)


def _form_page(visit: Visit, made: StepForm, *, status: int = 200) -> Response:
    return _page(visit, "recording/form.html", made, made.kind.label, status=status, errors=made.view.errors)


def _check_page(visit: Visit, made: StepForm, *, status: int = 200) -> Response:
    return _page(visit, "recording/check.html", made, "Check your answers", status=status)


def _taken_page(visit: Visit, made: StepForm) -> Response:
    return _page(visit, "recording/taken.html", made, "This form was recorded already", status=409)


async def _away_page(visit: Visit, made: StepForm, *, perhaps: bool) -> Response:
    """Says plainly that it was not recorded, or may have been, and keeps what was typed here and on the server."""
    values = [("id", made.id), ("_seen", str(made.seen)), *made.view.hidden()]
    with suppress(RegisterAway):  # The page itself keeps it as well.
        await keep_form(visit.site.register, visit.account.id, visit.request.url.path, values, now=visit.now)
    title = "It may or may not have been recorded" if perhaps else "It was not recorded"
    return _page(visit, "recording/away.html", made, title, status=503, perhaps=perhaps)


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
        about=about(made.kind),
        **more,
    )
