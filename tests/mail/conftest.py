"""Real mail servers in the process that answer what a test tells them to, and the letters sent to them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from activities.mail.compose import Draft, Letterhead, Mailbox, Templates, compose
from activities.mail.smtp import Relay

HANG_UP = "hang up"
SILENCE = "silence"


@dataclass
class PostOffice:
    """A running server: where it is, what reached it, and how it answers.

    Arguments:
        answers: by command, the line to answer with, or to hang up, or to stay silent.
        withheld: words of the EHLO answer that are left out.
    """

    answers: dict[str, str]
    withheld: tuple[str, ...] = ()
    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    content_came: asyncio.Event = field(default_factory=asyncio.Event)
    connection_lost: asyncio.Event = field(default_factory=asyncio.Event)
    connected: bool = False

    async def close(self) -> None:
        """Waits for the one connection to end, if there was one."""
        if self.connected:
            await asyncio.wait_for(self.connection_lost.wait(), 5)

    async def _answer(self, command: str, server: SMTP, usual: str) -> str:
        self.said.append(command)
        answer = self.answers.get(command, usual)
        if answer == HANG_UP:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if answer in (HANG_UP, SILENCE):
            await asyncio.get_running_loop().create_future()  # until the connection's task is cancelled
        return answer

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, lines: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.said.append(f"EHLO {hostname}")
        return [line for line in lines if not line[4:].startswith(self.withheld or "\0")]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self._answer("MAIL", server, "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._answer("RCPT", server, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        self.content_came.set()
        return await self._answer("DATA", server, "250 OK")

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._answer("RSET", server, "250 OK")

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._answer("QUIT", server, "221 Bye")

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, sent: Any) -> AuthResult:
        self.said.append(f"AUTH {mechanism}")
        right = isinstance(sent, LoginPassword) and (sent.login, sent.password) == (b"board", b"right")
        return AuthResult(success=right, handled=False)


class Connection(SMTP):
    """A server's end of one connection, which tells its post office when it is over."""

    event_handler: PostOffice

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler.connected = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.event_handler.connection_lost.set()


@dataclass(frozen=True)
class Certificates:
    """What the servers show, and the file that says whom to trust."""

    ca_file: str
    other_ca_file: str
    server: ssl.SSLContext
    for_another_name: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    ours, other = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(folder / "ours.pem")
    other.cert_pem.write_to_path(folder / "other.pem")
    contexts = []
    for name in ("127.0.0.1", "elsewhere.example.org"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ours.issue_cert(name).configure_cert(context)
        contexts.append(context)
    return Certificates(str(folder / "ours.pem"), str(folder / "other.pem"), contexts[0], contexts[1])


@pytest.fixture
async def post_office(certificates: Certificates) -> AsyncIterator[Callable[..., Any]]:
    """Opens a server that answers commands as told, such as RCPT with ``450 busy``, and the rest with yes."""
    async with AsyncExitStack() as stack:

        async def open_one(
            security: str = "none",
            *,
            withheld: tuple[str, ...] = (),
            certificate: ssl.SSLContext = certificates.server,
            utf8: bool = False,
            sign_in: bool = False,
            **answers: str,
        ) -> PostOffice:
            office = PostOffice(answers, withheld)

            def connected() -> SMTP:
                return Connection(
                    office,
                    hostname="mail.example.org",
                    tls_context=certificate if security == "starttls" else None,
                    enable_SMTPUTF8=utf8,
                    auth_required=sign_in,
                    auth_require_tls=security == "starttls",
                    authenticator=office.authenticate,
                    loop=asyncio.get_running_loop(),
                )

            server = await asyncio.get_running_loop().create_server(
                connected, "127.0.0.1", 0, ssl=certificate if security == "tls" else None
            )
            stack.push_async_callback(office.close)
            stack.callback(server.close)
            office.port = server.sockets[0].getsockname()[1]
            return office

        yield open_one


@pytest.fixture
async def scripted() -> AsyncIterator[Callable[..., Any]]:
    """Opens a server that is no mail server: it greets, and answers each command word from a table."""
    async with AsyncExitStack() as stack:

        async def open_one(greeting: str, **answers: str) -> int:
            over = asyncio.Event()

            async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                line = greeting
                while line != HANG_UP:
                    if line != SILENCE:
                        writer.write(line.removesuffix(HANG_UP).encode() + b"\r\n")
                    if line.endswith(HANG_UP) or not (said := await reader.readline()):
                        break
                    line = answers.get(said.split()[0].decode("ascii", "replace"), "250 OK")
                with suppress(OSError):
                    writer.close()
                    await writer.wait_closed()
                over.set()

            server = await asyncio.start_server(converse, "127.0.0.1", 0)
            stack.push_async_callback(lambda: asyncio.wait_for(over.wait(), 5))
            stack.callback(server.close)
            port: int = server.sockets[0].getsockname()[1]
            return port

        yield open_one


@pytest.fixture
def relay_to(certificates: Certificates) -> Callable[..., Relay]:
    """The relay for a port, in clear text on loopback unless told otherwise."""

    def to(port: int, **changes: Any) -> Relay:
        usual: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "ca_file": certificates.ca_file,
            "timeout_seconds": 5,
        }
        return Relay(**(usual | changes))

    return to


@pytest.fixture(scope="session")
def templates() -> Iterator[Templates]:
    yield Templates(Path(__file__).parent / "templates")


@pytest.fixture(scope="session")
def write(templates: Templates) -> Callable[..., EmailMessage]:
    """Writes the tests' one letter, with any argument changed; ``values`` are added to the usual ones."""

    def letter(values: dict[str, Any] | None = None, **changes: Any) -> EmailMessage:
        usual: dict[str, Any] = {
            "letterhead": Letterhead(
                board="Example Safeguarding Children Board",
                sender="reviews@board.example.org",
                coordinator="coordinator@board.example.org",
                public_address="https://reviews.example.org/",
            ),
            "to": Mailbox("National Panel", "panel@example.org"),
            "reference": "EX-2027-004",
            "notice": "reviewer_named:panel",
            "number": 1,
            "at": datetime(2027, 1, 5, 9, 30, tzinfo=UTC),
        }
        shown = {
            "who": "Zoë Müller",
            "on": date(2027, 1, 5),
            "due": "2027-07-05",
            "organisations": ["Example Council", "Example & Partners NHS Trust"],
        }
        return compose(templates, Draft("appointed", shown | (values or {}), **(usual | changes)))

    return letter
