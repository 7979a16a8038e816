"""2.6 Timescale: six months, what is done meanwhile when that is not possible, and the courts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import Proceedings
from ..days import day_words
from ..duty import Deadline, DeadlineFactory, Duty
from ..gates import needs_review, not_before, not_before_review
from ..incident import Day, Identifier, Text
from ..key import Key
from ..record import Entry, Refusal
from ..step import Step
from ..world import World


class DelayRecorded(Step):
    """The review cannot be completed in time: why not, and when it will be. The statutory date does not move (2.6b)."""

    label: ClassVar[str] = "A delay was recorded"
    rules: ClassVar[tuple[str, ...]] = ("2.6b",)

    reason: Text = Field(title="Why six months are not enough", description="For example court proceedings.")
    expected_on: Day = Field(title="Completion is now expected on")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "2.6b")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """While the review runs, and the new date lies ahead."""
        yield from _while_it_runs(file, self.happened_on)
        if self.expected_on <= self.happened_on:
            yield Refusal("2.6b", "The expected completion date must be after the date of the delay.", "expected_on")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Interim learning is asked for from now on."""
        file.delays.append((self.happened_on, self.expected_on))


class InterimLearning(Step):
    """Points about improvements needed, and corrective action taken, while the review is delayed (2.6b)."""

    label: ClassVar[str] = "Interim learning was recorded"
    rules: ClassVar[tuple[str, ...]] = ("2.6b",)

    points: Text = Field(title="Improvements needed")
    corrective_action: Text = Field(title="Corrective action taken", description="Or why no action is needed yet.")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "2.6b")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """While the review runs, and in order of time, so that each month has its own."""
        yield from _while_it_runs(file, self.happened_on)
        yield from not_before(self.happened_on, max(file.interim, default=None), "the last one", "2.6b")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Starts the next month."""
        file.interim.append(self.happened_on)


class ProceedingsRecorded(Step):
    """Criminal, family or coroner's proceedings, and their next date (2.6b)."""

    label: ClassVar[str] = "Court proceedings were recorded"
    rules: ClassVar[tuple[str, ...]] = ("2.6b",)
    before_notification: ClassVar[bool] = True

    proceedings: Identifier = Field(title="Identifier of the proceedings")
    kind: Literal["criminal", "family", "coroner's"] = Field(title="Kind")
    next_on: Day | None = Field(None, title="Next date", description="Leave blank if none is set.")
    concluded: bool = Field(False, title="Concluded")
    outcome: Text | None = Field(None, title="Outcome")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """In order of time; concluded proceedings have no next date."""
        known = file.proceedings.get(self.proceedings)
        if known:
            yield from not_before(self.happened_on, known.recorded_on, "the last entry about these proceedings", "2.6b")
            if known.concluded:
                yield Refusal("2.6b", f"These {known.kind} proceedings are already concluded.", "proceedings")
            if known.kind != self.kind:
                yield Refusal("2.6b", f"These are {known.kind} proceedings.", "kind")
        if self.concluded and self.next_on:
            yield Refusal("2.6b", "Concluded proceedings have no next date. Leave it blank.", "next_on")
        if self.next_on and self.next_on < self.happened_on:
            yield Refusal("2.6b", "The next date is before the date this happened. Check both dates.", "next_on")
        followed_on = known.dates.get(self.next_on) if known and self.next_on else None
        if self.next_on and followed_on is not None and followed_on >= self.next_on:
            yield Refusal("2.6b", f"{day_words(self.next_on)} is in the past, and was already followed up.", "next_on")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Follows up the dates before, and waits for the next, which may be one that still lies ahead."""
        known = file.proceedings.setdefault(self.proceedings, Proceedings(self.kind))
        for day, followed_on in known.dates.items():
            if followed_on is None and day != self.next_on:
                known.dates[day] = self.happened_on
        if self.next_on:
            known.dates[self.next_on] = None
        known.recorded_on, known.concluded = self.happened_on, self.concluded


def _while_it_runs(file: CaseFile, day: date) -> Iterator[Refusal]:
    yield from not_before_review(file, day, "2.6b")
    if file.first_signed_on is not None and day > file.first_signed_on:
        completed = f"The review was completed on {day_words(file.first_signed_on)}, when its report was signed off."
        yield Refusal("2.6b", completed, "happened_on")


def cycle(
    factory: DeadlineFactory, clock: str, start: date, done: Iterable[date], *, goes_on: bool
) -> Iterator[Deadline]:
    """A clock that starts again each time it is met: a deadline for each round, the last one open while it goes on.

    Arguments:
        clock: its name in the rulebook.
        start: the day the first round is counted from.
        done: the days it was met, in order.
        goes_on: whether another round is still asked for.
    """
    since, number = start, 0
    for number, day in enumerate(done, start=1):
        yield factory.deadline(clock, since, key=Key.of(clock, number), met_on=day)
        since = day
    if goes_on:
        yield factory.deadline(clock, since, key=Key.of(clock, number + 1))


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """Six months for a Serious Case Review (2.6a), the board's own time for another (1.2a), delays, courts (2.6b)."""
    if file.review is not None and file.review.serious:
        yield factory.deadline("completion", file.review.initiated_on, met_on=file.first_signed_on)
    elif file.review is not None:
        yield factory.deadline("other_review_completed", file.review.initiated_on, met_on=file.first_signed_on)
    if file.review is not None and file.delayed_on is not None:
        done = [day for day in file.interim if day >= file.delayed_on]
        unfinished = file.first_signed_on is None
        yield from cycle(factory, "interim_learning", file.delayed_on, done, goes_on=unfinished)
    for name, proceedings in file.proceedings.items():
        for day, followed_on in proceedings.dates.items():
            key = Key.of("proceedings_checked", name, day.isoformat())
            # A hearing that was moved is followed up early: before its old date that is in time, too.
            yield factory.deadline("proceedings_checked", day, key=key, met_on=followed_on)
