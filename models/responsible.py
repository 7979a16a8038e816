"""Who is to do something, in words: a role of the board, or an organisation's safeguarding lead or board member."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from .directory import ROLES, Appointment, Directory
from .recipient import Recipient

ASKED_OF_ORGANISATIONS = {"lead": "safeguarding lead", "board_member": "board member"}
"""Whom in an organisation something is asked of, by how a deadline's ``responsible`` begins."""

CHAIR_OR_COORDINATOR = "chair_or_coordinator"
"""Whose a deadline is that the coordinator is reminded of, and that a step meets which the Chair may record too."""


def work_of(answers_for: frozenset[str]) -> frozenset[str]:
    """Whose deadlines, by :meth:`models.regime.Regime.responsible_for`, are the work of whoever answers for these."""
    either = {CHAIR_OR_COORDINATOR} if answers_for & {"chair", "coordinator"} else set[str]()
    return answers_for | either


def organisation_of(responsible: str) -> str:
    """The id of the organisation that is asked, empty when none is: of ``lead:hospital`` it is ``hospital``."""
    to = Recipient(responsible)
    return to.name if to.kind in ASKED_OF_ORGANISATIONS else ""


def responsible_words(responsible: str, names: Mapping[str, str] | None = None) -> str:
    """Who it is, for people: ``The coordinator``, ``Hospital Trust, its safeguarding lead``.

    Arguments:
        responsible: as a deadline or a notice has it: a role, ``lead:hospital``, ``person:a-person``, ``peer:c-1``.
        names: of organisations and people, by id.
    """
    to, names = Recipient(responsible), names or {}
    if to.kind in ASKED_OF_ORGANISATIONS:
        return f"{names.get(to.name, to.name)}, its {ASKED_OF_ORGANISATIONS[to.kind]}"
    if to.kind == "person":
        return names.get(to.name, to.name)
    if to.kind == "peer":
        return "The Chair of another board"
    if responsible == CHAIR_OR_COORDINATOR:
        return "The Chair or the coordinator"
    words = ROLES.get(responsible, responsible.replace("_", " "))
    return words[:1].upper() + words[1:]


def named_in(directory: Directory | None) -> dict[str, str]:
    """The names of the directory's people and organisations, by id; an organisation's comes before a person's."""
    if directory is None:
        return {}
    people = {person.id: person.name for person in directory.people}
    return people | {organisation.id: organisation.name for organisation in directory.organisations}


def answers_for(
    roles: frozenset[str], organisation: str, person: str, directory: Directory | None, on: date
) -> frozenset[str]:
    """What somebody is responsible for, as deadlines name it.

    Arguments:
        roles: the account's: a coordinator's and the Chair's are roles of the directory too.
        organisation: the directory's id of the organisation they speak for; empty when none.
        person: the directory's id of the same person; empty when they are not in it.
        directory: for the roles that the person holds, or acts in, on the day.
        on: the day.
    """
    found = {role for role in roles if role in ("coordinator", "chair")}
    if organisation:
        found |= {Recipient.of(kind, organisation) for kind in ASKED_OF_ORGANISATIONS}
    if person:
        found.add(Recipient.of("person", person))
    if directory is not None and person:
        held = [a for a in directory.appointments if a.person == person and a.since <= on <= (a.until or on)]
        found |= {_as_deadlines_say(appointment) for appointment in held}
        found |= {a.role for a in directory.acting if a.person == person and a.since <= on <= a.until}
    return frozenset(found)


def _as_deadlines_say(appointment: Appointment) -> str:
    if appointment.organisation is None:
        return appointment.role
    kind = "lead" if appointment.role == "safeguarding_lead" else appointment.role
    return Recipient.of(kind, appointment.organisation)
