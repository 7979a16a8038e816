"""What answers when something goes wrong: a page that says so and what to do, and nothing of the system's inside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from temporalio.service import RPCError

from activities.away import RegisterAway
from running.cases import UnansweredError
from web import sign_in
from web.resending import register_away
from web.visit import ForeignForm, NotAllowed, NotFound, SignInNeeded, nonce

Answer = Callable[[Request, Exception], Awaitable[Response]]

_UNSURE = (
    "What you sent may or may not have been recorded. Look at the history of the file before you send it again. If "
    "this lasts, tell operations."
)
_HTTP: dict[int, tuple[str, str]] = {
    400: ("This cannot be read", "Something that was sent is not as it should be. Go back, and send it again."),
    404: ("Page not found", "If you typed the address, check that it is right."),
    405: (
        "This page does not work like that",
        "It was asked for in a way that it has no answer to, a page that only takes a form, say. Go back to the page "
        "you came from, and use its links and buttons.",
    ),
}


def error_page(request: Request, status: int, title: str, words: str) -> HTMLResponse:
    """A page that says what went wrong and what to do."""
    template = request.app.state.templates.get_template("error.html")
    text = template.render(visit=None, nonce=nonce(request), title=title, words=words)
    return HTMLResponse(text, status_code=status)


def too_large(request: Request, largest: int) -> Response:
    """What was sent is too large to be taken."""
    return error_page(
        request,
        413,
        "This is too large",
        f"Nothing was kept of what you sent. All that is sent at once can have {largest / 1_000_000:g} MB. Make the "
        "document smaller, with fewer or smaller pictures say, or send several one after another.",
    )


def too_slow(request: Request) -> Response:
    """What was sent did not arrive fast enough to be taken."""
    page = error_page(
        request,
        408,
        "This took too long to arrive",
        "Nothing was kept of what you sent. Try again; with a document, on a faster connection.",
    )
    page.headers["Connection"] = "close"
    return page


def wrong_host(request: Request) -> Response:
    """The pages were asked for under a name that is not theirs."""
    address = request.app.state.site.settings.public_url
    words = f"The pages are at {address} and nowhere else." if address else "It cannot be read: check that it is right."
    return error_page(request, 400, "This is not our address", words)


def failed(request: Request) -> Response:
    """A mistake of ours. What is shown leads to the log, and tells nothing else."""
    return error_page(
        request,
        500,
        "Something went wrong here",
        f"{_UNSURE} It helps to name this number: {request.state.request_id}.",
    )


async def _sign_in_needed(request: Request, error: Exception) -> Response:
    kept = isinstance(error, SignInNeeded) and error.kept
    if request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(sign_in.address(f"{request.url.path}{query}"), status_code=303)
    return RedirectResponse(sign_in.address(sign_in.page_of(request), kept=kept), status_code=303)


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    title, words = _HTTP.get(error.status_code, ("This cannot be shown", "Go back, and try again."))
    page = error_page(request, error.status_code, title, words)
    page.headers.update(error.headers or {})
    return page


def _page(status: int, title: str, words: str = "") -> Answer:
    async def answer(request: Request, error: Exception) -> Response:
        return error_page(request, status, title, words or str(error))

    return answer


ANSWERS: dict[Any, Answer] = {
    SignInNeeded: _sign_in_needed,
    NotAllowed: _page(
        403,
        "You may not do this",
        "Your account's role does not allow it. If it should, ask an administrator to change your account.",
    ),
    NotFound: _page(404, "Page not found"),
    ForeignForm: _page(
        403,
        "This form could not be taken",
        "It did not come from a page of this service that is still open for you. Go back, reload the page and send it "
        "again.",
    ),
    RegisterAway: register_away,
    UnansweredError: _page(503, "The system did not answer in time", _UNSURE),
    RPCError: _page(503, "The system did not answer in time", _UNSURE),
    RequestValidationError: _page(
        422,
        "This address has a mistake in it",
        "Something in the address of this page is not as it should be. Go back, and use the links of the page before.",
    ),
    HTTPException: _http_error,
}
"""By the kind of error; every other error is a mistake of ours, see :class:`web.security.SecurityMiddleware`."""
