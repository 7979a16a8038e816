"""What the register is told of a file: everything that pages, lists and statistics read, as plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .record import Entry


@dataclass(frozen=True, slots=True)
class DeadlineRow:
    """A deadline as it stands. ``status`` is ``open``, ``overdue``, ``met``, ``met late`` or ``cancelled``."""

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


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice and what became of it. ``status`` is ``under way``, ``taken`` or ``refused``."""

    key: str
    rule: str
    title: str
    recipient: str
    status: str
    number: int
    taken_on: date | None
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


@dataclass(frozen=True, slots=True)
class Projection:
    """A whole file for the register, at one revision. Only a higher revision than the stored one counts."""

    reference: str
    revision: int
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
