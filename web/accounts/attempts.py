"""How often somebody may try to sign in: from one address of the network, for one account, in one browser."""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeSerializer
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from register.people.accounts import digest

WINDOW = 15
"""Minutes in which attempts are counted."""

OF_AN_ADDRESS, OF_AN_ACCOUNT = 100, 10
"""How many may be made in them. A whole office may come from one address; an account is one person's."""

_REMEMBERED = 365 * 24 * 3600
"""Seconds for which a browser is remembered: a year."""


class Attempts:
    """Counts attempts in this process's memory: a restart forgets them, a second process counts for itself.

    A browser in which an account was signed in before has its own attempts for it: otherwise whoever knows the
    account's address could keep its owner out.

    Arguments:
        secret: what the mark that a browser is remembered by is signed with.
    """

    def __init__(self, secret: bytes) -> None:
        signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._marks = URLSafeSerializer(secret, salt="browser", signer_kwargs=signing)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._of_address = RateLimitItemPerMinute(OF_AN_ADDRESS, WINDOW)
        self._of_account = RateLimitItemPerMinute(OF_AN_ACCOUNT, WINDOW)

    async def another(self, request: Request, account: str) -> timedelta | None:
        """Counts one more attempt, before it is looked at: how long to wait for it, or None when it may be made.

        Arguments:
            request: where it comes from.
            account: what was given as the account's address, whether there is such an account or not.
        """
        own = self._own(request, account)
        counted = [(self._of_account, own or _account(account))]
        if own is None:
            counted.insert(0, (self._of_address, network(request)))
        for item, key in counted:
            if not await self._limiter.hit(item, key):
                stats = await self._limiter.get_window_stats(item, key)
                # The limiter counts by this clock, whatever the business time is.
                return timedelta(seconds=max(1, math.ceil(stats.reset_time - time.time())))
        return None

    async def succeeded(self, request: Request, account: str) -> None:
        """Earlier attempts for an account do not count any more: its owner has signed in."""
        await self._limiter.clear(self._of_account, self._own(request, account) or _account(account))

    def remember(self, request: Request, answer: Response, account: str) -> None:
        """Marks the browser that an answer goes to as one in which this account was signed in."""
        mark = self._marks.dumps([_account(account), secrets.token_urlsafe(16)])
        safe = request.url.scheme == "https"
        answer.set_cookie(
            _cookie(request), mark, max_age=_REMEMBERED, secure=safe, httponly=True, samesite="strict", path="/"
        )

    def _own(self, request: Request, account: str) -> str | None:
        """The browser's own name, if this account was the last to be signed in in it."""
        try:
            of, browser = self._marks.loads(request.cookies.get(_cookie(request), ""))
        except (BadData, ValueError, TypeError):
            return None
        return str(browser) if of == _account(account) else None


def _cookie(request: Request) -> str:
    return "__Host-browser" if request.url.scheme == "https" else "browser"


def network(request: Request) -> str:
    """Where a request comes from: the address, or the network that an IPv6 address is one of very many in."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        # A server that listens on both tells an IPv4 address so; those networks are not one.
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64)) if isinstance(address, IPv6Address) else str(address)


def _account(account: str) -> str:
    # A digest: what is typed here may be of any length, and is now and then a password.
    return digest(account.strip().lower())
