"""2.9b The report on the website: its twelve months, taking it down and putting it back, and copies on request."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .case import REPLACEMENT, Case
from .lives import (
    CHECK,
    CONFIRMED,
    decided,
    learned,
    not_met,
    planned,
    published,
    ready_to_publish,
    signed_off,
    why_not,
    year_over,
)

ORDER = {"ordered_by": "Person chair", "ground": "welfare of a child or adult at risk", "reasons": "Recognised."}


def taken_down(case: Case | None = None, on: str = "2019-06-03") -> Case:
    """The report was taken down."""
    case = case or published()
    case.step("report_withdrawn", on, **ORDER)
    return case


def put_back(case: Case, on: str = "2019-06-24") -> Case:
    """Checked again, and put back the same day."""
    case.step("publication_checked", on, **CHECK)
    case.step("report_restored", on)
    return case


def finished(case: Case) -> Case:
    """A published case of which only the year is left."""
    planned(case)
    case.step("action_done", action="action-1", evidence="Trained.")
    case.step("impact_recorded", action="action-1", impact="Better nights.")
    return learned(case)


@pytest.mark.rule("2.9b")
@pytest.mark.parametrize(
    ("published_on", "over_on"),
    [("2019-04-01", "2020-04-01"), ("2019-08-31", "2020-08-31"), ("2020-02-29", "2021-02-28")],
)
def test_the_report_stays_on_the_website_for_twelve_calendar_months(published_on: str, over_on: str) -> None:
    case = published(on=published_on)
    year = case.deadlines["year_on_website"]
    assert (str(year.due), year.rule, year.basis, year.period) == (over_on, "2.9b", "statutory", True)
    case.until(date.fromisoformat(over_on).replace(day=1).isoformat())
    day_before = date.fromordinal(date.fromisoformat(over_on).toordinal() - 1)
    refusal = case.refused("moved_to_request", day_before)
    assert (refusal.rule, refusal.field) == ("2.9b", "happened_on")
    case.step("moved_to_request", over_on)


@pytest.mark.rule("2.9b")
def test_at_the_end_a_reminder_asks_and_a_person_decides() -> None:
    case = published().until("2020-03-31")
    assert [(line["at"][:10], line["to"]) for line in case.told("reminded", deadline="year_on_website")] == [
        ("2020-03-04", "coordinator")
    ]
    assert "moved_to_request" not in case.deadlines
    case.until("2020-04-01")
    (letter,) = case.sent("period_ended:year_on_website:")
    assert (letter.to, letter.template, letter.content["due"]) == ("coordinator", "period_ended", "2020-04-01")
    assert not case.told("escalated", deadline="year_on_website")
    assert not case.told("deadline_passed", deadline="year_on_website")
    assert str(case.due("moved_to_request")) == "2020-05-01"
    # Nothing moves by itself.
    assert case.file.publication.availability_on is None
    case.until("2020-05-12")
    assert [line["to"] for line in case.told("escalated", deadline="moved_to_request")] == ["coordinator", "chair"]
    case.step("moved_to_request", availability="available on request")
    assert case.deadlines["moved_to_request"].late


@pytest.mark.rule("2.9b")
def test_a_report_that_stays_after_its_year_can_be_taken_down_later() -> None:
    case = published().until("2020-04-01")
    case.step("moved_to_request", availability="stays on the website")
    assert case.deadlines["moved_to_request"].met_on == date(2020, 4, 1)
    assert case.refused("moved_to_request", availability="stays on the website").rule == "2.9b"
    refusal = case.refused("report_withdrawn", **ORDER)
    assert (refusal.rule, "“It was decided what happens to the report”" in refusal.reason) == ("2.9b", True)
    case.step("moved_to_request", "2020-05-04", availability="available on request")
    assert case.deadlines["moved_to_request"].met_on == date(2020, 4, 1)
    assert case.refused("moved_to_request", availability="stays on the website").rule == "2.9b"
    assert not [d for d in case.deadlines.values() if d.open and d.rule == "2.9b"]


@pytest.mark.rule("2.9b", "2.9d")
def test_taking_the_report_down_within_its_year_needs_a_ground_a_name_and_reasons() -> None:
    case = published()
    for missing in ORDER:
        refusal = case.refused("report_withdrawn", **{name: value for name, value in ORDER.items() if name != missing})
        assert (refusal.rule, refusal.field) == ("2.9b", missing)
    assert case.refused("report_withdrawn", **{**ORDER, "ground": "the budget"}).field == "ground"
    assert case.refused("report_withdrawn", "2019-03-31", **ORDER).field == "happened_on"
    taken_down(case)
    assert case.refused("report_withdrawn", **ORDER).rule == "2.9b"
    assert case.refused("moved_to_request").rule == "2.9b"


@pytest.mark.rule("2.9b")
def test_the_days_off_the_website_do_not_count() -> None:
    case = taken_down(published(), on="2019-06-03")
    assert "year_on_website" not in case.deadlines
    assert case.told("deadline_cancelled", deadline="year_on_website")
    put_back(case, on="2019-06-24")
    assert str(case.due("year_on_website")) == "2020-04-22"
    assert "and the 21 days it was off" in case.deadlines["year_on_website"].counted
    put_back(taken_down(case, on="2019-09-02"), on="2019-09-12")
    assert str(case.due("year_on_website")) == "2020-05-02"
    case.until("2020-05-01")
    assert not case.sent("period_ended:")
    assert case.refused("moved_to_request").rule == "2.9b"
    year_over(case, on="2020-05-02")


@pytest.mark.rule("2.9b")
def test_days_off_after_the_year_do_not_reopen_it() -> None:
    case = published().until("2020-04-02")
    taken_down(case, on="2020-04-06")
    assert not case.deadlines["year_on_website"].open
    assert case.refused("moved_to_request", availability="stays on the website").field == "availability"
    put_back(case, on="2020-04-14")
    assert str(case.due("year_on_website")) == "2020-04-01"
    assert len(case.sent("period_ended:")) == 1
    taken_down(case, on="2020-04-20")
    case.step("publication_checked", **CHECK)
    case.step("moved_to_request")
    assert not [d for d in case.deadlines.values() if d.open and d.rule in ("2.9b", "2.9d")]
    assert case.refused("report_restored").rule == "2.9b"


@pytest.mark.rule("2.9b", "2.9d")
def test_a_report_that_was_taken_down_is_checked_again_and_put_back() -> None:
    case = taken_down()
    assert str(case.due("publication_rechecked:2019-06-03")) == "2019-06-10"
    refusal = case.refused("report_restored")
    assert (refusal.rule, "the report was taken down" in refusal.reason) == ("2.9d", True)
    case.step("publication_checked", "2019-06-17", **CHECK)
    assert case.deadlines["publication_rechecked:2019-06-03"].late
    assert str(case.due("report_restored:2019-06-03")) == "2019-06-24"
    case.until("2019-06-26")
    assert [line["to"] for line in case.told("escalated", deadline="report_restored:2019-06-03")] == ["chair"]
    assert case.refused("report_restored", "2019-06-16").field == "happened_on"
    case.step("report_restored", "2019-06-26")
    assert case.deadlines["report_restored:2019-06-03"].late
    assert case.refused("report_restored").rule == "2.9b"


@pytest.mark.rule("2.9b")
def test_a_report_that_is_on_the_website_is_not_put_back() -> None:
    assert published().refused("report_restored").rule == "2.9b"
    assert signed_off().refused("report_restored").rule == "2.9b"
    assert signed_off().refused("report_withdrawn", **ORDER).rule == "2.9b"
    assert signed_off().refused("moved_to_request").rule == "2.9b"


@pytest.mark.rule("2.9f", "2.9b")
def test_a_report_replaced_while_it_is_down_waits_the_panels_week_before_it_is_back() -> None:
    case = taken_down()
    signed_off(case, on="2019-06-10", document=REPLACEMENT)
    assert case.sent("panel_copy:")[-1].documents == [REPLACEMENT]
    case.step("publication_checked", "2019-06-11", **CHECK)
    refusal = case.refused("report_restored", "2019-06-16")
    assert (refusal.rule, refusal.field) == ("2.9f", "happened_on")
    case.step("report_restored", "2019-06-17")
    assert str(case.due("year_on_website")) == "2020-04-15"


@pytest.mark.rule("2.9b", "2.9d")
def test_a_report_on_the_website_is_not_replaced_before_it_is_taken_down() -> None:
    case = published()
    case.step("report_drafted", document=REPLACEMENT, version="With a correction")
    refusal = case.refused(
        "report_signed_off",
        document=REPLACEMENT,
        signed_by="Person chair",
        says_what_happened=True,
        says_why=True,
        says_what_will_be_done=True,
        lived_experience="Told.",
        sound_analysis=True,
        plain_english=True,
        fit_to_publish=True,
    )
    assert (refusal.rule, "“The report was taken down”" in refusal.reason) == ("2.9d", True)


@pytest.mark.rule("2.9b")
def test_the_file_is_not_closed_before_the_year_is_over_and_decided() -> None:
    case = finished(published(ready_to_publish()))
    assert {rule for rule, _ in why_not(case, "closed")} == {"2.9b"}
    case.until("2020-04-01")
    assert {rule for rule, _ in why_not(case, "closed")} == {"2.9b"}
    case.step("moved_to_request")
    assert why_not(case, "closed") == []


def asked(case: Case, on: str, **more: Any) -> Case:
    """Somebody asks for a copy."""
    case.step("copy_requested", on, **{"request": "c-1", "asked_by": "A university", **more})
    return case


@pytest.mark.rule("2.9b")
def test_a_request_for_a_copy_is_answered_within_the_boards_time() -> None:
    case = asked(published(), "2019-05-07")
    assert str(case.due("copy_supplied:c-1")) == "2019-06-05"
    case.until("2019-06-14")
    assert [line["to"] for line in case.told("escalated", deadline="copy_supplied:c-1")] == ["coordinator", "chair"]
    case.step("copy_supplied", request="c-1", answer="Sent by post.")
    assert case.deadlines["copy_supplied:c-1"].late


@pytest.mark.rule("2.9b")
def test_copies_are_asked_for_and_supplied_on_a_closed_file_too() -> None:
    case = year_over(finished(published()))
    case.step("closed")
    assert not [d for d in case.deadlines.values() if d.open]
    asked(case, "2022-09-05")
    assert [key for key, d in case.deadlines.items() if d.open] == ["copy_supplied:c-1"]
    case.until("2022-10-20")
    assert case.told("escalated", deadline="copy_supplied:c-1")
    case.step("copy_supplied", request="c-1", answer="Sent by post.")
    assert not [d for d in case.deadlines.values() if d.open]
    assert case.file.ended == "closed"


@pytest.mark.rule("2.9b")
def test_requests_for_copies_that_cannot_be_are_refused() -> None:
    request = {"request": "c-1", "asked_by": "A university"}
    assert signed_off().refused("copy_requested", **request).rule == "2.9b"
    case = published()
    assert case.refused("copy_requested", "2019-03-31", **request).field == "happened_on"
    asked(case, "2019-05-07")
    assert case.refused("copy_requested", **request).field == "request"
    answer = {"answer": "Sent by post."}
    assert case.refused("copy_supplied", request="c-9", **answer).field == "request"
    assert case.refused("copy_supplied", "2019-05-06", request="c-1", **answer).field == "happened_on"
    case.step("copy_supplied", request="c-1", **answer)
    assert case.refused("copy_supplied", request="c-1", **answer).field == "request"


RESTRICTED = {"restriction": "order-1", "court": "Family Court, order 1"}


@pytest.mark.rule("2.9d")
def test_a_report_does_not_stay_on_the_website_while_a_court_forbids_publication() -> None:
    case = published().until("2020-04-02")
    case.step("court_restriction_set", **RESTRICTED)
    refusal = case.refused("moved_to_request", availability="stays on the website")
    assert (refusal.rule, "Record “The report was taken down”" in refusal.reason) == ("2.9d", True)
    case.step("report_withdrawn", **ORDER)


@pytest.mark.rule("2.9b")
def test_a_report_that_need_not_be_published_may_stay_down() -> None:
    case = published(decided(not_met(), "alternative review", kind="Partnership Case Review"))
    case.step("court_restriction_set", **RESTRICTED)
    case.step("report_withdrawn", **ORDER)
    case.step("moved_to_request")
    assert not [d for d in case.deadlines.values() if d.open and d.rule in ("2.9b", "2.9d")]
    assert not [reason for rule, reason in why_not(case, "closed") if rule == "2.9b"]


@pytest.mark.rule("2.9b")
def test_a_serious_case_review_that_was_taken_down_within_its_year_is_not_left_at_that() -> None:
    assert taken_down().refused("moved_to_request").rule == "2.9b"


@pytest.mark.rule("1.2b")
def test_a_report_that_is_available_on_request_can_be_replaced() -> None:
    case = published().until("2020-04-02")
    case.step("moved_to_request")
    case.step("report_drafted", document=REPLACEMENT, version="With a correction")
    case.step("report_signed_off", document=REPLACEMENT, **CONFIRMED)


@pytest.mark.rule("2.9a")
def test_the_date_of_publication_is_moved_by_fixing_another_one() -> None:
    case = ready_to_publish()
    case.step("publication_fixed", publish_on="2019-07-01")
    more = {"deadline": "publication", "new_due": "2019-08-01", "reason": "The family asked."}
    assert "“The publication date was fixed”" in case.refused("deadline_extended", **more).reason


AGAIN: dict[str, Any] = {"decided_by": "chair", "reasons": "By the finding.", "because": "Asked."}


def taken_up_again() -> Case:
    """A Partnership Case Review's report is on the website, and a Serious Case Review is held after all."""
    case = published(decided(not_met(), "alternative review", kind="Partnership Case Review"))
    case.step("decision_revisited", "2019-06-03", choice="SCR, criteria not met", **AGAIN)
    return case


def reported_anew(case: Case, on: str = "2019-09-02") -> Case:
    """The Serious Case Review's own report is signed off."""
    case.step("report_drafted", on, document=REPLACEMENT, version="Of the Serious Case Review")
    case.step("report_signed_off", document=REPLACEMENT, **CONFIRMED)
    return case


@pytest.mark.rule("1.1", "2.9b")
def test_a_report_that_is_public_stays_so_when_a_review_of_another_kind_begins() -> None:
    case = taken_up_again()
    assert (str(case.due("year_on_website")), case.deadlines["year_on_website"].period) == ("2020-04-01", True)
    case.step("copy_requested", "2019-06-10", request="r-1", asked_by="A newspaper")
    case.step("copy_supplied", "2019-06-11", request="r-1", answer="Sent.")
    assert case.refused("copy_requested", "2019-03-31", request="r-2", asked_by="A reader").rule == "2.9b"
    taken_down(case, "2019-06-17")
    assert "2.9b" in [rule for rule, _ in why_not(case, "report_withdrawn")]
    assert "2.9d" in [rule for rule, _ in why_not(case, "report_restored")]
    put_back(case)
    assert str(case.due("year_on_website")) == "2020-04-08"
    assert case.refused("moved_to_request", "2020-04-07").rule == "2.9b"
    case.step("moved_to_request", "2020-04-08")
    assert case.deadlines["moved_to_request"].met_on == date(2020, 4, 8)


@pytest.mark.rule("1.1", "2.9b")
def test_of_an_earlier_review_a_report_that_was_taken_down_may_stay_down() -> None:
    case = taken_down(taken_up_again())
    case.step("moved_to_request")
    assert not [d for d in case.deadlines.values() if d.open and d.rule in ("2.9b", "2.9d")]


@pytest.mark.rule("1.1", "2.9d")
def test_what_is_public_of_an_earlier_review_is_checked_again_by_itself() -> None:
    case = taken_up_again()
    case.step("court_restriction_set", "2019-06-10", **RESTRICTED)
    assert case.deadlines["publication_rechecked:2019-06-10"].open
    assert "Record “The report was taken down”" in case.refused("publication_checked", **CHECK).reason
    case.step("court_restriction_lifted", "2019-06-11", restriction="order-1")
    case.step("publication_checked", "2019-06-12", **CHECK)
    assert not case.deadlines["publication_rechecked:2019-06-10"].open
    reported_anew(case)
    assert "2.9d" in [rule for rule, _ in why_not(case, "publication_fixed")]


@pytest.mark.rule("1.1", "2.9b")
def test_the_report_of_the_serious_case_review_has_a_publication_and_a_year_of_its_own() -> None:
    case = taken_up_again()
    reported_anew(case)
    assert "publication" not in case.deadlines
    ready_to_publish(case, on="2019-09-09")
    case.step("publication_fixed", publish_on="2019-10-01")
    assert str(case.due("year_on_website")) == "2020-04-01"
    case.step("published", "2019-10-01", address="https://board.example/scr")
    assert "year_on_website" not in case.deadlines
    assert str(case.due("year_on_website:2019-10-01")) == "2020-10-01"
    case.until("2020-10-02")
    case.step("moved_to_request")
    assert case.deadlines["moved_to_request:2019-10-01"].met_on == date(2020, 10, 2)
