"""From a record to the file: every entry in order, what was struck out left out from the beginning."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from .casefile import CaseFile, opened
from .catalogue import STEPS
from .counting import NoCalendarError, day_words, london_date
from .duties import duties_of
from .duty import Clocks
from .facts import FACTS
from .faults import explained
from .incident import Opening
from .record import Entry, Refusal
from .rulebook import Rulebook, rulebook_from
from .step import Step, World, refusals, rule_cited

ARRANGEMENTS_END = date(2019, 9, 29)
"""LSCB arrangements end at the latest on 29 September 2019 (2.1g)."""


class UnreadableEntryError(Exception):
    """An entry that this release cannot read: releases go forward only."""


def open_record(body: Mapping[str, Any], rulebook: Rulebook, now: datetime) -> list[Entry] | Refusal:
    """The first entries of a new file, or why it may not be opened.

    Arguments:
        body: what is sent to open it, see :class:`models.incident.Opening`.
        rulebook: pinned into the file.
        now: business time.
    """
    try:
        opening = Opening.model_validate_json(json.dumps(body), strict=True)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        return explained(faults, "an opening", rule_cited(str(faults[0]["msg"])))
    refusal = _may_open(opening, rulebook, now)
    if refusal is not None:
        return refusal
    pinned = {"rulebook": rulebook.model_dump(mode="json")}
    record = [
        Entry("opened", dict(body), opening.id, "start", now),
        Entry("rulebook_pinned", pinned, f"rulebook:{rulebook.name}", "shell", now),
    ]
    return _uncountable(opening, record) or record


def _may_open(opening: Opening, rulebook: Rulebook, now: datetime) -> Refusal | None:
    today = london_date(now)
    incident = opening.incident
    dates = {"opened_on": opening.opened_on}
    if incident is not None:
        dates |= {"incident.notified_on": incident.notified_on}
        for name in ("aware_on", "panel_notified_on"):
            day = getattr(incident, name)
            dates |= {f"incident.{name}": day} if day else {}
        for number, child in enumerate(incident.children):
            for name in ("born_on", "died_on"):
                day = getattr(child, name)
                dates |= {f"incident.children.{number}.{name}": day} if day else {}
    rule = "2.1f" if incident is not None else "1.1"
    for field, day in dates.items():
        if day > today:
            return Refusal(rule, f"{field}: {day_words(day)} is in the future: check the date.", field)
        if incident is not None and field.endswith("born_on") and day > incident.notified_on:
            return Refusal(rule, f"{field}: the child was born after the notification: check both dates.", field)
    if incident is not None and opening.opened_on < incident.notified_on:
        return Refusal(rule, "opened_on: a file is opened on the day of the notification or later.", "opened_on")
    began = rulebook.definitions.partners_began
    if incident is not None and began is not None and incident.notified_on > began:
        return Refusal(
            "2.1g",
            f"Safeguarding partner arrangements began on {day_words(began)}: an incident notified after that day is "
            "not this board's.",
            "incident.notified_on",
        )
    return None


def _uncountable(opening: Opening, record: Sequence[Entry]) -> Refusal | None:
    """Why the deadlines that the file begins with cannot be counted: a day in a year without a calendar."""
    file = fold(record)
    try:
        duties_of(file, Clocks(file))
    except NoCalendarError as error:
        incident = opening.incident
        days: dict[str, date | None] = {"opened_on": opening.opened_on}
        if incident is not None:
            days = {"incident.aware_on": incident.aware_on, "incident.notified_on": incident.notified_on, **days}
        field = next((name for name, day in days.items() if day is not None and day.year == error.year), None)
        why = f"{field}: {error}" if field else str(error)
        return Refusal("2.1f" if incident is not None else "1.1", why, field)
    return None


def fold(record: Sequence[Entry]) -> CaseFile:
    """The file a record makes.

    Raises:
        UnreadableEntryError: an entry that this release does not know or cannot read.
    """
    opening, pinned = record[0], record[1]
    read = Opening.model_validate(opening.body, strict=False, extra="ignore")
    file = opened(read, rulebook_from(pinned.body["rulebook"]))
    struck = {entry.body["step"] for entry in record if entry.name == "struck_out"}
    for entry in record[2:]:
        apply(file, entry, struck)
    return file


def apply(file: CaseFile, entry: Entry, struck: frozenset[str] | set[str] = frozenset()) -> None:
    """Applies one entry to a file that holds all the earlier ones."""
    file.weight += len(str(entry.body))
    if entry.is_fact:
        if entry.name not in FACTS:
            raise UnreadableEntryError(f"This release knows no fact {entry.name}.")
        FACTS[entry.name](file, entry)
        return
    file.ids[entry.id] = entry.name
    if entry.id in struck:
        file.struck[entry.id] = entry.name
        return
    step = _step(entry)
    file.dates[entry.id] = step.happened_on
    step.apply(file, entry)


def _step(entry: Entry) -> Step:
    kind = STEPS.get(entry.name)
    if kind is None:
        raise UnreadableEntryError(f"This release knows no step {entry.name}.")
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
            then = World(entry.recorded_at, world.directory, world.rulebooks, world.extra_holidays, quick=True)
            one = _step(entry)
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
