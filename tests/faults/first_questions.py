"""Asks a file several questions, each in a fresh process with a worker that nobody has asked anything yet.

``python -m tests.faults.first_questions QUESTIONS``: a JSON list of ``[reference, kind, name, arguments]``, where the
kind is ``query`` or ``update``. Settings are the environment's. Prints a JSON object for each: what came of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from temporalio.client import WorkflowQueryFailedError

import worker
from models.record import Refused
from running.case_client import CaseClient, UnansweredError
from running.settings import load_settings
from running.system import system
from running.temporal import connect

assert worker  # all that a worker loads when it starts


async def ask(reference: str, kind: str, name: str, argument: Any) -> str:
    """What came of one question: ``answered``, ``recorded``, ``refused`` and why, or the fault."""
    settings = load_settings()
    async with system(settings) as parts:
        client = await connect(settings)
        cases = CaseClient(client, parts.register, parts.surroundings, settings.task_queue)
        async with parts.worker(client):
            try:
                if kind == "query":
                    handle = cases.handle(reference)
                    await handle.query(name, args=argument or [])
                    return "answered"
                await cases.record(reference, name, argument)
            except Refused as refused:
                return f"refused: {refused.refusal.reason}"
            except (WorkflowQueryFailedError, UnansweredError) as error:
                return f"fault: {error}"
            return "recorded"


def main(questions: list[Any]) -> None:
    """One process after another: what one of them loads, the next has not."""
    for question in questions:
        sys.stdout.flush()
        if os.fork() == 0:
            print(json.dumps(asyncio.run(ask(*question))))
            sys.stdout.flush()
            os._exit(0)
        os.wait()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
