"""Sends one letter: claimed in the ledger, resolved, composed, delivered, and what became of it written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.changes import LetterToSend
from models.counting import london_date
from models.directory import Directory
from models.record import instant_text
from models.replies import replies_to

from . import ledger
from .database import Register
from .directory import Known, latest_directory
from .documents import DocumentStore
from .handing_over import Clock, hand_over
from .letters import Answers, Attachment, Letterhead, Mailbox, Templates, compose, message_id
from .mail import Relay
from .recipients import NobodyThere, mailbox_of, organisations_of
from .reply_links import VALID_FOR, ReplyLink, sign

LEASE = timedelta(minutes=5)
"""Longer than sending can take: a crash in between lets the letter be sent again after it."""

LOOK_AGAIN = timedelta(seconds=30)
"""How soon to ask what became of a letter that another is sending: a run that continued as new has two at it."""


@dataclass
class SendingActivities:
    """Sends letters.

    Arguments:
        register: for the ledger and the directory.
        documents: for attachments.
        relay: the mail server.
        templates: the texts.
        sender: the address mail comes from.
        public_address: of the pages, for links; empty for none.
        key: signs the links by which letters are answered; empty for none.
    """

    register: Register
    documents: DocumentStore
    relay: Relay
    templates: Templates
    sender: str
    public_address: str = ""
    key: bytes = field(default=b"", repr=False)
    _known: Known | None = field(default=None, init=False)

    @activity.defn(name="send_letter")
    async def send_letter(self, opening: dict[str, Any], letter_to_send: dict[str, Any]) -> dict[str, Any]:
        """What became of the letter: taken by the mail server, or refused for good.

        Raises:
            ApplicationError: it must be tried again; Temporal does.
        """
        letter = LetterToSend.model_validate(letter_to_send)
        clock = Clock(opening.get("offset_seconds", 0))
        self._known = await latest_directory(self.register, self._known)
        directory = self._known.directory
        try:
            to = mailbox_of(
                letter.to,
                directory,
                london_date(clock.now()),
                address=letter.address,
                fallback=letter.fallback,
            )
        except NobodyThere as error:
            return _outcome(False, clock.now(), why=str(error))
        return await self._send(opening["reference"], letter, to, directory, clock)

    async def _send(
        self, reference: str, letter: LetterToSend, to: Mailbox, directory: Directory, clock: Clock
    ) -> dict[str, Any]:
        which = ledger.Letter(reference, letter.notice, letter.number)
        claim = await ledger.claim(
            self.register,
            which,
            recipient=letter.to,
            address=to.address,
            message_id=message_id(reference, letter.notice, letter.number, self.sender),
            now=clock.now(),
            lease=LEASE,
        )
        if isinstance(claim, ledger.AlreadyTaken):
            done = claim.outcome
            subject = f"{letter.title} ({reference})"
            return _outcome(done.status == "taken", done.updated_at, done.address, subject, done.message_id, done.words)
        if isinstance(claim, ledger.HeldBySomeoneElse):
            raise ApplicationError("Someone else is sending this letter.", next_retry_delay=LOOK_AGAIN)
        return await self._deliver(which, claim, letter, to, directory, clock)

    async def _deliver(
        self,
        which: ledger.Letter,
        claim: ledger.Claimed,
        letter: LetterToSend,
        to: Mailbox,
        directory: Directory,
        clock: Clock,
    ) -> dict[str, Any]:
        coordinator = directory.holder("coordinator", london_date(clock.now()))
        letterhead = Letterhead(
            directory.board,
            self.sender,
            coordinator.email if coordinator else self.sender,
            self.public_address,
        )
        written = self._written(which, claim, letter, to, directory, letterhead, clock)
        done = await hand_over(self.register, self.relay, which, claim, written, clock)
        return _outcome(done.taken, done.at, to.address, done.subject, claim.message_id, done.why)

    async def _written(
        self,
        which: ledger.Letter,
        claim: ledger.Claimed,
        letter: LetterToSend,
        to: Mailbox,
        directory: Directory,
        letterhead: Letterhead,
        clock: Clock,
    ) -> EmailMessage:
        return compose(
            self.templates,
            letter.template,
            {"title": letter.title, "rule": letter.rule, **letter.content},
            letterhead=letterhead,
            to=to,
            reference=which.reference,
            notice=letter.notice,
            number=letter.number,
            at=clock.now(),
            attachments=await self._attachments(which.reference, letter),
            answers=self._answers(which, claim, letter, directory),
        )

    def _answers(
        self, which: ledger.Letter, claim: ledger.Claimed, letter: LetterToSend, directory: Directory
    ) -> Answers | None:
        """The links by which it is answered: the same each time it is sent, as they count from the first try."""
        if not self.public_address or not self.key:
            return None
        first_on = london_date(claim.first_at)
        speaks_for = organisations_of(letter.to, directory, first_on)
        replies = replies_to(letter.template, letter.notice, letter.to, letter.content, speaks_for)
        until = first_on + VALID_FOR
        links = []
        for reply in replies:
            link = ReplyLink(which.reference, letter.notice, letter.number, reply.step, reply.organisation, until)
            whose = directory.name_of(reply.organisation) if len(speaks_for) > 1 else ""
            words = f"{reply.words} ({whose})" if whose else reply.words
            links.append((words, f"{self.public_address.rstrip('/')}/reply/{sign(self.key, link)}"))
        return Answers(tuple(links), until) if links else None

    async def _attachments(self, reference: str, letter: LetterToSend) -> list[Attachment]:
        found: list[Attachment] = []
        for digest in letter.documents:
            document = await self.documents.about(reference, digest)
            content = await self.documents.get(digest)
            # What a document is called by whoever stored it may name a child: the mail calls it by the reference.
            ending = document.filename.rpartition(".")[2]
            found.append((f"{reference}-{len(found) + 1}.{ending}", document.media_type, content))
        return found


def _outcome(
    taken: bool, at: datetime, address: str = "", subject: str = "", message_id: str = "", why: str = ""
) -> dict[str, Any]:
    found: Mapping[str, Any] = {
        "taken": taken,
        "at": instant_text(at),
        "address": address,
        "subject": subject,
        "message_id": message_id,
        "why": why,
    }
    return dict(found)
