"""What happens every week, and no rule names: more time, acknowledgements, notes, steps struck out, new rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.contract import Incoming
from models.rulebook import rulebook_from
from models.view import recordable, shown

from .case import DIED, HARMED, PAPER, REPORT, Case, morning, rulebook
from .lives import decided, drafted, not_met, signed_off
from .review_steps import SIGN_OFF, ready_to_sign, without_incident

DECISION: dict[str, Any] = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "The first limb is met."}
NO_REVIEW: dict[str, Any] = {
    "choice": "no review",
    "decided_by": "chair",
    "reasons": "No limb is met.",
    "notification_document": PAPER,
}


def why_not(case: Case, step: str) -> str:
    """Why no such step may be recorded now; empty when one may."""
    (found,) = [one for one in recordable(case.file, case.world) if one["step"] == step]
    return " ".join(one["reason"] for one in found["why_not"])


# One of the board's own deadlines gets more time.


def test_the_boards_own_deadline_is_extended_and_old_date_new_date_and_reason_are_kept() -> None:
    case = decided()
    before = case.due("scope_set")
    case.step("deadline_extended", deadline="scope_set", new_due="2018-11-20", reason="Two members are away.")
    deadline = case.deadlines["scope_set"]
    assert (str(deadline.due), deadline.original_due) == ("2018-11-20", before)
    [moved] = case.told("deadline_moved", deadline="scope_set")
    assert (moved["old_due"], moved["due"], moved["original_due"]) == (str(before), "2018-11-20", str(before))
    assert moved["because"] == "deadline_extended"
    assert [one.reason for one in case.file.extensions["scope_set"]] == ["Two members are away."]


@pytest.mark.rule("2.2b")
@pytest.mark.rule("2.6a")
@pytest.mark.parametrize("key", ["notify_panel", "decision", "completion"])
def test_a_statutory_deadline_never_moves(key: str) -> None:
    case = decided() if key == "completion" else Case.opened()
    refusal = case.refused("deadline_extended", deadline=key, new_due="2020-01-01", reason="We are busy.")
    assert (refusal.field, refusal.rule) == ("deadline", case.deadlines[key].rule)
    assert "never moves" in refusal.reason


@pytest.mark.parametrize("new_due", ["2018-10-17", "2018-10-18"])
def test_a_deadline_is_extended_to_a_later_day_only(new_due: str) -> None:
    case = decided()
    assert str(case.due("scope_set")) == "2018-10-18"
    refusal = case.refused("deadline_extended", deadline="scope_set", new_due=new_due, reason="R")
    assert (refusal.field, "18 October 2018" in refusal.reason) == ("new_due", True)
    case.step("deadline_extended", deadline="scope_set", new_due="2018-10-19", reason="R")
    assert case.refused("deadline_extended", deadline="scope_set", new_due="2018-10-19", reason="R").field == "new_due"


def test_extending_is_offered_only_while_a_deadline_of_the_boards_own_is_open() -> None:
    opened = Case.opened()
    own = [one for one in opened.deadlines.values() if one.open and one.basis == "board's own"]
    assert not own and "never move" in why_not(opened, "deadline_extended")
    assert why_not(decided(), "deadline_extended") == ""


def test_a_deadline_is_not_extended_to_a_day_before_the_extension() -> None:
    case = decided().until("2018-11-01")
    refusal = case.refused("deadline_extended", deadline="scope_set", new_due="2018-10-25", reason="R")
    assert refusal.field == "new_due"
    case.step("deadline_extended", happened_on="2018-10-15", deadline="scope_set", new_due="2018-10-25", reason="R")
    assert str(case.due("scope_set")) == "2018-10-25"


def test_only_a_deadline_that_is_open_is_extended() -> None:
    case = decided()
    refusal = case.refused("deadline_extended", deadline="no_such", new_due="2019-01-01", reason="R")
    assert (refusal.field, "Set the scope of the review" in refusal.reason) == ("deadline", True)
    case.step("scope_set", scope="standard", reasons="Two organisations.")
    refusal = case.refused("deadline_extended", deadline="scope_set", new_due="2019-01-01", reason="R")
    assert (refusal.field, "already met" in refusal.reason) == ("deadline", True)


def test_an_extension_never_brings_a_deadline_forward_when_its_clock_starts_again_later() -> None:
    case = closing_in("2018-10-08")
    case.step("deadline_extended", deadline="closing", new_due="2018-11-30", reason="Leave.")
    case.step("closed", "2018-11-20")
    case.step("reopened", "2019-03-01", reason="A request came in.")
    assert str(case.due("closing")) == "2019-04-01"


def test_an_extended_deadline_that_would_now_be_due_later_by_itself_is_told_as_moved() -> None:
    case = decided(Case.opened(HARMED), choice="alternative review", kind="Partnership Case Review")
    case.step("deadline_extended", "2018-10-01", deadline="scope_set", new_due="2018-12-20", reason="Leave.")
    case.step("decision_revisited", "2018-10-08", because="Asked.", **{**NO_REVIEW, "choice": "SCR, criteria not met"})
    *_, moved = case.told("deadline_moved", deadline="scope_set")
    assert (moved["old_due"], moved["due"], moved["because"]) == ("2018-12-20", "2018-12-20", "decision_revisited")
    assert moved["original_due"] == "2018-11-05"


def closing_in(day: str) -> Case:
    """A file on which nothing is left to do but closing it."""
    case = Case.opened(HARMED, concern="no")
    case.step("notified_panel")
    case.step("decision", day, **NO_REVIEW)
    return case


# The Chair acknowledges an escalation.


def test_only_an_escalation_that_went_is_acknowledged_and_to_a_day_that_lies_ahead() -> None:
    case = Case.opened()
    assert (
        case.refused("escalation_acknowledged", deadline="decision", chair_review_on="2019-01-01").field == "deadline"
    )
    case.until("2018-10-07")
    refusal = case.refused("escalation_acknowledged", deadline="decision", chair_review_on="2018-10-07")
    assert refusal.field == "chair_review_on"
    case.step("escalation_acknowledged", deadline="decision", chair_review_on="2018-10-08")


def test_an_escalation_of_an_earlier_date_is_not_acknowledged_for_the_new_one() -> None:
    case = decided().until("2018-10-22")
    case.step("deadline_extended", deadline="scope_set", new_due="2018-11-20", reason="Absences.")
    refusal = case.refused("escalation_acknowledged", deadline="scope_set", chair_review_on="2018-12-01")
    assert (refusal.field, "not escalated" in refusal.reason) == ("deadline", True)


def test_what_is_met_needs_no_acknowledgement() -> None:
    case = Case.opened().until("2018-10-07")
    case.step("decision", **DECISION)
    refusal = case.refused("escalation_acknowledged", deadline="decision", chair_review_on="2018-11-01")
    assert "already met" in refusal.reason


# Notes.


def test_a_note_is_kept_and_changes_nothing() -> None:
    case = Case.opened()
    before = case.deadlines
    case.step("note_added", text="Rang the school.")
    assert case.deadlines == before
    assert case.record[-1].body["text"] == "Rang the school."


def test_a_note_can_be_about_a_day_before_the_notification() -> None:
    Case.opened().step("note_added", happened_on="2018-08-01", text="The school had called before.")


# A step recorded in error is struck out, never deleted.


def test_a_step_struck_out_stays_legible_and_the_file_is_as_if_it_had_never_been() -> None:
    case = decided()
    before = case.deadlines
    scope = case.step("scope_set", scope="extended", reasons="A slip of the mouse.")
    case.step("struck_out", step=scope["id"], reason="Meant for another file.")
    assert case.deadlines == before
    assert case.file.scope == ""
    assert [entry for entry in case.record if entry.id == scope["id"]]
    assert case.file.struck == {scope["id"]: "scope_set"}


@pytest.mark.rule("2.2b")
def test_a_decision_struck_out_opens_its_deadline_again() -> None:
    case = Case.opened()
    decision = case.step("decision", "2018-09-20", **DECISION)
    case.step("struck_out", "2018-09-21", step=decision["id"], reason="Recorded on the wrong file.")
    assert case.deadlines["decision"].open
    assert [line["what"] for line in case.events if line.get("deadline") == "decision"] == [
        "deadline_set",
        "deadline_met",
        "deadline_set",
    ]
    assert {"completion", "scope_set"} <= {line["deadline"] for line in case.told("deadline_cancelled")}
    assert case.until("2018-10-07").told("escalated", deadline="decision")


def test_a_step_that_a_later_one_rests_on_is_struck_out_after_it_and_not_before() -> None:
    case = decided()
    decision = case.file.decisions[0].id
    scope = case.step("scope_set", scope="standard", reasons="Two organisations.")
    refusal = case.refused("struck_out", step=decision, reason="An error.")
    assert (refusal.field, "A later step depends on this one: “The scope" in refusal.reason) == ("step", True)
    case.step("struck_out", step=scope["id"], reason="An error.")
    case.step("struck_out", step=decision, reason="An error.")
    assert case.file.review is None


def test_what_does_not_rest_on_a_step_does_not_hold_it() -> None:
    case = decided()
    scope = case.step("scope_set", scope="standard", reasons="Two organisations.")
    case.step("note_added", text="Unrelated.")
    case.step("panel_requested", request="r-1", wants="information", details="The chronology.")
    case.step("struck_out", step=scope["id"], reason="An error.")


def test_a_deadline_extended_rests_on_the_step_that_set_it() -> None:
    case = Case.opened()
    asked = case.step("panel_requested", "2018-09-10", request="r-1", wants="information", details="The chronology.")
    case.step("deadline_extended", deadline="panel_request_answered:r-1", new_due="2018-12-01", reason="Agreed.")
    refusal = case.refused("struck_out", step=asked["id"], reason="An error.")
    assert "A later step depends on this one: “A deadline was extended”" in refusal.reason


@pytest.mark.parametrize("name", ["opening", "nothing"])
def test_only_a_step_of_the_file_can_be_struck_out_and_not_its_opening(name: str) -> None:
    assert Case.opened().refused("struck_out", step=name, reason="R").field == "step"


def test_striking_out_is_offered_only_while_there_is_a_step_to_strike_out() -> None:
    case = Case.opened()
    assert why_not(case, "struck_out") == "There is no step on this file that can be struck out."
    note = case.step("note_added", text="N")
    assert why_not(case, "struck_out") == ""
    case.step("struck_out", step=note["id"], reason="R")
    assert "no step" in why_not(case, "struck_out")


def test_a_step_is_struck_out_once_and_striking_out_is_not_struck_out() -> None:
    case = Case.opened()
    note = case.step("note_added", text="A note.")
    struck = case.step("struck_out", step=note["id"], reason="R")
    assert "already struck out" in case.refused("struck_out", step=note["id"], reason="R").reason
    assert "cannot be struck out" in case.refused("struck_out", step=struck["id"], reason="R").reason


@pytest.mark.parametrize("ends", ["closed", "reopened", "rulebook_changed"])
def test_an_end_a_reopening_and_new_rules_are_put_right_by_a_step_of_their_own(ends: str) -> None:
    case = closing_in("2018-09-20")
    if ends == "rulebook_changed":
        step = case.step("rulebook_changed", rulebook="working-days-2018", reason="New rules.")
    else:
        step = case.step("closed")
        again = case.step("reopened", reason="A request.")
        step = again if ends == "reopened" else step
    assert "cannot be struck out" in case.refused("struck_out", step=step["id"], reason="R").reason


def test_sending_a_struck_step_again_does_not_bring_it_back() -> None:
    case = Case.opened()
    note = case.step("note_added", text="A note.")
    case.step("struck_out", step=note["id"], reason="R")
    changes = case._ask(Incoming("step", name="note_added", body=note["body"], source="update"))
    assert changes.answer is not None and changes.answer.recorded
    assert (changes.entries, note["id"] in case.file.struck) == ([], True)


@pytest.mark.rule("2.2e")
def test_those_who_were_told_of_a_struck_step_are_told_that_it_was_wrong() -> None:
    case = Case.opened()
    decision = case.step("decision", "2018-09-20", **DECISION)
    struck = case.step("struck_out", "2018-09-21", step=decision["id"], reason="Recorded on the wrong file.")
    corrected = case.sent(f"corrected:{struck['id']}:")
    assert {letter.to for letter in corrected} == {"ofsted", "dfe", "national_panel", "lead:hospital"}
    for letter in corrected:
        assert letter.template == "letter_corrected"
        assert letter.content == {"what": "“A decision was made”", "corrected_on": "2018-09-21"}


@pytest.mark.rule("2.5c")
def test_a_letter_named_after_a_reviewer_is_corrected_too() -> None:
    case = drafted()
    named = case.step(
        "reviewer_named", reviewer="r-2", reviewer_name="Second", lead=False, qualification="Q", not_involved=True
    )
    struck = case.step("struck_out", step=named["id"], reason="Never appointed.")
    assert [letter.to for letter in case.sent(f"corrected:{struck['id']}:")] == ["national_panel"]


def test_nobody_is_told_of_a_correction_who_was_told_nothing() -> None:
    case = Case.opened(takes_mail=False)
    decision = case.step("decision", **DECISION)
    case.mail_refused(f"decision:{decision['id']}:ofsted")
    case.step("struck_out", step=decision["id"], reason="R")
    assert case.sent("corrected:") == []


def test_a_letter_that_was_under_way_when_its_step_was_struck_out_is_corrected_once_it_has_gone() -> None:
    case = Case.opened(takes_mail=False)
    decision = case.step("decision", **DECISION)
    case.step("struck_out", step=decision["id"], reason="R")
    assert case.sent("corrected:") == []
    case.mail_accepted(f"decision:{decision['id']}:ofsted")
    assert [letter.to for letter in case.sent("corrected:")] == ["ofsted"]


@pytest.mark.rule("2.2d")
def test_another_chair_whose_address_only_the_struck_step_held_is_told_there() -> None:
    case = Case.opened()
    asked = {"board": "B", "chair": "C", "question": "Would you?"}
    wrong = case.step("peer_challenge_sought", challenge="p-1", email="c@b.example", **asked)
    [first] = case.sent("peer_challenge:p-1")
    case.step("struck_out", step=wrong["id"], reason="On the wrong file.")
    [letter] = case.sent("corrected:")
    assert (letter.to, letter.address) == ("peer:p-1", f"{first.to}@x.example")
    # Asked again, it is the new step's address that counts.
    case.step("peer_challenge_sought", challenge="p-1", email="right@b.example", **asked)
    assert case.sent("peer_challenge:p-1")[-1].address == "right@b.example"


@pytest.mark.rule("2.7a")
def test_an_organisation_whose_address_only_the_struck_step_held_is_told_there() -> None:
    case = decided(Case.opened())
    added = case.step("organisation_added", organisation={"id": "club", "name": "A Club", "email": "lead@club.example"})
    [first] = case.sent("staff_informed:club")
    case.step("struck_out", step=added["id"], reason="Another club.")
    [letter] = case.sent("corrected:")
    assert (letter.to, letter.address, letter.fallback) == ("lead:club", None, f"{first.to}@x.example")


@pytest.mark.rule("2.7b")
@pytest.mark.parametrize("taken", [True, False])
def test_what_is_recorded_anew_under_the_same_name_is_sent_anew(taken: bool) -> None:
    case = decided()
    case.takes_mail = taken
    wrong = case.step("information_requested", request="r-1", organisation="hospital", wanted="The wrong thing.")
    case.step("struck_out", step=wrong["id"], reason="A slip.")
    case.step("information_requested", request="r-1", organisation="hospital", wanted="The right thing.")
    letters = case.sent("information_requested:r-1")
    assert [(letter.number, letter.content["wanted"]) for letter in letters] == [
        (1, "The wrong thing."),
        (2, "The right thing."),
    ]
    for letter in list(case.under_way.values()):
        case.mail_accepted(letter.notice)
    assert case.file.letters["information_requested:r-1"].number == 2
    assert case.look().letters == []


def test_what_an_earlier_release_wrote_of_letters_that_were_wrong_is_read_as_it_was_meant() -> None:
    case = Case.opened()
    decision = case.step("decision", **DECISION)
    case.step("struck_out", step=decision["id"], reason="R")
    [(place, entry)] = [(n, entry) for n, entry in enumerate(case.record) if entry.name == "letters_wrong"]
    resends = case.file.resends
    case.state.record[place] = replace(entry, body={**entry.body, "void": True}).plain()
    assert case.file.resends == resends and resends[f"decision:{decision['id']}:ofsted"] == 2
    case.state.record[place] = replace(entry, body={**entry.body, "void": False}).plain()
    assert case.file.resends == {}


@pytest.mark.rule("2.2e")
def test_a_deadline_is_not_met_by_a_letter_about_what_was_struck_out() -> None:
    case = drafted()
    [reviewer] = case.file.reviewers
    assert not case.deadlines[f"panel_told_of_reviewer:{reviewer}"].open
    entry = next(entry for entry in case.record if entry.name == "reviewer_named")
    case.takes_mail = False
    case.step("struck_out", step=entry.id, reason="The name was wrong.")
    body = {name: value for name, value in entry.body.items() if name not in ("id", "recorded_by", "happened_on")}
    case.step("reviewer_named", **body | {"reviewer_name": "Reviewer Two"})
    assert case.deadlines[f"panel_told_of_reviewer:{reviewer}"].open
    case.mail_accepted(f"reviewer_named:{reviewer}")
    assert not case.deadlines[f"panel_told_of_reviewer:{reviewer}"].open


def test_striking_out_a_step_that_cannot_be_taken_back_in_order_is_refused_and_never_raises() -> None:
    case = signed_off()
    for entry in [entry for entry in case.record if not entry.is_fact and entry.name not in ("opened",)]:
        body = {"id": f"strike-{entry.id}", "recorded_by": "c", "happened_on": case.now.date().isoformat()}
        changes = case._ask(Incoming("step", name="struck_out", body={**body, "step": entry.id, "reason": "R"}))
        assert changes.answer is not None
        if changes.answer.recorded:
            assert case.file.struck[entry.id] == entry.name


# The board's rules change.


def test_running_files_follow_new_rules_by_a_step_and_every_deadline_that_moves_is_named() -> None:
    case = decided()
    case.step("rulebook_changed", rulebook="working-days-2018", reason="The board adopted new procedures.")
    assert case.file.rules == rulebook("working-days-2018")
    moved = case.told("deadline_moved")
    assert moved and {line["because"] for line in moved} == {"rulebook_changed"}
    for line in moved:
        assert str(case.due(line["deadline"])) == line["due"] != line["old_due"]
    assert case.changes[-1].attributes["CaseRulebook"] == "working-days-2018"


def test_the_text_of_the_new_rules_is_pinned_and_the_shelf_is_not_asked_again() -> None:
    case = decided()
    case.step("rulebook_changed", rulebook="working-days-2018", reason="New procedures.")
    assert [entry.name for entry in case.record[-2:]] == ["rulebook_changed", "rulebook_pinned"]
    assert rulebook_from(case.record[-1].body["rulebook"]) == rulebook("working-days-2018")
    case.rulebooks.clear()
    assert case.file.rules.name == "working-days-2018"


def test_only_a_rulebook_of_the_shelf_and_another_than_the_file_has() -> None:
    case = Case.opened()
    refusal = case.refused("rulebook_changed", rulebook="atlantis-1900", reason="R")
    assert (refusal.field, "hertfordshire-2018" in refusal.reason) == ("rulebook", True)
    assert "already" in case.refused("rulebook_changed", rulebook="hertfordshire-2018", reason="R").reason
    assert case.quick("rulebook_changed", rulebook="atlantis-1900", reason="R") is None


def test_the_same_rulebook_with_another_text_is_another_one() -> None:
    case = Case.opened()
    case.rulebooks["hertfordshire-2018"] = {**case.rulebooks["hertfordshire-2018"], "title": "As amended"}
    case.step("rulebook_changed", rulebook="hertfordshire-2018", reason="Amended.")
    assert case.file.rules.title == "As amended"


@pytest.mark.rule("2.1e")
def test_new_rules_that_change_what_harm_is_open_the_decision_again() -> None:
    abused = {**HARMED, "harms": ["serious sexual abuse"], "residence": "Exampleshire"}
    case = Case.opened(abused, concern="yes", rules=rulebook("working-days-2018"))
    decision = case.step("decision", "2018-09-20", **NO_REVIEW)
    case.step("rulebook_changed", "2018-09-25", rulebook="hertfordshire-2018", reason="A local definition.")
    assert case.deadlines[f"decision_revisited:{decision['id']}"].open


# The same incident twice; not notifiable after all.


@pytest.mark.rule("1.1")
def test_a_file_merged_into_another_ends_its_deadlines_fall_away_and_the_other_hears_of_it() -> None:
    case = Case.opened(aware_on="2018-09-01", notified_on="2018-09-04")
    case.step("merged_into", "2018-09-10", reference="EX-2018-0002", reason="The same incident.")
    assert (case.file.ended, case.state.stage, case.state.finished) == ("merged", "closed", True)
    assert "decision" in {line["deadline"] for line in case.told("deadline_cancelled")}
    [message] = case.changes[-1].messages
    assert (message.to, message.name) == ("EX-2018-0002", "merged_from")
    opening = {**case.record[0].body, "reference": "EX-2018-0002", "opened_on": "2018-09-05"}
    opening["incident"] = {**opening["incident"], "aware_on": "2018-09-03", "notified_on": "2018-09-05"}
    other = Case.start(opening, morning("2018-09-10"))
    changes = other._ask(Incoming("step", name=message.name, body=message.body, source="signal"))
    assert changes.answer is not None and changes.answer.recorded
    assert (str(other.file.notified_on), str(other.file.aware_on)) == ("2018-09-04", "2018-09-01")
    assert str(other.due("decision")) == "2018-10-04"


@pytest.mark.rule("1.1")
def test_a_file_reopened_and_merged_again_is_heard_of_again() -> None:
    case = Case.opened()
    case.step("merged_into", reference="EX-2018-0002", reason="The same incident.")
    first = case.changes[-1].messages[0]
    case.step("reopened", reason="It was not.")
    case.step("merged_into", reference="EX-2018-0002", reason="It was, after all.")
    assert case.changes[-1].messages[0].body["id"] != first.body["id"]


@pytest.mark.rule("1.1")
def test_a_merger_that_finds_no_file_becomes_a_letter_to_the_coordinator() -> None:
    case = Case.opened()
    case.step("merged_into", reference="EX-2018-0002", reason="The same incident.")
    changes = case.undelivered("EX-2018-0002")
    [letter] = [letter for letter in changes.letters if letter.notice.startswith("merge_failed:")]
    assert (letter.to, letter.template, letter.content) == ("coordinator", "merge_failed", {"other": "EX-2018-0002"})


@pytest.mark.rule("2.1e")
def test_a_notification_is_withdrawn_only_while_no_limb_is_met() -> None:
    assert Case.opened(DIED).refused("notification_withdrawn", reason="R").rule == "2.1a"
    case = not_met()
    case.step("notification_withdrawn", reason="It was another child.")
    assert case.file.ended == "withdrawn"


@pytest.mark.rule("1.1")
def test_a_review_without_an_incident_that_was_opened_by_mistake_is_withdrawn_and_whoever_was_asked_hears_so() -> None:
    case = without_incident()
    case.step("information_requested", request="r-1", organisation="hospital", wanted="Ten plans.")
    ended = case.step("review_withdrawn", "2018-09-20", reason="It was opened twice.")
    assert (case.file.ended, case.state.stage) == ("withdrawn", "closed")
    gone = {line["deadline"] for line in case.told("deadline_cancelled")}
    assert {"other_review_completed", "staff_informed:hospital", "agency_information:r-1"} <= gone
    [letter] = case.sent(f"withdrawn:{ended['id']}:")
    assert (letter.to, letter.template, letter.rule) == ("lead:hospital", "review_withdrawn", "1.1")


@pytest.mark.rule("1.1")
def test_a_review_that_was_withdrawn_is_reopened_with_all_that_was_asked() -> None:
    case = without_incident()
    case.step("review_withdrawn", "2018-09-20", reason="It was opened twice.")
    case.step("reopened", "2018-09-24", reason="It was not.")
    assert case.deadlines["other_review_completed"].open and case.deadlines["staff_informed:hospital"].open


@pytest.mark.rule("1.1")
def test_a_review_is_withdrawn_only_without_an_incident_and_before_its_report_is_signed_off() -> None:
    assert "“The notification was withdrawn”" in decided().refused("review_withdrawn", reason="R").reason
    case = ready_to_sign(without_incident())
    case.step("report_signed_off", "2018-11-12", **SIGN_OFF)
    refusal = case.refused("review_withdrawn", reason="R")
    assert refusal.rule == "1.1" and "signed off" in refusal.reason


def test_an_ended_file_says_why_nothing_else_can_be_recorded() -> None:
    case = not_met()
    case.step("notification_withdrawn", reason="It was another child.")
    assert "has ended (withdrawn)" in case.refused("decision", **NO_REVIEW).reason
    why_not = {one["step"]: one["why_not"] for one in shown(case.file, case.world)["next"]}
    open_steps = {name for name, reasons in why_not.items() if not reasons}
    assert {"reopened", "panel_requested"} <= open_steps
    assert not {"decision", "note_added", "struck_out"} & open_steps


def test_a_report_is_not_signed_off_by_striking_out_its_draft() -> None:
    case = signed_off()
    draft = next(entry.id for entry in case.record if entry.body.get("document") == REPORT)
    assert "depends on this one" in case.refused("struck_out", step=draft, reason="R").reason
