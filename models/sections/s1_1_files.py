"""1.1 One review to a file: files of the same incident are merged, and joint reviews are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from ..casefile import CaseFile
from ..gates import not_in_future
from ..incident import Day, Line, Reference, Text
from ..record import Entry, Refusal
from ..step import Step, World
from .s2_1_criteria import end


class MergedInto(Step):
    """The same incident is on another file, or two reviews are joined: this file ends in favour of the other."""

    label: ClassVar[str] = "The file was merged into another"
    rules: ClassVar[tuple[str, ...]] = ("1.1",)

    reference: Reference = Field(title="The other file's reference")
    reason: Text = Field(title="Why the files are merged")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """A file is not merged into itself."""
        if self.reference == file.reference:
            yield Refusal("1.1", "A file cannot be merged into itself: give the other file's reference.", "reference")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Ends the file as merged."""
        end(file, "merged", self)
        file.ended_note = self.reference


class MergedFrom(Step):
    """Another file was merged into this one: the earlier notification stands. The other file sends it by itself."""

    label: ClassVar[str] = "Another file was merged into this one"
    rules: ClassVar[tuple[str, ...]] = ("1.1", "2.1f")
    before_notification: ClassVar[bool] = True

    reference: Reference = Field(title="The other file's reference")
    aware_on: Day | None = Field(None, title="The authority became aware on, by the other file")
    notified_on: Day | None = Field(None, title="The board was notified on, by the other file")
    panel_notified_on: Day | None = Field(None, title="The national panel was notified on, by the other file")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Another file, merged once, with dates that have been."""
        if self.reference == file.reference:
            yield Refusal("1.1", "A file cannot be merged into itself: give the other file's reference.", "reference")
        if self.reference in file.joint:
            yield Refusal("1.1", f"The file {self.reference} is merged into this one already.", "reference")
        for name in ("aware_on", "notified_on", "panel_notified_on"):
            yield from not_in_future(getattr(self, name), world.today, name, "2.1f")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Takes over the earlier notifications; whoever was notified by then, the authority was aware."""
        file.joint.append(self.reference)
        if file.notified_on is None:
            return
        file.notified_on = min(file.notified_on, self.notified_on or file.notified_on)
        known = [day for day in (file.aware_on, self.aware_on) if day]
        if known:
            file.aware_on = min(*known, file.notified_on)
        panel = [day for day in (file.panel_notified.get(""), self.panel_notified_on) if day]
        if panel:
            file.panel_notified[""] = min(panel)


class JoinedWith(Step):
    """A joint review with another board, or a domestic homicide review; our clocks stay."""

    label: ClassVar[str] = "The review was joined with another"
    rules: ClassVar[tuple[str, ...]] = ("1.1",)
    before_notification: ClassVar[bool] = True

    kind: Literal["another board's review", "domestic homicide review", "another review"] = Field(title="With what")
    leads: Line = Field(title="Who leads")
    their_reference: Line = Field(title="Their reference")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps who leads, and their reference."""
        file.joint.append(f"{self.kind}, led by {self.leads}, {self.their_reference}")
