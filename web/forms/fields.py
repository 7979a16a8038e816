"""A form's fields, from the class that takes what is typed: its titles, hints, types and limits make the components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from models.step import Digest

Kind = Literal[
    "line",
    "email",
    "number",
    "text",
    "date",
    "choice",
    "choices",
    "yes or no",
    "checkbox",
    "lines",
    "document",
    "texts",
    "numbers",
    "group",
]

LONG = 200
"""A text that may be longer than this is typed into a box of several lines."""
NONE_OF_THESE = "-"
"""The value of the checkbox that says "none of these", where nothing ticked means "not said"."""
AS_RADIOS = 7
"""More choices than this are offered as a list that opens."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: what is sent, what people read, and a hint."""

    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FormField:
    """One question of a form.

    Arguments:
        name: of the input, ``child.born_on``; the parts of a date end in ``-day`` and so on.
        key: the field of the class that takes it.
        kind: which component.
        title, hint: for people.
        needed: whether it must be answered.
        options: what can be chosen.
        fields: of a group.
        limit: characters it may have.
        least, most: of a number.
        rule: the rule behind it, where it is not the form's.
        empty_is_said: whether choosing nothing differs from choosing "none".
        new: the identifier that is proposed.
        new_words: the choice behind which it is typed.
        upload: whether a document can be sent with it.
        blocked: what is on the file and cannot be chosen, with the reason.
        now: what the file says now, where the answer would change it.
        unsaid: what no answer means.
        only_with: the name of the field, and the choice in it, with which alone it matters.
        autocomplete: what of their own a browser may fill in for people, as HTML calls it.
    """

    name: str
    key: str
    kind: Kind
    title: str
    hint: str = ""
    needed: bool = False
    options: tuple[Option, ...] = ()
    fields: tuple[FormField, ...] = ()
    limit: int = 0
    least: int | None = None
    most: int | None = None
    rule: str = ""
    empty_is_said: bool = False
    new: str = ""
    new_words: str = "Not on this file yet"
    upload: bool = True
    blocked: tuple[Option, ...] = field(default=())
    now: str = ""
    unsaid: str = "Not provided"
    only_with: tuple[str, str] | None = None
    autocomplete: str = ""

    @property
    def as_select(self) -> bool:
        """Whether its choices are a list that opens."""
        return self.kind == "choice" and len(self.options) > AS_RADIOS

    @property
    def id(self) -> str:
        """The id of its first input, for links from an error."""
        return input_id(f"{self.name}-day" if self.kind == "date" else self.name)


def input_id(name: str) -> str:
    """An input's id from its name."""
    return "f-" + "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in name)


def fields_of(model: type[BaseModel], *, prefix: str = "", leave_out: frozenset[str] = frozenset()) -> list[FormField]:
    """The fields of a class, in its order.

    Arguments:
        model: the class.
        prefix: what the inputs' names begin with, ``child.``.
        leave_out: fields that are not asked.
    """
    found = [field_of(model, key, prefix=prefix) for key in model.model_fields if key not in leave_out]
    # What it is about and when it happened first, as people tell it; the class begins with what every step has.
    return sorted(found, key=lambda one: one.key != "happened_on")


def field_of(model: type[BaseModel], key: str, *, prefix: str = "") -> FormField:
    """One field of a class."""
    info = model.model_fields[key]
    made = FormField(
        name=f"{prefix}{key}",
        key=key,
        kind="line",
        title=info.title or key.replace("_", " ").capitalize(),
        hint=info.description or "",
        needed=info.is_required(),
        rule=_rule(info),
        only_with=_only_with(info, prefix),
    )
    annotation, metadata, optional = _bare(info.annotation, list(info.metadata))
    default = None if info.is_required() or info.default_factory is not None else info.default
    shaped = _shaped(made, model, annotation, metadata, optional=optional, default=default)
    never = _extra(info).get("not_offered", ())
    shaped = replace(shaped, options=tuple(option for option in shaped.options if option.value not in never))
    # Nobody records what they did not say: what a class takes for granted is asked, and nothing is chosen beforehand.
    return replace(shaped, needed=True) if shaped.kind in ("choice", "yes or no") and default else shaped


def _shaped(
    made: FormField, model: type[BaseModel], annotation: Any, metadata: list[Any], *, optional: bool, default: Any
) -> FormField:
    origin, inside = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        inner = tuple(fields_of(annotation, prefix=f"{made.name}."))
        return replace(made, kind="group", fields=inner)
    if origin is Literal:
        return replace(made, kind="choice", options=_options(model, inside))
    if annotation is bool:
        if default is False and not optional:
            return replace(made, kind="checkbox")
        return replace(made, kind="yes or no")
    if annotation is int:
        return replace(made, kind="number", least=_limit(metadata, "ge"), most=_limit(metadata, "le"))
    if annotation is date:
        return replace(made, kind="date")
    if origin is tuple:
        return _several(made, model, inside[0], optional=optional)
    if origin is dict:
        return replace(made, kind="numbers" if inside[1] is int else "texts", limit=_longest(inside[1]))
    if _pattern(metadata) == _pattern(_bare(Digest, [])[1]):
        return replace(made, kind="document")
    if "@" in (_pattern(metadata) or ""):
        return replace(made, kind="email", autocomplete="email", limit=_limit(metadata, "max_length") or 0)
    longest = _limit(metadata, "max_length") or 0
    return replace(made, kind="text" if longest > LONG else "line", limit=longest)


def _several(made: FormField, model: type[BaseModel], item: Any, *, optional: bool) -> FormField:
    bare, metadata, _ = _bare(item, [])
    if get_origin(bare) is Literal:
        return replace(made, kind="choices", options=_options(model, get_args(bare)), empty_is_said=optional)
    return replace(made, kind="lines", limit=_limit(metadata, "max_length") or 0)


def _options(model: type[BaseModel], values: tuple[Any, ...]) -> tuple[Option, ...]:
    """The choices of a literal; one that is the name of another field reads as that field's title."""
    titles: Mapping[str, FieldInfo] = model.model_fields
    texts = [titles[v].title or v if v in titles else v[:1].upper() + v[1:] for v in map(str, values)]
    return tuple(Option(str(value), text) for value, text in zip(values, texts, strict=True))


def _bare(annotation: Any, metadata: list[Any]) -> tuple[Any, list[Any], bool]:
    """A type without what is around it: its metadata, and whether it may be None."""
    optional = False
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            metadata += [one for extra in more for one in _metadata(extra)]
        elif get_origin(annotation) in (Union, UnionType):
            optional = True
            annotation = next(part for part in get_args(annotation) if part is not NoneType)
        else:
            return annotation, metadata, optional


def _metadata(extra: Any) -> Iterator[Any]:
    if isinstance(extra, FieldInfo):
        yield from extra.metadata
    else:
        yield extra


def _pattern(metadata: list[Any]) -> str | None:
    found = (getattr(one, "pattern", None) for one in metadata)
    return next((str(pattern) for pattern in found if pattern), None)


def _limit(metadata: list[Any], name: str) -> int | None:
    """A limit that pydantic keeps beside a type: ``ge``, ``le`` or ``max_length``."""
    found = (getattr(one, name, None) for one in metadata)
    return next((int(limit) for limit in found if limit is not None), None)


def _longest(annotation: Any) -> int:
    return _limit(_bare(annotation, [])[1], "max_length") or 0


def _rule(info: FieldInfo) -> str:
    return str(_extra(info).get("rule", ""))


def _only_with(info: FieldInfo, prefix: str) -> tuple[str, str] | None:
    return next(((f"{prefix}{key}", str(value)) for key, value in _extra(info).get("only_with", {}).items()), None)


def _extra(info: FieldInfo) -> Mapping[str, Any]:
    """What a class says of a field beside pydantic's own: its rule, choices never offered, what it goes with."""
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
