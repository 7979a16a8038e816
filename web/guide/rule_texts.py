"""The rules as the pages quote them: a number, its heading, and what it says. Made from ``docs/rules.md``.

``python -m web.guide.rule_texts`` makes the file anew; a test says when that is due.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("rule_texts.json")
SOURCE = Path(__file__).resolve().parents[2] / "docs" / "rules.md"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: ``2.9f``, its heading, what the framework says."""

    number: str
    heading: str
    text: str


@cache
def rules() -> dict[str, Rule]:
    """Every rule, by number."""
    return {one["number"]: Rule(**one) for one in json.loads(FILE.read_text(encoding="utf-8"))}


def section_of(number: str) -> str:
    """The section a rule is of: ``2.10`` of ``2.10a``; empty for none."""
    found = re.match(r"\d+\.\d+", number)
    return found[0] if found else ""


def read_rules(text: str) -> list[dict[str, str]]:
    """The rules in the project's list: of each its heading and its first paragraph."""
    found = []
    for block in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        head, _, rest = block.partition("\n")
        number, _, heading = head.partition(" ")
        if re.fullmatch(r"\d+\.\d+[a-z]?", number):
            first = rest.strip().split("\n\n")[0]
            found.append({"number": number, "heading": heading, "text": re.sub(r"[`*]", "", " ".join(first.split()))})
    return found


def made() -> str:
    """The file as it should be."""
    return json.dumps(read_rules(SOURCE.read_text(encoding="utf-8")), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(made(), encoding="utf-8")
