"""Help in plain English: a page for each stage of a file, and for recording, deadlines and letters. Anyone may read it.

The words are templates; steps, their rules and the lengths of deadlines are what the core and the rulebook have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from models.rulebook import Clock
from models.serious_case_reviews import SERIOUS_CASE_REVIEWS
from models.tasks import clocks_of_stage, steps_of_stage
from web.request.visit import NotFound, Visit, allowed

router = APIRouter()

REGIME = SERIOUS_CASE_REVIEWS
"""What the help is about."""


@dataclass(frozen=True)
class Subject:
    """One page of help.

    Arguments:
        slug: its address, and its template's name.
        title: its heading.
        summary: what it is about, in the list of all.
        steps: the names of the steps that are recorded then, the usual order first.
        clocks: the names of the deadlines that matter then; None for every one.
    """

    slug: str
    title: str
    summary: str
    steps: tuple[str, ...] = ()
    clocks: tuple[str, ...] | None = ()


def _stage(name: str, title: str, summary: str) -> Subject:
    stage = next(stage for stage in REGIME.stages if stage.name == name)
    return Subject(name, title, summary, steps_of_stage(REGIME, stage), clocks_of_stage(stage))


STAGES = (
    _stage("deciding", "Deciding", "From the call about an incident to the Chair's decision."),
    _stage("review", "Review", "From the decision to the signed-off report."),
    _stage("publication", "Publication", "From the signed-off report to publication, or the decision not to publish."),
    _stage("learning", "Learning", "What everyone learns from the review: event, training, bulletin."),
    _stage("follow-up", "Follow-up", "Until the last action is done and its impact is known."),
    Subject(
        "closed",
        "Closed",
        "What a closed file keeps, and how to reopen it.",
        ("reopened", *(name for name, kind in REGIME.steps.items() if kind.on_closed and name != "reopened")),
    ),
)

WAYS = (
    Subject("life-of-a-file", "The life of a file", "What leads from stage to stage, and which steps each has."),
    Subject(
        "recording",
        "Recording an update",
        "What a step is, why it can be refused, and how to correct a mistake.",
        ("note_added", "struck_out", "facts_corrected"),
    ),
    Subject(
        "deadlines",
        "Deadlines",
        "How days are counted, who gets reminders, and what happens if something is late.",
        ("deadline_extended", "escalation_acknowledged"),
        None,
    ),
    Subject(
        "letters",
        "Letters",
        "What is sent automatically, how to check that it was sent, and what to do if it was not.",
        ("address_corrected", "acknowledged"),
        ("undelivered",),
    ),
)

SUBJECTS = {subject.slug: subject for subject in (*STAGES, *WAYS)}


@router.get("/help")
async def guide(visit: Visit = allowed("anyone")) -> Response:
    """What there is help on."""
    return visit.page("guide/index.html", title="Help", stages=STAGES, ways=WAYS)


@router.get("/help/{slug}")
async def subject(slug: str, visit: Visit = allowed("anyone")) -> Response:
    """One subject."""
    found = SUBJECTS.get(slug)
    if found is None:
        raise NotFound("There is no help under this address: the list of all subjects is under Help.")
    return visit.page(
        f"guide/{found.slug}.html",
        title=found.title,
        subject=found,
        steps=[REGIME.steps[name] for name in found.steps],
        clocks=_clocks(visit, found),
        board=visit.site.system.rulebook.board,
        regime=REGIME,
    )


def _clocks(visit: Visit, subject: Subject) -> list[dict[str, Any]]:
    """The deadlines of a subject as new files have them."""
    clocks = visit.site.system.rulebook.clocks
    names = clocks if subject.clocks is None else [name for name in subject.clocks if name in clocks]
    return [
        {
            "rule": clocks[name].rule,
            "title": clocks[name].title.replace("{organisation}", "An organisation"),
            "length": length_words(clocks[name]),
            "basis": clocks[name].basis,
        }
        for name in names
    ]


def length_words(clock: Clock) -> str:
    """How long something may take, ``1 calendar month``."""
    if not clock.length:
        return "on the day"
    return f"{clock.length} {clock.unit.removesuffix('s') if clock.length == 1 else clock.unit}"
