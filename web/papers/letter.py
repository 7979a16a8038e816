"""One letter of a file, as it is written: the words of its template, without the links by which it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from activities.mail.compose import Draft, LetterError, Letterhead, Mailbox, Templates, compose
from activities.mail.recipients import NobodyThere, mailbox_of
from models.days import day_words, london_date
from models.directory import Directory
from models.duty import Notice
from register.files.deliveries import Delivery

from .blocks import Block, Facts, Heading, Paragraph, moment


def letter(reference: str, notice: Notice, delivery: Delivery, directory: Directory, *, sender: str) -> Iterator[Block]:
    """The blocks of a letter.

    Arguments:
        reference: the file's.
        notice: what the letter tells, as the file has it now.
        delivery: what became of it.
        directory: the board's.
        sender: the address that letters come from.
    """
    on = london_date(delivery.claimed_at)
    coordinator = directory.holder("coordinator", on)
    letterhead = Letterhead(directory.board, sender, coordinator.email if coordinator else sender)
    yield Facts(
        (
            ("From", directory.board),
            ("To", f"{_name(notice.to, directory, on)} <{delivery.address}>".strip()),
            ("Status", f"{delivery.status}, {moment(delivery.updated_at)}"),
            ("Message-ID", delivery.message_id),
            ("Attached", f"{len(notice.documents)} documents" if notice.documents else "nothing"),
        )
    )
    try:
        message = compose(
            Templates(),
            Draft(
                notice.template,
                {"title": notice.title, "rule": notice.rule, **notice.content},
                letterhead=letterhead,
                to=Mailbox(_name(notice.to, directory, on), delivery.address),
                reference=reference,
                notice=notice.key,
                number=delivery.number,
                at=delivery.claimed_at,
            ),
        )
    except LetterError as error:
        yield Paragraph(f"Its text can no longer be written: {error}")
        return
    yield Heading(str(message["Subject"]))
    yield Paragraph(day_words(on))
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body else ""
    yield from (Paragraph(part) for part in text.strip().split("\n\n"))


def _name(to: str, directory: Directory, on: date) -> str:
    try:
        return mailbox_of(to, directory, on, fallback="").name
    except NobodyThere:
        return ""
