"""Refusals speak to people: steps by their labels, never by their technical names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.serious_case_reviews import STEPS

from .case import Case, identifiers_in

MODELS = Path(__file__).parents[2] / "models"
FILES = [
    *(path for path in sorted((MODELS / "sections").glob("*.py")) if path.stem != "life"),
    *sorted((MODELS / "upkeep").glob("*.py")),
]
FILES += [MODELS / name for name in ("gates.py", "step.py", "quick_answers.py", "fold.py", "view.py")]
LABELS = {kind.label for kind in STEPS.values()}


def _sentences(path: Path) -> Iterator[str]:
    """The texts of a module that are not docstrings and read as sentences, with … for what is filled in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | inside:
            yield node.value


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_no_text_for_people_has_a_steps_technical_name(path: Path) -> None:
    names = "|".join(name for name in STEPS if "_" in name)
    assert [text for text in _sentences(path) if " " in text and re.search(rf"\b(?:{names})\b", text)] == []


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_step_that_a_text_asks_for_is_called_by_its_label(path: Path) -> None:
    asked = re.compile(r"(?:[Rr]ecord|strike out|or|with) “([^“”…]+)”")
    called = [label for text in _sentences(path) for label in asked.findall(text)]
    assert [label for label in called if label not in LABELS] == []


def test_technical_names_are_found_in_a_refusal() -> None:
    case = Case.opened()
    case.step("note_added", text="The first call was returned.")
    assert identifiers_in("Record notified_panel first: child-1 is on the file, see step-1.", case) == [
        "child-1",
        "notified_panel",
        "step-1",
    ]
    assert identifiers_in("Record “A note was added” first: child 1 is on the file.", case) == []
