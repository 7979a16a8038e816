"""The shell's own rules: what comes in is taken one at a time, answered, kept, and never lost."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.filing import FilingActivities
from models.record import Refused
from models.serious_case_reviews import STEPS
from register.engine import Register
from register.files import deliveries
from register.files.archive import read_archive
from register.files.behind import Behind, behind_of, note
from register.files.store import read_file
from register.unavailable import RegisterUnavailable
from running.case_client import CaseClient, LostRunError, SystemFaultError
from running.recheck import Recheck
from running.rehearsals.time_skipping import skip_to, until_quiet

from .conftest import Board, Boards

_numbers = itertools.count(1)
NOTE = {"text": "The first call was returned."}


async def until(found: Any, patience: float = 15) -> None:
    """Waits for something that comes about by itself."""
    async with asyncio.timeout(patience):
        while not await found():
            await asyncio.sleep(0.02)


async def events_of(handle: WorkflowHandle[Any, Any]) -> int:
    """How many events the history has."""
    return len((await handle.fetch_history()).events)


async def test_every_step_of_the_catalogue_is_an_update_of_its_name(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        await board.open("STEPS-1")
        for name in STEPS:
            with pytest.raises(WorkflowUpdateFailedError) as error:
                await board.cases.handle("STEPS-1").execute_update(name, {"id": f"an-empty-{name.replace('_', '-')}"})
            assert "missing" in str(error.value.cause) or "recorded" in str(error.value.cause)


async def test_an_acknowledged_step_is_on_the_record_and_in_the_register(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        await board.open("ACK-1")
        answer = await board.record("ACK-1", "note_added", "note-1", **NOTE)
        assert answer.listed and answer.id == "note-1"
        stored = await read_file(board.parts.register, "ACK-1")
        assert stored is not None and stored.entries[-1].id == "note-1"
        state = await board.state("ACK-1")
        assert [entry.plain() for entry in stored.entries] == state.record


@pytest.mark.rule("2.1e")
async def test_a_refused_update_says_why_by_which_rule_and_leaves_nothing_in_history(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        handle = await board.open("REFUSED-1")
        await until(lambda: _quiet(board, "REFUSED-1"))
        before = await events_of(handle)
        with pytest.raises(Refused) as error:
            await board.record("REFUSED-1", "decision", "d", choice="no review", decided_by="chair", reasons="None.")
        assert error.value.refusal.rule == "2.1e" and error.value.refusal.field == "choice"
        assert await events_of(handle) == before


@pytest.mark.rule("2.2c")
async def test_what_only_the_directory_can_tell_is_refused_by_the_answer_that_counts(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        await board.open("DECIDER-1")
        with pytest.raises(Refused) as error:
            await board.record(
                "DECIDER-1", "decision", "d", choice="SCR, criteria met", decided_by="coordinator", reasons="Met."
            )
        assert error.value.refusal.rule == "2.2c"
        assert "decision" not in await board.names("DECIDER-1")


async def test_the_same_step_sent_twice_is_recorded_once(server: WorkflowEnvironment, boards: Boards) -> None:
    async with boards(server) as board:
        await board.open("TWICE-1")
        sent = [board.record("TWICE-1", "note_added", "the-note", **NOTE) for _ in range(5)]
        answers = await asyncio.gather(*sent)
        assert {answer.id for answer in answers} == {"the-note"}
        await board.cases.handle("TWICE-1").signal("note_added", board.body("the-note", **NOTE))
        await board.record("TWICE-1", "note_added", "another-note", text="Behind the signal.")
        assert (await board.names("TWICE-1")).count("note_added") == 2


async def test_an_id_that_was_used_is_refused_for_another_step(server: WorkflowEnvironment, boards: Boards) -> None:
    async with boards(server) as board:
        await board.open("ID-1")
        await board.record("ID-1", "note_added", "the-id", **NOTE)
        with pytest.raises(Refused) as error:
            await board.record("ID-1", "note_added", "the-id", text="Another text.")
        assert error.value.refusal.field == "id"
        await board.cases.handle("ID-1").signal("note_added", board.body("the-id", text="Another text."))
        await board.record("ID-1", "note_added", "the-last", **NOTE)
        record = (await board.state("ID-1")).record
        assert [e["body"]["text"] for e in record if e["name"] == "note_added"] == [NOTE["text"], NOTE["text"]]
        assert [e["body"]["id"] for e in record if e["name"] == "step_refused"] == ["the-id"]


async def test_two_people_who_decide_at_once_are_not_both_right(server: WorkflowEnvironment, boards: Boards) -> None:
    async with boards(server) as board:
        await board.open("BOTH-1")
        fields = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "The first limb is met."}
        sent = (board.record("BOTH-1", "decision", f"decision-{n}", **fields) for n in range(6))
        answers = await asyncio.gather(*sent, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        assert len(refused) == 5
        assert (await board.names("BOTH-1")).count("decision") == 1


@pytest.mark.parametrize(
    "args",
    [
        [],
        [None],
        ["text"],
        [["a list"]],
        [b"\x00\xff"],
        [{"id": "a"}, {"id": "b"}],
        [{"no": "id"}],
        [{"id": 7}],
        [{"id": "large", "text": "x" * 9_000}],
        [{"id": "unknown-field", "colour": "blue"}],
    ],
    ids=["nothing", "null", "text", "list", "bytes", "two", "no id", "number as id", "large", "unknown field"],
)
async def test_a_malformed_signal_is_kept_as_refused_and_blocks_nothing(
    server: WorkflowEnvironment, boards: Boards, args: list[Any]
) -> None:
    async with boards(server) as board:
        reference = f"MALFORMED-{next(_numbers)}"
        handle = await board.open(reference)
        await handle.signal("note_added", args=args)
        await handle.signal("no_such_step", args=args)
        assert await board.record(reference, "note_added", "proper", **NOTE)
        refused = [e for e in (await board.state(reference)).record if e["name"] == "step_refused"]
        assert refused and all(entry["body"]["reason"] for entry in refused)


async def test_a_request_to_cancel_is_kept_and_survived(server: WorkflowEnvironment, boards: Boards) -> None:
    async with boards(server) as board:
        handle = await board.open("CANCEL-1")
        await handle.cancel()
        await until(lambda: _has(board, "CANCEL-1", "cancel_requested"))
        await handle.cancel()
        assert await board.record("CANCEL-1", "note_added", "after", **NOTE)
        assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
        assert any("cancel" in remark for remark in (await board.shown("CANCEL-1"))["remarks"])


async def test_a_run_continues_as_new_with_everything_and_loses_no_step(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        handle = await board.open("LONG-1")
        first = (await handle.describe()).run_id
        for batch in range(12):
            names = [f"note-{batch}-{n}" for n in range(5)]
            await asyncio.gather(*(board.record("LONG-1", "note_added", name, **NOTE) for name in names))
        assert (await handle.describe()).run_id != first
        record = (await board.state("LONG-1")).record
        notes = [entry["id"] for entry in record if entry["name"] == "note_added"]
        assert sorted(notes) == sorted(f"note-{batch}-{n}" for batch in range(12) for n in range(5))
        stored = await read_file(board.parts.register, "LONG-1")
        assert stored is not None and len(stored.entries) == len(record)
        assert {d["deadline"] for d in (await board.shown("LONG-1"))["deadlines"]} >= {"decision", "notify_panel"}


async def test_without_a_cache_every_task_is_a_replay_and_nothing_changes(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server, cache_megabytes=0) as board:
        await board.open("REPLAY-1", days_ago=20)
        await board.record("REPLAY-1", "notified_panel", "panel")
        await board.record(
            "REPLAY-1", "decision", "decision", choice="SCR, criteria met", decided_by="chair", reasons="Met."
        )
        await until(lambda: _quiet(board, "REPLAY-1"))
        assert {letter["notice"] for letter in (await board.shown("REPLAY-1"))["letters"]} >= {
            "decision:decision:ofsted",
            "decision:decision:dfe",
            "decision:decision:national_panel",
        }


async def test_steps_sent_while_no_worker_runs_are_taken_when_one_comes_back(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        await board.open("WAIT-1")
    async with boards(server, worker=False) as other:
        waiting = CaseClient(
            other.client, board.parts.register, board.parts.surroundings, board.parts.settings.task_queue
        )
        sent = asyncio.create_task(waiting.record("WAIT-1", "note_added", board.body("while-away", **NOTE)))
        await waiting.handle("WAIT-1").signal("note_added", board.body("signalled-while-away", **NOTE))
        async with other.parts.worker(other.client, task_queue=board.parts.settings.task_queue):
            assert await sent
            names = [entry["id"] for entry in (await waiting.state("WAIT-1")).record]
            assert {"while-away", "signalled-while-away"} <= set(names)


async def test_the_web_page_shows_reference_stage_and_deadlines_and_nothing_of_the_child(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        handle = await board.open("PAGE-1", days_ago=40, summary="A private account of what happened.")
        await until(lambda: _quiet(board, "PAGE-1"))
        description = await handle.describe()
        attributes = {pair.key.name: pair.value for pair in description.typed_search_attributes}
        assert attributes["CaseReference"] == "PAGE-1" and attributes["CaseStage"] == "deciding"
        assert attributes["Overdue"] >= 1 and attributes["NextDeadline"] is not None
        metadata: Any = await handle.query("__temporal_workflow_metadata")
        shown = str(metadata) + json.dumps(attributes, default=str)
        history = await handle.fetch_history()
        summaries = [
            event.user_metadata.summary.data.decode() for event in history.events if event.HasField("user_metadata")
        ]
        assert any("2.2b" in summary for summary in summaries)
        shown += "".join(summaries) + str(await description.static_summary()) + str(await description.static_details())
        assert "PAGE-1" in shown and "Chair's decision" in shown
        for private in ("child-one", "2015-01-31", "private account"):
            assert private not in shown


async def test_what_a_run_holds_is_the_file_with_its_duties_and_what_may_be_recorded_next(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        await board.open("QUERY-1")
        file = await board.shown("QUERY-1")
        assert file["finding"]["held"] == "met" and file["stage"] == "deciding"
        duties = {duty["deadline"]: duty for duty in (await board.shown("QUERY-1"))["deadlines"]}
        assert duties["decision"]["status"] == "open" and "1 calendar month from" in duties["decision"]["counted"]
        following = {step["step"]: step["why_not"] for step in (await board.shown("QUERY-1"))["next"]}
        assert following["decision"] == [] and following["publication_fixed"][0]["rule"]


async def test_a_terminated_file_is_found_and_started_again_from_the_register(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        handle = await board.open("GONE-1")
        await board.record("GONE-1", "note_added", "before", **NOTE)
        await until(lambda: _quiet(board, "GONE-1"))
        before = await board.state("GONE-1")
        await handle.terminate("by accident")
        lost = Behind("GONE-1", before.revision + 1, datetime.now(UTC), "The register was away.")
        await board.parts.register.change(lambda connection: note(connection, lost))
        recheck = Recheck(board.cases, board.parts)
        shown = [found async for found in recheck.files(None, apply=False)]
        assert await behind_of(board.parts.register, "GONE-1") == lost
        assert [(found["reference"], found["would"]) for found in shown] == [("GONE-1", [{"what": "started_again"}])]
        assert not await board.cases.is_running("GONE-1")
        assert [found["applied"] async for found in recheck.files("GONE-1", apply=True)] == [True]
        assert await behind_of(board.parts.register, "GONE-1") is None
        assert await board.record("GONE-1", "note_added", "after", **NOTE)
        after = await board.state("GONE-1")
        assert [e["id"] for e in after.record] == [*(e["id"] for e in before.record), "after"]
        assert len(after.events) == len(before.events) + 1
        assert set(after.standing["deadlines"]) == set(before.standing["deadlines"])


async def test_an_older_copy_of_the_register_is_noticed_and_written_again_from_the_workflows(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        await board.open("COPY-1")
        await board.open("COPY-2")
        for reference in ("COPY-1", "COPY-2"):
            await until(lambda which=reference: _quiet(board, which))
        database = str(board.parts.register.url.database)
        with closing(sqlite3.connect(":memory:")) as copy:
            with closing(sqlite3.connect(database)) as register:
                register.backup(copy)
            await board.record("COPY-2", "merged_into", "merged", reference="COPY-1", reason="The same incident.")
            await board.open("COPY-3")
            async with asyncio.timeout(20):
                await board.cases.handle("COPY-2").result()
            await until(lambda: _has(board, "COPY-1", "merged_from"))
            await board.record("COPY-1", "note_added", "after", **NOTE)
            await board.parts.register.close()
            with closing(sqlite3.connect(database)) as register:
                copy.backup(register)
        recheck = Recheck(board.cases, board.parts)
        again = [{"what": "written_again"}]

        async def noticed() -> bool:
            found = {one["reference"]: one["would"] async for one in recheck.files(None, apply=False)}
            return found == {"COPY-1": again, "COPY-2": again, "COPY-3": again}

        await until(noticed)
        assert all([found["applied"] async for found in recheck.files(None, apply=True)])
        assert [found["would"] async for found in recheck.files(None, apply=False)] == [[], []]
        stored = await read_file(board.parts.register, "COPY-1")
        assert stored is not None and stored.entries[-1].id == "after"
        ended = await read_file(board.parts.register, "COPY-2")
        assert ended is not None and ended.stage == "closed"
        assert await read_archive(board.parts.register, "COPY-2") is not None


async def test_a_file_that_has_ended_is_archived_and_reopened_with_all_its_steps(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        handle = await board.open("END-1", concern_about_joint_working="no")
        await _ended(board, "END-1")
        assert await handle.result() == "closed"
        archived = await read_archive(board.parts.register, "END-1")
        assert (
            archived is not None
            and archived.history is not None
            and b"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED" in archived.history
        )
        with pytest.raises(Refused) as error:
            await board.record("END-1", "note_added", "too-late", **NOTE)
        assert "reopen" in error.value.refusal.reason
        assert await board.record("END-1", "reopened", "again", reason="Something came up.")
        assert await board.record("END-1", "note_added", "in-time", **NOTE)
        names = await board.names("END-1")
        assert names[:2] == ["opened", "rulebook_pinned"] and names[-1] == "note_added"
        assert {"merged_into", "reopened"} <= set(names)


@pytest.mark.rule("1.1")
async def test_merging_hands_the_earlier_notification_to_the_other_file(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        await board.open("EARLIER-1", days_ago=6)
        await board.open("LATER-1", days_ago=1)
        before = (await board.state("LATER-1")).standing["deadlines"]["decision"]["due"]
        await board.record("EARLIER-1", "merged_into", "merged", reference="LATER-1", reason="The same incident.")
        await until(lambda: _has(board, "LATER-1", "merged_from"))
        after = (await board.state("LATER-1")).standing["deadlines"]["decision"]["due"]
        assert after < before


async def test_while_the_register_is_away_steps_are_answered_and_it_catches_up_by_itself(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        await board.open("AWAY-1")
        path = board.parts.settings.data_dir / "register.sqlite"
        locked = await asyncio.create_subprocess_exec(
            "python3",
            "-c",
            "import sqlite3, sys; file = sqlite3.connect(sys.argv[1]); file.execute('BEGIN EXCLUSIVE'); "
            "print('locked', flush=True); input()",
            str(path),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert locked.stdout is not None and await locked.stdout.readline() == b"locked\n"
        answer = await board.record("AWAY-1", "note_added", "while-away", **NOTE)
        assert not answer.listed
        state = await board.state("AWAY-1")
        assert state.written < state.revision
        await locked.communicate(b"\n")
        await until(lambda: _stored(board, "AWAY-1", "while-away"), patience=40)


@pytest.mark.rule("2.2b")
async def test_a_deadline_passes_at_midnight_and_escalates_at_eight_in_london(
    skipping: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(skipping) as board:
        handle = await board.open("VIRTUAL-1")
        due = (await board.state("VIRTUAL-1")).standing["deadlines"]["decision"]["due"]
        start = board.cases.now()
        await skip_to(skipping, handle, start + timedelta(days=40))
        events = (await board.state("VIRTUAL-1")).events
        passed = [e["at"] for e in events if e["what"] == "deadline_passed" and e["deadline"] == "decision"]
        escalated = [e["at"] for e in events if e["what"] == "escalated" and e["deadline"] == "decision"]
        assert len(passed) == 1 and passed[0] > due and passed[0].endswith(("T00:00:00Z", "T23:00:00Z"))
        assert escalated[0].endswith(("T08:00:00Z", "T07:00:00Z"))
        assert any("overdue" in mail.subject and "chair@board.example" in mail.recipients for mail in board.sent())


async def test_a_deadline_moved_while_the_worker_was_away_is_not_escalated(
    skipping: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(skipping, worker=False) as board:
        async with board.parts.worker(board.client):
            handle = await board.open("MOVED-1")
            await board.record("MOVED-1", "review_recommended", "r", recommends="SCR, criteria met", reasons="Met.")
            key = "files_secured:hill-school"
            due = (await board.state("MOVED-1")).standing["deadlines"][key]["due"]
            await until_quiet(handle)
        later = (board.cases.now() + timedelta(days=30)).date().isoformat()
        moved = board.body("moved", deadline=key, new_due=later, reason="The school is closed for the holidays.")
        await handle.signal("deadline_extended", moved)
        async with asyncio.timeout(60):
            skipped = asyncio.create_task(skipping.fast_forward(handle, timedelta(days=12)))
            async with board.parts.worker(board.client):
                await skipped
                await until_quiet(handle)
                events = (await board.state("MOVED-1")).events
        assert any(e["what"] == "deadline_moved" and e["deadline"] == key and e["old_due"] == due for e in events)
        assert not [e for e in events if e["what"] in ("escalated", "deadline_passed") and e.get("deadline") == key]


async def test_a_file_that_was_opened_is_never_begun_again_from_nothing(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        for reference, end in (("BEGUN-1", False), ("BEGUN-2", True)):
            handle = await board.open(reference)
            await board.record(reference, "note_added", "kept", **NOTE)
            await until(lambda which=reference: _quiet(board, which))
            await (_ended(board, reference) if end else handle.terminate("by accident"))
            before = await read_file(board.parts.register, reference)
            await board.open(reference)
            assert await read_file(board.parts.register, reference) == before
            assert not await board.cases.is_running(reference)


async def test_a_reopened_file_whose_run_is_lost_is_not_taken_back_to_its_archive(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        await board.open("AGAIN-1")
        await _ended(board, "AGAIN-1")
        await board.record("AGAIN-1", "reopened", "again", reason="Something came up.")
        await board.record("AGAIN-1", "note_added", "since", **NOTE)
        await until(lambda: _quiet(board, "AGAIN-1"))
        await board.cases.handle("AGAIN-1").terminate("by accident")
        with pytest.raises(LostRunError):
            await board.record("AGAIN-1", "reopened", "once-more", reason="Nothing answers.")
        recheck = Recheck(board.cases, board.parts)
        assert [found["applied"] async for found in recheck.files("AGAIN-1", apply=True)] == [True]
        assert "since" in [entry["id"] for entry in (await board.state("AGAIN-1")).record]


async def test_a_refused_first_step_of_a_reopened_file_is_kept_and_answered_each_time_it_is_sent(
    server: WorkflowEnvironment, boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with boards(server) as board:
        await board.open("FIRST-1")
        await _ended(board, "FIRST-1")
        with monkeypatch.context() as unaware:
            # Whoever sends it does not see yet what the file's worker sees.
            unaware.setattr("running.case_client.why_not", lambda *_: None)
            for times in (1, 2):
                with pytest.raises(Refused, match="ended"):
                    await board.record("FIRST-1", "note_added", "first", **NOTE)
                async with asyncio.timeout(20):
                    assert await board.cases.handle("FIRST-1").result() == "closed"
                record = (await board.state("FIRST-1")).record
                assert [entry["body"]["id"] for entry in record if entry["name"] == "step_refused"] == ["first"] * times
        assert (await board.record("FIRST-1", "reopened", "first", reason="Something came up.")).id == "first"
        assert "first" in [entry["id"] for entry in (await board.state("FIRST-1")).record]
        await board.record("FIRST-1", "note_added", "second", **NOTE)


async def test_what_only_a_terminated_run_knows_is_asked_before_it_is_started_again(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        handle = await board.open("BEHIND-1")
        await until(lambda: _quiet(board, "BEHIND-1"))
        with closing(sqlite3.connect(str(board.parts.register.url.database), isolation_level=None)) as locked:
            locked.execute("BEGIN IMMEDIATE")
            assert await board.record("BEHIND-1", "note_added", "acknowledged", **NOTE)
            await handle.terminate("by accident")
        assert not await _stored(board, "BEHIND-1", "acknowledged")
        recheck = Recheck(board.cases, board.parts)
        assert [found["applied"] async for found in recheck.files("BEHIND-1", apply=True)] == [True]
        assert "acknowledged" in [entry["id"] for entry in (await board.state("BEHIND-1")).record]


@pytest.mark.rule("2.3b")
async def test_what_was_asked_of_a_file_that_has_ended_survives_the_loss_of_its_run(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        await board.open("ASKED-1", days_ago=3)
        await _ended(board, "ASKED-1")
        asked = {"request": "r1", "wants": "information", "details": "Send it."}
        await board.record("ASKED-1", "panel_requested", "asked", **asked)
        await until(lambda: _quiet(board, "ASKED-1"))
        await board.cases.handle("ASKED-1").terminate("by accident")
        recheck = Recheck(board.cases, board.parts)
        assert "ASKED-1" in [found["reference"] async for found in recheck.files(None, apply=True)]
        answered = await board.record("ASKED-1", "panel_request_answered", "sent", request="r1", answer="Sent.")
        assert answered


async def test_an_activity_that_is_ended_from_outside_fails_no_file(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        handle = await board.open("ENDED-1")
        await until(lambda: _quiet(board, "ENDED-1"))
        with closing(sqlite3.connect(str(board.parts.register.url.database), isolation_level=None)) as locked:
            locked.execute("BEGIN IMMEDIATE")
            assert await board.record("ENDED-1", "note_added", "kept", **NOTE)

            async def failed() -> bool:
                pending = (await handle.describe()).raw_description.pending_activities
                for found in pending:
                    outside = board.client.get_async_activity_handle(
                        workflow_id="ENDED-1", run_id=None, activity_id=found.activity_id
                    )
                    with suppress(RPCError):
                        await outside.fail(ApplicationError("somebody stopped it", non_retryable=True))
                        return True
                return False

            await until(failed)
            await until(lambda: _event(handle, EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED))
        assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
        assert await board.record("ENDED-1", "note_added", "after", **NOTE)
        # Written with that step, or behind it when the machine is busy.
        await until(lambda: _stored(board, "ENDED-1", "kept"), patience=40)


async def test_a_fault_in_a_check_is_no_refusal(
    server: WorkflowEnvironment, boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(*_: Any) -> Any:
        raise KeyError("a child")

    async with boards(server) as board:
        await board.open("FAULT-1")
        monkeypatch.setattr(STEPS["note_added"], "check", check)
        with pytest.raises(SystemFaultError, match=r"a fault of the system, not of the step\. Tell operations"):
            await board.record("FAULT-1", "note_added", "unlucky", **NOTE)
        monkeypatch.undo()
        assert await board.record("FAULT-1", "note_added", "unlucky", **NOTE)


async def test_a_file_that_is_told_twice_at_once_hears_both(
    server: WorkflowEnvironment, boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, gate = list[str](), asyncio.Event()

    @activity.defn(name="tell_file")
    async def slow(_: Any, message: dict[str, Any]) -> dict[str, Any]:
        await gate.wait()
        told.append(message["body"]["id"])
        return {"delivered": True}

    monkeypatch.setattr(FilingActivities, "tell_file", slow)
    async with boards(server) as board:
        handle = await board.open("TOLD-1")
        for id in ("first", "second"):
            await board.record(
                "TOLD-1", "merged_into", f"merged-{id}", reference="OTHER-1", reason="The same incident."
            )
            if id == "first":
                await board.record("TOLD-1", "reopened", "again", reason="It was not the same.")
        gate.set()
        assert await handle.result() == "closed"
        assert len(set(told)) == 2


async def test_a_step_that_ended_a_file_is_recorded_once_also_when_temporal_has_forgotten_its_run(
    server: WorkflowEnvironment, skipping: WorkflowEnvironment, boards: Boards
) -> None:
    async with boards(server) as board:
        await board.open("ONCE-1")
        merged = await _ended(board, "ONCE-1")
        parts = board.parts
        elsewhere = CaseClient(skipping.client, parts.register, parts.surroundings, parts.settings.task_queue)
        assert await elsewhere.record("ONCE-1", "merged_into", merged)
        assert not await elsewhere.is_running("ONCE-1")


async def test_a_register_that_is_away_for_a_moment_after_a_letter_was_accepted_sends_none_twice(
    server: WorkflowEnvironment, boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = deliveries.accepted, list[str]()

    async def accepted(register: Register, letter: deliveries.Letter, *, now: datetime) -> None:
        tries.append(letter.notice_key)
        if tries.count(letter.notice_key) == 1:
            raise RegisterUnavailable("It is away for a moment.")
        await real(register, letter, now=now)

    monkeypatch.setattr(deliveries, "accepted", accepted)
    async with boards(server) as board:
        await board.open("BLINK-1", days_ago=9)
        await until(lambda: _quiet(board, "BLINK-1"))
        sent = [str(mail.message["Message-ID"]) for mail in board.sent()]
        assert sent and len(set(sent)) == len(sent) == len(set(tries)) and len(tries) == 2 * len(sent)


async def _event(handle: WorkflowHandle[Any, Any], kind: EventType.ValueType) -> bool:
    return any(event.event_type == kind for event in (await handle.fetch_history()).events)


async def _ended(board: Board, reference: str) -> dict[str, Any]:
    """Ends a file by merging it into another; the body that was sent."""
    await board.open(f"{reference}-OTHER")
    body = board.body(f"merged-{reference}", reference=f"{reference}-OTHER", reason="The same incident.")
    await board.cases.record(reference, "merged_into", body)
    async with asyncio.timeout(20):
        await board.cases.handle(reference).result()
    return body


async def _has(board: Board, reference: str, name: str) -> bool:
    return name in await board.names(reference)


async def _stored(board: Board, reference: str, id: str) -> bool:
    stored = await read_file(board.parts.register, reference)
    return stored is not None and any(entry.id == id for entry in stored.entries)


async def _quiet(board: Board, reference: str) -> bool:
    return await until_quiet(board.cases.handle(reference)) is not None
