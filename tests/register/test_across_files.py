"""What is read across files, on both databases: deadlines by day, actions, letters, and secret addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.days import Unit, count, counted_from
from models.projection import ActionRow, DeadlineRow, OrganisationRow, Projection
from register.engine import Register
from register.files.deliveries import Letter, claim, recent_deliveries, refused, titles_of, undelivered
from register.files.store import write
from register.lists.actions import ActionFilter, actions_by_owner, list_actions
from register.lists.deadlines import DueFilter, deadlines_by_day, deadlines_due, organisations_on_files
from register.people.access import EVERYTHING, Reader, reader_of, restrict
from register.people.accounts import account_changes, add_account, change_account
from register.people.calendar_feeds import account_of_feed, has_feed, new_feed, remove_feed

AFile = Callable[..., Projection]
ADeadline = Callable[..., DeadlineRow]

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


async def claimed(register: Register, letter: Letter, now: datetime = NOW) -> None:
    of_the_letter = {"recipient": "ofsted", "address": "a@b", "message_id": f"<{letter.notice_key}@b>", "holder": "a"}
    await claim(register, letter, **of_the_letter, now=now, lease=timedelta(minutes=1))


async def test_a_day_has_its_first_deadlines_and_how_many_there_are(
    register: Register, a_file: AFile, a_deadline: ADeadline
) -> None:
    for number in range(5):
        rows = (a_deadline("due", due=TODAY), a_deadline("met", met=True, due=TODAY))
        await write(register, a_file(f"FILE-{number}", deadlines=rows))
    await write(register, a_file("LATER-1", deadlines=(a_deadline("due", due=TODAY + timedelta(days=1)),)))
    days = await deadlines_by_day(register, EVERYTHING, DueFilter(), each=2)
    assert {day: ([line.reference for line in due.lines], due.total) for day, due in days.items()} == {
        TODAY: (["FILE-0", "FILE-1"], 5),
        TODAY + timedelta(days=1): (["LATER-1"], 1),
    }


async def test_filters_of_deadlines(register: Register, a_file: AFile, a_deadline: ADeadline) -> None:
    here = (OrganisationRow("school", "Hill School", ""),)
    rows = (a_deadline("a", due=TODAY, responsible="lead:school"), a_deadline("b", due=TODAY + timedelta(days=3)))
    await write(register, a_file("ONE-1", deadlines=rows, organisations=here, stage="learning"))
    await write(register, a_file("TWO-1", deadlines=(a_deadline("a", due=TODAY),), organisations=()))

    async def found(which: DueFilter) -> list[str]:
        return [f"{line.reference}/{line.key}" for line in (await deadlines_due(register, EVERYTHING, which)).lines]

    assert await found(DueFilter()) == ["ONE-1/a", "TWO-1/a", "ONE-1/b"]
    assert await found(DueFilter(organisation="school")) == ["ONE-1/a", "ONE-1/b"]
    assert await found(DueFilter(stage="review")) == ["TWO-1/a"]
    assert await found(DueFilter(mine=frozenset({"lead:school"}))) == ["ONE-1/a"]
    assert await found(DueFilter(mine=frozenset())) == []
    assert await found(DueFilter(since=TODAY + timedelta(days=1))) == ["ONE-1/b"]
    assert await found(DueFilter(until=TODAY)) == ["ONE-1/a", "TWO-1/a"]
    page = await deadlines_due(register, EVERYTHING, DueFilter(), start=2, limit=1)
    assert (page.total, [line.key for line in page.lines]) == (3, ["b"])


async def test_restricted_files_are_in_nothing_that_others_read(
    register: Register, a_file: AFile, a_deadline: ADeadline
) -> None:
    here = (OrganisationRow("school", "Hill School", ""),)
    action = ActionRow("a1", "Train staff", "school", "agreed", TODAY, None, "")
    rows = (a_deadline("a", due=TODAY),)
    await write(register, a_file("SECRET-1", deadlines=rows, organisations=here, actions=(action,)))
    letter = Letter("SECRET-1", "decision_told:0", 1)
    await claimed(register, letter)
    await refused(register, letter, now=NOW, words="550")
    await restrict(register, "SECRET-1", ["named", "another"], by="named", now=NOW)

    async def seen(reader: Reader) -> list[int]:
        listed = await list_actions(register, reader, ActionFilter(), today=TODAY)
        recent, total = await recent_deliveries(register, reader)
        return [
            (await deadlines_due(register, reader, DueFilter())).total,
            len(await deadlines_by_day(register, reader, DueFilter(), each=3)),
            len(await organisations_on_files(register, reader)),
            listed.total,
            len(listed.actions),
            len(await actions_by_owner(register, reader, today=TODAY)),
            len(await undelivered(register, NOW, reader)),
            len(recent),
            total,
        ]

    for reader in (EVERYTHING, Reader("named"), Reader("another"), Reader("auditor", reads_all=True)):
        assert set(await seen(reader)) == {1}
    for reader in (Reader("other"), Reader()):
        assert set(await seen(reader)) == {0}


async def test_actions_come_overdue_first_then_by_due_date(register: Register, a_file: AFile) -> None:
    def action(id: str, status: str, days: int | None) -> ActionRow:
        due = None if days is None else TODAY + timedelta(days=days)
        return ActionRow(id, "Train staff", "school", status, due, None, "")

    actions = (
        action("closed", "closed", -9),
        action("undated", "proposed", None),
        action("later", "agreed", 5),
        action("today", "agreed", 0),
        action("late", "agreed", -1),
        action("done", "done", -5),
        action("later-still-proposed", "proposed", -3),
    )
    await write(
        register, a_file("ONE-1", actions=actions, organisations=(OrganisationRow("school", "Hill School", ""),))
    )
    found = await list_actions(register, EVERYTHING, ActionFilter(), today=TODAY)
    order = ["later-still-proposed", "late", "today", "later", "undated", "done", "closed"]
    assert [one.id for one in found.actions] == order and (found.total, found.overdue) == (7, 2)
    assert {one.owner_name for one in found.actions} == {"Hill School"}
    (owner,) = await actions_by_owner(register, EVERYTHING, today=TODAY)
    assert (owner.name, owner.to_do, owner.overdue, owner.total) == ("Hill School", 5, 2, 7)
    overdue = await list_actions(register, EVERYTHING, ActionFilter(overdue=True, owners=["school"]), today=TODAY)
    assert [one.id for one in overdue.actions] == order[:2]


async def test_letters_are_named_by_what_their_notice_is_about(register: Register, a_file: AFile) -> None:
    await write(register, a_file("ONE-1"))
    for key in ("decision_told:0", "no longer there"):
        await claimed(register, Letter("ONE-1", key, 1))
    recent, total = await recent_deliveries(register, EVERYTHING)
    assert total == 2 and await titles_of(register, recent) == {("ONE-1", "decision_told:0"): "Decision"}
    assert await titles_of(register, ()) == {}


async def test_the_latest_letters_are_read_a_page_at_a_time(register: Register) -> None:
    for n in range(5):
        await claimed(register, Letter("ONE-1", f"decision_told:{n}", 1), NOW + timedelta(minutes=n))
    pages = [await recent_deliveries(register, EVERYTHING, start=start, limit=2) for start in (0, 2, 4)]
    assert [[delivery.notice_key[-1] for delivery in found] for found, _ in pages] == [["4", "3"], ["2", "1"], ["0"]]
    assert {total for _, total in pages} == {5}


async def test_a_calendars_secret_is_good_until_another_is_made(register: Register) -> None:
    account = await add_account(
        register, name="Pat", email="pat@board.example", roles=frozenset({"coordinator"}), by="the tests", now=NOW
    )
    assert not await has_feed(register, account.id)
    first = await new_feed(register, account, now=NOW)
    second = await new_feed(register, account, now=NOW)
    assert await account_of_feed(register, first) is None
    found = await account_of_feed(register, second)
    assert found is not None and found.id == account.id and reader_of(found) == Reader(account.id)
    assert await has_feed(register, account.id, second) and not await has_feed(register, account.id, first)
    await change_account(register, replace(account, active=False), by="the tests", now=NOW)
    assert await account_of_feed(register, second) is None
    await change_account(register, account, by="the tests", now=NOW)
    await remove_feed(register, account, now=NOW)
    assert await account_of_feed(register, second) is None and not await has_feed(register, account.id)
    whats = [what for _, _, what in await account_changes(register, account.id)]
    assert whats[0] == "removed the calendar address" and second not in str(whats)


@settings(deadline=None)
@given(
    st.dates(date(2013, 1, 1), date(2027, 1, 1)),
    st.integers(1, 60),
    st.sampled_from(["calendar days", "working days", "calendar months"]),
)
def test_the_day_counted_from_is_read_out_of_the_words(start: date, length: int, unit: Unit) -> None:
    if unit == "calendar months":
        length %= 12
    assert counted_from(count(start, length, unit, frozenset()).words()) == start


@pytest.mark.parametrize(
    "words", ["", "the date that was set", "5 working days back from 3 May 2018", "x from 3 May 2018"]
)
def test_words_that_name_no_first_day_have_none(words: str) -> None:
    assert counted_from(words) is None
