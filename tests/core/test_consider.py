"""The one question the shell asks: what came in is taken or refused once, and the answer is the difference to hold."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models.changes import Changes, Incoming, Standing
from models.consider import consider, standing_of, why_not
from models.counting import NoCalendarError
from models.difference import timer_summary
from models.record import Entry, instant_text, read_instant
from models.step import World
from models.view import shown

from .case import DIED, HARMED, PAPER, Case, morning, rulebook
from .lives import DECIDED, decided, not_met, planned, signed_off

DECISION: dict[str, Any] = {"choice": "SCR, criteria met", "decider": "chair", "reasons": "The first limb is met."}
NOTE: dict[str, Any] = {"id": "n-1", "recorded_by": "coordinator", "happened_on": "2018-09-05", "text": "A note."}


def asked(case: Case, name: str, body: dict[str, Any], source: str = "update") -> Changes:
    """What comes of a step sent as it is."""
    return case._ask(Incoming(kind="step", name=name, body=body, source=source))


def world(case: Case, **more: Any) -> World:
    """The world of a case, with changes."""
    return World(**{"now": case.now, "directory": case.directory, "rulebooks": case.rulebooks, **more})


# Taken once, refused once.


def test_a_step_is_answered_and_kept_as_it_was_sent() -> None:
    case = Case.opened()
    changes = asked(case, "note_added", NOTE)
    assert changes.answer is not None
    assert (changes.answer.recorded, changes.answer.step, changes.answer.id) == (True, "note_added", "n-1")
    entry = case.record[-1]
    assert (entry.name, entry.body, entry.id, entry.source, entry.recorded_at) == (
        "note_added",
        NOTE,
        "n-1",
        "update",
        case.now,
    )
    assert case.told("step_recorded", step="note_added", id="n-1")


def test_the_same_step_sent_twice_is_recorded_once_and_gets_the_same_answer() -> None:
    case = Case.opened()
    first, second = asked(case, "note_added", NOTE), asked(case, "note_added", dict(NOTE))
    assert first.answer == second.answer
    assert [entry.name for entry in case.record].count("note_added") == 1
    assert second.entries == [] and second.events == []
    assert why_not(case.record, "note_added", NOTE, world(case)) is None


@pytest.mark.parametrize(("name", "change"), [("note_added", {"text": "Another."}), ("situation_changed", {})])
def test_the_same_id_with_another_content_is_refused(name: str, change: dict[str, Any]) -> None:
    case = Case.opened()
    asked(case, "note_added", NOTE)
    changes = asked(case, name, NOTE | change)
    assert changes.answer is not None and not changes.answer.recorded
    assert changes.answer.field == "id" and "used for another step (note_added)" in changes.answer.reason
    refusal = why_not(case.record, name, NOTE | change, world(case))
    assert refusal is not None and refusal.field == "id"


def test_the_id_of_the_opening_belongs_to_the_opening() -> None:
    changes = asked(Case.opened(), "note_added", NOTE | {"id": "opening"})
    assert changes.answer is not None and changes.answer.reason.startswith("The id opening was used for another step")


def test_the_id_of_a_fact_is_free_for_a_step() -> None:
    case = Case.opened()
    changes = asked(case, "note_added", NOTE | {"id": f"rulebook:{rulebook().name}"})
    assert changes.answer is not None and changes.answer.recorded


def test_a_refused_update_leaves_nothing_behind() -> None:
    case = Case.opened()
    before = case.standing
    changes = asked(case, "note_added", NOTE | {"text": ""})
    assert changes.answer is not None and changes.answer.field == "text"
    assert (changes.entries, changes.events, changes.deadlines, changes.letters) == ([], [], {}, [])
    assert case.standing == before


def test_an_id_that_was_refused_can_be_used_again() -> None:
    case = Case.opened()
    asked(case, "note_added", NOTE | {"text": ""}, source="signal")
    assert asked(case, "note_added", NOTE, source="signal").answer == asked(case, "note_added", NOTE).answer
    assert case.record[-1].source == "signal"


def test_an_unknown_step_is_refused_by_its_name() -> None:
    case = Case.opened()
    for name, told in (("report_burnt", "report_burnt"), ("x" * 1_000, "x" * 64)):
        changes = asked(case, name, NOTE)
        assert changes.answer is not None
        assert changes.answer.reason == f"There is no step called {told}: see the catalogue of steps."


@pytest.mark.parametrize("name", ["rung_reached", "letter_taken", "rulebook_pinned", "opened", "letters_wrong"])
def test_no_message_from_outside_can_make_a_fact(name: str) -> None:
    case = Case.opened()
    for source in ("update", "signal", "start"):
        changes = asked(case, name, NOTE | {"deadline": "decision"}, source)
        assert changes.answer is not None and not changes.answer.recorded


def test_a_refused_signal_is_kept_on_the_file_with_its_reason_once() -> None:
    case = Case.opened()
    for _ in range(3):
        changes = asked(case, "note_added", NOTE | {"text": ""}, source="signal")
        assert changes.answer is not None and not changes.answer.recorded
    [fact] = [entry for entry in case.record if entry.name == "step_refused"]
    assert fact.is_fact
    assert fact.body == {
        "step": "note_added",
        "id": "n-1",
        "rule": "",
        "reason": "text: it is empty",
        "body": NOTE | {"text": ""},
    }
    assert len(case.told("step_refused", step="note_added", reason="text: it is empty")) == 1
    at = instant_text(fact.recorded_at)
    assert shown(case.file, World(case.now, quick=True))["refused"] == [
        {"at": at, "step": "note_added", "id": "n-1", "rule": "", "reason": "text: it is empty"}
    ]


def test_a_signal_refused_for_another_reason_is_kept_as_well() -> None:
    case = Case.opened()
    asked(case, "note_added", NOTE | {"text": ""}, source="signal")
    asked(case, "note_added", NOTE | {"colour": "red"}, source="signal")
    assert [entry.name for entry in case.record].count("step_refused") == 2


def test_signals_that_cannot_even_be_read_are_kept_each_once() -> None:
    case = Case.opened()
    for reason in ("The message is not JSON.", "The message has no id.", "The message is not JSON."):
        case._ask(Incoming(kind="step", name="x" * 100, source="signal", refusal=reason))
    kept = [entry.body for entry in case.record if entry.name == "step_refused"]
    assert [body["reason"] for body in kept] == ["The message is not JSON.", "The message has no id."]
    assert {body["step"] for body in kept} == {"x" * 64}


def test_a_refused_signal_changes_nothing_else_on_the_file() -> None:
    case = Case.opened()
    before = case.deadlines
    changes = asked(case, "decision", NOTE, source="signal")
    assert case.deadlines == before
    assert [event["what"] for event in changes.events] == ["step_refused"]
    assert changes.deadlines == {} and changes.timers == [] and changes.letters == []


def test_a_request_to_cancel_is_kept_survived_and_shown() -> None:
    case = Case.opened()
    changes = case._ask(Incoming(kind="cancel_requested"))
    assert case.record[-1].name == "cancel_requested"
    assert not changes.over
    assert "asked Temporal to cancel" in changes.details
    case.step("note_added", text="Business as usual.")


def test_something_that_a_later_shell_sends_is_no_more_than_a_look() -> None:
    case = Case.opened()
    assert case._ask(Incoming(kind="something_new", key="x")).entries == []


# The contract between core and shell is only ever added to.


def test_changes_that_say_nothing_mean_do_nothing() -> None:
    nothing = Changes()
    assert nothing.model_dump(exclude_defaults=True) == {}
    assert not (nothing.over or nothing.counts or nothing.stage or nothing.details or nothing.attributes)
    assert not (nothing.answer or nothing.entries or nothing.deadlines or nothing.timers or nothing.cancel)
    assert not (nothing.letters or nothing.messages or nothing.events)


def test_what_another_release_adds_to_the_contract_is_ignored() -> None:
    more = {"of_a_later_release": {"a": 1}}
    assert Changes.model_validate(more) == Changes()
    assert Standing.model_validate(more) == Standing()
    assert Incoming.model_validate({"kind": "look", **more}) == Incoming(kind="look")
    case = Case.opened()
    held = {key: {**value, **more} for key, value in case.standing.deadlines.items()}
    standing = Standing(deadlines=held, stage=case.standing.stage)
    changes = consider(case.record, standing, Incoming(kind="look"), world(case))
    assert changes.events == [] and changes.timers == [] and changes.cancel == []


def test_a_look_at_a_file_that_is_as_it_should_be_changes_nothing() -> None:
    case = decided()
    changes = case.look()
    assert not changes.counts
    assert (changes.timers, changes.cancel, changes.letters, changes.messages) == ([], [], [], [])


def test_only_what_differs_is_told() -> None:
    case = Case.opened()
    changes = asked(case, "notified_panel", {**NOTE, "id": "p"} | {"text": None, "child": None})
    assert changes.answer is not None and not changes.answer.recorded
    body = {name: NOTE[name] for name in ("id", "recorded_by", "happened_on")}
    changes = asked(case, "notified_panel", body)
    assert set(changes.deadlines) == {"notify_panel"}
    assert changes.cancel == ["notify_panel"]
    assert [event["what"] for event in changes.events] == ["step_recorded", "deadline_met"]


# A duty that a new release moves.


def older(case: Case, key: str, **held: Any) -> None:
    """The shell holds a deadline as an earlier release left it."""
    deadlines = {**case.standing.deadlines, key: {**case.standing.deadlines[key], **held}}
    case.standing = case.standing.model_copy(update={"deadlines": deadlines})


def test_a_deadline_that_a_release_moves_moves_at_the_next_step_and_is_named_as_such() -> None:
    case = Case.opened()
    older(case, "decision", due="2018-10-01", original_due="2018-10-01")
    changes = asked(case, "note_added", NOTE)
    [moved] = case.told("deadline_moved")
    assert (moved["deadline"], moved["old_due"], moved["due"]) == ("decision", "2018-10-01", "2018-10-05")
    assert moved["because"] == "the rules or the calendar changed with a release"
    assert changes.deadlines["decision"] is not None and changes.deadlines["decision"]["due"] == "2018-10-05"


def test_a_deadline_that_a_step_moves_is_named_by_the_step_even_beside_one_that_a_release_moves() -> None:
    case = decided()
    older(case, "model_chosen", due="2018-10-01", original_due="2018-10-01")
    case.step("deadline_extended", deadline="scope_set", new_due="2018-12-01", reason="Absences.")
    because = {line["deadline"]: line["because"] for line in case.told("deadline_moved")}
    assert because == {
        "model_chosen": "the rules or the calendar changed with a release",
        "scope_set": "deadline_extended",
    }


def test_a_deadline_that_a_letter_moves_is_not_said_to_be_moved_by_a_release() -> None:
    case = not_met()
    case.step("notified_panel")
    case.step("decision", "2018-10-08", choice="no review", decider="chair", reasons="No limb is met.")
    case.step("notification_sent", how="By hand.")
    case.takes_mail = False
    case.step("facts_corrected", "2018-10-09", reason="A letter.", aware_on="2018-09-04")
    assert str(case.due("closing")) == "2018-11-08"
    case.now = morning("2018-10-15")
    for letter in case.sent("corrected:"):
        case.mail_taken(letter.notice)
    [moved] = case.told("deadline_moved", deadline="closing")
    assert (moved["due"], moved["because"]) == ("2018-11-15", "a letter was taken or refused")


def test_a_timers_summary_is_cut_where_temporal_would_refuse_it_and_not_within_a_letter() -> None:
    held = {"rule": "2.7c", "title": "é" * 150, "due": "2018-10-05"}
    summary = timer_summary(held)
    assert len(summary.encode()) in (199, 200) and summary == f"2.7c {'é' * 97}"


def test_a_look_finds_what_a_release_moved_took_away_or_added() -> None:
    case = Case.opened()
    older(case, "decision", due="2018-10-01", original_due="2018-10-01")
    gone = {**case.standing.deadlines["decision"], "title": "Given up", "timer": "2018-10-01T07:00:00Z"}
    held = {**case.standing.deadlines, "given_up": gone}
    del held["notify_panel"]
    case.standing = case.standing.model_copy(update={"deadlines": held})
    changes = case.look()
    told = {(line["what"], line["deadline"]) for line in changes.events}
    assert told == {
        ("deadline_moved", "decision"),
        ("deadline_cancelled", "given_up"),
        ("deadline_set", "notify_panel"),
    }
    assert changes.cancel == ["given_up"]
    assert changes.deadlines["given_up"] is None


def test_a_one_off_holiday_moves_what_is_counted_in_working_days_at_the_next_look() -> None:
    case = decided()
    due = case.due("scope_set")
    told = world(case, extra_holidays=(date(2018, 10, 10),))
    changes = consider(case.record, case.standing, Incoming(kind="look"), told)
    moved = [line["deadline"] for line in changes.events if line["what"] == "deadline_moved"]
    assert "scope_set" in moved and "completion" not in moved
    assert changes.deadlines["scope_set"] is not None
    assert date.fromisoformat(changes.deadlines["scope_set"]["due"]) > due


# What cannot be counted.


def test_a_step_that_would_need_a_calendar_there_is_not_is_refused_and_leaves_the_file_as_it_was() -> None:
    case = Case.opened(HARMED, notified_on="2028-12-20", aware_on="2028-12-20")
    before = len(case.record)
    body = {"id": "d-1", "recorded_by": "chair", "happened_on": "2028-12-29"}
    case.now = morning("2028-12-29")
    changes = asked(case, "decision", {**body, "choice": "no review", "decider": "chair", "reasons": "R"})
    assert changes.answer is not None and not changes.answer.recorded
    assert "no calendar of bank holidays for 2029" in changes.answer.reason
    names = [entry.name for entry in case.record[before:]]
    assert "decision" not in names
    assert "step_recorded" not in [line["what"] for line in changes.events]
    assert [letter for letter in changes.letters if letter.notice.startswith("decision")] == []
    assert case.file.decision is None


def test_a_signal_that_cannot_be_counted_is_kept_as_refused() -> None:
    case = Case.opened(HARMED, notified_on="2028-12-20", aware_on="2028-12-20")
    case.now = morning("2028-12-29")
    body = {"id": "d-1", "recorded_by": "chair", "happened_on": "2028-12-29"}
    asked(case, "decision", {**body, "choice": "no review", "decider": "chair", "reasons": "R"}, source="signal")
    [fact] = [entry for entry in case.record if entry.name == "step_refused"]
    assert "2029" in fact.body["reason"]


def test_where_nobody_waits_for_an_answer_a_missing_calendar_is_raised_loudly() -> None:
    case = Case.opened(organisations=("hospital",))
    future = [Entry.read(entry.plain() | {"body": _moved(entry.body)}) for entry in case.record]
    for kind in ("look", "timer"):
        key, held = "decision", {"timer": "2029-01-01T08:00:00Z", "status": "open", "due": "", "since": ""}
        standing = Standing(deadlines={key: held} if kind == "timer" else {})
        incoming = Incoming(kind=kind, key=key, at="2029-01-01T08:00:00Z")
        with pytest.raises(NoCalendarError):
            consider(future, standing, incoming, World(morning("2029-01-20")))


def _moved(body: Any) -> dict[str, Any]:
    """An opening of 2029 by a rulebook that counts in working days."""
    if "rulebook" in body:
        return {"rulebook": rulebook("working-days-2018").model_dump(mode="json")}
    incident = {**body["incident"], "aware_on": "2028-12-28", "notified_on": "2029-01-05"}
    return {**body, "opened_on": "2029-01-05", "incident": incident}


# What only the directory can tell.


def test_without_the_directory_only_what_needs_it_is_refused_plainly() -> None:
    case = Case.opened()
    case.directory = None
    case.look()
    case.step("note_added", text="It is away.")
    case.until("2018-10-07")
    assert case.told("escalated", deadline="decision")
    refusal = case.refused("decision", **DECISION)
    assert "load the directory first: starter.py directory load FILE" in refusal.reason
    assert case.quick("decision", **DECISION) is None


@pytest.mark.rule("2.2c")
def test_the_answer_that_counts_asks_the_directory_where_the_quick_one_could_not() -> None:
    case = Case.opened()
    assert case.quick("decision", **DECISION | {"decider": "member-school"}) is None
    assert case.refused("decision", **DECISION | {"decider": "member-school"}).rule == "2.2c"


@pytest.mark.rule("2.8b")
def test_the_boards_copies_wait_for_the_directory() -> None:
    case = signed_off()
    case.step("action_proposed", action="a-1", text="Train.", owner="hospital")
    case.step("action_plan_drafted", document=PAPER)
    directory, case.directory = case.directory, None
    case.step("action_agreed", action="a-1", agreed_by="Somebody")
    assert not case.sent("board_copy:")
    case.directory = directory
    case.look()
    assert case.sent("board_copy:")
    assert [letter.to for letter in case.sent("board_copy:")] == [letter.to for letter in planned().sent("board_copy:")]


# What the shell holds.


def test_a_run_that_is_gone_is_started_again_with_all_its_deadlines_and_their_timers() -> None:
    case = decided(on=DECIDED)
    case.until("2018-10-02")
    standing = standing_of(case.record, world(case))
    assert standing.stage == case.standing.stage
    assert standing.deadlines.keys() == case.standing.deadlines.keys()
    for key, held in standing.deadlines.items():
        assert {**held, "since": ""} == {**case.standing.deadlines[key], "since": ""}, key


def test_a_run_that_was_gone_for_long_raises_at_its_first_look_what_passed_meanwhile() -> None:
    case = decided()
    later = morning("2018-12-01")
    standing = standing_of(case.record, world(case, now=later))
    changes = consider(case.record, standing, Incoming(kind="look"), world(case, now=later))
    escalated = [line["deadline"] for line in changes.events if line["what"] == "escalated"]
    assert "scope_set" in escalated and len(escalated) == len(set(escalated))


def test_a_letter_under_way_is_not_started_again_and_one_that_is_gone_is() -> None:
    case = Case.opened(takes_mail=False)
    case.step("decision", **DECISION)
    started = set(case.under_way)
    assert len(started) >= 3
    assert case.look().letters == []
    lost = next(iter(started))
    del case.under_way[lost]
    assert [letter.key for letter in case.look().letters] == [lost]


def test_an_outcome_is_kept_even_if_todays_code_knows_no_such_notice() -> None:
    case = Case.opened()
    told = {"notice": "given:up", "number": 1, "to": "ofsted", "rule": "2.2e", "template": "decision", "taken": True}
    changes = case._ask(Incoming(kind="letter", body={**told, "at": "2018-09-05T09:00:00Z"}))
    assert case.file.letters["given:up"].taken_at == read_instant("2018-09-05T09:00:00Z")
    assert [line["what"] for line in changes.events] == ["notice_sent"]


def test_a_deadline_that_leaves_is_cancelled_in_words_unless_it_was_met() -> None:
    case = Case.opened(HARMED, concern="no")
    case.step("notified_panel")
    case.step("notification_withdrawn", reason="It happened elsewhere.")
    assert [line["deadline"] for line in case.told("deadline_cancelled")] == ["decision"]
    held = case.standing.deadlines
    assert {key: value["status"] for key, value in held.items()} == {"notify_panel": "met", "notify_board": "met"}


def test_no_mail_no_summary_and_no_detail_names_the_child() -> None:
    named = {**DIED, "id": "ZEBEDEE-77", "residence": "Hertfordshire"}
    case = Case.opened(named, opened_on="2018-11-01")
    case.step("decision", **DECISION)
    for changes in case.changes:
        shown = [changes.details, str(changes.attributes), *(timer.summary for timer in changes.timers)]
        shown += [f"{letter.title} {letter.content} {letter.notice}" for letter in changes.letters]
        assert all("ZEBEDEE" not in text for text in shown)
        assert all(len(timer.summary.encode()) <= 200 for timer in changes.timers)
