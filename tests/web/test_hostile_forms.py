"""Forms that no page of ours made: they are refused in words, escaped, and never break anything."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from .conftest import Board, Browser, Browsers
from .test_recording import today, values_in

MARKUP = '"><script>alert("x")</script><img src=x onerror=alert(1)>'
HOSTILE = {
    "markup": MARKUP,
    "template": "{{ 7 * 7 }}{% for a in b %}",
    "NUL": "before\x00after",
    "very long": "x" * 400_000,
    "right to left": "\u202efdp.exe\u2066",
    "blanks": " \t\r\n\u00a0",
    "number": "9" * 500,
    "other figures": "\u0661\u0662",
    "path": "../../../etc/passwd",
    "emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467",
}
STEPS: tuple[str, ...] = (
    "decision_revisited",
    "organisation_added",
    "child_added",
    "facts_corrected",
    "practitioners_involved",
    "struck_out",
)
STEPS += ("address_corrected", "deadline_extended", "proceedings_recorded", "information_requested", "report_drafted")


@pytest.mark.parametrize("step", STEPS)
async def test_hostile_text_in_every_field_is_refused_or_escaped(
    board: Board, browser: Browsers, shared: dict[str, Any], step: str
) -> None:
    coordinator, reference = await at_the_form(board, browser, shared)
    address = f"/files/{reference}/record/{step}"
    form = await coordinator.get(address)
    assert form.status_code == 200
    names = set(re.findall(r'name="([^"]+)"', form.text)) - {"csrf", "_confirm", "_discard", "viewport", "robots"}
    for what, text in HOSTILE.items():
        text = text[: 400_000 // len(names)]  # All together as much as a form may have.
        values = {name: text for name in names if not name.startswith("theme")}
        for more in ({}, {"_confirm": "yes"}, {"_change": "yes"}):
            answer = await coordinator.post(address, data={"csrf": shared["csrf"], **values, **more})
            assert answer.status_code in (200, 303, 403, 409, 422), (what, answer.text)
            assert "<script>alert" not in answer.text and "<img src=x" not in answer.text and "\x00" not in answer.text


@pytest.fixture(scope="module")
def shared() -> dict[str, Any]:
    """One file and one browser for all of these."""
    return {}


async def at_the_form(board: Board, browser: Browsers, shared: dict[str, Any]) -> tuple[Browser, str]:
    """Somebody who may record, and a file under review."""
    if "reference" not in shared:
        shared["reference"] = await board.opened()
        decision = {"choice": "SCR, criteria met", "decided_by": "The Chair", "reasons": "By the finding."}
        await board.record(shared["reference"], "decision", **decision)
    coordinator = await browser("coordinator")
    shared["csrf"] = await coordinator.token(f"/files/{shared['reference']}/record/note_added")
    return coordinator, shared["reference"]


@pytest.mark.parametrize(
    "body",
    [
        b"text=%ED%A0%80half&happened_on-day=1",
        b"text=%FF%FE%00&happened_on-day=%00",
        b"text=a&text=b&happened_on-day=1&happened_on-day=2&id=a&id=b&_seen=x&_seen=-1",
        b"id=%3Cscript%3E&_seen=99999999999999999999",
        b"",
        b"&&&===",
    ],
)
async def test_broken_and_doubled_fields_are_refused_in_words(
    board: Board, browser: Browsers, shared: dict[str, Any], body: bytes
) -> None:
    coordinator, reference = await at_the_form(board, browser, shared)
    content = urlencode({"csrf": shared["csrf"]}).encode() + b"&" + body
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await coordinator.post(f"/files/{reference}/record/note_added", content=content, headers=headers)
    assert answer.status_code == 422 and "There is a problem" in answer.text


async def test_halves_of_characters_in_another_encoding_are_left_out(
    board: Board, browser: Browsers, shared: dict[str, Any]
) -> None:
    coordinator, reference = await at_the_form(board, browser, shared)
    parts = {"csrf": shared["csrf"], **today(board), "text": r"half \ud800 of one"}
    lines = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()
    ]
    headers = {"content-type": "multipart/form-data; boundary=b; charset=unicode_escape"}
    content = ("".join(lines) + "--b--\r\n").encode()
    answer = await coordinator.post(f"/files/{reference}/record/note_added", content=content, headers=headers)
    assert answer.status_code in (200, 400, 403, 422)


async def test_a_step_is_never_larger_than_its_file_takes(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    await board.record(reference, "decision", choice="SCR, criteria met", decided_by="The Chair", reasons="-")
    address = f"/files/{reference}/record/model_chosen"
    form = await coordinator.get(address)
    fields = (
        "recognises_complexity",
        "seeks_underlying_reasons",
        "viewpoint_at_the_time",
        "transparent",
        "uses_research",
    )
    values = {name: "x" * 1_990 for name in fields} | today(board) | {"model": "Root Cause Analysis"}
    answer = await coordinator.post(address, data=values_in(form) | values)
    assert answer.status_code == 422 and "Together your answers are too long" in answer.text
