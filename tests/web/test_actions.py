"""Actions of all reviews, by organisation and due date."""

from __future__ import annotations

import re
from typing import Any

from register.people.access import restrict

from .conftest import Board, Browsers


async def with_action(board: Board, owner: str = "exampleshire-hospital", **fields: Any) -> str:
    """A file whose review has an agreed action, due today unless ``due`` says otherwise."""
    reference = await board.opened(aware=60, notified=58)
    decision = {
        "choice": "SCR, criteria met",
        "decided_by": "chair",
        "reasons": "It is met.",
        "happened_on": board.day(50),
    }
    await board.record(reference, "decision", **decision)
    action = {"action": "train-staff", "text": f"Train all staff of {reference}", "owner": owner, "due": board.today}
    await board.record(reference, "action_proposed", happened_on=board.day(40), **action | fields)
    await board.record(
        reference, "action_agreed", happened_on=board.day(30), action="train-staff", agreed_by="Its lead"
    )
    return reference


def row_of(page: str, reference: str) -> str:
    """The row of a file's action."""
    found = [row for row in re.findall(r"<tr.*?</tr>", page, re.S) if f"Train all staff of {reference}" in row]
    return found[0] if found else ""


async def test_an_overdue_action_comes_first_and_says_so(board: Board, browser: Browsers) -> None:
    on_time = await with_action(board)
    late = await with_action(board, due=board.day(1))
    somebody = await browser("coordinator")
    page = (await somebody.get("/actions")).text
    assert "Overdue" in row_of(page, late) and "Overdue" not in row_of(page, on_time)
    assert page.index(f"staff of {late}") < page.index(f"staff of {on_time}")
    overdue = (await somebody.get("/actions?overdue=1")).text
    assert row_of(overdue, late) and not row_of(overdue, on_time)


async def test_its_links_lead_to_the_step_with_the_action_filled_in(board: Board, browser: Browsers) -> None:
    reference = await with_action(board)
    row = row_of((await (await browser("coordinator")).get("/actions")).text, reference)
    for step in ("action_progressed", "action_done"):
        assert f'href="/files/{reference}/record/{step}?action=train-staff"' in row
    await board.record(reference, "action_done", action="train-staff", evidence="The list of those trained.")
    row = row_of((await (await browser("coordinator")).get("/actions?status=done")).text, reference)
    assert f'href="/files/{reference}/record/impact_recorded?action=train-staff"' in row and "Done" in row


async def test_who_may_not_record_is_offered_nothing(board: Board, browser: Browsers) -> None:
    reference = await with_action(board)
    for somebody in (await browser("auditor"), await browser("board_member", organisation="exampleshire-police")):
        assert "/record/" not in row_of((await somebody.get("/actions")).text, reference)


async def test_filters_leave_out_what_does_not_fit(board: Board, browser: Browsers) -> None:
    reference = await with_action(board, owner="exampleshire-police")
    somebody = await browser("coordinator")
    for query, fits in (
        ("organisation=exampleshire-police", True),
        ("organisation=exampleshire-hospital", False),
        ("status=agreed", True),
        ("status=closed", False),
        ("status=nonsense", False),
        ("mine=1", False),
    ):
        assert bool(row_of((await somebody.get(f"/actions?{query}")).text, reference)) is fits, query
    member = await browser("board_member", organisation="exampleshire-police")
    assert row_of((await member.get("/actions?mine=1")).text, reference)


async def test_the_boards_own_actions_are_the_coordinators(board: Board, browser: Browsers) -> None:
    reference = await with_action(board, owner="board")
    row = row_of((await (await browser("coordinator")).get("/actions?mine=1")).text, reference)
    assert ">The board</td>" in row


async def test_actions_of_a_restricted_file_are_shown_and_counted_for_those_named_alone(
    board: Board, browser: Browsers
) -> None:
    reference, _ = await with_action(board), await with_action(board)
    named, other = await browser("coordinator"), await browser("coordinator")

    async def counted(somebody: Any) -> int:
        found = re.search(r"<strong>(\d+)</strong> action", (await somebody.get("/actions")).text)
        assert found
        return int(found[1])

    before = await counted(other)
    await restrict(board.site.register, reference, [named.account.id], by=named.account.id, now=board.site.now())
    assert row_of((await named.get("/actions")).text, reference)
    assert not row_of((await other.get("/actions")).text, reference)
    assert (await counted(named), await counted(other)) == (before, before - 1)


async def test_a_page_that_does_not_exist_is_empty_and_breaks_nothing(board: Board, browser: Browsers) -> None:
    await with_action(board)
    for page in ("999", "-1", "0", "x", "²"):
        assert (await (await browser("chair")).get("/actions", params={"page": page})).status_code == 200
    assert "none on this page" in (await (await browser("chair")).get("/actions?page=999")).text
