"""What the scenario of a whole published review promises: every rule met in time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from models.days import add_months

from .conftest import Plays
from .play import attachments, london, on, when, words


async def test_a_published_review_takes_eighteen_to_twenty_four_months_and_is_closed(plays: Plays) -> None:
    play = await plays("published-review")
    assert [line["stage"] for line in play.all("stage")] == [
        "deciding",
        "review",
        "publication",
        "learning",
        "follow-up",
        "closed",
    ]
    assert add_months(date(2018, 9, 5), 18) < london(play.one("closed")).date() < add_months(date(2018, 9, 5), 24)
    assert play.played.timeline[-1]["what"] == "closed"


@pytest.mark.rule("2.1f")
@pytest.mark.rule("2.2b")
@pytest.mark.rule("2.6a")
@pytest.mark.rule("2.9b")
@pytest.mark.parametrize(
    ("deadline", "due", "met"),
    [
        ("notify_panel", "2018-09-08", "2018-09-06"),
        ("decision", "2018-10-05", "2018-10-01"),
        ("completion", "2019-04-01", "2019-03-20"),
        ("year_on_website", "2020-05-08", "2020-05-08"),
    ],
)
async def test_in_a_published_review_each_statutory_date_is_counted_and_met(
    deadline: str, due: str, met: str, plays: Plays
) -> None:
    play = await plays("published-review")
    line = play.one("deadline_met", deadline=deadline)
    assert (play.due(deadline), line["due"], line["late"], on(line)) == (due, due, False, met)


async def test_in_a_published_review_nothing_passes_and_nobody_hears_of_anything_late(plays: Plays) -> None:
    play = await plays("published-review")
    assert play.all("deadline_passed") + play.all("escalated") + play.all("notice_failed") == []
    assert play.all("deadline_met", late=True) == []


@pytest.mark.rule("2.1e")
async def test_nobody_decides_against_a_review_while_a_criterion_is_met(plays: Plays) -> None:
    [(rule, reason)] = (await plays("published-review")).refusals("decision")
    assert rule == "2.1e" and "must always trigger a Serious Case Review" in reason


@pytest.mark.rule("2.2e")
async def test_three_are_told_of_the_decision_in_the_same_minute(plays: Plays) -> None:
    letters = (await plays("published-review")).sent("decision:decision-1:")
    assert sorted(line["recipient"] for line in letters) == ["dfe", "national_panel", "ofsted"]
    assert {when(line) for line in letters} == {"2018-10-01 11:00"}


@pytest.mark.rule("2.7c")
@pytest.mark.rule("2.7d")
async def test_each_organisation_is_asked_to_lock_down_its_files_and_to_tell_its_staff(plays: Plays) -> None:
    play = await plays("published-review")
    leads = ["lead:hospital", "lead:school", "lead:services"]
    assert play.recipients("files_secured:") == leads
    assert play.recipients("staff_informed:") == leads
    assert play.recipients("agency_findings_told:") == leads


@pytest.mark.rule("2.5c")
async def test_the_panel_is_given_the_name_of_the_lead_reviewer(plays: Plays) -> None:
    play = await plays("published-review")
    [letter] = play.sent("reviewer_named:")
    assert letter["recipient"] == "national_panel" and "Robin Specimen" in words(play.mail(letter))


@pytest.mark.rule("2.9f")
async def test_the_panels_copy_is_taken_and_a_week_goes_by_before_anything_is_published(plays: Plays) -> None:
    play = await plays("published-review")
    [letter] = play.sent("panel_copy:")
    assert letter["recipient"] == "national_panel"
    assert attachments(play.mail(letter)) == [play.scenario.documents["report.txt"]]
    published = play.one("step_recorded", step="published")
    assert london(published).date() >= london(letter).date() + timedelta(days=7)
    assert "The earliest date is 27 March 2019" in play.refusals("publication_fixed")[0][1]


@pytest.mark.rule("2.8b")
async def test_every_board_member_gets_the_report_and_the_plan(plays: Plays) -> None:
    play = await plays("published-review")
    letters = play.sent("board_copy:")
    assert {line["recipient"] for line in letters} == {
        "person:hospital-member",
        "person:services-member",
        "person:police-member",
    }
    for letter in letters:
        assert len(attachments(play.mail(letter))) == 2


@pytest.mark.rule("1.2d")
@pytest.mark.rule("1.3g")
async def test_actions_are_followed_and_reviewed_until_the_last_impact_is_known(plays: Plays) -> None:
    play = await plays("published-review")
    assert play.due("monitoring_reviewed:1") == "2019-08-08" and play.due("monitoring_reviewed:2") == "2019-10-22"
    assert on(play.one("deadline_cancelled", deadline="monitoring_reviewed:2")) == "2019-10-09"
    assert on(play.all("deadline_met")[-2]) <= on(play.one("closed"))
    impacts = [line for line in play.all("deadline_met") if line["deadline"].startswith("impact_recorded:")]
    assert len(impacts) == len(play.all("step_recorded", step="action_agreed")) == 3


@pytest.mark.rule("2.10a")
@pytest.mark.rule("2.10b")
@pytest.mark.rule("2.10c")
@pytest.mark.rule("2.10d")
@pytest.mark.rule("2.10e")
@pytest.mark.parametrize(
    ("deadline", "due"),
    [
        ("learning_event", "2019-08-08"),
        ("learning_considered", "2019-07-08"),
        ("training_changed", "2019-09-19"),
        ("learning_taken_forward:school", "2019-11-08"),
        ("bulletin_approved", "2019-07-08"),
        ("outcome_confirmed:hospital", "2019-05-01"),
    ],
)
async def test_the_learning_of_a_published_review_is_shared_in_time(deadline: str, due: str, plays: Plays) -> None:
    line = (await plays("published-review")).one("deadline_met", deadline=deadline)
    assert (line["due"], line["late"]) == (due, False)


@pytest.mark.rule("2.10d")
@pytest.mark.rule("2.10e")
async def test_bulletin_and_outcome_go_to_every_partner_of_the_board(plays: Plays) -> None:
    play = await plays("published-review")
    leads = ["lead:hospital", "lead:police", "lead:school", "lead:services"]
    assert play.recipients("bulletin:") == play.recipients("outcome:") == leads
    assert all(len(attachments(play.mail(line))) == 1 for line in play.sent("bulletin:"))


@pytest.mark.rule("2.9b")
async def test_a_file_is_not_closed_while_the_reports_year_runs(plays: Plays) -> None:
    assert [rule for rule, _ in (await plays("published-review")).refusals("closed")] == ["2.9b"]
