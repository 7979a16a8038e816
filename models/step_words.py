"""What was recorded, in words: each field of a step with its label, each value as people read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel

from .catalogue import STEPS
from .counting import day_words
from .incident import Child, Incident, InvolvedOrganisation, Opening, PlannedReview
from .responsible import responsible_words

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNTOLD = frozenset({"id", "recorded_by", "happened_on"})
"""What stands at the head of every step, and is not told again among its fields."""

_INSIDE: Mapping[str, type[BaseModel]] = {
    "incident": Incident,
    "review": PlannedReview,
    "child": Child,
    "children": Child,
    "organisation": InvolvedOrganisation,
    "organisations": InvolvedOrganisation,
}
"""What a field holds that is no plain value, by the field's name."""


@dataclass(frozen=True, slots=True)
class FieldWords:
    """A field of a step.

    Arguments:
        label: what it is.
        value: as people read it.
        document: the digest, when the value is a document.
    """

    label: str
    value: str
    document: str = ""


def step_label(name: str) -> str:
    """What was done, in a few words; of a step that this release does not know, its name."""
    if name == "opened":
        return "The file was opened"
    kind = STEPS.get(name)
    return kind.label if kind else name.replace("_", " ").capitalize()


def step_rules(name: str) -> tuple[str, ...]:
    """The framework's numbers that a step serves."""
    kind = STEPS.get(name)
    return kind.rules if kind else ()


def field_words(name: str, body: Mapping[str, Any], names: Mapping[str, str] | None = None) -> list[FieldWords]:
    """The fields of a step as it was sent, in its order, without what is empty.

    Arguments:
        name: the step's name.
        body: as it was sent, by this release or an earlier one.
        names: of organisations and people, by id.
    """
    kind: type[BaseModel] | None = Opening if name == "opened" else STEPS.get(name)
    return list(_fields(kind, _named(body, names or {}), ""))


def _named(body: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The body with whom it is about called by name."""
    called: dict[str, Any] = {}
    for name in ("organisation", "owner", "recipient"):
        if isinstance(value := body.get(name), str):
            called[name] = responsible_words(value, names) if name == "recipient" else names.get(value, value)
    return {**body, **called}


def facts_words(facts: BaseModel) -> list[FieldWords]:
    """Facts as they stand, with their labels, without their identifier and what is not known or empty."""
    return list(_fields(type(facts), facts.model_dump(mode="json"), ""))


def plain_reason(reason: str) -> str:
    """A refusal's reason with the steps it names called by their labels: ``record “A child was added” first``."""
    return _NAMES.sub(lambda found: f"“{STEPS[found[0]].label}”", reason)


_LONG = "|".join(sorted((name for name in STEPS if "_" in name), key=len, reverse=True))
_SHORT = "|".join(name for name in STEPS if "_" not in name)
_NAMES = re.compile(rf"\b(?:{_LONG})\b|(?<=[Rr]ecord )(?:{_SHORT})\b")
"""The steps' names that could be no word of English, and those that could where a text asks to record them."""


def _fields(kind: type[BaseModel] | None, body: Mapping[str, Any], before: str) -> Iterator[FieldWords]:
    for name, value in body.items():
        if (name in _UNTOLD and not before) or value is None or value in ("", [], {}):
            continue
        label = _label(kind, name)
        inside = _INSIDE.get(name)
        several = value if isinstance(value, list) else [value]
        if inside is not None and all(isinstance(one, Mapping) for one in several):
            for number, one in enumerate(several, start=1):
                numbered = f"{label} {number}" if len(several) > 1 else label
                yield from _fields(inside, one, f"{before}{numbered}: ")
        elif isinstance(value, str) and _DIGEST.fullmatch(value):
            yield FieldWords(before + label, value, document=value)
        else:
            yield FieldWords(before + label, _value(value))


def _label(kind: type[BaseModel] | None, name: str) -> str:
    field = kind.model_fields.get(name) if kind else None
    return (field.title if field else None) or name.replace("_", " ").capitalize()


def _value(value: Any) -> str:
    if value is True or value is False:
        return "Yes" if value else "No"
    if isinstance(value, Mapping):
        return "; ".join(f"{str(name).replace('_', ' ')}: {_value(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value))
    text = str(value)
    if _DAY.fullmatch(text):
        try:
            return day_words(date.fromisoformat(text))
        except ValueError:
            return text
    return text
