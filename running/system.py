"""The parts of a running system, put together from settings: register, documents, activities, worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parseaddr
from functools import cached_property
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from activities.consider import CoreActivities
from activities.filing import FilingActivities
from activities.mail.compose import Templates
from activities.mail.smtp import Relay
from activities.sending import SendingActivities
from activities.weekly import WeeklyActivities
from models import references
from models.contract import letters_queue
from models.regimes import build_steps
from models.rulebook import Rulebook
from register.documents.store import DocumentStore
from register.engine import Register
from register.files.behind import BehindNotes
from register.surroundings import FRESH_SECONDS, SurroundingsReader
from running.rulebooks import plain_shelf, read_shelf
from running.secrets import pages_secret
from running.settings import Settings
from running.temporal import make_worker
from workflows.incident import IncidentWorkflow
from workflows.weekly import WeeklyListWorkflow

MAIL_CONNECTIONS = 5
"""How many connections to the mail server a worker has at once: each letter under way has one."""

WORKFLOWS = [IncidentWorkflow, WeeklyListWorkflow]


@dataclass(frozen=True)
class System:
    """What worker and command line share.

    Arguments:
        settings: all of them.
        register: open until the system is closed.
        documents: the document store.
        behind: notes the files that the register is behind with.
        rulebooks: the shelf, by name.
    """

    settings: Settings
    register: Register
    documents: DocumentStore
    behind: BehindNotes
    rulebooks: dict[str, Rulebook]

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook of files that are opened from now on."""
        return self.rulebooks[self.settings.rulebook]

    @cached_property
    def surroundings(self) -> SurroundingsReader:
        """What is around every file, for all that derives dates in this process."""
        return SurroundingsReader(self.register, plain_shelf(self.rulebooks.values()))

    def activities_for_files(self, client: Client) -> list[Callable[..., Any]]:
        """What files have done, their letters left out."""
        core = CoreActivities(self.surroundings)
        filing = FilingActivities(self.register, client, self.surroundings, self.behind)
        return [
            core.consider,
            filing.write_register,
            filing.archive,
            filing.tell_file,
            self._weekly.weekly_recipients,
        ]

    def activities_for_letters(self, client: Client) -> list[Callable[..., Any]]:
        """All that speaks to the mail server."""
        sending = SendingActivities(
            self.register,
            client,
            self.documents,
            relay_of(self.settings),
            Templates(),
            parseaddr(self.settings.mail_from)[1],
            self.settings.public_url,
            # Without an address of the pages there are no links to sign.
            pages_secret(self.settings) if self.settings.public_url else b"",
        )
        return [sending.send_letter, self._weekly.send_weekly_list]

    @cached_property
    def _weekly(self) -> WeeklyActivities:
        return WeeklyActivities(
            self.register,
            self.surroundings,
            relay_of(self.settings),
            Templates(),
            parseaddr(self.settings.mail_from)[1],
            self.settings.public_url,
        )

    @asynccontextmanager
    async def worker(self, client: Client, **options: Any) -> AsyncIterator[tuple[Worker, Worker]]:
        """A worker that runs while the block does; see :func:`running.temporal.make_worker` for the options.

        It is two: letters wait for one of a few connections to the mail server on a task queue of their own, in
        Temporal, where they hold nothing and are claimed by nobody. Files and the register never wait for them.

        What is around every file is read before it starts, and then again and again: its validators, which can read
        nothing themselves, look at what was read last.

        Raises:
            RegisterUnavailable: no answer in time.
        """
        build_steps()
        files = make_worker(client, self.settings, WORKFLOWS, self.activities_for_files(client), **options)
        options |= {"task_queue": letters_queue(files.task_queue), "max_concurrent_activities": MAIL_CONNECTIONS}
        letters = make_worker(client, self.settings, [], self.activities_for_letters(client), **options)
        queue = (client.namespace, files.task_queue)
        self.surroundings.queues.add(queue)
        await self.surroundings.refresh()
        reading = asyncio.create_task(self._keep_reading())
        try:
            async with letters, files:
                try:
                    yield letters, files
                finally:  # together: each gives what is under way its grace
                    await asyncio.gather(files.shutdown(), letters.shutdown())
        finally:
            reading.cancel()
            self.surroundings.queues.discard(queue)
            references.surroundings.pop(queue, None)

    async def _keep_reading(self) -> None:
        while True:
            await asyncio.sleep(FRESH_SECONDS)
            await self.surroundings.latest(anew=True)


def relay_of(settings: Settings) -> Relay:
    """The mail server that the settings name."""
    password = settings.smtp_password
    return Relay(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        username=settings.smtp_username,
        password=password.get_secret_value() if password else None,
        ca_file=str(settings.smtp_ca_file) if settings.smtp_ca_file else None,
        timeout_seconds=settings.smtp_timeout,
    )


@asynccontextmanager
async def system(settings: Settings) -> AsyncIterator[System]:
    """The system's parts while the block runs.

    Raises:
        RulebookError: a rulebook on the shelf has a mistake.
    """
    async with Register(settings.register_url) as register, BehindNotes(register) as behind:
        documents = DocumentStore(settings.documents_dir, register, settings.document_max_bytes)
        yield System(settings, register, documents, behind, read_shelf(settings.rulebooks_dir))
