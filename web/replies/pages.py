"""Replies by a link in a mail, without sign-in: one step of one letter, confirmed once.

Looking at the page records nothing: mail scanners open links too.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from activities.mail.reply_links import ReplyLink
from models.days import london_date
from models.record import Refused
from register.files.store import read_file
from running.case_client import NoSuchFileError
from web.forms.faults import refused
from web.forms.view import FormView
from web.replies.form import ReplyForm, empty_form, sent_form
from web.replies.link import FORGED, USED, Asked, Unusable, asked_by, read_link
from web.request.sending import NotTaken, send
from web.request.visit import Visit, allowed

router = APIRouter()

_OFTEN = RateLimitItemPerHour(40)
"""How often one link's form may be sent. Whoever answers needs two."""

_AGAIN = (
    "What you typed is kept on this page. Press the button again in a few minutes. Your answer is recorded only once."
)
_AWAY = f"We cannot save changes at the moment. Your answer was not recorded. {_AGAIN}"
_PERHAPS = f"The system did not answer in time. Your answer may or may not have been recorded. {_AGAIN}"


@router.get("/reply/{token}")
async def ask(token: str, visit: Visit = allowed("anyone")) -> Response:
    """The form of a link."""
    try:
        asked = await asked_by(visit, token)
    except Unusable as error:
        return await _unusable(visit, error)
    return await _form(visit, asked, empty_form(asked))


@router.get("/reply/{token}/done")
async def done(token: str, visit: Visit = allowed("anyone")) -> Response:
    """That it is recorded."""
    try:
        link = read_link(visit, token)
    except Unusable as error:
        return await _unusable(visit, error)
    stored = await read_file(visit.site.register, link.reference)
    if stored is None or link.step_id not in {entry.id for entry in stored.entries}:
        return visit.redirect(f"/reply/{token}")
    return await _done(visit, link)


@router.post("/reply/{token}")
async def answer(token: str, visit: Visit = allowed("anyone")) -> Response:
    """Checks what was typed, shows it again, and records it once it is confirmed."""
    try:
        asked = await asked_by(visit, token)
        if not _limiter(visit.request).hit(_OFTEN, asked.link.step_id):
            raise Unusable(429, "Too many attempts", "This form was sent too often. Try again in an hour.")
        made = await sent_form(visit, asked)
        if made.view.faults or visit.text("_change"):
            return await _form(visit, asked, made.view)
        if not visit.text("_confirm"):
            return await _check(visit, made)
        return await _record(visit, made)
    except Unusable as error:
        return await _unusable(visit, error)
    finally:
        await visit.form.close()


async def _record(visit: Visit, made: ReplyForm) -> Response:
    asked = made.asked
    try:
        recorded = await send(
            visit.site, lambda: visit.site.cases.record(asked.link.reference, asked.reply.step, made.body)
        )
    except Refused as error:
        if error.refusal.field == "id":
            raise USED from None
        made.add(refused(asked.case.regime, error.refusal, made.view.fields))
        return await _form(visit, asked, made.view)
    except NoSuchFileError:
        raise FORGED from None
    except NotTaken as error:
        return await _check(visit, made, perhaps=error.perhaps or bool(visit.text("_again")), taken=False)
    # The page that says so reads the register.
    return visit.redirect(f"/reply/{asked.token}/done") if recorded.listed else await _done(visit, asked.link)


async def _done(visit: Visit, link: ReplyLink) -> Response:
    return visit.page(
        "replies/done.html", title="Your answer has been recorded", link=link, contact=await _contact(visit)
    )


async def _unusable(visit: Visit, error: Unusable) -> Response:
    return visit.page(
        "replies/unusable.html",
        status=error.status,
        title=error.title,
        words=error.words,
        contact=await _contact(visit),
    )


async def _contact(visit: Visit) -> str:
    """Where the coordinator is reached; empty while the directory does not say."""
    directory = await visit.site.directory()
    person = directory.holder("coordinator", london_date(visit.now)) if directory else None
    return person.email if person else ""


async def _form(visit: Visit, asked: Asked, form: FormView) -> Response:
    return visit.page(
        "replies/form.html",
        status=422 if form.faults else 200,
        title=asked.reply.words,
        asked=asked,
        form=form,
        errors=form.errors,
        contact=await _contact(visit),
    )


async def _check(visit: Visit, made: ReplyForm, *, perhaps: bool = False, taken: bool = True) -> Response:
    """Shows what was typed, to be confirmed; and says so when it was not recorded, or may have been."""
    words = _PERHAPS if perhaps else _AWAY
    return visit.page(
        "replies/check.html",
        status=200 if taken else 503,
        title="Check your answer",
        asked=made.asked,
        form=made.view,
        perhaps=perhaps,
        errors=[] if taken else [{"text": words, "href": "#confirm"}],
        contact=await _contact(visit),
    )


def _limiter(request: Request) -> FixedWindowRateLimiter:
    """Counts what is sent, for each link, as long as this process runs."""
    state = request.app.state
    if not hasattr(state, "reply_limits"):
        state.reply_limits = FixedWindowRateLimiter(MemoryStorage())
    limiter: FixedWindowRateLimiter = state.reply_limits
    return limiter
