"""A file's chronology with its audit: every step with who, when, what and why, what followed, and who looked at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from activities.access import Access
from models.casefile import CaseFile
from models.catalogue import STEPS
from models.counting import day_words
from models.directory import ROLES
from models.projection import Event, Projection
from models.record import Entry

from .blocks import Block, Cell, Heading, Paragraph, Table, moment

_EVENTS = {
    "stage": "The file is in the stage: {stage}",
    "deadline_set": "Due by {due}: {title}",
    "deadline_moved": "Moved from {old_due} to {due}: {title}",
    "deadline_met": "Met: {title}",
    "deadline_passed": "Not met by {due}: {title}",
    "deadline_cancelled": "No longer due: {title}",
    "reminded": "{to} is reminded of what is due by {due}: {title}",
    "escalated": "{to} is told that this was due by {due}: {title}",
    "notice_sent": "{recipient} was sent a letter, to {to}: {subject}",
    "notice_failed": "{recipient} could not be sent a letter: {why}",
    "step_refused": "Refused, {step}: {reason}",
    "closed": "The file ended: {how}",
}
_FACTS = {
    "cancel_requested": "Somebody asked Temporal to cancel the workflow; the file goes on",
    "message_undelivered": "The other file was not found",
}
_ITS_OWN = frozenset({"id", "recorded_by", "happened_on"})

HEAD = ("Recorded", "Happened on", "What", "By whom", "Details")


def chronology(stored: Projection, file: CaseFile, accesses: Iterable[Access] | None) -> Iterator[Block]:
    """The blocks of the chronology; without who looked at the file for those who may not know."""
    yield Paragraph(
        "All times are those in London. Nothing is ever deleted: a step that was recorded in error stands here, "
        "struck out, with the reason."
    )
    yield Heading("What happened")
    yield Table("What happened, in order", HEAD, tuple(_lines(stored, file)), (3, 3, 5, 3, 8), "Nothing is recorded.")
    if accesses is None:
        return
    yield Heading("Who looked at the file")
    looked = tuple((moment(access.at), access.who, access.what) for access in accesses)
    yield Table(
        "Who looked at the file or took papers away, the latest first",
        ("When", "Who", "What"),
        looked,
        (3, 4, 6),
        "Nothing is kept: looking at a file is kept while it is restricted to named people, papers always.",
    )


def _lines(stored: Projection, file: CaseFile) -> list[tuple[Cell, ...]]:
    why_struck = {e.body["step"]: e.body.get("reason", "") for e in stored.entries if e.name == "struck_out"}
    timed: list[tuple[datetime, int, tuple[Cell, ...]]] = []
    for entry in stored.entries:
        if not entry.is_fact or entry.name in _FACTS:
            # Events are kept in whole seconds: what follows from a step stands behind it.
            timed.append((entry.recorded_at.replace(microsecond=0), 0, _step(entry, file, why_struck)))
    timed += [(event.at, 1, _event(event, file)) for event in stored.events if event.what in _EVENTS]
    return [row for _, _, row in sorted(timed, key=lambda line: line[:2])]


def _step(entry: Entry, file: CaseFile, why_struck: Mapping[str, str]) -> tuple[Cell, ...]:
    if entry.is_fact:
        return (moment(entry.recorded_at), None, _FACTS[entry.name], "the system", "")
    what = "The file was opened" if entry.name == "opened" else _label(entry.name)
    if entry.id in file.struck:
        what = f"STRUCK OUT: {what}. Why: {why_struck.get(entry.id, '')}"
    day = entry.body.get("happened_on") or entry.body.get("opened_on")
    fields = "\n".join(f"{label}: {value}" for label, value in details(entry.name, entry.body))
    return (moment(entry.recorded_at), _day(day), what, str(entry.body.get("recorded_by", "")), fields)


def _label(name: str) -> str:
    return STEPS[name].label if name in STEPS else name.replace("_", " ")


def _day(text: object) -> Cell:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return str(text or "")


def _event(event: Event, file: CaseFile) -> tuple[Cell, ...]:
    values = {"old_due": "", "reason": "", "why": "", "how": "", **event.fields}
    for name in ("due", "old_due"):
        day = _day(values.get(name))
        values[name] = day_words(day) if isinstance(day, date) else day
    # The address that a letter went to is told as it is; all others are recipients as notices name them.
    for name in ("recipient",) if event.what.startswith("notice") else ("to",):
        values[name] = whom(str(values.get(name, "")), file)
    what = _EVENTS[event.what].format_map(values)
    rule = f"Rule {values['rule']}" if values.get("rule") else ""
    return (moment(event.at), None, f"{what} (late)" if values.get("late") else what, "the system", rule)


def whom(to: str, file: CaseFile) -> str:
    """A recipient in words."""
    kind, _, name = to.partition(":")
    party = file.parties.get(name)
    of = party.facts.name if party else name
    if kind in ("lead", "board_member"):
        return f"{'The safeguarding lead' if kind == 'lead' else 'The board member'} of {of}"
    return name if kind == "person" else _first_upper(ROLES.get(kind, to))


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def details(name: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields of a step with their labels, those that every step has left out."""
    fields = STEPS[name].model_fields if name in STEPS else {}
    for key, value in body.items():
        if key not in _ITS_OWN and value not in (None, "", [], {}):
            label = (fields[key].title if key in fields else None) or key.replace("_", " ").capitalize()
            yield label, plain(value)


def plain(value: Any) -> str:
    """A value of a step, in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{str(key).replace('_', ' ')}: {plain(one)}" for key, one in value.items() if one is not None)
    if isinstance(value, list | tuple):
        return ", ".join(plain(one) for one in value)
    return str(value)
