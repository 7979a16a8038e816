"""What a letter says, how it looks, and that nobody can forge its headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.mail.compose import Draft, LetterError, Letterhead, Mailbox, Templates, compose, day, message_id

Write = Callable[..., EmailMessage]

HEADERS = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Case-Reference",
    "MIME-Version",
    "Content-Type",
]
PLAIN_LETTERHEAD = Letterhead("Example Board", "reviews@board.example.org", "coordinator@board.example.org")


def sent(message: EmailMessage) -> EmailMessage:
    """The message as a reader on the other side gets it."""
    return message_from_bytes(message.as_bytes(policy=SMTP), policy=SMTP)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def folder(path: Path, files: dict[str, str]) -> Templates:
    """The templates with a board's own folder that holds these files."""
    for name, text in files.items():
        (path / name).write_text(text)
    return Templates(path)


def written(templates: Templates, name: str = "x", values: dict[str, Any] | None = None) -> EmailMessage:
    """A letter with as little to it as can be."""
    return compose(
        templates,
        Draft(
            name,
            values or {},
            letterhead=PLAIN_LETTERHEAD,
            to=Mailbox("", "panel@example.org"),
            reference="EX-1",
            notice="n",
            number=1,
            at=datetime(2027, 1, 5, tzinfo=UTC),
        ),
    )


class Tags(HTMLParser):
    """The elements of a page: tag and attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_letter_has_its_headers_once_each(write: Write) -> None:
    message = sent(write())
    assert sorted(message.keys()) == sorted(HEADERS)
    assert message["From"] == "Example Safeguarding Children Board <reviews@board.example.org>"
    assert message["To"] == "National Panel <panel@example.org>"
    assert message["Reply-To"] == "coordinator@board.example.org"
    assert message["Subject"] == "EX-2027-004: Zoë Müller appointed"
    assert message["Date"].datetime == datetime(2027, 1, 5, 9, 30, tzinfo=UTC)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Case-Reference"] == "EX-2027-004"


def test_the_date_is_shown_in_london(write: Write) -> None:
    summer = sent(write(at=datetime(2027, 7, 5, 7, 0, tzinfo=UTC)))
    assert str(summer["Date"]) == "Mon, 05 Jul 2027 08:00:00 +0100"


def test_both_parts_say_the_same_in_the_frame(write: Write) -> None:
    message = sent(write())
    text, html = part(message, "plain"), Tags(part(message, "html")).text
    for words in (
        "Example Safeguarding Children Board",
        "EX-2027-004",
        "Dear National Panel,",
        "Zoë Müller",
        "5 January 2027",
        "5 July 2027",
        "Example & Partners NHS Trust",
        "sent automatically",
        "coordinator@board.example.org",
    ):
        assert words in " ".join(text.split()) and words in " ".join(html.split())
    assert "Subject:" not in text


def test_a_link_to_the_file_is_there_when_the_pages_have_an_address(write: Write) -> None:
    with_link, without = sent(write()), sent(write(letterhead=PLAIN_LETTERHEAD))
    assert "https://reviews.example.org/files/EX-2027-004" in part(with_link, "plain")
    assert 'href="https://reviews.example.org/files/EX-2027-004"' in part(with_link, "html")
    assert "http" not in part(without, "plain") and "http" not in part(without, "html")


def test_a_reference_cannot_lead_elsewhere() -> None:
    board = Letterhead("B", "a@example.org", "b@example.org", "https://reviews.example.org")
    assert board.link("../x?y#z") == "https://reviews.example.org/files/..%2Fx%3Fy%23z"


def test_plain_text_is_wrapped_at_72_and_lists_hang(write: Write) -> None:
    long = "The organisation with a name so long that no line of seventy-two characters could ever hold it"
    text = part(sent(write({"organisations": [long, "x" * 100]})), "plain")
    lines = text.splitlines()
    assert all(len(line) <= 72 for line in lines if "x" * 100 not in line)
    start = next(number for number, line in enumerate(lines) if line.startswith("- The organisation"))
    assert lines[start + 1].startswith("  ") and not lines[start + 1].startswith("   ")
    assert any(line.endswith("x" * 100) for line in lines)  # a word, which may be a link, is never broken
    assert not any(line == after == "" for line, after in pairwise(lines))


def test_lines_that_mail_servers_mangle_arrive(write: Write) -> None:
    lines = part(sent(write()), "plain").splitlines()
    assert "." in lines and "From the board." in lines


def test_html_is_plain_and_brings_nothing_from_elsewhere(write: Write) -> None:
    page = Tags(part(sent(write()), "html"))
    tags = [tag for tag, _ in page.elements]
    assert not {"img", "script", "link", "iframe", "style", "object", "video", "form"} & set(tags)
    assert all("src" not in attributes for _, attributes in page.elements)
    assert not any("url(" in (attributes.get("style") or "") for _, attributes in page.elements)
    assert ("html", {"lang": "en-GB"}) in page.elements
    assert tags.count("h1") == tags.count("title") == 1
    styles = ";".join(attributes.get("style") or "" for _, attributes in page.elements).replace(" ", "")
    assert "max-width:" in styles and not re.search(r"(?<![a-z-])(min-)?width:", styles)


def test_paragraphs_and_lists_of_the_text_are_paragraphs_and_lists_in_html(tmp_path: Path) -> None:
    text = "Subject: s\nOne\nstill one.\n\nThese:\n- a\n- b\n\n\n- c\n\nTwo - not a list.\n"
    html = part(written(folder(tmp_path, {"x.txt.j2": text})), "html")
    letter = html.partition("</strong></p>\n")[2].partition("<p style")[0]
    assert letter.replace("\n", "") == (
        "<p>One still one.</p><p>These:</p><ul><li>a</li><li>b</li></ul><ul><li>c</li></ul><p>Two - not a list.</p>"
    )


def test_a_value_cannot_bring_markup(write: Write) -> None:
    hostile = '<script>alert(1)</script><a href="//elsewhere.example">'
    message = sent(write({"who": hostile, "organisations": [hostile]}, to=Mailbox(hostile, "a@example.org")))
    page = Tags(part(message, "html"))
    assert "script" not in [tag for tag, _ in page.elements]
    assert not any("elsewhere" in (attributes.get("href") or "") for _, attributes in page.elements)
    assert hostile in part(message, "plain").replace("\n", " ")


@pytest.mark.parametrize("values", [{}, {"who": None}, {"on": None}, {"on": 5}, {"on": "tomorrow"}])
def test_a_missing_or_impossible_value_is_an_error_that_quotes_no_value(
    values: dict[str, Any], templates: Templates
) -> None:
    shown = {"who": "Zoë Müller", "on": date(2027, 1, 5), "due": "2027-07-05", "organisations": []} | values
    if not values:
        del shown["who"]
    with pytest.raises(LetterError) as caught:
        written(templates, "appointed", shown)
    assert "appointed" in str(caught.value)
    assert "Müller" not in str(caught.value) and "tomorrow" not in str(caught.value)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no template x.txt.j2"),
        ({"x.txt.j2": "Dear all\n"}, "x.txt.j2, line 1"),
        ({"x.txt.j2": "Subject: \n"}, "x.txt.j2, line 1"),
        ({"x.txt.j2": "Subject: a\nb\n{% if %}"}, "x.txt.j2, line 3"),
        ({"x.txt.j2": "Subject: a\nEX-1 b", "_layout.txt.j2": "{{ nothing }}"}, "_layout.txt.j2"),
    ],
)
def test_a_fault_in_a_template_is_named_with_its_line(files: dict[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(LetterError) as caught:
        written(folder(tmp_path, files))
    assert words in str(caught.value) and "EX-1" not in str(caught.value)


def test_a_board_with_a_folder_of_its_own_can_have_its_own_frame(tmp_path: Path) -> None:
    files = {"x.txt.j2": "Subject: s\nb", "_layout.txt.j2": "Ours: {{ letter }}"}
    message = written(folder(tmp_path, files))
    assert part(message, "plain").startswith("Ours: b")
    assert "sent automatically" in part(message, "html")


@pytest.mark.parametrize(
    "changes",
    [
        {"to": Mailbox("x", "nobody")},
        {"to": Mailbox("x", "a@example.org, b@example.org")},
        {"to": Mailbox("x", "a@example.org>\r\nBcc: b@example.org")},
        {"to": Mailbox("x", "a@b@example.org")},
        {"letterhead": Letterhead("B", "zoë@example.org", "c@example.org")},
        {"letterhead": Letterhead("B", "a@example.org", "")},
        {"at": datetime(2027, 1, 5)},  # without its offset
        {"attachments": [("a.txt", "multipart/mixed", b"x")]},
        {"attachments": [("a.txt", "text/plain\r\nX-Evil: 1", b"x")]},
    ],
)
def test_what_cannot_be_a_letter_is_refused(changes: dict[str, Any], write: Write) -> None:
    with pytest.raises(LetterError):
        write(**changes)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zoë Müller", "Zoë Müller"),
        ("Dr. Z. O'Neill-Ærø", "Dr. Z. O'Neill-Ærø"),
        ("Børn & Familie " * 12, ("Børn & Familie " * 12).strip()),
        ("Leicester, Rutland: the board", "Leicester Rutland the board"),
        ('"Zoë" (she)', "Zoë she"),
        ("x" * 78 + " y", "x" * 60 + " " + "x" * 18 + " y"),
    ],
)
def test_names_arrive_without_what_would_need_quotes(name: str, shown: str, write: Write) -> None:
    [address] = sent(write(to=Mailbox(name, "zoe@example.org")))["To"].addresses
    assert (address.display_name, address.addr_spec) == (shown, "zoe@example.org")


def test_an_encoded_word_stays_what_it_is(write: Write) -> None:
    # The email package decodes one when it is put in, and wrote its line break as one.
    trick = "=?utf-8?q?a=0d=0aBcc=3A_b=40example.org?="
    message = sent(
        write(
            {"who": trick},
            to=Mailbox(trick, "panel@example.org"),
            reference=trick,
            attachments=[(trick, "application/pdf", b"x")],
        )
    )
    assert sorted(message.keys()) == sorted(HEADERS)
    assert all("Bcc" not in attachment for attachment in message.iter_attachments())
    with pytest.raises(LetterError):
        write(to=Mailbox("", "=?utf-8?q?a=0d=0aBcc=3A?=@example.org"))


def test_attachments_arrive_as_they_were(write: Write) -> None:
    everything = bytes(range(256)) * 50
    attachments = [
        ("Rapport æøå.pdf", "application/pdf", everything),
        ("plan.csv", "text/csv", b"a,b\r\n\xff\n.\nFrom me\n"),
        ("../../etc/passwd\r\nX-Evil: 1", "application/octet-stream", b""),
    ]
    arrived = list(sent(write(attachments=attachments)).iter_attachments())
    assert [a.get_payload(decode=True) for a in arrived] == [content for _, _, content in attachments]
    assert [a.get_content_type() for a in arrived] == [kind for _, kind, _ in attachments]
    assert [a.get_filename() for a in arrived] == [
        "Rapport æøå.pdf",
        "plan.csv",
        "..-..-etc-passwd X-Evil: 1",
    ]
    assert all("X-Evil" not in a for a in arrived)


def test_a_letter_is_ascii_in_short_lines_for_any_server(write: Write) -> None:
    attachments = [("a.pdf", "application/pdf", b"\xff" * 5000)]
    data = write({"who": "ж" * 3000}, attachments=attachments).as_bytes(policy=SMTP)
    assert data.isascii() and all(len(line) <= 998 for line in data.split(b"\r\n"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (date(2027, 1, 5), "5 January 2027"),
        ("2027-01-05", "5 January 2027"),
        (datetime(2027, 6, 30, 23, 30, tzinfo=UTC), "1 July 2027"),
        ("2027-06-30T23:30:00Z", "1 July 2027"),
        (datetime(2027, 1, 5, 1, tzinfo=timezone(timedelta(hours=9))), "4 January 2027"),
    ],
)
def test_a_day_is_shown_in_words(value: date | str, shown: str) -> None:
    assert day(value) == shown


@pytest.mark.parametrize("value", ["", "5/1/2027", "2027-01-05T10:00:00", datetime(2027, 1, 5), None, 5])
def test_what_is_no_day_is_an_error(value: Any) -> None:
    with pytest.raises(ValueError, match="no date"):
        day(value)


def test_the_message_id_stays_what_it_was_in_the_first_release() -> None:
    first = message_id("EX-2027-004", "decision:ofsted", 1, "reviews@Board.example.org")
    assert first == "<032f118a9d52e87ccb5ad584869d8e3d@board.example.org>"


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(0, 10**6))
def test_the_same_letter_has_the_same_message_id_and_another_has_not(reference: str, notice: str, number: int) -> None:
    mine = message_id(reference, notice, number, "a@example.org")
    assert mine == message_id(reference, notice, number, "b@example.org")
    others = {
        message_id(reference + "x", notice, number, "a@example.org"),
        message_id(reference, notice + "x", number, "a@example.org"),
        message_id(reference, notice, number + 1, "a@example.org"),
        message_id(reference, notice, number, "a@other.example.org"),
        message_id(reference + notice, "", number, "a@example.org") if notice else "",
    }
    assert mine not in others


def test_a_long_domain_does_not_break_the_message_id(write: Write) -> None:
    domain = "reviews.a-very-long-name-of-a-safeguarding-childrens-board.example.gov.example.org"
    head = Letterhead("B", f"a@{domain}", "b@example.org")
    assert sent(write(letterhead=head))["Message-ID"].strip().endswith(f"@{domain}>")


pieces = st.sampled_from(
    [
        "=?utf-8?q?",
        "=0d=0aBcc=3A",
        "?=",
        "=?",
        "\0",
        "\r",
        "\n",
        "Bcc: b@example.org",
        ", ",
        "x" * 80,
        " ",
        "é",
    ]
)
anything = (
    st.text(st.characters(), max_size=200)
    | st.lists(pieces).map("".join)
    | st.text("a b\r\n\v\f\0\x1c\x85\u2028:<>@\"'=?,;\\é")
)


@settings(deadline=None)
@given(anything, anything, anything, anything, anything)
def test_no_value_can_add_a_header_or_change_who_gets_it(
    write: Write, who: str, name: str, board: str, reference: str, filename: str
) -> None:
    hostile = "\r\nBcc: b@example.org\r\n"
    message = write(
        {"who": who + hostile + who},
        to=Mailbox(name + hostile + name, "panel@example.org"),
        letterhead=Letterhead(board + hostile, "reviews@board.example.org", "coordinator@board.example.org"),
        reference=reference + hostile,
        attachments=[(filename + hostile, "application/pdf", b"%PDF")],
    )
    data = message.as_bytes(policy=SMTP)
    head = data.partition(b"\r\n\r\n")[0].decode("ascii")
    begun = [line.partition(":")[0] for line in head.split("\r\n") if line[:1] not in (" ", "\t")]
    assert sorted(begun) == sorted(HEADERS)
    arrived = message_from_bytes(data, policy=SMTP)
    assert sorted(arrived.keys()) == sorted(HEADERS)
    assert [a.addr_spec for a in arrived["To"].addresses] == ["panel@example.org"]
    assert [a.addr_spec for a in arrived["From"].addresses] == ["reviews@board.example.org"]
    [attachment] = arrived.iter_attachments()
    assert attachment.get_payload(decode=True) == b"%PDF" and attachment["Bcc"] is None


def test_the_envelope_address_is_the_one_given(write: Write) -> None:
    assert write()["To"].addresses == (Address("National Panel", "panel", "example.org"),)
