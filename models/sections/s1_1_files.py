"""1.1 One review to a file: files of the same incident are merged, and joint reviews are known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import Correction
from ..contract import MAX_MESSAGE_BYTES, Work, message_work
from ..gates import not_in_future
from ..incident import Child, Day, InvolvedOrganisation, KnownOrNot, Line, Reference, Text
from ..record import Entry, Refusal
from ..step import Correcting, Step, Who
from ..world import World
from .s2_1_criteria import end
from .s2_1_finding import find
from .s2_5_reviewers import add_conflicts


class MergedInto(Step):
    """The incident is on another file too, or two reviews are joined: this file closes; work continues on the other."""

    label: ClassVar[str] = "The file was merged into another"
    rules: ClassVar[tuple[str, ...]] = ("1.1",)
    tells_file: ClassVar[str] = "reference"

    reference: Reference = Field(title="The other file's reference")
    reason: Text = Field(title="Why the files are merged")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """A file is not merged into itself, and what it knows must reach the other file in one message."""
        if self.reference == file.reference:
            yield Refusal("1.1", "A file cannot be merged into itself. Enter the other file's reference.", "reference")
        if len(json.dumps(self.message(file, 0))) > MAX_MESSAGE_BYTES:
            yield Refusal(
                "1.1",
                "This file has more children and organisations than one message can carry to the other file. Merge "
                "the other file into this one instead.",
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Ends the file as merged."""
        end(file, "merged", self)
        file.ended_note = self.reference

    def follows(self, record: Sequence[Entry], file: CaseFile, world: World) -> Iterator[Work]:
        """Tells the other file."""
        body, to = self.message(file, len(record)), self.reference
        message = {"to": to, "name": "merged_from", "body": body}
        yield Work(message_work(to, body["id"]), "tell_file", (message,), f"The merge, to {to}", timeout=30.0)

    def message(self, file: CaseFile, number: int) -> dict[str, Any]:
        """The step for the other file: what it needs to judge the criteria, and whom to ask; free text stays here.

        Arguments:
            file: this one, before the merger.
            number: tells a second merging, after a reopening, from the first.
        """
        here = f"See the file {file.reference}."
        children = [
            child.model_copy(
                update={name: here for name in ("other_harm", "research_considered") if getattr(child, name)}
            ).model_dump(mode="json", exclude_defaults=True)
            for child in file.children.values()
        ]
        return {
            "id": f"merged-from-{file.reference}-{number}",
            "recorded_by": self.recorded_by,
            "happened_on": self.happened_on.isoformat(),
            "reference": file.reference,
            "aware_on": file.aware_on.isoformat() if file.aware_on else None,
            "notified_on": file.notified_on.isoformat() if file.notified_on else None,
            "panel_notified_on": file.panel_notified[""].isoformat() if "" in file.panel_notified else None,
            "concern_about_joint_working": file.concern,
            "children": children,
            "organisations": [party.facts.model_dump(exclude_none=True) for party in file.parties.values()],
        }


class MergedFrom(Step):
    """Another file was merged into this one, which takes over its facts. The other file sends this automatically."""

    label: ClassVar[str] = "Another file was merged into this one"
    rules: ClassVar[tuple[str, ...]] = ("1.1", "2.1e", "2.1f")
    who: ClassVar[tuple[Who, ...]] = ("another_file",)
    before_notification: ClassVar[bool] = True

    reference: Reference = Field(title="The other file's reference")
    aware_on: Day | None = Field(None, title="The authority became aware on, according to the other file")
    notified_on: Day | None = Field(None, title="The board was notified on, according to the other file")
    panel_notified_on: Day | None = Field(None, title="The national panel was notified on, according to the other file")
    concern_about_joint_working: KnownOrNot = Field(
        "unknown", title="Cause for concern about joint working, according to the other file"
    )
    children: tuple[Child, ...] = Field((), title="Its children")
    organisations: tuple[InvolvedOrganisation, ...] = Field((), title="Its organisations")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Another file, merged once, with dates that have been."""
        if self.reference == file.reference:
            yield Refusal("1.1", "A file cannot be merged into itself. Enter the other file's reference.", "reference")
        if self.reference in file.joint:
            yield Refusal("1.1", f"The file {self.reference} was already merged into this one.", "reference")
        for name in ("aware_on", "notified_on", "panel_notified_on"):
            yield from not_in_future(getattr(self, name), world.today, name, "2.1f")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Takes over the children, the organisations and the earlier notifications, and asks the criteria again.

        Whoever was notified by then, the authority was aware.
        """
        file.joint.append(self.reference)
        for organisation in self.organisations:
            if organisation.id not in file.parties:
                file.involve(organisation, self.happened_on)
                add_conflicts(file, organisation.id)
        if file.notified_on is None:
            return
        before = {"notified_on": file.notified_on, "aware_on": file.aware_on}
        file.notified_on = min(file.notified_on, self.notified_on or file.notified_on)
        known = [day for day in (file.aware_on, self.aware_on) if day]
        if known:
            file.aware_on = min(*known, file.notified_on)
        changed = tuple(name for name, day in before.items() if getattr(file, name) != day)
        file.corrections.append(Correction(self.id, self.happened_on, changed, entry.recorded_at))
        panel = [day for day in (file.panel_notified.get(""), self.panel_notified_on) if day]
        if panel:
            file.panel_notified[""] = min(panel)
        if file.concern == "unknown" or self.concern_about_joint_working == "yes":
            file.concern = self.concern_about_joint_working
        for child in self.children:
            self._take(file, child)
        file.reassess_criteria(self.happened_on)

    def corrects(self, record: Sequence[Entry]) -> Correcting:
        """Dates and facts: a criterion that the other file met was no mistake of ours."""
        return Correcting(deciding=False)

    def _take(self, file: CaseFile, child: Child) -> None:
        """Adds a child that is not known here, or known otherwise: a criterion that the other file met stays met."""
        ours = file.children.get(child.id)
        if ours is None:
            file.children[child.id] = child
            return
        here, there = (find([one], file.concern, file.rules.definitions).held for one in (ours, child))
        if there == "met" and here != "met":
            name = f"{self.reference}.{child.id}"[:50]
            file.children[name] = child.model_copy(update={"id": name})


class ReviewWithdrawn(Step):
    """A review without an incident was opened by mistake, or will not be held. Everyone we asked is told (1.1)."""

    label: ClassVar[str] = "A review without an incident was withdrawn"
    rules: ClassVar[tuple[str, ...]] = ("1.1",)

    reason: Text = Field(title="Why the review will not be held")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Only without an incident, whose review the Chair decides on, and only until the report is signed off."""
        if file.opening.incident is not None:
            told = (
                "This file was opened for an incident. Record “The notification was withdrawn” or “The decision was "
                "revisited” instead."
            )
            yield Refusal("1.1", told)
        if file.report is not None:
            yield Refusal("1.1", "The review's report is signed off, so the review can no longer be withdrawn.")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Ends the file as withdrawn."""
        end(file, "withdrawn", self)


class JoinedWith(Step):
    """A joint review with another board, or a domestic homicide review; our deadlines do not change."""

    label: ClassVar[str] = "The review was joined with another"
    rules: ClassVar[tuple[str, ...]] = ("1.1",)
    before_notification: ClassVar[bool] = True

    kind: Literal["another board's review", "domestic homicide review", "another review"] = Field(title="With what")
    led_by: Line = Field(title="Who leads")
    their_reference: Line = Field(title="Their reference")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps who leads, and their reference."""
        file.joint.append(f"{self.kind}, led by {self.led_by}, {self.their_reference}")
