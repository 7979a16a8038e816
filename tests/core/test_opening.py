"""Opening a file: what is sent must hang together, lie in the past, and be this board's."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models.fold import fold, open_record
from models.record import Entry, Refusal
from models.rulebook import Definitions, Rulebook
from models.view import remarks_of, shown

from .case import DIED, HARMED, Case, morning, rulebook, surroundings

REMARK = "notified after 29 September 2019"


def opening(**changes: Any) -> dict[str, Any]:
    """What a file is opened with on 5 September 2018, with changes; a dotted name reaches into it."""
    body: dict[str, Any] = {
        "reference": "EX-2018-0001",
        "opened_on": "2018-09-05",
        "recorded_by": "coordinator",
        "incident": {
            "children": [dict(DIED)],
            "aware_on": "2018-09-03",
            "notified_on": "2018-09-05",
            "organisations": [{"id": "hospital", "name": "Example Hospital Trust"}],
        },
    }
    for name, value in changes.items():
        *path, last = name.split("__")
        part: Any = body
        for step in path:
            part = part[int(step)] if step.isdigit() else part[step]
        part[last] = value
    return body


def refused(body: dict[str, Any], now: str = "2018-09-05", rules: Rulebook | None = None) -> Refusal:
    """Why a file may not be opened with this."""
    refusal = open_record(body, rules or rulebook(), surroundings().at(morning(now)))
    assert isinstance(refusal, Refusal)
    return refusal


def began(day: date | None) -> Rulebook:
    """A rulebook that names the day partner arrangements began."""
    definitions = Definitions(serious_sexual_abuse_is_serious_harm=True, partners_began=day)
    return rulebook().model_copy(update={"definitions": definitions})


def test_a_file_is_opened_with_its_opening_and_its_rulebook_pinned() -> None:
    record = open_record(opening(), rulebook(), surroundings().at(morning("2018-09-05")))
    assert isinstance(record, list)
    assert [(entry.name, entry.source) for entry in record] == [("opened", "start"), ("rulebook_pinned", "shell")]
    file = fold([Entry.read(entry.plain()) for entry in record])
    assert (file.reference, file.rules, list(file.parties)) == ("EX-2018-0001", rulebook(), ["hospital"])


@pytest.mark.rule("2.1f")
@pytest.mark.parametrize(
    ("tomorrow", "field", "title"),
    [
        (["opened_on"], "opened_on", "Opened on"),
        (["incident__notified_on"], "incident.notified_on", "The board was notified on"),
        (["incident__notified_on", "incident__aware_on"], "incident.notified_on", "The board was notified on"),
        (["incident__panel_notified_on"], "incident.panel_notified_on", "The authority notified the national panel on"),
        (["incident__children__0__died_on"], "incident.children.0.died_on", "Date of death"),
        (
            ["incident__children__0__died_on", "incident__children__0__born_on"],
            "incident.children.0.born_on",
            "Date of birth",
        ),
    ],
)
def test_nothing_can_have_happened_tomorrow(tomorrow: list[str], field: str, title: str) -> None:
    refusal = refused(opening(**dict.fromkeys(tomorrow, "2018-09-06")))
    assert refusal == Refusal("2.1f", f"{title}: 6 September 2018 is in the future. Check the date.", field)


def test_today_is_londons_today() -> None:
    late = opening(opened_on="2018-09-06")
    before, after = (morning("2018-09-05").replace(hour=23, minute=59), morning("2018-09-06").replace(hour=0))
    assert isinstance(open_record(late, rulebook(), surroundings().at(before)), Refusal)
    assert isinstance(open_record(late, rulebook(), surroundings().at(after)), list)


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        (
            {"incident__aware_on": "2018-09-06", "incident__notified_on": "2018-09-05"},
            "incident",
            "before aware_on",
        ),
        ({"incident__panel_notified_on": "2018-09-02"}, "incident", "panel_notified_on is before aware_on"),
        ({"incident__children__0__died_on": "2011-01-01"}, "incident.children.0", "before born_on"),
        ({"incident__children__0__outcome": "unknown"}, "incident.children.0", "outcome is not 'died'"),
        ({"opened_on": "2018-09-04"}, "opened_on", "before the board was notified"),
        ({"incident__children": []}, "incident.children", "give at least 1"),
        ({"incident__children": [DIED, DIED]}, "incident", "same child id"),
        ({"incident__organisations": [{"id": "a", "name": "A"}] * 2}, "incident", "same organisation id"),
        ({"incident__colour": "red"}, "incident.colour", "incident.colour is not a field of an opening"),
        ({"incident__children__0__name": "A Child"}, "incident.children.0.name", "is not a field of an opening"),
        ({"incident__where": "at home"}, "incident.where", "choose one of"),
        ({"incident__notified_on": "yesterday"}, "incident.notified_on", "enter a date like 2018-09-30"),
        ({"incident__notified_on": "2018-02-30"}, "incident.notified_on", "enter a date like 2018-09-30"),
        ({"incident__children__0__id": "A Child"}, "incident.children.0.id", "use up to 50 letters"),
        ({"incident__summary": "x" * 2_001}, "incident.summary", "longer than 2000 characters"),
        ({"reference": "the case of A"}, "reference", "capital letters, digits and hyphens"),
        ({"reference": 7}, "reference", "enter text"),
        ({"recorded_by": " "}, "recorded_by", "it is empty"),
        ({"incident": None}, None, "give either an incident or a review"),
        ({"review": {"kind": "audit of practice", "reasons": "R"}}, None, "give either an incident or a review"),
    ],
)
def test_what_does_not_hang_together_is_refused_with_its_field(
    changes: dict[str, Any], field: str | None, told: str
) -> None:
    refusal = refused(opening(**changes))
    assert (refusal.field, told in refusal.reason) == (field, True), refusal


@pytest.mark.rule("2.1b")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"outcome": "seriously harmed"}, "tick at least one kind of harm"),
        ({"outcome": "seriously harmed", "harms": ["other"]}, "say what the other harm was"),
        ({"outcome": "not seriously harmed"}, "name the research"),
    ],
)
def test_a_judgement_of_harm_comes_with_what_it_rests_on(changes: dict[str, Any], told: str) -> None:
    refusal = refused(opening(incident__children=[{"id": "child-1", **changes}]))
    assert told in refusal.reason
    assert refusal.rule == "2.1b"


def test_a_child_born_after_the_notification_is_refused() -> None:
    refusal = refused(opening(incident__children=[{"id": "child-1", "born_on": "2018-09-06"}]), now="2018-09-07")
    assert refusal.field == "incident.children.0.born_on"
    assert "born after the notification" in refusal.reason


@pytest.mark.parametrize("changes", [{"outcome": "sad"}, {"born_on": "soon"}, {"outcome": "seriously harmed"}])
def test_a_child_with_a_fault_is_not_also_told_to_be_missing(changes: dict[str, Any]) -> None:
    refusal = refused(opening(incident__children=[{"id": "child-1", **changes}]))
    assert refusal.reason.startswith("incident.children.0")
    assert "give at least 1" not in refusal.reason


def test_several_faults_are_told_together() -> None:
    refusal = refused(opening(reference="no", recorded_by="", incident__where="at home"))
    for field in ("reference", "recorded_by", "incident.where"):
        assert field in refusal.reason


def test_nothing_that_was_sent_about_a_child_is_repeated_in_a_refusal() -> None:
    refusal = refused(opening(incident__children=[{**HARMED, "other_harm": 7, "residence": "Exampleham " * 30}]))
    assert "Exampleham" not in refusal.reason


@pytest.mark.rule("2.1e")
def test_every_fact_that_decides_something_may_be_unknown() -> None:
    case = Case.start(
        opening(incident={"children": [{"id": "child-1"}], "notified_on": "2018-09-05"}), morning("2018-09-05")
    )
    assert case.file.finding.held == "undecided"
    assert set(case.file.finding.unknown()) >= {"child-1.abuse_or_neglect", "child-1.outcome", "child-1.custody"}
    assert str(case.due("notify_panel")) == "2018-09-10"


@pytest.mark.rule("2.1g")
@pytest.mark.parametrize(("notified", "opens"), [("2019-06-01", True), ("2019-06-02", False)])
def test_an_incident_notified_after_the_partners_began_is_not_this_boards(notified: str, opens: bool) -> None:
    body = opening(opened_on="2019-06-10", incident__notified_on=notified)
    record = open_record(body, began(date(2019, 6, 1)), surroundings().at(morning("2019-06-10")))
    assert isinstance(record, list) == opens
    if isinstance(record, Refusal):
        assert (record.rule, record.field) == ("2.1g", "incident.notified_on")
        assert "1 June 2019" in record.reason


@pytest.mark.rule("2.1g")
@pytest.mark.parametrize(("notified", "remarks"), [("2019-09-29", False), ("2019-09-30", True)])
def test_a_file_notified_after_29_september_2019_says_so_where_no_day_is_set(notified: str, remarks: bool) -> None:
    body = opening(opened_on=notified, incident__notified_on=notified)
    case = Case.start(body, morning(notified), began(None))
    assert any(REMARK in remark for remark in remarks_of(case.file, case.deadlines)) == remarks
    assert any(REMARK in remark for remark in shown(case.file, case.world)["remarks"]) == remarks
    assert (REMARK in case.changes[0].details) == remarks


@pytest.mark.rule("2.1g")
def test_a_file_says_nothing_of_the_end_where_the_board_names_its_day() -> None:
    body = opening(opened_on="2019-10-05", incident__notified_on="2019-10-05")
    case = Case.start(body, morning("2019-10-05"), began(date(2020, 1, 1)))
    assert not any(REMARK in remark for remark in remarks_of(case.file, case.deadlines))


@pytest.mark.rule("1.1")
@pytest.mark.rule("1.2a")
@pytest.mark.parametrize("kind", ["Partnership Case Review", "child death review", "audit of practice"])
def test_a_review_that_needs_no_incident_is_opened_without_one(kind: str) -> None:
    body = opening(review={"kind": kind, "reasons": "The board's programme."})
    del body["incident"]
    case = Case.start(body, morning("2018-09-05"))
    assert case.file.review is not None
    assert (case.file.review.kind, case.changes[0].stage, case.changes[0].attributes["CaseKind"]) == (
        kind,
        "review",
        kind,
    )
    assert not {"decision", "notify_panel", "notify_board", "completion"} & case.deadlines.keys()
    assert any(deadline.open for deadline in case.deadlines.values())
    assert "Criteria" not in case.changes[0].details
    assert case.refused("decision", choice="no review", decided_by="chair", reasons="R").rule == "2.2a"


@pytest.mark.rule("2.1a")
def test_a_serious_case_review_is_never_opened_without_an_incident() -> None:
    body = opening(review={"kind": "Serious Case Review", "reasons": "R"})
    del body["incident"]
    refusal = refused(body)
    assert (refusal.rule, "needs an incident" in refusal.reason) == ("2.1a", True)


@pytest.mark.rule("1.1")
def test_a_planned_review_is_not_opened_in_the_future() -> None:
    body = opening(review={"kind": "audit of practice", "reasons": "R"}, opened_on="2018-09-06")
    del body["incident"]
    refusal = refused(body)
    assert (refusal.rule, refusal.field) == ("1.1", "opened_on")


@pytest.mark.rule("2.1f")
def test_a_panel_that_was_notified_before_the_file_was_opened_is_no_cause_for_an_escalation() -> None:
    case = Case.opened(DIED, opened_on="2018-10-01", panel_notified_on="2018-09-05")
    assert not case.deadlines["notify_panel"].open and not case.deadlines["notify_panel"].late
    assert case.told("escalated", deadline="notify_panel") == []


@pytest.mark.parametrize(("aware_on", "field"), [("2008-09-03", "incident.aware_on"), (None, "incident.notified_on")])
def test_a_file_is_not_opened_with_a_day_that_no_deadline_can_be_counted_from(aware_on: str | None, field: str) -> None:
    working_days = rulebook("working-days-2018")
    child = {"id": "child-1", "residence": "Hertfordshire"}
    body = opening(incident__aware_on=aware_on, incident__notified_on="2011-09-05", incident__children=[child])
    refusal = refused(body, rules=working_days)
    assert (refusal.rule, refusal.field) == ("", field)
    assert f"calendar of bank holidays for {aware_on[:4] if aware_on else '2011'}" in refusal.reason


def test_a_planned_review_is_not_opened_on_a_day_that_no_deadline_can_be_counted_from() -> None:
    body = opening(review={"kind": "audit of practice", "reasons": "R"}, opened_on="2011-09-05")
    del body["incident"]
    refusal = refused(body)
    assert (refusal.rule, refusal.field) == ("", "opened_on")
