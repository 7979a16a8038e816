"""2.5 Reviewers: qualified, independent, known to the panel, and replaced without a day more."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .case import HARMED, Case, rulebook
from .review_steps import (
    REVIEWER,
    SIGN_OFF,
    UNHARMED,
    days,
    decide,
    ready_to_sign,
    says_nothing_of_the_child,
    signed,
    under_review,
    without_incident,
)

SECOND: dict[str, Any] = {**REVIEWER, "reviewer": "lead-2", "reviewer_name": "Sam Sample"}
SCHOOL: dict[str, Any] = {"organisation": {"id": "school", "name": "Example School"}}
STANDS_DOWN: dict[str, Any] = {"reviewer": "lead-1", "reason": "Ill."}
RESOLVED: dict[str, Any] = {"reviewer": "lead-1", "organisation": "school", "how": "The post ended in 2010."}


def declaring(*interests: str) -> dict[str, Any]:
    """A lead reviewer who declares these employers and interests."""
    return {**REVIEWER, "employers_and_interests": list(interests)}


def in_conflict(on: str = "2018-10-01") -> Case:
    """A lead reviewer is in conflict with an organisation that is added on a day."""
    case = under_review()
    case.step("reviewer_named", "2018-09-20", **declaring("Example School (governor until 2010)"))
    case.step("organisation_added", on, **SCHOOL)
    return case


# 2.5a: appointed, and qualified


@pytest.mark.rule("2.5a")
def test_a_lead_reviewer_is_appointed_within_the_boards_own_month() -> None:
    case = under_review()
    deadline = case.deadlines["reviewer_appointed"]
    assert (deadline.rule, deadline.basis, str(deadline.due)) == ("2.5a", "board's own", "2018-10-12")
    case.until("2018-10-27")
    assert days(case, "reminded", "reviewer_appointed") == [(date(2018, 10, 11), "coordinator")]
    assert days(case, "escalated", "reviewer_appointed") == [
        (date(2018, 10, 13), "chair"),
        (date(2018, 10, 27), "chair"),
    ]
    case.step("reviewer_named", "2018-10-27", **REVIEWER)
    assert case.told("deadline_met", deadline="reviewer_appointed", late=True)


@pytest.mark.rule("2.5a")
def test_a_reviewer_who_does_not_lead_fills_no_vacancy() -> None:
    case = under_review()
    case.step("reviewer_named", **{**REVIEWER, "lead": False})
    assert case.deadlines["reviewer_appointed"].open and case.file.leads == []
    case.step("reviewer_named", **SECOND)
    assert not case.deadlines["reviewer_appointed"].open


@pytest.mark.rule("2.5a")
@pytest.mark.parametrize("qualification", [None, "", "  "])
def test_the_qualification_is_recorded(qualification: str | None) -> None:
    fields = {key: value for key, value in REVIEWER.items() if key != "qualification"}
    given = {} if qualification is None else {"qualification": qualification}
    refusal = under_review().refused("reviewer_named", **fields, **given)
    assert (refusal.rule, refusal.field) == ("2.5a", "qualification")


@pytest.mark.rule("2.5a")
def test_the_report_is_not_signed_off_with_nobody_leading() -> None:
    case = ready_to_sign(under_review())
    case.step("reviewer_stood_down", "2018-11-05", **STANDS_DOWN)
    assert case.refused("report_signed_off", **SIGN_OFF).rule == "2.5a"
    case.step("reviewer_named", **SECOND)
    case.step("report_signed_off", **SIGN_OFF)


@pytest.mark.rule("2.5a")
def test_a_reviewer_is_appointed_to_a_review_after_its_beginning_and_under_a_name_of_their_own() -> None:
    case = Case.opened()
    assert case.refused("reviewer_named", **REVIEWER).rule == "2.5a"
    decide(case, "2018-09-12")
    assert case.refused("reviewer_named", "2018-09-11", **REVIEWER).field == "happened_on"
    case.step("reviewer_named", "2018-09-12", **REVIEWER)
    assert case.refused("reviewer_named", **REVIEWER).field == "reviewer"
    case.step("reviewer_named", **SECOND)
    assert [reviewer.name for reviewer in case.file.leads] == ["Robin Specimen", "Sam Sample"]


# 1.3b, 2.5b: independent


@pytest.mark.rule("1.3b")
def test_whoever_leads_declares_to_have_had_no_part_in_the_case() -> None:
    case = under_review()
    refusal = case.refused("reviewer_named", **{**REVIEWER, "not_involved": False})
    assert (refusal.rule, refusal.field) == ("1.3b", "not_involved")
    case.step("reviewer_named", **REVIEWER)


@pytest.mark.rule("2.5b")
@pytest.mark.rule("1.3b")
@pytest.mark.parametrize(
    "interest",
    [
        "Hertfordshire Safeguarding Children Board",
        "HERTFORDSHIRE SAFEGUARDING CHILDREN BOARD, trainer until 2016",
        "HSCB",
        "Trainer for the HSCB until 2016",
        "Hertfordshire LSCB",
        "consultant to Hertfordshire SCB",
        "Hertfordshire's Local Safeguarding Children Board",
        "seconded to the LSCB",
        "Former LSCB business manager",
        "The Safeguarding Children Board for Hertfordshire",
        "Essex LSCB; seconded to Hertfordshire LSCB",
        "Example Hospital Trust",
        "The Example-Hospital  Trust",
        "consultant at example hospital trust",
        "Example Hospital",
        "hospital",
    ],
)
def test_a_lead_reviewer_who_declares_the_board_or_an_organisation_involved_is_refused(interest: str) -> None:
    case = under_review()
    refusal = case.refused("reviewer_named", **declaring("Specimen Reviews Ltd", interest))
    assert (refusal.rule, refusal.field) == ("2.5b", "employers_and_interests")
    case.step("reviewer_named", **REVIEWER)


@pytest.mark.rule("2.5b")
@pytest.mark.parametrize("interest", ["Another Trust", "Trust", "Hospitality Ltd", "A university", "Other School"])
def test_an_interest_that_only_sounds_like_it_is_none(interest: str) -> None:
    under_review(organisations=("hospital", "school")).step("reviewer_named", **declaring(interest))


@pytest.mark.rule("2.5b")
@pytest.mark.parametrize(
    "interest",
    [
        "Essex LSCB",
        "Chair of the Essex Safeguarding Children Board",
        "Trainer for the Safeguarding Children Board of Essex",
        "A member of another LSCB",
        "Hertfordshire County Council",
        "Hertfordshire Safeguarding Adults Board",
        "Hertfordshire Constabulary (the HSCBX project)",
    ],
)
def test_another_board_and_another_body_of_the_county_are_not_the_board(interest: str) -> None:
    under_review().step("reviewer_named", **declaring(interest))


@pytest.mark.rule("2.5b")
def test_every_organisation_that_is_declared_is_named_in_the_refusal() -> None:
    case = under_review(organisations=("hospital", "school"))
    refusal = case.refused("reviewer_named", **declaring("Example School"))
    assert "Example School" in refusal.reason and "Hospital" not in refusal.reason


@pytest.mark.rule("2.5b")
def test_independence_is_asked_of_whoever_leads_and_not_of_those_who_help() -> None:
    case = under_review()
    case.step("reviewer_named", **{**declaring("Example Hospital Trust"), "lead": False, "not_involved": False})


@pytest.mark.rule("2.5b")
def test_an_organisation_that_is_added_later_raises_a_conflict_with_a_clock_of_its_own() -> None:
    case = in_conflict()
    deadline = case.deadlines["conflict_resolved:lead-1:school"]
    assert (deadline.rule, str(deadline.due)) == ("2.5b", "2018-10-15")
    case.until("2018-10-16")
    assert days(case, "escalated", deadline.key) == [(date(2018, 10, 16), "chair")]
    letter = case.sent("escalation:conflict_resolved")[0]
    assert "Robin" not in str(letter.content) and says_nothing_of_the_child(letter)
    case.step("conflict_resolved", "2018-10-16", **RESOLVED)
    assert case.deadlines[deadline.key].late


@pytest.mark.rule("2.5b")
def test_an_appointment_recorded_after_an_organisation_was_added_raises_the_conflict_it_would_have_raised() -> None:
    case = under_review()
    case.step("organisation_added", "2018-10-01", **SCHOOL)
    assert case.refused("reviewer_named", "2018-10-01", **declaring("Example School")).rule == "2.5b"
    case.step("reviewer_named", "2018-09-20", **declaring("Example School"))
    deadline = case.deadlines["conflict_resolved:lead-1:school"]
    assert (str(deadline.due), deadline.open) == ("2018-10-15", True)
    case.step("conflict_resolved", "2018-10-02", **RESOLVED)
    case.step("reviewer_named", "2018-09-20", **{**declaring("Example School"), "reviewer": "helper", "lead": False})
    assert "conflict_resolved:helper:school" not in case.deadlines


@pytest.mark.rule("2.5b")
def test_an_organisation_nobody_declared_raises_no_conflict() -> None:
    case = under_review()
    case.step("reviewer_named", **REVIEWER)
    case.step("organisation_added", **SCHOOL)
    assert not [key for key in case.deadlines if key.startswith("conflict_resolved")]


@pytest.mark.rule("2.5b")
def test_an_open_conflict_blocks_the_sign_off_until_it_is_resolved() -> None:
    case = ready_to_sign(under_review())
    case.step("reviewer_named", **{**declaring("Example School"), "reviewer": "lead-3"})
    case.step("organisation_added", "2018-11-06", **SCHOOL)
    refusal = case.refused("report_signed_off", **SIGN_OFF)
    assert refusal.rule == "2.5b" and "Robin Specimen's conflict of interest with Example School" in refusal.reason
    case.step("conflict_resolved", **{**RESOLVED, "reviewer": "lead-3"})
    case.step("report_signed_off", **SIGN_OFF)


@pytest.mark.rule("2.5b")
def test_a_reviewer_who_stands_down_takes_the_conflict_along() -> None:
    case = in_conflict()
    case.step("reviewer_stood_down", "2018-10-03", **STANDS_DOWN)
    assert str(case.deadlines["conflict_resolved:lead-1:school"].met_on) == "2018-10-03"
    case.step("organisation_added", organisation={"id": "other", "name": "Example School Annexe"})
    assert "conflict_resolved:lead-1:other" not in case.deadlines


@pytest.mark.rule("2.5b")
def test_an_organisation_taken_off_the_file_takes_its_conflict_along_and_brings_it_back() -> None:
    case = in_conflict()
    removed_parties = {"organisation": "school", "reason": "Another school."}
    case.step("organisation_removed", "2018-10-02", **removed_parties)
    assert case.told("deadline_cancelled", deadline="conflict_resolved:lead-1:school")
    assert case.file.reviewers["lead-1"].conflicts == {}
    case.step("organisation_added", "2018-10-08", **SCHOOL)
    case.step("conflict_resolved", "2018-10-09", **RESOLVED)
    case.step("organisation_removed", "2018-10-10", **removed_parties)
    assert "school" in case.file.reviewers["lead-1"].resolved
    case.step("organisation_added", "2018-10-15", **SCHOOL)
    assert case.deadlines["conflict_resolved:lead-1:school"].open


@pytest.mark.rule("2.5b")
def test_a_resolution_belongs_to_an_open_conflict_comes_after_it_and_once() -> None:
    case = in_conflict()
    assert case.refused("conflict_resolved", **{**RESOLVED, "reviewer": "lead-9"}).field == "reviewer"
    assert case.refused("conflict_resolved", **{**RESOLVED, "organisation": "hospital"}).field == "organisation"
    assert case.refused("conflict_resolved", "2018-09-30", **RESOLVED).field == "happened_on"
    case.step("conflict_resolved", "2018-10-02", **RESOLVED)
    assert case.refused("conflict_resolved", "2018-10-02", **RESOLVED).field == "organisation"


@pytest.mark.rule("2.5b")
def test_a_conflict_after_the_sign_off_is_still_resolved() -> None:
    case = signed()
    case.step("reviewer_named", **{**declaring("Example School"), "reviewer": "lead-3"})
    case.step("organisation_added", **SCHOOL)
    assert case.deadlines["conflict_resolved:lead-3:school"].open


@pytest.mark.rule("2.5b")
def test_the_boards_own_name_comes_from_its_rulebook() -> None:
    case = Case.opened({**UNHARMED, "residence": "Exampleshire"}, rules=rulebook("working-days-2018"))
    decide(case, "2018-09-12", "SCR, criteria not met")
    assert case.refused("reviewer_named", **declaring("EXSCB")).rule == "2.5b"
    case.step("reviewer_named", **declaring("HSCB"))


# 2.5c: the panel knows


@pytest.mark.rule("2.5c")
def test_the_panel_is_given_the_name_of_each_reviewer() -> None:
    case = under_review()
    case.step("reviewer_named", "2018-09-20", **REVIEWER)
    case.step("reviewer_named", "2018-09-21", **{**SECOND, "lead": False})
    first, second = case.sent("reviewer_named:")
    assert (first.to, first.template, first.rule) == ("national_panel", "reviewer_named", "2.5c")
    assert first.content == {"reviewer": "Robin Specimen", "lead": "yes", "named_on": "2018-09-20", "replaces": ""}
    assert (second.to, second.content["reviewer"], second.content["lead"]) == ("national_panel", "Sam Sample", "")
    assert says_nothing_of_the_child(first) and not first.documents


@pytest.mark.rule("2.5c")
def test_telling_the_panel_has_a_clock_that_the_mail_servers_acceptance_meets() -> None:
    case = under_review(takes_mail=False)
    case.step("reviewer_named", "2018-09-20", **REVIEWER)
    deadline = case.deadlines["panel_told_of_reviewer:lead-1"]
    assert (deadline.rule, str(deadline.due), deadline.open) == ("2.5c", "2018-09-27", True)
    case.until("2018-09-28")
    assert days(case, "escalated", "panel_told_of_reviewer:lead-1") == [(date(2018, 9, 28), "chair")]
    case.mail_accepted("reviewer_named:lead-1")
    assert str(case.deadlines["panel_told_of_reviewer:lead-1"].met_on) == "2018-09-28"


@pytest.mark.rule("2.5c")
def test_of_a_review_that_is_no_serious_case_review_the_panel_is_told_no_names() -> None:
    for case in (Case.opened(UNHARMED), without_incident()):
        if case.file.review is None:
            decide(case, "2018-09-12", "alternative review", kind="Partnership Case Review")
        case.step("reviewer_named", **{**REVIEWER, "commission_includes_event": False})
        assert case.sent("reviewer_named:") == [] and "panel_told_of_reviewer:lead-1" not in case.deadlines


@pytest.mark.rule("2.5c")
def test_when_another_review_becomes_a_serious_case_review_the_panel_is_told_of_who_leads_it() -> None:
    case = Case.opened(HARMED)
    decide(case, "2018-09-12", "alternative review", kind="Partnership Case Review")
    case.step("reviewer_named", "2018-09-20", **REVIEWER)
    case.step("reviewer_named", "2018-09-20", **SECOND)
    case.step("reviewer_stood_down", "2018-09-25", **STANDS_DOWN)
    case.step("facts_corrected", "2018-12-03", reason="A review of minutes.", concern_about_joint_working="yes")
    made = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "A limb is met."}
    case.step("decision_revisited", "2018-12-03", because="A limb is met.", **made)
    assert [letter.notice for letter in case.sent("reviewer_named:")] == ["reviewer_named:lead-2"]
    assert (str(case.due("panel_told_of_reviewer:lead-2")), case.deadlines["panel_told_of_reviewer:lead-2"].late) == (
        "2018-12-10",
        False,
    )


# A reviewer withdraws


@pytest.mark.rule("2.5a")
@pytest.mark.rule("2.5c")
@pytest.mark.rule("2.6a")
def test_when_the_reviewer_stands_down_appointment_opens_again_and_the_six_months_stand() -> None:
    case = under_review()
    case.step("reviewer_named", "2018-09-20", **REVIEWER)
    case.step("reviewer_stood_down", "2018-11-01", **STANDS_DOWN)
    key = "reviewer_appointed:lead-1"
    assert (str(case.due(key)), case.deadlines[key].open) == ("2018-12-01", True)
    assert str(case.due("completion")) == "2019-03-12"
    case.until("2018-12-02")
    assert days(case, "escalated", key) == [(date(2018, 12, 2), "chair")]
    case.step("reviewer_named", "2018-12-03", **SECOND)
    assert str(case.deadlines[key].met_on) == "2018-12-03"
    letter = case.sent("reviewer_named:lead-2")[0]
    assert (letter.to, letter.content["replaces"]) == ("national_panel", "yes")
    assert case.deadlines["panel_told_of_reviewer:lead-2"].rule == "2.5c"
    assert str(case.deadlines["reviewer_appointed"].met_on) == "2018-09-20"
    assert str(case.due("completion")) == "2019-03-12"


@pytest.mark.rule("2.5a")
def test_nothing_opens_while_somebody_else_still_leads_or_when_a_helper_goes() -> None:
    case = under_review()
    case.step("reviewer_named", "2018-09-20", **REVIEWER)
    case.step("reviewer_named", "2018-09-20", **SECOND)
    case.step("reviewer_named", "2018-09-20", **{**SECOND, "reviewer": "helper", "lead": False})
    case.step("reviewer_stood_down", "2018-11-01", **STANDS_DOWN)
    case.step("reviewer_stood_down", "2018-11-01", **{**STANDS_DOWN, "reviewer": "helper"})
    assert not [key for key in case.deadlines if key.startswith("reviewer_appointed:")]
    case.step("reviewer_stood_down", "2018-11-02", **{**STANDS_DOWN, "reviewer": "lead-2"})
    assert case.deadlines["reviewer_appointed:lead-2"].open


@pytest.mark.rule("2.5a")
def test_nobody_is_to_be_appointed_once_the_report_is_signed_off_unless_another_review_begins() -> None:
    case = Case.opened(HARMED)
    decide(case, "2018-09-12", "alternative review", kind="Partnership Case Review")
    case.step("reviewer_named", "2018-09-20", **REVIEWER)
    ready_to_sign(case)
    case.step("report_signed_off", "2018-11-12", **SIGN_OFF)
    case.step("reviewer_stood_down", "2018-11-20", **STANDS_DOWN)
    key = "reviewer_appointed:lead-1"
    assert key not in case.deadlines
    case.step("facts_corrected", "2018-12-03", reason="A review of minutes.", concern_about_joint_working="yes")
    made = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "A limb is met."}
    case.step("decision_revisited", "2018-12-03", because="A limb is met.", **made)
    assert case.deadlines[key].open and str(case.due(key)) == "2019-01-03"


@pytest.mark.rule("2.5a")
def test_a_reviewer_stands_down_from_a_post_after_taking_it_and_once() -> None:
    case = under_review()
    assert "There is no such reviewer" in case.refused("reviewer_stood_down", **STANDS_DOWN).reason
    case.step("reviewer_named", "2018-09-20", **REVIEWER)
    assert case.refused("reviewer_stood_down", **{**STANDS_DOWN, "reviewer": "lead-9"}).field == "reviewer"
    assert case.refused("reviewer_stood_down", "2018-09-19", **STANDS_DOWN).field == "happened_on"
    case.step("reviewer_stood_down", "2018-09-20", **STANDS_DOWN)
    assert "already" in case.refused("reviewer_stood_down", "2018-09-20", **STANDS_DOWN).reason


@pytest.mark.rule("2.10a")
def test_the_lead_reviewers_commission_says_that_a_learning_event_is_held() -> None:
    case = under_review()
    refusal = case.refused("reviewer_named", **{**REVIEWER, "commission_includes_event": False})
    assert (refusal.rule, refusal.field) == ("2.10a", "commission_includes_event")
    case.step("reviewer_named", **REVIEWER)
    assert case.file.learning.commission_includes_event


@pytest.mark.rule("2.5d")
def test_the_panels_advice_on_an_appointment_is_kept_with_the_boards_response() -> None:
    case = under_review()
    case.step("reviewer_named", "2018-09-20", **REVIEWER)
    case.step("panel_advised", "2018-10-01", advice="advice-1", topic="reviewers", text="Look at the declaration.")
    assert case.refused("reviewer_named", **SECOND).rule == "2.3a"
    case.step("advice_considered", "2018-10-02", advice="advice-1", response="not accepted", reasons="We did.")
    kept = case.file.advice["advice-1"]
    assert (kept.topic, kept.response, str(kept.considered_on)) == ("reviewers", "not accepted", "2018-10-02")
    case.step("reviewer_named", **SECOND)
