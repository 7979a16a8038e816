"""Keeps the register true: written later when it was away, archived at the end, and other files told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.project import project
from models.record import Entry, read_instant
from models.step import World

from .archive import ArchivedFile, write_archive
from .database import Register
from .register import write


async def write_state(register: Register, state: Mapping[str, Any], extra_holidays: tuple[date, ...]) -> None:
    """Writes a file as its workflow has it; as of the workflow's time, so that anything later counts before it.

    Arguments:
        state: the answer to the workflow's query ``state``.

    Raises:
        RegisterAway: no answer in time.
    """
    world = World(read_instant(state["now"]), extra_holidays=extra_holidays)
    record = [Entry.read(entry) for entry in state["record"]]
    await write(register, project(record, state["events"], state["revision"], world), as_of=world.now)


async def archive_state(
    register: Register, handle: WorkflowHandle[Any, Any], state: Mapping[str, Any], revision: int, carried: bytes
) -> None:
    """Keeps an ended file, with the history it has come by.

    Arguments:
        handle: of its workflow.
        state: the answer to the workflow's query ``state``.
        revision: the file's revision at its end.
        carried: all that a new run of it starts from.
    """
    history = await handle.fetch_history()
    case = ArchivedFile(state["reference"], revision, carried, history.to_json().encode(), read_instant(state["now"]))
    await write_archive(register, case)


@dataclass
class FilingActivities:
    """Writes files into the register.

    Arguments:
        register: where.
        client: to ask workflows, and to read their history.
        extra_holidays: one-off bank holidays.
    """

    register: Register
    client: Client
    extra_holidays: tuple[date, ...] = ()

    @activity.defn(name="write_register")
    async def write_register(self, reference: str) -> int:
        """Reads a file from its workflow and writes it, when the register was away; the revision it then has."""
        state: dict[str, Any] = await self.client.get_workflow_handle(reference).query("state")
        await write_state(self.register, state, self.extra_holidays)
        return int(state["revision"])

    @activity.defn(name="archive")
    async def archive(self, reference: str, revision: int, carried: bytes) -> None:
        """Keeps the whole case, and the history it has come by, for as long as the register lives."""
        handle = self.client.get_workflow_handle(reference)
        state: dict[str, Any] = await handle.query("state")
        await archive_state(self.register, handle, state, revision, carried)

    @activity.defn(name="tell_file")
    async def tell_file(self, message: dict[str, Any]) -> None:
        """Hands a step to another file.

        Raises:
            ApplicationError: there is no such open file; not tried again.
        """
        handle = self.client.get_workflow_handle(message["to"])
        try:
            await handle.signal(message["name"], message["body"])
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise ApplicationError("There is no such open file.", non_retryable=True) from None
            raise
