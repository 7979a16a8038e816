"""Keeps the register true: written later when it was away, archived at the end, and other files told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.project import project
from models.record import Entry, read_instant
from models.step import World

from .archive import ArchivedFile, write_archive
from .database import Register
from .register import write


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
        world = World(read_instant(state["now"]), extra_holidays=self.extra_holidays)
        record = [Entry.read(entry) for entry in state["record"]]
        await write(self.register, project(record, state["events"], state["revision"], world), as_of=world.now)
        return int(state["revision"])

    @activity.defn(name="archive")
    async def archive(self, reference: str, revision: int, carried: bytes) -> None:
        """Keeps the whole case, and the history it has come by, for as long as the register lives."""
        handle = self.client.get_workflow_handle(reference)
        state: dict[str, Any] = await handle.query("state")
        history = await handle.fetch_history()
        closed_at = read_instant(state["now"])
        case = ArchivedFile(reference, revision, carried, history.to_json().encode(), closed_at)
        await write_archive(self.register, case)

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
