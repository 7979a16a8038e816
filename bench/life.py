"""One lifecycle for the benchmarks: an incident, a decision, a review, letters all along, until the file has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from models.days import london_date
from models.rulebook import Rulebook
from running.case_client import CaseClient

AT_ONCE = 4
"""How many files are worked on at the same time."""

ORGANISATIONS = ("exampleshire-hospital", "exampleshire-police", "hill-school")
_REASONS = "There is much to learn about how we worked together."
_FOUND_OUT = "It did not happen as it was first told."

STEPS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("notified_panel", {}),
    ("review_recommended", {"recommends": "SCR, criteria not met", "reasons": _REASONS}),
    *(("files_secured", {"organisation": name}) for name in ORGANISATIONS),
    ("decision", {"choice": "SCR, criteria not met", "decided_by": "chair", "reasons": _REASONS}),
    *(("representative_named", {"organisation": name, "representative": "A manager"}) for name in ORGANISATIONS),
    *(("staff_informed", {"organisation": name, "about": "the review"}) for name in ORGANISATIONS),
    (
        "reviewer_named",
        {
            "reviewer": "lead",
            "reviewer_name": "Robin Specimen",
            "qualification": "Has led nine reviews.",
            "employers_and_interests": ["Specimen Reviews Ltd"],
            "not_involved": True,
            "commission_includes_event": True,
        },
    ),
    ("scope_set", {"scope": "standard", "reasons": "Three organisations over two years."}),
    *(
        ("information_requested", {"request": name, "organisation": name, "wanted": "A review of your own part."})
        for name in ORGANISATIONS
    ),
    (
        "family_invited",
        {
            "member": "mother",
            "relationship": "mother",
            "how_explained": "A letter and a visit.",
            "contacted_through": "post",
        },
    ),
    ("family_answered", {"member": "mother", "answer": "declines"}),
    (
        "decision_revisited",
        {"choice": "no review", "decided_by": "chair", "reasons": _FOUND_OUT, "because": _FOUND_OUT},
    ),
    ("notification_withdrawn", {"reason": _FOUND_OUT}),
)
"""Each step's name and fields, in the order they are recorded; the last one ends the file."""


def opening(reference: str, day: str) -> dict[str, Any]:
    """What a file is opened with: a child was seriously harmed, and no criterion is met."""
    child = {
        "id": "child-one",
        "born_on": "2015-01-31",
        "outcome": "seriously harmed",
        "harms": ["life-threatening injury"],
        "abuse_or_neglect": "known",
        "custody": "none",
        "detained_under_mental_health_act": "no",
        "deprived_of_liberty": "no",
        "residence": "Hertfordshire",
    }
    return {
        "reference": reference,
        "opened_on": day,
        "recorded_by": "coordinator",
        "incident": {
            "children": [child],
            "concern_about_joint_working": "no",
            "aware_on": day,
            "notified_on": day,
            "organisations": [{"id": name, "name": name.replace("-", " ").title()} for name in ORGANISATIONS],
        },
    }


def today() -> str:
    """The day it is in London."""
    return london_date(datetime.now(UTC)).isoformat()


def bodies(day: str) -> list[tuple[str, dict[str, Any]]]:
    """The steps as they are sent, each recorded as having happened on this day."""
    common = {"recorded_by": "coordinator", "happened_on": day}
    return [(name, {"id": f"step-{n}", **common, **fields}) for n, (name, fields) in enumerate(STEPS, start=1)]


async def begin(cases: CaseClient, rulebook: Rulebook, reference: str, *, leave_out: int = 0) -> None:
    """Opens a file and records its steps, each when the one before is acknowledged; not the last ones, if told so."""
    day = today()
    await cases.open(opening(reference, day), rulebook)
    for name, body in bodies(day)[: max(len(STEPS) - leave_out, 0)]:
        await cases.record(reference, name, body)


async def live(cases: CaseClient, rulebook: Rulebook, reference: str) -> None:
    """One whole lifecycle; returns when the run has ended."""
    await begin(cases, rulebook, reference)
    await cases.handle(reference).result()


async def at_once(names: Iterable[str], work: Callable[[str], Awaitable[None]]) -> None:
    """Does something for each of these, so many at a time."""
    waiting = iter(names)

    async def one_after_another() -> None:
        for name in waiting:
            await work(name)

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
