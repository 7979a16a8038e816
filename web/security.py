"""The shell around every request: its headers, its size, its host, its line in the log, and what is left of an error.

Only our own scripts and styles, no frames, nothing kept, no third party asked.
"""

from __future__ import annotations

import secrets
import time
import traceback
from contextlib import suppress
from os import PathLike, stat_result
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from running.setting_kinds import is_loopback
from web.errors import failed, too_large, too_slow, wrong_host
from web.request.slow_clients import TooSlow, in_time
from web.site import stamp

log = structlog.get_logger("pages")

_QUIET = ("/static/", "/healthz", "/readyz")
"""What is asked for all the time and says nothing about what anybody does."""
_LARGEST_OF_WORDS = 500_000
"""Bytes of a form without a document. Reading one takes far longer than taking in a document of the same size."""
_READ_TO_THE_END = 3
"""How many times the largest body is still read, for nothing: a browser shows an answer only once it has sent all."""


class BodyTooLarge(Exception):
    """More was sent than is taken."""


class SecurityMiddleware:
    """Gives each request its nonce and its number, and each answer its headers.

    What is too large, or for another host, is refused. An error that nobody expected becomes a page without a trace
    of it, and a line in the log without anything that was sent.

    Arguments:
        app: what is protected.
        largest_body: bytes that a request may have.
        public_url: the pages' own address. With one, they answer to its name alone, and to this machine's.
    """

    def __init__(self, app: ASGIApp, largest_body: int, public_url: str = "") -> None:
        self._app, self._largest = app, largest_body
        self._host = urlsplit(public_url).hostname

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["nonce"], state["request_id"] = secrets.token_urlsafe(16), secrets.token_hex(6)
        began, status = time.perf_counter(), 0

        async def with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _headers(state["nonce"]).items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if scope.get("scheme") == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
            await send(message)

        try:
            await self._answer(scope, receive, with_headers)
        except Exception as error:
            if isinstance(error, ClientDisconnect):
                return
            log.error("A page failed.", request=state["request_id"], route=_route(scope), error=_trace(error))
            if status:
                return  # it had begun to answer: the server cuts the connection, and that tells
            await failed(Request(scope))(scope, receive, with_headers)
        finally:
            if not scope["path"].startswith(_QUIET):
                log.info(
                    "request",
                    method=scope["method"],
                    route=_route(scope),
                    status=status,
                    ms=round((time.perf_counter() - began) * 1000),
                    request=state["request_id"],
                )

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            await wrong_host(Request(scope))(scope, receive, send)
            return
        with_document = headers.get("content-type", "").lower().startswith("multipart/form-data")
        largest = self._largest if with_document else min(self._largest, _LARGEST_OF_WORDS)
        receive, read, begun = in_time(receive), 0, False
        length = headers.get("content-length", "")
        announced = int(length) if length.isascii() and length.isdecimal() else 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > largest:
                raise BodyTooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if announced > largest:
                raise BodyTooLarge
            await self._app(scope, counted, noted)
        except BodyTooLarge:
            if begun:
                raise
            if announced <= self._largest * _READ_TO_THE_END:
                await self._read_on(receive, read)
            await too_large(Request(scope), largest)(scope, receive, send)
        except TooSlow:
            if begun:
                raise
            await too_slow(Request(scope))(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        """Whether this name is ours: a link that is made of another one would lead there."""
        if "@" in host:
            return False
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return self._host is None or name == self._host or is_loopback(name)

    async def _read_on(self, receive: Receive, read: int) -> None:
        with suppress(TooSlow):
            while read <= self._largest * _READ_TO_THE_END:
                message = await receive()
                read += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return


class Assets(StaticFiles):
    """Our own static files. Asked for by the stamp of their content they are kept for ever, otherwise asked again."""

    def file_response(
        self, full_path: PathLike[str] | str, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file, or that it has not changed."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        stamped = scope["query_string"].decode("latin-1") == stamp(Path(full_path))
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if stamped else "no-cache"
        return response


def _headers(nonce: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }


def _route(scope: Scope) -> str:
    """Which page, without what stands in its address: a reference may be there, or the secret of a link."""
    return getattr(scope.get("route"), "path", "") or "none"


def _trace(error: BaseException | None) -> str:
    """Where an error came from: kinds and places alone, as its text may hold what somebody typed."""
    found: list[str] = []
    while error is not None and len(found) < 5:
        places = traceback.extract_tb(error.__traceback__)[-8:]
        at = " > ".join(f"{Path(place.filename).name}:{place.lineno} {place.name}" for place in places)
        found.append(f"{type(error).__name__} at {at}")
        error = error.__cause__ or error.__context__
    return "; from ".join(found)
