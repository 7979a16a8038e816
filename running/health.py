"""What Temporal says of the whole board: whether it answers and keeps, who works, which files run or stand still."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from temporalio.api.common.v1 import WorkflowType
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, SignalWithStartWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from running.temporal import outages_as_unavailable

PROBE_TIMEOUT = timedelta(seconds=2)
POLLER_FRESH_FOR = timedelta(minutes=2)
"""A worker asks again every minute; Temporal goes on naming those that are gone for five."""
HEALTH_TIMEOUT = timedelta(seconds=3)

_WRITE_CHECK = "WriteCheck"
"""A workflow type that no worker has, on a task queue that none asks: it waits until its time is over."""

_WRITE_CHECK_LASTS = timedelta(hours=6)
"""Temporal takes 10,000 signals for a run. Pages ask twice a minute at most, so that a dozen of them have enough."""


class Cluster:
    """The Temporal cluster, watched.

    Arguments:
        client: of the namespace.
        task_queue: the workers'.
    """

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client, self._task_queue = client, task_queue

    async def reachable(self) -> bool:
        """Whether Temporal answers at all: what is sent while it does not was never taken."""
        try:
            return await self._client.service_client.check_health(timeout=HEALTH_TIMEOUT)
        except (RPCError, RuntimeError):
            return False

    async def try_a_write(self) -> None:
        """Has Temporal keep something: only that tells of a full disk, which still answers what is read.

        A signal to the one workflow of this board that is there for it, started first where it is over.

        Four runs a day time out, and nothing else is left of it. It is no file: it has neither a file's type, nor its
        task queue, nor any search attribute.

        Raises:
            RPCError: Temporal does not answer, or cannot keep it. Asked once and not again.
        """
        request = SignalWithStartWorkflowExecutionRequest(
            namespace=self._client.namespace,
            workflow_id=f"write-check:{self._task_queue}",
            workflow_type=WorkflowType(name=_WRITE_CHECK),
            task_queue=TaskQueue(name=f"{self._task_queue}-write-check"),
            signal_name="check",
            request_id=str(uuid.uuid4()),
            identity=self._client.identity,
        )
        request.workflow_execution_timeout.FromTimedelta(_WRITE_CHECK_LASTS)
        with outages_as_unavailable():
            await self._client.workflow_service.signal_with_start_workflow_execution(request, timeout=HEALTH_TIMEOUT)

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
            with outages_as_unavailable():
                return (await self._client.count_workflows(query, rpc_timeout=PROBE_TIMEOUT)).count
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
        with outages_as_unavailable():
            answer = await self._client.workflow_service.describe_task_queue(request, timeout=PROBE_TIMEOUT)
        asked_lately = (poller.last_access_time.ToDatetime(UTC) for poller in answer.pollers)
        return sum(datetime.now(UTC) - at < POLLER_FRESH_FOR for at in asked_lately)
