"""The work list: open deadlines by their day, filtered and counted, and nothing of a file that may not be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from models.projection import DeadlineRow, OrganisationRow, Projection
from register.engine import Register
from register.files.store import write
from register.lists.work_list import Asker, Kept, WorkFilter, WorkPage, work_list
from register.people.access import restrict

AFile = Callable[..., Projection]
ADeadline = Callable[..., DeadlineRow]

TODAY = date(2019, 3, 1)
COORDINATOR = Asker("ann", answers_for=frozenset({"coordinator"}))


def day(number: int) -> date:
    return date(2019, 3, number)


@pytest.fixture
async def three(register: Register, a_file: AFile, a_deadline: ADeadline) -> Register:
    """A register with three files and seven deadlines, two of them nobody's work."""

    def due(key: str, on: date, **changes: Any) -> DeadlineRow:
        return a_deadline(key, due=on, **{"responsible": "coordinator", **changes})

    hospital = (OrganisationRow("hospital", "Hospital", ""),)
    late, soon = due("scope_set", date(2019, 2, 27)), due("model_chosen", day(1))
    lead = due("files_secured:hospital", day(4), responsible="lead:hospital", clock="files_secured")
    member = due("findings_shared:hospital", day(2), responsible="board_member:hospital", status="overdue")
    other = due("decision", day(3), responsible="chair")
    nobodys = due("year_on_website", date(2019, 2, 1), period=True)
    met = replace(due("completion", date(2019, 2, 2)), met_on=date(2019, 2, 1), status="met")
    for file in (
        a_file("HSCB-1", deadlines=(late, lead, met), organisations=hospital, stage="review"),
        a_file("HSCB-2", deadlines=(member, soon), organisations=hospital, stage="learning"),
        a_file("HSCB-3", deadlines=(other, nobodys), stage="deciding", kind="undecided"),
    ):
        await write(register, file)
    return register


async def listed(register: Register, reader: Asker = COORDINATOR, **which: Any) -> str:
    found = await work_list(register, reader, TODAY, WorkFilter(**which))
    assert found.total == len(found.lines)
    return " ".join(line.key.partition(":")[0] for line in found.lines)


async def test_open_deadlines_come_by_their_day_and_nothing_else_does(three: Register) -> None:
    assert await listed(three) == "scope_set model_chosen findings_shared decision files_secured"


async def test_what_has_passed_is_seen_from_today_and_not_from_what_is_stored(three: Register) -> None:
    assert await listed(three, overdue=True) == "scope_set"
    later = await work_list(three, COORDINATOR, day(4), WorkFilter(overdue=True))
    assert [line.key for line in later.lines] == ["scope_set", "model_chosen", "findings_shared:hospital", "decision"]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({"stage": "review"}, "scope_set files_secured"),
        ({"stage": "nonsense"}, ""),
        ({"kind": "undecided"}, "decision"),
        ({"organisation": "hospital"}, "findings_shared files_secured"),
        ({"organisation": "hospital", "stage": "review"}, "files_secured"),
        ({"mine": True}, "scope_set model_chosen"),
        ({"mine": True, "overdue": True}, "scope_set"),
        ({"reference": " hscb-3 "}, "decision"),
        ({"reference": "%"}, ""),
        ({"reference": "' OR 1=1"}, ""),
    ],
    ids=repr,
)
async def test_a_filter_gives_what_fits(three: Register, which: dict[str, Any], expected: str) -> None:
    assert await listed(three, **which) == expected


async def test_counts_say_what_each_choice_would_give(three: Register) -> None:
    async def page(**which: Any) -> WorkPage:
        return await work_list(three, COORDINATOR, TODAY, WorkFilter(**which))

    everything = await page()
    assert (everything.total, everything.overdue) == (5, 1)
    assert everything.counts.stages == {"review": 2, "learning": 2, "deciding": 1}
    assert everything.counts.kinds == {"Serious Case Review": 4, "undecided": 1}
    assert everything.counts.organisations == {"hospital": 2}
    assert (everything.counts.overdue, everything.counts.mine) == (1, 2)
    for stage, number in everything.counts.stages.items():
        assert (await page(stage=stage)).total == number
    narrowed = await page(stage="review")
    assert narrowed.counts.stages == everything.counts.stages, "a choice is counted without itself"
    assert (narrowed.counts.overdue, narrowed.counts.mine, narrowed.counts.organisations) == (1, 1, {"hospital": 1})


async def test_an_organisation_is_called_as_the_file_calls_it(three: Register) -> None:
    found = await work_list(three, COORDINATOR, TODAY)
    called = {line.key: line.organisation for line in found.lines}
    assert called["files_secured:hospital"] == called["findings_shared:hospital"] == "Hospital"
    assert called["decision"] == ""


async def test_a_restricted_file_is_not_there_for_others_in_counts_neither(three: Register) -> None:
    await restrict(three, "HSCB-1", ["ann"], by="ann", now=datetime(2019, 3, 1, tzinfo=UTC))
    bob = Asker("bob", answers_for=frozenset({"coordinator"}))
    seen = await work_list(three, bob, TODAY)
    assert {line.reference for line in seen.lines} == {"HSCB-2", "HSCB-3"}
    assert (seen.total, seen.overdue, seen.counts.mine) == (3, 0, 1)
    assert "review" not in seen.counts.stages and seen.counts.organisations == {"hospital": 1}
    assert await listed(three, bob, reference="HSCB-1") == ""
    assert await listed(three, COORDINATOR) == await listed(three, replace(bob, reads_all=True))


async def test_what_was_counted_is_counted_anew_once_a_file_or_a_restriction_has_changed(
    three: Register, a_file: AFile, a_deadline: ADeadline
) -> None:
    kept, bob = Kept(), Asker("bob")

    async def total(reader: Asker = COORDINATOR, **which: Any) -> int:
        found = await work_list(three, reader, TODAY, WorkFilter(**which), kept=kept)
        assert found == await work_list(three, reader, TODAY, WorkFilter(**which))
        return found.total

    assert [await total(), await total(bob), await total(stage="review"), await total(reference="hscb-1")] == [
        5,
        5,
        2,
        2,
    ]
    await write(three, a_file("HSCB-3", revision=4, deadlines=(), stage="deciding"))
    assert [await total(), await total(bob), await total(stage="deciding")] == [4, 4, 0]
    await restrict(three, "HSCB-1", ["ann"], by="ann", now=datetime(2019, 3, 1, tzinfo=UTC))
    assert [await total(), await total(bob)] == [4, 2]
    await restrict(three, "HSCB-1", ["bob"], by="bob", now=datetime(2019, 3, 2, tzinfo=UTC))
    assert [await total(), await total(bob)] == [2, 4]
    await restrict(three, "HSCB-1", [], by="ann", now=datetime(2019, 3, 3, tzinfo=UTC))
    assert [await total(), await total(bob)] == [4, 4]


async def test_pages_follow_one_another(three: Register) -> None:
    pages = [await work_list(three, COORDINATOR, TODAY, start=start, limit=2) for start in (0, 2, 4, 6)]
    assert [len(page.lines) for page in pages] == [2, 2, 1, 0]
    assert [page.total for page in pages] == [5] * 4


async def test_open_deadlines_are_found_without_reading_those_that_are_met(three: Register) -> None:
    """The guard of its speed: both questions are answered from indexes of open deadlines alone."""
    statements = await asked_for(three)
    assert len(statements) == 3, "counts, lines, and the names of organisations"
    for statement, parameters in statements[:2]:
        plan = await explained(three, statement, parameters)
        assert "ix_deadline_open_" in plan and "SCAN deadline\n" not in plan, plan


@pytest.mark.parametrize("which", [{}, {"overdue": True}, {"mine": True}, {"organisation": "hospital"}], ids=repr)
async def test_no_file_is_looked_up_for_a_deadline_before_the_page(three: Register, which: dict[str, Any]) -> None:
    """The guard of the speed of a page far down: what comes before it is skipped first."""
    statement, _ = (await asked_for(three, **which))[1]
    skipped = statement.index("OFFSET")
    picked = statement.rindex("SELECT deadline.reference", 0, skipped)
    assert "case_file" not in statement[picked:skipped] and "JOIN case_file" in statement[skipped:]


async def asked_for(register: Register, **which: Any) -> list[tuple[str, Any]]:
    """The questions that a work list puts to the register, with their parameters."""
    asked: list[tuple[str, Any]] = []

    def listen(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    engine = register.engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        await work_list(register, COORDINATOR, TODAY, WorkFilter(**which))
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    return [(statement, parameters) for statement, parameters in asked if statement.startswith("SELECT")]


async def explained(register: Register, statement: str, parameters: Any) -> str:
    def explain(connection: Connection) -> str:
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return "".join(f"{row[-1]}\n" for row in found.all())
        # So few rows are read whole, whatever the indexes: here the question is whether one can be used.
        connection.execute(text("SET enable_seqscan = off"))
        found = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return "".join(f"{row[0]}\n" for row in found.all())

    return await register.read(lambda connection: connection.run_sync(explain))


@pytest.mark.parametrize("role", ["chair", "coordinator"])
async def test_what_either_may_do_is_the_work_of_both(
    three: Register, a_file: AFile, a_deadline: ADeadline, role: str
) -> None:
    either = a_deadline("advice_considered:a", due=day(9), responsible="chair_or_coordinator")
    await write(three, a_file("HSCB-4", deadlines=(either,)))
    reader = replace(COORDINATOR, answers_for=frozenset({role}))
    assert "advice_considered" in await listed(three, reader, mine=True)
    found = await work_list(three, reader, TODAY, WorkFilter(mine=True))
    assert found.counts.mine == found.total
    nobody = replace(COORDINATOR, answers_for=frozenset({"ofsted"}))
    assert await listed(three, nobody, mine=True) == ""
