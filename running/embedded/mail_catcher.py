"""An SMTP server that keeps every mail as a file and sends none on: for `make run`, rehearsals and tests."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from tempfile import NamedTemporaryFile

from aiosmtpd.smtp import SMTP, Envelope, Session

from running.embedded.processes import LOOPBACK, own_folder, refuse_port_in_use

_LARGEST = 150_000_000
"""Report and plan as attachments, each up to the document limit, take a third more in transport."""


@dataclass(frozen=True, slots=True)
class Postbox:
    """A running postbox.

    Arguments:
        host: where it listens, on this machine alone.
        port: on which port.
        folder: where it keeps what it gets.
    """

    host: str
    port: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was kept.

    Arguments:
        path: its file; sorted by name, files are in order of arrival.
        sender: whom it came from, as the mail server was told.
        recipients: whom it was for, as the mail server was told.
        message: the mail itself.
    """

    path: Path
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        """Its subject."""
        return str(self.message["Subject"] or "")

    @property
    def text(self) -> str:
        """Its plain text."""
        return self._body("plain")

    @property
    def html(self) -> str:
        """Its HTML; empty if it has none."""
        return self._body("html")

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part else ""


@asynccontextmanager
async def postbox(folder: Path, *, port: int = 0, survives_power_cuts: bool = True) -> AsyncIterator[Postbox]:
    """Takes mail while the block runs. A mail is on the disk before its sender hears that it was taken.

    Arguments:
        folder: where mails are kept, beside those of earlier runs; made if need be.
        port: which one to listen on; 0 takes any that is free.
        survives_power_cuts: whether what was taken must outlive one. A rehearsal does not, and need not wait for it.

    Raises:
        PortInUseError: somebody else listens there.
    """
    folder = own_folder(folder)
    if port:
        refuse_port_in_use(port, "the mail server")
    loop = asyncio.get_running_loop()
    keeper = _Keeper(folder, survives_power_cuts)
    connections: set[SMTP] = set()

    def connection() -> SMTP:
        smtp = SMTP(
            keeper,
            data_size_limit=_LARGEST,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="postbox",
            loop=loop,
        )
        connections.add(smtp)
        return smtp

    server = await loop.create_server(connection, LOOPBACK, port)
    try:
        yield Postbox(LOOPBACK, server.sockets[0].getsockname()[1], folder)
    finally:
        server.close()
        for smtp in connections:
            if smtp.transport is not None:
                smtp.transport.close()
        await server.wait_closed()


def list_mails(folder: Path) -> list[Mail]:
    """The mails kept in a folder, in order of arrival; none if there is no such folder."""
    return [_read(path) for path in sorted(folder.glob("*.eml"))]


def newest_mails(folder: Path, *, start: int = 0, limit: int = 50) -> tuple[list[Mail], int]:
    """Some of the mails kept in a folder, the newest first, and how many there are in all."""
    paths = sorted(folder.glob("*.eml"), reverse=True)
    return [_read(path) for path in paths[start : start + limit]], len(paths)


def one_mail(folder: Path, number: str) -> Mail | None:
    """The mail with this number, as its file's name has it; None when there is none."""
    path = folder / f"{number}.eml"
    return _read(path) if number.isascii() and number.isdecimal() and path.is_file() else None


def _read(path: Path) -> Mail:
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
    sender = str(message["Return-Path"] or "").strip("<>")
    return Mail(path, sender, tuple(map(str, message.get_all("Delivered-To", []))), message)


class _Keeper:
    """Writes each mail into a file of its own. `aiosmtpd` calls it."""

    def __init__(self, folder: Path, survives_power_cuts: bool) -> None:
        self._folder, self._survives_power_cuts = folder, survives_power_cuts
        taken = [int(path.stem) for path in folder.glob("*.eml") if path.stem.isdecimal()]
        self._numbers = itertools.count(max(taken, default=0) + 1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        # Where it came from and went to, as a mail server writes it on top when it delivers.
        lines = [f"Return-Path: <{envelope.mail_from or ''}>"]
        lines += [f"Delivered-To: {recipient}" for recipient in envelope.rcpt_tos]
        content = envelope.original_content or b""
        top = "".join(f"{line}\r\n" for line in lines).encode()
        # Numbered here, where mails come one after the other; written where the disk keeps nobody waiting.
        try:
            await asyncio.to_thread(self._keep, next(self._numbers), top + content)
        except OSError:  # a full disk, say; what aiosmtpd answers by itself would mean: never try again
            return "452 Not kept: try again later"
        return "250 OK: kept"

    def _keep(self, number: int, content: bytes) -> None:
        with NamedTemporaryFile(dir=self._folder, prefix=".", suffix=".part") as draft:
            draft.write(content)
            draft.flush()
            if self._survives_power_cuts:
                os.fsync(draft.fileno())
            # A link, unlike a renaming, never replaces a mail that another postbox keeps under this number.
            while True:
                with contextlib.suppress(FileExistsError):
                    os.link(draft.name, self._folder / f"{number:08}.eml")
                    return
                number = next(self._numbers)
