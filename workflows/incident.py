"""The durable shell of one incident.

It takes what comes in, in order, asks the core what changes, and makes the world agree. It decodes no step and owns no
rule: what the core answered is kept in history, so that a replay years later reads it and never asks again. From
release 1.0.0 on, change this file only with ``workflow.patched`` and with the recorded histories replayed: see
docs/developers.md. What it says to the core and hears from it is in ``models/contract.py``.
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
    from models import references
    from models.contract import (
        BATCH_BYTES,
        BATCH_ITEMS,
        INBOX_BYTES,
        INBOX_ITEMS,
        Changes,
        Filing,
        Incoming,
        Question,
        State,
        Timer,
        Work,
        pack,
        read,
        read_instant,
        unknown,
    )
    from models.quick_answers import answer_of, quick_refusal

    from .attributes import search_attributes
    from .messages import read_step_message

ONCE = RetryPolicy(maximum_attempts=1)
PATIENT = RetryPolicy(initial_interval=timedelta(seconds=10), maximum_interval=timedelta(minutes=15))
"""For the world outside: tried again for as long as it takes."""
SOON = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))
"""For the register: people look at it. It is tried again after as long as it was away, five minutes at most."""

REFUSED, FAULT, BUSY = "Refused", "Fault", "Busy"
"""The types of the errors that a step's sender gets: a refusal, a check that failed, too much that waits."""


@workflow.defn(name="IncidentWorkflow")
class IncidentWorkflow:
    """One incident, from the first call to the last action."""

    @workflow.init
    def __init__(self, opening: dict[str, Any], carried: bytes = b"") -> None:
        """Builds the state before any handler runs.

        Arguments:
            opening: ``reference``; ``offset_seconds``, zero outside rehearsals, between server time and business time;
                ``record``, the first entries of a new file; ``first``, steps to take before anything else. The rest
                is carried along.
            carried: the state that the run before this one handed on, or the archive kept.
        """
        self.state = State.begin(opening, carried)
        self.inbox: deque[Incoming] = deque()
        self.dropped = 0
        self.tickets = 0
        self.answers: dict[int, dict[str, Any]] = {}
        self.taken = 0
        self.asking = False
        self.renew = False
        self.writing = False
        self.archiving = False
        self.archived = -1
        self.failure: BaseException | None = None
        self.timers: dict[str, asyncio.Task[None]] = {}
        self.known: Any = None
        self.projection: Any = None
        self._put(Incoming("reassess"))
        for step in opening.get("first", ()):
            self._put(Incoming("step", source="start", **step))

    @workflow.run
    async def run(self, opening: dict[str, Any], carried: bytes = b"") -> str:
        """Waits for what people record until the file is finished, then answers its last stage."""
        state = self.state
        if state.stage:
            self._show(state.details, state.attributes)
        for timer in state.timers.values():
            self._wait_for(timer)
        for work in state.work.values():
            self._start(self._do(read(Work, work)))
        self._start(self._take_what_comes_in())
        # No await between this check and the way out: what comes in between would be lost.
        while not (self._may_end() or self._may_renew()):
            try:
                await workflow.wait_condition(lambda: self.failure is not None or self._may_end() or self._may_renew())
            except asyncio.CancelledError:
                # A file is ended by a step of its own. That somebody asked is kept, and survived.
                self._put(Incoming("cancel_requested"))
            if self.failure is not None:
                raise self.failure
        if not self._may_end():
            workflow.continue_as_new(args=[state.opening, pack(state)])
        return state.stage

    # What comes in

    @workflow.update(dynamic=True)
    async def step(self, name: str, args: Sequence[RawValue]) -> dict[str, Any]:
        """Records the step of this name, and answers once it is recorded, with the revision the file then has.

        Raises:
            ApplicationError: of type ``Refused``, with the reason, the rule and the field.
        """
        self.tickets += 1
        ticket = self.tickets
        self._put(read_step_message(name, args, "update", ticket))
        await workflow.wait_condition(lambda: ticket in self.answers)
        answer = self.answers.pop(ticket)
        if not answer["recorded"]:
            raise _refused(answer)
        return answer

    @step.validator
    def check_step(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuses quickly and without a trace what the core would refuse."""
        incoming = read_step_message(name, args, "update")
        if incoming.refusal:
            raise _refused({"rule": "", "reason": incoming.refusal, "field": None})
        if self._is_full():
            raise ApplicationError("Too much waits to be taken on this file.", type=BUSY, non_retryable=True)
        try:
            refusal = quick_refusal(self.state.record, self.known, incoming, self._now(), _where())
        except Exception:
            # Told as it is, it would pass for a refusal, and nobody would mend it.
            workflow.logger.error("The check of %s failed.", name, exc_info=True)
            raise ApplicationError("The step could not be checked.", type=FAULT, non_retryable=True) from None
        if refusal is not None:
            raise _refused(refusal)

    @workflow.signal(dynamic=True)
    async def step_signalled(self, name: str, args: Sequence[RawValue]) -> None:
        """Takes the step of this name; a refusal is kept on the file."""
        if self._is_full():
            self.dropped += 1
        else:
            self._put(read_step_message(name, args, "signal"))

    @workflow.signal(name="recheck")
    def recheck(self) -> None:
        """Asks the core again, under today's code and calendar."""
        if not self._is_full():
            self._put(Incoming("reassess"))

    # What may be asked

    @workflow.query(name="packed")
    def packed(self) -> bytes:
        """Everything, as it would be carried on; see :func:`models.contract.unpack`."""
        return pack(self.state)

    @workflow.query(name="about")
    def about(self) -> dict[str, Any]:
        """The little that is asked often."""
        state = self.state
        offset = float(state.opening.get("offset_seconds", 0))
        return {"stage": state.stage, "revision": state.revision, "written": state.written, "offset_seconds": offset}

    @workflow.query(name="answer")
    def answer(self, id: str, since: int = 0) -> dict[str, Any] | None:
        """What became of the step with this id, from a position of the record on; None while nothing has."""
        return answer_of(self.state.record, id, since)

    @workflow.query(name="standing")
    def standing(self, kind: str, key: str) -> Any:
        """What the core keeps under a key; None when it keeps nothing."""
        return self.state.standing.get(kind, {}).get(key)

    # One question at a time

    async def _take_what_comes_in(self) -> None:
        while True:
            await workflow.wait_condition(lambda: bool(self.inbox))
            self.asking = True
            incoming = self._next_batch()
            question = self._question(incoming)
            changes = await self._ask(question)
            self._apply(question, changes)
            self._file_it()
            self.asking = False

    def _next_batch(self) -> list[Incoming]:
        batch: list[Incoming] = []
        size = 0
        while self.inbox and len(batch) < BATCH_ITEMS and (not batch or size + self.inbox[0].size <= BATCH_BYTES):
            batch.append(self.inbox.popleft())
            size += batch[-1].size
        if self.dropped:
            batch.append(Incoming("signals_dropped", count=self.dropped))
            self.dropped = 0
        return batch

    def _question(self, incoming: list[Incoming]) -> Question:
        known, self.known = self.known, None  # The core may change it: it is nobody's until the answer is applied.
        return Question(
            state=self.state.copy(),
            incoming=incoming,
            now=max([self._now(), *(read_instant(one.at) for one in incoming if one.at)]),
            queued=tuple(self.inbox),
            history_length=workflow.info().get_current_history_length(),
            taken=self.taken,
            known=known,
        )

    async def _ask(self, question: Question) -> Changes:
        first, more = question.incoming[0], len(question.incoming) - 1
        summary = (first.name or first.kind)[:150] + (f" and {more} more" if more else "")
        try:
            answer: dict[str, Any] = await workflow.execute_local_activity(
                "consider",
                references.hand_over(question),
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=ONCE,
                summary=summary,
            )
        except FailureError as error:
            # The workflow task blocks, adds nothing to history, and goes on with everything in order once mended.
            raise RuntimeError(f"The core gave no answer: {error.cause or error}") from error
        self.state.unknown |= unknown(Changes, answer)
        return read(Changes, answer)

    def _apply(self, question: Question, changes: Changes) -> None:
        for one in question.incoming:
            if one.kind == "work":
                self.state.work.pop(one.key, None)
            self.taken += one.kind != "reassess"
        self.state.apply(changes, question.now)
        self.known = question.after
        if changes.changes_the_file:
            self.projection = question.projection
        for key in changes.cancel:
            self._forget_timer(key)
        for timer in changes.timers:
            self._forget_timer(timer["key"])
            self._wait_for(timer)
        for plain in changes.work:
            work = read(Work, plain)
            if work.key not in self.state.work:
                self.state.work[work.key] = plain
                self._start(self._do(work))
        self._show(changes.details, changes.attributes)
        self.renew = self.renew or changes.renew
        waiting = {one.ticket for one in question.incoming if one.source == "update"}
        for answer in changes.answers:
            if answer["ticket"] in waiting:
                self.answers[answer["ticket"]] = {**answer, "revision": self.state.revision}

    def _show(self, details: str, attributes: Any) -> None:
        if details:
            workflow.set_current_details(details)
        if attributes:
            workflow.upsert_search_attributes(search_attributes(attributes))

    def _put(self, incoming: Incoming) -> None:
        """Everything enters here, to be taken in its turn."""
        self.inbox.append(incoming)

    def _is_full(self) -> bool:
        return len(self.inbox) >= INBOX_ITEMS or sum(one.size for one in self.inbox) >= INBOX_BYTES

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

    def _wait_for(self, timer: dict[str, Any]) -> None:
        self.timers[timer["key"]] = self._start(self._wait(read(Timer, timer)))

    def _forget_timer(self, key: str) -> None:
        task = self.timers.pop(key, None)
        if task is not None:
            task.cancel()

    async def _wait(self, timer: Timer) -> None:
        delay = (read_instant(timer.at) - self._now()).total_seconds()
        if delay > 0:
            await workflow.sleep(delay, summary=timer.summary)
        del self.timers[timer.key]
        del self.state.timers[timer.key]
        self._put(Incoming("timer", key=timer.key, at=timer.at))

    async def _do(self, work: Work) -> None:
        try:
            result: dict[str, Any] = await workflow.execute_activity(
                work.activity,
                args=list(work.arguments),
                task_queue=work.queue or None,
                start_to_close_timeout=timedelta(seconds=work.timeout),
                retry_policy=PATIENT,
                summary=work.summary or None,
            )
        except FailureError as error:
            # Somebody ended the activity from outside: what follows from that is for the core.
            workflow.logger.error("%s was given up: %s", work.activity, type(error).__name__)
            result = {"failed": f"{work.activity} was given up: {type(error).__name__}"}
        self._put(Incoming("work", key=work.key, result=result))

    # The register and the archive

    def _file_it(self) -> None:
        """Starts writing the register when it is behind, and the archive once the file is finished."""
        state = self.state
        if state.written < state.revision:
            if not self.writing:
                self.writing = True
                self._start(self._write_register())
        elif state.finished and not state.work and self.archived < state.revision and not self.archiving:
            self.archiving = True
            self._start(self._archive())

    async def _write_register(self) -> None:
        while self.state.written < self.state.revision:
            # Held here, and so known under its reference, until it is written.
            projection = self.projection
            reference = references.hand_over(projection) if projection is not None else ""
            how = self._how("register")
            try:
                self.state.written = await workflow.execute_activity(
                    "write_register",
                    args=[self.state.reference, reference],
                    task_queue=how.queue or None,
                    start_to_close_timeout=timedelta(seconds=how.timeout),
                    retry_policy=SOON,
                    summary=how.summary or f"revision {self.state.revision}",
                )
            except FailureError as error:
                await self._again("write_register", error)
        self.writing, self.projection = False, None
        self._file_it()

    async def _archive(self) -> None:
        revision, how = self.state.revision, self._how("archive")
        try:
            await workflow.execute_activity(
                "archive",
                args=[self.state.reference, revision, pack(self.state)],
                task_queue=how.queue or None,
                start_to_close_timeout=timedelta(seconds=how.timeout),
                retry_policy=SOON,
                summary=how.summary or "the file has ended",
            )
            self.archived = revision
        except FailureError as error:
            await self._again("archive", error)
        self.archiving = False
        self._file_it()

    def _how(self, what: str) -> Filing:
        return read(Filing, self.state.filing.get(what, {}))

    async def _again(self, what: str, error: FailureError) -> None:
        """Somebody ended an activity from outside: a file never fails for it, and asks again a little later."""
        workflow.logger.error("%s was given up: %s", what, type(error).__name__)
        await workflow.sleep(60, summary=f"{what} was given up")

    # The way out: these only look

    def _idle(self) -> bool:
        return not self.inbox and not self.asking and workflow.all_handlers_finished()

    def _may_end(self) -> bool:
        state = self.state
        return state.finished and self._idle() and not state.work and self.archived == state.revision == state.written

    def _may_renew(self) -> bool:
        suggested = workflow.info().is_continue_as_new_suggested()
        if not (self.renew or suggested) or not self._idle():
            return False
        return suggested or not (self.writing or self.archiving)

    def _now(self) -> datetime:
        return workflow.now() + timedelta(seconds=self.state.opening.get("offset_seconds", 0))


def _where() -> tuple[str, str]:
    """The namespace and the task queue: what this process knows of the world is kept by them."""
    return workflow.info().namespace, workflow.info().task_queue


def _refused(answer: dict[str, Any]) -> ApplicationError:
    return ApplicationError(answer["reason"], answer, type=REFUSED, non_retryable=True)
