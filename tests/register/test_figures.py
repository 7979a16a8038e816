"""The board can be told how many reviews it held and how it kept its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from activities.database import Register
from activities.figures import Actions, Count, Timeliness, annual_report, count_by_kind_and_year
from activities.register import write
from models.projection import ActionRow, DeadlineRow, Projection

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
