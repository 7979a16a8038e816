"""What the shell and the core say to each other. Frozen: a replay years later runs this code on what history holds.

The shell reads only the fields that are named here. All else in what the core answers, and in what a run carries on,
passes through as plain data and is never dropped, so that a later release can say more to a file that an older shell
still runs. A committed fingerprint (``tests/replay/contract.json``) holds names, types, defaults, forms of keys and
limits; its test says what to do when one must change. Nothing of ours is imported here.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")
Plain = dict[str, Any]

# Limits on which the course of a history depends: with others, a replay would ask other questions.

BATCH_ITEMS, BATCH_BYTES = 50, 256 * 1024
"""How much of what came in together is taken in one question, one thing at least."""
INBOX_ITEMS, INBOX_BYTES = 250, 1024 * 1024
"""How much may wait to be taken. While it is full the validator refuses, and signals are counted and not kept."""

# Limits that no history depends on.

MAX_MESSAGE_BYTES = 8_192
"""The largest message a step may be sent as. Reports and letters are documents, never messages."""
MAX_ENVELOPE_BYTES = 2_048
"""The largest envelope a message may come in, and the most that its payload's metadata may be."""
MAX_DEPTH = 10
"""How deep a message may be nested. A step needs half of it; a hundred times as much would exhaust the reader."""


# Keys


def deadline_timer(deadline: str) -> str:
    """The key of the timer of a deadline."""
    return f"deadline:{deadline}"


def work_timer(work: str) -> str:
    """The key of the timer that starts work which waits."""
    return f"work:{work}"


def letter_work(notice: str, number: int) -> str:
    """The key of the work of sending a letter."""
    return f"letter:{notice}#{number}"


def message_work(to: str, id: str) -> str:
    """The key of the work of telling another file; a file may be told twice at once."""
    return f"message:{to}#{id}"


def letters_queue(files: str) -> str:
    """The task queue for letters, beside that of the files: many letters and a slow mail server delay no file."""
    return f"{files}-letters"


# Instants


def instant_text(at: datetime) -> str:
    """An instant as text, in UTC, microseconds kept only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_instant(text: str) -> datetime:
    """The instant :func:`instant_text` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)


# What the core answers


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer to set, in place of any other under its key. It comes back as a thing that came in.

    Arguments:
        key: its own.
        at: an instant in business time.
        summary: shown beside it on Temporal's web page, 200 bytes at most.
    """

    key: str
    at: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """Something to be done in the world by an activity; what became of it comes back as a thing that came in.

    Arguments:
        key: its own; what is under way is not started twice, and is carried on by the run after this one.
        activity: the activity's name.
        arguments: its arguments.
        summary: shown beside it on Temporal's web page, 200 bytes at most.
        queue: the task queue of who does it; empty for the file's own.
        timeout: seconds that one try may take.
    """

    key: str
    activity: str
    arguments: Sequence[Any] = ()
    summary: str = ""
    queue: str = ""
    timeout: float = 180.0


@dataclass(frozen=True, slots=True)
class Filing:
    """How the register is written, or the file archived; when, and with what, is the shell's own.

    Arguments:
        queue: the task queue of who does it; empty for the file's own.
        timeout: seconds that one try may take.
        summary: shown beside it on Temporal's web page, 200 bytes at most.
    """

    queue: str = ""
    timeout: float = 60.0
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to change so that the world agrees with the file. A field that is left out changes nothing.

    Arguments:
        answers: for who sent a step and waits: each with its ``ticket``, and whether it is ``recorded``.
        entries: to be appended to the record.
        events: lines to be appended to the timeline.
        replaced_entries: entries that take the place of others, by position as text.
        replaced_events: the same for lines of the timeline.
        standing: what the core keeps of what stands, by kind and key, until it says otherwise; None to forget it.
        timers: to set.
        cancel: keys of timers to cancel.
        work: to start, in this order.
        filing: how to write the ``register`` and the ``archive`` from now on.
        stage: the stage the file has come to.
        details: Markdown for Temporal's web page, without personal data.
        attributes: the search attributes, all of them.
        finished: whether the run may end once its work is done; None for as before.
        renew: whether the run is to continue as new as soon as nothing is in hand.
    """

    answers: Sequence[Plain] = ()
    entries: Sequence[Plain] = ()
    events: Sequence[Plain] = ()
    replaced_entries: Mapping[str, Plain] = field(default_factory=dict)
    replaced_events: Mapping[str, Plain] = field(default_factory=dict)
    standing: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    timers: Sequence[Plain] = ()
    cancel: Sequence[str] = ()
    work: Sequence[Plain] = ()
    filing: Mapping[str, Plain] = field(default_factory=dict)
    stage: str = ""
    details: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    finished: bool | None = None
    renew: bool = False

    @property
    def changes_the_file(self) -> bool:
        """Whether the file is another than before, so that its revision counts one more."""
        return bool(self.entries or self.events or self.standing or self.replaced_entries or self.replaced_events)


# What the shell holds


@dataclass(slots=True)
class State:
    """All that a file is to its run, and all that the next run needs of it.

    Arguments:
        opening: what the first run was started with: ``reference``, and ``offset_seconds`` between server time and
            business time, zero outside rehearsals.
        record: the file's entries, as plain data.
        events: its timeline.
        standing: what the core keeps, by kind and key.
        timers: those that are set, by key.
        work: what is under way, by key.
        filing: how the register and the archive are written.
        stage, details, attributes, finished: as the core last said them.
        revision: counts the changes of the file.
        written: the revision that the register has.
        replaced: the revisions at which entries (``entries``) and lines (``events``) were replaced, by position.
        as_of: the instant, in business time, of the last change.
        unknown: what other releases added.
    """

    opening: Plain = field(default_factory=dict)
    record: list[Plain] = field(default_factory=list)
    events: list[Plain] = field(default_factory=list)
    standing: dict[str, dict[str, Any]] = field(default_factory=dict)
    timers: dict[str, Plain] = field(default_factory=dict)
    work: dict[str, Plain] = field(default_factory=dict)
    filing: dict[str, Plain] = field(default_factory=dict)
    stage: str = ""
    details: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    finished: bool = False
    revision: int = 0
    written: int = 0
    replaced: dict[str, dict[str, int]] = field(default_factory=dict)
    as_of: str = ""
    unknown: Plain = field(default_factory=dict)

    @classmethod
    def begin(cls, opening: Mapping[str, Any], carried: bytes = b"") -> State:
        """What a run begins with: what the one before carried on, or an opening with the ``record`` of a new file."""
        about = {name: value for name, value in opening.items() if name not in ("record", "first")}
        state = unpack(carried) if carried else cls(record=list(opening["record"]))
        state.opening = {**state.opening, **about}
        return state

    @property
    def reference(self) -> str:
        """What the file is called everywhere."""
        return str(self.opening["reference"])

    def copy(self) -> State:
        """The same, which stays as it is while this one goes on. Entries are shared: they are never changed."""
        standing = {kind: dict(held) for kind, held in self.standing.items()}
        lists: dict[str, Any] = {"record": list(self.record), "events": list(self.events)}
        return replace(self, **lists, standing=standing, timers=dict(self.timers), work=dict(self.work))

    def apply(self, changes: Changes, at: datetime) -> None:
        """Takes in what the core answered; what that starts in the world is for the shell."""
        self.revision += changes.changes_the_file
        self.as_of = instant_text(at)
        for name, rows, replaced in (
            ("entries", self.record, changes.replaced_entries),
            ("events", self.events, changes.replaced_events),
        ):
            for position, row in replaced.items():
                rows[int(position)] = row
                self.replaced.setdefault(name, {})[position] = self.revision
        self.record += changes.entries
        self.events += changes.events
        for kind, held in changes.standing.items():
            _merge(self.standing.setdefault(kind, {}), held)
        for key in changes.cancel:
            self.timers.pop(key, None)
        self.timers |= {timer["key"]: timer for timer in changes.timers}
        self.filing |= changes.filing
        self.stage, self.details = changes.stage or self.stage, changes.details or self.details
        self.attributes = dict(changes.attributes) or self.attributes
        if changes.finished is not None:
            self.finished = changes.finished


def pack(state: State) -> bytes:
    """The state as it is carried on, archived and told to who asks for it: compressed, a tenth of what it is."""
    return compressed(text_of(state))


def text_of(state: State) -> bytes:
    """The state as JSON, what other releases added with it."""
    plain = {one.name: getattr(state, one.name) for one in fields(State) if one.name != "unknown"}
    return json.dumps({**state.unknown, **plain}, separators=(",", ":")).encode()


def compressed(text: bytes) -> bytes:
    """Quickly: the largest file takes a tenth of a second."""
    return zlib.compress(text, level=1)


def unpack(packed: bytes) -> State:
    """The state that :func:`pack` made, of any release."""
    plain: Plain = json.loads(zlib.decompress(packed))
    state = read(State, plain)
    state.unknown = unknown(State, plain)
    return state


def read(kind: type[T], plain: Mapping[str, Any]) -> T:
    """The fields that a type here names; :func:`unknown` has the others."""
    named = {one.name for one in fields(kind)}  # type: ignore[arg-type]  # mypy cannot say "any dataclass"
    return kind(**{name: value for name, value in plain.items() if name in named})


def unknown(kind: type[Any], plain: Mapping[str, Any]) -> Plain:
    """The fields that a type here does not name."""
    named = {one.name for one in fields(kind)}
    return {name: value for name, value in plain.items() if name not in named}


def _merge(held: dict[str, Any], changed: Mapping[str, Any]) -> None:
    for key, value in changed.items():
        if value is None:
            held.pop(key, None)
        else:
            held[key] = value


# What comes in


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing that came in.

    Arguments:
        kind: ``step``, ``timer``, ``work``, ``cancel_requested``, ``signals_dropped``, or ``reassess`` (opened, asked
            again, continued: nothing came in, but see whether something is to be done).
        ticket: by which the answer finds who waits for it.
        name: a step's name.
        body: a step's body as it was sent.
        source: how a step came: ``start``, ``update`` or ``signal``.
        refusal: why the message could not even be read.
        envelope: what the sender sent beside the body; nothing here reads it.
        payload_metadata: the metadata of the message's payload as the codec left it; empty without a codec.
        key: a timer's, or that of the work.
        at: a timer's instant.
        result: what became of work, ``{"failed": why}`` if it failed.
        count: how many signals were not kept.
        size: how many bytes the message has.
    """

    kind: str
    ticket: int = 0
    name: str = ""
    body: Plain = field(default_factory=dict)
    source: str = ""
    refusal: str = ""
    envelope: Plain = field(default_factory=dict)
    payload_metadata: dict[str, str] = field(default_factory=dict)
    key: str = ""
    at: str = ""
    result: Plain = field(default_factory=dict)
    count: int = 0
    size: int = 0


@dataclass(slots=True, weakref_slot=True)
class Question:
    """What the core is asked. It is handed over by reference, and so stands in no history: only the answer does.

    Arguments:
        state: what the shell holds, as it was when it asked.
        incoming: what came in, to be taken in this order.
        queued: what came in as well and waits for its turn.
        now: business time.
        history_length: how many events this run's history has.
        taken: how many things this run has taken before.
        known: what the core made of the record when it was last asked; None to make it again. Whoever is asked may
            change it, so that nobody else has it meanwhile.
        after: what it makes of the record with this answer, for the next question.
        projection: the file for the register with this answer.
    """

    state: State
    incoming: Sequence[Incoming]
    now: datetime
    queued: Sequence[Incoming] = ()
    history_length: int = 0
    taken: int = 0
    known: Any = None
    after: Any = None
    projection: Any = None


def read_message(data: bytes) -> Plain | str:
    """The one JSON object a step is sent as, or why it is not one.

    Messages come from anywhere, so they are read with ``json.loads`` and never into a type.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        return f"The message is {len(data):,} bytes; a step may have {MAX_MESSAGE_BYTES:,}."
    message = _read_object(data)
    if isinstance(message, str):
        return message
    if not isinstance(message.get("id"), str) or not message["id"].strip():
        return "The message has no id: give the step an id of its own, as text."
    return message


def read_envelope(data: bytes) -> Plain | str:
    """What a sender sent beside the body, or why it cannot be kept."""
    if len(data) > MAX_ENVELOPE_BYTES:
        return f"The message's envelope is {len(data):,} bytes; it may have {MAX_ENVELOPE_BYTES:,}."
    return _read_object(data)


def _read_object(data: bytes) -> Plain | str:
    try:
        found = json.loads(data, parse_constant=_refuse_constant, parse_float=_finite)
        depth = _depth(found)
    except OverflowError:
        return "The message holds a number that is too large: send one that can be counted with."
    except (ValueError, RecursionError):
        return "The message is not JSON: send one JSON object with the step's fields."
    if not isinstance(found, dict):
        return "The message is not a JSON object: send one object with the step's fields."
    if depth > MAX_DEPTH:
        return f"The message is nested {depth} deep: a step's fields are {MAX_DEPTH} deep at most."
    if not _is_text(json.dumps(found, ensure_ascii=False)):
        return "The message holds half a character (a lone surrogate): send whole ones."
    return found


def _depth(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, parts), default=0)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _finite(number: str) -> float:
    # Python reads 1e999 as infinity, which no JSON can hold: the file could not be kept as it was sent.
    if math.isinf(found := float(number)):
        raise OverflowError(number)
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
