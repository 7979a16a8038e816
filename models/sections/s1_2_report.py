"""1.2 Purpose: findings, and a report that says what happened, why, and what will be done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import SignedReport
from ..gates import needs_party, needs_review, new_name, not_before, not_before_review
from ..incident import Identifier, Line, Text
from ..record import Entry, Refusal
from ..step import Digest, Step, Who
from ..world import World


class FindingRecorded(Step):
    """A finding of the review: good or problematic practice, within an organisation or between them (1.2c)."""

    label: ClassVar[str] = "A finding was recorded"
    rules: ClassVar[tuple[str, ...]] = ("1.2c",)

    finding: Identifier = Field(title="Identifier of the finding")
    text: Text = Field(title="The finding")
    practice: Literal["good practice", "problematic practice"] = Field(title="What it shows")
    organisation: Identifier | None = Field(
        None, title="The organisation", description="Leave blank for a finding about how organisations worked together."
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "1.2c")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each finding has its own name, and its organisation is on the file."""
        yield from new_name(self.finding, file.findings, "finding", "1.2c")
        yield from not_before_review(file, self.happened_on, "1.2c")
        if self.organisation is not None:
            yield from needs_party(file, self.organisation, "1.2c")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the finding."""
        file.findings[self.finding] = self.practice
        if self.organisation is not None:
            file.parties[self.organisation].findings.append(self.finding)


class ReportDrafted(Step):
    """A draft of the report was uploaded. A draft is never refused because of what it says (1.2b)."""

    label: ClassVar[str] = "The report was drafted"
    rules: ClassVar[tuple[str, ...]] = ("1.2b", "2.9f")
    who: ClassVar[tuple[Who, ...]] = ("coordinator",)

    document: Digest = Field(title="The draft")
    version: Line = Field(
        title="Version", description="For example draft 2, or the language or format of a translation."
    )
    same_text_as: Digest | None = Field(
        None,
        title="The same report as",
        description="Only for another format or language of a report on the file, which is not a new report (2.9f).",
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "1.2b")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Another format or language is one of a report that is on the file; a document is one text for good."""
        yield from not_before_review(file, self.happened_on, "1.2b")
        if self.same_text_as is not None and self.same_text_as not in file.drafts:
            yield Refusal("2.9f", "There is no such report on this file.", "same_text_as")
        elif file.drafts.get(self.document, self._text(file)) != self._text(file):
            yield Refusal(
                "2.9f",
                "This document is already on the file as a separate report. If that is wrong, strike "
                "out that step first.",
                "document",
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps which text the document is."""
        file.drafts[self.document] = self._text(file)
        file.documents.append((self.document, "report", self.id))

    def _text(self, file: CaseFile) -> str:
        """The text this document is: its own, or that of the report it is another format of."""
        return file.drafts.get(self.same_text_as, self.same_text_as) if self.same_text_as else self.document


class ReportSignedOff(Step):
    """A named person signs off the report and confirms each point (1.2b, 1.3e, 2.9c). This completes the review."""

    label: ClassVar[str] = "The report was signed off"
    rules: ClassVar[tuple[str, ...]] = (
        "1.2b",
        "1.3c",
        "1.3d",
        "1.3e",
        "2.5a",
        "2.5b",
        "2.6a",
        "2.9c",
        "2.9f",
    )
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    document: Digest = Field(title="The report")
    signed_by: Line = Field(title="Signed off by")
    says_what_happened: bool = Field(title="It says what happened")
    says_why: bool = Field(title="It says why")
    says_what_will_be_done: bool = Field(title="It says what must happen to reduce the risk that it happens again")
    lived_experience: Text = Field(
        title="How the child's lived experience is shown", json_schema_extra={"rule": "1.3e"}
    )
    sound_analysis: bool = Field(title="Its analysis is sound")
    plain_english: bool = Field(title="Professionals and the public can understand it easily: it is in plain English")
    fit_to_publish: bool = Field(title="It can be published without amendment or redaction")
    no_practitioners_because: Text | None = Field(
        None, title="Why no practitioners were involved", description="Only if none were (1.3c)."
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a draft, the family settled, and a lead reviewer without an open conflict."""
        yield from needs_review(file, "1.2b")
        if not file.drafts:
            yield Refusal("1.2b", "There is no draft of the report. Record “The report was drafted” first.")
        if not file.family:
            yield Refusal(
                "1.3d", "No family member is listed. Record “A family member was invited”, or why not, first."
            )
        for member in file.family.values():
            if member.open:
                step = "A family member answered" if member.invited_on else "A family member was invited"
                who = f"a family member ({member.relationship})" if member.relationship else "a family member"
                yield Refusal("1.3d", f"It is not settled whether {who} contributes. Record “{step}” first.")
        if file.review is not None and file.review.serious:
            if not file.leads:
                yield Refusal("2.5a", "There is no lead reviewer. Record “A reviewer was appointed” first.")
            if not file.learning.commission_includes_event:
                # The review may have been of another kind when the lead reviewer was appointed.
                yield Refusal(
                    "2.10a",
                    "No lead reviewer's commission says that a multi-agency learning event will be held. Record “A "
                    "reviewer was appointed” with a commission that says so.",
                )
            if not file.model:
                yield Refusal("2.4a", "No model is chosen. Record “The model of the review was chosen” first.")
        for reviewer in file.reviewers.values():
            for organisation in reviewer.conflicts:
                if organisation not in reviewer.resolved:
                    party = file.parties.get(organisation)
                    body = party.facts.name if party else file.removed_parties.get(organisation, "an organisation")
                    yield Refusal(
                        "2.5b",
                        f"{reviewer.name}'s conflict of interest with {body} is open. Record “A reviewer's conflict "
                        "was resolved” first.",
                    )

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each point is confirmed, for a report that is on the file."""
        yield from not_before(self.happened_on, _drafted_on(file, self.document), "it was drafted", "1.2b")
        if file.report is not None:
            yield from not_before(self.happened_on, file.report.on, "the report it replaces was signed off", "1.2b")
        if self.document not in file.drafts:
            yield Refusal(
                "1.2b", "This document is not a draft on this file. Record “The report was drafted” first.", "document"
            )
        elif file.report is not None and file.drafts[self.document] == file.drafts[file.report.sha256]:
            yield Refusal(
                "2.9f",
                "This report is already signed off. Another format or language needs no sign-off of its own.",
                "document",
            )
        if file.report is not None and file.publication.up:
            yield Refusal(
                "2.9d", "The report is published. Record “The report was taken down” before you replace it.", "document"
            )
        for field, rule in (
            ("says_what_happened", "1.2b"),
            ("says_why", "1.2b"),
            ("says_what_will_be_done", "1.2b"),
            ("sound_analysis", "2.9c"),
            ("plain_english", "2.9c"),
            ("fit_to_publish", "2.9c"),
        ):
            if not getattr(self, field):
                title = type(self).model_fields[field].title
                yield Refusal(
                    rule,
                    f"Not confirmed: {title}. A report can be signed off only when every point is confirmed.",
                    field,
                )
        if not any(party.practitioners_on for party in file.parties.values()) and self.no_practitioners_because is None:
            yield Refusal(
                "1.3c",
                "No involvement of practitioners is recorded. Record “Practitioners were involved”, or say why none "
                "were.",
                "no_practitioners_because",
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Completes the review. A replacement makes the publication check and date void (2.9d, 2.9f)."""
        replaced = file.report is not None
        file.report = SignedReport(self.document, self.happened_on, self.id)
        file.first_signed_on = file.first_signed_on or self.happened_on
        file.no_practitioners_because = self.no_practitioners_because or file.no_practitioners_because
        publication = file.publication
        if replaced:
            publication.void(self.happened_on, "the report was replaced")
        if publication.published_on is None and (publication.round is not None or not replaced):
            publication.begin_round(self.id, self.happened_on)
        if file.review is not None and not file.review.criteria_met:
            publication.settle(self.happened_on)


def _drafted_on(file: CaseFile, document: str) -> date | None:
    """The first day the document was on the file as a draft."""
    steps = [step for digest, what, step in file.documents if digest == document and what == "report"]
    return min((file.dates[step] for step in steps), default=None)
