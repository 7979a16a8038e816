"""Temporal is killed while a step is recorded: whatever was answered "recorded" is on the file, once, for good.

The worker runs in the test's own process, so that the server can be killed at one moment and no other: the core has
answered and nothing of it is kept; it is kept and the register not written; the register is written and nobody knows.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

import httpx
import pytest
from temporalio import activity
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.service import RPCError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.filing import projection_of
from activities.mail.reply_links import read
from register.files.store import read_file
from running.case_client import CaseClient, UnansweredError
from running.rehearsals.time_skipping import until_quiet
from web.app import make_app

from ..web.conftest import BASE, Board, Browser, Browsers, a_board, browser
from ..web.test_recording import again, note, sent, values_in
from ..web.test_replies import asked_to_secure, secured
from .server import Server, with_short_tasks

__all__ = ["browser"]

Moment = Literal["considered", "kept", "written"]
Answer = Literal["recorded", "perhaps"]


class Killing(Interceptor):
    """Kills the server once every one of some files has come to a moment."""

    def __init__(self, server: Server) -> None:
        self.server, self.moment, self.waited = server, "", set[str]()
        self.killed = asyncio.Event()

    def at(self, moment: Moment, files: set[str]) -> None:
        """From now on, for the next step of each of these files."""
        self.moment, self.waited, self.killed = moment, files, asyncio.Event()

    async def here(self, moment: Moment) -> bool:
        """Whether this is the moment: the server is dead then."""
        file = activity.info().workflow_id or ""
        if moment != self.moment or file not in self.waited:
            return False
        self.waited.discard(file)
        if not self.waited:
            await self.server.kill()
            self.killed.set()
        await self.killed.wait()
        return True

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Around every activity."""
        return _Around(next, self)


class _Around(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, killing: Killing) -> None:
        super().__init__(next)
        self._killing = killing

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        kind = activity.info().activity_type
        if kind == "write_register" and await self._killing.here("kept"):
            raise ConnectionError("the server was killed before the register was written")
        answer = await super().execute_activity(input)
        await self._killing.here({"consider": "considered", "write_register": "written"}.get(kind, kind))  # type: ignore[arg-type]
        return answer


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server for the tests of this file, killed in each."""
    server = Server(tmp_path_factory.mktemp("killed"))
    await server.start()
    yield server
    await server.close()


@pytest.fixture(scope="module")
def killing(server: Server) -> Killing:
    """Kills it."""
    return Killing(server)


@pytest.fixture(scope="module")
async def board(server: Server, killing: Killing, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Board]:
    """A board on it: pages, register, mail, and a worker in this process."""
    folder = tmp_path_factory.mktemp("killed-in-between")
    async with a_board(server.running, folder, BASE, 9001, interceptors=[killing]) as board:
        yield board


@dataclass
class ByPage:
    """A step by its form."""

    reference: str
    id: str
    coordinator: Browser
    page: httpx.Response

    @classmethod
    async def prepared(cls, board: Board, coordinator: Browser) -> ByPage:
        """One that has only to be confirmed."""
        reference = await board.opened()
        page = await sent(coordinator, f"/files/{reference}/record/note_added", note(board))
        return cls(reference, values_in(page)["id"][0], coordinator, page)

    async def send(self) -> Answer:
        """Presses the button, and reads what the page says."""
        address = f"/files/{self.reference}/record/note_added"
        self.page = await again(self.coordinator, address, self.page, _confirm="yes")
        if self.page.status_code == 303:
            return "recorded"
        assert self.page.status_code == 503 and "may or may not have been recorded" in self.page.text, self.page.text
        return "perhaps"


@dataclass
class ByCommand:
    """A step as the command line records it."""

    reference: str
    id: str
    cases: CaseClient
    body: dict[str, Any]

    @classmethod
    async def prepared(cls, board: Board, cases: CaseClient) -> ByCommand:
        """One that has only to be sent."""
        reference, id = await board.opened(), "by-command"
        body = {"id": id, "recorded_by": "A Coordinator", "happened_on": board.today, "text": "By command."}
        return cls(reference, id, cases, body)

    async def send(self) -> Answer:
        """Sends it."""
        try:
            recorded = await self.cases.record(self.reference, "note_added", self.body)
        except UnansweredError as error:
            assert error.perhaps and "may or may not" in str(error), error
            return "perhaps"
        assert recorded.id == self.id
        return "recorded"


@dataclass
class ByLink:
    """A step by the link of a letter."""

    reference: str
    id: str
    lead: Browser
    link: str
    hidden: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def prepared(cls, board: Board, lead: Browser) -> ByLink:
        """One that has only to be confirmed."""
        reference, link = await asked_to_secure(board)
        await until_quiet(board.cases.handle(reference))
        made = cls(reference, read(board.site.secret, link.removeprefix("/reply/")).step_id, lead, link)
        made._keep(await lead.post(link, data=secured(board)))
        return made

    async def send(self) -> Answer:
        """Presses the button, and reads what the page says."""
        page = await self.lead.post(self.link, data={**self.hidden, "_confirm": "yes"})
        if page.status_code == 303 or "Your answer has been recorded" in page.text:
            return "recorded"
        assert page.status_code == 503 and "may or may not have been recorded" in page.text, page.text
        self._keep(page)
        return "perhaps"

    def _keep(self, page: httpx.Response) -> None:
        self.hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))


Sender = ByPage | ByCommand | ByLink
IMPATIENT = timedelta(seconds=1)


async def senders(board: Board, browser: Browsers, how: str) -> list[Sender]:
    """A step for each way, each on a file of its own."""
    cases, app = board.cases, board.app
    if how != "soon":
        cases = CaseClient(
            board.client, board.parts.register, board.parts.surroundings, board.cases._task_queue, patience=IMPATIENT
        )
        app = make_app(replace(board.site, cases=cases))
    if how == "lost":
        opening = CaseClient(
            with_short_tasks(board.client), board.parts.register, board.parts.surroundings, board.cases._task_queue
        )
        board = replace(board, cases=opening)
    made: list[Sender] = [
        await ByPage.prepared(board, await browser("coordinator", app=app)),
        await ByCommand.prepared(board, cases),
        await ByLink.prepared(board, await browser(app=app)),
    ]
    for sender in made:
        await until_quiet(board.cases.handle(sender.reference))
    return made


async def written(board: Board, reference: str) -> None:
    """Waits until the register has all of a file. A write whose end Temporal never heard of is given up at once."""
    handle = board.cases.handle(reference)
    async with asyncio.timeout(60):
        while (about := await handle.query("about"))["written"] < about["revision"]:
            for pending in (await handle.describe()).raw_description.pending_activities:
                if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED:
                    lost = board.client.get_async_activity_handle(
                        workflow_id=reference, run_id=None, activity_id=pending.activity_id
                    )
                    try:
                        await lost.fail(TimeoutError("its worker has lost it"))
                    except RPCError:
                        continue  # It has ended by itself.
            await asyncio.sleep(0.05)


async def times_on_file(board: Board, sender: Sender) -> int:
    """How often its step is on the file."""
    state = await board.cases.state(sender.reference)
    return Counter(entry["id"] for entry in state.record if entry["source"] != "shell")[sender.id]


@pytest.mark.parametrize("how", ["soon", "late", "lost"])
@pytest.mark.parametrize("moment", ["considered", "kept", "written"])
async def test_what_was_answered_recorded_is_on_the_file_once_whenever_temporal_is_killed(
    board: Board, browser: Browsers, server: Server, killing: Killing, moment: Moment, how: str
) -> None:
    """``soon``: Temporal is back while people wait. ``late``: not before they were answered. ``lost``: and its task
    was given up by then, so that a step which was not kept is gone."""
    steps = await senders(board, browser, how)
    killing.at(moment, {sender.reference for sender in steps})
    sending = [asyncio.create_task(sender.send()) for sender in steps]
    async with asyncio.timeout(30):
        await killing.killed.wait()
    if how == "soon":
        await server.start()
        answers = await asyncio.gather(*sending)
        assert answers == ["recorded"] * 3
    else:
        answers = await asyncio.gather(*sending)
        # What the file had kept may have been answered in time, or not.
        assert set(answers) <= {"considered": {"perhaps"}, "written": {"recorded"}}.get(moment, {"recorded", "perhaps"})
        await server.start()
    for sender, answer in zip(steps, answers, strict=True):
        assert answer == "perhaps" or await times_on_file(board, sender) == 1

    for sender, answer in zip(steps, answers, strict=True):
        if answer == "perhaps":
            async with asyncio.timeout(60):
                while await sender.send() != "recorded":
                    pass
        assert await times_on_file(board, sender) == 1
        await board.record(sender.reference, "note_added", text="By a colleague.")
        await written(board, sender.reference)
        assert await times_on_file(board, sender) == 1
        state, stored = (
            await board.cases.state(sender.reference),
            await read_file(board.parts.register, sender.reference),
        )
        assert stored == projection_of(state, await board.parts.surroundings.latest())
