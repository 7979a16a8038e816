"""Plays a scenario through the pages: every step by its form, in a real browser, while the board's years pass."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import FilePayload, Page
from temporalio.testing import WorkflowEnvironment

from activities.accounts import Account, add_account
from activities.directory import replace_directory
from activities.register import read_file
from activities.schema import migrate
from activities.sessions import begin_session
from models.catalogue import STEPS
from models.fold import fold
from models.projection import Projection
from models.step import World
from running.cases import Cases
from running.postbox import Postbox, postbox
from running.processes import free_port
from running.scenario import PlayedStep, Scenario, document_fields
from running.settings import load_settings
from running.system import System, system
from running.time_skipping import skip_to, start_time_skipping, until_quiet
from web.app import make_app
from web.form_fields import FormField
from web.form_names import Given, step_fields
from web.form_reading import typed_from
from web.server import serving
from web.site import Site


@dataclass
class Journey:
    """One case and the window it is worked on in.

    Arguments:
        scenario: the case.
        env: Temporal, whose clock can be moved.
        parts: register, documents, worker.
        cases: its ``offset`` makes the business time of the pages as well.
        address: the pages'.
        mails: what was sent.
    """

    scenario: Scenario
    env: WorkflowEnvironment
    parts: System
    cases: Cases
    address: str
    mails: Postbox
    page: Page | None = None
    account: Account | None = None
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """The file's."""
        return str(self.scenario.opening["reference"])

    @property
    def window(self) -> Page:
        """Where the coordinator works."""
        assert self.page is not None
        return self.page

    async def begin(self, page: Page) -> None:
        """Somebody begins to work in this window, on the scenario's first day."""
        self.page = page
        self.cases.offset = self.scenario.opened_at - datetime.now(UTC)
        now = self.cases.now()
        self.account = await add_account(
            self.parts.register,
            name="Sam Example",
            email="sam@board.example",
            roles=frozenset({"coordinator", "chair"}),
            by="the tests",
            now=now,
        )
        await self._sign_in()

    async def open(self, answers: Mapping[str, Mapping[str, str | list[str]]]) -> None:
        """Opens the file, one question at a time: ``answers`` by the question's name in its address."""
        await self.window.goto("/open")
        await self._press("Open a file for an incident")
        while not self.window.url.endswith("/check"):
            slug = self.window.url.rpartition("/")[2]
            for name, value in answers.get(slug, {}).items():
                for one in [value] if isinstance(value, str) else value:
                    await self._type(name, one)
            await self._press("Continue")
            assert not self.window.url.endswith(f"/{slug}"), await self.window.locator("main").inner_text()
        await self._press("See what the facts say")
        assert "A criterion is met" in await self.window.locator("main").inner_text()
        await self._press("Open the file")
        assert self.reference in await self.window.locator("h1, main").first.inner_text()
        await until_quiet(self.cases.handle(self.reference))

    async def record(self, step: PlayedStep) -> None:
        """Records a step by its form on its day, or sees it refused."""
        await self._pass_time(step.at)
        await self._sign_in()
        await self.window.goto(f"/files/{self.reference}/record/{step.name}")
        if await self.window.locator("#form").count():
            await self._fill_in(step)
            await self._press("Continue")
        said = await self.window.locator("main").inner_text()
        if step.refused:
            assert step.rule in said or "There is a problem" in said or "may not be recorded" in said, said
            return
        assert "Check your answers" in said, f"{step.name} on {step.at}: {said}"
        await self._press("Record this step")
        assert self.window.url.endswith(f"/files/{self.reference}?recorded={step.name}"), self.window.url
        await until_quiet(self.cases.handle(self.reference))
        mine = [e for e in (await self.stored()).entries if e.name == step.name and not e.is_fact]
        self.ids[str(step.body["id"])] = mine[-1].id

    async def end(self) -> None:
        """Lets time pass to the scenario's end."""
        if self.scenario.until is not None:
            await self._pass_time(self.scenario.until)
        await self._sign_in()

    async def stored(self) -> Projection:
        """The file, as the register has it."""
        found = await read_file(self.parts.register, self.reference)
        assert found is not None
        return found

    async def _fill_in(self, step: PlayedStep) -> None:
        stored = await self.stored()
        directory = self.scenario.directory
        world = World(self.cases.now(), directory)
        fields = step_fields(STEPS[step.name], Given(fold(stored.entries), world, stored.entries, stored.notices))
        # What the scenario leaves to the step, a form asks.
        kinds = STEPS[step.name].model_fields
        granted = {one.key: kinds[one.key].default for one in fields if one.needed and not kinds[one.key].is_required()}
        body = granted | {name: self._as_here(value) for name, value in step.body.items()}
        documents = document_fields(step.name)
        for name, value in typed_from(fields, {k: v for k, v in body.items() if k not in documents}).items:
            await self._type(name, self._option(fields, name, value))
        for name in documents:
            if name in body:
                await self._give_document(name, str(body[name]))

    async def _give_document(self, name: str, file: str) -> None:
        """Takes a document of the scenario that the file has already, or sends it."""
        content = self.scenario.documents[file].encode()
        there = self.window.locator(f'[name="{name}"][value="{hashlib.sha256(content).hexdigest()}"]')
        if await there.count():
            await there.check()
        else:
            paper = FilePayload(name=file, mimeType="text/plain", buffer=content)
            await self.window.locator(f'[name="{name}-upload"]').set_input_files(paper)

    def _as_here(self, value: Any) -> Any:
        """What names a step of the scenario by its id names the one that was recorded for it here."""
        if isinstance(value, str):
            for theirs, ours in self.ids.items():
                value = ":".join(ours if part == theirs else part for part in value.split(":"))
        return value

    def _option(self, fields: list[FormField], name: str, value: str) -> str:
        """A choice by its words is the value of that choice."""
        made = next((one for one in fields if one.name == name), None)
        return next((o.value for o in (made.options if made else ()) if value in (o.value, o.text)), value)

    async def _press(self, button: str) -> None:
        """Presses a button that leads to another page, and waits for that."""
        async with self.window.expect_navigation():
            await self.window.get_by_role("button", name=button).click()

    async def _type(self, name: str, value: str) -> None:
        found = self.window.locator(f'[name="{name}"]')
        kind = await found.first.evaluate("one => one.type")
        if kind in ("radio", "checkbox"):
            await self.window.locator(f'[name="{name}"][value="{value}"]').check()
        elif kind == "select-one":
            await found.first.select_option(value)
        else:
            await found.first.fill(value)

    async def _pass_time(self, at: datetime) -> None:
        if await self.cases.is_running(self.reference):
            offset = timedelta(seconds=await self.cases.ask(self.reference, "offset"))
            await skip_to(self.env, self.cases.handle(self.reference), at.astimezone(UTC) - offset)
        self.cases.offset = at - datetime.now(UTC)

    async def _sign_in(self) -> None:
        """Months lie between two steps: whoever works signs in again, which other tests look at."""
        assert self.account is not None
        secret = await begin_session(self.parts.register, self.account.id, now=self.cases.now())
        await self.window.context.add_cookies([{"name": "session", "value": secret, "url": self.address}])


@asynccontextmanager
async def journey(scenario: Scenario, folder: Path) -> AsyncIterator[Journey]:
    """Everything that a journey needs while the block runs: Temporal in virtual time, register, mail, worker, pages."""
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(await start_time_skipping())
        mails = await stack.enter_async_context(postbox(folder / "mails"))
        port = free_port()
        settings = load_settings(
            data_dir=str(folder),
            smtp_host=mails.host,
            smtp_port=str(mails.port),
            smtp_security="none",
            mail_from="board@board.example",
            public_url=f"http://127.0.0.1:{port}",
            pages_address=f"127.0.0.1:{port}",
            task_queue=f"journey-{port}",
            log_level="error",
        )
        await migrate(settings.register_url)
        parts = await stack.enter_async_context(system(settings))
        await replace_directory(parts.register, scenario.directory, changed_by="the tests", at=scenario.opened_at)
        await stack.enter_async_context(parts.worker(env.client))
        cases = Cases(env.client, parts.register, settings.task_queue)
        site = Site(parts, cases, now=cases.now, secret=b"a secret of the tests alone, long enough")
        await stack.enter_async_context(serving(make_app(site), settings))
        yield Journey(scenario, env, parts, cases, settings.public_url, mails)
