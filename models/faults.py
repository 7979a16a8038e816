"""What is wrong with the fields of a message, in plain English for whoever sent it; what was typed is not repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .record import Refusal

SHOWN = 4
"""How many faults are told at once."""

PATTERNS: Mapping[str, str] = {
    r"\S": "it is empty",
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$": (
        "use letters, digits, dots, hyphens and underscores, 50 at most, and begin with a letter or digit"
    ),
    r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$": (
        "use letters, digits, dots, colons, hyphens and underscores, 64 at most, and begin with a letter or digit"
    ),
    r"^[A-Z0-9][A-Z0-9-]{2,39}$": "a file's reference is 3 to 40 capitals, digits and hyphens",
    r"^[^@\s<>,;]+@[^@\s<>,;]+$": "this is no e-mail address: give one, without a name or spaces",
    r"^[0-9a-f]{64}$": "this is no document's digest: 64 hexadecimal digits, in small letters",
}
"""What to do about a text that does not have the form it must have, by that form."""

KINDS: Mapping[str, str] = {
    "string_type": "give a text",
    "string_too_short": "it is empty",
    "string_too_long": "it is longer than {max_length} characters: shorten it, or keep it as a document",
    "too_short": "give {min_length} at least",
    "too_long": "give {max_length} at most",
    "bool_type": "say true or false",
    "int_type": "give a whole number",
    "date_type": "give a date, as 2018-09-30",
    "date_parsing": "give a date, as 2018-09-30",
    "greater_than_equal": "it must be {ge} or more",
    "less_than_equal": "it must be {le} or less",
    "less_than": "it must be less than {lt}",
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
    words = PATTERNS.get(str(context.get("pattern"))) if kind == "string_pattern_mismatch" else KINDS.get(kind)
    words = words.format(**context) if words else str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}: {words}" if where else words
