"""From the press of "Record this step" to the page that shows it: pages, Temporal, worker and register together."""

from __future__ import annotations

import logging
import re
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from statistics import median, quantiles

import httpx
import structlog

from register.people.accounts import add_account
from register.people.sessions import begin_session
from running.case_client import CaseClient
from running.event_loop import run
from web.app import make_app
from web.site import Site

from .board import board
from .life import opening, today

TIMES = 60
AIM_MS = 500.0


def main() -> None:
    """Prints how long it takes to see a step recorded."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    run(_measure())


async def _measure() -> None:
    async with board() as on, AsyncExitStack() as stack:
        await stack.enter_async_context(on.parts.worker(on.client))
        cases = CaseClient(on.client, on.parts.register, on.parts.surroundings, on.parts.settings.task_queue)
        await cases.open(opening("BENCH-0001", today()), on.parts.rulebook)
        app = make_app(Site(on.parts, cases, secret=b"of the bench alone"))
        transport = httpx.ASGITransport(app=app)
        browser = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://bench.test"))
        now = datetime.now(UTC)
        account = await add_account(
            on.parts.register,
            name="A Coordinator",
            email="coordinator@board.example",
            roles=frozenset({"coordinator"}),
            by="a benchmark",
            now=now,
        )
        browser.cookies.set("session", await begin_session(on.parts.register, account.id, now=now))
        took = [await _recorded(browser) * 1000 for _ in range(TIMES)]
    print("recording: from the press of the button to the file's page that shows the step, in milliseconds")
    print(f"  median {median(took):.0f}, 95th percentile {quantiles(took, n=20)[-1]:.0f}; aim {AIM_MS:.0f}")


async def _recorded(browser: httpx.AsyncClient) -> float:
    """Seconds that one note takes, from "Record this step" on."""
    page = "/files/BENCH-0001/record/note_added"
    form = (await browser.get(page)).text
    year, month, day = today().split("-")
    typed = {"happened_on-day": day, "happened_on-month": month, "happened_on-year": year, "text": "A note."}
    hidden = dict(re.findall(r'name="(csrf|id|_seen)" value="([^"]*)"', form))
    check = await browser.post(page, data={**hidden, **typed})
    assert check.status_code == 200, check.text
    started = time.perf_counter()
    done = await browser.post(page, data={**hidden, **typed, "_confirm": "yes"})
    assert done.status_code == 303, done.text
    shown = await browser.get(done.headers["location"])
    assert shown.status_code == 200
    return time.perf_counter() - started
