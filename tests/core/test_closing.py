"""A file closes when everything is done and not before; whatever comes up later finds it again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from models.record import Refusal
from models.step import ready_refusals
from models.upkeep.closing import Closed

from .case import HARMED, PAPER, REPORT, Case
from .lives import (
    CONFIRMED,
    PRINCIPLES,
    decided,
    drafted,
    learned,
    not_met,
    planned,
    published,
    ready_to_publish,
    signed_off,
    today,
    year_over,
)

NO_REVIEW: dict[str, Any] = {
    "choice": "no review",
    "decided_by": "chair",
    "reasons": "No limb is met.",
    "notification_document": PAPER,
}


def not_ready(case: Case) -> list[Refusal]:
    """Every reason why the file cannot be closed now."""
    return list(ready_refusals(Closed, case.file, case.world))


def no_review(day: str = "2018-09-20", **opened: Any) -> Case:
    """Decided against a review, everybody told."""
    case = Case.opened(HARMED, concern="no", **opened)
    case.step("notified_panel")
    case.step("decision", day, **NO_REVIEW)
    return case


def finished() -> Case:
    """A published review, its year over, its actions closed, its learning spread."""
    case = planned(signed_off())
    ready_to_publish(case)
    published(case)
    learned(case)
    case.step("action_done", action="action-1", evidence="The rota.")
    case.step("impact_recorded", action="action-1", impact="No night without cover.")
    return year_over(case)


# Not before all is done.


@pytest.mark.rule("2.9a")
@pytest.mark.rule("1.2d")
@pytest.mark.rule("2.10a")
def test_a_published_review_is_closed_when_its_year_its_actions_and_its_learning_are_done() -> None:
    case = finished()
    assert not_ready(case) == []
    case.step("closed", summary="All done.")
    assert (case.changes[-1].stage, case.finished) == ("closed", True)
    assert case.told("stage", stage="closed") and case.told("closed", how="closed")


@pytest.mark.rule("2.2b")
def test_a_file_without_a_decision_is_not_closed() -> None:
    reasons = not_ready(Case.opened(HARMED))
    assert ("2.2b", "No decision is recorded yet.") in [(one.rule, one.reason) for one in reasons]


@pytest.mark.rule("2.2e")
def test_a_file_without_a_review_is_closed_once_its_letters_are_taken() -> None:
    case = Case.opened(HARMED, concern="no", takes_mail=False)
    case.step("notified_panel")
    case.step("decision", "2018-09-20", **NO_REVIEW)
    for letter in list(case.under_way.values()):
        assert case.refused("closed").rule == "2.2e"
        case.mail_accepted(letter.notice)
    case.step("closed")


def test_while_a_deadline_stands_it_is_named() -> None:
    case = no_review()
    case.step("panel_requested", request="r-1", wants="information", details="The chronology.")
    refusal = case.refused("closed")
    assert (refusal.rule, "A deadline is open: Answer the request" in refusal.reason) == ("2.2f", True)


@pytest.mark.rule("1.2d")
def test_an_action_is_closed_with_its_impact_and_not_before() -> None:
    case = year_over(learned(published(ready_to_publish(planned()))))
    case.step("action_done", action="action-1", evidence="The rota.")
    assert [one.rule for one in not_ready(case) if one.reason.startswith("The action “")] == ["1.2d"]
    case.step("impact_recorded", action="action-1", impact="No night without cover.")
    assert not [one for one in not_ready(case) if one.rule == "1.2d"]


@pytest.mark.rule("2.9a")
def test_a_case_that_meets_the_criteria_is_not_closed_unpublished() -> None:
    case = learned(signed_off())
    assert "2.9a" in [one.rule for one in not_ready(case)]
    assert "2.9a" not in [one.rule for one in not_ready(published(ready_to_publish(case)))]


@pytest.mark.rule("2.9b")
def test_a_published_report_is_on_the_website_for_its_year_before_the_file_is_closed() -> None:
    def year(case: Case) -> list[str]:
        return [one.rule for one in not_ready(case) if one.reason.startswith("The report's year on the website")]

    case = published()
    assert year(case) == ["2.9b"]
    assert year(year_over(case)) == []


@pytest.mark.rule("2.9g")
def test_a_report_that_is_not_published_by_decision_does_not_hold_the_file() -> None:
    case = signed_off()
    case.step("non_publication_proposed", reasons="A sibling would be known by it.")
    case.step("panel_advised", advice="a-1", topic="publication", text="We agree.")
    case.step("advice_considered", advice="a-1", response="accepted")
    case.step("non_publication_decided", publish=False, decided_by="Person chair", reasons="The sibling's welfare.")
    assert "2.9a" not in [one.rule for one in not_ready(case)]


@pytest.mark.rule("2.6a")
def test_a_review_is_not_closed_without_its_report() -> None:
    assert ("2.6a", "The review is not completed, because no report is signed off.") in [
        (one.rule, one.reason) for one in not_ready(drafted())
    ]


@pytest.mark.rule("2.10a")
@pytest.mark.rule("2.10b")
@pytest.mark.rule("2.10c")
@pytest.mark.rule("2.10d")
@pytest.mark.rule("2.10e")
def test_a_serious_case_review_is_closed_with_all_of_2_10_and_not_with_less() -> None:
    case = published()
    wanted = ["2.10a", "2.10b", "2.10b", "2.10c", "2.10d", "2.10e"]
    assert [one.rule for one in not_ready(case) if one.rule.startswith("2.10")][: len(wanted)] == wanted
    assert not [one for one in not_ready(learned(case)) if one.rule.startswith("2.10")]


@pytest.mark.rule("2.10e")
def test_another_kind_of_review_is_closed_without_a_learning_event_but_not_without_its_outcome() -> None:
    case = Case.opened(HARMED, concern="no")
    case.step(
        "decision",
        "2018-09-20",
        choice="alternative review",
        kind="Partnership Case Review",
        decided_by="chair",
        reasons="R",
    )
    case.step("report_drafted", document=REPORT, version="Draft 1")
    case.step("family_invited", member="m", relationship="parent", not_invited_because="Not to be found.")
    case.step("report_signed_off", document=REPORT, **CONFIRMED, no_practitioners_because="A small case.")
    rules = {one.rule for one in not_ready(case)}
    assert "2.10e" in rules and not {"2.10a", "2.10b", "2.10c", "2.10d"} & rules


def test_a_file_is_not_closed_on_a_day_before_the_last_thing_was_done() -> None:
    case = no_review("2018-09-20").until("2018-09-25")
    refusal = case.refused("closed", happened_on="2018-09-19")
    assert (refusal.field, "20 September 2018" in refusal.reason) == ("happened_on", True)
    case.step("closed", happened_on="2018-09-20")


# Closing is the last thing to do.


def test_when_all_is_done_closing_the_file_is_what_is_left_to_do() -> None:
    case = no_review("2018-09-20")
    assert [key for key, deadline in case.deadlines.items() if deadline.open] == ["closing"]
    assert str(case.due("closing")) == "2018-10-20"


def test_a_file_that_nobody_closes_is_escalated_and_its_own_reminders_do_not_put_that_off() -> None:
    case = no_review("2018-09-20").until("2018-12-20")
    assert str(case.due("closing")) == "2018-10-20"
    assert [(line["what"], line.get("to")) for line in case.events if line.get("deadline") == "closing"] == [
        ("deadline_set", None),
        ("reminded", "coordinator"),
        ("deadline_passed", None),
        ("escalated", "coordinator"),
        ("escalated", "chair"),
        ("escalated", "chair"),
    ]


def test_closing_is_met_by_closing_late_or_in_time() -> None:
    in_time, late = no_review(), no_review()
    in_time.step("closed", "2018-10-20")
    late.step("closed", "2018-10-21")
    assert in_time.told("deadline_met", deadline="closing", late=False)
    assert late.told("deadline_met", deadline="closing", late=True)


def test_the_time_to_close_counts_from_what_was_done_on_the_very_day_of_closing() -> None:
    case = no_review("2018-09-20")
    case.step("closed", "2018-09-20")
    assert str(case.due("closing")) == "2018-10-20"


def test_something_new_takes_the_place_of_closing() -> None:
    case = no_review()
    case.step("panel_requested", request="r-1", wants="information", details="The chronology.")
    assert case.told("deadline_cancelled", deadline="closing")
    case.step("panel_request_answered", "2018-09-28", request="r-1", answer="Sent.")
    assert str(case.due("closing")) == "2018-10-28"


# What is left of a file that has ended.


def test_what_was_met_in_time_and_late_stays_on_a_closed_file() -> None:
    case = no_review("2018-10-09")
    before = {key: deadline for key, deadline in case.deadlines.items() if not deadline.open}
    case.step("closed")
    assert {key: case.deadlines[key] for key in before} == before
    assert case.deadlines["decision"].late
    assert not any(deadline.open for deadline in case.deadlines.values())


def test_nothing_is_told_twice_when_a_file_closes_and_opens_again() -> None:
    case = no_review()
    case.step("closed")
    case.step("reopened", "2018-12-01", reason="A sibling.")
    told = [
        (line["what"], line["deadline"]) for line in case.events if line["what"] in ("deadline_set", "deadline_met")
    ]
    assert [one for one in told if one[1] == "decision"] == [("deadline_set", "decision"), ("deadline_met", "decision")]
    assert told[-1] == ("deadline_set", "closing")


def test_after_its_end_only_what_can_be_asked_of_a_closed_file_is_taken() -> None:
    case = finished()
    case.step("closed")
    assert "“The file was reopened”" in case.refused("note_added", text="Late.").reason
    assert "“The file was reopened”" in case.refused("closed").reason


@pytest.mark.rule("2.9b")
def test_a_copy_asked_for_after_closing_is_followed_until_it_is_supplied() -> None:
    case = finished()
    case.step("closed")
    asked = date.fromisoformat(today(case)) + timedelta(days=30)
    case.step("copy_requested", asked, request="c-1", asked_by="A researcher")
    assert not case.finished
    due = case.due("copy_supplied:c-1")
    case.until(due + timedelta(days=2))
    assert case.told("escalated", deadline="copy_supplied:c-1")
    case.step("copy_supplied", request="c-1", answer="Sent by post.")
    assert case.finished
    assert case.file.ended == "closed"


@pytest.mark.rule("2.2f")
def test_a_request_of_the_panel_after_closing_is_followed_and_its_clock_does_not_move_the_closing() -> None:
    case = no_review()
    case.step("closed", "2018-10-01")
    due = case.due("closing")
    case.step("panel_requested", "2018-11-01", request="r-1", wants="information", details="The chronology.")
    case.step("panel_request_answered", "2018-11-05", request="r-1", answer="Sent.")
    assert case.due("closing") == due
    assert case.finished


def test_a_closed_file_waits_for_its_last_letters() -> None:
    case = no_review()
    case.takes_mail = False
    case.step("panel_requested", request="r-1", wants="information", details="The chronology.")
    case.until("2018-10-05")
    case.step("panel_request_answered", request="r-1", answer="Sent.")
    reminder = next(iter(case.under_way.values()))
    assert case.refused("closed").reason.startswith("A mail server has not accepted this letter yet: ")
    case.mail_accepted(reminder.notice)
    for letter in list(case.under_way.values()):
        case.mail_accepted(letter.notice)
    case.step("closed")
    assert case.finished


# Reopened.


def test_a_file_that_is_reopened_goes_on_under_its_reference_with_all_its_steps() -> None:
    case = no_review()
    steps = len(case.record)
    case.step("closed", "2018-10-01")
    case.step("reopened", "2019-02-01", reason="New evidence.")
    assert (case.file.ended, case.file.reference, case.changes[-1].stage) == (None, "EX-2018-0001", "follow-up")
    assert len(case.record) >= steps + 2
    assert str(case.due("closing")) == "2019-03-01"
    case.step("decision_revisited", because="New evidence.", **NO_REVIEW | {"choice": "SCR, criteria not met"})
    case.step("model_chosen", model="Root Cause Analysis", **PRINCIPLES)
    assert case.deadlines["completion"].open


@pytest.mark.rule("2.2b")
def test_deadlines_that_fell_away_with_the_end_stand_again_and_what_passed_is_raised_at_once() -> None:
    case = not_met()
    case.step("notification_withdrawn", "2018-09-10", reason="It was another child.")
    assert "decision" not in case.deadlines
    case.until("2018-12-01")
    assert case.told("escalated", deadline="decision") == []
    case.step("reopened", "2018-12-01", reason="It was this one.")
    assert [line["to"] for line in case.told("escalated", deadline="decision")] == ["chair"]


@pytest.mark.rule("2.1e")
def test_those_who_were_told_of_a_withdrawal_are_told_that_the_case_is_taken_up_again() -> None:
    case = no_review()
    ended = case.step("notification_withdrawn", "2018-10-10", reason="It was another child.")
    told = {letter.to for letter in case.sent(f"withdrawn:{ended['id']}:")}
    reopened = case.step("reopened", "2018-12-03", reason="It was this one.")
    letters = case.sent("reinstated:")
    assert {letter.notice for letter in letters} == {f"reinstated:{reopened['id']}:{to}" for to in told}
    assert {letter.template for letter in letters} == {"reinstated"} and len(told) == 3
    assert letters[0].content == {"reinstated_on": "2018-12-03"}
    # Withdrawn and taken up once more, they hear each of it once more.
    case.step("notification_withdrawn", "2018-12-04", reason="It was another child.")
    case.step("reopened", "2018-12-05", reason="It was this one.")
    assert (len(case.sent("withdrawn:")), len(case.sent("reinstated:"))) == (6, 6)
    assert case.look().letters == []


@pytest.mark.rule("2.1e")
def test_whoever_did_not_hear_of_a_withdrawal_yet_hears_neither_of_it_nor_of_the_reopening() -> None:
    case = no_review()
    case.takes_mail = False
    case.step("notification_withdrawn", "2018-10-10", reason="It was another child.")
    letters = case.sent("withdrawn:")
    case.mail_accepted(letters[0].notice)
    case.step("reopened", "2018-10-11", reason="It was this one.")
    assert [letter.to for letter in case.sent("reinstated:")] == [letters[0].to]
    assert case.is_settled(letters[1])


@pytest.mark.rule("2.1e")
def test_a_file_that_is_reopened_after_it_was_closed_writes_to_nobody() -> None:
    case = no_review()
    case.step("closed", "2018-10-10")
    case.step("reopened", "2018-12-03", reason="New evidence.")
    assert case.sent("reinstated:") == []


def test_only_a_file_that_has_ended_is_reopened_and_not_before_its_end() -> None:
    case = no_review()
    assert case.refused("reopened", reason="R").reason == "The file is still open."
    case.step("closed", "2018-10-05")
    assert case.refused("reopened", happened_on="2018-10-01", reason="R").field == "happened_on"


def test_a_reopened_file_is_closed_again() -> None:
    case = no_review()
    case.step("closed")
    case.step("reopened", reason="R")
    case.step("closed")
    assert case.finished


def test_a_review_under_way_is_not_closed_by_silence() -> None:
    case = decided().until("2019-06-01")
    assert case.file.ended is None
    assert case.told("escalated", deadline="completion")
