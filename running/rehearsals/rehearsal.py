"""Plays a whole case in virtual time: the real workflow, the real activities, a real mail server, a real register."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.testing import WorkflowEnvironment

from models.contract import instant_text
from models.record import Refused
from register.directory import replace_directory
from register.files.store import read_events
from register.schema import migrate
from running.case_client import CaseClient
from running.embedded.mail_catcher import postbox
from running.plain_files import PlainFileError
from running.rehearsals.scenario import PlayedStep, Scenario, document_fields
from running.rehearsals.time_skipping import skip_to, start_time_skipping, until_quiet
from running.settings import load_settings
from running.system import System, system

_REGISTER = "register.sqlite"


@dataclass(frozen=True)
class Played:
    """What came of a rehearsal.

    Arguments:
        timeline: one plain object for everything that happened, in order of time, as ``rehearse --json`` prints it.
        failures: expectations that were not met, each in one line; empty when all were.
        mails: the folder with the mails that were sent.
    """

    timeline: list[dict[str, Any]]
    failures: list[str]
    mails: Path


@dataclass(frozen=True)
class Stage:
    """Where rehearsals are played: a time-skipping server, which can play several.

    Arguments:
        env: the server.
        register: an empty one with its tables, of which each rehearsal gets a copy.
    """

    env: WorkflowEnvironment
    register: Path


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """The stage while the block runs.

    Raises:
        EmbeddedServerError: the server is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="stage-") as folder:
        register = Path(folder) / _REGISTER
        await migrate(f"sqlite:///{register}")
        async with await start_time_skipping() as env:
            yield Stage(env, register)


async def play(scenario: Scenario, on: Stage, folder: Path | None = None) -> Played:
    """Plays a scenario.

    Arguments:
        scenario: the case.
        on: the stage.
        folder: where register, documents and mails are kept; a temporary one that is removed when left out.

    Raises:
        PlainFileError: the folder has a register already, a board's own perhaps.
    """
    async with AsyncExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-")))
        if (folder / _REGISTER).exists():
            raise PlainFileError(f"{folder}: holds a register already; give a folder that a rehearsal may fill")
        mails = await stack.enter_async_context(postbox(folder / "mails", survives_power_cuts=False))
        shutil.copyfile(on.register, folder / _REGISTER)
        settings = load_settings(
            data_dir=folder,
            register_url=f"sqlite:///{folder / _REGISTER}",
            documents_dir=folder / "documents",
            smtp_host=mails.host,
            smtp_port=mails.port,
            smtp_security="none",
            smtp_username=None,
            smtp_password=None,
            smtp_ca_file=None,
            mail_from="board@board.example",
            task_queue=f"rehearsal-{folder.name}-{mails.port}",
        )
        parts = await stack.enter_async_context(system(settings))
        await replace_directory(parts.register, scenario.directory, changed_by="rehearsal", at=scenario.opened_at)
        parts.rulebooks[scenario.rulebook.name] = scenario.rulebook
        await stack.enter_async_context(parts.worker(on.env.client))
        rehearsal = _Rehearsal(scenario, on.env, parts)
        await rehearsal.play()
        return Played(await rehearsal.timeline(), rehearsal.failures, mails.folder)


class _Rehearsal:
    def __init__(self, scenario: Scenario, env: WorkflowEnvironment, parts: System) -> None:
        self._scenario, self._env, self._parts = scenario, env, parts
        # Time is moved only once nothing is under way, the register's write among it: nobody waits for it before.
        self._cases = CaseClient(
            env.client, parts.register, parts.surroundings, parts.settings.task_queue, listed_within=0
        )
        self._reference = str(scenario.opening["reference"])
        self._documents: dict[str, str] = {}
        self._refused: list[tuple[int, dict[str, Any]]] = []
        self._offset = timedelta()
        """Between the open run's clock and business time; a run keeps the one it was begun with."""
        self._clock_ahead: timedelta | None = None
        """Of the open run's clock, before this machine's; None while no run is open."""
        self.failures: list[str] = []

    async def play(self) -> None:
        scenario = self._scenario
        for name, text in scenario.documents.items():
            stored = await self._parts.documents.put(self._reference, text.encode(), name, scenario.opened_at)
            self._documents[name] = stored.sha256
        self._present(scenario.opened_at)
        await self._cases.open(scenario.opening, scenario.rulebook, scenario.opened_at)
        await self._until_quiet()
        for step in scenario.steps:
            await self._skip_to(step.at)
            await self._record(step)
        if scenario.until is not None:
            await self._skip_to(scenario.until)
        else:
            await self._until_quiet()

    async def timeline(self) -> list[dict[str, Any]]:
        """Everything in the order it happened; within one second, too, what was refused stands where it belongs."""
        events = await read_events(self._parts.register, self._reference)
        lines = [{"at": instant_text(event.at), "what": event.what, **event.fields} for event in events]
        for before, line in reversed(self._refused):
            lines.insert(before, line)
        return lines

    def _present(self, instant: datetime) -> None:
        """Makes it the business time of now, and of the run that is begun next, which keeps it."""
        self._cases.offset = instant - datetime.now(UTC)
        if self._clock_ahead is None:
            self._offset = self._cases.offset

    async def _skip_to(self, instant: datetime) -> None:
        """Moves the clock of the run that is open, once nothing is under way; a file that has ended waits for nothing.

        Then, too, nothing is under way: whatever is recorded next follows all that the step before it brought.
        """
        if self._clock_ahead is not None:
            handle, now = self._cases.handle(self._reference), datetime.now(UTC) + self._clock_ahead
            self._look_at(await skip_to(self._env, handle, instant - self._offset, now=now))

    async def _until_quiet(self) -> None:
        self._look_at(await until_quiet(self._cases.handle(self._reference)))

    def _look_at(self, clock: datetime | None) -> None:
        self._clock_ahead = clock - datetime.now(UTC) if clock else None

    async def _record(self, step: PlayedStep) -> None:
        body = dict(step.body)
        for field in document_fields(step.kind):
            if body.get(field) in self._documents:
                body[field] = self._documents[body[field]]
        self._present(step.at)
        try:
            await self._cases.record(self._reference, step.name, body)
        except Refused as error:
            # A refusal leaves no trace: where it belongs is told by what the register had until then.
            events = await read_events(self._parts.register, self._reference)
            self._refuse(step, error, len(events))
        else:
            if step.refused:
                self._fail(step, "was expected to be refused, and was recorded")
            if self._clock_ahead is None:  # a new run was begun
                await self._until_quiet()

    def _refuse(self, step: PlayedStep, error: Refused, before: int) -> None:
        refusal = error.refusal
        at = instant_text(step.at)
        line = {
            "at": at,
            "what": "step_refused",
            "step": step.name,
            "rule": refusal.rule,
            "reason": refusal.reason,
        }
        self._refused.append((before, line))
        if not step.refused:
            self._fail(step, f"was expected to be recorded, and was refused ({refusal.rule}): {refusal.reason}")
        elif step.rule and step.rule != refusal.rule:
            self._fail(step, f"was expected to be refused by {step.rule}, and {refusal.rule} did: {refusal.reason}")

    def _fail(self, step: PlayedStep, what: str) -> None:
        line = self._scenario.file.line(step.place)
        self.failures.append(f"{self._scenario.file.name}, line {line}: {step.name} {what}")
