"""The state of one incident, folded from its record. Steps change it while it is folded; nobody else does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from .casefile_parts import (
    Action,
    Advice,
    Correction,
    Decision,
    EarlierReview,
    Ended,
    Extension,
    FamilyMember,
    Learning,
    Letter,
    Listing,
    Party,
    Proceedings,
    Publication,
    RefusedStep,
    Request,
    Review,
    Reviewer,
    Rung,
    SignedReport,
)
from .finding import Finding
from .incident import Child, Incident, InvolvedOrganisation, KnownOrNot, Opening
from .rulebook import Clock, Ladder, Rulebook

if TYPE_CHECKING:  # A file has its regime, and a regime speaks of files: one of them comes first.
    from .regime import Regime


@dataclass(slots=True)
class CaseFile:
    """One file. Its parts follow the framework's sections."""

    opening: Opening
    rules: Rulebook
    regime: Regime
    ids: dict[str, str] = field(default_factory=dict)
    dates: dict[str, date] = field(default_factory=dict)

    # 2.1 the incident and its criteria
    children: dict[str, Child] = field(default_factory=dict)
    concern: KnownOrNot = "unknown"
    where: str = "in the area"
    aware_on: date | None = None
    notified_on: date | None = None
    added_children: dict[str, tuple[date | None, date]] = field(default_factory=dict)
    panel_notified: dict[str, date] = field(default_factory=dict)
    late_because: dict[str, str] = field(default_factory=dict)
    finding: Finding = field(default_factory=lambda: Finding(()))
    revisits: dict[str, tuple[date, date | None]] = field(default_factory=dict)
    corrections: list[Correction] = field(default_factory=list)
    wrong_letters: dict[str, dict[str, int]] = field(default_factory=dict)
    parties: dict[str, Party] = field(default_factory=dict)
    removed_parties: dict[str, str] = field(default_factory=dict)
    joint: list[str] = field(default_factory=list)
    ended: Ended | None = None
    ended_on: date | None = None
    ended_step: str = ""
    ended_note: str = ""
    reopened_on: date | None = None
    reinstated: dict[str, tuple[str, date]] = field(default_factory=dict)

    # 2.2 the decision, 2.3 the national panel
    recommended_on: date | None = None
    locked_down_on: list[date] = field(default_factory=list)
    lock_down_over: bool = False
    decisions: list[Decision] = field(default_factory=list)
    notification_documents: dict[str, str] = field(default_factory=dict)
    notification_copy_sent_on: date | None = None
    review: Review | None = None
    reviews_begun: int = 0
    earlier: EarlierReview | None = None
    challenges: dict[str, Request] = field(default_factory=dict)
    panel_requests: dict[str, Request] = field(default_factory=dict)
    advice: dict[str, Advice] = field(default_factory=dict)
    acknowledged: dict[str, date] = field(default_factory=dict)

    # 2.4 to 2.7 the review
    scope: str = ""
    scope_on: date | None = None
    model: str = ""
    model_on: date | None = None
    reviewers: dict[str, Reviewer] = field(default_factory=dict)
    vacancies: dict[str, tuple[date, date | None]] = field(default_factory=dict)
    delays: list[tuple[date, date]] = field(default_factory=list)
    interim: list[date] = field(default_factory=list)
    proceedings: dict[str, Proceedings] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    family: dict[str, FamilyMember] = field(default_factory=dict)
    no_practitioners_because: str = ""

    # the report, 2.8 its actions, 2.9 publication, 2.10 learning, 1.3g monitoring
    findings: dict[str, str] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    report: SignedReport | None = None
    first_signed_on: date | None = None
    actions: dict[str, Action] = field(default_factory=dict)
    plan_document: str | None = None
    plan_on: date | None = None
    plan_drafted_on: date | None = None
    plan_step: str = ""
    publication: Publication = field(default_factory=Publication)
    learning: Learning = field(default_factory=Learning)
    monitored: list[date] = field(default_factory=list)

    # upkeep, and what the shell saw
    documents: list[tuple[str, str, str]] = field(default_factory=list)
    extensions: dict[str, list[Extension]] = field(default_factory=dict)
    chair_review_dates: dict[str, tuple[date, datetime]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    resends: dict[str, int] = field(default_factory=dict)
    resend_to: dict[str, str | None] = field(default_factory=dict)
    resend_after_refusal: dict[str, int] = field(default_factory=dict)
    letters: dict[str, Letter] = field(default_factory=dict)
    first_refused: dict[str, datetime] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    refusals: dict[str, dict[int, str]] = field(default_factory=dict)
    rungs: dict[str, list[Rung]] = field(default_factory=dict)
    listed: dict[str, Listing] = field(default_factory=dict)
    struck: dict[str, str] = field(default_factory=dict)
    refused: list[RefusedStep] = field(default_factory=list)
    dropped_signals: int = 0
    nearly_full: bool = False
    undelivered_messages: list[str] = field(default_factory=list)
    cancellations: list[datetime] = field(default_factory=list)

    @property
    def reference(self) -> str:
        """What the file is called everywhere."""
        return self.opening.reference

    @property
    def decision(self) -> Decision | None:
        """The decision in force."""
        return self.decisions[-1] if self.decisions else None

    @property
    def leads(self) -> list[Reviewer]:
        """The lead reviewers in post."""
        return [r for r in self.reviewers.values() if r.lead and r.stood_down_on is None]

    @property
    def delayed_on(self) -> date | None:
        """The day of the delay that was recorded first (2.6b)."""
        return self.delays[0][0] if self.delays else None

    @property
    def expected_on(self) -> date | None:
        """When completion is expected by the latest delay, whatever was recorded since of an earlier day (2.6b)."""
        return max(reversed(self.delays), key=lambda delay: delay[0])[1] if self.delays else None

    @property
    def begun_on(self) -> date:
        """The first day anything on this file can be expected to have happened."""
        return self.notified_on or self.opening.opened_on

    @property
    def public(self) -> Publication:
        """The publication of the report that is public: an earlier review's until this one's is published (1.1)."""
        if self.earlier is not None and self.publication.published_on is None:
            return self.earlier.publication
        return self.publication

    @property
    def publications(self) -> list[Publication]:
        """That of an earlier review whose report was published, and this one's."""
        return [*([self.earlier.publication] if self.earlier else []), self.publication]

    def clock(self, name: str) -> Clock:
        """A clock by name, with the length that the file's rulebook gives it.

        A rulebook that was pinned before the clock came into being does not have it: then it is a month, until the
        file's rulebook is changed, so that nothing is lost.
        """
        kind = self.regime.clocks[name]
        return self.rules.clocks.get(name) or Clock(
            rule=kind.rule,
            title=name.replace("_", " ").capitalize(),
            length=1,
            unit="calendar months",
            basis=kind.basis,
            ladder=next(iter(self.rules.ladders)),
            source="This clock is newer than the file's rulebook.",
        )

    def ladder(self, clock: str) -> Ladder:
        """The ladder of a clock."""
        return self.rules.ladders[self.clock(clock).ladder]

    def void_check(self, on: date, why: str) -> None:
        """Something that is checked changed for what is public and for what is to be published (2.9d)."""
        for publication in self.publications:
            publication.void(on, why)

    def reassess_criteria(self, on: date) -> None:
        """Asks the criteria again after a fact changed on ``on``; if they are now met, the decision must be revisited.

        Nobody could revisit it before it was made.

        Source: 2.1e.
        """
        self.finding = self.regime.find(self)
        decision = self.decision
        if decision is None or decision.choice == "SCR, criteria met":
            return
        if self.finding.held == "met":
            self.revisits.setdefault(decision.id, (max(on, decision.on), None))
        elif decision.id in self.revisits:
            del self.revisits[decision.id]

    def period_over(self, deadline: str, due: date) -> date | None:
        """The day a period that must run was over, once the shell has seen it."""
        seen = any(rung.kind == "period_ended" and rung.due == due for rung in self.rungs.get(deadline, ()))
        return due if seen else None

    def accepted_at(self, notice: str) -> datetime | None:
        """The instant the mail server accepted a notice, if it has."""
        letter = self.letters.get(notice)
        return letter.accepted_at if letter and letter.number >= self.resends.get(notice, 1) else None

    def involve(self, organisation: InvolvedOrganisation, on: date) -> None:
        """Puts an organisation on the file."""
        self.parties[organisation.id] = Party(organisation, on)

    def ask_lock_down(self, on: date) -> None:
        """Asks the organisations on the file to lock down their case files from a day on, unless they are asked."""
        if self.lock_down_over or not self.locked_down_on:
            self.locked_down_on.append(on)
            self.lock_down_over = False

    def undo_ending(self) -> None:
        """Undoes that the file ended."""
        self.ended = self.ended_on = None
        self.ended_step = self.ended_note = ""

    def incident(self) -> Incident | None:
        """The incident as it was notified, before any correction."""
        return self.opening.incident


def opened(opening: Opening, rules: Rulebook, regime: Regime) -> CaseFile:
    """A file as it stands when it has just been opened.

    Arguments:
        opening: what it is opened with.
        rules: pinned in it.
        regime: the one that the rules belong to.
    """
    file = CaseFile(opening, rules, regime)
    file.ids[opening.id] = "opened"
    file.dates[opening.id] = opening.opened_on
    if opening.incident is not None:
        incident = opening.incident
        file.children = {child.id: child for child in incident.children}
        file.concern, file.where = incident.concern_about_joint_working, incident.where
        file.aware_on, file.notified_on = incident.aware_on, incident.notified_on
        if incident.panel_notified_on is not None:
            file.panel_notified[""] = incident.panel_notified_on
        if incident.late_because is not None:
            file.late_because["notify_board"] = incident.late_because
        for organisation in incident.organisations:
            file.involve(organisation, opening.opened_on)
        file.reassess_criteria(incident.notified_on)
    elif opening.review is not None:
        file.review = Review(opening.review.kind, opening.opened_on, criteria_met=False)
        for organisation in opening.review.organisations:
            file.involve(organisation, opening.opened_on)
    return file
