"""Which letters can be answered by a link, by whom, and with which step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.letter import LetterToSend
from models.replies import Reply, replies_to
from models.serious_case_reviews import SERIOUS_CASE_REVIEWS, STEPS
from models.step import refusals

from .case import Case
from .lives import decided, learned, met, planned, published, ready_to_publish, signed_off
from .test_templates import whole_life


def answers(letter: LetterToSend) -> tuple[Reply, ...]:
    """The replies to a letter; a board member who is named as a person sits there for the hospital."""
    return replies_to(SERIOUS_CASE_REVIEWS, letter.template, letter.notice, letter.to, letter.content, ("hospital",))


def late_life() -> Case:
    """A review in which nobody answers anything, so that everybody is reminded and then the Chair is told."""
    case = met()
    case.step("review_recommended", recommends="SCR, criteria met", reasons="By the first limb.")
    decided(case)
    case.step("information_requested", request="r-1", organisation="hospital", wanted="A chronology.")
    return case.until("2019-02-01")


def all_letters() -> Iterator[LetterToSend]:
    yield from whole_life().letters
    yield from late_life().letters
    yield from learned(published(ready_to_publish(planned(signed_off())))).letters


LETTERS = list(all_letters())


@pytest.mark.parametrize(
    ("template", "to", "step"),
    [
        ("lock_down", "lead:hospital", "files_secured"),
        ("inform_staff", "lead:hospital", "staff_informed"),
        ("inform_staff_of_findings", "lead:school", "staff_informed"),
        ("outcome", "lead:hospital", "outcome_confirmed"),
        ("board_copy", "person:member-hospital", "findings_shared"),
        ("decision", "ofsted", "acknowledged"),
    ],
)
def test_a_letter_that_asks_for_a_confirmation_can_be_answered_with_it(template: str, to: str, step: str) -> None:
    found = [answers(letter) for letter in LETTERS if letter.template == template and letter.to == to]
    assert found and all([reply.step for reply in replies] == [step] for replies in found)


def test_information_can_be_sent_or_declined_and_an_action_agreed_or_declined() -> None:
    steps = {letter.template: [reply.step for reply in answers(letter)] for letter in LETTERS}
    assert steps["information_requested"] == ["information_received", "information_declined"]
    assert steps["action_proposed"] == ["action_agreed", "action_declined"]


def test_the_chair_acknowledges_escalations_and_nothing_else() -> None:
    to_chair = [letter for letter in LETTERS if letter.to == "chair"]
    assert {letter.template for letter in to_chair} > {"escalation"}
    for letter in to_chair:
        expected = ["escalation_acknowledged"] if letter.template == "escalation" else []
        assert [reply.step for reply in answers(letter)] == expected


def test_a_board_member_may_confirm_what_a_lead_did_not() -> None:
    found = [letter for letter in LETTERS if letter.template == "escalation" and letter.to == "board_member:hospital"]
    steps = {reply.step for letter in found for reply in answers(letter)}
    assert "files_secured" in steps and "information_received" not in steps, "information is the agency's own to send"


def test_nobody_is_given_a_step_that_is_not_theirs() -> None:
    speakers = {"lead": "agency", "board_member": "board_member", "person": "board_member", "chair": "chair"}
    for letter in LETTERS:
        for reply in answers(letter):
            if reply.step != "acknowledged":
                assert speakers[letter.to.partition(":")[0]] in STEPS[reply.step].who, letter.notice


def test_the_coordinator_and_the_local_authority_are_given_none() -> None:
    quiet = [letter for letter in LETTERS if letter.to in ("coordinator", "local_authority")]
    assert quiet and not any(answers(letter) for letter in quiet)


def test_a_reply_is_for_the_organisation_that_was_written_to_and_for_no_other() -> None:
    for letter in LETTERS:
        kind, _, name = letter.to.partition(":")
        for reply in answers(letter):
            assert reply.organisation == (name if kind in ("lead", "board_member") else reply.organisation)
            if "organisation" in reply.given:
                assert reply.given["organisation"] == reply.organisation


def test_what_a_reply_settles_are_fields_of_its_step() -> None:
    for letter in LETTERS:
        for reply in answers(letter):
            assert set(reply.given) <= set(STEPS[reply.step].model_fields) - {"id", "recorded_by", "happened_on"}


def test_a_letter_to_a_person_who_sits_for_two_asks_for_each() -> None:
    copy = next(letter for letter in LETTERS if letter.template == "board_copy")
    found = replies_to(SERIOUS_CASE_REVIEWS, copy.template, copy.notice, copy.to, copy.content, ("hospital", "school"))
    assert [reply.organisation for reply in found] == ["hospital", "school"]
    assert replies_to(SERIOUS_CASE_REVIEWS, copy.template, copy.notice, copy.to, copy.content) == ()


def test_what_a_letter_asks_the_core_takes() -> None:
    case = met()
    case.step("review_recommended", recommends="SCR, criteria met", reasons="By the first limb.")
    [letter] = [one for one in case.letters if one.template == "lock_down" and one.to == "lead:school"]
    [reply] = answers(letter)
    body = {"id": "r", "recorded_by": "A Lead", "happened_on": "2018-09-05", **reply.given}
    step = STEPS[reply.step].model_validate(body, strict=False)
    assert not list(refusals(step, case.file, case.world)) and reply.deadline in case.deadlines
    case.step(reply.step, **reply.given)
    assert not case.deadlines[reply.deadline].open
