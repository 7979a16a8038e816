"""The pages that somebody is offered at the top: those their roles allow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from web.request.roles import Action, may
from web.request.visit import Visit

_PAGES: tuple[tuple[str, str, Action], ...] = (
    ("Work list", "/", "read files"),
    ("Open a file", "/open", "open files"),
    ("Calendar", "/calendar", "read across files"),
    ("Actions", "/actions", "read across files"),
    ("Letters", "/letters", "read across files"),
    ("Statistics", "/statistics", "read across files"),
    ("Directory", "/directory", "read the directory"),
    ("Accounts", "/accounts", "manage accounts"),
    ("Health", "/health", "see health"),
)


def home(roles: Iterable[str]) -> str:
    """Where somebody with these roles begins."""
    held = tuple(roles)
    return next((href for _, href, action in _PAGES if may(held, action)), "/account")


def navigation(visit: Visit) -> list[dict[str, Any]]:
    """For the design system's service navigation; the page one is on is marked."""
    path = visit.request.url.path
    found = [
        {"text": text, "href": href, "active": path == href or (href != "/" and path.startswith(f"{href}/"))}
        for text, href, action in _PAGES
        if visit.may(action)
    ]
    if visit.site.mails is not None and visit.may("read files"):
        found.append({"text": "Mails", "href": "/mails", "active": path.startswith("/mails")})
    return [*found, {"text": visit.account.name, "href": "/account", "active": path == "/account"}]
