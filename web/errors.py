"""What answers when something goes wrong: a page that says so and what to do, and nothing of the system's inside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from temporalio.service import RPCError

from register.unavailable import RegisterUnavailable
from running.case_client import UnansweredError
from web.accounts import sign_in
from web.forms.outage_page import register_away
from web.request.visit import ForeignForm, NotAllowed, NotFound, SignInNeeded, nonce

Answer = Callable[[Request, Exception], Awaitable[Response]]

_UNSURE = (
    "What you sent may or may not have been recorded. Look at the history of the file before you send it again. If "
    "the problem continues, tell operations."
)
_HTTP: dict[int, tuple[str, str]] = {
    400: ("We could not read what you sent", "Something in what you sent is wrong. Go back and send it again."),
    404: ("Page not found", "If you typed the address, check that it is right."),
    405: (
        "This page cannot be used like this",
        "Go back to the page you came from, and use its links and buttons.",
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
        f"What you send must be smaller than {largest / 1_000_000:g} MB",
        "Nothing that you sent was saved. Make the document smaller, for example with fewer or smaller pictures, or "
        "upload several documents one after another.",
    )


def too_slow(request: Request) -> Response:
    """What was sent did not arrive fast enough to be taken."""
    page = error_page(
        request,
        408,
        "The upload took too long",
        "Nothing that you sent was saved. Try again. To upload a document, use a faster connection.",
    )
    page.headers["Connection"] = "close"
    return page


def wrong_host(request: Request) -> Response:
    """The pages were asked for under a name that is not theirs."""
    address = request.app.state.site.settings.public_url
    words = f"The pages are at {address}." if address else "Check that the address is right."
    return error_page(request, 400, "Wrong address", words)


def failed(request: Request) -> Response:
    """A mistake of ours. What is shown leads to the log, and tells nothing else."""
    return error_page(
        request,
        500,
        "There is a problem with the service",
        f"{_UNSURE} Give them this number: {request.state.request_id}.",
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
    title, words = _HTTP.get(error.status_code, ("This page cannot be shown", "Go back, and try again."))
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
        "You do not have permission",
        "Your account's roles do not allow this. If they should, ask an administrator to change your account.",
    ),
    NotFound: _page(404, "Page not found"),
    ForeignForm: _page(
        403,
        "This form could not be accepted",
        "The page it came from is no longer valid. Go back, reload the page and send the form again.",
    ),
    RegisterUnavailable: register_away,
    UnansweredError: _page(503, "The system did not answer in time", _UNSURE),
    RPCError: _page(503, "The system did not answer in time", _UNSURE),
    RequestValidationError: _page(
        422,
        "This address has a mistake in it",
        "Something in the address of this page is wrong. Go back, and use the links on the previous page.",
    ),
    HTTPException: _http_error,
}
"""By the kind of error; every other error is a mistake of ours, see :class:`web.security.SecurityMiddleware`."""
