"""The questions of a reply by link, made from the step it records; and what was answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from models.step import Step

_OURS = frozenset({"id", "recorded_by", "happened_on"})
_PARTS = ("day", "month", "year")

Kind = Literal["line", "text", "choice", "yes or no", "tick", "day", "document"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Arguments:
        name: of the step's field.
        title, hint: the field's words.
        kind: how it is asked.
        needed: whether there must be an answer.
        choices: for a choice, what there is to choose from.
    """

    name: str
    title: str
    hint: str
    kind: Kind
    needed: bool
    choices: tuple[str, ...] = ()


def questions(kind: type[Step], given: Collection[str]) -> list[Question]:
    """What is left to ask: every field of a step that the letter does not settle."""
    properties = kind.model_json_schema()["properties"]
    found = []
    for name, field in kind.model_fields.items():
        if name in _OURS or name in given:
            continue
        asked, choices = _kind(properties[name])
        title = field.title or name.replace("_", " ")
        if asked == "tick" and field.default is True:
            asked = "yes or no"
        # A choice has to be made even where the step has one by default: nobody confirms what they did not say.
        needed = field.is_required() or asked in ("choice", "yes or no")
        found.append(Question(name, title, field.description or "", asked, needed, choices))
    return found


def _kind(schema: Mapping[str, Any]) -> tuple[Kind, tuple[str, ...]]:
    for variant in (schema, *schema.get("anyOf", ())):
        if "enum" in variant:
            return "choice", tuple(map(str, variant["enum"]))
        if variant.get("document"):
            return "document", ()
        if variant.get("format") == "date":
            return "day", ()
        if variant.get("type") == "boolean":
            return "tick", ()
        if variant.get("maxLength", 0) > 200:
            return "text", ()
    return "line", ()


def day_typed(values: Mapping[str, str], name: str) -> date | None:
    """A day from its three boxes; None when they are all empty.

    Raises:
        ValueError: it is no day. Its text says so.
    """
    parts = [values.get(f"{name}-{part}", "").strip() for part in _PARTS]
    if not any(parts):
        return None
    try:
        if not all(part.isascii() and part.isdecimal() for part in parts):
            raise ValueError
        day, month, year = map(int, parts)
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise ValueError("Enter a real date, for example 27 3 2026") from None


def answered(asked: Collection[Question], values: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The step's fields as they were typed, and what is wrong by the question's name. Documents are not among them."""
    found: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for question in asked:
        name, typed = question.name, values.get(question.name, "").strip()
        if question.kind == "tick":
            found[name] = typed == "yes"
        elif question.kind == "yes or no":
            found |= {name: typed == "yes"} if typed in ("yes", "no") else {}
        elif question.kind == "day":
            try:
                day = day_typed(values, name)
            except ValueError as error:
                wrong[name] = str(error)
                continue
            if day is not None:
                found[name] = day.isoformat()
        elif question.kind != "document" and typed:
            found[name] = typed
        if question.needed and question.kind != "document" and name not in found:
            chosen = question.kind in ("choice", "yes or no")
            wrong[name] = f"{'Choose an answer to' if chosen else 'Enter an answer to'} “{question.title}”"
    return found, wrong
