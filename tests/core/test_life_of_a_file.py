"""The table of a file's life, held against the lives of every scenario and of a few more files, played in the core."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from models.contract import Incoming
from models.days import LONDON
from models.sections.life import MOVES, POSSIBLE
from models.serious_case_reviews import SERIOUS_CASE_REVIEWS, STEPS
from models.step import ready_refusals
from models.world import Surroundings
from running.rehearsals.scenario import PlayedStep, document_fields, read_scenario
from running.rulebooks import read_shelf

from .case import HARMED, Answered, Case
from .lives import decided, learned, published, ready_to_publish, signed_off, today

ROOT = Path(__file__).resolve().parents[2]
STAGES = [stage.name for stage in SERIOUS_CASE_REVIEWS.stages]


@dataclass
class Lived(Case):
    """A case that notes what leads it from stage to stage, and which steps can be recorded in each."""

    moves: set[tuple[str, str, str]] = field(default_factory=set)
    possible: set[tuple[str, str]] = field(default_factory=set)

    def _ask(self, *incoming: Incoming) -> Answered:
        before = self.state.stage
        answered = super()._ask(*incoming)
        after = self.state.stage
        if before not in ("", after):
            self.moves.add((before, incoming[0].name or incoming[0].kind, after))
        if incoming[0].kind == "step":
            file = self.file
            untold = ((name, kind) for name, kind in STEPS.items() if (name, after) not in self.possible)
            self.possible |= {(name, after) for name, kind in untold if not any(ready_refusals(kind, file, self.world))}
        return answered


def of_scenario(path: Path) -> Lived:
    """The life of a scenario's file."""
    shelf = read_shelf(ROOT / "rulebooks")
    scenario = read_scenario(path, shelf)
    shelf[scenario.rulebook.name] = scenario.rulebook
    rulebooks = {name: rules.model_dump(mode="json") for name, rules in shelf.items()}
    around = Surroundings(scenario.directory, rulebooks, frozenset())
    case = Lived.start(scenario.opening, scenario.opened_at, scenario.rulebook, around)
    assert isinstance(case, Lived)
    for step in scenario.steps:
        at = step.at.astimezone(LONDON)
        case.until(at.date(), at.time())
        case._ask(Incoming("step", name=step.name, body=_with_digests(step), source="update"))
    return case


def _with_digests(step: PlayedStep) -> dict[str, Any]:
    texts = {name: step.body[name] for name in document_fields(step.kind) if isinstance(step.body.get(name), str)}
    return {**step.body, **{name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}}


def _met() -> Lived:
    return Lived.opened(organisations=("hospital", "school"))  # type: ignore[return-value]


def _not_met() -> Lived:
    """A Serious Case Review is held though no criterion is met."""
    case = Lived.opened(HARMED, concern="no", organisations=("hospital", "school"))
    decided(case, choice="SCR, criteria not met")
    return case  # type: ignore[return-value]


def of_a_report_that_is_learned_from_first() -> Lived:
    """Learning is finished when the report is published; a copy is asked for; it is taken down and restored."""
    published(learned(signed_off(case := _met())), on="2019-05-01")
    case.step("copy_requested", "2019-05-07", request="c-1", asked_by="A university")
    case.step("report_withdrawn", ordered_by="The High Court", ground="a court order", reasons="An order.")
    case.step("court_restriction_set", restriction="order-1", court="The High Court")
    return case


def of_a_report_taken_down() -> Lived:
    """While the board still learns from it."""
    published(case := _met())
    case.step("copy_requested", "2019-05-07", request="c-1", asked_by="A university")
    case.step("report_withdrawn", ordered_by="The High Court", ground="a court order", reasons="An order.")
    case.step("outcome_shared", outcome="Night cover was too thin.")
    return case


def of_a_report_that_need_not_be_published() -> Lived:
    """It is decided not to publish it, then to publish it."""
    signed_off(case := _not_met())
    case.step("non_publication_proposed", reasons="A child would be found.")
    case.until("2019-05-01")
    fields: dict[str, Any] = {"decided_by": "chair", "reasons": "A child would be found.", "no_advice_received": True}
    case.step("non_publication_decided", publish=False, **fields)
    case.step("non_publication_decided", publish=True, **fields)
    return case


def of_a_report_published_though_it_need_not_be() -> Lived:
    """The board fixes a date all the same."""
    ready_to_publish(case := _not_met())
    case.step("publication_fixed", publish_on="2019-04-01")
    return case


def of_criteria_met_after_all() -> Lived:
    """A fact is corrected once the report is signed off."""
    signed_off(case := _not_met())
    case.step("facts_corrected", reason="It was found out.", concern_about_joint_working="yes")
    case.step(
        "decision_revisited", because="The facts.", choice="SCR, criteria met", decided_by="chair", reasons="The facts."
    )
    return case


def of_learning_that_ends_with_the_event() -> Lived:
    """The last of the four that learning asks for."""
    published(case := _met())
    case.step("learning_event_planned", event="event-1", planned_for=today(case), audience="Practitioners")
    case.step("learning_considered", learning="Night cover.")
    case.step("training_changed", change="A day on night cover.")
    case.step("bulletin_approved", document="e" * 64, approved_by="The sub-group")
    case.step("learning_event_held", event="event-1", attendance={"hospital": 12, "school": 5})
    return case


@cache
def lives() -> tuple[Lived, ...]:
    """All of them."""
    more = (
        of_learning_that_ends_with_the_event,
        of_a_report_that_is_learned_from_first,
        of_a_report_taken_down,
        of_a_report_that_need_not_be_published,
        of_a_report_published_though_it_need_not_be,
        of_criteria_met_after_all,
    )
    scenarios = sorted((ROOT / "scenarios").glob("*.yaml"))
    return (*(of_scenario(path) for path in scenarios), *(life() for life in more))


def test_every_move_from_stage_to_stage_is_in_the_table() -> None:
    told = {(of, move.step, move.to) for move in MOVES for of in move.of}
    seen = {move for life in lives() for move in life.moves}
    assert (
        sorted((of, step, to) for of, step, to in seen if (of, step, to) not in told and (of, step, "") not in told)
        == []
    )


def test_every_row_of_the_moves_has_happened_on_some_file() -> None:
    seen = {move for life in lives() for move in life.moves}
    never = [
        move
        for move in MOVES
        if not any(step == move.step and of in move.of and to in (move.to or to) for of, step, to in seen)
    ]
    assert never == []


def test_the_table_says_in_which_stages_each_step_can_be_recorded() -> None:
    seen = {pair for life in lives() for pair in life.possible}
    told = {(name, stage) for name, stages in POSSIBLE.items() for stage in stages}
    assert list(POSSIBLE) == list(dict.fromkeys(POSSIBLE)) and POSSIBLE.keys() == STEPS.keys()
    assert (sorted(seen - told), sorted(told - seen)) == ([], [])


def test_the_docs_show_the_table() -> None:
    page = (ROOT / "docs" / "life-of-a-file.md").read_text(encoding="utf-8")
    moves = [
        f"| {', '.join(move.of)} | {STEPS[move.step].label} (`{move.step}`) | {move.to or 'see right'} | {move.when} |"
        for move in MOVES
    ]
    steps = [
        f"| `{name}` | " + " | ".join("●" if stage in stages else "" for stage in STAGES) + " |"
        for name, stages in POSSIBLE.items()
    ]
    assert [line for line in (*moves, *steps) if line not in page.splitlines()] == []
    assert page.count("\n| `") == len(STEPS)
