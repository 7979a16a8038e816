"""What a step is: its fields, the check that says why it may not be recorded now, and its effect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .casefile import CaseFile
from .contract import Work
from .days import day_words
from .faults import explained
from .incident import Day, Line
from .record import Entry, Refusal
from .world import World

Who = Literal["coordinator", "chair", "board_member", "agency", "another_file"]
MessageId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", title="Document", json_schema_extra={"document": True})]
"""A document of the store, by its SHA-256."""


@dataclass(frozen=True, slots=True)
class Correcting:
    """How a step corrects what letters told: whoever got them hears so.

    Arguments:
        takes_back: letters that now have no reason any more are void.
        since: when what it corrects was recorded, so that no earlier letter told it; None when it always stood.
        deciding: every letter to those outside is wrong if a criterion, or whose case it is, changes by it.
    """

    takes_back: bool = False
    since: datetime | None = None
    deciding: bool = True


class Step(BaseModel):
    """What a person did, recorded. A class for each: fields, check and effect together.

    The fields carry the labels, hints and limits that a form is built from.
    """

    # Built when first read: most programs meet few of the steps. A worker builds all when it starts: `build_steps`.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, strict=True, defer_build=True)

    label: ClassVar[str]
    """What was done, in a few words, for people."""
    rules: ClassVar[tuple[str, ...]]
    """The framework's numbers this step serves; empty when no rule names it."""
    who: ClassVar[tuple[Who, ...]] = ("coordinator",)
    """Who may record it."""
    on_closed: ClassVar[bool] = False
    """Whether it may be recorded on a file that has ended."""
    before_notification: ClassVar[bool] = False
    """Whether it can have happened before the board was notified."""

    when_full: ClassVar[bool] = False
    """Whether it may be recorded on a file that is full, too."""
    foreseen: ClassVar[bool] = True
    """Whether a deadline is spared that the step settles in time, while the step still waits behind another."""
    tells_file: ClassVar[str] = ""
    """The field that names another file, which hears of the step; empty when none does."""
    by_finding: ClassVar[bool] = False
    """Whether the finding on the criteria must be read before it (2.1a)."""

    acts_on: ClassVar[tuple[str, str]] = ("", "")
    """Where on the file what it acts on is kept, and what that is called: with none there, it cannot be recorded."""

    id: MessageId = Field(
        title="Identifier", description="The step's own id. A step sent twice with the same id is recorded once."
    )
    recorded_by: Line = Field(title="Recorded by")
    happened_on: Day = Field(title="Date it happened", description="Must be today or in the past.")

    @classmethod
    def name(cls) -> str:
        """The step's name in messages, ``reviewer_named``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Why such a step may not be recorded now, whatever its fields say."""
        return iter(())

    @classmethod
    def as_it_stands(cls, file: CaseFile) -> Mapping[str, Mapping[str, Any]]:
        """What the file says now of what the step would change, for its form: by field and by whose it is.

        Empty is whose what is of the file as a whole; a child's is by the child's identifier.
        """
        return {}

    @classmethod
    def nothing_there(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """That the file has nothing to act on, for lists of steps; one that is sent all the same, its check refuses."""
        where, what = cls.acts_on
        if where and not attrgetter(where)(file):
            yield Refusal(cls.rules[0] if cls.rules else "", f"There is no {what} on this file.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Why this step, with these fields, may not be recorded now."""
        return iter(())

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """What the step changes on the file."""
        raise TypeError(f"{self.name()} has no effect")

    def corrects(self, record: Sequence[Entry]) -> Correcting | None:
        """Whether it corrects what letters told, or takes it back; ``record`` is everything that happened before."""
        return None

    def follows(self, record: Sequence[Entry], file: CaseFile, world: World) -> Iterator[Entry | Work]:
        """What comes right behind it: facts, and work such as a message to another file.

        Arguments:
            record: everything that happened before.
            file: as it was before.
            world: what the core is told of the world.
        """
        return iter(())


def read_step(kind: type[Step], body: Mapping[str, Any]) -> Step | Refusal:
    """The step a message holds, or what is wrong with its fields."""
    try:
        return kind.model_validate_json(json.dumps(body))
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        return explained(faults, f"“{kind.label}”", _rule(kind, faults[0]))


def _rule(kind: type[Step], fault: Mapping[str, Any]) -> str:
    """The rule behind a fault: what its text cites, else its field's own (``{"rule": "1.3e"}``), else the step's."""
    if cited := rule_cited(str(fault["msg"])):
        return cited
    field = kind.model_fields.get(str(fault["loc"][0])) if fault["loc"] else None
    extra = field.json_schema_extra if field else None
    if isinstance(extra, dict) and isinstance(extra.get("rule"), str):
        return str(extra["rule"])
    return kind.rules[0] if kind.rules else ""


def rule_cited(text: str) -> str:
    """The rule a text cites in brackets, ``2.1b``; empty when it cites none."""
    found = re.search(r"\((\d\.\d+[a-z]?)\)", text)
    return found[1] if found else ""


def ready_refusals(kind: type[Step], file: CaseFile, world: World) -> Iterator[Refusal]:
    """Every reason why no step of this kind may be recorded now, that there is nothing to act on among them."""
    blocked = list(_blocked(kind, file, world))
    yield from blocked or kind.nothing_there(file, world)


def _blocked(kind: type[Step], file: CaseFile, world: World) -> Iterator[Refusal]:
    if file.ended is not None and not kind.on_closed:
        yield Refusal("", f"The file has ended ({file.ended}). Record “The file was reopened” first.")
    else:
        yield from kind.ready(file, world)


def refusals(step: Step, file: CaseFile, world: World) -> Iterator[Refusal]:
    """Every reason why this step may not be recorded now."""
    blocked = list(_blocked(type(step), file, world))
    yield from blocked
    if blocked:
        return
    rule = step.rules[0] if step.rules else ""
    if step.happened_on > world.today:
        yield Refusal(
            rule,
            f"{day_words(step.happened_on)} is in the future. Record the step once it has happened.",
            "happened_on",
        )
    if not step.before_notification and step.happened_on < file.begun_on:
        begun = "the board was notified" if file.notified_on else "the file was opened"
        yield Refusal(
            rule,
            f"{day_words(step.happened_on)} is before {begun} ({day_words(file.begun_on)}). Check the date.",
            "happened_on",
        )
    yield from step.check(file, world)
