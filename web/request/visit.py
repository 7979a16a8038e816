"""One request: who asks, whether they may, and the page that answers. Every route says what it needs."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from register.people.accounts import Account
from register.people.saved_forms import keep_form
from register.people.sessions import Session, is_own_token, session_of
from web.request.roles import Action, may
from web.site import Site

_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
CSRF_FIELD = "csrf"


class SignInNeeded(Exception):
    """Nobody is signed in. ``kept`` says that what was typed is kept."""

    def __init__(self, *, kept: bool = False) -> None:
        super().__init__("Sign in to see this page.")
        self.kept = kept


class NotAllowed(Exception):
    """Somebody is signed in who may not do this. Its text says what to do."""


class NotFound(Exception):
    """There is no such thing, or none for whoever asks. Its text says what."""


class ForeignForm(Exception):
    """A form that did not come from one of our pages."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody asks for something.

    Arguments:
        request: as it came.
        site: the pages' world.
        now: business time, the same all through the request.
        session: of whoever is signed in; None for a stranger.
        form: what was sent with a POST; empty otherwise.
    """

    request: Request
    site: Site
    now: datetime
    session: Session | None
    form: FormData

    @property
    def account(self) -> Account:
        """Who is signed in.

        Raises:
            SignInNeeded: nobody.
        """
        if self.session is None:
            raise SignInNeeded
        return self.session.account

    def may(self, action: Action) -> bool:
        """Whether whoever asks may do it."""
        return may(self.session.account.roles if self.session else (), action)

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A page from ``web/templates``. The template finds ``visit`` beside what it is given."""
        environment = self.request.app.state.templates
        text = environment.get_template(template).render(visit=self, nonce=nonce(self.request), **context)
        return HTMLResponse(text, status_code=status)

    def redirect(self, address: str) -> RedirectResponse:
        """Post, redirect, get."""
        return RedirectResponse(address, status_code=303)

    def text(self, name: str) -> str:
        """One value of the form, without blanks around it; empty when it was not sent."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""


def allowed(action: Action, *, used: bool = True, token: bool = True) -> Any:
    """What a route needs: ``visit: Visit = allowed("read files")``. Refuses everybody else.

    A form must come from one of our own pages and carry the session's token.

    Arguments:
        action: a word of the table in :mod:`web.request.roles`.
        used: whether somebody is there, so that their session is not idle; not for what a page asks by itself.
        token: whether forms carry the session's token; without it the route has a token of its own to check.
    """

    async def visit(request: Request) -> AsyncIterator[Visit]:
        if request.method in _UNSAFE:
            _check_origin(request)  # First of all: what another site sends is not even read.
        site: Site = request.app.state.site
        now, secret = site.now(), request.cookies.get(cookie_name(request), "")
        session = await session_of(site.register, secret, now=now, used=used) if secret else None
        if session is None and action != "anyone":
            async for _ in request.stream():
                pass  # A stranger's form is kept for nobody, and costs no more than its way here.
            raise SignInNeeded
        form = await request.form() if request.method in _UNSAFE else FormData()
        try:
            yield await _checked(Visit(request, site, now, session, form), action, token=token)
        finally:
            await form.close()

    visit.__dict__["action"] = action
    return Depends(visit)


def worth_keeping(form: FormData) -> list[tuple[str, str]]:
    """What of a form may be kept for later: what was typed, no file, no token, and no password in clear text."""
    return [
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name != CSRF_FIELD and "password" not in name
    ]


async def _checked(visit: Visit, action: Action, *, token: bool) -> Visit:
    request, session = visit.request, visit.session
    over = session is None or session.over
    stranger = over and action == "anyone"  # Their page had no token, whoever was signed in before.
    if token and session is not None and not stranger and request.method in _UNSAFE:
        await _check_token(visit.site, session, visit.form.get(CSRF_FIELD))
    if over and action != "anyone":
        raise SignInNeeded(kept=await _keep(visit))
    if session is not None and not over and not may(session.account.roles, action):
        raise NotAllowed
    return replace(visit, session=None) if over else visit


def action_of(dependency: Dependency | Callable[..., Awaitable[Visit]]) -> Action | None:
    """The action that a route's dependency stands for; None for another dependency."""
    call = dependency.dependency if isinstance(dependency, Dependency) else dependency
    found: Action | None = getattr(call, "action", None)
    return found


def cookie_name(request: Request) -> str:
    """The session's cookie. Over HTTPS its name binds it to this very host."""
    return "__Host-session" if request.url.scheme == "https" else "session"


def nonce(request: Request) -> str:
    """What lets this page's own scripts run, and no others."""
    found: str = request.state.nonce
    return found


def _check_origin(request: Request) -> None:
    """Refuses what another site's page sends, as browsers tell it."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise ForeignForm
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host', '')}":
        raise ForeignForm


async def _check_token(site: Site, session: Session, given: object) -> None:
    """Refuses a form without the session's token, or one of the same account's earlier sessions: somebody who was
    signed out and has signed in again in another tab sends the form that was open all the while.
    """
    if not isinstance(given, str) or not given:
        raise ForeignForm
    if secrets.compare_digest(given.encode(), session.csrf.encode()):
        return
    if not await is_own_token(site.register, session.account.id, given):
        raise ForeignForm


async def _keep(visit: Visit) -> bool:
    """Keeps what was typed for whoever was signed in, so that it is there again once they are."""
    values = worth_keeping(visit.form)
    if visit.session is None or not values:
        return False
    await keep_form(visit.site.register, visit.session.account.id, visit.request.url.path, values, now=visit.now)
    return True
