"""2.2 Decisions: whose child it is, the month, the Chair, peer challenge, and who is told."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models.directory import Acting, Appointment
from models.quick_answers import why_not
from models.rulebook import Rulebook, rulebook_from
from models.serious_case_reviews import STEPS
from models.step import ready_refusals

from .case import DIED, HARMED, PAPER, REPORT, Case, directory, rulebook
from .review_steps import (
    MODEL,
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

SCR: dict[str, Any] = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "A limb is met."}
NO_REVIEW: dict[str, Any] = {"choice": "no review", "decided_by": "chair", "reasons": "No limb is met."}
PARTNERSHIP: dict[str, Any] = {**NO_REVIEW, "choice": "alternative review", "kind": "Partnership Case Review"}
ELSEWHERE: dict[str, Any] = {**UNHARMED, "residence": "Elsewhere"}
OTHER_BOARD: dict[str, Any] = {
    "board": "Elsewhere Board",
    "email": "board@elsewhere.example",
    "reason": "It lives there.",
}


# 2.2a: whose child it is


@pytest.mark.rule("2.2a")
def test_another_boards_child_is_not_decided_about_here_and_is_once_the_area_is_corrected() -> None:
    case = Case.opened({**DIED, "residence": "Elsewhere"})
    refusal = case.refused("decision", **SCR)
    assert refusal.rule == "2.2a" and "“The case was transferred to another board”" in refusal.reason
    case.step("facts_corrected", reason="They moved in May.", residence=" hertfordshire")
    decide(case, "2018-09-05")


@pytest.mark.rule("2.2a")
def test_one_child_of_this_area_among_several_is_decided_about_here() -> None:
    case = Case.opened(ELSEWHERE, {**UNHARMED, "id": "child-2"})
    decide(case, "2018-09-05", "no review")


@pytest.mark.rule("2.2a")
def test_an_unknown_area_of_residence_needs_its_reason_like_any_fact_that_decides() -> None:
    case = Case.opened({**DIED, "residence": None}, {**ELSEWHERE, "id": "child-2"})
    refusal = case.refused("decision", **SCR)
    assert (refusal.rule, refusal.field) == ("2.2a", "unknown_reasons")
    assert "Area of normal residence (child 1)" in refusal.reason
    decide(case, "2018-09-05", unknown_reasons={"child-1.residence": "Found in our area, home not known."})


@pytest.mark.rule("2.2a")
def test_another_boards_child_is_transferred_with_a_notice_to_that_board_and_the_file_ends() -> None:
    case = Case.opened(ELSEWHERE)
    ended = case.step("transferred", "2018-09-07", **OTHER_BOARD)
    [letter] = case.sent(f"transferred:{ended['id']}")
    assert (letter.to, letter.address, letter.template) == ("other_board", OTHER_BOARD["email"], "transferred")
    assert letter.content == {"board_to": "Elsewhere Board"} and says_nothing_of_the_child(letter)
    assert case.told("closed", how="transferred")
    assert case.told("deadline_cancelled", deadline="decision")
    assert not [deadline for deadline in case.deadlines.values() if deadline.open]
    assert case.finished
    assert "ended" in case.refused("transferred", **OTHER_BOARD).reason


@pytest.mark.rule("2.2a")
@pytest.mark.parametrize("residence", ["Hertfordshire", None])
def test_a_child_of_this_area_or_of_an_unknown_one_is_not_transferred(residence: str | None) -> None:
    case = Case.opened(ELSEWHERE, {**UNHARMED, "id": "child-2", "residence": residence})
    assert case.refused("transferred", **OTHER_BOARD).rule == "2.2a"
    case.step("facts_corrected", child="child-2", reason="The school's record.", residence="Elsewhere")
    case.step("transferred", **OTHER_BOARD)


@pytest.mark.rule("2.2a")
def test_a_case_is_not_transferred_from_under_a_review() -> None:
    case = under_review()
    case.step("facts_corrected", reason="They had moved.", residence="Elsewhere")
    refusal = case.refused("transferred", **OTHER_BOARD)
    assert refusal.rule == "2.2a" and "under way" in refusal.reason


@pytest.mark.rule("2.2a")
def test_a_child_who_turns_out_to_live_elsewhere_during_a_review_is_transferred_once_the_review_is_given_up() -> None:
    case = under_review()
    case.step("facts_corrected", "2018-09-20", reason="By the school.", residence="Otherland")
    other_board = {"board": "Otherland Board", "email": "board@otherland.example", "reason": "Lives there."}
    assert "“The decision was revisited”" in case.refused("transferred", "2018-09-21", **other_board).reason
    because = {"because": "Another board's child."}
    assert case.refused("decision_revisited", "2018-09-21", **SCR, **because).field == "choice"
    case.step("decision_revisited", "2018-09-21", **NO_REVIEW, **because)
    case.step("transferred", "2018-09-21", **other_board)
    assert (case.file.ended, case.finished) == ("transferred", True)


@pytest.mark.rule("2.2a")
def test_a_case_reopened_and_transferred_to_another_board_writes_to_that_one() -> None:
    case = Case.opened(ELSEWHERE)
    case.step("transferred", "2018-09-07", **OTHER_BOARD)
    case.step("reopened", "2018-09-10", reason="It was the wrong board.")
    case.step("transferred", "2018-09-10", **{**OTHER_BOARD, "board": "Third Board", "email": "board@third.example"})
    assert [letter.address for letter in case.sent("transferred:")] == [
        "board@elsewhere.example",
        "board@third.example",
    ]


# 2.2b: within a month


@pytest.mark.rule("2.2b")
@pytest.mark.parametrize(
    ("notified_on", "due"), [("2018-09-05", "2018-10-05"), ("2019-01-31", "2019-02-28"), ("2019-12-29", "2020-01-29")]
)
def test_the_month_to_decide_is_a_calendar_month_from_the_notification(notified_on: str, due: str) -> None:
    deadline = Case.opened(notified_on=notified_on, aware_on=None).deadlines["decision"]
    assert (deadline.rule, deadline.basis, str(deadline.due)) == ("2.2b", "statutory", due)


@pytest.mark.rule("2.2b")
def test_the_coordinator_is_reminded_before_the_month_is_over_and_the_chair_told_after() -> None:
    case = Case.opened().until("2018-10-13")
    assert days(case, "reminded", "decision") == [
        (date(2018, 9, 28), "coordinator"),
        (date(2018, 10, 3), "coordinator"),
    ]
    assert days(case, "escalated", "decision") == [(date(2018, 10, 6), "chair"), (date(2018, 10, 13), "chair")]
    letter = case.sent("escalation:decision")[0]
    assert letter.to == "chair" and letter.content["due"] == "2018-10-05" and says_nothing_of_the_child(letter)


@pytest.mark.rule("2.2b")
def test_a_decision_of_the_last_day_is_in_time_even_when_it_is_recorded_later() -> None:
    case = Case.opened().until("2018-10-09")
    decide(case, "2018-10-05")
    assert (case.deadlines["decision"].late, str(case.deadlines["decision"].met_on)) == (False, "2018-10-05")
    assert case.until("2018-11-01").told("escalated", deadline="decision")[-1]["at"] == "2018-10-06T07:00:00Z"


@pytest.mark.rule("2.2b")
def test_a_decision_before_the_notification_or_tomorrow_is_refused() -> None:
    case = Case.opened()
    assert case.refused("decision", "2018-09-04", **SCR).field == "happened_on"
    tomorrow = case.quick("decision", "2018-09-06", **SCR)
    assert tomorrow is not None and tomorrow.field == "happened_on"


# 2.2c: the Chair


@pytest.mark.rule("2.2c")
@pytest.mark.parametrize("decided_by", ["coordinator", "member-hospital", "Somebody Else"])
def test_nobody_but_the_chair_decides(decided_by: str) -> None:
    refusal = Case.opened().refused("decision", **{**SCR, "decided_by": decided_by})
    assert (refusal.rule, refusal.field) == ("2.2c", "decided_by")
    assert decided_by in refusal.reason


@pytest.mark.rule("2.2c")
@pytest.mark.parametrize("decided_by", ["chair", "Person chair", "PERSON CHAIR"])
def test_the_chair_is_named_by_name_or_identifier(decided_by: str) -> None:
    case = Case.opened()
    decide(case, "2018-09-05", decided_by=decided_by)
    assert case.file.decision is not None and case.file.decision.decided_by == decided_by


@pytest.mark.rule("2.2c")
@pytest.mark.parametrize(
    ("on", "taken"), [("2018-09-09", False), ("2018-09-10", True), ("2018-09-14", True), ("2018-09-15", False)]
)
def test_whoever_acted_for_the_chair_that_day_decides_and_on_no_other_day(on: str, taken: bool) -> None:
    acting = Acting(role="chair", person="deputy", since=date(2018, 9, 10), until=date(2018, 9, 14))
    case = Case.opened(told=directory(acting=(acting,))).until("2018-09-20")
    if taken:
        decide(case, on, decided_by="deputy")
    else:
        assert case.refused("decision", on, **{**SCR, "decided_by": "deputy"}).rule == "2.2c"


@pytest.mark.rule("2.2c")
def test_a_chair_of_yesterday_decided_yesterday_and_a_new_one_decides_today() -> None:
    new_chair = Appointment(role="chair", person="chief", since=date(2018, 9, 10))
    told = directory(new_chair).model_copy()
    old = [
        one.model_copy(update={"until": date(2018, 9, 9)}) if one.person == "chair" else one
        for one in told.appointments
    ]
    case = Case.opened(told=told.model_copy(update={"appointments": tuple(old)})).until("2018-09-11")
    assert case.refused("decision", "2018-09-10", **SCR).rule == "2.2c"
    assert case.refused("decision", "2018-09-09", **{**SCR, "decided_by": "chief"}).rule == "2.2c"
    decide(case, "2018-09-09", decided_by="chair")


@pytest.mark.rule("2.2c")
def test_who_recorded_the_decision_is_kept_beside_who_made_it() -> None:
    case = Case.opened()
    decide(case, "2018-09-05")
    entry = next(entry for entry in case.record if entry.name == "decision")
    assert (entry.body["recorded_by"], entry.body["decided_by"]) == ("coordinator", "chair")


@pytest.mark.rule("2.2c")
def test_a_validator_that_has_no_directory_leaves_the_chair_to_the_answer_that_counts() -> None:
    case = Case.opened()
    refusal = case.quick("decision", **{**SCR, "decided_by": "nobody"})
    assert refusal is not None and refusal.rule == "2.2c"
    case.directory = None
    assert case.quick("decision", **{**SCR, "decided_by": "nobody"}) is None
    body = {"id": "d", "recorded_by": "x", "happened_on": "2018-09-05", **SCR, "decided_by": "nobody"}
    counted = why_not(case.record, "decision", body, case.world)
    assert counted is not None and counted.rule == "2.2c"


@pytest.mark.rule("2.2c")
def test_the_groups_recommendation_is_kept_apart_and_the_decision_may_differ() -> None:
    case = Case.opened(HARMED)
    case.step("review_recommended", "2018-09-10", recommends="no review", reasons="No limb is met.")
    decide(case, "2018-09-12", "SCR, criteria not met")
    kept = {entry.name: entry.body for entry in case.record if not entry.is_fact}
    assert kept["review_recommended"]["recommends"] == "no review"
    assert kept["decision"]["choice"] == "SCR, criteria not met"


@pytest.mark.rule("2.2c")
def test_a_recommendation_against_a_review_asks_nobody_to_lock_down_and_a_later_one_for_it_does() -> None:
    case = Case.opened(HARMED)
    case.step("review_recommended", "2018-09-10", recommends="no review", reasons="No limb is met.")
    assert case.sent("files_secured:") == []
    case.step("review_recommended", "2018-09-12", recommends="alternative review", reasons="There is much to learn.")
    assert len(case.sent("files_secured:")) == 1 and str(case.due("files_secured:hospital")) == "2018-09-14"


# 2.2d: peer challenge

SOUGHT: dict[str, Any] = {
    "challenge": "peer-1",
    "board": "Elsewhere Board",
    "chair": "A. N. Other",
    "email": "chair@elsewhere.example",
    "question": "Would you say that the harm was serious?",
}


@pytest.mark.rule("2.2d")
def test_peer_challenge_goes_to_the_other_chair_and_the_clock_does_not_stop() -> None:
    case = Case.opened()
    case.step("peer_challenge_sought", "2018-09-10", **SOUGHT)
    [letter] = case.sent("peer_challenge:peer-1")
    assert (letter.to, letter.address, letter.template) == ("peer:peer-1", SOUGHT["email"], "peer_challenge")
    assert letter.content == {"question": SOUGHT["question"]}
    assert (str(case.due("decision")), case.deadlines["decision"].open) == ("2018-10-05", True)
    assert str(case.due("peer_challenge_answered:peer-1")) == "2018-09-24"


@pytest.mark.rule("2.2d")
def test_the_other_chair_is_reminded_and_the_answer_followed_until_it_is_recorded() -> None:
    case = Case.opened()
    case.step("peer_challenge_sought", "2018-09-10", **SOUGHT)
    case.until("2018-10-02")
    key = "peer_challenge_answered:peer-1"
    assert days(case, "reminded", key) == [(date(2018, 9, 17), "peer:peer-1")]
    assert days(case, "escalated", key) == [(date(2018, 9, 25), "coordinator"), (date(2018, 10, 2), "chair")]
    case.step("peer_challenge_answered", "2018-10-02", challenge="peer-1", answer="We would.")
    assert case.deadlines[key].late and not case.deadlines[key].open


@pytest.mark.rule("2.2d")
def test_peer_challenge_can_be_sought_at_other_stages_too() -> None:
    for case in (signed(), without_incident()):
        case.step("peer_challenge_sought", **SOUGHT)
        assert case.sent("peer_challenge:peer-1")


@pytest.mark.rule("2.2d")
def test_what_is_asked_names_no_child_and_each_request_has_its_own_name() -> None:
    case = Case.opened()
    named = case.refused("peer_challenge_sought", **{**SOUGHT, "question": "Was CHILD-1 harmed?"})
    assert (named.rule, named.field) == ("2.2d", "question")
    case.step("peer_challenge_sought", **SOUGHT)
    assert case.refused("peer_challenge_sought", **SOUGHT).field == "challenge"
    case.step("peer_challenge_sought", **{**SOUGHT, "challenge": "peer-2"})


@pytest.mark.rule("2.2d")
def test_an_answer_belongs_to_a_request_comes_after_it_and_once() -> None:
    case = Case.opened()
    answer = {"challenge": "peer-1", "answer": "We would."}
    assert "There is no such request for peer challenge" in case.refused("peer_challenge_answered", **answer).reason
    case.step("peer_challenge_sought", "2018-09-10", **SOUGHT)
    assert case.refused("peer_challenge_answered", **{**answer, "challenge": "peer-9"}).field == "challenge"
    assert case.refused("peer_challenge_answered", "2018-09-09", **answer).field == "happened_on"
    case.step("peer_challenge_answered", "2018-09-10", **answer)
    assert "already" in case.refused("peer_challenge_answered", "2018-09-10", **answer).reason


# 2.2e: who is told


@pytest.mark.rule("2.2e")
def test_three_are_told_of_every_decision_in_a_letter_each() -> None:
    case = Case.opened()
    decision = decide(case, "2018-09-12")
    letters = {letter.to: letter for letter in case.sent(f"decision:{decision}:")}
    assert set(letters) == {"ofsted", "dfe", "national_panel"} and len(case.sent("decision:")) == 3
    content = {"choice": "SCR, criteria met", "kind": "", "finding": "met", "decided_on": "2018-09-12", "revisited": ""}
    for letter in letters.values():
        assert (letter.template, letter.rule, letter.documents) == ("decision", "2.2e", [])
        assert letter.content == content and says_nothing_of_the_child(letter)


@pytest.mark.rule("2.2e")
def test_of_a_decision_not_to_initiate_the_panel_gets_the_reasons_and_the_notification_and_nobody_else_does() -> None:
    case = Case.opened(UNHARMED)
    decision = decide(case, "2018-09-12", "no review", reasons="The harm was slight.", notification_document=PAPER)
    letters = {letter.to: letter for letter in case.sent(f"decision:{decision}:")}
    panel = letters.pop("national_panel")
    assert (panel.template, panel.documents) == ("decision_not_to_initiate", [PAPER])
    assert panel.content["reasons"] == "The harm was slight."
    assert (panel.content["notified_on"], panel.content["aware_on"]) == ("2018-09-05", "2018-09-03")
    assert panel.content["attached"] == "yes" and says_nothing_of_the_child(panel)
    for letter in letters.values():
        assert (letter.template, letter.documents) == ("decision", []) and "reasons" not in letter.content


@pytest.mark.rule("2.2e")
def test_the_panels_letter_does_not_promise_an_attachment_it_does_not_have() -> None:
    case = Case.opened(UNHARMED)
    decision = decide(case, "2018-09-12", "no review")
    [panel] = case.sent(f"decision:{decision}:national_panel")
    assert (panel.documents, panel.content["attached"]) == ([], "")


@pytest.mark.rule("2.2e")
@pytest.mark.rule("2.2g")
def test_an_alternative_review_is_a_decision_not_to_initiate() -> None:
    case = Case.opened(UNHARMED)
    decision = decide(case, "2018-09-12", "alternative review", kind="Partnership Case Review")
    [panel] = case.sent(f"decision:{decision}:national_panel")
    assert (panel.template, panel.content["kind"]) == ("decision_not_to_initiate", "Partnership Case Review")
    assert f"panel_told_not_initiated:{decision}" in case.deadlines


@pytest.mark.rule("2.2e")
def test_the_reasons_that_are_sent_name_no_child() -> None:
    refusal = Case.opened(UNHARMED).refused("decision", **{**NO_REVIEW, "reasons": "Child-1 was not harmed."})
    assert (refusal.rule, refusal.field) == ("2.2e", "reasons")


@pytest.mark.rule("2.2e")
@pytest.mark.parametrize(
    ("child", "text", "named"),
    [
        ("A", "Criteria met.", False),
        ("A", "A neighbour called about child A.", True),
        ("12", "On 12 September all was well.", False),
        ("12", "Seen: CHILD-12", True),
        ("ann", "It was planned.", False),
        ("ann", "It was Ann.", True),
    ],
)
def test_a_text_names_a_child_by_a_whole_word_and_a_short_one_behind_the_word_child(
    child: str, text: str, named: bool
) -> None:
    case = Case.opened({**DIED, "id": child})
    fields = {**SCR, "reasons": text}
    if named:
        assert case.refused("decision", **fields).field == "reasons"
    else:
        case.step("decision", **fields)


@pytest.mark.rule("2.2e")
def test_both_clocks_of_a_decision_not_to_initiate_run_until_the_letters_are_taken() -> None:
    case = Case.opened(UNHARMED, takes_mail=False)
    decision = decide(case, "2018-09-12", "no review", notification_document=PAPER)
    told, panel_told = f"decision_told:{decision}", f"panel_told_not_initiated:{decision}"
    assert (case.deadlines[told].basis, str(case.due(told))) == ("board's own", "2018-09-19")
    assert (case.deadlines[panel_told].basis, str(case.due(panel_told))) == ("statutory", "2018-09-26")
    case.until("2018-09-14")
    case.mail_accepted(f"decision:{decision}:national_panel")
    assert str(case.deadlines[panel_told].met_on) == "2018-09-14"
    case.mail_accepted(f"decision:{decision}:ofsted")
    assert case.deadlines[told].open
    case.until("2018-09-21")
    case.mail_accepted(f"decision:{decision}:dfe")
    assert (str(case.deadlines[told].met_on), case.deadlines[told].late) == ("2018-09-21", True)
    assert days(case, "reminded", told) == [(date(2018, 9, 18), "coordinator")]
    assert days(case, "escalated", told) == [(date(2018, 9, 20), "chair")]


@pytest.mark.rule("2.2e")
def test_the_panel_is_not_told_of_a_decision_not_to_initiate_until_it_has_the_notification_too() -> None:
    case = Case.opened(UNHARMED)
    assert (
        "no decision against a Serious Case Review" in case.refused("notification_copy_sent", how="By courier.").reason
    )
    key = f"panel_told_not_initiated:{decide(case, '2018-09-12', 'no review')}"
    assert case.deadlines[key].open and "notification" in case.deadlines[key].title
    case.until("2018-09-28")
    assert days(case, "reminded", key)[-1] == (date(2018, 9, 24), "coordinator")
    assert days(case, "escalated", key) == [(date(2018, 9, 27), "chair")]
    case.step("notification_copy_sent", "2018-09-28", how="By courier.")
    assert (str(case.deadlines[key].met_on), case.deadlines[key].late) == ("2018-09-28", True)
    assert "already" in case.refused("notification_copy_sent", how="By courier.").reason


@pytest.mark.rule("2.2e")
def test_a_notification_that_went_with_one_decision_need_not_go_with_the_next() -> None:
    case = Case.opened(UNHARMED)
    decide(case, "2018-09-12", "no review", notification_document=PAPER)
    again = case.step("decision_revisited", "2018-10-02", because="Asked.", **PARTNERSHIP)["id"]
    assert str(case.deadlines[f"panel_told_not_initiated:{again}"].met_on) == "2018-10-02"


@pytest.mark.rule("2.2e")
def test_the_panel_is_given_fourteen_days_only_when_nothing_is_initiated() -> None:
    case = under_review()
    assert not [key for key in case.deadlines if key.startswith("panel_told_not_initiated")]


@pytest.mark.rule("2.2e")
def test_a_letter_that_is_refused_escalates_and_goes_again_to_the_right_address() -> None:
    case = Case.opened(UNHARMED, takes_mail=False)
    decision = decide(case, "2018-09-12", "no review")
    notice = f"decision:{decision}:ofsted"
    case.mail_refused(notice)
    assert case.told("notice_failed", notice=notice)
    assert case.sent(f"letter_refused:{notice}")[0].to == "coordinator"
    assert case.deadlines[f"undelivered:{notice}"].open
    case.step("address_corrected", "2018-09-13", recipient="ofsted", address="post@ofsted.example")
    again = case.sent(notice)[-1]
    assert (again.number, again.address) == (2, "post@ofsted.example")
    case.mail_accepted(notice)
    assert not case.deadlines[f"undelivered:{notice}"].open


@pytest.mark.rule("2.2e")
def test_an_acknowledgement_is_recorded_for_a_letter_that_was_taken_and_once() -> None:
    case = Case.opened(takes_mail=False)
    notice = f"decision:{decide(case, '2018-09-12')}:ofsted"
    assert case.refused("acknowledged", notice=notice).rule == "2.2e"
    case.until("2018-09-14")
    case.mail_accepted(notice)
    assert case.refused("acknowledged", "2018-09-13", notice=notice).field == "happened_on"
    case.step("acknowledged", "2018-09-17", notice=notice)
    assert str(case.file.acknowledged[notice]) == "2018-09-17"
    assert "already" in case.refused("acknowledged", "2018-09-18", notice=notice).reason
    assert case.refused("acknowledged", notice="no-such-notice").field == "notice"


@pytest.mark.rule("2.2e")
def test_a_letter_is_acknowledged_on_a_file_that_has_ended_too() -> None:
    case = Case.opened(UNHARMED)
    decision = decide(case, "2018-09-12", "no review", notification_document=PAPER)
    case.step("notified_panel", "2018-09-12", late_because="The duty officer was away.")
    case.step("closed", "2018-09-20")
    case.step("acknowledged", "2018-09-21", notice=f"decision:{decision}:dfe")


# 2.2f: revisited


@pytest.mark.rule("2.2f")
def test_a_revisited_decision_has_letters_of_its_own_and_both_are_kept() -> None:
    case = Case.opened(UNHARMED)
    first = decide(case, "2018-09-12", "no review")
    case.step("panel_advised", "2018-10-01", advice="advice-1", topic="criteria", text="Think again.")
    case.step("advice_considered", "2018-10-02", advice="advice-1", response="accepted")
    again = case.step(
        "decision_revisited",
        "2018-10-03",
        because="The panel's advice.",
        **{**SCR, "choice": "SCR, criteria not met"},
        notification_document=PAPER,
    )
    assert [(one.choice, str(one.on)) for one in case.file.decisions] == [
        ("no review", "2018-09-12"),
        ("SCR, criteria not met", "2018-10-03"),
    ]
    letters = case.sent(f"decision:{again['id']}:")
    assert {letter.to for letter in letters} == {"ofsted", "dfe", "national_panel"}
    assert {(letter.template, letter.content["revisited"]) for letter in letters} == {("decision", "yes")}
    assert all(letter.documents == [] for letter in letters)
    for key in (f"decision_told:{first}", f"panel_told_not_initiated:{first}", f"decision_told:{again['id']}"):
        assert not case.deadlines[key].open
    assert f"panel_told_not_initiated:{again['id']}" not in case.deadlines
    assert (str(case.deadlines["decision"].met_on), str(case.due("completion"))) == ("2018-09-12", "2019-04-03")


@pytest.mark.rule("2.2f")
def test_a_decision_that_stands_after_it_was_revisited_is_told_again_with_its_new_reasons() -> None:
    case = Case.opened(UNHARMED)
    first = decide(case, "2018-09-12", "no review", reasons="The first reasons.")
    again = case.step("decision_revisited", "2018-10-03", because="Asked.", **{**NO_REVIEW, "reasons": "The second."})
    panel = [case.sent(f"decision:{which}:national_panel")[0] for which in (first, again["id"])]
    assert [letter.content["reasons"] for letter in panel] == ["The first reasons.", "The second."]


@pytest.mark.rule("2.2f")
def test_letters_of_the_first_decision_that_were_not_taken_yet_still_go() -> None:
    case = Case.opened(UNHARMED, takes_mail=False)
    first = decide(case, "2018-09-12", "no review")
    case.step("decision_revisited", "2018-09-13", because="New facts.", **{**SCR, "choice": "SCR, criteria not met"})
    case.mail_accepted(f"decision:{first}:ofsted")
    assert case.deadlines[f"decision_told:{first}"].open
    assert f"panel_told_not_initiated:{first}" in case.deadlines


@pytest.mark.rule("2.2e")
def test_the_notification_is_asked_for_no_longer_once_a_review_is_held_after_all() -> None:
    case = Case.opened(UNHARMED)
    key = f"panel_told_not_initiated:{decide(case, '2018-09-12', 'no review')}"
    assert case.deadlines[key].open
    case.step("decision_revisited", "2018-09-20", because="New facts.", **{**SCR, "choice": "SCR, criteria not met"})
    assert key not in case.deadlines and case.told("deadline_cancelled", deadline=key)
    assert case.until("2018-12-20").told("escalated", deadline=key) == []
    case.step("notification_copy_sent", "2018-12-20", how="By courier.")
    assert key not in case.deadlines


@pytest.mark.rule("2.2f")
def test_there_is_one_first_decision_and_nothing_is_revisited_before_it() -> None:
    case = Case.opened(UNHARMED)
    assert case.refused("decision_revisited", because="Early.", **NO_REVIEW).rule == "2.2f"
    decide(case, "2018-09-12", "no review")
    assert case.refused("decision", **NO_REVIEW).rule == "2.2f"
    early = case.refused("decision_revisited", "2018-09-11", because="New facts.", **NO_REVIEW)
    assert (early.rule, early.field) == ("2.2f", "happened_on")


@pytest.mark.rule("2.2f")
@pytest.mark.parametrize("instead", [NO_REVIEW, PARTNERSHIP])
def test_a_review_whose_report_is_signed_off_can_no_longer_be_decided_against(instead: dict[str, Any]) -> None:
    case = signed()
    case.step("facts_corrected", reason="The appeal.", abuse_or_neglect="not suspected")
    assert case.refused("decision_revisited", because="The appeal.", **instead).rule == "2.2f"


@pytest.mark.rule("2.2f")
def test_a_review_decided_against_takes_its_deadlines_with_it_and_one_held_after_all_counts_from_then() -> None:
    case = Case.opened(UNHARMED)
    decide(case, "2018-09-12", "SCR, criteria not met")
    assert {"completion", "reviewer_appointed"} <= case.deadlines.keys()
    case.step("decision_revisited", "2018-09-20", because="New facts.", **NO_REVIEW)
    assert not {"completion", "reviewer_appointed"} & case.deadlines.keys()
    case.step("decision_revisited", "2019-01-10", because="Newer facts.", **{**SCR, "choice": "SCR, criteria not met"})
    assert (str(case.due("completion")), str(case.due("reviewer_appointed"))) == ("2019-07-10", "2019-02-10")
    assert case.told("escalated", deadline="reviewer_appointed") == []


@pytest.mark.rule("2.2f")
@pytest.mark.rule("1.1")
def test_a_serious_case_review_after_another_review_was_completed_needs_a_report_of_its_own() -> None:
    case = Case.opened(UNHARMED)
    decide(case, "2018-09-12", "alternative review", kind="Partnership Case Review")
    ready_to_sign(case)
    case.step("report_signed_off", "2018-11-12", **SIGN_OFF)
    assert case.file.report is not None
    case.step("facts_corrected", "2019-06-03", reason="A trial.", outcome="died", died_on="2018-11-30")
    case.step("decision_revisited", "2019-06-05", because="The child died.", **SCR)
    assert case.file.report is None
    assert (case.deadlines["completion"].open, str(case.due("completion"))) == (True, "2019-12-05")
    refusal = case.refused("report_signed_off", "2019-06-06", **SIGN_OFF)
    assert refusal.rule == "1.2b" and "There is no draft" in refusal.reason
    assert case.sent("panel_copy:") == []


@pytest.mark.rule("2.10a")
def test_a_review_that_becomes_serious_needs_a_commission_that_states_a_learning_event() -> None:
    case = Case.opened(UNHARMED)
    decide(case, "2018-09-12", "alternative review", kind="Partnership Case Review")
    case.step("reviewer_named", "2018-09-13", **{**REVIEWER, "commission_includes_event": False})
    case.step("facts_corrected", "2018-10-01", reason="It died.", outcome="died", died_on="2018-09-30")
    case.step("decision_revisited", "2018-10-02", because="The child died.", **SCR)
    reasons = [refusal.reason for refusal in ready_refusals(STEPS["report_signed_off"], case.file, case.world)]
    assert any("multi-agency learning event" in reason for reason in reasons)
    case.step("reviewer_named", "2018-10-03", **{**REVIEWER, "reviewer": "another"})
    reasons = [refusal.reason for refusal in ready_refusals(STEPS["report_signed_off"], case.file, case.world)]
    assert not any("multi-agency learning event" in reason for reason in reasons)


def telling_the_authority_too() -> Rulebook:
    """The rules of another board, which tells the local authority of every decision as well."""
    plain = rulebook().model_dump(mode="json")
    plain["addressees"]["decision"] = [*plain["addressees"]["decision"], "local_authority"]
    return rulebook_from(plain)


@pytest.mark.rule("2.2e")
def test_who_is_told_of_a_decision_is_settled_by_the_rules_of_its_day() -> None:
    case = Case.opened(UNHARMED)
    decide(case, "2018-09-06", "no review")
    wider = telling_the_authority_too().model_dump(mode="json")
    case.rulebooks["wider"] = {**wider, "name": "wider"}
    case.step("rulebook_changed", "2019-06-01", rulebook="wider", reason="New rules.")
    assert [letter.to for letter in case.sent("decision:")] == ["ofsted", "dfe", "national_panel"]
    assert not case.deadlines["decision_told:step-1"].open


@pytest.mark.rule("2.2e")
def test_whoever_was_told_of_the_decision_or_asked_about_the_case_hears_that_it_was_withdrawn() -> None:
    case = Case.opened(UNHARMED, rules=telling_the_authority_too())
    asked = {"board": "Another Board", "chair": "Its Chair", "email": "chair@another.example"}
    case.step("peer_challenge_sought", "2018-09-06", challenge="p1", question="What would you do?", **asked)
    decide(case, "2018-09-06", "no review")
    case.step("notification_withdrawn", "2018-09-07", reason="It was another child.")
    told = {letter.to for letter in case.sent("withdrawn:")}
    assert told >= {"ofsted", "dfe", "national_panel", "local_authority", "peer:p1"}


@pytest.mark.rule("2.2f")
def test_the_panel_may_ask_for_information_or_evidence_and_each_request_has_its_own_clock() -> None:
    case = Case.opened(UNHARMED)
    decide(case, "2018-09-12", "no review")
    case.step("panel_requested", "2018-10-01", request="info", wants="information", details="The chronology.")
    case.step(
        "panel_requested",
        "2018-10-01",
        request="chair",
        wants="evidence in person",
        details="At ten.",
        due="2018-11-20",
    )
    assert (str(case.due("panel_request_answered:info")), str(case.due("panel_request_answered:chair"))) == (
        "2018-10-15",
        "2018-11-20",
    )
    assert "evidence in person" in case.deadlines["panel_request_answered:chair"].title
    case.until("2018-10-31")
    assert days(case, "reminded", "panel_request_answered:info") == [(date(2018, 10, 14), "coordinator")]
    assert days(case, "escalated", "panel_request_answered:info") == [
        (date(2018, 10, 16), "chair"),
        (date(2018, 10, 30), "chair"),
    ]


# 2.2g: what may be decided


@pytest.mark.rule("2.2g")
@pytest.mark.parametrize(
    ("fields", "kind", "due"),
    [
        ({"choice": "SCR, criteria not met"}, "Serious Case Review", "2019-03-12"),
        ({"choice": "alternative review", "kind": "Partnership Case Review"}, "Partnership Case Review", None),
        ({"choice": "alternative review", "kind": "child death review"}, "child death review", None),
        ({"choice": "alternative review", "kind": "single-agency review"}, "single-agency review", None),
        ({"choice": "alternative review", "kind": "audit of practice"}, "audit of practice", None),
        ({"choice": "no review"}, None, None),
    ],
)
def test_with_the_criteria_not_met_the_chair_may_still_choose(
    fields: dict[str, Any], kind: str | None, due: str | None
) -> None:
    case = Case.opened(UNHARMED)
    decide(case, "2018-09-12", **fields)
    review = case.file.review
    assert (review.kind if review else None) == kind
    assert review is None or not review.criteria_met
    assert (str(case.due("completion")) if "completion" in case.deadlines else None) == due


@pytest.mark.rule("2.2g")
@pytest.mark.parametrize(
    "fields",
    [
        {"choice": "alternative review"},
        {"choice": "no review", "kind": "Partnership Case Review"},
        {"choice": "alternative review", "kind": "Serious Case Review"},
        {"choice": "let us see"},
    ],
)
def test_any_other_decision_is_refused(fields: dict[str, Any]) -> None:
    refusal = Case.opened(UNHARMED).refused("decision", **{**NO_REVIEW, **fields})
    assert refusal.rule == "2.2g" and refusal.field in ("kind", "choice")


@pytest.mark.rule("2.2a")
@pytest.mark.rule("1.1")
def test_a_review_without_an_incident_has_nothing_to_decide_or_transfer() -> None:
    case = without_incident()
    for step, rule, fields in (
        ("decision", "2.2a", SCR),
        ("review_recommended", "2.2c", {"recommends": "no review", "reasons": "None."}),
        ("transferred", "2.2a", OTHER_BOARD),
    ):
        refusal = case.refused(step, **fields)
        assert refusal.rule == rule and "without an incident" in refusal.reason
    assert "decision" not in case.deadlines


@pytest.mark.rule("2.2a")
def test_the_area_is_the_rulebooks() -> None:
    exampleshire = {**DIED, "residence": "Exampleshire"}
    assert Case.opened(exampleshire).refused("decision", **SCR).rule == "2.2a"
    decide(Case.opened(exampleshire, rules=rulebook("working-days-2018")), "2018-09-05")


@pytest.mark.rule("1.1")
@pytest.mark.rule("2.2f")
def test_what_was_shared_of_an_earlier_review_is_shared_anew_of_the_serious_case_review() -> None:
    case = Case.opened(UNHARMED)
    decide(case, "2018-09-12", "alternative review", kind="Partnership Case Review")
    ready_to_sign(case)
    case.step("report_signed_off", "2018-11-12", **SIGN_OFF)
    case.step("outcome_shared", "2018-11-13", outcome="Five things were learnt.")
    case.step("outcome_confirmed", "2018-11-14", organisation="hospital")
    case.step("decision_revisited", "2019-06-05", because="Asked.", **{**SCR, "choice": "SCR, criteria not met"})
    assert not {"outcome_shared", "outcome_confirmed:hospital"} & case.deadlines.keys()
    case.step("reviewer_named", **REVIEWER)
    case.step("model_chosen", **MODEL)
    case.step("report_drafted", document=REPORT, version="Of the Serious Case Review")
    case.step("report_signed_off", "2019-09-02", **SIGN_OFF)
    assert [letter.documents for letter in case.sent("panel_copy:")] == [[REPORT]]
    assert case.deadlines["outcome_shared"].open
    case.step("outcome_shared", "2019-09-03", outcome="Seven things were learnt.")
    assert [letter.content["outcome"] for letter in case.sent("outcome:hospital")] == [
        "Five things were learnt.",
        "Seven things were learnt.",
    ]
    assert case.deadlines["outcome_confirmed:hospital"].open


@pytest.mark.rule("2.2f")
def test_a_delay_of_an_earlier_review_is_not_one_of_the_review_that_is_held_after_all() -> None:
    case = Case.opened(UNHARMED)
    decide(case, "2018-09-12", "SCR, criteria not met")
    case.step("delay_recorded", "2018-10-01", reason="A trial.", expected_on="2019-09-01")
    assert "interim_learning:1" in case.deadlines
    case.step("decision_revisited", "2018-10-02", because="Asked.", **NO_REVIEW)
    case.step("decision_revisited", "2019-01-10", because="Asked.", **{**SCR, "choice": "SCR, criteria not met"})
    assert "interim_learning:1" not in case.deadlines


@pytest.mark.rule("2.2e")
def test_a_notification_that_was_sent_on_the_day_a_review_is_held_after_all_was_owed_still() -> None:
    case = Case.opened(UNHARMED)
    key = f"panel_told_not_initiated:{decide(case, '2018-09-12', 'no review')}"
    case.step("notification_copy_sent", "2018-09-20", how="By the panel's own portal.")
    held = {**SCR, "choice": "SCR, criteria not met"}
    case.step("decision_revisited", "2018-09-20", because="New facts.", **held)
    assert str(case.deadlines[key].met_on) == "2018-09-20"
