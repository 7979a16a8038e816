"""A record is read for years: by later releases, with what earlier ones wrote, and always to the same file."""

from __future__ import annotations

from typing import Any

import pytest

from models.fold import UnreadableEntryError, apply, fold, rests_on
from models.record import Entry, Refusal
from models.serious_case_reviews import STEPS
from models.step import read_step

from .case import Case
from .lives import decided, drafted, published

NOTE: dict[str, Any] = {"id": "n-1", "recorded_by": "a", "happened_on": "2018-09-05", "text": "A note."}


def with_entry(case: Case, name: str, body: dict[str, Any], source: Any = "update") -> list[Entry]:
    """The record with one more entry, whatever it says."""
    return [*case.record, Entry(name, body, str(body.get("id", "x")), source, case.now)]


def test_a_field_that_a_later_release_gave_up_does_not_make_a_record_unreadable() -> None:
    case = Case.opened()
    assert fold(with_entry(case, "note_added", {**NOTE, "mood": "sombre"})).ids["n-1"] == "note_added"
    opening = Entry.read(case.record[0].plain())
    older = Entry("opened", {**opening.body, "form": "B12"}, opening.id, "start", opening.recorded_at)
    assert fold([older, *case.record[1:]]).reference == case.file.reference


def test_what_is_read_back_is_what_was_taken() -> None:
    for entry in published().record:
        if entry.is_fact or entry.name == "opened":
            continue
        taken = read_step(STEPS[entry.name], entry.body)
        assert not isinstance(taken, Refusal)
        assert STEPS[entry.name].model_validate(entry.body, strict=False, extra="ignore") == taken


@pytest.mark.parametrize(
    ("name", "body", "source"),
    [
        ("of_a_later_release", NOTE, "update"),
        ("of_a_later_release", {}, "shell"),
        ("note_added", {"id": "n-1"}, "update"),
    ],
)
def test_what_only_a_newer_release_can_read_is_said_plainly(name: str, body: dict[str, Any], source: str) -> None:
    with pytest.raises(UnreadableEntryError, match=r"of_a_later_release|cannot be read: recorded_by is missing"):
        fold(with_entry(Case.opened(), name, body, source))


def test_folded_step_by_step_it_is_the_same_file() -> None:
    case = published()
    case.step("struck_out", step=case.step("note_added", text="A slip.")["id"], reason="R")
    struck = {entry.body["step"] for entry in case.record if entry.name == "struck_out"}
    file = fold(case.record[:2])
    for entry in case.record[2:]:
        apply(file, entry, struck)
    assert file == case.file


def test_what_rests_on_a_step_is_the_first_that_could_not_have_been_recorded_without_it() -> None:
    case = decided()
    decision = case.file.decisions[0].id
    note = case.step("note_added", text="Unrelated.")
    scope = case.step("scope_set", scope="standard", reasons="R")
    case.step("model_chosen", **{name: "By design." for name in PRINCIPLES}, model="Root Cause Analysis")
    world = case.world
    assert rests_on(case.record, decision, world) == scope["id"]
    assert rests_on(case.record, note["id"], world) is None


PRINCIPLES = (
    *("recognises_complexity", "seeks_underlying_reasons", "viewpoint_at_the_time", "transparent", "uses_research"),
)


def test_a_step_that_was_struck_out_itself_holds_nothing() -> None:
    case = decided()
    decision = case.file.decisions[0].id
    scope = case.step("scope_set", scope="standard", reasons="R")
    case.step("struck_out", step=scope["id"], reason="R")
    assert rests_on(case.record, decision, case.world) is None


def test_what_todays_rules_would_refuse_either_way_still_holds_the_step_that_it_changes() -> None:
    case = drafted()
    # By an earlier release: an answer that today's check refuses, as it was given before the invitation.
    early = {"id": "old-1", "recorded_by": "a", "happened_on": "2018-09-06", "member": "parent-1", "answer": "declines"}
    case.state.record = [entry.plain() for entry in with_entry(case, "family_answered", early)]
    case.known = None
    invited = next(entry.id for entry in case.record if entry.name == "family_invited")
    later = next(entry.id for entry in case.record if entry.name == "family_answered")
    struck = case.step("struck_out", step=later, reason="R")
    assert struck["body"]["step"] == later
    assert rests_on(case.record, invited, case.world) == "old-1"
