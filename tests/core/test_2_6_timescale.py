"""2.6 Timescale: six months, what is done meanwhile when that is not possible, and the courts."""

from __future__ import annotations

from datetime import date

import pytest

from .case import Case
from .lives import decided, drafted, met, not_met, signed_off

COMPLETION = date(2019, 3, 20)
"""Six calendar months from the decision of 20 September 2018."""


def delayed(on: str = "2019-01-15", expected_on: str = "2019-09-30", case: Case | None = None) -> Case:
    """A review that waits for a trial."""
    case = case or decided()
    case.step("delay_recorded", on, reason="A trial is listed for May.", expected_on=expected_on)
    return case


def interim(case: Case, on: str) -> None:
    """Interim learning on a day."""
    case.step("interim_learning", on, points="Night cover is thin.", corrective_action="A second nurse at night.")


# 2.6a: six months


@pytest.mark.rule("2.6a")
@pytest.mark.parametrize(
    ("decided_on", "due"),
    [("2018-09-20", "2019-03-20"), ("2018-10-31", "2019-04-30"), ("2018-09-30", "2019-03-30")],
)
def test_a_serious_case_review_is_completed_six_calendar_months_after_the_decision(decided_on: str, due: str) -> None:
    case = decided(on=decided_on)
    completion = case.deadlines["completion"]
    assert (str(completion.due), completion.rule, completion.basis) == (due, "2.6a", "statutory")


@pytest.mark.rule("2.6a")
def test_a_review_decided_on_31_august_is_due_at_the_end_of_february() -> None:
    case = Case.opened(notified_on="2018-08-31", aware_on="2018-08-30")
    decided(case, on="2018-08-31")
    assert str(case.due("completion")) == "2019-02-28"


@pytest.mark.rule("2.6a")
def test_only_a_serious_case_review_has_the_six_months() -> None:
    case = decided(not_met(), "alternative review", kind="Partnership Case Review")
    assert "completion" not in case.deadlines


@pytest.mark.rule("2.6a")
def test_the_six_months_of_a_review_that_was_another_kind_first_begin_with_the_decision_to_initiate_it() -> None:
    case = decided(not_met(), "alternative review", kind="Partnership Case Review")
    case.step(
        "decision_revisited",
        "2018-11-12",
        choice="SCR, criteria not met",
        decided_by="chair",
        reasons="On the panel's advice.",
        because="The panel advised it.",
    )
    assert str(case.due("completion")) == "2019-05-12"


@pytest.mark.rule("2.6a")
def test_signing_off_the_report_on_the_last_day_completes_the_review_in_time() -> None:
    case = signed_off(on="2019-03-20").until("2019-12-01")
    assert case.told("deadline_met", deadline="completion", late=False)
    assert not case.told("deadline_passed", deadline="completion")
    assert not case.told("escalated", deadline="completion")


@pytest.mark.rule("2.6a")
def test_a_sign_off_in_time_that_is_recorded_late_is_still_in_time() -> None:
    case = drafted().until("2019-03-26")
    signed_off(case, on="2019-03-20")
    completion = case.deadlines["completion"]
    assert (completion.met_on, completion.late) == (date(2019, 3, 20), False)


@pytest.mark.rule("2.6a")
def test_a_delay_is_seen_before_it_happens_and_the_chair_hears_the_morning_after() -> None:
    case = decided().until("2019-05-20")
    assert [(line["at"][:10], line["to"]) for line in case.told("reminded", deadline="completion")] == [
        ("2019-01-19", "coordinator"),
        ("2019-02-18", "coordinator"),
        ("2019-03-13", "coordinator"),
    ]
    assert [line["at"] for line in case.told("deadline_passed", deadline="completion")] == ["2019-03-21T00:00:00Z"]
    assert [(line["at"], line["to"]) for line in case.told("escalated", deadline="completion")] == [
        ("2019-03-21T08:00:00Z", "chair"),
        ("2019-04-18T07:00:00Z", "chair"),
        ("2019-05-16T07:00:00Z", "chair"),
    ]
    letter = case.sent("escalation:completion")[0]
    assert (letter.to, letter.template, letter.content["due"]) == ("chair", "escalation", "2019-03-20")


@pytest.mark.rule("2.6a")
def test_a_review_completed_late_stays_missed_on_the_record_and_its_ladder_stops() -> None:
    case = signed_off(on="2019-04-01")
    case.until("2019-12-01")
    assert case.deadlines["completion"].late
    assert case.told("deadline_passed", deadline="completion", due="2019-03-20")
    assert case.told("deadline_met", deadline="completion", late=True)
    assert [line["at"][:10] for line in case.told("escalated", deadline="completion")] == ["2019-03-21"]


@pytest.mark.rule("2.6a")
def test_a_replaced_report_does_not_complete_the_review_a_second_time() -> None:
    case = signed_off(on="2019-03-04")
    signed_off(case, on="2019-05-07", document="b" * 64)
    completion = case.deadlines["completion"]
    assert (completion.met_on, completion.late) == (date(2019, 3, 4), False)


@pytest.mark.rule("2.6a", "2.6b")
def test_the_statutory_date_never_moves() -> None:
    case = delayed()
    refusal = case.refused("deadline_extended", deadline="completion", new_due="2019-09-30", reason="The trial.")
    assert (refusal.rule, refusal.field) == ("2.6a", "deadline")
    assert "“A delay was recorded”" in refusal.reason
    case.until("2019-03-21")
    assert (case.due("completion"), case.deadlines["completion"].original_due) == (COMPLETION, COMPLETION)
    assert not case.told("deadline_moved", deadline="completion")
    assert case.told("deadline_passed", deadline="completion", due="2019-03-20", original_due="2019-03-20")


# 2.6b: delays


@pytest.mark.rule("2.6b")
def test_a_delay_keeps_its_reason_and_the_new_expected_date() -> None:
    case = delayed(expected_on="2019-09-30")
    assert case.record[-1].body["reason"] == "A trial is listed for May."
    assert case.file.expected_on == date(2019, 9, 30)
    case.step("delay_recorded", "2019-06-03", reason="The trial moved.", expected_on="2019-12-02")
    assert case.file.expected_on == date(2019, 12, 2)
    assert case.file.delayed_on == date(2019, 1, 15)


@pytest.mark.rule("2.6b")
def test_a_delay_that_is_recorded_late_does_not_set_back_what_is_expected_since() -> None:
    case = delayed(expected_on="2019-09-30")
    case.step("delay_recorded", "2019-06-03", reason="The trial moved.", expected_on="2019-12-02")
    case.step("delay_recorded", "2019-06-02", reason="A witness was ill.", expected_on="2019-10-15")
    assert case.file.expected_on == date(2019, 12, 2)
    case.step("delay_recorded", "2019-06-03", reason="The judge was ill.", expected_on="2019-11-04")
    assert case.file.expected_on == date(2019, 11, 4)
    assert case.file.delayed_on == date(2019, 1, 15)


@pytest.mark.rule("2.6b")
def test_there_is_no_delay_without_a_review() -> None:
    case = met()
    refusal = case.refused("delay_recorded", reason="A trial.", expected_on="2019-09-30")
    assert refusal.rule == "2.6b"
    delayed(case=decided(case))


@pytest.mark.rule("2.6b")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": "A trial.", "expected_on": "2018-10-22"}, "expected_on"),
        ({"reason": "  ", "expected_on": "2019-09-30"}, "reason"),
        ({"expected_on": "2019-09-30"}, "reason"),
        ({"reason": "A trial."}, "expected_on"),
        ({"reason": "A trial.", "expected_on": "2019-09-30", "on": "2018-09-19"}, "happened_on"),
    ],
)
def test_a_delay_is_refused_unless_it_says_why_and_until_when(fields: dict[str, str], field: str) -> None:
    case = decided().until("2018-10-22")
    refusal = case.refused("delay_recorded", **fields)
    assert (refusal.rule, refusal.field) == ("2.6b", field)


@pytest.mark.rule("2.6b")
def test_a_delay_that_was_not_recorded_in_time_can_be_recorded_after_completion_for_the_day_it_began() -> None:
    case = signed_off(on="2019-04-01")
    after = {"reason": "A trial.", "expected_on": "2019-09-30"}
    assert case.refused("delay_recorded", "2019-04-02", **after).rule == "2.6b"
    case.step("delay_recorded", "2019-03-15", reason="A witness was ill.", expected_on="2019-04-01")
    assert not [d for d in case.deadlines.values() if d.clock == "interim_learning"]


@pytest.mark.rule("2.6b")
def test_interim_learning_is_asked_for_every_month_while_the_review_is_delayed() -> None:
    case = delayed(on="2019-01-15")
    assert str(case.due("interim_learning:1")) == "2019-02-15"
    interim(case, "2019-02-11")
    assert case.deadlines["interim_learning:1"].met_on == date(2019, 2, 11)
    assert str(case.due("interim_learning:2")) == "2019-03-11"
    interim(case, "2019-03-14")
    assert case.deadlines["interim_learning:2"].late
    assert str(case.due("interim_learning:3")) == "2019-04-14"


@pytest.mark.rule("2.6b")
def test_interim_learning_that_does_not_come_is_reminded_and_then_escalated() -> None:
    case = delayed(on="2019-01-15").until("2019-02-28")
    assert [line["at"][:10] for line in case.told("reminded", deadline="interim_learning:1")] == ["2019-02-08"]
    assert [(line["at"][:10], line["to"]) for line in case.told("escalated", deadline="interim_learning:1")] == [
        ("2019-02-16", "coordinator"),
        ("2019-02-23", "chair"),
    ]


@pytest.mark.rule("2.6b")
def test_completing_the_review_ends_the_asking_for_interim_learning() -> None:
    case = delayed(on="2019-01-15")
    interim(case, "2019-02-11")
    signed_off(drafted(case), on="2019-03-04")
    assert case.told("deadline_cancelled", deadline="interim_learning:2")
    assert [key for key in case.deadlines if key.startswith("interim_learning")] == ["interim_learning:1"]
    refusal = case.refused("interim_learning", "2019-03-05", points="One.", corrective_action="None.")
    assert (refusal.rule, refusal.field) == ("2.6b", "happened_on")


@pytest.mark.rule("2.6b")
def test_interim_learning_can_be_kept_without_a_delay_and_starts_no_clock() -> None:
    case = decided()
    interim(case, "2018-12-03")
    assert not [key for key in case.deadlines if key.startswith("interim_learning")]
    delayed(case=case)
    assert (str(case.due("interim_learning:1")), case.deadlines["interim_learning:1"].open) == ("2019-02-15", True)


@pytest.mark.rule("2.6b")
@pytest.mark.parametrize(
    ("on", "fields", "field"),
    [
        ("2019-02-10", {"points": "One.", "corrective_action": "None."}, "happened_on"),
        ("2018-09-19", {"points": "One.", "corrective_action": "None."}, "happened_on"),
        ("2019-03-01", {"points": "One."}, "corrective_action"),
        ("2019-03-01", {"corrective_action": "None."}, "points"),
    ],
)
def test_interim_learning_comes_in_order_and_says_what_was_done(on: str, fields: dict[str, str], field: str) -> None:
    case = delayed()
    interim(case, "2019-02-11")
    case.until("2019-03-01")
    refusal = case.refused("interim_learning", on, **fields)
    assert (refusal.rule, refusal.field) == ("2.6b", field)


@pytest.mark.rule("2.6b")
def test_interim_learning_needs_a_review() -> None:
    assert met().refused("interim_learning", points="One.", corrective_action="None.").rule == "2.6b"


@pytest.mark.rule("2.6b")
def test_corrective_action_is_proposed_and_done_before_there_is_a_report() -> None:
    case = delayed()
    case.step("action_proposed", action="night-cover", text="A second nurse at night.", owner="hospital")
    case.step("action_agreed", action="night-cover", agreed_by="The board member")
    case.step("action_done", action="night-cover", evidence="The rota.")
    assert case.deadlines["action_done:night-cover"].met_on is not None


# 2.6b: the courts


def hearing(case: Case, on: str, **fields: object) -> None:
    """What is recorded of the trial."""
    case.step("proceedings_recorded", on, proceedings="trial", kind="criminal", **fields)


@pytest.mark.rule("2.6b")
def test_the_next_date_of_proceedings_is_followed_up_within_a_week() -> None:
    case = decided()
    hearing(case, "2018-10-22", next_on="2018-12-10")
    key = "proceedings_checked:trial:2018-12-10"
    assert str(case.due(key)) == "2018-12-17"
    hearing(case, "2018-12-11", next_on="2019-05-13")
    assert case.deadlines[key].met_on == date(2018, 12, 11)
    assert str(case.due("proceedings_checked:trial:2019-05-13")) == "2019-05-20"


@pytest.mark.rule("2.6b")
def test_a_hearing_that_nobody_follows_up_is_escalated() -> None:
    case = decided()
    hearing(case, "2018-10-22", next_on="2018-12-10")
    case.until("2019-01-02")
    told = case.told("escalated", deadline="proceedings_checked:trial:2018-12-10")
    assert [(line["at"][:10], line["to"]) for line in told] == [("2018-12-18", "coordinator"), ("2018-12-25", "chair")]


@pytest.mark.rule("2.6b")
def test_a_hearing_that_was_moved_is_followed_up_in_time() -> None:
    case = decided()
    hearing(case, "2018-10-22", next_on="2018-12-10")
    hearing(case, "2018-11-05", next_on="2019-02-04")
    assert not case.deadlines["proceedings_checked:trial:2018-12-10"].late
    assert case.deadlines["proceedings_checked:trial:2019-02-04"].open


@pytest.mark.rule("2.6b")
def test_what_is_recorded_of_proceedings_before_their_next_date_leaves_that_date_to_be_followed_up() -> None:
    case = decided()
    hearing(case, "2018-10-22", next_on="2018-12-10")
    hearing(case, "2018-11-05", next_on="2018-12-10", outcome="Bail is granted.")
    assert case.deadlines["proceedings_checked:trial:2018-12-10"].open


@pytest.mark.rule("2.6b")
def test_a_hearing_that_was_moved_and_moved_back_is_waited_for() -> None:
    case = decided()
    hearing(case, "2018-10-22", next_on="2018-12-10")
    hearing(case, "2018-11-05", next_on="2019-02-04")
    hearing(case, "2018-11-12", next_on="2018-12-10")
    assert case.deadlines["proceedings_checked:trial:2018-12-10"].open
    assert not case.deadlines["proceedings_checked:trial:2019-02-04"].open


@pytest.mark.rule("2.6b")
def test_a_hearing_that_was_followed_up_is_not_waited_for_again() -> None:
    case = decided()
    hearing(case, "2018-10-22", next_on="2018-12-10")
    hearing(case, "2018-12-10", next_on="2019-02-04")
    again = {"proceedings": "trial", "kind": "criminal", "next_on": "2018-12-10"}
    assert case.refused("proceedings_recorded", "2018-12-10", **again).field == "next_on"


@pytest.mark.rule("2.6b")
def test_concluded_proceedings_leave_nothing_to_follow_up() -> None:
    case = decided()
    hearing(case, "2018-10-22", next_on="2018-12-10")
    hearing(case, "2018-12-10", concluded=True, outcome="Guilty on one count.")
    assert not [d for d in case.deadlines.values() if d.clock == "proceedings_checked" and d.open]
    refusal = case.refused("proceedings_recorded", proceedings="trial", kind="criminal", next_on="2019-05-13")
    assert (refusal.rule, refusal.field) == ("2.6b", "proceedings")


@pytest.mark.rule("2.6b")
def test_proceedings_may_have_begun_before_the_board_was_notified() -> None:
    case = met()
    case.step("proceedings_recorded", "2018-09-03", proceedings="inquest", kind="coroner's", next_on="2018-11-05")
    assert str(case.due("proceedings_checked:inquest:2018-11-05")) == "2018-11-12"


@pytest.mark.rule("2.6b")
@pytest.mark.parametrize(
    ("on", "fields", "field"),
    [
        ("2018-11-05", {"next_on": "2018-11-02"}, "next_on"),
        ("2018-11-05", {"next_on": "2019-02-04", "concluded": True}, "next_on"),
        ("2018-11-05", {"next_on": "2019-02-04", "kind": "family"}, "kind"),
        ("2018-10-21", {"next_on": "2019-02-04"}, "happened_on"),
    ],
)
def test_dates_of_proceedings_that_cannot_be_are_refused(on: str, fields: dict[str, object], field: str) -> None:
    case = decided()
    hearing(case, "2018-10-22", next_on="2018-12-10")
    case.until("2018-11-05")
    refusal = case.refused("proceedings_recorded", on, **{"proceedings": "trial", "kind": "criminal", **fields})
    assert (refusal.rule, refusal.field) == ("2.6b", field)
