"""2.9 Publication of reports: that it is published (2.9a), with the response (2.9e), after the panel's week (2.9f)."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from models.contract import read_instant

from .case import PAPER, REPLACEMENT, REPORT, Case
from .lives import (
    CHECK,
    CONFIRMED,
    decided,
    drafted,
    learned,
    met,
    not_met,
    planned,
    published,
    ready_to_publish,
    signed_off,
    why_not,
    year_over,
)


def waiting(on: str = "2019-03-04", at: time = time(9)) -> Case:
    """A report signed off and checked, while the mail server takes nothing."""
    case = drafted()
    case.takes_mail = False
    signed_off(case, on=on)
    ready_to_publish(case, on=on)
    case.until(on, at)
    return case


def copy_key(case: Case) -> str:
    """The notice with the panel's copy of the report as it stands."""
    assert case.file.report is not None
    return f"panel_copy:{case.file.report.step}"


# 2.9f: the panel's week


@pytest.mark.rule("2.9f")
def test_the_panels_copy_goes_when_the_report_is_signed_off() -> None:
    case = drafted()
    assert not case.sent("panel_copy:")
    signed_off(case)
    (letter,) = case.sent("panel_copy:")
    assert (letter.to, letter.template, letter.rule) == ("national_panel", "panel_copy", "2.9f")
    assert letter.documents == [REPORT]
    assert letter.content == {"signed_on": "2019-03-04", "replaces": ""}


@pytest.mark.rule("2.9f", "1.1")
def test_the_report_of_a_review_held_although_the_criteria_are_not_met_goes_to_the_panel_too() -> None:
    case = signed_off(decided(not_met(), "SCR, criteria not met"))
    assert case.sent("panel_copy:")
    ready_to_publish(case, on="2019-03-05")
    assert case.refused("publication_fixed", publish_on="2019-03-10").rule == "2.9f"
    case.step("publication_fixed", publish_on="2019-03-11")


@pytest.mark.rule("2.9f")
def test_an_alternative_review_sends_the_panel_no_copy_and_waits_no_week() -> None:
    case = signed_off(decided(not_met(), "alternative review", kind="Partnership Case Review"))
    assert not case.sent("panel_copy:")
    case.step("publication_checked", **CHECK)
    case.step("publication_fixed", publish_on="2019-03-04")
    case.step("published", address="https://board.example/pcr")


@pytest.mark.rule("2.9f")
def test_the_earliest_date_is_a_week_after_the_panels_copy_was_taken_and_an_earlier_one_is_refused() -> None:
    case = ready_to_publish(signed_off(), on="2019-03-05")
    refusal = case.refused("publication_fixed", publish_on="2019-03-10")
    assert (refusal.rule, refusal.field) == ("2.9f", "publish_on")
    assert "11 March 2019" in refusal.reason
    case.step("publication_fixed", publish_on="2019-03-11")
    assert case.due("publication") == date(2019, 3, 11)


@pytest.mark.rule("2.9f")
@pytest.mark.parametrize(
    ("accepted_at", "in_london", "earliest"),
    [
        ("2019-06-03T22:30:00Z", "3 June 2019", "2019-06-10"),
        ("2019-06-03T23:30:00Z", "4 June 2019", "2019-06-11"),  # half past midnight in London
        ("2019-11-04T23:30:00Z", "4 November 2019", "2019-11-11"),
    ],
)
def test_the_week_is_counted_from_the_date_in_london_on_which_the_copy_was_taken(
    accepted_at: str, in_london: str, earliest: str
) -> None:
    case = waiting(on="2019-06-03")
    case.until(accepted_at[:10], time(20))
    case.now = read_instant(accepted_at)
    case.mail_accepted(copy_key(case))
    a_day_less = date.fromisoformat(earliest) - timedelta(days=1)
    refusal = case.refused("publication_fixed", publish_on=str(a_day_less))
    assert f"(the panel's copy was accepted on {in_london})" in refusal.reason
    case.step("publication_fixed", publish_on=earliest)
    assert case.refused("published", a_day_less, address="https://board.example/report").rule == "2.9f"
    case.step("published", earliest, address="https://board.example/report")


@pytest.mark.rule("2.9f")
def test_until_the_copy_is_taken_the_date_is_no_earlier_than_a_week_from_today_and_publishing_is_refused() -> None:
    case = waiting()
    case.until("2019-03-06")
    refusal = case.refused("publication_fixed", publish_on="2019-03-12")
    assert (refusal.rule, refusal.field) == ("2.9f", "publish_on")
    assert "13 March 2019 (the panel's copy has not been accepted yet)" in refusal.reason
    # A date on which it was fixed that lies back does not make the week any earlier.
    assert case.refused("publication_fixed", "2019-03-04", publish_on="2019-03-12").field == "publish_on"
    case.step("publication_fixed", publish_on="2019-03-13")
    refusal = case.refused("published", "2019-03-13", address="https://board.example/report")
    assert (refusal.rule, refusal.reason) == (
        "2.9f",
        "A mail server has not accepted the panel's copy of this report yet. Wait until it has.",
    )
    case.mail_accepted(copy_key(case))
    refusal = case.refused("published", "2019-03-19", address="https://board.example/report")
    assert (refusal.rule, refusal.field) == ("2.9f", "happened_on")
    assert "20 March 2019" in refusal.reason
    case.step("published", "2019-03-20", address="https://board.example/report")


@pytest.mark.rule("2.9f")
def test_a_copy_that_was_refused_for_good_keeps_publication_waiting_until_a_right_address_is_found() -> None:
    case = waiting()
    case.mail_refused(copy_key(case))
    assert case.sent("letter_refused:panel_copy:")
    case.step("publication_fixed", publish_on="2019-03-11")
    assert case.refused("published", "2019-03-11", address="https://board.example/report").rule == "2.9f"
    case.step("address_corrected", recipient="national_panel", address="new@panel.example")
    case.mail_accepted(copy_key(case))
    assert case.refused("published", "2019-03-17", address="https://board.example/report").rule == "2.9f"
    case.step("published", "2019-03-18", address="https://board.example/report")


@pytest.mark.rule("2.9f")
def test_the_panels_copy_is_due_a_week_before_the_date_that_was_fixed() -> None:
    case = waiting()
    case.step("publication_fixed", publish_on="2019-04-01")
    key = copy_key(case)
    deadline = case.deadlines[key]
    assert (str(deadline.due), deadline.rule, deadline.basis) == ("2019-03-25", "2.9f", "statutory")
    assert "back from 1 April 2019" in deadline.counted
    case.until("2019-03-27")
    assert [line["to"] for line in case.told("escalated", deadline=key)] == ["chair"]
    case.mail_accepted(key)
    assert case.deadlines[key].late
    case.step("publication_fixed", publish_on="2019-04-08")
    assert (str(case.due(key)), case.deadlines[key].late) == ("2019-04-01", False)


@pytest.mark.rule("2.9f", "2.9d")
def test_a_report_replaced_after_it_was_sent_starts_the_week_again_and_voids_check_and_date() -> None:
    case = ready_to_publish(signed_off(), on="2019-03-05")
    case.step("publication_fixed", publish_on="2019-03-11")
    signed_off(case, on="2019-03-08", document=REPLACEMENT)
    first, second = case.sent("panel_copy:")
    assert (second.documents, second.content["replaces"]) == ([REPLACEMENT], "yes")
    assert second.notice != first.notice
    assert "publication" not in case.deadlines
    assert str(case.due("publication_fixed:2019-03-08")) == "2019-05-08"
    rules = [rule for rule, _ in why_not(case, "published")]
    assert "2.9d" in rules and "2.9f" in rules
    assert "again because the report was replaced" in str(why_not(case, "publication_fixed"))
    case.step("publication_checked", "2019-03-08", **CHECK)
    assert "15 March 2019" in case.refused("publication_fixed", publish_on="2019-03-14").reason
    case.step("publication_fixed", publish_on="2019-03-15")
    assert case.refused("published", "2019-03-14", address="https://board.example/report").rule == "2.9f"
    case.step("published", "2019-03-15", address="https://board.example/report")


@pytest.mark.rule("2.9a", "2.9f")
def test_a_date_that_was_kept_or_missed_stays_on_the_record_when_the_report_is_replaced() -> None:
    case = ready_to_publish(signed_off(), on="2019-03-05")
    case.step("publication_fixed", publish_on="2019-03-11")
    first_copy = copy_key(case)
    signed_off(case, on="2019-03-12", document=REPLACEMENT)
    missed = case.deadlines["publication"]
    assert (str(missed.due), str(missed.met_on), missed.late) == ("2019-03-11", "2019-03-12", True)
    assert missed.title == "Publish the report (no longer required)"
    assert str(case.deadlines["publication_fixed"].met_on) == "2019-03-05"
    assert str(case.deadlines[first_copy].met_on) == "2019-03-04"
    assert case.deadlines["publication_fixed:2019-03-12"].open
    case.step("publication_checked", **CHECK)
    case.step("publication_fixed", "2019-03-13", publish_on="2019-04-01")
    assert (case.deadlines["publication"], str(case.due("publication:2019-03-12"))) == (missed, "2019-04-01")
    assert str(case.due(copy_key(case))) == "2019-03-25"
    case.step("published", "2019-04-01", address="https://board.example/report")
    assert case.deadlines["publication"] == missed
    assert str(case.deadlines["publication:2019-03-12"].met_on) == "2019-04-01"
    assert str(case.deadlines["publication_fixed:2019-03-12"].met_on) == "2019-03-13"


@pytest.mark.rule("2.9a", "2.9f")
@pytest.mark.parametrize(("replaced_on", "missed"), [("2019-05-04", False), ("2019-05-05", True)])
def test_a_date_that_nobody_fixed_in_time_stays_missed_when_the_report_is_replaced(
    replaced_on: str, missed: bool
) -> None:
    case = signed_off(signed_off(), on=replaced_on, document=REPLACEMENT)
    assert ("publication_fixed" in case.deadlines) == missed
    assert not missed or case.deadlines["publication_fixed"].late
    assert case.deadlines[f"publication_fixed:{replaced_on}"].open


@pytest.mark.rule("2.9f")
def test_a_report_replaced_twice_on_a_day_loses_none_of_what_was_done_that_day() -> None:
    case = signed_off(signed_off(), document=REPLACEMENT)
    case.step("publication_checked", **CHECK)
    case.step("publication_fixed", publish_on="2019-03-11")
    signed_off(case, document="f" * 64)
    assert str(case.deadlines["publication_fixed:2019-03-04"].met_on) == "2019-03-04"
    assert case.deadlines["publication_fixed:2019-03-04:2"].open


@pytest.mark.rule("2.9a", "2.9f")
def test_what_was_kept_of_a_publication_stays_when_the_report_that_was_taken_down_is_replaced() -> None:
    case = published()
    order = {"ordered_by": "The High Court", "ground": "a court order", "reasons": "An order."}
    case.step("report_withdrawn", "2019-05-07", **order)
    clocks = ("publication", "publication_fixed", "panel_copy")
    before = {key: deadline for key, deadline in case.deadlines.items() if deadline.clock in clocks}
    signed_off(case, on="2019-05-14", document=REPLACEMENT)
    assert {key: deadline for key, deadline in case.deadlines.items() if deadline.clock in clocks} == before


@pytest.mark.rule("2.9f")
def test_a_report_replaced_on_the_day_it_was_signed_off_says_so_to_the_panel() -> None:
    case = signed_off(on="2019-03-04")
    signed_off(case, on="2019-03-04", document=REPLACEMENT)
    assert [letter.content["replaces"] for letter in case.sent("panel_copy:")] == ["", "yes"]


@pytest.mark.rule("2.9f")
def test_the_same_report_in_another_format_or_language_does_not_start_the_week_again() -> None:
    case = ready_to_publish(signed_off(), on="2019-03-05")
    case.step("publication_fixed", publish_on="2019-03-11")
    case.step("report_drafted", document=PAPER, version="Polish translation", same_text_as=REPORT)
    refusal = case.refused("report_signed_off", document=PAPER, **CONFIRMED)
    assert (refusal.rule, refusal.field) == ("2.9f", "document")
    assert len(case.sent("panel_copy:")) == 1
    case.step("published", "2019-03-11", address="https://board.example/report")


@pytest.mark.rule("2.9f")
def test_a_date_is_fixed_for_a_signed_and_checked_report_that_is_not_published() -> None:
    assert decided().refused("publication_fixed", publish_on="2019-04-01").rule == "2.9f"
    case = signed_off()
    assert case.refused("publication_fixed", publish_on="2019-04-01").rule == "2.9d"
    ready_to_publish(case)
    assert case.refused("publication_fixed", "2019-03-17", publish_on="2019-04-01").field == "happened_on"
    assert case.refused("publication_fixed").field == "publish_on"
    published(case)
    assert case.refused("publication_fixed", publish_on="2019-05-01").rule == "2.9a"


@pytest.mark.rule("2.9a")
def test_a_publication_date_does_not_lie_before_the_day_it_is_fixed() -> None:
    case = ready_to_publish()
    refusal = case.refused("publication_fixed", "2019-03-20", publish_on="2019-03-19")
    assert (refusal.rule, refusal.field) == ("2.9a", "publish_on")
    case.step("publication_fixed", "2019-03-20", publish_on="2019-03-20")


@pytest.mark.rule("2.9a", "2.9f")
def test_a_date_that_was_fixed_can_be_moved_and_is_kept_or_missed() -> None:
    case = ready_to_publish()
    case.step("publication_fixed", publish_on="2019-04-01")
    case.step("publication_fixed", publish_on="2019-04-08")
    assert case.told("deadline_moved", deadline="publication", due="2019-04-08")
    assert case.refused("published", "2019-04-07", address="https://board.example/report").rule == "2.9f"
    case.until("2019-04-09")
    assert [line["to"] for line in case.told("escalated", deadline="publication")] == ["chair"]
    case.step("published", "2019-04-09", address="https://board.example/report")
    assert case.deadlines["publication"].late


# 2.9e: the board's response


@pytest.mark.rule("2.9e")
def test_a_report_is_not_published_without_the_boards_response() -> None:
    case = signed_off()
    case.step("publication_checked", "2019-03-18", **CHECK)
    case.step("publication_fixed", publish_on="2019-03-25")
    refusal = case.refused("published", "2019-03-25", address="https://board.example/report")
    assert refusal.rule == "2.9e"
    case.step("board_responded", document=PAPER)
    assert (PAPER, "board's response") in [(digest, what) for digest, what, _ in case.file.documents]
    assert case.refused("published", "2019-03-24", address="https://board.example/report").rule in ("2.9e", "2.9f")
    case.step("published", "2019-03-25", address="https://board.example/report")


@pytest.mark.rule("2.9e")
def test_a_publication_before_the_response_was_ready_is_refused() -> None:
    case = signed_off()
    case.step("publication_checked", "2019-03-18", **CHECK)
    case.step("publication_fixed", publish_on="2019-03-25")
    case.step("board_responded", "2019-03-28", document=PAPER)
    refusal = case.refused("published", "2019-03-27", address="https://board.example/report")
    assert (refusal.rule, refusal.field) == ("2.9e", "happened_on")


@pytest.mark.rule("2.9e")
def test_the_response_is_due_two_months_after_the_sign_off_and_chased() -> None:
    case = signed_off()
    assert str(case.due("board_responded")) == "2019-05-04"
    case.until("2019-05-12")
    assert [line["to"] for line in case.told("escalated", deadline="board_responded")] == ["coordinator", "chair"]
    case.step("board_responded")
    assert case.deadlines["board_responded"].late


@pytest.mark.rule("2.9e")
def test_a_response_is_part_of_a_report_that_is_there_or_a_document_of_its_own() -> None:
    assert met().refused("board_responded", document=PAPER).rule == "2.9e"
    case = decided()
    assert case.refused("board_responded").field == "document"
    assert case.refused("board_responded", "2018-09-19", document=PAPER).field == "happened_on"
    case.step("board_responded", document=PAPER)
    drafted_case = drafted()
    drafted_case.step("board_responded")


# 2.9a: it is published


@pytest.mark.rule("2.9a", "1.2e")
def test_a_report_is_published_once_with_its_address_on_the_boards_website() -> None:
    case = published()
    assert case.file.publication.published_on == date(2019, 4, 1)
    assert case.record[-1].body["address"] == "https://board.example/report"
    assert case.deadlines["publication"].met_on == date(2019, 4, 1)
    refusal = case.refused("published", address="https://board.example/again")
    assert refusal.rule == "2.9a"


@pytest.mark.rule("2.9a")
def test_a_report_is_published_once_it_is_signed_off_and_its_date_is_fixed() -> None:
    assert decided().refused("published", address="https://board.example/report").rule == "2.9a"
    case = ready_to_publish()
    refusal = case.refused("published", address="https://board.example/report")
    assert (refusal.rule, "“The publication date was fixed”" in refusal.reason) == ("2.9f", True)
    case.step("publication_fixed", publish_on="2019-04-01")
    assert case.refused("published", "2019-04-01").field == "address"


@pytest.mark.rule("2.9a")
def test_a_report_that_nobody_moves_to_publish_is_chased() -> None:
    case = signed_off()
    assert str(case.due("publication_fixed")) == "2019-05-04"
    case.until("2019-05-12")
    assert [line["to"] for line in case.told("escalated", deadline="publication_fixed")] == ["coordinator", "chair"]


def finished(case: Case) -> Case:
    """All the rest is done: only publication can stand between the file and its closing."""
    planned(case)
    case.step("action_done", action="action-1", evidence="Trained.")
    case.step("impact_recorded", action="action-1", impact="Better nights.")
    learned(case)
    return case


@pytest.mark.rule("2.9a")
def test_a_case_that_meets_the_criteria_cannot_be_closed_unpublished() -> None:
    case = finished(signed_off())
    refusals = why_not(case, "closed")
    assert (
        "2.9a",
        "The case meets the criteria, so the report must be published, or the Chair must decide not to publish it.",
    ) in (refusals)
    year_over(published(case))
    assert why_not(case, "closed") == []
    case.step("closed")


@pytest.mark.rule("2.9a", "2.2g", "1.1")
def test_a_review_held_although_the_criteria_are_not_met_can_be_closed_unpublished() -> None:
    case = finished(signed_off(decided(not_met(), "SCR, criteria not met")))
    case.step("board_responded")
    assert why_not(case, "closed") == []
    case.step("closed")


@pytest.mark.rule("2.9a", "2.2g")
def test_an_alternative_review_publishes_nothing_and_closes() -> None:
    case = signed_off(
        decided(not_met(), "alternative review", kind="Partnership Case Review", notification_document=PAPER)
    )
    assert not [key for key in case.deadlines if key.startswith(("publication", "panel_copy", "board_responded"))]
    case.step("outcome_shared", outcome="Night cover was too thin.")
    for party in case.file.parties:
        case.step("outcome_confirmed", organisation=party)
    assert why_not(case, "closed") == []
    case.step("closed")


@pytest.mark.rule("2.9a", "2.9b")
def test_an_alternative_review_that_is_published_keeps_its_date_and_its_year() -> None:
    case = signed_off(decided(not_met(), "alternative review", kind="Partnership Case Review"))
    case.step("publication_checked", **CHECK)
    case.step("publication_fixed", publish_on="2019-04-01")
    assert str(case.due("publication")) == "2019-04-01"
    case.step("published", "2019-04-01", address="https://board.example/pcr")
    assert str(case.due("year_on_website")) == "2020-04-01"
