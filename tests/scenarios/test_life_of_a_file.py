"""What the scenarios promise about what happens every week, and no rule names."""

from __future__ import annotations

import pytest

from .conftest import Plays
from .play import on, when, words

# An audit of practice, with no incident behind it


@pytest.mark.rule("1.1")
@pytest.mark.rule("1.2a")
async def test_an_audit_has_nothing_to_notify_and_nothing_to_decide(plays: Plays) -> None:
    play = await plays("audit-of-practice")
    assert [line["stage"] for line in play.all("stage")] == ["review", "follow-up", "closed"]
    assert not {"decision", "notify_panel", "completion"} & {line["deadline"] for line in play.all("deadline_set")}


@pytest.mark.rule("2.8a")
async def test_an_action_that_is_declined_is_settled(plays: Plays) -> None:
    play = await plays("audit-of-practice")
    assert play.one("deadline_met", deadline="action_agreed:leaflet")["late"] is False
    assert play.all("deadline_set", deadline="action_done:leaflet") == []


# The board's rules change while a file is open


async def test_new_rules_move_what_stands_and_what_is_overdue_by_them_is_raised_once(plays: Plays) -> None:
    play = await plays("rules-changed")
    line = play.one("deadline_moved", deadline="monitoring_reviewed:1")
    assert (line["old_due"], line["due"], line["because"]) == ("2018-10-11", "2018-07-11", "rulebook_changed")
    assert [when(told) for told in play.all("escalated")] == ["2018-09-03 10:00"]


# The same incident twice


@pytest.mark.rule("1.1")
async def test_a_file_that_is_merged_away_ends_with_its_deadlines(plays: Plays) -> None:
    play = await plays("merged-into-another")
    assert play.one("closed")["how"] == "merged"
    assert {line["deadline"] for line in play.all("deadline_cancelled")} == {"notify_panel", "decision"}
    assert "HSCB-2019-0015" in words(play.mail(play.sent("merge_failed:")[0]))


@pytest.mark.rule("1.1")
@pytest.mark.rule("2.1f")
async def test_of_two_files_that_are_merged_the_earlier_notification_stands(plays: Plays) -> None:
    play = await plays("merged-from-another")
    line = play.one("deadline_moved", deadline="decision")
    assert (line["old_due"], line["due"]) == ("2019-04-18", "2019-04-13")


@pytest.mark.rule("2.1e")
async def test_those_who_were_told_are_told_that_the_notification_is_withdrawn(plays: Plays) -> None:
    play = await plays("merged-from-another")
    assert [rule for rule, _ in play.refusals("notification_withdrawn")] == ["2.1a", "2.2c"]
    assert play.one("closed")["how"] == "withdrawn"
    assert {"dfe", "national_panel", "ofsted"} <= set(play.recipients("withdrawn:"))


# Recorded on the wrong file


async def test_a_decision_struck_out_is_taken_back_from_those_who_were_told(plays: Plays) -> None:
    play = await plays("struck-out")
    assert {"dfe", "national_panel", "ofsted"} <= set(play.recipients("corrected:"))
    assert "completion" in {line["deadline"] for line in play.all("deadline_cancelled")}
    assert "A later step depends on this one: “The scope of the review was set” of" in play.refusals("struck_out")[0][1]


@pytest.mark.rule("2.2b")
async def test_the_month_to_decide_runs_on_after_a_decision_is_struck_out(plays: Plays) -> None:
    play = await plays("struck-out")
    assert {line["due"] for line in play.all("deadline_met", deadline="decision")} == {"2018-12-27"}
    assert on(play.all("deadline_met", deadline="decision")[-1]) == "2018-12-19"


@pytest.mark.rule("2.7a")
async def test_an_organisation_that_was_put_on_the_file_by_mistake_hears_that_nothing_is_asked_of_it(
    plays: Plays,
) -> None:
    play = await plays("struck-out")
    assert "a finding of problematic practice is about it" in play.refusals("organisation_removed")[0][1]
    assert "lead:nursery" in play.recipients("corrected:")
    assert "staff_informed:nursery" in {line["deadline"] for line in play.all("deadline_cancelled")}


# A review without an incident, opened by mistake


@pytest.mark.rule("1.1")
async def test_a_review_that_is_withdrawn_and_taken_up_again_is_told_to_whoever_was_asked(plays: Plays) -> None:
    play = await plays("review-withdrawn")
    assert play.recipients("withdrawn:") == play.recipients("reinstated:") == ["lead:clinic"]
    assert [line["stage"] for line in play.all("stage")] == ["review", "closed", "review"]


# Closed, and something comes up


@pytest.mark.rule("2.1e")
async def test_a_closed_file_is_reopened_under_its_reference_and_the_decision_revisited(plays: Plays) -> None:
    play = await plays("reopened")
    assert [line["stage"] for line in play.all("stage")] == ["deciding", "follow-up", "closed", "follow-up", "review"]
    line = play.one("deadline_met", deadline="decision_revisited:decision-1")
    assert (line["due"], on(line), line["late"]) == ("2018-04-23", "2018-04-19", False)
    assert play.due("completion") == "2018-10-19"


@pytest.mark.rule("2.2e")
async def test_a_letter_is_acknowledged_on_a_closed_file(plays: Plays) -> None:
    play = await plays("reopened")
    assert play.one("closed")["at"] < play.one("step_recorded", step="acknowledged")["at"]


# Nobody to write to


@pytest.mark.rule("2.7d")
async def test_a_letter_that_cannot_be_delivered_is_a_task_and_then_an_escalation(plays: Plays) -> None:
    play = await plays("nobody-to-write-to")
    failed = play.one("notice_failed")
    assert (failed["notice"], failed["recipient"]) == ("files_secured:youth-project", "lead:youth-project")
    [task] = play.sent("letter_refused:")
    assert (task["recipient"], when(task)) == ("coordinator", "2019-01-14 09:00")
    escalation = play.one("escalated", deadline="undelivered:files_secured:youth-project")
    assert (escalation["to"], when(escalation)) == ("chair", "2019-01-16 08:00")


@pytest.mark.rule("2.7d")
async def test_with_the_right_address_the_letter_is_sent_again(plays: Plays) -> None:
    play = await plays("nobody-to-write-to")
    [letter] = play.sent("files_secured:youth-project")
    assert (letter["to"], when(letter)) == ("office@lantern.example", "2019-01-16 12:10")
    assert play.one("deadline_met", deadline="undelivered:files_secured:youth-project")["late"]


@pytest.mark.rule("2.7b")
async def test_information_that_is_declined_is_told_to_the_board_member_at_once_and_then_to_the_chair(
    plays: Plays,
) -> None:
    play = await plays("nobody-to-write-to")
    [letter] = play.sent("information_declined:")
    assert (letter["recipient"], on(letter)) == ("board_member:police", "2019-01-30")
    told = [line["to"] for line in play.all("escalated", deadline="agency_information:notebooks")]
    assert told[-1] == "chair"
    assert play.one("deadline_cancelled", deadline="agency_information:notebooks")
