"""Closing a file and reopening it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from ..called import called
from ..casefile import CaseFile
from ..days import day_words
from ..duties import all_done_on, deadlines_of, duties_of
from ..gates import not_before
from ..incident import Text
from ..record import Entry, Refusal
from ..sections.letters import letter_to
from ..sections.s2_1_criteria import end
from ..step import Step, Who
from ..world import World


class Closed(Step):
    """Everything is done: no deadline is open, and the file has everything that the framework requires."""

    label: ClassVar[str] = "The file was closed"
    rules: ClassVar[tuple[str, ...]] = ("2.9a", "1.2d", "2.10a")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")
    when_full: ClassVar[bool] = True

    summary: Text | None = Field(None, title="Closing remarks")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Every reason why the file is not ready to be closed."""
        yield from _decided(file)
        yield from _published(file)
        yield from _learned(file)
        for action in file.actions.values():
            if not action.closed:
                yield Refusal(
                    "1.2d",
                    f"The action {called(action)} is {action.status}. Record “An action's impact was "
                    "recorded” to close it.",
                )
        duties = duties_of(file, world)
        for deadline in duties.deadlines.values():
            if deadline.open and deadline.clock != "closing":
                yield Refusal(deadline.rule, f"A deadline is open: {deadline.title}, due on {day_words(deadline.due)}.")
        for notice in duties.notices.values():
            if file.accepted_at(notice.key) is None:
                told = f"“{notice.title}” to {letter_to(file, notice.to)}"
                yield Refusal(notice.rule, f"A mail server has not accepted this letter yet: {told}.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Not before the last thing was done."""
        deadlines = deadlines_of(file, world).values()
        yield from not_before(self.happened_on, all_done_on(file, deadlines), "the last open task was done", "")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Ends the file."""
        end(file, "closed", self)


class Reopened(Step):
    """More work came up after the file had ended. It continues under the same reference, with all its steps."""

    label: ClassVar[str] = "The file was reopened"
    rules: ClassVar[tuple[str, ...]] = ()
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")
    on_closed: ClassVar[bool] = True

    reason: Text = Field(title="Why it is reopened")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Only a file that has ended."""
        if file.ended is None:
            yield Refusal("", "The file is still open.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Not before it ended."""
        yield from not_before(self.happened_on, file.ended_on, "the file ended", "")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The file is open again, and is to be closed again; those told that it was withdrawn hear so."""
        if file.ended == "withdrawn":
            file.reinstated[self.id] = (file.ended_step, self.happened_on)
        file.undo_ending()
        file.reopened_on = self.happened_on


def _decided(file: CaseFile) -> Iterator[Refusal]:
    if file.opening.incident is not None and file.decision is None:
        yield Refusal("2.2b", "No decision is recorded yet.")


def _published(file: CaseFile) -> Iterator[Refusal]:
    if file.review is None:
        return
    if file.report is None:
        yield Refusal("2.6a", "The review is not completed, because no report is signed off.")
    publication = file.publication
    if file.review.criteria_met and not publication.not_publishing and publication.published_on is None:
        yield Refusal(
            "2.9a",
            "The case meets the criteria, so the report must be published, or the Chair must decide not to publish it.",
        )
    if publication.published_on is not None and publication.availability_on is None and not publication.not_publishing:
        yield Refusal(
            "2.9b",
            "The report's year on the website is not over, or nobody has decided what happens to the report after it.",
        )


def _learned(file: CaseFile) -> Iterator[Refusal]:
    if file.review is None or not file.review.serious:
        return
    learning = file.learning
    for done, rule, what in (
        (learning.held_on, "2.10a", "No learning event was held. Record “A learning event was held” first."),
        (learning.considered_on, "2.10b", "The sub-group has not considered the findings."),
        (learning.training_changed_on, "2.10b", "The training programme does not reflect the learning yet."),
        (
            all(p.taken_forward_on for p in file.parties.values()),
            "2.10c",
            "An organisation has not taken the learning forward.",
        ),
        (learning.bulletins, "2.10d", "No information bulletin is approved."),
        (learning.outcome_on, "2.10e", "The outcome has not been shared with partners."),
    ):
        if not done:
            yield Refusal(rule, what)
