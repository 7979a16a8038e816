"""The regime of serious case reviews: each deadline leads to the step that meets it, and to who is responsible."""

from __future__ import annotations

from datetime import date

import pytest

from models.directory import Acting, Appointment, Directory, Organisation, Person
from models.responsible import answers_for, named_in, organisation_of, responsible_words
from models.sections.clocks import ANY_TIME, STAGES
from models.serious_case_reviews import SERIOUS_CASE_REVIEWS, STEPS
from models.tasks import clocks_of_stage, stage_of_step, steps_of_stage

REGIME = SERIOUS_CASE_REVIEWS
TODAY = date(2019, 3, 1)
BOARD = Directory(
    board="A Board",
    organisations=(Organisation(id="hospital", name="Hospital Trust"),),
    people=(Person(id="ann", name="Ann", email="a@x.example"), Person(id="bob", name="Bob", email="b@x.example")),
    appointments=(
        Appointment(role="chair", person="ann", until=date(2019, 2, 28)),
        Appointment(role="safeguarding_lead", person="ann", organisation="hospital"),
        Appointment(role="board_member", person="bob", organisation="hospital"),
    ),
    acting=(Acting(role="chair", person="bob", since=date(2019, 3, 1), until=date(2019, 3, 2)),),
)


def test_every_clock_leads_to_a_step_with_the_fields_it_names_or_to_none() -> None:
    for clock in SERIOUS_CASE_REVIEWS.clocks:
        found = REGIME.met_by(clock, f"{clock}:one:two:three")
        if found is not None:
            assert found.fields.keys() <= STEPS[found.step].model_fields.keys(), clock


def test_every_step_belongs_to_one_stage_or_to_none() -> None:
    told = [step for stage in STAGES for step in steps_of_stage(REGIME, stage)]
    assert sorted([*told, *ANY_TIME]) == sorted(STEPS)
    assert stage_of_step(REGIME, "decision") == stage_of_step(REGIME, "panel_advised") == "deciding"
    assert (stage_of_step(REGIME, "copy_supplied"), stage_of_step(REGIME, "reopened")) == ("follow-up", "closed")
    assert {stage_of_step(REGIME, step) for step in (*ANY_TIME, "address_corrected")} == {""}


def test_every_clock_is_somebodys_task() -> None:
    assert {clock for stage in STAGES for clock in clocks_of_stage(stage)} == set(SERIOUS_CASE_REVIEWS.clocks)


@pytest.mark.parametrize(
    ("clock", "key", "step", "fields"),
    [
        ("decision", "decision", "decision", {}),
        ("action_done", "action_done:a-1", "action_done", {"action": "a-1"}),
        ("conflict_resolved", "conflict_resolved:r:o", "conflict_resolved", {"reviewer": "r", "organisation": "o"}),
        ("proceedings_checked", "proceedings_checked:p:2019-03-01", "proceedings_recorded", {"proceedings": "p"}),
        ("family_invited", "family_invited", "family_invited", {}),
        ("staff_informed", "staff_informed:o", "staff_informed", {"organisation": "o", "about": "the review"}),
    ],
)
def test_what_the_deadline_knows_is_filled_in(clock: str, key: str, step: str, fields: dict[str, str]) -> None:
    found = REGIME.met_by(clock, key)
    assert found is not None and (found.step, dict(found.fields)) == (step, fields)


def test_what_a_letter_or_time_meets_has_no_step() -> None:
    assert REGIME.met_by("panel_copy", "panel_copy:x") is None and REGIME.met_by("a_clock_of_later", "x") is None


def test_letters_meet_what_no_step_and_no_time_meets() -> None:
    of_time = {"notify_board", "year_on_website"}
    assert {name for name, clock in SERIOUS_CASE_REVIEWS.clocks.items() if clock.by_letters} == {
        name for name, clock in SERIOUS_CASE_REVIEWS.clocks.items() if not clock.step and name not in of_time
    }


@pytest.mark.parametrize(
    ("responsible", "words"),
    [
        ("coordinator", "The coordinator"),
        ("ofsted", "Ofsted"),
        ("lead:hospital", "Hospital Trust, its safeguarding lead"),
        ("board_member:unknown", "unknown, its board member"),
        ("person:bob", "Bob"),
        ("peer:c-1", "The Chair of another board"),
    ],
)
def test_who_is_responsible_is_told_in_words(responsible: str, words: str) -> None:
    assert responsible_words(responsible, named_in(BOARD)) == words


def test_whose_work_it_is_follows_the_account_and_the_directory_of_the_day() -> None:
    assert answers_for(frozenset({"coordinator"}), "", "", BOARD, TODAY) == {"coordinator"}
    assert answers_for(frozenset({"auditor"}), "", "", None, TODAY) == frozenset()
    member = answers_for(frozenset({"board_member"}), "hospital", "bob", BOARD, TODAY)
    assert member == {"lead:hospital", "board_member:hospital", "person:bob", "chair"}
    assert answers_for(frozenset(), "", "ann", BOARD, TODAY) == {"person:ann", "lead:hospital"}
    assert organisation_of("lead:hospital") == "hospital" and organisation_of("peer:hospital") == ""
