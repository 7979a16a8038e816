"""What the scenarios about lateness and delay promise: nothing is refused for being late, and nobody is not told."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from models.serious_case_reviews import SERIOUS_CASE_REVIEWS

from .conftest import Plays
from .play import on, when

# Late at every deadline


async def test_each_deadline_that_passes_is_escalated_at_eight_the_next_morning_in_order(plays: Plays) -> None:
    play = await plays("late-at-every-deadline")
    at_opening, *passed = play.all("deadline_passed")
    assert at_opening["deadline"] == "notify_panel"
    assert len(passed) > 30
    told = play.all("escalated")[1:]
    assert [line["deadline"] for line in told] == [line["deadline"] for line in passed]
    for line, escalation in zip(passed, told, strict=True):
        next_day = (date.fromisoformat(line["due"]) + timedelta(days=1)).isoformat()
        assert (when(line), when(escalation)) == (f"{next_day} 00:00", f"{next_day} 08:00")


async def test_what_is_overdue_when_a_file_is_opened_is_raised_at_once_and_once(plays: Plays) -> None:
    play = await plays("late-at-every-deadline")
    assert [when(line) for line in play.all("escalated", deadline="notify_panel")] == ["2018-10-08 09:00"]
    assert play.all("reminded", deadline="notify_panel") == []


async def test_whoever_the_ladder_names_first_hears_first(plays: Plays) -> None:
    play = await plays("late-at-every-deadline")
    rules = play.scenario.rulebook
    for line in play.all("escalated"):
        first = rules.ladders[rules.clocks[line["deadline"].partition(":")[0]].ladder].escalate_to[0]
        assert line["to"] == ("board_member:school" if first == "board_member" else first), line


@pytest.mark.rule("2.1f")
async def test_late_is_recorded_as_late_and_never_refused(plays: Plays) -> None:
    play = await plays("late-at-every-deadline")
    late = {line["deadline"] for line in play.all("deadline_met", late=True)}
    assert late == {line["deadline"] for line in play.all("deadline_passed")} | {"notify_board"}
    assert play.all("step_refused") == []
    assert play.all("stage")[-1]["stage"] == "closed"


async def test_every_deadline_of_a_published_review_that_people_can_miss_is_missed(plays: Plays) -> None:
    play = await plays("late-at-every-deadline")
    late = {line["deadline"].partition(":")[0] for line in play.all("deadline_met", late=True)}
    met_by_letters = {"decision_told", "panel_told_not_initiated", "panel_told_of_reviewer", "board_copy", "panel_copy"}
    of_no_such_review = {"conflict_resolved", "undelivered", "panel_told_not_publishing"}
    of_no_such_review |= {"non_publication_advice", "non_publication_decided", "other_review_completed"}
    assert set(SERIOUS_CASE_REVIEWS.clocks) - late == met_by_letters | of_no_such_review | {"year_on_website"}


# The courts delay a review


@pytest.mark.rule("2.6a")
@pytest.mark.rule("2.6b")
async def test_a_delay_leaves_the_statutory_date_where_it_is(plays: Plays) -> None:
    play = await plays("court-delay")
    assert play.all("deadline_moved", deadline="completion") == []
    line = play.one("deadline_met", deadline="completion")
    assert (line["due"], line["original_due"], line["late"]) == ("2018-08-14", "2018-08-14", True)


@pytest.mark.rule("2.6b")
async def test_interim_learning_is_asked_for_every_month_while_a_review_is_delayed(plays: Plays) -> None:
    play = await plays("court-delay")
    rounds = [line for line in play.all("deadline_set") if line["deadline"].startswith("interim_learning:")]
    assert [line["due"] for line in rounds] == ["2018-07-13", "2018-08-11", "2018-09-06", "2018-10-03", "2018-11-01"]
    assert on(play.one("deadline_cancelled", deadline="interim_learning:5")) == "2018-10-29"


async def test_an_extension_keeps_the_old_date_beside_the_new(plays: Plays) -> None:
    line = (await plays("court-delay")).one("deadline_moved", deadline="family_invited")
    assert (line["original_due"], line["due"]) == ("2018-04-14", "2018-06-29")


async def test_after_the_day_the_chair_named_the_role_above_hears_as_well(plays: Plays) -> None:
    told = (await plays("court-delay")).all("escalated", deadline="completion")
    assert [(on(line), line["to"]) for line in told] == [
        ("2018-08-15", "chair"),
        ("2018-10-15", "chair"),
        ("2018-10-15", "above_chair"),
    ]


@pytest.mark.rule("2.9d")
async def test_a_court_order_keeps_a_report_back_until_it_is_lifted_or_its_terms_are_met(plays: Plays) -> None:
    play = await plays("court-delay")
    assert [rule for rule, _ in play.refusals("publication_fixed")] == ["2.9d"]
    assert [rule for rule, _ in play.refusals("publication_checked")] == ["2.9d", "2.9d"]
    assert on(play.one("step_recorded", step="published")) == "2018-12-05"
