"""Plays a whole case in virtual time: the real workflow, the real activities, a real mail server, a real register."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.testing import WorkflowEnvironment

from activities.directory import replace_directory
from activities.register import read_events
from activities.schema import migrate
from models.record import Refused, instant_text
from running.cases import Cases
from running.postbox import postbox
from running.scenario import PlayedStep, Scenario, document_fields
from running.settings import load_settings
from running.system import System, system
from running.time_skipping import skip_to, start_time_skipping, until_quiet


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
    """Where rehearsals are played: a time-skipping server, which can play several."""

    env: WorkflowEnvironment


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """The stage while the block runs.

    Raises:
        EmbeddedServerError: the server is not installed.
    """
    async with await start_time_skipping() as env:
        yield Stage(env)


async def play(scenario: Scenario, on: Stage, folder: Path | None = None) -> Played:
    """Plays a scenario.

    Arguments:
        scenario: the case.
        on: the stage.
        folder: where register, documents and mails are kept; a temporary one that is removed when left out.
    """
    async with AsyncExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-")))
        mails = await stack.enter_async_context(postbox(folder / "mails"))
        settings = load_settings(
            data_dir=folder,
            register_url=f"sqlite+aiosqlite:///{folder}/register.sqlite",
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
        await migrate(settings.register_url)
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
        self._cases = Cases(env.client, parts.register, parts.settings.task_queue)
        self._reference = str(scenario.opening["reference"])
        self._documents: dict[str, str] = {}
        self._refused: list[tuple[int, dict[str, Any]]] = []
        self.failures: list[str] = []

    async def play(self) -> None:
        scenario = self._scenario
        for name, text in scenario.documents.items():
            stored = await self._parts.documents.put(self._reference, text.encode(), name, scenario.opened_at)
            self._documents[name] = stored.sha256
        self._cases.offset = self._offset(scenario.opened_at)
        await self._cases.open(scenario.opening, scenario.rulebook, scenario.opened_at)
        await until_quiet(self._cases.handle(self._reference))
        for step in scenario.steps:
            await self._skip_to(step.at)
            await self._record(step)
        if scenario.until is not None:
            await self._skip_to(scenario.until)

    async def timeline(self) -> list[dict[str, Any]]:
        """Everything in the order it happened; within one second, too, what was refused stands where it belongs."""
        events = await read_events(self._parts.register, self._reference)
        lines = [{"at": instant_text(event.at), "what": event.what, **event.fields} for event in events]
        for before, line in reversed(self._refused):
            lines.insert(before, line)
        return lines

    @staticmethod
    def _offset(instant: datetime) -> timedelta:
        """Between the server's time, which a new run begins with, and business time."""
        return instant - datetime.now(UTC)

    async def _skip_to(self, instant: datetime) -> None:
        """Moves the clock of the run that is open; a file that has ended waits for nothing."""
        if await self._cases.is_running(self._reference):
            offset = timedelta(seconds=await self._cases.ask(self._reference, "offset"))
            await skip_to(self._env, self._cases.handle(self._reference), instant.astimezone(UTC) - offset)

    async def _record(self, step: PlayedStep) -> None:
        body = dict(step.body)
        for field in document_fields(step.name):
            if body.get(field) in self._documents:
                body[field] = self._documents[body[field]]
        self._cases.offset = self._offset(step.at)
        try:
            await self._cases.record(self._reference, step.name, body)
        except Refused as error:
            # A refusal leaves no trace: where it belongs is told by what the register had until then.
            events = await read_events(self._parts.register, self._reference)
            self._refuse(step, error, len(events))
        else:
            if step.refused:
                self._fail(step, "was expected to be refused, and was recorded")
        await until_quiet(self._cases.handle(self._reference))

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
