"""The weekly list by mail: what is overdue, what is due in the next 14 days, and letters that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.contract import read_instant
from models.days import day_words, london_date
from models.deadline_words import deadline_words
from models.directory import Directory
from models.world import World
from register.directory import NoDirectory
from register.engine import Register
from register.files import deliveries
from register.lists.deadlines import DueFilter, DueLine, deadlines_due
from register.people.access import Reader, reader_of
from register.people.accounts import accounts, find_account
from register.surroundings import SurroundingsReader

from .delivery import Clock, deliver_letter, holder
from .mail.compose import Draft, Letterhead, Mailbox, Templates, compose, message_id
from .mail.recipients import recipient_words
from .mail.smtp import Relay
from .sending import LEASE, LOOK_AGAIN

ONE_DAY, AHEAD = timedelta(days=1), timedelta(days=14)
SHOWN = 40
"""How many lines of a kind a mail has: the rest is on the pages."""

LIST = "weekly list"
"""What stands in the ledger where a letter has its file's reference: no reference has a space in it."""

COORDINATOR = "coordinator"
"""The recipient where nobody has an account as coordinator: whoever the directory names."""


@dataclass
class WeeklyActivities:
    """Sends the weekly lists.

    Arguments:
        register: for files, accounts and the deliveries.
        surroundings: what is around every file, the directory among it.
        relay: the mail server.
        templates: the texts.
        sender: the address mail comes from.
        public_address: of the pages, for the link; empty for none.
    """

    register: Register
    surroundings: SurroundingsReader
    relay: Relay
    templates: Templates
    sender: str
    public_address: str = ""

    @activity.defn(name="weekly_recipients")
    async def weekly_recipients(self) -> list[str]:
        """Who gets the list: the ids of the coordinators' accounts; the directory's coordinator if there are none."""
        found = [one.id for one in await accounts(self.register) if one.active and "coordinator" in one.roles]
        return sorted(found) or [COORDINATOR]

    @activity.defn(name="send_weekly_list")
    async def send_weekly_list(self, recipient: str, begun: str) -> str:
        """Sends one list, once for a recipient and a week: ``accepted``, ``refused`` or ``nobody there``.

        Arguments:
            recipient: as :meth:`weekly_recipients` names them.
            begun: the instant the week's lists were begun; its date in London is the list's.

        Raises:
            ApplicationError: it must be tried again; Temporal does.
        """
        world, clock = (await self.surroundings.refresh()).at(read_instant(begun)), Clock()
        if world.directory is None:
            raise NoDirectory
        on = world.today
        to, reader = await self._recipient(recipient, world.directory, on)
        if to is None:
            return "nobody there"
        week = on.isocalendar()
        which = deliveries.Letter(LIST, f"{week.year}-W{week.week:02}:{recipient}", 1)
        claim = await deliveries.claim(
            self.register,
            which,
            recipient=COORDINATOR,
            address=to.address,
            message_id=message_id(*which, self.sender),
            holder=holder(),
            now=clock.now(),
            lease=LEASE,
        )
        if isinstance(claim, deliveries.AlreadySettled):
            return claim.outcome.status
        if isinstance(claim, deliveries.HeldBySomeoneElse):
            raise ApplicationError("Someone else is sending this list.", next_retry_delay=LOOK_AGAIN)
        return await self._deliver(which, claim, to, reader, world.directory, world, clock)

    async def _recipient(self, recipient: str, directory: Directory, on: date) -> tuple[Mailbox | None, Reader]:
        """The mailbox, and what they may see."""
        if recipient == COORDINATOR:
            person = directory.holder(COORDINATOR, on)
            return (Mailbox(person.name, person.email) if person else None), Reader()
        account = await find_account(self.register, recipient)
        if account is None or not account.active or "coordinator" not in account.roles:
            return None, Reader()
        return Mailbox(account.name, account.email), reader_of(account)

    async def _deliver(
        self,
        which: deliveries.Letter,
        claim: deliveries.Claimed,
        to: Mailbox,
        reader: Reader,
        directory: Directory,
        world: World,
        clock: Clock,
    ) -> str:
        coordinator = directory.holder(COORDINATOR, world.today)
        letterhead = Letterhead(
            directory.board, self.sender, coordinator.email if coordinator else self.sender, self.public_address
        )
        written = self._written(which, to, reader, letterhead, world, clock)
        done = await deliver_letter(self.register, self.relay, which, claim, written, clock)
        return "accepted" if done.accepted else "refused"

    async def _written(
        self, which: deliveries.Letter, to: Mailbox, reader: Reader, letterhead: Letterhead, world: World, clock: Clock
    ) -> EmailMessage:
        return compose(
            self.templates,
            Draft(
                "weekly_list",
                await self._content(reader, world, clock.now()),
                letterhead=letterhead,
                to=to,
                reference=which.reference,
                notice=which.notice_key,
                number=which.number,
                at=clock.now(),
                about="",
                link=(self.public_address.rstrip("/") + "/", "Open the work list") if self.public_address else None,
            ),
        )

    async def _content(self, reader: Reader, world: World, now: datetime) -> dict[str, Any]:
        """What the list says: references and the rules' words, nothing of a child and nobody's name."""
        on = world.today
        late = await deadlines_due(self.register, reader, DueFilter(until=on - ONE_DAY, periods=False), limit=SHOWN)
        soon = await deadlines_due(self.register, reader, DueFilter(since=on, until=on + AHEAD), limit=SHOWN)
        letters = [one for one in await deliveries.undelivered(self.register, now, reader) if one.reference != LIST]
        nobody = await deliveries.unaddressed(self.register, reader)
        wrong = [*map(_letter, letters), *map(_nobody, nobody)]
        return {
            "on": on,
            "until": on + AHEAD,
            "overdue": _lines(late.lines, world),
            "overdue_more": late.total - len(late.lines),
            "soon": _lines(soon.lines, world),
            "soon_more": soon.total - len(soon.lines),
            "letters": wrong[:SHOWN],
            "letters_more": max(len(wrong) - SHOWN, 0),
        }


def _lines(lines: Sequence[DueLine], world: World) -> list[str]:
    told = (f"{deadline_words(line, world).line} ({line.rule})" for line in lines)
    return [f"{line.reference}: {title_of(line)}: {words}" for line, words in zip(lines, told, strict=True)]


def title_of(line: DueLine) -> str:
    """What is to be done, for where only the reference may stand: without the person a letter was for."""
    return "Undelivered letter" if line.clock == "undelivered" else line.title


def _letter(delivery: deliveries.Delivery) -> str:
    words = "could not be delivered" if delivery.status == "refused" else "is waiting"
    to = recipient_words(delivery.recipient)
    who = "; operations must correct the mail settings" if delivery.operations_must_act else ""
    return f"{delivery.reference}: a letter to {to} {words}, since {day_words(london_date(delivery.updated_at))}{who}"


def _nobody(letter: deliveries.Unaddressed) -> str:
    return f"{letter.reference}: a letter to {recipient_words(letter.recipient)} was not sent: no e-mail address"
