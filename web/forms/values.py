"""What was typed into a form: names and values in their order, cleaned of what no keyboard types."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlette.datastructures import FormData

LONGEST = 20_000
"""Characters of one value that are looked at: a text field takes 2,000, and a longer one is refused for it."""


@dataclass(frozen=True)
class Typed:
    """The values of a form, as text.

    Arguments:
        items: names and values in order; a name may come several times, for checkboxes.
    """

    items: tuple[tuple[str, str], ...] = ()

    def one(self, name: str) -> str:
        """The last value with this name, without blanks around it; empty when there is none."""
        return next((value.strip() for key, value in reversed(self.items) if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every value with this name that is not empty, each once."""
        return list(dict.fromkeys(value.strip() for key, value in self.items if key == name and value.strip()))

    def has(self, name: str) -> bool:
        """Whether the form had a field of this name, even an empty one."""
        return any(key == name for key, _ in self.items)

    def with_values(self, values: Mapping[str, str]) -> Typed:
        """The same with these in place of what there was under their names."""
        left = tuple(item for item in self.items if item[0] not in values)
        return Typed((*left, *values.items()))

    def without(self, *names: str) -> Typed:
        """The same without these names."""
        return Typed(tuple(item for item in self.items if item[0] not in names))


def typed_in(form: FormData) -> Typed:
    """What was typed into a form that was sent; files are left out."""
    return cleaned((name, value) for name, value in form.multi_items() if isinstance(value, str))


def cleaned(items: Iterable[tuple[str, str]]) -> Typed:
    """Values as they may be kept: no control characters and half characters, lines ended in one way."""
    return Typed(tuple((clean(name), clean(value)) for name, value in items))


def clean(text: str) -> str:
    """A text without control characters other than ends of lines and tabs, and without halves of characters."""
    plain = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in plain if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
