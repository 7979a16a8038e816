"""What happens every week, and no rule names: more time, acknowledgements, new rules, notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from ..casefile import CaseFile
from ..counting import day_words
from ..duties import deadlines_of
from ..duty import Clocks, Deadline
from ..incident import Day, Line, Text
from ..ladder import reached
from ..parts import Correction, Extension
from ..record import Entry, Refusal
from ..step import MessageId, Step, Who, World

MAX_WEIGHT = 4_500_000
"""How many characters a record may hold before notes are refused; compressed, it fits a continued run."""
_STAY = frozenset({"opened", "struck_out", "rulebook_changed", "closed", "reopened"})
"""Steps that are never struck out: what is right is recorded as a new step."""


class DeadlineExtended(Step):
    """One of the board's own deadlines gets more time: old date, new date and reason are kept."""

    label: ClassVar[str] = "A deadline was extended"
    rules: ClassVar[tuple[str, ...]] = ()
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    deadline: Line = Field(title="Which deadline", description="Its key, as the file's list of deadlines shows it.")
    new_due: Day = Field(title="New due date")
    reason: Text = Field(title="Reason")

    @classmethod
    def nothing_there(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs an open deadline of the board's own."""
        deadlines = deadlines_of(file, Clocks(file, world.extra_holidays))
        if not any(deadline.open and _may_move(deadline) for deadline in deadlines.values()):
            yield Refusal(
                "",
                "No open deadline of this file can be extended: those set by statute or guidance never move, and the "
                "date of publication is fixed by its own step.",
            )

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Only an open deadline of the board's own, and only to a later day."""
        deadline = open_deadline(file, world, self.deadline)
        if isinstance(deadline, Refusal):
            yield deadline
            return
        if deadline.basis == "statutory":
            yield Refusal(
                deadline.rule,
                f"{deadline.title}: this date is set by statute or guidance and never moves. Record delay_recorded "
                "for the completion of a review, or a note.",
                "deadline",
            )
        if deadline.clock == "publication":
            text = "The date of publication is fixed by its own step: record publication_fixed with the new date."
            yield Refusal(deadline.rule, text, "deadline")
        if self.new_due <= deadline.due:
            yield Refusal(
                deadline.rule,
                f"The new date must lie after {day_words(deadline.due)}, the date it has.",
                "new_due",
            )
        elif self.new_due < self.happened_on:
            yield Refusal(deadline.rule, "The new date lies before the day it was extended: check both.", "new_due")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Moves the date."""
        moves = file.extensions.setdefault(self.deadline, [])
        moves.append(Extension(self.new_due, self.reason))


class EscalationAcknowledged(Step):
    """The Chair knows that a deadline has passed, and looks again on a day: until then it is not repeated."""

    label: ClassVar[str] = "The Chair acknowledged an escalation"
    rules: ClassVar[tuple[str, ...]] = ()
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")
    acts_on: ClassVar[tuple[str, str]] = ("rungs", "escalation")

    deadline: Line = Field(title="Which deadline", description="Its key, as the file's list of deadlines shows it.")
    look_again_on: Day = Field(title="The Chair looks again on")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Only for a deadline that was escalated, and to a day that lies ahead."""
        deadline = open_deadline(file, world, self.deadline)
        if isinstance(deadline, Refusal):
            yield deadline
            return
        if not any(rung.kind == "escalation" for rung in reached(deadline, file)):
            yield Refusal(deadline.rule, f"{deadline.title}: this was not escalated.", "deadline")
        if self.look_again_on <= world.today:
            yield Refusal(deadline.rule, "The day to look again must lie ahead.", "look_again_on")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Silences the ladder until that day."""
        file.look_again[self.deadline] = (self.look_again_on, entry.recorded_at)


class RulebookChanged(Step):
    """The board's rules changed: this file follows the named rulebook from now on."""

    label: ClassVar[str] = "The rulebook was changed"
    rules: ClassVar[tuple[str, ...]] = ()

    rulebook: Line = Field(title="The new rulebook", description="The name of one on the shelf.")
    reason: Text = Field(title="Reason")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The rulebook must be on the shelf, and another one than the file has."""
        if self.rulebook not in world.rulebooks:
            names = ", ".join(sorted(world.rulebooks)) or "none"
            if not world.quick:
                yield Refusal("", f"There is no rulebook {self.rulebook} on the shelf ({names}).", "rulebook")
        elif world.rulebooks[self.rulebook] == file.rules.model_dump(mode="json"):
            yield Refusal("", f"The file follows {self.rulebook} already.", "rulebook")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The fact that pins the rulebook's text comes right behind."""


class NoteAdded(Step):
    """A note for whoever reads the file next."""

    label: ClassVar[str] = "A note was added"
    rules: ClassVar[tuple[str, ...]] = ()
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair", "board_member")
    before_notification: ClassVar[bool] = True

    text: Text = Field(title="Note")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Refused when the file has become so large that its steps come first."""
        if file.weight > MAX_WEIGHT:
            yield Refusal("", "The file is very large: keep notes as a document, and its steps will fit.", "text")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Changes nothing."""


class StruckOut(Step):
    """A step recorded in error is struck out with a reason, never deleted."""

    label: ClassVar[str] = "A step was struck out"
    rules: ClassVar[tuple[str, ...]] = ()

    step: MessageId = Field(title="Which step", description="Its id, as the file's history shows it.")
    reason: Text = Field(title="Reason")

    @classmethod
    def nothing_there(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a step besides those that stay."""
        if not any(name not in _STAY and step not in file.struck for step, name in file.ids.items()):
            yield Refusal("", "There is no step on this file that can be struck out.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """A step of this file, not struck out yet, that nothing later rests on."""
        name = file.ids.get(self.step)
        if name is None:
            yield Refusal("", f"There is no step with the id {self.step} on this file.", "step")
        elif name in _STAY:
            yield Refusal("", f"A step {name} cannot be struck out: record what is right as a new step.", "step")
        elif self.step in file.struck:
            yield Refusal("", f"The step {self.step} is struck out already.", "step")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The fold leaves the step out from the beginning; those who were told of it are told that it was wrong."""
        file.corrections.append(Correction(self.id, self.happened_on, (file.struck[self.step],), entry.recorded_at))


def _may_move(deadline: Deadline) -> bool:
    return deadline.basis != "statutory" and deadline.clock != "publication"


def open_deadline(file: CaseFile, world: World, key: str) -> Deadline | Refusal:
    """The open deadline with this key, or why there is none."""
    deadlines = deadlines_of(file, Clocks(file, world.extra_holidays))
    deadline = deadlines.get(key)
    if deadline is None:
        known = ", ".join(sorted(name for name, one in deadlines.items() if one.open))
        return Refusal("", f"There is no deadline {key} on this file. Open ones: {known or 'none'}.", "deadline")
    if not deadline.open:
        return Refusal(deadline.rule, f"The deadline {key} is met already.", "deadline")
    return deadline
