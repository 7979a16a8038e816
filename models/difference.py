"""The difference between what the shell holds and what the file asks for: timers, letters, lines of the timeline.

It is told against what the shell really holds, never against what today's code would have derived: a duty that a new
release moves thus moves at the file's next step, named as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .casefile import CaseFile
from .changes import LetterToSend, Standing, Timer, line
from .duty import Deadline, Notice
from .ladder import due_now
from .record import Entry, instant_text, read_instant
from .sections.letters import IN_DIRECTORY
from .step import World

Held = dict[str, Any]
"""What the shell holds of a deadline, as plain data."""

BY_RELEASE = "the rules or the calendar changed with a release"
"""Why a deadline moved that nothing recorded has moved."""

BY_LETTER = "a letter was taken or refused"
"""Why a deadline moved that counts from the last thing that was done, when that was a letter."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What the shell is to change about its deadlines; see :class:`models.changes.Changes`."""

    deadlines: dict[str, Held | None] = field(default_factory=dict)
    timers: list[Timer] = field(default_factory=list)
    cancel: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)


def held_since(standing: Standing, deadline: Deadline, now: datetime) -> datetime:
    """The instant the shell was told of the deadline with the date it has now; this instant when it is new."""
    held = standing.deadlines.get(deadline.key)
    if held is None or held["due"] != deadline.due.isoformat():
        return now
    return read_instant(held["since"])


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
    standing: Standing,
    deadlines: Mapping[str, Deadline],
    file: CaseFile,
    world: World,
    *,
    fired: str = "",
    because: Callable[[Deadline], str],
) -> Difference:
    """What is to change so that the shell holds these deadlines.

    Arguments:
        standing: what it holds.
        deadlines: what it is to hold.
        file: as it now is.
        world: business time, and whether there is a role above the Chair.
        fired: the deadline whose timer has just fired, and is no longer armed.
        because: why a deadline has moved.
    """
    found = Difference()
    for key, before in standing.deadlines.items():
        if key not in deadlines:
            found.deadlines[key] = None
            if before.get("timer"):
                found.cancel.append(key)
            if before["status"] == "open":
                found.events.append(_of_deadline("deadline_cancelled", key, before, world))
    for key, deadline in deadlines.items():
        was = standing.deadlines.get(key)
        now = held(deadline, file, world, held_since(standing, deadline, world.now))
        found.events.extend(_told(deadline, was, now, world, because))
        armed = was.get("timer") if was is not None and key != fired else None
        if now["timer"] is None and armed:
            found.cancel.append(key)
        elif now["timer"] is not None and armed != now["timer"]:
            found.timers.append(Timer(deadline=key, at=now["timer"], summary=timer_summary(now)))
        if now != was:
            found.deadlines[key] = now
    return found


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


def letters_to_start(file: CaseFile, notices: Mapping[str, Notice], under_way: set[str]) -> Iterator[LetterToSend]:
    """Every notice whose latest letter has not gone out and is not under way.

    Arguments:
        under_way: the keys of the letters that the shell follows.
    """
    for notice in notices.values():
        letter, number = file.letters.get(notice.key), file.resends.get(notice.key, 1)
        if (letter is None or letter.number < number) and f"{notice.key}#{number}" not in under_way:
            yield letter_of(file, notice, number)


def letter_of(file: CaseFile, notice: Notice, number: int) -> LetterToSend:
    kind, _, name = notice.to.partition(":")
    organisation = file.parties.get(name) if kind == "lead" else None
    corrected = file.addresses.get(notice.to)
    known = kind in IN_DIRECTORY
    if not known or (kind == "lead" and organisation is None):
        # Whoever the file no longer knows is reached where the letter was taken that is now wrong.
        corrected = corrected or _reached_at(file, notice.to)
    return LetterToSend(
        notice=notice.key,
        number=number,
        rule=notice.rule,
        template=notice.template,
        title=notice.title,
        to=notice.to,
        address=file.resend_to.get(notice.key) or (None if known else corrected),
        fallback=corrected or (organisation.facts.email if organisation else None),
        content=dict(notice.content),
        documents=list(notice.documents),
    )


def _reached_at(file: CaseFile, recipient: str) -> str | None:
    """The address at which a mail server last took a letter to a recipient."""
    taken = [letter.address for letter in file.letters.values() if letter.to == recipient and letter.taken_at]
    return next((address for address in reversed(taken) if address), None)


def _of_deadline(what: str, key: str, of: Mapping[str, Any], world: World, **more: Any) -> dict[str, Any]:
    fields = {name: of[name] for name in ("rule", "due", "original_due", "title")}
    return line(world.now, what, deadline=key, **fields, **more)


def timer_summary(held: Held) -> str:
    """What Temporal's web page shows beside the timer: 200 bytes at most."""
    text = f"{held['rule']} {held['title']}, due {held['due']}".strip()
    return text.encode()[:200].decode(errors="ignore")
