"""What of a file is open to the public, through a report's whole life."""

from __future__ import annotations

import pytest

from models.public import PublicReport, public_report

from .case import PAPER, PLAN, REPLACEMENT, REPORT, Case
from .lives import CHECK, CONFIRMED, OVER, decided, not_met, published, ready_to_publish, signed_off, year_over

RESPONSE, LATER = "1" * 64, "2" * 64


def seen(case: Case) -> PublicReport | None:
    return public_report(case.file)


def with_response() -> Case:
    """A report on the website, with the board's response as a document of its own."""
    case = signed_off()
    case.step("board_responded", document=RESPONSE)
    return published(case)


def taken_down() -> Case:
    case = with_response()
    case.step(
        "report_withdrawn",
        "2019-05-01",
        ordered_by="The Chair",
        ground="welfare of a child or adult at risk",
        reasons="A sibling was recognised.",
    )
    return case


@pytest.mark.rule("2.9a")
def test_nothing_is_open_before_it_is_published() -> None:
    case = ready_to_publish()
    assert seen(case) is None
    case.step("publication_fixed", publish_on="2019-04-01")
    assert seen(case.until("2019-06-01")) is None, "the day that was fixed publishes nothing"


@pytest.mark.rule("2.9e")
def test_report_and_response_are_open_once_published_and_nothing_else() -> None:
    found = seen(with_response())
    assert found and (found.report, found.response, found.on_request) == (REPORT, RESPONSE, False)
    assert not {PLAN, PAPER} & {found.report, found.response}
    assert found.published_on.isoformat() == "2019-04-01" and found.reference == "EX-2018-0001"


def test_a_response_that_is_part_of_the_report_has_no_document() -> None:
    found = seen(published())
    assert found and found.report == REPORT and found.response == ""


def test_a_response_made_after_the_publication_is_not_open_by_itself() -> None:
    case = with_response()
    case.step("board_responded", document=LATER)
    found = seen(case)
    assert found and found.response == RESPONSE


@pytest.mark.rule("2.9b")
def test_a_report_that_was_taken_down_is_not_open_and_one_put_back_is() -> None:
    case = taken_down()
    assert seen(case) is None
    case.step("board_responded", document=LATER)
    case.step("publication_checked", "2019-05-10", **CHECK)
    assert seen(case) is None, "a new check alone puts nothing back"
    case.step("report_restored", "2019-05-20")
    found = seen(case)
    assert found and (found.report, found.response) == (REPORT, LATER)


def test_a_report_replaced_while_it_was_off_is_open_only_once_put_back() -> None:
    case = taken_down()
    signed_off(case, "2019-05-10", REPLACEMENT)
    case.step("publication_checked", **CHECK)
    assert seen(case) is None
    case.step("report_restored", "2019-05-20")
    found = seen(case)
    assert found and found.report == REPLACEMENT


def test_a_taking_down_that_was_struck_out_never_was() -> None:
    case = taken_down()
    withdrawn = next(entry.id for entry in case.record if entry.name == "report_withdrawn")
    case.step("struck_out", step=withdrawn, reason="Another report was meant.")
    assert seen(case)


def test_a_publication_that_was_struck_out_never_was() -> None:
    case = with_response()
    entry = next(entry.id for entry in case.record if entry.name == "published")
    case.step("struck_out", step=entry, reason="It was another report.")
    assert seen(case) is None


@pytest.mark.rule("2.9d")
def test_nothing_is_open_while_a_court_forbids_it() -> None:
    case = with_response()
    case.step("court_restriction_set", restriction="order-1", court="The Family Court")
    assert seen(case) is None
    case.step("court_restriction_lifted", restriction="order-1")
    assert seen(case)


@pytest.mark.rule("2.9d")
def test_a_courts_terms_must_be_confirmed_before_the_report_is_open_again() -> None:
    case = with_response()
    case.step("court_restriction_set", restriction="order-1", court="The Family Court", terms="No school is named.")
    assert seen(case) is None
    case.step("publication_checked", **CHECK, terms_met=["order-1"])
    assert seen(case)


@pytest.mark.rule("2.9b")
def test_after_its_year_the_title_stays_and_the_documents_are_for_the_asking() -> None:
    found = seen(year_over(with_response()))
    assert found and found.on_request and (found.report, found.response) == ("", "")


@pytest.mark.rule("2.9b")
def test_its_year_alone_takes_nothing_down() -> None:
    found = seen(with_response().until(OVER).until("2020-06-01"))
    assert found and not found.on_request and found.report == REPORT


def test_what_stays_on_the_website_after_its_year_stays_open() -> None:
    case = with_response().until(OVER)
    case.step("moved_to_request", OVER, availability="stays on the website")
    found = seen(case)
    assert found and not found.on_request and found.report == REPORT


@pytest.mark.rule("1.1", "2.9d")
def test_a_report_stays_open_while_a_review_of_another_kind_is_held_until_that_ones_is_published() -> None:
    case = signed_off(decided(not_met(), "alternative review", kind="Partnership Case Review"))
    case.step("board_responded", document=RESPONSE)
    before = seen(published(case))
    again = {"decided_by": "chair", "reasons": "By the finding.", "because": "Asked."}
    case.step("decision_revisited", "2019-06-03", choice="SCR, criteria not met", **again)
    assert before and before.kind == "Partnership Case Review" and seen(case) == before
    case.step("court_restriction_set", restriction="order-1", court="Family Court", terms="No names.")
    assert seen(case) is None
    case.step("publication_checked", terms_met=["order-1"], **CHECK)
    assert seen(case) == before
    case.step("report_drafted", document=REPLACEMENT, version="Of the Serious Case Review")
    case.step("report_signed_off", document=REPLACEMENT, **CONFIRMED)
    case.step("board_responded")
    case.step("publication_checked", "2019-06-10", terms_met=["order-1"], **CHECK)
    case.step("publication_fixed", publish_on="2019-06-17")
    assert seen(case) == before
    case.step("published", "2019-06-17", address="https://board.example/scr")
    found = seen(case)
    assert found and (found.kind, found.report) == ("Serious Case Review", REPLACEMENT)
