"""What the scenarios about the criteria and the decision promise (2.1, 2.2)."""

from __future__ import annotations

import pytest

from .conftest import Plays
from .play import attachments, on, when, words

# A child is harmed, and nobody worked badly together


@pytest.mark.rule("2.1b")
async def test_a_child_who_has_recovered_was_seriously_harmed_all_the_same(plays: Plays) -> None:
    play = await plays("harm-no-concern")
    recovered = play.all("step_recorded", step="facts_corrected")[0]
    first = play.all("step_refused", step="decision")[0]
    assert recovered["at"] < first["at"] and "worked together is unknown" in first["reason"]


@pytest.mark.rule("2.2e")
async def test_the_panel_alone_gets_the_reasons_for_not_initiating_and_the_notification(plays: Plays) -> None:
    play = await plays("harm-no-concern")
    letters = {line["recipient"]: play.mail(line) for line in play.sent("decision:")}
    assert sorted(letters) == ["dfe", "national_panel", "ofsted"]
    for recipient, mail in letters.items():
        assert ("no cause for concern" in words(mail)) == (recipient == "national_panel")
        copy = [play.scenario.documents["notification.txt"]]
        assert attachments(mail) == (copy if recipient == "national_panel" else [])
    assert play.due("panel_told_not_initiated:decision-1") == "2018-11-26"


@pytest.mark.rule("2.2c")
async def test_nobody_decides_for_the_chair(plays: Plays) -> None:
    rules = [rule for rule, _ in (await plays("harm-no-concern")).refusals("decision")]
    assert rules == ["2.1e", "2.1a", "2.2c"]


# A young man dies in custody


@pytest.mark.rule("2.1d")
async def test_a_death_in_custody_meets_the_criteria_though_nobody_suspects_abuse(plays: Plays) -> None:
    play = await plays("death-in-custody")
    assert "the child died in custody" in play.refusals("decision")[0][1]
    assert "the criteria are met" in words(play.mail(play.sent("decision:")[0]))


@pytest.mark.rule("2.6b")
async def test_each_date_of_an_inquest_is_followed_up(plays: Plays) -> None:
    play = await plays("death-in-custody")
    for day, due, followed in (("2019-02-12", "2019-02-19", "2019-02-13"), ("2019-04-16", "2019-04-23", "2019-04-17")):
        line = play.one("deadline_met", deadline=f"proceedings_checked:inquest:{day}")
        assert (line["due"], on(line)) == (due, followed)


@pytest.mark.rule("2.7d")
async def test_an_organisation_outside_the_directory_is_reached_by_the_address_on_the_file(plays: Plays) -> None:
    [letter] = (await plays("death-in-custody")).sent("files_secured:institution")
    assert letter["to"] == "safeguarding@fernhill.example"


# Detained at seventeen


@pytest.mark.rule("2.1d")
async def test_an_unknown_date_of_birth_leaves_the_criteria_undecided(plays: Plays) -> None:
    play = await plays("detained-at-17")
    [(rule, reason)] = play.refusals("decision")
    assert rule == "2.1e" and "Date of birth (child 1) is unknown" in reason
    assert "aged 16 or 17" in play.refusals("notification_withdrawn")[0][1]


@pytest.mark.rule("2.2e")
async def test_those_who_were_told_get_a_corrected_letter_and_before_that_nobody_does(plays: Plays) -> None:
    play = await plays("detained-at-17")
    letters = play.sent("corrected:")
    assert sorted(line["recipient"] for line in letters) == ["dfe", "national_panel", "ofsted"]
    assert {on(line) for line in letters} == {"2019-02-11"}


# Two children


@pytest.mark.rule("2.1f")
async def test_a_child_added_later_has_notification_clocks_of_its_own(plays: Plays) -> None:
    play = await plays("two-children")
    board = play.one("deadline_met", deadline="notify_board:child-2")
    panel = play.one("deadline_met", deadline="notify_panel:child-2")
    assert (board["due"], board["late"]) == ("2019-03-26", False)
    assert (panel["due"], panel["late"]) == ("2019-03-26", True)
    assert when(play.one("escalated", deadline="notify_panel:child-2")) == "2019-03-27 08:00"


@pytest.mark.rule("2.1e")
async def test_what_one_child_meets_the_file_meets(plays: Plays) -> None:
    line = (await plays("two-children")).one("deadline_met", deadline="decision_revisited:decision-1")
    assert (line["due"], on(line), line["late"]) == ("2019-04-01", "2019-04-01", False)


# Another board's child


@pytest.mark.rule("2.2a")
async def test_another_boards_child_is_that_boards_to_decide_and_it_is_told(plays: Plays) -> None:
    play = await plays("transferred")
    assert [rule for rule, _ in play.refusals("decision")] == ["2.2a"]
    [letter] = play.sent("transferred:")
    assert letter["to"] == "coordinator@exampleshire-board.example"
    assert play.one("closed")["how"] == "transferred"
    assert play.one("deadline_cancelled", deadline="decision")
    assert "has ended" in play.refusals("note_added")[0][1]


# Not initiated, scrutinised by the panel, revisited


@pytest.mark.rule("2.1h")
async def test_whoever_is_the_national_panel_on_the_day_gets_the_letter(plays: Plays) -> None:
    play = await plays("scrutinised-by-the-panel")
    assert play.one("notice_sent", notice="decision:decision-1:national_panel")["to"] == "panel@experts.example"
    assert play.one("notice_sent", notice="decision:decision-2:national_panel")["to"] == "mailbox@panel.example"


@pytest.mark.rule("2.2f")
@pytest.mark.rule("2.3b")
@pytest.mark.parametrize(
    ("request_", "due"), [("papers", "2018-06-29"), ("hearing", "2018-07-17"), ("outstanding", "2018-08-22")]
)
async def test_a_request_of_the_panel_is_due_on_its_own_day_or_the_rulebooks(
    request_: str, due: str, plays: Plays
) -> None:
    line = (await plays("scrutinised-by-the-panel")).one("deadline_met", deadline=f"panel_request_answered:{request_}")
    assert (line["due"], line["late"]) == (due, False)


@pytest.mark.rule("2.1e")
@pytest.mark.rule("2.3a")
async def test_advice_is_answered_and_the_decision_is_revisited_in_five_working_days(plays: Plays) -> None:
    play = await plays("scrutinised-by-the-panel")
    assert [rule for rule, _ in play.refusals("decision_revisited")] == ["2.3a", "2.1e"]
    line = play.one("deadline_met", deadline="decision_revisited:decision-1")
    assert (line["due"], line["late"], on(line)) == ("2018-08-06", False, "2018-08-01")


# Criteria not met, and a Partnership Case Review


@pytest.mark.rule("2.2g")
@pytest.mark.rule("2.9a")
async def test_an_alternative_review_is_closed_without_being_published(plays: Plays) -> None:
    play = await plays("partnership-case-review")
    assert [line["stage"] for line in play.all("stage")] == ["deciding", "review", "follow-up", "closed"]
    set_ = {line["deadline"] for line in play.all("deadline_set")}
    assert not set_ & {"publication_fixed", "board_responded", "learning_event", "year_on_website"}


@pytest.mark.rule("2.10e")
async def test_the_outcome_of_an_alternative_review_is_shared_too(plays: Plays) -> None:
    play = await plays("partnership-case-review")
    # All of the board's partners, those who had no part in it too.
    assert play.recipients("outcome:") == ["lead:hospital", "lead:police", "lead:school", "lead:services"]
    assert "A card at every telephone" in words(play.mail(play.sent("outcome:")[0]))


# Peer challenge


@pytest.mark.rule("2.2d")
async def test_the_other_chair_is_asked_and_the_clock_does_not_stop(plays: Plays) -> None:
    play = await plays("peer-challenge")
    [letter] = play.sent("peer_challenge:")
    assert letter["to"] == "chair@otherton.example" and "Two agencies each knew half" in words(play.mail(letter))
    decided = play.one("deadline_met", deadline="decision")
    assert (decided["due"], decided["late"], play.all("deadline_moved", deadline="decision")) == (
        "2018-07-19",
        False,
        [],
    )
    assert play.one("deadline_met", deadline="peer_challenge_answered:first")["late"]


async def test_what_the_chair_has_acknowledged_is_not_repeated(plays: Plays) -> None:
    play = await plays("peer-challenge")
    told = play.all("escalated", deadline="peer_challenge_answered:first")
    assert [(line["to"], when(line)) for line in told] == [
        ("coordinator", "2018-07-17 08:00"),
        ("chair", "2018-07-24 08:00"),
    ]


@pytest.mark.rule("2.6a")
async def test_a_decision_revisited_does_not_start_the_six_months_again(plays: Plays) -> None:
    play = await plays("peer-challenge")
    assert play.due("completion") == "2019-01-18"
    assert play.all("deadline_moved", deadline="completion") == []
    assert len({line["notice"].split(":")[1] for line in play.sent("decision:")}) == 2


# The Chair is away


@pytest.mark.rule("2.2c")
async def test_whoever_acts_for_the_chair_that_day_gets_the_chairs_mail_and_a_new_chair_the_next(plays: Plays) -> None:
    play = await plays("chair-away")
    told = [(on(line), line["to"]) for line in play.sent("escalation:") if line["recipient"] == "chair"]
    assert told == [
        ("2018-08-11", "vice.chair@board.example"),
        ("2018-09-15", "chair@board.example"),
        ("2018-09-29", "chair@board.example"),
        ("2018-10-13", "new.chair@board.example"),
    ]


@pytest.mark.rule("2.2c")
async def test_who_acts_for_the_chair_decides_on_the_days_they_act_and_on_no_other(plays: Plays) -> None:
    play = await plays("chair-away")
    assert [rule for rule, _ in play.refusals("decision")] == ["2.2c"]
    assert on(play.one("step_recorded", step="decision")) == "2018-08-14"
