"""What was typed into a form, read into the body that a class takes; and a body as it would be typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from web.forms.dates import PARTS, NotADate, date_values, read_date
from web.forms.fields import NONE_OF_THESE, FormField, input_id
from web.forms.values import Typed

NEW = "+"
"""The choice that says: something that is not on the file yet."""
MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Fault:
    """Something typed that cannot be taken.

    Arguments:
        field: the name of the input, ``child.born_on``; empty when it is about the form as a whole.
        text: what to do about it.
        rule: the rule behind it.
    """

    field: str
    text: str
    rule: str = ""


@dataclass
class Reading:
    """A form, read.

    Arguments:
        body: what was typed, as the class takes it; what was left empty is left out.
        faults: what could not be read.
    """

    body: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_fields(fields: Iterable[FormField], typed: Typed) -> Reading:
    """What was typed into these fields."""
    reading = Reading()
    for made in fields:
        if not asked(made, typed):
            continue
        value = _read(made, typed, reading.faults)
        if value is not None:
            reading.body[made.key] = value
    return reading


def asked(made: FormField, typed: Typed) -> bool:
    """Whether a field matters with what was chosen: a script hides it otherwise, and what is in it does not count."""
    return made.only_with is None or made.only_with[1] in typed.all(made.only_with[0])


def _read(made: FormField, typed: Typed, faults: list[Fault]) -> Any:
    one = typed.one(made.name)
    match made.kind:
        case "group":
            inner = read_fields(made.fields, typed)
            faults.extend(inner.faults)
            return inner.body or None
        case "date":
            return _read_date(made, typed, faults)
        case "number":
            return _read_number(made.name, made.title, one, faults)
        case "checkbox":
            return bool(one)
        case "yes or no":
            return {"yes": True, "no": False}.get(one)
        case "choices":
            ticked = typed.all(made.name)
            said = [value for value in ticked if value != NONE_OF_THESE]
            return said if said or (made.empty_is_said and ticked) else None
        case "lines":
            return [line.strip() for line in one.splitlines() if line.strip()] or None
        case "texts":
            return {o.value: text for o in made.options if (text := typed.one(f"{made.name}:{o.value}"))} or None
        case "numbers":
            return _read_numbers(made, typed, faults) or None
        case "choice" if one == NEW:
            return typed.one(f"{made.name}-new") or None
    return one or None


def _read_date(made: FormField, typed: Typed, faults: list[Fault]) -> str | None:
    try:
        return read_date(typed, made.name)
    except NotADate as error:
        faults.append(Fault(f"{made.name}-{error.part}", f"{made.title} {error}"))
        return None


def _read_number(name: str, title: str, text: str, faults: list[Fault]) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        faults.append(Fault(name, f"{title} must be a whole number"))
        return None
    return int(text)


def _read_numbers(made: FormField, typed: Typed, faults: list[Fault]) -> dict[str, int]:
    found = {}
    for option in made.options:
        name = f"{made.name}:{option.value}"
        number = _read_number(name, f"{made.title}, {option.text},", typed.one(name), faults)
        if number is not None:
            found[option.value] = number
    return found


def typed_from(fields: Iterable[FormField], body: Mapping[str, Any]) -> Typed:
    """A body as somebody would type it: for values that are given beforehand."""
    return Typed(tuple(item for made in fields if made.key in body for item in _typed(made, body[made.key])))


def _typed(made: FormField, value: Any) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    match made.kind:
        case "group":
            yield from typed_from(made.fields, value).items
        case "date":
            yield from date_values(made.name, value).items()
        case "checkbox":
            if value:
                yield made.name, "yes"
        case "yes or no":
            yield made.name, "yes" if value else "no"
        case "choices":
            for item in value or ([NONE_OF_THESE] if made.empty_is_said else []):
                yield made.name, str(item)
        case "lines":
            yield made.name, "\n".join(value)
        case "texts" | "numbers":
            for name, part in value.items():
                yield f"{made.name}:{name}", str(part)
        case "choice" if made.new and value not in [option.value for option in made.options]:
            yield made.name, NEW
            yield f"{made.name}-new", str(value)
        case _:
            yield made.name, str(value)


def input_names(made: FormField) -> list[str]:
    """The names of a field's inputs."""
    match made.kind:
        case "group":
            return [name for inner in made.fields for name in input_names(inner)]
        case "date":
            return [f"{made.name}-{part}" for part in PARTS]
        case "texts" | "numbers":
            return [f"{made.name}:{option.value}" for option in made.options]
        case "choice" if made.new:
            return [made.name, f"{made.name}-new"]
    return [made.name]


def kept_values(fields: Sequence[FormField], typed: Typed) -> list[tuple[str, str]]:
    """What was typed into these fields alone, as hidden fields carry it on."""
    names = {name for made in fields for name in input_names(made)}
    return [item for item in typed.items if item[0] in names and item[1]]


def summary(faults: Iterable[Fault], fields: Sequence[FormField]) -> list[dict[str, str]]:
    """The faults for the list at the top of a page, each with a link to its field."""
    return [{"text": fault.text, "href": f"#{target(fault.field, fields)}"} for fault in faults]


def target(name: str, fields: Sequence[FormField]) -> str:
    """The id of the input that a fault is about; the main part of the page when it is about none."""
    for made in all_fields(fields):
        if name == made.name:
            return first_input(made)
        if name in (*input_names(made), f"{made.name}-upload") and made.kind != "group":
            return input_id(name)
    return "form"


def first_input(made: FormField) -> str:
    """The id of a field's first input."""
    if made.kind == "group" and made.fields:
        return first_input(made.fields[0])
    if made.kind in ("texts", "numbers") and made.options:
        return input_id(f"{made.name}:{made.options[0].value}")
    if made.kind == "document" and not made.options and made.upload:
        return input_id(f"{made.name}-upload")
    return made.id


def all_fields(fields: Iterable[FormField]) -> Iterator[FormField]:
    """These fields, and those of their groups."""
    for made in fields:
        yield made
        yield from all_fields(made.fields)
