"""2.9d Publication harms nobody and is lawful: the check, the courts, and what makes it void."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .case import PAPER, Case
from .lives import CHECK, decided, met, published, ready_to_publish, signed_off, why_not


def checked(case: Case | None = None, on: str = "2019-03-18") -> Case:
    """A report that was checked, with a date fixed."""
    case = ready_to_publish(case or signed_off(), on=on)
    case.step("publication_fixed", publish_on="2019-04-01")
    return case


def restricted(case: Case, on: str, name: str = "order-1", terms: str | None = None) -> Case:
    """A court restricts publication."""
    case.step(
        "court_restriction_set", on, restriction=name, court="The Family Court", **({"terms": terms} if terms else {})
    )
    return case


@pytest.mark.rule("2.9d")
def test_the_check_comes_before_the_publication_date_is_fixed() -> None:
    case = signed_off()
    refusal = case.refused("publication_fixed", publish_on="2019-04-01")
    assert (refusal.rule, "“The publication was checked”" in refusal.reason) == ("2.9d", True)
    case.step("publication_checked", **CHECK)
    case.step("publication_fixed", publish_on="2019-04-01")


@pytest.mark.rule("2.9d")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"data_protection": False}, "data_protection"),
        ({"court_orders": False}, "court_orders"),
        ({"welfare": " "}, "welfare"),
        ({"impact_managed": ""}, "impact_managed"),
        ({"checked_by": ""}, "checked_by"),
        ({"on": "2019-03-03"}, "happened_on"),
        ({"terms_met": ["order-9"]}, "terms_met"),
    ],
)
def test_the_check_is_made_by_name_and_confirms_every_point(fields: dict[str, Any], field: str) -> None:
    case = signed_off().until("2019-03-11")
    refusal = case.refused("publication_checked", **{**CHECK, **fields})
    assert (refusal.rule, refusal.field) == ("2.9d", field)
    case.step("publication_checked", **CHECK)


@pytest.mark.rule("2.3a")
def test_the_check_waits_for_the_response_to_the_panels_advice_on_publication() -> None:
    case = signed_off()
    case.step("panel_advised", advice="a-1", topic="publication", text="Leave out the school.")
    assert case.refused("publication_checked", **CHECK).rule == "2.3a"
    case.step("advice_considered", advice="a-1", response="accepted")
    case.step("publication_checked", **CHECK)


@pytest.mark.rule("2.9d")
def test_there_is_nothing_to_check_without_a_report() -> None:
    assert decided().refused("publication_checked", **CHECK).rule == "2.9d"


@pytest.mark.rule("2.9d")
@pytest.mark.parametrize(
    ("name", "fields", "why"),
    [
        ("situation_changed", {"what": "An anniversary nears."}, "the situation of someone affected changed"),
        ("disclosed_early", {"what": "In the local paper."}, "details became public early"),
        (
            "court_restriction_set",
            {"restriction": "order-1", "court": "The Family Court", "terms": "No names."},
            "a court restricted publication",
        ),
    ],
)
def test_the_check_is_void_when_what_it_looked_at_changes(name: str, fields: dict[str, Any], why: str) -> None:
    case = checked()
    case.step(name, "2019-03-25", **fields)
    for step in ("publication_fixed", "published"):
        assert (
            "2.9d",
            f"The welfare and legal check must be made again because {why}. Record “The publication "
            "was checked” first.",
        ) in (why_not(case, step))
    key = "publication_rechecked:2019-03-25"
    assert (str(case.due(key)), case.deadlines[key].rule) == ("2019-04-01", "2.9d")
    terms_met = ["order-1"] if "restriction" in fields else []
    case.step("publication_checked", "2019-03-27", **CHECK, terms_met=terms_met)
    assert case.deadlines[key].met_on == date(2019, 3, 27)
    case.step("published", "2019-04-01", address="https://board.example/report")


@pytest.mark.rule("2.9d")
def test_a_check_from_before_the_change_does_not_count() -> None:
    case = signed_off()
    case.step("situation_changed", "2019-03-11", what="A sibling moved.")
    refusal = case.refused("publication_checked", "2019-03-10", **CHECK)
    assert (refusal.rule, refusal.field) == ("2.9d", "happened_on")
    case.step("publication_checked", "2019-03-11", **CHECK)


@pytest.mark.rule("2.9d")
def test_two_changes_on_one_day_leave_no_check_owing_unseen() -> None:
    case = checked()
    key = "publication_rechecked:2019-03-25"
    case.step("situation_changed", "2019-03-25", what="A sibling moved.")
    case.step("publication_checked", "2019-03-25", **CHECK)
    assert not case.deadlines[key].open
    case.step("situation_changed", "2019-03-25", what="A parent is ill.")
    assert case.deadlines[key].open


@pytest.mark.rule("2.9d")
def test_a_check_that_is_not_made_again_is_chased_to_the_chair() -> None:
    case = checked()
    case.step("situation_changed", "2019-03-25", what="A sibling moved.")
    case.until("2019-04-02")
    assert [line["to"] for line in case.told("escalated", deadline="publication_rechecked:2019-03-25")] == ["chair"]


@pytest.mark.rule("2.9d")
def test_a_report_on_the_website_is_checked_again_too() -> None:
    case = published()
    case.step("situation_changed", "2019-06-03", what="A sibling was recognised.")
    assert str(case.due("publication_rechecked:2019-06-03")) == "2019-06-10"
    case.step("publication_checked", "2019-06-04", **CHECK)
    assert not case.deadlines["publication_rechecked:2019-06-03"].open


@pytest.mark.rule("2.9d")
def test_a_publication_before_its_check_is_refused() -> None:
    case = checked()
    case.step("situation_changed", "2019-04-02", what="A sibling moved.")
    case.step("publication_checked", "2019-04-03", **CHECK)
    refusal = case.refused("published", "2019-04-02", address="https://board.example/report")
    assert (refusal.rule, refusal.field) == ("2.9d", "happened_on")
    case.step("published", "2019-04-03", address="https://board.example/report")


@pytest.mark.rule("2.9d")
def test_a_court_that_forbids_publication_stops_it_until_it_is_lifted_and_checked_again() -> None:
    case = restricted(checked(), "2019-03-25")
    for name, fields in (
        ("publication_checked", CHECK),
        ("publication_fixed", {"publish_on": "2019-04-08"}),
        ("published", {"address": "https://board.example/report"}),
    ):
        refusal = case.refused(name, "2019-04-01", **fields)
        assert refusal.rule == "2.9d"
        assert "A court forbids publication since" in refusal.reason
    case.step("court_restriction_lifted", "2019-05-07", restriction="order-1")
    assert case.refused("publication_checked", "2019-05-06", **CHECK).field == "happened_on"
    case.step("publication_checked", "2019-05-08", **CHECK)
    case.step("published", "2019-05-08", address="https://board.example/report")


@pytest.mark.rule("2.9d")
def test_a_court_that_allows_publication_on_terms_needs_the_check_to_confirm_each() -> None:
    case = restricted(checked(), "2019-03-25", terms="No names, and no place.")
    restricted(case, "2019-03-25", name="order-2", terms="Not before the inquest.")
    refusal = case.refused("publication_checked", **CHECK, terms_met=["order-1"])
    assert (refusal.rule, refusal.field) == ("2.9d", "terms_met")
    assert "court restriction of 25 March 2019" in refusal.reason
    case.step("publication_checked", **CHECK, terms_met=["order-1", "order-2"])
    case.step("published", "2019-04-01", address="https://board.example/report")


@pytest.mark.rule("2.9d")
def test_a_restriction_that_was_lifted_needs_no_terms_met_but_a_new_check() -> None:
    case = restricted(signed_off(), "2019-03-11", terms="No names.")
    case.step("publication_checked", "2019-03-12", **CHECK, terms_met=["order-1"])
    case.step("court_restriction_lifted", "2019-03-18", restriction="order-1")
    assert "a court lifted its restriction" in case.refused("publication_fixed", publish_on="2019-04-01").reason
    case.step("publication_checked", **CHECK)


@pytest.mark.rule("2.9d")
def test_a_restriction_may_be_older_than_the_notification_and_has_a_name_of_its_own() -> None:
    case = restricted(met(), "2018-09-01")
    refusal = case.refused("court_restriction_set", restriction="order-1", court="The High Court")
    assert (refusal.rule, refusal.field) == ("2.9d", "restriction")


@pytest.mark.rule("2.9d")
def test_only_a_restriction_that_stands_is_lifted_after_it_was_set() -> None:
    case = restricted(decided(), "2018-11-05")
    assert case.refused("court_restriction_lifted", restriction="order-9").field == "restriction"
    assert case.refused("court_restriction_lifted", "2018-11-04", restriction="order-1").field == "happened_on"
    case.step("court_restriction_lifted", restriction="order-1")
    assert case.refused("court_restriction_lifted", restriction="order-1").field == "restriction"


@pytest.mark.rule("2.9d")
def test_an_early_leak_is_told_to_the_chair_without_what_was_leaked() -> None:
    case = decided()
    case.step("disclosed_early", "2018-12-03", what="The name, in the local paper.")
    (letter,) = case.sent("disclosed_early:")
    assert (letter.to, letter.template, letter.rule, letter.content) == ("chair", "disclosed_early", "2.9d", {})
    case.step("disclosed_early", "2018-12-10", what="On the radio.")
    assert len(case.sent("disclosed_early:")) == 2


@pytest.mark.rule("2.9d")
def test_nothing_is_disclosed_early_once_the_report_is_published() -> None:
    case = published()
    refusal = case.refused("disclosed_early", what="In the local paper.")
    assert (refusal.rule, refusal.field) == ("2.9d", "happened_on")
    case.step("disclosed_early", "2019-03-30", what="In the local paper, two days before.")


@pytest.mark.rule("2.9d")
def test_a_situation_changes_in_the_course_of_a_review() -> None:
    assert met().refused("situation_changed", what="A sibling moved.").rule == "2.9d"
    assert decided().refused("situation_changed").field == "what"


@pytest.mark.rule("2.9d", "2.3a")
def test_the_panels_advice_on_publication_is_answered_before_a_date_is_fixed_or_kept() -> None:
    case = checked()
    case.step("panel_advised", "2019-03-25", advice="a-1", topic="publication", text="Wait for the inquest.")
    for name, fields in (
        ("publication_fixed", {"publish_on": "2019-04-08"}),
        ("published", {"address": "https://board.example/report"}),
    ):
        assert case.refused(name, "2019-04-01", **fields).rule == "2.3a"
    case.step("advice_considered", advice="a-1", response="not accepted", reasons="The inquest is closed.")
    case.step("published", "2019-04-01", address="https://board.example/report")
    assert PAPER not in case.sent("panel_copy:")[0].documents


@pytest.mark.rule("2.9d")
def test_what_was_published_under_a_check_that_held_is_recorded_though_it_is_void_by_now() -> None:
    case = checked()
    case.step("situation_changed", "2019-04-02", what="An article appeared the day after.")
    assert "must be made again" in case.refused("published", "2019-04-02", address="https://board.example/r").reason
    case.step("published", happened_on="2019-04-01", address="https://board.example/r")
    assert case.file.publication.published_on == date(2019, 4, 1)
    assert "publication_rechecked:2019-04-02" in case.deadlines, "what is public is checked again all the same"


@pytest.mark.rule("2.9d")
def test_a_check_made_again_does_not_count_for_the_time_it_was_void() -> None:
    case = checked()
    case.step("situation_changed", "2019-03-30", what="A sibling came of age.")
    case.step("publication_checked", "2019-04-03", **CHECK)
    refusal = case.refused("published", "2019-04-04", happened_on="2019-04-02", address="https://board.example/r")
    assert refusal.rule == "2.9d" and "the check" in refusal.reason
