"""The one question the shell asks: what came in is taken or refused once, and the answer is the difference to hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from models.consider import consider
from models.contract import Changes, Incoming, Question, State, instant_text, letter_work, read, read_instant, unknown
from models.days import NoCalendarError
from models.difference import timer_summary
from models.letter import LetterToSend
from models.quick_answers import standing_of, why_not
from models.record import Entry
from models.view import shown
from models.world import World

from .case import DIED, HARMED, PAPER, Answered, Case, morning, rulebook
from .lives import DECIDED, decided, not_met, planned, signed_off

DECISION: dict[str, Any] = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "The first limb is met."}
NOTE: dict[str, Any] = {"id": "n-1", "recorded_by": "coordinator", "happened_on": "2018-09-05", "text": "A note."}


def asked(case: Case, name: str, body: dict[str, Any], source: str = "update") -> Answered:
    """What comes of a step sent as it is."""
    return case._ask(Incoming("step", name=name, body=body, source=source))


def world(case: Case, **more: Any) -> World:
    """The world of a case, with changes."""
    return replace(case.world, **more)


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
    assert changes.answer.field == "id" and "used for another step (“A note was added”)" in changes.answer.reason
    refusal = why_not(case.record, name, NOTE | change, world(case))
    assert refusal is not None and refusal.field == "id"


def test_the_id_of_the_opening_belongs_to_the_opening() -> None:
    changes = asked(Case.opened(), "note_added", NOTE | {"id": "opening"})
    assert changes.answer is not None and changes.answer.reason.startswith("This id was already used for another step")


def test_the_id_of_a_fact_is_free_for_a_step() -> None:
    case = Case.opened()
    changes = asked(case, "note_added", NOTE | {"id": f"rulebook:{rulebook().name}"})
    assert changes.answer is not None and changes.answer.recorded


def test_a_step_that_waits_twice_behind_another_is_recorded_once_and_answered_twice() -> None:
    case = Case.opened(HARMED)
    first, again = ({**NOTE, "id": id} for id in ("n-1", "n-2"))
    steps = [Incoming("step", name="note_added", body=body, source="signal") for body in (first, again, again)]
    changes = case._ask(*steps)
    assert [answer["recorded"] for answer in changes.answers] == [True, True, True]
    assert [entry.id for entry in case.record if entry.name == "note_added"] == ["n-1", "n-2"]


def test_a_refused_update_leaves_nothing_behind() -> None:
    case = Case.opened()
    before = case.state.copy()
    changes = asked(case, "note_added", NOTE | {"text": ""})
    assert changes.answer is not None and changes.answer.field == "text"
    assert (changes.entries, changes.events, changes.deadlines, changes.letters) == ([], [], {}, [])
    assert replace(case.state, as_of=before.as_of) == before


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
        assert changes.answer.reason == f"There is no step called {told}. See the list of steps."


@pytest.mark.parametrize("name", ["rung_reached", "letter_accepted", "rulebook_pinned", "opened", "letters_wrong"])
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
        "field": "text",
        "body": NOTE | {"text": ""},
    }
    assert len(case.told("step_refused", step="note_added", reason="text: it is empty")) == 1
    at = instant_text(fact.recorded_at)
    assert shown(case.file, case.quick_world)["refused"] == [
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
        case._ask(Incoming("step", name="x" * 100, source="signal", refusal=reason))
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
    changes = case._ask(Incoming("cancel_requested"))
    assert case.record[-1].name == "cancel_requested"
    assert not case.finished
    assert "asked Temporal to cancel" in changes.details
    case.step("note_added", text="Business as usual.")


def test_something_that_a_later_shell_sends_is_no_more_than_a_look() -> None:
    case = Case.opened()
    assert case._ask(Incoming(kind="something_new", key="x")).entries == []


# The contract between core and shell is only ever added to.


def test_changes_that_say_nothing_mean_do_nothing() -> None:
    state = Case.opened().state
    before = state.copy()
    state.apply(Changes(), read_instant(state.as_of))
    assert state == before and not Changes().changes_the_file


def test_what_another_release_adds_to_what_the_shell_holds_is_left_alone() -> None:
    more = {"of_a_later_release": {"a": 1}}
    assert read(Changes, more) == Changes() and unknown(Changes, more) == more
    case = Case.opened()
    case.state.standing["deadlines"] = {key: {**value, **more} for key, value in case.held.items()}
    case.state.timers = {key: {**value, **more} for key, value in case.state.timers.items()}
    changes = case.look()
    assert changes.events == [] and changes.timers == [] and changes.cancel == []


def test_a_look_at_a_file_that_is_as_it_should_be_changes_nothing() -> None:
    case = decided()
    changes = case.look()
    assert not changes.changes_the_file
    assert (changes.timers, changes.cancel, changes.letters, changes.messages) == ([], [], [], [])


def test_only_what_differs_is_told() -> None:
    case = Case.opened()
    changes = asked(case, "notified_panel", {**NOTE, "id": "p"} | {"text": None, "child": None})
    assert changes.answer is not None and not changes.answer.recorded
    body = {name: NOTE[name] for name in ("id", "recorded_by", "happened_on")}
    changes = asked(case, "notified_panel", body)
    assert set(changes.deadlines) == {"notify_panel"}
    assert changes.cancel == ["deadline:notify_panel"]
    assert [event["what"] for event in changes.events] == ["step_recorded", "deadline_met"]


# A duty that a new release moves.


def older(case: Case, key: str, **held: Any) -> None:
    """The shell holds a deadline as an earlier release left it."""
    case.held[key] = {**case.held[key], **held}


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
    case.step("decision", "2018-10-08", choice="no review", decided_by="chair", reasons="No limb is met.")
    case.step("notification_copy_sent", how="By hand.")
    case.takes_mail = False
    case.step("facts_corrected", "2018-10-09", reason="A letter.", aware_on="2018-09-04")
    assert str(case.due("closing")) == "2018-11-08"
    case.now = morning("2018-10-15")
    for letter in case.sent("corrected:"):
        case.mail_accepted(letter.notice)
    [moved] = case.told("deadline_moved", deadline="closing")
    assert (moved["due"], moved["because"]) == ("2018-11-15", "a letter was accepted or refused")


def test_a_timers_summary_is_cut_where_temporal_would_refuse_it_and_not_within_a_letter() -> None:
    held = {"rule": "2.7c", "title": "é" * 150, "due": "2018-10-05"}
    summary = timer_summary(held)
    assert len(summary.encode()) in (199, 200) and summary == f"2.7c {'é' * 97}"


def test_a_look_finds_what_a_release_moved_took_away_or_added() -> None:
    case = Case.opened()
    older(case, "decision", due="2018-10-01", original_due="2018-10-01")
    gone = {**case.held["decision"], "title": "Given up", "timer": "2018-10-01T07:00:00Z"}
    case.held["given_up"] = gone
    case.state.timers["deadline:given_up"] = {"key": "deadline:given_up", "at": gone["timer"], "summary": ""}
    del case.held["notify_panel"]
    changes = case.look()
    told = {(line["what"], line["deadline"]) for line in changes.events}
    assert told == {
        ("deadline_moved", "decision"),
        ("deadline_cancelled", "given_up"),
        ("deadline_set", "notify_panel"),
    }
    assert changes.cancel == ["deadline:given_up"]
    assert changes.deadlines["given_up"] is None


def test_a_one_off_holiday_moves_what_is_counted_in_working_days_at_the_next_look() -> None:
    case = decided()
    due = case.due("scope_set")
    case.extra_holidays = frozenset({date(2018, 10, 10)})
    changes = case.look()
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
    changes = asked(case, "decision", {**body, "choice": "no review", "decided_by": "chair", "reasons": "R"})
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
    asked(case, "decision", {**body, "choice": "no review", "decided_by": "chair", "reasons": "R"}, source="signal")
    [fact] = [entry for entry in case.record if entry.name == "step_refused"]
    assert "2029" in fact.body["reason"]


def test_where_nobody_waits_for_an_answer_a_missing_calendar_is_raised_loudly() -> None:
    case = Case.opened(organisations=("hospital",))
    future = [Entry.read(entry.plain() | {"body": _moved(entry.body)}) for entry in case.record]
    for kind in ("reassess", "timer"):
        held = {"timer": "2029-01-01T08:00:00Z", "status": "open", "due": "", "since": ""}
        state = State(case.state.opening, [entry.plain() for entry in future])
        state.standing = {"deadlines": {"decision": held} if kind == "timer" else {}}
        incoming = Incoming(kind, key="deadline:decision", at="2029-01-01T08:00:00Z")
        with pytest.raises(NoCalendarError):
            consider(Question(state, [incoming], morning("2029-01-20")), case.surroundings)


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
    assert "Load it first: starter.py directory load FILE" in refusal.reason
    assert case.quick("decision", **DECISION) is None


@pytest.mark.rule("2.2c")
def test_the_answer_that_counts_asks_the_directory_where_the_quick_one_could_not() -> None:
    case = Case.opened()
    directory, case.directory = case.directory, None
    assert case.quick("decision", **DECISION | {"decided_by": "member-school"}) is None
    case.directory = directory
    assert case.refused("decision", **DECISION | {"decided_by": "member-school"}).rule == "2.2c"


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
    deadlines = standing_of(case.record, world(case))["deadlines"]
    assert deadlines.keys() == case.held.keys()
    for key, held in deadlines.items():
        assert {**held, "since": ""} == {**case.held[key], "since": ""}, key


def test_a_run_that_was_gone_for_long_raises_at_its_first_look_what_passed_meanwhile() -> None:
    case = decided()
    later = morning("2018-12-01")
    case.state.standing = standing_of(case.record, world(case, now=later))
    case.state.timers, case.now, case.takes_mail = {}, later, False
    changes = case.look()
    escalated = [line["deadline"] for line in changes.events if line["what"] == "escalated"]
    assert "scope_set" in escalated and len(escalated) == len(set(escalated))


def test_a_letter_under_way_is_not_started_again_and_one_that_is_gone_is() -> None:
    case = Case.opened(takes_mail=False)
    case.step("decision", **DECISION)
    started = set(case.under_way)
    assert len(started) >= 3
    assert case.look().letters == []
    lost = next(iter(started))
    del case.state.work[lost]
    assert [letter.key for letter in case.look().letters] == [lost]


def test_an_outcome_is_kept_even_if_todays_code_knows_no_such_notice() -> None:
    case = Case.opened()
    letter = LetterToSend("given:up", 1, "2.2e", "decision", "Given up", "ofsted", "scr-2015")
    case.state.work[letter.key] = {"activity": "send_letter", "arguments": [{}, letter.plain()]}
    result = {"accepted": True, "at": "2018-09-05T09:00:00Z"}
    changes = case._ask(Incoming("work", key=letter_work("given:up", 1), result=result))
    assert case.file.letters["given:up"].accepted_at == read_instant("2018-09-05T09:00:00Z")
    assert [line["what"] for line in changes.events] == ["notice_sent"]


def test_the_outcome_of_work_that_is_not_under_way_is_dropped() -> None:
    case = Case.opened()
    result = {"accepted": True, "at": "2018-09-05T09:00:00Z"}
    assert case._ask(Incoming("work", key=letter_work("given:up", 1), result=result)).changes == Changes()


def test_a_deadline_that_leaves_is_cancelled_in_words_unless_it_was_met() -> None:
    case = Case.opened(HARMED, concern="no")
    case.step("notified_panel")
    case.step("notification_withdrawn", reason="It happened elsewhere.")
    assert [line["deadline"] for line in case.told("deadline_cancelled")] == ["decision"]
    held = case.held
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


# A new run.


def asked_of_a_run(case: Case, events: int, taken: int = 1) -> Changes:
    """What the core answers to a run whose history has so many events."""
    incoming = [Incoming("step", name="note_added", body=NOTE, source="update")]
    question = Question(case.state.copy(), incoming, case.now, history_length=events, taken=taken)
    return consider(question, case.surroundings)


def test_a_run_is_renewed_after_six_hundred_events_and_four_for_each_timer_that_is_set() -> None:
    case = Case.opened()
    limit = 600 + 4 * len(case.state.timers)
    assert case.state.timers and not case.under_way
    assert [asked_of_a_run(case, events).renew for events in (limit, limit + 1)] == [False, True]
    # The new run would start again what is under way: a quiet moment is waited for, and not for ever.
    case.takes_mail = False
    case.step("decision", **DECISION)
    limit = 600 + 4 * len(case.state.timers)
    assert case.under_way
    assert [asked_of_a_run(case, events).renew for events in (limit + 1, 2 * limit, 2 * limit + 1)] == [
        False,
        False,
        True,
    ]


def test_many_timers_alone_renew_no_run_again_and_again() -> None:
    case = decided()
    case.takes_mail = False
    common = {"recorded_by": "c", "happened_on": case.now.date().isoformat(), "organisation": "hospital"}
    bodies = [{"id": f"i-{n}", "request": f"r-{n}", "wanted": "A chronology.", **common} for n in range(120)]
    for at in range(0, 120, 40):
        asked_for = bodies[at : at + 40]
        case._ask(*(Incoming("step", name="information_requested", body=body, source="update") for body in asked_for))
    timers = len(case.state.timers)
    assert timers > 120
    assert not asked_of_a_run(case, timers + 20).renew, "a run that has only set its timers goes on"
    assert not asked_of_a_run(case, 10_000, taken=0).renew, "a run that has taken nothing yet goes on"
    assert asked_of_a_run(case, 2 * (600 + 4 * timers) + 1).renew


def test_details_and_attributes_go_only_when_they_differ() -> None:
    case = Case.opened()
    assert case.changes[0].details and case.changes[0].attributes
    changes = asked(case, "note_added", NOTE)
    assert (changes.details, changes.attributes, changes.stage, changes.finished) == ("", {}, "", None)
    case.step("decision", **DECISION)
    assert case.changes[-1].details != "" or case.state.stage == "review"
    assert case.state.attributes["CaseStage"] == case.state.stage == "review"


# What came in together.


def test_what_came_in_together_is_taken_as_if_it_had_come_one_after_another() -> None:
    steps = [
        ("notified_panel", {}),
        ("note_added", {"text": ""}),
        ("decision", DECISION),
        ("decision", DECISION),
        ("scope_set", {"scope": "standard", "reasons": "The usual."}),
        ("note_added", {"text": "A note."}),
    ]
    common = {"recorded_by": "coordinator", "happened_on": "2018-09-05"}
    sent = [
        Incoming("step", number, name, {"id": f"s-{number}", **common, **fields}, "signal" if number % 2 else "update")
        for number, (name, fields) in enumerate(steps)
    ]
    together, apart = Case.opened(takes_mail=False), Case.opened(takes_mail=False)
    answered = together._ask(*sent)
    each = [apart._ask(one) for one in sent]

    def untimed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{name: value for name, value in row.items() if name not in ("recorded_at", "at")} for row in rows]

    assert untimed(together.state.record) == untimed(apart.state.record)
    assert untimed(together.state.events) == untimed(apart.state.events)
    assert list(together.state.work) == list(apart.state.work)
    assert together.state.timers.keys() == apart.state.timers.keys()
    assert list(answered.answers) == [answer for one in each for answer in one.answers]
    assert [answer["ticket"] for answer in answered.answers] == list(range(len(steps)))


def test_a_message_whose_work_was_ended_from_outside_is_tried_again_after_a_minute_and_undoes_no_merger() -> None:
    case = Case.opened()
    case.step("merged_into", reference="EX-2018-0002", reason="The same incident.")
    [message] = case.changes[-1].messages
    changes = case._ask(Incoming("work", key=message.key, result={"failed": "tell_file was given up"}))
    assert case.file.ended == "merged" and not case.finished
    [timer] = changes.timers
    assert read_instant(timer.at) - case.now == timedelta(minutes=1)
    again = case.fire(timer.key)
    assert [one.key for one in again.messages] == [message.key] and not case.finished
    case._ask(Incoming("work", key=message.key, result={"delivered": True}))
    assert case.finished and case.file.ended == "merged"


# A letter that waits.


def test_a_letter_that_waits_is_settled_by_what_is_recorded_and_never_by_another_calendar_or_release() -> None:
    case = Case.opened(takes_mail=False, notified_on="2018-09-05", opened_on="2018-11-01")
    case.step("decision", "2018-11-02", **DECISION)
    case.until("2019-01-10")
    waiting = dict(case.under_way)
    about = [letter for letter in waiting.values() if letter.about]
    assert len(about) > 6
    settled = {key for key, letter in waiting.items() if case.is_settled(letter)}
    # Another calendar, and then another release that moves what nobody recorded: the shell holds what it was told.
    case.extra_holidays = frozenset(date(2018, 11, day) for day in range(5, 30))
    assert {key for key, letter in waiting.items() if case.is_settled(letter)} == settled
    still = next(letter for letter in about if letter.due and not case.is_settled(letter))
    assert case.held[still.about]["due"] == still.due


@pytest.mark.rule("2.7b")
def test_a_request_that_waits_is_settled_once_what_it_asks_for_is_recorded() -> None:
    case = Case.opened(takes_mail=False)
    case.step("review_recommended", recommends="SCR, criteria met", reasons="Met.")
    [letter] = [one for one in case.under_way.values() if one.template == "lock_down"]
    assert not case.is_settled(letter)
    case.step("files_secured", organisation="hospital")
    assert case.is_settled(letter)


def test_a_letter_that_waits_goes_to_the_address_that_was_corrected_meanwhile() -> None:
    case = Case.opened(takes_mail=False)
    case.step("decision", **DECISION)
    case.mail_refused("decision:step-1:ofsted")
    case.step("address_corrected", recipient="ofsted", address="wrong@ofsted.example")
    [letter] = [one for one in case.under_way.values() if one.to == "ofsted"]
    assert letter.address == "wrong@ofsted.example" and not case.is_settled(letter)
