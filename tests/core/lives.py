"""Stretches of a case's life, for tests that are about what comes after them.

Each takes a case and brings it on, through what goes before if that is not done yet: ``decided``, ``drafted``,
``signed_off``, ``ready_to_publish``, ``published``, ``year_over``. Left out, the case is a death that meets the
criteria, notified on 5 September 2018. Every day can be chosen; they need only be in order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from models.days import LONDON
from models.view import recordable

from .case import HARMED, PLAN, REPORT, Case

DECIDED, NAMED, DRAFTED, SIGNED = "2018-09-20", "2018-10-01", "2019-02-18", "2019-03-04"
CHECKED, PUBLISHED, OVER = "2019-03-18", "2019-04-01", "2020-04-01"
"""The days things happen unless told otherwise: the review is in time, published on the day, its year whole."""

PRINCIPLES = {
    "recognises_complexity": "By mapping the whole system.",
    "seeks_underlying_reasons": "By asking why it made sense.",
    "viewpoint_at_the_time": "By conversations about the time.",
    "transparent": "By publishing the method.",
    "uses_research": "By a research review.",
}
"""A statement for each principle of 2.4a."""

CONFIRMED: dict[str, Any] = {
    "signed_by": "Person chair",
    "says_what_happened": True,
    "says_why": True,
    "says_what_will_be_done": True,
    "lived_experience": "Told from the child's days.",
    "sound_analysis": True,
    "plain_english": True,
    "fit_to_publish": True,
}
"""Every point that a sign-off confirms."""

CHECK: dict[str, Any] = {
    "checked_by": "Person chair",
    "welfare": "Nobody can be recognised.",
    "impact_managed": "The family is told the day before.",
    "data_protection": True,
    "court_orders": True,
}
"""Every point of the welfare and legal check."""


def lived_once(life: Callable[..., Case]) -> Callable[..., Case]:
    """A life that begins with nothing is lived once in a process, and each test goes on with a copy."""
    lived: dict[str, Case] = {}

    @wraps(life)
    def copied(case: Case | None = None, *given: Any, **more: Any) -> Case:
        if case is not None:
            return life(case, *given, **more)
        key = repr((given, sorted(more.items())))
        if key not in lived:
            lived[key] = life(None, *given, **more)
        return lived[key].copy()

    return copied


def met() -> Case:
    """A death that meets the criteria, at two organisations."""
    return Case.opened(organisations=("hospital", "school"))


def not_met(**opened: Any) -> Case:
    """Serious harm with no concern about joint working: no limb is met."""
    return Case.opened(HARMED, concern="no", **{"organisations": ("hospital", "school"), **opened})


@lived_once
def decided(case: Case | None = None, choice: str = "SCR, criteria met", on: str = DECIDED, **more: Any) -> Case:
    """A review is decided on."""
    case = case or met()
    if not case.file.panel_notified:
        case.step("notified_panel")
    case.step("decision", on, choice=choice, decided_by="chair", reasons="By the finding.", **more)
    return case


@lived_once
def drafted(case: Case | None = None, on: str = DRAFTED) -> Case:
    """The review was led, the family and practitioners were asked, and there is a draft."""
    case = case or decided()
    if case.file.review is None:
        decided(case)
    case.step(
        "reviewer_named",
        max(NAMED, case.file.review.initiated_on.isoformat() if case.file.review else NAMED),
        reviewer="reviewer-1",
        reviewer_name="Reviewer One",
        qualification="Twenty reviews.",
        not_involved=True,
        commission_includes_event=True,
    )
    case.step("scope_set", scope="standard", reasons="Two organisations.")
    case.step("model_chosen", model="Root Cause Analysis", **PRINCIPLES)
    for party in case.file.parties:
        case.step("representative_named", organisation=party, representative="A representative")
        if case.file.parties[party].files_secured_on is None:
            case.step("files_secured", organisation=party)
        case.step("staff_informed", organisation=party, about="the review")
        case.step("practitioners_involved", organisation=party, how="conversation", how_many=3)
    case.step("family_invited", member="parent-1", relationship="parent", how_explained="In a letter.")
    case.step("family_answered", member="parent-1", answer="declines")
    case.step("report_drafted", on, document=REPORT, version="Draft 1")
    return case


@lived_once
def signed_off(case: Case | None = None, on: str = SIGNED, document: str = REPORT) -> Case:
    """The report is signed off."""
    case = case or drafted()
    if not case.file.drafts:
        drafted(case)
    if document not in case.file.drafts:
        case.step("report_drafted", on, document=document, version="Final")
    case.step("report_signed_off", on, document=document, **CONFIRMED)
    return case


@lived_once
def planned(case: Case | None = None, on: str | None = None, *, agreed: bool = True) -> Case:
    """An action of the hospital is in the plan, and the plan is a document: the board's copies can go."""
    case = case or signed_off()
    case.step("action_proposed", on, action="action-1", text="Train the night staff.", owner="hospital")
    case.step("action_plan_drafted", document=PLAN)
    if agreed:
        case.step("action_agreed", action="action-1", agreed_by="Person member-hospital")
    return case


@lived_once
def ready_to_publish(case: Case | None = None, on: str = CHECKED) -> Case:
    """The board has responded and the publication is checked: a date can be fixed."""
    case = case or signed_off()
    if case.file.report is None:
        signed_off(case)
    if case.file.publication.responded_on is None:
        case.step("board_responded", on)
    case.step("publication_checked", on, **CHECK)
    return case


@lived_once
def published(case: Case | None = None, on: str = PUBLISHED) -> Case:
    """The report is on the website."""
    case = case or signed_off()
    if case.file.publication.checked_on is None:
        ready_to_publish(case)
    case.step("publication_fixed", publish_on=on)
    case.step("published", on, address="https://board.example/report")
    return case


@lived_once
def year_over(case: Case | None = None, on: str = OVER) -> Case:
    """The report's twelve months are over, and a person has decided."""
    case = case or published()
    if case.file.publication.published_on is None:
        published(case)
    case.until(on)
    case.step("moved_to_request", on)
    return case


def today(case: Case) -> str:
    """Today in London."""
    return case.now.astimezone(LONDON).date().isoformat()


@lived_once
def learned(case: Case | None = None) -> Case:
    """All of 2.8c and 2.10, today."""
    case = case or published()
    case.step("learning_event_planned", event="event-1", planned_for=today(case), audience="Practitioners")
    case.step("learning_event_held", event="event-1", attendance={"hospital": 12, "school": 5})
    case.step("learning_considered", learning="Night cover.")
    case.step("training_changed", change="A day on night cover.")
    case.step("bulletin_approved", document="e" * 64, approved_by="The sub-group")
    case.step("outcome_shared", outcome="Night cover was too thin.")
    for party in case.file.parties:
        case.step("findings_shared", organisation=party)
        case.step("learning_taken_forward", organisation=party, how="At the yearly conference.")
        case.step("outcome_confirmed", organisation=party)
    return case


def why_not(case: Case, step: str) -> list[tuple[str, str]]:
    """Every rule and reason why no such step may be recorded now, whatever its fields."""
    (found,) = [one for one in recordable(case.file, case.world) if one["step"] == step]
    return [(refusal["rule"], refusal["reason"]) for refusal in found["why_not"]]
