"""1.3 Principles: practitioners without fear of blame, the family, and improvement that is followed up."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .case import PLAN, REPORT, Case
from .review_steps import (
    SIGN_OFF,
    UNHARMED,
    check_publication,
    close_action,
    days,
    decide,
    published,
    ready_to_sign,
    says_nothing_of_the_child,
    signed,
    under_review,
    without_incident,
)

INVOLVED: dict[str, Any] = {"organisation": "hospital", "how": "practitioner forum", "how_many": 4}
INVITED: dict[str, Any] = {"member": "father", "relationship": "father", "how_explained": "A letter and a visit."}
NOT_INVITED: dict[str, Any] = {"member": "father", "relationship": "father", "not_invited_because": "He is on trial."}
ANSWERED: dict[str, Any] = {"member": "father", "answer": "contributes", "contribution": "What the days were like."}


def agreed(case: Case, action: str, on: str) -> None:
    """An action of the hospital's is proposed and agreed."""
    case.step("action_proposed", on, action=action, text="A shared form.", owner="hospital", due="2020-12-31")
    case.step("action_agreed", on, action=action, agreed_by="The chief nurse")


def rounds(case: Case) -> list[tuple[str, str]]:
    """Each round of monitoring: when it is due, and when it was held."""
    found = [deadline for key, deadline in case.deadlines.items() if key.startswith("monitoring_reviewed:")]
    return [(str(deadline.due), str(deadline.met_on or "")) for deadline in found]


# 1.3c: practitioners


@pytest.mark.rule("1.3c")
@pytest.mark.parametrize("how", ["conversation", "practitioner forum", "recall session", "in writing", "another way"])
def test_practitioners_involvement_is_recorded_for_each_organisation(how: str) -> None:
    case = under_review(organisations=("hospital", "school"))
    case.step("practitioners_involved", "2018-10-01", **{**INVOLVED, "how": how})
    case.step("practitioners_involved", "2018-10-08", **INVOLVED)
    involved = {name: party.practitioners_on for name, party in case.file.parties.items()}
    assert involved == {"hospital": date(2018, 10, 1), "school": None}


@pytest.mark.rule("1.3c")
def test_a_report_with_no_practitioners_involved_is_not_signed_off_unless_a_reason_is_given() -> None:
    case = under_review()
    ready_to_sign(case)
    involvement = next(entry.id for entry in case.record if entry.name == "practitioners_involved")
    case.step("struck_out", step=involvement, reason="It was another case.")
    refusal = case.refused("report_signed_off", **SIGN_OFF)
    assert (refusal.rule, refusal.field) == ("1.3c", "no_practitioners_because")
    blank = case.refused("report_signed_off", **SIGN_OFF, no_practitioners_because=" ")
    assert blank.field == "no_practitioners_because"
    case.step("report_signed_off", **SIGN_OFF, no_practitioners_because="All of them have left the country.")
    assert case.file.no_practitioners_because and not case.deadlines["practitioners_involved"].open


@pytest.mark.rule("1.3c")
def test_one_organisations_practitioners_are_enough_to_sign_off() -> None:
    case = ready_to_sign(under_review(organisations=("hospital", "school")))
    case.step("report_signed_off", **SIGN_OFF)


@pytest.mark.rule("1.3c")
def test_involving_practitioners_has_a_clock_of_the_boards_own() -> None:
    case = under_review()
    deadline = case.deadlines["practitioners_involved"]
    assert (deadline.rule, deadline.basis, str(deadline.due)) == ("1.3c", "board's own", "2019-01-12")
    case.until("2019-01-20")
    assert days(case, "reminded", deadline.key) == [(date(2019, 1, 5), "coordinator")]
    assert days(case, "escalated", deadline.key) == [(date(2019, 1, 13), "coordinator"), (date(2019, 1, 20), "chair")]
    case.step("practitioners_involved", "2019-01-20", **INVOLVED)
    assert case.deadlines[deadline.key].late


@pytest.mark.rule("1.3c")
def test_practitioners_are_of_an_organisation_on_the_file_and_contribute_to_a_review_that_has_begun() -> None:
    case = Case.opened()
    assert case.refused("practitioners_involved", **INVOLVED).rule == "1.3c"
    decide(case, "2018-09-12")
    assert case.refused("practitioners_involved", **{**INVOLVED, "organisation": "school"}).field == "organisation"
    assert case.refused("practitioners_involved", "2018-09-11", **INVOLVED).field == "happened_on"
    assert case.refused("practitioners_involved", **{**INVOLVED, "how_many": 0}).field == "how_many"
    case.step("practitioners_involved", "2018-09-12", **INVOLVED)


# 1.3d: the family


@pytest.mark.rule("1.3d")
def test_a_report_is_not_signed_off_while_no_family_member_is_listed() -> None:
    case = ready_to_sign(under_review())
    for name in ("family_answered", "family_invited"):
        case.step("struck_out", step=next(e.id for e in case.record if e.name == name), reason="Another case.")
    refusal = case.refused("report_signed_off", **SIGN_OFF)
    assert refusal.rule == "1.3d" and "No family member is listed" in refusal.reason
    case.step("family_invited", **NOT_INVITED)
    case.step("report_signed_off", **SIGN_OFF)


@pytest.mark.rule("1.3d")
def test_the_report_of_an_audit_is_not_signed_off_while_no_family_member_is_listed_either() -> None:
    case = without_incident("audit of practice")
    case.step("practitioners_involved", organisation="hospital", how="conversation", how_many=3)
    case.step("report_drafted", document=REPORT, version="Draft 1")
    assert case.refused("report_signed_off", **SIGN_OFF).rule == "1.3d"
    case.step("family_invited", **NOT_INVITED)
    case.step("report_signed_off", **SIGN_OFF)


@pytest.mark.rule("1.3d")
def test_a_report_is_not_signed_off_while_it_is_open_whether_one_of_the_family_contributes() -> None:
    case = ready_to_sign(under_review())
    case.step("family_listed", member="father", relationship="father")
    for step, fields in (("family_invited", INVITED), ("family_answered", ANSWERED)):
        refusal = case.refused("report_signed_off", **SIGN_OFF)
        assert refusal.rule == "1.3d" and "father" in refusal.reason
        case.step(step, **fields)
    case.step("report_signed_off", **SIGN_OFF)


@pytest.mark.rule("1.3d")
@pytest.mark.parametrize("answer", ["contributes", "declines", "gave no answer"])
def test_any_answer_settles_whether_they_contribute(answer: str) -> None:
    case = under_review()
    case.step("family_invited", "2018-10-01", **INVITED, contacted_through="A solicitor")
    case.step("family_answered", "2018-10-08", member="father", answer=answer)
    assert not case.file.family["father"].open
    assert str(case.deadlines["family_answered:father"].met_on) == "2018-10-08"


@pytest.mark.rule("1.3d")
def test_how_it_was_explained_and_through_whom_they_are_reached_is_kept() -> None:
    case = under_review()
    kept = case.step("family_invited", **INVITED, contacted_through="A solicitor")["body"]
    assert (kept["how_explained"], kept["contacted_through"]) == ("A letter and a visit.", "A solicitor")


@pytest.mark.rule("1.3d")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"member": "father", "relationship": "father"}, "how_explained"),
        ({**INVITED, "not_invited_because": "He is on trial."}, "how_explained"),
        ({"member": "father", "how_explained": "A letter."}, "relationship"),
        ({**INVITED, "how_explained": "  "}, "how_explained"),
        ({**INVITED, "member": "the father"}, "member"),
    ],
)
def test_an_invitation_says_either_how_it_was_explained_or_why_there_was_none(
    fields: dict[str, Any], field: str
) -> None:
    refusal = under_review().refused("family_invited", **fields)
    assert (refusal.rule, refusal.field) == ("1.3d", field)


@pytest.mark.rule("1.3d")
def test_the_family_has_a_clock_for_the_invitation_and_one_for_the_answer() -> None:
    case = under_review()
    assert str(case.due("family_invited")) == "2018-11-12"
    case.until("2018-11-20")
    assert days(case, "escalated", "family_invited") == [
        (date(2018, 11, 13), "coordinator"),
        (date(2018, 11, 20), "chair"),
    ]
    case.step("family_listed", "2018-11-20", member="father", relationship="father")
    assert case.deadlines["family_invited"].late
    assert str(case.due("family_invited:father")) == "2019-01-20"
    case.step("family_invited", "2018-12-03", **INVITED)
    assert str(case.deadlines["family_invited:father"].met_on) == "2018-12-03"
    assert str(case.due("family_answered:father")) == "2019-01-03"
    case.until("2019-01-11")
    escalated = case.sent("escalation:family_answered")
    assert [letter.to for letter in escalated] == ["coordinator", "chair"]
    assert all(map(says_nothing_of_the_child, escalated))


@pytest.mark.rule("1.3d")
def test_who_is_not_invited_for_a_reason_has_no_answer_to_wait_for_until_they_are_invited_after_all() -> None:
    case = under_review()
    case.step("family_listed", "2018-09-14", member="father", relationship="father")
    case.step("family_invited", "2018-10-01", **NOT_INVITED)
    assert not case.file.family["father"].open and "family_answered:father" not in case.deadlines
    assert str(case.deadlines["family_invited:father"].met_on) == "2018-10-01"
    assert case.refused("family_answered", **ANSWERED).field == "member"
    case.step("family_invited", "2019-02-01", member="father", how_explained="A letter after the trial.")
    assert case.file.family["father"].open
    assert str(case.due("family_answered:father")) == "2019-03-01"


@pytest.mark.rule("1.3d")
def test_an_answer_comes_from_someone_invited_and_after_the_invitation() -> None:
    case = under_review()
    assert "There is no such family member" in case.refused("family_answered", **ANSWERED).reason
    case.step("family_listed", "2018-09-14", member="father", relationship="father")
    assert case.refused("family_answered", **{**ANSWERED, "member": "uncle"}).field == "member"
    early = case.refused("family_answered", **ANSWERED)
    assert (early.rule, early.field) == ("1.3d", "member")
    case.step("family_invited", "2018-10-01", **INVITED)
    assert case.refused("family_answered", "2018-09-30", **ANSWERED).field == "happened_on"
    case.step("family_answered", "2018-10-01", **ANSWERED)


@pytest.mark.rule("1.3d")
def test_a_later_answer_replaces_the_earlier_and_a_second_invitation_keeps_the_first_day() -> None:
    case = under_review()
    case.step("family_invited", "2018-10-01", **INVITED)
    case.step("family_answered", "2018-10-08", member="father", answer="declines")
    case.step("family_invited", "2018-11-01", **INVITED)
    case.step("family_answered", "2018-11-08", **ANSWERED)
    assert str(case.file.family["father"].invited_on) == "2018-10-01" and not case.file.family["father"].open
    assert str(case.deadlines["family_answered:father"].met_on) == "2018-10-08"


@pytest.mark.rule("1.3d")
def test_the_family_is_listed_and_invited_for_a_review_and_each_is_listed_once() -> None:
    case = Case.opened()
    listed = {"member": "father", "relationship": "father"}
    for step, fields in (("family_listed", listed), ("family_invited", INVITED)):
        assert case.refused(step, **fields).rule == "1.3d"
    decide(case, "2018-09-12")
    assert case.refused("family_invited", "2018-09-11", **INVITED).field == "happened_on"
    case.step("family_listed", **listed)
    assert case.refused("family_listed", **listed).field == "member"


# 1.3g: sustained


@pytest.mark.rule("1.3g")
def test_from_publication_open_actions_are_reviewed_every_three_months_until_all_are_closed() -> None:
    case = published("2018-12-03")
    assert rounds(case) == []
    agreed(case, "a-1", "2018-12-03")
    assert rounds(case) == [("2019-03-03", "")]
    assert case.deadlines["monitoring_reviewed:1"].rule == "1.3g"
    case.step("monitoring_reviewed", "2019-03-01", conclusions="Half of the wards use it.")
    assert rounds(case) == [("2019-03-03", "2019-03-01"), ("2019-06-01", "")]
    case.until("2019-06-10")
    assert days(case, "escalated", "monitoring_reviewed:2") == [
        (date(2019, 6, 2), "coordinator"),
        (date(2019, 6, 9), "chair"),
    ]
    case.step("monitoring_reviewed", "2019-06-10", conclusions="All but one.")
    assert rounds(case)[1:] == [("2019-06-01", "2019-06-10"), ("2019-09-10", "")]
    close_action(case, "a-1", "2019-06-11")
    assert rounds(case)[1:] == [("2019-06-01", "2019-06-10")]
    assert case.told("deadline_cancelled", deadline="monitoring_reviewed:3")


@pytest.mark.rule("1.3g")
def test_nothing_is_monitored_before_publication() -> None:
    case = signed()
    agreed(case, "a-1", "2018-11-12")
    assert rounds(case) == []
    case.step("monitoring_reviewed", "2018-11-13", conclusions="Early.")
    assert rounds(case) == []


@pytest.mark.rule("1.3g")
def test_an_action_from_before_publication_is_monitored_from_publication() -> None:
    case = under_review()
    agreed(case, "a-1", "2018-10-01")
    ready_to_sign(case)
    case.step("report_signed_off", "2018-11-12", **SIGN_OFF)
    case.step("non_publication_proposed", "2018-11-12", reasons="A child would be found.", advice_by="2018-11-20")
    case.step(
        "non_publication_decided",
        "2018-11-21",
        publish=False,
        decided_by="chair",
        reasons="A child would be found.",
        no_advice_received=True,
    )
    assert rounds(case) == [("2019-02-21", "")]


@pytest.mark.rule("1.3g")
def test_the_actions_of_a_review_that_is_not_published_are_monitored_from_its_report() -> None:
    case = ready_to_sign(without_incident())
    case.step("report_signed_off", "2018-11-12", **SIGN_OFF)
    agreed(case, "a-1", "2018-11-12")
    assert rounds(case) == [("2019-02-12", "")]


@pytest.mark.rule("1.3g")
def test_after_a_time_with_every_action_closed_the_next_round_counts_from_the_new_action() -> None:
    case = published("2018-12-03")
    agreed(case, "a-1", "2018-12-03")
    close_action(case, "a-1", "2019-01-10")
    agreed(case, "a-2", "2019-09-02")
    assert rounds(case) == [("2019-12-02", "")]
    agreed(case, "a-3", "2019-10-01")
    close_action(case, "a-2", "2019-10-05")
    assert rounds(case) == [("2019-12-02", "")]
    case.step("monitoring_reviewed", "2019-12-02", conclusions="It goes well.")
    assert rounds(case) == [("2019-12-02", "2019-12-02"), ("2020-03-02", "")]
    assert case.told("deadline_met", deadline="monitoring_reviewed:1", late=False)


@pytest.mark.rule("1.3g")
def test_a_declined_action_asks_for_no_monitoring() -> None:
    case = published("2018-12-03")
    case.step("action_proposed", "2018-12-03", action="a-1", text="A form.", owner="hospital")
    assert rounds(case) == [("2019-03-03", "")]
    case.step("action_declined", "2018-12-05", action="a-1", reasons="There is one.")
    assert rounds(case) == []


@pytest.mark.rule("1.3g")
def test_a_review_of_the_actions_needs_a_report_and_comes_after_the_last_one() -> None:
    case = under_review()
    conclusions = {"conclusions": "It goes well."}
    assert case.refused("monitoring_reviewed", **conclusions).rule == "1.3g"
    case = published("2018-12-03")
    agreed(case, "a-1", "2018-12-03")
    case.step("monitoring_reviewed", "2019-02-01", **conclusions)
    early = case.refused("monitoring_reviewed", "2019-01-31", **conclusions)
    assert (early.rule, early.field) == ("1.3g", "happened_on")
    assert case.refused("monitoring_reviewed", conclusions=" ").rule == "1.3g"


# 1.3f: transparent


@pytest.mark.rule("1.3f")
def test_the_report_and_the_boards_response_are_what_is_published() -> None:
    case = signed()
    check_publication(case, "2018-11-13")
    case.step("publication_fixed", "2018-11-13", publish_on="2018-11-19")
    assert case.refused("published", "2018-11-19", address="https://board.example/1").rule == "2.9e"
    case.step("board_responded", document=PLAN)
    case.step("published", address="https://board.example/1")
    assert case.file.report is not None and case.file.report.sha256 == REPORT
    assert case.file.publication.response_document == PLAN


@pytest.mark.rule("1.3d")
def test_a_review_below_the_threshold_invites_the_family_too() -> None:
    case = Case.opened(UNHARMED)
    decide(case, "2018-09-12", "alternative review", kind="Partnership Case Review")
    assert case.deadlines["family_invited"].open
    case.step("report_drafted", document=REPORT, version="Draft 1")
    assert case.refused("report_signed_off", **SIGN_OFF).rule == "1.3d"


@pytest.mark.rule("1.3g")
def test_the_time_for_which_an_action_was_declined_is_not_monitored() -> None:
    case = published()
    case.step("action_proposed", action="a-1", text="Train the night staff.", owner="hospital")
    case.step("action_declined", action="a-1", reasons="No money.")
    case.until("2019-12-02")
    case.step("action_agreed", action="a-1", agreed_by="Person member-hospital")
    assert str(case.due("monitoring_reviewed:1")) == "2020-03-02"
