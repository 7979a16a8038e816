"""What the core needs is loaded when a process starts: inside Temporal's sandbox a module loaded later can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

ASK_EVERYTHING = """
import random, sys
import worker
from models.serious_case_reviews import STEPS
from models.letter import is_settled
from models.quick_answers import why_not
from models.regimes import build_steps
from models.fold import fold
from models.view import recordable, shown
from tests.core import lives
from tests.core.plausible import body

build_steps()
loaded = set(sys.modules)
for case in (lives.met(), lives.decided(), lives.published()):
    shown(fold(case.record), case.quick_world)
    recordable(fold(case.record), case.quick_world)
    for letter in case.letters:
        is_settled(letter, case.file, case.held)
    for number, name in enumerate(STEPS):
        why_not(case.record, name, body(case, name, random.Random(number), f"asked-{number}"), case.quick_world)
print(*sorted(set(sys.modules) - loaded))
"""


def test_no_question_to_the_core_loads_a_module() -> None:
    done = subprocess.run([sys.executable, "-c", ASK_EVERYTHING], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
