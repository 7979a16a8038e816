"""Letters: each is followed until a mail server takes it; what was refused is a task, and an escalation of its own."""

from __future__ import annotations

from typing import Any

import pytest

from models.contract import Incoming, instant_text
from models.letter import LetterToSend
from models.view import shown

from .case import DIED, HARMED, Case
from .lives import decided, not_met

DECISION: dict[str, Any] = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "The first limb is met."}
NO_REVIEW: dict[str, Any] = {"choice": "no review", "decided_by": "chair", "reasons": "No limb is met."}
TO_OFSTED = "decision:step-1:ofsted"
UNDELIVERED = f"undelivered:{TO_OFSTED}"


def refused() -> Case:
    """A case whose letter to Ofsted was refused for good on 20 September 2018."""
    case = Case.opened(takes_mail=False)
    case.step("decision", "2018-09-20", **DECISION)
    take_all(case, but=(TO_OFSTED,))
    case.mail_refused(TO_OFSTED, why="550 no such user")
    return case


def take_all(case: Case, but: tuple[str, ...] = ()) -> None:
    """The mail server takes what is under way."""
    for letter in list(case.under_way.values()):
        if letter.notice not in but:
            case.mail_accepted(letter.notice)


def follow(case: Case, refuses: str) -> None:
    """The mail server refuses whatever goes to one recipient, and takes the rest, until nothing is under way."""
    for _ in range(1_000):
        if not case.under_way:
            return
        letter = next(iter(case.under_way.values()))
        if letter.to == refuses:
            case.mail_refused(letter.notice)
        else:
            case.mail_accepted(letter.notice)
    raise AssertionError(f"there is no end to it: {list(case.under_way)}")


def last(case: Case, notice: str) -> LetterToSend:
    """The latest letter of a notice."""
    return case.sent(notice)[-1]


@pytest.mark.rule("2.2e")
def test_a_letter_is_accepted_once_and_then_nothing_is_left_to_do() -> None:
    case = Case.opened()
    case.step("decision", **DECISION)
    assert [letter.number for letter in case.sent(TO_OFSTED)] == [1]
    assert case.told("notice_sent", notice=TO_OFSTED, recipient="ofsted")
    assert UNDELIVERED not in case.deadlines
    assert case.until("2018-11-01").sent(TO_OFSTED) == case.sent(TO_OFSTED)[:1]


@pytest.mark.rule("2.2e")
def test_a_letter_that_cannot_be_delivered_is_a_task_for_the_coordinator() -> None:
    case = refused()
    deadline = case.deadlines[UNDELIVERED]
    assert (str(deadline.due), deadline.responsible, deadline.open) == ("2018-09-21", "coordinator", True)
    letter = last(case, "letter_refused:")
    assert (letter.to, letter.template) == ("coordinator", "letter_refused")
    assert letter.content == {
        "undelivered_to": "Ofsted",
        "notice": "The decision",
        "why": "550 no such user",
    }
    assert "Ofsted" in deadline.title and "The decision" in deadline.title
    assert TO_OFSTED not in deadline.title
    [line] = case.told("notice_failed", notice=TO_OFSTED)
    assert (line["recipient"], line["why"]) == ("ofsted", "550 no such user")


def test_a_letter_that_stays_undelivered_escalates_to_the_chair() -> None:
    case = refused()
    case.takes_mail = True
    case.until("2018-09-23")
    assert [line["to"] for line in case.told("escalated", deadline=UNDELIVERED)] == ["chair"]


@pytest.mark.rule("2.2e")
def test_with_the_right_address_it_is_sent_again_and_the_task_is_met() -> None:
    case = refused()
    case.step("address_corrected", recipient="ofsted", address="new@ofsted.example")
    letter = last(case, TO_OFSTED)
    assert (letter.number, letter.address) == (2, "new@ofsted.example")
    assert case.deadlines[UNDELIVERED].open
    case.mail_accepted(TO_OFSTED)
    assert case.told("deadline_met", deadline=UNDELIVERED, late=False)
    assert not case.deadlines["decision_told:step-1"].open


def test_a_letter_that_is_refused_again_waits_for_another_address() -> None:
    case = refused()
    case.step("address_corrected", recipient="ofsted", address="new@ofsted.example")
    case.mail_refused(TO_OFSTED)
    assert case.look().letters == []
    case.step("address_corrected", recipient="ofsted", address="newer@ofsted.example")
    assert [letter.number for letter in case.sent(TO_OFSTED)] == [1, 2, 3]
    assert str(case.due(UNDELIVERED)) == "2018-09-21"


def test_every_refused_letter_to_the_recipient_goes_again_and_no_other() -> None:
    case = Case.opened(takes_mail=False)
    case.step("peer_challenge_sought", challenge="p-1", board="B", chair="C", email="c@b.example", question="Q?")
    case.step("decision", **DECISION)
    first = case.file.decisions[0].id
    case.mail_refused(f"decision:{first}:ofsted")
    case.step("decision_revisited", because="New advice.", **DECISION)
    second = case.file.decisions[1].id
    case.mail_refused(f"decision:{second}:ofsted")
    case.mail_refused(f"decision:{first}:dfe")
    case.step("address_corrected", recipient="ofsted", address="new@ofsted.example")
    again = [letter.notice for letter in case.changes[-1].letters]
    assert again == [f"decision:{first}:ofsted", f"decision:{second}:ofsted"]


def test_without_an_address_the_directory_is_asked_again() -> None:
    case = refused()
    case.step("address_corrected", recipient="ofsted", address="typo@ofsted.example")
    case.mail_refused(TO_OFSTED)
    case.step("address_corrected", recipient="ofsted")
    assert (last(case, TO_OFSTED).number, last(case, TO_OFSTED).address) == (3, None)


@pytest.mark.rule("2.2d")
def test_someone_whom_the_directory_does_not_know_needs_an_address() -> None:
    case = Case.opened()
    case.step("peer_challenge_sought", challenge="p-1", board="B", chair="C", email="c@b.example", question="Q?")
    assert case.refused("address_corrected", recipient="peer:p-1").field == "address"
    case.step("address_corrected", recipient="peer:p-1", address="chair@b.example")


def test_only_a_recipient_of_a_letter_has_an_address_to_correct() -> None:
    case = refused()
    refusal = case.refused("address_corrected", recipient="the-mayor", address="mayor@town.example")
    assert (refusal.field, "No letter" in refusal.reason) == ("recipient", True)


def test_letters_that_follow_go_to_whoever_the_directory_names_then() -> None:
    case = refused()
    case.step("address_corrected", recipient="ofsted", address="new@ofsted.example")
    take_all(case)
    case.step("decision_revisited", because="New advice.", **DECISION)
    assert case.sent("decision:")[-3].to == "ofsted"
    assert case.sent("decision:")[-3].address is None


@pytest.mark.rule("2.2d")
def test_someone_whom_the_directory_does_not_know_keeps_the_corrected_address() -> None:
    case = Case.opened()
    challenge = {"board": "B", "chair": "C", "question": "Q?"}
    case.step("peer_challenge_sought", challenge="p-1", email="c@b.example", **challenge)
    case.step("address_corrected", recipient="peer:p-1", address="chair@b.example")
    case.until("2018-11-01")
    assert {letter.address for letter in case.letters if letter.to == "peer:p-1"} == {"c@b.example", "chair@b.example"}


def test_an_address_corrected_again_while_the_letter_is_under_way_is_used_when_that_is_refused() -> None:
    case = refused()
    case.step("address_corrected", recipient="ofsted", address="typo@ofsted.example")
    case.step("address_corrected", recipient="ofsted", address="new@ofsted.example")
    assert [letter.number for letter in case.sent(TO_OFSTED)] == [1, 2]
    case.mail_refused(TO_OFSTED)
    assert (last(case, TO_OFSTED).number, last(case, TO_OFSTED).address) == (3, "new@ofsted.example")
    case.mail_refused(TO_OFSTED)
    assert len(case.sent(TO_OFSTED)) == 3


def test_a_second_refusal_is_told_to_the_coordinator_too() -> None:
    case = refused()
    case.step("address_corrected", recipient="ofsted", address="typo@ofsted.example")
    case.mail_refused(TO_OFSTED, why="551 no such user either")
    told = case.sent("letter_refused:")
    assert [letter.content["why"] for letter in told] == ["550 no such user", "551 no such user either"]


# No end to it.


@pytest.mark.parametrize("gone", ["coordinator", "chair", "ofsted", "lead:hospital", "board_member:hospital"])
def test_one_address_that_refuses_everything_makes_no_cascade(gone: str) -> None:
    case = Case.opened(takes_mail=False)
    case.step("decision", "2018-09-20", **DECISION)
    for day in ("2018-10-15", "2018-11-15", "2018-12-15"):
        case.until(day)
        follow(case, refuses=gone)
    about = [letter.notice for letter in case.letters if letter.notice.startswith(("letter_refused:", "undelivered:"))]
    assert all("letter_refused:letter_refused:" not in notice for notice in about)
    assert not any(":undelivered:" in key.removeprefix("undelivered:") for key in case.deadlines)
    if gone != "coordinator":
        # Every letter that was refused, but those about letters, is known to the coordinator.
        lost = [line["notice"] for line in case.told("notice_failed") if ":undelivered:" not in line["notice"]]
        assert lost and {f"letter_refused:{notice}" for notice in lost} <= set(about)


def test_a_mail_server_that_is_away_only_means_waiting() -> None:
    case = Case.opened(takes_mail=False)
    case.step("decision", "2018-09-20", **DECISION)
    case.until("2018-10-20")
    assert not any(key.startswith("undelivered:") for key in case.deadlines)
    assert [letter.number for letter in case.sent(TO_OFSTED)] == [1]
    assert case.told("escalated", deadline="decision_told:step-1")
    assert "Ofsted" not in case.changes[-1].details.replace("Ofsted, the Department", "")
    take_all(case)
    assert case.told("deadline_met", deadline="decision_told:step-1", late=True)


# What need not be delivered any more.


def test_what_told_of_a_step_that_was_struck_out_need_not_be_delivered() -> None:
    case = refused()
    case.step("struck_out", step="step-1", reason="On the wrong file.")
    assert UNDELIVERED not in case.deadlines
    assert case.told("deadline_cancelled", deadline=UNDELIVERED)
    case.step("address_corrected", recipient="ofsted", address="new@ofsted.example")
    assert [letter.number for letter in case.sent(TO_OFSTED)] == [1]


@pytest.mark.rule("2.7b")
def test_a_request_that_was_withdrawn_need_not_be_delivered() -> None:
    case = decided()
    case.takes_mail = False
    case.step("information_requested", request="r-1", organisation="hospital", wanted="A chronology.")
    case.mail_refused("information_requested:r-1")
    assert case.deadlines["undelivered:information_requested:r-1"].open
    case.step("information_request_withdrawn", request="r-1", reason="It came by hand.")
    assert case.told("deadline_cancelled", deadline="undelivered:information_requested:r-1")


def test_what_is_recorded_anew_does_not_take_over_the_task_of_the_letter_before() -> None:
    case = decided()
    case.takes_mail = False
    asked = {"request": "r-1", "organisation": "hospital", "wanted": "A chronology."}
    wrong = case.step("information_requested", **asked)
    case.mail_refused("information_requested:r-1")
    case.step("struck_out", step=wrong["id"], reason="A slip.")
    case.step("information_requested", **asked)
    assert "undelivered:information_requested:r-1" not in case.deadlines
    case.until("2018-09-25")
    case.mail_refused("information_requested:r-1")
    assert str(case.due("undelivered:information_requested:r-1")) == "2018-09-26"


# What became of a letter.


def outcome(case: Case, number: int, *, accepted: bool) -> None:
    """What became of a letter to Ofsted comes in."""
    letter = LetterToSend(TO_OFSTED, number, "2.2e", "decision", "The decision", "ofsted", "scr-2015")
    case.state.work[letter.key] = {"activity": "send_letter", "arguments": [{}, letter.plain()]}
    result = {"accepted": accepted, "at": instant_text(case.now), "why": ""}
    case._ask(Incoming("work", key=letter.key, result=result))


def test_what_was_taken_stays_taken() -> None:
    case = Case.opened()
    case.step("decision", **DECISION)
    accepted_at = case.file.accepted_at(TO_OFSTED)
    outcome(case, 1, accepted=False)
    assert case.file.accepted_at(TO_OFSTED) == accepted_at
    assert UNDELIVERED not in case.deadlines


def test_a_letter_accepted_after_all_ends_the_task() -> None:
    case = refused()
    outcome(case, 1, accepted=True)
    assert not case.deadlines[UNDELIVERED].open


def test_the_outcome_of_an_older_letter_does_not_overwrite_that_of_a_later_one() -> None:
    case = refused()
    case.step("address_corrected", recipient="ofsted", address="new@ofsted.example")
    case.mail_accepted(TO_OFSTED)
    outcome(case, 1, accepted=False)
    assert case.file.letters[TO_OFSTED].number == 2
    assert not case.deadlines[UNDELIVERED].open


def test_the_file_shows_each_notice_with_what_became_of_it() -> None:
    case = refused()

    def states() -> dict[str, tuple[int, str]]:
        letters = shown(case.file, case.world)["letters"]
        return {letter["notice"]: (letter["number"], letter["status"]) for letter in letters}

    assert states()[TO_OFSTED] == (1, "refused")
    assert states()["decision:step-1:dfe"] == (1, "accepted")
    assert states()[f"letter_refused:{TO_OFSTED}"] == (1, "under way")
    case.step("address_corrected", recipient="ofsted", address="new@ofsted.example")
    assert states()[TO_OFSTED] == (2, "under way")
    case.mail_accepted(TO_OFSTED)
    assert states()[TO_OFSTED] == (2, "accepted")


# A file that has ended.


def ended() -> Case:
    """A file withdrawn while its letters about the decision were under way."""
    case = not_met(takes_mail=False)
    case.step("decision", "2018-09-20", choice="no review", decided_by="chair", reasons="No limb is met.")
    case.step("notification_withdrawn", reason="It was another child.")
    return case


def test_the_letters_of_a_file_that_has_ended_are_followed_to_their_end() -> None:
    case = ended()
    case.mail_refused(TO_OFSTED)
    assert case.deadlines[UNDELIVERED].open
    take_all(case)
    assert not case.finished
    case.step("address_corrected", recipient="ofsted", address="new@ofsted.example")
    assert last(case, TO_OFSTED).number == 2
    follow(case, refuses="nobody")
    assert case.finished
    assert not case.deadlines[UNDELIVERED].open


@pytest.mark.rule("2.1e")
def test_whoever_is_told_only_after_the_withdrawal_hears_of_the_withdrawal_too() -> None:
    case = ended()
    assert case.sent("withdrawn:") == []
    case.mail_accepted(TO_OFSTED)
    assert [letter.to for letter in case.sent("withdrawn:")] == ["ofsted"]


def test_an_ended_file_starts_no_letter_that_it_had_not_started_before() -> None:
    case = ended()
    started = {letter.key for letter in case.letters}
    case.step("panel_requested", request="r-1", wants="information", details="The chronology.")
    assert {letter.key for letter in case.letters} == started


# A fact in a letter was wrong.


@pytest.mark.rule("2.1e")
@pytest.mark.rule("2.2e")
def test_a_corrected_letter_goes_to_those_who_were_told_and_to_nobody_else() -> None:
    case = Case.opened(DIED, takes_mail=False)
    case.step("decision", "2018-09-20", **DECISION)
    case.mail_accepted(TO_OFSTED)
    case.mail_refused("decision:step-1:dfe")
    correction = case.step("facts_corrected", "2018-09-25", reason="By the school.", residence="Elsewhere")
    letters = case.sent("corrected:")
    assert [(letter.notice, letter.to) for letter in letters] == [(f"corrected:{correction['id']}:ofsted", "ofsted")]
    assert letters[0].content == {"what": "Area of normal residence", "corrected_on": "2018-09-25"}
    # What goes out only now says what is right.
    case.step("address_corrected", recipient="dfe", address="new@dfe.example")
    case.mail_accepted("decision:step-1:dfe")
    assert len(case.sent("corrected:")) == 1
    # What was under way says what was wrong.
    case.mail_accepted("decision:step-1:national_panel")
    assert [letter.to for letter in case.sent("corrected:")] == ["ofsted", "national_panel"]


@pytest.mark.rule("2.2e")
def test_a_correction_struck_out_is_corrected_in_its_turn() -> None:
    case = Case.opened(DIED)
    case.step("decision", "2018-09-20", **DECISION)
    correction = case.step("facts_corrected", "2018-09-25", reason="By the school.", residence="Elsewhere")
    struck = case.step("struck_out", step=correction["id"], reason="The school had another child in mind.")
    assert {letter.to for letter in case.sent(f"corrected:{struck['id']}:")} == {"ofsted", "dfe", "national_panel"}


@pytest.mark.rule("2.2e")
def test_a_correction_that_was_made_before_a_letter_and_is_struck_out_after_it_is_told_to_whoever_read_of_it() -> None:
    case = not_met()
    correction = case.step("facts_corrected", reason="A letter.", aware_on="2018-09-04")
    case.step("decision", "2018-09-20", **NO_REVIEW)
    [panel] = case.sent("decision:step-2:national_panel")
    assert panel.content["aware_on"] == "2018-09-04"
    struck = case.step("struck_out", "2018-09-24", step=correction["id"], reason="It was about another child.")
    [letter] = case.sent("corrected:")
    assert (letter.notice, letter.to) == (f"corrected:{struck['id']}:national_panel", "national_panel")
    assert letter.content == {"what": "“Facts of the incident were corrected”", "corrected_on": "2018-09-24"}


@pytest.mark.rule("2.1e")
def test_what_all_letters_rested_on_when_they_went_and_is_struck_out_is_told_to_all_of_them() -> None:
    case = Case.opened(DIED)
    correction = case.step("facts_corrected", reason="It was a holiday.", where="outside the United Kingdom")
    case.step("decision", "2018-09-20", **DECISION)
    case.step("struck_out", "2018-09-24", step=correction["id"], reason="It was about another child.")
    assert {letter.to for letter in case.sent("corrected:")} == {"ofsted", "dfe", "national_panel"}


@pytest.mark.rule("2.2e")
def test_a_letter_that_went_before_a_correction_was_right_once_that_is_struck_out() -> None:
    case = not_met()
    case.step("decision", **NO_REVIEW)
    case.takes_mail = False
    correction = case.step("facts_corrected", "2018-09-24", reason="A letter.", aware_on="2018-09-04")
    [under_way] = case.sent("corrected:")
    case.step("struck_out", step=correction["id"], reason="It was about another child.")
    assert len(case.sent("corrected:")) == 1
    # Had it not waited, its reader hears that it was wrong.
    case.mail_accepted(under_way.notice)
    assert [letter.to for letter in case.sent("corrected:")] == ["national_panel", "national_panel"]


@pytest.mark.rule("2.1f")
def test_a_corrected_day_is_told_to_those_whose_letter_held_it() -> None:
    case = Case.opened(DIED)
    case.step("decision", "2018-09-20", **DECISION)
    case.step("facts_corrected", reason="A letter.", aware_on="2018-09-04")
    assert case.sent("corrected:") == [], "they were told the choice and its day"
    case = not_met()
    case.step("decision", "2018-09-20", **NO_REVIEW)
    case.step("facts_corrected", reason="A letter.", aware_on="2018-09-04", notified_on="2018-09-04")
    [letter] = case.sent("corrected:")
    assert (letter.to, letter.content["what"]) == (
        "national_panel",
        "The authority became aware on, The board was notified on",
    )


@pytest.mark.rule("1.1")
@pytest.mark.rule("2.1f")
def test_an_earlier_day_that_a_merged_file_brings_is_told_to_those_whose_letter_held_another() -> None:
    case = not_met()
    case.step("decision", "2018-09-20", **NO_REVIEW)
    merged = {"aware_on": "2018-08-31", "notified_on": "2018-09-03"}
    first = case.step("merged_from", "2018-09-24", reference="EX-2018-0002", **merged)
    [letter] = case.sent("corrected:")
    assert (letter.notice, letter.to) == (f"corrected:{first['id']}:national_panel", "national_panel")
    assert letter.content == {
        "what": "The board was notified on, The authority became aware on",
        "corrected_on": "2018-09-24",
    }
    case.step("merged_from", "2018-09-25", reference="EX-2018-0003", notified_on="2018-09-10")
    assert len(case.sent("corrected:")) == 1, "a later day changes nothing"
    case.step("merged_from", reference="EX-2018-0004", children=[{**DIED, "id": "child-2"}])
    assert len(case.sent("corrected:")) == 1, "another child is nothing that was told wrongly"


def test_a_correction_of_a_file_that_told_nobody_yet_sends_nothing() -> None:
    case = Case.opened(HARMED)
    case.step("facts_corrected", reason="By the school.", residence="Elsewhere")
    assert case.sent("corrected:") == []


def test_an_acknowledgement_is_kept_beside_its_letter() -> None:
    case = decided()
    notice = next(letter.notice for letter in case.letters if letter.to == "ofsted")
    case.step("acknowledged", "2018-09-27", notice=notice)
    letters = {letter["notice"]: letter for letter in shown(case.file, case.world)["letters"]}
    assert letters[notice]["acknowledged_on"] == "2018-09-27"


def test_a_reminder_that_was_refused_is_not_sent_again_once_its_reason_has_gone() -> None:
    case = Case.opened(takes_mail=False)
    take_all(case)
    case.until("2018-09-29")
    reminder = next(one.notice for one in case.under_way.values() if one.notice.startswith("reminder:decision:"))
    case.mail_refused(reminder)
    to = next(letter.to for letter in case.letters if letter.notice == reminder)
    assert case.deadlines[f"undelivered:{reminder}"].open
    case.step("decision", **DECISION)
    assert f"undelivered:{reminder}" not in case.deadlines
    case.step("address_corrected", recipient=to, address="right@board.example")
    assert len(case.sent(reminder)) == 1
