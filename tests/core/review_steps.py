"""Steps of a review as the tests of sections 1.2 to 2.5 record them, each with the fields it needs."""

from __future__ import annotations

from datetime import date
from typing import Any

from models.letter import LetterToSend

from .case import REPORT, Case, morning

UNDECIDED: dict[str, Any] = {"id": "child-1", "residence": "Hertfordshire"}
"""A child of whom nothing is known but where it lives."""

UNHARMED: dict[str, Any] = {
    "id": "child-1",
    "born_on": "2012-03-04",
    "outcome": "not seriously harmed",
    "research_considered": "A review of what long-term harm follows from such injuries.",
    "abuse_or_neglect": "suspected",
    "residence": "Hertfordshire",
}
"""A child who was not seriously harmed: no limb is met, and none is undecided."""

REVIEWER: dict[str, Any] = {
    "reviewer": "lead-1",
    "reviewer_name": "Robin Specimen",
    "qualification": "Has led nine reviews by the principles.",
    "employers_and_interests": ["Specimen Reviews Ltd"],
    "not_involved": True,
    "commission_includes_event": True,
}

MODEL: dict[str, Any] = {
    "model": "SCIE Learning Together",
    "recognises_complexity": "It looks at the whole system.",
    "seeks_underlying_reasons": "It asks why it made sense at the time.",
    "viewpoint_at_the_time": "It begins with what was known on the day.",
    "transparent": "Method and limits are in the report.",
    "uses_research": "Findings are set beside research.",
}

SIGN_OFF: dict[str, Any] = {
    "document": REPORT,
    "signed_by": "Person chair",
    "says_what_happened": True,
    "says_why": True,
    "says_what_will_be_done": True,
    "lived_experience": "A chapter tells each day as the child saw it.",
    "sound_analysis": True,
    "plain_english": True,
    "fit_to_publish": True,
}


def decide(case: Case, on: str = "2018-09-12", choice: str = "SCR, criteria met", **fields: Any) -> str:
    """The Chair's decision; its id."""
    made = {"decided_by": "chair", "reasons": "The limbs were gone through one by one.", **fields}
    return str(case.step("decision", on, choice=choice, **made)["id"])


def under_review(*children: dict[str, Any], on: str = "2018-09-12", **opened: Any) -> Case:
    """A file with a Serious Case Review, initiated a week after the notification."""
    case = Case.opened(*children, **opened)
    decide(case, on)
    return case


def without_incident(kind: str = "Partnership Case Review", on: str = "2018-09-12") -> Case:
    """A file opened for a review that needs no incident."""
    review = {
        "kind": kind,
        "reasons": "Three near misses in a year.",
        "organisations": [{"id": "hospital", "name": "Example Hospital Trust"}],
    }
    body = {"reference": "EX-2018-0002", "opened_on": on, "recorded_by": "coordinator", "review": review}
    return Case.start(body, morning(on))


def ready_to_sign(case: Case, on: str = "2018-11-05") -> Case:
    """Everything a report needs before it is signed off, the draft included."""
    if case.file.review is not None and case.file.review.serious:
        case.step("reviewer_named", on, **REVIEWER)
        case.step("model_chosen", on, **MODEL)
    case.step("practitioners_involved", on, organisation="hospital", how="conversation", how_many=3)
    case.step("family_invited", on, member="mother", relationship="mother", how_explained="A visit.")
    case.step("family_answered", on, member="mother", answer="declines")
    case.step("report_drafted", on, document=REPORT, version="Draft 1")
    return case


def signed(*children: dict[str, Any], on: str = "2018-11-12", **opened: Any) -> Case:
    """A Serious Case Review whose report is signed off."""
    case = ready_to_sign(under_review(*children, **opened))
    case.step("report_signed_off", on, **SIGN_OFF)
    return case


def published(on: str = "2018-12-03", **opened: Any) -> Case:
    """A Serious Case Review whose report is on the website."""
    case = signed(**opened)
    check_publication(case, "2018-11-19")
    case.step("board_responded", "2018-11-19")
    case.step("publication_fixed", "2018-11-19", publish_on=on)
    case.step("published", on, address="https://board.example/reports/1")
    return case


def check_publication(case: Case, on: str) -> None:
    """The welfare and legal check."""
    case.step(
        "publication_checked",
        on,
        checked_by="Person chair",
        welfare="Nobody can be recognised.",
        impact_managed="The family is told first.",
        data_protection=True,
        court_orders=True,
    )


def close_action(case: Case, action: str, on: str) -> None:
    """An agreed action is done, and its impact recorded."""
    case.step("action_done", on, action=action, evidence="The form is in use.")
    case.step("impact_recorded", on, action=action, impact="Fewer missed appointments.")


def days(case: Case, what: str, deadline: str) -> list[tuple[date, str]]:
    """The day and the recipient of each line of one kind for a deadline."""
    return [(date.fromisoformat(e["at"][:10]), e["to"]) for e in case.told(what, deadline=deadline)]


def says_nothing_of_the_child(letter: LetterToSend) -> bool:
    """Whether a letter holds neither a child's identifier nor a date of birth or death."""
    text = f"{letter.title} {letter.to} {letter.content}"
    return not any(of_child in text for of_child in ("child-", "2012-03-04", "2018-08-30", "life-threatening"))
