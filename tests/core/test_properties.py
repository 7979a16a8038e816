"""Any steps in any order, time passing and mail failing in between: nothing is lost, and nothing raises but a refusal.

Each run begins somewhere in the life of a case and goes on by chance. To look for more, raise EXAMPLES and take
``derandomize`` away.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from activities.mail.compose import Draft, Letterhead, Mailbox, Templates, compose
from models.contract import Changes, Incoming, deadline_timer, read_instant
from models.days import london_date
from models.duties import duties_of
from models.fold import apply, fold
from models.letter import LetterToSend
from models.project import project
from models.quick_answers import why_not
from models.serious_case_reviews import STEPS
from models.step import ready_refusals
from models.view import recordable, shown

from .case import DIED, HARMED, Answered, Case, morning, rulebook
from .lives import decided, drafted, learned, not_met, planned, published, ready_to_publish, signed_off, year_over
from .plausible import body

EXAMPLES, LENGTH = 50, 14

TRIED = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)


@dataclass
class Watched(Case):
    """A case that is looked at after each thing that came in."""

    def _ask(self, *incoming: Incoming) -> Answered:
        before = {key: held for key, held in self.held.items() if held["status"] == "open"}
        told = len(self.events)
        changes = super()._ask(*incoming)
        if incoming[0].kind == "timer" and changes.changes == Changes():
            return changes  # a timer that no longer counts
        self._loses_no_deadline(before, told)
        mails = [line["deadline"] for line in _rungs(changes) if line["kind"] != "passed"]
        assert len(mails) == len(set(mails)), "a reminder and an escalation together"
        self._holds_what_the_file_asks_for()
        return changes

    def _loses_no_deadline(self, before: dict[str, Any], since: int) -> None:
        told = {(line["what"], line.get("deadline")) for line in self.events[since:]}
        for key in before:
            held = self.held.get(key)
            if held is None:
                assert {("deadline_cancelled", key), ("deadline_met", key)} & told, key
            elif held["status"] != "open":
                assert ("deadline_met", key) in told, key

    def _holds_what_the_file_asks_for(self) -> None:
        file = self.file
        duties = duties_of(file, self.world)
        assert self.held.keys() == duties.deadlines.keys()
        for key, deadline in duties.deadlines.items():
            held = self.held[key]
            assert (held["due"], held["status"] == "open") == (deadline.due.isoformat(), deadline.open), key
            ends = deadline.period or not file.ladder(deadline.clock).repeat_every_days
            assert deadline.open or held["timer"] is None, key
            assert ends or not deadline.open or read_instant(held["timer"]) > self.now, key
        started = {letter.notice for letter in self.letters}
        assert duties.notices.keys() <= started | file.letters.keys()
        assert file.ended or any(deadline.open for deadline in duties.deadlines.values())


def _rungs(changes: Answered) -> list[dict[str, Any]]:
    return [entry["body"] for entry in changes.entries if entry["name"] == "rung_reached"]


def planned_review() -> Case:
    """A review that needs no incident."""
    review = {"kind": "audit of practice", "reasons": "The board's programme."}
    opened = {"reference": "EX-2018-0001", "opened_on": "2018-09-05", "recorded_by": "coordinator", "review": review}
    return Case.start(opened, morning("2018-09-05"))


def closed() -> Case:
    """A file that was closed after a review, published and learned from."""
    case = year_over(learned(published(ready_to_publish(planned()))))
    case.step("action_done", action="action-1", evidence="The rota.")
    case.step("impact_recorded", action="action-1", impact="No night without cover.")
    case.step("closed")
    return case


STARTS: dict[str, Callable[[], Case]] = {
    "opened": lambda: Case.opened(DIED, organisations=("hospital", "school")),
    "undecided": lambda: Case.opened({"id": "child-1"}, HARMED | {"id": "child-2"}, concern="unknown"),
    "opened late": lambda: Case.opened(opened_on="2019-02-05", rules=rulebook("working-days-2018")),
    "not met": not_met,
    "no incident": planned_review,
    "decided": decided,
    "drafted": drafted,
    "signed off": signed_off,
    "planned": planned,
    "ready to publish": ready_to_publish,
    "published": lambda: published(ready_to_publish(planned())),
    "learned": lambda: learned(published()),
    "year over": lambda: year_over(learned(published())),
    "closed": closed,
}


@cache
def _started(name: str) -> Case:
    return STARTS[name]()


def at(name: str) -> Watched:
    """A case of its own that has come as far as this."""
    case = _started(name)
    fields = {field: copy.copy(value) for field, value in vars(case).items()}
    return Watched(**fields | {"state": copy.deepcopy(case.state), "known": None})


COMMANDS = (
    *("forward", "forward", "fitting", "fitting", "together", "any"),
    *("signal", "time", "night", "mail", "strike", "look"),
)

FORWARD = (
    *("decision", "decision_revisited", "notified_panel", "reviewer_named", "conflict_resolved", "report_signed_off"),
    *("information_received", "panel_request_answered", "action_agreed", "action_done", "impact_recorded"),
    *("publication_checked", "publication_fixed", "published", "report_withdrawn", "report_restored", "copy_supplied"),
    *("moved_to_request", "non_publication_proposed", "non_publication_decided", "advice_considered"),
    *("learning_event_held", "closed", "reopened"),
)
"""What brings a case on, and is seldom hit by chance."""

commands = st.lists(
    st.tuples(
        st.sampled_from(COMMANDS),
        st.integers(0, 2**16),
    ),
    min_size=LENGTH,
    max_size=LENGTH,
)


def do(case: Case, command: str, rng: random.Random, number: int) -> None:
    """One thing that happens to the case, chosen by chance."""
    match command:
        case "time":
            end = london_date(case.now) + timedelta(days=rng.choice((1, 5, 20, 60)))
            case.until(end)
        case "night":
            # The worker is away, and what fired meanwhile comes in late and in any order.
            case.now += timedelta(days=rng.choice((1, 3, 40)))
            fired = [(key, held["timer"]) for key, held in case.held.items() if held["timer"]]
            rng.shuffle(fired)
            for key, timer in fired:
                if read_instant(timer) <= case.now:
                    case.fire(deadline_timer(key), at=timer)
        case "mail":
            case.takes_mail = rng.random() < 0.5
            for letter in list(case.under_way.values()):
                if letter.key in case.under_way and rng.random() < 0.7:
                    case._outcome(letter, accepted=rng.random() < 0.7, why="550")
        case "look":
            case.look()
        case "signal":
            case._ask(Incoming("step", name="nonsense", source="signal", refusal=f"No JSON {rng.randrange(3)}."))
            send(case, rng.choice(sorted(STEPS)), rng, number, "signal")
        case "together":
            # As after a worker's absence: in one question, and one of them sent twice.
            fit = [fitting(case, rng, 100 * number + at, FORWARD) for at in range(3)]
            steps = [Incoming("step", name=name, body=body, source="signal") for name, body in (*fit, fit[1])]
            answers = case._ask(*steps).answers
            assert answers[3]["recorded"] or not answers[1]["recorded"]
        case "strike":
            send(case, "struck_out", rng, number, "update")
        case "any":
            send(case, rng.choice(sorted(STEPS)), rng, number, "update")
        case "fitting" | "forward":
            name, sent = fitting(case, rng, number, FORWARD if command == "forward" else tuple(STEPS))
            answered(case, name, sent, "update")


def fitting(case: Case, rng: random.Random, number: int, among: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """A step that may well be recorded now."""
    world = case.world
    file = case.file
    ready = [name for name in among if not list(ready_refusals(STEPS[name], file, world))] or ["note_added"]
    for _ in range(8):
        name = rng.choice(ready)
        sent = body(case, name, rng, f"s-{number}")
        if why_not(case.record, name, sent, world) is None:
            break
    return name, sent


def send(case: Case, name: str, rng: random.Random, number: int, source: str) -> None:
    """A step of this name is sent."""
    answered(case, name, body(case, name, rng, f"s-{number}"), source)


def answered(case: Case, name: str, sent: dict[str, Any], source: str) -> None:
    """A step is sent and answered; the quick answer never says no where the one that counts says yes."""
    quick = why_not(case.record, name, sent, case.quick_world)
    changes = case._ask(Incoming("step", name=name, body=sent, source=source))
    assert changes.answer is not None
    assert changes.answer.recorded or changes.answer.reason
    assert not (quick and changes.answer.recorded), quick


@TRIED
@given(start=st.sampled_from(sorted(STARTS)), done=commands)
def test_any_steps_in_any_order_lose_nothing_and_raise_nothing(start: str, done: list[tuple[str, int]]) -> None:
    case = at(start)
    begun = len(case.letters)
    for number, (command, seed) in enumerate(done):
        do(case, command, random.Random(seed), number)
    _folds_alike(case)
    _can_be_shown(case)
    for letter in case.letters[begun:]:
        _renders(letter)


def _folds_alike(case: Case) -> None:
    """At once, step by step, and again from plain data: the same file, with the same duties."""
    at_once = case.file
    struck = {entry.body["step"] for entry in case.record if entry.name == "struck_out"}
    step_by_step = fold(case.record[:2])
    for entry in case.record[2:]:
        apply(step_by_step, entry, struck)
    assert step_by_step == at_once
    assert duties_of(step_by_step, case.world) == duties_of(at_once, case.world)


def _can_be_shown(case: Case) -> None:
    """Pages, queries and the register can read the file."""
    world = case.quick_world
    assert shown(case.file, world)["reference"] == case.file.reference
    assert len(recordable(case.file, world)) == len(STEPS)
    projection = project(case.record, case.events, 1, world)
    assert len({row.key for row in projection.deadlines}) == len(projection.deadlines)
    assert len({(row.key, row.number) for row in projection.notices}) == len(projection.notices)
    assert len(set(projection.documents)) == len(projection.documents)


@cache
def _templates() -> Templates:
    return Templates()


_seen: set[tuple[str, tuple[tuple[str, bool], ...]]] = set()


def _renders(letter: LetterToSend) -> None:
    """Its template is there and finds every value that it shows."""
    like = (letter.template, tuple(sorted((name, bool(value)) for name, value in letter.content.items())))
    if like in _seen:
        return
    _seen.add(like)
    compose(
        _templates(),
        Draft(
            letter.template,
            {"title": letter.title, "rule": letter.rule, **letter.content},
            letterhead=Letterhead("Example Board", "reviews@board.example", "coordinator@board.example"),
            to=Mailbox("", "somebody@board.example"),
            reference="EX-2018-0001",
            notice=letter.notice,
            number=letter.number,
            at=datetime.combine(datetime(2018, 9, 5), time(9), UTC),
        ),
    )
