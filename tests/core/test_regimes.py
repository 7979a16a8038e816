"""Law is a regime: a file is read by its own, and nothing of another reaches it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from models.deadline_words import deadline_words
from models.duty import DeadlineFactory
from models.fold import UnreadableEntryError, fold, open_record
from models.project import project
from models.quick_answers import why_not
from models.record import Entry, Refusal
from models.regimes import REGIMES, every_kind, every_stage, regime_of, step_called
from models.replies import replies_to
from models.rulebook_file import RulebookError, read_rulebook
from models.serious_case_reviews import SERIOUS_CASE_REVIEWS
from models.step_words import plain_reason
from models.tasks import tasks_of
from models.timeline import timeline
from models.view import attributes_of, recordable, shown
from running.rulebooks import plain_shelf

from .another_regime import ANOTHER, another_rulebook
from .case import DIED, RULEBOOKS, Case, rulebook
from .lives import published

TEXT = (RULEBOOKS / "hertfordshire-2018.toml").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """There are two regimes while a test of this module runs."""
    monkeypatch.setitem(REGIMES, ANOTHER.name, ANOTHER)
    yield


def visits() -> Case:
    """A file under the other regime, for an incident that meets the first one's criteria."""
    case = Case.opened(DIED, rules=another_rulebook())
    case.rulebooks = plain_shelf((rulebook(), another_rulebook()))
    return case


def test_a_file_is_under_the_regime_of_its_rulebook() -> None:
    assert visits().file.regime is ANOTHER is regime_of(visits().record)
    assert Case.opened(DIED).file.regime is SERIOUS_CASE_REVIEWS


def test_a_file_has_the_steps_the_stages_and_the_deadlines_of_its_regime_and_no_others() -> None:
    case = visits()
    seen = shown(case.file, case.world)
    assert {step["step"] for step in recordable(case.file, case.world)} == ANOTHER.steps.keys()
    assert (seen["stage"], seen["kind"]) == ("visiting", "welfare visit")
    assert [deadline["deadline"] for deadline in seen["deadlines"]] == ["visited"] == list(case.held)
    assert seen["remarks"] == ["Nobody has visited the child (V1)."]
    assert attributes_of(case.file, case.deadlines, case.now.date())["CaseStage"] == "visiting"


def test_the_criteria_are_those_of_the_regime() -> None:
    case = visits()
    assert [(limb.rule, limb.held) for limb in case.file.finding.limbs] == [("V0", "not met")]
    assert Case.opened(DIED).file.finding.held == "met"


def test_a_whole_life_under_another_regime() -> None:
    case = visits()
    assert case.refused("all_well").rule == "V2"
    case.step("visited", impression="A cheerful child.")
    assert not case.deadlines["visited"].open and "closing" in case.deadlines
    assert [letter.template for letter in case.letters] == ["seen"] and case.letters[0].regime == "visits"
    case.step("all_well")
    assert case.state.stage == "closed" and case.finished
    moments = timeline(case.record, ())
    assert [moment.title for moment in moments if moment.kind == "steps"] == ["The child was visited", "All is well"]


def test_a_step_of_another_regime_is_refused_by_name() -> None:
    case = visits()
    reason = case.refused("decision", choice="no review", decided_by="chair", reasons="None.").reason
    assert reason == "decision is a step of serious case reviews, and this file is under welfare visits."
    assert Case.opened(DIED).refused("visited", impression="A child.").reason == (
        "visited is a step of welfare visits, and this file is under serious case reviews."
    )
    unknown = step_called(ANOTHER, "nonsense")
    assert isinstance(unknown, Refusal) and unknown.reason.startswith("There is no step called nonsense")


def test_a_record_that_holds_a_step_of_another_regime_cannot_be_read() -> None:
    case = visits()
    body = {"id": "n", "recorded_by": "a", "happened_on": "2018-09-05", "text": "A note."}
    with pytest.raises(UnreadableEntryError, match="knows no step note_added of welfare visits"):
        fold([*case.record, Entry("note_added", body, "n", "update", case.now)])


def test_a_file_whose_regime_this_release_does_not_know_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    record = visits().record
    monkeypatch.delitem(REGIMES, ANOTHER.name)
    with pytest.raises(UnreadableEntryError, match="knows no regime visits"):
        fold(record)


def test_a_rulebook_of_another_regime_is_not_taken() -> None:
    refusal = visits().refused("rulebook_changed", rulebook="hertfordshire-2018", reason="The law changed.")
    assert refusal.field == "rulebook"
    assert refusal.reason == (
        "The rulebook hertfordshire-2018 belongs to another body of law (scr-2015). This file must stay under "
        "welfare visits (visits)."
    )


def test_what_may_be_opened_is_the_regimes() -> None:
    body = {
        "reference": "EX-2030-0001",
        "opened_on": "2018-09-05",
        "recorded_by": "a",
        "review": {"kind": "audit of practice", "reasons": "R"},
    }
    refusal = open_record(body, another_rulebook(), visits().world)
    assert isinstance(refusal, Refusal) and refusal.rule == "V0"
    assert not isinstance(open_record(body, rulebook(), visits().world), Refusal)


def test_the_register_is_told_the_regime_and_whose_work_each_deadline_is() -> None:
    case = visits()
    projection = project(case.record, case.events, 1, case.world)
    assert (projection.regime, projection.stage, projection.kind) == ("visits", "visiting", "welfare visit")
    assert [(row.clock, row.responsible, row.period) for row in projection.deadlines] == [
        ("visited", "coordinator", False)
    ]
    tasks = tasks_of(case.file, "visiting", projection.deadlines, recordable(case.file, case.world), case.world)
    assert [(stage.stage, [task.step for task in stage.tasks]) for stage in tasks] == [("visiting", ["visited", ""])]
    assert deadline_words(projection.deadlines[0], case.world).state == "open"


def test_the_register_is_told_what_the_chair_may_do_too_and_what_only_has_to_run() -> None:
    case = published()
    rows = {row.clock: row for row in project(case.record, case.events, 1, case.world).deadlines}
    assert rows["decision"].responsible == "chair_or_coordinator" and not rows["decision"].period
    assert rows["scope_set"].responsible == "coordinator" and rows["year_on_website"].period


def test_whose_work_a_deadline_is_follows_from_the_step_of_its_own_regime() -> None:
    chairs = Case.opened(DIED).deadlines["decision"]
    assert SERIOUS_CASE_REVIEWS.responsible_for(chairs) == "chair_or_coordinator"
    assert ANOTHER.responsible_for(replace(chairs, clock="visited")) == "coordinator"


def test_a_letter_is_answered_by_a_step_of_its_own_regime() -> None:
    content = {"key": "visited"}
    assert replies_to(SERIOUS_CASE_REVIEWS, "seen", "seen:x", "lead:hospital", content) == ()
    assert replies_to(ANOTHER, "decision", "decision:x:ofsted", "ofsted", content) == ()
    # The step is the coordinator's, and the letter goes to somebody else.
    assert replies_to(ANOTHER, "seen", "seen:x", "lead:hospital", content) == ()


def test_a_reason_calls_the_steps_of_its_own_regime_by_their_labels() -> None:
    text = "record all_well, not note_added"
    assert plain_reason(ANOTHER, text) == "record “All is well”, not note_added"
    assert plain_reason(SERIOUS_CASE_REVIEWS, text) == "record all_well, not “A note was added”"


def test_lists_across_files_know_the_stages_and_kinds_of_all() -> None:
    assert every_stage() == (*(stage.name for stage in SERIOUS_CASE_REVIEWS.stages), "visiting")
    assert every_kind()[-1] == "welfare visit"


def test_a_rulebook_names_a_regime_that_there_is_and_gives_each_of_its_clocks_a_length() -> None:
    def mistakes(text: str) -> str:
        with pytest.raises(RulebookError) as error:
            read_rulebook(text, "a.toml")
        return str(error.value)

    line = TEXT.splitlines().index('regime = "scr-2015"') + 1
    unknown = mistakes(TEXT.replace('regime = "scr-2015"', 'regime = "law"'))
    assert unknown == f"a.toml, line {line}: regime: there is no regime called 'law' (scr-2015, visits)"
    assert "regime: Field required" in mistakes(TEXT.replace('regime = "scr-2015"\n', ""))
    other = mistakes(TEXT.replace('regime = "scr-2015"', 'regime = "visits"'))
    assert "clocks.visited: is missing" in other and "clocks.decision: is not a clock of visits" in other
    assert other.count("is not a clock of visits") == len(SERIOUS_CASE_REVIEWS.clocks.keys() - ANOTHER.clocks.keys())


def test_a_clock_that_is_newer_than_the_files_rulebook_is_the_regimes() -> None:
    rules = another_rulebook()
    case = Case.opened(DIED, rules=rules.model_copy(update={"clocks": {}}))
    assert (case.file.clock("visited").rule, case.file.clock("visited").length) == ("V1", 1)
    with pytest.raises(KeyError):
        DeadlineFactory(case.file, case.world).deadline("decision", case.file.begun_on)


def test_a_quick_answer_asks_the_same_regime() -> None:
    case = visits()
    body = {"id": "n", "recorded_by": "a", "happened_on": "2018-09-05", "text": "A note."}
    refusal = why_not(case.record, "note_added", body, case.world)
    assert refusal is not None and "a step of serious case reviews" in refusal.reason
