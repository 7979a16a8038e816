"""Keeps the register true: writes it, archives what has ended, and tells other files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from models import references
from models.contract import State, read_instant, unpack
from models.project import project
from models.projection import Projection
from models.record import Entry
from models.world import Surroundings
from register.engine import Register
from register.files.archive import ArchivedFile, write_archive
from register.files.behind import BehindNotes
from register.files.store import write
from register.surroundings import SurroundingsReader


async def state_of(handle: WorkflowHandle[Any, Any]) -> State:
    """All that a file's run holds, as Temporal has kept it."""
    return unpack(await handle.query("packed", result_type=bytes))


def projection_of(state: State, surroundings: Surroundings) -> Projection:
    """A file for the register, from what its run holds: as of the instant of its last change."""
    record, world = [Entry.read(entry) for entry in state.record], surroundings.at(read_instant(state.as_of))
    return project(record, state.events, state.revision, world, state.replaced)


async def archive_state(register: Register, handle: WorkflowHandle[Any, Any], revision: int, carried: bytes) -> None:
    """Keeps an ended file, with the history it has come by.

    Arguments:
        handle: of its workflow.
        revision: the file's revision at its end.
        carried: all that a new run of it starts from.
    """
    history, state = await handle.fetch_history(), unpack(carried)
    at = read_instant(state.as_of)
    # The same JSON as the SDK's ``to_json``, without the indents that take most of its time.
    lines = json.dumps(history.to_json_dict())
    await write_archive(register, ArchivedFile(state.reference, revision, carried, lines.encode(), at))


@dataclass
class FilingActivities:
    """Writes files into the register.

    Arguments:
        register: where.
        client: to ask workflows, and to read their history.
        surroundings: what is known of the world.
        behind: notes the files that cannot be written.
    """

    register: Register
    client: Client
    surroundings: SurroundingsReader
    behind: BehindNotes

    @activity.defn(name="write_register")
    async def write_register(self, file: str, reference: str) -> int:
        """Brings the register up to a revision of a file, and answers which.

        Arguments:
            file: the file's reference.
            reference: of the projection; where this process does not know it, the file is asked.

        Raises:
            RegisterAhead: the register has what the file does not: a person must say which counts.
            RegisterUnavailable: no answer in time.
        """
        try:
            projection: Projection = references.fetch(reference)
        except references.UnknownReferenceError:
            state = await state_of(self.client.get_workflow_handle(file))
            projection = projection_of(state, await self.surroundings.latest())
        with self.behind.writing(file, projection.revision, activity.info().scheduled_time):
            await write(self.register, projection)
        return projection.revision

    @activity.defn(name="archive")
    async def archive(self, file: str, revision: int, carried: bytes) -> None:
        """Keeps the whole case, and the history it has come by, for as long as the register lives."""
        await archive_state(self.register, self.client.get_workflow_handle(file), revision, carried)

    @activity.defn(name="tell_file")
    async def tell_file(self, message: dict[str, Any]) -> dict[str, Any]:
        """Hands a step to another file; answers whether it was ``delivered``: not when there is no such open file."""
        handle = self.client.get_workflow_handle(message["to"])
        try:
            await handle.signal(message["name"], message["body"])
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return {"delivered": False}
            raise
        return {"delivered": True}
