"""What a paper is made of: the same blocks for the page that is printed, PDF, Word and spreadsheet."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from models.days import LONDON, day_words

MARKING = "OFFICIAL-SENSITIVE"
"""On top of each page."""

Cell = str | int | date | None
"""What a table's cell holds; a day stays a day, so that a spreadsheet can sort by it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading under the paper's title."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph. Its line breaks stay."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and what belongs to them."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a row of headings.

    Arguments:
        caption: what it holds.
        head: the columns' headings.
        rows: each as long as ``head``; its first cell is its name.
        widths: the columns' widths, relative to each other, from 1 to 8.
        empty: what is said instead of a table without rows.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[int, ...]
    empty: str


Block = Heading | Paragraph | Facts | Table


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper of a file.

    Arguments:
        name: what it is called in addresses and file names, ``action-plan``.
        title: with the reference alone, and nothing of the child.
        reference: the file's.
        made: the instant and, for people, who made it.
        blocks: in order.
        wide: whether its tables need a page turned on its side.
    """

    name: str
    title: str
    reference: str
    made: datetime
    made_by: str
    blocks: tuple[Block, ...]
    wide: bool = False

    @property
    def made_words(self) -> str:
        """When it was made, and by whom."""
        return f"Made on {moment(self.made)} by {self.made_by}"

    def caption_level(self, table: Table) -> int:
        """How deep a table's caption stands as a heading: no level is left out."""
        before = self.blocks[: self.blocks.index(table)]
        return 3 if any(isinstance(block, Heading) for block in before) else 2


def moment(at: datetime) -> str:
    """An instant in London's time, in words."""
    local = at.astimezone(LONDON)
    return f"{day_words(local.date())}, {local:%H:%M}"


def words(cell: Cell) -> str:
    """A cell as text, fit for every form."""
    if cell is None:
        return ""
    return day_words(cell) if isinstance(cell, date) else clean(str(cell))


def clean(text: str) -> str:
    """Text without what no document can hold: controls, halves of characters, and code points that are none."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in "\n\t" or _fits(c) else "\ufffd" for c in text.replace("\r\n", "\n").replace("\r", "\n"))


def _fits(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs") and ord(character) & 0xFFFE != 0xFFFE
