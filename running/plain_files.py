"""YAML and JSON files as plain data, each part with its line: yes and no stay words, dates stay text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1_000_000
"""The largest file that is read."""

MAX_PARTS = 100_000
"""How many parts a file may have, those that an alias repeats counted each time."""

MAX_DEPTH = 50
"""How deep parts may lie within each other."""

Place = tuple[int | str, ...]


class PlainFileError(Exception):
    """A file that cannot be read; the text names file, line and what is wrong."""


@dataclass(frozen=True)
class PlainFile:
    """A file's data, and on which line each part of it stands.

    Arguments:
        name: what the file is called in errors.
        data: dictionaries, lists, text, numbers, booleans and nothing.
        lines: by place, ``("steps", 3, "at")``.
    """

    name: str
    data: Any
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Sequence[int | str]) -> int:
        """The line of a part, or of the nearest part around it."""
        found = tuple(place)
        while found and found not in self.lines:
            found = found[:-1]
        return self.lines.get(found, 1)

    def error(self, place: Sequence[int | str], what: str) -> PlainFileError:
        """An error about a part."""
        return PlainFileError(f"{self.name}, line {self.line(place)}: {what}")

    def error_of(self, field: str | None, what: str) -> PlainFileError:
        """An error about a part named with dots, ``incident.children.0.born_on``."""
        return self.error([int(part) if part.isdecimal() else part for part in (field or "").split(".")], what)


class _Loader(yaml.SafeLoader):
    """Safe YAML with JSON's values only."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"true|false", "tf"),
    ("tag:yaml.org,2002:int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("tag:yaml.org,2002:float", r"-?(0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
    ("tag:yaml.org,2002:null", r"null|~|", "n~"),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), list(_first))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])


def read_plain_file(path: Path) -> PlainFile:
    """The data of a YAML or JSON file.

    Raises:
        PlainFileError: it cannot be read, is too large, or is not YAML.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PlainFileError(f"{path}: is larger than {MAX_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PlainFileError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise PlainFileError(f"{path}: is not UTF-8 text") from None
    return read_plain_text(text, path.name)


def read_plain_text(text: str, name: str) -> PlainFile:
    """The data of a YAML or JSON text; see :func:`read_plain_file`."""
    try:
        node = yaml.compose(text, _Loader)
    except RecursionError:
        raise PlainFileError(f"{name}: its parts lie too deep within each other") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PlainFileError(f"{name}, line {line}: {error.problem or 'is not YAML'}") from None
    except yaml.YAMLError as error:
        raise PlainFileError(f"{name}: is not YAML ({error})".splitlines()[0]) from None
    lines: dict[Place, int] = {}
    data = None if node is None else _built(node, (), lines, name, frozenset())
    return PlainFile(name, data, lines)


def _built(node: yaml.Node, place: Place, lines: dict[Place, int], name: str, around: frozenset[int]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    if len(place) > MAX_DEPTH:
        raise PlainFileError(f"{name}, line {line}: its parts lie too deep within each other")
    if len(lines) > MAX_PARTS:
        raise PlainFileError(f"{name}, line {line}: is too large: it has more than {MAX_PARTS:,} parts")
    if id(node) in around:
        raise PlainFileError(f"{name}, line {line}: a part cannot hold itself")
    inside = around | {id(node)}
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise PlainFileError(f"{name}, line {key_line}: a name must be text")
            key = str(key_node.value)
            if key in found:
                raise PlainFileError(f"{name}, line {key_line}: {key} is given twice")
            lines[(*place, key)] = key_line
            found[key] = _built(value_node, (*place, key), lines, name, inside)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_built(item, (*place, number), lines, name, inside) for number, item in enumerate(node.value)]
    return _scalar(node, name, line)


def _scalar(node: yaml.Node, name: str, line: int) -> Any:
    value = str(node.value)
    match node.tag:
        case "tag:yaml.org,2002:bool":
            return value == "true"
        case "tag:yaml.org,2002:int":
            if len(value) > 18:
                raise PlainFileError(f"{name}, line {line}: the number is too long")
            return int(value)
        case "tag:yaml.org,2002:float":
            return float(value)
        case "tag:yaml.org,2002:null":
            return None
        case "tag:yaml.org,2002:str":
            return value
    raise PlainFileError(f"{name}, line {line}: {node.tag} is not a kind of value that is known here")
