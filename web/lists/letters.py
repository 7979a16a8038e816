"""Letters that wait or failed, across files, and all recent ones."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response

from activities.weekly import LIST
from models.responsible import named_in, organisation_of, responsible_words
from register.files.deliveries import (
    Delivery,
    Unaddressed,
    recent_deliveries,
    titles_of,
    unaddressed,
    undelivered,
)
from register.lists.deadlines import names_on_files
from web.request.filters import before_page, page_number, reader, step_link
from web.request.visit import Visit, allowed

router = APIRouter()

PAGE = 50

STATUS_WORDS = {
    "sending": "Being sent",
    "waiting": "Waits",
    "accepted": "Accepted",
    "refused": "Refused",
    "withdrawn": "No longer needed",
}


@dataclass(frozen=True)
class LetterLine:
    """A letter as its page shows it.

    Arguments:
        delivery: as the ledger has it.
        title: what it is about.
        to: whom it is for.
        status: in words.
        why: why it is not delivered; empty when it is.
        of_file: whether it belongs to a file.
        correct: where to record a corrected address; empty when that does not help, or is not for whoever asks.
    """

    delivery: Delivery
    title: str
    to: str
    status: str
    why: str
    of_file: bool
    correct: str


@dataclass(frozen=True)
class NobodyLine:
    """A letter that was not sent, as nobody was there to send it to.

    Arguments:
        reference: its file.
        title: what it is about.
        to: whom it is for.
        correct: where to record an address; empty when that is not for whoever asks.
    """

    reference: str
    title: str
    to: str
    correct: str


@router.get("/letters")
async def letters(visit: Visit = allowed("read across files")) -> Response:
    """What was not delivered comes first, then every letter, the latest first."""
    register, who, number = visit.site.register, reader(visit), page_number(visit)
    failed = await undelivered(register, visit.now, who)
    nobody = await unaddressed(register, who)
    recent, total = await recent_deliveries(register, who, start=(number - 1) * PAGE, limit=PAGE)
    titles = await titles_of(register, (*failed, *recent))
    names = named_in(await visit.site.directory())
    recipients = [*(one.recipient for one in (*failed, *recent)), *(one.recipient for one in nobody)]
    names |= await names_on_files(register, set(map(organisation_of, recipients)) - {"", *names}, who)
    return visit.page(
        "letters/page.html",
        title="Letters",
        failed=[_line(visit, one, titles, names) for one in failed],
        nobody=[_nobody(visit, one, names) for one in nobody],
        operations=any(one.operations_must_act for one in failed),
        recent=[_line(visit, one, titles, names) for one in recent],
        total=total,
        page=number,
        pages=max(-(-total // PAGE), 1),
        before_page=before_page("/letters", {}),
    )


def _nobody(visit: Visit, letter: Unaddressed, names: dict[str, str]) -> NobodyLine:
    return NobodyLine(
        letter.reference,
        letter.title,
        responsible_words(letter.recipient, names),
        step_link(visit, letter.reference, "address_corrected", recipient=letter.recipient),
    )


def _line(visit: Visit, delivery: Delivery, titles: dict[tuple[str, str], str], names: dict[str, str]) -> LetterLine:
    of_file = delivery.reference != LIST
    silent = delivery.status == "sending" and delivery.held_until <= visit.now
    correct = delivery.status == "refused" and of_file
    fields = {"recipient": delivery.recipient}
    return LetterLine(
        delivery,
        title=titles.get((delivery.reference, delivery.notice_key), delivery.notice_key) if of_file else "Weekly list",
        to=responsible_words(delivery.recipient, names),
        status=STATUS_WORDS["waiting" if silent else delivery.status],
        why="Sending was interrupted. It is retried automatically." if silent else delivery.words,
        of_file=of_file,
        correct=step_link(visit, delivery.reference, "address_corrected", **fields) if correct else "",
    )
