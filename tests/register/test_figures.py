"""The board can be told how many reviews it held and how it kept its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from models.days import count
from models.projection import ActionRow, DeadlineRow, Projection
from register.engine import Register
from register.files.store import write
from register.lists.figures import (
    Actions,
    Count,
    Timeliness,
    annual_report,
    count_by_kind_and_stage,
    count_by_kind_and_year,
    count_decisions,
)
from register.lists.milestones import Milestone, milestones
from register.people.access import EVERYTHING, Reader, restrict

AFile = Callable[..., Projection]
ADeadline = Callable[..., DeadlineRow]

IN_2018, IN_2019, LAST_DAY = date(2018, 12, 31), date(2019, 1, 1), date(2019, 12, 31)


@pytest.mark.rule("1.2a")
async def test_reviews_are_counted_by_kind_and_year(register: Register, a_file: AFile) -> None:
    assert await count_by_kind_and_year(register) == ()
    for reference, kind, opened in (
        ("ONE", "Serious Case Review", IN_2018),
        ("TWO", "Serious Case Review", IN_2019),
        ("THREE", "Serious Case Review", LAST_DAY),
        ("FOUR", "audit of practice", LAST_DAY),
    ):
        await write(register, a_file(reference, kind=kind, opened_on=opened))
    assert await count_by_kind_and_year(register) == (
        Count(2018, "Serious Case Review", 1),
        Count(2019, "Serious Case Review", 2),
        Count(2019, "audit of practice", 1),
    )


@pytest.mark.rule("1.2e")
@pytest.mark.rule("1.3f")
async def test_the_annual_report_has_the_figures_of_its_year(
    register: Register, a_file: AFile, a_deadline: ADeadline
) -> None:
    decision = replace(a_deadline("d", due=IN_2019), clock="decision", rule="2.2b")
    deadlines = (
        replace(decision, key="d1", status="met"),
        replace(decision, key="d2", status="met late", due=LAST_DAY),
        replace(decision, key="d3", status="overdue"),
        replace(decision, key="d4", status="open"),
        replace(decision, key="d5", status="cancelled"),
        replace(decision, key="d6", status="met", due=IN_2018),
        a_deadline("c1", due=LAST_DAY, status="met"),
    )
    actions = (
        ActionRow("a1", "Train staff", "school", "done", IN_2019, IN_2019, "Fewer missed appointments"),
        ActionRow("a2", "Train staff", "school", "done", IN_2019, LAST_DAY, ""),
        ActionRow("a3", "Train staff", "school", "agreed", LAST_DAY, None, ""),
        ActionRow("a4", "Train staff", "school", "done", IN_2018, IN_2018, "Last year's"),
        ActionRow("a5", "Train staff", "school", "proposed", None, None, ""),
    )
    await write(
        register,
        a_file(
            "ONE",
            opened_on=IN_2018,
            decided_on=IN_2019,
            completed_on=LAST_DAY,
            published_on=LAST_DAY,
            deadlines=deadlines,
            actions=actions,
        ),
    )
    none = {"decision": "no review", "deadlines": (), "actions": ()}
    await write(register, a_file("TWO", opened_on=IN_2019, decided_on=LAST_DAY, closed_on=LAST_DAY, **none))
    await write(register, a_file("THREE", opened_on=LAST_DAY, decided_on=date(2020, 1, 1), **none))

    report = await annual_report(register, 2019)
    assert report.opened == {"Serious Case Review": 2}
    assert report.decisions == {"SCR because criteria met": 1, "no review": 1}
    assert (report.completed, report.published, report.closed) == (1, 1, 1)
    assert report.clocks == (
        Timeliness("completion", "2.6a", "statutory", met=1, met_late=0, overdue=0, open=0),
        Timeliness("decision", "2.2b", "statutory", met=1, met_late=1, overdue=1, open=1),
    )
    assert report.actions == Actions(3, {"agreed": 1, "done": 2}, done=2, impact_recorded=1)


async def test_a_year_without_files_has_empty_figures(register: Register) -> None:
    report = await annual_report(register, 2019)
    assert (report.opened, report.decisions, report.clocks) == ({}, {}, ())
    assert (report.completed, report.published, report.closed) == (0, 0, 0)
    assert report.actions == Actions(0, {}, 0, 0)


async def test_figures_leave_out_files_that_are_restricted_to_others(register: Register, a_file: AFile) -> None:
    for reference in ("OPEN-1", "SECRET-1"):
        await write(register, a_file(reference, opened_on=IN_2018, decided_on=IN_2018))
    await restrict(register, "SECRET-1", ["named"], by="named", now=datetime.now(UTC))
    for reader, files in ((EVERYTHING, 2), (Reader("named"), 2), (Reader("other"), 1), (Reader(), 1)):
        assert [one.files for one in await count_by_kind_and_year(register, reader)] == [files]
        assert [one.files for one in await count_by_kind_and_stage(register, reader)] == [files]
        assert [one.files for one in await count_decisions(register, reader)] == [files]
        report = await annual_report(register, 2018, reader)
        assert sum(report.opened.values()) == files and report.actions.total == files
        (milestone,) = await milestones(register, reader, today=LAST_DAY)
        assert milestone.on_time == 3 * files and milestone.overdue == files


async def test_the_figures_of_all_years_are_those_of_each_together(register: Register, a_file: AFile) -> None:
    await write(register, a_file("ONE", opened_on=IN_2018, decided_on=IN_2018))
    await write(register, a_file("TWO", opened_on=IN_2019, decided_on=IN_2019))
    assert (await annual_report(register, None)).opened == {"Serious Case Review": 2}
    assert [(one.year, one.files) for one in await count_decisions(register)] == [(2018, 1), (2019, 1)]
    assert [one.files for one in await count_by_kind_and_stage(register, year=2019)] == [1]


@pytest.mark.rule("2.2b")
async def test_the_time_to_a_milestone_is_counted_from_its_first_day_in_calendar_days(
    register: Register, a_file: AFile, a_deadline: ADeadline
) -> None:
    start = date(2018, 1, 31)

    def decided(key: str, days: int | None, *, due: date, counted: str = "") -> DeadlineRow:
        words = counted or count(start, 1, "calendar months", frozenset()).words()
        met_on = None if days is None else start + timedelta(days=days)
        return a_deadline(key, clock="decision", due=due, counted=words, met_on=met_on)

    month = date(2018, 2, 28)
    rows = (
        decided("a", 10, due=month),
        decided("b", 28, due=month),
        decided("c", 40, due=month),
        decided("d", None, due=month),
        decided("e", None, due=IN_2019),
        decided("f", 5, due=month, counted="the date that was set"),
        a_deadline("g", clock="scope_set"),
    )
    await write(register, a_file("ONE", deadlines=rows))
    (found,) = await milestones(register, EVERYTHING, today=IN_2018)
    assert found == Milestone("decision", 3, 1, 1, 1, median_days=28, longest_days=40)
    (found,) = await milestones(register, EVERYTHING, today=IN_2018, year=2019)
    assert found == Milestone("decision", 0, 0, 0, 1, median_days=None, longest_days=None)
