"""The core on one processor: a file of 500 steps folded, its duties derived, one more step considered."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from models.consider import consider
from models.contract import Incoming, Question, State, instant_text
from models.directory import Directory
from models.duties import Duties, duties_of, notices_of
from models.fold import fold, open_record
from models.quick_answers import standing_of
from models.record import Entry, Refusal
from models.rulebook_file import read_rulebook
from models.world import Surroundings, World

STEPS, LIMIT_MS = 500, 20.0
"""Steps of the file; what folding it and deriving its duties may take, and one more step asked of a kept fold."""

RULEBOOK = Path(__file__).parents[1] / "rulebooks" / "hertfordshire-2018.toml"
ORGANISATIONS = ("hospital", "school", "police", "social-care", "probation", "housing")
NOTIFIED = date(2018, 9, 5)
REPORT, PLAN = "a" * 64, "c" * 64
WORDS = "What was seen, what was said and what was done about it, in a sentence or two as people write them. " * 3


SURROUNDINGS = Surroundings(Directory(board="Example Board"), {}, frozenset())


def long_record(steps: int = STEPS) -> list[Entry]:
    """The record of a large review that is signed off: all its letters taken, half of its actions under way."""
    record = [*_opened(), *_recorded(steps - 1)]
    file, now = fold(record), record[-1].recorded_at
    # Taken letters bring more letters: those about what the first made possible.
    for notice in notices_of(file, _world(now)).values():
        told = {"notice": notice.key, "number": 1, "to": notice.to, "rule": notice.rule, "template": notice.template}
        body = {**told, "accepted": True, "at": instant_text(now), "documents": list(notice.documents)}
        record.append(Entry("letter_accepted", body, f"{notice.key}#1", "shell", now))
    return record


def fold_and_derive(record: list[Entry]) -> Duties:
    """What is asked of the core for every step: the file, and everything that stands for it."""
    file = fold(record)
    return duties_of(file, _world(record[-1].recorded_at))


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
    world = _world(record[-1].recorded_at + timedelta(hours=1))
    state = State({"reference": "EX-1"}, [entry.plain() for entry in record], standing=standing_of(record, world))
    duties = fold_and_derive(record)
    run = _Run(state, world.now)
    run.consider_a_note()
    rows = (
        ("fold", lambda: fold(record), None),
        ("derive duties", lambda: duties_of(file, world), None),
        ("fold and derive duties", lambda: fold_and_derive(record), LIMIT_MS),
        ("consider one more step", lambda: _Run(state, world.now).consider_a_note(), None),
        ("... asked of a kept fold", run.consider_a_note, LIMIT_MS),
    )
    print(f"core: {steps} steps, {len(record) - steps} facts, {len(duties.deadlines)} deadlines, ", end="")
    print(f"{len(duties.notices)} notices")
    for what, work, limit in rows:
        took = median_ms(work)
        aim = "" if limit is None else f"   aim {limit:.0f} ms: {'met' if took < limit else 'MISSED'}"
        print(f"  {what:<24} {took:7.2f} ms{aim}")


class _Run:
    """What a file's run holds from one question to the next, the fold among it.

    Arguments:
        state: what it begins with; it stays as it is.
        now: business time.
    """

    def __init__(self, state: State, now: datetime) -> None:
        self.state, self.now = state.copy(), now
        self.known: Any = None

    def consider_a_note(self) -> None:
        """Asks the core, which takes one more note, and takes in what it answers."""
        id = f"one-more-{len(self.state.record)}"
        note = {"id": id, "recorded_by": "coordinator", "happened_on": "2019-03-04", "text": WORDS}
        incoming = Incoming("step", name="note_added", body=note, source="update")
        question = Question(self.state.copy(), [incoming], self.now, known=self.known)
        changes = consider(question, SURROUNDINGS)
        self.state.apply(changes, self.now)
        self.state.work |= {work["key"]: work for work in changes.work}
        self.known = question.after


def _world(now: datetime) -> World:
    return SURROUNDINGS.at(now)


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
    record = open_record(body, rulebook, _world(datetime(2018, 9, 5, 9, tzinfo=UTC)))
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
    yield "decision", {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": WORDS}
    reviewer = {"reviewer": "r-1", "reviewer_name": "Reviewer One", "qualification": WORDS}
    yield "reviewer_named", {**reviewer, "not_involved": True, "commission_includes_event": True}
    yield "scope_set", {"scope": "extended", "reasons": WORDS}
    principles = ("recognises_complexity", "seeks_underlying_reasons", "viewpoint_at_the_time", "transparent")
    yield "model_chosen", {"model": "Root Cause Analysis", "uses_research": WORDS, **dict.fromkeys(principles, WORDS)}
    for name in ORGANISATIONS:
        yield "representative_named", {"organisation": name, "representative": "A representative"}
        yield "staff_informed", {"organisation": name, "about": "the review"}
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
