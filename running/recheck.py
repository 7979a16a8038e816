"""Asks open files what would move, under today's code or under another rulebook, and moves it when told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from temporalio.client import WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError

from activities.archive import read_archive
from activities.directory import NoDirectory, load_directory
from activities.files import MOST, Filter, list_files
from activities.filing import archive_state, write_state
from activities.register import read_entries, read_file
from models.changes import Changes, Incoming, Standing
from models.consider import consider
from models.counting import NoCalendarError
from models.directory import Directory
from models.record import Entry
from models.step import World
from running.cases import Cases, NoSuchFileError
from running.system import System
from workflows.carried import pack


@dataclass(frozen=True)
class NewRulebook:
    """A rulebook that files are to follow from now on, each by a recorded step.

    Arguments:
        name: of one on the shelf.
        reason: kept with each step.
        by: who records it.
    """

    name: str
    reason: str
    by: str

    def step(self, today: date) -> Incoming:
        """The step for a file; asked for again on the same day, it is the same step."""
        body = {
            "id": f"rulebook-{self.name}-{today.isoformat()}",
            "recorded_by": self.by,
            "happened_on": today.isoformat(),
            "rulebook": self.name,
            "reason": self.reason,
        }
        return Incoming(kind="step", name="rulebook_changed", body=body, source="update")


class Recheck:
    """Looks at open files one after another.

    Arguments:
        cases: to speak to them.
        parts: register, rulebooks, settings.
        change: the rulebook they are to follow; None to ask again under the one each has.
    """

    def __init__(self, cases: Cases, parts: System, change: NewRulebook | None = None) -> None:
        self._cases, self._parts, self._change = cases, parts, change

    async def files(self, only: str | None, *, apply: bool) -> AsyncIterator[dict[str, Any]]:
        """What would change on each file, or with ``apply`` does.

        Arguments:
            only: one file's reference; None for every open one.
        """
        world = await self._world()
        for reference in [only] if only else await self._open_files():
            yield await self._file(reference, world, apply=apply)

    async def _file(self, reference: str, world: World, *, apply: bool) -> dict[str, Any]:
        status = await self._cases.status(reference)
        if status is WorkflowExecutionStatus.COMPLETED and not await self._ended(reference):
            # It ended after the copy was taken that the register was put back from.
            return await self._written_again(await self._cases.ask(reference, "state"), apply=apply)
        if status is not WorkflowExecutionStatus.RUNNING:
            return await self._without_a_run(reference, world, known=status is not None, apply=apply)
        state = await self._cases.ask(reference, "state")
        stored = await read_file(self._parts.register, reference)
        if stored is None or (stored.revision, len(stored.entries)) != (state["revision"], len(state["record"])):
            return await self._written_again(state, apply=apply)
        incoming = self._change.step(world.today) if self._change else Incoming(kind="look")
        try:
            changes = _asked(state, incoming, world)
        except NoCalendarError as error:
            return {"reference": reference, "finding": str(error), "would": [], "applied": False}
        if changes.answer is not None and not changes.answer.recorded:
            return {"reference": reference, "finding": changes.answer.reason, "would": [], "applied": False}
        would = [event for event in changes.events if event["what"] != "stage"]
        would += [{"what": "letter", "notice": letter.notice, "to": letter.to} for letter in changes.letters]
        applied = apply and bool(would)
        if applied and self._change:
            await self._cases.record(reference, incoming.name, incoming.body)
        elif applied:
            await self._cases.handle(reference).signal("recheck")
        return {"reference": reference, "finding": "", "would": would, "applied": applied}

    async def _without_a_run(self, reference: str, world: World, *, known: bool, apply: bool) -> dict[str, Any]:
        if known and apply:
            # A run that was ended from outside can still be asked: it may know what the register was away for.
            with suppress(RPCError, WorkflowQueryFailedError):
                state = await self._cases.ask(reference, "state")
                await write_state(self._parts.register, state, self._parts.settings.extra_holidays)
        if not await read_entries(self._parts.register, reference):
            raise NoSuchFileError(reference)
        if await self._ended(reference):
            return {"reference": reference, "finding": "The file has ended.", "would": [], "applied": False}
        finding = "The register has it open, and Temporal has no run of it: it is to be started again."
        if apply:
            await self._cases.start_again(reference, world)
        return {"reference": reference, "finding": finding, "would": [{"what": "started_again"}], "applied": apply}

    async def _ended(self, reference: str) -> bool:
        stored = await read_file(self._parts.register, reference)
        archived = await read_archive(self._parts.register, reference)
        return (
            stored is not None
            and stored.closed_on is not None
            and (archived is None or archived.revision >= stored.revision)
        )

    async def _written_again(self, state: Mapping[str, Any], *, apply: bool) -> dict[str, Any]:
        """The workflow is right: an older copy of the register was put back, say."""
        reference, register = state["reference"], self._parts.register
        if apply:
            await write_state(register, state, self._parts.settings.extra_holidays)
            if state["stage"] == "closed" and not await self._cases.is_running(reference):
                carried = pack(dict(state))
                await archive_state(register, self._cases.handle(reference), state, state["revision"], carried)
        finding = "The register has another state of it than its workflow: it is to be written again."
        if apply:
            finding = "The register was written again from its workflow; recheck it once more for what would move."
        return {"reference": reference, "finding": finding, "would": [{"what": "written_again"}], "applied": apply}

    async def _world(self) -> World:
        directory: Directory | None = None
        try:
            directory = await load_directory(self._parts.register)
        except NoDirectory:
            directory = None
        shelf = {name: rulebook.model_dump(mode="json") for name, rulebook in self._parts.rulebooks.items()}
        return World(datetime.now(UTC), directory, shelf, self._parts.settings.extra_holidays)

    async def _open_files(self) -> list[str]:
        found: list[str] = []
        while True:
            page = await list_files(self._parts.register, Filter(has_run=True), start=len(found), limit=MOST)
            found += [line.reference for line in page.files]
            if not page.files:
                # A file that was opened after the register's copy was taken is only where it runs.
                return sorted({*found, *await self._cases.running()})


def _asked(state: Mapping[str, Any], incoming: Incoming, world: World) -> Changes:
    record = [Entry.read(entry) for entry in state["record"]]
    standing = Standing(deadlines=state["deadlines"], letters=list(state["letters"]), stage=state["stage"])
    return consider(record, standing, incoming, world)
