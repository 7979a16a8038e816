"""What is wrong with the fields of a message, in plain English for whoever sent it; what was typed is not repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from .days import day_words
from .record import Refusal

SHOWN = 4
"""How many faults are told at once."""

PATTERNS: Mapping[str, str] = {
    r"\S": "it is empty",
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$": (
        "use up to 50 letters, digits, dots, hyphens and underscores, starting with a letter or digit"
    ),
    r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$": (
        "use up to 64 letters, digits, dots, colons, hyphens and underscores, starting with a letter or digit"
    ),
    r"^[A-Z0-9][A-Z0-9-]{2,39}$": "a reference must be 3 to 40 capital letters, digits and hyphens",
    r"^[^@\s<>,;]+@[^@\s<>,;]+$": "enter an e-mail address, like name@board.example",
    r"^[0-9a-f]{64}$": "enter a document's digest: 64 hexadecimal digits in lower case",
}
"""What to do about a text that does not have the form it must have, by that form."""

KINDS: Mapping[str, str] = {
    "string_type": "enter text",
    "string_too_short": "it is empty",
    "string_too_long": "this is longer than {max_length} characters: shorten it, or upload it as a document",
    "too_short": "give at least {min_length}",
    "too_long": "give at most {max_length}",
    "bool_type": "enter true or false",
    "int_type": "enter a whole number",
    "date_type": "enter a date like 2018-09-30",
    "date_parsing": "enter a date like 2018-09-30",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "less_than": "must be less than {lt}",
    "literal_error": "choose one of {expected}",
    "tuple_type": "give a list",
    "dict_type": "give names with values",
    "model_type": "give its fields by name",
}
"""What to do about a fault, by pydantic's name for it."""


def explained(faults: Sequence[Mapping[str, Any]], what: str, rule: str) -> Refusal:
    """A refusal from what pydantic found, naming the fields at fault.

    Arguments:
        faults: as ``ValidationError.errors`` gives them; the first few are told.
        what: what the message is, ``decision``.
        rule: the rule behind the first.
    """
    own = [fault for fault in faults if not _follows(fault, faults)]
    field = ".".join(str(part) for part in own[0]["loc"]) or None
    return Refusal(rule, "; ".join(_in_words(fault, what) for fault in own[:SHOWN]), field)


def _follows(fault: Mapping[str, Any], faults: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a list is too short only because one of its entries has a fault, and was not counted."""
    at = tuple(fault["loc"])
    return fault["type"] == "too_short" and any(tuple(other["loc"])[:-1][: len(at)] == at for other in faults)


def _in_words(fault: Mapping[str, Any], what: str) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    kind, context = str(fault["type"]), fault.get("ctx", {})
    if kind == "extra_forbidden":
        return f"{where} is not a field of {what}: leave it out"
    if kind == "missing":
        return f"{where} is missing"
    words = PATTERNS.get(str(context.get("pattern"))) if kind == "string_pattern_mismatch" else limit_words(fault)
    words = words or str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}: {words}" if where else words


def limit_words(fault: Mapping[str, Any]) -> str:
    """What to do about a fault, with its limit; a date's limit as a day. Empty for a kind that is not in the list."""
    kind, context = str(fault["type"]), fault.get("ctx", {})
    if first := _day(context.get("ge")):
        return f"the date must be on or after {day_words(first)}"
    if end := _day(context.get("lt")):
        return f"the date must be before {day_words(end)}"
    return KINDS.get(kind, "").format(**context)


def _day(limit: object) -> date | None:
    """A limit that is a day, as a date or in ISO text; None for any other."""
    try:
        return date.fromisoformat(str(limit)) if isinstance(limit, date | str) else None
    except ValueError:
        return None
