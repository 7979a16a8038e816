"""Reasons that many steps share for not being recorded now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from .called import all_called, kind_words
from .casefile import CaseFile
from .casefile_parts import Topic
from .days import day_words
from .directory import Directory
from .record import Refusal
from .world import World


def needs_incident(file: CaseFile, rule: str) -> Iterator[Refusal]:
    """Refused on a file that was opened for a review without an incident."""
    if file.opening.incident is None:
        yield Refusal(
            rule, "This file was opened for a review without an incident, and has no incident to record this for."
        )


def needs_review(file: CaseFile, rule: str) -> Iterator[Refusal]:
    """Refused until a review is under way."""
    if file.review is None:
        decided = "The Chair decided against a review." if file.decision else "Waiting for the Chair's decision."
        yield Refusal(rule, decided)


def needs_report(file: CaseFile, rule: str) -> Iterator[Refusal]:
    """Refused until a report is signed off."""
    if file.report is None:
        yield Refusal(rule, "No report is signed off on this file. Record “The report was signed off” first.")


def needs_party(file: CaseFile, organisation: str, rule: str, field: str = "organisation") -> Iterator[Refusal]:
    """Refused for an organisation that is not on the file."""
    if organisation not in file.parties:
        yield Refusal(
            rule,
            "This organisation is not on the file. Record “An organisation was added” first."
            f"{all_called(file.parties)}",
            field,
        )


def not_answered(file: CaseFile, topic: Topic) -> Iterator[Refusal]:
    """Refused while the national panel's advice on the topic awaits the board's response (2.3a)."""
    for advice in file.advice.values():
        if advice.topic == topic and advice.response is None:
            yield Refusal(
                "2.3a",
                f"The board has not responded to the national panel's advice on {topic} of {day_words(advice.on)}. "
                "Record “The board responded to the panel's advice” first.",
            )


def decided_by_chair(decided_by: str, on: date, world: World, field: str, rule: str) -> Iterator[Refusal]:
    """Refused unless, by the directory, who decided was the Chair or acted for the Chair on that day (2.2c).

    Arguments:
        decided_by: a person's name or identifier in the directory.
        on: the day it was decided.
        world: without a directory it is refused as well, except quickly: only the directory says who is Chair.
        field: the step's field that names who decided.
        rule: that makes it the Chair's decision.
    """
    yield from needs_directory(world, rule, "Only the Chair decides this")
    directory = world.directory
    if directory is None:
        return
    named = decided_by.casefold()
    people = [p.id for p in directory.people if named in (p.id.casefold(), p.name.casefold())]
    if not any(directory.may_act_as("chair", person, on) for person in people):
        yield Refusal(
            rule,
            f"Only the Chair decides this. According to the directory, {_decider(decided_by, directory)} was neither "
            f"Chair nor acting for the Chair on {day_words(on)}.",
            field,
        )


def _decider(decided_by: str, directory: Directory) -> str:
    """Who decided, by name where the directory knows the identifier that was given."""
    person = directory.person(decided_by)
    return person.name if person else decided_by


def needs_directory(world: World, rule: str, what: str) -> Iterator[Refusal]:
    """Refused while the board has no directory; not quickly, when the directory may only be out of reach.

    Arguments:
        world: with the directory or without.
        rule: that needs it.
        what: a sentence without its full stop: why the directory is needed.
    """
    if world.directory is None and not world.quick:
        yield Refusal(
            rule,
            f"{what}, and the board has no directory yet. Load it first: starter.py directory load FILE.",
        )


def once(recorded_on: date | None, what: str, rule: str) -> Iterator[Refusal]:
    """Refused when it was recorded before."""
    if recorded_on is not None:
        yield Refusal(
            rule,
            f"{what} is already recorded, for {day_words(recorded_on)}. If that is wrong, strike it out first.",
        )


def not_before(day: date, earlier: date | None, what: str, rule: str) -> Iterator[Refusal]:
    """Refused for a day before something it depends on."""
    if earlier is not None and day < earlier:
        yield Refusal(rule, f"{day_words(day)} is before {what} ({day_words(earlier)}). Check the date.", "happened_on")


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
        yield Refusal(rule, f"{day_words(day)} is in the future. Check the date.", field)


def new_name(name: str, known: Mapping[str, object], field: str, rule: str) -> Iterator[Refusal]:
    """Refused when the name is taken on this file."""
    if name in known:
        yield Refusal(
            rule,
            f"Another {kind_words(field)} on this file has this identifier. Give this one an identifier of its own.",
            field,
        )


def known_name(name: str, known: Mapping[str, object], field: str, rule: str, what: str = "") -> Iterator[Refusal]:
    """Refused when nothing on the file has the name. ``what`` it is called, when not as its field."""
    if name not in known:
        yield Refusal(rule, f"There is no such {what or kind_words(field)} on this file.{all_called(known)}", field)


def names_nobody(file: CaseFile, text: str, field: str, rule: str) -> Iterator[Refusal]:
    """Refused when a text that is sent by mail holds a child's identifier, as a word of its own.

    One of a letter or two says nothing by itself: it counts behind the word child.
    """
    for child in file.children:
        names = re.escape(child) if len(child) > 2 else rf"child[ -]{re.escape(child)}"
        if re.search(rf"(?<!\w){names}(?!\w)", text, re.IGNORECASE):
            yield Refusal(
                rule,
                "This text is sent by e-mail and mentions a child. Leave the child out: the reference is enough.",
                field,
            )
