"""An opening that somebody is filling in: its answers, and the body that a file is opened with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from models.directory import Directory
from models.fold import open_record
from models.incident import Opening
from models.record import Refusal
from models.regime import Regime
from models.regimes import regime_named
from models.rulebook import Rulebook
from models.world import World
from web.forms.faults import told
from web.forms.fields import FormField
from web.forms.reading import Fault, read_fields
from web.forms.values import Typed

ANSWERED, CHILDREN, OTHERS, KIND = "draft.answered", "draft.children", "draft.others", "draft.for"
OPENED, OPENED_ON = "draft.opened", "draft.opened_on"
"""What a draft holds besides answers, under names that no question has."""


@dataclass(frozen=True)
class Question:
    """One page of questions.

    Arguments:
        slug: the end of its address.
        title: what is asked.
        fields: the questions.
        part: where the answers belong: ``incident``, ``review``, a child, another organisation; empty for the file.
        hint: a sentence below the title.
        rule: the rule behind it.
    """

    slug: str
    title: str
    fields: tuple[FormField, ...]
    part: str = ""
    hint: str = ""
    rule: str = ""

    def has(self, name: str) -> bool:
        """Whether an input of this name, or a part of it, is on the page."""
        return any(name == made.name or name.startswith((f"{made.name}-", f"{made.name}:")) for made in self.fields)


@dataclass(frozen=True)
class Draft:
    """An opening that is filled in.

    Arguments:
        id: its own, in its address.
        typed: the answers, and what has been answered.
        kept_at: when it was last put down.
    """

    id: str
    typed: Typed
    kept_at: datetime | None = None

    @property
    def address(self) -> str:
        """Where its pages are."""
        return f"/open/{self.id}"

    @property
    def for_incident(self) -> bool:
        """Whether it is for an incident; else for a review that needs none."""
        return self.typed.one(KIND) != "review"

    @property
    def answered(self) -> list[str]:
        """The questions that were answered."""
        return self.typed.one(ANSWERED).split()

    @property
    def children(self) -> list[str]:
        """The children, each by a key of its own."""
        return self.typed.one(CHILDREN).split() or ["c1"]

    @property
    def others(self) -> list[str]:
        """Organisations that are not in the directory, each by a key of its own."""
        return self.typed.one(OTHERS).split()

    @property
    def opened(self) -> str:
        """The reference of the file it became; empty until then."""
        return self.typed.one(OPENED)

    def outcome(self, child: str) -> str:
        """What happened to a child, as far as that was answered."""
        return self.typed.one(f"{child}.outcome")

    def with_values(self, **values: str) -> Draft:
        """The same draft with these values."""
        return replace(self, typed=self.typed.with_values(values))

    def with_answer(self, question: Question, typed: Typed) -> Draft:
        """The same draft with what was typed for a question in place of what there was."""
        left = [item for item in self.typed.items if not question.has(item[0])]
        new = [item for item in typed.items if question.has(item[0])]
        draft = replace(self, typed=Typed((*left, *new)))
        return draft.with_values(**{ANSWERED: " ".join(dict.fromkeys((*draft.answered, question.slug)))})

    def unanswered(self, *slugs: str) -> Draft:
        """The same draft with these questions to be answered again."""
        return self.with_values(**{ANSWERED: " ".join(slug for slug in self.answered if slug not in slugs)})

    def one_more(self, what: str, letter: str) -> Draft:
        """The same draft with another child or organisation."""
        keys = self.children if what == CHILDREN else self.others
        number = max([int(key[1:]) for key in keys if key[1:].isdigit()], default=0) + 1
        return self.with_values(**{what: " ".join([*keys, f"{letter}{number}"])})

    def one_less(self, key: str) -> Draft:
        """The same draft without a child or an organisation, and all that was said of it."""
        left = Typed(tuple(item for item in self.typed.items if not item[0].startswith(f"{key}.")))
        draft = replace(self, typed=left).unanswered(*(slug for slug in self.answered if slug.startswith(f"{key}-")))
        children, others = ([one for one in keys if one != key] for keys in (self.children, self.others))
        return draft.with_values(**{CHILDREN: " ".join(children or ["c1"]), OTHERS: " ".join(others)})


@dataclass(frozen=True)
class Parts:
    """What an opening is judged by.

    Arguments:
        rulebook: of files that are opened now.
        world: business time, the directory, extra holidays.
        recorded_by: who opens the file.
        next_reference: what it would be called if nobody gave another name.
    """

    rulebook: Rulebook
    world: World
    recorded_by: str
    next_reference: str


@dataclass
class Body:
    """What a file is opened with, and where each part of it was asked.

    Arguments:
        plain: as it is sent.
        places: the names of inputs by the place in the body: ``incident.children.0`` is asked as ``c1``.
    """

    plain: dict[str, Any]
    places: dict[str, str] = field(default_factory=dict)

    def input(self, path: Sequence[str]) -> str:
        """The name of the input that is at a place of the body."""
        for end in range(len(path), 0, -1):
            place = ".".join(path[:end])
            if place in self.places:
                return ".".join(filter(None, (self.places[place], *path[end:])))
        return ".".join(path)


def body_of(draft: Draft, questions: Iterable[Question], parts: Parts) -> Body:
    """The body as far as it is answered; only what is asked counts."""
    found: dict[str, dict[str, Any]] = {}
    for question in questions:
        read = read_fields(question.fields, draft.typed).body
        found.setdefault(question.part, {}).update(read)
    file = found.get("", {})
    organisations, org_keys = _organisations(draft, found, parts.world.directory)
    plain: dict[str, Any] = {
        "reference": file.get("reference") or parts.next_reference,
        "opened_on": draft.typed.one(OPENED_ON) or parts.world.today.isoformat(),
        "recorded_by": parts.recorded_by,
    }
    if file.get("related"):
        plain["related"] = file["related"]
    whole, places = ("incident", {"incident": ""}) if draft.for_incident else ("review", {"review": ""})
    plain[whole] = {**found.get(whole, {}), "organisations": organisations}
    places |= {f"{whole}.organisations.{n}": key for n, key in enumerate(org_keys)}
    if draft.for_incident:
        plain[whole]["children"] = [found.get(key, {}) for key in draft.children]
        places |= {f"{whole}.children.{n}": key for n, key in enumerate(draft.children)}
    return Body(plain, places)


def _organisations(
    draft: Draft, found: Mapping[str, dict[str, Any]], directory: Directory | None
) -> tuple[list[dict[str, Any]], list[str]]:
    names = {one.id: one.name for one in directory.organisations} if directory else {}
    chosen = [id for id in draft.typed.all("organisations") if id in names]
    known = [{"id": id, "name": names[id]} for id in chosen]
    return [*known, *(found.get(key, {}) for key in draft.others)], ["organisations"] * len(known) + draft.others


def faults_in(body: Body, questions: Sequence[Question], parts: Parts) -> list[Fault]:
    """What is wrong with an opening, each fault with the name of its input, or of the child it is about."""
    fields = {made.name: made for question in questions for made in question.fields}
    try:
        Opening.model_validate_json(json.dumps(body.plain), strict=True)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        regime = regime_named(parts.rulebook.regime)
        return [_fault(regime, one, body, fields) for one in found]
    refusal = open_record(body.plain, parts.rulebook, parts.world)
    if not isinstance(refusal, Refusal):
        return []
    name = body.input((refusal.field or "").split("."))
    title = f"{fields[name].title}: " if name in fields else ""
    return [Fault(name, f"{title}{refusal.reason.removeprefix(title)}", refusal.rule)]


def _fault(regime: Regime, found: Mapping[str, Any], body: Body, fields: Mapping[str, FormField]) -> Fault:
    name = body.input(tuple(str(part) for part in found["loc"]))
    while name and name not in fields and re.search(r"\.\d+$", name):
        name = name.rpartition(".")[0]
    made = fields.get(name)
    return Fault(name, told(regime, found, made, list(fields.values())))
