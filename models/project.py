"""From a file's record and timeline to what the register is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from .casefile import CaseFile
from .days import london_date
from .duties import Duties, duties_of
from .duty import Deadline, Notice
from .fold import fold
from .key import Key
from .projection import (
    ActionRow,
    DeadlineRow,
    DocumentRow,
    Event,
    NoticeRow,
    OrganisationRow,
    Projection,
    event_of,
)
from .record import Entry
from .view import kind_of, latest_number, letter_status, next_due, overdue, stage_of, status_of
from .world import World


def project(
    record: Sequence[Entry],
    events: Sequence[Mapping[str, Any]],
    revision: int,
    world: World,
    replaced: Mapping[str, Mapping[str, int]] | None = None,
) -> Projection:
    """A whole file for the register.

    Arguments:
        record: everything that happened on the file.
        events: its timeline, as plain data.
        revision: counts the shell's changes; only a higher one counts.
        world: what the core is told of the world.
        replaced: the revisions at which entries and events were replaced, by position.

    Raises:
        NoCalendarError: a deadline counts working days in a year without a calendar.
    """
    file, told = fold(record), [event_of(event) for event in events]
    duties = duties_of(file, world)
    return project_file(file, duties, record, told, revision, world.today, replaced or {})


def project_file(
    file: CaseFile,
    duties: Duties,
    record: Sequence[Entry],
    events: Sequence[Event],
    revision: int,
    today: date,
    replaced: Mapping[str, Mapping[str, int]],
) -> Projection:
    """As :func:`project`, of a file that is folded and whose duties are known. ``today`` is London's."""
    deadlines, decision = duties.deadlines, file.decision
    return Projection(
        reference=file.reference,
        revision=revision,
        regime=file.regime.name,
        rulebook=file.rules.name,
        kind=kind_of(file),
        stage=stage_of(file),
        opened_on=file.opening.opened_on,
        notified_on=file.notified_on,
        closed_on=file.ended_on,
        next_due=next_due(deadlines),
        overdue=overdue(deadlines, today),
        finding=file.finding.held if file.opening.incident is not None else "",
        decision=decision.choice if decision else "",
        decided_on=decision.on if decision else None,
        initiated_on=file.review.initiated_on if file.review else None,
        completed_on=file.first_signed_on,
        published_on=file.public.published_on,
        entries=tuple(record),
        deadlines=tuple(_deadline(file, deadline, today) for deadline in deadlines.values()),
        notices=_notices(file, duties.notices),
        actions=_actions(file, deadlines),
        organisations=tuple(
            OrganisationRow(name, party.facts.name, party.representative) for name, party in file.parties.items()
        ),
        documents=tuple(DocumentRow(*named) for named in dict.fromkeys(file.documents)),
        events=tuple(events),
        replaced=replaced,
    )


def _deadline(file: CaseFile, deadline: Deadline, today: date) -> DeadlineRow:
    return DeadlineRow(
        key=deadline.key,
        clock=deadline.clock,
        rule=deadline.rule,
        title=deadline.title,
        basis=deadline.basis,
        responsible=file.regime.responsible_for(deadline),
        due=deadline.due,
        original_due=deadline.original_due,
        counted=deadline.counted,
        status=status_of(deadline, today),
        met_on=deadline.met_on,
        period=deadline.period,
    )


def _notices(file: CaseFile, notices: Mapping[str, Notice]) -> tuple[NoticeRow, ...]:
    """Every notice that stands, and every letter that went, even if what it told no longer stands."""
    rows = []
    for key in dict.fromkeys((*notices, *file.letters)):
        notice, letter = notices.get(key), file.letters.get(key)
        number = latest_number(file, key, notice)
        status = letter_status(letter, number)
        accepted_at = letter.accepted_at if letter and status == "accepted" else None
        rows.append(
            NoticeRow(
                key=key,
                rule=notice.rule if notice else letter.rule if letter else "",
                title=notice.title if notice else letter.template if letter else "",
                recipient=notice.to if notice else letter.to if letter else "",
                status=status,
                number=number,
                accepted_on=london_date(accepted_at) if accepted_at else None,
                message_id=letter.message_id if letter else "",
            )
        )
    return tuple(rows)


def _actions(file: CaseFile, deadlines: Mapping[str, Deadline]) -> tuple[ActionRow, ...]:
    return tuple(
        ActionRow(
            id=name,
            text=action.text,
            owner=action.owner,
            status=action.status,
            due=deadlines[Key.of("action_done", name)].due if Key.of("action_done", name) in deadlines else action.due,
            done_on=action.done_on,
            impact=action.impact,
        )
        for name, action in file.actions.items()
    )
