"""A whole published review, rehearsed: events and bytes of its history, and how long it takes."""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from running.case_client import CaseClient
from running.event_loop import run
from running.rehearsals import rehearsal
from running.rehearsals.rehearsal import play, stage
from running.rehearsals.scenario import Scenario, read_scenario
from running.rulebooks import read_shelf
from running.settings import load_settings

from .events import A_LETTER, A_STEP, A_TIMER, A_WRITE, LETTERS, OTHERS, RUNGS, STEPS, TIMERS, WRITES, Tally, tally

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios" / "published-review.yaml"
MOST_EVENTS = 1_000
"""A run of a file is replayed whole, and not noticed. The core wishes a new one from 600 events and its timers on."""

SECONDS, MONTHS = 3, 20
"""The aim: so many months are rehearsed in so many seconds."""

RUNS = 3


@dataclass(frozen=True)
class Rehearsed:
    """One rehearsal of the scenario.

    Arguments:
        tally: of the file's history.
        seconds: it took, from nothing to nothing: starting and stopping the server as well.
        phases: seconds by what they were spent on.
        worked: processor seconds of this process.
        server_worked: processor seconds of the Temporal server.
    """

    tally: Tally
    seconds: float
    phases: dict[str, float]
    worked: float
    server_worked: float


def main() -> None:
    """Prints events by what they are for, and seconds by what they are spent on."""
    rehearsals = [run(rehearse()) for _ in range(RUNS)]
    _print_events(rehearsals[-1].tally)
    _print_seconds(rehearsals)


def read() -> Scenario:
    """The scenario that is measured."""
    return read_scenario(SCENARIO, read_shelf(load_settings().rulebooks_dir))


async def rehearse() -> Rehearsed:
    """Plays the scenario once, on a server of its own.

    Raises:
        RuntimeError: an expectation of the scenario was not met.
    """
    started, worked, server_worked = time.perf_counter(), time.process_time(), _of_children()
    scenario = read()
    with _watched() as phases:
        async with stage() as on:
            played = await play(scenario, on)
            if played.failures:
                raise RuntimeError("\n".join(played.failures))
            runs = await _runs(on.env.client, str(scenario.opening["reference"]))
    seconds = time.perf_counter() - started
    phases["all else"] = seconds - sum(phases.values())
    return Rehearsed(
        tally(runs),
        seconds,
        dict(phases),
        time.process_time() - worked,
        _of_children() - server_worked,
    )


async def _runs(client: Client, reference: str) -> list[list[HistoryEvent]]:
    """The events of each of a file's runs, the first one first."""
    found: list[list[HistoryEvent]] = []
    run: str | None = None
    while not found or run:
        found.insert(0, [*(await client.get_workflow_handle(reference, run_id=run).fetch_history()).events])
        run = found[0][0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found


_WATCHED: tuple[tuple[Any, str, str], ...] = (
    (rehearsal, "migrate", "making a register"),
    (rehearsal, "start_time_skipping", "starting the server"),
    (CaseClient, "open", "opening the file"),
    (CaseClient, "record", "recording steps"),
    (rehearsal, "until_quiet", "what a new run begins with"),
    (rehearsal, "skip_to", "letters, moving time, and what falls due"),
)


@contextmanager
def _watched() -> Iterator[dict[str, float]]:
    """Seconds spent in the parts of a rehearsal, none of which is called by another."""
    phases: dict[str, float] = defaultdict(float)
    with ExitStack() as stack:
        for owner, name, phase in _WATCHED:
            function = getattr(owner, name)
            setattr(owner, name, _timed(function, phases, phase))
            stack.callback(setattr, owner, name, function)
        yield phases


def _timed(
    function: Callable[..., Awaitable[Any]], phases: dict[str, float], phase: str
) -> Callable[..., Awaitable[Any]]:
    async def timed(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return await function(*args, **kwargs)
        finally:
            phases[phase] += time.perf_counter() - started

    return timed


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _print_events(found: Tally) -> None:
    rows = (
        (STEPS, found.steps, A_STEP),
        (TIMERS, found.timers, A_TIMER),
        (LETTERS, found.letters, A_LETTER),
        (WRITES, found.writes, A_WRITE),
        (RUNGS, None, None),
        (OTHERS, None, None),
    )
    print("history: a whole published review, rehearsed")
    print(f"  {'events for':42}{'how many':>9}{'events':>8}{'each':>7}{'at most':>9}")
    for name, count, most in rows:
        each = f"{count:9}{found.events[name]:8}{found.events[name] / count:7.1f}{most:9}" if count else ""
        print(f"  {name:42}{each or f'{found.events[name]:17}'}")
    print(f"  {'all':42}{found.total:17}{found.allowed:16}")
    print(
        f"\n  {found.size:,} bytes. Left out above: {found.of_rehearsal} events that only a rehearsal has, for moving "
        f"time.\n  With them its {len(found.runs)} runs have {', '.join(map(str, found.runs))} events. Aim: under "
        f"{MOST_EVENTS:,} each.\n"
    )


def _print_seconds(found: list[Rehearsed]) -> None:
    print(f"  {'rehearsed in':42}{'seconds':>9}")
    for phase in found[0].phases:
        print(f"  {phase:42}{median(one.phases[phase] for one in found):9.2f}")
    print(f"  {'all':42}{median(one.seconds for one in found):9.2f}")
    ours, server = median(one.worked for one in found), median(one.server_worked for one in found)
    each = ", ".join(f"{one.seconds:.1f}" for one in found)
    print(
        f"\n  Medians of {RUNS} runs ({each} s); processor seconds: {ours:.1f} in this process, {server:.1f} in the "
        f"Temporal server.\n  Aim: {MONTHS} months in under {SECONDS} seconds on two idle cores."
    )
