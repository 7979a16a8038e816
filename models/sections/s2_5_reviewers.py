"""2.5 Appointing reviewers: qualified, independent, and known to the national panel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import Reviewer
from ..days import day_words, london_date
from ..duty import DeadlineFactory, Duty, Notice
from ..gates import known_name, needs_review, new_name, not_answered, not_before, not_before_review
from ..incident import Identifier, Line, Text
from ..key import Key
from ..record import Entry, Refusal
from ..rulebook import Rulebook
from ..step import Step
from ..world import World


class ReviewerNamed(Step):
    """A reviewer was appointed (2.5a), with a declaration of independence (2.5b, 1.3b)."""

    label: ClassVar[str] = "A reviewer was appointed"
    rules: ClassVar[tuple[str, ...]] = ("2.5a", "2.5b", "2.5c", "1.3b", "2.10a")

    reviewer: Identifier = Field(title="Identifier of the reviewer")
    reviewer_name: Line = Field(title="Name")
    lead: bool = Field(True, title="Lead reviewer")
    qualification: Text = Field(title="How they have shown that they are qualified in the principles of section 1.3")
    employers_and_interests: tuple[Line, ...] = Field(
        (),
        max_length=30,
        title="Employers and interests declared",
        description="Present and past, one per line.",
    )
    not_involved: bool = Field(title="The reviewer declares that they were not involved in the case")
    commission_includes_event: bool = Field(
        False, title="The commission says that a multi-agency learning event will be held", description="2.10a"
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review, and no advice on reviewers left unanswered."""
        yield from needs_review(file, "2.5a")
        yield from not_answered(file, "reviewers")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The lead reviewer is independent of the board, of the organisations involved and of the case."""
        yield from new_name(self.reviewer, file.reviewers, "reviewer", "2.5a")
        yield from not_before_review(file, self.happened_on, "2.5a")
        if not self.lead:
            return
        for body in _conflicting(file, self.employers_and_interests, self.happened_on):
            yield Refusal(
                "2.5b",
                f"The lead reviewer declares an interest in {body}. The lead reviewer must be independent of the board "
                "and of the organisations involved. Appoint someone else, or do not appoint them as lead.",
                "employers_and_interests",
            )
        if not self.not_involved:
            yield Refusal("1.3b", "The lead reviewer must not have been involved in the case.", "not_involved")
        if file.review is not None and file.review.serious and not self.commission_includes_event:
            yield Refusal(
                "2.10a",
                "The lead reviewer's commission must say that a multi-agency learning event will be held.",
                "commission_includes_event",
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Appoints the reviewer; a lead reviewer fills the vacancy, perhaps in conflict with who was added since."""
        file.reviewers[self.reviewer] = reviewer = Reviewer(
            self.reviewer_name, self.lead, self.employers_and_interests, self.happened_on
        )
        if self.lead:
            for name, party in file.parties.items():
                if party.since > self.happened_on and _declared(party.facts.name, name, reviewer.interests):
                    reviewer.conflicts[name] = party.since
            file.learning.commission_includes_event |= self.commission_includes_event
            for key, (since, filled_on) in file.vacancies.items():
                if filled_on is None:
                    file.vacancies[key] = (since, self.happened_on)


class ConflictResolved(Step):
    """A conflict that came to light after the appointment was resolved (2.5b)."""

    label: ClassVar[str] = "A reviewer's conflict was resolved"
    rules: ClassVar[tuple[str, ...]] = ("2.5b",)
    acts_on: ClassVar[tuple[str, str]] = ("reviewers", "reviewer")

    reviewer: Identifier = Field(title="Identifier of the reviewer")
    organisation: Identifier = Field(title="The organisation")
    how: Text = Field(title="How it was resolved")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """No advice on reviewers is left unanswered."""
        yield from not_answered(file, "reviewers")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """There must be such a conflict."""
        yield from known_name(self.reviewer, file.reviewers, "reviewer", "2.5b")
        reviewer = file.reviewers.get(self.reviewer)
        if reviewer is None:
            return
        if self.organisation not in reviewer.conflicts or self.organisation in reviewer.resolved:
            yield Refusal(
                "2.5b", f"{reviewer.name} has no open conflict of interest with this organisation.", "organisation"
            )
        since = reviewer.conflicts.get(self.organisation)
        yield from not_before(self.happened_on, since, "it came to light", "2.5b")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Closes the conflict."""
        file.reviewers[self.reviewer].resolved[self.organisation] = self.happened_on


class ReviewerStoodDown(Step):
    """A reviewer withdrew. Another must be appointed (2.5a, 2.5c); the six months do not change."""

    label: ClassVar[str] = "A reviewer stood down"
    rules: ClassVar[tuple[str, ...]] = ("2.5a", "2.5c")
    acts_on: ClassVar[tuple[str, str]] = ("reviewers", "reviewer")

    reviewer: Identifier = Field(title="Identifier of the reviewer")
    reason: Text = Field(title="Why they stood down")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The reviewer must be in post."""
        yield from known_name(self.reviewer, file.reviewers, "reviewer", "2.5a")
        if reviewer := file.reviewers.get(self.reviewer):
            yield from not_before(self.happened_on, reviewer.named_on, "the appointment", "2.5a")
            if reviewer.stood_down_on:
                yield Refusal(
                    "2.5a", f"{reviewer.name} already stood down, on {day_words(reviewer.stood_down_on)}.", "reviewer"
                )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Opens a vacancy when nobody leads any more."""
        reviewer = file.reviewers[self.reviewer]
        reviewer.stood_down_on = self.happened_on
        for organisation in reviewer.conflicts:
            reviewer.resolved.setdefault(organisation, self.happened_on)
        if reviewer.lead and not file.leads:
            file.vacancies[Key.of("reviewer_appointed", self.reviewer)] = (self.happened_on, None)


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text.casefold().replace("&", " and ")) if word != "the"]


def _within(some: list[str], words: list[str]) -> bool:
    return any(words[start : start + len(some)] == some for start in range(len(words) - len(some) + 1))


def _declared(name: str, short: str, declared: tuple[str, ...]) -> bool:
    """Whether a body is among the declared employers and interests: its name as a whole or in part, or its short name.

    Capitals and punctuation do not count. A part of the name counts when it is longer than five letters.
    """
    body, brief = _words(name), _words(short)
    for interest in map(_words, declared):
        part = len("".join(interest)) > 5 and _within(interest, body)
        if part or interest == brief or (body and _within(body, interest)):
            return True
    return False


_AN_LSCB = re.compile(
    r"\b(?:(\w+)(?:['\u2019]s)?[\s-]+)?(?:local\s+)?(?:l?scb|safeguarding\s+children(?:['\u2019]?s)?\s+board)\b"
    r"(?:\s+(?:of|for|in)\s+(?:the\s+)?(\w+))?",
    re.IGNORECASE,
)
"""A mention of a Local Safeguarding Children Board, with the word before it and the place behind it."""

_NAMES_NO_PLACE = ("the", "local", "our", "former", "ex")
"""Words that stand before a mention, perhaps with a capital, and do not say whose board it is."""


def _declares_board(rules: Rulebook, declared: tuple[str, ...]) -> bool:
    """Whether the board is among what is declared: by its name, its short name, or as an LSCB of its area or of none.

    An LSCB with the name of another place, which has a capital, is another board.
    """
    if _declared(rules.board, rules.reference_prefix, declared):
        return True
    short, ours = _words(rules.reference_prefix), (*_words(rules.area), *_NAMES_NO_PLACE)
    for interest in declared:
        if _within(short, _words(interest)):
            return True
        for mention in _AN_LSCB.finditer(interest):
            places = [word for word in mention.groups() if word and (word[0].isupper() or word == "another")]
            if all(place.casefold() in ours for place in places):
                return True
    return False


def _conflicting(file: CaseFile, declared: tuple[str, ...], on: date) -> Iterator[str]:
    """The names of the board and of each organisation on the file by that day that is among what is declared."""
    if _declares_board(file.rules, declared):
        yield file.rules.board
    for name, party in file.parties.items():
        if party.since <= on and _declared(party.facts.name, name, declared):
            yield party.facts.name


def add_conflicts(file: CaseFile, organisation: str) -> None:
    """An organisation that is added later may bring a conflict to light (2.5b)."""
    party = file.parties[organisation]
    for reviewer in file.leads:
        if _declared(party.facts.name, organisation, reviewer.interests):
            reviewer.conflicts[organisation] = max(party.since, reviewer.named_on)
            reviewer.resolved.pop(organisation, None)


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """A lead reviewer is appointed, the panel is told of each, and conflicts are resolved."""
    if file.review is None:
        return
    began = file.review.initiated_on
    for key, (since, filled_on) in file.vacancies.items():
        if filled_on is None and file.report is not None:
            # Nobody is needed to lead what is complete; a review that begins anew needs somebody again.
            continue
        # A vacancy that is older than the review, left by one that was decided against, is counted from its beginning.
        start = since if filled_on is not None and filled_on < began else max(since, began)
        yield factory.deadline("reviewer_appointed", start, key=key, met_on=filled_on)
    for name, reviewer in file.reviewers.items():
        for organisation, since in reviewer.conflicts.items():
            key = Key.of("conflict_resolved", name, organisation)
            yield factory.deadline("conflict_resolved", since, key=key, met_on=reviewer.resolved.get(organisation))
        if file.review.serious and (reviewer.stood_down_on is None or reviewer.stood_down_on >= began):
            notice = Key.of("reviewer_named", name)
            accepted_at = file.accepted_at(notice)
            yield Notice(
                notice,
                "2.5c",
                "The reviewer appointed",
                "reviewer_named",
                "national_panel",
                {
                    "reviewer": reviewer.name,
                    "lead": "yes" if reviewer.lead else "",
                    "named_on": reviewer.named_on.isoformat(),
                    "replaces": "yes" if _replaces(file, name) else "",
                },
            )
            met_on = london_date(accepted_at) if accepted_at else None
            start = max(reviewer.named_on, began)
            key = Key.of("panel_told_of_reviewer", name)
            yield factory.deadline("panel_told_of_reviewer", start, key=key, met_on=met_on)


def _replaces(file: CaseFile, name: str) -> bool:
    named_on = file.reviewers[name].named_on
    return any(r.stood_down_on and r.stood_down_on <= named_on for n, r in file.reviewers.items() if n != name)
