"""2.3 The national panel: its requests are followed until answered, its advice is answered before the next step."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models.view import recordable

from .case import DIED, PAPER, Case
from .review_steps import REVIEWER, UNHARMED, days, decide, published, signed, under_review

ADVICE: dict[str, Any] = {"advice": "advice-1", "text": "Think again."}
NO_REVIEW: dict[str, Any] = {"choice": "no review", "decided_by": "chair", "reasons": "No limb is met."}
INFORMATION: dict[str, Any] = {"request": "info", "wants": "information", "details": "The chronology."}
ANSWER: dict[str, Any] = {"request": "info", "answer": "The chronology was sent."}


def advised(case: Case, topic: str, on: str) -> Case:
    """The panel gives advice on a topic."""
    case.step("panel_advised", on, topic=topic, **ADVICE)
    return case


def why_not(case: Case, step: str) -> list[dict[str, str]]:
    """Every reason why a step may not be recorded now, as the file shows it."""
    shown = recordable(case.file, case.world)
    return next(list(one["why_not"]) for one in shown if one["step"] == step)


# 2.3a: advice


@pytest.mark.rule("2.3a")
@pytest.mark.parametrize("topic", ["criteria", "reviewers", "publication"])
def test_each_advice_has_a_clock_until_the_board_has_responded(topic: str) -> None:
    case = advised(under_review(), topic, "2018-10-01")
    deadline = case.deadlines["advice_considered:advice-1"]
    assert (deadline.rule, deadline.basis, str(deadline.due)) == ("2.3a", "board's own", "2018-10-15")
    case.until("2018-10-17")
    assert days(case, "reminded", "advice_considered:advice-1") == [(date(2018, 10, 14), "coordinator")]
    assert days(case, "escalated", "advice_considered:advice-1") == [(date(2018, 10, 16), "chair")]
    case.step("advice_considered", "2018-10-17", advice="advice-1", response="accepted")
    assert case.deadlines["advice_considered:advice-1"].late
    assert case.file.advice["advice-1"].response == "accepted"


@pytest.mark.rule("2.3a")
def test_advice_on_the_criteria_is_answered_before_the_decision_is_made_or_revisited() -> None:
    case = advised(Case.opened(UNHARMED), "criteria", "2018-09-10")
    refusal = case.refused("decision", **NO_REVIEW)
    assert refusal.rule == "2.3a" and "“The board responded to the panel's advice”" in refusal.reason
    case.step("advice_considered", "2018-09-11", advice="advice-1", response="accepted")
    decide(case, "2018-09-12", "no review")
    case.step("panel_advised", "2018-10-01", topic="criteria", **{**ADVICE, "advice": "advice-2"})
    again = {**NO_REVIEW, "because": "The panel's advice."}
    assert case.refused("decision_revisited", **again).rule == "2.3a"
    case.step("advice_considered", advice="advice-2", response="not accepted", reasons="The facts have not changed.")
    case.step("decision_revisited", **again)


@pytest.mark.rule("2.3a")
def test_advice_on_the_criteria_is_answered_before_the_notification_is_withdrawn() -> None:
    case = advised(Case.opened(UNHARMED), "criteria", "2018-09-10")
    assert case.refused("notification_withdrawn", reason="An accident.").rule == "2.3a"
    case.step("advice_considered", advice="advice-1", response="accepted")
    case.step("notification_withdrawn", reason="An accident.")


@pytest.mark.rule("2.3a")
@pytest.mark.rule("2.5d")
def test_advice_on_reviewers_is_considered_before_one_is_appointed() -> None:
    case = advised(under_review(), "reviewers", "2018-10-01")
    assert case.refused("reviewer_named", **REVIEWER).rule == "2.3a"
    case.step("advice_considered", advice="advice-1", response="accepted")
    case.step("reviewer_named", **REVIEWER)


@pytest.mark.rule("2.3a")
@pytest.mark.rule("2.5d")
def test_advice_on_reviewers_is_considered_before_a_conflict_is_resolved_but_stops_nobody_standing_down() -> None:
    case = under_review()
    case.step("reviewer_named", **{**REVIEWER, "employers_and_interests": ["Example School"]})
    case.step("organisation_added", organisation={"id": "school", "name": "Example School"})
    advised(case, "reviewers", "2018-10-01")
    resolve = {"reviewer": "lead-1", "organisation": "school", "how": "The post ended in 2010."}
    assert case.refused("conflict_resolved", **resolve).rule == "2.3a"
    case.step("reviewer_stood_down", reviewer="lead-1", reason="The panel's advice.")


@pytest.mark.rule("2.3a")
def test_advice_on_publication_is_answered_before_a_date_is_fixed() -> None:
    case = advised(signed(), "publication", "2018-11-13")
    fix = {"publish_on": "2018-12-03"}
    assert "2.3a" in {why["rule"] for why in why_not(case, "publication_fixed")}
    case.step("advice_considered", advice="advice-1", response="accepted")
    assert "2.3a" not in {why["rule"] for why in why_not(case, "publication_fixed")}
    assert case.refused("publication_fixed", **fix).rule == "2.9d"


@pytest.mark.rule("2.3a")
@pytest.mark.parametrize("topic", ["reviewers", "publication"])
def test_advice_on_one_topic_holds_up_no_other(topic: str) -> None:
    case = advised(Case.opened(UNHARMED), topic, "2018-09-10")
    decide(case, "2018-09-12", "no review")


@pytest.mark.rule("2.3a")
def test_advice_is_accepted_or_reasons_are_given_for_not() -> None:
    case = advised(under_review(), "reviewers", "2018-10-01")
    bare = case.refused("advice_considered", advice="advice-1", response="not accepted")
    assert (bare.rule, bare.field) == ("2.3a", "reasons")
    case.step("advice_considered", advice="advice-1", response="not accepted", reasons="Nobody else is free.")


@pytest.mark.rule("2.3a")
def test_a_response_belongs_to_advice_comes_after_it_and_once() -> None:
    case = under_review()
    response = {"advice": "advice-1", "response": "accepted"}
    assert "There is no such advice" in case.refused("advice_considered", **response).reason
    advised(case, "reviewers", "2018-10-01")
    assert case.refused("advice_considered", **{**response, "advice": "advice-9"}).field == "advice"
    assert case.refused("advice_considered", "2018-09-30", **response).field == "happened_on"
    case.step("advice_considered", "2018-10-01", **response)
    assert "already" in case.refused("advice_considered", "2018-10-01", **response).reason


@pytest.mark.rule("2.3a")
def test_each_advice_has_its_own_name_and_one_of_three_topics() -> None:
    case = advised(under_review(), "reviewers", "2018-10-01")
    assert case.refused("panel_advised", topic="criteria", **ADVICE).field == "advice"
    assert case.refused("panel_advised", topic="money", **{**ADVICE, "advice": "advice-2"}).field == "topic"


# 2.3b, 2.2f: requests


@pytest.mark.rule("2.3b")
@pytest.mark.parametrize(
    "wants", ["information", "evidence in person", "a copy of a report", "attendance at a meeting"]
)
def test_a_request_of_the_panel_is_followed_until_it_is_answered(wants: str) -> None:
    case = under_review()
    case.step("panel_requested", "2018-10-01", **{**INFORMATION, "wants": wants})
    deadline = case.deadlines["panel_request_answered:info"]
    assert (str(deadline.due), deadline.open) == ("2018-10-15", True)
    assert wants in deadline.title and "national panel" in deadline.title
    case.step("panel_request_answered", "2018-10-16", **ANSWER, document=PAPER)
    assert case.deadlines["panel_request_answered:info"].late
    assert (PAPER, "answer to the panel") in [one[:2] for one in case.file.documents]


@pytest.mark.rule("2.3b")
def test_a_request_is_wanted_by_its_own_day_when_it_names_one() -> None:
    case = under_review()
    early = case.refused("panel_requested", "2018-10-01", **INFORMATION, due="2018-09-30")
    assert (early.rule, early.field) == ("2.2f", "due")
    case.step("panel_requested", "2018-10-01", **INFORMATION, due="2018-10-05")
    deadline = case.deadlines["panel_request_answered:info"]
    assert (str(deadline.due), deadline.counted) == ("2018-10-05", "the date that was set")


@pytest.mark.rule("2.3b")
def test_an_answer_belongs_to_a_request_comes_after_it_and_once() -> None:
    case = under_review()
    assert "There is no such request" in case.refused("panel_request_answered", **ANSWER).reason
    case.step("panel_requested", "2018-10-01", **INFORMATION)
    assert case.refused("panel_request_answered", **{**ANSWER, "request": "other"}).field == "request"
    assert case.refused("panel_requested", "2018-10-01", **INFORMATION).field == "request"
    assert case.refused("panel_request_answered", "2018-09-30", **ANSWER).field == "happened_on"
    case.step("panel_request_answered", "2018-10-01", **ANSWER)
    assert "already" in case.refused("panel_request_answered", "2018-10-01", **ANSWER).reason


@pytest.mark.rule("2.3b")
@pytest.mark.rule("2.2f")
def test_the_panel_can_ask_about_a_file_that_has_ended_and_is_followed_there() -> None:
    case = Case.opened({**DIED, "abuse_or_neglect": "not suspected"})
    case.step("notification_withdrawn", "2018-09-07", reason="An accident.")
    assert case.finished
    case.step("panel_requested", "2018-10-01", **INFORMATION)
    assert case.deadlines["panel_request_answered:info"].open and not case.finished
    case.until("2018-10-16")
    assert days(case, "escalated", "panel_request_answered:info") == [(date(2018, 10, 16), "chair")]
    case.step("panel_request_answered", "2018-10-16", **ANSWER)
    assert case.finished


@pytest.mark.rule("2.3b")
def test_a_published_file_answers_requests_too() -> None:
    case = published()
    case.step("panel_requested", **INFORMATION)
    assert case.deadlines["panel_request_answered:info"].open
