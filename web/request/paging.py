"""The links from page to page below a long list, as the design system's pagination takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode


def pagination(path: str, asked: Mapping[str, str], number: int, total: int, size: int) -> dict[str, Any]:
    """What ``govukPagination`` is given; empty when there is one page alone.

    Arguments:
        path: the list's own.
        asked: the query of the address, without the page.
        number: the page one is on; 1 is the first.
        total: how many lines there are in all.
        size: how many stand on a page.
    """
    last = max(-(-total // size), 1)
    if last == 1 and number == 1:
        return {}

    def address(page: int) -> str:
        query = {**asked, **({"page": str(page)} if page > 1 else {})}
        return f"{path}?{urlencode(query)}" if query else path

    items: list[dict[str, Any]] = []
    before = 0
    for page in sorted({1, last, *(n for n in range(number - 2, number + 3) if 1 <= n <= last)}):
        if page > before + 1:
            items.append({"ellipsis": True})
        items.append({"number": page, "href": address(page), "current": page == number})
        before = page
    found: dict[str, Any] = {"items": items, "landmarkLabel": "Pages of this list"}
    if number > 1:
        found["previous"] = {"href": address(min(number - 1, last))}
    if number < last:
        found["next"] = {"href": address(number + 1)}
    return found
