"""2.3 The national panel: its requests, its advice, and the board's response."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import Advice, Request, Topic
from ..days import day_words
from ..duty import DeadlineFactory, Duty
from ..gates import known_name, new_name, not_before
from ..incident import Day, Identifier, Text
from ..key import Key
from ..record import Entry, Refusal
from ..step import Digest, Step, Who
from ..world import World


class PanelRequested(Step):
    """The national panel, or the Department for Education, asked for something (2.1h, 2.2f, 2.3b)."""

    label: ClassVar[str] = "The national panel or the Department for Education asked for something"
    rules: ClassVar[tuple[str, ...]] = ("2.2f", "2.3b", "2.1h", "2.9g")
    on_closed: ClassVar[bool] = True

    request: Identifier = Field(title="Identifier of the request")
    asked_by: Literal["national panel", "Department for Education"] = Field("national panel", title="Who asked")
    wants: Literal["information", "evidence in person", "a copy of a report", "attendance at a meeting"] = Field(
        title="What is asked for"
    )
    details: Text = Field(title="Details")
    due: Day | None = Field(
        None,
        title="Wanted by",
        description="Leave blank for the standard time.",
        json_schema_extra={"standard": "panel_request_answered"},
    )

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each request has its own name, and is wanted on its day or later."""
        yield from new_name(self.request, file.panel_requests, "request", "2.2f")
        if self.due is not None and self.due < self.happened_on:
            yield Refusal("2.2f", "The date wanted is before the date of the request. Check both dates.", "due")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Opens a dated task."""
        what = f"{self.wants}, for the {self.asked_by}"
        file.panel_requests[self.request] = Request(what, self.happened_on, self.due)


class PanelRequestAnswered(Step):
    """We answered the request of the national panel or the Department (2.2f, 2.3b)."""

    label: ClassVar[str] = "The request was answered"
    rules: ClassVar[tuple[str, ...]] = ("2.2f", "2.3b")
    on_closed: ClassVar[bool] = True
    acts_on: ClassVar[tuple[str, str]] = ("panel_requests", "request")

    request: Identifier = Field(title="Identifier of the request")
    answer: Text = Field(title="What we sent, or who attended")
    document: Digest | None = Field(None, title="What was sent")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Answers a request that is open."""
        yield from known_name(self.request, file.panel_requests, "request", "2.2f")
        if request := file.panel_requests.get(self.request):
            yield from not_before(self.happened_on, request.asked_on, "the request", "2.2f")
            if request.answered_on:
                yield Refusal(
                    "2.2f", f"This request was already answered, on {day_words(request.answered_on)}.", "request"
                )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Closes the task."""
        file.panel_requests[self.request].answered_on = self.happened_on
        if self.document:
            file.documents.append((self.document, "answer to the panel", self.id))


class PanelAdvised(Step):
    """The national panel gave advice on one of three topics (2.3a, 2.5d, 2.9g)."""

    label: ClassVar[str] = "The national panel gave advice"
    rules: ClassVar[tuple[str, ...]] = ("2.3a", "2.5d", "2.9g")

    advice: Identifier = Field(title="Identifier of the advice")
    topic: Topic = Field(title="Topic")
    text: Text = Field(title="The advice")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each advice has its own name."""
        yield from new_name(self.advice, file.advice, "advice", "2.3a")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Asks for the board's response before the next step on the topic."""
        file.advice[self.advice] = Advice(self.topic, self.happened_on)


class AdviceConsidered(Step):
    """The board considered the panel's advice and accepted it, or gave reasons for not accepting it (2.3a)."""

    label: ClassVar[str] = "The board responded to the panel's advice"
    rules: ClassVar[tuple[str, ...]] = ("2.3a", "2.5d")
    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")
    acts_on: ClassVar[tuple[str, str]] = ("advice", "advice of the national panel")

    advice: Identifier = Field(title="Identifier of the advice")
    response: Literal["accepted", "not accepted"] = Field(title="Response")
    reasons: Text | None = Field(None, title="Reasons", description="Only if the advice is not accepted.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Responds once to advice that was given, with reasons when it is not accepted."""
        yield from known_name(self.advice, file.advice, "advice", "2.3a")
        if given := file.advice.get(self.advice):
            yield from not_before(self.happened_on, given.on, "the advice", "2.3a")
            if given.response is not None:
                why = f"The board already responded to this advice (on {given.topic}, of {day_words(given.on)})."
                yield Refusal("2.3a", why, "advice")
        if self.response == "not accepted" and self.reasons is None:
            yield Refusal("2.3a", "Say why the advice is not accepted.", "reasons")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Opens the way for the next step on the topic."""
        file.advice[self.advice].response = self.response
        file.advice[self.advice].considered_on = self.happened_on


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """Each request and each advice has a clock of its own."""
    for name, request in file.panel_requests.items():
        yield factory.deadline(
            "panel_request_answered",
            request.asked_on,
            key=Key.of("panel_request_answered", name),
            met_on=request.answered_on,
            due=request.due,
            title=f"Answer the request: {request.what}",
        )
    for name, advice in file.advice.items():
        key = Key.of("advice_considered", name)
        yield factory.deadline("advice_considered", advice.on, key=key, met_on=advice.considered_on)
