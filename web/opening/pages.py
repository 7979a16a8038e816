"""Opening a file: one question at a time, put down and taken up again, check your answers, and what the facts say."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response

from models.deadline_words import deadline_words
from models.fold import fold, open_record
from models.gates import not_in_future
from models.record import Refusal, Refused
from register.files.references import (
    ReferenceTaken,
    begun_without_file,
    claim_next_reference,
    likely_next_reference,
)
from register.people.saved_forms import DRAFTS, forget_form, keep_form, kept_drafts, kept_form
from register.unavailable import RegisterUnavailable
from running.case_client import CaseClient, Opened
from web.forms.faults import not_chosen
from web.forms.reading import Fault, read_fields, target
from web.forms.values import Typed, cleaned, typed_in
from web.forms.view import FormView
from web.guide.rule_texts import rules
from web.opening.draft import (
    CHILDREN,
    KIND,
    OPENED,
    OPENED_ON,
    OTHERS,
    Body,
    Draft,
    Parts,
    Question,
    body_of,
    faults_in,
)
from web.opening.questions import MORE_CHILDREN, MORE_ORGANISATIONS, questions, unanswered
from web.request.opened_file import open_file
from web.request.sending import NotTaken, send
from web.request.visit import NotFound, Visit, allowed

router = APIRouter()

FIRST_DEADLINES = 6


@router.get("/open")
async def start(visit: Visit = allowed("open files")) -> Response:
    """What an opening asks for, and those that were put down."""
    kept = await kept_drafts(visit.site.register, visit.account.id, now=visit.now)
    drafts = [Draft(page.removeprefix(DRAFTS), cleaned(items), at) for page, (items, at) in kept.items()]
    drafts = [draft for draft in drafts if "/" not in draft.id and not draft.opened]
    return visit.page("opening/start.html", title="Open a file", drafts=drafts)


@router.post("/open")
async def begin(visit: Visit = allowed("open files")) -> Response:
    """A new draft."""
    kind = "review" if visit.text("kind") == "review" else "incident"
    draft = Draft(secrets.token_hex(6), Typed(((KIND, kind),)))
    await _keep(visit, draft)
    return visit.redirect(f"{draft.address}/reference")


@router.get("/open/done/{reference}")
async def done(reference: str, visit: Visit = allowed("open files")) -> Response:
    """The file is open: its reference, its first deadlines, and what happens next."""
    if reference in await begun_without_file(visit.site.register):
        return _follows(visit, reference)
    opened = await open_file(visit, reference)
    standing = sorted((d for d in opened.stored.deadlines if d.met_on is None), key=lambda d: (d.due, d.key))
    first = [(row, deadline_words(row, opened.world)) for row in standing[:FIRST_DEADLINES]]
    title = f"{reference}: the file is open"
    return visit.page("opening/done.html", title=title, file=opened, deadlines=first)


def _follows(visit: Visit, reference: str) -> Response:
    """The file is open, and the register does not have it yet."""
    title = f"{reference}: the file is open"
    return visit.page("opening/follows.html", title=title, reference=reference)


@router.get("/open/{id}")
async def take_up(id: str, visit: Visit = allowed("open files")) -> Response:
    """Goes on where somebody left off."""
    draft, parts = await _draft(visit, id), await _parts(visit)
    return visit.redirect(_next(draft, parts))


@router.post("/open/{id}/give-up")
async def give_up(id: str, visit: Visit = allowed("open files")) -> Response:
    """Throws a draft away."""
    await forget_form(visit.site.register, visit.account.id, f"{DRAFTS}{id}")
    return visit.redirect("/open")


@router.get("/open/{id}/check")
async def check(id: str, visit: Visit = allowed("open files")) -> Response:
    """Check your answers."""
    draft, parts = await _draft(visit, id), await _parts(visit)
    if draft.opened:
        return visit.redirect(f"/open/done/{draft.opened}")
    asked = questions(draft, parts)
    if unanswered(draft, asked):
        return visit.redirect(_next(draft, parts))
    return _check_page(visit, draft, asked, faults_in(body_of(draft, asked, parts), asked, parts))


@router.get("/open/{id}/finding")
async def finding(id: str, visit: Visit = allowed("open files")) -> Response:
    """Are the criteria met? of the criteria, before the file is opened."""
    draft, parts = await _draft(visit, id), await _parts(visit)
    asked = questions(draft, parts)
    body = body_of(draft, asked, parts)
    if draft.opened or unanswered(draft, asked) or faults_in(body, asked, parts):
        return visit.redirect(f"{draft.address}/check")
    record = open_record(body.plain, parts.rulebook, parts.world)
    if isinstance(record, Refusal):
        return visit.redirect(f"{draft.address}/check")
    title = "Are the criteria met?" if draft.for_incident else "Open the file"
    case = fold(record)
    return visit.page("opening/finding.html", title=title, draft=draft, case=case, named=draft.typed.one("reference"))


@router.post("/open/{id}/confirm")
async def confirm(id: str, visit: Visit = allowed("open files")) -> Response:
    """Opens the file, once however often it is asked."""
    draft, parts = await _draft(visit, id), await _parts(visit)
    if draft.opened:
        return visit.redirect(f"/open/done/{draft.opened}")
    if not draft.typed.one(OPENED_ON):
        # Asked again, even after midnight, it is the same opening.
        draft = draft.with_values(**{OPENED_ON: parts.world.today.isoformat()})
        await _keep(visit, draft)
    asked = questions(draft, parts)
    body = body_of(draft, asked, parts)
    faults = faults_in(body, asked, parts)
    if faults or unanswered(draft, asked):
        draft = draft.with_values(**{OPENED_ON: ""})
        await _keep(visit, draft)
        return _check_page(visit, draft, asked, faults, status=422)
    try:
        opened = await _open(visit, draft, body, parts)
    except ReferenceTaken as error:
        text = f"{error.reference} is already used. Choose another reference, or leave it blank for the next one"
        return _check_page(visit, draft, asked, [Fault("reference", text)], status=422)
    except Refused as error:
        name = body.input((error.refusal.field or "").split("."))
        return _check_page(visit, draft, asked, [Fault(name, error.refusal.reason)], status=422)
    except NotTaken as error:
        perhaps = error.perhaps or bool(visit.text("again"))
        title = "The file may or may not be open" if perhaps else "The file was not opened"
        return visit.page("opening/away.html", status=503, title=title, draft=draft, perhaps=perhaps, why=error.why)
    # Nothing of the incident stays in the draft: the file has it now.
    with suppress(RegisterUnavailable):  # The file is open, whatever becomes of the draft.
        await _keep(visit, Draft(draft.id, Typed(((OPENED, opened.reference),))))
    if not opened.listed:
        return _follows(visit, opened.reference)
    return visit.redirect(f"/open/done/{opened.reference}")


@router.get("/open/{id}/{slug}")
async def ask(id: str, slug: str, visit: Visit = allowed("open files")) -> Response:
    """A question."""
    draft, parts = await _draft(visit, id), await _parts(visit)
    if draft.opened:
        return visit.redirect(f"/open/done/{draft.opened}")
    if slug in ("confirm", "give-up"):  # Somebody signed in again after a session that was lost on the way there.
        return visit.redirect(_next(draft, parts))
    question = _question(draft, parts, slug)
    typed = draft.typed
    # What was typed when the session was lost.
    kept = await kept_form(visit.site.register, visit.account.id, visit.request.url.path, now=visit.now)
    if kept:
        typed = draft.with_answer(question, cleaned(kept)).typed
    return _ask_page(visit, draft, parts, question, typed, [])


@router.post("/open/{id}/{slug}")
async def answer(id: str, slug: str, visit: Visit = allowed("open files")) -> Response:
    """An answer: kept, and on to the next question."""
    draft, parts = await _draft(visit, id), await _parts(visit)
    if draft.opened:
        return visit.redirect(f"/open/done/{draft.opened}")
    question = _question(draft, parts, slug)
    if key := visit.text("remove"):
        await _keep(visit, draft.one_less(key).unanswered(slug))
        return visit.redirect(f"{draft.address}/{slug}")
    typed = typed_in(visit.form)
    after = draft.with_answer(question, typed)
    faults = _faults(after, parts, question)
    if faults and not visit.text("later"):
        return _ask_page(visit, draft, parts, question, after.typed, faults, status=422)
    after = _followed(draft, after, question)
    if faults:
        after = after.unanswered(slug)
    await _keep(visit, after)
    await forget_form(visit.site.register, visit.account.id, visit.request.url.path)
    return visit.redirect("/open" if visit.text("later") else _next(after, parts))


def _followed(before: Draft, after: Draft, question: Question) -> Draft:
    """What an answer brings with it: another child or organisation, or questions to be asked again."""
    if question.slug in (MORE_CHILDREN, MORE_ORGANISATIONS):
        more = after.typed.one(question.slug) == "yes"
        after = replace(after, typed=after.typed.without(question.slug))
        if more:
            after = after.one_more(CHILDREN, "c") if question.slug == MORE_CHILDREN else after.one_more(OTHERS, "o")
            return after.unanswered(question.slug)
    child = question.part
    if question.slug == f"{child}-outcome" and before.outcome(child) != after.outcome(child):
        return after.unanswered(f"{child}-death", f"{child}-harm")
    return after


def _faults(draft: Draft, parts: Parts, question: Question) -> list[Fault]:
    """What is wrong with the answers to one question, leaving out what is asked elsewhere."""
    read = read_fields(question.fields, draft.typed)
    found = [*read.faults, *not_chosen(question.fields, read.body)]
    found += _ahead(draft, parts, question)
    asked = questions(draft, parts)
    for fault in faults_in(body_of(draft, asked, parts), asked, parts):
        # What several answers make wrong is told where the last of them is asked: so both can be put right.
        together = fault.field == question.part and question.slug.endswith(("-death", "-harm"))
        twice = fault.field == "" and "have the same" in fault.text and question.slug.endswith("-about")
        if question.has(fault.field):
            found.append(fault)
        elif together or twice or (fault.field == "" and question == _last_of(asked, fault)):
            found.append(replace(fault, field=question.fields[0].name))
    first: dict[str, Fault] = {}
    for fault in found:
        name = next((made.name for made in question.fields if fault.field.startswith(made.name)), fault.field)
        first.setdefault(name, fault)
    return list(first.values())


def _ahead(draft: Draft, parts: Parts, question: Question) -> Iterator[Fault]:
    """A day that lies ahead is told at its question, whatever is not answered yet: an opening has no such day."""
    said = read_fields(question.fields, draft.typed).body
    for made in question.fields:
        if made.kind == "date" and made.key in said:
            day = date.fromisoformat(said[made.key])
            for refusal in not_in_future(day, parts.world.today, made.key, question.rule):
                yield Fault(made.name, f"{made.title}: {refusal.reason}", refusal.rule)


def _last_of(asked: list[Question], fault: Fault) -> Question | None:
    """The last question among those that a fault of several answers names."""
    named = (q for q in reversed(asked) if any(f"“{made.title}”" in fault.text for made in q.fields))
    return next(named, None)


async def _open(visit: Visit, draft: Draft, body: Body, parts: Parts) -> Opened:
    plain = dict(body.plain)
    if not draft.typed.one("reference"):
        prefix, token = parts.rulebook.reference_prefix, CaseClient.token(plain)
        register = visit.site.register
        plain["reference"] = (
            await claim_next_reference(register, prefix, parts.world.today.year, token, visit.now)
        ).reference
    return await send(visit.site, lambda: visit.site.cases.open(plain, parts.rulebook))


async def _draft(visit: Visit, id: str) -> Draft:
    items = await kept_form(visit.site.register, visit.account.id, f"{DRAFTS}{id}", now=visit.now)
    if not items:
        raise NotFound("You have no such draft. It may have been deleted, or saved more than 60 days ago.")
    return Draft(id, cleaned(items))


async def _keep(visit: Visit, draft: Draft) -> None:
    await keep_form(visit.site.register, visit.account.id, draft.address, draft.typed.items, now=visit.now)


async def _parts(visit: Visit) -> Parts:
    rulebook, world = visit.site.system.rulebook, await visit.site.world()
    proposed = await likely_next_reference(visit.site.register, rulebook.reference_prefix, world.today.year)
    return Parts(rulebook, world, visit.account.name, proposed)


def _next(draft: Draft, parts: Parts) -> str:
    question = unanswered(draft, questions(draft, parts))
    return f"{draft.address}/{question.slug if question else 'check'}"


def _question(draft: Draft, parts: Parts, slug: str) -> Question:
    found = next((question for question in questions(draft, parts) if question.slug == slug), None)
    if found is None:
        raise NotFound("There is no such question.")
    return found


def _ask_page(
    visit: Visit,
    draft: Draft,
    parts: Parts,
    question: Question,
    typed: Typed,
    faults: list[Fault],
    *,
    status: int = 200,
) -> Response:
    asked = questions(draft, parts)
    place = [one.slug for one in asked].index(question.slug)
    sent = question.slug in draft.answered or status == 422
    view = FormView(list(question.fields), typed, faults, sent=sent)
    listed = draft.children if question.slug == MORE_CHILDREN else draft.others
    return visit.page(
        "opening/question.html",
        status=status,
        title=question.title,
        draft=draft,
        question=question,
        form=view,
        errors=view.errors,
        back=f"{draft.address}/{asked[place - 1].slug}" if place else "/open",
        number=place + 1,
        of=len(asked),
        rule=rules().get(question.rule),
        listed=listed if question.slug in (MORE_CHILDREN, MORE_ORGANISATIONS) else [],
    )


def _check_page(
    visit: Visit, draft: Draft, asked: list[Question], faults: list[Fault], *, status: int = 200
) -> Response:
    whole = [question for question in asked if question.part not in (*draft.children, *draft.others)]
    own = [
        (f"{what} {number}", [question for question in asked if question.part == key])
        for what, keys in (("Child", draft.children), ("Other organisation", draft.others))
        for number, key in enumerate(keys, 1)
    ]
    sections = [
        (title, [(one, FormView(list(one.fields), draft.typed, sent=True)) for one in inside])
        for title, inside in (("", whole), *own)
        if inside
    ]
    errors = [{"text": fault.text, "href": _where(draft, asked, fault)} for fault in faults]
    title = "Check your answers"
    return visit.page(
        "opening/check.html", status=status, title=title, draft=draft, sections=sections, errors=errors, shown=_shown
    )


def _shown(question: Question) -> bool:
    """Whether a question is a line of its own on the check page."""
    return question.slug not in (MORE_CHILDREN, MORE_ORGANISATIONS)


def _where(draft: Draft, asked: list[Question], fault: Fault) -> str:
    """The address of the question, and the input, that a fault is about."""
    for question in asked:
        if question.has(fault.field):
            return f"{draft.address}/{question.slug}#{target(fault.field, question.fields)}"
    whose = "c" if "child" in fault.text else "o"
    twice = (q for q in reversed(asked) if "have the same" in fault.text and q.slug.endswith("-about"))
    found = (
        next((q for q in reversed(asked) if q.part and q.part == fault.field), None)
        or next((q for q in twice if q.slug.startswith(whose)), None)
        or _last_of(asked, fault)
        or asked[0]
    )
    return f"{draft.address}/{found.slug}#{found.fields[0].id}"
