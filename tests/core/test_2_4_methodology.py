"""2.4 Methodology: the scale of the review, and a model that keeps to the five principles."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .case import Case
from .review_steps import MODEL, UNHARMED, days, decide, under_review, without_incident

PRINCIPLES = (
    "recognises_complexity",
    "seeks_underlying_reasons",
    "viewpoint_at_the_time",
    "transparent",
    "uses_research",
)
SCOPE: dict[str, Any] = {"scope": "standard", "reasons": "Three organisations over two years."}


# 1.3a, 2.4b: scope


@pytest.mark.rule("1.3a")
@pytest.mark.rule("2.4b")
@pytest.mark.parametrize("scope", ["concise", "standard", "extended"])
def test_the_scale_follows_the_issues_and_not_the_criteria(scope: str) -> None:
    not_met = Case.opened(UNHARMED)
    decide(not_met, "2018-09-12", "alternative review", kind="Partnership Case Review")
    for case in (under_review(), not_met, without_incident("audit of practice")):
        case.step("scope_set", "2018-09-14", **{**SCOPE, "scope": scope})
        assert case.file.scope == scope and not case.deadlines["scope_set"].open


@pytest.mark.rule("1.3a")
@pytest.mark.rule("2.4b")
def test_the_scope_needs_reasons_and_may_be_changed_with_reasons() -> None:
    case = under_review()
    assert case.refused("scope_set", scope="standard").field == "reasons"
    case.step("scope_set", "2018-09-14", **SCOPE)
    assert case.refused("scope_set", "2018-10-01", **SCOPE).field == "scope"
    case.step("scope_set", "2018-10-01", scope="extended", reasons="A second family is involved.")
    assert case.file.scope == "extended"
    kept = [entry.body["reasons"] for entry in case.record if entry.name == "scope_set"]
    assert kept == ["Three organisations over two years.", "A second family is involved."]
    assert str(case.deadlines["scope_set"].met_on) == "2018-09-14"


@pytest.mark.rule("1.3a")
def test_the_scope_has_a_clock_of_the_boards_own_from_the_start_of_the_review() -> None:
    case = under_review()
    deadline = case.deadlines["scope_set"]
    assert (deadline.rule, deadline.basis, str(deadline.due)) == ("1.3a", "board's own", "2018-10-10")
    case.until("2018-10-18")
    assert days(case, "reminded", "scope_set") == [(date(2018, 10, 3), "coordinator")]
    assert days(case, "escalated", "scope_set") == [(date(2018, 10, 11), "coordinator"), (date(2018, 10, 18), "chair")]


@pytest.mark.rule("1.3a")
@pytest.mark.rule("2.4a")
@pytest.mark.parametrize(("step", "fields", "rule"), [("scope_set", SCOPE, "1.3a"), ("model_chosen", MODEL, "2.4a")])
def test_scope_and_model_need_a_review_and_come_after_its_beginning(
    step: str, fields: dict[str, Any], rule: str
) -> None:
    case = Case.opened()
    assert case.refused(step, **fields).rule == rule
    decide(case, "2018-09-12")
    early = case.refused(step, "2018-09-11", **fields)
    assert (early.rule, early.field) == (rule, "happened_on")
    case.step(step, "2018-09-12", **fields)


# 2.4a: the model


@pytest.mark.rule("2.4a")
@pytest.mark.parametrize("principle", PRINCIPLES)
def test_a_model_without_a_statement_for_each_of_the_five_principles_is_refused(principle: str) -> None:
    case = under_review()
    for given in ({}, {principle: "  "}):
        refusal = case.refused("model_chosen", **{k: v for k, v in MODEL.items() if k != principle}, **given)
        assert (refusal.rule, refusal.field) == ("2.4a", principle)
    case.step("model_chosen", **MODEL)
    assert case.file.model == "SCIE Learning Together"


@pytest.mark.rule("2.4a")
@pytest.mark.parametrize(
    "model",
    [
        "SCIE Learning Together",
        "Root Cause Analysis",
        "Child Practice Review",
        "Significant Incident Learning Process",
        "Appreciative Inquiry",
    ],
)
def test_any_of_the_named_models_may_be_used(model: str) -> None:
    case = under_review()
    case.step("model_chosen", **{**MODEL, "model": model})
    assert case.file.model == model


@pytest.mark.rule("2.4a")
def test_another_model_is_named_and_only_then() -> None:
    case = under_review()
    unnamed = case.refused("model_chosen", **{**MODEL, "model": "another model"})
    assert (unnamed.rule, unnamed.field) == ("2.4a", "other_model")
    assert case.refused("model_chosen", **MODEL, other_model="A Welsh hybrid").field == "other_model"
    case.step("model_chosen", **{**MODEL, "model": "another model"}, other_model="A Welsh hybrid")
    assert case.file.model == "A Welsh hybrid"


@pytest.mark.rule("2.4a")
def test_a_model_can_be_changed_and_the_clock_was_met_by_the_first() -> None:
    case = under_review()
    case.step("model_chosen", "2018-09-20", **MODEL)
    case.step("model_chosen", "2018-10-20", **{**MODEL, "model": "Root Cause Analysis"})
    assert case.file.model == "Root Cause Analysis"
    assert (str(case.deadlines["model_chosen"].met_on), case.deadlines["model_chosen"].late) == ("2018-09-20", False)


@pytest.mark.rule("2.4a")
def test_a_serious_case_review_has_a_clock_for_its_model_and_no_other_review_does() -> None:
    assert str(under_review().due("model_chosen")) == "2018-10-10"
    assert "model_chosen" not in without_incident().deadlines
