"""2.9b The report on the website: its year, taking it down and putting it back, and copies on request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import Publication, Request
from ..days import count, day_words
from ..duty import Deadline, DeadlineFactory, Duty
from ..gates import known_name, new_name, not_before
from ..incident import Identifier, Line, Text
from ..key import Key
from ..record import Entry, Refusal
from ..step import Step, Who
from ..world import World
from .s2_9_check import checked
from .s2_9_publication import may_publish, panel_has_its_copy, panels_week


class ReportWithdrawn(Step):
    """A named person took the report down within its year, for someone's welfare or because of the law (2.9b, 2.9d)."""

    label: ClassVar[str] = "The report was taken down"
    rules: ClassVar[tuple[str, ...]] = ("2.9b", "2.9d")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    ordered_by: Line = Field(title="Who ordered this")
    ground: Literal["welfare of a child or adult at risk", "data protection", "a court order"] = Field(title="Ground")
    reasons: Text = Field(title="Reasons")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The report must be on the website."""
        yield from _published(file)
        if file.public.off_since is not None:
            yield _off(file.public.off_since)
        if file.public.availability_on is not None:
            yield Refusal(
                "2.9b",
                "The report's year is over. To take it down, record “It was decided what happens to the report”.",
            )

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """After it went up."""
        yield from not_before(self.happened_on, file.public.up_since, "it went up", "2.9b")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The time off the website does not count; the check is made again before it is back."""
        file.public.off_since = self.happened_on
        file.public.void(self.happened_on, "the report was taken down")


class ReportRestored(Step):
    """The report was put back on the website (2.9b)."""

    label: ClassVar[str] = "The report was put back"
    rules: ClassVar[tuple[str, ...]] = ("2.9b", "2.9d", "2.9f")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """It must be off the website, and checked again; a replaced report has its own week (2.9f)."""
        if file.public.off_since is None or file.public.availability_on is not None:
            yield Refusal("2.9b", "The report was not taken down within its year, so it cannot be put back.")
        if file.public is file.publication:
            yield from may_publish(file)
            yield from panel_has_its_copy(file)
        else:
            yield from checked(file, file.public)

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """After it was taken down and checked, and after the panel's week."""
        yield from not_before(self.happened_on, file.public.off_since, "it was taken down", "2.9b")
        yield from not_before(self.happened_on, file.public.checked_on, "the check", "2.9d")
        if file.public is file.publication:
            yield from panels_week(file, self.happened_on, world)

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The year goes on by the days it was off."""
        publication = file.public
        if publication.off_since is not None:
            publication.off_times.append((publication.off_since, self.happened_on))
        publication.off_since, publication.up_since = None, self.happened_on


class MovedToRequest(Step):
    """After twelve months a person decided if the report stays on the website or is available on request (2.9b)."""

    label: ClassVar[str] = "It was decided what happens to the report"
    rules: ClassVar[tuple[str, ...]] = ("2.9b",)

    availability: Literal["available on request", "stays on the website"] = Field(
        "available on request", title="What happens to the report"
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """A report whose year is not interrupted, if it must have one, until it is available on request alone."""
        yield from _published(file)
        if file.public.off_since is not None and year_over_on(file, file.public, world) is None and _must_be_up(file):
            yield _off(file.public.off_since)
        if file.public.availability == "available on request":
            yield Refusal("2.9b", "The report is already available on request only.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Not before its twelve months on the website are over."""
        over_on = year_over_on(file, file.public, world)
        if over_on is not None and self.happened_on < over_on:
            yield Refusal(
                "2.9b",
                f"The report must stay on the website until {day_words(over_on)}. To take it down earlier (2.9d), "
                "record “The report was taken down”.",
                "happened_on",
            )
        yield from not_before(self.happened_on, file.public.availability_on, "the last decision", "2.9b")
        yield from not_before(self.happened_on, file.public.off_since, "it was taken down", "2.9b")
        if self.availability == "stays on the website":
            if file.public.off_since is not None:
                yield _off(file.public.off_since, "availability")
            yield from checked(file, file.public)
            if file.public.availability == self.availability:
                yield Refusal("2.9b", "It was already decided that the report stays on the website.", "availability")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Settles it; a report that stayed on the website can be taken down later."""
        file.public.availability_on = file.public.availability_on or self.happened_on
        file.public.availability = self.availability


class CopyRequested(Step):
    """Someone asked for a copy of the report (2.9b)."""

    label: ClassVar[str] = "A copy of the report was asked for"
    rules: ClassVar[tuple[str, ...]] = ("2.9b",)
    on_closed: ClassVar[bool] = True

    request: Identifier = Field(title="Identifier of the request")
    asked_by: Line = Field(title="Who asked")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The report must have been published."""
        if file.public.published_on is None:
            yield Refusal("2.9b", "No report on this file was published.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each request has its own name, and follows the publication."""
        yield from new_name(self.request, file.publication.copies, "request", "2.9b")
        yield from not_before(self.happened_on, file.public.published_on, "the publication", "2.9b")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Opens the request."""
        file.publication.copies[self.request] = Request("a copy of the report", self.happened_on)


class CopySupplied(Step):
    """We answered a request for a copy of the report (2.9b)."""

    label: ClassVar[str] = "A request for a copy was answered"
    rules: ClassVar[tuple[str, ...]] = ("2.9b",)
    on_closed: ClassVar[bool] = True
    acts_on: ClassVar[tuple[str, str]] = ("publication.copies", "request for a copy")

    request: Identifier = Field(title="Identifier of the request")
    answer: Text = Field(title="How we answered")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Answers a request that is open."""
        yield from known_name(self.request, file.publication.copies, "request", "2.9b")
        if request := file.publication.copies.get(self.request):
            yield from not_before(self.happened_on, request.asked_on, "the request", "2.9b")
            if request.answered_on:
                yield Refusal(
                    "2.9b", f"This request was already answered, on {day_words(request.answered_on)}.", "request"
                )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Closes the request."""
        file.publication.copies[self.request].answered_on = self.happened_on


def _published(file: CaseFile) -> Iterator[Refusal]:
    if file.public.published_on is None:
        yield Refusal("2.9b", "The report is not published.")


def _must_be_up(file: CaseFile) -> bool:
    """Whether the year is asked for by rule: of a Serious Case Review, and of a case that meets the criteria (2.9a)."""
    own = file.public is file.publication
    return own and (file.review is None or file.review.serious or file.review.criteria_met)


def _off(since: date, field: str | None = None) -> Refusal:
    return Refusal("2.9b", f"The report has been off the website since {day_words(since)}.", field)


def year_over_on(file: CaseFile, publication: Publication, world: World) -> date | None:
    """The day the report will have been on the website for twelve months; None while it is off it within them.

    Days off the website do not count (2.9b).
    """
    if publication.published_on is None:
        return None
    year = file.clock("year_on_website")
    over_on = count(publication.published_on, year.length, year.unit, world.extra_holidays).due
    for off_since, back_on in publication.off_times:
        if off_since < over_on:
            over_on += back_on - off_since
    interrupted = publication.off_since is not None and publication.off_since < over_on
    return None if interrupted else over_on


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """Copies on request, the year, what comes after it, and putting back a report that was taken down."""
    for name, request in file.publication.copies.items():
        key = Key.of("copy_supplied", name)
        yield factory.deadline("copy_supplied", request.asked_on, key=key, met_on=request.answered_on)
    for publication in file.publications:
        for deadline in _on_website(file, factory, publication):
            # What was asked for an earlier review's report ends with the publication of this one's.
            if publication is file.public or not deadline.open:
                yield deadline


def _on_website(file: CaseFile, factory: DeadlineFactory, publication: Publication) -> Iterator[Deadline]:
    if publication.published_on is None:
        return
    again = publication.published_on if file.earlier and publication is file.publication else ""
    yield from _put_back(factory, publication)
    over_on = year_over_on(file, publication, factory.world)
    if over_on is None:
        return
    over = file.period_over(Key.of("year_on_website", again), over_on)
    days_off = sum((back_on - off_since).days for off_since, back_on in publication.off_times)
    year = file.clock("year_on_website")
    counted = f"{year.length} {year.unit} on the website from {day_words(publication.published_on)}"
    yield factory.deadline(
        "year_on_website",
        publication.published_on,
        key=Key.of("year_on_website", again),
        met_on=over,
        due=over_on,
        counted=f"{counted} and the {days_off} days it was off" if days_off else counted,
    )
    if over is not None or publication.availability_on is not None:
        key = Key.of("moved_to_request", again)
        yield factory.deadline("moved_to_request", over_on, key=key, met_on=publication.availability_on)


def _put_back(factory: DeadlineFactory, publication: Publication) -> Iterator[Deadline]:
    title = "Put back the report that was taken down"
    times: list[tuple[date, date | None]] = [*publication.off_times]
    to_be_off = publication.availability_on is not None or (publication.proposal and not publication.proposal.publish)
    if publication.off_since is not None and publication.checked_on is not None and not to_be_off:
        times.append((publication.off_since, None))
    for off_since, back_on in times:
        checks = (day for day in publication.rechecks.values() if day <= (back_on or day))
        since = max((off_since, *checks))
        key = Key.of("report_restored", off_since)
        yield factory.deadline("publication_rechecked", since, key=key, met_on=back_on, title=title)
