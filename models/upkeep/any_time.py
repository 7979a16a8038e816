"""What happens every week, and no rule names: more time, acknowledgements, new rules, notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import Correction, Extension
from ..days import day_words
from ..duties import deadlines_of
from ..duty import Deadline
from ..incident import Day, Line, Text
from ..ladder import reached
from ..record import Entry, Refusal
from ..step import Correcting, MessageId, Step, Who
from ..step_words import step_label
from ..world import World

_STAY = frozenset({"opened", "struck_out", "rulebook_changed", "closed", "reopened"})
"""Steps that are never struck out: what is right is recorded as a new step."""


class DeadlineExtended(Step):
    """One of the board's own deadlines gets more time. The old date, the new date and the reason are kept."""

    label: ClassVar[str] = "A deadline was extended"
    rules: ClassVar[tuple[str, ...]] = ()
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    deadline: Line = Field(title="Which deadline", description="Its key, as the file's list of deadlines shows it.")
    new_due: Day = Field(title="New due date")
    reason: Text = Field(title="Reason")

    @classmethod
    def nothing_there(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs an open deadline of the board's own."""
        deadlines = deadlines_of(file, world)
        if not any(deadline.open and _may_move(deadline) for deadline in deadlines.values()):
            yield Refusal(
                "",
                "No open deadline on this file can be extended. Deadlines set by statute or guidance never move, and "
                "to move the publication date you record “The publication date was fixed” again.",
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
                f"{deadline.title}: this date is set by statute or guidance and never moves. If a review cannot be "
                "completed in time, record “A delay was recorded”.",
                "deadline",
            )
        if deadline.clock == "publication":
            text = "To move the publication date, record “The publication date was fixed” again."
            yield Refusal(deadline.rule, text, "deadline")
        if self.new_due <= deadline.due:
            yield Refusal(
                deadline.rule,
                f"The new date must be after {day_words(deadline.due)}, the present due date.",
                "new_due",
            )
        elif self.new_due < self.happened_on:
            yield Refusal(deadline.rule, "The new date is before the date this happened. Check both dates.", "new_due")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Moves the date."""
        moves = file.extensions.setdefault(self.deadline, [])
        moves.append(Extension(self.new_due, self.reason))


class EscalationAcknowledged(Step):
    """The Chair knows that a deadline has passed, and chooses when to be reminded. Until then nothing is escalated."""

    label: ClassVar[str] = "The Chair acknowledged an escalation"
    rules: ClassVar[tuple[str, ...]] = ()
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")
    acts_on: ClassVar[tuple[str, str]] = ("rungs", "escalation")

    deadline: Line = Field(title="Which deadline", description="Its key, as the file's list of deadlines shows it.")
    chair_review_on: Day = Field(title="When the Chair wants to be reminded")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Only for a deadline that was escalated, and to a day that lies ahead."""
        deadline = open_deadline(file, world, self.deadline)
        if isinstance(deadline, Refusal):
            yield deadline
            return
        if not any(rung.kind == "escalation" for rung in reached(deadline, file)):
            yield Refusal(deadline.rule, f"{deadline.title}: this deadline was not escalated to the Chair.", "deadline")
        if self.chair_review_on <= world.today:
            yield Refusal(deadline.rule, "The date of the reminder must be after today.", "chair_review_on")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Silences the ladder until that day."""
        file.chair_review_dates[self.deadline] = (self.chair_review_on, entry.recorded_at)


class RulebookChanged(Step):
    """The board's rules changed. This file follows the new rulebook from now on."""

    label: ClassVar[str] = "The rulebook was changed"
    rules: ClassVar[tuple[str, ...]] = ()
    foreseen: ClassVar[bool] = False

    rulebook: Line = Field(title="The new rulebook", description="The name of an available rulebook.")
    reason: Text = Field(title="Reason")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The rulebook must be on the shelf, another one than the file has, and of the same regime."""
        if self.rulebook not in world.rulebooks:
            names = ", ".join(sorted(world.rulebooks)) or "none"
            if not world.quick:
                yield Refusal("", f"There is no rulebook called {self.rulebook}. Available: {names}.", "rulebook")
            return
        rules = world.rulebooks[self.rulebook]
        if rules == file.rules.model_dump(mode="json"):
            yield Refusal("", f"The file already follows {self.rulebook}.", "rulebook")
        elif rules["regime"] != file.regime.name:
            yield Refusal(
                "",
                f"The rulebook {self.rulebook} belongs to another body of law ({rules['regime']}). This file must stay "
                f"under {file.regime.title} ({file.regime.name}).",
                "rulebook",
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The fact that pins the rulebook's text comes right behind."""

    def follows(self, record: Sequence[Entry], file: CaseFile, world: World) -> Iterator[Entry]:
        """Pins the rulebook as it is on the shelf today."""
        pinned = {"rulebook": world.rulebooks[self.rulebook]}
        yield Entry("rulebook_pinned", pinned, f"rulebook:{self.id}", "shell", world.now)


class NoteAdded(Step):
    """A note for the next person who reads the file."""

    label: ClassVar[str] = "A note was added"
    rules: ClassVar[tuple[str, ...]] = ()
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair", "board_member")
    before_notification: ClassVar[bool] = True

    text: Text = Field(title="Note")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Refused when the file has become so large that its steps come first."""
        if file.nearly_full:
            yield Refusal("", "The file is nearly full, so it takes no more notes. Keep notes in a document.", "text")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Changes nothing."""


class StruckOut(Step):
    """A step that was recorded by mistake is struck out with a reason. It is never deleted."""

    label: ClassVar[str] = "A step was struck out"
    rules: ClassVar[tuple[str, ...]] = ()
    foreseen: ClassVar[bool] = False

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
            yield Refusal("", "There is no such step on this file.", "step")
        elif name in _STAY:
            what = step_label(file.regime, name)
            yield Refusal("", f"“{what}” cannot be struck out. Record what is right as a new step.", "step")
        elif self.step in file.struck:
            yield Refusal("", f"“{step_label(file.regime, name)}” is already struck out.", "step")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The fold leaves the step out from the beginning; those who were told of it are told that it was wrong."""
        file.corrections.append(Correction(self.id, self.happened_on, (file.struck[self.step],), entry.recorded_at))

    def corrects(self, record: Sequence[Entry]) -> Correcting:
        """Takes back what letters told since the step was recorded."""
        since = next(entry.recorded_at for entry in record if entry.id == self.step and not entry.is_fact)
        return Correcting(takes_back=True, since=since)


def _may_move(deadline: Deadline) -> bool:
    return deadline.basis != "statutory" and deadline.clock != "publication"


def open_deadline(file: CaseFile, world: World, key: str) -> Deadline | Refusal:
    """The open deadline with this key, or why there is none."""
    deadlines = deadlines_of(file, world)
    deadline = deadlines.get(key)
    if deadline is None:
        known = "; ".join(f"{one.title}, due on {day_words(one.due)}" for one in deadlines.values() if one.open)
        return Refusal("", f"There is no such deadline on this file. Open deadlines: {known or 'none'}.", "deadline")
    if not deadline.open:
        met = f" on {day_words(deadline.met_on)}" if deadline.met_on else ""
        return Refusal(deadline.rule, f"{deadline.title}: this deadline was already met{met}.", "deadline")
    return deadline
