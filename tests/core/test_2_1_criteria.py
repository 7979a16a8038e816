"""2.1 Criteria: the finding, what may be decided by it, who notifies whom, and facts that turn out otherwise."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models.directory import Appointment
from models.fold import open_record
from models.record import Refusal
from models.rulebook import Rulebook
from models.step_words import fact_label
from models.view import remarks_of

from .case import DIED, HARMED, PAPER, Case, directory, morning, rulebook, surroundings
from .review_steps import UNDECIDED, UNHARMED, days, decide, says_nothing_of_the_child, without_incident

DIED_NATURALLY: dict[str, Any] = {**DIED, "abuse_or_neglect": "not suspected"}
"""A death without abuse or neglect, outside custody: no limb is met."""

NO_REVIEW: dict[str, Any] = {"choice": "no review", "decided_by": "chair", "reasons": "No limb is met."}
SCR: dict[str, Any] = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "A limb is met."}


def held(rule: str, *children: dict[str, Any], **opened: Any) -> list[str]:
    """What the finding says of each limb of a rule."""
    return [limb.held for limb in Case.opened(*children, **opened).file.finding.limbs if limb.rule == rule]


def partners_began(day: date, name: str = "hertfordshire-2018") -> Rulebook:
    """The board's rulebook once safeguarding partner arrangements began."""
    rules = rulebook(name)
    return rules.model_copy(update={"definitions": rules.definitions.model_copy(update={"partners_began": day})})


# 2.1a to 2.1d: the finding


@pytest.mark.rule("2.1a")
@pytest.mark.parametrize(
    ("abuse", "expected"),
    [("known", "met"), ("suspected", "met"), ("not suspected", "not met"), ("unknown", "undecided")],
)
def test_a_death_meets_the_criteria_when_abuse_or_neglect_is_known_or_suspected(abuse: str, expected: str) -> None:
    assert held("2.1a", {**DIED, "abuse_or_neglect": abuse})[0] == expected


@pytest.mark.rule("2.1a")
@pytest.mark.parametrize(("concern", "expected"), [("yes", "met"), ("no", "not met"), ("unknown", "undecided")])
def test_serious_harm_meets_the_criteria_only_with_concern_about_joint_working(concern: str, expected: str) -> None:
    case = Case.opened(HARMED, concern=concern)
    assert case.file.finding.held == expected


@pytest.mark.rule("2.1a")
def test_one_child_for_whom_a_limb_is_met_is_enough() -> None:
    case = Case.opened(UNHARMED, {**DIED, "id": "child-2"})
    assert case.file.finding.held == "met"
    assert [limb.child for limb in case.file.finding.met()] == ["child-2"]


@pytest.mark.rule("2.1a")
def test_the_finding_cites_for_each_limb_the_rule_and_the_facts_behind_it() -> None:
    met = Case.opened().file.finding.met()
    assert [(limb.rule, [fact.words for fact in limb.facts]) for limb in met] == [
        ("2.1a", ["abuse or neglect: suspected", "outcome: died"])
    ]


@pytest.mark.rule("2.1a")
@pytest.mark.rule("2.1d")
def test_unknown_is_never_no() -> None:
    finding = Case.opened(UNDECIDED, concern="unknown").file.finding
    assert {limb.held for limb in finding.limbs} == {"undecided"}
    assert set(finding.unknown()) == {
        "child-1.abuse_or_neglect",
        "child-1.outcome",
        "child-1.custody",
        "child-1.detained_under_mental_health_act",
        "child-1.born_on",
        "child-1.died_on",
        "child-1.deprived_of_liberty",
        "concern_about_joint_working",
    }


@pytest.mark.rule("2.1b")
@pytest.mark.parametrize(
    "harm",
    [
        {"harms": ["life-threatening injury"]},
        {"harms": ["impairment of health or development"]},
        {"harms": ["other"], "other_harm": "Months of captivity."},
    ],
)
def test_each_kind_of_harm_that_is_ticked_is_serious_harm(harm: dict[str, Any]) -> None:
    assert Case.opened({**HARMED, **harm}, concern="yes").file.finding.held == "met"


@pytest.mark.rule("2.1b")
def test_a_child_who_has_recovered_was_seriously_harmed_all_the_same() -> None:
    assert Case.opened({**HARMED, "recovered": True}, concern="yes").file.finding.held == "met"


@pytest.mark.rule("2.1b")
@pytest.mark.parametrize(
    ("child", "missing"),
    [
        ({**UNHARMED, "research_considered": None}, "name the research"),
        ({**UNHARMED, "harms": ["life-threatening injury"]}, "is serious harm"),
        ({**HARMED, "harms": []}, "tick at least one"),
        ({**HARMED, "harms": ["other"]}, "say what the other harm was"),
    ],
)
def test_whether_harm_was_serious_is_said_with_its_grounds(child: dict[str, Any], missing: str) -> None:
    incident = {"children": [child], "notified_on": "2018-09-05"}
    body = {"reference": "EX-1", "opened_on": "2018-09-05", "recorded_by": "x", "incident": incident}
    refusal = open_record(body, rulebook(), surroundings().at(morning("2018-09-05")))
    assert isinstance(refusal, Refusal)
    assert missing in refusal.reason and "(2.1b)" in refusal.reason


@pytest.mark.rule("2.1b")
def test_correcting_to_not_seriously_harmed_without_the_research_is_refused_and_recorded_with_it() -> None:
    case = Case.opened({**HARMED, "harms": ["other"], "other_harm": "Bruises."}, concern="yes")
    correction = {"reason": "The paediatrician's report.", "outcome": "not seriously harmed"}
    assert case.refused("facts_corrected", **correction).rule == "2.1b"
    case.step("facts_corrected", **correction, research_considered="A review of studies of bruising.")
    assert case.file.finding.held == "not met"


@pytest.mark.rule("2.1c")
@pytest.mark.parametrize(
    ("rules", "area", "expected"),
    [("hertfordshire-2018", "Hertfordshire", "met"), ("working-days-2018", "Exampleshire", "not met")],
)
def test_serious_sexual_abuse_is_serious_harm_where_the_board_defines_it_so(
    rules: str, area: str, expected: str
) -> None:
    child = {**HARMED, "harms": ["serious sexual abuse"], "residence": area}
    assert Case.opened(child, concern="yes", rules=rulebook(rules)).file.finding.held == expected


@pytest.mark.rule("2.1c")
def test_the_boards_definition_outweighs_an_outcome_that_says_otherwise() -> None:
    child = {**UNHARMED, "harms": ["serious sexual abuse"]}
    assert Case.opened(child, concern="yes").file.finding.held == "met"
    assert Case.opened(child, concern="yes", rules=rulebook("working-days-2018")).file.finding.held == "not met"


@pytest.mark.rule("2.1d")
@pytest.mark.parametrize(
    "custody",
    [
        "police custody",
        "on remand",
        "following sentencing",
        "young offender institution",
        "secure training centre",
        "secure children's home",
        "other custody",
    ],
)
def test_a_death_in_any_custody_meets_the_criteria_without_abuse_or_neglect(custody: str) -> None:
    case = Case.opened({**DIED_NATURALLY, "custody": custody})
    assert [limb.title for limb in case.file.finding.met()] == ["the child died in custody"]
    assert case.refused("decision", **NO_REVIEW).rule == "2.1e"
    decide(case, "2018-09-05")


@pytest.mark.rule("2.1d")
def test_custody_and_detention_of_a_child_who_lives_meet_nothing() -> None:
    alive = {**HARMED, "custody": "police custody", "detained_under_mental_health_act": "yes"}
    assert set(held("2.1d", alive)) == {"not met"}


@pytest.mark.rule("2.1d")
def test_a_death_under_the_mental_health_act_meets_the_criteria_at_any_age() -> None:
    assert held("2.1d", {**DIED_NATURALLY, "detained_under_mental_health_act": "yes"}) == ["not met", "met", "not met"]


@pytest.mark.rule("2.1d")
@pytest.mark.parametrize(
    ("born_on", "died_on", "expected"),
    [
        ("2002-09-01", "2018-08-31", "not met"),
        ("2002-08-31", "2018-08-31", "met"),
        ("2000-09-01", "2018-08-31", "met"),
        ("2000-08-31", "2018-08-31", "not met"),
        (None, "2018-08-31", "undecided"),
        ("2002-08-31", None, "undecided"),
    ],
)
def test_a_deprivation_of_liberty_counts_at_sixteen_and_seventeen_by_the_age_at_death(
    born_on: str | None, died_on: str | None, expected: str
) -> None:
    child = {**DIED_NATURALLY, "born_on": born_on, "died_on": died_on, "deprived_of_liberty": "yes"}
    assert held("2.1d", child)[2] == expected


@pytest.mark.rule("2.1d")
def test_a_death_at_sixteen_without_an_order_meets_nothing() -> None:
    assert held("2.1d", {**DIED_NATURALLY, "born_on": "2002-01-01"})[2] == "not met"


# 2.1e: deciding by the finding, and facts that change


@pytest.mark.rule("2.1e")
@pytest.mark.parametrize("choice", ["no review", "alternative review", "SCR, criteria not met"])
def test_nothing_but_a_serious_case_review_can_be_decided_while_a_limb_is_met(choice: str) -> None:
    case = Case.opened()
    kind = {"kind": "Partnership Case Review"} if choice == "alternative review" else {}
    refusal = case.refused("decision", **{**NO_REVIEW, "choice": choice}, **kind)
    assert refusal.rule == "2.1e" and refusal.field == "choice"
    assert "2.1a" in refusal.reason and "“Facts of the incident were corrected”" in refusal.reason


@pytest.mark.rule("2.1e")
@pytest.mark.rule("2.1a")
@pytest.mark.parametrize(("child", "concern"), [(UNHARMED, "no"), (UNDECIDED, "unknown")])
def test_criteria_met_cannot_be_decided_when_the_finding_does_not_say_so(child: dict[str, Any], concern: str) -> None:
    case = Case.opened(child, concern=concern)
    assert case.refused("decision", **SCR).rule == "2.1a"


@pytest.mark.rule("2.1e")
def test_each_unknown_fact_needs_a_reason_of_its_own_before_it_is_decided_without_it() -> None:
    child = {**DIED, "abuse_or_neglect": "unknown", "custody": "unknown"}
    case = Case.opened(child)
    unknown = ("child-1.abuse_or_neglect", "child-1.custody")
    assert case.file.finding.unknown() == unknown
    for number in range(len(unknown)):
        reasons = {name: "The inquest has not sat." for name in unknown[:number]}
        refusal = case.refused("decision", **NO_REVIEW, unknown_reasons=reasons)
        assert (refusal.rule, refusal.field) == ("2.1e", "unknown_reasons")
        assert fact_label(unknown[number]) in refusal.reason
    blank = {name: " " for name in unknown}
    assert case.refused("decision", **NO_REVIEW, unknown_reasons=blank).rule == "2.1e"
    decide(case, "2018-09-05", "no review", unknown_reasons={name: "The inquest has not sat." for name in unknown})
    assert case.file.decision is not None and case.file.review is None


@pytest.mark.rule("2.1e")
def test_the_facts_can_be_corrected_first_with_a_reason_and_the_correction_is_kept() -> None:
    case = Case.opened()
    assert case.refused("decision", **NO_REVIEW).rule == "2.1e"
    assert case.refused("facts_corrected", abuse_or_neglect="not suspected").field == "reason"
    recorded = case.step("facts_corrected", reason="The post-mortem.", abuse_or_neglect="not suspected")
    decide(case, "2018-09-05", "no review")
    kept = next(entry for entry in case.record if entry.id == recorded["id"])
    assert (kept.body["reason"], kept.body["recorded_by"]) == ("The post-mortem.", "coordinator")
    assert case.file.corrections[0].what == ("abuse_or_neglect",)


@pytest.mark.rule("2.1e")
@pytest.mark.parametrize(
    ("fields", "rule", "field"),
    [
        ({}, "2.1e", None),
        ({"child": "child-9", "outcome": "unknown"}, "2.1e", "child"),
        ({"abuse_or_neglect": "not suspected"}, "2.1e", None),
        ({"died_on": "2018-09-07"}, "2.1e", "died_on"),
        ({"notified_on": "2018-09-07"}, "2.1e", "notified_on"),
        ({"died_on": "2011-01-01"}, "2.1e", None),
        ({"died_on": "2018-08-29", "now_unknown": ["died_on"]}, "2.1e", "died_on"),
        ({"aware_on": "2018-09-06"}, "2.1e", None),
        ({"outcome": "seriously harmed", "harms": ["life-threatening injury"]}, "2.1e", None),
        ({"outcome": "no such outcome"}, "2.1e", "outcome"),
    ],
)
def test_a_correction_that_does_not_hang_together_is_refused(
    fields: dict[str, Any], rule: str, field: str | None
) -> None:
    case = Case.opened(DIED_NATURALLY)
    case.until("2018-09-06")
    refusal = case.refused("facts_corrected", "2018-09-06", reason="A letter from the coroner.", **fields)
    assert (refusal.rule, refusal.field) == (rule, field)


@pytest.mark.rule("2.1e")
def test_of_a_child_who_did_not_die_after_all_the_date_of_death_is_to_be_taken_back_too() -> None:
    case = Case.opened(DIED)
    lives: dict[str, Any] = {
        "reason": "By the hospital.",
        "outcome": "seriously harmed",
        "harms": ["life-threatening injury"],
    }
    assert "Tick the date of death" in case.refused("facts_corrected", **lives).reason
    case.step("facts_corrected", **lives, now_unknown=["died_on"])
    assert (case.file.children["child-1"].outcome, case.file.children["child-1"].died_on) == ("seriously harmed", None)


@pytest.mark.rule("2.1e")
def test_with_several_children_a_correction_says_whose_facts_are_corrected() -> None:
    case = Case.opened(UNHARMED, {**UNHARMED, "id": "child-2"})
    correction = {"reason": "A second opinion.", "abuse_or_neglect": "known"}
    assert case.refused("facts_corrected", **correction).field == "child"
    case.step("facts_corrected", **correction, child="child-2")
    assert [child.abuse_or_neglect for child in case.file.children.values()] == ["suspected", "known"]


@pytest.mark.rule("2.1e")
def test_a_later_correction_that_makes_a_limb_met_opens_a_deadline_to_revisit_the_decision() -> None:
    case = Case.opened(DIED_NATURALLY)
    first = decide(case, "2018-09-12", "no review")
    assert not [key for key in case.deadlines if key.startswith("decision_revisited")]
    case.step("facts_corrected", "2018-10-05", reason="The inquest.", abuse_or_neglect="known")
    key = f"decision_revisited:{first}"
    assert (case.deadlines[key].rule, str(case.due(key))) == ("2.1e", "2018-10-12")
    case.until("2018-11-01")
    assert days(case, "reminded", key) == [(date(2018, 10, 11), "coordinator")]
    assert days(case, "escalated", key) == [(date(2018, 10, 13), "chair"), (date(2018, 10, 27), "chair")]
    case.step("decision_revisited", "2018-11-01", because="The inquest.", **SCR)
    assert case.deadlines[key].late and str(case.deadlines[key].met_on) == "2018-11-01"
    assert case.file.review is not None and case.file.review.criteria_met


@pytest.mark.rule("2.1e")
def test_a_concern_that_comes_to_light_later_opens_the_deadline_to_revisit_too() -> None:
    case = Case.opened(HARMED, concern="no")
    key = f"decision_revisited:{decide(case, '2018-09-12', 'no review')}"
    case.step("facts_corrected", "2018-10-05", reason="The minutes.", concern_about_joint_working="yes")
    assert str(case.due(key)) == "2018-10-12"


@pytest.mark.rule("2.1f")
def test_where_it_happened_can_be_corrected_and_the_authoritys_clocks_follow() -> None:
    case = Case.opened()
    case.step("facts_corrected", reason="It was a holiday.", where="elsewhere in the United Kingdom")
    assert "notify_panel" not in case.deadlines and case.told("deadline_cancelled", deadline="notify_panel")
    case.step("facts_corrected", reason="It was not.", where="in the area")
    assert str(case.due("notify_panel")) == "2018-09-08"


@pytest.mark.rule("2.1f")
@pytest.mark.rule("2.1c")
def test_the_authority_notifies_of_no_child_who_was_not_seriously_harmed() -> None:
    case = Case.opened({**UNHARMED, "outcome": "unknown"})
    assert case.deadlines["notify_panel"].open
    case.step("facts_corrected", reason="By the hospital.", outcome="not seriously harmed")
    assert "notify_panel" not in case.deadlines and case.told("deadline_cancelled", deadline="notify_panel")
    assert case.until("2018-12-05").told("escalated", deadline="notify_panel") == []
    case.step("facts_corrected", reason="By the police.", harms=["serious sexual abuse"])
    assert "notify_panel" in case.deadlines
    assert "notify_panel" in Case.opened(UNHARMED, {**HARMED, "id": "child-2"}).deadlines


@pytest.mark.rule("2.1e")
def test_the_deadline_to_revisit_falls_away_when_the_facts_change_back() -> None:
    case = Case.opened(DIED_NATURALLY)
    key = f"decision_revisited:{decide(case, '2018-09-12', 'no review')}"
    case.step("facts_corrected", "2018-10-05", reason="A first report.", abuse_or_neglect="known")
    assert key in case.deadlines
    case.step("facts_corrected", "2018-10-08", reason="It was another child's.", abuse_or_neglect="not suspected")
    assert key not in case.deadlines
    assert case.told("deadline_cancelled", deadline=key)
    assert case.until("2018-11-01").told("escalated", deadline=key) == []
    case.step("facts_corrected", "2018-11-01", reason="The inquest.", abuse_or_neglect="suspected")
    assert str(case.due(key)) == "2018-11-08"


@pytest.mark.rule("2.1e")
def test_a_correction_struck_out_takes_its_deadline_with_it() -> None:
    case = Case.opened(DIED_NATURALLY)
    key = f"decision_revisited:{decide(case, '2018-09-12', 'no review')}"
    wrong = case.step("facts_corrected", "2018-10-05", reason="A first report.", abuse_or_neglect="known")
    case.step("struck_out", step=wrong["id"], reason="It was another child's.")
    assert key not in case.deadlines


@pytest.mark.rule("2.1e")
def test_while_the_corrected_facts_meet_a_limb_the_decision_is_revisited_in_one_way_only() -> None:
    case = Case.opened(DIED_NATURALLY)
    decide(case, "2018-09-12", "no review")
    case.step("facts_corrected", "2018-10-05", reason="The inquest.", abuse_or_neglect="known")
    again = {"because": "The inquest."}
    assert case.refused("decision_revisited", "2018-10-08", **again, **NO_REVIEW).rule == "2.1e"
    early = case.refused("decision_revisited", "2018-10-04", **again, **SCR)
    assert (early.rule, early.field) == ("2.1e", "happened_on")
    case.step("decision_revisited", "2018-10-05", **again, **SCR)


@pytest.mark.rule("2.1e")
def test_a_sibling_for_whom_a_limb_is_met_opens_the_deadline_to_revisit_too() -> None:
    case = Case.opened(DIED_NATURALLY)
    key = f"decision_revisited:{decide(case, '2018-09-12', 'no review')}"
    case.step("child_added", "2018-10-05", child={**DIED, "id": "child-2"})
    assert str(case.due(key)) == "2018-10-12"


@pytest.mark.rule("2.1e")
def test_a_decision_is_not_to_be_revisited_before_it_was_made() -> None:
    case = Case.opened(DIED_NATURALLY)
    key = f"decision_revisited:{decide(case, '2018-09-20', 'no review')}"
    late = {"happened_on": "2018-09-07", "child": {**DIED, "id": "child-2"}}
    case.step("child_added", "2018-09-21", **late)
    assert str(case.due(key)) == "2018-09-27"


@pytest.mark.rule("2.1e")
def test_a_review_held_for_other_reasons_is_revisited_too_and_keeps_its_six_months() -> None:
    case = Case.opened(DIED_NATURALLY)
    key = f"decision_revisited:{decide(case, '2018-09-12', 'SCR, criteria not met')}"
    case.step("facts_corrected", "2018-10-05", reason="The inquest.", abuse_or_neglect="known")
    case.step("decision_revisited", "2018-10-08", because="The inquest.", **SCR)
    assert not case.deadlines[key].open
    assert case.file.review is not None and case.file.review.criteria_met
    assert str(case.due("completion")) == "2019-03-12"


@pytest.mark.rule("2.1e")
def test_facts_that_become_undecided_again_leave_the_decision_alone() -> None:
    case = Case.opened(DIED_NATURALLY)
    decide(case, "2018-09-12", "no review")
    case.step("facts_corrected", "2018-10-05", reason="The case is open again.", abuse_or_neglect="unknown")
    assert case.file.finding.held == "undecided"
    assert not [key for key in case.deadlines if key.startswith("decision_revisited")]


@pytest.mark.rule("2.1e")
def test_those_who_were_told_something_wrong_get_a_corrected_letter() -> None:
    case = Case.opened(DIED_NATURALLY)
    decide(case, "2018-09-12", "no review")
    wrong = case.step("facts_corrected", "2018-10-05", reason="A slip.", aware_on="2018-09-01", where="unknown")
    letters = case.sent(f"corrected:{wrong['id']}:")
    assert sorted(letter.to for letter in letters) == ["dfe", "national_panel", "ofsted"]
    assert {letter.template for letter in letters} == {"letter_corrected"}
    assert letters[0].content == {
        "what": "Where it happened, The authority became aware on",
        "corrected_on": "2018-10-05",
    }
    assert all(map(says_nothing_of_the_child, letters))


@pytest.mark.rule("2.1e")
def test_a_correction_that_decides_nothing_is_kept_and_told_to_nobody() -> None:
    case = Case.opened({**HARMED, "abuse_or_neglect": "suspected"})
    decide(case, "2018-09-12", "no review")
    case.step("facts_corrected", reason="Home again.", recovered=True, abuse_or_neglect="known")
    case.step("facts_corrected", reason="The register of births.", born_on="2012-03-05")
    assert case.sent("corrected:") == []
    assert not [entry for entry in case.record if entry.name == "letters_wrong"]
    decides = case.step("facts_corrected", reason="The minutes.", concern_about_joint_working="yes")
    assert len(case.sent(f"corrected:{decides['id']}:")) == 3


@pytest.mark.rule("2.1e")
def test_a_notification_is_withdrawn_only_while_no_limb_is_met_and_those_told_are_told() -> None:
    case = Case.opened()
    refusal = case.refused("notification_withdrawn", reason="It was an accident.")
    assert refusal.rule == "2.1a" and "cannot be withdrawn" in refusal.reason
    case.step("facts_corrected", reason="The post-mortem.", abuse_or_neglect="not suspected")
    decide(case, "2018-09-06", "no review")
    ended = case.step("notification_withdrawn", "2018-09-07", reason="It was an accident.")
    letters = case.sent(f"withdrawn:{ended['id']}:")
    assert sorted(letter.to for letter in letters) == ["dfe", "national_panel", "ofsted"]
    assert {letter.template for letter in letters} == {"notification_withdrawn"}
    assert not [deadline for deadline in case.deadlines.values() if deadline.open]
    assert case.told("closed", how="withdrawn")
    assert "ended" in case.refused("notification_withdrawn", reason="Again.").reason


@pytest.mark.rule("2.1e")
def test_nobody_is_told_of_a_withdrawal_who_was_never_told_of_the_incident() -> None:
    case = Case.opened(DIED_NATURALLY)
    case.step("notification_withdrawn", reason="It was an accident.")
    assert case.sent("withdrawn:") == []


@pytest.mark.rule("2.1e")
def test_an_organisation_that_was_taken_off_the_file_does_not_hear_of_a_withdrawal() -> None:
    case = Case.opened(DIED_NATURALLY, organisations=("hospital", "school"))
    case.step("review_recommended", recommends="SCR, criteria not met", reasons="To learn.")
    case.step("organisation_removed", organisation="school", reason="Another school.")
    decide(case, "2018-09-12", "no review")
    case.step("notification_withdrawn", reason="It was an accident.")
    assert {letter.to for letter in case.sent("withdrawn:")} == {"dfe", "national_panel", "ofsted", "lead:hospital"}


@pytest.mark.rule("2.2c")
def test_a_withdrawal_does_not_end_a_review_that_the_chair_decided_on() -> None:
    case = Case.opened(DIED_NATURALLY)
    decide(case, "2018-09-12", "SCR, criteria not met")
    assert case.refused("notification_withdrawn", reason="It was an accident.").rule == "2.2c"
    case.step("decision_revisited", because="It was an accident.", **NO_REVIEW)
    case.step("notification_withdrawn", reason="It was an accident.")


# 2.1f: who notifies whom


@pytest.mark.rule("2.1f")
def test_the_authority_has_five_days_from_becoming_aware_to_notify_the_panel() -> None:
    case = Case.opened(aware_on="2018-09-03", notified_on="2018-09-05")
    deadline = case.deadlines["notify_panel"]
    assert (deadline.rule, deadline.basis, str(deadline.due)) == ("2.1f", "statutory", "2018-09-08")
    case.until("2018-09-17")
    assert days(case, "reminded", "notify_panel") == [(date(2018, 9, 6), "local_authority")]
    assert [line["at"] for line in case.told("deadline_passed", deadline="notify_panel")] == ["2018-09-08T23:00:00Z"]
    assert days(case, "escalated", "notify_panel") == [(date(2018, 9, 9), "chair"), (date(2018, 9, 16), "chair")]
    assert says_nothing_of_the_child(case.sent("reminder:notify_panel")[0])


@pytest.mark.rule("2.1f")
def test_the_panel_clock_is_met_by_the_step_and_by_the_day_it_happened() -> None:
    case = Case.opened()
    case.until("2018-09-07")
    case.step("notified_panel", "2018-09-04")
    assert (str(case.deadlines["notify_panel"].met_on), case.deadlines["notify_panel"].late) == ("2018-09-04", False)
    assert case.until("2018-10-01").told("escalated", deadline="notify_panel") == []


@pytest.mark.rule("2.1f")
def test_a_late_notification_of_the_panel_is_recorded_as_late_with_its_reason() -> None:
    case = Case.opened()
    late = case.step("notified_panel", "2018-09-20", late_because="The duty officer was away.")
    assert case.told("deadline_met", deadline="notify_panel", late=True)
    assert late["body"]["late_because"] == "The duty officer was away."
    assert case.until("2018-10-04").told("escalated", deadline="notify_panel")[-1]["at"] < "2018-09-20"


@pytest.mark.rule("2.1f")
def test_a_late_notification_is_not_refused_for_want_of_a_reason() -> None:
    case = Case.opened(aware_on="2018-06-01")
    case.step("notified_panel", "2018-12-20")
    assert (case.deadlines["notify_panel"].late, case.deadlines["notify_board"].late) == (True, True)


@pytest.mark.rule("2.1f")
def test_a_late_notification_of_the_board_is_taken_and_recorded_as_late_with_its_reason() -> None:
    case = Case.opened(aware_on="2018-08-30", notified_on="2018-09-05", late_because="It was sent to an old address.")
    deadline = case.deadlines["notify_board"]
    assert (str(deadline.due), str(deadline.met_on), deadline.late) == ("2018-09-04", "2018-09-05", True)
    assert case.told("deadline_met", deadline="notify_board", late=True)
    incident = case.file.incident()
    assert incident is not None and incident.late_because == "It was sent to an old address."


@pytest.mark.rule("2.1f")
def test_a_notification_in_time_meets_the_boards_clock_by_itself() -> None:
    deadline = Case.opened(aware_on="2018-08-31", notified_on="2018-09-05").deadlines["notify_board"]
    assert (str(deadline.due), deadline.open, deadline.late) == ("2018-09-05", False, False)


@pytest.mark.rule("2.1f")
def test_another_boards_rulebook_counts_the_five_days_as_working_days() -> None:
    case = Case.opened({**DIED, "residence": "Exampleshire"}, rules=rulebook("working-days-2018"))
    assert str(case.due("notify_panel")) == "2018-09-10"


@pytest.mark.rule("2.1f")
def test_the_clocks_run_from_the_notification_while_the_day_of_becoming_aware_is_unknown() -> None:
    case = Case.opened(aware_on=None)
    assert str(case.due("notify_panel")) == "2018-09-10"
    case.step("facts_corrected", reason="The authority told us.", aware_on="2018-09-03")
    assert str(case.due("notify_panel")) == "2018-09-08"
    assert case.told("deadline_moved", deadline="notify_panel", old_due="2018-09-10", because="facts_corrected")


@pytest.mark.rule("2.1f")
@pytest.mark.parametrize(
    ("where", "residence", "stands"),
    [
        ("in the area", "Elsewhere", True),
        ("unknown", "Hertfordshire", True),
        ("outside the United Kingdom", "hertfordshire ", True),
        ("outside the United Kingdom", None, True),
        ("outside the United Kingdom", "Elsewhere", False),
        ("elsewhere in the United Kingdom", "Hertfordshire", False),
    ],
)
def test_the_authority_notifies_of_its_area_and_of_its_own_children_outside_the_country(
    where: str, residence: str | None, stands: bool
) -> None:
    case = Case.opened({**DIED, "residence": residence}, where=where)
    assert ("notify_panel" in case.deadlines, "notify_board" in case.deadlines) == (stands, stands)
    case.step("child_added", child={**HARMED, "id": "child-2", "residence": residence})
    assert ("notify_panel:child-2" in case.deadlines) == stands


@pytest.mark.rule("2.1f")
def test_a_child_who_is_added_later_has_notification_clocks_of_its_own() -> None:
    case = Case.opened()
    case.step("notified_panel", "2018-09-05")
    child = {**HARMED, "id": "child-2"}
    case.step("child_added", "2018-10-10", child=child, aware_on="2018-10-03", late_because="The file was misread.")
    own = {key: case.deadlines[f"{key}:child-2"] for key in ("notify_panel", "notify_board")}
    assert {str(deadline.due) for deadline in own.values()} == {"2018-10-08"}
    assert own["notify_panel"].open and own["notify_board"].late
    assert not case.deadlines["notify_panel"].open
    assert days(case, "escalated", "notify_panel:child-2") == [(date(2018, 10, 10), "chair")]
    case.step("notified_panel", "2018-10-11", child="child-2", late_because="The file was misread.")
    assert case.deadlines["notify_panel:child-2"].late
    rungs = case.sent("escalation:notify_panel:child-2")
    assert [letter.content["deadline"] for letter in rungs] == [
        "Notification of the national panel: child added on 10 October 2018"
    ]


@pytest.mark.rule("2.1f")
def test_the_clock_of_an_added_child_runs_from_the_day_the_board_was_told_while_no_other_is_known() -> None:
    case = Case.opened()
    case.step("child_added", "2018-10-10", child={**HARMED, "id": "child-2"})
    assert str(case.due("notify_panel:child-2")) == "2018-10-15"
    assert not case.deadlines["notify_board:child-2"].late


@pytest.mark.rule("2.1f")
def test_the_day_of_becoming_aware_of_an_added_child_is_corrected_for_that_child_alone() -> None:
    case = Case.opened()
    case.step("child_added", "2018-10-10", child={**HARMED, "id": "child-2"}, aware_on="2018-10-08")
    case.step("facts_corrected", child="child-2", aware_on="2018-10-05", reason="A letter of that day was found.")
    assert (str(case.due("notify_panel:child-2")), str(case.due("notify_panel"))) == ("2018-10-10", "2018-09-08")
    again = {"child": "child-2", "reason": "A slip."}
    assert case.refused("facts_corrected", **again, aware_on="2018-10-05").rule == "2.1e"
    case.until("2018-10-12")
    assert case.refused("facts_corrected", **again, aware_on="2018-10-11").rule == "2.1f"
    case.step("facts_corrected", **again, now_unknown=["aware_on"])
    assert str(case.due("notify_panel:child-2")) == "2018-10-15"


@pytest.mark.rule("2.1f")
@pytest.mark.parametrize(
    ("on", "fields", "field"),
    [
        ("2018-09-02", {}, "happened_on"),
        ("2018-09-07", {}, "happened_on"),
        ("2018-09-05", {"child": "child-1"}, "child"),
        ("2018-09-05", {"child": "child-9"}, "child"),
    ],
)
def test_a_notification_of_the_panel_that_cannot_be_is_refused(on: str, fields: dict[str, Any], field: str) -> None:
    case = Case.opened().until("2018-09-06")
    refusal = case.quick("notified_panel", on, **fields)
    assert refusal is not None and (refusal.rule, refusal.field) == ("2.1f", field)


@pytest.mark.rule("2.1f")
def test_the_panel_is_notified_once() -> None:
    case = Case.opened()
    case.step("notified_panel", "2018-09-05")
    assert case.refused("notified_panel", "2018-09-05").rule == "2.1f"


@pytest.mark.rule("2.1f")
@pytest.mark.parametrize(
    ("child", "aware_on", "field"),
    [
        ({**UNHARMED, "id": "child-1"}, None, "child"),
        ({**DIED, "id": "child-2", "died_on": "2018-09-06"}, None, "child.died_on"),
        ({**UNHARMED, "id": "child-2", "born_on": "2018-09-06"}, None, "child.born_on"),
        ({**UNHARMED, "id": "child-2"}, "2018-09-06", "aware_on"),
    ],
)
def test_a_child_that_cannot_be_added_is_refused(child: dict[str, Any], aware_on: str | None, field: str) -> None:
    refusal = Case.opened().refused("child_added", "2018-09-05", child=child, aware_on=aware_on)
    assert (refusal.rule, refusal.field) == ("2.1f", field)


@pytest.mark.rule("2.1f")
@pytest.mark.rule("2.1e")
def test_no_child_was_born_after_the_board_was_notified_of_it() -> None:
    case = Case.opened({**UNHARMED, "born_on": "2018-09-02"}, aware_on=None).until("2018-10-10")
    slip = {"reason": "A slip."}
    newborn = {**UNHARMED, "id": "child-2", "born_on": "2018-10-09"}
    assert case.refused("facts_corrected", **slip, born_on="2018-09-06").field == "born_on"
    assert case.refused("facts_corrected", **slip, notified_on="2018-09-01").field == "notified_on"
    late = case.refused("child_added", "2018-10-10", child=newborn, happened_on="2018-10-08")
    assert (late.rule, late.field) == ("2.1f", "child.born_on")
    case.step("child_added", "2018-10-10", child=newborn)
    case.until("2018-10-12")
    assert case.refused("facts_corrected", **slip, child="child-2", born_on="2018-10-11").field == "born_on"
    case.step("facts_corrected", **slip, child="child-2", born_on="2018-10-10")
    case.step("facts_corrected", **slip, child="child-1", born_on="2018-09-05")


@pytest.mark.rule("2.1f")
def test_a_child_whose_facts_do_not_hang_together_is_not_added() -> None:
    child = {**HARMED, "id": "child-2", "harms": []}
    assert Case.opened().refused("child_added", child=child).rule == "2.1b"


@pytest.mark.rule("2.1f")
def test_the_day_of_the_notification_is_not_corrected_to_after_what_followed_from_it() -> None:
    case = Case.opened(UNHARMED, opened_on="2018-09-10")
    decide(case, "2018-09-12", "no review")
    case.step("notified_panel", "2018-09-06")
    late = case.refused("facts_corrected", reason="A slip.", notified_on="2018-09-11")
    assert (late.rule, late.field) == ("2.1f", "notified_on")
    aware = case.refused("facts_corrected", reason="A slip.", aware_on="2018-09-07", notified_on="2018-09-08")
    assert (aware.rule, aware.field) == ("2.1f", "aware_on")
    case.step("facts_corrected", reason="A slip.", notified_on="2018-09-08")
    assert str(case.due("decision")) == "2018-10-08"


@pytest.mark.rule("2.1f")
def test_a_review_without_an_incident_has_nobody_to_notify() -> None:
    case = without_incident()
    for step, fields in (
        ("notified_panel", {}),
        ("facts_corrected", {"reason": "A slip.", "where": "unknown"}),
        ("child_added", {"child": UNHARMED}),
        ("notification_withdrawn", {"reason": "A slip."}),
    ):
        assert "without an incident" in case.refused(step, **fields).reason
    assert not [key for key in case.deadlines if key.startswith("notify")]


# 2.1g: until partner arrangements begin


def opening(notified_on: str) -> dict[str, Any]:
    """What a file is opened with for an incident notified on a day."""
    incident = {"children": [UNHARMED], "notified_on": notified_on}
    return {"reference": "EX-1", "opened_on": notified_on, "recorded_by": "coordinator", "incident": incident}


@pytest.mark.rule("2.1g")
def test_an_incident_notified_after_partner_arrangements_began_is_refused_with_the_reason() -> None:
    rules = partners_began(date(2019, 6, 30))
    refusal = open_record(opening("2019-07-01"), rules, surroundings().at(morning("2019-07-01")))
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.field) == ("2.1g", "incident.notified_on")
    assert "30 June 2019" in refusal.reason
    assert not isinstance(open_record(opening("2019-06-30"), rules, surroundings().at(morning("2019-07-01"))), Refusal)


@pytest.mark.rule("2.1g")
def test_a_file_notified_after_arrangements_ended_says_so_plainly_while_the_board_names_no_day() -> None:
    after, before = Case.opened(UNHARMED, notified_on="2019-09-30"), Case.opened(UNHARMED, notified_on="2019-09-29")
    assert "29 September 2019" in after.state.details
    assert "29 September 2019" not in before.state.details


@pytest.mark.rule("2.1g")
def test_a_review_in_flight_finishes_under_the_rules_it_began_under() -> None:
    case = Case.opened(notified_on="2019-06-28", aware_on=None, rules=partners_began(date(2019, 6, 30)))
    decide(case, "2019-07-20")
    assert str(case.due("completion")) == "2020-01-20"


@pytest.mark.rule("2.1g")
def test_a_correction_does_not_get_an_incident_past_the_end_of_the_arrangements() -> None:
    rules = partners_began(date(2019, 6, 30))
    case = Case.opened(UNHARMED, notified_on="2019-06-28", aware_on=None, opened_on="2019-07-03", rules=rules)
    assert case.refused("facts_corrected", reason="A slip.", notified_on="2019-07-02").rule == "2.1g"
    case.step("facts_corrected", reason="A slip.", notified_on="2019-06-29")


# 2.1h: the panel of the day


@pytest.mark.rule("2.1h")
def test_the_panel_is_whoever_the_directory_names_on_the_day_of_sending() -> None:
    new_panel = Appointment(role="national_panel", person="chief", since=date(2018, 6, 29))
    told = directory(new_panel)
    found = [told.holder("national_panel", date(2018, 6, day)) for day in (28, 29)]
    assert [person.id if person else "" for person in found] == ["national-panel", "chief"]
    case = Case.opened(UNHARMED, told=told)
    decide(case, "2018-09-12", "no review")
    letter = case.sent("decision:")[-1]
    assert (letter.to, letter.address) == ("national_panel", None)


@pytest.mark.rule("2.1h")
def test_an_older_decision_of_which_nothing_was_sent_goes_to_the_panel_now() -> None:
    case = Case.opened(UNHARMED, notified_on="2018-05-01", aware_on=None, opened_on="2018-07-10")
    decision = decide(case, "2018-05-25", "no review", notification_document=PAPER)
    letter = case.sent(f"decision:{decision}:national_panel")[0]
    assert letter.content["reasons"] and letter.documents == [PAPER]
    told = case.deadlines[f"panel_told_not_initiated:{decision}"]
    assert (str(told.met_on), told.late) == ("2018-07-10", True)


@pytest.mark.rule("2.1h")
def test_the_department_may_ask_about_an_outstanding_case_and_is_followed_like_the_panel() -> None:
    case = Case.opened(UNHARMED)
    fields = {"asked_by": "Department for Education", "wants": "information", "details": "What was decided?"}
    case.step("panel_requested", "2018-09-10", request="dfe-1", **fields)
    deadline = case.deadlines["panel_request_answered:dfe-1"]
    assert "Department for Education" in deadline.title and str(deadline.due) == "2018-09-24"
    case.step("panel_request_answered", "2018-09-11", request="dfe-1", answer="The decision was sent.")
    assert str(case.deadlines["panel_request_answered:dfe-1"].met_on) == "2018-09-11"


# Organisations that turn out to be involved


@pytest.mark.rule("2.7a")
@pytest.mark.rule("2.7d")
def test_an_organisation_is_added_once_and_is_asked_what_the_others_were() -> None:
    case = Case.opened()
    case.step("review_recommended", recommends="SCR, criteria met", reasons="A limb is met.")
    school = {"organisation": {"id": "school", "name": "Example School"}}
    case.step("organisation_added", "2018-09-10", **school)
    assert [letter.to for letter in case.sent("files_secured:")] == ["lead:hospital", "lead:school"]
    again = case.refused("organisation_added", "2018-09-10", **school)
    assert (again.rule, again.field) == ("2.7a", "organisation")


# 2.1f: why it was late


@pytest.mark.rule("2.1f")
def test_the_reason_for_a_late_notification_is_asked_for_until_it_is_given() -> None:
    case = Case.opened(notified_on="2018-09-12")
    case.step("notified_panel", "2018-09-12")
    board, panel = remarks_of(case.file, case.deadlines)[::-1]
    assert "Notification of the board: this was late" in board and "of the national panel: this was late" in panel
    case.step("facts_corrected", reason="The authority's letter.", board_late_because="The duty officer was ill.")
    assert remarks_of(case.file, case.deadlines) == [panel]
    case.step("facts_corrected", reason="The authority's letter.", panel_late_because="The same.")
    assert remarks_of(case.file, case.deadlines) == [] and case.sent("corrected:") == []
    refusal = case.refused("facts_corrected", reason="Once more.", panel_late_because="The same.")
    assert "already says this" in refusal.reason


@pytest.mark.rule("2.1f")
def test_the_reason_can_be_given_with_the_notification_itself_and_for_a_child_added_later() -> None:
    case = Case.opened(notified_on="2018-09-12", late_because="It was reported in another county.")
    case.step("notified_panel", late_because="So was this.")
    assert remarks_of(case.file, case.deadlines) == []
    case.step("child_added", "2018-10-01", child={**UNHARMED, "id": "child-2"}, aware_on="2018-09-13")
    assert [remark[-6:] for remark in remarks_of(case.file, case.deadlines)] == ["2.1f)."]
    case.step("facts_corrected", child="child-2", reason="Asked.", board_late_because="Found in another file.")
    assert remarks_of(case.file, case.deadlines) == []
    case.step("notified_panel", child="child-2", late_because="Found in another file.")
    assert remarks_of(case.file, case.deadlines) == []


def test_on_time_nobody_is_asked_for_a_reason() -> None:
    case = Case.opened()
    case.step("notified_panel")
    assert remarks_of(case.file, case.deadlines) == []


@pytest.mark.rule("2.1f")
def test_that_the_panel_was_not_notified_after_all_brings_its_clock_back() -> None:
    case = Case.opened(panel_notified_on="2018-09-04")
    assert not case.deadlines["notify_panel"].open
    assert "“Facts of the incident were corrected”" in case.refused("notified_panel").reason
    case.step("facts_corrected", reason="It was another case.", now_unknown=["panel_notified_on"])
    assert case.deadlines["notify_panel"].open
    case.step("notified_panel", "2018-09-06")
    assert case.deadlines["notify_panel"].met_on == date(2018, 9, 6)


@pytest.mark.rule("2.1f")
def test_a_wrong_day_of_telling_the_panel_is_corrected_and_cannot_lie_before_the_authority_was_aware() -> None:
    case = Case.opened(panel_notified_on="2018-09-04")
    refusal = case.refused("facts_corrected", reason="Misread.", panel_notified_on="2018-09-01")
    assert "before aware_on" in refusal.reason
    case.step("facts_corrected", reason="Misread.", panel_notified_on="2018-09-05")
    assert case.deadlines["notify_panel"].met_on == date(2018, 9, 5)
    case.step("facts_corrected", reason="Both were.", aware_on="2018-09-05")
    assert case.deadlines["notify_panel"].met_on == date(2018, 9, 5)
