"""A storm: hundreds of letters at once, and a mail server that takes its time. Whoever records a step notices none."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from temporalio import workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from models.contract import letters_queue
from models.letter import LetterToSend
from register.files.deliveries import deliveries_of
from running.system import MAIL_CONNECTIONS

from .conftest import Boards

LETTERS = 300


@dataclass
class Relay:
    """A mail server that takes no letter before it is told to.

    Arguments:
        full: set once as many connections wait as there may be.
    """

    open: asyncio.Event = field(default_factory=asyncio.Event)
    full: asyncio.Event = field(default_factory=asyncio.Event)
    connected: int = 0
    most: int = 0
    taken: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Takes a letter, in its own time."""
        await self.open.wait()
        self.taken.append(str(message_from_bytes(envelope.original_content or b"")["Message-ID"]))
        return "250 OK"


class Connection(SMTP):
    """One connection, which is counted while it lasts."""

    event_handler: Relay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Counts it."""
        relay = self.event_handler
        relay.connected += 1
        relay.most = max(relay.most, relay.connected)
        if relay.connected >= MAIL_CONNECTIONS:
            relay.full.set()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Counts it no more."""
        self.event_handler.connected -= 1
        super().connection_lost(error)


@workflow.defn(sandboxed=False)
class Storm:
    """Sends all letters of a board at once, as its files would at eight in the morning."""

    @workflow.run
    async def run(self, queue: str, file: dict[str, Any], letters: list[dict[str, Any]]) -> list[bool]:
        """Whether each was taken."""
        sent = [
            workflow.execute_activity(
                "send_letter", args=[file, letter], task_queue=queue, start_to_close_timeout=timedelta(minutes=3)
            )
            for letter in letters
        ]
        return [one["accepted"] for one in await asyncio.gather(*sent)]


async def test_a_storm_of_letters_has_a_few_connections_and_holds_up_nobody(
    server: WorkflowEnvironment, boards: Boards
) -> None:
    relay = Relay()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: Connection(relay, hostname="mail.example", loop=loop), "127.0.0.1", 0)
    async with listening, boards(server, worker=False) as board:
        settings = board.parts.settings.model_copy(update={"smtp_port": listening.sockets[0].getsockname()[1]})
        parts, queue = replace(board.parts, settings=settings), settings.task_queue
        letters = [
            LetterToSend(
                f"storm:{n}", 1, "", "review_withdrawn", "The review is withdrawn", "chair", "scr-2015"
            ).plain()
            for n in range(LETTERS)
        ]
        async with parts.worker(board.client), Worker(board.client, task_queue=f"{queue}-storm", workflows=[Storm]):
            storm = await board.client.start_workflow(
                Storm.run,
                args=[letters_queue(queue), {"reference": "STORM-1"}, letters],
                id=f"{queue}-storm",
                task_queue=f"{queue}-storm",
            )
            async with asyncio.timeout(30):
                await relay.full.wait()

            # The mail server is silent, and every letter waits for it.
            began = loop.time()
            await board.open("STORM-1")
            recommended = {"recommends": "SCR, criteria met", "reasons": "Met."}
            recorded = await board.record("STORM-1", "review_recommended", "meanwhile", **recommended)
            assert recorded.listed and loop.time() - began < 10
            description = await board.cases.handle("STORM-1").describe()
            waiting = description.raw_description.pending_activities
            assert {one.activity_type.name for one in waiting} == {"send_letter"}
            assert {one.activity_options.task_queue.name for one in waiting} == {letters_queue(queue)}
            assert relay.taken == []

            relay.open.set()
            async with asyncio.timeout(120):
                assert await storm.result() == [True] * LETTERS
        assert relay.most == MAIL_CONNECTIONS
        assert set(Counter(relay.taken).values()) == {1}
        done = await deliveries_of(parts.register, "STORM-1")
        stormy = [one for one in done if one.notice_key.startswith("storm:")]
        assert len(stormy) == LETTERS and {(one.status, one.attempts) for one in stormy} == {("accepted", 1)}
