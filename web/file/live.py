"""Tells an open page that its file changed: how many steps it has now, and nothing else."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from register.engine import Register
from register.files.step_counts import step_counts
from register.people.access import restricted_to
from register.people.sessions import session_of
from register.unavailable import RegisterUnavailable
from web.request.opened_file import is_there, no_such_file, reads
from web.request.roles import may
from web.request.visit import Visit, allowed, cookie_name

router = APIRouter()

EVERY_SECONDS = 2.0
"""How often the register is asked, once for all pages that are open."""

OF_AN_ACCOUNT = 20
"""How many open pages of one account are told; further ones work, and are shown anew when they are loaded."""


class Watch:
    """Looks at the register for all open pages at once, and only while there are any.

    Arguments:
        register: where the files are.
        every: seconds between two looks.
    """

    def __init__(self, register: Register, every: float = EVERY_SECONDS) -> None:
        self._register, self._every = register, every
        self._followers: dict[str, set[asyncio.Queue[int]]] = {}
        self._pages: Counter[str] = Counter()
        self._soon = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Looks now instead of a little later: something was recorded here."""
        self._soon.set()

    def is_enough(self, account: str) -> bool:
        """Whether an account has as many open pages as are told of changes."""
        return self._pages[account] >= OF_AN_ACCOUNT

    async def follow(self, reference: str, account: str) -> AsyncGenerator[int, None]:
        """How many steps a file has as it stands, and whenever there are more; nothing for one page too many.

        Arguments:
            reference: the file's.
            account: whose page it is.
        """
        if self.is_enough(account):  # Again: of many that were asked for at once, each was alone when it was asked for.
            return
        self._pages[account] += 1
        found: asyncio.Queue[int] = asyncio.Queue()
        self._followers.setdefault(reference, set()).add(found)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._looking())
        self.look()
        last = -1
        try:
            while True:
                steps = await found.get()
                if steps > last:
                    last = steps
                    yield steps
        finally:
            self._leave(reference, found, account)

    def _leave(self, reference: str, found: asyncio.Queue[int], account: str) -> None:
        self._pages[account] -= 1
        if not self._pages[account]:
            del self._pages[account]
        followers = self._followers[reference]
        followers.discard(found)
        if not followers:
            del self._followers[reference]
        if not self._followers and self._task is not None:
            self._task.cancel()

    async def _looking(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), self._every)
            self._soon.clear()
            # A register that is away tells of no change; the next look may.
            with suppress(RegisterUnavailable):
                for reference, steps in (await step_counts(self._register, [*self._followers])).items():
                    for found in self._followers.get(reference, ()):
                        found.put_nowait(steps)


def watch_of(app: FastAPI, register: Register) -> Watch:
    """The one watch of these pages."""
    watch: Watch | None = getattr(app.state, "watch", None)
    if watch is None:
        watch = app.state.watch = Watch(register)
    return watch


@router.get("/files/{reference}/events")
async def events(request: Request, reference: str, visit: Visit = allowed("read files", used=False)) -> Response:
    """How many steps the file has, now and whenever there are more, for as long as whoever asks is signed in."""
    if not await is_there(visit, reference):
        raise no_such_file(reference)
    watch, account = watch_of(request.app, visit.site.register), visit.account.id
    if watch.is_enough(account):
        # A browser asks again after any other end of a stream, and not after this.
        return PlainTextResponse("Too many pages are open.", status_code=429)
    register = visit.site.register
    secret = request.cookies.get(cookie_name(request), "")

    async def still() -> bool:
        session = await session_of(register, secret, now=visit.site.now(), used=False)
        if session is None or session.over or not may(session.account.roles, "read files"):
            return False
        return reads(session.account, await restricted_to(register, reference))

    until = min(visit.session.idle_at, visit.session.ends_at) if visit.session else visit.now
    return EventSourceResponse(
        _told(watch.follow(reference, account), (until - visit.now).total_seconds(), still), ping=20
    )


async def _told(
    changes: AsyncGenerator[int, None], seconds: float, still: Callable[[], Awaitable[bool]]
) -> AsyncIterator[ServerSentEvent]:
    # Once the session is over the page is asked to sign in, and stops asking.
    with suppress(TimeoutError, RegisterUnavailable):
        async with asyncio.timeout(seconds), aclosing(changes) as followed:
            async for steps in followed:
                if not await still():
                    return
                yield ServerSentEvent(json.dumps({"steps": steps}), event="steps", retry=5_000)
