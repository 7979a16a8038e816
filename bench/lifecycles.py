"""Lifecycles a second on the embedded server, beside a bare workflow with as many updates, timers and activities."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median

from running.case_client import LISTED_WITHIN, CaseClient
from running.event_loop import run
from running.system import WORKFLOWS
from running.temporal import make_worker

from .bare import BareWorkflow, Plan, nothing, plan_of, totals
from .board import Board, board
from .core_alone import CoreAlone
from .life import at_once, bodies, live, today

RUNS = 5
FILES = 6
"""How many lifecycles each run has."""

AIM = 0.45

OURS, CORE_ALONE, BARE = "ours", "ours, nothing written or sent", "bare workflow"

Life = Callable[[str], Awaitable[None]]


def main() -> None:
    """Prints lifecycles a second of each, and how ours compare with the bare workflow's."""
    run(_measure())


async def _measure() -> None:
    async with board() as on, _lives(on) as lives:
        numbers = itertools.count(1)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in lives}
        for _ in range(RUNS):
            for name, life in lives.items():
                found[name].append(await _timed(life, [f"BENCH-{next(numbers)}" for _ in range(FILES)]))
    _print(found)


@asynccontextmanager
async def _lives(on: Board) -> AsyncIterator[dict[str, Life]]:
    """What is compared, each with a worker of its own and lived through once."""
    queues = {name: f"bench-{n}" for n, name in enumerate((OURS, CORE_ALONE, BARE))}
    core_alone = CoreAlone(await on.parts.surroundings.refresh())
    workers = (
        on.parts.worker(on.client, task_queue=queues[OURS]),
        make_worker(on.client, on.parts.settings, WORKFLOWS, core_alone.all(), task_queue=queues[CORE_ALONE]),
        make_worker(on.client, on.parts.settings, [BareWorkflow], [nothing], task_queue=queues[BARE]),
    )

    def life(name: str) -> Life:
        # A register that nothing is written to is not waited for.
        wait = 0.0 if name == CORE_ALONE else LISTED_WITHIN
        cases = CaseClient(on.client, on.parts.register, on.parts.surroundings, queues[name], listed_within=wait)
        return lambda reference: live(cases, on.parts.rulebook, reference)

    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker)
        lives = {OURS: life(OURS), CORE_ALONE: life(CORE_ALONE)}
        for n, first in enumerate(lives.values()):
            await first(f"FIRST-{n}")
        plan = plan_of(await on.client.get_workflow_handle("FIRST-0").fetch_history())
        lives[BARE] = lambda id: _bare_life(on, plan, queues[BARE], id)
        await lives[BARE]("FIRST-BARE")
        bare = totals(plan_of(await on.client.get_workflow_handle("FIRST-BARE").fetch_history()))
        if bare != totals(plan):
            raise RuntimeError(f"The bare workflow does not do as much as ours: {bare} and {totals(plan)}.")
        yield lives


async def _bare_life(on: Board, plan: Plan, queue: str, id: str) -> None:
    handle = await on.client.start_workflow(BareWorkflow.run, plan, id=id, task_queue=queue)
    await handle.query(BareWorkflow.is_open)
    for _, body in bodies(today()):
        await handle.execute_update(BareWorkflow.step, body, id=body["id"])
    await handle.result()


async def _timed(life: Life, references: list[str]) -> tuple[float, float]:
    """Lifecycles a second, and this process's processor seconds for each."""
    started, worked = time.perf_counter(), time.process_time()
    await at_once(references, life)
    return len(references) / (time.perf_counter() - started), (time.process_time() - worked) / len(references)


def _print(found: dict[str, list[tuple[float, float]]]) -> None:
    rates = {name: median(rate for rate, _ in runs) for name, runs in found.items()}
    print("lifecycles: whole files on the embedded server, from opening to end")
    print(f"  {'':31}{'a second':>9}{'lowest':>9}{'highest':>9}{'of bare':>9}{'processor ms each':>19}")
    for name, runs in found.items():
        each = [rate for rate, _ in runs]
        worked = median(seconds for _, seconds in runs) * 1000
        line = f"{rates[name]:9.2f}{min(each):9.2f}{max(each):9.2f}{rates[name] / rates[BARE]:9.2f}{worked:19.0f}"
        print(f"  {name:31}{line}")
    print(f"\n  Medians of {RUNS} alternating runs of {FILES} lifecycles, four at once. Aim: {AIM} of the bare one.")
