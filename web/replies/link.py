"""A link in a letter: what it asks, as its file now stands, or why it can no longer be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from activities.mail.reply_links import ForgedLink, ReplyLink, read
from models.casefile import CaseFile
from models.days import day_words, london_date
from models.duties import duties_of
from models.duty import Deadline, Notice
from models.fold import fold
from models.record import Entry
from models.replies import Reply, replies_to
from models.step import Step
from models.view import latest_number
from models.world import World
from register.files.store import read_file
from web.request.visit import Visit


@dataclass(frozen=True)
class Asked:
    """What a link asks, as its file now stands.

    Arguments:
        token: the link itself.
        link: what it says.
        reply: the step it records, and what the letter settles of it.
        deadline: that asks for it; None for the receipt of a letter.
        title: what is asked, for people.
        organisation: whom it is asked of: an organisation's name, or a person's who holds a role.
        case: the file.
        entries: its record.
        world: business time, directory, rulebooks.
    """

    token: str
    link: ReplyLink
    reply: Reply
    deadline: Deadline | None
    title: str
    organisation: str
    case: CaseFile
    entries: tuple[Entry, ...]
    world: World

    @property
    def kind(self) -> type[Step]:
        """The step."""
        return self.case.regime.steps[self.reply.step]


class Unusable(Exception):
    """The link cannot be used. Carries the page's status, title and words."""

    def __init__(self, status: int, title: str, words: str) -> None:
        super().__init__(words)
        self.status, self.title, self.words = status, title, words


FORGED = Unusable(
    404,
    "This link is not complete",
    "We did not send this link, or a part of it is missing. Open it from the letter again, or copy the whole link.",
)
USED = Unusable(410, "This link has already been used", "Your answer has been recorded. You need do nothing more.")


def read_link(visit: Visit, token: str) -> ReplyLink:
    """What a link says.

    Raises:
        Unusable: it is not one of ours.
    """
    try:
        return read(visit.site.secret, token)
    except ForgedLink:
        raise FORGED from None


async def asked_by(visit: Visit, token: str) -> Asked:
    """What the link asks.

    Raises:
        Unusable: it is forged, was used, is over, or no longer asked.
    """
    link = read_link(visit, token)
    stored = await read_file(visit.site.register, link.reference)
    if stored is None:
        raise FORGED
    file, world = fold(stored.entries), await visit.site.world()
    if link.step_id in file.ids:
        raise USED
    if london_date(visit.now) > link.until:
        words = f"The link could be used until {day_words(link.until)}. If we still need your answer, we will send a "
        raise Unusable(410, "This link has expired", words + "new link.")
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
    return Asked(token, link, reply, deadline, title, name, file, stored.entries, world)


def _check_receipt(file: CaseFile, notice: Notice) -> None:
    """Raises unless the receipt of a letter can be acknowledged now."""
    if notice.key in file.acknowledged:
        raise _stale(acknowledged_on=file.acknowledged[notice.key])
    if file.accepted_at(notice.key) is None:
        words = "We are still recording that this letter was sent. Open the link again in a few minutes."
        raise Unusable(503, "Please try again in a few minutes", words)


def _name(file: CaseFile, world: World, organisation: str) -> str:
    party = file.parties.get(organisation)
    if party is not None:
        return party.facts.name
    return world.directory.name_of(organisation) if organisation and world.directory else organisation


def _reader(world: World, to: str) -> str:
    """Who a letter to a role is for: whoever holds the role today."""
    person = world.directory.holder(to, world.today) if world.directory else None
    return person.name if person else to.replace("_", " ")


def _stale(deadline: Deadline | None = None, acknowledged_on: date | None = None) -> Unusable:
    done_on = acknowledged_on or (deadline.met_on if deadline else None)
    if done_on is not None:
        words = f"It was recorded as done on {day_words(done_on)}. You need do nothing more."
        return Unusable(410, "This has already been done", words)
    return Unusable(
        410, "You do not need to answer", "The case has changed since we wrote to you. You need do nothing more."
    )
