"""Whatever a worker is asked first after it was started, it answers: nothing has to be loaded by another question."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from workflows.incident import IncidentWorkflow

from .virtual import Virtual

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

ROOT = Path(__file__).parents[2]

UPDATES: dict[str, dict[str, Any]] = {
    "closed": {"reasons": "Nothing is left."},
    "deadline_extended": {"deadline": "scope_set", "new_due": "2018-12-31", "reason": "The school is closed."},
}


async def test_each_query_and_each_kind_of_check_can_be_the_first_question(virtual: Virtual) -> None:
    file = await virtual.opened()
    await file.record("decision", "2018-09-05", choice="SCR, criteria met", decided_by="chair", reasons="It is met.")
    await virtual.whole.worker.stop()
    arguments = {"standing": ["letters", "nothing"], "answer": ["nobody", 0]}
    definition = IncidentWorkflow.__temporal_workflow_definition  # type: ignore[attr-defined]
    questions = [[file.reference, "query", name, arguments.get(name)] for name in definition.queries]
    body = {"recorded_by": "coordinator", "happened_on": "2018-09-05"}
    questions += [
        [file.reference, "update", name, {"id": f"first-{name}", **body, **fields}] for name, fields in UPDATES.items()
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.faults.first_questions", json.dumps(questions)),
        cwd=ROOT,
        env={**os.environ, **virtual.whole.worker.settings},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    became = dict(zip([name for _, _, name, _ in questions], map(json.loads, out.splitlines()), strict=True))
    assert [f"{name}: {what}" for name, what in became.items() if what.startswith("fault")] == []
    assert became["deadline_extended"] == "recorded"
