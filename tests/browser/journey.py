"""Plays a scenario through the pages: every step by its form, while the board's years pass.

Every form is filled in and sent as a browser without scripts does it. In a real browser, with its scripts, a step is
recorded whose form asks in a way that none before it did: a date, a list that opens, a document to send.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import FilePayload
from playwright.async_api import Page as Window
from temporalio.testing import WorkflowEnvironment

from models.fold import fold
from models.projection import Projection
from register.directory import replace_directory
from register.files.store import read_file
from register.people.accounts import Account, add_account
from register.people.sessions import begin_session
from register.schema import migrate
from running.case_client import CaseClient
from running.embedded.mail_catcher import Postbox, postbox
from running.embedded.processes import free_port
from running.rehearsals.scenario import PlayedStep, Scenario, document_fields
from running.rehearsals.time_skipping import skip_to, start_time_skipping, until_quiet
from running.settings import load_settings
from running.system import System, system
from web.app import make_app
from web.forms.fields import AS_RADIOS, FormField
from web.forms.names import Given, step_fields
from web.forms.reading import all_fields, input_names, typed_from
from web.server import serving
from web.site import Site

from ..web.html_forms import Page


@dataclass
class Journey:
    """One case, the window it is worked on in, and somebody without scripts.

    Arguments:
        scenario: the case.
        env: Temporal, whose clock can be moved.
        parts: register, documents, worker.
        cases: its ``offset`` makes the business time of the pages as well.
        address: the pages'.
        mails: what was sent.
        without: somebody at the pages without scripts.
        page: the window.
        account: who works in both.
        ids: what the scenario's steps are called here.
        met: the ways of asking that the window has met.
    """

    scenario: Scenario
    env: WorkflowEnvironment
    parts: System
    cases: CaseClient
    address: str
    mails: Postbox
    without: httpx.AsyncClient
    page: Window | None = None
    account: Account | None = None
    ids: dict[str, str] = field(default_factory=dict)
    met: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def reference(self) -> str:
        """The file's."""
        return str(self.scenario.opening["reference"])

    @property
    def window(self) -> Window:
        """Where the coordinator works."""
        assert self.page is not None
        return self.page

    async def begin(self, page: Window) -> None:
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
        await self._press("See if the criteria are met")
        assert "A criterion is met" in await self.window.locator("main").inner_text()
        await self._press("Open the file")
        assert self.reference in await self.window.locator("h1, main").first.inner_text()
        await until_quiet(self.cases.handle(self.reference))

    async def record(self, step: PlayedStep) -> None:
        """Records a step by its form on its day, or sees it refused."""
        await self._pass_time(step.at)
        await self._sign_in()
        address = f"/files/{self.reference}/record/{step.name}"
        shown = await self.without.get(address)
        if 'id="form"' not in shown.text:
            assert step.refused and "You cannot record this now" in shown.text and step.rule in shown.text, shown.text
            return
        asked = await self._fields(step)
        typed, papers = self._answers(step, asked)
        answer = await self._sent(address, shown.text, typed, papers)
        if step.refused:
            assert step.rule in answer or "There is a problem" in answer, answer
            return
        assert "Check your answers" in answer, f"{step.name} on {step.at}: {answer}"
        new = self._ways(asked, typed, papers) - self.met
        if new:
            await self._record_in_the_window(address, typed, papers)
            self.met |= new
        else:
            done = await self.without.post(address, data=_values(answer) | {"_confirm": "yes"})
            assert done.headers.get("location") == f"/files/{self.reference}?recorded={step.name}", done.text
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

    async def _fields(self, step: PlayedStep) -> list[FormField]:
        """What the step's form asks now."""
        stored = await self.stored()
        world = (await self.parts.surroundings.refresh()).at(self.cases.now())
        return step_fields(step.kind, Given(fold(stored.entries), world, stored.entries, stored.notices))

    def _answers(self, step: PlayedStep, asked: list[FormField]) -> tuple[list[tuple[str, str]], dict[str, str]]:
        """What is typed and chosen by its input's name, and the documents that are given."""
        # What the scenario leaves to the step, a form asks.
        kinds = step.kind.model_fields
        granted = {one.key: kinds[one.key].default for one in asked if one.needed and not kinds[one.key].is_required()}
        body = granted | {name: self._as_here(value) for name, value in step.body.items()}
        papers = {name: str(body.pop(name)) for name in document_fields(step.kind) if name in body}
        typed = typed_from(asked, body).items
        return [(name, self._option(asked, name, value)) for name, value in typed], papers

    def _ways(
        self, asked: list[FormField], typed: list[tuple[str, str]], papers: dict[str, str]
    ) -> set[tuple[str, ...]]:
        """The ways in which the form asks for what is answered: kind, as a list or not, alone or with a choice."""
        answered = {name for name, _ in typed}
        return {
            (one.kind, "list" if len(one.options) > AS_RADIOS else "", "revealed" if one.only_with else "")
            for one in all_fields(asked)
            if answered.intersection(input_names(one)) or one.name in papers
        }

    async def _sent(self, address: str, page: str, typed: list[tuple[str, str]], papers: dict[str, str]) -> str:
        """The answer to a form filled in without scripts. Only what the form really offers can be chosen."""
        form, values = Page(page), _values(page)
        new: dict[str, list[str]] = {}
        for name, value in typed:
            _offered(form, name, value)
            new.setdefault(name, []).append(value)
        sent = {}
        for name, file in papers.items():
            content = self.scenario.documents[file].encode()
            known = hashlib.sha256(content).hexdigest()
            if any(one.get("name") == name and one.get("value") == known for one in form.all("input")):
                new[name] = [known]
            else:
                _offered(form, f"{name}-upload")
                sent[f"{name}-upload"] = (file, content, "text/plain")
        return (await self.without.post(address, data=values | new, files=sent)).text

    async def _record_in_the_window(self, address: str, typed: list[tuple[str, str]], papers: dict[str, str]) -> None:
        await self.window.goto(address)
        for name, value in typed:
            await self._type(name, value)
        for name, file in papers.items():
            await self._give_document(name, file)
        await self._press("Continue")
        said = await self.window.locator("main").inner_text()
        assert "Check your answers" in said, said
        await self._press("Record this update")
        step = address.rpartition("/")[2]
        assert self.window.url.endswith(f"/files/{self.reference}?recorded={step}"), self.window.url

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
            offset = await self.cases.offset_of(self.reference)
            await skip_to(self.env, self.cases.handle(self.reference), at.astimezone(UTC) - offset)
        self.cases.offset = at - datetime.now(UTC)

    async def _sign_in(self) -> None:
        """Months lie between two steps: whoever works signs in again, which other tests look at."""
        assert self.account is not None
        secret = await begin_session(self.parts.register, self.account.id, now=self.cases.now())
        await self.window.context.add_cookies([{"name": "session", "value": secret, "url": self.address}])
        self.without.cookies.set("session", secret)


def _values(page: str) -> dict[str, list[str]]:
    """What a page's form sends as it is."""
    values: dict[str, list[str]] = {}
    for name, value in Page(page).form():
        values.setdefault(name, []).append(value)
    return values


def _offered(form: Page, name: str, value: str = "") -> None:
    """Fails if a form has no such input, or not with this value where values are chosen."""
    inputs = [one for tag in ("input", "textarea", "select") for one in form.all(tag) if one.get("name") == name]
    assert inputs, f"nothing asks for {name}"
    if inputs[0].get("type") in ("radio", "checkbox"):
        assert value in [one.get("value") for one in inputs], f"{name} cannot be {value}"
    elif inputs[0] in form.all("select"):
        assert value in [one.get("value") for one in form.all("option")], f"{name} cannot be {value}"


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
        cases = CaseClient(env.client, parts.register, parts.surroundings, settings.task_queue)
        site = Site(parts, cases, now=cases.now, secret=b"a secret of the tests alone, long enough")
        await stack.enter_async_context(serving(make_app(site), settings))
        without = await stack.enter_async_context(httpx.AsyncClient(base_url=settings.public_url, timeout=60))
        yield Journey(scenario, env, parts, cases, settings.public_url, mails, without)
