"""Closing a file and reopening it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from ..casefile import CaseFile
from ..counting import day_words
from ..duties import all_done_on, deadlines_of, duties_of
from ..duty import Clocks
from ..gates import not_before
from ..incident import Text
from ..record import Entry, Refusal
from ..step import Step, Who, World
from .s2_1_criteria import end


class Closed(Step):
    """Everything is done: no deadline stands, and what the framework asks for is on the file."""

    label: ClassVar[str] = "The file was closed"
    rules: ClassVar[tuple[str, ...]] = ("2.9a", "1.2d", "2.10a")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    summary: Text | None = Field(None, title="Closing remarks")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Every reason why the file is not ready to be closed."""
        yield from _decided(file)
        yield from _published(file)
        yield from _learned(file)
        for name, action in file.actions.items():
            if not action.closed:
                yield Refusal(
                    "1.2d", f"The action {name} is {action.status}: it is closed once its impact is recorded."
                )
        duties = duties_of(file, Clocks(file, world.extra_holidays))
        for deadline in duties.deadlines.values():
            if deadline.open and deadline.clock != "closing":
                yield Refusal(deadline.rule, f"A deadline stands: {deadline.title}, due on {day_words(deadline.due)}.")
        for notice in duties.notices.values():
            if file.taken_on(notice.key) is None:
                yield Refusal(notice.rule, f"A letter is not taken yet: {notice.title}, to {notice.to}.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Not before the last thing was done."""
        deadlines = deadlines_of(file, Clocks(file, world.extra_holidays)).values()
        yield from not_before(self.happened_on, all_done_on(file, deadlines), "the last thing was done", "")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Ends the file."""
        end(file, "closed", self)


class Reopened(Step):
    """Something came up on a file that had ended: it goes on under the same reference, with all its steps."""

    label: ClassVar[str] = "The file was reopened"
    rules: ClassVar[tuple[str, ...]] = ()
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")
    on_closed: ClassVar[bool] = True

    reason: Text = Field(title="Why it is reopened")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Only a file that has ended."""
        if file.ended is None:
            yield Refusal("", "The file is open.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Not before it ended."""
        yield from not_before(self.happened_on, file.ended_on, "the file ended", "")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The file is open again, and is to be closed again; what was withdrawn is taken up again."""
        if file.ended == "withdrawn":
            file.taken_up[self.id] = (file.ended_step, self.happened_on)
        file.stand_again()
        file.reopened_on = self.happened_on


def _decided(file: CaseFile) -> Iterator[Refusal]:
    if file.opening.incident is not None and file.decision is None:
        yield Refusal("2.2b", "No decision is recorded yet.")


def _published(file: CaseFile) -> Iterator[Refusal]:
    if file.review is None:
        return
    if file.report is None:
        yield Refusal("2.6a", "The review is not completed: no report is signed off.")
    publication = file.publication
    if file.review.criteria_met and not publication.not_publishing and publication.published_on is None:
        yield Refusal(
            "2.9a", "The report of a case that meets the criteria is published, or not publishing is decided."
        )
    if publication.published_on is not None and publication.moved_on is None and not publication.not_publishing:
        yield Refusal("2.9b", "The report's year on the website is not over, or what comes next is not decided.")


def _learned(file: CaseFile) -> Iterator[Refusal]:
    if file.review is None or not file.review.serious:
        return
    learning = file.learning
    for done, rule, what in (
        (learning.held_on, "2.10a", "No learning event is held: record learning_event_held."),
        (learning.considered_on, "2.10b", "The sub-group has not considered the findings."),
        (learning.training_changed_on, "2.10b", "The learning is not reflected in the training programme."),
        (
            all(p.taken_forward_on for p in file.parties.values()),
            "2.10c",
            "An organisation has not taken it forward.",
        ),
        (learning.bulletins, "2.10d", "No information bulletin is approved."),
        (learning.outcome_on, "2.10e", "The outcome is not shared with partners."),
    ):
        if not done:
            yield Refusal(rule, what)
