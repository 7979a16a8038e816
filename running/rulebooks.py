"""The shelf of rulebooks: every file in the folder, read and checked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from models.rulebook import Rulebook
from models.rulebook_file import RulebookError, read_rulebook


def read_rulebook_file(path: Path) -> Rulebook:
    """The rulebook in a file.

    Raises:
        RulebookError: it cannot be read, or has a mistake; the text names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RulebookError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise RulebookError(f"{path}: is not UTF-8 text") from None
    return read_rulebook(text, path.name)


def read_shelf(folder: Path) -> dict[str, Rulebook]:
    """Every rulebook in a folder, by name.

    Raises:
        RulebookError: one has a mistake, or a name that is not its file's.
    """
    found = {}
    for path in sorted(folder.glob("*.toml")):
        rulebook = read_rulebook_file(path)
        if rulebook.name != path.stem:
            raise RulebookError(f"{path.name}: its name is {rulebook.name}: call the file {rulebook.name}.toml")
        found[rulebook.name] = rulebook
    return found


def plain_shelf(rulebooks: Iterable[Rulebook]) -> dict[str, dict[str, Any]]:
    """Rulebooks by name, as plain data: what the core is told of the shelf."""
    return {rulebook.name: rulebook.model_dump(mode="json") for rulebook in rulebooks}
