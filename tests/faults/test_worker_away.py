"""No worker for days: deadlines pass and steps are sent meanwhile. When one is back, each is on the file, once.

A file's clock does not move while something waits for a worker: it comes as far as the next timers. Files for whom it
is weeks later were sent when no worker was there to open them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import time
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.service import RPCError, RPCStatusCode

from .virtual import File, Virtual, incident, morning
from .whole import offset_to, rulebook, steps_in

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


async def timers_fired(file: File) -> int:
    """How many timers of a file's present run have fired."""
    history = await file.handle.fetch_history()
    return sum(event.event_type == EventType.EVENT_TYPE_TIMER_FIRED for event in history.events)


async def is_there(file: File) -> None:
    """Waits until Temporal has a workflow for a file."""
    while True:
        try:
            await file.handle.describe()
            return
        except RPCError as error:
            assert error.status is RPCStatusCode.NOT_FOUND
        await asyncio.sleep(0.01)


async def sent_while_away(file: File, steps: list[tuple[str, str, dict[str, Any]]]) -> list[str]:
    """Sends steps as signals, one of them twice, as somebody does who is not sure; their ids in that order."""
    bodies = [(name, await file.signal(name, on, **fields)) for name, on, fields in steps]
    await file.handle.signal(*bodies[0])
    return [body["id"] for _, body in bodies]


async def check_told_once(file: File) -> None:
    """Each line of the timeline stands there once, and no letter came twice."""
    events = (await file.state()).events
    assert set(Counter(repr(sorted(event.items())) for event in events).values()) == {1}
    letters = await file.letters()
    assert {one.status for one in letters.values()} == {"accepted"}
    assert sorted(came.message_id for came in file.virtual.mail.came) == sorted(
        one.message_id for one in letters.values()
    )


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
async def test_deadlines_that_passed_meanwhile_pass_once_and_those_that_were_met_do_not(
    virtual: Virtual, killed: bool
) -> None:
    file = await virtual.opened()
    notified = await file.record("notified_panel", "2018-09-05")
    sought = []
    for challenge in ("c-0", "c-1", "c-2"):
        more = {"board": "Another Board", "chair": "Its Chair", "email": f"{challenge}@another.example"}
        body = await file.record(
            "peer_challenge_sought", "2018-09-05", challenge=challenge, question="What would you do?", **more
        )
        sought.append(body["id"])
    await file.until("2018-09-13")
    deadlines = (await file.state()).standing["deadlines"]
    ours = {key: held for key, held in deadlines.items() if key.startswith("peer_challenge_answered:")}
    assert {(held["due"], held["timer"]) for held in ours.values()} == {("2018-09-19", "2018-09-19T23:00:00Z")}

    worker = virtual.whole.worker
    await (worker.kill() if killed else worker.stop())
    before = await timers_fired(file)
    on = asyncio.create_task(file.until("2018-09-20", time(0)))
    while await timers_fired(file) < before + 3:
        await asyncio.sleep(0.01)
    assert await file.now() >= morning("2018-09-20", time(0))
    sent = await sent_while_away(
        file,
        [
            ("note_added", "2018-09-18", {"text": "Nobody has seen the worker since Thursday."}),
            ("note_added", "2018-09-19", {"text": "The worker is still away."}),
            # Given in time, recorded late, and last in its turn: what is taken before it finds the day passed.
            ("peer_challenge_answered", "2018-09-18", {"challenge": "c-1", "answer": "The same."}),
        ],
    )
    await worker.start()
    await on

    assert steps_in(await file.state()) == [notified["id"], *sought, *sent]
    passed = Counter(event["deadline"] for event in await file.told("deadline_passed"))
    assert passed == {"peer_challenge_answered:c-0": 1, "peer_challenge_answered:c-2": 1}
    assert (await file.state()).standing["deadlines"]["peer_challenge_answered:c-1"]["status"] == "met"
    await file.until("2018-09-20")
    escalated = Counter(event["deadline"] for event in await file.told("escalated"))
    assert not escalated["peer_challenge_answered:c-1"] and set(escalated.values()) <= {1}
    await check_told_once(file)
    await file.agrees()


async def test_a_file_sent_to_nobody_is_opened_weeks_later_with_all_that_passed_and_was_sent(virtual: Virtual) -> None:
    whole = virtual.whole
    await whole.worker.stop()
    file = File(virtual, "EX-2018-0001", offset_to(morning("2018-11-20")))
    body = {
        "reference": file.reference,
        "opened_on": "2018-09-05",
        "recorded_by": "coordinator",
        "incident": incident(),
    }
    opening = asyncio.create_task(whole.cases(file.offset).open(body, rulebook(), morning("2018-09-05")))
    await is_there(file)
    decision = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "By the finding."}
    sent = await sent_while_away(
        file,
        [
            ("notified_panel", "2018-09-07", {}),
            ("decision", "2018-10-10", {"id": "d1", **decision}),
            ("note_added", "2018-11-01", {"text": "There has been no worker for weeks."}),
        ],
    )
    await whole.worker.start()
    await opening
    await file.quiet()

    assert steps_in(await file.state()) == sent
    passed = Counter(event["deadline"] for event in await file.told("deadline_passed"))
    assert set(passed) >= {"decision"} and set(passed.values()) == {1}
    deadlines = (await file.state()).standing["deadlines"]
    assert {key: deadlines[key]["status"] for key in ("notify_board", "notify_panel", "decision")} == {
        "notify_board": "met",
        "notify_panel": "met",
        "decision": "met late",
    }
    # Of all the days on which the Chair would have been told, the last stands for them.
    assert set(Counter(event["deadline"] for event in await file.told("escalated")).values()) == {1}
    await file.until("2018-11-21")
    await check_told_once(file)
    assert {came.recipient for came in virtual.mail.came} >= {"notifications@ofsted.example", "chair@board.example"}
    await file.agrees()
