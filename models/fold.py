"""From a record to the file: every entry in order, what was struck out left out from the beginning."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import ValidationError

from .casefile import CaseFile, opened
from .days import NoCalendarError
from .duties import duties_of
from .facts import FACTS
from .faults import explained
from .incident import Opening
from .record import Entry, Refusal
from .regime import Regime
from .regimes import REGIMES, regime_named
from .rulebook import Rulebook, rulebook_from
from .step import Step, refusals, rule_cited
from .world import World


class UnreadableEntryError(Exception):
    """An entry that this release cannot read: releases go forward only."""


def open_record(body: Mapping[str, Any], rulebook: Rulebook, world: World) -> list[Entry] | Refusal:
    """The first entries of a new file, or why it may not be opened.

    Arguments:
        body: what is sent to open it, see :class:`models.incident.Opening`.
        rulebook: pinned into the file.
        world: what the core is told of the world, at the instant it is opened.
    """
    try:
        opening = Opening.model_validate_json(json.dumps(body), strict=True)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        return explained(faults, "an opening", rule_cited(str(faults[0]["msg"])))
    refusal = regime_named(rulebook.regime).may_open(opening, rulebook, world.today)
    if refusal is not None:
        return refusal
    pinned = {"rulebook": rulebook.model_dump(mode="json")}
    record = [
        Entry("opened", dict(body), opening.id, "start", world.now),
        Entry("rulebook_pinned", pinned, f"rulebook:{rulebook.name}", "shell", world.now),
    ]
    return _uncountable(opening, record, world) or record


def _uncountable(opening: Opening, record: Sequence[Entry], world: World) -> Refusal | None:
    """Why the deadlines that the file begins with cannot be counted: a day in a year without a calendar."""
    file = fold(record)
    try:
        duties_of(file, world)
    except NoCalendarError as error:
        incident = opening.incident
        days: dict[str, date | None] = {"opened_on": opening.opened_on}
        if incident is not None:
            days = {"incident.aware_on": incident.aware_on, "incident.notified_on": incident.notified_on, **days}
        field = next((name for name, day in days.items() if day is not None and day.year == error.year), None)
        why = str(error)
        return Refusal("", why, field)
    return None


def fold(record: Sequence[Entry]) -> CaseFile:
    """The file a record makes.

    Raises:
        UnreadableEntryError: an entry that this release does not know or cannot read.
    """
    opening, pinned = record[0], record[1]
    read = Opening.model_validate(opening.body, strict=False, extra="ignore")
    rules = rulebook_from(pinned.body["rulebook"])
    if rules.regime not in REGIMES:
        raise UnreadableEntryError(f"This release knows no regime {rules.regime}.")
    file = opened(read, rules, regime_named(rules.regime))
    struck = {entry.body["step"] for entry in record if entry.name == "struck_out"}
    for entry in record[2:]:
        apply(file, entry, struck)
    return file


def apply(file: CaseFile, entry: Entry, struck: frozenset[str] | set[str] = frozenset()) -> None:
    """Applies one entry to a file that holds all the earlier ones."""
    if entry.is_fact:
        if entry.name not in FACTS:
            raise UnreadableEntryError(f"This release knows no fact {entry.name}.")
        FACTS[entry.name](file, entry)
        return
    file.ids[entry.id] = entry.name
    if entry.id in struck:
        file.struck[entry.id] = entry.name
        return
    step = _step(file.regime, entry)
    file.dates[entry.id] = step.happened_on
    step.apply(file, entry)


def _step(regime: Regime, entry: Entry) -> Step:
    kind = regime.steps.get(entry.name)
    if kind is None:
        raise UnreadableEntryError(f"This release knows no step {entry.name} of {regime.title}.")
    try:
        # It was checked strictly when it was taken, perhaps by an earlier release with fields that are gone since.
        return kind.model_validate(entry.body, strict=False, extra="ignore")
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        why = explained(faults, entry.name, "").reason
        raise UnreadableEntryError(f"The step {entry.id} ({entry.name}) cannot be read: {why}") from None


def rests_on(record: Sequence[Entry], step: str, world: World) -> str | None:
    """The id of a later step that could not have been recorded without this one, or None.

    Arguments:
        step: the id of the step to be struck out.
        world: what the core is told of the world; each step is asked again as of the instant it was recorded.
    """
    struck = {entry.body["step"] for entry in record if entry.name == "struck_out"}
    with_it, without = fold(record[:2]), fold(record[:2])
    for entry in record[2:]:
        if not entry.is_fact and entry.id not in struck and entry.id != step and entry.name != "struck_out":
            then = replace(world, now=entry.recorded_at, quick=True)
            one = _step(without.regime, entry)
            if _refused(one, without, then) and not _refused(one, with_it, then):
                return entry.id
        apply(with_it, entry, struck)
        try:
            apply(without, entry, struck | {step})
        except (LookupError, ValueError):
            # Today's rules would refuse it either way, and yet it was recorded, and changes what is not there.
            return entry.id
    return None


def _refused(step: Step, file: CaseFile, world: World) -> bool:
    return next(refusals(step, file, world), None) is not None
