"""2.7 Engagement of organisations: represented, asked in writing, files locked down, staff told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import ClassVar, Literal

from pydantic import Field

from ..called import called, numbered
from ..casefile import CaseFile
from ..casefile_parts import Correction, Party, Request
from ..days import day_words
from ..duty import Deadline, DeadlineFactory, Duty, Notice
from ..gates import known_name, names_nobody, needs_party, needs_review, new_name, not_before, not_before_review, once
from ..incident import Day, Identifier, Line, Text
from ..key import Key
from ..recipient import Recipient
from ..record import Entry, Refusal
from ..step import Correcting, Digest, Step, Who
from ..world import World

BY_AGENCY: tuple[Who, ...] = ("coordinator", "agency", "board_member")
ORGANISATION = ("organisation_added",)
"""What was wrong when an organisation is taken off the file, by a step or by striking out the one that added it."""


class RepresentativeNamed(Step):
    """The organisation said who represents it in the review. This need not be its safeguarding lead (2.7a)."""

    label: ClassVar[str] = "An organisation named its representative"
    rules: ClassVar[tuple[str, ...]] = ("2.7a",)
    who: ClassVar[tuple[Who, ...]] = BY_AGENCY
    acts_on: ClassVar[tuple[str, str]] = ("parties", "organisation")

    organisation: Identifier = Field(title="The organisation")
    representative: Line = Field(title="Its representative")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """For an organisation on the file; a later one replaces the earlier."""
        yield from needs_party(file, self.organisation, "2.7a")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Names or replaces the representative."""
        party = file.parties[self.organisation]
        party.representative = self.representative
        party.represented_on = party.represented_on or self.happened_on


class OrganisationRemoved(Step):
    """An organisation was added by mistake. It comes off the file, and need do nothing more for this case (2.7a)."""

    label: ClassVar[str] = "An organisation was taken off the file"
    rules: ClassVar[tuple[str, ...]] = ("2.7a",)
    acts_on: ClassVar[tuple[str, str]] = ("parties", "organisation")

    organisation: Identifier = Field(title="The organisation")
    reason: Text = Field(title="Why the organisation is not involved")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Only one that nothing on the file rests on: what it took part in was no mistake, or is struck out first."""
        yield from needs_party(file, self.organisation, "2.7a")
        party = file.parties.get(self.organisation)
        if party is None:
            return
        yield from not_before(self.happened_on, party.since, "it was added to the file", "2.7a")
        for what in _took_part(file, self.organisation, party):
            yield Refusal("2.7a", f"{party.facts.name} cannot come off the file: {what}", "organisation")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Takes it off with what it was asked for, and what it raised against a reviewer; it can be added again."""
        party = file.parties.pop(self.organisation)
        file.removed_parties[self.organisation] = party.facts.name
        for request in file.requests.values():
            if request.organisation == self.organisation and request.answered_on is None:
                request.withdrawn_on = request.withdrawn_on or self.happened_on
        for reviewer in file.reviewers.values():
            if self.organisation not in reviewer.resolved:
                reviewer.conflicts.pop(self.organisation, None)
        file.corrections.append(Correction(self.id, self.happened_on, ORGANISATION, entry.recorded_at))

    def corrects(self, record: Sequence[Entry]) -> Correcting:
        """Takes back what it was asked for."""
        return Correcting(takes_back=True)


class InformationRequested(Step):
    """We ask an organisation for written information about its involvement (2.7b)."""

    label: ClassVar[str] = "An organisation was asked for information"
    rules: ClassVar[tuple[str, ...]] = ("2.7b",)

    request: Identifier = Field(title="Identifier of the request")
    organisation: Identifier = Field(title="The organisation")
    wanted: Text = Field(
        title="What we ask for, and in what form", description="This text is sent by e-mail. Do not name anyone."
    )
    due: Day | None = Field(
        None,
        title="Wanted by",
        description="Leave blank for the standard time.",
        json_schema_extra={"standard": "agency_information"},
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "2.7b")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Of an organisation on the file, by a day that lies ahead."""
        yield from not_before_review(file, self.happened_on, "2.7b")
        yield from new_name(self.request, file.requests, "request", "2.7b")
        yield from needs_party(file, self.organisation, "2.7b")
        yield from names_nobody(file, self.wanted, "wanted", "2.7b")
        if self.due is not None and self.due < self.happened_on:
            yield Refusal("2.7b", "The date wanted is before the date of the request. Check both dates.", "due")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Opens the request."""
        file.requests[self.request] = Request(self.wanted, self.happened_on, self.due, None, self.organisation)


class InformationReceived(Step):
    """An organisation sent its written information. Its author must not have been involved in the case (2.7b)."""

    label: ClassVar[str] = "Information was received"
    rules: ClassVar[tuple[str, ...]] = ("2.7b", "2.7c")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "agency")
    acts_on: ClassVar[tuple[str, str]] = ("requests", "request for information")

    request: Identifier = Field(title="Identifier of the request")
    document: Digest = Field(title="The information")
    author: Line | None = Field(None, title="Author")
    author_not_involved: bool = Field(False, title="The author was not involved in the case")
    single_agency_review: bool = Field(True, title="This is the report of a single-agency review")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Answers a request that is open; one that was declined can still be answered."""
        yield from open_request(file, self.request, self.happened_on)

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Closes the request; the report of a single-agency review is to be told to staff."""
        request = file.requests[self.request]
        request.answered_on = self.happened_on
        if self.single_agency_review:
            party = file.parties[request.organisation]
            party.information_on = party.information_on or self.happened_on
        file.documents.append((self.document, "information", self.id))


class InformationDeclined(Step):
    """An organisation will not provide its information. We tell its board member at once, and then the Chair (2.7b)."""

    label: ClassVar[str] = "Information was declined"
    rules: ClassVar[tuple[str, ...]] = ("2.7b",)
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "agency")
    acts_on: ClassVar[tuple[str, str]] = ("requests", "request for information")

    request: Identifier = Field(title="Identifier of the request")
    reason: Text = Field(title="Why the information cannot be provided")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Declines a request that is open, once."""
        yield from open_request(file, self.request, self.happened_on)
        if self.request in file.requests and (declined_on := file.requests[self.request].declined_on):
            why = f"The organisation already declined this request, on {day_words(declined_on)}."
            yield Refusal("2.7b", why, "request")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The request stays open; the Chair is next to hear."""
        request = file.requests[self.request]
        request.declined_on = self.happened_on
        request.moves_before_decline = len(file.extensions.get(Key.of("agency_information", self.request), ()))


class InformationRequestWithdrawn(Step):
    """The board no longer needs the information, or the Chair does not insist on it (2.7b)."""

    label: ClassVar[str] = "A request for information was withdrawn"
    rules: ClassVar[tuple[str, ...]] = ("2.7b",)
    acts_on: ClassVar[tuple[str, str]] = ("requests", "request for information")

    request: Identifier = Field(title="Identifier of the request")
    reason: Text = Field(title="Why it is withdrawn")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Withdraws a request that is open."""
        yield from open_request(file, self.request, self.happened_on)

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The request's deadline falls away; its name is not used again, as its letter went."""
        file.requests[self.request].withdrawn_on = self.happened_on


class StaffInformed(Step):
    """An organisation confirms what its staff were about: the review, or of its own findings (2.7c)."""

    label: ClassVar[str] = "An organisation informed its staff"
    rules: ClassVar[tuple[str, ...]] = ("2.7c",)
    who: ClassVar[tuple[Who, ...]] = BY_AGENCY

    organisation: Identifier = Field(title="The organisation")
    about: Literal["the review", "the findings of the single-agency review"] = Field(title="What staff were told")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "2.7c")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Once each; findings only when that report is in."""
        yield from not_before_review(file, self.happened_on, "2.7c")
        yield from needs_party(file, self.organisation, "2.7c")
        party = file.parties.get(self.organisation)
        if party is None:
            return
        if self.about == "the review":
            yield from once(party.staff_informed_on, "This confirmation", "2.7c")
            return
        yield from once(party.findings_told_on, "This confirmation", "2.7c")
        if party.information_on is None:
            yield Refusal("2.7c", "We do not have the organisation's single-agency report yet.", "about")
        yield from not_before(self.happened_on, party.information_on, "the report arrived", "2.7c")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the confirmation."""
        party = file.parties[self.organisation]
        if self.about == "the review":
            party.staff_informed_on = self.happened_on
        else:
            party.findings_told_on = self.happened_on


class FilesSecured(Step):
    """An organisation locked down its case files, or monitors access and changes to them in detail (2.7d)."""

    label: ClassVar[str] = "An organisation secured its case files"
    rules: ClassVar[tuple[str, ...]] = ("2.7d",)
    who: ClassVar[tuple[Who, ...]] = BY_AGENCY
    acts_on: ClassVar[tuple[str, str]] = ("parties", "organisation")

    organisation: Identifier = Field(title="The organisation")
    how: Literal["locked down", "access and recording monitored"] = Field("locked down", title="How")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Once for each organisation on the file."""
        yield from needs_party(file, self.organisation, "2.7d")
        if party := file.parties.get(self.organisation):
            yield from once(party.files_secured_on, "This confirmation", "2.7d")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the confirmation."""
        file.parties[self.organisation].files_secured_on = self.happened_on


def _took_part(file: CaseFile, name: str, party: Party) -> Iterator[str]:
    """What would be lost with an organisation, and what to do about it first."""
    for its in file.actions.values():
        if its.owner == name and its.agreed_on is not None:
            yield (
                f"on {day_words(its.agreed_on)} it agreed to the action {called(its)}. If that is wrong, strike out "
                "“An action was agreed” first."
            )
        elif its.owner == name and its.declined_on is None:
            yield (
                f"on {day_words(its.proposed_on)} it was asked to agree to the action {called(its)}. Record “An action "
                "was declined”, or strike out “An action was proposed”, first."
            )
    for asked in file.requests.values():
        if asked.organisation == name and asked.answered_on is not None:
            yield (
                f"its information of {day_words(asked.answered_on)} is on the file. If that is wrong, strike out "
                "“Information was received” first."
            )
    if party.practitioners_on is not None:
        yield (
            f"its practitioners contributed to the review on {day_words(party.practitioners_on)}. If that is wrong, "
            "strike out “Practitioners were involved” first."
        )
    for finding in party.findings:
        yield (
            f"a finding of {file.findings.get(finding, 'the review')} is about it. If that is wrong, strike out “A "
            "finding was recorded” first."
        )


def open_request(file: CaseFile, name: str, on: date) -> Iterator[Refusal]:
    """Refused unless there is such a request and it is open."""
    yield from known_name(name, file.requests, "request", "2.7b")
    if request := file.requests.get(name):
        yield from not_before(on, request.asked_on, "the request", "2.7b")
        if request.answered_on:
            yield Refusal("2.7b", f"This request was already answered, on {day_words(request.answered_on)}.", "request")
        if request.withdrawn_on:
            yield Refusal(
                "2.7b", f"This request was withdrawn on {day_words(request.withdrawn_on)}. Make a new one.", "request"
            )


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """What each organisation on the file is asked for."""
    yield from _lock_down(file, factory)
    if file.review is None:
        return
    again = file.review.initiated_on if file.reviews_begun > 1 else ""
    for name, party in file.parties.items():
        since, lead = max(file.review.initiated_on, party.since), Recipient.of("lead", name)
        yield factory.for_organisation("representative_named", name, since, party.represented_on)
        yield factory.for_organisation("staff_informed", name, since, party.staff_informed_on)
        title, template = "Tell staff about the review", "inform_staff"
        yield Notice(Key.of("staff_informed", name, again), "2.7c", title, template, lead)
        if party.information_on is not None:
            title = "Tell staff the findings of your own review"
            yield factory.for_organisation("agency_findings_told", name, party.information_on, party.findings_told_on)
            yield Notice(Key.of("agency_findings_told", name), "2.7c", title, "inform_staff_of_findings", lead)
    for name, request in file.requests.items():
        if request.withdrawn_on is None:
            yield from _request(factory, name, request)


def _lock_down(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """Asked on a recommendation or decision for a review; with one for no review, what is not done falls away."""
    for name, party in file.parties.items():
        secured_on = party.files_secured_on
        asked = [day for day in file.locked_down_on if secured_on is None or day <= secured_on]
        asked_on = max(asked or file.locked_down_on[:1], default=None)
        if asked_on is None:
            continue
        again = asked_on if asked_on > file.locked_down_on[0] else ""
        key, title = Key.of("files_secured", name, again), "Lock down case files"
        if not file.lock_down_over or key in file.letters:
            yield Notice(key, "2.7d", title, "lock_down", Recipient.of("lead", name))
        if not file.lock_down_over or secured_on is not None:
            since = max(asked_on, party.since)
            yield factory.for_organisation("files_secured", name, since, secured_on)


def _request(factory: DeadlineFactory, name: str, request: Request) -> Iterator[Duty]:
    lead, board_member = Recipient.of("lead", request.organisation), Recipient.of("board_member", request.organisation)

    title = factory.file.clock("agency_information").title
    named = title.replace("{organisation}", factory.file.parties[request.organisation].facts.name)

    def deadline(due: date | None, counted: str, asked: str, organisation: str, moves_before: int = 0) -> Deadline:
        return factory.deadline(
            "agency_information",
            request.asked_on,
            key=Key.of("agency_information", name),
            met_on=request.answered_on,
            due=due,
            counted=counted,
            responsible=asked,
            organisation=organisation,
            title=f"{named} ({numbered('request', name)})",
            moves_before=moves_before,
        )

    asked = deadline(request.due, "the date that was set", lead, request.organisation)
    if request.answered_on is None and request.declined_on is not None and request.declined_on <= asked.due:
        # Its board member is told at once. The Chair is next, as after a date that was missed, and not any later.
        wait = factory.file.ladder("agency_information").next_after_days
        settled_by = min(asked.original_due, request.declined_on + timedelta(days=wait - 1))
        counted = "the time its board member has to settle it"
        yield deadline(settled_by, counted, board_member, "", request.moves_before_decline)
    else:
        yield asked
    content = {"wanted": request.what, "due": asked.original_due.isoformat()}
    yield Notice(
        Key.of("information_requested", name),
        "2.7b",
        "Request for information",
        "information_requested",
        lead,
        content,
    )
    if request.declined_on is not None:
        title = "Your organisation declined to give information"
        yield Notice(Key.of("information_declined", name), "2.7b", title, "information_declined", board_member, content)
