"""The weekly list as a mail: what it says, that it is never sent twice, and what happens without a mail server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.mail.compose import Templates
from activities.mail.smtp import Relay
from activities.weekly import COORDINATOR, LIST, WeeklyActivities
from models.directory import Appointment, Directory, Person
from models.projection import DeadlineRow, Projection
from register.directory import replace_directory
from register.engine import Register
from register.files.deliveries import Letter, claim, deliveries_of, refused
from register.files.store import write
from register.lists.deadlines import DueFilter, deadlines_due
from register.one_hop import Work
from register.people.access import EVERYTHING
from register.people.accounts import Account, add_account
from register.surroundings import SurroundingsReader
from register.unavailable import RegisterUnavailable
from running.embedded.mail_catcher import Postbox, list_mails, postbox
from running.embedded.processes import free_port

T = TypeVar("T")
AFile = Callable[..., Projection]
ADeadline = Callable[..., DeadlineRow]

MONDAY = "2027-03-29T07:00:00Z"
"""The first Monday after the clocks went forward: 08:00 in London."""


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Postbox]:
    async with postbox(tmp_path / "mails") as box:
        yield box


@pytest.fixture
async def weekly(register: Register, box: Postbox) -> WeeklyActivities:
    someone = Person(id="someone", name="The Coordinator", email="office@board.example")
    held = (Appointment(role="coordinator", person="someone"),)
    board = Directory(board="A Board", people=(someone,), appointments=held)
    await replace_directory(register, board, changed_by="the tests", at=datetime.now(UTC))
    return sending(register, box.port)


def sending(register: Register, port: int) -> WeeklyActivities:
    relay = Relay("127.0.0.1", port, "none", timeout_seconds=2)
    return WeeklyActivities(
        register, SurroundingsReader(register, {}), relay, Templates(), "board@board.example", "https://board.example"
    )


async def coordinator(register: Register) -> Account:
    return await add_account(
        register,
        name="Pat Example",
        email="pat@board.example",
        roles=frozenset({"coordinator"}),
        by="the tests",
        now=datetime.now(UTC),
    )


async def send(weekly: WeeklyActivities, to: str = COORDINATOR, begun: str = MONDAY) -> str:
    return await ActivityEnvironment().run(weekly.send_weekly_list, to, begun)


async def test_with_nothing_due_it_says_so_plainly(weekly: WeeklyActivities, box: Postbox) -> None:
    assert await send(weekly) == "accepted"
    (mail,) = list_mails(box.folder)
    assert mail.subject == "Serious case reviews: your weekly list, 29 March 2027"
    text = " ".join(mail.text.split())
    assert "Nothing is overdue, nothing is due by 12 April 2027, and every letter has been delivered." in text
    assert "Open the work list: https://board.example/" in text and "Reference:" not in text
    assert "Reference:" not in mail.html and "Open the work list</a>" in mail.html


async def test_it_has_what_is_overdue_and_due_in_fourteen_days_by_the_days_in_london(
    register: Register, weekly: WeeklyActivities, box: Postbox, a_file: AFile, a_deadline: ADeadline
) -> None:
    days = {"late": -1, "today": 0, "last": 14, "beyond": 15}
    on = date(2027, 3, 29)
    rows = [a_deadline(key, title=f"Title {key}", due=on + timedelta(days=gap)) for key, gap in days.items()]
    met = a_deadline("met", met=True, title="Title met", due=on)
    period = a_deadline("year", clock="year_on_website", period=True, title="Title period", due=on - timedelta(days=1))
    await write(register, a_file("ONE-0001", deadlines=(*rows, met, period)))
    assert await send(weekly) == "accepted"
    text = " ".join(list_mails(box.folder)[0].text.split())
    late, _, soon = text.partition("Due by 12 April 2027:")
    assert "ONE-0001: Title late: 1 day overdue, was due 28 March 2027 (2.6a)" in late
    assert "Title today: due today" in soon and "Title last: 14 days left" in soon
    assert not any(f"Title {word}" in text for word in ("beyond", "met", "period"))


async def test_a_letter_that_failed_is_named_without_its_address(
    register: Register, weekly: WeeklyActivities, box: Postbox
) -> None:
    now = datetime.now(UTC)
    letter = Letter("ONE-0001", "decision_told", 1)
    address = "a.person@hospital.example"
    of_the_letter = {"recipient": "lead:x", "address": address, "message_id": "<1@x>", "holder": "another"}
    await claim(register, letter, **of_the_letter, now=now, lease=timedelta(minutes=1))
    await refused(register, letter, now=now, words="550")
    assert await send(weekly) == "accepted"
    text = " ".join(list_mails(box.folder)[0].text.split())
    assert (
        "ONE-0001: a letter to an organisation's safeguarding lead could not be delivered, since" in text
        and address not in text
    )


async def test_a_mail_server_away_makes_it_wait_and_the_retry_is_the_same_message_once(
    register: Register, weekly: WeeklyActivities, box: Postbox
) -> None:
    with pytest.raises(ApplicationError, match="could not be reached"):
        await send(sending(register, free_port()))
    (waiting,) = await deliveries_of(register, LIST)
    assert (waiting.status, waiting.operations_must_act) == ("waiting", False)
    assert [await send(weekly), await send(weekly)] == ["accepted", "accepted"]
    (mail,) = list_mails(box.folder)
    assert mail.message["Message-ID"] == waiting.message_id


class AnswersTooLate(Register):
    """A register that keeps what it is given, and once says so too late."""

    late = True

    async def change(self, work: Work[T]) -> T:
        answer = await super().change(work)
        if self.late:
            self.late = False
            raise RegisterUnavailable("It did not answer in time.")
        return answer


async def test_a_claim_that_was_kept_though_nobody_was_told_is_had_again_at_once(
    register: Register, weekly: WeeklyActivities, box: Postbox
) -> None:
    async with AnswersTooLate(register.url) as late:
        with pytest.raises(RegisterUnavailable):
            await send(replace(weekly, register=late))
    (kept,) = await deliveries_of(register, LIST)
    assert (kept.status, list_mails(box.folder)) == ("sending", [])
    assert await send(weekly) == "accepted"
    assert len(list_mails(box.folder)) == 1


async def test_a_list_that_another_is_sending_waits(register: Register, weekly: WeeklyActivities, box: Postbox) -> None:
    async with AnswersTooLate(register.url) as late:
        with pytest.raises(RegisterUnavailable):
            await send(replace(weekly, register=late))
    another = ActivityEnvironment()
    another.info = replace(another.info, workflow_run_id="another")
    with pytest.raises(ApplicationError, match="Someone else is sending"):
        await another.run(weekly.send_weekly_list, COORDINATOR, MONDAY)
    assert list_mails(box.folder) == []


async def test_wrong_settings_are_for_operations(register: Register, weekly: WeeklyActivities) -> None:
    wrong = replace(weekly, relay=replace(weekly.relay, security="none", host="mail.elsewhere.example"))
    with pytest.raises(ApplicationError) as caught:
        await send(wrong)
    assert caught.value.type == "WrongSettings"
    (waiting,) = await deliveries_of(register, LIST)
    assert waiting.operations_must_act


async def test_another_week_or_another_recipient_is_another_message(
    register: Register, weekly: WeeklyActivities, box: Postbox
) -> None:
    pat = await coordinator(register)
    for to, begun in ((pat.id, MONDAY), (pat.id, "2027-04-05T07:00:00Z"), (COORDINATOR, MONDAY)):
        assert await send(weekly, to, begun) == "accepted"
    mails = list_mails(box.folder)
    assert len({mail.message["Message-ID"] for mail in mails}) == 3
    assert [mail.recipients for mail in mails[:2]] == [("pat@board.example",)] * 2


async def test_accounts_that_are_coordinators_get_it_and_the_directorys_office_only_without_any(
    register: Register, weekly: WeeklyActivities
) -> None:
    assert await ActivityEnvironment().run(weekly.weekly_recipients) == [COORDINATOR]
    pat = await coordinator(register)
    assert await ActivityEnvironment().run(weekly.weekly_recipients) == [pat.id]


async def test_somebody_who_lost_the_role_meanwhile_gets_none(weekly: WeeklyActivities, box: Postbox) -> None:
    assert await send(weekly, "nobody-any-more") == "nobody there"
    assert list_mails(box.folder) == []


async def test_the_filter_leaves_periods_in_unless_asked(
    register: Register, a_file: AFile, a_deadline: ADeadline
) -> None:
    await write(register, a_file("ONE-0001", deadlines=(a_deadline("year", clock="year_on_website", period=True),)))
    assert (await deadlines_due(register, EVERYTHING, DueFilter())).total == 1
    assert (await deadlines_due(register, EVERYTHING, DueFilter(periods=False))).total == 0
