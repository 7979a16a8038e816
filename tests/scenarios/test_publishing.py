"""What the scenarios about reviewers and publication promise (2.5, 2.9)."""

from __future__ import annotations

from datetime import date

import pytest

from .conftest import Plays
from .play import attachments, on, when, words

# A reviewer who is not independent


@pytest.mark.rule("1.3b")
@pytest.mark.rule("2.5b")
@pytest.mark.rule("2.10a")
async def test_who_is_not_independent_does_not_lead(plays: Plays) -> None:
    play = await plays("reviewer-not-independent")
    assert [rule for rule, _ in play.refusals("reviewer_named")] == ["2.5b", "1.3b", "2.10a", "2.3a"]


@pytest.mark.rule("2.5b")
async def test_an_organisation_added_later_brings_a_conflict_to_light(plays: Plays) -> None:
    play = await plays("reviewer-not-independent")
    line = play.one("deadline_met", deadline="conflict_resolved:second:family-centre")
    assert (line["due"], line["late"], on(line)) == ("2018-11-19", False, "2018-11-12")


@pytest.mark.rule("2.7d")
async def test_an_organisation_added_later_is_asked_to_lock_down_its_files_too(plays: Plays) -> None:
    [letter] = (await plays("reviewer-not-independent")).sent("files_secured:family-centre")
    assert on(letter) == "2018-11-05"


@pytest.mark.rule("2.5a")
@pytest.mark.rule("2.5c")
async def test_when_a_reviewer_stands_down_the_place_is_open_again_and_the_six_months_stand(plays: Plays) -> None:
    play = await plays("reviewer-not-independent")
    line = play.one("deadline_met", deadline="reviewer_appointed:second")
    assert (line["due"], line["late"]) == ("2018-12-19", False)
    assert play.due("completion") == "2019-04-02" and play.all("deadline_moved", deadline="completion") == []
    first, second = play.sent("reviewer_named:")
    assert "Gerry Specimen" in words(play.mail(first)) and "Indy Specimen" in words(play.mail(second))
    assert "has stood down" in words(play.mail(second))


# Not published, on the panel's advice


@pytest.mark.rule("2.9g")
async def test_the_panel_is_told_of_the_proposal_and_of_the_decision_not_to_publish(plays: Plays) -> None:
    play = await plays("not-published-on-advice")
    proposal, decision = play.sent("not_publishing:")
    assert {proposal["recipient"], decision["recipient"]} == {"national_panel"}
    assert "would identify a surviving child" in words(play.mail(proposal))
    assert "11 January 2019" in words(play.mail(proposal))
    assert "will not be published" in words(play.mail(decision))


@pytest.mark.rule("2.9g")
@pytest.mark.rule("2.3a")
async def test_not_publishing_is_decided_with_the_panels_advice_and_the_answer_to_it(plays: Plays) -> None:
    play = await plays("not-published-on-advice")
    assert [rule for rule, _ in play.refusals("non_publication_decided")] == ["2.9g", "2.3a"]
    assert play.one("deadline_met", deadline="non_publication_advice:proposal-1")["due"] == "2019-01-11"


@pytest.mark.rule("2.9a")
@pytest.mark.rule("2.10a")
async def test_a_report_that_is_not_published_is_learned_from_and_the_file_closes(plays: Plays) -> None:
    play = await plays("not-published-on-advice")
    assert play.all("step_recorded", step="published") == []
    assert not [line for line in play.all("deadline_set") if line["deadline"].startswith("year_on_website")]
    assert play.due("learning_event") == "2019-04-14"
    assert play.one("closed")["how"] == "closed"


# A report is replaced in the panel's week


@pytest.mark.rule("2.9f")
async def test_a_report_replaced_after_it_was_sent_starts_the_week_again(plays: Plays) -> None:
    play = await plays("report-replaced")
    first, second = play.sent("panel_copy:")
    assert (when(first), when(second)) == ("2018-06-13 09:00", "2018-07-06 14:00")
    assert "It replaces the report" in words(play.mail(second))
    assert attachments(play.mail(second)) == [play.scenario.documents["report-corrected.txt"]]
    assert "The earliest date is 13 July 2018" in play.refusals("publication_fixed")[1][1]
    assert on(play.one("step_recorded", step="published")) == "2018-07-16"


@pytest.mark.rule("2.9f")
async def test_the_same_report_in_large_print_starts_nothing_again(plays: Plays) -> None:
    play = await plays("report-replaced")
    assert len(play.sent("panel_copy:")) == 2
    set_for = {line["deadline"]: line["due"] for line in play.all("deadline_set")}
    assert [due for key, due in set_for.items() if key.split(":")[0] == "publication"] == ["2018-07-11", "2018-07-16"]


@pytest.mark.rule("2.9d")
@pytest.mark.rule("2.9e")
async def test_nothing_is_published_without_the_check_and_the_boards_response(plays: Plays) -> None:
    play = await plays("report-replaced")
    assert [rule for rule, _ in play.refusals("published")] == ["2.9e", "2.9f"]
    assert play.refusals("publication_fixed")[0][0] == "2.9d"


# Leaked, published, taken down and put back


@pytest.mark.rule("2.9d")
async def test_a_leak_is_told_to_the_chair_in_the_same_minute_and_voids_the_check(plays: Plays) -> None:
    play = await plays("leaked-and-taken-down")
    [letter] = play.sent("disclosed_early:")
    assert (letter["recipient"], when(letter)) == ("chair", "2017-10-24 18:30")
    assert play.due("publication_rechecked:2017-10-24") == "2017-10-31"
    assert [rule for rule, _ in play.refusals("published")] == ["2.9d"]


@pytest.mark.rule("2.9b")
async def test_the_days_a_report_is_off_the_website_do_not_count_towards_its_year(plays: Plays) -> None:
    play = await plays("leaked-and-taken-down")
    assert [rule for rule, _ in play.refusals("moved_to_request")] == ["2.9b"]
    over = play.one("deadline_met", deadline="year_on_website")
    assert date.fromisoformat(over["due"]) == date(2018, 11, 8) + (date(2018, 6, 13) - date(2018, 5, 2))


@pytest.mark.rule("2.9b")
@pytest.mark.rule("2.3b")
async def test_copies_are_asked_for_and_supplied_after_a_file_is_closed(plays: Plays) -> None:
    play = await plays("leaked-and-taken-down")
    for deadline in ("copy_supplied:student", "panel_request_answered:another-copy"):
        line = play.one("deadline_met", deadline=deadline)
        assert line["at"] > play.one("closed")["at"] and not line["late"]
    assert play.all("stage")[-1]["stage"] == "closed"
