"""Replays the histories of the open files of a running system with the code at hand: before an upgrade."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio.client import Client

from running.case_client import CaseClient
from running.system import WORKFLOWS
from running.temporal import make_replayer


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one file's history.

    Arguments:
        reference: the file's.
        events: how many events its open run has.
        fault: why it would stand still under this code; empty when it would not.
    """

    reference: str
    events: int
    fault: str


async def replay_open_files(client: Client, cases: CaseClient, only: str | None = None) -> AsyncIterator[Replayed]:
    """Replays each open file; changes nothing, neither in Temporal nor in the register.

    Arguments:
        client: of the running system's Temporal.
        cases: its files.
        only: one file's reference; None for every open one.
    """
    replayer = make_replayer(WORKFLOWS)
    for reference in [only] if only else await cases.cluster.running():
        history = await client.get_workflow_handle(reference).fetch_history()
        replayed = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        failure = replayed.replay_failure
        # The error's text may quote what is on the file; its first line says which event, and what the code did.
        fault = f"{type(failure).__name__}: {str(failure).partition(chr(10))[0][:300]}" if failure else ""
        yield Replayed(reference, len(history.events), fault)
