"""How large a file may become, in bytes as they are sent: it is told in time, and nothing makes it stand still."""

from __future__ import annotations

import random
import time
from typing import Any

from models.budget import CODEC, PACKED, PLAIN, TOLD_AT, Size
from models.contract import Incoming, pack, text_of, unpack
from models.quick_answers import Known
from models.view import remarks_of

from .case import Case

TEMPORALS_LIMIT = 2 * 1024 * 1024
LETTERS = random.Random(7)


def random_text(characters: int) -> str:
    """Text that hardly compresses: Chinese characters by chance."""
    return "".join(chr(LETTERS.randrange(0x4E00, 0x9FA5)) for _ in range(characters))


def size_of(case: Case) -> Size:
    return Size.of(case.state, Known.of(case.state.record).weight)


def filled(case: Case, part: float, text: Any = random_text) -> Case:
    """A file that holds so much of what it may: with notes that are on its record without having been asked for."""
    number = 0
    while size_of(case).part < part:
        for _ in range(20):
            number += 1
            body = {"id": f"f-{number}", "recorded_by": "c", "happened_on": "2018-09-05", "text": text(1_200)}
            entry = {"name": "note_added", "body": body, "id": f"f-{number}", "source": "update"}
            case.state.record.append({**entry, "recorded_at": case.state.as_of})
    case.known = None
    return case


def test_what_a_file_is_counted_as_is_what_it_is_sent_as() -> None:
    case = filled(Case.opened(), 0.5)
    size = size_of(case)
    assert size == Size(len(pack(case.state)) + CODEC, len(text_of(case.state)))
    assert unpack(pack(case.state)) == case.state


def test_the_largest_file_is_packed_in_a_tenth_of_a_second() -> None:
    case = filled(Case.opened(), 0.97)

    def took() -> float:
        started = time.process_time()
        pack(case.state)
        return time.process_time() - started

    assert min(took() for _ in range(5)) < 0.1


def test_a_file_that_is_four_fifths_full_says_so_once_and_takes_no_more_notes() -> None:
    case = filled(Case.opened(), TOLD_AT)
    case.step("notified_panel")
    case.look()
    assert [entry.name for entry in case.record].count("nearly_full") == 1
    assert len(case.told("nearly_full")) == 1
    assert any("nearly full" in remark for remark in remarks_of(case.file, case.deadlines))
    refusal = case.refused("note_added", text="One more.")
    assert (refusal.field, "nearly full" in refusal.reason) == ("text", True)
    quick = case.quick("note_added", text="One more.")
    assert quick is not None and "nearly full" in quick.reason


def test_on_a_full_file_every_step_is_refused_but_the_one_that_closes_it() -> None:
    case = filled(Case.opened(), 0.999)
    assert "The file is full" in case.refused("notified_panel").reason
    assert "The file is full" not in case.refused("closed").reason


def test_a_file_that_is_full_of_what_compresses_well_is_full_as_well() -> None:
    case = filled(Case.opened(), 0.999, lambda characters: "x" * 1_990)
    size = size_of(case)
    assert size.packed < PACKED / 4 and size.plain > PLAIN * 0.99
    assert "The file is full" in case.refused("notified_panel").reason


def test_notes_of_random_characters_never_bring_a_file_to_where_temporal_refuses_it() -> None:
    case = Case.opened(takes_mail=False)
    text = random_text(1_200)
    taken = 0
    for number in range(60):
        # In one question as they came in: a hundred kilobytes and more.
        notes = [
            {"id": f"n-{number}-{n}", "recorded_by": "c", "happened_on": "2018-09-05", "text": random_text(1_200)}
            for n in range(30)
        ]
        answered = case._ask(*(Incoming("step", name="note_added", body=note, source="update") for note in notes))
        recorded = [answer for answer in answered.answers if answer["recorded"]]
        taken += len(recorded)
        if not recorded:
            break
    assert 200 < taken < 1_800
    assert case.file.nearly_full
    for number in range(40):
        body = {"id": f"s-{number}", "recorded_by": "c", "text": text}
        case._ask(Incoming("step", name="note_added", body=body, source="signal"))
    assert len(pack(case.state)) + CODEC < TEMPORALS_LIMIT * 0.6


def test_refused_signals_count_and_over_the_limit_only_their_number_is_kept() -> None:
    case = filled(Case.opened(), 0.85)
    body = {"id": "s-1", "recorded_by": "c", "happened_on": "2018-09-05", "text": "x" * 1_900}
    case._ask(Incoming("step", name="no_such_step", body=body, source="signal"))
    kept = case.record[-1] if case.record[-1].name == "step_refused" else case.record[-2]
    assert (kept.name, kept.body["body"]) == ("step_refused", {})
    case = filled(Case.opened(), 0.9995)
    for number in range(30):
        case._ask(Incoming("step", name="no_such_step", body={**body, "id": f"s-{number}"}, source="signal"))
    counted = [entry for entry in case.record if entry.name == "signals_dropped"]
    refused = [entry for entry in case.record if entry.name == "step_refused"]
    assert len(counted) == 1 and counted[0].body["count"] + len(refused) == 30
    assert case.file.dropped_signals == counted[0].body["count"]


def test_signals_that_came_too_fast_are_one_fact_a_day_with_their_number() -> None:
    case = Case.opened()
    case._ask(Incoming("signals_dropped", count=700))
    length = len(case.state.record)
    case._ask(Incoming("signals_dropped", count=50))
    assert len(case.state.record) == length
    fact = next(entry for entry in case.record if entry.name == "signals_dropped")
    assert fact.body["count"] == 750 == case.file.dropped_signals
    assert case.state.replaced["entries"] == {str(length - 1): case.state.revision}
    assert any("750 signals" in remark for remark in remarks_of(case.file, case.deadlines))
    case.until("2018-09-06")
    case._ask(Incoming("signals_dropped", count=1))
    assert case.file.dropped_signals == 751
    assert [entry.name for entry in case.record].count("signals_dropped") == 2
