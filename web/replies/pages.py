"""Replies by a link in a mail, without sign-in: one step of one letter, confirmed once.

Looking at the page records nothing: mail scanners open links too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import UploadFile

from activities.mail.reply_links import ForgedLink, ReplyLink, read, read_upload, sign_upload
from models.casefile import CaseFile
from models.days import day_words, london_date
from models.duties import duties_of
from models.duty import Deadline, Notice
from models.fold import fold
from models.quick_answers import why_not
from models.record import Entry, Refused
from models.regimes import regime_of
from models.replies import Reply, replies_to
from models.view import latest_number
from models.world import World
from register.documents.store import DocumentRefused, DocumentStoreUnavailable
from register.files.store import read_file
from running.case_client import NoSuchFileError
from web.forms.uploads import pieces
from web.replies.form import Question, answered, day_typed, questions
from web.request.sending import NotTaken, send
from web.request.visit import Visit, allowed

router = APIRouter()

_OFTEN = RateLimitItemPerHour(40)
"""How often one link's form may be sent. Whoever answers needs two."""
_LONGEST_NAME = 80
_LONGEST_LINE = 200


@dataclass(frozen=True)
class _Asked:
    """What a link asks, as its file now stands."""

    token: str
    link: ReplyLink
    reply: Reply
    deadline: Deadline | None
    title: str
    organisation: str
    record: tuple[Entry, ...]
    world: World

    @property
    def questions(self) -> list[Question]:
        """What the step needs besides who and when."""
        return questions(regime_of(self.record).steps[self.reply.step], self.reply.given)


class _Unusable(Exception):
    """The link cannot be used. Carries the page's status, title and words."""

    def __init__(self, status: int, title: str, words: str) -> None:
        super().__init__(words)
        self.status, self.title, self.words = status, title, words


_FORGED = _Unusable(
    404,
    "This link is not complete",
    "We did not send this link, or a part of it is missing. Open it from the letter again, or copy the whole link.",
)


_AGAIN = (
    "What you typed is kept on this page. Press the button again in a few minutes. Your answer is recorded only once."
)
_AWAY = f"We cannot save changes at the moment. Your answer was not recorded. {_AGAIN}"
_PERHAPS = f"The system did not answer in time. Your answer may or may not have been recorded. {_AGAIN}"


@router.get("/reply/{token}")
async def ask(token: str, visit: Visit = allowed("anyone")) -> Response:
    """The form of a link."""
    try:
        asked = await _asked(visit, token)
    except _Unusable as error:
        return await _unusable(visit, error)
    return await _form(visit, asked, {}, {})


@router.get("/reply/{token}/done")
async def done(token: str, visit: Visit = allowed("anyone")) -> Response:
    """That it is recorded."""
    try:
        link = _read(visit, token)
    except _Unusable as error:
        return await _unusable(visit, error)
    stored = await read_file(visit.site.register, link.reference)
    if stored is None or link.step_id not in fold(stored.entries).ids:
        return visit.redirect(f"/reply/{token}")
    return await _done(visit, link)


@router.post("/reply/{token}")
async def answer(token: str, visit: Visit = allowed("anyone")) -> Response:
    """Checks what was typed, shows it again, and records it once it is confirmed."""
    try:
        asked = await _asked(visit, token)
        if not _limiter(visit.request).hit(_OFTEN, asked.link.step_id):
            raise _Unusable(429, "Too many attempts", "This form was sent too often. Try again in an hour.")
        values = {name: value for name, value in visit.form.multi_items() if isinstance(value, str)}
        body, shown, wrong = await _read_form(visit, asked, values)
        if wrong or "change" in values:
            return await _form(visit, asked, values, wrong)
        if values.get("confirm") != "yes":
            return await _check(visit, asked, values, shown)
        return await _record(visit, asked, body, values, shown)
    except _Unusable as error:
        return await _unusable(visit, error)
    finally:
        await visit.form.close()


async def _record(
    visit: Visit, asked: _Asked, body: dict[str, Any], values: dict[str, str], shown: list[tuple[str, str]]
) -> Response:
    try:
        recorded = await send(visit.site, lambda: visit.site.cases.record(asked.link.reference, asked.reply.step, body))
    except Refused as error:
        if error.refusal.field == "id":
            raise _used() from None
        return await _form(visit, asked, values, {error.refusal.field or "": error.refusal.reason})
    except NoSuchFileError:
        raise _FORGED from None
    except NotTaken as error:
        perhaps = error.perhaps or bool(values.get("again"))
        return await _check(visit, asked, values, shown, perhaps=perhaps, away=_PERHAPS if perhaps else _AWAY)
    # The page that says so reads the register.
    return visit.redirect(f"/reply/{asked.token}/done") if recorded.listed else await _done(visit, asked.link)


async def _done(visit: Visit, link: ReplyLink) -> Response:
    return visit.page(
        "replies/done.html", title="Your answer has been recorded", link=link, contact=await _contact(visit)
    )


def _read(visit: Visit, token: str) -> ReplyLink:
    try:
        return read(visit.site.secret, token)
    except ForgedLink:
        raise _FORGED from None


async def _asked(visit: Visit, token: str) -> _Asked:
    """What the link asks.

    Raises:
        _Unusable: it is forged, was used, is over, or no longer asked.
    """
    link = _read(visit, token)
    stored = await read_file(visit.site.register, link.reference)
    if stored is None:
        raise _FORGED
    file, world = fold(stored.entries), await visit.site.world()
    if link.step_id in file.ids:
        raise _used()
    if london_date(visit.now) > link.until:
        words = f"The link could be used until {day_words(link.until)}. If we still need your answer, we will send a "
        raise _Unusable(410, "This link has expired", words + "new link.")
    duties = duties_of(file, world)
    notice = duties.notices.get(link.notice)
    number = latest_number(file, link.notice, notice)
    speaks_for = [link.organisation] if link.organisation else []
    if notice is None or number != link.number:
        raise _stale()
    replies = replies_to(file.regime, notice.template, notice.key, notice.to, notice.content, speaks_for)
    reply = next((r for r in replies if r.step == link.step and r.organisation == link.organisation), None)
    if reply is None:
        raise _stale()
    deadline = duties.deadlines.get(reply.deadline)
    if reply.deadline and (deadline is None or not deadline.open):
        raise _stale(deadline)
    if reply.step == "acknowledged":
        _check_receipt(file, notice)
    title = deadline.title if deadline else notice.title
    name = _name(file, world, link.organisation) or _reader(world, notice.to)
    return _Asked(token, link, reply, deadline, title, name, stored.entries, world)


def _check_receipt(file: CaseFile, notice: Notice) -> None:
    """Raises unless the receipt of a letter can be acknowledged now."""
    if notice.key in file.acknowledged:
        raise _stale(acknowledged_on=file.acknowledged[notice.key])
    if file.accepted_at(notice.key) is None:
        words = "We are still recording that this letter was sent. Open the link again in a few minutes."
        raise _Unusable(503, "Please try again in a few minutes", words)


def _name(file: CaseFile, world: World, organisation: str) -> str:
    party = file.parties.get(organisation)
    if party is not None:
        return party.facts.name
    return world.directory.name_of(organisation) if organisation and world.directory else organisation


def _reader(world: World, to: str) -> str:
    """Who a letter to a role is for: whoever holds the role today."""
    person = world.directory.holder(to, world.today) if world.directory else None
    return person.name if person else to.replace("_", " ")


def _used() -> _Unusable:
    return _Unusable(410, "This link has already been used", "Your answer has been recorded. You need do nothing more.")


def _stale(deadline: Deadline | None = None, acknowledged_on: date | None = None) -> _Unusable:
    done_on = acknowledged_on or (deadline.met_on if deadline else None)
    if done_on is not None:
        words = f"It was recorded as done on {day_words(done_on)}. You need do nothing more."
        return _Unusable(410, "This has already been done", words)
    return _Unusable(
        410, "You do not need to answer", "The case has changed since we wrote to you. You need do nothing more."
    )


async def _unusable(visit: Visit, error: _Unusable) -> Response:
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


async def _form(visit: Visit, asked: _Asked, values: dict[str, str], wrong: dict[str, str]) -> Response:
    places = ["name", "happened_on", *(question.name for question in asked.questions)]
    in_order = sorted(wrong.items(), key=lambda item: places.index(item[0]) if item[0] in places else len(places))
    return visit.page(
        "replies/form.html",
        status=422 if wrong else 200,
        title=asked.reply.words,
        asked=asked,
        values=values,
        wrong=wrong,
        errors=[{"text": text, "href": f"#{_place(asked, name)}"} for name, text in in_order],
        upload=_upload(visit, asked, values),
        contact=await _contact(visit),
    )


def _place(asked: _Asked, name: str) -> str:
    """Where on the page something is put right; a fault of no question of ours is at the form itself."""
    kinds = {question.name: question.kind for question in asked.questions}
    if name == "happened_on" and not asked.reply.by_replying:
        return "happened_on-day"
    if name in kinds:
        return f"{name}-day" if kinds[name] == "day" else name
    return name if name == "name" else "form"


async def _check(
    visit: Visit,
    asked: _Asked,
    values: dict[str, str],
    shown: list[tuple[str, str]],
    *,
    perhaps: bool = False,
    away: str = "",
) -> Response:
    # The session's token is put in afresh, and the pressed buttons are not kept.
    kept = {name: value for name, value in values.items() if name not in ("csrf", "confirm", "change")}
    kept |= {"again": "yes"} if perhaps else {}
    return visit.page(
        "replies/check.html",
        status=503 if away else 200,
        title="Check your answer",
        asked=asked,
        kept=kept,
        shown=shown,
        errors=[{"text": away, "href": "#confirm"}] if away else [],
        contact=await _contact(visit),
    )


async def _read_form(
    visit: Visit, asked: _Asked, values: dict[str, str]
) -> tuple[dict[str, Any], list[tuple[str, str]], dict[str, str]]:
    """The step's body, what is shown of it, and what is wrong by the question's name."""
    found, wrong = answered(asked.questions, values)
    name = " ".join(values.get("name", "").split())
    if not name or len(name) > _LONGEST_NAME:
        wrong = {
            "name": "Enter your name" if not name else f"Enter a name of up to {_LONGEST_NAME} characters",
            **wrong,
        }
    day = _happened_on(visit, asked, values, wrong)
    await _take_upload(visit, asked, values, found, wrong)
    given_for = f", for {asked.organisation}, by link"
    body = {
        "id": asked.link.step_id,
        "recorded_by": f"{name}{given_for[: _LONGEST_LINE - len(name)]}",
        "happened_on": day.isoformat() if day else "",
        **asked.reply.given,
        **found,
    }
    if not wrong and (refusal := why_not(asked.record, asked.reply.step, body, asked.world)):
        wrong[refusal.field or ""] = refusal.reason
    return body, _shown(asked, name, day, found, values, visit), wrong


def _happened_on(visit: Visit, asked: _Asked, values: dict[str, str], wrong: dict[str, str]) -> date | None:
    if asked.reply.by_replying:
        return london_date(visit.now)
    try:
        day = day_typed(values, "happened_on")
        if day is None:
            wrong["happened_on"] = "Enter the date it happened"
    except ValueError as error:
        wrong["happened_on"] = str(error)
        return None
    return day


async def _take_upload(
    visit: Visit, asked: _Asked, values: dict[str, str], found: dict[str, Any], wrong: dict[str, str]
) -> None:
    """Stores what is sent along. From the check page on it is known by a token, that nobody else can make."""
    question = next((question for question in asked.questions if question.kind == "document"), None)
    if question is None:
        return
    sent = visit.form.get(question.name)
    if isinstance(sent, UploadFile) and sent.filename:
        try:
            document = await visit.site.system.documents.put(
                asked.link.reference, pieces(sent), sent.filename, visit.now
            )
            upload = sign_upload(visit.site.secret, asked.link, document.sha256, document.filename)
            values[f"{question.name}-token"] = upload
        except DocumentRefused as error:
            wrong[question.name] = str(error)
            return
        except DocumentStoreUnavailable:
            wrong[question.name] = "The document could not be saved. Upload it again in a few minutes"
            return
    kept = _upload(visit, asked, values)
    if kept is not None:
        found[question.name] = kept[0]
    elif question.needed:
        wrong[question.name] = f"Choose a file: {question.title}"


def _upload(visit: Visit, asked: _Asked, values: dict[str, str]) -> tuple[str, str] | None:
    """Digest and name of the document that came before on this link."""
    name = next((question.name for question in asked.questions if question.kind == "document"), "")
    try:
        return read_upload(visit.site.secret, asked.link, values.get(f"{name}-token", ""))
    except ForgedLink:
        return None


def _shown(
    asked: _Asked, name: str, day: date | None, found: dict[str, Any], values: dict[str, str], visit: Visit
) -> list[tuple[str, str]]:
    rows = [("Your name", name)]
    if not asked.reply.by_replying:
        rows.append(("Date it happened", day_words(day) if day else ""))
    upload = _upload(visit, asked, values)
    for question in asked.questions:
        value = found.get(question.name)
        if question.kind == "document":
            rows.append((question.title, upload[1] if upload else "None"))
        elif question.kind in ("tick", "yes or no"):
            rows.append((question.title, "Yes" if value else "No"))
        elif question.kind == "day":
            rows.append((question.title, day_words(date.fromisoformat(value)) if value else ""))
        else:
            said = str(value or "Not provided")
            rows.append((question.title, f"{said[0].upper()}{said[1:]}" if question.kind == "choice" else said))
    return rows


def _limiter(request: Request) -> FixedWindowRateLimiter:
    """Counts what is sent, for each link, as long as this process runs."""
    state = request.app.state
    if not hasattr(state, "reply_limits"):
        state.reply_limits = FixedWindowRateLimiter(MemoryStorage())
    limiter: FixedWindowRateLimiter = state.reply_limits
    return limiter
