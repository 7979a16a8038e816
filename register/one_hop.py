"""Runs transactions on SQLite, each from beginning to end in one thread.

SQLite answers within microseconds: a hop to a thread and back for every statement would cost many times that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import copy_context
from queue import SimpleQueue
from threading import Lock, Semaphore, Thread
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

READERS = 8
"""Reading transactions at once: more would only wait for the processor. They hold up no writer, nor it them."""

CONNECTIONS = READERS + 1
"""Connections that are open at most: one for each thread."""


class AwaitsSomethingElse(RuntimeError):
    """A transaction's work waited for something that is not its connection, which no thread can do for it."""

    def __init__(self) -> None:
        super().__init__("The work of a transaction may await its connection alone: await all else before it or after.")


class OneHop:
    """Runs transactions in threads of its own: writing ones in one thread, in the order they came in.

    The threads are daemons: a process that ends waits for none of them, whatever its disk does.

    Arguments:
        engine: for reading.
        writing: the same, for writing.
    """

    def __init__(self, engine: Engine, writing: Engine) -> None:
        self._engine, self._writing = engine, writing
        self._readers, self._writer = _Threads(READERS), _Threads(1)

    async def run(self, work: Work[T], *, writes: bool) -> T:
        """What ``work`` answers. Cancelled, it is interrupted and let go of, and nothing of it is kept.

        Raises:
            AwaitsSomethingElse: it waited for what is not its connection.
        """
        transaction = _Transaction(self._writing if writes else self._engine, work)
        job = _Job(transaction)
        (self._writer if writes else self._readers).do(job)
        try:
            # Unlike a plain await, this leaves the answer as it is when we are cancelled.
            await asyncio.wait({job.answer})
        except asyncio.CancelledError:
            if not job.take_back():
                transaction.give_up()
                job.answer.add_done_callback(asyncio.Future.exception)  # heard, or asyncio would complain
                await asyncio.wait({job.answer})
            raise
        return job.answer.result()

    async def close(self) -> None:
        """Closes the connections that are not in use, and ends the threads once they have nothing left to do."""
        closing = _Job(self._engine.dispose)
        self._writer.do(closing)
        self._writer.end()
        self._readers.end()
        await asyncio.wait({closing.answer})
        closing.answer.result()


class _Job(Generic[T]):
    """Something for a thread to do, in the context of whoever asks for it, and its answer."""

    def __init__(self, does: Callable[[], T]) -> None:
        self._does = [does]  # until somebody takes it: a thread to begin it, or whoever takes it back
        self._loop, self._context = asyncio.get_running_loop(), copy_context()
        self.answer: asyncio.Future[T] = self._loop.create_future()

    def take_back(self) -> bool:
        """Whether it was not begun, and never will be."""
        try:
            self._does.pop()
        except IndexError:
            return False
        return True

    def begin(self) -> None:
        """Does it in this thread, unless it was taken back."""
        try:
            does = self._does.pop()
        except IndexError:
            return
        with suppress(RuntimeError):  # the loop is closed, and nobody waits
            try:
                found = self._context.run(does)
            except BaseException as error:
                self._loop.call_soon_threadsafe(self.answer.set_exception, error)
            else:
                self._loop.call_soon_threadsafe(self.answer.set_result, found)


class _Threads:
    """Threads, started when they are needed, that take on one job after the other in their order."""

    def __init__(self, most: int) -> None:
        self._most, self._started = most, 0
        self._jobs = SimpleQueue[_Job[Any] | None]()
        self._idle = Semaphore(0)

    def do(self, job: _Job[Any]) -> None:
        """Has a job done. Does not wait for it."""
        self._jobs.put(job)
        if not self._idle.acquire(blocking=False) and self._started < self._most:
            self._started += 1
            Thread(target=_take_on, args=(self._jobs, self._idle), name="register", daemon=True).start()

    def end(self) -> None:
        """Ends them after the jobs they have. Another job would start them afresh."""
        for _ in range(self._started):
            self._jobs.put(None)
        self._started, self._idle = 0, Semaphore(0)


class _NoLoop:
    """What asyncio finds in these threads, where there is no event loop: whoever asks it for anything is told so."""

    def __getattr__(self, _: str) -> Any:
        raise AwaitsSomethingElse


def _take_on(jobs: SimpleQueue[_Job[Any] | None], idle: Semaphore) -> None:
    asyncio._set_running_loop(cast(asyncio.AbstractEventLoop, _NoLoop()))
    while (job := jobs.get()) is not None:
        job.begin()
        del job  # what it holds goes with it, not with the next
        idle.release()


class _GivenUp(Exception):
    """Nobody waits for this transaction any more, so nobody hears this."""


class _Transaction(Generic[T]):
    """One transaction, to be called in a thread and given up on from another."""

    def __init__(self, engine: Engine, work: Work[T]) -> None:
        self._engine, self._work = engine, work
        self._given_up = False
        self._driver: Any = None
        self._lock = Lock()

    def __call__(self) -> T:
        """Runs it."""
        with self._engine.begin() as connection:
            self._use(connection.connection.driver_connection)
            given = _Answering(connection, self._goes_on)
            try:
                answer = _at_once(self._work(given))
            finally:
                given.close_results()
                # From here on it is kept or not; and the connection may soon be another's, whom nobody interrupts.
                self._use(None)
        return answer

    def give_up(self) -> None:
        """Interrupts it, unless it is being kept already. Does not wait for it."""
        with self._lock:
            self._given_up = True
            if self._driver is not None:
                self._driver.interrupt()

    def _use(self, driver: Any) -> None:
        with self._lock:
            self._driver = driver
            self._goes_on()

    def _goes_on(self) -> None:
        if self._given_up:
            raise _GivenUp


class _Answering(AsyncConnection):
    """What the work of a transaction is given: a connection that it awaits, and that answers at once.

    Arguments:
        connection: SQLAlchemy's, on which it is run.
        goes_on: raises once nobody waits for the transaction any more.
    """

    def __init__(self, connection: Connection, goes_on: Callable[[], None]) -> None:
        self.sync_connection = connection
        self._connection, self._goes_on = connection, goes_on
        self._results: list[CursorResult[Any]] = []

    async def execute(
        self, statement: Executable, parameters: Any = None, *, execution_options: Any = None
    ) -> CursorResult[Any]:
        self._goes_on()
        result = self._connection.execute(statement, parameters, execution_options=execution_options)
        self._results.append(result)
        return result

    def close_results(self) -> None:
        """Rows that were not read inside the transaction can no longer be: they would be read outside of it."""
        for result in self._results:
            result.close()


def _at_once(work: Awaitable[T]) -> T:
    """Runs through what awaits nothing but an :class:`_Answering`."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as done:
        answer: T = done.value
        return answer
    steps.close()
    raise AwaitsSomethingElse
