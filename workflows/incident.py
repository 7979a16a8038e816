"""The durable shell of one incident.

It takes what comes in, one thing at a time, asks the core what changes, and makes the world agree. It decodes no step
and owns no rule: what the core answered is kept in history, so that a replay years later reads it and never asks again.
Change this file only with ``workflow.patched`` and with the recorded histories replayed: see docs/developers.md.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from models.changes import Changes, Incoming, LetterToSend, Message, Standing, Timer
    from models.consider import letter_as_it_stands, why_not
    from models.difference import timer_summary
    from models.fold import fold
    from models.record import Entry, instant_text, read_instant
    from models.step import World
    from models.view import recordable, shown

    from .attributes import search_attributes
    from .carried import pack, unpack
    from .messages import read_step_message

ONCE = RetryPolicy(maximum_attempts=1)
PATIENT = RetryPolicy(initial_interval=timedelta(seconds=10), maximum_interval=timedelta(minutes=15))
"""For the world outside: tried again for as long as it takes."""


FAULT = "Fault"
"""The type of the error that a step's sender gets when checking it failed, which is no refusal."""


@workflow.defn(name="IncidentWorkflow")
class IncidentWorkflow:
    """One incident, from the first call to the last action."""

    @workflow.init
    def __init__(self, opening: dict[str, Any], carried: bytes = b"") -> None:
        """Builds the state before any handler runs.

        Arguments:
            opening: ``reference``; ``offset_seconds``, zero outside rehearsals, between server time and business time;
                ``first``, steps to take before anything else; and, unless it is carried, the state: ``record``, the
                first entries of a new file.
            carried: the state that the run before this one handed on, or the archive kept.
        """
        state = unpack(carried) if carried else opening
        self.opening = {key: opening.get(key, 0) for key in ("reference", "offset_seconds")}
        self.record: list[dict[str, Any]] = state.get("record", [])
        self.events: list[dict[str, Any]] = state.get("events", [])
        self.deadlines: dict[str, dict[str, Any]] = state.get("deadlines", {})
        self.letters: dict[str, dict[str, Any]] = state.get("letters", {})
        messages = [Message.model_validate(message) for message in state.get("messages", {}).values()]
        self.messages: dict[str, dict[str, Any]] = {message.key: message.model_dump() for message in messages}
        self.stage: str = state.get("stage", "")
        self.revision: int = state.get("revision", 0)
        self.written: int = state.get("written", 0)
        self.archived = -1
        self.attributes: dict[str, Any] = {}
        self.over = False
        self.busy = False
        self.writing = False
        self.archiving = False
        self.failure: BaseException | None = None
        self.timers: dict[str, asyncio.Task[None]] = {}
        self.answers: dict[int, dict[str, Any]] = {}
        self.first_answers: dict[str, dict[str, Any]] = {}
        self.tickets = 0
        self.inbox: deque[tuple[int, Incoming]] = deque()
        self._put(Incoming(kind="look"))
        for step in opening.get("first", []):
            self._put(Incoming(kind="step", source="start", **step))

    @workflow.run
    async def run(self, opening: dict[str, Any], carried: bytes = b"") -> str:
        """Waits for what people record until the file is over, then says how it ended."""
        for deadline, held in self.deadlines.items():
            if held.get("timer"):
                self._set_timer(Timer(deadline=deadline, at=held["timer"], summary=timer_summary(held)))
        for letter in self.letters.values():
            self._start(self._send(LetterToSend.model_validate(letter)))
        for message in self.messages.values():
            self._start(self._tell(Message.model_validate(message)))
        self._start(self._take_one_at_a_time())
        # No await between this check and the way out: what comes in between would be lost.
        while not (self._may_end() or self._may_continue()):
            try:
                await workflow.wait_condition(
                    lambda: self.failure is not None or self._may_end() or self._may_continue()
                )
            except asyncio.CancelledError:
                # A file is ended by a step of its own. That somebody asked is kept, and survived.
                self._put(Incoming(kind="cancel_requested"))
            if self.failure is not None:
                raise self.failure
        if not self._may_end():
            workflow.continue_as_new(args=[self.opening, pack(self._state())])
        return self.stage

    # What comes in

    @workflow.update(dynamic=True)
    async def step(self, name: str, args: Sequence[RawValue]) -> dict[str, Any]:
        """Records the step of this name, and answers once it is recorded.

        Raises:
            ApplicationError: of type ``Refused``, with the reason, the rule and the field.
        """
        ticket = self._put(read_step_message(name, args, "update"))
        await workflow.wait_condition(lambda: ticket in self.answers)
        answer = self.answers.pop(ticket)
        if not answer["recorded"]:
            raise _refused(answer["rule"], answer["reason"], answer["field"])
        return answer

    @step.validator
    def check_step(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuses quickly and without a trace what the core would refuse."""
        incoming = read_step_message(name, args, "update")
        if incoming.refusal:
            raise _refused("", incoming.refusal, None)
        try:
            refusal = why_not(self._entries(), name, incoming.body, World(self._now(), quick=True))
        except Exception:
            # Told as it is, it would pass for a refusal, and nobody would mend it.
            workflow.logger.error("The check of %s failed.", name, exc_info=True)
            raise ApplicationError("The step could not be checked.", type=FAULT, non_retryable=True) from None
        if refusal is not None:
            raise _refused(refusal.rule, refusal.reason, refusal.field)

    @workflow.signal(dynamic=True)
    async def step_signalled(self, name: str, args: Sequence[RawValue]) -> None:
        """Takes the step of this name; a refusal is kept on the file."""
        self._put(read_step_message(name, args, "signal"))

    @workflow.signal(name="recheck")
    def recheck(self) -> None:
        """Asks the core again, under today's code and calendar."""
        self._put(Incoming(kind="look"))

    @workflow.query(name="state")
    def state(self) -> dict[str, Any]:
        """Everything the register and ``recheck`` need."""
        return self._state()

    @workflow.query(name="offset")
    def offset(self) -> float:
        """Seconds between server time and business time; zero outside rehearsals."""
        return float(self.opening["offset_seconds"])

    @workflow.query(name="answer")
    def answer(self, id: str) -> dict[str, Any] | None:
        """What became of one of the steps this run was started with; None while it is not taken yet."""
        return self.first_answers.get(id)

    @workflow.query(name="letter")
    def letter(self, started: dict[str, Any]) -> dict[str, Any] | None:
        """A letter under way as it is to go now, to today's address; None once it has nothing left to say."""
        letter = LetterToSend.model_validate(started)
        found = letter_as_it_stands(self._entries(), letter, World(self._now(), quick=True))
        return found.model_dump() if found else None

    @workflow.query(name="file")
    def file(self) -> dict[str, Any]:
        """The file as people see it."""
        return shown(fold(self._entries()), World(self._now(), quick=True))

    @workflow.query(name="duties")
    def duties(self) -> list[dict[str, Any]]:
        """The deadlines of the file, open ones first."""
        found: list[dict[str, Any]] = self.file()["deadlines"]
        return found

    @workflow.query(name="next")
    def next_steps(self) -> list[dict[str, Any]]:
        """Every step, and why it may not be recorded now."""
        return recordable(fold(self._entries()), World(self._now(), quick=True))

    # One thing at a time

    async def _take_one_at_a_time(self) -> None:
        while True:
            await workflow.wait_condition(lambda: bool(self.inbox))
            self.busy = True
            ticket, incoming = self.inbox.popleft()
            changes = await self._ask(incoming)
            self._apply(incoming, changes)
            if self.written < self.revision and not self.inbox and not self.writing:
                # The register was away for a moment; it is written patiently behind, and nobody waits for it.
                self.writing = True
                self._start(self._write_register())
            if changes.answer is not None and incoming.source == "update":
                self.answers[ticket] = changes.answer.model_dump()
            if changes.answer is not None and incoming.source == "start":
                self.first_answers[changes.answer.id] = changes.answer.model_dump()
            self.busy = False

    async def _ask(self, incoming: Incoming) -> Changes:
        behind = [one for _, one in self.inbox if one.kind == "step" and not one.refusal]
        standing = Standing(deadlines=self.deadlines, letters=list(self.letters), stage=self.stage, behind=behind)
        now = self._now()
        if incoming.at:
            now = max(now, read_instant(incoming.at))
        question = {
            **self._state(),
            "standing": standing.model_dump(),
            "incoming": incoming.model_dump(),
            "now": instant_text(now),
            # Someone who waits for an answer reads their own write; the rest is written once nothing else waits.
            "write": not self.writing and (incoming.source in ("update", "start") or not self.inbox),
        }
        try:
            answer: dict[str, Any] = await workflow.execute_local_activity(
                "consider",
                question,
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=ONCE,
                summary=incoming.name or incoming.kind,
            )
        except FailureError as error:
            # The workflow task blocks, adds nothing to history, and goes on with everything in order once mended.
            raise RuntimeError(f"The core gave no answer: {error.cause or error}") from error
        self.written = answer.get("written", self.written)
        return Changes.model_validate(answer["changes"])

    def _apply(self, incoming: Incoming, changes: Changes) -> None:
        self.record += changes.entries
        self.events += changes.events
        for deadline, held in changes.deadlines.items():
            if held is None:
                self.deadlines.pop(deadline, None)
            else:
                self.deadlines[deadline] = held
        if incoming.kind == "letter":
            self.letters.pop(f"{incoming.body['notice']}#{incoming.body['number']}", None)
        for deadline in changes.cancel:
            self._cancel_timer(deadline)
        for timer in changes.timers:
            self._set_timer(timer)
        for letter in changes.letters:
            self.letters[letter.key] = letter.model_dump()
            self._start(self._send(letter))
        for message in changes.messages:
            self.messages[message.key] = message.model_dump()
            self._start(self._tell(message))
        if changes.stage:
            self.stage, self.over = changes.stage, changes.over
            workflow.set_current_details(changes.details)
        if changes.attributes and changes.attributes != self.attributes:
            self.attributes = changes.attributes
            workflow.upsert_search_attributes(search_attributes(changes.attributes))
        self.revision += changes.counts

    def _put(self, incoming: Incoming) -> int:
        """Everything enters here, to be taken in its turn; the ticket is for whoever waits for an answer."""
        self.tickets += 1
        self.inbox.append((self.tickets, incoming))
        return self.tickets

    # What is started in the background

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Starts a background task whose failure blocks the workflow task, instead of being swallowed."""

        async def watched() -> None:
            try:
                await work
            except FailureError as error:
                # Raised as it is, it would fail the file: nothing does.
                self.failure = RuntimeError(f"A background task failed: {error.cause or error}")
            except Exception as error:
                self.failure = error

        return asyncio.create_task(watched())

    def _set_timer(self, timer: Timer) -> None:
        self._cancel_timer(timer.deadline)
        self.timers[timer.deadline] = self._start(self._wait(timer))

    def _cancel_timer(self, deadline: str) -> None:
        task = self.timers.pop(deadline, None)
        if task is not None:
            task.cancel()

    async def _wait(self, timer: Timer) -> None:
        delay = (read_instant(timer.at) - self._now()).total_seconds()
        if delay > 0:
            await workflow.sleep(delay, summary=timer.summary)
        self.timers.pop(timer.deadline, None)
        self._put(Incoming(kind="timer", key=timer.deadline, at=timer.at))

    async def _send(self, letter: LetterToSend) -> None:
        try:
            outcome: dict[str, Any] = await workflow.execute_activity(
                "send_letter",
                args=[self.opening, letter.model_dump()],
                start_to_close_timeout=timedelta(minutes=3),
                retry_policy=PATIENT,
                summary=f"{letter.title}, to {letter.to}"[:200],
            )
        except FailureError as error:
            why = "The letter could not be sent: operations must look at this workflow's history."
            workflow.logger.error("send_letter gave up: %s", type(error).__name__)
            outcome = {"taken": False, "at": instant_text(self._now()), "why": why}
        # What was sent stands beside what became of it, as later code may derive the notice otherwise.
        told = {name: getattr(letter, name) for name in ("notice", "number", "rule", "template", "to", "documents")}
        self._put(Incoming(kind="letter", body={**outcome, **told}))

    async def _tell(self, message: Message) -> None:
        try:
            await workflow.execute_activity(
                "tell_file",
                message.model_dump(),
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=PATIENT,
                summary=f"{message.name}, for {message.to}",
            )
        except FailureError:
            self._put(Incoming(kind="message_undelivered", key=message.to))
        del self.messages[message.key]

    async def _write_register(self) -> None:
        while self.written < self.revision:
            try:
                self.written = await workflow.execute_activity(
                    "write_register",
                    self.opening["reference"],
                    start_to_close_timeout=timedelta(minutes=1),
                    retry_policy=PATIENT,
                    summary="the register was away",
                )
            except FailureError as error:
                await self._again("write_register", error)
        self.writing = False

    async def _archive(self) -> None:
        revision = self.revision
        try:
            await workflow.execute_activity(
                "archive",
                args=[self.opening["reference"], revision, pack(self._state())],
                start_to_close_timeout=timedelta(minutes=1),
                retry_policy=PATIENT,
                summary="the file has ended",
            )
            self.archived = revision
        except FailureError as error:
            await self._again("archive", error)
        self.archiving = False

    async def _again(self, what: str, error: FailureError) -> None:
        """Somebody ended an activity from outside: a file never fails for it, and asks again a little later."""
        workflow.logger.error("%s was given up: %s", what, type(error).__name__)
        await workflow.sleep(60, summary=f"{what} was given up")

    # The way out

    def _idle(self) -> bool:
        return not self.inbox and not self.busy and workflow.all_handlers_finished()

    def _may_end(self) -> bool:
        if not (self.over and self._idle()) or self.letters or self.messages or self.written < self.revision:
            return False
        if self.archived < self.revision and not self.archiving:
            self.archiving = True
            self._start(self._archive())
        return self.archived == self.revision

    def _may_continue(self) -> bool:
        return self._idle() and not self.archiving and workflow.info().is_continue_as_new_suggested()

    def _state(self) -> dict[str, Any]:
        return {
            "reference": self.opening["reference"],
            "record": self.record,
            "events": self.events,
            "deadlines": self.deadlines,
            "letters": self.letters,
            "messages": self.messages,
            "stage": self.stage,
            "revision": self.revision,
            "written": self.written,
            "now": instant_text(self._now()),
        }

    def _entries(self) -> list[Entry]:
        return [Entry.read(entry) for entry in self.record]

    def _now(self) -> datetime:
        return workflow.now() + timedelta(seconds=self.opening["offset_seconds"])


def _refused(rule: str, reason: str, field: str | None) -> ApplicationError:
    return ApplicationError(
        reason, {"rule": rule, "reason": reason, "field": field}, type="Refused", non_retryable=True
    )
