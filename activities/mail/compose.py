"""One letter as a mail: text and HTML from its template files, in the board's frame, with safe headers.

A letter is one file, ``<name>.txt.j2``, whose first line is ``Subject: …``. It holds the letter alone, paragraphs
of one line and lists of lines that begin with a hyphen; text and HTML are both made from it, and ``_layout.txt.j2``
and ``_layout.html.j2`` put the frame around them. The filter ``day`` shows a date, and
``section`` cites a rule. A value that a template asks for and does not get is an error, never a blank.
"""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2

from models.days import LONDON, day_words, london_date
from models.sections.headings import section_words

WIDTH = 72
"""Characters in a line of plain text. Only a longer word, such as a link, goes over."""

Attachment = tuple[str, str, bytes]
"""File name, media type and content."""

_TEMPLATES = Path(__file__).parent / "templates"
_SUBJECT = "Subject: "
_NEEDS_QUOTES = re.compile(r'[()<>\[\]:;@\\,"]')
_ADDRESS = re.compile(r"(?!.*=\?)[\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+")
_NO_HEADER = {"Cc", "Cs", "Zl", "Zp"}
"""Kinds of characters that break a line, hide one or cannot be encoded: controls, halves, separators."""


class LetterError(Exception):
    """A letter that cannot be written, and why: a template is wrong, or what it was given."""


class BadAddressError(LetterError):
    """The recipient's address cannot be written to: a person must correct it."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Someone mail is written to.

    Arguments:
        name: as shown; empty for none.
        address: the e-mail address.
    """

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all letters of a board share.

    Arguments:
        board: the board's name.
        sender: the address mail comes from, ASCII; its domain is in every Message-ID.
        coordinator: the address that reaches the coordinator; answers go there.
        public_address: where the pages are, ``https://reviews.example.org``; empty for no link.
    """

    board: str
    sender: str
    coordinator: str
    public_address: str = ""

    def link(self, reference: str) -> str:
        """The address of a file's page; empty without a public address."""
        if not self.public_address:
            return ""
        return f"{self.public_address.rstrip('/')}/files/{quote(reference, safe='')}"


@dataclass(frozen=True, slots=True)
class Answers:
    """The links by which a letter is answered.

    Arguments:
        links: for each, what it does in a few words, and its address.
        until: the last day on which they can be used.
    """

    links: tuple[tuple[str, str], ...]
    until: date


@dataclass(frozen=True, slots=True)
class Draft:
    """What a letter is to be.

    Arguments:
        template: the letter's name, its files' without the endings.
        values: what its templates show: text, whole numbers, dates, and lists of these. The frame's own
            ``board``, ``reference``, ``about``, ``link``, ``link_words``, ``coordinator``, ``recipient`` (the name in
            ``to``), ``answers`` and ``subject`` are always there, and win.
        letterhead: the board's.
        to: the one recipient.
        reference: of the case; in the Message-ID and in ``X-Case-Reference``.
        notice: the notice's key.
        number: counts the letters of this notice, so that a corrected letter is a message of its own.
        at: the instant for ``Date``.
        attachments: file names, media types and contents.
        about: the case that stands above the letter, when it is not ``reference``; empty for a letter about none.
        link: another page than the file's to link to, and the link's words.
        answers: links by which it is answered, if it can be.
    """

    template: str
    values: Mapping[str, Any]
    letterhead: Letterhead
    to: Mailbox
    reference: str
    notice: str
    number: int
    at: datetime
    attachments: Sequence[Attachment] = ()
    about: str | None = None
    link: tuple[str, str] | None = None
    answers: Answers | None = None


class Templates:
    """The template files.

    Arguments:
        folders: a board's own, looked in first; the system's own is always looked in last.
    """

    def __init__(self, *folders: Path) -> None:
        self._environment = jinja2.Environment(
            loader=_Files([*folders, _TEMPLATES]),
            autoescape=jinja2.select_autoescape(["html.j2"], default_for_string=False),
            undefined=jinja2.StrictUndefined,
            finalize=_present,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters["day"] = day
        self._environment.filters["section"] = section_words

    def render(self, file: str, values: Mapping[str, Any]) -> str:
        """A file with its values in place.

        Raises:
            LetterError: no such file, a fault in it, or a value that is missing.
        """
        try:
            text = self._environment.get_template(file).render(values)
        except jinja2.TemplateNotFound as error:
            raise LetterError(f"There is no template {error.name}.") from None
        except jinja2.TemplateSyntaxError as error:
            raise LetterError(f"Template {error.name}, line {error.lineno}: {error.message}.") from None
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            raise LetterError(f"Template {file} does not fit its values: {error}.") from None
        # Half a surrogate pair, which JSON can carry, cannot be encoded.
        return text.encode("utf-8", "replace").decode()


def compose(templates: Templates, draft: Draft) -> EmailMessage:
    """Writes a letter.

    Arguments:
        templates: where the letter's files are.
        draft: what it is to be.

    Raises:
        LetterError: it cannot be written.
    """
    if draft.at.tzinfo is None:
        raise LetterError("The letter's instant has no offset from UTC.")
    letterhead, reference, about, link = draft.letterhead, draft.reference, draft.about, draft.link
    frame = {
        "board": letterhead.board,
        "reference": reference,
        "about": reference if about is None else about,
        "link": link[0] if link else letterhead.link(reference) if about is None else "",
        "link_words": link[1] if link else f"Open the file {reference}",
        "coordinator": letterhead.coordinator,
        "recipient": draft.to.name.removeprefix("The ") or "colleague",
        # None is refused by the templates, as a value that was forgotten: no answers are an empty list of links.
        "answers": draft.answers or Answers((), draft.at.date()),
    }
    subject = _one_line(templates.render(f"{draft.template}.subject", {**draft.values, **frame}))
    letter = templates.render(f"{draft.template}.txt.j2", {**draft.values, **frame})
    text = templates.render("_layout.txt.j2", {**frame, "subject": subject, "letter": letter.strip()})
    html = templates.render("_layout.html.j2", {**frame, "subject": subject, "blocks": _blocks(letter)})

    message = EmailMessage()
    message["From"] = _address("sender", Mailbox(letterhead.board, letterhead.sender))
    message["To"] = _address("recipient", draft.to)
    message["Reply-To"] = _address("coordinator", Mailbox("", letterhead.coordinator))
    message["Subject"] = subject
    message["Date"] = draft.at.astimezone(LONDON)
    message["Message-ID"] = message_id(reference, draft.notice, draft.number, letterhead.sender)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Case-Reference"] = _one_line(reference)
    # Quoted-printable is ASCII in short lines: no server on the way has to take more, and none changes it.
    message.set_content(_wrapped(text), cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    for attachment in draft.attachments:
        _attach(message, attachment)
    return message


def message_id(reference: str, notice: str, number: int, sender: str) -> str:
    """The Message-ID of a letter: the same in every release, so that a letter sent twice is recognised.

    Arguments:
        reference: of the case.
        notice: the notice's key.
        number: of the letter among that notice's.
        sender: the address it comes from; its domain is the right-hand side.
    """
    what = json.dumps([reference, notice, number]).encode()
    return f"<{hashlib.sha256(what).hexdigest()[:32]}@{sender.rpartition('@')[2].lower()}>"


def day(value: date | str) -> str:
    """The template filter for dates: ``5 January 2027``.

    Arguments:
        value: a date or an instant with its offset, shown as its date in London; or either as ISO text.

    Raises:
        ValueError: anything else.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
        except ValueError:
            raise ValueError("what is to be shown as a day is no date") from None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return day_words(london_date(value))
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("what is to be shown as a day is no date")
    return day_words(value)


class _Files(jinja2.FileSystemLoader):
    """Serves a letter's text without its first line, and that line's subject as a template of its own.

    Rendered together, a line break in one of the subject's values would push its rest into the letter.
    """

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        name = template.removesuffix(".subject").removesuffix(".txt.j2")
        if name == template or name.startswith("_"):
            return super().get_source(environment, template)
        source, path, fresh = super().get_source(environment, f"{name}.txt.j2")
        first, _, rest = source.partition("\n")
        if not first.startswith(_SUBJECT) or not first.removeprefix(_SUBJECT).strip():
            raise jinja2.TemplateSyntaxError("the first line must be 'Subject: …'", 1, f"{name}.txt.j2", path)
        # The line break stands for the first line: faults are reported on the line where they are.
        return (first.removeprefix(_SUBJECT) if template.endswith(".subject") else f"\n{rest}"), path, fresh


def _present(value: Any) -> Any:
    if value is None:
        raise jinja2.UndefinedError("a value is None")
    return value


def _one_line(text: str) -> str:
    """Text fit for a header: whatever breaks or hides a line is a space, and spaces are single.

    ``=?`` begins an encoded word, which the email package decodes when it is put in, line breaks and all.
    """
    plain = "".join(" " if unicodedata.category(c) in _NO_HEADER else c for c in text)
    return " ".join(plain.replace("=?", "= ?").split())


def _blocks(letter: str) -> list[tuple[str, ...]]:
    """The letter's blocks for HTML: a paragraph is one text, a list is a hyphen and its items."""
    blocks: list[tuple[str, ...]] = []
    for part in re.split(r"\n\s*\n", letter.strip()):
        lines = [line.strip() for line in part.splitlines() if line.strip()]
        for is_list, group in groupby(lines, key=lambda line: line.startswith("- ")):
            block = list(group)
            blocks.append(("-", *(line[2:] for line in block)) if is_list else (" ".join(block),))
    return blocks


def _address(whose: str, mailbox: Mailbox) -> Address:
    if not _ADDRESS.fullmatch(mailbox.address) or (whose == "sender" and not mailbox.address.isascii()):
        fault = BadAddressError if whose == "recipient" else LetterError
        raise fault(f"The {whose}'s e-mail address cannot be used.")
    user, _, domain = mailbox.address.rpartition("@")
    # The email package loses the quotes of a long name, so that a comma makes two recipients of one; and after
    # a word as long as a line it writes an empty line, which ends the headers.
    name = _one_line(_NEEDS_QUOTES.sub(" ", mailbox.name))
    return Address(re.sub(r"(\S{60})(?=\S)", r"\1 ", name), user, domain)


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    name, media_type, content = attachment
    fits = re.fullmatch(r"(application|audio|image|text|video)/([A-Za-z0-9][A-Za-z0-9.+-]*)", media_type)
    if not fits:
        raise LetterError(f"An attachment cannot be of the type {media_type!r}.")
    filename = re.sub(r"[/\\]", "-", _one_line(name)) or "attachment"
    message.add_attachment(content, maintype=fits[1], subtype=fits[2], filename=filename)


def _wrapped(text: str) -> str:
    lines: list[str] = []
    for line in text.splitlines():
        bullet = re.match(r"\s*(?:[-*•]\s+|\d+\.\s+)?", line)
        indent = " " * (bullet.end() if bullet else 0)
        found = textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        # No more than one empty line together: those are what is left of conditions in the template.
        if found or (lines and lines[-1]):
            lines += found or [""]
    return "\n".join(lines).strip() + "\n"
