"""Speaking to files: opening one, recording a step, asking what stands. What the command line and the pages use."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.filing import state_of
from models.contract import State, instant_text, pack, unpack
from models.fold import open_record
from models.quick_answers import answer_of, standing_of, why_not
from models.record import Entry, Refusal, Refused
from models.rulebook import Rulebook
from models.world import World
from register.engine import Register
from register.files.archive import read_archive
from register.files.progress import step_by_id, wait_for_revision
from register.files.references import claim_reference, mark_begun
from register.files.store import read_file
from register.surroundings import SurroundingsReader
from register.unavailable import RegisterUnavailable
from running.health import PROBE_TIMEOUT, Cluster
from running.temporal import outages_as_unavailable
from workflows.attributes import CASE_REFERENCE
from workflows.incident import BUSY, FAULT, REFUSED

T = TypeVar("T")

RETRYABLE = frozenset(
    {
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.ABORTED,
        # What the SDK makes of a connection that is cut in the middle of a call: the server was killed, say.
        RPCStatusCode.UNKNOWN,
        RPCStatusCode.INTERNAL,
        # Of a server that stops. A cancellation of our own is no RPCError.
        RPCStatusCode.CANCELLED,
    }
)
"""Errors that pass, continue-as-new among their causes: the same step is sent again under the same id."""

PATIENCE = timedelta(seconds=30)
PAGE_PATIENCE = timedelta(seconds=10)
"""On a page: nobody looks at a blank one for longer."""
LISTED_WITHIN = 2.0
"""Seconds that are waited for the register, so that pages and lists show what was recorded."""


class NoSuchFileError(Exception):
    """There is no file by that reference."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"There is no file {reference}.")


class UnansweredError(Exception):
    """Nobody answered in time: what was sent may or may not have been taken. Its text says what to do."""

    perhaps = True
    """Whether it may have been taken all the same."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Nobody has answered: see that Temporal runs, and a worker (python worker.py). {what}")


class SystemFaultError(UnansweredError):
    """A step met a fault of the system's own: nothing was recorded, and sending it again once it is mended is right."""

    perhaps = False

    def __init__(self) -> None:
        Exception.__init__(
            self,
            "The step could not be checked, and was not recorded: that is a fault of the system, not of the step. Tell "
            "operations, who find it in the worker's log, and send the step again once it is mended.",
        )


class BusyError(UnansweredError):
    """So much waits to be taken on a file that a step was not even looked at: nothing was recorded."""

    perhaps = False

    def __init__(self) -> None:
        Exception.__init__(
            self,
            "The step was not recorded: very much came in for this file at once, and waits to be taken. Send the step "
            "again in a minute.",
        )


class LostRunError(UnansweredError):
    """A file was opened, and Temporal has no run of it that goes on: it is never begun again from nothing."""

    perhaps = False

    def __init__(self, reference: str) -> None:
        Exception.__init__(
            self,
            f"{reference} was opened before, and Temporal does not have it any more. Nothing was recorded: tell "
            f"operations, who find what is left of it with starter.py recheck {reference}.",
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """That a file is open.

    Arguments:
        reference: what it is called.
        listed: whether the register has it already, so that pages and lists show it.
    """

    reference: str
    listed: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """That a step is recorded, as its workflow answered.

    Arguments:
        step: its name.
        id: its own id.
        listed: whether the register has it already, so that pages and lists show it.
    """

    step: str
    id: str
    listed: bool


class CaseClient:
    """The files, spoken to through Temporal.

    Arguments:
        client: of Temporal.
        register: for references, archives and files without a run.
        surroundings: what is around every file.
        task_queue: the workers'.
        offset: between server time and business time; zero outside rehearsals.
        patience: how long to wait for an answer to a step.
        listed_within: seconds to wait for the register once a step is recorded.
    """

    def __init__(
        self,
        client: Client,
        register: Register,
        surroundings: SurroundingsReader,
        task_queue: str,
        offset: timedelta = timedelta(),
        *,
        patience: timedelta = PATIENCE,
        listed_within: float = LISTED_WITHIN,
    ) -> None:
        self._client, self._register, self._task_queue = client, register, task_queue
        self._surroundings = surroundings
        self.cluster = Cluster(client, task_queue)
        self.offset = offset
        self._patience, self._listed_within = patience, listed_within

    def now(self) -> datetime:
        """Business time of this process."""
        return datetime.now(UTC) + self.offset

    def handle(self, reference: str) -> WorkflowHandle[Any, Any]:
        """The file's workflow, followed through continue-as-new."""
        return self._client.get_workflow_handle(reference)

    async def open(self, body: Mapping[str, Any], rulebook: Rulebook, now: datetime | None = None) -> Opened:
        """Opens a file. Opened again with the same content, it is the same file.

        Arguments:
            body: see :class:`models.incident.Opening`.
            rulebook: pinned into the file.
            now: business time, when it is not the present.

        Raises:
            Refused: it may not be opened; with the reason and the field.
            ReferenceTaken: the reference is another file's.
            LostRunError: it was opened before, and its run is gone.
            UnansweredError: nobody has answered; it may or may not be open, open it again with the same content.
        """
        at = now or self.now()
        record = open_record(body, rulebook, (await self._surroundings.refresh()).at(at))
        if isinstance(record, Refusal):
            raise Refused(record)
        reference = str(body["reference"])
        claim = await claim_reference(self._register, reference, self.token(body), at)
        if not claim.begun:
            first = {"record": [entry.plain() for entry in record]}
            try:
                await self._start(reference, first, reuse=WorkflowIDReusePolicy.REJECT_DUPLICATE)
            except WorkflowAlreadyStartedError:
                pass
            except RPCError as error:
                if error.status not in RETRYABLE:
                    raise
                raise UnansweredError(f"{reference} may or may not be open: open it again, with the same.") from None
            with suppress(RegisterUnavailable):  # Temporal knows that it was begun, as long as it has it.
                await mark_begun(self._register, reference, at)
        elif await self.status(reference) is None:
            if await read_archive(self._register, reference) is None:
                raise LostRunError(reference)
            return Opened(reference, listed=True)  # It has ended, so long ago that Temporal has forgotten it.
        return Opened(reference, await self._wait_until_opened(reference))

    async def _wait_until_opened(self, reference: str) -> bool:
        """Waits until the file has answered its first question, and then, for a moment, for the register."""

        async def opened() -> int:
            while not (about := await self.handle(reference).query("about"))["stage"]:
                await asyncio.sleep(0.02)
            return int(about["revision"])

        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                revision = await self._patiently(opened)
        except (TimeoutError, RPCError):
            raise UnansweredError(f"{reference} is opened; its duties are set as soon as one runs.") from None
        return await wait_for_revision(self._register, reference, revision, seconds=self._listed_within)

    @staticmethod
    def token(body: Mapping[str, Any]) -> str:
        """What tells an opening from every other: opened again with the same content, it is the same file."""
        content = {name: value for name, value in body.items() if name != "reference"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    async def record(
        self, reference: str, name: str, body: Mapping[str, Any], envelope: Mapping[str, Any] | None = None
    ) -> Recorded:
        """Records a step; sent again under the same id, it is recorded once.

        Recorded is what the workflow answers. Then the register is waited for, for a moment.

        Arguments:
            reference: the file's.
            name: the step's.
            body: its fields.
            envelope: what is kept beside it, unread.

        Raises:
            Refused: the step may not be recorded; with the rule, the reason and the field.
            NoSuchFileError: there is no such file.
            UnansweredError: Temporal or its workers do not answer; the step may or may not be recorded, send it
                again under its id.
            RPCError: Temporal refuses us.
        """
        id = str(body.get("id"))
        unanswered = _unsure(id)
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                answer = await self._patiently(lambda: self._update(reference, name, body, envelope))
        except WorkflowUpdateFailedError as error:
            if isinstance(error.cause, ApplicationError) and _is(error, REFUSED):
                raise _refused_by(error.cause) from None
            # An earlier try may have been taken, by a run that has continued as new since.
            unanswered = {FAULT: SystemFaultError(), BUSY: BusyError()}.get(_kind_of(error) or "", unanswered)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return await self._record_on_ended(reference, name, body, envelope)
            if error.status not in RETRYABLE:
                raise
        except TimeoutError:
            pass
        else:
            listed = await wait_for_revision(self._register, reference, answer["revision"], seconds=self._listed_within)
            return Recorded(name, answer["id"], listed)
        if await self._has(reference, name, body):
            return Recorded(name, id, listed=False)
        raise unanswered

    async def _has(self, reference: str, name: str, body: Mapping[str, Any]) -> bool:
        """Whether this very step, whose answer did not come, is recorded: the register has it, or the file says so.

        A row in the register was written by work that Temporal has kept, so Temporal has the step.
        """
        sent, id = (name, json.loads(json.dumps(body))), str(body.get("id"))
        with suppress(RegisterUnavailable):
            if await step_by_id(self._register, reference, id) == sent:
                return True
        with suppress(RPCError, RuntimeError, WorkflowQueryFailedError):
            answer = await self.handle(reference).query("answer", id, rpc_timeout=PROBE_TIMEOUT)
            return bool(answer and answer["recorded"] and (answer["step"], answer["body"]) == sent)
        return False

    async def state(self, reference: str) -> State:
        """All that a file's run holds.

        Raises:
            NoSuchFileError: Temporal knows no such file.
        """
        try:
            return await self._patiently(lambda: state_of(self.handle(reference)))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise NoSuchFileError(reference) from None
            raise

    async def offset_of(self, reference: str) -> timedelta:
        """Between server time and business time on a file's run; zero outside rehearsals."""
        about = await self._patiently(lambda: self.handle(reference).query("about"))
        return timedelta(seconds=about["offset_seconds"])

    async def is_running(self, reference: str) -> bool:
        """Whether the file has an open run."""
        return await self.status(reference) is WorkflowExecutionStatus.RUNNING

    async def status(self, reference: str) -> WorkflowExecutionStatus | None:
        """What Temporal says of the file's latest run; None when it knows none."""
        try:
            with outages_as_unavailable():
                return (await self.handle(reference).describe()).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def start_again(self, reference: str, world: World) -> None:
        """Starts a file that the register has open and Temporal has no run of, from what the register knows.

        Raises:
            NoSuchFileError: the register has no such file.
        """
        stored = await read_file(self._register, reference)
        if stored is None:
            raise NoSuchFileError(reference)
        state = State(
            record=[entry.plain() for entry in stored.entries],
            events=[{"at": instant_text(e.at), "what": e.what, **e.fields} for e in stored.events],
            standing=standing_of(stored.entries, world),
            stage=stored.stage,
            revision=stored.revision,
            written=stored.revision,
            as_of=instant_text(world.now),
        )
        await self._start(reference, {}, pack(state))

    async def _update(
        self, reference: str, name: str, body: Mapping[str, Any], envelope: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        # The same step under the same id is one update; another step under that id is for the core to refuse.
        content = json.dumps([name, body], sort_keys=True, default=str)
        id = hashlib.sha256(content.encode()).hexdigest()[:32]
        args = [dict(body), dict(envelope)] if envelope else [dict(body)]
        try:
            answer: dict[str, Any] = await self.handle(reference).execute_update(
                name, args=args, id=id, result_type=dict
            )
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            # The SDK's one name for a call that took too long and for a cancellation, which is ours to pass on.
            raise error.__cause__ or error from None
        return answer

    async def _record_on_ended(
        self, reference: str, name: str, body: Mapping[str, Any], envelope: Mapping[str, Any] | None
    ) -> Recorded:
        archived = await read_archive(self._register, reference)
        stored = await read_file(self._register, reference)
        if stored is None:
            raise NoSuchFileError(reference)
        if archived is None or stored.revision > archived.revision:
            # It went on after it was archived, and that run is gone: `recheck` starts it from the register.
            raise LostRunError(reference)
        state = unpack(archived.case)
        if (before := answer_of(state.record, str(body.get("id")))) and before["recorded"]:
            entry = next(one for one in state.record if one["id"] == body["id"])
            if entry["name"] == name and entry["body"] == dict(body):
                return Recorded(name, str(body["id"]), listed=True)
        world = (await self._surroundings.refresh()).at(self.now(), quick=True)
        refusal = why_not([Entry.read(entry) for entry in state.record], name, body, world)
        if refusal is not None:
            raise Refused(refusal)
        first = {"name": name, "body": dict(body), "envelope": dict(envelope or {})}
        try:
            await self._start(reference, {"first": [first]}, archived.case)
            async with asyncio.timeout(self._patience.total_seconds()):
                answer = await self._patiently(
                    lambda: self._first_answer(reference, str(body["id"]), len(state.record))
                )
        except WorkflowAlreadyStartedError:
            return await self.record(reference, name, body, envelope)
        except (TimeoutError, RPCError):
            raise _unsure(str(body["id"])) from None
        if not answer["recorded"]:
            raise Refused(Refusal(answer["rule"], answer["reason"], answer["field"]))
        listed = await wait_for_revision(self._register, reference, state.revision + 1, seconds=self._listed_within)
        return Recorded(name, str(body["id"]), listed)

    async def _first_answer(self, reference: str, id: str, since: int) -> dict[str, Any]:
        while True:
            answer: dict[str, Any] | None = await self.handle(reference).query("answer", args=[id, since])
            if answer is not None:
                return answer
            await asyncio.sleep(0.05)

    async def _start(
        self,
        reference: str,
        opening: Mapping[str, Any],
        carried: bytes = b"",
        reuse: WorkflowIDReusePolicy = WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    ) -> None:
        values = {"reference": reference, "offset_seconds": self.offset.total_seconds(), **opening}
        start = partial(
            self._client.start_workflow,
            "IncidentWorkflow",
            args=[values, carried],
            id=reference,
            task_queue=self._task_queue,
            id_reuse_policy=reuse,
            search_attributes=TypedSearchAttributes([SearchAttributePair(CASE_REFERENCE, reference)]),
            static_summary=f"Safeguarding file {reference}",
            static_details="One incident, from the first call to the last action; what stands is beside.",
        )
        await self._patiently(start)

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Asks again while Temporal is busy, continuing a run, or away for a moment."""
        until = asyncio.get_running_loop().time() + self._patience.total_seconds()
        pause = 0.05
        while True:
            try:
                with outages_as_unavailable():
                    return await ask()
            except (RPCError, WorkflowUpdateFailedError) as error:
                passes = _is(error, BUSY) if isinstance(error, WorkflowUpdateFailedError) else error.status in RETRYABLE
                # Before whoever asks loses patience, so that they hear what was said last.
                if not passes or asyncio.get_running_loop().time() + pause >= until:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)


def _unsure(id: str) -> UnansweredError:
    return UnansweredError(f"The step may or may not have been recorded: send it again under the same id, {id}.")


def _kind_of(error: WorkflowUpdateFailedError) -> str | None:
    return error.cause.type if isinstance(error.cause, ApplicationError) else None


def _is(error: WorkflowUpdateFailedError, kind: str) -> bool:
    return _kind_of(error) == kind


def _refused_by(error: ApplicationError) -> Refused:
    said: Mapping[str, Any] = error.details[0]
    return Refused(Refusal(said["rule"], said["reason"], said["field"]))
