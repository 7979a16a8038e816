"""Reads a rulebook from its TOML file, and names each mistake with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence

from pydantic import ValidationError

from .directory import ROLES
from .regime import Bounds
from .regimes import REGIMES
from .rulebook import Clock, Rulebook


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


_Fault = tuple[tuple[str, ...], str]
"""Where a mistake lies, as a path through the file, and what it is."""


def _by_type(error: ValidationError) -> Iterator[_Fault]:
    for fault in error.errors(include_input=False, include_url=False):
        yield tuple(str(part) for part in fault["loc"]), fault["msg"]


def _faults(rulebook: Rulebook) -> Iterator[_Fault]:
    """What each part's type does not say."""
    regime = REGIMES.get(rulebook.regime)
    if regime is None:
        yield ("regime",), f"there is no regime called {rulebook.regime!r} ({', '.join(REGIMES)})"
        return
    for name in regime.clocks:
        if name not in rulebook.clocks:
            yield ("clocks", name), "is missing: give it a length, a unit and a ladder"
    for name, clock in rulebook.clocks.items():
        path, kind = ("clocks", name), regime.clocks.get(name)
        if kind is None:
            yield path, f"is not a clock of {regime.name}"
            continue
        if clock.rule != kind.rule:
            yield (*path, "rule"), f"is {kind.rule or 'empty'}, not {clock.rule or 'empty'}"
        if clock.ladder not in rulebook.ladders:
            yield (*path, "ladder"), f"there is no ladder called {clock.ladder!r}"
        if {"{", "}"} & set(clock.title.replace("{organisation}", "")):
            yield (*path, "title"), "only {organisation} can stand in braces: check its spelling"
        if clock.basis != kind.basis:
            yield (*path, "basis"), f"is {kind.basis}"
        if kind.bounds is not None:
            yield from _out_of_bounds(path, clock, kind.bounds)
    for name, ladder in rulebook.ladders.items():
        days = [reminder.days_before for reminder in ladder.reminders]
        if len(set(days)) != len(days):
            yield ("ladders", name, "reminders"), "there are two on the same day, and one would go unseen"
    for role in rulebook.addressees.decision:
        if role not in ROLES:
            yield ("addressees", "decision"), f"{role} is not a role of the directory ({', '.join(ROLES)})"
    for role in regime.addressees:
        if role not in rulebook.addressees.decision:
            yield ("addressees", "decision"), f"{role} is missing, and is told of every decision"


def _out_of_bounds(path: tuple[str, ...], clock: Clock, bounds: Bounds) -> Iterator[_Fault]:
    same_unit = clock.unit in bounds.units
    if not same_unit or not bounds.least <= clock.length <= bounds.most:
        allowed = f"at least {bounds.least}" if bounds.least else f"at most {bounds.most}"
        where = (*path, "length" if same_unit else "unit")
        yield where, f"is set by law or guidance: {allowed} {' or '.join(bounds.units)}"


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
