"""The core's answer to the shell: what to change so that the world agrees with the file.

With the inputs of :func:`models.consider.consider` this is the whole contract between core and shell. It is kept in the
workflow's history, so it is only ever added to: a new field's default is "do nothing", and unknown fields are ignored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .record import instant_text


class _Plain(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class Answer(_Plain):
    """What the sender of a step is told: recorded, or refused with the rule and the reason."""

    recorded: bool
    step: str = ""
    id: str = ""
    rule: str = ""
    reason: str = ""
    field: str | None = None


class Timer(_Plain):
    """A timer to set, in place of any other of the same deadline. ``at`` is an instant in business time."""

    deadline: str
    at: str
    summary: str


class LetterToSend(_Plain):
    """A letter to start: one message to one recipient, resolved when it is sent."""

    notice: str
    number: int
    rule: str
    template: str
    title: str
    to: str
    address: str | None = None
    fallback: str | None = None
    content: dict[str, str] = {}
    documents: list[str] = []

    @property
    def key(self) -> str:
        """The letter's own name among those under way."""
        return f"{self.notice}#{self.number}"


class Message(_Plain):
    """A step for another file."""

    to: str
    name: str
    body: dict[str, Any]

    @property
    def key(self) -> str:
        """The message's own name among those under way: a file may be told twice at once."""
        return f"{self.to}#{self.body['id']}"


class Changes(_Plain):
    """The difference between what the shell holds and what the file asks for.

    Arguments:
        answer: for the sender of a step.
        entries: to be appended to the record.
        deadlines: what the shell is to hold of each deadline from now on; None to forget it.
        timers: to set, each in place of the deadline's earlier one.
        cancel: deadlines whose timer is to be cancelled.
        letters: to start.
        messages: steps for other files.
        events: lines of the timeline.
        stage: the file's stage.
        details: Markdown for Temporal's web page, without personal data.
        attributes: the search attributes, as they should be.
        over: whether the run may end once its letters are done.
    """

    answer: Answer | None = None
    entries: list[dict[str, Any]] = []
    deadlines: dict[str, dict[str, Any] | None] = {}
    timers: list[Timer] = []
    cancel: list[str] = []
    letters: list[LetterToSend] = []
    messages: list[Message] = []
    events: list[dict[str, Any]] = []
    stage: str = ""
    details: str = ""
    attributes: dict[str, Any] = Field(default_factory=dict)
    over: bool = False

    @property
    def counts(self) -> bool:
        """Whether the file is another than before, so that its revision counts one more."""
        return bool(self.entries or self.events or self.deadlines)


class Incoming(_Plain):
    """One thing that came in.

    Arguments:
        kind: ``step``, ``timer``, ``letter``, ``message_undelivered``, ``cancel_requested``, or ``look`` (opened,
            asked again, continued: nothing came in, but see whether something is to be done).
        name: a step's name.
        body: a step's body as it was sent, or what became of a letter.
        source: how a step came.
        refusal: why the message could not even be read.
        key: a timer's deadline.
        at: a timer's instant.
    """

    kind: str
    name: str = ""
    body: dict[str, Any] = {}
    source: str = ""
    refusal: str = ""
    key: str = ""
    at: str = ""


class Standing(_Plain):
    """What the shell really holds at this moment.

    Arguments:
        deadlines: each deadline as an earlier answer left it.
        letters: the keys of the letters under way.
        stage: the stage of the latest answer.
        behind: steps that came in as well and wait for their turn.
    """

    deadlines: dict[str, dict[str, Any]] = {}
    letters: list[str] = []
    stage: str = ""
    behind: list[Incoming] = []


def line(at: datetime, what: str, **fields: Any) -> dict[str, Any]:
    """A line of the timeline, as ``rehearse --json`` prints it: the instant in whole seconds, and what happened."""
    return {"at": instant_text(at.replace(microsecond=0)), "what": what, **fields}
