"""A file's history in words: whom and what a step is about is called by name, and never by an identifier."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.project import project
from models.timeline import Moment, timeline

from . import lives
from .case import Case


def told(case: Case) -> list[Moment]:
    """The history of a file, the last thing last."""
    stored = project(case.record, case.events, 1, case.world)
    return timeline(stored.entries, stored.events, {"hospital": "Hospital Trust"})


def fields(case: Case, title: str) -> dict[str, str]:
    """The fields of the last thing with this title."""
    found = next(moment for moment in reversed(told(case)) if moment.title == title)
    return {field.label: field.value for field in found.fields}


def test_an_opening_tells_each_child_and_each_organisation_by_what_people_call_it() -> None:
    opening = fields(lives.met(), "The file was opened")
    assert opening["Child 1: Area of normal residence"] == "Hertfordshire"
    assert opening["Child 1: What happened to the child"] == "Died"
    assert "child-1" not in str(opening)
    assert opening["Organisations involved"] == "Example Hospital Trust, Example School"
    assert {"The authority became aware on", "The board was notified on"} <= set(opening)


def test_within_a_second_the_opening_comes_first_then_what_was_recorded_then_what_came_of_it() -> None:
    case = lives.met()
    case.step("note_added", "2018-09-05", text="The first call was returned.")
    at = case.record[0].recorded_at
    case.state.record = [replace(entry, recorded_at=at).plain() for entry in case.record]
    case.state.events = [{**event, "at": case.events[0]["at"]} for event in case.events]
    titles = [moment.title for moment in told(case) if moment.at == at]
    assert titles[:2] == ["The file was opened", "A note was added"]


def test_a_choice_begins_like_a_sentence_and_what_was_typed_stays_as_it_was_typed() -> None:
    case = lives.decided(lives.not_met(), "alternative review", kind="audit of practice")
    decision = fields(case, "A decision was made")
    assert (decision["The decision"], decision["Decided by"]) == ("Alternative review", "chair")


@pytest.mark.rule("2.1e")
def test_a_fact_that_was_unknown_when_it_was_decided_is_called_in_words() -> None:
    case = Case.opened({"id": "child-1", "outcome": "died"})
    facts = ("abuse_or_neglect", "custody", "detained_under_mental_health_act", "deprived_of_liberty", "residence")
    unknown = {f"child-1.{fact}": "not known yet" for fact in (*facts, "born_on", "died_on")}
    lives.decided(case, "no review", unknown_reasons=unknown)
    why = fields(case, "A decision was made")["Why the Chair decided although facts are unknown"]
    assert "Area of normal residence (child 1): not known yet" in why and "child-1" not in why


def test_a_correction_tells_whose_facts_and_which_are_unknown_after_all() -> None:
    case = lives.met()
    case.step("facts_corrected", reason="The inquest.", child="child-1", where="unknown", now_unknown=["born_on"])
    told = fields(case, "Facts of the incident were corrected")
    assert (told["Child"], told["Facts that turned out to be unknown"]) == ("Child 1", "Date of birth")


def test_steps_and_deadlines_that_a_step_is_about_are_called_by_what_they_are() -> None:
    case = lives.decided()
    note = case.step("note_added", text="Of another file.")
    case.step("struck_out", step=note["id"], reason="It was another file's.")
    assert fields(case, "A step was struck out")["Which step"].startswith("A note was added, on ")
    case.step("deadline_extended", deadline="scope_set", new_due="2018-12-01", reason="The group meets later.")
    assert fields(case, "A deadline was extended")["Which deadline"] == "Set the scope of the review"
