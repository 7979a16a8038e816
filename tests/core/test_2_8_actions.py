"""2.8 Agreeing improvement action, followed until its impact is known (1.2d), and reviewed meanwhile (1.3g)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models.directory import Appointment, Directory

from .case import PAPER, PLAN, REPLACEMENT, REPORT, Case, directory
from .lives import decided, met, not_met, planned, published, signed_off, why_not


def proposed(case: Case | None = None, on: str = "2019-03-04", **more: Any) -> Case:
    """An action is proposed to the hospital."""
    case = case or signed_off()
    fields = {"action": "action-1", "text": "Train the night staff.", "owner": "hospital"}
    case.step("action_proposed", on, **{**fields, **more})
    return case


def agreed(case: Case | None = None, on: str = "2019-03-11", **more: Any) -> Case:
    """The hospital agreed to it."""
    case = case or proposed(**more)
    case.step("action_agreed", on, action="action-1", agreed_by="The board member")
    return case


def done(case: Case | None = None, on: str = "2019-06-03") -> Case:
    """The hospital did it."""
    case = case or agreed()
    case.step("action_done", on, action="action-1", evidence="Forty nurses were trained.", document="f" * 64)
    return case


# 2.8a: agreed with partners


@pytest.mark.rule("2.8a")
def test_an_action_is_proposed_to_the_organisation_that_would_own_it() -> None:
    case = proposed(due="2019-09-02")
    (letter,) = case.sent("action_proposed:")
    assert (letter.to, letter.template, letter.rule) == ("lead:hospital", "action_proposed", "2.8a")
    assert letter.content == {
        "text": "Train the night staff.",
        "due": "2019-09-02",
        "action": "action-1",
        "answer_by": "2019-04-01",
    }
    deadline = case.deadlines["action_agreed:action-1"]
    assert (str(deadline.due), deadline.responsible) == ("2019-04-01", "lead:hospital")
    assert "(action 1)" in deadline.title


@pytest.mark.rule("2.8a")
def test_an_action_that_is_not_answered_goes_to_the_board_member_and_then_the_chair() -> None:
    case = proposed().until("2019-04-10")
    told = case.told("escalated", deadline="action_agreed:action-1")
    assert [(line["at"][:10], line["to"]) for line in told] == [
        ("2019-04-02", "board_member:hospital"),
        ("2019-04-09", "chair"),
    ]


@pytest.mark.rule("2.8a")
def test_an_action_is_agreed_once() -> None:
    case = agreed()
    assert case.deadlines["action_agreed:action-1"].met_on == date(2019, 3, 11)
    assert case.refused("action_agreed", action="action-1", agreed_by="Somebody else").rule == "2.8a"
    assert case.refused("action_declined", action="action-1", reasons="Too dear.").rule == "2.8a"


@pytest.mark.rule("2.8a")
def test_an_action_is_declined_with_reasons_and_can_be_agreed_after_all() -> None:
    case = proposed()
    assert case.refused("action_declined", action="action-1").field == "reasons"
    case.step("action_declined", "2019-03-11", action="action-1", reasons="Too dear.")
    assert case.file.actions["action-1"].status == "declined"
    assert case.refused("action_declined", action="action-1", reasons="Still.").rule == "2.8a"
    assert case.refused("action_agreed", "2019-03-10", action="action-1", agreed_by="Them").field == "happened_on"
    case.step("action_agreed", "2019-06-03", action="action-1", agreed_by="The board member")
    assert case.file.actions["action-1"].status == "agreed"
    asked = case.deadlines["action_agreed:action-1"]
    assert (asked.met_on, asked.late) == (date(2019, 3, 11), False)
    assert str(case.due("action_done:action-1")) == "2019-12-03"


@pytest.mark.rule("2.8a")
def test_the_boards_own_action_is_asked_of_the_coordinator_without_a_letter() -> None:
    case = proposed(owner="board").until("2019-04-10")
    assert not case.sent("action_proposed:")
    assert {line["to"] for line in case.told("reminded", deadline="action_agreed:action-1")} == {"coordinator"}
    assert {line["to"] for line in case.told("escalated", deadline="action_agreed:action-1")} == {"chair"}


@pytest.mark.rule("2.8a")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"action": "action-0"}, "action"),
        ({"owner": "police"}, "owner"),
        ({"text": "Look after CHILD-1 better."}, "text"),
        ({"due": "2019-03-03"}, "due"),
        ({"on": "2018-09-19"}, "happened_on"),
        ({"text": ""}, "text"),
    ],
)
def test_an_action_that_cannot_be_is_refused(fields: dict[str, str], field: str) -> None:
    case = proposed(signed_off(), action="action-0")
    good = {"action": "action-1", "text": "Train.", "owner": "hospital", "on": "2019-03-04"}
    refusal = case.refused("action_proposed", **{**good, **fields})
    assert (refusal.rule, refusal.field) == ("2.8a", field)


@pytest.mark.rule("2.8a")
def test_an_action_needs_a_review() -> None:
    refusal = met().refused("action_proposed", action="action-1", text="Train.", owner="hospital")
    assert refusal.rule == "2.8a"


# 1.2d: done, and its impact known


@pytest.mark.rule("1.2d")
@pytest.mark.parametrize(("due", "expected"), [("2019-05-31", "2019-05-31"), (None, "2019-09-11")])
def test_an_agreed_action_is_due_on_its_date_or_in_six_months(due: str | None, expected: str) -> None:
    more: dict[str, Any] = {"due": due} if due else {}
    case = agreed(**more)
    deadline = case.deadlines["action_done:action-1"]
    assert (str(deadline.due), deadline.rule, deadline.responsible) == (expected, "1.2d", "lead:hospital")


@pytest.mark.rule("1.2d")
def test_an_overdue_action_is_chased_until_it_is_done_and_stays_late() -> None:
    case = agreed(due="2019-05-31").until("2019-06-10")
    assert [(line["at"][:10], line["to"]) for line in case.told("escalated", deadline="action_done:action-1")] == [
        ("2019-06-01", "board_member:hospital"),
        ("2019-06-08", "chair"),
    ]
    done(case, "2019-06-10")
    assert case.deadlines["action_done:action-1"].late


@pytest.mark.rule("1.2d")
def test_a_done_action_is_open_until_its_impact_is_recorded() -> None:
    case = done()
    assert str(case.due("impact_recorded:action-1")) == "2019-09-03"
    assert case.file.actions["action-1"].status == "done"
    assert (
        "1.2d",
        "The action “Train the night staff.” is done. Record “An action's impact was recorded” to close it.",
    ) in why_not(case, "closed")
    assert case.refused("impact_recorded", action="action-1").field == "impact"
    case.step("impact_recorded", "2019-08-30", action="action-1", impact="No child waits at night.")
    assert case.deadlines["impact_recorded:action-1"].met_on == date(2019, 8, 30)
    assert case.file.actions["action-1"].status == "closed"
    assert "1.2d" not in {rule for rule, _ in why_not(case, "closed")}


@pytest.mark.rule("1.2d")
def test_progress_is_kept_with_its_rating_until_the_action_is_done() -> None:
    case = agreed()
    progress = {"action": "action-1", "progress": "Half are trained."}
    case.step("action_progressed", "2019-04-01", rating="amber", **progress)
    assert case.file.actions["action-1"].progress == "amber"
    assert case.refused("action_progressed", rating="purple", **progress).field == "rating"
    assert case.refused("action_progressed", "2019-03-10", rating="red", **progress).field == "happened_on"
    done(case)
    case.step("action_progressed", "2019-06-03", rating="green", **progress)
    assert case.refused("action_progressed", "2019-06-04", rating="green", **progress).rule == "1.2d"


@pytest.mark.rule("1.2d")
def test_what_happens_to_an_action_happens_in_order() -> None:
    case = proposed()
    evidence = {"action": "action-1", "evidence": "Done."}
    impact = {"action": "action-1", "impact": "Better."}
    assert case.refused("action_progressed", action="action-1", progress="Some.", rating="green").rule == "2.8a"
    assert case.refused("action_done", **evidence).rule == "2.8a"
    assert case.refused("impact_recorded", **impact).rule == "1.2d"
    assert case.refused("action_agreed", "2019-03-03", action="action-1", agreed_by="Them").field == "happened_on"
    agreed(case)
    assert case.refused("impact_recorded", **impact).rule == "1.2d"
    assert case.refused("action_done", "2019-03-10", **evidence).field == "happened_on"
    done(case)
    assert case.refused("action_done", **evidence).rule == "1.2d"
    assert case.refused("impact_recorded", "2019-06-02", **impact).field == "happened_on"
    case.step("impact_recorded", **impact)
    assert case.refused("impact_recorded", **impact).rule == "1.2d"


@pytest.mark.rule("1.2d")
@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("action_agreed", {"agreed_by": "Them"}),
        ("action_declined", {"reasons": "No."}),
        ("action_progressed", {"progress": "Some.", "rating": "green"}),
        ("action_done", {"evidence": "Done."}),
        ("impact_recorded", {"impact": "Better."}),
    ],
)
def test_only_an_action_of_the_plan_is_followed(name: str, more: dict[str, str]) -> None:
    refusal = proposed().refused(name, action="action-9", **more)
    assert (refusal.rule, refusal.field) == ("2.8a", "action")


# 2.8b: the board's copies


@pytest.mark.rule("2.8b")
def test_every_board_member_gets_report_and_plan_once_both_are_ready() -> None:
    case = planned(agreed=False)
    assert not case.sent("board_copy:")
    case.step("action_agreed", "2019-03-25", action="action-1", agreed_by="Them")
    letters = case.sent("board_copy:")
    assert sorted(letter.to for letter in letters) == ["person:member-hospital", "person:member-school"]
    for letter in letters:
        assert (letter.template, letter.rule, letter.content) == ("board_copy", "2.8b", {})
        assert letter.documents == [REPORT, PLAN]


@pytest.mark.rule("2.8b")
def test_a_plan_without_any_action_goes_out_with_the_report() -> None:
    case = signed_off()
    case.step("action_plan_drafted", document=PLAN)
    assert len(case.sent("board_copy:")) == 2


@pytest.mark.rule("2.8b")
def test_a_declined_action_is_settled_too() -> None:
    case = planned(agreed=False)
    case.step("action_declined", action="action-1", reasons="Too dear.")
    assert len(case.sent("board_copy:")) == 2


@pytest.mark.rule("2.8b")
def test_the_board_members_are_those_of_the_day_the_copies_go() -> None:
    told = directory(
        Appointment(role="board_member", person="chief", organisation="school", since=date(2019, 3, 25)),
        Appointment(role="board_member", person="deputy", organisation="school", until=date(2019, 3, 24)),
    )
    case = planned(signed_off(decided(Case.opened(organisations=("hospital", "school"), told=told))), agreed=False)
    case.step("action_agreed", "2019-03-25", action="action-1", agreed_by="Them")
    recipients = ["person:chief", "person:member-hospital", "person:member-school"]
    assert sorted(letter.to for letter in case.sent("board_copy:")) == recipients
    # Whoever joins the board afterwards does not change who was sent a copy.
    case.directory = directory(Appointment(role="board_member", person="deputy", organisation="school"))
    case.until("2019-04-10").look()
    assert sorted(letter.to for letter in case.sent("board_copy:")) == recipients


@pytest.mark.rule("2.8b")
def test_the_copies_are_followed_until_a_mail_server_has_taken_every_one() -> None:
    case = planned(agreed=False)
    case.takes_mail = False
    case.step("action_agreed", "2019-03-25", action="action-1", agreed_by="Them")
    (key,) = [key for key in case.deadlines if key.startswith("board_copy:")]
    assert str(case.due(key)) == "2019-04-01"
    case.mail_accepted(f"{key}:member-hospital")
    assert case.deadlines[key].open
    case.until("2019-03-28")
    case.mail_accepted(f"{key}:member-school")
    assert case.deadlines[key].met_on == date(2019, 3, 28)


@pytest.mark.rule("2.8b")
def test_a_plan_that_is_never_drafted_is_chased() -> None:
    case = signed_off().until("2019-04-15")
    assert str(case.due("action_plan")) == "2019-04-04"
    assert [(line["at"][:10], line["to"]) for line in case.told("escalated", deadline="action_plan")] == [
        ("2019-04-05", "coordinator"),
        ("2019-04-12", "chair"),
    ]
    case.step("action_plan_drafted", document=PLAN)
    assert case.deadlines["action_plan"].late


@pytest.mark.rule("2.8b")
def test_a_directory_without_board_members_does_not_pass_for_everybody_told() -> None:
    full = directory()
    none = Directory(
        board=full.board,
        organisations=full.organisations,
        people=full.people,
        appointments=tuple(one for one in full.appointments if one.role != "board_member"),
    )
    case = signed_off(decided(Case.opened(told=none)))
    case.step("action_plan_drafted", "2019-03-11", document=PLAN)
    (key,) = [key for key in case.deadlines if key.startswith("board_copy:")]
    assert (case.deadlines[key].open, str(case.due(key))) == (True, "2019-03-18")
    case.step("action_plan_drafted", "2019-03-13", document=PAPER)
    assert str(case.due(key)) == "2019-03-20"
    case.until("2019-03-22")
    assert [line["to"] for line in case.told("escalated", deadline=key)] == ["chair"]
    case.directory = full
    case.look()
    assert len(case.sent("board_copy:")) == 2
    assert not case.deadlines[key].open


@pytest.mark.rule("2.8b")
def test_a_replaced_report_goes_to_the_board_members_again() -> None:
    case = planned()
    signed_off(case, on="2019-03-18", document=REPLACEMENT)
    letters = case.sent("board_copy:")
    assert [letter.documents[0] for letter in letters] == [REPORT, REPORT, REPLACEMENT, REPLACEMENT]


@pytest.mark.rule("2.8b")
def test_another_review_sends_the_board_no_copies() -> None:
    case = signed_off(decided(not_met(), "alternative review", kind="Partnership Case Review"))
    case.step("action_plan_drafted", document=PLAN)
    assert not case.sent("board_copy:")
    assert "action_plan" not in case.deadlines


@pytest.mark.rule("2.8b")
def test_a_plan_needs_a_review_and_its_document() -> None:
    assert met().refused("action_plan_drafted", document=PLAN).rule == "2.8b"
    assert decided().refused("action_plan_drafted").field == "document"
    assert decided().refused("action_plan_drafted", document="plan.pdf").field == "document"


# 2.8c: shared with staff


@pytest.mark.rule("2.8c")
def test_each_organisation_confirms_that_its_staff_know_the_findings() -> None:
    case = planned()
    deadline = case.deadlines["findings_shared:hospital"]
    assert (str(deadline.due), deadline.responsible) == ("2019-04-01", "board_member:hospital")
    case.step("findings_shared", "2019-03-20", organisation="hospital")
    assert case.deadlines["findings_shared:hospital"].met_on == date(2019, 3, 20)
    assert case.deadlines["findings_shared:school"].open
    case.until("2019-04-10")
    assert [(line["at"][:10], line["to"]) for line in case.told("reminded", deadline="findings_shared:school")] == [
        ("2019-03-25", "board_member:school"),
        ("2019-03-30", "board_member:school"),
    ]
    assert [line["to"] for line in case.told("escalated", deadline="findings_shared:school")] == [
        "board_member:school",
        "chair",
    ]


@pytest.mark.rule("2.8c")
def test_an_organisation_that_is_added_after_the_copies_went_has_its_whole_time_to_share_the_findings() -> None:
    case = planned()
    before = case.due("findings_shared:hospital")
    case.step("organisation_added", "2019-03-25", organisation={"id": "police", "name": "Example Police"})
    assert (case.due("findings_shared:hospital"), str(case.due("findings_shared:police"))) == (before, "2019-04-24")


@pytest.mark.rule("2.8c")
def test_nobody_is_asked_to_share_what_the_board_members_were_not_sent() -> None:
    case = signed_off()
    assert "findings_shared:hospital" not in case.deadlines
    planned(case, on="2019-03-25")
    assert str(case.due("findings_shared:hospital")) == "2019-04-24"


@pytest.mark.rule("2.8c")
def test_the_findings_are_shared_once_after_the_sign_off_by_an_organisation_on_the_file() -> None:
    assert decided().refused("findings_shared", organisation="hospital").rule == "2.8c"
    case = signed_off()
    assert case.refused("findings_shared", organisation="police").field == "organisation"
    assert case.refused("findings_shared", "2019-03-03", organisation="hospital").field == "happened_on"
    case.step("findings_shared", organisation="hospital")
    assert case.refused("findings_shared", organisation="hospital").rule == "2.8c"


# 1.3g: regular monitoring


@pytest.mark.rule("1.3g")
def test_open_actions_are_reviewed_every_three_months_after_publication_until_all_are_closed() -> None:
    case = published(planned())
    assert str(case.due("monitoring_reviewed:1")) == "2019-07-01"
    case.step("monitoring_reviewed", "2019-06-24", conclusions="On course.")
    assert str(case.due("monitoring_reviewed:2")) == "2019-09-24"
    done(case, "2019-07-01")
    case.step("impact_recorded", "2019-08-30", action="action-1", impact="No child waits.")
    assert case.told("deadline_cancelled", deadline="monitoring_reviewed:2")
    assert not case.deadlines["monitoring_reviewed:1"].open


@pytest.mark.rule("1.3g")
def test_a_review_of_the_actions_that_does_not_come_is_chased() -> None:
    case = published(planned()).until("2019-07-10")
    assert [line["at"][:10] for line in case.told("reminded", deadline="monitoring_reviewed:1")] == ["2019-06-24"]
    assert [line["to"] for line in case.told("escalated", deadline="monitoring_reviewed:1")] == ["coordinator", "chair"]


@pytest.mark.rule("1.3g")
def test_nothing_is_monitored_without_an_open_action_or_before_publication() -> None:
    assert "monitoring_reviewed:1" not in planned().deadlines
    assert "monitoring_reviewed:1" not in published().deadlines


@pytest.mark.rule("2.8b")
def test_a_redrafted_plan_goes_to_board_members_again_and_the_same_plan_does_not() -> None:
    case = planned(signed_off())
    first = case.sent("board_copy:")
    case.step("action_plan_drafted", "2019-03-11", document=PLAN)
    assert case.sent("board_copy:") == first
    case.step("action_plan_drafted", "2019-03-12", document=REPLACEMENT)
    again = case.sent("board_copy:")[len(first) :]
    assert len(again) == len(first) == 2
    assert {tuple(letter.documents) for letter in again} == {(REPORT, REPLACEMENT)}
    # Back to the plan before: who has the other one gets this again.
    case.step("action_plan_drafted", "2019-03-13", document=PLAN)
    assert len(case.sent("board_copy:")) == 6
    assert not [key for key, one in case.deadlines.items() if key.startswith("board_copy") and one.open]


@pytest.mark.rule("2.8b")
def test_a_plan_that_was_redrafted_is_not_sent_again_to_a_member_who_never_got_it() -> None:
    case = signed_off()
    case.takes_mail = False
    planned(case)
    for letter in list(case.under_way.values()):
        if letter.notice.endswith(":member-hospital"):
            case.mail_refused(letter.notice)
    case.step("action_plan_drafted", document=PAPER)
    case.step("address_corrected", recipient="person:member-hospital", address="new@hospital.example")
    copies = [letter for letter in case.sent("board_copy:") if letter.to == "person:member-hospital"]
    assert [(letter.number, letter.documents[1]) for letter in copies] == [(1, PLAN), (1, PAPER)]
