"""The weekly list: Mondays at 08:00 in London, once to each coordinator, and nothing restricted to others in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from temporalio.client import ScheduleActionExecutionStartWorkflow, ScheduleOverlapPolicy

from activities.sending import LEASE
from activities.weekly import COORDINATOR, LIST
from models.days import LONDON
from register.files.deliveries import deliveries_of, unaddressed
from register.people.access import restrict
from register.people.accounts import accounts, change_account
from running.embedded.mail_catcher import Mail, list_mails
from running.embedded.temporal_server import TemporalServer
from running.schedules import CATCH_UP, WEEKLY_LIST, ensure_schedules, weekly_schedule
from workflows.weekly import WeeklyListWorkflow

from .conftest import Board, Browsers, a_board


def lists_to(board: Board, address: str) -> list[Mail]:
    """The weekly lists that came to an address."""
    mails = list_mails(board.mails.folder)
    return [mail for mail in mails if mail.recipients == (address,) and "your weekly list" in mail.subject]


async def run_week(board: Board, id: str) -> dict[str, str]:
    """Runs one week's lists now; what became of each."""
    queue = board.site.settings.task_queue
    became: dict[str, str] = await board.client.execute_workflow(WeeklyListWorkflow.run, id=id, task_queue=queue)
    return became


@pytest.fixture(scope="module")
async def board(
    temporal: TemporalServer, tmp_path_factory: pytest.TempPathFactory, pages_at: str
) -> AsyncIterator[Board]:
    """A board of its own: the files of other tests would fill its lists."""
    async with a_board(temporal, tmp_path_factory.mktemp("weekly"), pages_at, first=5_001) as board:
        yield board


@pytest.fixture(autouse=True)
async def nobody_else(board: Board) -> AsyncIterator[None]:
    """Accounts of earlier tests get no list."""
    for account in await accounts(board.site.register):
        other = replace(account, roles=account.roles - {"coordinator"} or frozenset({"auditor"}))
        await change_account(board.site.register, other, by="the tests", now=board.site.now())
    yield


async def test_the_schedule_is_there_once_however_often_workers_start(board: Board) -> None:
    queue = board.site.settings.task_queue
    assert await ensure_schedules(board.client, queue) and await ensure_schedules(board.client, queue)
    handle = board.client.get_schedule_handle(WEEKLY_LIST)
    there = (await handle.describe()).schedule
    assert there.spec.time_zone_name == "Europe/London"
    assert there.policy.overlap is ScheduleOverlapPolicy.SKIP and there.policy.catchup_window == CATCH_UP
    for instant in (await handle.describe()).info.next_action_times:
        local = instant.astimezone(LONDON)
        assert (local.weekday(), local.hour, local.minute) == (0, 8, 0)


async def test_a_list_is_tried_again_only_when_its_claim_has_run_out_or_its_sender_has_said_that_it_failed(
    board: Board,
) -> None:
    await run_week(board, "weekly-lease")
    history = await board.client.get_workflow_handle("weekly-lease").fetch_history()
    scheduled = [one.activity_task_scheduled_event_attributes for one in history.events]
    (sending,) = [one for one in scheduled if one.activity_type.name == "send_weekly_list"]
    assert sending.start_to_close_timeout.ToTimedelta() >= LEASE


async def test_a_schedule_that_somebody_paused_stays_paused(board: Board) -> None:
    queue = board.site.settings.task_queue
    await ensure_schedules(board.client, queue)
    handle = board.client.get_schedule_handle(WEEKLY_LIST)
    async with asyncio.timeout(30):
        # Temporal takes everything in its own time, what was changed a moment ago perhaps after the pause.
        while not (paused := await handle.describe()).schedule.state.paused:
            await handle.pause(note="nobody is here this month")
            await asyncio.sleep(0.05)
        await ensure_schedules(board.client, queue)
        while (now := await handle.describe()).info.last_updated_at == paused.info.last_updated_at:
            await asyncio.sleep(0.05)
    state = now.schedule.state
    assert state.paused and state.note == "nobody is here this month"
    await handle.unpause()


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [(date(2027, 3, 28), 8, 7), (date(2027, 10, 31), 7, 8)],
)
async def test_it_stays_at_eight_in_london_when_the_clocks_change(
    board: Board, changes: date, before: int, after: int
) -> None:
    start = datetime(changes.year, changes.month, changes.day, tzinfo=UTC) - timedelta(days=7)
    id = f"{WEEKLY_LIST}-{changes}"
    handle = await board.client.create_schedule(id, weekly_schedule("nobody", start_at=start))
    times = (await handle.describe()).info.next_action_times
    await handle.delete()
    monday = changes + timedelta(days=1)
    assert [(time.date(), time.hour) for time in times[:2]] == [(monday - timedelta(days=7), before), (monday, after)]


async def test_started_by_its_schedule_it_brings_each_coordinator_a_list(board: Board, browser: Browsers) -> None:
    coordinator, chair = await browser("coordinator"), await browser("chair")
    overdue = await board.opened(aware=60, notified=58)
    soon = await board.opened()
    await ensure_schedules(board.client, board.site.settings.task_queue)
    handle = board.client.get_schedule_handle(WEEKLY_LIST)
    await handle.trigger()
    async with asyncio.timeout(30):
        while not (running := (await handle.describe()).info.recent_actions):
            await asyncio.sleep(0.02)
    action = running[-1].action
    assert isinstance(action, ScheduleActionExecutionStartWorkflow)
    workflow = board.client.get_workflow_handle(action.workflow_id)
    assert await workflow.result() == {coordinator.account.id: "accepted"}
    (mail,) = lists_to(board, coordinator.account.email)
    assert not lists_to(board, chair.account.email)
    late, _, rest = mail.text.partition("Due by")
    assert overdue in late and "overdue, was due" in late and soon not in late
    assert soon in rest and "Chair's decision on a Serious Case Review" not in rest.replace("\n", " ")
    assert overdue in mail.html and "http://board.test/" in mail.html
    assert "child" not in mail.text.replace("Safeguarding Children Board", "").lower()


async def test_the_same_week_is_sent_once(board: Board, browser: Browsers) -> None:
    coordinator = await browser("coordinator")
    assert await run_week(board, "weekly-once-1") == {coordinator.account.id: "accepted"}
    assert await run_week(board, "weekly-once-2") == {coordinator.account.id: "accepted"}
    assert len(lists_to(board, coordinator.account.email)) == 1
    (letter,) = [
        one for one in await deliveries_of(board.site.register, LIST) if coordinator.account.id in one.notice_key
    ]
    assert (
        letter.attempts == 1
        and letter.message_id == lists_to(board, coordinator.account.email)[0].message["Message-ID"]
    )


async def test_a_restricted_file_is_in_the_list_of_those_who_may_read_it_alone(board: Board, browser: Browsers) -> None:
    named, other = await browser("coordinator"), await browser("coordinator")
    reference = await board.opened(aware=60, notified=58)
    await restrict(board.site.register, reference, [named.account.id], by=named.account.id, now=board.site.now())
    await run_week(board, "weekly-restricted")
    assert reference in lists_to(board, named.account.email)[0].text
    assert reference not in lists_to(board, other.account.email)[0].text


async def test_a_letter_that_nobody_is_there_for_is_in_the_list(board: Board, browser: Browsers) -> None:
    coordinator, other = await browser("coordinator"), await browser("coordinator")
    reference = await board.opened(organisations=[{"id": "county-ambulance", "name": "County Ambulance Service"}])
    await restrict(board.site.register, reference, [coordinator.account.id], by="the tests", now=board.site.now())
    await board.record(reference, "decision", choice="SCR, criteria met", decided_by="The Chair", reasons="It is met.")
    async with asyncio.timeout(30):
        while not any(one.reference == reference for one in await unaddressed(board.site.register)):
            await asyncio.sleep(0.05)  # the worker sends in its own time
    await run_week(board, "weekly-nobody-there")
    (mail,) = lists_to(board, coordinator.account.email)
    assert "every letter has been delivered" not in mail.text.lower()
    text = " ".join(mail.text.split())
    assert f"{reference}: a letter to an organisation's safeguarding lead was not sent: no e-mail address" in text
    assert reference not in lists_to(board, other.account.email)[0].text


async def test_without_accounts_the_directorys_coordinator_gets_it(board: Board) -> None:
    assert await run_week(board, "weekly-directory") == {COORDINATOR: "accepted"}
    assert len(lists_to(board, "coordinator@board.example")) == 1
