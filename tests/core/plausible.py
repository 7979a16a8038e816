"""Steps as a hurried coordinator might send them: of every kind, with fields that often fit the file and sometimes not.

The bodies come from the step models' own schemas, so that a new step or field is tried without anybody thinking of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from models.days import london_date
from models.serious_case_reviews import STEPS

from .case import PAPER, PLAN, REPLACEMENT, REPORT, Case

BY_PATTERN: Mapping[str, Callable[[random.Random], str]] = {
    r"^[0-9a-f]{64}$": lambda rng: rng.choice((REPORT, REPLACEMENT, PLAN, PAPER)),
    r"^[^@\s<>,;]+@[^@\s<>,;]+$": lambda rng: f"person-{rng.randrange(3)}@board.example",
    r"^[A-Z0-9][A-Z0-9-]{2,39}$": lambda rng: f"EX-2018-000{rng.randrange(1, 4)}",
}

AHEAD = (0, 1, 7, 30, 90, 400)
BEHIND = (0, 0, 0, 0, 0, 1, 3, 20, -1)


@cache
def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a step."""
    return STEPS[name].model_json_schema()


def body(case: Case, name: str, rng: random.Random, id: str) -> dict[str, Any]:
    """A body for a step of this name."""
    shape = schema(name)
    known = _known(case, name)
    fields: dict[str, Any] = {}
    for field, part in shape["properties"].items():
        if field in known and rng.random() < 0.9:
            fields[field] = rng.choice(known[field])
        elif field in shape.get("required", ()) or rng.random() < 0.6:
            fields[field] = _value(part, shape, field, rng, case)
    today = london_date(case.now)
    fields |= {"id": id, "recorded_by": "coordinator"}
    fields["happened_on"] = (today - timedelta(days=rng.choice(BEHIND))).isoformat()
    return {field: value for field, value in fields.items() if value is not None}


def _known(case: Case, name: str) -> dict[str, list[Any]]:
    """What fits the file as it stands, by the name of the field."""
    file = case.file
    open_deadlines = [key for key, deadline in case.deadlines.items() if deadline.open]
    steps = [entry.id for entry in case.record if not entry.is_fact]
    found: dict[str, list[Any]] = {
        "organisation": [] if name == "organisation_added" else list(file.parties),
        "owner": [*file.parties, "board"],
        "child": [] if name == "child_added" else list(file.children),
        "deadline": open_deadlines,
        "step": steps,
        "notice": list(file.letters),
        "recipient": sorted({letter.to for letter in file.letters.values()}),
        "decided_by": ["chair"],
        "choice": ["SCR, criteria met"] if file.finding.held == "met" else ["no review", "SCR, criteria not met"],
        "rulebook": sorted(case.rulebooks),
        "request": list({**file.requests, **file.panel_requests, **file.publication.copies}),
        "challenge": list(file.challenges),
        "advice": list(file.advice),
        "action": list(file.actions),
        "event": list(file.learning.events),
        "reviewer": list(file.reviewers),
        "member": list(file.family),
        "restriction": list(file.publication.restrictions),
        "unknown_reasons": [dict.fromkeys(file.finding.unknown(), "It could not be found out.")],
        "attendance": [dict.fromkeys(file.parties, 4)],
        "same_text_as": list(file.drafts),
    }
    return {field: values for field, values in found.items() if values}


def _value(part: Mapping[str, Any], shape: Mapping[str, Any], field: str, rng: random.Random, case: Case) -> Any:
    if "anyOf" in part:
        part = rng.choice(part["anyOf"])
    if "$ref" in part:
        part = shape["$defs"][part["$ref"].rpartition("/")[2]]
    if "const" in part or "enum" in part:
        return part["const"] if "const" in part else rng.choice(part["enum"])
    match part.get("type"):
        case "boolean":
            return rng.random() < 0.85
        case "integer":
            return rng.randrange(1, 10)
        case "array":
            return [_value(part["items"], shape, field, rng, case) for _ in range(rng.randrange(3))]
        case "object":
            parts, needed = part.get("properties", {}), part.get("required", ())
            chosen = [name for name in parts if name in needed or rng.random() < 0.7]
            return {name: _value(parts[name], shape, name, rng, case) for name in chosen}
        case "string":
            return _text(part, field, rng, case)
    return None


def _text(part: Mapping[str, Any], field: str, rng: random.Random, case: Case) -> str:
    if part.get("format") == "date":
        ahead = rng.choice(AHEAD) * rng.choice((1, 1, 1, -1))
        return (london_date(case.now) + timedelta(days=ahead)).isoformat()
    pattern = part.get("pattern", "")
    if pattern in BY_PATTERN:
        return BY_PATTERN[pattern](rng)
    if pattern == r"\S":
        return rng.choice(("Something was said.", "Hertfordshire", "hospital", "Example School"))
    return f"{field}-{rng.randrange(1, 4)}"
