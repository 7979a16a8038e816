"""The mails that were sent, only under make run: what the Chair and everybody else would have in their inbox."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from activities.weekly import LIST
from register.people.access import restricted_to
from running.embedded.mail_catcher import Mail, newest_mails, one_mail
from web.request.opened_file import reads
from web.request.visit import NotFound, Visit, allowed

router = APIRouter()

PAGE = 50
_LINK = re.compile(r"https?://\S+")
_HEADERS = ("From", "To", "Reply-To", "Subject", "Message-ID", "Auto-Submitted", "X-Case-Reference")


@dataclass(frozen=True, slots=True)
class _Attachment:
    name: str
    media_type: str
    size: int


@router.get("/mails")
async def mails(visit: Visit = allowed("read files")) -> Response:
    """The list, the newest first."""
    folder = _folder(visit)
    asked = visit.request.query_params.get("page", "1")
    number = max(int(asked), 1) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1
    found, total = await asyncio.to_thread(newest_mails, folder, start=PAGE * (number - 1), limit=PAGE)
    rows = [(mail.path.stem, mail, _sent_at(mail)) for mail in found if await _may_see(visit, mail)]
    return visit.page(
        "mails/list.html",
        title="E-mails that were sent",
        rows=rows,
        number=number,
        more=total > PAGE * number,
    )


@router.get("/mails/{number}")
async def mail(number: str, visit: Visit = allowed("read files")) -> Response:
    """One mail: its headers, its plain text with links that work, and what is attached."""
    found = await _mail(visit, number)
    return visit.page(
        "mails/mail.html",
        title=found.subject or "An e-mail without a subject",
        number=number,
        mail=found,
        headers=[(name, str(found.message[name])) for name in _HEADERS if found.message[name]],
        at=_sent_at(found),
        text=_with_links(found.text, visit.site.settings.public_url),
        attachments=_attachments(found),
    )


@router.get("/mails/{number}/html")
async def html(number: str, visit: Visit = allowed("read files")) -> Response:
    """The mail's HTML as its reader would see it, with nothing that could run or be fetched."""
    found = await _mail(visit, number)
    if not found.html:
        raise NotFound("This e-mail has no HTML.")
    policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    return HTMLResponse(found.html, headers={"Content-Security-Policy": policy})


def _folder(visit: Visit) -> Path:
    if visit.site.mails is None:
        raise NotFound("E-mails are shown only where everything runs on one machine.")
    return visit.site.mails


async def _mail(visit: Visit, number: str) -> Mail:
    found = await asyncio.to_thread(one_mail, _folder(visit), number)
    if found is None or not await _may_see(visit, found):
        raise NotFound("There is no such e-mail.")
    return found


async def _may_see(visit: Visit, mail: Mail) -> bool:
    """Letters of a restricted file are there for those alone who may read it, a weekly list for whom it was sent to."""
    reference = str(mail.message["X-Case-Reference"] or "")
    if reference == LIST:
        return visit.account.email.lower() in (recipient.lower() for recipient in mail.recipients)
    return reads(visit.account, await restricted_to(visit.site.register, reference))


def _sent_at(mail: Mail) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(mail.message["Date"]))
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else None


def _with_links(text: str, public_url: str) -> list[tuple[str, str]]:
    """The text in pieces, each with its address: links to our own pages work, and no others."""
    pieces: list[tuple[str, str]] = []
    end = 0
    for found in _LINK.finditer(text):
        address = found[0]
        if not public_url or not address.startswith(f"{public_url}/"):
            continue
        pieces += [(text[end : found.start()], ""), (address, address.removeprefix(public_url))]
        end = found.end()
    return [*pieces, (text[end:], "")]


def _attachments(mail: Mail) -> list[_Attachment]:
    found = []
    for part in mail.message.iter_attachments():
        content = part.get_payload(decode=True)
        size = len(content) if isinstance(content, bytes) else 0
        found.append(_Attachment(part.get_filename() or "without a name", part.get_content_type(), size))
    return found
