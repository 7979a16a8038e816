"""A file's history as one timeline: what people recorded, and what the system itself saw and did because of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from .days import day_words
from .directory import ROLES
from .projection import Event
from .record import Entry
from .regime import Regime
from .regimes import regime_of
from .responsible import responsible_words
from .step_words import FieldWords, field_words, step_label, step_rules

Kind = Literal["steps", "deadlines", "letters", "escalations", "file"]

KINDS: Mapping[Kind, str] = {
    "steps": "Steps that people recorded",
    "deadlines": "Deadlines set, moved and met",
    "letters": "Letters",
    "escalations": "Reminders and escalations",
    "file": "The file itself",
}
"""What a timeline can be narrowed to, in words."""


@dataclass(frozen=True, slots=True)
class Struck:
    """How a step was struck out: when, by whom, why, and by which step."""

    on: date | None
    by: str
    reason: str
    id: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened.

    Arguments:
        kind: what it belongs to.
        at: the instant it was recorded, or the system saw it.
        title: what happened.
        by: who recorded it; empty for what the system did.
        happened_on: the day it happened, as whoever recorded it says.
        rules: the framework's numbers behind it.
        fields: what was recorded, in words.
        id: the step's id; empty for what the system did.
        struck: how it was struck out, if it was.
    """

    kind: Kind
    at: datetime
    title: str
    by: str = ""
    happened_on: date | None = None
    rules: tuple[str, ...] = ()
    fields: tuple[FieldWords, ...] = ()
    id: str = ""
    struck: Struck | None = None


def timeline(
    entries: Sequence[Entry],
    events: Iterable[Event],
    names: Mapping[str, str] | None = None,
    only: Kind | None = None,
) -> list[Moment]:
    """Everything that happened on a file, the first thing first.

    Arguments:
        entries: the record.
        events: the timeline as the core's answers made it.
        names: of organisations and people, by id; what else is named, the timeline itself tells.
        only: what to narrow it to.
    """
    events, regime = list(events), regime_of(entries)
    names = {**_called(regime, entries, events), **(names or {})}
    struck = {str(entry.body.get("step")): _struck(entry) for entry in entries if entry.name == "struck_out"}
    found = [_step(regime, entry, struck.get(entry.id), names) for entry in entries if not entry.is_fact]
    found += [_fact(entry) for entry in entries if entry.name in _FACTS]
    found += [moment for event in events if (moment := _event(regime, event, names)) is not None]
    wanted = (moment for moment in found if only is None or moment.kind == only)
    # Within a second a step comes before what came of it, and the opening is the first.
    return sorted(wanted, key=lambda moment: (moment.at.replace(microsecond=0), not moment.id))


def _called(regime: Regime, entries: Sequence[Entry], events: Iterable[Event]) -> dict[str, str]:
    """What steps, deadlines and letters are called where a step names them by identifier or key."""
    called = {}
    for entry in entries:
        if not entry.is_fact and (day := _day(entry.body.get("happened_on") or entry.body.get("opened_on"))):
            called[entry.id] = f"{step_label(regime, entry.name)}, on {day_words(day)}"
    for event in events:
        for key, title in (("deadline", "title"), ("notice", "subject")):
            if key in event.fields and event.fields.get(title):
                called[str(event.fields[key])] = str(event.fields[title])
    return called


def _step(regime: Regime, entry: Entry, struck: Struck | None, names: Mapping[str, str]) -> Moment:
    return Moment(
        "file" if entry.name in ("opened", "closed", "reopened") else "steps",
        entry.recorded_at,
        step_label(regime, entry.name),
        str(entry.body.get("recorded_by", "")),
        _day(entry.body.get("happened_on") or entry.body.get("opened_on")),
        step_rules(regime, entry.name),
        tuple(field_words(regime, entry.name, entry.body, names)),
        entry.id,
        struck,
    )


def _struck(entry: Entry) -> Struck:
    body = entry.body
    return Struck(
        _day(body.get("happened_on")), str(body.get("recorded_by", "")), str(body.get("reason", "")), entry.id
    )


_FACTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "rulebook_pinned": lambda body: f"The file follows the rulebook {body['rulebook'].get('title', '')}",
    "cancel_requested": lambda body: "Somebody asked Temporal to cancel this file's workflow; it continues",
    "message_undelivered": lambda body: f"The file {body['to']} could not be told of the merger",
    "recipients_listed": lambda body: f"{len(body['recipients'])} recipients were listed",
}
"""Facts of the record that no line of the timeline tells."""


def _fact(entry: Entry) -> Moment:
    return Moment("file", entry.recorded_at, _FACTS[entry.name](entry.body))


def _event(regime: Regime, event: Event, names: Mapping[str, str]) -> Moment | None:
    if event.what not in _EVENTS:
        # A step is told by its entry; what a newer release tells is passed over.
        return None
    kind, words = _EVENTS[event.what]
    fields = event.fields
    rules = (str(fields["rule"]),) if fields.get("rule") else ()
    return Moment(kind, event.at, words(_Words(regime, fields, names)), rules=rules, fields=tuple(_more(regime, event)))


class _Words:
    """The fields of a line of the timeline, as its words need them."""

    def __init__(self, regime: Regime, fields: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self._regime, self._fields, self._names = regime, fields, names

    def __getitem__(self, name: str) -> str:
        return str(self._fields.get(name) or "")

    def day(self, name: str) -> str:
        day = _day(self._fields.get(name))
        return day_words(day) if day else ""

    def step(self, name: str) -> str:
        return step_label(self._regime, self[name])

    def who(self, name: str) -> str:
        return ROLES.get(self[name]) or responsible_words(self[name], self._names)


_EVENTS: Mapping[str, tuple[Kind, Callable[[_Words], str]]] = {
    "step_refused": ("steps", lambda of: f"A step was refused: {of.step('step')}"),
    "stage": ("file", lambda of: f"Stage changed to {of['stage'].capitalize()}"),
    "deadline_set": ("deadlines", lambda of: f"Due by {of.day('due')}: {of['title']}"),
    "deadline_moved": (
        "deadlines",
        lambda of: f"Moved from {of.day('old_due')} to {of.day('due')}: {of['title']}",
    ),
    "deadline_met": (
        "deadlines",
        lambda of: f"{'Met late' if of['late'] else 'Met'} on {of.day('met_on')}: {of['title']}",
    ),
    "deadline_passed": ("escalations", lambda of: f"Overdue, was due {of.day('due')}: {of['title']}"),
    "deadline_cancelled": ("deadlines", lambda of: f"No longer required: {of['title']}"),
    "reminded": ("escalations", lambda of: f"Reminded {of.who('to')}, due {of.day('due')}: {of['title']}"),
    "escalated": ("escalations", lambda of: f"Escalated to {of.who('to')}, was due {of.day('due')}: {of['title']}"),
    "notice_sent": ("letters", lambda of: f"Letter sent to {of.who('recipient')}"),
    "notice_failed": ("letters", lambda of: f"Letter not delivered, to {of.who('recipient')}"),
    "closed": ("file", lambda of: f"The file ended: {of['how']}"),
}
"""What a line of the timeline is about, and its words."""


def _more(regime: Regime, event: Event) -> Iterable[FieldWords]:
    """What is worth telling besides the title."""
    fields = event.fields
    labels = {"subject": "Subject", "to": "Address", "why": "Why"} if event.what.startswith("notice") else {}
    labels |= {"reason": "Reason"} if event.what == "step_refused" else {}
    for name, label in labels.items():
        if fields.get(name):
            yield FieldWords(label, str(fields[name]))
    if event.what == "deadline_moved" and fields.get("because"):
        yield FieldWords("Because of", _because(regime, str(fields["because"])))


def _because(regime: Regime, why: str) -> str:
    label = step_label(regime, why)
    return label[:1].lower() + label[1:]


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
