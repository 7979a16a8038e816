"""A letter as it arrives at the other end of a real connection."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from activities.mail.compose import Mailbox
from activities.mail.smtp import Relay, deliver


@pytest.mark.parametrize("withheld", [(), ("8BITMIME",)])
async def test_a_letter_arrives_as_it_was_written(
    withheld: tuple[str, ...],
    post_office: Callable[..., Any],
    write: Callable[..., EmailMessage],
    relay_to: Callable[..., Relay],
) -> None:
    content = bytes(range(256)) * 400
    attachments = [("Bericht ü.pdf", "application/pdf", content)]
    letter = write(to=Mailbox("Zoë Ærø", "zoe@example.org"), attachments=attachments)
    office = await post_office("starttls", withheld=withheld)
    await deliver(letter, relay_to(office.port, security="starttls"))

    [envelope] = office.taken
    arrived: Any = message_from_bytes(envelope.content, policy=SMTP)
    for name in ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "X-Case-Reference"):
        assert str(arrived[name]).strip() == str(letter[name])
    assert arrived["To"].addresses[0].display_name == "Zoë Ærø"
    for kind in ("plain", "html"):
        written: Any = letter.get_body((kind,))
        assert arrived.get_body((kind,)).get_content().splitlines() == written.get_content().splitlines()
    assert "." in arrived.get_body(("plain",)).get_content().splitlines()
    [attachment] = arrived.iter_attachments()
    assert attachment.get_filename() == "Bericht ü.pdf"
    assert attachment.get_payload(decode=True) == content


async def test_a_letter_sent_again_is_recognised(
    post_office: Callable[..., Any], write: Callable[..., EmailMessage], relay_to: Callable[..., Relay]
) -> None:
    ids = set()
    for _ in range(2):
        office = await post_office()
        await deliver(write(), relay_to(office.port))
        ids.add(message_from_bytes(office.taken[0].content)["Message-ID"])
    assert len(ids) == 1
