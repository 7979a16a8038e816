"""The project's pages as people read them: headings, links, and what stands in them as code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Page:
    """One page.

    Arguments:
        path: of its file.
    """

    path: Path

    @property
    def name(self) -> str:
        """Its path within the project."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def fences(self) -> list[tuple[str, str]]:
        """Its blocks of code, each with its language."""
        return re.findall(r"^```(\w*)\n(.*?)^```$", self.text, flags=re.MULTILINE | re.DOTALL)

    @cached_property
    def prose(self) -> str:
        """It without its blocks of code."""
        return re.sub(r"^```.*?^```$", "", self.text, flags=re.MULTILINE | re.DOTALL)

    @property
    def anchors(self) -> set[str]:
        """What its headings are called in links."""
        headings = re.findall(r"^#+ (.+)$", self.prose, flags=re.MULTILINE)
        plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
        return {heading.strip().replace(" ", "-") for heading in plain}

    @property
    def links(self) -> list[str]:
        """Where its links and pictures lead."""
        return re.findall(r"\]\(([^)\s]+)\)", self.prose)

    @property
    def code(self) -> list[str]:
        """Every line of a command block, and every piece of code within a sentence."""
        lines = [line for language, block in self.fences if language in ("sh", "") for line in block.splitlines()]
        spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", self.prose)]
        return [*lines, *spans]

    def commands(self, program: str) -> Iterator[list[str]]:
        """The words after a program's name, wherever it is called; up to a pipe, a redirection or a comment."""
        for line in self.code:
            for found in re.finditer(rf"(?:^|[\s/]){re.escape(program)}(?: (.*))?$", line):
                words = shlex.split(found[1] or "", comments=True)
                end = next((number for number, word in enumerate(words) if word[0] in "|<>&"), len(words))
                yield words[:end]


PAGES = [Page(path) for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]]
"""The project's pages."""
