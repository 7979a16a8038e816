"""The directory in words: who holds what today, what is missing, and each change of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from models.days import day_words
from models.directory import NEEDED_OF_EACH, ROLES, Acting, Appointment, Directory, Person
from models.step_words import capital
from register.directory import Change
from web.directory.forms import ALWAYS, PARTS, key_of, role_words

_LABELS = {
    "name": "name",
    "email": "e-mail address",
    "role": "role",
    "person": "person",
    "organisation": "organisation",
    "since": "from",
    "until": "until",
}


@dataclass(frozen=True)
class Holder:
    """Who gets today what is sent to a role.

    Arguments:
        role: in words.
        person: whoever acts, else whoever was appointed last; None when nobody holds it.
        acts_for: whom they act for, and until when; empty when they hold it themselves.
    """

    role: str
    person: Person | None
    acts_for: str = ""


@dataclass(frozen=True)
class Held:
    """An appointment, or somebody who acts, as one line."""

    key: str
    role: str
    person: Person | None
    organisation: str
    since: str
    until: str
    state: str


@dataclass(frozen=True)
class Told:
    """One change in words, with what each field was and became."""

    words: str
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Changed:
    """What somebody changed at once."""

    at: datetime
    by: str
    changes: tuple[Told, ...]


def holders(directory: Directory, today: date) -> list[Holder]:
    """Who holds each of the board's roles today."""
    return [_holder(directory, role, today) for role in ROLES if role not in NEEDED_OF_EACH]


def gaps(directory: Directory, today: date) -> list[str]:
    """Roles that letters need and nobody holds today, in words."""
    names = {organisation.id: organisation.name for organisation in directory.organisations}
    return [
        f"{names[organisation]} has no {role_words(role).lower()}"
        if organisation
        else f"There is no holder of this role: {ROLES[role].removeprefix('the ')}"
        for role, organisation in directory.gaps(today)
    ]


def held(directory: Directory, rows: Iterable[Appointment | Acting], today: date) -> list[Held]:
    """Appointments, or those who act, as lines: who holds a role today first."""
    names = {organisation.id: organisation.name for organisation in directory.organisations}
    order = list(ROLES)
    found = []
    for row in rows:
        over = row.until is not None and row.until < today
        state = "ended" if over else "to come" if row.since > today else "today"
        organisation = names.get(getattr(row, "organisation", None) or "", "")
        since = "" if row.since == ALWAYS else day_words(row.since)
        until = day_words(row.until) if row.until else ""
        person = directory.person(row.person)
        place = (
            ("today", "to come", "ended").index(state),
            order.index(row.role),
            organisation,
            -row.since.toordinal(),
        )
        found.append((place, Held(key_of(row), role_words(row.role), person, organisation, since, until, state)))
    return [line for _, line in sorted(found, key=lambda one: one[0])]


def told(changes: Iterable[Change]) -> list[Changed]:
    """Changes in words, those made at once together, in their order."""
    known = list(changes)
    names = {row["id"]: row["name"] for change in known for row in (change.was, change.became) if row and "id" in row}
    found = []
    for (_, at, by), group in groupby(known, key=lambda change: (change.revision, change.at, change.changed_by)):
        found.append(Changed(at, by, tuple(_told(change, names) for change in group)))
    return found


def _holder(directory: Directory, role: str, today: date) -> Holder:
    words, person = role_words(role), directory.holder(role, today)
    acting = next((one for one in directory.acting if one.role == role and one.since <= today <= one.until), None)
    if acting is None:
        return Holder(words, person)
    alone = directory.model_copy(update={"acting": ()}).holder(role, today)
    return Holder(words, person, f"deputy{f' for {alone.name}' if alone else ''} until {day_words(acting.until)}")


def _told(change: Change, names: Mapping[str, str]) -> Told:
    what = {"board": "the board's name"}.get(change.what) or PARTS[change.what].one
    did = "added" if change.was is None else "removed" if change.became is None else "changed"
    row: Mapping[str, Any] = change.became or change.was or {}
    called = row.get("name") or f"{names.get(row['person'], row['person'])}, {role_words(row['role'])}"
    fields = []
    for name, label in _LABELS.items():
        if did != "changed" and name in ("name", "role", "person"):
            continue  # said already
        was, became = (_value(one, name, names) for one in (change.was, change.became))
        if was != became and (name in (change.was or {}) or name in (change.became or {})):
            fields.append((capital(label), was, became))
    return Told(f"{capital(what)} {did}: {called}", tuple(fields))


def _value(row: Mapping[str, Any] | None, name: str, names: Mapping[str, str]) -> str:
    value = (row or {}).get(name)
    if not value or value == ALWAYS.isoformat():
        return ""
    if name in ("since", "until"):
        return day_words(date.fromisoformat(value))
    if name in ("person", "organisation"):
        return names.get(value, value)
    return role_words(value) if name == "role" else str(value)
