"""What happens around a deadline: reminders, its passing, escalations, repeats, and the Chair who looks again."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from models.contract import Changes, Incoming, deadline_timer, read_instant
from models.directory import Appointment
from models.quick_answers import standing_of
from models.rulebook import Ladder, Reminder, Rulebook

from .case import Case, directory, morning, rulebook
from .lives import published

CHIEF = Appointment(role="above_chair", person="chief")
DECIDED: dict[str, Any] = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "The first limb is met."}


def laddered(clock: str = "decision", **ladder: Any) -> Rulebook:
    """A rulebook in which one clock has a ladder of its own."""
    rules = rulebook()
    shape = {"reminders": (), "escalate_to": ("chair",), "repeat_every_days": 7, **ladder}
    ladders = {**rules.ladders, "own": Ladder.model_validate(shape)}
    clocks = {**rules.clocks, clock: rules.clocks[clock].model_copy(update={"ladder": "own"})}
    return rules.model_copy(update={"ladders": ladders, "clocks": clocks})


def lines(case: Case, deadline: str, *kinds: str) -> list[str]:
    """What the timeline says of a deadline: what, when in UTC, to whom."""
    wanted = kinds or ("reminded", "deadline_passed", "escalated")
    return [
        " ".join((line["what"], line["at"][:16], line.get("to", ""))).strip()
        for line in case.events
        if line.get("deadline") == deadline and line["what"] in wanted
    ]


def mails(case: Case, deadline: str = "decision") -> list[str]:
    """The mails about a deadline, by kind and recipient, in order."""
    return [f"{letter.template} {letter.to}" for letter in case.letters if f":{deadline}:" in letter.notice]


def away_until(case: Case, day: str, at: time = time(9)) -> None:
    """Nothing is asked until then; what fired meanwhile comes in now, in order."""
    case.now = morning(day, at)
    fired = sorted((held["timer"], key) for key, held in case.held.items() if held["timer"])
    for timer, key in fired:
        if read_instant(timer) <= case.now:
            case.fire(deadline_timer(key), timer)


@pytest.mark.rule("2.2b")
def test_reminders_come_before_then_the_deadline_passes_then_the_chair_hears_and_hears_again() -> None:
    case = Case.opened(notified_on="2018-09-05").until("2018-10-14")
    assert lines(case, "decision") == [
        "reminded 2018-09-28T07:00 coordinator",
        "reminded 2018-10-03T07:00 coordinator",
        "deadline_passed 2018-10-05T23:00",
        "escalated 2018-10-06T07:00 chair",
        "escalated 2018-10-13T07:00 chair",
    ]
    assert mails(case) == ["reminder coordinator"] * 2 + ["escalation chair"] * 2


@pytest.mark.rule("2.2b")
@pytest.mark.parametrize(
    ("notified", "expected"),
    [
        (
            "2018-09-28",  # the clocks go back on the 28th of October
            [
                "reminded 2018-10-21T07:00 coordinator",
                "reminded 2018-10-26T07:00 coordinator",
                "deadline_passed 2018-10-29T00:00",
                "escalated 2018-10-29T08:00 chair",
            ],
        ),
        (
            "2019-03-01",  # the clocks go forward on the 31st of March
            [
                "reminded 2019-03-25T08:00 coordinator",
                "reminded 2019-03-30T08:00 coordinator",
                "deadline_passed 2019-04-01T23:00",
                "escalated 2019-04-02T07:00 chair",
            ],
        ),
    ],
)
def test_it_is_eight_in_london_on_both_sides_of_a_clock_change(notified: str, expected: list[str]) -> None:
    case = Case.opened(notified_on=notified)
    assert lines(case.until(case.due("decision") + timedelta(days=2)), "decision") == expected


def test_a_deadline_lasts_until_the_last_minute_of_its_day_in_london() -> None:
    case = Case.opened(notified_on="2018-09-05").until("2018-10-05", time(23, 59, 59))
    assert lines(case, "decision", "deadline_passed") == []
    case.until("2018-10-06", time(0))
    assert lines(case, "decision", "deadline_passed") == ["deadline_passed 2018-10-05T23:00"]


def test_between_the_passing_and_the_morning_nobody_is_woken() -> None:
    case = Case.opened(notified_on="2018-09-05").until("2018-10-06", time(7, 59))
    assert mails(case) == ["reminder coordinator"] * 2
    case.until("2018-10-06", time(8))
    assert mails(case)[2:] == ["escalation chair"]


@pytest.mark.parametrize(
    ("opened", "raised"),
    [("2018-10-05", []), ("2018-10-06", ["escalation chair"]), ("2019-06-01", ["escalation chair"])],
)
def test_what_is_overdue_when_a_file_is_opened_is_raised_at_once_by_a_single_mail(
    opened: str, raised: list[str]
) -> None:
    case = Case.opened(notified_on="2018-09-05", opened_on=opened, told=directory(CHIEF))
    assert mails(case) == raised
    assert len(lines(case, "decision", "deadline_passed")) == len(raised)
    assert not case.told("reminded", deadline="decision")


def test_a_reminder_from_before_the_file_was_opened_is_no_use() -> None:
    case = Case.opened(notified_on="2018-09-05", opened_on="2018-09-30")
    assert mails(case) == []
    assert lines(case.until("2018-10-04"), "decision") == ["reminded 2018-10-03T07:00 coordinator"]


def test_however_long_the_worker_was_away_a_person_hears_once() -> None:
    case = Case.opened(notified_on="2018-09-05", told=directory(CHIEF))
    away_until(case, "2018-12-01")
    assert lines(case, "decision") == ["deadline_passed 2018-12-01T09:00", "escalated 2018-12-01T09:00 chair"]
    assert mails(case) == ["escalation chair"]
    assert case.held["decision"]["timer"] == "2018-12-08T08:00:00Z"


def test_the_worker_comes_back_between_two_reminders_and_the_later_one_still_goes_on_its_day() -> None:
    case = Case.opened(notified_on="2018-09-05")
    away_until(case, "2018-09-30")
    assert lines(case, "decision") == ["reminded 2018-09-30T08:00 coordinator"]
    case.until("2018-10-04")
    assert mails(case) == ["reminder coordinator"] * 2


def test_a_reminder_that_was_missed_goes_late_while_the_date_is_still_ahead() -> None:
    case = Case.opened(notified_on="2018-09-05")
    away_until(case, "2018-10-05", time(23, 30))
    assert lines(case, "decision") == ["reminded 2018-10-05T22:30 coordinator"]


def test_a_reminder_and_an_escalation_never_go_together() -> None:
    case = Case.opened(notified_on="2018-09-05")
    away_until(case, "2018-10-06", time(8))
    assert mails(case) == ["escalation chair"]


def test_in_the_night_after_the_day_only_the_passing_is_seen() -> None:
    case = Case.opened(notified_on="2018-09-05")
    away_until(case, "2018-10-06", time(0))
    assert lines(case, "decision") == ["deadline_passed 2018-10-05T23:00"]
    assert mails(case) == []
    assert lines(case.until("2018-10-06"), "decision")[1:] == ["escalated 2018-10-06T07:00 chair"]


def test_a_ladder_goes_up_one_by_one_and_repeats_to_the_last() -> None:
    ladder: dict[str, Any] = {"escalate_to": ("coordinator", "chair"), "next_after_days": 3, "repeat_every_days": 10}
    case = Case.opened(notified_on="2018-09-05", rules=laddered(**ladder)).until("2018-10-30")
    assert lines(case, "decision", "escalated") == [
        "escalated 2018-10-06T07:00 coordinator",
        "escalated 2018-10-09T07:00 chair",
        "escalated 2018-10-19T07:00 chair",
        "escalated 2018-10-29T08:00 chair",
    ]


def test_a_ladder_without_repeats_ends_and_waits_for_no_timer() -> None:
    case = Case.opened(notified_on="2018-09-05", rules=laddered(repeat_every_days=0)).until("2019-09-05")
    assert lines(case, "decision", "escalated") == ["escalated 2018-10-06T07:00 chair"]
    assert case.held["decision"]["timer"] is None
    assert case.deadlines["decision"].open


def test_the_role_above_the_chair_hears_after_the_chair_did_so_often_and_only_if_there_is_one() -> None:
    rules = laddered(above_after_repeats=2)
    alone = Case.opened(notified_on="2018-09-05", rules=rules).until("2018-11-10")
    assert mails(alone) == ["escalation chair"] * 6
    case = Case.opened(notified_on="2018-09-05", rules=rules, told=directory(CHIEF)).until("2018-10-27")
    # Once when it passed, and twice again; from the third repeat on both.
    assert mails(case) == ["escalation chair"] * 3 + ["escalation chair", "escalation above_chair"]


def test_the_role_above_the_chair_counts_what_the_chair_heard_and_not_what_others_heard_before() -> None:
    ladder: dict[str, Any] = {"escalate_to": ("coordinator", "chair"), "next_after_days": 3, "repeat_every_days": 10}
    rules = laddered(**ladder, above_after_repeats=1)
    case = Case.opened(notified_on="2018-09-05", rules=rules, told=directory(CHIEF)).until("2018-10-29")
    assert mails(case) == ["escalation coordinator", *["escalation chair"] * 3, "escalation above_chair"]


def test_reminders_go_in_the_order_of_their_days_whatever_order_the_rulebook_has() -> None:
    rules = laddered(reminders=(Reminder(days_before=2), Reminder(days_before=7)))
    case = Case.opened(notified_on="2018-09-05", rules=rules).until("2018-10-05")
    assert lines(case, "decision") == [
        "reminded 2018-09-28T07:00 coordinator",
        "reminded 2018-10-03T07:00 coordinator",
    ]


def test_where_a_board_member_would_hear_and_no_organisation_was_asked_the_chair_hears() -> None:
    rules = laddered(escalate_to=("board_member",))
    case = Case.opened(notified_on="2018-09-05", rules=rules).until("2018-10-06")
    assert mails(case) == ["escalation chair"]


def test_nobody_is_reminded_on_the_day_a_deadline_is_moved() -> None:
    case = Case.opened(notified_on="2018-09-05")
    case.step("decision", "2018-09-20", **DECIDED)
    case.step("deadline_extended", "2018-10-12", deadline="scope_set", new_due="2018-10-19", reason="A member is away.")
    case.until("2018-10-19")
    assert lines(case, "scope_set") == ["reminded 2018-10-11T07:00 coordinator"]


def test_what_was_missed_does_not_count_as_heard() -> None:
    case = Case.opened(notified_on="2018-09-05", rules=laddered(above_after_repeats=1), told=directory(CHIEF))
    away_until(case, "2018-12-01")
    case.until("2018-12-09")
    assert mails(case) == ["escalation chair"] * 2
    case.until("2018-12-16")
    assert mails(case)[2:] == ["escalation chair", "escalation above_chair"]


@pytest.mark.rule("2.7b")
def test_what_was_asked_of_an_organisation_goes_to_its_board_member_and_then_to_the_chair() -> None:
    case = Case.opened(notified_on="2018-09-05")
    case.step("decision", "2018-09-20", **DECIDED)
    due = case.due("staff_informed:hospital")
    case.until(due + timedelta(days=9))
    assert [line.split()[0] + " " + line.split()[-1] for line in lines(case, "staff_informed:hospital")] == [
        "reminded lead:hospital",
        "reminded lead:hospital",
        f"deadline_passed {due.isoformat()}T23:00",
        "escalated board_member:hospital",
        "escalated chair",
    ]


def test_an_acknowledgement_silences_a_deadline_until_the_day_the_chair_looks_again() -> None:
    case = Case.opened(notified_on="2018-09-05").until("2018-10-08")
    case.step("escalation_acknowledged", deadline="decision", chair_review_on="2018-11-20")
    case.until("2018-11-19")
    assert mails(case)[2:] == ["escalation chair"]
    case.until("2018-12-01")
    assert lines(case, "decision", "escalated")[1:] == [
        "escalated 2018-11-20T08:00 chair",
        "escalated 2018-11-27T08:00 chair",
    ]


def test_a_ladder_without_repeats_is_repeated_every_four_weeks_once_the_chair_has_looked() -> None:
    case = Case.opened(notified_on="2018-09-05", rules=laddered(repeat_every_days=0)).until("2018-10-08")
    case.step("escalation_acknowledged", deadline="decision", chair_review_on="2018-11-20")
    case.until("2019-01-14")
    assert lines(case, "decision", "escalated")[1:] == [
        "escalated 2018-11-20T08:00 chair",
        "escalated 2018-12-18T08:00 chair",
    ]


def test_when_the_chair_has_looked_and_it_is_still_not_met_the_role_above_hears_too() -> None:
    case = Case.opened(notified_on="2018-09-05", told=directory(CHIEF)).until("2018-10-08")
    case.step("escalation_acknowledged", deadline="decision", chair_review_on="2018-11-20")
    case.until("2018-11-21")
    assert mails(case)[3:] == ["escalation chair", "escalation above_chair"]


def test_an_acknowledgement_itself_sends_nothing_however_late_it_comes_in() -> None:
    case = Case.opened(notified_on="2018-09-05").until("2018-10-13", time(7))
    case.now = morning("2018-10-13", time(8, 30))
    case.step("escalation_acknowledged", deadline="decision", chair_review_on="2018-11-20")
    assert mails(case)[2:] == ["escalation chair"]
    case.until("2018-11-21")
    case.step("escalation_acknowledged", "2018-11-29", deadline="decision", chair_review_on="2018-12-20")
    sent = len(mails(case))
    case.step("escalation_acknowledged", "2018-12-01", deadline="decision", chair_review_on="2018-12-24")
    case.until("2018-12-23")
    assert len(mails(case)) == sent
    assert lines(case.until("2018-12-24"), "decision", "escalated")[-1] == "escalated 2018-12-24T08:00 chair"


def test_an_acknowledgement_is_over_when_the_deadline_gets_a_new_date() -> None:
    case = Case.opened(notified_on="2018-09-05")
    case.step("decision", "2018-09-20", **DECIDED)
    due = case.due("scope_set")
    case.until(due + timedelta(days=2))
    case.step("escalation_acknowledged", deadline="scope_set", chair_review_on="2018-11-10")
    case.step("deadline_extended", deadline="scope_set", new_due="2018-12-10", reason="Two members are away.")
    sent = len(mails(case, "scope_set"))
    case.until("2018-12-02")
    assert len(mails(case, "scope_set")) == sent
    case.until("2018-12-12")
    assert mails(case, "scope_set")[sent:] == ["reminder coordinator", "escalation coordinator"]


def test_an_extension_moves_the_whole_ladder() -> None:
    case = Case.opened(notified_on="2018-09-05")
    case.step("decision", "2018-09-20", **DECIDED)
    assert str(case.due("scope_set")) == "2018-10-18"
    case.step("deadline_extended", "2018-10-12", deadline="scope_set", new_due="2018-11-20", reason="Absences.")
    case.until("2018-11-22")
    assert lines(case, "scope_set") == [
        "reminded 2018-10-11T07:00 coordinator",
        "reminded 2018-11-13T08:00 coordinator",
        "deadline_passed 2018-11-21T00:00",
        "escalated 2018-11-21T08:00 coordinator",
    ]


def test_a_timer_that_the_shell_no_longer_holds_is_dropped() -> None:
    case = Case.opened(notified_on="2018-09-05")
    case.step("decision", "2018-09-20", **DECIDED)
    old = case.held["scope_set"]["timer"]
    case.step("deadline_extended", "2018-10-10", deadline="scope_set", new_due="2018-11-20", reason="Absences.")
    case.now = morning("2018-10-20")
    changes = case._ask(Incoming("timer", key=deadline_timer("scope_set"), at=old))
    assert changes.changes == Changes()
    assert mails(case, "scope_set") == []
    gone = case._ask(Incoming("timer", key=deadline_timer("no_such_deadline"), at=old))
    assert gone.changes == Changes()


def test_a_timer_that_fires_a_moment_early_is_set_again_and_loses_nothing() -> None:
    case = Case.opened(notified_on="2018-09-05")
    timer = case.held["decision"]["timer"]
    case.now = read_instant(timer) - timedelta(seconds=1)
    changes = case.fire(deadline_timer("decision"))
    assert (deadline_timer("decision"), timer) in [(again.key, again.at) for again in changes.timers]
    assert mails(case) == []


def test_every_open_deadline_of_a_ladder_with_repeats_has_its_timer_ahead() -> None:
    case = Case.opened(notified_on="2018-09-05", opened_on="2018-12-01").until("2019-01-10")
    for key, held in case.held.items():
        if held["status"] == "open":
            assert held["timer"] and read_instant(held["timer"]) > case.now, key


@pytest.mark.rule("2.2b")
def test_met_on_its_last_day_is_met_even_if_it_is_recorded_after_it_passed() -> None:
    case = Case.opened(notified_on="2018-09-05").until("2018-10-09")
    case.step("decision", happened_on="2018-10-05", **DECIDED)
    [line] = case.told("deadline_met", deadline="decision")
    assert (line["late"], line["met_on"], line["due"]) == (False, "2018-10-05", "2018-10-05")
    case.until("2018-12-01")
    assert len(case.told("escalated", deadline="decision")) == 1


@pytest.mark.rule("2.2b")
def test_met_after_its_day_is_met_late_and_stays_so_and_its_ladder_stops() -> None:
    case = Case.opened(notified_on="2018-09-05")
    case.step("decision", "2018-10-06", **DECIDED)
    assert case.told("deadline_met", deadline="decision", late=True)
    assert case.held["decision"]["status"] == "met late"
    assert case.held["decision"]["timer"] is None
    sent = len(mails(case))
    assert len(mails(case.until("2019-01-06"))) == sent


def test_a_reminder_on_the_day_itself_goes_that_morning() -> None:
    rules = laddered(reminders=(Reminder(days_before=0),))
    case = Case.opened(notified_on="2018-09-05", rules=rules).until("2018-10-05")
    assert lines(case, "decision") == ["reminded 2018-10-05T07:00 coordinator"]


def test_a_reminder_can_go_to_the_coordinator_instead_of_whoever_was_asked() -> None:
    rules = laddered("staff_informed", reminders=(Reminder(days_before=3, to="coordinator"),))
    case = Case.opened(notified_on="2018-09-05", rules=rules)
    case.step("decision", "2018-09-20", **DECIDED)
    case.until(case.due("staff_informed:hospital"))
    assert mails(case, "staff_informed:hospital") == ["reminder coordinator"]


@pytest.mark.rule("2.9b")
def test_a_period_that_must_run_is_never_overdue_and_asks_a_person_when_it_is_over() -> None:
    case = published()
    over = case.due("year_on_website")
    case.until(over + timedelta(days=1))
    assert case.told("deadline_passed", deadline="year_on_website") == []
    assert mails(case, "year_on_website")[-1] == "period_ended coordinator"
    assert case.told("deadline_met", deadline="year_on_website", late=False)
    assert case.deadlines["moved_to_request"].open


@pytest.mark.rule("2.9b")
def test_what_follows_a_period_that_was_over_while_the_worker_was_away_is_raised_in_the_same_breath() -> None:
    case = published()
    case.takes_mail = False
    case.now = morning("2021-06-01")
    changes = case.look()
    told = [(line["what"], line["deadline"]) for line in changes.events if line["what"] in ("reminded", "escalated")]
    assert ("reminded", "year_on_website") in told and ("escalated", "moved_to_request") in told
    assert date.fromisoformat(case.held["moved_to_request"]["due"]) < date(2021, 6, 1)


@pytest.mark.rule("2.7d")
def test_nobody_is_reminded_on_the_day_a_deadline_is_set() -> None:
    case = Case.opened()
    case.now = morning("2018-09-12", time(7))
    case.step("review_recommended", recommends="SCR, criteria met", reasons="A limb is met.")
    assert str(case.due("files_secured:hospital")) == "2018-09-14"
    case.until("2018-09-15", time(7, 30))
    assert lines(case, "files_secured:hospital", "reminded") == []


def decided_late(*, takes_mail: bool = True) -> Case:
    """A decision of 12 September is recorded on the 30th: what is asked of agencies is overdue by then."""
    case = Case.opened(takes_mail=takes_mail).until("2018-09-30")
    case.step("decision", "2018-09-12", **DECIDED)
    return case


@pytest.mark.rule("2.7a", "2.7d")
def test_nobody_hears_that_an_agency_is_late_on_the_day_its_first_letter_goes() -> None:
    case = decided_late()
    key = "representative_named:hospital"
    assert str(case.due(key)) == "2018-09-26" and case.told("deadline_passed", deadline=key)
    case.until("2018-12-01")
    assert lines(case, key, "escalated") == [
        "escalated 2018-10-01T07:00 board_member:hospital",
        "escalated 2018-10-08T07:00 chair",
        "escalated 2018-11-05T08:00 chair",
    ]
    assert lines(case, "files_secured:hospital", "escalated")[0].startswith("escalated 2018-10-01T07:00")


@pytest.mark.rule("2.2e")
def test_what_a_letter_alone_meets_is_not_overdue_in_the_moment_the_letter_goes() -> None:
    case = decided_late()
    [key] = [name for name in case.deadlines if name.startswith("decision_told:")]
    assert case.deadlines[key].late
    assert not case.until("2018-10-15").told("escalated", deadline=key)
    case = decided_late(takes_mail=False).until("2018-10-01", time(8))
    [key] = [name for name in case.deadlines if name.startswith("decision_told:")]
    assert lines(case, key, "escalated") == ["escalated 2018-10-01T07:00 chair"]


@pytest.mark.rule("2.7a")
def test_a_ladder_that_began_late_goes_on_as_it_began_when_the_shell_is_told_of_it_anew() -> None:
    case, key = decided_late().until("2018-10-03"), "representative_named:hospital"
    case.state.standing, case.state.timers = standing_of(case.record, case.world), {}
    case.look()
    case.until("2018-12-01")
    assert [line[10:20] for line in lines(case, key, "escalated")] == ["2018-10-01", "2018-10-08", "2018-11-05"]


@pytest.mark.rule("2.2b")
def test_what_nobody_is_written_to_about_is_told_at_once_when_it_is_recorded_late() -> None:
    opened = Case.opened(notified_on="2018-09-05", opened_on="2018-10-20")
    assert lines(opened, "decision", "escalated") == ["escalated 2018-10-20T08:00 chair"]
