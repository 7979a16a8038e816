"""What a browser without JavaScript would send of a page's form, and what is wrong with how a page is built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str]
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


@dataclass
class Page(HTMLParser):
    """A page, read: every element with its attributes, and the forms' values as a browser would send them."""

    text: str
    elements: list[tuple[str, Attributes]] = field(default_factory=list)
    values: list[tuple[str, str, str]] = field(default_factory=list)
    """The form's id or action, name and value."""
    open: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._form, self._select, self._chosen, self._area = "", "", "", ""
        self._typed: list[str] = []
        self._options: list[str] = []
        self.feed(self.text)
        self.faults += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element."""
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "form":
            self._form = found.get("id") or found.get("action", "")
        elif tag == "input":
            self._input(found)
        elif tag == "textarea":
            self._area, self._typed = found.get("name", ""), []
        elif tag == "select":
            self._select, self._options = found.get("name", ""), []
        elif tag == "option" and (not self._options or "selected" in found):
            self._options = [found.get("value", "")]

    def handle_data(self, data: str) -> None:
        """Text in a box of several lines."""
        if self._area:
            self._typed.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Ends an element."""
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.faults.append(f"</{tag}> where {self.open[-1:]} is open")
        if tag == "textarea":
            # A browser leaves out one end of line at the very beginning.
            self.values.append((self._form, self._area, "".join(self._typed).removeprefix("\n")))
            self._area = ""
        elif tag == "select":
            self.values += [(self._form, self._select, value) for value in self._options]
        elif tag == "form":
            self._form = ""

    def _input(self, found: Attributes) -> None:
        kind = found.get("type", "text")
        if kind in ("submit", "button", "file") or not found.get("name"):
            return
        if kind in ("checkbox", "radio") and "checked" not in found:
            return
        self.values.append((self._form, found["name"], found.get("value", "")))

    def form(self, id: str = "form") -> list[tuple[str, str]]:
        """The values of a form, in its order."""
        return [(name, value) for form, name, value in self.values if form == id]

    def all(self, tag: str) -> list[Attributes]:
        """The attributes of every element of a kind."""
        return [found for name, found in self.elements if name == tag]


def structure_faults(text: str) -> list[str]:
    """What is wrong with a page for whoever cannot see it: headings, labels, ids, tables."""
    page = Page(text)
    return [*page.faults, *_faults(page)]


def _faults(page: Page) -> Iterator[str]:
    if (count := len(page.all("h1"))) != 1:
        yield f"{count} headings of the first level"
    ids = [found["id"] for _, found in page.elements if "id" in found]
    yield from (f"id {name} is there {count} times" for name, count in Counter(ids).items() if count > 1)
    labelled = {found.get("for") for found in page.all("label")}
    for tag in ("input", "select", "textarea"):
        for found in page.all(tag):
            if found.get("type") in ("hidden", "submit") or found.get("id") in labelled or "aria-label" in found:
                continue
            yield f"{tag} {found.get('name')} has no label"
    for found in page.all("a"):
        target = found.get("href", "")
        if target.startswith("#") and target[1:] not in ids:
            yield f"a link goes to {target}, which is not there"
    for _, found in page.elements:
        for name in found.get("aria-describedby", "").split():
            if name not in ids:
                yield f"{name} describes something and is not there"
        if "style" in found or any(name.startswith("on") for name in found):
            yield f"an inline style or script: {found}"
