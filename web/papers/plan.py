"""The action plan of a file: every action, its owner, where it stands, and what it changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from models.casefile import CaseFile
from models.projection import Projection
from models.sections.s2_8_actions import BOARD

from .blocks import Block, Paragraph, Table

HEAD = ("Action", "Action", "Owner", "Status", "Rating", "Due", "Done", "Impact")


def action_plan(stored: Projection, file: CaseFile) -> Iterator[Block]:
    """The blocks of the action plan."""
    counted = Counter(action.status for action in stored.actions)
    if counted:
        each = ", ".join(f"{number} {status}" for status, number in counted.items())
        yield Paragraph(f"{len(stored.actions)} actions: {each}.")
    rows = tuple(
        (
            action.id,
            action.text,
            _owner(file, action.owner),
            action.status,
            file.actions[action.id].progress,
            action.due,
            action.done_on,
            action.impact,
        )
        for action in stored.actions
    )
    yield Table("Actions", HEAD, rows, (2, 6, 3, 2, 2, 2, 2, 5), "No actions have been proposed.")


def _owner(file: CaseFile, owner: str) -> str:
    party = file.parties.get(owner)
    return "The board" if owner == BOARD else party.facts.name if party else owner
