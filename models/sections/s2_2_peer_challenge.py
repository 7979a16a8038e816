"""2.2d Peer challenge from another board's Chair, at this and other stages; no clock stops for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import Request
from ..days import day_words
from ..duty import DeadlineFactory, Duty, Notice
from ..gates import known_name, names_nobody, new_name, not_before
from ..incident import Email, Identifier, Line, Text
from ..key import Key
from ..recipient import Recipient
from ..record import Entry, Refusal
from ..step import Step, Who
from ..world import World


class PeerChallengeSought(Step):
    """The Chair asks another board's Chair for peer challenge. Our deadlines do not change (2.2d)."""

    label: ClassVar[str] = "Peer challenge was sought"
    rules: ClassVar[tuple[str, ...]] = ("2.2d",)
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")

    challenge: Identifier = Field(title="Identifier of the request")
    board: Line = Field(title="The other board")
    chair: Line = Field(title="Its Chair")
    email: Email = Field(title="The Chair's e-mail address")
    question: Text = Field(title="What we ask", description="This text is sent by e-mail. Do not name anyone.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each request has its own name, and its text names no child."""
        yield from new_name(self.challenge, file.challenges, "challenge", "2.2d")
        yield from names_nobody(file, self.question, "question", "2.2d")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Opens the request."""
        file.challenges[self.challenge] = Request(self.question, self.happened_on, organisation=self.board)
        file.addresses.setdefault(Recipient.of("peer", self.challenge), self.email)


class PeerChallengeAnswered(Step):
    """The other Chair answered (2.2d)."""

    label: ClassVar[str] = "Peer challenge was answered"
    rules: ClassVar[tuple[str, ...]] = ("2.2d",)
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")
    acts_on: ClassVar[tuple[str, str]] = ("challenges", "request for peer challenge")

    challenge: Identifier = Field(title="Identifier of the request")
    answer: Text = Field(title="The answer")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Answers a request that is open."""
        yield from known_name(self.challenge, file.challenges, "challenge", "2.2d")
        if request := file.challenges.get(self.challenge):
            yield from not_before(self.happened_on, request.asked_on, "the request", "2.2d")
            if request.answered_on:
                yield Refusal(
                    "2.2d",
                    f"This request for peer challenge was already answered, on {day_words(request.answered_on)}.",
                    "challenge",
                )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Closes the request."""
        file.challenges[self.challenge].answered_on = self.happened_on


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """Each request goes to the other Chair, and is followed until it is answered."""
    for name, request in file.challenges.items():
        key, to = Key.of("peer_challenge_answered", name), Recipient.of("peer", name)
        yield factory.deadline(
            "peer_challenge_answered", request.asked_on, key=key, met_on=request.answered_on, responsible=to
        )
        yield Notice(
            Key.of("peer_challenge", name),
            "2.2d",
            "Peer challenge",
            "peer_challenge",
            to,
            {"question": request.what},
        )
