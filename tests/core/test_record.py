"""Messages come from anywhere: each is one JSON object with an id, or is told why it is not."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from models.contract import MAX_DEPTH, MAX_MESSAGE_BYTES, instant_text, read_instant, read_message
from models.faults import PATTERNS
from models.incident import Opening
from models.record import Entry, Refusal
from models.serious_case_reviews import STEPS
from models.step import read_step

STEADY = settings(max_examples=200, deadline=None, derandomize=True)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_a_message_is_read_as_plain_data() -> None:
    body = {"id": "a", "text": "Nothing more.", "list": [1, True, None, 2.5]}
    assert read_message(json.dumps(body).encode()) == body


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (b"", "not JSON"),
        (b"null", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"id": "a"', "not JSON"),
        (b'{"id": "a", "n": NaN}', "not JSON"),
        (b'{"id": "a", "n": -Infinity}', "not JSON"),
        (b'{"id": "a", "n": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b'{"id": "a", "n": 1e999}', "too large"),
        (b'{"id": "a", "n": {"deep": [-1e400]}}', "too large"),
        (b"{}", "no id"),
        (b'{"id": 7}', "no id"),
        (b'{"id": null}', "no id"),
        (b'{"id": "  "}', "no id"),
        (b'{"id": "a", "text": "\\ud800"}', "half a character"),
        (b'{"id": "a", "\\udc00": 1}', "half a character"),
        (b"[" * 8_000, "not JSON"),
        (b'{"a":' * 1_000 + b"1" + b"}" * 1_000, "JSON"),
    ],
)
def test_what_is_no_message_is_told_so(message: bytes, told: str) -> None:
    refusal = read_message(message)
    assert isinstance(refusal, str)
    assert told in refusal


def test_a_message_may_be_eight_kilobytes_and_no_more() -> None:
    empty = len(json.dumps({"id": "a", "text": ""}))
    assert isinstance(read_message(json.dumps({"id": "a", "text": "x" * (MAX_MESSAGE_BYTES - empty)}).encode()), dict)
    refusal = read_message(json.dumps({"id": "a", "text": "x" * (MAX_MESSAGE_BYTES - empty + 1)}).encode())
    assert refusal == "The message is 8,193 bytes; a step may have 8,192."


def test_the_limit_counts_bytes_and_not_characters() -> None:
    assert isinstance(read_message(json.dumps({"id": "a", "text": "é" * 5_000}, ensure_ascii=False).encode()), str)


def test_a_message_may_be_nested_as_deep_as_a_step_needs_and_not_much_deeper() -> None:
    def nested(depth: int) -> bytes:
        return b'{"id": "a", "x": ' + b"[" * (depth - 2) + b"1" + b"]" * (depth - 2) + b"}"

    assert isinstance(read_message(nested(MAX_DEPTH)), dict)
    assert isinstance(read_message(nested(MAX_DEPTH + 1)), str)


@STEADY
@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_read_or_refused(data: bytes) -> None:
    assert isinstance(read_message(data), dict | str)


@STEADY
@given(value=anything, name=st.sampled_from(sorted(STEPS)), field=st.text(max_size=8))
def test_whatever_a_field_holds_a_step_is_read_or_refused(value: Any, name: str, field: str) -> None:
    kind = STEPS[name]
    fields: list[str] = [*kind.model_fields, field]
    for place in fields:
        message = read_message(
            json.dumps({"id": "a", "recorded_by": "b", "happened_on": "2018-09-05"} | {place: value}).encode()
        )
        if isinstance(message, dict):
            step = read_step(kind, message)
            assert isinstance(step, kind | Refusal)
            if isinstance(step, Refusal):
                assert step.reason


def test_a_field_that_a_step_does_not_have_is_named() -> None:
    body = {"id": "a", "recorded_by": "b", "happened_on": "2018-09-05", "text": "T", "colour": "red"}
    refusal = read_step(STEPS["note_added"], body)
    assert isinstance(refusal, Refusal)
    assert refusal.field == "colour"
    assert refusal.reason == "colour is not a field of “A note was added”: leave it out"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("happened_on", 1_536_105_600, "enter a date like 2018-09-30"),
        ("happened_on", "5 September 2018", "enter a date like 2018-09-30"),
        ("happened_on", "2018-02-30", "enter a date like 2018-09-30"),
        ("happened_on", "2018-09-05T10:00:00", "enter a date like 2018-09-30"),
        ("happened_on", "1899-12-31", "the date must be on or after 1 January 1900"),
        ("happened_on", "2100-01-02", "the date must be before 1 January 2100"),
        ("recorded_by", "x" * 201, "this is longer than 200 characters: shorten it, or upload it as a document"),
        ("recorded_by", "  ", "it is empty"),
        ("text", "", "it is empty"),
        ("text", "x" * 2_001, "this is longer than 2000 characters: shorten it, or upload it as a document"),
        ("text", 7, "enter text"),
        ("text", None, "enter text"),
        ("id", "a secret", "use up to 64 letters, digits, dots, colons, hyphens and underscores"),
        ("id", "x" * 65, "use up to 64 letters, digits, dots, colons, hyphens and underscores"),
    ],
)
def test_a_wrong_value_is_told_with_its_field_and_what_to_do_and_not_repeated(
    field: str, value: Any, told: str
) -> None:
    body = {"id": "a", "recorded_by": "b", "happened_on": "2018-09-05", "text": "T"} | {field: value}
    refusal = read_step(STEPS["note_added"], body)
    assert isinstance(refusal, Refusal)
    assert refusal.field == field
    assert refusal.reason.startswith(f"{field}: {told}")
    assert len(str(value)) < 3 or str(value) not in refusal.reason


@pytest.mark.parametrize(
    ("step", "field", "value", "told"),
    [
        ("decision", "choice", "a review", "choose one of 'SCR, criteria met', 'SCR, criteria not met'"),
        ("reviewer_named", "lead", "yes", "enter true or false"),
        ("reviewer_named", "lead", 1, "enter true or false"),
        ("practitioners_involved", "how_many", "ten", "enter a whole number"),
        ("practitioners_involved", "how_many", 1.5, "enter a whole number"),
        ("practitioners_involved", "how_many", 0, "must be 1 or more"),
        ("practitioners_involved", "how_many", 501, "must be 500 or less"),
        (
            "practitioners_involved",
            "organisation",
            "the hospital",
            "use up to 50 letters, digits, dots, hyphens and underscores",
        ),
        ("report_drafted", "document", "report.pdf", "enter a document's digest"),
        ("peer_challenge_sought", "email", "A Chair <chair@example.org>", "enter an e-mail address"),
        ("merged_into", "reference", "ex 1", "a reference must be 3 to 40 capital letters"),
        ("child_added", "child", "child-2", "give its fields by name"),
        ("reviewer_named", "employers_and_interests", "none", "give a list"),
        ("reviewer_named", "employers_and_interests", ["x"] * 31, "give at most 30"),
        ("decision", "unknown_reasons", [], "give names with values"),
    ],
)
def test_each_kind_of_field_says_what_it_wants(step: str, field: str, value: Any, told: str) -> None:
    refusal = read_step(STEPS[step], {"id": "a", "recorded_by": "b", "happened_on": "2018-09-05", field: value})
    assert isinstance(refusal, Refusal)
    assert f"{field}: {told}" in refusal.reason


def test_every_form_that_a_text_must_have_is_told_in_words() -> None:
    kinds: list[type[BaseModel]] = [*STEPS.values(), Opening]
    schemas = json.dumps([kind.model_json_schema() for kind in kinds])
    used = {json.loads(f'"{form}"') for form in re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', schemas)}
    assert used == set(PATTERNS)


def test_several_faults_are_told_at_once() -> None:
    refusal = read_step(STEPS["note_added"], {"id": "a", "colour": "red"})
    assert isinstance(refusal, Refusal)
    for field in ("recorded_by", "happened_on", "text", "colour"):
        assert field in refusal.reason


def test_an_entry_reads_back_from_plain_data_with_what_a_later_release_added() -> None:
    entry = Entry("note_added", {"text": "T"}, "a", "update", datetime(2018, 9, 5, 9, 0, 0, 1_000, UTC))
    plain = json.loads(json.dumps(entry.plain()))
    assert Entry.read(plain | {"from": "a later release"}) == entry


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2018, 9, 5, 9, tzinfo=UTC), "2018-09-05T09:00:00Z"),
        (datetime(2018, 9, 5, 9, tzinfo=timezone(timedelta(hours=1))), "2018-09-05T08:00:00Z"),
        (datetime(2018, 9, 5, 9, 0, 0, 5, UTC), "2018-09-05T09:00:00.000005Z"),
    ],
)
def test_instants_are_kept_in_utc(at: datetime, text: str) -> None:
    assert instant_text(at) == text
    assert read_instant(text) == at
