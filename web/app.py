"""Puts the pages together: every area's routes, the templates, and what answers when something goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from activities.away import RegisterAway
from web import (
    accounts,
    actions,
    calendar,
    directory,
    exports,
    file_pages,
    guide,
    health,
    letters,
    live,
    mails,
    opening,
    published,
    recording,
    replies,
    restrictions,
    sign_in,
    statistics,
    uploads,
    work_list,
)
from web.security import SecurityMiddleware
from web.site import Site
from web.templating import templates
from web.visit import ForeignForm, NotAllowed, NotFound, SignInNeeded, nonce

AREAS = (
    sign_in,
    work_list,
    opening,
    recording,
    uploads,
    exports,
    restrictions,
    live,
    file_pages,
    calendar,
    actions,
    letters,
    statistics,
    directory,
    accounts,
    replies,
    published,
    mails,
    guide,
    health,
)
"""Each has a ``router``. Of two routes for one address the first counts."""

STATIC = Path(__file__).resolve().parent / "static"


def make_app(site: Site) -> FastAPI:
    """The pages, ready to be served."""
    # FastAPI's own pages of documentation load scripts from elsewhere.
    app = FastAPI(title="Serious case reviews", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = site
    app.state.templates = templates(site, STATIC)
    for area in AREAS:
        app.include_router(area.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    app.add_middleware(SecurityMiddleware, largest_body=site.settings.document_max_bytes + 1_000_000)
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, answer)
    return app


async def _sign_in_needed(request: Request, error: Exception) -> Response:
    kept = isinstance(error, SignInNeeded) and error.kept
    if request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(sign_in.address(f"{request.url.path}{query}"), status_code=303)
    return RedirectResponse(sign_in.address(request.url.path, kept=kept), status_code=303)


def _error_page(status: int, title: str, words: str = "") -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        return error_page(request, status, title, words or str(error))

    return answer


def error_page(request: Request, status: int, title: str, words: str) -> HTMLResponse:
    """A page that says what went wrong and what to do, without anything of the system's inside."""
    template = request.app.state.templates.get_template("error.html")
    text = template.render(visit=None, nonce=nonce(request), title=title, words=words)
    return HTMLResponse(text, status_code=status)


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return error_page(request, 404, "Page not found", "If you typed the address, check that it is right.")
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    return error_page(request, status, "This cannot be shown", detail)


_ANSWERS: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    SignInNeeded: _sign_in_needed,
    NotAllowed: _error_page(
        403,
        "You may not do this",
        "Your account's role does not allow it. If it should, ask an administrator to change your account.",
    ),
    NotFound: _error_page(404, "Page not found"),
    ForeignForm: _error_page(
        403,
        "This form could not be taken",
        "It did not come from a page of this service that is still open for you. Go back, reload the page and send it "
        "again.",
    ),
    RegisterAway: _error_page(
        503,
        "The register does not answer",
        "Nothing was changed by this page. Try again in a few minutes; if it lasts, tell operations.",
    ),
    HTTPException: _http_error,
}
