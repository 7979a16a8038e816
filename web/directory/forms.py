"""The directory's forms: what each part of it asks for, what was typed, and the directory that becomes of it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel, ValidationError

from models.directory import ROLES, Acting, Appointment, Directory, Organisation, Person
from models.step_words import capital

ALWAYS = date(1900, 1, 1)
"""An appointment from this day on has no beginning that anybody knows."""

OF_AN_ORGANISATION = ("board_member", "safeguarding_lead")
"""Roles that are held for an organisation."""

Typed = dict[str, str]
"""What was typed, by field; a date as ``since-day``, ``since-month`` and ``since-year``."""


@dataclass(frozen=True)
class Part:
    """A part of the directory.

    Arguments:
        name: of its list in the directory, and in addresses.
        kind: its rows.
        one: one of them, in words.
        fields: what is asked, in its order.
    """

    name: str
    kind: type[BaseModel]
    one: str
    fields: tuple[str, ...]


PARTS = {
    part.name: part
    for part in (
        Part("organisations", Organisation, "organisation", ("name", "id")),
        Part("people", Person, "person", ("name", "email", "id")),
        Part("appointments", Appointment, "appointment", ("role", "person", "organisation", "since", "until")),
        Part("acting", Acting, "deputy", ("role", "person", "since", "until")),
    )
}

_WRONG = {
    "name": "Enter a name of up to 200 characters",
    "email": "Enter an e-mail address, like name@board.example",
    "id": "Use up to 50 lower-case letters, digits and hyphens, starting with a letter or digit",
    "role": "Choose a role",
    "person": "Choose a person",
    "organisation": "Choose an organisation",
    "since": "Enter the first day",
    "until": "Enter the last day",
    "board": "Enter the board's name, up to 200 characters",
}

_FAULTS = (
    ("is listed twice", "id", "This identifier is already used. Choose another"),
    ("is not one of", "role", "Choose a role from the list"),
    ("is not among the people", "person", "Choose a person from the list"),
    ("until before it begins", "until", "The last day must not be before the first"),
    ("is not among the organisations", "organisation", "Choose an organisation from the list"),
)
"""What a fault of the directory says, the field it is about, and what to do."""


def key_of(row: BaseModel) -> str:
    """What tells a row from others in addresses: its id, or a digest of one that has none."""
    found = getattr(row, "id", None)
    return str(found) if found else hashlib.sha256(row.model_dump_json().encode()).hexdigest()[:16]


def rows_of(directory: Directory, part: Part) -> tuple[BaseModel, ...]:
    """The rows of a part."""
    rows: tuple[BaseModel, ...] = getattr(directory, part.name)
    return rows


def row_by(directory: Directory, part: Part, key: str) -> BaseModel | None:
    """The row with this key."""
    return next((row for row in rows_of(directory, part) if key_of(row) == key), None)


def typed_of(row: BaseModel) -> Typed:
    """A row as its form shows it."""
    found: Typed = {}
    for name, value in row:
        if isinstance(value, date):
            if value != ALWAYS:
                found |= {
                    f"{name}-day": f"{value.day}",
                    f"{name}-month": f"{value.month}",
                    f"{name}-year": f"{value.year}",
                }
        else:
            found[name] = value or ""
    return found


def read(
    part: Part, typed: Typed, directory: Directory, known: BaseModel | None
) -> tuple[BaseModel | None, dict[str, str]]:
    """The row that was typed, and what is wrong with it, by field.

    Arguments:
        part: of which part it is.
        typed: what was typed.
        directory: as it is; a new row's id must be another than those there.
        known: the row that is changed; None for a new one. Its id stays: files speak of it.
    """
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name in part.fields:
        if name in ("since", "until"):
            day, fault = _day(typed, name)
            values |= {name: day} if day else {}
            wrong |= {name: fault} if fault else {}
        elif name == "id":
            ids = {key_of(row) for row in rows_of(directory, part)}
            values["id"] = key_of(known) if known else typed.get("id") or _new_id(typed.get("name", ""), ids)
        else:
            values[name] = typed.get(name) or ("" if name != "organisation" else None)
    for name, known_values in (("role", ROLES), ("person", {one.id for one in directory.people})):
        if name in part.fields and values[name] not in known_values:
            wrong[name] = _WRONG[name]
    if values.get("role") in OF_AN_ORGANISATION and part.name == "appointments" and not values["organisation"]:
        wrong["organisation"] = "Choose the organisation that this person represents"
    if wrong:
        return None, wrong
    try:
        return part.kind(**values), {}
    except ValidationError as error:
        return None, {field: _WRONG[field] for fault in error.errors() if (field := str(fault["loc"][0])) in _WRONG}


def with_row(directory: Directory, part: Part, known: BaseModel | None, row: BaseModel | None) -> Directory:
    """The directory with a row in place of one that is known, or added; without it for ``None``."""
    rows = list(rows_of(directory, part))
    if known is None:
        rows += [row] if row else []
    else:
        place = rows.index(known)
        rows[place : place + 1] = [row] if row else []
    return directory.model_copy(update={part.name: tuple(rows)})


def new_faults(before: Directory, after: Directory, *, removed: bool = False) -> dict[str, str]:
    """What does not hang together any more, by field."""
    known = set(before.faults())
    found: dict[str, str] = {}
    for fault in after.faults():
        if fault not in known:
            _, field, what = next(one for one in _FAULTS if one[0] in fault)
            found.setdefault(field, what)
    if found and removed:
        return {"remove": "An appointment or a deputy uses this entry. Change or remove that first"}
    return found


def board_named(directory: Directory | None, name: str) -> tuple[Directory | None, dict[str, str]]:
    """The directory of a board of this name."""
    try:
        checked = Directory(board=name)
    except ValidationError:
        return None, {"board": _WRONG["board"]}
    return (directory.model_copy(update={"board": checked.board}) if directory else checked), {}


def errors(wrong: Mapping[str, str]) -> list[dict[str, str]]:
    """For the summary above the form: each leads to its field."""
    return [
        {"text": text, "href": f"#{name}-day" if name in ("since", "until") else f"#{name}"}
        for name, text in wrong.items()
    ]


def role_words(role: str) -> str:
    """A role as a heading has it: ``Safeguarding lead``, ``Chair``."""
    if role in OF_AN_ORGANISATION:
        return capital(role.replace("_", " "))
    return capital(ROLES.get(role, role).removeprefix("the "))


def _day(typed: Typed, name: str) -> tuple[date | None, str]:
    day, month, year = (typed.get(f"{name}-{part}", "") for part in ("day", "month", "year"))
    if not (day or month or year):
        return None, ""
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None, "Enter a real date, for example 30 9 2027"
    return (found, "") if 1900 <= found.year <= 2100 else (None, "Enter a year from 1900 to 2100")


def _new_id(name: str, taken: set[str]) -> str:
    """An id out of a name: ``hill-school``, and ``hill-school-2`` if there is one."""
    plain = unicodedata.normalize("NFKD", name[:200]).encode("ascii", "ignore").decode().lower().replace("'", "")
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "entry"
    found, number = base, 1
    while found in taken:
        number += 1
        found = f"{base}-{number}"
    return found
