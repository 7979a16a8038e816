"""A command starts quickly: what only some of them need is loaded by those."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SELDOM = ("alembic", "mako", "fastapi", "starlette", "uvicorn", "docx", "typst", "xlsxwriter", "icalendar", "authlib")
"""Migrations, the pages, and what they hand out."""

SAY = """
import sys
import starter
from models.regimes import REGIMES
steps = [kind for regime in REGIMES.values() for kind in regime.steps.values()]
print(*(name for name in sys.argv[1:] if name in sys.modules))
print(sum(kind.__pydantic_complete__ for kind in steps))
"""


def test_a_command_loads_nothing_that_only_others_need() -> None:
    done = subprocess.run([sys.executable, "-c", SAY, *SELDOM], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded, built = done.stdout.splitlines()
    assert loaded.split() == []
    assert int(built) == 0, "steps are built when they are first read"
