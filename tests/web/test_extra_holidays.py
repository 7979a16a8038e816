"""An extra holiday moves a due date, and every part of the system tells the same new one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from email.utils import parseaddr
from typing import Any

import httpx
import pytest
from temporalio.testing import ActivityEnvironment

from activities.mail.compose import Templates
from activities.weekly import COORDINATOR, WeeklyActivities
from commands.printing import Printer
from commands.shared import show_file
from models.contract import instant_text
from models.days import count, day_off, day_words, london_date
from models.record import Refused
from register.extra_holidays import add_holiday, remove_holiday
from register.files.store import read_file
from register.people.accounts import add_account
from register.people.sessions import begin_session
from running.embedded.mail_catcher import list_mails
from running.embedded.temporal_server import TemporalServer
from running.recheck import Recheck
from running.rehearsals.time_skipping import until_quiet
from running.system import relay_of

from .conftest import BASE, Board, Browser, a_board

NONE: frozenset[date] = frozenset()
KEY = "files_secured:exampleshire-hospital"


@pytest.fixture
async def board(
    temporal: TemporalServer, tmp_path_factory: pytest.TempPathFactory, pages_at: str
) -> AsyncIterator[Board]:
    """A board of its own: an extra holiday counts for every file of a board."""
    async with a_board(temporal, tmp_path_factory.mktemp("extra"), pages_at, first=7_001) as board:
        yield board


async def test_every_part_of_the_system_tells_the_same_date(board: Board, capsys: pytest.CaptureFixture[str]) -> None:
    now, parts = datetime.now(UTC), board.parts
    today = london_date(now)
    extra = next(day for n in range(1, 9) if day_off(day := today + timedelta(days=n), NONE) is None)
    usual = count(today, 2, "working days", NONE).due
    due = count(today, 2, "working days", frozenset({extra})).due
    assert due > usual

    await add_holiday(parts.register, extra, name="A coronation", by="the tests", at=now)
    file = await board.opened(aware=0, notified=0)
    await board.record(file, "decision", choice="SCR, criteria met", decided_by="chair", reasons="It is met.")
    # The shell, by what the core answered; the register; the page; the command.
    assert (await board.cases.state(file)).standing["deadlines"][KEY]["due"] == due.isoformat()
    stored = await read_file(parts.register, file)
    assert stored is not None and [row.due for row in stored.deadlines if row.key == KEY] == [due]
    page = await _page(board, f"/files/{file}/deadlines")
    assert "2 working days left" in page and day_words(due) in page
    await show_file(Printer(as_json=True), parts, file, now)
    assert _due_in(json.loads(capsys.readouterr().out.splitlines()[-1])) == due.isoformat()
    # The validator, which leaves no trace; and the core, asked by a signal that nobody waits for.
    refusal = f"The new date must be after {day_words(due)}, the present due date."
    await until_quiet(board.cases.handle(file))
    before = await _events(board, file)
    with pytest.raises(Refused, match=refusal):
        await board.record(file, "deadline_extended", deadline=KEY, new_due=due.isoformat(), reason="Not yet.")
    assert await _events(board, file) == before
    signalled = {"id": "by-signal", "recorded_by": "x", "happened_on": today.isoformat()}
    signalled |= {"deadline": KEY, "new_due": due.isoformat(), "reason": "Not yet."}
    await board.cases.handle(file).signal("deadline_extended", signalled)
    await until_quiet(board.cases.handle(file))
    record = (await board.cases.state(file)).record
    assert [entry["body"]["reason"] for entry in record if entry["name"] == "step_refused"] == [refusal]
    # What would move; the weekly list.
    assert await _would(board, file) == []
    assert f"2 working days left, due {day_words(due)}" in await _weekly(board)

    await remove_holiday(parts.register, extra, by="the tests", at=now)
    assert (KEY, usual.isoformat()) in await _would(board, file, apply=True)
    await until_quiet(board.cases.handle(file))
    assert (await board.cases.state(file)).standing["deadlines"][KEY]["due"] == usual.isoformat()
    assert await _would(board, file) == []


def _due_in(shown: dict[str, Any]) -> str:
    return next(str(row["due"]) for row in shown["deadlines"] if row["deadline"] == KEY)


async def _page(board: Board, address: str) -> str:
    now = board.site.now()
    roles = frozenset({"coordinator"})
    account = await add_account(
        board.site.register, name="Pat", email="pat@board.example", roles=roles, by="the tests", now=now
    )
    async with Browser(transport=httpx.ASGITransport(app=board.app), base_url=BASE) as browser:
        browser.cookies.set("session", await begin_session(board.site.register, account.id, now=now))
        return (await browser.get(address)).text


async def _events(board: Board, file: str) -> int:
    return len((await board.cases.handle(file).fetch_history()).events)


async def _would(board: Board, file: str, *, apply: bool = False) -> list[tuple[str, str]]:
    """What recheck says would move: each deadline, and the day it would move to."""
    found = [one async for one in Recheck(board.cases, board.parts).files(file, apply=apply)]
    assert [one["finding"] for one in found] == [""]
    return [(event["deadline"], event["due"]) for event in found[0]["would"] if event["what"] == "deadline_moved"]


async def _weekly(board: Board) -> str:
    """The text of the weekly list."""
    parts, sender = board.parts, parseaddr(board.parts.settings.mail_from)[1]
    weekly = WeeklyActivities(parts.register, parts.surroundings, relay_of(parts.settings), Templates(), sender)
    sent = await ActivityEnvironment().run(weekly.send_weekly_list, COORDINATOR, instant_text(board.site.now()))
    assert sent == "accepted"
    mail = next(mail for mail in list_mails(board.mails.folder) if "your weekly list" in mail.subject)
    return " ".join(mail.text.split())
