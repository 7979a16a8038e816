"""What is wrong with a form, told beside the field: the class's own faults and the core's refusals, in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from models.casefile import CaseFile
from models.contract import MAX_MESSAGE_BYTES, read_message
from models.faults import PATTERNS, limit_words
from models.quick_answers import every_refusal
from models.record import Entry, Refusal
from models.regime import Regime
from models.step import Step, rule_cited
from models.step_words import plain_reason
from models.world import World
from web.forms.fields import FormField
from web.forms.reading import Fault, all_fields, input_names

TOO_LONG = (
    "Together your answers are too long: {:,} characters, and a step may have {:,}. Shorten them, or upload the "
    "longest as a document"
)
CHOSEN = frozenset({"choice", "yes or no", "choices"})


def faults_of(
    regime: Regime, model: type[BaseModel], body: Mapping[str, Any], fields: Sequence[FormField]
) -> list[Fault]:
    """What the class itself finds wrong with a body, and choices that nobody made, each beside its field."""
    try:
        model.model_validate_json(json.dumps(body))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        return [*(_told(regime, one, fields) for one in found), *not_chosen(fields, body)]
    if left := list(not_chosen(fields, body)):
        return left
    sent = json.dumps(body)
    if issubclass(model, Step) and len(sent) > MAX_MESSAGE_BYTES:
        return [Fault("", TOO_LONG.format(len(sent), MAX_MESSAGE_BYTES))]
    message = read_message(sent.encode()) if issubclass(model, Step) else None
    return [refused(regime, Refusal("", message), fields)] if isinstance(message, str) else []


def not_chosen(fields: Iterable[FormField], body: Mapping[str, Any]) -> Iterator[Fault]:
    """Choices that must be made and were not, though the class takes something for granted."""
    for made in fields:
        if made.kind == "group" and made.key in body:
            yield from not_chosen(made.fields, body[made.key])
        elif made.needed and made.kind in ("choice", "yes or no") and made.key not in body:
            yield Fault(made.name, _missing(made), made.rule)


def refused(regime: Regime, refusal: Refusal, fields: Sequence[FormField]) -> Fault:
    """A refusal of the core, beside its field where it names one."""
    made = _field(fields, refusal.field or "")
    if made is not None and made.kind == "texts":
        # One box for each: the fact that the core names is called as its box is, and the fault stands beside it.
        for option in made.options:
            if option.text in refusal.reason:
                return Fault(f"{made.name}:{option.value}", plain_reason(regime, refusal.reason), refusal.rule)
    return Fault(made.name if made else "", _plain(plain_reason(regime, refusal.reason), fields), refusal.rule)


def refused_by_core(
    entries: Sequence[Entry],
    case: CaseFile,
    world: World,
    kind: type[Step],
    body: Mapping[str, Any],
    fields: Sequence[FormField],
) -> list[Fault]:
    """Why the core would not record a step now, each reason beside its field; none when it would.

    Arguments:
        entries: the file's record.
        case: the file, folded from it.
        world: business time, directory, rulebooks.
        kind: the step.
        body: as it would be sent.
        fields: the form's.
    """
    if world.directory is None:
        world = replace(world, quick=True)  # The answer that counts is the worker's.
    found = every_refusal(entries, case, kind.name(), body, world)
    return [refused(case.regime, refusal, fields) for refusal in found]


def in_order(fields: Sequence[FormField], faults: Iterable[Fault]) -> list[Fault]:
    """The faults in the order of the form, for each field the first alone: a date that is none is not missing too."""
    places = {name: place for place, name in _inputs(fields)}
    first: dict[Any, Fault] = {}
    for fault in faults:
        first.setdefault(places.get(fault.field, fault.field or fault.text), fault)
    return sorted(first.values(), key=lambda fault: places.get(fault.field, len(places)))


def _inputs(fields: Iterable[FormField]) -> Iterator[tuple[int, str]]:
    """Each input's name, with a number that the inputs of one question share."""
    place = 0
    for made in all_fields(fields):
        several = made.kind in ("texts", "numbers")
        yield place, made.name
        for name in (*input_names(made), f"{made.name}-upload"):
            place += several
            yield place, name
        place += 1


def told(regime: Regime, found: Mapping[str, Any], made: FormField | None, fields: Sequence[FormField]) -> str:
    """A fault that pydantic found, in words for whoever typed it.

    Arguments:
        regime: of the file.
        found: as ``ValidationError.errors`` gives it.
        made: the field it is about; None when it is about several.
        fields: all of them, for their titles.
    """
    return _words(found, made, fields) if made else plain_reason(regime, _plain(str(found["msg"]), fields))


def _told(regime: Regime, found: Mapping[str, Any], fields: Sequence[FormField]) -> Fault:
    path = tuple(str(part) for part in found["loc"])
    made = _at(fields, path)
    text, rule = told(regime, found, made, fields), rule_cited(str(found["msg"]))
    if made is None:
        return Fault("", text, rule)
    name = f"{made.name}:{path[-1]}" if made.kind in ("texts", "numbers") and len(path) > 1 else made.name
    return Fault(name, text, rule or made.rule)


def _at(fields: Sequence[FormField], path: Sequence[str]) -> FormField | None:
    """The field at a place in the body."""
    for made in fields:
        if path and made.key == path[0]:
            return _at(made.fields, path[1:]) or made
    return None


def _field(fields: Sequence[FormField], place: str) -> FormField | None:
    return _at(fields, place.split(".")) if place else None


def _words(found: Mapping[str, Any], made: FormField, fields: Sequence[FormField]) -> str:
    kind, context = str(found["type"]), found.get("ctx", {})
    title = made.title
    if kind in ("missing", "string_too_short", "too_short", "dict_type", "model_type") or (
        kind == "string_pattern_mismatch" and context.get("pattern") == r"\S"
    ):
        return _missing(made)
    if kind == "string_too_long":
        return (
            f"{title} must be {context.get('max_length')} characters or fewer: shorten it, or upload it as a document"
        )
    if kind == "string_pattern_mismatch":
        return f"{title}: {PATTERNS.get(str(context.get('pattern')), 'this is not in the right format')}"
    if kind == "literal_error":
        return f"Choose one of the answers to “{title}”"
    if kind == "value_error":
        return _plain(str(found["msg"]), made.fields or fields)
    return f"{title}: {limit_words(found) or found['msg']}"


def _missing(made: FormField) -> str:
    if made.kind == "group":
        return _missing(made.fields[0])
    if made.kind in CHOSEN:
        return f"Choose an answer to “{made.title}”"
    if made.kind == "document":
        return f"Choose or upload a document for “{made.title}”"
    if made.kind == "date":
        return f"Enter a date for “{made.title}”"
    return f"Enter an answer to “{made.title}”"


def _plain(message: str, fields: Iterable[FormField]) -> str:
    """What a class says of several fields, with their titles in place of their names."""
    text = message.removeprefix("Value error, ")
    for made in fields:
        text = (
            re.sub(rf"(?<![\w“]){re.escape(made.key)}(?![\w”])", f"“{made.title}”", text) if "_" in made.key else text
        )
        text = re.sub(rf"^{re.escape(made.key)} (?=is )", f"“{made.title}” ", text)
    return text[:1].upper() + text[1:]
