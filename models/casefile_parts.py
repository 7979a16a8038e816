"""The parts of a file: what is kept of a decision, a reviewer, an organisation, an action, a letter, and so on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from .finding import Held
from .incident import InvolvedOrganisation, ReviewKind
from .key import Key

Choice = Literal["SCR, criteria met", "SCR, criteria not met", "alternative review", "no review"]
Topic = Literal["criteria", "reviewers", "publication"]
Ended = Literal["closed", "withdrawn", "merged", "transferred"]


@dataclass(frozen=True, slots=True)
class RefusedStep:
    """A step that came by signal, whose sender waited for no answer, and was refused."""

    at: datetime
    step: str
    id: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on whether to hold a review (2.2), with the finding then. Earlier ones are kept when revisited."""

    id: str
    choice: Choice
    kind: ReviewKind | None
    on: date
    decided_by: str
    reasons: str
    finding: Held
    told: tuple[str, ...]
    """Who is told of it (2.2e): the rulebook's addressees on that day."""

    @property
    def initiates(self) -> bool:
        """Whether a Serious Case Review is held."""
        return self.choice.startswith("SCR")


@dataclass(slots=True)
class Review:
    """The review under way, from the day it was initiated."""

    kind: ReviewKind
    initiated_on: date
    criteria_met: bool

    @property
    def serious(self) -> bool:
        """Whether it is a Serious Case Review."""
        return self.kind == "Serious Case Review"


@dataclass(slots=True)
class Request:
    """Something asked for on a day, due on a day, answered on a day."""

    what: str
    asked_on: date
    due: date | None = None
    answered_on: date | None = None
    organisation: str = ""
    declined_on: date | None = None
    moves_before_decline: int = 0
    withdrawn_on: date | None = None


@dataclass(slots=True)
class Advice:
    """Advice of the national panel on one topic, and the board's response (2.3a)."""

    topic: Topic
    on: date
    response: str | None = None
    considered_on: date | None = None


@dataclass(slots=True)
class Reviewer:
    """A reviewer, with the interests declared (2.5)."""

    name: str
    lead: bool
    interests: tuple[str, ...]
    named_on: date
    stood_down_on: date | None = None
    conflicts: dict[str, date] = field(default_factory=dict)
    resolved: dict[str, date] = field(default_factory=dict)


@dataclass(slots=True)
class Party:
    """An organisation on this file, and what is followed with it (2.7, 2.8c, 2.10)."""

    facts: InvolvedOrganisation
    since: date
    representative: str = ""
    represented_on: date | None = None
    files_secured_on: date | None = None
    staff_informed_on: date | None = None
    findings_told_on: date | None = None
    information_on: date | None = None
    practitioners_on: date | None = None
    findings_shared_on: date | None = None
    taken_forward_on: date | None = None
    outcome_confirmed_on: date | None = None
    findings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class FamilyMember:
    """Someone of the family, and how they were invited (1.3d)."""

    relationship: str
    invited_on: date | None = None
    not_invited_on: date | None = None
    not_invited_because: str = ""
    answered_on: date | None = None
    listed_on: date | None = None

    @property
    def open(self) -> bool:
        """Whether it is still to be settled if they contribute."""
        return not self.not_invited_because and self.answered_on is None


@dataclass(slots=True)
class Proceedings:
    """Criminal, family or coroner's proceedings, with each next date and the day it was followed up (2.6b)."""

    kind: str
    dates: dict[date, date | None] = field(default_factory=dict)
    recorded_on: date | None = None
    concluded: bool = False


@dataclass(frozen=True, slots=True)
class SignedReport:
    """The report that was signed off: one text, whatever its formats and languages."""

    sha256: str
    on: date
    step: str


@dataclass(slots=True)
class Action:
    """An action of the plan (1.2d, 2.8a)."""

    text: str
    owner: str
    due: date | None
    proposed_on: date
    agreed_on: date | None = None
    declined_on: date | None = None
    first_settled_on: date | None = None
    done_on: date | None = None
    impact_on: date | None = None
    impact: str = ""
    progress: str = ""

    @property
    def settled(self) -> bool:
        """Whether the owner has agreed to it or declined it."""
        return self.agreed_on is not None or self.declined_on is not None

    @property
    def closed(self) -> bool:
        """Closed once done and its impact recorded, or declined."""
        return self.closed_on is not None

    @property
    def closed_on(self) -> date | None:
        """The day it was closed."""
        if self.declined_on is not None or self.done_on is None or self.impact_on is None:
            return self.declined_on
        return max(self.done_on, self.impact_on)

    @property
    def status(self) -> str:
        """One adjective for lists."""
        if self.declined_on:
            return "declined"
        if self.impact_on and self.done_on:
            return "closed"
        return "done" if self.done_on else "agreed" if self.agreed_on else "proposed"


@dataclass(slots=True)
class Restriction:
    """A court's restriction on publication (2.9d)."""

    terms: str | None
    set_on: date
    lifted_on: date | None = None

    @property
    def forbids(self) -> bool:
        """Whether it stands and allows publication on no terms."""
        return self.lifted_on is None and self.terms is None


@dataclass(frozen=True, slots=True)
class Ruling:
    """A final decision whether to publish (2.9g). One not to publish can be reversed later."""

    on: date
    publish: bool
    reasons: str


@dataclass(slots=True)
class Proposal:
    """A proposal not to publish, and what was decided about it (2.9g)."""

    id: str
    on: date
    advice_by: date | None
    reasons: str
    rulings: list[Ruling] = field(default_factory=list)

    @property
    def decided_on(self) -> date | None:
        """The day it was decided first."""
        return self.rulings[0].on if self.rulings else None

    @property
    def publish(self) -> bool | None:
        """What was decided last; None while it is open."""
        return self.rulings[-1].publish if self.rulings else None


@dataclass(slots=True)
class Round:
    """One round of fixing a publication date and keeping it (2.9a); another begins when the report is replaced.

    Arguments:
        report: the step that signed the report off.
        since: the day from which a date is to be fixed.
        ruled: whether it was decided that the report is published (2.9g).
        settled_on: the day a date was fixed first, or not publishing was proposed.
        fixed_for: the date that is fixed.
        over_on: the day the round ended without publication.
    """

    report: str
    since: date
    ruled: bool = False
    settled_on: date | None = None
    fixed_for: date | None = None
    over_on: date | None = None


@dataclass(slots=True)
class Publication:
    """Everything about publishing the report (2.9)."""

    responded_on: date | None = None
    response_document: str | None = None
    checked_on: date | None = None
    checks: list[tuple[date, date | None]] = field(default_factory=list)
    changed_on: date | None = None
    check_void_since: date | None = None
    check_void_why: str = ""
    rechecks: dict[date, date] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    settled_on: date | None = None
    """The first day publication was settled, from which learning is spread and actions are monitored (1.3g, 2.10)."""
    published_on: date | None = None
    up_since: date | None = None
    off_since: date | None = None
    off_times: list[tuple[date, date]] = field(default_factory=list)
    availability_on: date | None = None
    availability: str = ""
    proposals: list[Proposal] = field(default_factory=list)
    restrictions: dict[str, Restriction] = field(default_factory=dict)
    copies: dict[str, Request] = field(default_factory=dict)
    disclosed: list[tuple[str, date]] = field(default_factory=list)

    @property
    def round(self) -> Round | None:
        """The round that runs, or in which the report was published; none while not publishing is proposed."""
        return self.rounds[-1] if self.rounds and self.rounds[-1].over_on is None else None

    @property
    def fixed_for(self) -> date | None:
        """The publication date that is fixed."""
        return self.round.fixed_for if self.round else None

    @property
    def proposal(self) -> Proposal | None:
        """The latest proposal not to publish."""
        return self.proposals[-1] if self.proposals else None

    @property
    def up(self) -> bool:
        """Whether the report is on the website."""
        on_request = self.availability == "available on request"
        return self.published_on is not None and self.off_since is None and not on_request

    @property
    def not_publishing(self) -> bool:
        """Whether it was decided that the report is not published."""
        return self.proposal is not None and self.proposal.publish is False

    def settle(self, on: date) -> None:
        """Publication is settled; the first day stays, whatever is decided later."""
        self.settled_on = self.settled_on or on

    def begin_round(self, report: str, on: date, *, ruled: bool = False) -> None:
        """A publication date is to be fixed from a day on; one that was fixed before no longer holds."""
        before = self.round
        if before is not None:
            before.over_on, ruled = on, before.ruled
        self.rounds.append(Round(report, on, ruled))

    def check(self, on: date) -> None:
        """The welfare and legal check was made: it holds until something changes (2.9d)."""
        self.checked_on = on
        self.checks.append((on, None))
        if self.check_void_since is not None:
            self.rechecks[self.check_void_since] = on
        self.check_void_since, self.check_void_why = None, ""

    def void(self, on: date, why: str) -> None:
        """Something that is checked changed: the welfare and legal check no longer holds, and is made again (2.9d)."""
        self.changed_on = max(on, self.changed_on or on)
        if self.checks:
            held_from, until = self.checks[-1]
            self.checks[-1] = (held_from, min(on, until or on))
        if self.checked_on is not None:
            self.checked_on = None
            self.check_void_since = on
            self.check_void_why = why


@dataclass(frozen=True, slots=True)
class EarlierReview:
    """A review whose report was published before one of another kind took its place (1.1): it is public still."""

    kind: ReviewKind
    report: SignedReport
    publication: Publication


@dataclass(slots=True)
class Learning:
    """How the learning is spread (2.10)."""

    events: dict[str, tuple[date, date | None]] = field(default_factory=dict)
    considered_on: date | None = None
    training_changed_on: date | None = None
    bulletins: dict[str, tuple[date, str]] = field(default_factory=dict)
    outcome_on: date | None = None
    outcome: str = ""
    outcome_step: str = ""
    commission_includes_event: bool = False
    again: bool = False

    @property
    def held_on(self) -> date | None:
        """The day the first learning event was held."""
        held = [day for _, day in self.events.values() if day is not None]
        return min(held, default=None)


@dataclass(frozen=True, slots=True)
class Letter:
    """What became of a notice: accepted by the mail server, or refused for good."""

    notice: str
    number: int
    to: str
    rule: str
    template: str
    accepted_at: datetime | None
    refused_at: datetime | None
    message_id: str
    documents: tuple[str, ...] = ()
    why: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung of a deadline's ladder that was reached."""

    deadline: str
    due: date
    name: str
    kind: Literal["passed", "reminder", "escalation", "period_ended"]
    to: tuple[str, ...]
    title: str
    rule: str
    at: datetime

    def notice_to(self, to: str) -> str:
        """The key of its notice to one of its recipients."""
        return Key.of(self.kind, self.deadline, self.due.isoformat(), self.name, to)


@dataclass(frozen=True, slots=True)
class Listing:
    """Who was to get something on the day it went out, by the directory of that day."""

    on: date
    recipients: tuple[str, ...]
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """Something that was told outside and turned out wrong.

    Arguments:
        step: the step that corrected it.
        on: the day it was corrected.
        what: what was wrong, by the names of the facts or of the step struck out.
        at: the instant it was recorded.
    """

    step: str
    on: date
    what: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Extension:
    """A board's own deadline, moved to a new date, and why."""

    new: date
    reason: str
