"""What was recorded, in words: each field of a step with its label, each value as people read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from .days import day_words
from .incident import Child, Incident, InvolvedOrganisation, Opening, PlannedReview
from .regime import Regime
from .responsible import responsible_words

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CHILD = re.compile(r"\bchild-(\d+)\b")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNTOLD = frozenset({"id", "recorded_by", "happened_on", "opened_on"})
"""What stands at the head of every step, or is called by it, and is not told again among its fields."""

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


def step_label(regime: Regime, name: str) -> str:
    """What was done, in a few words; of a step that the regime does not know, its name."""
    if name == "opened":
        return "The file was opened"
    kind = regime.steps.get(name)
    return kind.label if kind else name.replace("_", " ").capitalize()


def step_rules(regime: Regime, name: str) -> tuple[str, ...]:
    """The numbers of the rules that a step serves."""
    kind = regime.steps.get(name)
    return kind.rules if kind else ()


def field_words(
    regime: Regime, name: str, body: Mapping[str, Any], names: Mapping[str, str] | None = None
) -> list[FieldWords]:
    """The fields of a step as it was sent, in its order, without what is empty.

    Arguments:
        regime: the file's.
        name: the step's name.
        body: as it was sent, by this release or an earlier one.
        names: of what a field names by an identifier: organisations, people, deadlines, letters, steps.
    """
    kind: type[BaseModel] | None = Opening if name == "opened" else regime.steps.get(name)
    return list(_fields(kind, _named(body, names or {}), ""))


def _named(body: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The body with what it is about called by name."""
    called: dict[str, Any] = {}
    for name in ("organisation", "owner", "deadline", "notice", "step", "child", "recipient"):
        if isinstance(value := body.get(name), str):
            told = responsible_words(value, names) if name == "recipient" else names.get(value, value)
            called[name] = capital(child_words(told)) if name == "child" else told
    if isinstance(reasons := body.get("unknown_reasons"), Mapping):
        called["unknown_reasons"] = {fact_label(str(fact)): reason for fact, reason in reasons.items()}
    return {**body, **called}


def facts_words(facts: BaseModel) -> list[FieldWords]:
    """Facts as they stand, with their labels, without their identifier and what is not known or empty."""
    return list(_fields(type(facts), facts.model_dump(mode="json"), ""))


def plain_reason(regime: Regime, reason: str) -> str:
    """A refusal's reason with the steps it names called by their labels: ``record “A child was added” first``."""
    named = _step_names(tuple(regime.steps))
    return child_words(named.sub(lambda found: f"“{regime.steps[found[0]].label}”", reason))


def fact_label(fact: str) -> str:
    """What a fact of the finding is called, ``child-1.residence``: ``Area of normal residence (child 1)``."""
    child, _, name = fact.rpartition(".")
    label = _label(Child if child else Incident, name)
    return f"{label} ({child_words(child)})" if child else label


def child_words(text: str) -> str:
    """A text in which a child is called ``child 1`` by the identifier that is proposed, else as the board calls it."""
    return _CHILD.sub(r"child \1", text)


def capital(text: str) -> str:
    """A text that begins like a sentence."""
    return text[:1].upper() + text[1:]


def value_words(value: Any) -> str:
    """A value of a step as people read it."""
    if value is None:
        return ""
    if value is True or value is False:
        return "Yes" if value else "No"
    if isinstance(value, date):
        return day_words(value)
    if isinstance(value, Mapping):
        return "; ".join(f"{str(name).replace('_', ' ')}: {value_words(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(value_words, value))
    text = str(value)
    if _DAY.fullmatch(text):
        try:
            return day_words(date.fromisoformat(text))
        except ValueError:
            return text
    return text


@lru_cache(maxsize=8)
def _step_names(steps: tuple[str, ...]) -> re.Pattern[str]:
    """Finds the steps' names that could be no word of English, and those that could where a text says to record them.

    The longest is found first, as one name can begin another.
    """
    names = sorted(steps, key=len, reverse=True)
    told = (rf"\b{name}\b" if "_" in name else rf"(?<=[Rr]ecord ){name}\b" for name in names)
    return re.compile("|".join(told))


def _fields(kind: type[BaseModel] | None, body: Mapping[str, Any], before: str) -> Iterator[FieldWords]:
    for name, value in body.items():
        if name in _UNTOLD or value is None or value in ("", [], {}):
            continue
        label = _label(kind, name)
        inside = _INSIDE.get(name)
        several = value if isinstance(value, list) else [value]
        if inside is not None and all(isinstance(one, Mapping) for one in several):
            if named := [str(one["name"]) for one in several if one.get("name")]:
                yield FieldWords(before + label, ", ".join(named))
            for one in several:
                yield from _fields(inside, {**one, "name": None}, f"{called}: " if (called := _called(one)) else before)
        elif isinstance(value, str) and _DIGEST.fullmatch(value):
            yield FieldWords(before + label, value, document=value)
        else:
            yield FieldWords(before + label, _told(kind, name, value))


def _called(facts: Mapping[str, Any]) -> str:
    """What a child or an organisation of an opening is called before each of its facts; an incident is not called."""
    return str(facts.get("name") or capital(child_words(str(facts.get("id", "")))))


def _told(kind: type[BaseModel] | None, name: str, value: Any) -> str:
    """A field's value; a choice begins like a sentence, and one that is the name of a field reads as its title."""
    if not (field := kind.model_fields.get(name) if kind else None) or not _is_choice(field.annotation):
        return value_words(value)
    chosen = value if isinstance(value, list | tuple) else [value]
    titles = (_label(kind, str(one)) if kind and str(one) in kind.model_fields else value_words(one) for one in chosen)
    return capital(", ".join(titles))


def _is_choice(annotation: Any) -> bool:
    return get_origin(annotation) is Literal or any(map(_is_choice, get_args(annotation)))


def _label(kind: type[BaseModel] | None, name: str) -> str:
    field = kind.model_fields.get(name) if kind else None
    return (field.title if field else None) or name.replace("_", " ").capitalize()
