"""1.3 Principles: practitioners without fear of blame, the family, and regular monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import FamilyMember
from ..duty import DeadlineFactory, Duty
from ..gates import known_name, needs_party, needs_report, needs_review, not_before, not_before_review
from ..incident import Identifier, Line, Text
from ..key import Key
from ..record import Entry, Refusal
from ..step import Step
from ..world import World


class PractitionersInvolved(Step):
    """Practitioners of an organisation contributed their perspectives (1.3c)."""

    label: ClassVar[str] = "Practitioners were involved"
    rules: ClassVar[tuple[str, ...]] = ("1.3c",)

    organisation: Identifier = Field(title="The organisation")
    how: Literal["conversation", "practitioner forum", "recall session", "in writing", "another way"] = Field(
        title="How they were involved"
    )
    how_many: int = Field(ge=1, le=500, title="How many practitioners")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "1.3c")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Of an organisation on the file, in the course of a review."""
        yield from needs_party(file, self.organisation, "1.3c")
        yield from not_before_review(file, self.happened_on, "1.3c")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the first day for each organisation."""
        party = file.parties[self.organisation]
        party.practitioners_on = party.practitioners_on or self.happened_on


class FamilyListed(Step):
    """A family member will be invited to contribute (1.3d)."""

    label: ClassVar[str] = "A family member was listed"
    rules: ClassVar[tuple[str, ...]] = ("1.3d",)

    member: Identifier = Field(title="Identifier of the family member", description="Do not use their name.")
    relationship: Line = Field(title="Relationship to the child")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "1.3d")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each is listed once."""
        if self.member in file.family:
            yield Refusal("1.3d", "This family member is already listed.", "member")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Lists them, still to be invited."""
        file.family[self.member] = FamilyMember(self.relationship, listed_on=self.happened_on)


class FamilyInvited(Step):
    """A family member was invited and told how they can contribute, or was not invited for a reason (1.3d)."""

    label: ClassVar[str] = "A family member was invited"
    rules: ClassVar[tuple[str, ...]] = ("1.3d",)

    member: Identifier = Field(title="Identifier of the family member", description="Do not use their name.")
    relationship: Line | None = Field(
        None, title="Relationship to the child", description="Only if they are not listed yet."
    )
    how_explained: Text | None = Field(None, title="How it was explained to them")
    contacted_through: Line | None = Field(None, title="Contact person", description="For example a solicitor.")
    not_invited_because: Text | None = Field(
        None, title="Why they were not invited", description="Only if they were not."
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "1.3d")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Either how it was explained, or why they were not invited."""
        yield from not_before_review(file, self.happened_on, "1.3d")
        if (self.how_explained is None) == (self.not_invited_because is None):
            yield Refusal("1.3d", "Enter either how it was explained, or why they were not invited.", "how_explained")
        if self.member not in file.family and self.relationship is None:
            yield Refusal(
                "1.3d", "Enter the relationship, because this family member is not listed yet.", "relationship"
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Waits for the answer, or settles that there is none to wait for."""
        member = file.family.setdefault(self.member, FamilyMember(self.relationship or "", listed_on=self.happened_on))
        member.not_invited_because = self.not_invited_because or ""
        if self.not_invited_because:
            member.not_invited_on = member.not_invited_on or self.happened_on
        else:
            member.invited_on = member.invited_on or self.happened_on


class FamilyAnswered(Step):
    """A family member's answer, and what they contributed (1.3d)."""

    label: ClassVar[str] = "A family member answered"
    rules: ClassVar[tuple[str, ...]] = ("1.3d",)
    acts_on: ClassVar[tuple[str, str]] = ("family", "family member")

    member: Identifier = Field(title="Identifier of the family member")
    answer: Literal["contributes", "declines", "gave no answer"] = Field(title="Answer")
    contribution: Text | None = Field(None, title="What they contributed")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Answers an invitation."""
        yield from known_name(self.member, file.family, "member", "1.3d", "family member")
        if member := file.family.get(self.member):
            if member.invited_on is None:
                why = "This family member is not invited yet. Record “A family member was invited” first."
                yield Refusal("1.3d", why, "member")
            yield from not_before(self.happened_on, member.invited_on, "the invitation", "1.3d")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Settles whether they contribute; a later answer replaces the earlier."""
        member = file.family[self.member]
        member.answered_on = member.answered_on or self.happened_on


class MonitoringReviewed(Step):
    """Open actions were reviewed, so that improvement is sustained (1.3g)."""

    label: ClassVar[str] = "Open actions were reviewed"
    rules: ClassVar[tuple[str, ...]] = ("1.3g",)

    conclusions: Text = Field(title="What the review of the actions found")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a report."""
        yield from needs_report(file, "1.3g")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """In order of time."""
        yield from not_before(
            self.happened_on, max(file.monitored, default=None), "the last review of the actions", "1.3g"
        )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Starts the next round."""
        file.monitored.append(self.happened_on)


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """Practitioners and family while the review runs; monitoring from publication until every action is closed."""
    if file.review is not None:
        began = file.review.initiated_on
        involved = [p.practitioners_on for p in file.parties.values() if p.practitioners_on]
        excused = file.first_signed_on if file.no_practitioners_because else None
        yield factory.deadline("practitioners_involved", began, met_on=min(involved, default=excused))
        listed = [member.listed_on for member in file.family.values() if member.listed_on]
        yield factory.deadline("family_invited", began, met_on=min(listed, default=None))
    for name, member in file.family.items():
        if member.listed_on is not None:
            key = Key.of("family_invited", name)
            settled = [day for day in (member.invited_on, member.not_invited_on) if day]
            yield factory.deadline("family_invited", member.listed_on, key=key, met_on=min(settled, default=None))
        if member.invited_on is not None and not member.not_invited_because:
            key = Key.of("family_answered", name)
            yield factory.deadline("family_answered", member.invited_on, key=key, met_on=member.answered_on)
    since = file.publication.settled_on
    if since is not None:
        yield from _monitoring(file, factory, since)


def _monitoring(file: CaseFile, factory: DeadlineFactory, since: date) -> Iterator[Duty]:
    """A round every three months; after a time with no open action the next is counted from the new one (1.3g)."""
    for number, day in enumerate(file.monitored, start=1):
        if day < since:
            continue
        start = max(since, _open_since(file, day))
        yield factory.deadline("monitoring_reviewed", start, key=Key.of("monitoring_reviewed", number), met_on=day)
        since = day
    if any(not action.closed for action in file.actions.values()):
        start = max(since, _open_since(file, date.max))
        yield factory.deadline("monitoring_reviewed", start, key=Key.of("monitoring_reviewed", len(file.monitored) + 1))


def _open_since(file: CaseFile, day: date) -> date:
    """The day from which, until ``day``, there was never a time without an open action."""
    spans = [(action.closed_on or date.max, action.agreed_on or action.proposed_on) for action in file.actions.values()]
    # Until it was agreed or declined first; between a decline and an agreement after all it was not open.
    spans += [(a.first_settled_on, a.proposed_on) for a in file.actions.values() if a.first_settled_on]
    start = day
    for open_until, open_from in sorted(spans, reverse=True):
        if open_until >= start:
            start = min(start, open_from)
    return start
