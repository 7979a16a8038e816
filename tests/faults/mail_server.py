"""A mail server that fails as real ones do, and comes back: what reached it is kept, whatever it answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Came:
    """One message that reached the server with its content, and whether its sender heard at once that it was taken."""

    recipient: str
    message: EmailMessage
    answered: bool

    @property
    def message_id(self) -> str:
        """Its Message-ID."""
        return str(self.message["Message-ID"])

    @property
    def subject(self) -> str:
        """Its subject."""
        return str(self.message["Subject"])


@dataclass
class MailServer:
    """A server whose answers a test chooses while it runs.

    Arguments:
        answers: what a recipient's address is answered with, ``450 busy``; an address that is not here is taken.
        drops: recipients whose connection is cut once their content has come, a number of times.
        holds: the recipient whose content is kept without an answer, until the connection ends or ``released`` is set.
        held: set once that has happened.
        released: set by a test, for what is held to be answered.
    """

    answers: dict[str, str] = field(default_factory=dict)
    drops: dict[str, int] = field(default_factory=dict)
    holds: str = ""
    held: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    came: list[Came] = field(default_factory=list)
    tries: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _connections: set[SMTP] = field(default_factory=set)

    async def open(self) -> None:
        """Listens, on the port it had before if it was open before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Is away: nothing listens on its port, and open connections are cut."""
        if self._server is not None:
            self._server.close()
            for connection in self._connections:
                if isinstance(connection.transport, asyncio.WriteTransport):
                    connection.transport.abort()
            self._connections.clear()
            await self._server.wait_closed()
            self._server = None

    @property
    def taken(self) -> list[Came]:
        """What its senders know was taken."""
        return [one for one in self.came if one.answered]

    def for_(self, recipient: str) -> list[Came]:
        """What came for one address."""
        return [one for one in self.came if one.recipient == recipient]

    def _connection(self) -> SMTP:
        connection = SMTP(
            self,
            hostname="mail.example",
            loop=asyncio.get_running_loop(),
        )
        self._connections.add(connection)
        return connection

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tries.append(address)
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        recipient = envelope.rcpt_tos[0]
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)  # as the policy makes it
        drop = self.drops.get(recipient, 0)
        hold = recipient == self.holds
        self.came.append(Came(recipient, message, answered=not (drop or hold)))
        if hold:
            self.held.set()
            await self.released.wait()  # or until the connection's task is cancelled
        if drop:
            self.drops[recipient] = drop - 1
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            await asyncio.get_running_loop().create_future()  # until the connection's task is cancelled
        return "250 OK"


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """A mail server that is open while the block runs, unless the test closes it."""
    server = MailServer()
    await server.open()
    try:
        yield server
    finally:
        await server.close()
