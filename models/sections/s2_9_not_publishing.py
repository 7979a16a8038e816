"""2.9g Not publishing a report: proposed to the national panel, decided after its advice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import ClassVar

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import Proposal, Ruling
from ..days import day_words, london_date
from ..duty import Deadline, DeadlineFactory, Duty, Notice
from ..gates import decided_by_chair, names_nobody, needs_report, not_answered, not_before, since_report
from ..incident import Day, Line, Text
from ..key import Key
from ..record import Entry, Refusal
from ..step import Step, Who
from ..world import World


class NonPublicationProposed(Step):
    """The board thinks that the report should not be published. We tell the panel, which advises (2.9g)."""

    label: ClassVar[str] = "Not publishing was proposed"
    rules: ClassVar[tuple[str, ...]] = ("2.9g",)
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    reasons: Text = Field(title="Reasons", description="Sent to the national panel. Do not name anyone.")
    advice_by: Day | None = Field(
        None,
        title="Wait for the panel's advice until",
        description="Leave blank for the standard time.",
        json_schema_extra={"standard": "non_publication_advice"},
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a Serious Case Review's report that is not on the website, and no proposal that stands."""
        yield from needs_report(file, "2.9g")
        publication = file.publication
        if file.review is not None and not file.review.serious:
            yield Refusal(
                "2.9g", "Only for a Serious Case Review does the board propose to the panel not to publish the report."
            )
        if publication.published_on and publication.off_since is None:
            yield Refusal(
                "2.9g", "The report is published. To take it down, record “The report was taken down” (2.9d)."
            )
        if publication.proposal and publication.proposal.publish is None:
            yield Refusal("2.9g", "A proposal not to publish is already open.")
        if publication.not_publishing:
            yield Refusal("2.9g", "The Chair already decided not to publish.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The text is sent; the panel gets time to advise."""
        yield from since_report(file, self.happened_on, "2.9g")
        yield from names_nobody(file, self.reasons, "reasons", "2.9g")
        if self.advice_by is not None and self.advice_by <= self.happened_on:
            yield Refusal("2.9g", "Give the panel time: the date must be after the date of the proposal.", "advice_by")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Waits for the panel's advice; a date that lies ahead falls away."""
        running = file.publication.round
        if running is not None and file.publication.published_on is None:
            running.settled_on = running.settled_on or self.happened_on
            running.over_on = self.happened_on
        file.publication.proposals.append(Proposal(self.id, self.happened_on, self.advice_by, self.reasons))


class NonPublicationDecided(Step):
    """The Chair's final decision whether to publish, after the panel's advice and our response (2.9g, 2.1h).

    One not to publish can be reversed later, when a court's order has been lifted, say. For a review that is no Serious
    Case Review the panel has no part in it: a publication date that was fixed is given up.
    """

    label: ClassVar[str] = "It was decided whether to publish"
    rules: ClassVar[tuple[str, ...]] = ("2.9g", "2.1h", "2.3a")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    publish: bool = Field(title="The report will be published")
    decided_by: Line = Field(title="Decided by", description="The Chair, or the person acting for the Chair that day.")
    reasons: Text = Field(title="Reasons", description="Sent to the national panel. Do not name anyone.")
    no_advice_received: bool = Field(False, title="The panel gave no advice by the date that was set")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a proposal, and the board's response to the advice; or a date that can be given up."""
        proposal = file.publication.proposal
        if file.review is not None and not file.review.serious:
            if file.publication.fixed_for is None or file.publication.published_on is not None:
                text = (
                    "Only a Serious Case Review needs this decision, and no publication date is fixed for this review."
                )
                yield Refusal("2.9g", text)
        elif proposal is None or proposal.publish:
            yield Refusal("2.9g", "There is no proposal not to publish. Record “Not publishing was proposed” first.")
        yield from not_answered(file, "publication")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The Chair decides; advice is needed, or a record that none came by the set date."""
        proposal = file.publication.proposal
        yield from decided_by_chair(self.decided_by, self.happened_on, world, "decided_by", "2.9g")
        yield from names_nobody(file, self.reasons, "reasons", "2.9g")
        if proposal is None:
            # Of a review that is no Serious Case Review the date is given up; it can be fixed again.
            running = file.publication.round
            yield from not_before(self.happened_on, running.settled_on if running else None, "a date was fixed", "2.9g")
            if self.publish:
                yield Refusal(
                    "2.9g",
                    "The date is already fixed. To move it, record “The publication date was fixed” again.",
                    "publish",
                )
            return
        if proposal.rulings:
            yield from not_before(self.happened_on, proposal.rulings[-1].on, "the decision not to publish", "2.9g")
            if not self.publish:
                yield Refusal("2.9g", "The Chair already decided not to publish.", "publish")
            return
        yield from not_before(self.happened_on, proposal.on, "the proposal", "2.9g")
        yield from self._check_advice(file, proposal, world)

    def _check_advice(self, file: CaseFile, proposal: Proposal, world: World) -> Iterator[Refusal]:
        considered = [a.considered_on for a in file.advice.values() if a.topic == "publication" and a.considered_on]
        yield from not_before(self.happened_on, max(considered, default=None), "the response to the advice", "2.3a")
        came, awaited = _advice_on(file, proposal), _advice_awaited(DeadlineFactory(file, world), proposal)
        if came and self.no_advice_received:
            yield Refusal("2.9g", "The panel's advice is on the file, so it did give advice.", "no_advice_received")
        elif not came and not self.no_advice_received:
            text = (
                "The panel's advice is not recorded. Record “The national panel gave advice”, or tick "
                "that it gave none."
            )
            yield Refusal("2.9g", text, "no_advice_received")
        elif not came and self.happened_on <= awaited.due:
            text = f"The panel has until {day_words(awaited.due)} to advise. Wait for its advice."
            yield Refusal("2.9g", text, "no_advice_received")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Settles whether the report is published."""
        publication = file.publication
        if publication.proposal is None:
            if file.report is not None:
                publication.begin_round(file.report.step, self.happened_on)
            return
        publication.proposal.rulings.append(Ruling(self.happened_on, self.publish, self.reasons))
        if not self.publish:
            publication.settle(self.happened_on)
        elif publication.published_on is None and file.report is not None:
            publication.begin_round(file.report.step, self.happened_on, ruled=True)


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """For each proposal: the panel is told, advises, and is told of each decision."""
    if file.review is None or not file.review.serious:
        return
    for proposal in file.publication.proposals:
        yield from _proposal(file, factory, proposal)


def _proposal(file: CaseFile, factory: DeadlineFactory, proposal: Proposal) -> Iterator[Duty]:
    told, awaited = Key.of("not_publishing", proposal.id), _advice_awaited(factory, proposal)
    content = {"reasons": proposal.reasons, "advice_by": awaited.original_due.isoformat()}
    yield Notice(told, "2.9g", "Proposal not to publish", "non_publication_proposed", "national_panel", content)
    accepted_at = file.accepted_at(told)
    yield factory.deadline(
        "panel_told_not_publishing",
        proposal.on,
        key=Key.of("panel_told_not_publishing", proposal.id),
        met_on=london_date(accepted_at) if accepted_at else None,
    )
    yield awaited
    key = Key.of("non_publication_decided", proposal.id)
    yield factory.deadline("non_publication_decided", awaited.due, key=key, met_on=proposal.decided_on)
    for number, ruling in enumerate(proposal.rulings, start=1):
        decided = Key.of(told, "decided", number if number > 1 else "")
        content = {"publish": "yes" if ruling.publish else "", "reasons": ruling.reasons}
        content["decided_on"] = ruling.on.isoformat()
        title, template = "Decision on publication", "non_publication_decided"
        yield Notice(decided, "2.9g", title, template, "national_panel", content)


def _advice_on(file: CaseFile, proposal: Proposal) -> list[date]:
    advice = file.advice.values()
    return [given.on for given in advice if given.topic == "publication" and given.on >= proposal.on]


def _advice_awaited(factory: DeadlineFactory, proposal: Proposal) -> Deadline:
    """Until when the panel's advice is awaited: a period, over on its day, or with the first advice or the decision."""
    key = Key.of("non_publication_advice", proposal.id)
    awaited = factory.deadline("non_publication_advice", proposal.on, key=key, due=proposal.advice_by)
    settled = _advice_on(factory.file, proposal)
    settled += [day for day in (proposal.decided_on, factory.file.period_over(key, awaited.due)) if day]
    return replace(awaited, met_on=min(*settled, awaited.due)) if settled else awaited
