"""One dated set of rules as data: lengths, units, ladders, addressees and local definitions, each with its source.

A rulebook is a TOML file. It is pinned into a file when that is opened and changed only by a recorded step.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .counting import Unit
from .directory import ROLES

Basis = Literal["statutory", "board's own"]

CLOCKS: Mapping[str, str] = {
    "notify_panel": "2.1f",
    "notify_board": "2.1f",
    "decision": "2.2b",
    "decision_told": "2.2e",
    "panel_told_not_initiated": "2.2e",
    "decision_revisited": "2.1e",
    "peer_challenge_answered": "2.2d",
    "panel_request": "2.2f",
    "advice_considered": "2.3a",
    "scope_set": "1.3a",
    "model_chosen": "2.4a",
    "reviewer_appointed": "2.5a",
    "reviewers_told": "2.5c",
    "conflict_resolved": "2.5b",
    "completion": "2.6a",
    "other_review_completed": "1.2a",
    "interim_learning": "2.6b",
    "proceedings_checked": "2.6b",
    "representative_named": "2.7a",
    "agency_information": "2.7b",
    "staff_informed": "2.7c",
    "agency_findings_told": "2.7c",
    "files_secured": "2.7d",
    "practitioners_involved": "1.3c",
    "family_invited": "1.3d",
    "family_answered": "1.3d",
    "action_agreed": "2.8a",
    "action_done": "1.2d",
    "impact_recorded": "1.2d",
    "action_plan": "2.8b",
    "board_copy": "2.8b",
    "findings_shared": "2.8c",
    "board_responded": "2.9e",
    "publication_fixed": "2.9a",
    "panel_copy": "2.9f",
    "publication": "2.9a",
    "publication_rechecked": "2.9d",
    "panel_told_not_publishing": "2.9g",
    "non_publication_advice": "2.9g",
    "non_publication_decided": "2.9g",
    "year_on_website": "2.9b",
    "moved_to_request": "2.9b",
    "copy_supplied": "2.9b",
    "learning_event": "2.10a",
    "learning_considered": "2.10b",
    "training_changed": "2.10b",
    "learning_taken_forward": "2.10c",
    "bulletin_approved": "2.10d",
    "outcome_shared": "2.10e",
    "outcome_confirmed": "2.10e",
    "monitoring": "1.3g",
    "undelivered": "",
    "closing": "",
}
"""Every clock the rules know, by name, with its rule. A rulebook gives each a length and a ladder."""

TOLD_OF_DECISIONS = ("ofsted", "dfe", "national_panel")
"""Whom the framework has told of every decision (2.2e); a board can add to them."""


LAW: Mapping[str, tuple[int, int, tuple[Unit, ...]]] = {
    "notify_panel": (0, 5, ("calendar days", "working days")),
    "notify_board": (0, 5, ("calendar days", "working days")),
    "decision": (0, 1, ("calendar months",)),
    "panel_told_not_initiated": (0, 14, ("calendar days",)),
    "completion": (0, 6, ("calendar months",)),
    "panel_copy": (7, 400, ("calendar days",)),
    "year_on_website": (12, 400, ("calendar months",)),
}
"""What a board's rulebook may say of a statutory clock: at least, at most, of what."""

STATUTORY = frozenset(LAW)
"""The clocks whose length is set by law or statutory guidance: they never move by a board's own step."""

PERIODS = frozenset({"year_on_website", "non_publication_advice"})
"""Clocks that are no task but a period that must run: their last day is nobody's fault."""


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

    rule: str = Field(pattern=r"^(|\d(\.\d+)+[a-z]?)$")
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
    board: str
    reference_prefix: str = Field(pattern=r"^[A-Z][A-Z0-9]{1,9}$")
    area: str = Field(description="2.2a: the area whose children this board decides about")
    dated: date = Field(strict=True)
    definitions: Definitions
    addressees: Addressees
    ladders: dict[str, Ladder]
    clocks: dict[str, Clock]

    def clock(self, name: str) -> Clock:
        """A clock by name.

        A rulebook that was pinned into a file before the clock came into being does not have it: then it is a month,
        until the file's rulebook is changed, so that nothing is lost.
        """
        return self.clocks.get(name) or Clock(
            rule=CLOCKS[name],
            title=name.replace("_", " ").capitalize(),
            length=1,
            unit="calendar months",
            basis=_basis(name),
            ladder=next(iter(self.ladders)),
            source="This clock is newer than the file's rulebook.",
        )

    def ladder(self, clock: str) -> Ladder:
        """The ladder of a clock."""
        return self.ladders[self.clock(clock).ladder]


def _basis(clock: str) -> Basis:
    return "statutory" if clock in STATUTORY else "board's own"


class RulebookError(Exception):
    """A rulebook with a mistake: its text names the line, the field and what is wrong."""


def read_rulebook(text: str, source: str) -> Rulebook:
    """The rulebook in a TOML text.

    Arguments:
        text: the file's content.
        source: what the file is called in errors.

    Raises:
        RulebookError: with one line for each mistake, ``name.toml, line 40: …``.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError(f"{source}{_of_toml(text, str(error))}") from None
    except (ValueError, RecursionError):
        raise RulebookError(f"{source}: a number in it is too long, or its brackets are nested too deeply") from None
    try:
        rulebook = Rulebook.model_validate(data)
    except ValidationError as error:
        raise RulebookError(_told(text, source, _by_type(error))) from None
    if found := list(_faults(rulebook)):
        raise RulebookError(_told(text, source, found))
    return rulebook


def rulebook_from(data: Mapping[str, Any]) -> Rulebook:
    """The rulebook that was pinned into a file as plain data, by this release or an earlier one."""
    return _parsed(json.dumps(data, sort_keys=True))


@lru_cache(maxsize=64)
def _parsed(text: str) -> Rulebook:
    # What a release no longer knows is ignored: a file keeps the rulebook it has for years.
    return Rulebook.model_validate_json(text, extra="ignore")


_Fault = tuple[tuple[str, ...], str]
"""Where a mistake lies, as a path through the file, and what it is."""


def _by_type(error: ValidationError) -> Iterator[_Fault]:
    for fault in error.errors(include_input=False, include_url=False):
        yield tuple(str(part) for part in fault["loc"]), fault["msg"]


def _faults(rulebook: Rulebook) -> Iterator[_Fault]:
    """What each part's type does not say."""
    for name in CLOCKS:
        if name not in rulebook.clocks:
            yield ("clocks", name), "is missing: give it a length, a unit and a ladder"
    for name, clock in rulebook.clocks.items():
        path = ("clocks", name)
        if name not in CLOCKS:
            yield path, "is not a clock the rules know"
            continue
        if clock.rule != CLOCKS[name]:
            yield (*path, "rule"), f"is {CLOCKS[name] or 'empty'}, not {clock.rule or 'empty'}"
        if clock.ladder not in rulebook.ladders:
            yield (*path, "ladder"), f"there is no ladder called {clock.ladder!r}"
        if {"{", "}"} & set(clock.title.replace("{organisation}", "")):
            yield (*path, "title"), "only {organisation} can stand in braces: check its spelling"
        if clock.basis != _basis(name):
            yield (*path, "basis"), f"is {_basis(name)}"
        least, most, units = LAW.get(name, (0, 400, (clock.unit,)))
        wrong = "unit" if clock.unit not in units else "" if least <= clock.length <= most else "length"
        if wrong:
            allowed = f"at least {least}" if least else f"at most {most}"
            yield (*path, wrong), f"is set by law or guidance: {allowed} {' or '.join(units)}"
    for name, ladder in rulebook.ladders.items():
        days = [reminder.days_before for reminder in ladder.reminders]
        if len(set(days)) != len(days):
            yield ("ladders", name, "reminders"), "there are two on the same day, and one would go unseen"
    for role in rulebook.addressees.decision:
        if role not in ROLES:
            yield ("addressees", "decision"), f"{role} is not a role of the directory ({', '.join(ROLES)})"
    for role in TOLD_OF_DECISIONS:
        if role not in rulebook.addressees.decision:
            yield ("addressees", "decision"), f"{role} is missing, and is told of every decision (2.2e)"


def _told(text: str, source: str, faults: Iterable[_Fault]) -> str:
    return "\n".join(f"{source}, line {_line_of(text, path)}: {'.'.join(path)}: {what}" for path, what in faults)


def _of_toml(text: str, message: str) -> str:
    """What the TOML reader says, with the line first."""
    at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    if at is None:
        return f": {message}"
    line = at.group(1) or max(len(text.splitlines()), 1)
    return f", line {line}: {message[: at.start()]}"


def _line_of(text: str, path: Sequence[str]) -> int:
    """The line of the deepest part of ``path`` that the text has: its key, or else its table's header."""
    best, depth, table = 1, 0, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([\w.\"'-]+)\s*\]+", line):
            here = table = re.sub(r"[\"']", "", header.group(1)).split(".")
        elif key := re.match(r"\s*([\w-]+(?:\.[\w-]+)*)\s*=", line):
            here = [*table, *key.group(1).split(".")]
        else:
            continue
        if here == list(path[: len(here)]) and len(here) > depth:
            best, depth = number, len(here)
    return best
