"""What a file's history is made of: how many events each step, each timer and each letter takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

A_STEP, A_TIMER, A_LETTER, A_WRITE = 8, 2, 8, 6
"""How many events each may take."""

STEPS, LETTERS, TIMERS, WRITES = "steps", "letters", "timers", "writing the register"
RUNGS, OTHERS = "timers fired, and what they brought", "the rest"

_OF_REHEARSALS = ("WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED", "WORKFLOW_EXECUTION_OPTIONS_UPDATED")
"""Written when virtual time is moved: a file in real time has none of them."""

_OF_STEPS = ("WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "WORKFLOW_EXECUTION_UPDATE_COMPLETED", "WORKFLOW_EXECUTION_SIGNALED")
_OF_TASKS = ("WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_STARTED", "WORKFLOW_TASK_COMPLETED", "MARKER_RECORDED")
_BY_ACTIVITY = {"send_letter": LETTERS, "write_register": WRITES}
_ASIDE = "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"


@dataclass(frozen=True)
class Tally:
    """A history, counted.

    Arguments:
        steps: how many came.
        timers: how many were set.
        letters: how many were handed to the mail server.
        writes: how often the register was written.
        events: how many there are, by what they are for. Those of virtual time are left out.
        of_rehearsal: how many more there are because virtual time was moved.
        size: bytes of all of them.
        runs: how many events each run has, those of virtual time with them.
    """

    steps: int
    timers: int
    letters: int
    writes: int
    events: Counter[str]
    of_rehearsal: int
    size: int
    runs: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many events a file in real time has."""
        return self.events.total()

    @property
    def allowed(self) -> int:
        """How many it may have."""
        allowed = A_STEP * self.steps + A_TIMER * self.timers + A_LETTER * self.letters
        return allowed + A_WRITE * self.writes


def tally(runs: Iterable[Iterable[HistoryEvent]]) -> Tally:
    """Counts a file's history, run by run. A workflow task, and what is written with it, belongs to what woke it."""
    found = [_of_run(history) for history in runs]
    return Tally(
        steps=sum(one.steps for one in found),
        timers=sum(one.timers for one in found),
        letters=sum(one.letters for one in found),
        writes=sum(one.writes for one in found),
        events=sum((one.events for one in found), Counter()),
        of_rehearsal=sum(one.of_rehearsal for one in found),
        size=sum(one.size for one in found),
        runs=tuple(events for one in found for events in one.runs),
    )


def _of_run(history: Iterable[HistoryEvent]) -> Tally:
    events = [(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_"), event) for event in history]
    kinds = Counter(kind for kind, _ in events)
    activities = {event.event_id: _BY_ACTIVITY.get(_scheduled(event), OTHERS) for _, event in events}
    whose_activities = Counter(_BY_ACTIVITY.get(_scheduled(event)) for _, event in events)
    found: Counter[str] = Counter()
    task: Counter[str] = Counter()
    woken_by: set[str] = set()
    next_woken_by: set[str] = set()
    for kind, event in events:
        if kind == "WORKFLOW_TASK_SCHEDULED":
            found[_because(woken_by)] += task.total()
            task.clear()
        elif kind == "WORKFLOW_TASK_STARTED":
            woken_by, next_woken_by = next_woken_by, set()
        if kind in (*_OF_TASKS, _ASIDE):
            task[kind] += 1
        elif kind in _OF_STEPS:
            found[STEPS] += 1
            (next_woken_by if kind == "WORKFLOW_EXECUTION_SIGNALED" else woken_by).add(STEPS)
        elif kind in ("TIMER_STARTED", "TIMER_CANCELED"):
            found[TIMERS] += 1
        elif kind == "TIMER_FIRED":
            found[TIMERS] += 1
            next_woken_by.add(RUNGS)
        elif kind.startswith("ACTIVITY_TASK_"):
            whose = activities[_of_activity(event)]
            found[whose] += 1
            next_woken_by.add(whose)
        elif kind not in _OF_REHEARSALS:
            found[OTHERS] += 1
    found[_because(woken_by)] += task.total()
    return Tally(
        steps=kinds["WORKFLOW_EXECUTION_UPDATE_ACCEPTED"] + kinds["WORKFLOW_EXECUTION_SIGNALED"],
        timers=kinds["TIMER_STARTED"],
        letters=whose_activities[LETTERS],
        writes=whose_activities[WRITES],
        events=found,
        of_rehearsal=sum(kinds[kind] for kind in _OF_REHEARSALS),
        size=sum(event.ByteSize() for _, event in events),
        runs=(len(events),),
    )


def _because(woken_by: set[str]) -> str:
    return next((reason for reason in (STEPS, LETTERS, RUNGS, WRITES) if reason in woken_by), OTHERS)


def _scheduled(event: HistoryEvent) -> str:
    return event.activity_task_scheduled_event_attributes.activity_type.name


def _of_activity(event: HistoryEvent) -> int:
    """The event that scheduled the activity this one is about."""
    about = getattr(event, event.WhichOneof("attributes") or "")
    return int(getattr(about, "scheduled_event_id", event.event_id))
