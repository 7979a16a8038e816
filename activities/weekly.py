"""The weekly list by mail: what is overdue, what is due in the next 14 days, and letters that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.counting import day_words, london_date
from models.deadline_words import deadline_words
from models.directory import Directory
from models.record import read_instant

from . import ledger
from .access import Reader, reader_of
from .accounts import accounts, find_account
from .database import Register
from .deadlines import DueFilter, DueLine, deadlines_due
from .directory import load_directory
from .handing_over import Clock, hand_over
from .letters import Letterhead, Mailbox, Templates, compose, message_id
from .mail import Relay
from .recipients import recipient_words
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
        register: for files, accounts, the ledger and the directory.
        relay: the mail server.
        templates: the texts.
        sender: the address mail comes from.
        public_address: of the pages, for the link; empty for none.
        extra_holidays: one-off bank holidays.
    """

    register: Register
    relay: Relay
    templates: Templates
    sender: str
    public_address: str = ""
    extra_holidays: tuple[date, ...] = ()

    @activity.defn(name="weekly_recipients")
    async def weekly_recipients(self) -> list[str]:
        """Who gets the list: the ids of the coordinators' accounts; the directory's coordinator if there are none."""
        found = [one.id for one in await accounts(self.register) if one.active and "coordinator" in one.roles]
        return sorted(found) or [COORDINATOR]

    @activity.defn(name="send_weekly_list")
    async def send_weekly_list(self, recipient: str, begun: str) -> str:
        """Sends one list, once for a recipient and a week: ``taken``, ``refused`` or ``nobody there``.

        Arguments:
            recipient: as :meth:`weekly_recipients` names them.
            begun: the instant the week's lists were begun; its date in London is the list's.

        Raises:
            ApplicationError: it must be tried again; Temporal does.
        """
        on, clock = london_date(read_instant(begun)), Clock()
        directory = await load_directory(self.register)
        to, reader = await self._recipient(recipient, directory, on)
        if to is None:
            return "nobody there"
        week = on.isocalendar()
        which = ledger.Letter(LIST, f"{week.year}-W{week.week:02}:{recipient}", 1)
        claim = await ledger.claim(
            self.register,
            which,
            recipient=COORDINATOR,
            address=to.address,
            message_id=message_id(*which, self.sender),
            now=clock.now(),
            lease=LEASE,
        )
        if isinstance(claim, ledger.AlreadyTaken):
            return claim.outcome.status
        if isinstance(claim, ledger.HeldBySomeoneElse):
            raise ApplicationError("Someone else is sending this list.", next_retry_delay=LOOK_AGAIN)
        return await self._deliver(which, claim, to, reader, directory, on, clock)

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
        which: ledger.Letter,
        claim: ledger.Claimed,
        to: Mailbox,
        reader: Reader,
        directory: Directory,
        on: date,
        clock: Clock,
    ) -> str:
        coordinator = directory.holder(COORDINATOR, on)
        letterhead = Letterhead(
            directory.board, self.sender, coordinator.email if coordinator else self.sender, self.public_address
        )
        written = self._written(which, to, reader, letterhead, on, clock)
        done = await hand_over(self.register, self.relay, which, claim, written, clock)
        return "taken" if done.taken else "refused"

    async def _written(
        self, which: ledger.Letter, to: Mailbox, reader: Reader, letterhead: Letterhead, on: date, clock: Clock
    ) -> EmailMessage:
        return compose(
            self.templates,
            "weekly_list",
            await self._content(reader, on, clock.now()),
            letterhead=letterhead,
            to=to,
            reference=which.reference,
            notice=which.notice_key,
            number=which.number,
            at=clock.now(),
            about="",
            link=(self.public_address.rstrip("/") + "/", "Open the work list") if self.public_address else None,
        )

    async def _content(self, reader: Reader, on: date, now: datetime) -> dict[str, Any]:
        """What the list says: references and the rules' words, nothing of a child and nobody's name."""
        late = await deadlines_due(self.register, reader, DueFilter(until=on - ONE_DAY, periods=False), limit=SHOWN)
        soon = await deadlines_due(self.register, reader, DueFilter(since=on, until=on + AHEAD), limit=SHOWN)
        letters = [one for one in await ledger.undelivered(self.register, now, reader) if one.reference != LIST]
        nobody = await ledger.unaddressed(self.register, reader)
        wrong = [*map(_letter, letters), *map(_nobody, nobody)]
        return {
            "on": on,
            "until": on + AHEAD,
            "overdue": self._lines(late.lines, on),
            "overdue_more": late.total - len(late.lines),
            "soon": self._lines(soon.lines, on),
            "soon_more": soon.total - len(soon.lines),
            "letters": wrong[:SHOWN],
            "letters_more": max(len(wrong) - SHOWN, 0),
        }

    def _lines(self, lines: Sequence[DueLine], on: date) -> list[str]:
        told = (f"{deadline_words(line, on, self.extra_holidays).line} ({line.rule})" for line in lines)
        return [f"{line.reference}: {title_of(line)}: {words}" for line, words in zip(lines, told, strict=True)]


def title_of(line: DueLine) -> str:
    """What is to be done, for where only the reference may stand: without the person a letter was for."""
    return "A letter that could not be delivered reaches its reader" if line.clock == "undelivered" else line.title


def _letter(delivery: ledger.Delivery) -> str:
    words = "refused" if delivery.status == "refused" else "waits"
    to = recipient_words(delivery.recipient)
    who = "; operations must act" if delivery.operations_must_act else ""
    return f"{delivery.reference}: a letter to {to} {words} since {day_words(london_date(delivery.updated_at))}{who}"


def _nobody(letter: ledger.Unaddressed) -> str:
    return f"{letter.reference}: a letter to {recipient_words(letter.recipient)}, for whom there is no address"
