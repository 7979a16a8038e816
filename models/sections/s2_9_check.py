"""2.9d Publication harms nobody and is lawful: the welfare and legal check, the courts, and what makes it void."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from pydantic import Field

from ..casefile import CaseFile
from ..duty import Clocks, Duty, Notice
from ..gates import known_name, needs_report, needs_review, new_name, not_answered, not_before
from ..incident import Identifier, Line, Text
from ..parts import Publication, Restriction
from ..record import Entry, Refusal
from ..step import Step, Who, World


class PublicationChecked(Step):
    """The welfare and legal check, by a named person (2.9d)."""

    label: ClassVar[str] = "The publication was checked"
    rules: ClassVar[tuple[str, ...]] = ("2.9d", "2.3a")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    checked_by: Line = Field(title="Checked by")
    welfare: Text = Field(title="Why publication is not likely to harm any child or adult at risk")
    impact_managed: Text = Field(title="How the impact on those affected is managed")
    data_protection: bool = Field(title="The Data Protection Act is complied with")
    court_orders: bool = Field(title="Court orders are complied with")
    terms_met: tuple[Identifier, ...] = Field((), title="Restrictions whose terms are met")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a report, signed off or public, the response to advice (2.3a), and no court that forbids."""
        if file.public.published_on is None:
            yield from needs_report(file, "2.9d")
        yield from not_answered(file, "publication")
        yield from no_court_forbids(file)

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The law is complied with, and the terms of each restriction that allows publication are met."""
        publication = file.publication
        signed_on = file.report.on if file.report else None
        yield from not_before(self.happened_on, signed_on, "the report was signed off", "2.9d")
        yield from not_before(self.happened_on, publication.changed_on, "what is checked last changed", "2.9d")
        for field, holds in (("data_protection", self.data_protection), ("court_orders", self.court_orders)):
            if not holds:
                title = type(self).model_fields[field].title
                yield Refusal("2.9d", f"Not confirmed: {title}. The check is recorded only when it is.", field)
        for name in self.terms_met:
            if name not in publication.restrictions:
                yield Refusal("2.9d", f"There is no restriction called {name} on this file.", "terms_met")
        for name, restriction in publication.restrictions.items():
            if restriction.lifted_on is None and restriction.terms and name not in self.terms_met:
                yield Refusal("2.9d", f"Confirm that the terms of restriction {name} are met.", "terms_met")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The check holds until something changes."""
        for publication in file.publications:
            # While there is no report yet, what is public of an earlier review alone was checked.
            if publication is not file.publication or file.report is not None:
                publication.check(self.happened_on)


class SituationChanged(Step):
    """The situation of someone affected changed, or a sensitive date nears: the check is made again (2.9d)."""

    label: ClassVar[str] = "The situation of someone affected changed"
    rules: ClassVar[tuple[str, ...]] = ("2.9d",)

    what: Text = Field(title="What changed")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "2.9d")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The check no longer holds."""
        file.void_check(self.happened_on, "the situation of someone affected changed")


class CourtRestrictionSet(Step):
    """A court restricts publication: forbids it, or allows it on terms (2.9d)."""

    label: ClassVar[str] = "A court restricted publication"
    rules: ClassVar[tuple[str, ...]] = ("2.9d",)
    before_notification: ClassVar[bool] = True

    restriction: Identifier = Field(title="Identifier of the restriction")
    court: Line = Field(title="Court and order")
    terms: Text | None = Field(None, title="Terms", description="Leave empty when publication is forbidden.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each restriction has its own name."""
        yield from new_name(self.restriction, file.publication.restrictions, "restriction", "2.9d")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The check no longer holds."""
        file.publication.restrictions[self.restriction] = Restriction(self.terms, self.happened_on)
        file.void_check(self.happened_on, "a court restricted publication")


class CourtRestrictionLifted(Step):
    """The restriction was lifted (2.9d)."""

    label: ClassVar[str] = "A court lifted its restriction"
    rules: ClassVar[tuple[str, ...]] = ("2.9d",)
    acts_on: ClassVar[tuple[str, str]] = ("publication.restrictions", "court restriction")

    restriction: Identifier = Field(title="Identifier of the restriction")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Once, for a restriction that stands."""
        restrictions = file.publication.restrictions
        yield from known_name(self.restriction, restrictions, "restriction", "2.9d")
        if restriction := restrictions.get(self.restriction):
            yield from not_before(self.happened_on, restriction.set_on, "it was set", "2.9d")
            if restriction.lifted_on:
                yield Refusal("2.9d", f"The restriction {self.restriction} is lifted already.", "restriction")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """A changed restriction asks for the check again."""
        file.publication.restrictions[self.restriction].lifted_on = self.happened_on
        file.void_check(self.happened_on, "a court lifted its restriction")


class DisclosedEarly(Step):
    """The story leaked: the Chair is told, and the check is void (2.9d)."""

    label: ClassVar[str] = "The report or the story was disclosed early"
    rules: ClassVar[tuple[str, ...]] = ("2.9d",)

    what: Text = Field(title="What was disclosed, and where")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Before the report was published."""
        published_on = file.publication.published_on
        if published_on is not None and self.happened_on >= published_on:
            yield Refusal("2.9d", "The report is published: record situation_changed, or a note.", "happened_on")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Voids the check and keeps the leak."""
        file.publication.disclosed.append((self.id, self.happened_on))
        file.void_check(self.happened_on, "the story was disclosed early")


def no_court_forbids(file: CaseFile) -> Iterator[Refusal]:
    """Refused while a court forbids publication."""
    for name, restriction in file.publication.restrictions.items():
        if restriction.forbids:
            text = f"A court forbids publication (restriction {name}) until it is lifted"
            if file.public.up:
                down = "report_withdrawn" if file.public.moved_on is None else "moved_to_request"
                text += f", and the report is on the website: record {down}"
            yield Refusal("2.9d", f"{text}.")


def checked(file: CaseFile, publication: Publication) -> Iterator[Refusal]:
    """Refused unless the check of what is or will be public was made and still holds."""
    yield from no_court_forbids(file)
    if publication.checked_on is None:
        why = f" again because {publication.check_void_why}" if publication.check_void_why else ""
        yield Refusal("2.9d", f"The welfare and legal check must be made{why}: record publication_checked.")


def check_held(file: CaseFile, on: date) -> bool:
    """Whether a check held on a day: what changed after it voids the check from then on alone."""
    return any(start <= on and (until is None or on < until) for start, until in file.publication.checks)


def duties(file: CaseFile, clocks: Clocks) -> Iterator[Duty]:
    """The Chair hears of a leak; a check that is void is made again for what is public or soon will be."""
    for step, _ in file.publication.disclosed:
        yield Notice(f"disclosed_early:{step}", "2.9d", "The story was disclosed early", "disclosed_early", "chair")
    for publication in file.publications:
        for day, checked_on in publication.rechecks.items():
            yield clocks.deadline("publication_rechecked", day, key=f"publication_rechecked:{day}", met_on=checked_on)
        since = publication.check_void_since
        if since is not None and _public_or_soon(publication) and not publication.not_publishing:
            yield clocks.deadline("publication_rechecked", since, key=f"publication_rechecked:{since}")


def _public_or_soon(publication: Publication) -> bool:
    if publication.published_on is None:
        return publication.fixed_for is not None
    return publication.moved_to != "available on request"
