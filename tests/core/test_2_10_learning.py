"""2.10 Sharing learning: events, training, bulletins, and the outcome shared with partners."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .case import HARMED, PAPER, Case, directory
from .lives import decided, drafted, learned, met, not_met, planned, published, signed_off, why_not

EVENT: dict[str, Any] = {"event": "event-1", "attendance": {"hospital": 12, "school": 5}}
SCHOOL = {"id": "school", "name": "Example School"}


def another() -> Case:
    """A Partnership Case Review whose report is signed off."""
    return signed_off(decided(not_met(), "alternative review", kind="Partnership Case Review"))


def event_planned(case: Case, on: str = "2019-04-01", planned_for: str = "2019-06-03") -> Case:
    """A learning event is planned."""
    case.step("learning_event_planned", on, event="event-1", planned_for=planned_for, audience="Practitioners")
    return case


# When


@pytest.mark.rule("2.10a", "2.10b", "2.10c", "2.10d")
def test_the_learning_of_a_serious_case_review_is_shared_from_publication_on() -> None:
    clocks = ("learning_event", "learning_considered", "training_changed", "bulletin_approved")
    case = signed_off()
    assert not [key for key in case.deadlines if key.startswith((*clocks, "learning_taken_forward"))]
    published(case)
    assert {key: str(case.due(key)) for key in (*clocks, "learning_taken_forward:hospital")} == {
        "learning_event": "2019-07-01",
        "learning_considered": "2019-06-01",
        "training_changed": "2019-07-01",
        "bulletin_approved": "2019-06-01",
        "learning_taken_forward:hospital": "2019-10-01",
    }


@pytest.mark.rule("2.10a")
def test_a_review_that_need_not_be_published_shares_its_learning_from_the_sign_off_on() -> None:
    case = signed_off(decided(not_met(), "SCR, criteria not met"))
    assert str(case.due("learning_event")) == "2019-06-04"
    # A deadline that may have passed by then is not quietly moved.
    published(case, on="2019-06-11")
    assert str(case.due("learning_event")) == "2019-06-04"


@pytest.mark.rule("2.10a")
def test_a_review_that_needs_no_publication_any_more_shares_its_learning_from_that_decision_on() -> None:
    case = signed_off(decided(Case.opened(HARMED, concern="yes", organisations=("hospital", "school"))))
    assert "learning_event" not in case.deadlines
    case.step("facts_corrected", "2019-03-11", reason="They worked well.", concern_about_joint_working="no")
    again = {"decided_by": "chair", "reasons": "By the finding.", "because": "The finding changed."}
    case.step("decision_revisited", "2019-03-12", choice="SCR, criteria not met", **again)
    assert str(case.due("learning_event")) == "2019-06-12"
    case.step("facts_corrected", "2019-03-13", reason="Joint working.", concern_about_joint_working="yes")
    case.step("decision_revisited", "2019-03-14", choice="SCR, criteria met", **again)
    assert str(case.due("learning_event")) == "2019-06-12"


@pytest.mark.rule("2.10a", "2.10b", "2.10c", "2.10d", "2.10e")
def test_of_a_review_below_the_threshold_only_the_outcome_must_be_shared() -> None:
    case = another()
    assert [key for key, d in case.deadlines.items() if d.rule.startswith("2.10")] == ["outcome_shared"]
    assert "2.10a" not in [rule for rule, _ in why_not(case, "closed")]


@pytest.mark.rule("2.10a", "2.10b", "2.10c", "2.10d", "2.10e")
def test_a_serious_case_review_is_not_closed_before_its_learning_is_shared() -> None:
    case = published()
    rules = {rule for rule, _ in why_not(case, "closed")}
    assert {"2.10a", "2.10b", "2.10c", "2.10d", "2.10e"} <= rules
    learned(case)
    assert not [rule for rule, _ in why_not(case, "closed") if rule.startswith("2.10")]


# 2.10a: learning events


@pytest.mark.rule("2.10a")
def test_the_lead_reviewers_commission_says_that_a_learning_event_is_held() -> None:
    case = decided()
    fields: dict[str, Any] = {
        "reviewer": "r-1",
        "reviewer_name": "Reviewer One",
        "qualification": "Many.",
        "not_involved": True,
    }
    refusal = case.refused("reviewer_named", **fields)
    assert (refusal.rule, refusal.field) == ("2.10a", "commission_includes_event")
    case.step("reviewer_named", **fields, commission_includes_event=True)
    assert case.file.learning.commission_includes_event


@pytest.mark.rule("2.10a")
def test_an_event_is_planned_and_held_with_attendance_by_organisation() -> None:
    case = event_planned(published())
    assert case.deadlines["learning_event"].open
    case.step("learning_event_held", "2019-06-03", **EVENT)
    assert case.deadlines["learning_event"].met_on == date(2019, 6, 3)
    assert case.record[-1].body["attendance"] == {"hospital": 12, "school": 5}


@pytest.mark.rule("2.10a")
def test_a_second_event_does_not_make_the_first_late() -> None:
    case = event_planned(published())
    case.step("learning_event_held", "2019-06-03", **EVENT)
    case.step("learning_event_planned", event="event-2", planned_for="2019-10-07", audience="Schools")
    case.step("learning_event_held", "2019-10-07", **{**EVENT, "event": "event-2"})
    assert not case.deadlines["learning_event"].late


@pytest.mark.rule("2.10a")
def test_a_learning_event_that_is_not_held_is_chased() -> None:
    case = event_planned(published(), planned_for="2019-06-28").until("2019-07-10")
    assert [line["at"][:10] for line in case.told("reminded", deadline="learning_event")] == ["2019-06-24"]
    assert [line["to"] for line in case.told("escalated", deadline="learning_event")] == ["coordinator", "chair"]


@pytest.mark.rule("2.10a")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"event": "event-9"}, "event"),
        ({"attendance": {}}, "attendance"),
        ({"attendance": {"hospital": 12}}, "attendance"),
        ({"attendance": {"hospital": 12, "school": 0}}, "attendance"),
        ({"attendance": {"hospital": 12, "school": 5, "police": -1}}, "attendance"),
        ({"on": "2019-03-03"}, "happened_on"),
    ],
)
def test_an_event_is_held_by_more_than_one_agency_after_the_findings(fields: dict[str, Any], field: str) -> None:
    case = event_planned(published()).until("2019-06-03")
    refusal = case.refused("learning_event_held", **{**EVENT, **fields})
    assert (refusal.rule, (refusal.field or "").partition(".")[0]) == ("2.10a", field)


@pytest.mark.rule("2.10a")
def test_an_event_is_held_once_and_only_when_there_are_findings() -> None:
    case = event_planned(drafted(), on="2019-02-18")
    assert case.refused("learning_event_held", **EVENT).rule == "2.10a"
    signed_off(case)
    case.step("learning_event_held", "2019-03-05", **EVENT)
    assert case.refused("learning_event_held", **EVENT).rule == "2.10a"


@pytest.mark.rule("2.10a")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"event": "event-1"}, "event"),
        ({"planned_for": "2019-04-01"}, "planned_for"),
        ({"audience": ""}, "audience"),
        ({"on": "2018-09-19"}, "happened_on"),
    ],
)
def test_an_event_is_planned_for_a_day_ahead_under_its_own_name(fields: dict[str, str], field: str) -> None:
    case = event_planned(published()).until("2019-04-02")
    good = {"event": "event-2", "planned_for": "2019-06-03", "audience": "Schools"}
    refusal = case.refused("learning_event_planned", **{**good, **fields})
    assert (refusal.rule, refusal.field) == ("2.10a", field)


@pytest.mark.rule("2.10a")
def test_no_event_is_planned_for_a_review_that_is_not_held() -> None:
    fields = {"event": "event-1", "planned_for": "2019-06-03", "audience": "Schools"}
    assert met().refused("learning_event_planned", **fields).rule == "2.10a"


# 2.10b: the training programme


@pytest.mark.rule("2.10b")
def test_the_sub_group_considers_the_findings_and_then_the_training_programme_changes() -> None:
    case = published()
    change = {"change": "A day on night cover."}
    refusal = case.refused("training_changed", **change)
    assert (refusal.rule, "“The sub-group considered the findings”" in refusal.reason) == ("2.10b", True)
    case.step("learning_considered", "2019-05-07", learning="Night cover.")
    assert case.deadlines["learning_considered"].met_on == date(2019, 5, 7)
    assert str(case.due("training_changed")) == "2019-08-07"
    assert case.refused("training_changed", "2019-05-06", **change).field == "happened_on"
    case.step("training_changed", "2019-06-10", **change)
    assert case.deadlines["training_changed"].met_on == date(2019, 6, 10)
    case.step("training_changed", "2019-12-02", change="An hour online, too.")
    assert case.deadlines["training_changed"].met_on == date(2019, 6, 10)


@pytest.mark.rule("2.10b")
def test_findings_are_considered_once_there_are_any_and_once() -> None:
    learning = {"learning": "Night cover."}
    assert drafted().refused("learning_considered", **learning).rule == "2.10b"
    case = signed_off()
    assert case.refused("learning_considered", "2019-03-03", **learning).field == "happened_on"
    assert case.refused("learning_considered").field == "learning"
    case.step("learning_considered", **learning)
    assert case.refused("learning_considered", **learning).rule == "2.10b"


@pytest.mark.rule("2.10b")
def test_findings_that_are_not_considered_are_chased() -> None:
    case = published().until("2019-06-10")
    assert [line["to"] for line in case.told("escalated", deadline="learning_considered")] == ["coordinator", "chair"]


# 2.10c: partners' own training


@pytest.mark.rule("2.10c")
def test_each_organisation_takes_the_learning_forward_and_confirms() -> None:
    case = published()
    case.step("learning_taken_forward", "2019-06-03", organisation="hospital", how="At its conference.")
    assert case.deadlines["learning_taken_forward:hospital"].met_on == date(2019, 6, 3)
    case.until("2019-10-10")
    key = "learning_taken_forward:school"
    assert {line["to"] for line in case.told("reminded", deadline=key)} == {"lead:school"}
    assert [line["to"] for line in case.told("escalated", deadline=key)] == ["board_member:school", "chair"]


@pytest.mark.rule("2.10c")
def test_the_learning_is_taken_forward_once_by_an_organisation_on_the_file_after_the_findings() -> None:
    how = {"how": "At its conference."}
    assert drafted().refused("learning_taken_forward", organisation="hospital", **how).rule == "2.10c"
    case = signed_off()
    assert case.refused("learning_taken_forward", organisation="police", **how).field == "organisation"
    assert case.refused("learning_taken_forward", "2019-03-03", organisation="hospital", **how).field == "happened_on"
    assert case.refused("learning_taken_forward", organisation="hospital").field == "how"
    case.step("learning_taken_forward", organisation="hospital", **how)
    assert case.refused("learning_taken_forward", organisation="hospital", **how).rule == "2.10c"


# 2.10d: bulletins


@pytest.mark.rule("2.10d")
def test_an_approved_bulletin_goes_to_every_partner_on_the_file_as_an_attachment() -> None:
    case = published()
    case.step("bulletin_approved", "2019-05-07", document=PAPER, approved_by="The sub-group")
    letters = case.sent("bulletin:")
    assert [(letter.to, letter.template, letter.rule) for letter in letters] == [
        ("lead:hospital", "bulletin", "2.10d"),
        ("lead:school", "bulletin", "2.10d"),
    ]
    assert all(letter.documents == [PAPER] and letter.content == {} for letter in letters)
    assert case.deadlines["bulletin_approved"].met_on == date(2019, 5, 7)
    case.step("bulletin_approved", "2019-09-02", document="e" * 64, approved_by="The sub-group")
    assert len(case.sent("bulletin:")) == 4


@pytest.mark.rule("2.10d")
def test_a_partner_added_later_gets_the_bulletin_too() -> None:
    case = published(signed_off(decided(Case.opened())))
    case.step("bulletin_approved", "2019-05-07", document=PAPER, approved_by="The sub-group")
    case.step("organisation_added", "2019-06-03", organisation=SCHOOL)
    assert [letter.to for letter in case.sent("bulletin:")] == ["lead:hospital", "lead:school"]


@pytest.mark.rule("2.10d")
def test_a_bulletin_that_does_not_come_is_chased() -> None:
    case = published().until("2019-06-10")
    assert [line["to"] for line in case.told("escalated", deadline="bulletin_approved")] == ["coordinator", "chair"]


@pytest.mark.rule("2.10d")
def test_a_bulletin_is_drafted_from_findings_and_approved_by_somebody() -> None:
    bulletin = {"document": PAPER, "approved_by": "The sub-group"}
    assert drafted().refused("bulletin_approved", **bulletin).rule == "2.10d"
    case = signed_off()
    assert case.refused("bulletin_approved", "2019-03-03", **bulletin).field == "happened_on"
    assert case.refused("bulletin_approved", document=PAPER).field == "approved_by"
    assert case.refused("bulletin_approved", document="bulletin.pdf", approved_by="Them").field == "document"
    assert not case.sent("bulletin:")


# 2.10e: the outcome, of any review


@pytest.mark.rule("2.10e")
@pytest.mark.parametrize("review", [signed_off, another])
def test_the_outcome_of_any_review_is_shared_with_partners_on_completion(review: Any) -> None:
    case = review()
    assert str(case.due("outcome_shared")) == "2019-04-01"
    case.step("outcome_shared", "2019-03-18", outcome="Night cover was too thin.")
    assert case.deadlines["outcome_shared"].met_on == date(2019, 3, 18)
    letters = case.sent("outcome:")
    assert [(letter.to, letter.template, letter.rule) for letter in letters] == [
        ("lead:hospital", "outcome", "2.10e"),
        ("lead:school", "outcome", "2.10e"),
    ]
    assert all(letter.content == {"outcome": "Night cover was too thin."} for letter in letters)


@pytest.mark.rule("2.10e")
def test_each_partner_confirms_that_it_has_the_outcome() -> None:
    case = another()
    assert case.refused("outcome_confirmed", organisation="hospital").rule == "2.10e"
    case.step("outcome_shared", "2019-03-18", outcome="Night cover was too thin.")
    assert str(case.due("outcome_confirmed:hospital")) == "2019-04-15"
    assert case.refused("outcome_confirmed", organisation="police").field == "organisation"
    assert case.refused("outcome_confirmed", "2019-03-17", organisation="hospital").field == "happened_on"
    case.step("outcome_confirmed", "2019-03-25", organisation="hospital")
    assert case.refused("outcome_confirmed", organisation="hospital").rule == "2.10e"
    case.until("2019-04-23")
    key = "outcome_confirmed:school"
    assert [line["to"] for line in case.told("escalated", deadline=key)] == ["board_member:school", "chair"]
    assert not case.told("escalated", deadline="outcome_confirmed:hospital")


@pytest.mark.rule("2.10e")
def test_an_outcome_that_is_not_shared_is_chased_and_a_partner_added_later_gets_it() -> None:
    case = signed_off(decided(Case.opened())).until("2019-04-10")
    assert [line["to"] for line in case.told("escalated", deadline="outcome_shared")] == ["coordinator", "chair"]
    case.step("outcome_shared", outcome="Night cover was too thin.")
    assert case.deadlines["outcome_shared"].late
    case.step("organisation_added", "2019-06-03", organisation=SCHOOL)
    assert [letter.to for letter in case.sent("outcome:")] == ["lead:hospital", "lead:school"]
    assert str(case.due("outcome_confirmed:school")) == "2019-07-01"


@pytest.mark.rule("2.10e")
def test_the_outcome_is_shared_once_names_nobody_and_follows_the_sign_off() -> None:
    outcome = {"outcome": "Night cover was too thin."}
    assert drafted().refused("outcome_shared", **outcome).rule == "2.10e"
    case = signed_off()
    assert case.refused("outcome_shared", outcome="Child-1 waited all night.").field == "outcome"
    assert case.refused("outcome_shared", "2019-03-03", **outcome).field == "happened_on"
    assert not case.sent("outcome:")
    case.step("outcome_shared", **outcome)
    assert case.refused("outcome_shared", **outcome).rule == "2.10e"


@pytest.mark.rule("2.8b", "2.9f", "2.9g", "2.10d", "2.10e")
def test_no_letter_of_a_published_review_holds_anything_of_the_child() -> None:
    case = learned(published(planned()))
    child = case.file.children["child-1"]
    assert len(case.letters) > 15
    for letter in case.letters:
        text = f"{letter.notice} {letter.title} {letter.content}"
        assert not [fact for fact in ("child-1", str(child.born_on), str(child.died_on)) if fact in text]


# Partners are all of the board's, not only those on the file.


@pytest.mark.rule("2.10d", "2.10e")
def test_a_bulletin_and_the_outcome_go_to_every_partner_of_the_boards_directory() -> None:
    case = signed_off(decided(Case.opened()))
    case.step("bulletin_approved", document=PAPER, approved_by="The sub-group")
    assert sorted(letter.to for letter in case.sent("bulletin:")) == ["lead:hospital", "lead:school"]
    case.step("outcome_shared", outcome="Night cover was too thin.")
    assert sorted(letter.to for letter in case.sent("outcome:")) == ["lead:hospital", "lead:school"]
    # Whoever was involved confirms it; the others have it for their own work.
    assert "outcome_confirmed:hospital" in case.deadlines and "outcome_confirmed:school" not in case.deadlines


@pytest.mark.rule("2.10d")
def test_a_partner_with_no_safeguarding_lead_in_the_directory_is_not_written_to_and_later_ones_change_nothing() -> None:
    case = signed_off(decided(Case.opened()))
    whole = directory()
    led = tuple(one for one in whole.appointments if one.organisation != "school")
    case.directory = whole.model_copy(update={"appointments": led})
    case.step("bulletin_approved", document=PAPER, approved_by="The sub-group")
    case.directory = whole
    case.until("2019-05-01").look()
    assert [letter.to for letter in case.sent("bulletin:")] == ["lead:hospital"]


@pytest.mark.rule("2.10d", "2.10e")
def test_without_a_directory_nothing_goes_to_partners_whom_nobody_can_name() -> None:
    case = published(signed_off())
    case.directory = None
    bulletin = case.refused("bulletin_approved", document=PAPER, approved_by="The Chair")
    outcome = case.refused("outcome_shared", outcome="What was learned.")
    assert (bulletin.rule, outcome.rule) == ("2.10d", "2.10e")
    assert "no directory yet" in bulletin.reason and "no directory yet" in outcome.reason
