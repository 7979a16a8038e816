"""A file as people see it: one word for its stage, its deadlines in order, what may be recorded next and why not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models.project import project
from models.serious_case_reviews import STEPS
from models.view import SHOWN, attributes_of, details_of, in_order, kind_of, next_due, recordable, shown, stage_of

from .case import DIED, HARMED, PAPER, Case, morning
from .lives import CHECK, decided, drafted, learned, not_met, published, signed_off, year_over

DECISION: dict[str, Any] = {"decided_by": "chair", "reasons": "By the finding."}


def seen(case: Case) -> dict[str, Any]:
    """The file as queries show it."""
    return shown(case.file, case.quick_world)


def test_the_stage_is_one_word_that_follows_the_case() -> None:
    case = Case.opened(DIED, organisations=("hospital", "school"))
    assert stage_of(case.file) == "deciding"
    assert stage_of(decided(case).file) == "review"
    assert stage_of(signed_off(drafted(case)).file) == "publication"
    assert stage_of(published(case).file) == "learning"
    assert stage_of(learned(case).file) == "follow-up"
    assert stage_of(year_over(case).file) == "follow-up"
    assert [line["stage"] for line in case.told("stage")] == [
        *("deciding", "review", "publication", "learning", "follow-up"),
    ]


def test_a_decision_against_a_review_leaves_what_is_followed_up() -> None:
    case = not_met()
    case.step("decision", choice="no review", **DECISION)
    assert (stage_of(case.file), kind_of(case.file)) == ("follow-up", "no review")
    case.step("merged_into", reference="EX-2018-0002", reason="The same.")
    assert stage_of(case.file) == "closed"


@pytest.mark.rule("1.1")
def test_the_kind_is_what_was_decided() -> None:
    case = not_met()
    assert kind_of(case.file) == "undecided"
    case.step("decision", choice="alternative review", kind="Partnership Case Review", **DECISION)
    assert kind_of(case.file) == "Partnership Case Review"
    assert case.state.attributes["CaseKind"] in ("Partnership Case Review",)


def test_the_attributes_say_where_a_file_stands_and_name_nobody() -> None:
    case = Case.opened(notified_on="2018-09-05", aware_on="2018-09-03")
    assert case.changes[0].attributes == {
        "CaseReference": "EX-2018-0001",
        "CaseStage": "deciding",
        "CaseKind": "undecided",
        "CaseRulebook": "hertfordshire-2018",
        "NextDeadline": "2018-09-08T23:00:00Z",
        "Overdue": 0,
    }
    case.until("2018-09-09")
    assert case.state.attributes["Overdue"] == 1
    case.step("notified_panel")
    assert case.state.attributes["NextDeadline"] == "2018-10-05T23:00:00Z"
    assert case.state.attributes["Overdue"] == 0


def test_a_file_that_waits_for_nothing_has_no_next_deadline() -> None:
    case = not_met()
    case.step("notification_withdrawn", reason="Another child.")
    assert case.state.attributes["NextDeadline"] is None
    assert "There are no open deadlines." in case.state.details


@pytest.mark.rule("2.9b")
def test_a_period_that_runs_is_never_overdue() -> None:
    case = published()
    file, deadlines = case.file, case.deadlines
    day = date(2030, 1, 1)
    names = [deadline["deadline"] for deadline in seen(case)["deadlines"] if deadline["status"] == "overdue"]
    assert "year_on_website" not in names
    late = attributes_of(file, {"year_on_website": deadlines["year_on_website"]}, day)
    assert late["Overdue"] == 0


def test_the_details_show_the_nearest_deadlines_and_how_many_more() -> None:
    case = decided(Case.opened(DIED, organisations=("hospital", "school", "police", "housing", "nursery")))
    details = details_of(case.file, case.deadlines, date(2018, 9, 20))
    rows = [line for line in details.splitlines() if line.startswith("- **20")]
    standing = [deadline for deadline in in_order(case.deadlines.values()) if deadline.open]
    assert len(standing) > SHOWN
    assert [row[4:14] for row in rows] == [str(one.due) for one in standing[:SHOWN]]
    assert f"and {len(standing) - SHOWN} more" in details
    assert "Criteria: met" in details
    assert all(child not in details for child in case.file.children)


def test_the_details_say_what_is_overdue() -> None:
    case = Case.opened().until("2018-10-06")
    details = details_of(case.file, case.deadlines, date(2018, 10, 6))
    assert "- **2018-10-05, overdue** Chair's decision on a Serious Case Review 2.2b" in details
    assert "- **2018-10-05, open**" in details_of(case.file, case.deadlines, date(2018, 10, 5))


@pytest.mark.rule("2.6b")
def test_a_delay_is_said_plainly_until_the_review_is_completed() -> None:
    case = decided()
    case.step("delay_recorded", "2019-02-01", reason="The trial.", expected_on="2019-09-01")
    assert any("expected on 1 September 2019" in remark for remark in seen(case)["remarks"])
    assert not seen(signed_off(drafted(case), on="2019-03-04"))["remarks"]


def test_open_deadlines_come_first_by_date_with_how_they_were_counted() -> None:
    case = Case.opened(notified_on="2018-09-05", aware_on="2018-09-03")
    case.step("notified_panel", "2018-09-10")
    found = seen(case)["deadlines"]
    assert [(one["deadline"], one["status"]) for one in found] == [
        ("decision", "open"),
        ("notify_board", "met"),
        ("notify_panel", "met late"),
    ]
    assert found[0] == {
        "deadline": "decision",
        "rule": "2.2b",
        "title": "Chair's decision on a Serious Case Review",
        "basis": "statutory",
        "due": "2018-10-05",
        "original_due": "2018-10-05",
        "counted": "1 calendar month from 5 September 2018",
        "status": "open",
        "met_on": None,
    }
    assert found[2]["met_on"] == "2018-09-10"


@pytest.mark.rule("2.1a")
def test_the_finding_is_shown_limb_by_limb_with_its_facts() -> None:
    finding = seen(Case.opened(DIED))["finding"]
    assert finding["held"] == "met"
    assert finding["limbs"][0] == {
        "rule": "2.1a",
        "limb": "abuse or neglect is known or suspected, and the child has died",
        "child": "child-1",
        "held": "met",
        "facts": ["abuse or neglect: suspected", "outcome: died"],
    }


def test_every_step_says_whether_it_may_be_recorded_now_and_why_not() -> None:
    case = Case.opened()
    found = {one["step"]: one for one in recordable(case.file, case.quick_world)}
    assert found.keys() == STEPS.keys()
    assert found["decision"]["why_not"] == []
    assert found["reviewer_named"]["why_not"][0]["rule"] == "2.5a"
    assert "Waiting for the Chair's decision" in found["reviewer_named"]["why_not"][0]["reason"]
    assert found["decision"]["label"] == "A decision was made"
    assert found["decision"]["rules"] == list(STEPS["decision"].rules)


@pytest.mark.rule("1.1")
def test_a_review_without_an_incident_has_no_finding_in_the_register() -> None:
    review = {"kind": "audit of practice", "reasons": "The board's programme."}
    opened = {"reference": "EX-1", "opened_on": "2018-09-05", "recorded_by": "coordinator", "review": review}
    case = Case.start(opened, morning("2018-09-05"))
    projection = project(case.record, case.events, 1, case.world)
    assert (projection.finding, projection.kind, projection.decided_on) == ("", "audit of practice", None)


@pytest.mark.rule("1.2e")
def test_a_closed_file_keeps_in_the_register_how_its_deadlines_were_met() -> None:
    case = Case.opened(HARMED, concern="no")
    case.step("notified_panel")
    case.step("decision", "2018-10-09", choice="no review", notification_document=PAPER, **DECISION)
    case.step("closed")
    projection = project(case.record, case.events, 7, case.world)
    rows = {row.key: row.status for row in projection.deadlines}
    assert (rows["decision"], rows["notify_panel"], rows["closing"]) == ("met late", "met", "met")
    assert (projection.closed_on, projection.stage, projection.next_due) == (date(2018, 10, 9), "closed", None)
    assert {row.status for row in projection.notices} == {"accepted"}


def test_the_register_is_told_of_a_letter_that_is_sent_again() -> None:
    case = Case.opened(takes_mail=False)
    case.step("decision", choice="SCR, criteria met", **DECISION)
    notice = "decision:step-1:ofsted"

    def row() -> tuple[int, str, date | None]:
        rows = {row.key: row for row in project(case.record, case.events, 1, case.world).notices}
        return rows[notice].number, rows[notice].status, rows[notice].accepted_on

    assert row() == (1, "under way", None)
    case.mail_refused(notice)
    assert row() == (1, "refused", None)
    case.step("address_corrected", recipient="ofsted", address="new@ofsted.example")
    assert row() == (2, "under way", None)
    case.mail_accepted(notice)
    assert row() == (2, "accepted", date(2018, 9, 5))


def test_the_next_due_day_is_the_first_that_is_open() -> None:
    case = Case.opened(notified_on="2018-09-05", aware_on="2018-09-03")
    assert str(next_due(case.deadlines)) == "2018-09-08"
    assert next_due({}) is None


def test_no_two_steps_have_the_same_name_and_the_catalogue_is_in_the_frameworks_order() -> None:
    names = list(STEPS)
    assert len(names) == len(set(names)) == len({kind.__name__ for kind in STEPS.values()})
    assert names.index("published") < names.index("learning_event_held"), "2.9 comes before 2.10"
    assert all(STEPS[name].rules for name in names[: names.index("address_corrected")])


@pytest.mark.parametrize("name", sorted(STEPS))
def test_a_form_can_be_built_from_every_step(name: str) -> None:
    kind = STEPS[name]
    assert kind.label and kind.__doc__ and kind.who
    for field, info in kind.model_fields.items():
        assert info.title, field
        assert info.title[0].isupper(), field


@pytest.mark.rule("2.9a")
def test_a_review_that_need_not_be_published_is_in_no_stage_of_publication_unless_it_is_to_be() -> None:
    case = signed_off(decided(not_met(), "SCR, criteria not met"))
    assert stage_of(case.file) == "learning"
    case.step("publication_checked", **CHECK)
    case.step("publication_fixed", publish_on="2019-04-01")
    assert stage_of(case.file) == "publication"
    case.step("board_responded")
    case.step("published", "2019-04-01", address="https://board.example/report")
    assert stage_of(case.file) == "learning"
    other = signed_off(decided(not_met(), "alternative review", kind="Partnership Case Review"))
    assert stage_of(other.file) == "follow-up"


@pytest.mark.rule("2.9g")
def test_while_not_publishing_is_undecided_the_file_is_in_its_stage_of_publication() -> None:
    case = signed_off()
    case.step("non_publication_proposed", reasons="It would harm the sibling.", advice_by="2019-03-20")
    assert stage_of(case.file) == "publication"
    decision = {"publish": False, "decided_by": "Person chair", "reasons": "The sibling.", "no_advice_received": True}
    case.step("non_publication_decided", "2019-03-21", **decision)
    assert stage_of(case.file) == "learning"
