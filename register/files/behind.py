"""Which files the register is behind with, or ahead of: noted in the register itself as soon as it can be written.

A note says which revision of a file could not be written. It counts until the register has that revision, so whoever
writes it need not take the note away. A register that is ahead of a file is another matter: that note stands until
:func:`clear`, as a person has to decide which side counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.tables.register import StoredBehind, StoredFile

from ..engine import Register, insert_into
from ..unavailable import RegisterUnavailable

_BEHIND = StoredBehind.__table__
_FILE = StoredFile.__table__

NAMED = 10
"""How many files are named, those that have waited longest first."""
_AGAIN_SECONDS = 5.0


class RegisterAhead(Exception):
    """The register has steps of a file that the file itself does not have. Nothing may be written over them.

    Arguments:
        reason: what each side has, in one line for operations, without anything of the file.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Behind:
    """A file that could not be written.

    Arguments:
        reference: the file's.
        revision: the revision that the file has come to.
        since: when it was first to be written.
        reason: why it was not, in one line for operations, without anything of the file.
        ahead: whether the register has steps that the file does not have.
    """

    reference: str
    revision: int
    since: datetime
    reason: str
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class AllBehind:
    """All files that the register is behind with.

    Arguments:
        files: how many there are.
        ahead: how many of them the register is ahead of.
        since: the earliest of their instants; None when there are none.
        named: the first of them.
    """

    files: int
    ahead: int
    since: datetime | None
    named: tuple[Behind, ...]


async def note(connection: AsyncConnection, behind: Behind) -> None:
    """Notes a file that could not be written. Noted again, it keeps the instant since when."""
    insert = insert_into(connection.dialect.name, _BEHIND).values(asdict(behind))
    changed = {name: insert.excluded[name] for name in ("revision", "ahead", "reason")}
    await connection.execute(insert.on_conflict_do_update(index_elements=["reference"], set_=changed))


async def clear(connection: AsyncConnection, references: Collection[str]) -> None:
    """Takes the notes of these files away: in the transaction that settles which side counts."""
    await connection.execute(delete(_BEHIND).where(_BEHIND.c.reference.in_(sorted(references))))


async def settle(register: Register, reference: str) -> None:
    """Takes a file's note away: by now the register and the file agree.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    await register.change(lambda connection: clear(connection, [reference]))


async def behind_of(register: Register, reference: str) -> Behind | None:
    """What the register is behind with on a file; None when it is not.

    Raises:
        RegisterUnavailable: no answer in time.
    """

    async def work(connection: AsyncConnection) -> Behind | None:
        found = await connection.execute(select(*_COLUMNS).where(_BEHIND.c.reference == reference, _counts()))
        row = found.one_or_none()
        return Behind(*row) if row else None

    return await register.read(work)


async def all_behind(register: Register) -> AllBehind:
    """Every file that the register is behind with, restricted ones among them.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    numbers = select(func.count(), func.count().filter(_BEHIND.c.ahead), func.min(_BEHIND.c.since)).where(_counts())
    first = select(*_COLUMNS).where(_counts()).order_by(_BEHIND.c.since, _BEHIND.c.reference).limit(NAMED)

    async def work(connection: AsyncConnection) -> AllBehind:
        files, ahead, since = (await connection.execute(numbers)).one()
        return AllBehind(files, ahead, since, tuple(Behind(*row) for row in await connection.execute(first)))

    return await register.read(work)


class BehindNotes:
    """Keeps the notes of one process: in memory while the register takes no write, and in the register from then on.

    Use it in ``async with``: it then ends with the block. What is still in memory is noted again with the next try.

    Arguments:
        register: where.
        again: seconds between two tries.
    """

    def __init__(self, register: Register, again: float = _AGAIN_SECONDS) -> None:
        self._register, self._again = register, again
        self._failed: dict[str, Behind] = {}
        self._settled: set[str] = set()
        self._known: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> BehindNotes:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @contextmanager
    def writing(self, reference: str, revision: int, since: datetime) -> Iterator[None]:
        """Around a write of a file: notes that it failed, and why; takes the note away when it did not."""
        try:
            yield
        except (RegisterUnavailable, RegisterAhead) as error:
            self.failed(Behind(reference, revision, since, error.reason, isinstance(error, RegisterAhead)))
            raise
        except Exception as error:
            # What it says may be of the file.
            reason = f"A fault of the system ({type(error).__name__}): the worker's log says more."
            self.failed(Behind(reference, revision, since, reason))
            raise
        self.succeeded(reference)

    def failed(self, behind: Behind) -> None:
        """A file could not be written."""
        self._failed[behind.reference] = behind
        self._settled.discard(behind.reference)
        self._known.add(behind.reference)
        self._go_on()

    def succeeded(self, reference: str) -> None:
        """A file was written. Costs nothing unless it had failed here."""
        if reference in self._known:
            self._known.discard(reference)
            self._failed.pop(reference, None)
            self._settled.add(reference)
            self._go_on()

    def _go_on(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._failed or self._settled:
            failed, settled = dict(self._failed), set(self._settled)

            async def work(
                connection: AsyncConnection, failed: dict[str, Behind] = failed, settled: set[str] = settled
            ) -> None:
                await clear(connection, settled)
                await connection.execute(delete(_BEHIND).where(not_(_counts())))  # other processes' among them
                for behind in failed.values():
                    await note(connection, behind)

            try:
                await self._register.change(work)
            except RegisterUnavailable:
                await asyncio.sleep(self._again)
                continue
            self._settled -= settled
            self._failed = {name: one for name, one in self._failed.items() if failed.get(name) is not one}


_COLUMNS = tuple(_BEHIND.c[field.name] for field in fields(Behind))


def _counts() -> ColumnElement[bool]:
    """Whether a note still counts: the register is ahead, or has not come to its revision."""
    there = and_(_FILE.c.reference == _BEHIND.c.reference, _FILE.c.revision >= _BEHIND.c.revision)
    return or_(_BEHIND.c.ahead, ~exists().where(there).correlate(_BEHIND))
