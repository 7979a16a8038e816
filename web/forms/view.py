"""A form as a page shows it: its fields, what was typed, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from models.days import day_words
from register.documents.store import Document
from web.forms.dates import PARTS, NotADate, read_date
from web.forms.fields import NONE_OF_THESE, FormField, Option, input_id
from web.forms.names import document_option
from web.forms.reading import NEW, Fault, all_fields, asked, first_input, input_names, kept_values, summary
from web.forms.values import Typed
from web.guide.rule_texts import Rule, rules


@dataclass(frozen=True)
class Answer:
    """A line of "check your answers": the question, the answer's lines, and the id of the input that changes it."""

    title: str
    lines: list[str]
    id: str


@dataclass(frozen=True)
class FormView:
    """A form on a page.

    Arguments:
        fields: its questions.
        typed: what is in them.
        faults: what is wrong.
        uploaded: documents that were sent with it, by what stands for them in their field.
        sent: whether it was sent before: then what is empty was left empty, and no identifier is proposed for it.
    """

    fields: list[FormField]
    typed: Typed
    faults: list[Fault] = field(default_factory=list)
    uploaded: Mapping[str, Document] = field(default_factory=dict)
    sent: bool = False

    @property
    def errors(self) -> list[dict[str, str]]:
        """For the list at the top of the page."""
        return summary(self.faults, self.fields)

    def by_themselves(self, fields: Iterable[FormField]) -> list[FormField]:
        """These fields without those that stand behind a choice of another one."""
        hosts = {made.name for made in fields if made.kind in ("choice", "choices") and not made.as_select}
        return [made for made in fields if made.only_with is None or made.only_with[0] not in hosts]

    def behind(self, made: FormField, value: str) -> list[FormField]:
        """The fields that stand behind a choice of a field."""
        return [one for one in all_fields(self.fields) if one.only_with == (made.name, value)]

    @property
    def with_files(self) -> bool:
        """Whether files can be sent with it."""
        return any(made.kind == "document" and made.upload for made in self.fields)

    def id(self, name: str) -> str:
        """The id of an input."""
        return input_id(name)

    def value(self, made: FormField) -> str:
        """What is in a field."""
        if self.sent or self.typed.has(made.name):
            return self.typed.one(made.name)
        if made.new and made.kind == "line":
            return made.new
        if made.kind == "choice" and made.needed and made.new and not made.options:
            return NEW
        return ""

    def ticked(self, made: FormField) -> list[str]:
        """What is ticked in a field of several choices."""
        return self.typed.all(made.name)

    def part(self, made: FormField, part: str) -> str:
        """What is in one input of a field that has several: ``-day``, ``:hospital``."""
        return self.typed.one(f"{made.name}{part}")

    def new_name(self, made: FormField) -> str:
        """What is in the input for a new identifier."""
        name = f"{made.name}-new"
        return self.typed.one(name) if self.typed.has(name) else made.new

    def error(self, made: FormField) -> str:
        """What is wrong with a field, or with a part of it."""
        parts = () if made.kind in ("group", "texts", "numbers") else (*input_names(made), f"{made.name}-upload")
        return next((f.text for f in self.faults if f.field == made.name or f.field in parts), "")

    def error_at(self, name: str) -> str:
        """What is wrong with one input."""
        return next((fault.text for fault in self.faults if fault.field == name), "")

    def wrong_parts(self, made: FormField) -> list[str]:
        """Which inputs of a date are wrong; all of them when it cannot be told."""
        wrong = [part for part in PARTS if self.error_at(f"{made.name}-{part}")]
        return wrong or (list(PARTS) if self.error(made) else [])

    def options(self, made: FormField) -> list[Option]:
        """The choices of a field, with what was chosen or sent before even if it can no longer be chosen."""
        found = list(made.options)
        chosen = self.value(made)
        if chosen and chosen not in (NEW, NONE_OF_THESE) and chosen not in [option.value for option in found]:
            blocked = next((option for option in made.blocked if option.value == chosen), None)
            document = self.uploaded.get(chosen)
            new = replace(document_option(document, "uploaded just now"), value=chosen) if document else None
            found.append(new or blocked or Option(chosen, chosen))
        return found

    def why(self, made: FormField) -> Rule | None:
        """The rule behind a field that has one of its own."""
        return rules().get(made.rule)

    def hidden(self) -> list[tuple[str, str]]:
        """What was typed, as hidden fields carry it on."""
        return kept_values(self.fields, self.typed)

    def answers(self) -> Iterator[Answer]:
        """What was typed, line by line; what was left empty is said to be."""
        for made in self.fields:
            yield from self._answers(made)

    def _answers(self, made: FormField) -> Iterator[Answer]:
        if not asked(made, self.typed):
            return
        if made.kind == "group":
            for inner in made.fields:
                yield from self._answers(inner)
            return
        lines = self._lines(made)
        yield Answer(made.title, lines or [made.unsaid], first_input(made))

    def _lines(self, made: FormField) -> list[str]:
        one = self.typed.one(made.name)
        texts = {option.value: option.text for option in self.options(made)} | {NONE_OF_THESE: "None of these"}
        match made.kind:
            case "date":
                try:
                    read = read_date(self.typed, made.name)
                except NotADate:
                    return []
                return [day_words(date.fromisoformat(read))] if read else []
            case "checkbox":
                return ["Yes" if one else "No"]
            case "yes or no":
                return [{"yes": "Yes", "no": "No"}.get(one, "")] if one else []
            case "choices":
                return [texts.get(value, value) for value in self.ticked(made)]
            case "texts" | "numbers":
                parts = ((option.text, self.part(made, f":{option.value}")) for option in made.options)
                return [f"{text}: {part}" for text, part in parts if part]
            case "choice" if one == NEW:
                return [self.new_name(made)]
        return [texts.get(line, line) for line in one.splitlines()]
