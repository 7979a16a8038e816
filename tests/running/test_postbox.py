"""The postbox keeps every mail as it came, and in order."""

from __future__ import annotations

import asyncio
import os
import socket
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from running.embedded.mail_catcher import Postbox, list_mails, postbox
from running.embedded.processes import PortInUseError
from running.settings import load_settings


def mail(subject: str, *, text: str = "Dear Chair,\r\n", html: str | None = None) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "board@localhost", "chair@board.example"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


async def send(box: Postbox, message: EmailMessage, *to: str) -> None:
    await aiosmtplib.send(message, hostname=box.host, port=box.port, start_tls=False, recipients=list(to) or None)


async def test_a_mail_is_kept_with_its_envelope(tmp_path: Path) -> None:
    async with postbox(tmp_path / "mail") as box:
        message = mail("Deadline in 14 days", text="Grüße\n", html="<p>Grüße</p>")
        await send(box, message, "chair@board.example", "deputy@board.example")
        [kept] = list_mails(box.folder)
    assert (kept.sender, kept.recipients) == (
        "board@localhost",
        ("chair@board.example", "deputy@board.example"),
    )
    assert (kept.subject, kept.text.strip(), kept.html.strip()) == (
        "Deadline in 14 days",
        "Grüße",
        "<p>Grüße</p>",
    )
    assert kept.message["To"] == "chair@board.example"
    assert kept.path.suffix == ".eml"


@pytest.mark.parametrize("survives", [True, False])
async def test_a_mail_outlives_a_power_cut_unless_nothing_of_it_is_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survives: bool
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    async with postbox(tmp_path, survives_power_cuts=survives) as box:
        await send(box, mail("Deadline in 14 days"))
    assert len(list_mails(tmp_path)) == 1
    assert bool(synced) is survives


async def test_a_mail_is_kept_byte_for_byte(tmp_path: Path) -> None:
    content = b"Subject: x\r\n\r\n.\r\n..two dots\r\n \ttail \r\n" + bytes(range(128, 256)) + b"\r\n"
    async with (
        postbox(tmp_path) as box,
        aiosmtplib.SMTP(hostname=box.host, port=box.port, start_tls=False) as smtp,
    ):
        await smtp.sendmail("a@b.example", ["c@d.example"], content)
        [kept] = list_mails(tmp_path)
    assert kept.path.read_bytes() == b"Return-Path: <a@b.example>\r\nDelivered-To: c@d.example\r\n" + content


async def test_mails_are_in_order_of_arrival_over_more_than_one_run(tmp_path: Path) -> None:
    for run in range(3):
        async with postbox(tmp_path) as box:
            for number in range(4):
                await send(box, mail(f"{run}.{number}"))
    assert [kept.subject for kept in list_mails(tmp_path)] == [f"{r}.{n}" for r in range(3) for n in range(4)]


async def test_two_postboxes_in_one_folder_lose_nothing(tmp_path: Path) -> None:
    async with postbox(tmp_path) as one, postbox(tmp_path) as other:
        await asyncio.gather(*(send((one, other)[n % 2], mail(str(n))) for n in range(20)))
    assert sorted(int(kept.subject) for kept in list_mails(tmp_path)) == list(range(20))


async def test_attachments_are_kept(tmp_path: Path) -> None:
    message, report = mail("Report"), os.urandom(1_000_000)
    message.add_attachment(report, maintype="application", subtype="pdf", filename="report.pdf")
    async with postbox(tmp_path) as box:
        await send(box, message)
    [kept] = list_mails(tmp_path)
    [attachment] = kept.message.iter_attachments()
    assert attachment.get_content() == report


async def test_report_and_plan_of_the_largest_size_are_taken_together(tmp_path: Path) -> None:
    async with (
        postbox(tmp_path) as box,
        aiosmtplib.SMTP(hostname=box.host, port=box.port, start_tls=False) as smtp,
    ):
        await smtp.ehlo()
        as_base64_in_lines = 2 * load_settings().document_max_bytes * 4 / 3 * 78 / 76
        assert int(smtp.esmtp_extensions["size"]) > as_base64_in_lines + 1_000_000


async def test_a_mail_cut_off_in_the_middle_is_not_kept(tmp_path: Path) -> None:
    async with postbox(tmp_path) as box:
        reader, writer = await asyncio.open_connection(box.host, box.port)
        for command in ("EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "DATA"):
            writer.write(f"{command}\r\n".encode())
        while not (await reader.readline()).startswith(b"354"):
            pass
        writer.write(b"Subject: half a m")
        writer.close()
        await writer.wait_closed()
        await send(box, mail("whole"))
    assert [kept.subject for kept in list_mails(tmp_path)] == ["whole"]
    assert os.listdir(tmp_path) == ["00000001.eml"]


async def test_a_mail_that_cannot_be_kept_now_is_not_refused_for_good(tmp_path: Path) -> None:
    async with postbox(tmp_path / "mail") as box:
        os.rename(box.folder, tmp_path / "away")
        with pytest.raises(aiosmtplib.SMTPDataError) as caught:
            await send(box, mail("x"))
        assert caught.value.code == 452
        os.rename(tmp_path / "away", box.folder)
        await send(box, mail("x"))
    assert len(list_mails(box.folder)) == 1


async def test_it_stops_at_once_with_a_client_connected(tmp_path: Path) -> None:
    async with asyncio.timeout(5):
        async with postbox(tmp_path) as box:
            reader, writer = await asyncio.open_connection(box.host, box.port)
            assert (await reader.readline()).startswith(b"220 localhost")
        assert await reader.read() == b""
        writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(box.host, box.port)


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"Port {port} for the mail server is in use by "):
            async with postbox(tmp_path, port=port):
                pass


async def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    async with postbox(tmp_path) as box:
        assert box.host == "127.0.0.1"


async def test_what_is_kept_is_for_nobody_else_to_read(tmp_path: Path) -> None:
    async with postbox(tmp_path / "mail") as box:
        await send(box, mail("x"))
    [kept] = list_mails(box.folder)
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert box.folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_not_there_holds_no_mail(tmp_path: Path) -> None:
    assert list_mails(tmp_path / "nowhere") == []
