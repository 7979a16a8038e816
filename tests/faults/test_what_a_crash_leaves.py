"""What a worker wrote into the register just before it was killed, and its workflow never kept, does not stay there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from activities.database import Register
from activities.register import read_file, write
from models.projection import Event, Projection
from models.record import Entry

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(seconds=10)
"""When the workflow took the same up again: Temporal gives a task that was cut off to the next worker."""


def file_with(*notes: str, at: datetime = NOON) -> Projection:
    """A file whose record has these notes, each taken at an instant, and a revision for each."""
    return Projection(
        reference="EX-2026-0001",
        revision=len(notes),
        rulebook="hertfordshire-2018",
        kind="",
        stage="notified",
        opened_on=date(2026, 3, 2),
        notified_on=date(2026, 3, 2),
        closed_on=None,
        next_due=None,
        overdue=0,
        finding="met",
        decision="",
        decided_on=None,
        initiated_on=None,
        completed_on=None,
        published_on=None,
        entries=tuple(Entry("note_added", {"id": note}, note, "update", at) for note in notes),
        deadlines=(),
        notices=(),
        actions=(),
        organisations=(),
        documents=(),
        events=tuple(Event(NOON, "step_recorded", {"id": note}) for note in notes),
    )


async def test_a_step_the_workflow_took_again_replaces_the_one_that_was_cut_off(register: Register) -> None:
    await write(register, file_with("a"), as_of=NOON)
    kept = file_with("b", at=LATER)
    assert await write(register, kept, as_of=LATER)
    assert await read_file(register, "EX-2026-0001") == kept


async def test_several_steps_that_were_cut_off_give_way_to_fewer(register: Register) -> None:
    await write(register, file_with("a", "b", "c"), as_of=NOON)
    kept = file_with("c", at=LATER)
    assert await write(register, kept, as_of=LATER)
    assert await read_file(register, "EX-2026-0001") == kept


async def test_steps_taken_again_in_another_order_stand_in_that_order(register: Register) -> None:
    await write(register, file_with("a", "b", "c"), as_of=NOON)
    kept = file_with("b", "a", "c", at=LATER)
    assert await write(register, kept, as_of=LATER)
    assert await read_file(register, "EX-2026-0001") == kept


async def test_a_worker_that_was_only_held_up_changes_nothing_when_it_goes_on(register: Register) -> None:
    kept = file_with("b", "c", at=LATER)
    await write(register, kept, as_of=LATER)
    assert not await write(register, file_with("a"), as_of=NOON)
    assert not await write(register, file_with("a", "b"), as_of=NOON)
    assert await read_file(register, "EX-2026-0001") == kept


async def test_revisions_of_one_moment_count_in_their_order(register: Register) -> None:
    both = file_with("a", "b")
    assert await write(register, file_with("a"), as_of=NOON)
    assert await write(register, both, as_of=NOON)
    assert not await write(register, file_with("a"), as_of=NOON)
    assert not await write(register, both, as_of=NOON)
    assert await read_file(register, "EX-2026-0001") == both


async def test_a_server_whose_clock_was_put_back_keeps_nothing_from_the_register(register: Register) -> None:
    await write(register, file_with("a"), as_of=LATER)
    more = file_with("a", "b")
    assert await write(register, more, as_of=NOON)
    assert await read_file(register, "EX-2026-0001") == more


async def test_what_is_written_without_a_moment_counts_by_its_revision_alone(register: Register) -> None:
    await write(register, file_with("a", "b"), as_of=NOON)
    assert not await write(register, file_with("c", "d"))
    assert await write(register, replace(file_with("a", "b", "c"), stage="review"))
