"""The contract between shell and core is frozen, and what another release adds to it passes through an older shell."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest

from models import contract
from models.consider import plain_changes
from models.contract import Changes, State, pack, unpack

from .contract import CASES, FINGERPRINT, fingerprint

WHAT_TO_DO = """
The contract between shell and core is not what was committed in tests/replay/contract.json.

Until release 1.0.0: look at what you changed, then `python -m tests.replay.contract` and record the histories anew.

From release 1.0.0 on there are files in the world whose histories hold the old form, for years:
 - a new field with a default that does nothing: fine. Write the fingerprint anew, and say so in the change log;
 - a field renamed, removed, with another type or another default: old answers would be read as something else on
   replay, and timers or letters would vanish. Leave the old field, and add a new one;
 - another key form or limit, or something else that counts as a change: files would be blocked on replay. Keep the old
   way beside the new one, with workflow.patched in workflows/incident.py: see docs/developers.md.
"""


def test_the_contract_is_the_one_that_was_committed() -> None:
    committed = json.loads(FINGERPRINT.read_text(encoding="utf-8"))
    assert fingerprint() == committed, WHAT_TO_DO


def test_the_contract_imports_nothing_of_ours_so_that_nothing_else_is_frozen_with_it() -> None:
    tree = ast.parse(Path(contract.__file__).read_text(encoding="utf-8"))
    imported = {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= sys.stdlib_module_names | {"collections.abc", "__future__"}


def test_the_fingerprint_sees_another_default() -> None:
    assert fingerprint()["fields"]["Changes"]["finished"] == "bool | None = None"
    assert fingerprint()["fields"]["Work"]["timeout"] == "float = 180.0"
    assert {what for what, counts in fingerprint()["changes the file"].items() if counts} == {
        *("an entry", "an event", "an entry replaced", "an event replaced", "something that stands"),
    }
    assert len(CASES) == len(fingerprint()["fields"]["Changes"]) + 1, "a case for each field"


def test_what_another_release_carried_is_carried_on() -> None:
    state = State({"reference": "EX-1", "of_a_later_release": 1}, record=[{"name": "opened", "of_a_later_release": 2}])
    state.unknown = {"of_a_later_release": {"deep": [3]}}
    again = unpack(pack(state))
    assert again == state and again.opening["of_a_later_release"] == 1
    assert unpack(pack(again)) == state


def test_a_plain_answer_leaves_out_what_changes_nothing() -> None:
    assert plain_changes(Changes()) == {}
    assert plain_changes(Changes(finished=False, stage="review")) == {"finished": False, "stage": "review"}
    with pytest.raises(ValueError, match="timeout"):
        plain_changes(Changes(work=[{"key": "a", "activity": "b", "timeout": 0.0, "queue": ""}]))
