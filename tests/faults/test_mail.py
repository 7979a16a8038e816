"""Mail servers that fail, through the whole system: letters wait, are sent again, or become somebody's task."""

from __future__ import annotations

import asyncio
from datetime import time

import pytest
from temporalio.api.enums.v1 import PendingActivityState

from register.files.deliveries import undelivered

from .virtual import File, Virtual

ON_SQLITE, ON_POSTGRESQL = (
    pytest.mark.parametrize("databases", [kind], indirect=True) for kind in ("sqlite", "postgresql")
)
"""One is enough: that claims are the same on either is tests/register/test_ledger.py's to show."""

OFSTED, DFE, PANEL, CHAIR = (
    "notifications@ofsted.example",
    "reviews@dfe.example",
    "mailbox@panel.example",
    "chair@board.example",
)
TOLD = {OFSTED, DFE, PANEL}
"""Whoever is told of a decision, by the sample board's directory."""


DECIDED = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "By the finding."}
SOUGHT = {
    "challenge": "c-1",
    "question": "What would you do?",
    "board": "Another Board",
    "chair": "Its Chair",
    "email": "its.chair@another.example",
}


async def decided(virtual: Virtual, **incident: str) -> File:
    """A file whose Chair has decided, with everyone told who can be."""
    file = await virtual.opened(**incident)
    await file.record("decision", "2018-09-05", id="d1", **DECIDED)
    await file.quiet()
    return file


@ON_SQLITE
async def test_a_letter_that_is_not_taken_at_the_moment_is_taken_later(virtual: Virtual) -> None:
    virtual.mail.answers[OFSTED] = "450 4.2.1 try again later"
    file = await decided(virtual)
    await file.until("2018-09-05", time(11))
    waiting = (await file.letters())["decision:d1:ofsted#1"]
    assert waiting.status == "waiting" and waiting.attempts > 5 and "450 4.2.1" in waiting.words
    assert not waiting.operations_must_act
    assert {letter.recipient for letter in virtual.mail.came} >= {DFE, PANEL}
    assert not virtual.mail.for_(OFSTED)

    del virtual.mail.answers[OFSTED]
    await file.until("2018-09-05", time(12))
    taken = (await file.letters())["decision:d1:ofsted#1"]
    assert taken.status == "accepted" and taken.words == ""
    assert [letter.message_id for letter in virtual.mail.for_(OFSTED)] == [taken.message_id]
    assert len(await file.told("notice_sent", notice="decision:d1:ofsted")) == 1
    await file.agrees()


@ON_SQLITE
async def test_a_letter_refused_for_good_is_a_task_that_escalates_until_the_right_address_is_recorded(
    virtual: Virtual,
) -> None:
    virtual.mail.answers[OFSTED] = "550 5.1.1 no such user"
    file = await decided(virtual)
    refused = (await file.letters())["decision:d1:ofsted#1"]
    assert (refused.status, refused.attempts) == ("refused", 1)
    assert await file.told("notice_failed", notice="decision:d1:ofsted")
    # A task for the coordinator, who hears at once …
    key = "undelivered:decision:d1:ofsted"
    assert (await file.state()).standing["deadlines"][key]["due"] == "2018-09-06"
    assert [came.recipient for came in virtual.mail.came if "could not be delivered" in came.subject] == [
        "coordinator@board.example"
    ]
    # … and an escalation of its own.
    await file.until("2018-09-07", time(9))
    assert [event["to"] for event in await file.told("escalated", deadline=key)] == ["chair"]
    to_the_chair = (await file.letters())[f"escalation:{key}:2018-09-06:escalation-1:chair#1"]
    assert to_the_chair.message_id in {letter.message_id for letter in virtual.mail.for_(CHAIR)}
    # The server was not asked again: the same letter would get the same answer.
    assert virtual.mail.tries.count(OFSTED) == 1

    corrected = "new.notifications@ofsted.example"
    await file.record("address_corrected", "2018-09-07", recipient="ofsted", address=corrected)
    await file.quiet()
    again = (await file.letters())["decision:d1:ofsted#2"]
    assert (again.status, again.address) == ("accepted", corrected)
    assert [letter.message_id for letter in virtual.mail.for_(corrected)] == [again.message_id]
    assert again.message_id != refused.message_id, "it is a letter of its own"
    assert (await file.state()).standing["deadlines"][key]["status"] == "met late"
    await file.until("2018-10-31")
    assert len(await file.told("escalated", deadline=key)) == 1
    await file.agrees()


@ON_POSTGRESQL
async def test_a_letter_that_may_have_been_taken_is_sent_again_as_the_same_message(virtual: Virtual) -> None:
    virtual.mail.drops[OFSTED] = 2
    file = await decided(virtual)
    await file.until("2018-09-05", time(10))
    letter = (await file.letters())["decision:d1:ofsted#1"]
    assert (letter.status, letter.attempts) == ("accepted", 3)
    came = virtual.mail.for_(OFSTED)
    assert [one.message_id for one in came] == [letter.message_id] * 3
    assert [one.answered for one in came] == [False, False, True]
    assert [one.message_id for one in virtual.mail.for_(DFE)] == [
        (await file.letters())["decision:d1:dfe#1"].message_id
    ]
    assert len(await file.told("notice_sent", notice="decision:d1:ofsted")) == 1
    await file.agrees()


@ON_SQLITE
async def test_a_mail_server_without_starttls_is_for_operations_and_nothing_is_sent_in_clear(virtual: Virtual) -> None:
    worker = virtual.whole.worker
    await worker.stop()
    worker.settings["SCR_SMTP_SECURITY"] = "starttls"
    await worker.start()
    file = await virtual.opened()
    await file.record("peer_challenge_sought", "2018-09-05", **SOUGHT)
    await file.until("2018-09-05", time(12))
    await file.record("decision", "2018-09-05", id="d1", **DECIDED)
    await file.until("2018-09-05", time(13))
    assert not virtual.mail.tries, "nothing was said to it but hello"
    letters = await file.letters()
    keys = ("peer_challenge:c-1", *(f"decision:d1:{to}" for to in ("ofsted", "dfe", "national_panel")))
    waiting = {letters[f"{key}#1"] for key in keys}
    assert {one.status for one in waiting} == {"waiting"} and all(one.operations_must_act for one in waiting)
    assert all("STARTTLS" in one.words for one in waiting)
    assert 16 <= letters["peer_challenge:c-1#1"].attempts <= 18, "every quarter of an hour, for four hours"
    assert set(await undelivered(virtual.whole.register, await file.now())) >= waiting

    await worker.stop()
    worker.settings["SCR_SMTP_SECURITY"] = "none"
    await worker.start()
    await file.until("2018-09-05", time(13, 30))
    letters = await file.letters()
    assert {one.status for one in letters.values()} == {"accepted"}
    assert not any(one.operations_must_act for one in letters.values())
    assert {letter.recipient for letter in virtual.mail.came} >= TOLD
    await file.agrees()


@ON_SQLITE
async def test_a_mail_server_that_is_away_for_days_loses_no_letter_and_fails_nothing(virtual: Virtual) -> None:
    file = await virtual.opened()
    await file.until("2018-09-06", time(7))
    await virtual.mail.close()
    # Every letter is tried each quarter of an hour: one that waits for all of it, and three that come towards its end.
    await file.record("peer_challenge_sought", "2018-09-06", **SOUGHT)
    await file.until("2018-09-09", time(7))
    await file.record("decision", "2018-09-09", id="d1", **DECIDED)
    await file.until("2018-09-09", time(9))
    letters = await file.letters()
    assert letters["peer_challenge:c-1#1"].attempts > 288, "three days of quarters of an hour"
    assert {one.status for one in letters.values()} <= {"waiting", "withdrawn"}
    # What fell due meanwhile waits as well: a reminder to the authority, an escalation to the Chair.
    assert {one.recipient for one in letters.values()} >= {
        "ofsted",
        "dfe",
        "national_panel",
        "local_authority",
        "chair",
        "peer:c-1",
    }
    assert not any(one.operations_must_act for one in letters.values())
    await file.record("note_added", "2018-09-09", text="The mail server has been away since Thursday.")

    await virtual.mail.open()
    await file.until("2018-09-09", time(9, 30))
    letters = await file.letters()
    # Nobody hears twice at once: a reminder whose deadline has passed since has nothing left to say.
    settled = {key for key, one in letters.items() if one.status == "withdrawn"}
    assert settled and all(key.startswith("reminder:") for key in settled)
    taken = [one for key, one in letters.items() if key not in settled]
    assert {one.status for one in taken} == {"accepted"}
    assert sorted(came.message_id for came in virtual.mail.came) == sorted(one.message_id for one in taken)
    assert not (await file.state()).work
    await file.agrees()


@ON_SQLITE
async def test_a_letter_about_a_deadline_that_was_met_while_it_waited_is_not_sent(virtual: Virtual) -> None:
    file = await virtual.opened()
    await file.record("notified_panel", "2018-09-05")
    await file.record("peer_challenge_sought", "2018-09-05", **SOUGHT)
    await file.until("2018-09-19")
    await virtual.mail.close()
    await file.until("2018-09-20", time(9))
    (escalation,) = (key for key in await file.letters() if key.startswith("escalation:peer_challenge_answered:c-1"))
    assert (await file.letters())[escalation].status == "waiting"
    await file.record("peer_challenge_answered", "2018-09-20", challenge="c-1", answer="The same.")
    await virtual.mail.open()
    await file.until("2018-09-20", time(10))
    settled = (await file.letters())[escalation]
    assert settled.status == "withdrawn"
    assert settled.message_id not in [came.message_id for came in virtual.mail.came]
    assert not (await file.state()).work
    waiting = await undelivered(virtual.whole.register, await file.now())
    assert file.reference not in [one.reference for one in waiting]
    await file.agrees()


@ON_SQLITE
async def test_an_address_that_is_corrected_while_the_letter_waits_counts_for_it(virtual: Virtual) -> None:
    wrong, right = "typo@ofsted.example", "new.notifications@ofsted.example"
    virtual.mail.answers |= {OFSTED: "550 5.1.1 no such user", wrong: "450 4.2.1 try again later"}
    file = await decided(virtual)
    await file.record("address_corrected", "2018-09-05", recipient="ofsted", address=wrong)
    await file.until("2018-09-05", time(10))
    assert (await file.letters())["decision:d1:ofsted#2"].status == "waiting"
    await file.record("address_corrected", "2018-09-05", recipient="ofsted", address=right)
    await file.until("2018-09-05", time(11))
    assert (await file.letters())["decision:d1:ofsted#2"].status == "accepted"
    assert len(virtual.mail.for_(right)) == 1 and not virtual.mail.for_(wrong)
    await file.agrees()


@ON_POSTGRESQL
async def test_a_worker_killed_while_the_mail_server_answers_sends_the_letter_again_as_the_same_message(
    virtual: Virtual,
) -> None:
    virtual.mail.holds = OFSTED
    file = await virtual.opened()
    await file.record("decision", "2018-09-05", id="d1", **DECIDED)
    await asyncio.wait_for(virtual.mail.held.wait(), 10)
    await virtual.whole.worker.kill()
    virtual.mail.holds = ""
    assert (await file.letters())["decision:d1:ofsted#1"].status == "sending"

    # Temporal notices after five minutes by its own clock, not by the virtual one: here it is told.
    description = await file.handle.describe()
    for activity in description.raw_description.pending_activities:
        if activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED:
            lost = virtual.whole.client.get_async_activity_handle(
                workflow_id=file.reference, run_id=description.run_id, activity_id=activity.activity_id
            )
            await lost.fail(TimeoutError("its worker was killed"))
    await virtual.whole.worker.start()
    await file.until("2018-09-05", time(9, 1))
    letter = (await file.letters())["decision:d1:ofsted#1"]
    assert letter.status == "accepted"
    assert [one.message_id for one in virtual.mail.for_(OFSTED)] == [letter.message_id] * 2
    assert len(await file.told("notice_sent", notice="decision:d1:ofsted")) == 1
    await file.agrees()
