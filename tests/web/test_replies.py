"""Replies by link: the mail has it, and it records exactly one step, once, for one organisation."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest
from temporalio.client import Client

from activities.mail.reply_links import ReplyLink, read, sign
from models.fold import fold
from models.projection import Projection
from models.record import Refused
from register.files.store import read_file
from register.people.sessions import end_sessions
from running.case_client import CaseClient
from running.embedded.mail_catcher import Mail, list_mails
from running.embedded.processes import free_port
from web.app import make_app

from .conftest import BASE, Board, Browser, Browsers

HOSPITAL, POLICE = "exampleshire-hospital", "exampleshire-police"
PDF = b"%PDF-1.4\n% a chronology, made up\n"


async def mail_to(board: Board, reference: str, address: str, subject: str) -> Mail:
    """The mail about this file, once it has come."""
    for _ in range(400):
        for mail in list_mails(board.mails.folder):
            if reference in mail.subject and address in mail.recipients and subject in mail.subject:
                return mail
        await asyncio.sleep(0.05)
    raise AssertionError("no such mail came")


def links_in(mail: Mail) -> list[str]:
    """The addresses, in order, by which a mail can be answered; the same in text and HTML."""
    found = re.findall(rf"{BASE}(/reply/\S+)", mail.text)
    assert found == re.findall(rf'href="{BASE}(/reply/[^"]+)"', mail.html)
    return found


async def stored(board: Board, reference: str) -> Projection:
    """The file as the register has it."""
    found = await read_file(board.site.register, reference)
    assert found
    return found


async def reply_steps(board: Board, reference: str) -> list[tuple[str, dict[str, Any]]]:
    """The steps that came by a link."""
    entries = (await stored(board, reference)).entries
    return [(entry.name, dict(entry.body)) for entry in entries if entry.id.startswith("reply-")]


def secured(board: Board, **more: str) -> dict[str, str]:
    """What a safeguarding lead types to confirm that files are locked down."""
    year, month, day = board.today.split("-")
    return {
        "name": "Sam Lead",
        "happened_on-day": day,
        "happened_on-month": month,
        "happened_on-year": year,
        "how": "access and recording monitored",
        **more,
    }


async def asked_to_secure(board: Board) -> tuple[str, str]:
    """A file whose agencies were asked to lock down their files, and the hospital's link."""
    reference = await board.opened()
    await board.record(reference, "review_recommended", recommends="SCR, criteria met", reasons="By the first limb.")
    mail = await mail_to(board, reference, "safeguarding@hospital.example", "lock down")
    [link] = links_in(mail)
    return reference, link


async def confirm(browser: Browser, link: str, values: dict[str, str]) -> str:
    """Follows a link to its end; the text of the last page."""
    page = await browser.get(link)
    assert page.status_code == 200, page.text
    page = await browser.post(link, data=values)
    assert page.status_code == 200 and "Check your answer" in page.text, page.text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    page = await browser.post(link, data={**hidden, "_confirm": "yes"})
    assert page.status_code == 303, page.text
    return (await browser.get(page.headers["location"])).text


async def test_a_session_that_ended_in_the_same_browser_is_no_hindrance(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    lead = await browser("board_member", organisation=HOSPITAL)
    await end_sessions(board.site.register, lead.account.id)
    assert "Your answer has been recorded" in await confirm(lead, link, secured(board))
    assert len(await reply_steps(board, reference)) == 1


async def test_no_form_takes_the_id_of_a_reply(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    id = read(board.site.secret, link.removeprefix("/reply/")).step_id
    member = await browser("board_member", organisation=POLICE)
    address = f"/files/{reference}/record/note_added"
    year, month, day = board.today.split("-")
    values = {"text": "Of no interest.", "id": id, "_confirm": "yes", "_seen": "999"}
    values |= {"happened_on-year": year, "happened_on-month": month, "happened_on-day": day}
    assert (await member.fill(address, values)).status_code == 303
    assert await reply_steps(board, reference) == []
    assert (await (await browser()).get(link)).status_code == 200


async def test_a_lead_confirms_by_the_link_in_the_mail(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    lead = await browser()
    shown = (await lead.get(link)).text
    assert reference in shown and "Exampleshire Hospital Trust" in shown and "coordinator@board.example" in shown
    assert "child" not in shown.lower() and await reply_steps(board, reference) == []

    thanks = await confirm(lead, link, secured(board))
    assert "Your answer has been recorded" in thanks and "&lt;" not in thanks

    [(step, body)] = await reply_steps(board, reference)
    assert step == "files_secured"
    assert body["organisation"] == HOSPITAL and body["how"] == "access and recording monitored"
    assert body["recorded_by"] == "Sam Lead, for Exampleshire Hospital Trust, by link"
    assert body["happened_on"] == board.today


async def test_a_link_that_was_used_says_so_and_records_nothing_more(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    lead = await browser()
    await confirm(lead, link, secured(board))
    for page in (await lead.get(link), await lead.post(link, data=secured(board, _confirm="yes", name="Another"))):
        assert page.status_code == 410 and "This link has already been used" in page.text
        assert "coordinator@board.example" in page.text
    assert len(await reply_steps(board, reference)) == 1


async def test_a_double_click_records_once(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    lead = await browser()
    pages = await asyncio.gather(*(lead.post(link, data=secured(board, _confirm="yes")) for _ in range(3)))
    assert {page.status_code for page in pages} <= {303, 410} and 303 in {page.status_code for page in pages}
    assert len(await reply_steps(board, reference)) == 1


async def test_what_is_sent_along_cannot_make_it_another_step_or_organisation(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    await confirm(await browser(), link, secured(board, organisation=POLICE, step="closed", id="mine", request="x"))
    [(step, body)] = await reply_steps(board, reference)
    assert step == "files_secured" and body["organisation"] == HOSPITAL and str(body["id"]).startswith("reply-")
    assert set(body) == {"id", "recorded_by", "happened_on", "organisation", "how"}


@pytest.mark.parametrize("spoil", [lambda t: t[:-3], lambda t: "x" + t, lambda t: t.replace(".", "%2e") + "A"])
async def test_a_link_that_was_changed_or_cut_off_is_not_ours(
    board: Board, browser: Browsers, spoil: Callable[[str], str]
) -> None:
    _, link = await asked_to_secure(board)
    token = link.removeprefix("/reply/")
    page = await (await browser()).get(f"/reply/{spoil(token)}")
    assert page.status_code == 404 and "not complete" in page.text and "coordinator@board.example" in page.text


async def test_a_link_signed_with_another_key_is_not_ours(board: Board, browser: Browsers) -> None:
    reference, _ = await asked_to_secure(board)
    forged = link_for(board, reference, key=b"not the key of the tests")
    assert (await (await browser()).get(forged)).status_code == 404


def link_for(board: Board, reference: str, *, key: bytes = b"", **other: Any) -> str:
    """The hospital's link, or one that differs."""
    until = date.fromisoformat(board.today) + timedelta(days=30)
    link = ReplyLink(reference, f"files_secured:{HOSPITAL}", 1, "files_secured", HOSPITAL, until)
    return f"/reply/{sign(key or board.site.secret, replace(link, **other))}"


async def test_a_link_is_over_after_its_last_day(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    assert link == link_for(board, reference), "the link in the mail follows from the letter alone"
    lead = await browser()
    late = link_for(board, reference, until=date.fromisoformat(board.day(1)))
    assert (await lead.get(link_for(board, reference, until=date.fromisoformat(board.today)))).status_code == 200
    for page in (await lead.get(late), await lead.post(late, data=secured(board, _confirm="yes"))):
        assert page.status_code == 410 and "This link has expired" in page.text
    assert await reply_steps(board, reference) == []


@pytest.mark.parametrize(
    "other",
    [
        {"organisation": POLICE},
        {"organisation": "nobody"},
        {"step": "closed"},
        {"step": "staff_informed"},
        {"number": 2},
        {"notice": "files_secured:nobody"},
        {"notice": "decision:decision-1:ofsted"},
    ],
)
async def test_a_link_that_no_letter_of_the_file_has_is_not_taken(
    board: Board, browser: Browsers, other: dict[str, Any]
) -> None:
    reference, _ = await asked_to_secure(board)
    lead = await browser()
    page = await lead.post(link_for(board, reference, **other), data=secured(board, _confirm="yes"))
    assert page.status_code == 410 and "You do not need to answer" in page.text
    assert await reply_steps(board, reference) == []


async def test_what_the_coordinator_recorded_meanwhile_is_not_asked_again(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    await board.record(reference, "files_secured", organisation=HOSPITAL)
    lead = await browser()
    for page in (await lead.get(link), await lead.post(link, data=secured(board, _confirm="yes"))):
        assert page.status_code == 410 and "This has already been done" in page.text
    assert await reply_steps(board, reference) == []


async def test_a_file_that_has_ended_asks_nothing_any_more(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    merged = {"reference": await board.opened(), "reason": "The same incident.", "happened_on": board.today}
    await board.cases.record(reference, "merged_into", {"id": "merged", "recorded_by": "A Coordinator", **merged})
    page = await (await browser()).get(link)
    assert page.status_code == 410 and "You do not need to answer" in page.text


async def test_what_is_missing_or_wrong_is_said_beside_it_and_the_rest_kept(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    lead = await browser()
    page = await lead.post(link, data={"name": "Sam <b>Lead</b>", "happened_on-day": "31", "happened_on-month": "2"})
    assert page.status_code == 422 and "<title>Error: " in page.text
    assert 'value="Sam &lt;b&gt;Lead&lt;/b&gt;"' in page.text
    assert 'href="#f-happened_on-year"' in page.text
    page = await lead.post(link, data={})
    assert "Enter your name" in page.text and "Enter a date for “Date it happened”" in page.text
    assert "Choose an answer to “How”" in page.text, "nobody confirms by default what they did not say"
    told = re.findall(r'<a href="#([\w-]+)">', page.text.partition("There is a problem")[2].partition("</ul>")[0])
    assert told == ["f-name", "f-happened_on-day", "f-how"], "in the order of the page"
    assert await reply_steps(board, reference) == []


async def test_a_day_is_typed_as_on_the_other_pages_and_what_was_typed_can_be_changed(
    board: Board, browser: Browsers
) -> None:
    reference, link = await asked_to_secure(board)
    lead, day = await browser(), date.fromisoformat(board.today)
    typed = secured(board, **{"happened_on-month": f"{day:%B}".upper()})
    changed = (await lead.post(link, data={**typed, "_change": "yes"})).text
    assert f'value="{day:%B}"'.upper() in changed.upper() and 'value="Sam Lead"' in changed
    assert re.search(r'<input[^>]*value="access and recording monitored" checked', changed)
    await confirm(lead, link, typed)
    [(_, body)] = await reply_steps(board, reference)
    assert body["happened_on"] == board.today


async def test_the_core_refuses_and_the_page_says_why(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    values = secured(board, **{"happened_on-year": "2009", "_confirm": "yes"})
    page = await (await browser()).post(link, data=values)
    assert page.status_code == 422 and "is before the board was notified" in page.text
    assert await reply_steps(board, reference) == []


async def test_while_temporal_is_away_it_says_so_and_keeps_what_was_typed(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    nowhere = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True)
    cases = CaseClient(
        nowhere, board.site.register, board.parts.surroundings, "nobody", patience=timedelta(seconds=0.3)
    )
    lead = await browser(app=make_app(replace(board.site, cases=cases)))
    page = await lead.post(link, data=secured(board, _confirm="yes"))
    assert page.status_code == 503 and "Your answer was not recorded" in page.text and "Sam Lead" in page.text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    assert await reply_steps(board, reference) == []
    again = await (await browser()).post(link, data={**hidden, "_confirm": "yes"})
    assert again.status_code == 303 and len(await reply_steps(board, reference)) == 1


async def test_a_foreign_page_cannot_send_the_form(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    lead = await browser()
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        page = await lead.post(link, data=secured(board, _confirm="yes"), headers=headers)
        assert page.status_code == 403
    assert await reply_steps(board, reference) == []


async def test_looking_records_nothing(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    scanner = await browser()
    for address in (link, f"{link}?confirm=yes&name=Scanner", f"{link}/done"):
        assert (await scanner.get(address)).status_code in (200, 303)
    assert await reply_steps(board, reference) == []


async def test_a_form_sent_very_often_is_not_taken_for_a_while(board: Board, browser: Browsers) -> None:
    _, link = await asked_to_secure(board)
    lead = await browser()
    statuses = [(await lead.post(link, data={})).status_code for _ in range(41)]
    assert statuses[0] == 422 and statuses[-1] == 429


async def review(board: Board) -> str:
    """A file with a review under way."""
    reference = await board.opened()
    await board.record(
        reference, "decision", choice="SCR, criteria met", decided_by="chair", reasons="By the first limb."
    )
    return reference


def document_in(page: str) -> str:
    """What stands in a form for the document that was uploaded with it."""
    [input] = re.findall(r'<input[^>]*name="document"[^>]*>', page)
    return str(re.findall(r'value="([^"]*)"', input)[0])


async def test_information_is_sent_with_a_document(board: Board, browser: Browsers) -> None:
    reference = await review(board)
    await board.record(
        reference, "information_requested", request="chronology", organisation=POLICE, wanted="A chronology."
    )
    send, decline = links_in(await mail_to(board, reference, "safeguarding@police.example", "written information"))
    lead = await browser()
    liar = await lead.post(send, data={"name": "Jo Lead"}, files={"document-upload": ("c.pdf", b"MZ not a PDF")})
    assert liar.status_code == 422 and "is not a PDF" in liar.text
    # The file stays with the form while something else is wrong.
    # The same content under another file's name for it: that name is not told.
    other = await review(board)
    await board.site.system.documents.put(other, PDF, "Name of a child.pdf", board.site.now())
    first = (await lead.get(send)).text
    assert not re.search(r"<input[^>]*single_agency_review[^>]* checked", first), "nobody sends what they did not say"
    page = await lead.post(send, data={"author_not_involved": "yes"}, files={"document-upload": ("c.pdf", PDF)})
    assert "Choose an answer to “This is the report of a single-agency review”" in page.text
    said = {"single_agency_review": "no"}
    assert "c.pdf" in page.text and "Name of a child" not in page.text
    assert page.status_code == 422 and "uploaded just now" in page.text
    typed = {"name": "Jo Lead", "document": document_in(page.text), "author_not_involved": "yes"}
    await confirm(lead, send, typed | said)

    [(step, body)] = await reply_steps(board, reference)
    assert step == "information_received" and body["request"] == "chronology"
    assert body["author_not_involved"] is True and body["single_agency_review"] is False
    assert await board.site.system.documents.get(str(body["document"])) == PDF
    assert (await lead.get(decline)).status_code == 410, "what was sent cannot be declined any more"


async def test_a_document_of_another_link_cannot_be_sent(board: Board, browser: Browsers) -> None:
    reference = await review(board)
    for request in ("one", "two"):
        await board.record(
            reference, "information_requested", request=request, organisation=POLICE, wanted=f"Chronology {request}."
        )
    lead = await browser()
    until = date.fromisoformat(board.today) + timedelta(days=30)
    one, two = (
        f"/reply/{sign(board.site.secret, link)}"
        for link in (
            ReplyLink(reference, f"information_requested:{request}", 1, "information_received", POLICE, until)
            for request in ("one", "two")
        )
    )
    page = await lead.post(one, data={"name": "Jo"}, files={"document-upload": ("c.pdf", PDF)})
    for stranger in (document_in(page.text), sha256(PDF).hexdigest()):
        page = await lead.post(two, data={"name": "Jo", "document": stranger})
        assert page.status_code == 422 and "this file has no such document" in page.text and "c.pdf" not in page.text


async def test_staff_informed_is_confirmed_for_what_the_letter_asks(board: Board, browser: Browsers) -> None:
    reference = await review(board)
    [link] = links_in(await mail_to(board, reference, "safeguarding@police.example", "tell your staff"))
    await confirm(await browser(), link, secured(board))
    [(step, body)] = await reply_steps(board, reference)
    assert step == "staff_informed" and body["about"] == "the review" and body["organisation"] == POLICE


async def test_ofsted_acknowledges_the_decision(board: Board, browser: Browsers) -> None:
    reference = await review(board)
    [link] = links_in(await mail_to(board, reference, "notifications@ofsted.example", "decision"))
    # The mail is there a moment before the file says that it was taken.
    async with asyncio.timeout(30):
        while not any(
            n.status == "accepted" and n.recipient == "ofsted" for n in (await stored(board, reference)).notices
        ):
            await asyncio.sleep(0.02)
    await confirm(await browser(), link, {"name": "A Duty Officer"})
    [(step, body)] = await reply_steps(board, reference)
    assert step == "acknowledged" and str(body["notice"]).endswith(":ofsted")
    assert body["recorded_by"] == "A Duty Officer, for Ofsted, by link"
    file = fold((await stored(board, reference)).entries)
    assert list(file.acknowledged) == [body["notice"]]


async def test_the_chair_acknowledges_an_escalation(board: Board, browser: Browsers) -> None:
    reference = await board.opened(aware=60, notified=58)
    mail = await mail_to(board, reference, "chair@board.example", "overdue")
    [link] = links_in(mail)
    chair, ahead = await browser(), date.fromisoformat(board.today) + timedelta(days=7)
    values = {"name": "The Chair", "chair_review_on-day": board.today[8:], "chair_review_on-month": board.today[5:7]}
    page = await chair.post(link, data={**values, "chair_review_on-year": board.today[:4]})
    assert page.status_code == 422 and "must be after today" in page.text
    assert 'href="#f-chair_review_on-day"' in page.text
    typed = {"chair_review_on-day": ahead.day, "chair_review_on-month": ahead.month, "chair_review_on-year": ahead.year}
    await confirm(chair, link, {"name": "The Chair", **{name: str(value) for name, value in typed.items()}})
    [(step, body)] = await reply_steps(board, reference)
    assert step == "escalation_acknowledged" and body["chair_review_on"] == ahead.isoformat()


async def test_somebody_signed_in_can_answer_too(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    member = await browser("board_member")
    page = await member.post(link, data={"csrf": await member.token(link), **secured(board), "_confirm": "yes"})
    assert page.status_code == 303 and len(await reply_steps(board, reference)) == 1


async def test_the_core_still_refuses_a_step_it_never_asked_for(board: Board) -> None:
    reference, _ = await asked_to_secure(board)
    with pytest.raises(Refused):
        await board.record(reference, "findings_shared", organisation=HOSPITAL)
