"""Files to put into a register, made to order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models.projection import (
    ActionRow,
    DeadlineRow,
    DocumentRow,
    Event,
    NoticeRow,
    OrganisationRow,
    Projection,
)
from models.record import Entry
from register.engine import Register

OPENED = date(2018, 10, 1)
NOON = datetime(2018, 10, 1, 12, tzinfo=UTC)


def file_at(reference: str = "HSCB-2018-0001", revision: int = 3, **changes: Any) -> Projection:
    """A file at a revision: one entry and one event a revision, and more met, sent and done at each."""
    projection = Projection(
        reference=reference,
        revision=revision,
        regime="scr-2015",
        rulebook="hertfordshire-2018",
        kind="Serious Case Review",
        stage="review",
        opened_on=OPENED,
        notified_on=OPENED,
        closed_on=None,
        next_due=OPENED + timedelta(days=revision),
        overdue=revision % 2,
        finding="met",
        decision="SCR because criteria met",
        decided_on=OPENED,
        initiated_on=OPENED,
        completed_on=None,
        published_on=None,
        entries=tuple(map(entry, range(revision))),
        deadlines=tuple(deadline(f"completion:{n}", met=n < revision) for n in range(4)),
        notices=tuple(notice(f"decision_told:{n}") for n in range(revision % 3 + 1)),
        actions=(ActionRow("a1", "Train staff", "county-hospital", "agreed", OPENED, None, "impact" * (revision % 2)),),
        organisations=(OrganisationRow("county-hospital", "County Hospital", ""),),
        documents=(DocumentRow("0" * 64, "report", f"s{revision % 2}"),),
        events=tuple(Event(NOON + timedelta(days=n), "step_recorded", {"step": "note_added"}) for n in range(revision)),
    )
    return replace(projection, **changes)


def entry(number: int) -> Entry:
    """The note that is a file's entry at a position."""
    return Entry("note_added", {"id": f"s{number}"}, f"s{number}", "update", NOON + timedelta(hours=number))


def deadline(key: str, *, met: bool = False, **changes: Any) -> DeadlineRow:
    """A deadline, open unless it is met."""
    status, met_on = ("met", OPENED) if met else ("open", None)
    row = DeadlineRow(
        key,
        "completion",
        "2.6a",
        "Completion",
        "statutory",
        "reviewer",
        OPENED,
        OPENED,
        "counted",
        status,
        met_on,
        period=False,
    )
    return replace(row, **changes)


def notice(key: str) -> NoticeRow:
    """A letter that the mail server took."""
    return NoticeRow(key, "2.2e", "Decision", "ofsted", "accepted", 1, OPENED, f"<{key}@example.org>")


class Pause:
    """Keeps a transaction under way until it is let go, on either database.

    PostgreSQL's work awaits, as everything does; SQLite's is in a thread, and may await nothing but its connection.
    """

    def __init__(self, *, in_thread: bool) -> None:
        self._in_thread, self._loop = in_thread, asyncio.get_running_loop()
        self._begun, self._let_go, self._let_go_in_thread = asyncio.Event(), asyncio.Event(), threading.Event()

    async def here(self) -> None:
        """For the work: waits until it is let go."""
        self._loop.call_soon_threadsafe(self._begun.set)
        if self._in_thread:
            self._let_go_in_thread.wait()
        else:
            await self._let_go.wait()

    async def begun(self) -> None:
        """Waits until the work has come here."""
        await self._begun.wait()

    def let_go(self) -> None:
        """Lets it go on."""
        self._let_go.set()
        self._let_go_in_thread.set()


@pytest.fixture
async def pause(register: Register) -> AsyncIterator[Pause]:
    """A pause for a transaction's work."""
    pause = Pause(in_thread=register.engine.dialect.name == "sqlite")
    yield pause
    pause.let_go()


@pytest.fixture(scope="session")
def a_file() -> Callable[..., Projection]:
    """Makes a file at a revision, with any of its fields as they are given."""
    return file_at


@pytest.fixture(scope="session")
def a_deadline() -> Callable[..., DeadlineRow]:
    """Makes a deadline by its key."""
    return deadline
