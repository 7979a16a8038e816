"""What the things on a file are called in refusals and titles: by name, text or day, never by their identifiers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .casefile_parts import Action, Advice, FamilyMember, Party, Proceedings, Request, Restriction, Reviewer
from .days import day_words

LONGEST = 60
"""Characters of a text that are quoted; a longer one is cut at a word."""

KINDS: Mapping[str, str] = {
    "advice": "advice of the national panel",
    "challenge": "request for peer challenge",
    "event": "learning event",
    "member": "family member",
    "restriction": "court restriction",
}
"""What a thing is called whose field has another name."""


def kind_words(field: str) -> str:
    """What kind of thing a step's field names: ``action``, ``request for peer challenge``."""
    return KINDS.get(field, field)


def called(thing: object) -> str:
    """What one thing on a file is called, ``“Review the handover …”``; empty when nothing tells it apart."""
    match thing:
        case Action():
            return quoted(thing.text)
        case Request():
            # An organisation's identifier has no space; the name of another board does.
            to = f"to {thing.organisation} " if thing.organisation and " " in thing.organisation else ""
            return f"{quoted(thing.what)}, {to}of {day_words(thing.asked_on)}"
        case Advice():
            return f"advice on {thing.topic} of {day_words(thing.on)}"
        case Reviewer():
            return thing.name
        case Party():
            return thing.facts.name
        case FamilyMember():
            return thing.relationship
        case Proceedings():
            return f"{thing.kind} proceedings"
        case Restriction():
            return f"restriction of {day_words(thing.set_on)}"
    return ""


def all_called(known: Mapping[str, object]) -> str:
    """What all things of a kind on a file are called, to end a sentence: `` On it: “…”; “….”``; empty for none."""
    names = [words for thing in known.values() if (words := called(thing))]
    return f" On it: {'; '.join(names)}." if names else ""


def quoted(text: str) -> str:
    """A text in quotation marks, on one line and cut when it is long."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= LONGEST else line[:LONGEST].rsplit(' ', 1)[0] + ' …'}”"


def short_name(name: str) -> str:
    """A thing's identifier for people: ``Family member 2`` for ``family-member-2``; one that somebody chose stays."""
    words = name.replace("-", " ")
    return words[:1].upper() + words[1:] if re.fullmatch(r"[a-z]+(-[a-z]+)*-\d+", name) else name


def numbered(kind: str, name: str) -> str:
    """A request or an action as titles have it: ``request 1`` for the identifier that forms propose, ``request-1``."""
    found = re.fullmatch(rf"(?:\w+-)?{kind}-(\d+)", name)
    return f"{kind} {found[1] if found else name}"
