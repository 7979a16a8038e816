"""Speaking to files: opening one, recording a step, asking what stands. What the command line and the pages use."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.archive import read_archive
from activities.database import Register
from activities.references import claim_reference
from activities.register import read_file
from models.consider import standing_of, why_not
from models.fold import open_record
from models.record import Entry, Refusal, Refused, instant_text
from models.rulebook import Rulebook
from models.step import World
from running.temporal import away_as_unavailable
from workflows.attributes import CASE_REFERENCE
from workflows.carried import unpack
from workflows.incident import FAULT, IncidentWorkflow

T = TypeVar("T")

AGAIN = frozenset(
    {
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.ABORTED,
        # What the SDK makes of a connection that is cut in the middle of a call: the server was killed, say.
        RPCStatusCode.UNKNOWN,
        RPCStatusCode.INTERNAL,
    }
)
"""Errors that pass, continue-as-new among their causes: the same step is sent again under the same id."""

PATIENCE = timedelta(seconds=30)
PAGE_PATIENCE = timedelta(seconds=10)
"""On a page: nobody looks at a blank one for longer."""
_TO_LOOK = timedelta(seconds=2)
_STILL_THERE = timedelta(minutes=2)
"""A worker asks again every minute; Temporal goes on naming those that are gone for five."""
REACHED_WITHIN = timedelta(seconds=3)


class NoSuchFileError(Exception):
    """There is no file by that reference."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"There is no file {reference}.")


class UnansweredError(Exception):
    """Nobody answered in time: what was sent may or may not have been taken. Its text says what to do."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Nobody has answered: see that Temporal runs, and a worker (python worker.py). {what}")


class SystemFaultError(UnansweredError):
    """A step met a fault of the system's own: nothing was recorded, and sending it again once it is mended is right."""

    def __init__(self) -> None:
        Exception.__init__(
            self,
            "The step could not be checked, and was not recorded: that is a fault of the system, not of the step. Tell "
            "operations, who find it in the worker's log, and send the step again once it is mended.",
        )


class Cases:
    """The files, spoken to through Temporal.

    Arguments:
        client: of Temporal.
        register: for references, archives and files without a run.
        task_queue: the workers'.
        offset: between server time and business time; zero outside rehearsals.
        patience: how long to wait for an answer to a step.
    """

    def __init__(
        self,
        client: Client,
        register: Register,
        task_queue: str,
        offset: timedelta = timedelta(),
        *,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._client, self._register, self._task_queue = client, register, task_queue
        self.offset = offset
        self._patience = patience

    def now(self) -> datetime:
        """Business time of this process."""
        return datetime.now(UTC) + self.offset

    async def reachable(self) -> bool:
        """Whether Temporal answers at all: what is sent while it does not was never taken."""
        try:
            return await self._client.service_client.check_health(timeout=REACHED_WITHIN)
        except (RPCError, RuntimeError):
            return False

    def handle(self, reference: str) -> WorkflowHandle[Any, Any]:
        """The file's workflow, followed through continue-as-new."""
        return self._client.get_workflow_handle(reference)

    async def open(self, body: Mapping[str, Any], rulebook: Rulebook, now: datetime | None = None) -> str:
        """Opens a file and returns its reference. Opened again with the same content, it is the same file.

        Arguments:
            body: see :class:`models.incident.Opening`.
            rulebook: pinned into the file.
            now: business time, when it is not the present.

        Raises:
            Refused: it may not be opened; with the reason and the field.
            ReferenceTaken: the reference is another file's.
        """
        at = now or self.now()
        record = open_record(body, rulebook, at)
        if isinstance(record, Refusal):
            raise Refused(record)
        reference = str(body["reference"])
        claim = await claim_reference(self._register, reference, self.token(body), at)
        if not claim.has_file:
            # A file that is there was opened before, whatever became of its run: never begun again from nothing.
            with suppress(WorkflowAlreadyStartedError):
                first = {"record": [entry.plain() for entry in record]}
                await self._start(reference, first, reuse=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY)
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await self._patiently(lambda: self._opened(reference))
        except (TimeoutError, RPCError):
            raise UnansweredError(f"{reference} is opened; its duties are set as soon as one runs.") from None
        return reference

    @staticmethod
    def token(body: Mapping[str, Any]) -> str:
        """What tells an opening from every other: opened again with the same content, it is the same file."""
        content = {name: value for name, value in body.items() if name != "reference"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    async def record(self, reference: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Records a step; sent again under the same id, it is recorded once.

        Raises:
            Refused: the step may not be recorded; with the rule, the reason and the field.
            NoSuchFileError: there is no such file.
            UnansweredError: Temporal or its workers do not answer; the step may or may not be recorded, send it
                again under its id.
            RPCError: Temporal refuses us.
        """
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await self._patiently(lambda: self._update(reference, name, body))
        except WorkflowUpdateFailedError as error:
            if isinstance(error.cause, ApplicationError) and error.cause.type == FAULT:
                raise SystemFaultError from None
            raise Refused(_refusal_in(error)) from None
        except (TimeoutError, RPCError) as error:
            if isinstance(error, TimeoutError) or error.status in AGAIN:
                raise UnansweredError(f"Then send the step again under the same id, {body.get('id')}.") from None
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        return await self._record_on_ended(reference, name, body)

    async def ask(self, reference: str, query: str) -> Any:
        """The answer to a query of the workflow: ``file``, ``duties``, ``next`` or ``state``.

        Raises:
            NoSuchFileError: Temporal knows no such file.
        """
        try:
            return await self._patiently(lambda: self.handle(reference).query(query))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise NoSuchFileError(reference) from None
            raise

    async def is_running(self, reference: str) -> bool:
        """Whether the file has an open run."""
        return await self.status(reference) is WorkflowExecutionStatus.RUNNING

    async def status(self, reference: str) -> WorkflowExecutionStatus | None:
        """What Temporal says of the file's latest run; None when it knows none."""
        try:
            with away_as_unavailable():
                return (await self.handle(reference).describe()).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def running(self) -> list[str]:
        """The references of this board's files that have an open run."""
        query = (
            f"WorkflowType = 'IncidentWorkflow' AND ExecutionStatus = 'Running' AND TaskQueue = '{self._task_queue}'"
        )
        return [found.id async for found in self._client.list_workflows(query)]

    async def standing_still(self) -> int | None:
        """How many files' workflow tasks fail over and over, by Temporal's own count; None where it keeps none.

        Raises:
            RPCError: Temporal does not answer.
        """
        query = (
            f"WorkflowType = 'IncidentWorkflow' AND TaskQueue = '{self._task_queue}' AND "
            "TemporalReportedProblems = 'category=WorkflowTaskFailed'"
        )
        try:
            with away_as_unavailable():
                return (await self._client.count_workflows(query, rpc_timeout=_TO_LOOK)).count
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                return None
            raise

    async def workers(self) -> int:
        """How many workers ask Temporal for files to take on.

        Raises:
            RPCError: Temporal does not answer.
        """
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self._task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        with away_as_unavailable():
            answer = await self._client.workflow_service.describe_task_queue(request, timeout=_TO_LOOK)
        asked_lately = (poller.last_access_time.ToDatetime(UTC) for poller in answer.pollers)
        return sum(datetime.now(UTC) - at < _STILL_THERE for at in asked_lately)

    async def start_again(self, reference: str, world: World) -> None:
        """Starts a file that the register has open and Temporal has no run of, from what the register knows.

        Raises:
            NoSuchFileError: the register has no such file.
        """
        stored = await read_file(self._register, reference)
        if stored is None:
            raise NoSuchFileError(reference)
        standing = standing_of(stored.entries, world)
        events = [{"at": instant_text(e.at), "what": e.what, **e.fields} for e in stored.events]
        state = {
            "record": [entry.plain() for entry in stored.entries],
            "events": events,
            "deadlines": standing.deadlines,
            "stage": stored.stage,
            "revision": stored.revision,
            "written": stored.revision,
        }
        await self._start(reference, state)

    async def _opened(self, reference: str) -> None:
        """Waits until the first look at the file is done, so that whoever opened it finds it in the register."""
        while not (await self.handle(reference).query("state"))["stage"]:
            await asyncio.sleep(0.02)

    async def _update(self, reference: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        # The same step under the same id is one update; another step under that id is for the core to refuse.
        content = json.dumps([name, body], sort_keys=True, default=str)
        id = hashlib.sha256(content.encode()).hexdigest()[:32]
        try:
            answer: dict[str, Any] = await self.handle(reference).execute_update(
                name, dict(body), id=id, result_type=dict
            )
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            # The SDK's one name for a call that took too long and for a cancellation, which is ours to pass on.
            raise error.__cause__ or error from None
        return answer

    async def _record_on_ended(self, reference: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        archived = await read_archive(self._register, reference)
        stored = await read_file(self._register, reference)
        if archived is None or stored is None or stored.revision > archived.revision:
            # It went on after it was archived, and that run is gone: `recheck` starts it from the register.
            raise NoSuchFileError(reference)
        state = unpack(archived.case)
        entries = [Entry.read(entry) for entry in state["record"]]
        refusal = why_not(entries, name, body, World(self.now(), quick=True))
        if refusal is not None:
            raise Refused(refusal)
        if any(entry.id == body.get("id") and not entry.is_fact for entry in entries):
            return {"recorded": True, "step": name, "id": body["id"]}
        first = [{"name": name, "body": dict(body)}]
        try:
            await self._start(reference, {"first": first}, archived.case)
        except WorkflowAlreadyStartedError:
            return await self.record(reference, name, body)
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                answer = await self._patiently(lambda: self._first_answer(reference, str(body["id"])))
        except (TimeoutError, RPCError):
            raise UnansweredError(f"Then send the step again under the same id, {body['id']}.") from None
        if not answer["recorded"]:
            raise Refused(Refusal(answer["rule"], answer["reason"], answer["field"]))
        return answer

    async def _first_answer(self, reference: str, id: str) -> dict[str, Any]:
        while True:
            answer: dict[str, Any] | None = await self.handle(reference).query("answer", id)
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
        with away_as_unavailable():
            await self._client.start_workflow(
                IncidentWorkflow.run,
                args=[values, carried],
                id=reference,
                task_queue=self._task_queue,
                id_reuse_policy=reuse,
                search_attributes=TypedSearchAttributes([SearchAttributePair(CASE_REFERENCE, reference)]),
                static_summary=f"Safeguarding file {reference}",
                static_details="One incident, from the first call to the last action; what stands is beside.",
            )

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Asks again while Temporal is busy, continuing a run, or away for a moment."""
        until = asyncio.get_running_loop().time() + self._patience.total_seconds()
        pause = 0.05
        while True:
            try:
                with away_as_unavailable():
                    return await ask()
            except RPCError as error:
                if error.status not in AGAIN or asyncio.get_running_loop().time() > until:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)


def _refusal_in(error: WorkflowUpdateFailedError) -> Refusal:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == "Refused" and cause.details:
        details: Mapping[str, Any] = cause.details[0]
        return Refusal(details.get("rule", ""), details.get("reason", str(cause)), details.get("field"))
    return Refusal("", str(cause or error))
