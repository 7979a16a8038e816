"""What the register is told of a file: everything that pages, lists and statistics read, as plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from .contract import read_instant
from .record import Entry


@dataclass(frozen=True, slots=True)
class DeadlineRow:
    """A deadline as it stands. ``status`` is ``open``, ``overdue``, ``met``, ``met late`` or ``cancelled``.

    Arguments:
        responsible: whose work it is, see :meth:`models.regime.Regime.responsible_for`.
        period: whether it is no task but a period that must run.
    """

    key: str
    clock: str
    rule: str
    title: str
    basis: str
    responsible: str
    due: date
    original_due: date
    counted: str
    status: str
    met_on: date | None
    period: bool


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice and what became of it. ``status`` is ``under way``, ``accepted`` or ``refused``."""

    key: str
    rule: str
    title: str
    recipient: str
    status: str
    number: int
    accepted_on: date | None
    message_id: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action of the review's plan, with where it stands."""

    id: str
    text: str
    owner: str
    status: str
    due: date | None
    done_on: date | None
    impact: str


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """An organisation involved in the case."""

    id: str
    name: str
    representative: str


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document the file names, by digest."""

    sha256: str
    kind: str
    step_id: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline, in the words of ``rehearse --json``: ``what`` and the fields that belong to it."""

    at: datetime
    what: str
    fields: dict[str, Any]


def event_of(plain: Mapping[str, Any]) -> Event:
    """A line of the timeline, from plain data."""
    fields = {name: value for name, value in plain.items() if name not in ("at", "what")}
    return Event(read_instant(plain["at"]), plain["what"], fields)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Projection:
    """A whole file for the register, at one revision. Only a higher revision than the stored one counts.

    ``replaced`` has the revisions at which ``entries`` and ``events`` were replaced, by position as text.
    """

    reference: str
    revision: int
    regime: str
    rulebook: str
    kind: str
    stage: str
    opened_on: date
    notified_on: date | None
    closed_on: date | None
    next_due: date | None
    overdue: int
    finding: str
    decision: str
    decided_on: date | None
    initiated_on: date | None
    completed_on: date | None
    published_on: date | None
    entries: tuple[Entry, ...]
    deadlines: tuple[DeadlineRow, ...]
    notices: tuple[NoticeRow, ...]
    actions: tuple[ActionRow, ...]
    organisations: tuple[OrganisationRow, ...]
    documents: tuple[DocumentRow, ...]
    events: tuple[Event, ...]
    replaced: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
