"""Answers that do not count: why a step would be refused, what became of one, what a lost run held."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from . import references
from .casefile import CaseFile
from .contract import Incoming
from .days import NoCalendarError, day_words
from .difference import held
from .duties import deadlines_of
from .fold import apply, fold, rests_on
from .projection import Event, event_of
from .record import Entry, Refusal
from .regimes import regime_of, step_called
from .step import Step, read_step, refusals
from .step_words import step_label
from .upkeep.any_time import StruckOut
from .world import World


@dataclass(slots=True)
class Known:
    """What the core made of a record, kept by the file's run from one question to the next.

    Arguments:
        file: the record, folded.
        entries, events: the record and the timeline, read.
        weight: bytes of the entries' bodies.
        notices: the keys of the notices that stood; None while nobody has asked.
    """

    file: CaseFile
    entries: list[Entry]
    events: list[Event]
    weight: int
    notices: frozenset[str] | None = None

    @classmethod
    def of(cls, record: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]] = ()) -> Known:
        """Makes it from plain data."""
        entries = [Entry.read(entry) for entry in record]
        return cls(fold(entries), entries, [event_of(event) for event in events], _weight(entries))

    def add(self, entry: Entry) -> None:
        """Takes in one more entry; a step that is struck out is left out from the beginning."""
        self.entries.append(entry)
        self.weight += _weight([entry])
        if entry.name == "struck_out":
            self.file = fold(self.entries)
        else:
            apply(self.file, entry)

    def cut(self, entries: int, events: int) -> None:
        """Goes back to the first so many entries and events."""
        self.weight -= _weight(self.entries[entries:])
        del self.entries[entries:], self.events[events:]
        self.file = fold(self.entries)


def _weight(entries: Iterable[Entry]) -> int:
    return len(json.dumps([entry.body for entry in entries]))


def quick_refusal(
    record: Sequence[Mapping[str, Any]], known: Known | None, step: Incoming, now: datetime, where: tuple[str, str]
) -> dict[str, Any] | None:
    """Why a step would be refused, as far as a validator can tell; None when the core is to say.

    Arguments:
        record: the file's, as plain data.
        known: what the core made of it; None to make it again.
        step: as it came in.
        now: business time.
        where: the namespace and the task queue of this process's worker, by which it knows the world.
    """
    surroundings = references.surroundings.get(where)
    if surroundings is None:
        return None
    known = known or Known.of(record)
    found = judged(known.entries, known.file, step.name, step.body, surroundings.at(now, quick=True))
    if not isinstance(found, Refusal):
        return None
    return {"rule": found.rule, "reason": found.reason, "field": found.field}


def why_not(record: Sequence[Entry], name: str, body: Mapping[str, Any], world: World) -> Refusal | None:
    """Why a step may not be recorded now; None when it may, or was recorded before. Changes nothing."""
    found = judged(record, fold(record), name, body, world)
    return found if isinstance(found, Refusal) else None


def every_refusal(
    record: Sequence[Entry], file: CaseFile, name: str, body: Mapping[str, Any], world: World
) -> list[Refusal]:
    """Every reason why a step may not be recorded now; none when it may, or was recorded before."""
    step = _sent(record, file, name, body)
    if isinstance(step, Step):
        return list(_against(step, record, file, world))
    return [step] if step else []


def judged(
    record: Sequence[Entry], file: CaseFile, name: str, body: Mapping[str, Any], world: World
) -> Step | Refusal | None:
    """The step if it may be recorded now, or why not; None when the very same was recorded before."""
    step = _sent(record, file, name, body)
    return next(_against(step, record, file, world), step) if isinstance(step, Step) else step


def _sent(record: Sequence[Entry], file: CaseFile, name: str, body: Mapping[str, Any]) -> Step | Refusal | None:
    """The step that was sent, or why it cannot be read; None when the very same was recorded before."""
    if body.get("id") in file.ids:
        before = next(entry for entry in record if entry.id == body["id"] and not entry.is_fact)
        if before.name == name and dict(before.body) == dict(body):
            return None
        label = step_label(file.regime, before.name)
        why = f"This id was already used for another step (“{label}”). Give this step an id of its own."
        return Refusal("", why, "id")
    kind = step_called(file.regime, name)
    return kind if isinstance(kind, Refusal) else read_step(kind, body)


def _against(step: Step, record: Sequence[Entry], file: CaseFile, world: World) -> Iterator[Refusal]:
    """Why a step that can be read may not be recorded now."""
    refused = False
    try:
        for refusal in refusals(step, file, world):
            refused = True
            yield refusal
        if not refused and (resting := _rested_on(step, record, world)):
            yield resting
    except NoCalendarError as error:
        yield Refusal("", str(error))


def _rested_on(step: Step, record: Sequence[Entry], world: World) -> Refusal | None:
    later = rests_on(record, step.step, world) if isinstance(step, StruckOut) else None
    if later is None:
        return None
    entry = next(entry for entry in record if entry.id == later and not entry.is_fact)
    on = entry.body.get("happened_on")
    day = f" of {day_words(date.fromisoformat(str(on)))}" if on else ""
    label = step_label(regime_of(record), entry.name)
    return Refusal("", f"A later step depends on this one: “{label}”{day}. Strike that out first.", "step")


def answer_of(record: Sequence[Mapping[str, Any]], id: str, since: int = 0) -> dict[str, Any] | None:
    """What became of the step with this id, by the record: recorded, or refused and kept as refused.

    Arguments:
        record: the file's, as plain data.
        id: the step's.
        since: the position in the record from which on to look.
    """
    for entry in reversed(record[since:]):
        if entry["id"] == id and entry["source"] != "shell":
            said = {"step": entry["name"], "id": id, "body": entry["body"], "rule": "", "reason": "", "field": None}
            return {"recorded": True, **said}
        if entry["name"] == "step_refused" and entry["body"]["id"] == id:
            body = entry["body"]
            said = {name: body.get(name) for name in ("rule", "reason", "field")}
            return {"recorded": False, "step": body["step"], "id": id, **said}
    return None


def standing_of(record: Sequence[Entry], world: World) -> dict[str, dict[str, Any]]:
    """What a run would hold of this record, for a file whose run is gone: the first question then sets its timers."""
    file = fold(record)
    deadlines = deadlines_of(file, world)
    return {"deadlines": {key: held(deadline, file, world, world.now) for key, deadline in deadlines.items()}}
