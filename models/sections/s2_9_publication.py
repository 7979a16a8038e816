"""2.9 Publication of reports: the board's response, the panel's week, the date, and publishing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import ClassVar

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import Round
from ..days import count, day_words, london_date
from ..duty import Deadline, DeadlineFactory, Duty, Notice
from ..gates import needs_report, needs_review, not_answered, not_before, not_before_review
from ..incident import Day, Line
from ..key import Key
from ..record import Entry, Refusal
from ..step import Digest, Step, Who
from ..world import World
from .s2_9_check import check_held, checked


class BoardResponded(Step):
    """The board's response says what was done, with what impact, and what more will be done (2.9e)."""

    label: ClassVar[str] = "The board's response is ready"
    rules: ClassVar[tuple[str, ...]] = ("2.9e",)

    document: Digest | None = Field(
        None, title="The response", description="Leave blank if it is part of the report itself."
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "2.9e")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """It is a document, or part of a report that is on the file."""
        yield from not_before_review(file, self.happened_on, "2.9e")
        if self.document is None and not file.drafts:
            yield Refusal(
                "2.9e", "There is no report yet, so the response cannot be part of it. Upload the response.", "document"
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The response can be published with the report."""
        file.publication.responded_on = file.publication.responded_on or self.happened_on
        file.publication.response_document = self.document
        if self.document:
            file.documents.append((self.document, "board's response", self.id))


class PublicationFixed(Step):
    """The publication date is fixed, after the check and at least a week after the panel has its copy (2.9f)."""

    label: ClassVar[str] = "The publication date was fixed"
    rules: ClassVar[tuple[str, ...]] = ("2.9f", "2.9d", "2.9a")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    publish_on: Day = Field(title="Publication date")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a report that was checked, and nothing that speaks against publishing."""
        yield from needs_report(file, "2.9f")
        yield from may_publish(file)
        if file.publication.published_on:
            yield Refusal("2.9a", "The report is already published.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """After the check, and not before the panel's week is over."""
        yield from not_before(self.happened_on, file.publication.checked_on, "the check", "2.9d")
        earliest, why = earliest_publication(file, world)
        if self.publish_on < earliest:
            yield Refusal(
                "2.9f",
                f"The panel must have its copy at least one week before publication. The earliest date is "
                f"{day_words(earliest)} ({why}).",
                "publish_on",
            )
        if self.publish_on < self.happened_on:
            yield Refusal(
                "2.9a", "The publication date is before the day it was fixed. Check both dates.", "publish_on"
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Fixes the date, or moves it."""
        if running := file.publication.round:
            running.settled_on = running.settled_on or self.happened_on
            running.fixed_for = self.publish_on


class Published(Step):
    """The report and the board's response are on the board's website (2.9a, 2.9e)."""

    label: ClassVar[str] = "The report was published"
    rules: ClassVar[tuple[str, ...]] = ("2.9a", "2.9d", "2.9e", "2.9f", "1.2e")

    address: Line = Field(title="Where on the board's website")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a fixed date, the check, the response, and the panel's copy accepted."""
        yield from needs_report(file, "2.9a")
        publication = file.publication
        yield from may_publish(file, publication.fixed_for)
        if publication.published_on:
            yield Refusal("2.9a", "The report is already published. To put it back, record “The report was put back”.")
        elif publication.fixed_for is None:
            yield Refusal("2.9f", "No publication date is fixed. Record “The publication date was fixed” first.")
        if _serious(file) and publication.responded_on is None:
            yield Refusal("2.9e", "The board's response is not ready. Record “The board's response is ready” first.")
        yield from panel_has_its_copy(file)

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """On the fixed date or later, after all it depends on, and not before the panel's week is over."""
        publication = file.publication
        if publication.fixed_for is not None and self.happened_on < publication.fixed_for:
            earliest, _ = earliest_publication(file, world)
            possible = ", the earliest possible date" if earliest == publication.fixed_for else ""
            why = (
                f"Publication is fixed for {day_words(publication.fixed_for)}{possible}. You cannot record it earlier."
            )
            yield Refusal("2.9f", why, "happened_on")
        if not check_held(file, self.happened_on):
            yield from checked(file, file.publication)
            yield from not_before(self.happened_on, publication.checked_on, "the check", "2.9d")
        if _serious(file):
            yield from not_before(self.happened_on, publication.responded_on, "the board's response", "2.9e")
        yield from panels_week(file, self.happened_on, world)

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The year on the website begins."""
        file.publication.published_on = file.publication.up_since = self.happened_on
        file.publication.settle(self.happened_on)


def may_publish(file: CaseFile, on: date | None = None) -> Iterator[Refusal]:
    """Refused while something speaks against publishing: advice unanswered, a proposal, a court, no check.

    Arguments:
        on: a day on which it may be enough that the check held; left out, it must hold now.
    """
    publication = file.publication
    yield from not_answered(file, "publication")
    if publication.proposal and publication.proposal.publish is None:
        yield Refusal(
            "2.9g",
            "The Chair has not decided on the proposal not to publish. Record “It was decided "
            "whether to publish” first.",
        )
    if publication.not_publishing:
        yield Refusal(
            "2.9g", "The Chair decided not to publish. To reverse this, record “It was decided whether to publish”."
        )
    if on is None or not check_held(file, on):
        yield from checked(file, file.publication)


def panel_copy_key(file: CaseFile) -> str:
    """The notice with the panel's copy of the report as it stands; a replaced report has a new one (2.9f)."""
    return Key.of("panel_copy", file.report.step) if file.report else ""


def panel_has_its_copy(file: CaseFile) -> Iterator[Refusal]:
    """Refused until a mail server has accepted the panel's copy of a Serious Case Review's report (2.9f)."""
    if _serious(file) and file.accepted_at(panel_copy_key(file)) is None:
        yield Refusal("2.9f", "A mail server has not accepted the panel's copy of this report yet. Wait until it has.")


def panels_week(file: CaseFile, day: date, world: World) -> Iterator[Refusal]:
    """Refused for a day on which the panel has not had its copy for a week (2.9f)."""
    earliest, why = earliest_publication(file, world)
    if day < earliest:
        yield Refusal("2.9f", f"The earliest possible date is {day_words(earliest)} ({why}).", "happened_on")


def earliest_publication(file: CaseFile, world: World) -> tuple[date, str]:
    """The earliest day the report may be published, and why: a week from today until the panel's copy is accepted.

    The week is counted from the date in London on which the mail server accepted the copy (2.9f).
    """
    if not _serious(file):
        return file.begun_on, "only a Serious Case Review must wait a week"
    week = file.clock("panel_copy")
    accepted_at = file.accepted_at(panel_copy_key(file))
    start = london_date(accepted_at) if accepted_at else world.today
    why = (
        f"the panel's copy was accepted on {day_words(start)}"
        if accepted_at
        else "the panel's copy has not been accepted yet"
    )
    return count(start, week.length, week.unit, world.extra_holidays).due, why


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """The panel's copy, the board's response, and the date: to be fixed, and kept."""
    if file.report is None or file.first_signed_on is None:
        return
    if _serious(file):
        yield from _panel_copy(file)
    for deadline in _to_publish(file, factory, file.first_signed_on):
        # What was done in time, or late, stays on the record when it is decided not to publish after all.
        if not (file.publication.not_publishing and deadline.open):
            yield deadline


def _to_publish(file: CaseFile, factory: DeadlineFactory, signed_on: date) -> Iterator[Deadline]:
    publication = file.publication
    proposed = publication.proposal is not None and publication.proposal.publish is None
    if _serious(file) and (publication.responded_on is not None or not proposed):
        since = signed_on
        if publication.proposal is not None and publication.proposal.publish:
            # It was not asked for while not publishing was proposed or decided.
            reversed_on = publication.proposal.rulings[-1].on
            if publication.responded_on is None or publication.responded_on >= reversed_on:
                since = max(signed_on, reversed_on)
        yield factory.deadline("board_responded", since, met_on=publication.responded_on)
    for number, one in enumerate(publication.rounds):
        same_day = sum(earlier.since == one.since for earlier in publication.rounds[1:number])
        again = (one.since, *((same_day + 1,) if same_day else ())) if number else ()
        for deadline in _round(file, factory, one, again):
            if one.over_on is None or not deadline.open:
                yield deadline
            elif deadline.due < one.over_on:
                # It was missed, and stays so on the record. What still lay ahead falls away with its round.
                yield replace(deadline, title=f"{deadline.title} (no longer required)", met_on=one.over_on)


def _round(file: CaseFile, factory: DeadlineFactory, one: Round, again: tuple[object, ...]) -> Iterator[Deadline]:
    published_on = file.publication.published_on if one.over_on is None else None
    if _asked(file, one):
        key, met_on = Key.of("publication_fixed", *again), one.settled_on or published_on
        yield factory.deadline("publication_fixed", one.since, key=key, met_on=met_on)
    if one.fixed_for is None:
        return
    yield factory.deadline("publication", one.fixed_for, key=Key.of("publication", *again), met_on=published_on)
    if _serious(file):
        key = Key.of("panel_copy", one.report)
        accepted_at = file.accepted_at(key)
        met_on = london_date(accepted_at) if accepted_at else None
        yield factory.deadline("panel_copy", one.fixed_for, key=key, met_on=met_on, back=True)


def _panel_copy(file: CaseFile) -> Iterator[Notice]:
    if file.report is None:
        return
    key, documents = panel_copy_key(file), (file.report.sha256,)
    content = {"signed_on": file.report.on.isoformat(), "replaces": "yes" if _replaced(file) else ""}
    yield Notice(key, "2.9f", "Copy of the report for the panel", "panel_copy", "national_panel", content, documents)


def _replaced(file: CaseFile) -> bool:
    signed_off = [id for id, name in file.ids.items() if name == "report_signed_off" and id not in file.struck]
    return len(signed_off) > 1


def to_be_published(file: CaseFile) -> bool:
    """Whether publication lies ahead: by 2.9a, because a date is fixed, or while not publishing is undecided."""
    publication = file.publication
    undecided = publication.proposal is not None and publication.proposal.publish is None
    running = publication.round
    return undecided or (running is not None and (running.fixed_for is not None or _asked(file, running)))


def _asked(file: CaseFile, one: Round) -> bool:
    """Whether a date must be fixed: by 2.9a, or because it was decided that the report is published (2.9g)."""
    return one.ruled or (file.review is not None and file.review.criteria_met)


def _serious(file: CaseFile) -> bool:
    return file.review is not None and file.review.serious
