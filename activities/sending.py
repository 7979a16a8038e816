"""Sends one letter: claimed in the ledger, resolved, composed, delivered, and what became of it written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.contract import instant_text
from models.days import london_date
from models.directory import Directory
from models.letter import LetterToSend
from models.regimes import regime_named
from models.replies import replies_to
from register.directory import Known, latest_directory
from register.documents.store import DocumentStore
from register.engine import Register
from register.files import deliveries

from .delivery import Clock, deliver_letter, holder
from .mail.compose import Answers, Attachment, Draft, Letterhead, Mailbox, Templates, compose, message_id
from .mail.recipients import NobodyThere, mailbox_of, opens_files, organisations_of
from .mail.reply_links import VALID_FOR, ReplyLink, sign
from .mail.smtp import Relay

LEASE = timedelta(minutes=5)
"""Longer than sending can take: a crash in between lets the letter be sent again after it. Temporal waits as long."""

LOOK_AGAIN = timedelta(seconds=30)
"""How soon to ask what became of a letter that another is sending: a run that continued as new has two at it."""

FRESH_FOR = timedelta(seconds=10)
"""A letter that has waited longer asks its file whether, and where to, it is still to go."""


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
    client: Client
    documents: DocumentStore
    relay: Relay
    templates: Templates
    sender: str
    public_address: str = ""
    key: bytes = field(default=b"", repr=False)
    _known: Known | None = field(default=None, init=False)

    @activity.defn(name="send_letter")
    async def send_letter(self, opening: dict[str, Any], letter_to_send: dict[str, Any]) -> dict[str, Any]:
        """What became of the letter: accepted by the mail server, or refused for good.

        Raises:
            ApplicationError: it must be tried again; Temporal does.
        """
        letter = LetterToSend.read(letter_to_send)
        clock = Clock(opening.get("offset_seconds", 0))
        stands = await self._as_it_stands(opening["reference"], letter)
        if stands is None:
            return await self._withdraw(opening["reference"], letter, clock)
        letter = stands
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

    async def _as_it_stands(self, reference: str, letter: LetterToSend) -> LetterToSend | None:
        """A letter that has waited, as it is to go now; None when the file holds it as settled."""
        info = activity.info()
        if info.attempt == 1 and info.started_time - info.scheduled_time < FRESH_FOR:
            return letter
        handle = self.client.get_workflow_handle(reference)
        try:
            held: dict[str, Any] | None = await handle.query("standing", args=["letters", letter.key])
        except WorkflowQueryFailedError:
            # A file that cannot say keeps no letter from going.
            return letter
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return letter
        if held is None:
            return letter
        return None if held["settled"] else LetterToSend.read(held["letter"])

    async def _withdraw(self, reference: str, letter: LetterToSend, clock: Clock) -> dict[str, Any]:
        which = deliveries.Letter(reference, letter.notice, letter.number)
        claim = await self._claim(which, letter, "", clock)
        if isinstance(claim, deliveries.Claimed):
            await deliveries.withdrawn(self.register, which, claim.holder, now=clock.now())
            return _outcome(False, clock.now()) | {"withdrawn": True}
        return self._answered(claim, letter, reference)

    async def _send(
        self, reference: str, letter: LetterToSend, to: Mailbox, directory: Directory, clock: Clock
    ) -> dict[str, Any]:
        which = deliveries.Letter(reference, letter.notice, letter.number)
        claim = await self._claim(which, letter, to.address, clock)
        if isinstance(claim, deliveries.Claimed):
            return await self._deliver(which, claim, letter, to, directory, clock)
        return self._answered(claim, letter, reference)

    async def _claim(
        self, which: deliveries.Letter, letter: LetterToSend, address: str, clock: Clock
    ) -> deliveries.Claimed | deliveries.AlreadySettled | deliveries.HeldBySomeoneElse:
        return await deliveries.claim(
            self.register,
            which,
            recipient=letter.to,
            address=address,
            message_id=message_id(*which, self.sender),
            holder=holder(),
            now=clock.now(),
            lease=LEASE,
        )

    @staticmethod
    def _answered(
        claim: deliveries.AlreadySettled | deliveries.HeldBySomeoneElse, letter: LetterToSend, reference: str
    ) -> dict[str, Any]:
        if isinstance(claim, deliveries.HeldBySomeoneElse):
            raise ApplicationError("Someone else is sending this letter.", next_retry_delay=LOOK_AGAIN)
        done = claim.outcome
        subject = f"{letter.title} ({reference})"
        return _outcome(done.status == "accepted", done.updated_at, done.address, subject, done.message_id, done.words)

    async def _deliver(
        self,
        which: deliveries.Letter,
        claim: deliveries.Claimed,
        letter: LetterToSend,
        to: Mailbox,
        directory: Directory,
        clock: Clock,
    ) -> dict[str, Any]:
        today = london_date(clock.now())
        coordinator = directory.holder("coordinator", today)
        letterhead = Letterhead(
            directory.board,
            self.sender,
            coordinator.email if coordinator else self.sender,
            self.public_address if opens_files(letter.to, directory, today) else "",
        )
        written = self._written(which, claim, letter, to, directory, letterhead, clock)
        done = await deliver_letter(self.register, self.relay, which, claim, written, clock)
        return _outcome(done.accepted, done.at, to.address, done.subject, claim.message_id, done.why)

    async def _written(
        self,
        which: deliveries.Letter,
        claim: deliveries.Claimed,
        letter: LetterToSend,
        to: Mailbox,
        directory: Directory,
        letterhead: Letterhead,
        clock: Clock,
    ) -> EmailMessage:
        return compose(
            self.templates,
            Draft(
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
            ),
        )

    def _answers(
        self, which: deliveries.Letter, claim: deliveries.Claimed, letter: LetterToSend, directory: Directory
    ) -> Answers | None:
        """The links by which it is answered: the same each time it is sent, as they count from the first try."""
        if not self.public_address or not self.key:
            return None
        first_on = london_date(claim.first_at)
        speaks_for = organisations_of(letter.to, directory, first_on)
        regime = regime_named(letter.regime)
        replies = replies_to(regime, letter.template, letter.notice, letter.to, letter.content, speaks_for)
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
    accepted: bool, at: datetime, address: str = "", subject: str = "", message_id: str = "", why: str = ""
) -> dict[str, Any]:
    found: Mapping[str, Any] = {
        "accepted": accepted,
        "at": instant_text(at),
        "address": address,
        "subject": subject,
        "message_id": message_id,
        "why": why,
    }
    return dict(found)
