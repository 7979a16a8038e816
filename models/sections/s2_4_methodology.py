"""2.4 Methodology: how large the review is, and the model it follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from ..casefile import CaseFile
from ..duty import DeadlineFactory, Duty
from ..gates import needs_review, not_before_review
from ..incident import Line, Text
from ..record import Entry, Refusal
from ..step import Step
from ..world import World


class ScopeSet(Step):
    """How large the review is. The complexity of the issues decides this, not whether criteria are met (1.3a, 2.4b)."""

    label: ClassVar[str] = "The scope of the review was set"
    rules: ClassVar[tuple[str, ...]] = ("1.3a", "2.4b")

    scope: Literal["concise", "standard", "extended"] = Field(title="Scope")
    reasons: Text = Field(title="Reasons", description="Why this scope fits. If it is changed, why.")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "1.3a")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """A change must change something."""
        yield from not_before_review(file, self.happened_on, "1.3a")
        if self.scope == file.scope:
            yield Refusal("1.3a", f"The scope is already {self.scope}.", "scope")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Sets or changes the scope."""
        file.scope = self.scope
        file.scope_on = file.scope_on or self.happened_on


class ModelChosen(Step):
    """The board may use any model that is consistent with the five principles. Show how for each of them (2.4a)."""

    label: ClassVar[str] = "The model of the review was chosen"
    rules: ClassVar[tuple[str, ...]] = ("2.4a",)

    model: Literal[
        "SCIE Learning Together",
        "Root Cause Analysis",
        "Child Practice Review",
        "Significant Incident Learning Process",
        "Appreciative Inquiry",
        "another model",
    ] = Field(title="Model")
    other_model: Line | None = Field(
        None, title="Which other model", json_schema_extra={"only_with": {"model": "another model"}}
    )
    recognises_complexity: Text = Field(title="How it recognises the complex circumstances of the work")
    seeks_underlying_reasons: Text = Field(title="How it seeks to understand who did what, and the underlying reasons")
    viewpoint_at_the_time: Text = Field(title="How it takes the viewpoint at the time rather than hindsight")
    transparent: Text = Field(title="How it is transparent about the way data is collected and analysed")
    uses_research: Text = Field(title="How it uses relevant research and case evidence")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "2.4a")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Another model is named."""
        if (self.model == "another model") != (self.other_model is not None):
            yield Refusal("2.4a", "Name the model if you chose another model, and only then.", "other_model")
        yield from not_before_review(file, self.happened_on, "2.4a")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Sets or changes the model."""
        file.model = self.other_model or self.model
        file.model_on = file.model_on or self.happened_on


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """The board's own clocks from the start of the review."""
    if file.review is not None:
        yield factory.deadline("scope_set", file.review.initiated_on, met_on=file.scope_on)
        if file.review.serious:
            yield factory.deadline("model_chosen", file.review.initiated_on, met_on=file.model_on)
