"""2.10 Sharing learning: events, training, bulletins, and the outcome shared with partners."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import ClassVar

from pydantic import Field

from ..casefile import CaseFile
from ..duty import DeadlineFactory, Duty, Notice
from ..facts import recipients_listed
from ..gates import (
    known_name,
    names_nobody,
    needs_directory,
    needs_party,
    needs_report,
    needs_review,
    new_name,
    not_before,
    not_before_review,
    once,
    since_report,
)
from ..incident import Day, Identifier, Line, Text
from ..key import Key
from ..recipient import Recipient
from ..record import Entry, Refusal
from ..step import Digest, Step, Who
from ..world import World
from .s2_7_organisations import BY_AGENCY


class LearningEventPlanned(Step):
    """A multi-agency learning event is planned (2.10a)."""

    label: ClassVar[str] = "A learning event was planned"
    rules: ClassVar[tuple[str, ...]] = ("2.10a",)

    event: Identifier = Field(title="Identifier of the event")
    planned_for: Day = Field(title="Planned for")
    audience: Text = Field(title="Who it is for")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "2.10a")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each event has its own name, and lies ahead."""
        yield from not_before_review(file, self.happened_on, "2.10a")
        yield from new_name(self.event, file.learning.events, "event", "2.10a")
        if self.planned_for < self.happened_on:
            yield Refusal(
                "2.10a",
                "The event is planned for a day before the date this happened. Check both dates.",
                "planned_for",
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Waits for it to be held."""
        file.learning.events[self.event] = (self.planned_for, None)


class LearningEventHeld(Step):
    """A multi-agency learning event was held, with attendance by organisation (2.10a)."""

    label: ClassVar[str] = "A learning event was held"
    rules: ClassVar[tuple[str, ...]] = ("2.10a",)

    event: Identifier = Field(title="Identifier of the event")
    attendance: dict[Identifier, int] = Field(
        title="Attendance", description="How many people came from each organisation.", min_length=1, max_length=60
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Informs practitioners of the findings: needs a report."""
        yield from needs_report(file, "2.10a")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """A planned event, held once, by more than one agency."""
        yield from since_report(file, self.happened_on, "2.10a")
        yield from known_name(self.event, file.learning.events, "event", "2.10a")
        if self.event in file.learning.events:
            yield from once(file.learning.events[self.event][1], "That this event was held", "2.10a")
        if any(number < 0 for number in self.attendance.values()):
            yield Refusal("2.10a", "Attendance must be a number of people, 0 or more.", "attendance")
        if sum(number > 0 for number in self.attendance.values()) < 2:
            yield Refusal(
                "2.10a", "A multi-agency event needs attendance from at least two organisations.", "attendance"
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the day."""
        planned_for, _ = file.learning.events[self.event]
        file.learning.events[self.event] = (planned_for, self.happened_on)


class LearningConsidered(Step):
    """The Learning and Development Sub-Group considered the findings (2.10b)."""

    label: ClassVar[str] = "The sub-group considered the findings"
    rules: ClassVar[tuple[str, ...]] = ("2.10b",)

    learning: Text = Field(title="The learning identified")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a report, once."""
        yield from needs_report(file, "2.10b")
        yield from once(file.learning.considered_on, "That the sub-group considered the findings", "2.10b")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Not before there were findings."""
        yield from since_report(file, self.happened_on, "2.10b")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the day."""
        file.learning.considered_on = self.happened_on


class TrainingChanged(Step):
    """The learning is reflected in the board's training programme (2.10b)."""

    label: ClassVar[str] = "The training programme was changed"
    rules: ClassVar[tuple[str, ...]] = ("2.10b",)

    change: Text = Field(title="The change to the programme")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """After the sub-group considered the findings."""
        if file.learning.considered_on is None:
            yield Refusal(
                "2.10b",
                "The sub-group has not considered the findings yet. Record “The sub-group considered "
                "the findings” first.",
            )

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Not before they were considered."""
        yield from not_before(
            self.happened_on, file.learning.considered_on, "the sub-group considered the findings", "2.10b"
        )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the first day."""
        file.learning.training_changed_on = file.learning.training_changed_on or self.happened_on


class LearningTakenForward(Step):
    """An organisation takes the learning forward in its own training and conferences (2.10c)."""

    label: ClassVar[str] = "An organisation took the learning forward"
    rules: ClassVar[tuple[str, ...]] = ("2.10c",)
    who: ClassVar[tuple[Who, ...]] = BY_AGENCY

    organisation: Identifier = Field(title="The organisation")
    how: Text = Field(title="How")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a report."""
        yield from needs_report(file, "2.10c")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Once for each organisation on the file."""
        yield from since_report(file, self.happened_on, "2.10c")
        yield from needs_party(file, self.organisation, "2.10c")
        if party := file.parties.get(self.organisation):
            yield from once(party.taken_forward_on, "This confirmation", "2.10c")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the confirmation."""
        file.parties[self.organisation].taken_forward_on = self.happened_on


class BulletinApproved(Step):
    """An information bulletin on the findings was approved. We e-mail it to partners (2.10d)."""

    label: ClassVar[str] = "An information bulletin was approved"
    rules: ClassVar[tuple[str, ...]] = ("2.10d",)

    document: Digest = Field(title="The bulletin")
    approved_by: Line = Field(title="Approved by")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a report."""
        yield from needs_report(file, "2.10d")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Not before there were findings, and not before anybody can say who the partners are."""
        yield from since_report(file, self.happened_on, "2.10d")
        yield from needs_directory(world, "2.10d", "The bulletin goes to the board's partners")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The bulletin goes to every partner of the board: who that is on the day comes right behind."""
        file.learning.bulletins[self.id] = (self.happened_on, self.document)
        file.documents.append((self.document, "bulletin", self.id))

    def follows(self, record: Sequence[Entry], file: CaseFile, world: World) -> Iterator[Entry]:
        """Lists the partners it goes to."""
        yield from _list_partners(self.id, world)


class OutcomeShared(Step):
    """We share the outcome of the review with partners, whatever kind of review it is (2.10e)."""

    label: ClassVar[str] = "The outcome was shared with partners"
    rules: ClassVar[tuple[str, ...]] = ("2.10e",)

    outcome: Text = Field(title="The outcome", description="This text is sent to partners. Do not name anyone.")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """On completion of the review, once."""
        yield from needs_report(file, "2.10e")
        yield from once(file.learning.outcome_on, "The outcome", "2.10e")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """On completion; the text is sent to partners, so somebody must be able to say who they are."""
        yield from since_report(file, self.happened_on, "2.10e")
        yield from needs_directory(world, "2.10e", "The outcome goes to the board's partners")
        yield from names_nobody(file, self.outcome, "outcome", "2.10e")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The outcome goes to every partner of the board: who that is on the day comes right behind."""
        file.learning.outcome_on, file.learning.outcome = self.happened_on, self.outcome
        file.learning.outcome_step = self.id

    def follows(self, record: Sequence[Entry], file: CaseFile, world: World) -> Iterator[Entry]:
        """Lists the partners it goes to."""
        yield from _list_partners(self.id, world)


class OutcomeConfirmed(Step):
    """An organisation confirms that it has received the outcome (2.10e)."""

    label: ClassVar[str] = "An organisation confirmed the outcome"
    rules: ClassVar[tuple[str, ...]] = ("2.10e",)
    who: ClassVar[tuple[Who, ...]] = BY_AGENCY

    organisation: Identifier = Field(title="The organisation")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """After the outcome was shared."""
        if file.learning.outcome_on is None:
            yield Refusal(
                "2.10e", "The outcome is not shared yet. Record “The outcome was shared with partners” first."
            )

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Once for each organisation on the file."""
        yield from needs_party(file, self.organisation, "2.10e")
        if party := file.parties.get(self.organisation):
            yield from once(party.outcome_confirmed_on, "This confirmation", "2.10e")
        yield from not_before(self.happened_on, file.learning.outcome_on, "it was shared", "2.10e")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the confirmation."""
        file.parties[self.organisation].outcome_confirmed_on = self.happened_on


def _list_partners(step: str, world: World) -> Iterator[Entry]:
    directory = world.directory
    yield recipients_listed(_partners_key(step), directory.partners(world.today) if directory else (), world)


def _partners_key(step: str) -> str:
    """What the list of partners is called that a step's letters go to."""
    return Key.of("partners", step)


def _partners(file: CaseFile, step: str) -> list[str]:
    """The organisations on the file, and the board's other partners as the directory had them that day."""
    listing = file.listed.get(_partners_key(step))
    return list(dict.fromkeys((*file.parties, *(listing.recipients if listing else ()))))


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """For any review 2.10e; for a Serious Case Review all of 2.10, from the day publication is settled."""
    learning = file.learning
    for step, (_, document) in learning.bulletins.items():
        for name in _partners(file, step):
            to = Recipient.of("lead", name)
            yield Notice(
                Key.of("bulletin", step, name),
                "2.10d",
                "Information bulletin",
                "bulletin",
                to,
                documents=(document,),
            )
    if file.review is None or file.first_signed_on is None:
        return
    yield factory.deadline("outcome_shared", file.first_signed_on, met_on=learning.outcome_on)
    if learning.outcome_on is not None:
        for name, party in file.parties.items():
            since = max(learning.outcome_on, party.since)
            yield factory.for_organisation("outcome_confirmed", name, since, party.outcome_confirmed_on)
        for name in _partners(file, learning.outcome_step):
            content = {"outcome": learning.outcome}
            key = Key.of("outcome", name, learning.outcome_on if learning.again else "")
            yield Notice(key, "2.10e", "Outcome of a review", "outcome", Recipient.of("lead", name), content)
    settled_on = file.publication.settled_on
    if settled_on is not None and file.review.serious:
        yield from _spread(file, factory, settled_on)


def _spread(file: CaseFile, factory: DeadlineFactory, since: date) -> Iterator[Duty]:
    learning = file.learning
    yield factory.deadline("learning_event", since, met_on=learning.held_on)
    yield factory.deadline("learning_considered", since, met_on=learning.considered_on)
    yield factory.deadline("training_changed", learning.considered_on or since, met_on=learning.training_changed_on)
    first_bulletin = min((on for on, _ in learning.bulletins.values()), default=None)
    yield factory.deadline("bulletin_approved", since, met_on=first_bulletin)
    for name, party in file.parties.items():
        start = max(since, party.since)
        yield factory.for_organisation("learning_taken_forward", name, start, party.taken_forward_on)
