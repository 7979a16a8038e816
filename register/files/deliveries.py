"""The delivery ledger: what is written down before and after each letter is handed to the mail server.

A letter is claimed for a while, sent, and its outcome written down. Whoever crashes in between loses the
claim when its time is up, and the letter is sent again under the same Message-ID: never lost, doubled only
where the server may have accepted it. All times are business time, passed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Executable, and_, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.register import StoredDelivery, StoredNotice

from ..engine import Register, insert_into
from ..people.access import EVERYTHING, Reader

Status = Literal["sending", "waiting", "accepted", "refused", "withdrawn"]

_DELIVERY = StoredDelivery.__table__
_NOTICE = StoredNotice.__table__


class Letter(NamedTuple):
    """Which letter: of one file, for one notice, and the how manieth for it."""

    reference: str
    notice_key: str
    number: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One letter as the ledger has it.

    Arguments:
        reference, notice_key, number: which letter.
        recipient: the role or person it is for, as the notice says it.
        address: where it was last sent.
        message_id: its Message-ID, the same each time it is sent.
        status: ``sending`` while claimed, ``waiting`` to be tried again, or the server's answer: ``accepted``
            or ``refused``.
        attempts: how often it was claimed.
        held_until: until when it is claimed, while it is being sent.
        words: why it waits or was refused.
        operations_must_act: whether it waits for settings to be mended, not for time to pass.
        claimed_at: when it was first claimed.
        updated_at: when it came to its status.
    """

    reference: str
    notice_key: str
    number: int
    recipient: str
    address: str
    message_id: str
    status: Status
    attempts: int
    held_until: datetime
    words: str
    operations_must_act: bool
    claimed_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """The letter may be sent now, under ``message_id``. ``holder`` goes back with the outcome.

    ``first_at`` is when it was claimed first: the same however often it is tried again.
    """

    holder: str
    attempt: int
    message_id: str
    first_at: datetime


@dataclass(frozen=True, slots=True)
class AlreadySettled:
    """The mail server has answered for this letter before: ``outcome.status`` is ``accepted`` or ``refused``."""

    outcome: Delivery


@dataclass(frozen=True, slots=True)
class HeldBySomeoneElse:
    """Someone is sending it, or crashed while sending: ask again after ``until``."""

    until: datetime


async def claim(
    register: Register,
    letter: Letter,
    *,
    recipient: str,
    address: str,
    message_id: str,
    holder: str,
    now: datetime,
    lease: timedelta,
) -> Claimed | AlreadySettled | HeldBySomeoneElse:
    """Claims a letter before it is sent, if nobody else has it and the server has not answered for it.

    Arguments:
        register: where.
        letter: which.
        recipient: the role or person it is for.
        address: where it is sent this time; it may be another than last time.
        message_id: its Message-ID. The first claim's counts: what is sent again is the same message.
        holder: who claims it: always the same for whoever tries again once it has failed, as their claim may have
            been kept though the answer came too late. They have it again, as the same claim and from now on.
        now: business time.
        lease: how long the claim holds without an outcome; longer than sending can take.

    Raises:
        RegisterUnavailable: no answer in time; nothing may be sent. If the claim was kept, its holder has it again, and
            for everybody else its lease runs out.
    """
    row = letter._asdict() | {
        "recipient": recipient,
        "address": address,
        "message_id": message_id,
        "status": "sending",
        "attempts": 1,
        "holder": holder,
        "held_until": now + lease,
        "words": "",
        "operations_must_act": False,
        "claimed_at": now,
        "updated_at": now,
    }

    async def work(connection: AsyncConnection) -> Claimed | AlreadySettled | HeldBySomeoneElse:
        claimed = (await connection.execute(_claiming(connection.dialect.name), row)).one_or_none()
        if claimed is not None:
            return Claimed(holder, claimed.attempts, claimed.message_id, claimed.claimed_at)
        stored = _delivery((await connection.execute(_SELECTING.where(_is(letter)))).one())
        if stored.status == "sending":
            return HeldBySomeoneElse(stored.held_until)
        return AlreadySettled(stored)

    return await register.change(work)


async def accepted(register: Register, letter: Letter, *, now: datetime) -> None:
    """Writes down that the mail server accepted a letter, whoever sent it. It stays accepted, as of the first time.

    Raises:
        RegisterUnavailable: no answer in time; say it again.
        LookupError: the letter was never claimed.
    """
    done = {"status": "accepted", "words": "", "operations_must_act": False, "updated_at": now}
    await _settle(register, letter, _DELIVERY.c.status != "accepted", done)


async def refused(register: Register, letter: Letter, *, now: datetime, words: str) -> None:
    """Writes down that the mail server refused a letter for good. One that was accepted stays accepted.

    Arguments:
        register: where.
        letter: which.
        now: business time.
        words: why, for the coordinator who must act.

    Raises:
        RegisterUnavailable: no answer in time; say it again.
        LookupError: the letter was never claimed.
    """
    done = {"status": "refused", "words": words, "operations_must_act": False, "updated_at": now}
    await _settle(register, letter, _DELIVERY.c.status.not_in(["accepted", "refused"]), done)


async def withdrawn(register: Register, letter: Letter, holder: str, *, now: datetime) -> None:
    """Writes down that a claimed letter has nothing left to say and is not sent.

    Raises:
        RegisterUnavailable: no answer in time; say it again.
        LookupError: the letter was never claimed.
    """
    mine = and_(_DELIVERY.c.status == "sending", _DELIVERY.c.holder == holder)
    done = {"status": "withdrawn", "words": "Settled before it could be sent.", "operations_must_act": False}
    await _settle(register, letter, mine, done | {"updated_at": now})


async def waiting(
    register: Register,
    letter: Letter,
    holder: str,
    *,
    now: datetime,
    words: str,
    operations_must_act: bool = False,
) -> None:
    """Gives a claimed letter back, to be tried again, and writes down why. No effect once another claimed it.

    Arguments:
        register: where.
        letter: which.
        holder: from :class:`Claimed`.
        now: business time.
        words: why it waits, for people.
        operations_must_act: whether settings are wrong, so that time alone will not mend it.

    Raises:
        RegisterUnavailable: no answer in time; say it again.
        LookupError: the letter was never claimed.
    """
    mine = and_(_DELIVERY.c.status == "sending", _DELIVERY.c.holder == holder)
    done = {
        "status": "waiting",
        "words": words,
        "operations_must_act": operations_must_act,
        "updated_at": now,
    }
    await _settle(register, letter, mine, done)


async def deliveries_of(register: Register, reference: str) -> tuple[Delivery, ...]:
    """Every letter of a file, in the order they were first claimed.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    mine = _SELECTING.where(_DELIVERY.c.reference == reference).order_by(_DELIVERY.c.claimed_at, _DELIVERY.c.notice_key)
    return await register.read(lambda connection: _deliveries(connection, mine))


async def undelivered(register: Register, now: datetime, reader: Reader = EVERYTHING) -> tuple[Delivery, ...]:
    """Letters of all files that wait, were refused, or whose sender fell silent; oldest first.

    A refused letter is left out once a later one was written for the same notice.

    Arguments:
        register: where.
        now: business time, by which a claim has run out.
        reader: for whom; letters of files that are restricted to others are left out.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    later = _DELIVERY.alias()
    replaced = exists().where(
        later.c.reference == _DELIVERY.c.reference,
        later.c.notice_key == _DELIVERY.c.notice_key,
        later.c.number > _DELIVERY.c.number,
    )
    # The ledger may have been away when the server accepted a letter: then the file alone knows.
    known_accepted = exists().where(
        _NOTICE.c.reference == _DELIVERY.c.reference,
        _NOTICE.c.key == _DELIVERY.c.notice_key,
        _NOTICE.c.number == _DELIVERY.c.number,
        _NOTICE.c.status == "accepted",
    )
    silent = and_(_DELIVERY.c.status == "sending", _DELIVERY.c.held_until <= now, ~known_accepted)
    failed = or_(_DELIVERY.c.status == "waiting", silent, and_(_DELIVERY.c.status == "refused", ~replaced))
    found = _SELECTING.where(failed, reader.sees(_DELIVERY.c.reference)).order_by(
        _DELIVERY.c.updated_at, _DELIVERY.c.reference, _DELIVERY.c.notice_key
    )
    return await register.read(lambda connection: _deliveries(connection, found))


@dataclass(frozen=True, slots=True)
class Unaddressed:
    """A letter that was never handed to a mail server: nobody was there to send it to."""

    reference: str
    notice_key: str
    recipient: str
    title: str


async def unaddressed(register: Register, reader: Reader = EVERYTHING) -> tuple[Unaddressed, ...]:
    """Letters of all files that were given up on before the ledger had them, by file and notice.

    Arguments:
        register: where.
        reader: for whom; letters of files that are restricted to others are left out.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    sent = exists().where(
        _DELIVERY.c.reference == _NOTICE.c.reference,
        _DELIVERY.c.notice_key == _NOTICE.c.key,
        _DELIVERY.c.number == _NOTICE.c.number,
    )
    columns = (_NOTICE.c.reference, _NOTICE.c.key, _NOTICE.c.recipient, _NOTICE.c.title)
    refused = (_NOTICE.c.status == "refused", ~sent, reader.sees(_NOTICE.c.reference))
    found = select(*columns).where(*refused).order_by(*columns)

    async def work(connection: AsyncConnection) -> tuple[Unaddressed, ...]:
        return tuple(Unaddressed(*row) for row in await connection.execute(found))

    return await register.read(work)


async def recent_deliveries(
    register: Register, reader: Reader, *, start: int = 0, limit: int = 50
) -> tuple[tuple[Delivery, ...], int]:
    """Letters of all files, the latest first, and how many there are in all.

    Arguments:
        register: where.
        reader: for whom; letters of files that are restricted to others are left out.
        start: how many to leave out at the beginning.
        limit: how many to give.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    seen = reader.sees(_DELIVERY.c.reference)
    found = (
        _SELECTING.where(seen)
        .order_by(_DELIVERY.c.updated_at.desc(), _DELIVERY.c.reference, _DELIVERY.c.notice_key, _DELIVERY.c.number)
        .offset(start)
        .limit(limit)
    )

    async def work(connection: AsyncConnection) -> tuple[tuple[Delivery, ...], int]:
        total = await connection.scalar(select(func.count()).select_from(_DELIVERY).where(seen))
        return await _deliveries(connection, found), total or 0

    return await register.read(work)


async def titles_of(register: Register, deliveries: Sequence[Delivery]) -> dict[tuple[str, str], str]:
    """What letters are about, by reference and notice; one that no longer stands on its file is left out.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    references = {delivery.reference for delivery in deliveries}
    found = select(_NOTICE.c.reference, _NOTICE.c.key, _NOTICE.c.title).where(
        _NOTICE.c.reference.in_(references), _NOTICE.c.key.in_({delivery.notice_key for delivery in deliveries})
    )

    async def work(connection: AsyncConnection) -> dict[tuple[str, str], str]:
        return {(row.reference, row.key): row.title for row in await connection.execute(found)}

    return await register.read(work) if references else {}


_SELECTING = select(*(_DELIVERY.c[field.name] for field in fields(Delivery)))


def _is(letter: Letter) -> ColumnElement[bool]:
    return and_(*(_DELIVERY.c[name] == value for name, value in letter._asdict().items()))


def _delivery(row: Any) -> Delivery:
    return Delivery(*row)


async def _deliveries(connection: AsyncConnection, which: Any) -> tuple[Delivery, ...]:
    return tuple(map(_delivery, await connection.execute(which)))


async def _settle(register: Register, letter: Letter, when: ColumnElement[bool], done: dict[str, Any]) -> None:
    async def work(connection: AsyncConnection) -> None:
        settled = await connection.execute(update(_DELIVERY).where(_is(letter), when).values(done))
        if not settled.rowcount and (await connection.execute(_SELECTING.where(_is(letter)))).first() is None:
            raise LookupError(f"{letter.reference}: letter {letter.number} for {letter.notice_key} was never claimed")

    await register.change(work)


@cache
def _claiming(dialect: str) -> Executable:
    insert = insert_into(dialect, _DELIVERY)
    offered = insert.excluded
    under_way = _DELIVERY.c.status == "sending"
    mine = and_(under_way, _DELIVERY.c.holder == offered.holder)
    free = or_(
        _DELIVERY.c.status.in_(["waiting", "withdrawn"]),
        mine,
        and_(under_way, _DELIVERY.c.held_until <= offered.claimed_at),
    )
    again = (
        "recipient",
        "address",
        "status",
        "holder",
        "held_until",
        "words",
        "operations_must_act",
        "updated_at",
    )
    return insert.on_conflict_do_update(
        index_elements=list(Letter._fields),
        set_={name: offered[name] for name in again} | {"attempts": _DELIVERY.c.attempts + case((mine, 0), else_=1)},
        where=free,
    ).returning(_DELIVERY.c.attempts, _DELIVERY.c.message_id, _DELIVERY.c.claimed_at)
