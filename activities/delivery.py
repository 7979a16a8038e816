"""Hands a claimed letter to the mail server, and writes down what became of it: the same for every kind of letter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

from temporalio import activity
from temporalio.exceptions import ApplicationError

from register.documents.store import DocumentDamaged, DocumentMissing, DocumentStoreUnavailable
from register.engine import Register
from register.files import deliveries
from register.unavailable import RegisterUnavailable

from .mail.compose import BadAddressError, LetterError
from .mail.smtp import DeliveryRefused, Relay, TryAgain, WrongSettings, deliver

RETRY_DELAYS = (1, 3, 10, 0)
"""Seconds to wait after each try to tell the ledger that a letter was accepted."""

SETTINGS_RETRY = timedelta(minutes=15)
"""How long to wait when settings are wrong: time alone mends nothing, but somebody may."""


def holder() -> str:
    """Who claims letters in this activity: the same however often it is tried again.

    It is tried again once it has said that it failed, or after a timeout no shorter than its claim holds.
    """
    info = activity.info()
    return f"{info.workflow_id}/{info.workflow_run_id}/{info.activity_id}"


class Clock:
    """Business time in an activity: the server's time at the start of this attempt, and what has run since."""

    def __init__(self, offset_seconds: float = 0) -> None:
        self._started = activity.info().started_time + timedelta(seconds=offset_seconds)
        self._from = time.monotonic()

    def now(self) -> datetime:
        """Business time."""
        return self._started + timedelta(seconds=time.monotonic() - self._from)


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What the mail server said of a letter: ``why`` is empty when it accepted it."""

    at: datetime
    subject: str
    why: str = ""

    @property
    def accepted(self) -> bool:
        """Whether it accepted it; otherwise it was refused for good."""
        return not self.why


async def deliver_letter(
    register: Register,
    relay: Relay,
    which: deliveries.Letter,
    claim: deliveries.Claimed,
    written: Awaitable[EmailMessage],
    clock: Clock,
) -> DeliveryResult:
    """Hands a letter that was claimed to the mail server, and writes down what became of it.

    Arguments:
        register: where the ledger is.
        relay: the mail server.
        which: the letter.
        claim: as the ledger gave it.
        written: writes it; what is wrong with its text or address is dealt with here as well.
        clock: business time.

    Raises:
        ApplicationError: it waits, to be tried again; Temporal does.
        RegisterUnavailable: no answer in time.
    """
    subject = ""
    try:
        message = await written
        subject = str(message["Subject"])
        await deliver(message, relay)
    except (DeliveryRefused, BadAddressError, DocumentMissing) as error:
        await deliveries.refused(register, which, now=clock.now(), words=str(error))
        return DeliveryResult(clock.now(), subject, str(error))
    except TryAgain as error:
        await _waits(register, which, claim, error.reason, clock, operations_must_act=False)
        raise ApplicationError(error.reason, type="TryAgain") from error
    except (WrongSettings, LetterError, DocumentDamaged, DocumentStoreUnavailable) as error:
        # A template at fault is mended by a release, settings and the store by operations: the letter waits for either.
        await _waits(register, which, claim, str(error), clock, operations_must_act=True)
        raise ApplicationError(str(error), type="WrongSettings", next_retry_delay=SETTINGS_RETRY) from error
    at = clock.now()
    await _accepted(register, which, at)
    return DeliveryResult(at, subject)


async def _accepted(register: Register, which: deliveries.Letter, at: datetime) -> None:
    """Says it to the ledger, and again while the register is away for a moment: tried again, the letter went twice.

    A register that stays away hears of it from the file, on whose record it stands.
    """
    for pause in RETRY_DELAYS:
        try:
            await deliveries.accepted(register, which, now=at)
            return
        except RegisterUnavailable:
            activity.logger.warning("The ledger could not be told that a letter was accepted.")
            await asyncio.sleep(pause)


async def _waits(
    register: Register,
    which: deliveries.Letter,
    claim: deliveries.Claimed,
    words: str,
    clock: Clock,
    *,
    operations_must_act: bool,
) -> None:
    activity.logger.warning("A letter waits: %s", words)
    await deliveries.waiting(
        register, which, holder=claim.holder, now=clock.now(), words=words, operations_must_act=operations_must_act
    )
