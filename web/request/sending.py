"""Sends something to a file through Temporal, and says plainly when nobody answers: not taken, or not known."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio.service import RPCError

from running.cases import UnansweredError
from web.site import Site

T = TypeVar("T")

PATIENCE = timedelta(seconds=12)
"""How long a page waits for an answer; it then says so, and what was typed is kept."""


class NotTaken(Exception):
    """Nobody answered.

    Arguments:
        perhaps: whether it may have been taken all the same; False says that it was never sent.
    """

    def __init__(self, *, perhaps: bool) -> None:
        super().__init__("It may or may not have been recorded." if perhaps else "It was not recorded.")
        self.perhaps = perhaps


async def send(site: Site, call: Callable[[], Awaitable[T]]) -> T:
    """What a call to the files answers.

    Arguments:
        site: the pages' world.
        call: sends it; sent again later, it must be taken once.

    Raises:
        NotTaken: Temporal is away, or nobody answered in time.
    """
    if not await site.cases.reachable():
        raise NotTaken(perhaps=False)
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return await call()
    except (UnansweredError, RPCError, TimeoutError, RuntimeError):
        # The SDK tells of a connection that cannot be made with a RuntimeError.
        raise NotTaken(perhaps=True) from None
