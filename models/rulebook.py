"""One dated set of rules as data: lengths, units, ladders, addressees and local definitions, each with its source.

A rulebook is pinned into a file when that is opened, and changed only by a recorded step. It is read from a TOML file:
see :mod:`models.rulebook_file`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .days import Unit

Basis = Literal["statutory", "board's own"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Definitions(_Part):
    """The board's own definitions and dates."""

    serious_sexual_abuse_is_serious_harm: bool = Field(strict=True, description="2.1c")
    partners_began: date | None = Field(
        None, strict=True, description="2.1g: the day safeguarding partner arrangements began"
    )


class Clock(_Part):
    """How long something may take, and what happens around its end.

    Arguments:
        rule: the framework's number; empty when no rule names the clock.
        title: what is to be done, for people; ``{organisation}`` stands for the one that was asked.
        length: how many of ``unit``; of a date counted back from, how many before it.
        basis: set by statute or guidance, or the board's own.
        ladder: the name of the ladder in the same rulebook.
        source: where the length was read, or why the board chose it.
    """

    rule: str
    title: str = Field(min_length=1, max_length=120, pattern=r"\S")
    length: int = Field(ge=0, le=400, strict=True)
    unit: Unit
    basis: Basis
    ladder: str
    source: str = Field(pattern=r"\S")


class Reminder(_Part):
    """A reminder so many calendar days before the due date, at 08:00 in London."""

    days_before: int = Field(ge=0, le=366, strict=True)
    to: Literal["responsible", "coordinator", "chair"] = "responsible"


class Ladder(_Part):
    """What happens around a deadline. Days are calendar days; everything goes at 08:00 in London.

    Arguments:
        reminders: before the due date.
        escalate_to: who is told on the morning after the due date, in order; ``board_member`` stands for the board
            member of the organisation that was asked.
        next_after_days: days between two of ``escalate_to``, where there are several.
        repeat_every_days: days between repeats to the last of them; 0 for none.
        above_after_repeats: after so many repeats the role above the Chair is told too, if there is one.
    """

    reminders: tuple[Reminder, ...] = ()
    escalate_to: tuple[Literal["coordinator", "board_member", "chair"], ...] = Field(min_length=1)
    next_after_days: int = Field(7, ge=1, le=366, strict=True)
    repeat_every_days: int = Field(ge=0, le=366, strict=True)
    above_after_repeats: int = Field(3, ge=1, le=50, strict=True)


class Addressees(_Part):
    """Who is told what, by role."""

    decision: tuple[str, ...] = Field(description="2.2e")


class Rulebook(_Part):
    """One board's dated rules."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{2,59}$")
    title: str
    regime: str = Field(description="The body of law these rules belong to: the name of a regime.")
    board: str
    reference_prefix: str = Field(pattern=r"^[A-Z][A-Z0-9]{1,9}$")
    area: str = Field(description="2.2a: the area whose children this board decides about")
    dated: date = Field(strict=True)
    definitions: Definitions
    addressees: Addressees
    ladders: dict[str, Ladder]
    clocks: dict[str, Clock]


def rulebook_from(data: Mapping[str, Any]) -> Rulebook:
    """The rulebook that was pinned into a file as plain data, by this release or an earlier one."""
    return _parsed(json.dumps(data, sort_keys=True))


@lru_cache(maxsize=64)
def _parsed(text: str) -> Rulebook:
    # What a release no longer knows is ignored: a file keeps the rulebook it has for years.
    return Rulebook.model_validate_json(text, extra="ignore")
