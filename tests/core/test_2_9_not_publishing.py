"""2.9g Not publishing a report: proposed to the national panel, decided after its advice."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from models.directory import Acting

from .case import Case, directory, morning
from .lives import CHECK, decided, not_met, planned, published, ready_to_publish, signed_off, why_not

REASONS = "A sibling can be recognised from it."


def proposed(case: Case | None = None, on: str = "2019-03-11", **more: Any) -> Case:
    """Not publishing is proposed."""
    case = case or signed_off()
    case.step("non_publication_proposed", on, reasons=REASONS, **more)
    return case


def advised(case: Case, on: str = "2019-03-18", topic: str = "publication", advice: str = "a-1") -> Case:
    """The panel gave advice."""
    case.step("panel_advised", on, advice=advice, topic=topic, text="Publish a shorter report.")
    return case


def considered(case: Case, on: str = "2019-03-20", advice: str = "a-1") -> Case:
    """The board responded to it."""
    case.step("advice_considered", on, advice=advice, response="not accepted", reasons="It would not help.")
    return case


def ruled(case: Case, on: str = "2019-03-25", *, publish: bool = False, **more: Any) -> Case:
    """The final decision."""
    fields = {"publish": publish, "decided_by": "Person chair", "reasons": "The sibling comes first."}
    case.step("non_publication_decided", on, **{**fields, **more})
    return case


def proposal(case: Case) -> str:
    """The id of the latest proposal."""
    latest = case.file.publication.proposal
    assert latest is not None
    return latest.id


DECISION: dict[str, Any] = {"publish": False, "decided_by": "Person chair", "reasons": "The sibling comes first."}


@pytest.mark.rule("2.9g", "2.1h")
def test_the_panel_is_told_of_the_proposal_with_its_reasons_and_asked_for_advice_by_a_day() -> None:
    case = proposed(advice_by="2019-04-15")
    (letter,) = case.sent("not_publishing:")
    assert (letter.to, letter.template, letter.rule) == ("national_panel", "non_publication_proposed", "2.9g")
    assert letter.content == {"reasons": REASONS, "advice_by": "2019-04-15"}
    assert str(case.due(f"non_publication_advice:{proposal(case)}")) == "2019-04-15"
    assert str(case.due(f"non_publication_decided:{proposal(case)}")) == "2019-05-15"
    assert case.deadlines[f"panel_told_not_publishing:{proposal(case)}"].met_on == date(2019, 3, 11)


@pytest.mark.rule("2.9g")
def test_without_a_day_the_advice_is_awaited_twenty_working_days_and_the_letter_says_so() -> None:
    case = proposed()
    assert str(case.due(f"non_publication_advice:{proposal(case)}")) == "2019-04-08"
    assert case.sent("not_publishing:")[0].content["advice_by"] == "2019-04-08"


@pytest.mark.rule("2.9g")
def test_telling_the_panel_of_the_proposal_is_followed_until_it_is_told() -> None:
    case = signed_off()
    case.takes_mail = False
    proposed(case)
    key = f"panel_told_not_publishing:{proposal(case)}"
    assert str(case.due(key)) == "2019-03-18"
    case.until("2019-03-20")
    assert [line["to"] for line in case.told("escalated", deadline=key)] == ["chair"]
    case.mail_accepted(f"not_publishing:{proposal(case)}")
    assert case.deadlines[key].late


@pytest.mark.rule("2.9g")
def test_while_not_publishing_is_proposed_nothing_is_published() -> None:
    case = ready_to_publish(signed_off(), on="2019-03-05")
    case.step("publication_fixed", publish_on="2019-03-12")
    proposed(case)
    assert "publication" not in case.deadlines
    assert not case.deadlines["publication_fixed"].open
    for step in ("publication_fixed", "published"):
        assert "2.9g" in [rule for rule, _ in why_not(case, step)]


@pytest.mark.rule("2.9g", "2.9a")
@pytest.mark.parametrize(("on", "late"), [("2019-05-04", False), ("2019-05-05", True)])
def test_that_a_date_is_fixed_or_not_publishing_is_proposed_is_met_by_the_proposal(on: str, late: bool) -> None:
    case = proposed(on=on)
    fixed = case.deadlines["publication_fixed"]
    assert (str(fixed.met_on), fixed.late) == (on, late)


@pytest.mark.rule("2.9g", "2.9a")
def test_a_publication_date_that_was_missed_stays_so_when_not_publishing_is_proposed() -> None:
    case = ready_to_publish(signed_off(), on="2019-03-05")
    case.step("publication_fixed", publish_on="2019-03-12")
    proposed(case, "2019-03-13")
    missed = case.deadlines["publication"]
    assert (str(missed.due), str(missed.met_on), missed.late) == ("2019-03-12", "2019-03-13", True)
    assert missed.title.endswith("(no longer required)")
    ruled(considered(advised(case)), publish=True)
    published(case)
    assert case.deadlines["publication"] == missed
    assert case.deadlines["publication:2019-03-25"].met_on == date(2019, 4, 1)


@pytest.mark.rule("2.9g")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reasons": "child-1 could be recognised."}, "reasons"),
        ({"reasons": " "}, "reasons"),
        ({"advice_by": "2019-03-11"}, "advice_by"),
        ({"on": "2019-03-03"}, "happened_on"),
    ],
)
def test_a_proposal_that_cannot_be_is_refused(fields: dict[str, str], field: str) -> None:
    case = signed_off().until("2019-03-11")
    refusal = case.refused("non_publication_proposed", **{"reasons": REASONS, **fields})
    assert (refusal.rule, refusal.field) == ("2.9g", field)
    assert not case.sent("not_publishing:")


@pytest.mark.rule("2.9g")
def test_a_proposal_is_made_once_for_a_report_that_is_signed_off_and_not_on_the_website() -> None:
    assert decided().refused("non_publication_proposed", reasons=REASONS).rule == "2.9g"
    assert proposed().refused("non_publication_proposed", reasons=REASONS).rule == "2.9g"
    refusal = published().refused("non_publication_proposed", reasons=REASONS)
    assert (refusal.rule, "“The report was taken down”" in refusal.reason) == ("2.9g", True)


@pytest.mark.rule("2.9g")
def test_only_a_serious_case_reviews_report_is_proposed_to_the_panel() -> None:
    case = signed_off(decided(not_met(), "alternative review", kind="Partnership Case Review"))
    assert case.refused("non_publication_proposed", reasons=REASONS).rule == "2.9g"
    proposed(signed_off(decided(not_met(), "SCR, criteria not met")))


@pytest.mark.rule("2.9g")
def test_the_decision_needs_the_panels_advice_or_a_record_that_none_came() -> None:
    case = proposed(advice_by="2019-04-15")
    refusal = case.refused("non_publication_decided", "2019-03-25", **DECISION)
    assert (refusal.rule, refusal.field) == ("2.9g", "no_advice_received")
    # Advice on another topic, or from before the proposal, is not what was asked for.
    advised(case, topic="reviewers", advice="a-0")
    considered(case, "2019-03-25", "a-0")
    assert case.refused("non_publication_decided", **DECISION).field == "no_advice_received"


@pytest.mark.rule("2.9g")
def test_advice_from_before_the_proposal_is_not_advice_on_it() -> None:
    case = considered(advised(signed_off(), "2019-03-08"), "2019-03-08")
    proposed(case)
    assert case.refused("non_publication_decided", "2019-03-25", **DECISION).field == "no_advice_received"


@pytest.mark.rule("2.9g", "2.3a")
def test_the_decision_needs_the_boards_response_to_the_advice() -> None:
    case = advised(proposed())
    assert case.deadlines[f"non_publication_advice:{proposal(case)}"].met_on == date(2019, 3, 18)
    assert case.refused("non_publication_decided", **DECISION).rule == "2.3a"
    considered(case, "2019-03-20")
    refusal = case.refused("non_publication_decided", "2019-03-19", **DECISION)
    assert (refusal.rule, refusal.field) == ("2.3a", "happened_on")
    refusal = case.refused("non_publication_decided", "2019-03-20", **DECISION, no_advice_received=True)
    assert (refusal.rule, refusal.field) == ("2.9g", "no_advice_received")
    ruled(case)


@pytest.mark.rule("2.9g")
@pytest.mark.parametrize("by", ["2019-04-15", None])
def test_that_no_advice_came_is_recorded_only_after_the_day_that_was_set(by: str | None) -> None:
    more: dict[str, Any] = {"advice_by": by} if by else {}
    case = proposed(**more)
    last = by or "2019-04-08"
    refusal = case.refused("non_publication_decided", last, **DECISION, no_advice_received=True)
    assert (refusal.rule, refusal.field) == ("2.9g", "no_advice_received")
    after = date.fromisoformat(last).replace(day=date.fromisoformat(last).day + 1)
    ruled(case, str(after), no_advice_received=True)
    assert case.file.publication.not_publishing


@pytest.mark.rule("2.9g")
def test_waiting_for_the_panels_advice_is_a_period_that_ends_with_nothing_overdue() -> None:
    case = proposed(advice_by="2019-04-15").until("2019-04-15", time(7, 59))
    awaited = case.deadlines[f"non_publication_advice:{proposal(case)}"]
    assert awaited.open and awaited.period
    case.until("2019-04-16")
    over = case.deadlines[awaited.key]
    assert (over.met_on, over.late) == (date(2019, 4, 15), False)
    (letter,) = case.sent("period_ended:non_publication_advice:")
    assert letter.to == "coordinator"
    assert not [line for line in case.told("deadline_passed") if line["deadline"] == awaited.key]
    # What comes after it is still told that it came.
    advised(case, "2019-04-17")
    assert case.deadlines[awaited.key] == over
    assert case.refused("non_publication_decided", **DECISION, no_advice_received=True).rule == "2.3a"
    considered(case, "2019-04-18")
    assert case.refused("non_publication_decided", **DECISION, no_advice_received=True).field == "no_advice_received"
    ruled(case, "2019-04-18")


@pytest.mark.rule("2.9g")
@pytest.mark.parametrize("on", ["2019-04-15", "2019-04-16"])
def test_advice_that_is_recorded_later_than_its_day_ends_the_wait_on_no_later_day(on: str) -> None:
    case = proposed(advice_by="2019-04-15").until("2019-04-12")
    case.now = morning("2019-04-16")
    advised(case, on)
    assert case.deadlines[f"non_publication_advice:{proposal(case)}"].met_on == date(2019, 4, 15)


@pytest.mark.rule("2.9g")
def test_more_time_for_the_panel_counts_before_it_is_said_that_none_came() -> None:
    case = proposed(advice_by="2019-04-15")
    case.step(
        "deadline_extended",
        "2019-04-10",
        deadline=f"non_publication_advice:{proposal(case)}",
        new_due="2019-05-07",
        reason="The panel asked for it.",
    )
    assert case.refused("non_publication_decided", "2019-04-16", **DECISION, no_advice_received=True).rule == "2.9g"
    ruled(case, "2019-05-08", no_advice_received=True)


@pytest.mark.rule("2.9g", "2.1h")
def test_the_panel_is_told_the_decision_with_its_reasons_and_the_file_can_close_unpublished() -> None:
    case = ruled(considered(advised(proposed(planned()))))
    letter = case.sent("not_publishing:")[-1]
    assert (letter.to, letter.template) == ("national_panel", "non_publication_decided")
    assert letter.content == {"publish": "", "reasons": "The sibling comes first.", "decided_on": "2019-03-25"}
    assert case.deadlines[f"non_publication_decided:{proposal(case)}"].met_on == date(2019, 3, 25)
    assert "2.9a" not in [rule for rule, _ in why_not(case, "closed")]
    assert not [key for key, d in case.deadlines.items() if d.open and key.startswith(("publication", "board", "year"))]
    # The learning is shared and the actions are followed all the same.
    assert str(case.due("learning_event")) == "2019-06-25"
    assert str(case.due("monitoring_reviewed:1")) == "2019-06-25"


@pytest.mark.rule("2.9g")
def test_after_a_decision_not_to_publish_nothing_is_published_and_nothing_decided_twice() -> None:
    case = ruled(considered(advised(proposed())))
    for step in ("publication_fixed", "published", "non_publication_proposed"):
        assert "2.9g" in [rule for rule, _ in why_not(case, step)]
    assert case.refused("non_publication_decided", **DECISION).field == "publish"


@pytest.mark.rule("2.9g", "2.9a")
def test_decided_to_publish_after_the_advice_the_date_is_to_be_fixed_from_that_day() -> None:
    case = ruled(considered(advised(proposed())), publish=True)
    assert case.sent("not_publishing:")[-1].content["publish"] == "yes"
    assert str(case.due("publication_fixed:2019-03-25")) == "2019-05-25"
    assert "2.9a" in [rule for rule, _ in why_not(case, "closed")]
    assert case.refused("non_publication_decided", **DECISION).rule == "2.9g"
    published(case)
    assert not case.deadlines["publication_fixed:2019-03-25"].open


@pytest.mark.rule("2.9g")
def test_a_decision_not_to_publish_can_be_reversed_later_and_the_panel_is_told() -> None:
    case = ruled(considered(advised(proposed())))
    assert case.refused("non_publication_decided", "2019-03-24", **{**DECISION, "publish": True}).field == "happened_on"
    ruled(case, "2019-09-09", publish=True, reasons="The order was lifted.")
    told = case.sent("not_publishing:")
    assert [letter.content.get("publish") for letter in told] == [None, "", "yes"]
    assert len({letter.notice for letter in told}) == 3
    assert not case.deadlines[f"non_publication_decided:{proposal(case)}"].late
    assert str(case.due("publication_fixed:2019-09-09")) == "2019-11-09"
    published(case, on="2019-10-07")


@pytest.mark.rule("1.3g", "2.10a", "2.10b", "2.9g")
def test_what_was_done_since_a_decision_not_to_publish_stays_when_that_is_reversed() -> None:
    case = ruled(considered(advised(proposed(planned()))))
    case.step("learning_considered", "2019-05-02", learning="Night cover.")
    case.step("monitoring_reviewed", "2019-06-20", conclusions="On the way.")
    before = case.deadlines
    ruled(case, "2019-09-09", publish=True, reasons="The order was lifted.")
    since = ("monitoring_reviewed:", "learning_", "training_", "bulletin_")
    assert {key: d for key, d in case.deadlines.items() if key.startswith(since)} == {
        key: d for key, d in before.items() if key.startswith(since)
    }
    assert not case.told("deadline_cancelled", deadline="monitoring_reviewed:2")
    published(case, on="2019-10-07")
    case.step("monitoring_reviewed", conclusions="Still on the way.")
    assert [str(case.deadlines[f"monitoring_reviewed:{number}"].met_on) for number in (1, 2)] == [
        "2019-06-20",
        "2019-10-07",
    ]
    assert str(case.due("monitoring_reviewed:3")) == "2020-01-07"
    assert str(case.due("learning_event")) == "2019-06-25"


@pytest.mark.rule("2.9g")
def test_decided_to_publish_not_publishing_can_be_proposed_again() -> None:
    case = ruled(considered(advised(proposed())), publish=True)
    first = proposal(case)
    proposed(case, "2019-04-01")
    assert proposal(case) != first
    assert case.deadlines[f"non_publication_decided:{proposal(case)}"].open
    assert not case.deadlines[f"non_publication_decided:{first}"].open
    assert case.refused("non_publication_decided", "2019-04-02", **DECISION).field == "no_advice_received"


@pytest.mark.rule("2.9g")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reasons": "CHILD-1 could be recognised."}, "reasons"),
        ({"decided_by": ""}, "decided_by"),
        ({"on": "2019-03-10"}, "happened_on"),
        ({"publish": None}, "publish"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(fields: dict[str, Any], field: str) -> None:
    case = proposed(advice_by="2019-03-15").until("2019-03-25")
    refusal = case.refused("non_publication_decided", **{**DECISION, "no_advice_received": True, **fields})
    assert (refusal.rule, refusal.field) == ("2.9g", field)


@pytest.mark.rule("2.9g")
def test_nothing_is_decided_that_was_not_proposed() -> None:
    refusal = signed_off().refused("non_publication_decided", **DECISION)
    assert (refusal.rule, "“Not publishing was proposed”" in refusal.reason) == ("2.9g", True)


@pytest.mark.rule("2.9g")
def test_a_decision_that_does_not_come_is_chased_to_the_chair() -> None:
    case = proposed(advice_by="2019-04-15").until("2019-05-20")
    assert [line["to"] for line in case.told("escalated", deadline=f"non_publication_decided:{proposal(case)}")] == [
        "chair"
    ]
    assert not case.told("escalated", deadline=f"non_publication_advice:{proposal(case)}")


@pytest.mark.rule("2.9g")
def test_the_panel_gets_all_relevant_information_it_asks_for() -> None:
    case = proposed()
    case.step("panel_requested", "2019-03-12", request="p-1", wants="information", details="The views of the family.")
    assert str(case.due("panel_request_answered:p-1")) == "2019-03-26"
    case.step("panel_request_answered", "2019-03-20", request="p-1", answer="A summary was sent.")
    assert not case.deadlines["panel_request_answered:p-1"].open


@pytest.mark.rule("2.9g", "2.9b")
def test_a_report_that_had_to_come_down_can_be_kept_off_for_good_on_the_panels_advice() -> None:
    case = published()
    order = {"ordered_by": "The High Court", "ground": "a court order", "reasons": "An order."}
    case.step("report_withdrawn", "2019-05-07", **order)
    case.step("publication_checked", "2019-05-10", **CHECK)
    assert case.deadlines["report_restored:2019-05-07"].open
    proposed(case, "2019-05-13")
    assert "report_restored:2019-05-07" not in case.deadlines
    advised(case, "2019-05-20")
    ruled(considered(case, "2019-05-21"), "2019-05-28")
    assert not [key for key, d in case.deadlines.items() if d.open and d.rule in ("2.9a", "2.9b", "2.9d")]
    assert not [rule for rule, _ in why_not(case, "closed") if rule in ("2.9a", "2.9b", "2.9d")]
    assert case.deadlines["publication"].met_on == date(2019, 4, 1)
    assert case.deadlines["publication_fixed"].met_on == date(2019, 3, 18)
    assert case.refused("report_restored").rule == "2.9g"
    ruled(case, "2020-05-28", publish=True)
    assert case.deadlines["publication"].met_on == date(2019, 4, 1)
    assert [key for key in case.deadlines if key.startswith("publication_fixed")] == ["publication_fixed"]
    case.step("publication_checked", "2020-06-01", **CHECK)
    case.step("report_restored", "2020-06-01")
    assert str(case.due("year_on_website")) == "2021-04-27"


@pytest.mark.rule("2.9g", "2.9d")
def test_a_report_that_is_kept_off_for_good_is_not_to_be_checked_again() -> None:
    case = published()
    order = {"ordered_by": "The High Court", "ground": "a court order", "reasons": "An order."}
    case.step("report_withdrawn", "2019-05-07", **order)
    key = "publication_rechecked:2019-05-07"
    assert case.deadlines[key].open
    ruled(considered(advised(proposed(case, "2019-05-13"), "2019-05-20"), "2019-05-21"), "2019-05-28")
    assert key not in case.deadlines
    ruled(case, "2019-06-28", publish=True)
    assert case.deadlines[key].open


@pytest.mark.rule("2.9g")
def test_whether_to_publish_is_decided_by_the_chair_or_who_acted_for_the_chair_that_day() -> None:
    case = considered(advised(proposed()))
    refusal = case.refused("non_publication_decided", "2019-03-25", **{**DECISION, "decided_by": "Person coordinator"})
    assert (refusal.rule, refusal.field) == ("2.9g", "decided_by")
    quick = case.quick("non_publication_decided", **{**DECISION, "decided_by": "nobody"})
    assert quick is not None and quick.rule == "2.9g"
    acting = Acting(role="chair", person="deputy", since=date(2019, 3, 20), until=date(2019, 3, 30))
    case.directory = directory(acting=(acting,))
    case.step("non_publication_decided", **{**DECISION, "decided_by": "Person deputy"})


@pytest.mark.rule("2.9e")
def test_the_boards_response_has_its_whole_time_once_not_publishing_is_reversed() -> None:
    case = signed_off()
    signed_on = case.file.first_signed_on
    case.step("non_publication_proposed", reasons="A family could be recognised.", advice_by="2019-12-02")
    assert "board_responded" not in case.deadlines
    decided = {"decided_by": "chair", "reasons": "It can be told safely.", "no_advice_received": True}
    case.step("non_publication_decided", "2019-12-03", publish=True, **decided)
    assert signed_on is not None and str(case.due("board_responded")) == "2020-02-03"


@pytest.mark.rule("2.9g")
def test_advice_that_comes_after_the_decision_does_not_make_that_one_later() -> None:
    case = signed_off()
    case.step("non_publication_proposed", reasons="A family could be recognised.", advice_by="2019-12-02")
    decided = {"decided_by": "chair", "reasons": "No child may be harmed.", "no_advice_received": True}
    case.step("non_publication_decided", "2019-12-03", publish=False, **decided)
    [key] = [name for name in case.deadlines if name.startswith("non_publication_advice:")]
    case.step("panel_advised", "2019-12-20", advice="a-9", topic="publication", text="Publish a summary.")
    assert str(case.deadlines[key].met_on) == "2019-12-02"


def fixed_although_it_need_not_be() -> Case:
    """A Partnership Case Review's report is to be published on a day that was fixed."""
    case = signed_off(decided(not_met(), "alternative review", kind="Partnership Case Review"))
    case.step("publication_checked", **CHECK)
    case.step("publication_fixed", "2019-03-05", publish_on="2019-04-01")
    return case


@pytest.mark.rule("2.9a", "2.9g")
def test_a_date_that_was_fixed_for_a_report_which_need_not_be_published_can_be_given_up() -> None:
    case = fixed_although_it_need_not_be()
    assert case.refused("non_publication_decided", "2019-03-04", **DECISION).field == "happened_on"
    assert case.refused("non_publication_decided", **{**DECISION, "publish": True}).field == "publish"
    assert case.refused("non_publication_decided", **{**DECISION, "decided_by": "nobody"}).field == "decided_by"
    ruled(case, "2019-04-01")
    assert not [d for d in case.deadlines.values() if d.open and d.rule == "2.9a"] and not case.sent("not_publishing:")
    assert "publication" not in case.deadlines
    assert case.refused("non_publication_decided", **DECISION).rule == "2.9g"
    case.step("publication_fixed", publish_on="2019-05-01")
    assert str(case.due("publication:2019-04-01")) == "2019-05-01"
    case.step("published", "2019-05-01", address="https://board.example/pcr")
    assert case.refused("non_publication_decided", **DECISION).rule == "2.9g"


@pytest.mark.rule("2.9a", "2.9g")
def test_a_date_that_was_missed_before_it_was_given_up_stays_missed() -> None:
    case = ruled(fixed_although_it_need_not_be(), "2019-04-02")
    assert case.deadlines["publication"].late
