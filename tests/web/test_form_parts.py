"""The parts of forms by themselves: dates as people type them, choices the core leaves, names that are free."""

from __future__ import annotations

import pytest

from models.days import count, day_words
from models.record import Refusal
from models.serious_case_reviews import SERIOUS_CASE_REVIEWS, STEPS
from models.step_words import plain_reason
from web.forms.dates import NotADate, date_values, read_date
from web.forms.faults import in_order, refused
from web.forms.fields import FormField, fields_of
from web.forms.names import NAMES, ON_FILE_ALREADY, Given, next_name, step_fields
from web.forms.values import Typed, clean, cleaned
from web.guide.rule_texts import FILE, made, rules

from ..core import lives
from ..core.case import REPORT, Case

DAYS = {
    ("27", "3", "2018"): "2018-03-27",
    ("1", "March", "2018"): "2018-03-01",
    ("01", "sept", "2018"): "2018-09-01",
    ("29", "FEB", "2020"): "2020-02-29",
    ("", "", ""): None,
}
NO_DAYS = {
    ("31", "2", "2018"): "must be a real date",
    ("1", "", "2018"): "must include a month",
    ("", "", "2018"): "must include a day and a month",
    ("1", "13", "2018"): "must be a real date",
    ("1", "Marchember", "2018"): "must be a real date: the month is a number or a name, 9 or September",
    ("1", "3", "18"): "must have a year of 4 figures",
    ("x", "3", "2018"): "must be a real date: the day is a number",
    ("\u0661", "3", "2018"): "must be a real date: the day is a number",
    ("1", "3", "99999"): "must have a year of 4 figures",
}


def typed(day: str, month: str, year: str) -> Typed:
    """A date in a form."""
    return Typed((("on-day", day), ("on-month", month), ("on-year", year)))


@pytest.mark.parametrize("parts", DAYS)
def test_a_date_is_read_with_the_month_as_a_number_or_a_name(parts: tuple[str, str, str]) -> None:
    assert read_date(typed(*parts), "on") == DAYS[parts]


@pytest.mark.parametrize("parts", NO_DAYS)
def test_what_is_no_date_is_told_in_words(parts: tuple[str, str, str]) -> None:
    with pytest.raises(NotADate) as error:
        read_date(typed(*parts), "on")
    assert str(error.value) == NO_DAYS[parts]


def test_a_date_is_shown_in_its_three_parts() -> None:
    assert date_values("on", "2018-03-07") == {"on-day": "7", "on-month": "3", "on-year": "2018"}
    assert date_values("on", "nonsense") == {}


def field_of(case: Case, step: str, key: str) -> FormField:
    """A field of a step's form on this file."""
    given = Given(case.file, case.world, tuple(case.record))
    return next(one for one in step_fields(STEPS[step], given) if one.key == key)


def test_what_can_be_chosen_is_what_the_core_leaves() -> None:
    case = lives.decided()
    deadlines = field_of(case, "deadline_extended", "deadline")
    offered = {option.value for option in deadlines.options}
    blocked = {option.value: option.hint for option in deadlines.blocked}
    assert offered and offered | set(blocked) == {key for key, deadline in case.deadlines.items() if deadline.open}
    assert all(case.deadlines[key].basis == "board's own" for key in offered)
    assert all("never moves" in why for why in blocked.values()) and "completion" in blocked


@pytest.mark.rule("2.2g")
def test_a_serious_case_review_is_not_among_the_alternatives_to_one() -> None:
    for step in ("decision", "decision_revisited"):
        offered = [option.value for option in field_of(lives.not_met(), step, "kind").options]
        assert "Partnership Case Review" in offered and "Serious Case Review" not in offered


def test_only_a_draft_can_be_signed_off() -> None:
    made = field_of(lives.drafted(), "report_signed_off", "document")
    assert not made.upload and REPORT in lives.drafted().file.drafts


def test_an_organisation_confirms_once() -> None:
    case = lives.published()
    case.step("learning_taken_forward", organisation="hospital", how="In its own training.")
    made = field_of(case, "learning_taken_forward", "organisation")
    assert [option.value for option in made.options] == ["school"]
    assert [option.value for option in made.blocked] == ["hospital"] and "already recorded" in made.blocked[0].hint


def test_who_decides_is_the_chair_or_who_acts_for_the_chair() -> None:
    assert [option.value for option in field_of(lives.met(), "decision", "decided_by").options] == ["Person chair"]


def test_each_unknown_fact_is_asked_about() -> None:
    case = Case.opened({"id": "child-1", "outcome": "died"})
    facts = {option.value: option.text for option in field_of(case, "decision", "unknown_reasons").options}
    assert facts["child-1.abuse_or_neglect"] == "Abuse or neglect (child 1)"
    assert facts["child-1.residence"] == "Area of normal residence (child 1)"
    assert "concern_about_joint_working" not in facts, "it does not matter for a death"


def facts_now(case: Case) -> dict[str, str]:
    """What the form of a correction says that the file says now, by field."""
    fields = step_fields(STEPS["facts_corrected"], Given(case.file, case.world))
    return {made.key: made.now for made in fields}


@pytest.mark.rule("2.1e")
def test_a_correction_is_asked_for_beside_what_the_file_says_now_of_each_child() -> None:
    case = lives.met()
    now = facts_now(case)
    assert (now["born_on"], now["outcome"], now["harms"]) == ("4 March 2012", "Died", "Not recorded")
    assert (now["recovered"], now["aware_on"], now["reason"]) == ("No", "3 September 2018", "")
    case.step("child_added", "2018-09-06", child={"id": "sibling", "outcome": "unknown"}, aware_on="2018-09-02")
    case.step("facts_corrected", reason="By the school.", child="sibling", residence="Elsewhere")
    now = facts_now(case)
    assert now["outcome"] == "Child 1: died; Sibling: unknown"
    assert now["residence"] == "Child 1: Hertfordshire; Sibling: Elsewhere"
    assert now["aware_on"] == "The incident: 3 September 2018; Sibling: 2 September 2018"


def test_a_new_identifier_is_proposed_that_nothing_has() -> None:
    case = lives.drafted()
    assert field_of(case, "action_proposed", "action").new == "action-1"
    case.step("action_proposed", action="action-1", text="A form.", owner="board")
    case.step("action_proposed", action="Action-3", text="A form.", owner="board")
    assert next_name(NAMES["action_proposed.action"], case.file) == "action-4"
    assert field_of(case, "child_added", "child").fields[0].new == "child-2"


def test_what_can_be_chosen_is_called_by_words_and_not_by_identifiers() -> None:
    case = lives.drafted()
    for action in ("action-1", "train-staff"):
        case.step("action_proposed", action=action, text="Train all staff.", owner="hospital")
    given = Given(case.file, case.world, tuple(case.record), names={"hospital": "Hospital Trust"})
    [made] = [one for one in step_fields(STEPS["action_agreed"], given) if one.key == "action"]
    assert [option.text for option in made.options] == ["Action 1: Train all staff.", "train-staff: Train all staff."]
    assert {option.hint for option in made.options} == {"proposed, owner: Hospital Trust"}


def test_a_date_that_may_be_left_blank_says_what_is_then_taken() -> None:
    case = lives.decided()
    for step, key, clock in (
        ("information_requested", "due", "agency_information"),
        ("panel_requested", "due", "panel_request_answered"),
        ("non_publication_proposed", "advice_by", "non_publication_advice"),
    ):
        length, unit = case.file.clock(clock).length, case.file.clock(clock).unit
        due = count(case.world.today, length, unit, frozenset()).due
        words = f"Leave blank for the standard time ({length} {unit}: {day_words(due)}, if counted from today)."
        assert field_of(case, step, key).hint == words
    assert "from the day it is agreed" in field_of(case, "action_proposed", "due").hint


def test_every_entry_of_the_table_is_about_a_field_that_there_is() -> None:
    keys = {f"{name}.{key}" for name, kind in STEPS.items() for key in kind.model_fields}
    for place in (*NAMES, *ON_FILE_ALREADY):
        if place in ("child_added.child.id", "organisation_added.organisation.id"):
            continue
        assert place in keys if "." in place else any(key.endswith(f".{place}") for key in keys)


def test_every_identifier_of_a_step_is_chosen_or_proposed() -> None:
    for name, kind in STEPS.items():
        for one in fields_of(kind, leave_out=frozenset({"id", "recorded_by"})):
            if one.kind == "line" and not one.limit and one.key != "reference":
                assert f"{name}.{one.key}" in NAMES or one.key in NAMES, f"{name}.{one.key}"


def test_text_is_cleaned_of_what_no_keyboard_types() -> None:
    assert clean("a\x00b\ud800c\r\nd\te\x85") == "abc\nd\te"
    assert cleaned([("a\x00", "x" * 100_000)]).items[0][0] == "a"


def test_steps_are_called_by_what_people_call_them() -> None:
    assert plain_reason(SERIOUS_CASE_REVIEWS, "Record transferred, or correct it.") == (
        "Record “The case was transferred to another board”, or correct it."
    )
    assert (
        plain_reason(SERIOUS_CASE_REVIEWS, "record decision_revisited to change it")
        == "record “The decision was revisited” to change it"
    )
    assert (
        plain_reason(SERIOUS_CASE_REVIEWS, "a decision was closed and published")
        == "a decision was closed and published"
    )


def test_the_rules_that_pages_quote_are_those_of_the_documents() -> None:
    assert FILE.read_text(encoding="utf-8") == made(), "make it anew: python -m web.guide.rule_texts"
    assert {rule for kind in STEPS.values() for rule in kind.rules} <= set(rules())


def test_each_unknown_fact_is_told_beside_its_own_box_and_by_its_title() -> None:
    children = [{"id": f"child-{n}", "outcome": "not seriously harmed", "research_considered": "Some."} for n in (1, 2)]
    case = Case.opened(*children)
    fields = step_fields(STEPS["decision"], Given(case.file, case.world, tuple(case.record)))
    told = [
        refused(
            case.file.regime,
            Refusal("2.2a", f"Area of normal residence (child {n}) is unknown. Say why.", "unknown_reasons"),
            fields,
        )
        for n in (1, 2)
    ]
    assert [fault.field for fault in told] == [f"unknown_reasons:child-{n}.residence" for n in (1, 2)]
    assert told[1].text == "Area of normal residence (child 2) is unknown. Say why."
    assert len(in_order(fields, told)) == 2
