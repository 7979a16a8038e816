"""What a history is made of: how many events each step, each timer and each letter takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

A_STEP, A_TIMER, A_LETTER = 8, 2, 8
"""How many events each may take."""

STEPS, LETTERS, TIMERS, RUNGS, OTHERS = "steps", "letters", "timers", "timers fired, and what they brought", "the rest"

_OF_REHEARSALS = ("WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED", "WORKFLOW_EXECUTION_OPTIONS_UPDATED")
"""Written when virtual time is moved: a file in real time has none of them."""

_OF_STEPS = ("WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "WORKFLOW_EXECUTION_UPDATE_COMPLETED", "WORKFLOW_EXECUTION_SIGNALED")
_OF_TASKS = ("WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_STARTED", "WORKFLOW_TASK_COMPLETED", "MARKER_RECORDED")
_ASIDE = "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"


@dataclass(frozen=True)
class Tally:
    """A history, counted.

    Arguments:
        steps: how many came.
        timers: how many were set.
        letters: how many were handed to the mail server.
        events: how many there are, by what they are for. Those of virtual time are left out.
        of_rehearsal: how many more there are because virtual time was moved.
        size: bytes of all of them.
        continued: whether the run goes on from an earlier one that continued as new.
    """

    steps: int
    timers: int
    letters: int
    events: Counter[str]
    of_rehearsal: int
    size: int
    continued: bool

    @property
    def total(self) -> int:
        """How many events a file in real time has."""
        return self.events.total()

    @property
    def allowed(self) -> int:
        """How many it may have."""
        return A_STEP * self.steps + A_TIMER * self.timers + A_LETTER * self.letters


def tally(history: Iterable[HistoryEvent]) -> Tally:
    """Counts a history. A workflow task, and what is written with it, belongs to what woke it."""
    events = [(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_"), event) for event in history]
    kinds = Counter(kind for kind, _ in events)
    letters = {event.event_id for _, event in events if _scheduled(event) == "send_letter"}
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
            whose = LETTERS if _of_activity(event) in letters else OTHERS
            found[whose] += 1
            next_woken_by.add(whose)
        elif kind not in _OF_REHEARSALS:
            found[OTHERS] += 1
    found[_because(woken_by)] += task.total()
    return Tally(
        steps=kinds["WORKFLOW_EXECUTION_UPDATE_ACCEPTED"] + kinds["WORKFLOW_EXECUTION_SIGNALED"],
        timers=kinds["TIMER_STARTED"],
        letters=len(letters),
        events=found,
        of_rehearsal=sum(kinds[kind] for kind in _OF_REHEARSALS),
        size=sum(event.ByteSize() for _, event in events),
        continued=bool(events[0][1].workflow_execution_started_event_attributes.continued_execution_run_id),
    )


def _because(woken_by: set[str]) -> str:
    return next((reason for reason in (STEPS, LETTERS, RUNGS) if reason in woken_by), OTHERS)


def _scheduled(event: HistoryEvent) -> str:
    return event.activity_task_scheduled_event_attributes.activity_type.name


def _of_activity(event: HistoryEvent) -> int:
    """The event that scheduled the activity this one is about."""
    about = getattr(event, event.WhichOneof("attributes") or "")
    return int(getattr(about, "scheduled_event_id", event.event_id))
