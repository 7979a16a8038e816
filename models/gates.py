"""Reasons that many steps share for not being recorded now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from .casefile import CaseFile
from .counting import day_words
from .parts import Topic
from .record import Refusal
from .step import World


def needs_incident(file: CaseFile, rule: str) -> Iterator[Refusal]:
    """Refused on a file that was opened for a review without an incident."""
    if file.opening.incident is None:
        yield Refusal(rule, "This file was opened for a review without an incident: there is none to speak of.")


def needs_review(file: CaseFile, rule: str) -> Iterator[Refusal]:
    """Refused until a review is under way."""
    if file.review is None:
        what = "no review is held" if file.decision else "no decision is recorded yet"
        yield Refusal(rule, f"There is no review on this file: {what}. Record a decision to hold one first.")


def needs_report(file: CaseFile, rule: str) -> Iterator[Refusal]:
    """Refused until a report is signed off."""
    if file.report is None:
        yield Refusal(rule, "No report is signed off on this file: record report_signed_off first.")


def needs_party(file: CaseFile, organisation: str, rule: str, field: str = "organisation") -> Iterator[Refusal]:
    """Refused for an organisation that is not on the file."""
    if organisation not in file.parties:
        known = ", ".join(sorted(file.parties)) or "none yet"
        yield Refusal(
            rule,
            f"{organisation} is not an organisation on this file ({known}): record organisation_added first.",
            field,
        )


def not_answered(file: CaseFile, topic: Topic) -> Iterator[Refusal]:
    """Refused while the national panel's advice on the topic awaits the board's response (2.3a)."""
    for name, advice in file.advice.items():
        if advice.topic == topic and advice.response is None:
            yield Refusal(
                "2.3a",
                f"The national panel's advice {name} on {topic} of {day_words(advice.on)} has no response from the "
                "board: record advice_considered first.",
            )


def decided_by_chair(decider: str, on: date, world: World, field: str, rule: str) -> Iterator[Refusal]:
    """Refused unless, by the directory, who decided was the Chair or acted for the Chair on that day (2.2c).

    Arguments:
        decider: a person's name or identifier in the directory.
        on: the day it was decided.
        world: without a directory it is refused as well, except quickly: only the directory says who is Chair.
        field: the step's field that names who decided.
        rule: that makes it the Chair's decision.
    """
    yield from needs_directory(world, rule, "The final decision rests with the Chair, and who that is")
    directory = world.directory
    if directory is None:
        return
    named = decider.casefold()
    people = [p.id for p in directory.people if named in (p.id.casefold(), p.name.casefold())]
    if not any(directory.may_act_as("chair", person, on) for person in people):
        yield Refusal(
            rule,
            f"The final decision rests with the Chair, and by the directory {decider} was neither Chair nor "
            f"acting for the Chair on {day_words(on)}.",
            field,
        )


def needs_directory(world: World, rule: str, what: str) -> Iterator[Refusal]:
    """Refused while the board has no directory; not quickly, when the directory may only be out of reach.

    Arguments:
        world: with the directory or without.
        rule: that needs it.
        what: the beginning of a sentence: what only the directory says.
    """
    if world.directory is None and not world.quick:
        yield Refusal(
            rule,
            f"{what} only the board's directory says, which is not there: load the directory first: starter.py "
            "directory load FILE.",
        )


def once(recorded_on: date | None, what: str, rule: str) -> Iterator[Refusal]:
    """Refused when it was recorded before."""
    if recorded_on is not None:
        yield Refusal(
            rule,
            f"{what} is recorded already, for {day_words(recorded_on)}: strike that step out if it was wrong.",
        )


def not_before(day: date, earlier: date | None, what: str, rule: str) -> Iterator[Refusal]:
    """Refused for a day before something it depends on."""
    if earlier is not None and day < earlier:
        yield Refusal(
            rule, f"{day_words(day)} is before {what} on {day_words(earlier)}: check the date.", "happened_on"
        )


def since_report(file: CaseFile, day: date, rule: str) -> Iterator[Refusal]:
    """Refused for a day before a report was signed off."""
    yield from not_before(day, file.first_signed_on, "the report was signed off", rule)


def not_before_review(file: CaseFile, day: date, rule: str) -> Iterator[Refusal]:
    """Refused for a day before the first review on this file was initiated."""
    begun = [decision.on for decision in file.decisions if decision.choice != "no review"]
    began = min(begun, default=file.review.initiated_on if file.review else None)
    yield from not_before(day, began, "the review began", rule)


def not_in_future(day: date | None, today: date, field: str, rule: str) -> Iterator[Refusal]:
    """Refused for the day of something that has happened, when that day lies ahead."""
    if day is not None and day > today:
        yield Refusal(rule, f"{day_words(day)} is in the future: check the date.", field)


def new_name(name: str, known: Mapping[str, object], field: str, rule: str) -> Iterator[Refusal]:
    """Refused when the name is taken on this file."""
    if name in known:
        yield Refusal(
            rule, f"There is a {field} called {name} on this file already: give this one its own name.", field
        )


def known_name(name: str, known: Mapping[str, object], field: str, rule: str, what: str = "") -> Iterator[Refusal]:
    """Refused when nothing on the file has the name. ``what`` it is called, when not as its field."""
    if name not in known:
        names = ", ".join(sorted(known)) or "none yet"
        yield Refusal(rule, f"There is no {what or field} called {name} on this file ({names}).", field)


def names_nobody(file: CaseFile, text: str, field: str, rule: str) -> Iterator[Refusal]:
    """Refused when a text that is sent by mail holds a child's identifier, as a word of its own.

    One of a letter or two says nothing by itself: it counts behind the word child.
    """
    for child in file.children:
        names = re.escape(child) if len(child) > 2 else rf"child[ -]{re.escape(child)}"
        if re.search(rf"(?<!\w){names}(?!\w)", text, re.IGNORECASE):
            yield Refusal(
                rule,
                "This text is sent by e-mail and names a child's identifier: leave it out, the reference is enough.",
                field,
            )
