"""A file's chronology with its audit: every step with who, when, what and why, what followed, and who looked at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from models.projection import Projection
from models.timeline import Moment, timeline
from register.people.access import Access

from .blocks import Block, Cell, Heading, Paragraph, Table, moment

HEAD = ("Recorded", "Date it happened", "What", "By whom", "Details")


def chronology(stored: Projection, names: Mapping[str, str], accesses: Iterable[Access] | None) -> Iterator[Block]:
    """The blocks of the chronology.

    Arguments:
        stored: the file as the register has it.
        names: of organisations and people, by id.
        accesses: who looked at the file; None for those who may not know.
    """
    yield Paragraph(
        "All times are London times. Nothing is ever deleted: a step that was recorded by mistake is shown "
        "struck out, with the reason."
    )
    yield Heading("What happened")
    rows = tuple(map(_row, timeline(stored.entries, stored.events, names)))
    yield Table("What happened, in order", HEAD, rows, (3, 3, 5, 3, 8), "Nothing is recorded.")
    if accesses is None:
        return
    yield Heading("Who read the file")
    looked = tuple((moment(access.at), access.who, access.what) for access in accesses)
    yield Table(
        "Who read the file or downloaded papers, latest first",
        ("When", "Who", "What"),
        looked,
        (3, 4, 6),
        "No entries. We record reading only while a file is restricted, and downloads always.",
    )


def _row(told: Moment) -> tuple[Cell, ...]:
    what = f"STRUCK OUT: {told.title}. Why: {told.struck.reason}" if told.struck else told.title
    details = [f"{field.label}: {field.value}" for field in told.fields]
    if not told.by:
        details += [f"Rule {rule}" for rule in told.rules]
    return (moment(told.at), told.happened_on, what, told.by or "the system", "\n".join(details))
