"""Asks open files what would move, under today's code or under another rulebook, and moves it when told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from temporalio.client import WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError

from activities.filing import archive_state, projection_of
from models.consider import consider
from models.contract import Changes, Incoming, Question, State, pack, read_instant
from models.days import NoCalendarError
from models.projection import Projection
from models.world import Surroundings
from register.files.archive import read_archive
from register.files.behind import RegisterAhead, settle
from register.files.references import begun_without_file, release_claim
from register.files.store import read_entries, read_file, write
from register.lists.files import MOST, Filter, list_files
from register.unavailable import RegisterUnavailable
from running.case_client import CaseClient, NoSuchFileError
from running.system import System

Side = Literal["file", "register"]
"""Which counts, when the register has of a file what the file itself does not have."""


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
        return Incoming("step", name="rulebook_changed", body=body, source="update")


class Recheck:
    """Looks at open files one after another; one that cannot be looked at stops none.

    Arguments:
        cases: to speak to them.
        parts: register, rulebooks, settings.
        change: the rulebook they are to follow; None to ask again under the one each has.
        counts: which side counts where the register is ahead of a file; None to only name such files.
    """

    def __init__(
        self, cases: CaseClient, parts: System, change: NewRulebook | None = None, counts: Side | None = None
    ) -> None:
        self._cases, self._parts, self._change, self._counts = cases, parts, change, counts

    async def files(self, only: str | None, *, apply: bool) -> AsyncIterator[dict[str, Any]]:
        """What would change on each file, or with ``apply`` does; ``failed`` where it could not be looked at.

        Arguments:
            only: one file's reference; None for every open one.
        """
        surroundings = await self._parts.surroundings.refresh()
        for reference in [only] if only else await self._open_files():
            try:
                found = await self._file(reference, surroundings, apply=apply)
                if found["applied"]:
                    await settle(self._parts.register, reference)
                yield found
            except RegisterUnavailable:
                raise
            except Exception as error:
                if only and isinstance(error, NoSuchFileError):
                    raise
                # An error's text may quote what is on the file; its name does not.
                why = str(error) if isinstance(error, NoSuchFileError | RPCError) else type(error).__name__
                yield _found(reference, f"It could not be looked at: {why}", failed=True)

    async def _file(self, reference: str, surroundings: Surroundings, *, apply: bool) -> dict[str, Any]:
        status = await self._cases.status(reference)
        # Before the file is asked: what is recorded and written in between must not look like a register that is ahead.
        stored = await read_file(self._parts.register, reference)
        if status is WorkflowExecutionStatus.COMPLETED and not await self._ended(reference):
            # It ended after the copy was taken that the register was put back from.
            return await self._write(await self._cases.state(reference), stored, surroundings, apply=apply)
        if status is not WorkflowExecutionStatus.RUNNING:
            return await self._without_a_run(reference, surroundings, known=status is not None, apply=apply)
        state = await self._cases.state(reference)
        if stored is None or stored.revision != state.revision or _rows_of(stored) != _rows_in(state):
            return await self._write(state, stored, surroundings, apply=apply)
        if apply:
            await settle(self._parts.register, reference)
        now = datetime.now(UTC)
        incoming = self._change.step(surroundings.at(now).today) if self._change else Incoming("reassess")
        try:
            changes = consider(Question(state, [incoming], now), surroundings)
        except NoCalendarError as error:
            return _found(reference, str(error))
        if changes.answers and not changes.answers[0]["recorded"]:
            return _found(reference, changes.answers[0]["reason"])
        would = _would(changes)
        applied = apply and bool(would)
        if applied and self._change:
            await self._cases.record(reference, incoming.name, incoming.body)
        elif applied:
            await self._cases.handle(reference).signal("recheck")
        return _found(reference, "", would, applied=applied)

    async def _without_a_run(
        self, reference: str, surroundings: Surroundings, *, known: bool, apply: bool
    ) -> dict[str, Any]:
        if known and apply:
            # A run that was ended from outside can still be asked: it may know what the register was away for.
            with suppress(RPCError, WorkflowQueryFailedError, RegisterAhead):
                await write(self._parts.register, projection_of(await self._cases.state(reference), surroundings))
        if not await read_entries(self._parts.register, reference):
            if reference in await begun_without_file(self._parts.register):
                return await self._release(reference, apply=apply)
            raise NoSuchFileError(reference)
        if await self._ended(reference):
            return _found(reference, "The file has ended.")
        finding = "The register has it open, and Temporal has no run of it: it is to be started again."
        if apply:
            await self._cases.start_again(reference, surroundings.at(datetime.now(UTC)))
        return _found(reference, finding, [{"what": "started_again"}], applied=apply)

    async def _release(self, reference: str, *, apply: bool) -> dict[str, Any]:
        """It was opened, and both Temporal and the register have lost it."""
        finding = "It was opened, and neither Temporal nor the register has it any more: it is to be opened again."
        if apply:
            await release_claim(self._parts.register, reference)
        return _found(reference, finding, [{"what": "reference_released"}], applied=apply)

    async def _ended(self, reference: str) -> bool:
        stored = await read_file(self._parts.register, reference)
        archived = await read_archive(self._parts.register, reference)
        return (
            stored is not None
            and stored.closed_on is not None
            and (archived is None or archived.revision >= stored.revision)
        )

    async def _write(
        self, state: State, stored: Projection | None, surroundings: Surroundings, *, apply: bool
    ) -> dict[str, Any]:
        """Brings the register up to what the file has, unless it has what the file does not: then a person decides."""
        reference, projection = state.reference, projection_of(state, surroundings)
        if stored is not None and _is_ahead(stored, state):
            return await self._decide(state, stored, projection, surroundings, apply=apply)
        if apply:
            await self._written(state, projection)
        finding = "The register has another state of it than its workflow: it is to be written again."
        if apply:
            finding = "The register was written again from its workflow; recheck it once more for what would move."
        return _found(reference, finding, [{"what": "written_again"}], applied=apply)

    async def _written(self, state: State, projection: Projection, *, instead: bool = False) -> None:
        await write(self._parts.register, projection, instead=instead)
        if state.stage == "closed" and not await self._cases.is_running(state.reference):
            handle = self._cases.handle(state.reference)
            await archive_state(self._parts.register, handle, state.revision, pack(state))

    async def _decide(
        self,
        state: State,
        stored: Projection,
        projection: Projection,
        surroundings: Surroundings,
        *,
        apply: bool,
    ) -> dict[str, Any]:
        reference, in_register, in_file = state.reference, _rows_of(stored), _rows_in(state)
        only = [*_named("only_in_register", in_register - in_file), *_named("only_in_file", in_file - in_register)]
        finding = (
            "The register has of this file what the file itself does not have. Look at what each side has alone, then "
            f"say which counts: recheck {reference} --apply --counts register starts the file again from the register; "
            "--counts file puts the file in the register's place. What the other side has alone is lost."
        )
        if not apply or self._counts is None:
            return _found(reference, finding, only)
        if self._counts == "file":
            await self._written(state, projection, instead=True)
            return _found(reference, "The register was written anew from the file.", only, applied=True)
        if await self._cases.is_running(reference):
            await self._cases.handle(reference).terminate("The register counts: the file is started again from it.")
        await self._cases.start_again(reference, surroundings.at(datetime.now(UTC)))
        return _found(reference, "The file was started again from the register.", only, applied=True)

    async def _open_files(self) -> list[str]:
        found: list[str] = []
        while True:
            page = await list_files(self._parts.register, Filter(has_run=True), start=len(found), limit=MOST)
            found += [line.reference for line in page.files]
            if not page.files:
                # A file that was opened after the register's copy was taken is only where it runs.
                lost = await begun_without_file(self._parts.register)
                return sorted({*found, *lost, *await self._cases.cluster.running()})


def _found(
    reference: str,
    finding: str,
    would: list[dict[str, Any]] | None = None,
    *,
    applied: bool = False,
    failed: bool = False,
) -> dict[str, Any]:
    return {"reference": reference, "finding": finding, "would": would or [], "applied": applied, "failed": failed}


def _would(changes: Changes) -> list[dict[str, Any]]:
    would = [event for event in changes.events if event["what"] != "stage"]
    letters = [work["arguments"][1] for work in changes.work if work["activity"] == "send_letter"]
    return [*would, *({"what": "letter", "notice": letter["notice"], "to": letter["to"]} for letter in letters)]


_Rows = set[tuple[datetime, str, str]]


def _rows_of(file: Projection) -> _Rows:
    """What tells each entry, and each line of the timeline, from all others."""
    entries = {(entry.recorded_at, entry.name, entry.id) for entry in file.entries}
    return entries | {(event.at, event.what, "") for event in file.events}


def _rows_in(state: State) -> _Rows:
    entries = {(read_instant(entry["recorded_at"]), entry["name"], entry["id"]) for entry in state.record}
    return entries | {(read_instant(event["at"]), event["what"], "") for event in state.events}


def _is_ahead(stored: Projection, state: State) -> bool:
    """Whether the register has of a file what the file does not have: another past, not an earlier one."""
    in_register, in_file = _rows_of(stored), _rows_in(state)
    another = in_register != in_file if stored.revision == state.revision else stored.revision > state.revision
    return another or not in_register <= in_file


def _named(what: str, rows: _Rows) -> list[dict[str, Any]]:
    """Entries and lines by what they are, without what they say."""
    return [
        {"what": what, "title": f"{name} {id}".strip() + f", {at:%Y-%m-%d %H:%M:%S}"} for at, name, id in sorted(rows)
    ]
