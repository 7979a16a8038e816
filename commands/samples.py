"""Sample incidents for the first start, with days relative to today; also what `open` reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from models.days import london_date
from register.directory import NoDirectory, load_directory, replace_directory
from running.case_client import CaseClient
from running.plain_files import read_plain_file
from running.rehearsals.scenario import directory_in
from running.system import System

SAMPLES = Path(__file__).resolve().parents[1] / "samples"

_TODAY = re.compile(r"today(?:-(\d{1,5}))?")


def with_days(data: Any, today: date) -> Any:
    """Plain data with ``today`` and ``today-3`` made into dates."""
    if isinstance(data, Mapping):
        return {name: with_days(value, today) for name, value in data.items()}
    if isinstance(data, list):
        return [with_days(value, today) for value in data]
    found = _TODAY.fullmatch(data) if isinstance(data, str) else None
    return (today - timedelta(days=int(found[1] or 0))).isoformat() if found else data


async def load_samples(parts: System, cases: CaseClient, now: datetime) -> list[str]:
    """A fictional board and its incidents, into a register that has no board yet; the references that were opened."""
    try:
        await load_directory(parts.register)
    except NoDirectory:
        board = read_plain_file(SAMPLES / "board.yaml")
        directory = directory_in(board, board.data)
        await replace_directory(parts.register, directory, changed_by="the first start", at=now)
        paths = [path for path in sorted(SAMPLES.glob("*.yaml")) if path.name != "board.yaml"]
        return [await _load(parts, cases, path, f"SAMPLE-{n:04d}", now) for n, path in enumerate(paths, start=1)]
    return []


async def _load(parts: System, cases: CaseClient, path: Path, reference: str, now: datetime) -> str:
    data = with_days(read_plain_file(path).data, london_date(now))
    by = {"recorded_by": "the first start"}
    opening = {"reference": reference, "opened_on": london_date(now).isoformat(), "incident": data["incident"], **by}
    await cases.open(opening, parts.rulebook, now)
    for number, step in enumerate(data.get("steps", ()), start=1):
        fields = {name: value for name, value in step.items() if name != "step"}
        await cases.record(reference, step["step"], {"id": f"sample-{number}", **by, **fields})
    return reference
