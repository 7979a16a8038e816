"""The embedded mail page: what was sent, with links that work, and nothing that runs."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

from activities.weekly import LIST
from register.people.access import restrict
from web.app import make_app

from .conftest import BASE, Board, Browser, Browsers
from .test_replies import asked_to_secure


def keep(folder: Path, number: int, message: EmailMessage, to: str = "chair@board.example") -> None:
    """A mail as the mail server keeps it."""
    folder.mkdir(exist_ok=True)
    (folder / f"{number:08}.eml").write_bytes(f"Delivered-To: {to}\r\n".encode() + message.as_bytes())


def hostile() -> EmailMessage:
    """A mail that tries everything."""
    message = EmailMessage()
    message["From"], message["To"] = "a@board.example", "chair@board.example"
    message["Subject"] = "EX-1: <script>alert(1)</script>"
    message.set_content(f"<img src=x onerror=alert(1)>\n{BASE}/reply/abc\nhttps://evil.example/x javascript:alert(1)\n")
    message.add_alternative("<p>Hello</p><script>alert(1)</script><img src='https://evil.example/'>", subtype="html")
    message.add_attachment(b"12345", maintype="application", subtype="pdf", filename="EX-1-1.pdf")
    return message


async def reader(board: Board, browser: Browsers, folder: Path) -> Browser:
    """A coordinator at pages whose mails are in this folder."""
    return await browser("coordinator", app=make_app(replace(board.site, mails=folder)))


async def test_a_mail_that_was_sent_is_listed_and_its_reply_link_works(board: Board, browser: Browsers) -> None:
    reference, link = await asked_to_secure(board)
    person = await browser("auditor")
    page = await person.get("/mails")
    found = re.findall(rf'href="(/mails/\d+)">{reference}: please lock down', page.text)
    assert page.status_code == 200 and len(found) == 2
    texts = [(await person.get(address)).text for address in found]
    [text] = [text for text in texts if "safeguarding@hospital.example" in text]
    assert f'href="{link}"' in text
    assert (await person.get(link)).status_code == 200


async def test_letters_of_a_restricted_file_are_there_for_those_who_may_read_it(
    board: Board, browser: Browsers, tmp_path: Path
) -> None:
    reference, folder = await board.opened(), tmp_path / "mails"
    letter = hostile()
    letter["X-Case-Reference"] = reference
    keep(folder, 1, letter)
    keep(folder, 2, hostile())
    named, other = await reader(board, browser, folder), await reader(board, browser, folder)
    await restrict(board.site.register, reference, [named.account.id], by=named.account.id, now=board.site.now())
    for one, status in ((named, 200), (other, 404)):
        for address in ("/mails/00000001", "/mails/00000001/html"):
            assert (await one.get(address)).status_code == status, address
        listed = (await one.get("/mails")).text
        assert "/mails/00000002" in listed and ("/mails/00000001" in listed) is (status == 200)


async def test_a_weekly_list_is_there_for_whom_it_was_sent_to(board: Board, browser: Browsers, tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    named, other = await reader(board, browser, folder), await reader(board, browser, folder)
    message = EmailMessage()
    message["Subject"], message["X-Case-Reference"] = "What is to be done", LIST
    keep(folder, 1, message, to=named.account.email.upper())
    for one, status in ((named, 200), (other, 404)):
        assert (await one.get("/mails/00000001")).status_code == status
        assert ("What is to be done" in (await one.get("/mails")).text) is (status == 200)


async def test_nothing_in_a_mail_runs_or_is_fetched(board: Board, browser: Browsers, tmp_path: Path) -> None:
    keep(tmp_path / "mails", 1, hostile())
    person = await reader(board, browser, tmp_path / "mails")
    for address in ("/mails", "/mails/00000001"):
        page = await person.get(address)
        assert page.status_code == 200 and "<script>alert" not in page.text and "<img" not in page.text
    assert 'href="/reply/abc"' in page.text and 'href="https://evil' not in page.text
    assert "EX-1-1.pdf, application/pdf, 5 bytes" in page.text
    html = await person.get("/mails/00000001/html")
    policy = html.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'") and "script-src" not in policy and "img-src" not in policy


async def test_the_newest_come_first_in_pages(board: Board, browser: Browsers, tmp_path: Path) -> None:
    for number in range(1, 53):
        message = EmailMessage()
        message["Subject"] = f"Mail {number}"
        keep(tmp_path / "mails", number, message)
    person = await reader(board, browser, tmp_path / "mails")
    first, second = (await person.get("/mails")).text, (await person.get("/mails?page=2")).text
    assert re.findall(r">Mail (\d+)<", first) == [str(number) for number in range(52, 2, -1)]
    assert re.findall(r">Mail (\d+)<", second) == ["2", "1"] and "/mails?page=2" in first
    assert "No e-mails were sent" in (await person.get("/mails?page=9")).text


async def test_a_mail_without_anything_is_shown(board: Board, browser: Browsers, tmp_path: Path) -> None:
    keep(tmp_path / "mails", 7, EmailMessage())
    person = await reader(board, browser, tmp_path / "mails")
    assert (await person.get("/mails")).status_code == 200
    assert "without a subject" in (await person.get("/mails/00000007")).text
    assert (await person.get("/mails/00000007/html")).status_code == 404


async def test_there_is_no_way_out_of_the_folder(board: Board, browser: Browsers, tmp_path: Path) -> None:
    keep(tmp_path / "mails", 1, hostile())
    (tmp_path / "secret.eml").write_bytes(b"Subject: secret\r\n\r\nsecret")
    person = await reader(board, browser, tmp_path / "mails")
    for number in ("..%2Fsecret", "../secret", "%2e%2e/secret", "1", "x", "\u0661", "00000002"):
        assert (await person.get(f"/mails/{number}")).status_code == 404, number


async def test_without_the_embedded_mail_server_there_is_no_such_page(board: Board, browser: Browsers) -> None:
    person = await browser("coordinator", app=make_app(replace(board.site, mails=None)))
    for address in ("/mails", "/mails/00000001", "/mails/00000001/html"):
        assert (await person.get(address)).status_code == 404
    assert 'href="/mails"' not in (await person.get("/")).text


async def test_only_readers_of_files_see_them(browser: Browsers) -> None:
    for role, status in {"coordinator": 200, "chair": 200, "operations": 403, "administrator": 403}.items():
        assert (await (await browser(role)).get("/mails")).status_code == status
    assert (await (await browser()).get("/mails")).status_code == 303
