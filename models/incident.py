"""The facts of an incident, as they were notified and later corrected. "Unknown" is a value of its own, never "no"."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

KnownOrNot = Literal["yes", "no", "unknown"]
Outcome = Literal["died", "seriously harmed", "not seriously harmed", "unknown"]
Suspicion = Literal["known", "suspected", "not suspected", "unknown"]
Harm = Literal["life-threatening injury", "impairment of health or development", "serious sexual abuse", "other"]
SERIOUS: frozenset[Harm] = frozenset({"life-threatening injury", "impairment of health or development"})
"""What is serious harm by the statutory definition (2.1b)."""
Custody = Literal[
    "none",
    "police custody",
    "on remand",
    "following sentencing",
    "young offender institution",
    "secure training centre",
    "secure children's home",
    "other custody",
    "unknown",
]
Where = Literal["in the area", "elsewhere in the United Kingdom", "outside the United Kingdom", "unknown"]
ReviewKind = Literal[
    "Serious Case Review",
    "Partnership Case Review",
    "child death review",
    "single-agency review",
    "audit of practice",
]

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$")]
"""A short name for something on the file: letters, digits, dot, hyphen, underscore. Never a person's name."""

Reference = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{2,39}$")]
"""What a file is called everywhere: capitals, digits and hyphens. Never anything of the child."""

Day = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(2100, 1, 1))]
"""A date in Europe/London that can be counted from."""

Email = Annotated[str, Field(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$", max_length=254)]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Text = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"\S")]


class Facts(BaseModel):
    """Plain facts: frozen, nothing unknown to them let in, no value shown in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Child(Facts):
    """A child of the incident (2.1a, 2.1b, 2.1d), by local identifier and never by name."""

    id: Identifier = Field(title="Local identifier", description="Do not use the child's name.")
    born_on: Day | None = Field(None, title="Date of birth", description="Leave blank if unknown.")
    outcome: Outcome = Field("unknown", title="What happened to the child")
    died_on: Day | None = Field(None, title="Date of death", description="Leave blank if unknown.")
    harms: tuple[Harm, ...] = Field((), title="Kinds of harm", description="Tick all that apply (2.1b, 2.1c).")
    other_harm: Text | None = Field(None, title="What other harm", json_schema_extra={"only_with": {"harms": "other"}})
    recovered: bool = Field(
        False,
        title="The child has recovered",
        description="Recovery does not change whether the harm was serious (2.1b).",
    )
    research_considered: Text | None = Field(
        None,
        title="Research considered",
        description="Needed if the child was not seriously harmed (2.1b).",
    )
    abuse_or_neglect: Suspicion = Field("unknown", title="Abuse or neglect")
    custody: Custody = Field("unknown", title="In custody at the time of death")
    detained_under_mental_health_act: KnownOrNot = Field("unknown", title="Detained under the Mental Health Act 1983")
    deprived_of_liberty: KnownOrNot = Field(
        "unknown", title="Subject to a deprivation of liberty order", description="Mental Capacity Act 2005."
    )
    residence: Line | None = Field(None, title="Area of normal residence", description="Leave blank if unknown.")

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if self.born_on and self.died_on and self.died_on < self.born_on:
            raise ValueError("died_on is before born_on: check both dates")
        if self.died_on and self.outcome != "died":
            raise ValueError("died_on is given but outcome is not 'died'")
        if "other" in self.harms and self.other_harm is None:
            raise ValueError("other_harm is missing: say what the other harm was (2.1b)")
        if self.outcome == "seriously harmed" and not self.harms:
            raise ValueError("harms is empty: tick at least one kind of harm (2.1b)")
        if self.outcome == "not seriously harmed" and (always := SERIOUS.intersection(self.harms)):
            raise ValueError(f"outcome is 'not seriously harmed', but {min(always)} is serious harm (2.1b)")
        if self.outcome == "not seriously harmed" and self.research_considered is None:
            raise ValueError("research_considered is missing: name the research that was considered (2.1b)")
        return self

    def age_at_death(self) -> int | None:
        """Whole years at death, or None while either date is unknown (2.1d)."""
        if self.born_on is None or self.died_on is None:
            return None
        had_birthday = (self.died_on.month, self.died_on.day) >= (self.born_on.month, self.born_on.day)
        return self.died_on.year - self.born_on.year - (not had_birthday)


class InvolvedOrganisation(Facts):
    """An organisation involved in the case, with its safeguarding lead (2.7a)."""

    id: Identifier = Field(title="Identifier", description="As in the board's directory, if it is there.")
    name: Line = Field(title="Name")
    safeguarding_lead: Line | None = Field(None, title="Safeguarding lead")
    email: Email | None = Field(None, title="The lead's e-mail address", description="Used if the directory has none.")


class Incident(Facts):
    """What was notified (2.1f)."""

    children: tuple[Child, ...] = Field(min_length=1, max_length=20, title="Children")
    concern_about_joint_working: KnownOrNot = Field(
        "unknown", title="Cause for concern about how the authority, Board partners or others worked together"
    )
    where: Where = Field("in the area", title="Where it happened")
    aware_on: Day | None = Field(None, title="The authority became aware on", description="Leave blank if unknown.")
    notified_on: Day = Field(title="The board was notified on")
    panel_notified_on: Day | None = Field(
        None, title="The authority notified the national panel on", description="If this is already known (2.1f)."
    )
    late_because: Text | None = Field(
        None, title="Why the board was notified late", description="Only if it was (2.1f)."
    )
    organisations: tuple[InvolvedOrganisation, ...] = Field((), max_length=50, title="Organisations involved")
    summary: Text | None = Field(None, title="What happened, in a few sentences")

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for what, ids in (
            ("child", [child.id for child in self.children]),
            ("organisation", [organisation.id for organisation in self.organisations]),
        ):
            if len(set(ids)) != len(ids):
                raise ValueError(f"two entries have the same {what} id: give each its own")
        if self.aware_on and self.notified_on < self.aware_on:
            raise ValueError("notified_on is before aware_on: the authority must be aware before it notifies")
        if self.aware_on and self.panel_notified_on and self.panel_notified_on < self.aware_on:
            raise ValueError("panel_notified_on is before aware_on: the authority must be aware before it notifies")
        return self


class PlannedReview(Facts):
    """A review that needs no incident: what kind, and why it is held (1.1, 1.2a)."""

    kind: ReviewKind = Field(title="Kind of review", json_schema_extra={"not_offered": ["Serious Case Review"]})
    reasons: Text = Field(title="Why this review is held")
    organisations: tuple[InvolvedOrganisation, ...] = Field((), max_length=50, title="Organisations involved")


class Opening(Facts):
    """What a file is opened with: an incident, or a review that needs none."""

    id: Identifier = Field("opening", title="Identifier of the message")
    reference: Reference = Field(title="Reference")
    opened_on: Day = Field(title="Opened on")
    recorded_by: Line = Field(title="Opened by")
    incident: Incident | None = None
    review: PlannedReview | None = None
    related: tuple[Reference, ...] = Field((), max_length=20, title="Related files")

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if (self.incident is None) == (self.review is None):
            raise ValueError("give either an incident or a review that needs no incident")
        if self.review is not None and self.review.kind == "Serious Case Review":
            raise ValueError("a Serious Case Review needs an incident (2.1a)")
        return self
