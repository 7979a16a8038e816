"""The core as a local activity: its answer stays in the workflow's history. It writes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from temporalio import activity

from models import references
from models.consider import consider, plain_changes
from models.contract import Question, letters_queue
from models.world import Surroundings
from register.surroundings import SurroundingsReader


@dataclass
class CoreActivities:
    """Asks the core, with what it must be told of the world."""

    surroundings: SurroundingsReader

    @activity.defn(name="consider")
    async def consider(self, reference: str) -> dict[str, Any]:
        """What the shell is to change; see :func:`models.consider.consider`.

        Arguments:
            reference: of the question: it is answered in the process that asks it.

        Raises:
            UnknownReferenceError: whoever asked is gone. The workflow task fails, and asks anew.
            SurroundingsUnknown: this process has never read what it must know of the world, and answers nothing.
        """
        question: Question = references.fetch(reference)
        # Whoever asks a file again has just changed something: an extra holiday, say.
        anew = any(one.kind == "reassess" for one in question.incoming)
        changes = await asyncio.to_thread(plain_answer, question, await self.surroundings.latest(anew=anew))
        for work in changes.get("work", ()):
            # What is to be done is the core's to say; where it is done, this process knows.
            if work["activity"] == "send_letter":
                work["queue"] = letters_queue(activity.info().task_queue)
        return changes


def plain_answer(question: Question, surroundings: Surroundings) -> dict[str, Any]:
    """The core's answer as it stands in history; whatever goes wrong in it is an error that a thread can hand on."""
    try:
        return plain_changes(consider(question, surroundings))
    except StopIteration as fault:
        # No future can be given it: whoever waits for the thread would wait for ever, and nobody would hear why.
        raise RuntimeError("the core has looked for what is not there") from fault
