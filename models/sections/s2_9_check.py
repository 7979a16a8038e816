"""2.9d Publication harms nobody and is lawful: the welfare and legal check, the courts, and what makes it void."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from pydantic import Field

from ..called import all_called
from ..casefile import CaseFile
from ..casefile_parts import Publication, Restriction
from ..days import day_words
from ..duty import DeadlineFactory, Duty, Notice
from ..gates import known_name, needs_report, needs_review, new_name, not_answered, not_before
from ..incident import Identifier, Line, Text
from ..key import Key
from ..record import Entry, Refusal
from ..step import Step, Who
from ..world import World


class PublicationChecked(Step):
    """A named person made the welfare and legal check of the publication (2.9d)."""

    label: ClassVar[str] = "The publication was checked"
    rules: ClassVar[tuple[str, ...]] = ("2.9d", "2.3a")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    checked_by: Line = Field(title="Checked by")
    welfare: Text = Field(title="Why publication is not likely to harm any child or adult at risk")
    impact_managed: Text = Field(title="How the impact on the people affected is managed")
    data_protection: bool = Field(title="Publication complies with the Data Protection Act")
    court_orders: bool = Field(title="Publication complies with court orders")
    terms_met: tuple[Identifier, ...] = Field((), title="Court restrictions whose terms are met")

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
        yield from not_before(self.happened_on, publication.changed_on, "the last change to what is checked", "2.9d")
        for field, holds in (("data_protection", self.data_protection), ("court_orders", self.court_orders)):
            if not holds:
                title = type(self).model_fields[field].title
                yield Refusal(
                    "2.9d", f"Not confirmed: {title}. The check can be recorded only when this is confirmed.", field
                )
        for name in self.terms_met:
            if name not in publication.restrictions:
                why = f"There is no such court restriction on this file.{all_called(publication.restrictions)}"
                yield Refusal("2.9d", why, "terms_met")
        for name, restriction in publication.restrictions.items():
            if restriction.lifted_on is None and restriction.terms and name not in self.terms_met:
                set_on = day_words(restriction.set_on)
                why = f"Confirm that the terms of the court restriction of {set_on} are met."
                yield Refusal("2.9d", why, "terms_met")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The check holds until something changes."""
        for publication in file.publications:
            # While there is no report yet, what is public of an earlier review alone was checked.
            if publication is not file.publication or file.report is not None:
                publication.check(self.happened_on)


class SituationChanged(Step):
    """The situation of a person affected changed, or a sensitive date is near. Repeat the check (2.9d)."""

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
    """A court restricts publication: it forbids it, or allows it on terms (2.9d)."""

    label: ClassVar[str] = "A court restricted publication"
    rules: ClassVar[tuple[str, ...]] = ("2.9d",)
    before_notification: ClassVar[bool] = True

    restriction: Identifier = Field(title="Identifier of the restriction")
    court: Line = Field(title="Court and order")
    terms: Text | None = Field(None, title="Terms", description="Leave blank if the court forbids publication.")

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
                yield Refusal(
                    "2.9d",
                    f"This restriction was already lifted, on {day_words(restriction.lifted_on)}.",
                    "restriction",
                )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """A changed restriction asks for the check again."""
        file.publication.restrictions[self.restriction].lifted_on = self.happened_on
        file.void_check(self.happened_on, "a court lifted its restriction")


class DisclosedEarly(Step):
    """Details became public early. The Chair is told; the publication check must be repeated (2.9d)."""

    label: ClassVar[str] = "Details became public early"
    rules: ClassVar[tuple[str, ...]] = ("2.9d",)

    what: Text = Field(title="What became public, and where")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Before the report was published."""
        published_on = file.publication.published_on
        if published_on is not None and self.happened_on >= published_on:
            yield Refusal(
                "2.9d",
                "The report is published. Record “The situation of someone affected changed”, or a note, instead.",
                "happened_on",
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Voids the check and keeps the leak."""
        file.publication.disclosed.append((self.id, self.happened_on))
        file.void_check(self.happened_on, "details became public early")


def no_court_forbids(file: CaseFile) -> Iterator[Refusal]:
    """Refused while a court forbids publication."""
    for restriction in file.publication.restrictions.values():
        if restriction.forbids:
            text = f"A court forbids publication since {day_words(restriction.set_on)}."
            if file.public.up:
                in_year = file.public.availability_on is None
                down = "The report was taken down" if in_year else "It was decided what happens to the report"
                text += f" The report is still on the website. Record “{down}”."
            yield Refusal("2.9d", text)


def checked(file: CaseFile, publication: Publication) -> Iterator[Refusal]:
    """Refused unless the check of what is or will be public was made and still holds."""
    yield from no_court_forbids(file)
    if publication.checked_on is None:
        why = f" again because {publication.check_void_why}" if publication.check_void_why else ""
        yield Refusal(
            "2.9d", f"The welfare and legal check must be made{why}. Record “The publication was checked” first."
        )


def check_held(file: CaseFile, on: date) -> bool:
    """Whether a check held on a day: what changed after it voids the check from then on alone."""
    return any(start <= on and (until is None or on < until) for start, until in file.publication.checks)


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """The Chair hears of a leak; a check that is void is made again for what is public or soon will be."""
    for step, _ in file.publication.disclosed:
        yield Notice(Key.of("disclosed_early", step), "2.9d", "Details became public early", "disclosed_early", "chair")
    for publication in file.publications:
        for day, checked_on in publication.rechecks.items():
            key = Key.of("publication_rechecked", day)
            yield factory.deadline("publication_rechecked", day, key=key, met_on=checked_on)
        since = publication.check_void_since
        if since is not None and _public_or_soon(publication) and not publication.not_publishing:
            yield factory.deadline("publication_rechecked", since, key=Key.of("publication_rechecked", since))


def _public_or_soon(publication: Publication) -> bool:
    if publication.published_on is None:
        return publication.fixed_for is not None
    return publication.availability != "available on request"
