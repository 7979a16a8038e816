"""How one message reaches the mail server, and what it means when it does not.

Whatever goes wrong becomes one of three errors: try again, refused, or wrong settings. Their reasons are for
people, one line each, and hold nothing of the message: not its text, not its addresses, and nothing of what
the server wrote, because servers quote both. Only the server's codes are passed on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Any, Literal

import aiosmtplib

Security = Literal["starttls", "tls", "none"]

_PATIENCE_WITH_CONTENT = 6
"""The server gets so many times the timeout to take the content: giving up on one that is still scanning an
attachment sends the letter twice."""

_PATIENCE_ALTOGETHER = 8
"""A delivery ends after so many times the timeout, however slowly each answer drips in: whoever waits for it must
know how long a letter can be under way."""

_GOODBYE_SECONDS = 1.0

_TROUBLE = (aiosmtplib.SMTPException, OSError, ValueError)
"""Everything that aiosmtplib, the network, TLS and the encoding of names and addresses raise."""

_SIGN_IN_FIRST = (530, 538)
"""Codes that ask for signing in or for encryption, whatever they answer: never about this message."""

_SUBJECTS = {"1": "address", "2": "mailbox", "3": "system", "4": "network", "6": "content", "7": "policy"}
"""What an enhanced status code is about, by its second number (RFC 3463)."""

_ADDRESS = re.compile(r"[^\s<>@\x00-\x20\x7f]+@[^\s<>@\x00-\x20\x7f]+")


class NotDelivered(Exception):
    """The relay has not confirmed a message. One of the three below is raised, never this itself.

    Arguments:
        reason: why, in one plain line that holds nothing of the message.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TryAgain(NotDelivered):
    """Temporary: the same message is to be offered again.

    Arguments:
        reason: as above.
        maybe_accepted: whether the relay may have accepted the message all the same, so that it may arrive twice.
    """

    def __init__(self, reason: str, maybe_accepted: bool = False) -> None:
        super().__init__(reason)
        self.maybe_accepted = maybe_accepted


class DeliveryRefused(NotDelivered):
    """Permanent: the same message gets the same answer, a person must act.

    Arguments:
        reason: as above.
        code: the relay's SMTP code; None when it was clear without asking for one.
    """

    def __init__(self, reason: str, code: int | None) -> None:
        super().__init__(reason)
        self.code = code


class WrongSettings(NotDelivered):
    """Nothing is wrong with the message: operations must act on credentials, TLS or the relay's address."""


@dataclass(frozen=True, slots=True)
class Relay:
    """The mail server that takes our mail.

    Arguments:
        host: its name or address; its certificate must be for this.
        port: 587 for ``starttls`` and 465 for ``tls`` as a rule.
        security: ``starttls``, ``tls``, or ``none`` (clear text, to loopback alone).
        username: to sign in with; None when the relay wants none.
        password: for the user name.
        ca_file: path of the only certificate authorities to trust (PEM); None for the system's.
        timeout_seconds: for each exchange; the relay has six times as long to take the content.
    """

    host: str
    port: int
    security: Security = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    timeout_seconds: float = 20

    def fault(self) -> str | None:
        """What is wrong with it, in one line, as far as can be said without connecting; else None."""
        if not self.host or self.host != "".join(self.host.split()):
            return "The mail server's name is missing or has spaces in it."
        if self.security not in ("starttls", "tls", "none"):
            return "The mail server's security must be starttls, tls or none."
        if self.security == "none" and not _is_loopback(self.host):
            return f"Clear text is for a mail server on this machine, not {self.host}: use starttls or tls."
        if bool(self.username) != bool(self.password):
            return "The mail server's user name and password must be set together, or neither."
        return None


async def deliver(message: EmailMessage, relay: Relay) -> None:
    """Hands one message to the relay; returns once the relay has accepted it.

    The envelope's sender is the one in From. Takes at most eight times the relay's ``timeout_seconds``.

    Arguments:
        message: with one sender and exactly one recipient.
        relay: where to.

    Raises:
        TryAgain: temporary; says whether the relay may have accepted it.
        DeliveryRefused: permanent for this message.
        WrongSettings: permanent for every message, until settings are mended here or there.
    """
    if fault := relay.fault():
        raise WrongSettings(fault)
    sender, recipient = _envelope(message)
    client = _Client(relay, await _tls(relay), sender)
    ready = False
    try:
        async with asyncio.timeout(relay.timeout_seconds * _PATIENCE_ALTOGETHER):
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
            ready = True
            # The one recipient refused is an error; what it returns tells of some among several.
            await client.send_message(message, sender=sender, recipients=[recipient])
        # Accepted. Whatever becomes of the goodbye, it stays accepted.
        with contextlib.suppress(*_TROUBLE):
            await client.quit(timeout=min(_GOODBYE_SECONDS, relay.timeout_seconds))
    except _TROUBLE as error:
        # Never "from error": it holds what the relay wrote, and would be kept in history with ours.
        raise (_while_sending(error, client) if ready else _before_sending(error, relay)) from None
    finally:
        client.close()


class _Client(aiosmtplib.SMTP):
    """One connection for one message, which knows whether the content was on its way."""

    def __init__(self, relay: Relay, tls: ssl.SSLContext | None, sender: str) -> None:
        super().__init__(
            hostname=relay.host,
            port=relay.port,
            use_tls=relay.security == "tls",
            # Said either way: aiosmtplib's default sends in clear text where STARTTLS is not offered.
            start_tls=relay.security == "starttls",
            tls_context=tls,
            username=relay.username or None,
            password=relay.password or None,
            timeout=relay.timeout_seconds,
            # A container's own name is no domain, and strict servers refuse it; the sender's is one.
            local_hostname=sender.rpartition("@")[2],
        )
        self.content_begun = False
        self._content_seconds = relay.timeout_seconds * _PATIENCE_WITH_CONTENT

    async def login(
        self, username: str | bytes, password: str | bytes, /, *_: Any, **__: Any
    ) -> aiosmtplib.SMTPResponse:
        # One attempt: a wrong password tried in three ways locks the account, and a relay that hangs up
        # after the first refusal would look like one that is away.
        await self.ehlo()
        offered = self.server_auth_methods
        if "plain" in offered:
            return await self.auth_plain(username, password)
        if "login" in offered:
            return await self.auth_login(username, password)
        if "cram-md5" in offered:
            return await self.auth_crammd5(username, password)
        raise WrongSettings(f"{self.hostname}:{self.port} offers no way to sign in that we know.")

    async def data(self, message: str | bytes, /, **_: Any) -> aiosmtplib.SMTPResponse:
        self.content_begun = True
        return await super().data(message, timeout=self._content_seconds)

    async def rset(self, **_: Any) -> aiosmtplib.SMTPResponse:
        # Called after a refusal, which a relay silent from there on would hide. No second message follows.
        return aiosmtplib.SMTPResponse(aiosmtplib.SMTPStatus.completed, "")


async def _tls(relay: Relay) -> ssl.SSLContext | None:
    if relay.security == "none":
        return None
    try:
        return await asyncio.to_thread(ssl.create_default_context, cafile=relay.ca_file or None)
    except OSError:
        raise WrongSettings(f"{relay.ca_file} is missing or holds no certificates.") from None


def _before_sending(error: Exception, relay: Relay) -> NotDelivered:
    """What it means that nothing could be offered at all: never anything about this message."""
    name = f"{relay.host}:{relay.port}"
    for fault in (error, error.__cause__):
        if isinstance(fault, ssl.SSLCertVerificationError):
            return WrongSettings(f"The certificate of {name} is not trusted: {fault.verify_message}")
        if isinstance(fault, ssl.SSLError):
            why = (fault.reason or "unknown").replace("_", " ").lower()
            return WrongSettings(f"TLS with {name} failed: {why}.")
    match error:
        case aiosmtplib.SMTPResponseException(code=code) if code < 500:
            return TryAgain(f"{name} takes no mail at the moment ({_codes(code, error.message)}).")
        case aiosmtplib.SMTPAuthenticationError(code=code):
            return WrongSettings(f"{name} refused the user name or password ({_codes(code, error.message)}).")
        case aiosmtplib.SMTPResponseException(code=code):
            return WrongSettings(f"{name} takes no mail from us ({_codes(code, error.message)}).")
        case OSError():
            return TryAgain(f"{name} could not be reached: {_why_cut_off(error)}.")
        case aiosmtplib.SMTPException():  # the only plain one there is
            return WrongSettings(f"{name} does not offer STARTTLS.")
        case _:
            return WrongSettings(f"The name of {name}, or the domain we send from, cannot be used.")


def _while_sending(error: Exception, client: _Client) -> NotDelivered:
    """What it means that the relay answered no, or nothing, when it was offered the message."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[first, *_]):
            return _answered(first.code, first.message, "the recipient")
        case aiosmtplib.SMTPSenderRefused(code=code):
            return _answered(code, error.message, "the sender")
        case aiosmtplib.SMTPResponseException(code=code):
            return _answered(code, error.message, "the message", client.content_begun)
        case aiosmtplib.SMTPNotSupported() | ValueError():
            return DeliveryRefused("The mail server takes no addresses with such characters.", None)
        case _:
            why = _why_cut_off(error)
            return TryAgain(f"{client.hostname}:{client.port} was cut off: {why}.", client.content_begun)


def _answered(code: int, text: str, what: str, maybe_accepted: bool = False) -> NotDelivered:
    """By the code of an answer: 4xx temporary, 5xx permanent, anything else not understood."""
    codes = _codes(code, text)
    if code in _SIGN_IN_FIRST:
        return WrongSettings(f"The mail server wants us to sign in or to encrypt first ({codes}).")
    if 500 <= code <= 599:
        return DeliveryRefused(f"The mail server refused {what} ({codes}).", code)
    if 400 <= code <= 499:
        return TryAgain(f"The mail server does not take {what} at the moment ({codes}).")
    return TryAgain(f"The mail server gave an answer that cannot be understood ({codes}).", maybe_accepted)


def _codes(code: int, text: str) -> str:
    """``550 5.1.1, address``: an answer's codes and nothing of its text, which may quote the message."""
    enhanced = re.match(r"[245]\.(\d{1,3})\.\d{1,3}", text)
    if enhanced is None:
        return str(code)
    about = _SUBJECTS.get(enhanced[1])
    return f"{code} {enhanced[0]}, {about}" if about else f"{code} {enhanced[0]}"


def _why_cut_off(error: Exception) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, socket.gaierror):
        return "no address is known for its name"
    if isinstance(error, TimeoutError) or isinstance(cause, TimeoutError):
        return "no answer in time"
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno).lower()
    return "the connection ended"


def _envelope(message: EmailMessage) -> tuple[str, str]:
    senders, recipients = _addresses(message, "From"), _addresses(message, "To", "Cc", "Bcc")
    if len(senders) != 1 or len(recipients) != 1:
        raise DeliveryRefused("A message has one sender and one recipient; this one has not.", None)
    if not all(_ADDRESS.fullmatch(address) for address in senders + recipients):
        raise DeliveryRefused("An address of the message is no e-mail address.", None)
    return senders[0], recipients[0]


def _addresses(message: EmailMessage, *names: str) -> list[str]:
    return [a.addr_spec for name in names for header in message.get_all(name, []) for a in header.addresses]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
