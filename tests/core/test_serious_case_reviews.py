"""Every deadline leads to the step that meets it, and to who is responsible, in words."""

from __future__ import annotations

from datetime import date

import pytest

from models.catalogue import STEPS
from models.directory import Acting, Appointment, Directory, Organisation, Person
from models.meets import STEP_FOR, met_by
from models.responsible import answers_for, named_in, organisation_of, responsible_words
from models.rulebook import CLOCKS
from models.tasks import FURTHER, TASKS, stage_of_step, steps_of_stage
from models.view import STAGES

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
    assert set(STEP_FOR) == set(CLOCKS)
    for clock in CLOCKS:
        found = met_by(clock, f"{clock}:one:two:three")
        if found is not None:
            assert found.fields.keys() <= STEPS[found.step].model_fields.keys(), clock


def test_every_step_belongs_to_one_stage_or_to_none() -> None:
    told = [step for stage in FURTHER for step in steps_of_stage(stage)]
    assert sorted(told) == sorted(STEPS) and set(FURTHER) == {*STAGES, ""}
    assert (stage_of_step("decision"), stage_of_step("copy_supplied")) == ("deciding", "follow-up")
    assert (stage_of_step("address_corrected"), stage_of_step("panel_advised")) == ("", "deciding")


def test_every_clock_is_somebodys_task() -> None:
    assert {clock for _, _, kinds in TASKS for kind in kinds for clock in kind.clocks} == set(CLOCKS)


@pytest.mark.parametrize(
    ("clock", "key", "step", "fields"),
    [
        ("decision", "decision", "decision", {}),
        ("action_done", "action_done:a-1", "action_done", {"action": "a-1"}),
        ("conflict_resolved", "conflict_resolved:r:o", "conflict_resolved", {"reviewer": "r", "organisation": "o"}),
        ("proceedings_checked", "proceedings_checked:p:2019-03-01", "proceedings_recorded", {"proceedings": "p"}),
        ("family_invited", "family_invited", "family_invited", {}),
        ("staff_informed", "staff_informed:o", "staff_informed", {"organisation": "o", "told": "of the review"}),
    ],
)
def test_what_the_deadline_knows_is_filled_in(clock: str, key: str, step: str, fields: dict[str, str]) -> None:
    found = met_by(clock, key)
    assert found is not None and (found.step, dict(found.fields)) == (step, fields)


def test_what_a_letter_or_time_meets_has_no_step() -> None:
    assert met_by("panel_copy", "panel_copy:x") is None and met_by("a_clock_of_later", "x") is None


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
