"""What the register has is added to and never overwritten: a register that is ahead of a file is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from models.projection import Event, Projection
from models.record import Entry
from register.engine import Register
from register.files.behind import RegisterAhead
from register.files.store import read_file, write

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(seconds=10)


def file_with(*notes: str, at: datetime = NOON) -> Projection:
    """A file whose record has these notes, each taken at an instant, and a revision for each."""
    return Projection(
        reference="EX-2026-0001",
        revision=len(notes),
        regime="scr-2015",
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


async def test_the_next_revision_is_added_to_what_is_there(register: Register) -> None:
    assert await write(register, file_with("a"))
    assert await write(register, file_with("a", "b", "c"))
    assert await read_file(register, "EX-2026-0001") == file_with("a", "b", "c")


async def test_what_comes_late_or_twice_changes_nothing(register: Register) -> None:
    kept = file_with("a", "b", "c")
    await write(register, kept)
    for late in (file_with("a"), file_with("a", "b"), kept):
        assert not await write(register, late)
    assert await read_file(register, "EX-2026-0001") == kept


@pytest.mark.parametrize(
    "file",
    [
        file_with("x"),
        file_with("a", "x"),
        file_with("a", "b", "x"),
        file_with("a", "b", "x", "y", "z"),
        replace(file_with("a", "b"), revision=9),
        replace(file_with("a", "b", "c", "d"), revision=3),
        replace(file_with("a", "b", "c", "d"), entries=file_with("a", "b", "c", "d", at=LATER).entries),
    ],
    ids=[
        "other",
        "other second",
        "other third",
        "longer",
        "fewer at a higher revision",
        "more at the same revision",
        "taken at another instant",
    ],
)
async def test_a_register_that_has_what_the_file_does_not_is_never_overwritten(
    register: Register, file: Projection
) -> None:
    ahead = file_with("a", "b", "c")
    await write(register, ahead)
    for _ in range(2):
        with pytest.raises(RegisterAhead, match="recheck EX-2026-0001"):
            await write(register, file)
    assert await read_file(register, "EX-2026-0001") == ahead


async def test_a_register_that_is_ahead_gives_way_once_a_person_has_said_so(register: Register) -> None:
    await write(register, file_with("a", "b", "c"))
    file = file_with("a", "x")
    assert await write(register, file, instead=True)
    assert await read_file(register, "EX-2026-0001") == file
    assert await write(register, file_with("a", "x", "y"))


async def test_an_entry_that_took_the_place_of_another_is_written_at_its_position(register: Register) -> None:
    await write(register, file_with("a", "b", "c"))
    file = file_with("a", "b", "c", "d")
    changed = replace(file.entries[1], body={"id": "b", "erased": True})
    line = replace(file.events[0], fields={"id": "a", "corrected": True})
    entries, events = (file.entries[0], changed, *file.entries[2:]), (line, *file.events[1:])
    replaced = {"entries": {"1": 4}, "events": {"0": 4}}
    assert await write(register, replace(file, entries=entries, events=events, replaced=replaced))
    stored = await read_file(register, "EX-2026-0001")
    assert stored is not None and (stored.entries, stored.events) == (entries, events)
