"""Documents: sent with a step, looked at, and handed out to those who may read the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from register.documents.store import DocumentStore
from register.people.access import accesses, restrict
from web.app import make_app
from web.forms.uploads import disposition

from .conftest import Board, Browser, Browsers
from .html_forms import Page, structure_faults
from .test_recording import again, steps, today, values_in

PDF = b"%PDF-1.7 made up for a test"


async def under_review(board: Board) -> str:
    """A file with a review."""
    reference = await board.opened()
    reasons = "By the finding."
    await board.record(reference, "decision", choice="SCR, criteria met", decided_by="The Chair", reasons=reasons)
    return reference


async def drafted(
    coordinator: Browser, board: Board, reference: str, file: tuple[str, bytes], **more: Any
) -> httpx.Response:
    """A draft of the report, sent with its form: the answer."""
    address = f"/files/{reference}/record/report_drafted"
    form = await coordinator.get(address)
    values = values_in(form) | today(board) | {"version": "Draft 1"} | more
    return await coordinator.post(address, data=values, files={"document-upload": file})


async def test_a_report_is_sent_with_its_step_and_fetched_by_who_may_read_the_file(
    board: Board, browser: Browsers
) -> None:
    reference, coordinator = await under_review(board), await browser("coordinator")
    check = await drafted(coordinator, board, reference, ("The report.pdf", PDF))
    assert check.status_code == 200 and "The report.pdf" in check.text and structure_faults(check.text) == []
    done = await again(coordinator, f"/files/{reference}/record/report_drafted", check, _confirm="yes")
    assert done.status_code == 303
    [entry] = await steps(board, reference, "report_drafted")
    digest = entry["body"]["document"]

    reader = await browser("auditor", name="Al Auditor")
    assert "PDF, 1 kB" in (await reader.get(f"/files/{reference}/documents")).text
    found = await reader.get(f"/files/{reference}/documents/{digest}")
    assert found.status_code == 200 and found.content == PDF and found.headers["content-type"] == "application/pdf"
    assert found.headers["content-disposition"].startswith('attachment; filename="The report.pdf"')
    assert found.headers["x-content-type-options"] == "nosniff"
    read = await accesses(board.site.register, reference)
    assert ("Al Auditor", "downloaded The report.pdf") in [(one.who, one.what) for one in read]

    other = await board.opened()
    assert (await reader.get(f"/files/{other}/documents/{digest}")).status_code == 404
    assert (await reader.get(f"/files/{reference}/documents/{'0' * 64}")).status_code == 404
    assert (await (await browser("operations")).get(f"/files/{reference}/documents/{digest}")).status_code == 403


async def test_a_document_that_is_on_the_file_is_chosen_instead_of_sent_again(board: Board, browser: Browsers) -> None:
    reference, coordinator = await under_review(board), await browser("coordinator")
    address = f"/files/{reference}/record/report_drafted"
    await again(
        coordinator, address, await drafted(coordinator, board, reference, ("one.pdf", PDF + b"1")), _confirm="yes"
    )
    form = await coordinator.get(f"/files/{reference}/record/board_responded")
    digest = (await steps(board, reference, "report_drafted"))[0]["body"]["document"]
    assert "one.pdf" in form.text and digest in [found.get("value") for found in Page(form.text).all("input")]


async def test_a_document_of_a_restricted_file_is_there_for_named_people_alone(board: Board, browser: Browsers) -> None:
    reference, coordinator = await under_review(board), await browser("coordinator")
    address = f"/files/{reference}/record/report_drafted"
    await again(coordinator, address, await drafted(coordinator, board, reference, ("one.pdf", PDF)), _confirm="yes")
    digest = (await steps(board, reference, "report_drafted"))[0]["body"]["document"]
    me, now = coordinator.account.id, board.site.now()
    await restrict(board.site.register, reference, [me], by=me, now=now)
    assert (await coordinator.get(f"/files/{reference}/documents/{digest}")).status_code == 200
    stranger = await browser("coordinator")
    assert (await stranger.get(f"/files/{reference}/documents/{digest}")).status_code == 404
    assert (await stranger.get(f"/files/{reference}/record/note_added")).status_code == 404


LIARS = [
    ("report.pdf", b"<html><script>alert(1)</script>", "is not a PDF, though its name says so"),
    ("report.docx", PDF, "is not a Word document, though its name says so"),
    ("notes.txt", b"<!DOCTYPE html><p>no text", "is not plain text, though its name says so"),
    ("page.html", b"<p>", "cannot be kept: send one of these"),
    ("program.exe", b"MZ", "cannot be kept: send one of these"),
    ("empty.pdf", b"", "is empty: choose the file again"),
    ("<img src=x onerror=alert(1)>.pdf", b"no", "is not a PDF"),
]


@pytest.mark.parametrize(("name", "content", "why"), LIARS, ids=[name for name, _, _ in LIARS])
async def test_a_file_that_lies_about_itself_is_refused_with_the_reason_and_the_rest_is_kept(
    board: Board, browser: Browsers, name: str, content: bytes, why: str
) -> None:
    reference, coordinator = await under_review(board), await browser("coordinator")
    refused = await drafted(coordinator, board, reference, (name, content))
    assert refused.status_code == 422 and why in refused.text and structure_faults(refused.text) == []
    assert "Choose or upload a document" not in refused.text and "<img src=x" not in refused.text
    assert dict(Page(refused.text).form())["version"] == "Draft 1"


async def test_a_file_that_is_too_large_is_refused(board: Board, browser: Browsers, tmp_path: Path) -> None:
    reference = await under_review(board)
    small = DocumentStore(tmp_path, board.parts.register, 1_000)
    app = make_app(replace(board.site, system=replace(board.parts, documents=small)))
    coordinator = await browser("coordinator", app=app)
    refused = await drafted(coordinator, board, reference, ("report.pdf", PDF + b" " * 2_000))
    assert refused.status_code == 422 and "report.pdf is too large" in refused.text
    assert not [path for path in tmp_path.rglob("*") if path.is_file()], "nothing of it stays"


async def test_what_was_sent_is_still_there_when_something_else_is_wrong(board: Board, browser: Browsers) -> None:
    reference, coordinator = await under_review(board), await browser("coordinator")
    wrong = await drafted(coordinator, board, reference, ("report.pdf", PDF), version="")
    assert wrong.status_code == 422 and "report.pdf" in wrong.text and "uploaded just now" in wrong.text
    address = f"/files/{reference}/record/report_drafted"
    check = await again(coordinator, address, wrong, version="Draft 1")
    assert check.status_code == 200 and "report.pdf" in check.text


async def test_the_same_content_on_another_file_keeps_its_own_name_there(board: Board, browser: Browsers) -> None:
    """What somebody called a document may name a child: no other file tells it, on no page of the form."""
    coordinator, content = await browser("coordinator"), PDF + b"twice"
    theirs, ours = await under_review(board), await under_review(board)
    wrong = await drafted(coordinator, board, theirs, ("Name of a child.pdf", content))
    digest = dict(Page(wrong.text).form())["document"]
    address = f"/files/{ours}/record/report_drafted"
    values = values_in(await coordinator.get(address)) | today(board) | {"version": "Draft 1", "document": digest}
    guessed = await coordinator.post(address, data=values)
    assert guessed.status_code == 422 and "this file has no such document" in guessed.text
    asked = await drafted(coordinator, board, ours, ("ours.pdf", content), version="")
    check = await again(coordinator, address, asked, version="Draft 1")
    assert "ours.pdf" in check.text
    recorded = await again(coordinator, address, check, _confirm="yes")
    listed = await coordinator.get(f"/files/{ours}/documents")
    assert recorded.status_code == 303 and "ours.pdf" in listed.text
    for page in (guessed, asked, check, listed):
        assert "Name of a child" not in page.text


async def test_a_document_that_the_store_does_not_have_cannot_be_named(board: Board, browser: Browsers) -> None:
    reference, coordinator = await under_review(board), await browser("coordinator")
    address = f"/files/{reference}/record/report_drafted"
    form = await coordinator.get(address)
    values = values_in(form) | today(board) | {"version": "1", "document": "f" * 64}
    refused = await coordinator.post(address, data=values)
    assert refused.status_code == 422 and "this file has no such document" in refused.text


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("report.pdf", "attachment; filename=\"report.pdf\"; filename*=UTF-8''report.pdf"),
        (
            'a"b\r\nSet-Cookie: x.pdf',
            "attachment; filename=\"a_bSet-Cookie_ x.pdf\"; filename*=UTF-8''a%22bSet-Cookie%3A%20x.pdf",
        ),
        ("../../etc/passwd", "attachment; filename=\"passwd\"; filename*=UTF-8''passwd"),
        ("Übersicht.pdf", "attachment; filename=\"_bersicht.pdf\"; filename*=UTF-8''%C3%9Cbersicht.pdf"),
        ("", "attachment; filename=\"document\"; filename*=UTF-8''document"),
    ],
)
def test_a_name_never_breaks_out_of_its_header(name: str, header: str) -> None:
    assert disposition(name) == header
