"""Time limits for slow clients, and how many may be connected."""

from __future__ import annotations

import asyncio
import socket
import time

from starlette.types import Message, Receive
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_TIMEOUT = 20.0
"""Seconds in which a request must have arrived, counted from the connection or from its first byte."""
BODY_TIMEOUT, MIN_BYTES_PER_SECOND = 20.0, 10_000
"""Seconds that a request's body may take; each so many bytes of it allow one second more."""
IDLE_TIMEOUT = 60.0
"""Seconds that may pass between two parts of a body, however much has come before."""
RESPONSE_TIMEOUT = 60.0
"""Seconds in which a client must take at least some of an answer."""
CONNECTIONS = 800
"""How many connections may be open at once; others are told to come later. Most processes may open 1,024 files."""


class TooSlow(Exception):
    """A body arrives too slowly."""


class Connection(H11Protocol):
    """A connection that is closed when the next request on it does not come in time. By itself the server only ends
    one that is silent after an answer.
    """

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the server's own
        """A client has connected."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """A part of a request, or several requests."""
        super().data_received(data)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        super().connection_lost(exc)
        self._expect_nothing()

    def _expect(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._expect_nothing()
        elif self._late is None:
            self._late = self.loop.call_later(REQUEST_TIMEOUT, self.transport.abort)

    def _expect_nothing(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def in_time(receive: Receive) -> Receive:
    """What is sent with one request, as long as it comes fast enough. What is done meanwhile takes none of its time.

    Returns:
        what is called for the next part. It raises TooSlow.
    """
    waited, read, whole = 0.0, 0, False

    async def patient() -> Message:
        nonlocal waited, read, whole
        if whole:  # From now on it tells of the end of the connection, and that may be far off.
            return await receive()
        began = time.monotonic()
        try:
            async with asyncio.timeout(min(IDLE_TIMEOUT, BODY_TIMEOUT + read / MIN_BYTES_PER_SECOND - waited)):
                message = await receive()
        except TimeoutError:
            raise TooSlow from None
        waited += time.monotonic() - began
        read += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        return message

    return patient


def leave_who_reads_nothing(listener: socket.socket) -> None:
    """Ends each connection to a listener whose other end takes nothing of an answer, where the system can do that."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; each connection has what its listener has.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(RESPONSE_TIMEOUT * 1000))
