"""The difference between the deadlines that the shell holds and those that the file asks for, and its events.

It is told against what the shell really holds, never against what today's code would have derived: a duty that a new
release moves thus moves at the file's next step, named as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from .casefile import CaseFile
from .contract import instant_text, read_instant
from .duty import Deadline
from .ladder import due_now
from .record import Entry
from .world import World

Held = dict[str, Any]
"""What the shell holds of a deadline, as plain data."""

BY_RELEASE = "the rules or the calendar changed with a release"
"""Why a deadline moved that nothing recorded has moved."""

BY_LETTER = "a letter was accepted or refused"
"""Why a deadline moved that counts from the last thing that was done, when that was a letter."""


def line(at: datetime, what: str, **fields: Any) -> dict[str, Any]:
    """A line of the timeline, as ``rehearse --json`` prints it: the instant in whole seconds, and what happened."""
    return {"at": instant_text(at.replace(microsecond=0)), "what": what, **fields}


def held_since(standing: Mapping[str, Held], deadline: Deadline, now: datetime) -> datetime:
    """The instant the shell was told of the deadline with the date it has now; this instant when it is new."""
    before = standing.get(deadline.key)
    if before is None or before["due"] != deadline.due.isoformat():
        return now
    return read_instant(before["since"])


def held(deadline: Deadline, file: CaseFile, world: World, since: datetime) -> Held:
    """What the shell is to hold of a deadline, with the instant of the next rung of its ladder."""
    ahead = due_now(deadline, file, world.now, since, above=world.above_chair)[1] if deadline.open else None
    return {
        "due": deadline.due.isoformat(),
        "original_due": deadline.original_due.isoformat(),
        "rule": deadline.rule,
        "title": deadline.title,
        "status": "open" if deadline.open else "met late" if deadline.late else "met",
        "since": instant_text(since),
        "timer": instant_text(ahead.at) if ahead else None,
    }


def difference(
    standing: Mapping[str, Held],
    deadlines: Mapping[str, Deadline],
    file: CaseFile,
    world: World,
    because: Callable[[Deadline], str],
) -> tuple[dict[str, Held], list[dict[str, Any]]]:
    """What the shell is to hold of the deadlines from now on, and the lines of the timeline that tell of the change.

    Arguments:
        standing: what it holds.
        deadlines: those of the file.
        file: as it now is.
        world: what the core is told of the world.
        because: why a deadline has moved.
    """
    events = [
        _of_deadline("deadline_cancelled", key, before, world)
        for key, before in standing.items()
        if key not in deadlines and before["status"] == "open"
    ]
    holds: dict[str, Held] = {}
    for key, deadline in deadlines.items():
        was = standing.get(key)
        holds[key] = held(deadline, file, world, held_since(standing, deadline, world.now))
        events.extend(_told(deadline, was, holds[key], world, because))
    return holds, events


def _told(
    deadline: Deadline, was: Held | None, now: Held, world: World, because: Callable[[Deadline], str]
) -> Iterator[dict[str, Any]]:
    key = deadline.key
    if was is None:
        yield _of_deadline("deadline_set", key, now, world)
    elif (was["due"], was["original_due"]) != (now["due"], now["original_due"]):
        more = {"old_due": was["due"], "because": because(deadline)}
        yield _of_deadline("deadline_moved", key, now, world, **more)
    was_open = was is None or was["status"] == "open"
    if was_open and not deadline.open:
        yield _of_deadline("deadline_met", key, now, world, late=deadline.late, met_on=str(deadline.met_on))
    elif deadline.open and not was_open:
        yield _of_deadline("deadline_set", key, now, world)


def rungs_told(entries: Sequence[Entry], deadlines: Mapping[str, Deadline], world: World) -> Iterator[dict[str, Any]]:
    """Lines of the timeline for the rungs among these entries: passed, reminded, escalated."""
    for entry in entries:
        if entry.name != "rung_reached":
            continue
        body = entry.body
        fields = {name: body[name] for name in ("deadline", "rule", "due", "title")}
        if body["kind"] == "passed":
            original_due = deadlines[body["deadline"]].original_due.isoformat()
            yield line(world.now, "deadline_passed", **fields, original_due=original_due)
        else:
            what = "escalated" if body["kind"] == "escalation" else "reminded"
            for to in body["to"]:
                yield line(world.now, what, **fields, to=to)


def _of_deadline(what: str, key: str, of: Mapping[str, Any], world: World, **more: Any) -> dict[str, Any]:
    fields = {name: of[name] for name in ("rule", "due", "original_due", "title")}
    return line(world.now, what, deadline=key, **fields, **more)


def timer_summary(held: Held) -> str:
    """What Temporal's web page shows beside the timer: 200 bytes at most."""
    text = f"{held['rule']} {held['title']}, due {held['due']}".strip()
    return text.encode()[:200].decode(errors="ignore")
