"""1.1 and 1.2: one review to a file, what a report must say before it is signed off, and what replaces it."""

from __future__ import annotations

from typing import Any

import pytest

from models.contract import MAX_MESSAGE_BYTES, Incoming
from models.fold import open_record
from models.project import project
from models.record import Refusal
from models.upkeep.closing import Closed
from models.view import kind_of, shown

from .case import DIED, PLAN, REPLACEMENT, REPORT, Case, Message, morning, rulebook, surroundings
from .review_steps import (
    SIGN_OFF,
    UNHARMED,
    check_publication,
    decide,
    published,
    ready_to_sign,
    says_nothing_of_the_child,
    signed,
    under_review,
    without_incident,
)

FINDING: dict[str, Any] = {
    "finding": "f-1",
    "text": "Referrals were not followed up.",
    "practice": "problematic practice",
}
OTHER_FILE = "EX-2018-0009"


def ready(**opened: Any) -> Case:
    """A review with nothing left to do but to sign its report off."""
    return ready_to_sign(under_review(**opened))


def drafted(case: Case, document: str, on: str, **fields: Any) -> None:
    """A document goes onto the file as a draft."""
    case.step("report_drafted", on, document=document, version="Draft 2", **fields)


# 1.1: one review of one kind to a file


@pytest.mark.rule("1.1")
@pytest.mark.parametrize(
    "kind", ["Partnership Case Review", "child death review", "single-agency review", "audit of practice"]
)
def test_a_file_can_be_opened_with_no_incident_for_a_review_that_needs_none(kind: str) -> None:
    case = without_incident(kind)
    assert (kind_of(case.file), case.file.finding.limbs) == (kind, ())
    assert "completion" not in case.deadlines and case.deadlines["scope_set"].open


@pytest.mark.rule("1.1")
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"review": {"kind": "Serious Case Review", "reasons": "Asked for."}}, "needs an incident"),
        ({}, "give either"),
        (
            {
                "review": {"kind": "audit of practice", "reasons": "Yearly."},
                "incident": {"children": [DIED], "notified_on": "2018-09-05"},
            },
            "give either",
        ),
    ],
)
def test_a_file_has_an_incident_or_a_review_that_needs_none_and_a_serious_case_review_needs_one(
    fields: dict[str, Any], says: str
) -> None:
    body = {"reference": "EX-1", "opened_on": "2018-09-05", "recorded_by": "coordinator", **fields}
    refusal = open_record(body, rulebook(), surroundings().at(morning("2018-09-05")))
    assert isinstance(refusal, Refusal) and says in refusal.reason


@pytest.mark.rule("1.1")
def test_related_files_are_linked() -> None:
    incident = {"children": [UNHARMED], "notified_on": "2018-09-05"}
    body = {"reference": "EX-1", "opened_on": "2018-09-05", "recorded_by": "x", "incident": incident}
    case = Case.start({**body, "related": [OTHER_FILE]}, morning("2018-09-05"))
    assert shown(case.file, case.world)["related"] == [OTHER_FILE]
    case.step("merged_into", reference="EX-2018-0010", reason="The same incident.")
    assert shown(case.file, case.world)["related"] == [OTHER_FILE, "EX-2018-0010"]


@pytest.mark.rule("1.1")
def test_the_same_incident_reported_twice_is_merged_and_the_other_file_hears_of_the_notification() -> None:
    case = Case.opened(notified_on="2018-09-05", aware_on="2018-09-03")
    case.step("notified_panel", "2018-09-06")
    case.step("merged_into", "2018-09-10", reference=OTHER_FILE, reason="The same incident.")
    [message] = case.changes[-1].messages
    assert (message.to, message.name) == (OTHER_FILE, "merged_from")
    told = ("reference", "aware_on", "notified_on", "panel_notified_on")
    assert [message.body[name] for name in told] == ["EX-2018-0001", "2018-09-03", "2018-09-05", "2018-09-06"]
    assert case.told("closed", how="merged") and case.told("deadline_cancelled", deadline="decision")
    assert not [deadline for deadline in case.deadlines.values() if deadline.open]

    other = Case.opened(notified_on="2018-09-08", aware_on="2018-09-07").until("2018-09-10")
    other.step("merged_from", "2018-09-10", reference=OTHER_FILE, **{name: message.body[name] for name in told[1:]})
    assert (str(other.due("decision")), str(other.due("notify_panel"))) == ("2018-10-05", "2018-09-08")
    assert str(other.deadlines["notify_panel"].met_on) == "2018-09-06"
    assert other.told("deadline_moved", deadline="decision", old_due="2018-10-08", because="merged_from")


@pytest.mark.rule("1.1")
@pytest.mark.rule("2.1f")
def test_a_later_notification_of_a_merged_file_changes_nothing() -> None:
    case = Case.opened(notified_on="2018-09-05", aware_on="2018-09-03").until("2018-09-10")
    case.step("notified_panel", "2018-09-04")
    later = {"aware_on": "2018-09-06", "notified_on": "2018-09-07", "panel_notified_on": "2018-09-08"}
    case.step("merged_from", reference=OTHER_FILE, **later)
    assert (str(case.due("decision")), str(case.due("notify_panel"))) == ("2018-10-05", "2018-09-08")
    assert str(case.deadlines["notify_panel"].met_on) == "2018-09-04"


@pytest.mark.rule("1.1")
@pytest.mark.rule("2.1f")
def test_when_the_board_was_notified_earlier_the_authority_was_aware_by_then() -> None:
    case = Case.opened(notified_on="2018-09-08", aware_on="2018-09-07").until("2018-09-10")
    case.step("merged_from", reference=OTHER_FILE, notified_on="2018-09-05")
    assert (str(case.file.aware_on), str(case.file.notified_on)) == ("2018-09-05", "2018-09-05")
    case.step("facts_corrected", reason="A slip.", where="unknown")


def merged(case: Case) -> Message:
    """What a file sends to the other one when it is merged into it."""
    case.step("merged_into", "2018-09-10", reference="EX-2018-0002", reason="The same incident.")
    [message] = case.changes[-1].messages
    return message


def hears(case: Case, message: Message) -> Case:
    """The other file takes what it was sent."""
    changes = case._ask(Incoming("step", name=message.name, body=message.body, source="signal"))
    assert changes.answer is not None and changes.answer.recorded, changes.answer
    return case


def other_file(*children: dict[str, Any]) -> Case:
    """The file of the same incident that was decided against."""
    incident = {"children": list(children or (UNHARMED,)), "notified_on": "2018-09-05"}
    body = {"reference": "EX-2018-0002", "opened_on": "2018-09-05", "recorded_by": "x", "incident": incident}
    case = Case.start(body, morning("2018-09-05"))
    decide(case, "2018-09-06", choice="no review")
    return case.until("2018-09-10")


@pytest.mark.rule("2.1e")
def test_a_criterion_that_a_merged_file_met_is_met_on_the_other_which_revisits_its_decision() -> None:
    message = merged(Case.opened({**DIED, "id": "child-9"}, organisations=("school",)))
    other = hears(other_file(), message)
    assert (other.file.finding.held, sorted(other.file.children)) == ("met", ["child-1", "child-9"])
    assert [name for name, one in other.deadlines.items() if one.open and one.clock == "decision_revisited"]
    assert other.file.parties["school"].facts.name == "Example School"


@pytest.mark.rule("2.1e")
def test_a_child_that_both_files_know_is_kept_twice_only_where_the_other_file_met_a_criterion() -> None:
    same = hears(other_file(), merged(Case.opened(UNHARMED)))
    assert list(same.file.children) == ["child-1"]
    otherwise = hears(other_file(), merged(Case.opened(DIED)))
    assert list(otherwise.file.children) == ["child-1", "EX-2018-0001.child-1"]
    assert otherwise.file.finding.held == "met"


@pytest.mark.rule("1.1")
def test_a_merger_tells_no_free_text_and_one_too_large_for_a_message_is_refused() -> None:
    assert UNHARMED["research_considered"] not in str(merged(Case.opened(UNHARMED)).body)
    organisations = [{"id": f"o-{number}", "name": "O" * 200} for number in range(40)]
    case = Case.opened(organisations=())
    for organisation in organisations:
        case.step("organisation_added", organisation=organisation)
    assert len(str(organisations)) > MAX_MESSAGE_BYTES
    assert "one message" in case.refused("merged_into", reference="EX-2018-0002", reason="The same.").reason


@pytest.mark.rule("1.1")
def test_what_an_earlier_release_sent_of_a_merger_is_read() -> None:
    case = Case.opened().until("2018-09-10")
    case.step("merged_from", reference=OTHER_FILE, aware_on=None, notified_on="2018-09-05", panel_notified_on=None)
    assert list(case.file.children) == ["child-1"]


@pytest.mark.rule("2.1e")
def test_a_file_merged_into_one_that_is_not_there_stands_again_with_its_deadlines() -> None:
    case = Case.opened()
    merged(case)
    changes = case.undelivered("EX-2018-0002")
    assert (case.file.ended, case.finished, case.deadlines["decision"].open) == (None, False, True)
    assert [letter.template for letter in changes.letters] == ["merge_failed"]
    case.step("merged_into", reference=OTHER_FILE, reason="The same incident.")
    elsewhere = {"activity": "tell_file", "arguments": [{"to": "EX-2018-0002"}]}
    case.state.work["message:EX-2018-0002#another"] = elsewhere
    case.undelivered("EX-2018-0002")
    assert case.file.ended == "merged"


@pytest.mark.rule("1.1")
@pytest.mark.parametrize(
    ("step", "fields", "field"),
    [
        ("merged_into", {"reference": "EX-2018-0001", "reason": "The same."}, "reference"),
        ("merged_from", {"reference": "EX-2018-0001"}, "reference"),
        ("merged_from", {"reference": OTHER_FILE, "notified_on": "2018-09-06"}, "notified_on"),
        ("merged_from", {"reference": OTHER_FILE, "aware_on": "2018-09-06"}, "aware_on"),
    ],
)
def test_a_merger_that_cannot_be_is_refused(step: str, fields: dict[str, Any], field: str) -> None:
    assert Case.opened().refused(step, "2018-09-05", **fields).field == field


@pytest.mark.rule("1.1")
def test_a_file_is_merged_once() -> None:
    case = Case.opened()
    case.step("merged_from", reference=OTHER_FILE)
    assert "already" in case.refused("merged_from", reference=OTHER_FILE).reason
    case.step("merged_into", reference="EX-2018-0010", reason="The same.")
    assert "ended" in case.refused("merged_into", reference="EX-2018-0010", reason="The same.").reason


@pytest.mark.rule("1.1")
def test_a_joint_review_is_recorded_with_who_leads_and_our_clocks_stay() -> None:
    case = under_review()
    before = {key: deadline.due for key, deadline in case.deadlines.items()}
    joint = {"kind": "domestic homicide review", "led_by": "The safety partnership", "their_reference": "DHR 7"}
    case.step("joined_with", "2018-09-20", **joint)
    assert {key: deadline.due for key, deadline in case.deadlines.items()} == before
    assert case.file.joint == ["domestic homicide review, led by The safety partnership, DHR 7"]


# 1.2a: reviews of every kind are counted


@pytest.mark.rule("1.2a")
def test_statutory_and_other_useful_cases_are_registered_alike_by_kind_and_year() -> None:
    undecided, alternative = Case.opened(UNHARMED), Case.opened(UNHARMED)
    decide(alternative, "2018-09-12", "alternative review", kind="child death review")
    nothing = Case.opened(UNHARMED)
    decide(nothing, "2018-09-12", "no review")
    cases = [under_review(), alternative, without_incident("audit of practice"), undecided, nothing]
    rows = [project(case.record, case.events, 1, case.world) for case in cases]
    assert [(row.kind, row.opened_on.year) for row in rows] == [
        ("Serious Case Review", 2018),
        ("child death review", 2018),
        ("audit of practice", 2018),
        ("undecided", 2018),
        ("no review", 2018),
    ]


# 1.2b, 1.3e, 2.9c: what is confirmed before a report is signed off

POINTS = [
    ("says_what_happened", "1.2b"),
    ("says_why", "1.2b"),
    ("says_what_will_be_done", "1.2b"),
    ("sound_analysis", "2.9c"),
    ("plain_english", "2.9c"),
    ("fit_to_publish", "2.9c"),
]


@pytest.mark.rule("1.2b")
@pytest.mark.rule("2.9c")
@pytest.mark.parametrize(("point", "rule"), POINTS)
def test_a_report_is_signed_off_only_with_each_point_confirmed(point: str, rule: str) -> None:
    case = ready()
    refusal = case.refused("report_signed_off", **{**SIGN_OFF, point: False})
    assert (refusal.rule, refusal.field) == (rule, point)
    missing = case.refused("report_signed_off", **{key: value for key, value in SIGN_OFF.items() if key != point})
    assert missing.field == point
    case.step("report_signed_off", **SIGN_OFF)


@pytest.mark.rule("1.3e")
@pytest.mark.parametrize("lived_experience", [None, "", "  \n"])
def test_a_blank_about_the_childs_lived_experience_is_refused(lived_experience: str | None) -> None:
    case = ready()
    fields = {key: value for key, value in SIGN_OFF.items() if key != "lived_experience"}
    given = {} if lived_experience is None else {"lived_experience": lived_experience}
    refusal = case.refused("report_signed_off", **fields, **given)
    assert (refusal.rule, refusal.field) == ("1.3e", "lived_experience")
    case.step("report_signed_off", **SIGN_OFF)


@pytest.mark.rule("2.9c")
@pytest.mark.parametrize("signed_by", [None, " "])
def test_a_report_is_signed_off_by_a_named_person(signed_by: str | None) -> None:
    fields = {key: value for key, value in SIGN_OFF.items() if key != "signed_by"}
    given = {} if signed_by is None else {"signed_by": signed_by}
    assert ready().refused("report_signed_off", **fields, **given).field == "signed_by"


@pytest.mark.rule("1.2b")
def test_a_draft_is_never_refused_for_what_it_says() -> None:
    case = under_review()
    drafted(case, REPORT, "2018-09-12")
    drafted(case, REPORT, "2018-09-13")
    drafted(case, REPLACEMENT, "2018-09-13")
    assert case.file.drafts == {REPORT: REPORT, REPLACEMENT: REPLACEMENT}


@pytest.mark.rule("1.2b")
def test_drafts_and_findings_need_a_review_and_come_after_its_beginning() -> None:
    case = Case.opened()
    draft = {"document": REPORT, "version": "Draft 1"}
    for on, field in (("2018-09-05", None), ("2018-09-11", "happened_on")):
        case.until(on)
        for step, rule, fields in (("report_drafted", "1.2b", draft), ("finding_recorded", "1.2c", FINDING)):
            refusal = case.refused(step, on, **fields)
            assert (refusal.rule, refusal.field) == (rule, field)
        if case.file.decision is None:
            decide(case, "2018-09-12")
    case.step("report_drafted", **draft)
    case.step("finding_recorded", **FINDING)


@pytest.mark.rule("1.2b")
def test_a_sign_off_is_for_a_document_that_was_drafted_and_not_before_that_day() -> None:
    assert "Waiting for the Chair's decision" in Case.opened().refused("report_signed_off", **SIGN_OFF).reason
    case = under_review()
    refusal = case.refused("report_signed_off", **SIGN_OFF)
    assert refusal.rule == "1.2b" and "no draft" in refusal.reason
    case = ready_to_sign(case)
    unknown = case.refused("report_signed_off", **{**SIGN_OFF, "document": PLAN})
    assert (unknown.rule, unknown.field) == ("1.2b", "document")
    early = case.refused("report_signed_off", "2018-11-04", **SIGN_OFF)
    assert (early.rule, early.field) == ("1.2b", "happened_on")
    case.step("report_signed_off", "2018-11-05", **SIGN_OFF)


@pytest.mark.rule("2.4a")
def test_the_report_of_a_serious_case_review_is_not_signed_off_without_a_model() -> None:
    case = ready()
    model = next(entry.id for entry in case.record if entry.name == "model_chosen")
    case.step("struck_out", step=model, reason="Not that one.")
    assert case.refused("report_signed_off", **SIGN_OFF).rule == "2.4a"


@pytest.mark.rule("1.1")
@pytest.mark.rule("1.2b")
def test_the_report_of_another_review_is_signed_off_by_the_same_points_without_lead_reviewer_or_model() -> None:
    case = ready_to_sign(without_incident())
    assert case.refused("report_signed_off", **{**SIGN_OFF, "says_why": False}).rule == "1.2b"
    case.step("report_signed_off", **SIGN_OFF)
    assert case.sent("panel_copy:") == []


@pytest.mark.rule("2.6a")
def test_the_first_sign_off_completes_the_review_and_a_replacement_does_not_move_that() -> None:
    case = signed(on="2018-11-12")
    assert str(case.deadlines["completion"].met_on) == "2018-11-12"
    drafted(case, REPLACEMENT, "2018-11-20")
    case.step("report_signed_off", "2018-11-20", **{**SIGN_OFF, "document": REPLACEMENT})
    assert str(case.deadlines["completion"].met_on) == "2018-11-12"


# 1.2c: good and problematic practice


@pytest.mark.rule("1.2c")
@pytest.mark.parametrize("practice", ["good practice", "problematic practice"])
@pytest.mark.parametrize("organisation", ["hospital", None])
def test_a_finding_is_good_or_problematic_practice_of_an_organisation_or_between_them(
    practice: str, organisation: str | None
) -> None:
    case = under_review()
    case.step("finding_recorded", **{**FINDING, "practice": practice}, organisation=organisation)
    assert case.file.findings == {"f-1": practice}
    assert next(e.body["organisation"] for e in case.record if e.name == "finding_recorded") == organisation


@pytest.mark.rule("1.2c")
def test_a_finding_says_which_practice_has_a_name_of_its_own_and_an_organisation_on_the_file() -> None:
    case = under_review()
    assert case.refused("finding_recorded", **{**FINDING, "practice": "so so"}).field == "practice"
    assert case.refused("finding_recorded", **FINDING, organisation="school").field == "organisation"
    case.step("finding_recorded", **FINDING)
    again = case.refused("finding_recorded", **FINDING)
    assert (again.rule, again.field) == ("1.2c", "finding")


# 1.2d: lasting improvement


@pytest.mark.rule("1.2d")
@pytest.mark.rule("1.2e")
def test_an_action_is_followed_until_it_is_done_and_its_impact_is_recorded() -> None:
    case = signed()
    case.step("action_proposed", "2018-11-12", action="a-1", text="A shared form.", owner="hospital", due="2019-01-31")
    case.step("action_agreed", "2018-11-14", action="a-1", agreed_by="The chief nurse")
    assert (str(case.due("action_done:a-1")), case.file.actions["a-1"].closed) == ("2019-01-31", False)
    case.step("action_progressed", "2018-12-01", action="a-1", progress="Half way.", rating="amber")
    case.step("action_done", "2019-01-30", action="a-1", evidence="In use.")
    assert (case.file.actions["a-1"].closed, case.deadlines["impact_recorded:a-1"].open) == (False, True)
    assert "1.2d" in {refusal.rule for refusal in Closed.ready(case.file, case.world)}
    case.step("impact_recorded", "2019-03-01", action="a-1", impact="No referral was lost in a month.")
    assert case.file.actions["a-1"].closed and str(case.file.actions["a-1"].closed_on) == "2019-03-01"
    [row] = project(case.record, case.events, 1, case.world).actions
    assert (row.owner, row.impact, row.status) == ("hospital", "No referral was lost in a month.", "closed")


# A report that is replaced


@pytest.mark.rule("2.9f")
@pytest.mark.rule("2.9d")
def test_a_report_replaced_after_the_date_was_fixed_goes_to_the_panel_again_and_voids_check_and_date() -> None:
    case = signed(on="2018-11-12")
    first = case.file.report
    check_publication(case, "2018-11-13")
    case.step("board_responded", "2018-11-13")
    case.step("publication_fixed", "2018-11-13", publish_on="2018-11-26")
    drafted(case, REPLACEMENT, "2018-11-20")
    case.step("report_signed_off", "2018-11-20", **{**SIGN_OFF, "document": REPLACEMENT})
    assert first is not None and case.file.report is not None
    assert (case.file.report.sha256, case.file.report.step != first.step) == (REPLACEMENT, True)
    assert (case.file.publication.fixed_for, case.file.publication.checked_on) == (None, None)
    assert str(case.due("publication_fixed:2018-11-20")) == "2019-01-20"
    copies = case.sent("panel_copy:")
    assert [letter.documents for letter in copies] == [[REPORT], [REPLACEMENT]]
    assert all(map(says_nothing_of_the_child, copies))
    check_publication(case, "2018-11-20")
    refusal = case.refused("publication_fixed", publish_on="2018-11-26")
    assert refusal.rule == "2.9f" and "27 November 2018" in refusal.reason
    case.step("publication_fixed", publish_on="2018-11-27")


@pytest.mark.rule("2.9f")
def test_the_same_report_in_another_format_or_language_is_not_a_new_report() -> None:
    case = signed(on="2018-11-12")
    drafted(case, REPLACEMENT, "2018-11-20", same_text_as=REPORT)
    refusal = case.refused("report_signed_off", **{**SIGN_OFF, "document": REPLACEMENT})
    assert (refusal.rule, refusal.field) == ("2.9f", "document")
    assert case.file.drafts[REPLACEMENT] == REPORT and len(case.sent("panel_copy:")) == 1


@pytest.mark.rule("2.9f")
def test_another_format_belongs_to_a_report_on_the_file_and_a_document_stays_the_text_it_is() -> None:
    case = signed()
    draft = {"document": REPLACEMENT, "version": "In Polish"}
    unknown = case.refused("report_drafted", **draft, same_text_as=PLAN)
    assert (unknown.rule, unknown.field) == ("2.9f", "same_text_as")
    case.step("report_drafted", **draft)
    relabelled = case.refused("report_drafted", **draft, same_text_as=REPORT)
    assert (relabelled.rule, relabelled.field) == ("2.9f", "document")


@pytest.mark.rule("2.9f")
def test_the_report_that_is_signed_off_is_not_signed_off_again() -> None:
    assert signed().refused("report_signed_off", **SIGN_OFF).rule == "2.9f"


@pytest.mark.rule("1.2b")
def test_a_replacement_is_not_signed_off_before_what_it_replaces() -> None:
    case = ready()
    drafted(case, REPLACEMENT, "2018-11-06")
    case.step("report_signed_off", "2018-11-12", **SIGN_OFF)
    again = {**SIGN_OFF, "document": REPLACEMENT}
    assert case.refused("report_signed_off", "2018-11-11", **again).field == "happened_on"
    case.step("report_signed_off", "2018-11-12", **again)


@pytest.mark.rule("2.9d")
def test_a_published_report_is_not_replaced_until_it_is_taken_down() -> None:
    case = published()
    drafted(case, REPLACEMENT, "2018-12-10")
    again = {**SIGN_OFF, "document": REPLACEMENT}
    refusal = case.refused("report_signed_off", **again)
    assert (refusal.rule, refusal.field) == ("2.9d", "document")
    ground = {"ground": "data protection", "ordered_by": "Person chair", "reasons": "A name can be guessed."}
    case.step("report_withdrawn", **ground)
    case.step("report_signed_off", **again)
    assert case.sent("panel_copy:")[-1].documents == [REPLACEMENT]
