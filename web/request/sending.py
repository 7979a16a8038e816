"""Sends something to a file through Temporal, and says plainly when nobody answers: not taken, or not known."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio.service import RPCError

from running.case_client import UnansweredError
from web.site import Site

T = TypeVar("T")

PATIENCE = timedelta(seconds=20)
"""How long a page waits for an answer, a look whether it came about without one, and the register among it."""


class NotTaken(Exception):
    """It was not taken, or nobody answered.

    Arguments:
        perhaps: whether it may have been taken all the same; False says that it was not, or was never sent.
        why: the reason when somebody answered, in words for who records; empty when nobody did.
    """

    def __init__(self, *, perhaps: bool, why: str = "") -> None:
        super().__init__("It may or may not have been recorded." if perhaps else "It was not recorded.")
        self.perhaps, self.why = perhaps, why


async def send(site: Site, call: Callable[[], Awaitable[T]]) -> T:
    """What a call to the files answers.

    Arguments:
        site: the pages' world.
        call: sends it; sent again later, it must be taken once.

    Raises:
        NotTaken: Temporal is away, or nobody answered in time.
    """
    if not await site.cases.cluster.reachable():
        raise NotTaken(perhaps=False)
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return await call()
    except UnansweredError as error:
        raise NotTaken(perhaps=error.perhaps, why="" if error.perhaps else str(error)) from None
    except (RPCError, TimeoutError, RuntimeError):
        # The SDK tells of a connection that cannot be made with a RuntimeError.
        raise NotTaken(perhaps=True) from None
