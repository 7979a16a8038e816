"""2.9 Publication of reports: the check, the panel's week, the year on the website, or not publishing on advice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import ClassVar, Literal

from pydantic import Field

from ..casefile import CaseFile, Proposal, Request, Restriction
from ..counting import add_months, count, day_words, london_date
from ..duty import Clocks, Deadline, Duty, Notice
from ..gates import known_name, names_nobody, needs_report, needs_review, new_name, not_answered, not_before
from ..incident import Day, Identifier, Line, Text
from ..record import Entry, Refusal
from ..step import Digest, Step, Who, World


class BoardResponded(Step):
    """The board's response: actions taken, their impact, and what more will be done (2.9e)."""

    label: ClassVar[str] = "The board's response is ready"
    rules: ClassVar[tuple[str, ...]] = ("2.9e",)

    document: Digest | None = Field(
        None, title="The response", description="Leave empty when it is part of the report itself."
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "2.9e")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The response can be published with the report."""
        file.publication.responded_on = file.publication.responded_on or self.happened_on
        file.publication.response_document = self.document
        if self.document:
            file.documents.append((self.document, "board's response", self.id))


class PublicationChecked(Step):
    """The welfare and legal check, by a named person (2.9d)."""

    label: ClassVar[str] = "The publication was checked"
    rules: ClassVar[tuple[str, ...]] = ("2.9d",)
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    checked_by: Line = Field(title="Checked by")
    welfare: Text = Field(title="Why publication is not likely to harm any child or adult at risk")
    impact_managed: Text = Field(title="How the impact on those affected is managed")
    data_protection: bool = Field(title="The Data Protection Act is complied with")
    court_orders: bool = Field(title="Court orders are complied with")
    terms_met: tuple[Identifier, ...] = Field((), title="Restrictions whose terms are met")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a report."""
        yield from needs_report(file, "2.9d")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The law is complied with, and the terms of each restriction that allows publication are met."""
        publication = file.publication
        since = publication.check_void_since or (file.report.on if file.report else None)
        yield from not_before(self.happened_on, since, "what is checked last changed", "2.9d")
        for field, holds in (("data_protection", self.data_protection), ("court_orders", self.court_orders)):
            if not holds:
                title = type(self).model_fields[field].title
                yield Refusal("2.9d", f"Not confirmed: {title}. The check is recorded only when it is.", field)
        for name, restriction in publication.restrictions.items():
            if restriction.lifted_on is None and restriction.terms and name not in self.terms_met:
                yield Refusal("2.9d", f"Confirm that the terms of restriction {name} are met.", "terms_met")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The check holds until something changes."""
        publication = file.publication
        publication.checked_on = self.happened_on
        if publication.check_void_since is not None:
            publication.rechecks[publication.check_void_since] = self.happened_on
        publication.check_void_since, publication.check_void_why = None, ""


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
        file.publication.void(self.happened_on, "the situation of someone affected changed")


class CourtRestrictionSet(Step):
    """A court restricts publication: forbids it, or allows it on terms (2.9d)."""

    label: ClassVar[str] = "A court restricted publication"
    rules: ClassVar[tuple[str, ...]] = ("2.9d",)

    restriction: Identifier = Field(title="Identifier of the restriction")
    court: Line = Field(title="Court and order")
    terms: Text | None = Field(None, title="Terms", description="Leave empty when publication is forbidden.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each restriction has its own name."""
        yield from new_name(self.restriction, file.publication.restrictions, "restriction", "2.9d")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The check no longer holds."""
        file.publication.restrictions[self.restriction] = Restriction(self.terms)
        file.publication.void(self.happened_on, "a court restricted publication")


class CourtRestrictionLifted(Step):
    """The restriction was lifted (2.9d)."""

    label: ClassVar[str] = "A court lifted its restriction"
    rules: ClassVar[tuple[str, ...]] = ("2.9d",)

    restriction: Identifier = Field(title="Identifier of the restriction")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Once, for a restriction that stands."""
        restrictions = file.publication.restrictions
        yield from known_name(self.restriction, restrictions, "restriction", "2.9d")
        if self.restriction in restrictions and restrictions[self.restriction].lifted_on:
            yield Refusal("2.9d", f"The restriction {self.restriction} is lifted already.", "restriction")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """A changed restriction asks for the check again."""
        file.publication.restrictions[self.restriction].lifted_on = self.happened_on
        file.publication.void(self.happened_on, "a court lifted its restriction")


def earliest_publication(file: CaseFile, today: date) -> tuple[date, str]:
    """The earliest day the report may be published, and why (2.9f).

    Arguments:
        today: today in London; used until the mail server has taken the panel's copy.
    """
    if file.review is None or not file.review.serious:
        return file.begun_on, "a review that is no Serious Case Review has no week to wait"
    week = file.rules.clocks["panel_copy"]
    taken_at = file.taken_on(panel_copy_key(file))
    start = london_date(taken_at) if taken_at else today
    why = f"the panel's copy was taken on {day_words(start)}" if taken_at else "the panel's copy is not taken yet"
    return count(start, week.length, week.unit).due, why


def panel_copy_key(file: CaseFile) -> str:
    """The notice with the panel's copy of the report as it stands; a replaced report has a new one (2.9f)."""
    return f"panel_copy:{file.report.step}" if file.report else ""


class PublicationFixed(Step):
    """The day of publication is fixed: after the check, and at least a week after the panel has its copy (2.9f)."""

    label: ClassVar[str] = "The publication date was fixed"
    rules: ClassVar[tuple[str, ...]] = ("2.9f", "2.9d", "2.9a")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    publish_on: Day = Field(title="Publication date")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a report that was checked, and nothing that speaks against publishing."""
        yield from needs_report(file, "2.9f")
        yield from _may_publish(file)
        if file.publication.published_on:
            yield Refusal("2.9a", "The report is published already.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Not before the panel's week is over."""
        earliest, why = earliest_publication(file, world.today)
        if self.publish_on < earliest:
            yield Refusal(
                "2.9f",
                f"The panel must have its copy at least one week before: the earliest date is {day_words(earliest)} "
                f"({why}).",
                "publish_on",
            )
        if self.publish_on < self.happened_on:
            yield Refusal("2.9f", "The publication date lies before the day it was fixed.", "publish_on")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Fixes the date, or moves it."""
        file.publication.fixed_on = file.publication.fixed_on or self.happened_on
        file.publication.fixed_for = self.publish_on


class Published(Step):
    """The report and the board's response are on the board's website (2.9a, 2.9e)."""

    label: ClassVar[str] = "The report was published"
    rules: ClassVar[tuple[str, ...]] = ("2.9a", "2.9d", "2.9e", "2.9f", "1.2e")

    address: Line = Field(title="Where on the board's website")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a fixed date, the check, the response, and the panel's copy taken."""
        yield from needs_report(file, "2.9a")
        yield from _may_publish(file)
        publication = file.publication
        if publication.published_on:
            yield Refusal("2.9a", "The report is published already: record report_restored to put it back.")
        elif publication.fixed_for is None:
            yield Refusal("2.9f", "No publication date is fixed: record publication_fixed first.")
        if publication.responded_on is None:
            yield Refusal("2.9e", "The board's response is not ready: record board_responded first.")
        if file.review is not None and file.review.serious and file.taken_on(panel_copy_key(file)) is None:
            yield Refusal("2.9f", "No mail server has taken the panel's copy of this report yet.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """On the fixed date or later, and not before the panel's week is over."""
        yield from not_before(self.happened_on, file.publication.fixed_for, "the date that was fixed", "2.9f")
        earliest, why = earliest_publication(file, world.today)
        if self.happened_on < earliest:
            yield Refusal("2.9f", f"The earliest date is {day_words(earliest)} ({why}).", "happened_on")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The year on the website begins."""
        file.publication.published_on = file.publication.up_since = self.happened_on


class DisclosedEarly(Step):
    """The story leaked: the Chair is told, and the check is void (2.9d)."""

    label: ClassVar[str] = "The report or the story was disclosed early"
    rules: ClassVar[tuple[str, ...]] = ("2.9d",)

    what: Text = Field(title="What was disclosed, and where")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Voids the check and keeps the leak."""
        file.publication.disclosed.append((self.id, self.happened_on))
        file.publication.void(self.happened_on, "the story was disclosed early")


class NonPublicationProposed(Step):
    """The board considers that the report should not be published; the panel is told and advises (2.9g)."""

    label: ClassVar[str] = "Not publishing was proposed"
    rules: ClassVar[tuple[str, ...]] = ("2.9g",)
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    reasons: Text = Field(title="Reasons", description="Sent to the national panel: name nobody.")
    advice_by: Day | None = Field(
        None,
        title="The panel's advice is awaited until",
        description="Left empty, the rulebook's length is used.",
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a report that is not published, and no proposal that is still open."""
        yield from needs_report(file, "2.9g")
        publication = file.publication
        if publication.published_on:
            yield Refusal("2.9g", "The report is published already: record report_withdrawn to take it down (2.9d).")
        if publication.proposal and publication.proposal.publish is None:
            yield Refusal("2.9g", "A proposal not to publish is open already.")
        if publication.not_publishing:
            yield Refusal("2.9g", "Not publishing is decided already.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The text is sent; the panel gets time to advise."""
        yield from names_nobody(file, self.reasons, "reasons", "2.9g")
        if self.advice_by is not None and self.advice_by <= self.happened_on:
            yield Refusal("2.9g", "Give the panel time: the day must lie after the proposal.", "advice_by")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Waits for the panel's advice."""
        file.publication.fixed_for = file.publication.fixed_on = None
        file.publication.proposals.append(Proposal(self.id, self.happened_on, self.advice_by, self.reasons))


class NonPublicationDecided(Step):
    """The final decision on not publishing, after the panel's advice and the response to it (2.9g, 2.1h)."""

    label: ClassVar[str] = "It was decided whether to publish"
    rules: ClassVar[tuple[str, ...]] = ("2.9g", "2.1h", "2.3a")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    publish: bool = Field(title="The report is published")
    decided_by: Line = Field(title="Decided by")
    reasons: Text = Field(title="Reasons", description="Sent to the national panel: name nobody.")
    no_advice_came: bool = Field(False, title="No advice came by the date that was set")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs an open proposal, and the board's response to the advice."""
        proposal = file.publication.proposal
        if proposal is None or proposal.publish is not None:
            yield Refusal("2.9g", "There is no open proposal not to publish: record non_publication_proposed first.")
        yield from not_answered(file, "publication")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Advice is needed, or a record that none came by the set date."""
        proposal = file.publication.proposal
        if proposal is None:
            return
        yield from names_nobody(file, self.reasons, "reasons", "2.9g")
        yield from not_before(self.happened_on, proposal.on, "the proposal", "2.9g")
        advised = any(a.topic == "publication" and a.on >= proposal.on for a in file.advice.values())
        if not advised and not self.no_advice_came:
            yield Refusal(
                "2.9g",
                "The panel's advice is not recorded: record panel_advised, or that none came.",
                "no_advice_came",
            )
        until = advice_until(file, world.extra_holidays)
        if not advised and self.no_advice_came and until is not None and self.happened_on <= until:
            yield Refusal("2.9g", f"The panel has until {day_words(until)} to advise: wait for it.", "no_advice_came")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Settles whether the report is published."""
        proposal = file.publication.proposals[-1]
        proposal.decided_on, proposal.publish, proposal.decision = (
            self.happened_on,
            self.publish,
            self.reasons,
        )
        if self.publish:
            file.publication.refix_since = self.happened_on


class ReportWithdrawn(Step):
    """The report was taken down within its year: only for the welfare of someone or by law, by name (2.9b, 2.9d)."""

    label: ClassVar[str] = "The report was taken down"
    rules: ClassVar[tuple[str, ...]] = ("2.9b", "2.9d")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    ordered_by: Line = Field(title="Taken down on the order of")
    ground: Literal["welfare of a child or adult at risk", "data protection", "a court order"] = Field(title="Ground")
    reasons: Text = Field(title="Reasons")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The report must be on the website."""
        yield from _on_website(file)

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """After it went up."""
        yield from not_before(self.happened_on, file.publication.up_since, "it went up", "2.9b")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The time off the website does not count; the check is made again before it is back."""
        file.publication.off_since = self.happened_on
        file.publication.void(self.happened_on, "the report was taken down")


class ReportRestored(Step):
    """The report is on the website again (2.9b)."""

    label: ClassVar[str] = "The report was put back"
    rules: ClassVar[tuple[str, ...]] = ("2.9b", "2.9d", "2.9f")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """It must be off the website, and checked again; a replaced report has its own week (2.9f)."""
        if file.publication.off_since is None:
            yield Refusal("2.9b", "The report is not off the website.")
        yield from _may_publish(file)
        if file.review is not None and file.review.serious and file.taken_on(panel_copy_key(file)) is None:
            yield Refusal("2.9f", "No mail server has taken the panel's copy of this report yet.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """After it was taken down, and after the panel's week."""
        yield from not_before(self.happened_on, file.publication.off_since, "it was taken down", "2.9b")
        earliest, why = earliest_publication(file, world.today)
        if self.happened_on < earliest:
            yield Refusal("2.9f", f"The earliest date is {day_words(earliest)} ({why}).", "happened_on")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The year goes on by the days it was off."""
        publication = file.publication
        if publication.off_since is not None:
            publication.off_times.append((publication.off_since, self.happened_on))
        publication.off_since, publication.up_since = None, self.happened_on


class MovedToRequest(Step):
    """After its twelve months a person decides: available on request, or it stays on the website (2.9b)."""

    label: ClassVar[str] = "It was decided what happens to the report after its year"
    rules: ClassVar[tuple[str, ...]] = ("2.9b",)

    now: Literal["available on request", "stays on the website"] = Field(
        "available on request", title="What happens to the report"
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The report must be on the website."""
        yield from _on_website(file)

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Not before its twelve months on the website are over."""
        over_on = year_over_on(file)
        if over_on is not None and self.happened_on < over_on:
            yield Refusal(
                "2.9b",
                f"The report stays on the website until {day_words(over_on)}. Earlier only under 2.9d: record "
                "report_withdrawn.",
                "happened_on",
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Settles it."""
        file.publication.moved_on = self.happened_on


class CopyRequested(Step):
    """Someone asks for a copy of the report (2.9b)."""

    label: ClassVar[str] = "A copy of the report was asked for"
    rules: ClassVar[tuple[str, ...]] = ("2.9b",)
    on_closed: ClassVar[bool] = True

    request: Identifier = Field(title="Identifier of the request")
    asked_by: Line = Field(title="Who asks")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The report must have been published."""
        if file.publication.published_on is None:
            yield Refusal("2.9b", "No report of this file was published.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each request has its own name."""
        yield from new_name(self.request, file.publication.copies, "request", "2.9b")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Opens the request."""
        file.publication.copies[self.request] = Request("a copy of the report", self.happened_on)


class CopySupplied(Step):
    """The request for a copy was answered (2.9b)."""

    label: ClassVar[str] = "A request for a copy was answered"
    rules: ClassVar[tuple[str, ...]] = ("2.9b",)
    on_closed: ClassVar[bool] = True

    request: Identifier = Field(title="Identifier of the request")
    answer: Text = Field(title="How it was answered")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Answers a request that is open."""
        yield from known_name(self.request, file.publication.copies, "request", "2.9b")
        if request := file.publication.copies.get(self.request):
            yield from not_before(self.happened_on, request.asked_on, "the request", "2.9b")
            if request.answered_on:
                yield Refusal("2.9b", f"The request {self.request} is answered already.", "request")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Closes the request."""
        file.publication.copies[self.request].answered_on = self.happened_on


def _may_publish(file: CaseFile) -> Iterator[Refusal]:
    publication = file.publication
    yield from not_answered(file, "publication")
    if publication.proposal and publication.proposal.publish is None:
        yield Refusal("2.9g", "Not publishing is proposed and not decided: record non_publication_decided first.")
    if publication.not_publishing:
        yield Refusal("2.9g", "It was decided not to publish the report.")
    for name, restriction in publication.restrictions.items():
        if restriction.lifted_on is None and restriction.terms is None:
            yield Refusal("2.9d", f"A court forbids publication (restriction {name}) until it is lifted.")
    if publication.checked_on is None:
        why = f" because {publication.check_void_why}" if publication.check_void_why else ""
        again = " again" if why else ""
        yield Refusal("2.9d", f"The welfare and legal check must be made{again}{why}: record publication_checked.")


def _on_website(file: CaseFile) -> Iterator[Refusal]:
    publication = file.publication
    if publication.published_on is None:
        yield Refusal("2.9b", "The report is not published.")
    elif publication.off_since is not None:
        yield Refusal("2.9b", f"The report is off the website since {day_words(publication.off_since)}.")
    elif publication.moved_on is not None:
        yield Refusal("2.9b", "The report's year is over, and what happens to it is decided.")


def year_over_on(file: CaseFile) -> date | None:
    """The day the report will have been on the website for twelve months; None while it is off it (2.9b)."""
    publication = file.publication
    if publication.published_on is None or publication.off_since is not None:
        return None
    months = file.rules.clocks["year_on_website"].length
    return add_months(publication.published_on, months) + timedelta(days=publication.days_off)


def advice_until(file: CaseFile, extra_holidays: tuple[date, ...]) -> date | None:
    """The day until which the panel's advice on not publishing is awaited (2.9g)."""
    proposal = file.publication.proposal
    if proposal is None:
        return None
    clock = file.rules.clocks["non_publication_advice"]
    return proposal.advice_by or count(proposal.on, clock.length, clock.unit, extra_holidays).due


def duties(file: CaseFile, clocks: Clocks) -> Iterator[Duty]:
    """The panel's copy, the response, the date, the year, and what happens instead when it is not published."""
    for name, request in file.publication.copies.items():
        key = f"copy_supplied:{name}"
        yield clocks.deadline("copy_supplied", request.asked_on, key=key, met_on=request.answered_on)
    for step, _ in file.publication.disclosed:
        yield Notice(f"disclosed_early:{step}", "2.9d", "The story was disclosed early", "disclosed_early", "chair")
    if file.review is None or not file.review.serious or file.report is None:
        return
    yield from _panel_copies(file, clocks)
    yield from _not_publishing(file, clocks)
    if not file.publication.not_publishing:
        yield from _publishing(file, clocks)


def _panel_copies(file: CaseFile, clocks: Clocks) -> Iterator[Duty]:
    publication = file.publication
    if file.report is not None:
        content = {
            "signed_on": file.report.on.isoformat(),
            "replaces": "yes" if publication_replaced(file) else "",
        }
        key, documents = panel_copy_key(file), (file.report.sha256,)
        yield Notice(key, "2.9f", "The panel's copy of the report", "panel_copy", "national_panel", content, documents)
    taken_at = file.taken_on(panel_copy_key(file))
    if publication.fixed_for is not None:
        met_on = london_date(taken_at) if taken_at else None
        yield clocks.deadline("panel_copy", publication.fixed_for, key=panel_copy_key(file), met_on=met_on, back=True)


def publication_replaced(file: CaseFile) -> bool:
    """Whether the report as it stands replaced one that was signed off before."""
    return file.report is not None and file.report.on != file.first_signed_on


def _not_publishing(file: CaseFile, clocks: Clocks) -> Iterator[Duty]:
    for proposal in file.publication.proposals:
        yield from _proposal(file, clocks, proposal)


def _proposal(file: CaseFile, clocks: Clocks, proposal: Proposal) -> Iterator[Duty]:
    told = f"not_publishing:{proposal.id}"
    taken_at = file.taken_on(told)
    content = {
        "reasons": proposal.reasons,
        "advice_by": proposal.advice_by.isoformat() if proposal.advice_by else "",
    }
    yield Notice(told, "2.9g", "Proposal not to publish", "non_publication_proposed", "national_panel", content)
    yield clocks.deadline(
        "panel_told_not_publishing",
        proposal.on,
        key=f"panel_told_not_publishing:{proposal.id}",
        met_on=london_date(taken_at) if taken_at else None,
    )
    advised = [a.on for a in file.advice.values() if a.topic == "publication" and a.on >= proposal.on]
    yield clocks.deadline(
        "non_publication_advice",
        proposal.on,
        key=f"non_publication_advice:{proposal.id}",
        met_on=min(advised, default=proposal.decided_on),
        due=proposal.advice_by,
    )
    key = f"non_publication_decided:{proposal.id}"
    until = proposal.advice_by or proposal.on
    yield clocks.deadline("non_publication_decided", until, key=key, met_on=proposal.decided_on)
    if proposal.decided_on is not None:
        content = {"publish": "yes" if proposal.publish else "", "reasons": proposal.decision}
        content["decided_on"] = proposal.decided_on.isoformat()
        title, template = "The decision on publication", "non_publication_decided"
        yield Notice(f"{told}:decided", "2.9g", title, template, "national_panel", content)


def _publishing(file: CaseFile, clocks: Clocks) -> Iterator[Duty]:
    publication = file.publication
    if file.first_signed_on is None:
        return
    yield clocks.deadline("board_responded", file.first_signed_on, met_on=publication.responded_on)
    proposed = publication.proposal is not None and publication.proposal.publish is None
    if not proposed and file.review is not None and file.review.criteria_met:
        yield clocks.deadline(
            "publication_fixed",
            publication.refix_since or file.first_signed_on,
            key="publication_fixed" + (f":{publication.refix_since}" if publication.refix_since else ""),
            met_on=publication.fixed_on or publication.published_on,
        )
    if publication.fixed_for is not None:
        yield clocks.deadline("publication", publication.fixed_for, met_on=publication.published_on)
    yield from _rechecks(file, clocks)
    over_on = year_over_on(file)
    if publication.published_on is not None and over_on is not None:
        over = file.period_over("year_on_website", over_on)
        yield _year(file, clocks, over_on, over)
        if over is not None or publication.moved_on is not None:
            yield clocks.deadline("moved_to_request", over_on, met_on=publication.moved_on)


def _rechecks(file: CaseFile, clocks: Clocks) -> Iterator[Duty]:
    publication = file.publication
    since = publication.check_void_since
    waiting = publication.fixed_for is not None and publication.published_on is None
    if since is not None and (waiting or publication.off_since is not None):
        yield clocks.deadline("publication_rechecked", since, key=f"publication_rechecked:{since}")
    for day, checked_on in publication.rechecks.items():
        yield clocks.deadline("publication_rechecked", day, key=f"publication_rechecked:{day}", met_on=checked_on)
    if publication.off_since is not None and since is None:
        key = f"report_restored:{publication.off_since}"
        title = "The report that was taken down is put back"
        yield clocks.deadline("publication_rechecked", publication.off_since, key=key, title=title)
    for off_since, back_on in publication.off_times:
        yield clocks.deadline(
            "publication_rechecked",
            off_since,
            key=f"report_restored:{off_since}",
            met_on=back_on,
            title="The report that was taken down is put back",
        )


def _year(file: CaseFile, clocks: Clocks, over_on: date, over: date | None) -> Deadline:
    publication = file.publication
    published_on = publication.published_on or over_on
    off = f" and the {publication.days_off} days it was off" if publication.days_off else ""
    counted = f"12 calendar months on the website from {day_words(published_on)}{off}"
    return clocks.deadline("year_on_website", published_on, met_on=over, due=over_on, counted=counted, period=True)
