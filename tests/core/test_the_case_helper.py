"""The helper the core's tests stand on behaves as the shell does."""

from __future__ import annotations

import pytest

from .case import Case


@pytest.mark.rule("2.2b")
def test_a_decision_is_due_one_calendar_month_after_the_notification() -> None:
    case = Case.opened(notified_on="2018-08-31", aware_on="2018-08-30")
    assert str(case.due("decision")) == "2018-09-30"


@pytest.mark.rule("2.2b")
def test_the_chair_hears_the_morning_after_and_again_until_the_decision_is_made() -> None:
    case = Case.opened().until("2018-10-20")
    assert [line["at"] for line in case.told("escalated", deadline="decision")] == [
        "2018-10-06T07:00:00Z",
        "2018-10-13T07:00:00Z",
        "2018-10-20T07:00:00Z",
    ]
    case.step("decision", choice="SCR, criteria met", decided_by="chair", reasons="The first limb is met.")
    assert case.told("deadline_met", deadline="decision", late=True)
