"""Letters across files: what waits or failed and why, and all recent ones."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from register.files.deliveries import Claimed, Letter, accepted, claim, refused, unaddressed, waiting
from register.people.access import restrict
from running.embedded.mail_catcher import list_mails

from .conftest import Board, Browsers

LEASE = timedelta(minutes=5)


async def letter(board: Board, reference: str, *, recipient: str = "ofsted", status: str, words: str = "") -> str:
    """A letter of a file, in the ledger with this status; the notice's key."""
    register, now, key = board.site.register, board.site.now(), f"made-up:{status}:{recipient}"
    which = Letter(reference, key, 1)
    address = "somebody@elsewhere.example"
    of_the_letter = {"recipient": recipient, "address": address, "message_id": "<1@x>", "holder": "a test"}
    claimed = await claim(register, which, **of_the_letter, now=now, lease=LEASE)
    assert isinstance(claimed, Claimed)
    if status == "refused":
        await refused(register, which, now=now, words=words)
    elif status == "accepted":
        await accepted(register, which, now=now)
    else:
        act = status == "operations"
        await waiting(register, which, claimed.holder, now=now, words=words, operations_must_act=act)
    return key


def failed_in(page: str) -> dict[str, str]:
    """The rows of what was not delivered, by notice."""
    table = page.partition("All letters, latest first")[0]
    rows = re.findall(r"<tr.*?</tr>", table, re.S)
    return {found[0]: row for row in rows if (found := re.findall(r"made-up:\w+:[\w:-]+", row))}


async def test_a_refused_letter_says_why_and_leads_to_the_corrected_address(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    key = await letter(board, reference, recipient="lead:hill-school", status="refused", words="Refused (550 5.1.1).")
    row = failed_in((await (await browser("coordinator")).get("/letters")).text)[key]
    assert "Refused (550 5.1.1)." in row and "Refused" in row and "Hill School, its safeguarding lead" in row
    assert f'href="/files/{reference}/letters"' in row
    assert f'href="/files/{reference}/record/address_corrected?recipient=lead%3Ahill-school"' in row
    assert "/record/" not in failed_in((await (await browser("auditor")).get("/letters")).text)[key]


async def test_a_letter_for_operations_says_that_they_must_act(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    key = await letter(board, reference, status="operations", words="The certificate is not trusted.")
    page = (await (await browser("coordinator")).get("/letters")).text
    assert "Operations must correct the mail settings" in failed_in(page)[key] and "moj-alert--error" in page
    other = await letter(board, reference, status="waiting", words="Could not be reached.")
    assert "Operations must act" not in failed_in((await (await browser("chair")).get("/letters")).text)[other]


async def test_a_letter_that_was_taken_is_among_the_recent_ones_alone(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    key = await letter(board, reference, status="accepted")
    page = (await (await browser("coordinator")).get("/letters")).text
    assert key not in failed_in(page) and key in page and "the mail server has taken the letter" in page


async def test_letters_of_a_restricted_file_are_shown_to_those_named_alone(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    await letter(board, reference, status="refused", words="550")
    named, other = await browser("coordinator"), await browser("coordinator")
    await restrict(board.site.register, reference, [named.account.id], by=named.account.id, now=board.site.now())
    assert reference in (await named.get("/letters")).text
    assert reference not in (await other.get("/letters")).text


async def test_a_weekly_list_that_waits_is_named_and_leads_to_no_file(board: Board, browser: Browsers) -> None:
    await letter(board, "weekly list", recipient="coordinator", status="waiting", words="Could not be reached.")
    page = (await (await browser("coordinator")).get("/letters")).text
    assert "Weekly list" in page and "/files/weekly" not in page


NOBODY_THERE = {"id": "county-ambulance", "name": "County Ambulance Service"}


async def opened_with_nobody_to_write_to(board: Board) -> str:
    """A file with an organisation that the directory does not know, and a letter to it that nobody could be sent."""
    reference = await board.opened(organisations=[NOBODY_THERE])
    await board.record(reference, "decision", choice="SCR, criteria met", decided_by="The Chair", reasons="It is met.")
    async with asyncio.timeout(30):
        while not any(one.reference == reference for one in await unaddressed(board.site.register)):
            await asyncio.sleep(0.05)  # the worker sends in its own time
    return reference


async def test_a_letter_with_nobody_to_go_to_is_not_said_to_be_on_its_way(board: Board, browser: Browsers) -> None:
    reference = await opened_with_nobody_to_write_to(board)
    page = (await (await browser("coordinator")).get("/letters")).text
    assert "Every letter has been delivered" not in page
    table = page.partition("No e-mail address (")[2].partition("</table>")[0]
    row = next(row for row in re.findall(r"<tr.*?</tr>", table, re.S) if reference in row)
    assert "No e-mail address. Add one" in row and "County Ambulance Service, its safeguarding lead" in row
    assert f'href="/files/{reference}/record/address_corrected?recipient=lead%3Acounty-ambulance"' in row
    assert "/record/" not in (await (await browser("auditor")).get("/letters")).text


async def test_the_files_own_page_says_why_it_was_not_sent(board: Board, browser: Browsers) -> None:
    reference = await opened_with_nobody_to_write_to(board)
    page = (await (await browser("coordinator")).get(f"/files/{reference}/letters")).text
    assert "No e-mail address. Add one" in page and "ledger" not in page


async def test_of_a_restricted_file_they_are_shown_to_those_named_alone(board: Board, browser: Browsers) -> None:
    reference = await opened_with_nobody_to_write_to(board)
    named, other = await browser("coordinator"), await browser("coordinator")
    await restrict(board.site.register, reference, [named.account.id], by=named.account.id, now=board.site.now())
    assert reference in (await named.get("/letters")).text
    assert reference not in (await other.get("/letters")).text


async def test_a_letter_leads_to_the_file_for_those_alone_who_can_open_it(board: Board) -> None:
    reference = await opened_with_nobody_to_write_to(board)

    def to(address: str) -> list[str]:
        mails = list_mails(board.mails.folder)
        return [mail.text for mail in mails if mail.recipients == (address,) and reference in mail.subject]

    async with asyncio.timeout(30):
        while not (to("notifications@ofsted.example") and to("coordinator@board.example")):
            await asyncio.sleep(0.05)  # the worker sends in its own time
    assert not any("/files/" in text for text in to("notifications@ofsted.example"))
    mail = " ".join(to("coordinator@board.example")[0].split())
    assert f"/files/{reference}" in mail
    assert "County Ambulance Service, its safeguarding lead" in mail and "lead:" not in mail
    assert "no e-mail address. Add one" in mail and "address_corrected" not in mail
