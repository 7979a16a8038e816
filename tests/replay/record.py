"""Records the histories that every later release must replay: ``python -m tests.replay.record RELEASE``.

Run it once when a release is made, and commit what it writes into ``tests/histories``. Never record an old release's
histories again: that they replay under newer code is what they are for.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
import tempfile
from pathlib import Path

from temporalio.client import WorkflowHistory

from running.rehearsals.rehearsal import play, stage
from running.rehearsals.scenario import read_scenario
from running.rulebooks import read_shelf
from running.settings import load_settings

from .upkeep import lives

ROOT = Path(__file__).resolve().parents[2]
HISTORIES = ROOT / "tests" / "histories"
SCENARIOS = ("published-review", "late-at-every-deadline", "scrutinised-by-the-panel", "reopened")


async def record(release: str) -> None:
    """Plays the scenarios and the lives, and writes each history as gzipped JSON."""
    shelf = read_shelf(load_settings().rulebooks_dir)
    HISTORIES.mkdir(exist_ok=True)
    for name in SCENARIOS:
        scenario = read_scenario(ROOT / "scenarios" / f"{name}.yaml", shelf)
        async with stage() as on:
            played = await play(scenario, on)
            if played.failures:
                raise SystemExit("\n".join(played.failures))
            handle = on.env.client.get_workflow_handle(str(scenario.opening["reference"]))
            _write(release, name, await handle.fetch_history())
    with tempfile.TemporaryDirectory(prefix="histories-") as folder:
        for name, history in (await lives(Path(folder))).items():
            _write(release, name, history)
    await asyncio.sleep(0.2)


def _write(release: str, name: str, history: WorkflowHistory) -> None:
    path = HISTORIES / f"{release}-{name}.json.gz"
    # Without a time stamp, the same history is the same file.
    path.write_bytes(gzip.compress(history.to_json().encode(), mtime=0))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m tests.replay.record RELEASE")
    asyncio.run(record(sys.argv[1]))
