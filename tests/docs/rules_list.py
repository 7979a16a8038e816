"""The project's own list of rules, ``docs/rules.md``, as data; and the marks that tests carry, without a run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "docs" / "rules.md"
NUMBER = r"[12]\.\d+[a-h]?"


@dataclass(frozen=True)
class Rule:
    """One rule of the list.

    Arguments:
        number: ``2.9f``.
        kinds: clock, gate, notice, record, track.
        steps: the steps that serve it.
        clocks: by name, and whether each is marked as statutory.
        modules: that hold it, by their path.
    """

    number: str
    kinds: tuple[str, ...]
    steps: tuple[str, ...]
    clocks: dict[str, bool]
    modules: tuple[str, ...]


def rules(text: str) -> list[Rule]:
    """Every rule of the list, in its order."""
    parts = re.split(rf"^### (?={NUMBER} )", text, flags=re.MULTILINE)[1:]
    return [_rule(part) for part in parts]


def _rule(part: str) -> Rule:
    number = part.split(" ", 1)[0]
    last = next((block for block in part.split("\n\n") if block.startswith("Kind: ")), None)
    assert last is not None, f"{number} has no line that begins with Kind"
    named = {name: text for name, text in re.findall(r"(\w+): (.*?)\.(?=\s[A-Z]|\s*$)", " ".join(last.split()))}
    assert set(named) <= {"Kind", "Steps", "Clocks", "Code"}, f"{number}: {sorted(named)}"
    clocks = re.findall(r"`(\w+)`( \(statutory\))?", named.get("Clocks", ""))
    return Rule(
        number=number,
        kinds=tuple(named["Kind"].split(", ")),
        steps=tuple(re.findall(r"`(\w+)`", named.get("Steps", ""))),
        clocks={name: bool(statutory) for name, statutory in clocks},
        modules=tuple(re.findall(r"`([\w/.]+)`", named.get("Code", ""))),
    )


def section(text: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    return re.split(r"^## ", text.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def table(text: str) -> list[list[str]]:
    """The rows of every table in a text, without heads and lines."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row] for row in rows]
    lines = [number for number, row in enumerate(cells) if set("".join(row)) <= set("-: ")]
    return [row for number, row in enumerate(cells) if number not in lines and number + 1 not in lines]


def mentions(text: str, number: str) -> bool:
    """Whether a text names a rule: 2.9f does not name 2.9, and 12.9f not 2.9f."""
    return re.search(rf"(?<![\d.]){re.escape(number)}(?![\da-z])", text) is not None


def marks_in(source: str) -> Iterator[str]:
    """The numbers that ``pytest.mark.rule("2.9f")`` gives in a test file, wherever it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.rule"):
            yield from (str(given.value) for given in node.args if isinstance(given, ast.Constant))


def marks() -> dict[str, list[str]]:
    """The test files by the numbers their tests are marked with."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for number in marks_in(path.read_text(encoding="utf-8")):
            found.setdefault(number, []).append(path.relative_to(ROOT).as_posix())
    return found
