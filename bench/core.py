"""The core on one processor: a file of 500 steps folded, its duties derived, one more step considered."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from models.changes import Incoming, Standing
from models.consider import consider, standing_of
from models.counting import CALENDAR
from models.directory import Directory
from models.duties import Duties, duties_of, notices_of
from models.duty import Clocks
from models.fold import fold, open_record
from models.record import Entry, Refusal, instant_text
from models.rulebook import read_rulebook
from models.step import World

STEPS, LIMIT_MS = 500, 20.0
"""How many steps the file has, and how long folding it and deriving its duties may take."""

RULEBOOK = Path(__file__).parents[1] / "rulebooks" / "hertfordshire-2018.toml"
ORGANISATIONS = ("hospital", "school", "police", "social-care", "probation", "housing")
NOTIFIED = date(2018, 9, 5)
REPORT, PLAN = "a" * 64, "c" * 64
WORDS = "What was seen, what was said and what was done about it, in a sentence or two as people write them. " * 3


def long_record(steps: int = STEPS) -> list[Entry]:
    """The record of a large review that is signed off: all its letters taken, half of its actions under way."""
    record = [*_opened(), *_recorded(steps - 1)]
    file, now = fold(record), record[-1].recorded_at
    # Taken letters bring more letters: those about what the first made possible.
    for notice in notices_of(file, Clocks(file)).values():
        told = {"notice": notice.key, "number": 1, "to": notice.to, "rule": notice.rule, "template": notice.template}
        body = {**told, "taken": True, "at": instant_text(now), "documents": list(notice.documents)}
        record.append(Entry("letter_taken", body, f"{notice.key}#1", "shell", now))
    return record


def fold_and_derive(record: list[Entry]) -> Duties:
    """What is asked of the core for every step: the file, and everything that stands for it."""
    file = fold(record)
    return duties_of(file, Clocks(file))


def median_ms(work: Callable[[], object], times: int = 30) -> float:
    """The median of so many runs, in milliseconds of processor time, after three to warm up."""
    took = []
    for number in range(times + 3):
        began = time.process_time()
        work()
        if number >= 3:
            took.append((time.process_time() - began) * 1_000)
    return statistics.median(took)


def main() -> None:
    """Measures and prints."""
    record = long_record()
    file = fold(record)
    steps = sum(not entry.is_fact for entry in record)
    world = World(record[-1].recorded_at + timedelta(hours=1), Directory(board="Example Board"))
    standing = Standing.model_validate(standing_of(record, world).model_dump())
    note = {"id": "one-more", "recorded_by": "coordinator", "happened_on": "2019-03-04", "text": WORDS}
    incoming = Incoming(kind="step", name="note_added", body=note, source="update")
    duties = fold_and_derive(record)
    rows = (
        ("fold", lambda: fold(record), None),
        ("derive duties", lambda: duties_of(file, Clocks(file)), None),
        ("fold and derive duties", lambda: fold_and_derive(record), LIMIT_MS),
        ("consider one more step", lambda: consider(record, standing, incoming, world), None),
    )
    print(f"core: {steps} steps, {len(record) - steps} facts, {len(duties.deadlines)} deadlines, ", end="")
    print(f"{len(duties.notices)} notices; {CALENDAR}")
    for what, work, limit in rows:
        took = median_ms(work)
        aim = "" if limit is None else f"   aim {limit:.0f} ms: {'met' if took < limit else 'MISSED'}"
        print(f"  {what:<24} {took:7.2f} ms{aim}")


def _opened() -> list[Entry]:
    child = {
        "id": "child-1",
        "outcome": "died",
        "died_on": "2018-08-30",
        "abuse_or_neglect": "known",
        "custody": "none",
        "residence": "Hertfordshire",
    }
    organisations = [{"id": name, "name": f"Example {name}"} for name in ORGANISATIONS]
    incident = {"children": [child], "notified_on": NOTIFIED.isoformat(), "organisations": organisations}
    body = {"reference": "EX-1", "opened_on": NOTIFIED.isoformat(), "recorded_by": "a", "incident": incident}
    rulebook = read_rulebook(RULEBOOK.read_text(encoding="utf-8"), RULEBOOK.name)
    record = open_record(body, rulebook, datetime(2018, 9, 5, 9, tzinfo=UTC))
    if isinstance(record, Refusal):
        raise SystemExit(record.reason)
    return record


def _recorded(steps: int) -> Iterator[Entry]:
    bodies = [*_review(), *_signed_off()]
    actions = list(_actions())
    notes = [("note_added", {"text": WORDS})] * steps
    for number, (name, fields) in enumerate([*bodies, *actions, *notes][:steps]):
        on = NOTIFIED + timedelta(days=15 + number * 160 // steps)
        body = {"id": f"step-{number}", "recorded_by": "coordinator", "happened_on": on.isoformat(), **fields}
        yield Entry(name, body, f"step-{number}", "update", datetime(on.year, on.month, on.day, 12, tzinfo=UTC))


def _review() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "decision", {"choice": "SCR, criteria met", "decider": "chair", "reasons": WORDS}
    reviewer = {"reviewer": "r-1", "reviewer_name": "Reviewer One", "qualification": WORDS}
    yield "reviewer_named", {**reviewer, "no_past_part": True, "commission_states_event": True}
    yield "scope_set", {"scope": "extended", "reasons": WORDS}
    principles = ("recognises_complexity", "seeks_underlying_reasons", "viewpoint_at_the_time", "transparent")
    yield "model_chosen", {"model": "Root Cause Analysis", "uses_research": WORDS, **dict.fromkeys(principles, WORDS)}
    for name in ORGANISATIONS:
        yield "representative_named", {"organisation": name, "representative": "A representative"}
        yield "staff_informed", {"organisation": name, "told": "of the review"}
        yield "information_requested", {"request": f"i-{name}", "organisation": name, "wanted": WORDS}
        yield "information_received", {"request": f"i-{name}", "document": "d" * 64}
        yield "practitioners_involved", {"organisation": name, "how": "conversation", "how_many": 5}
    yield "family_invited", {"member": "m-1", "relationship": "parent", "how_explained": WORDS}
    yield "family_answered", {"member": "m-1", "answer": "contributes", "contribution": WORDS}


def _signed_off() -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(20):
        yield "finding_recorded", {"finding": f"f-{number}", "text": WORDS, "practice": "problematic practice"}
    yield "report_drafted", {"document": REPORT, "version": "Draft 1"}
    says = ("says_what_happened", "says_why", "says_what_will_be_done", "sound_analysis", "plain_english")
    points = dict.fromkeys((*says, "fit_to_publish"), True)
    yield "report_signed_off", {"document": REPORT, "signed_by": "Chair", "lived_experience": WORDS, **points}
    yield "action_plan_drafted", {"document": PLAN}


def _actions() -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(60):
        action, owner = f"a-{number}", ORGANISATIONS[number % len(ORGANISATIONS)]
        yield "action_proposed", {"action": action, "text": WORDS, "owner": owner}
        yield "action_agreed", {"action": action, "agreed_by": "A member"}
        for rating in ("red", "amber"):
            yield "action_progressed", {"action": action, "progress": WORDS, "rating": rating}
        if number % 2:
            yield "action_done", {"action": action, "evidence": WORDS}
            yield "impact_recorded", {"action": action, "impact": WORDS}


if __name__ == "__main__":
    main()
