"""The parts of a running system, put together from settings: register, documents, activities, worker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from activities.core import CoreActivities
from activities.database import Register
from activities.directory import Known, NoDirectory, latest_directory
from activities.documents import DocumentStore
from activities.filing import FilingActivities
from activities.letters import Templates
from activities.mail import Relay
from activities.sending import SendingActivities
from activities.weekly import WeeklyActivities
from models.rulebook import Rulebook
from running.secrets import pages_secret
from running.settings import Settings
from running.shelf import read_shelf
from running.temporal import make_worker
from workflows.incident import IncidentWorkflow
from workflows.weekly import WeeklyListWorkflow

WORKFLOWS = [IncidentWorkflow, WeeklyListWorkflow]


@dataclass(frozen=True)
class System:
    """What worker and command line share.

    Arguments:
        settings: all of them.
        register: open until the system is closed.
        documents: the document store.
        rulebooks: the shelf, by name.
    """

    settings: Settings
    register: Register
    documents: DocumentStore
    rulebooks: dict[str, Rulebook]

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook of files that are opened from now on."""
        return self.rulebooks[self.settings.rulebook]

    async def known_directory(self) -> Known | None:
        """The directory for a worker that starts, to go on with should the register be away later.

        Raises:
            RegisterAway: no answer in time.
        """
        try:
            return await latest_directory(self.register, None)
        except NoDirectory:
            return None

    def activities(self, client: Client, known: Known | None = None) -> list[Callable[..., Any]]:
        """Every activity, ready for a worker.

        Arguments:
            client: of Temporal.
            known: from :meth:`known_directory`; None to read the directory when it is first needed.
        """
        shelf = {name: rulebook.model_dump(mode="json") for name, rulebook in self.rulebooks.items()}
        core = CoreActivities(self.register, shelf, self.settings.extra_holidays, known)
        filing = FilingActivities(self.register, client, self.settings.extra_holidays)
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
        weekly = WeeklyActivities(
            self.register,
            relay_of(self.settings),
            Templates(),
            parseaddr(self.settings.mail_from)[1],
            self.settings.public_url,
            self.settings.extra_holidays,
        )
        return [
            core.consider,
            sending.send_letter,
            filing.write_register,
            filing.archive,
            filing.tell_file,
            weekly.weekly_recipients,
            weekly.send_weekly_list,
        ]

    def worker(self, client: Client, known: Known | None = None, **options: Any) -> Worker:
        """A worker, not yet running; see :meth:`activities` and :func:`running.temporal.make_worker`."""
        return make_worker(client, self.settings, WORKFLOWS, self.activities(client, known), **options)


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
    async with Register(settings.register_url) as register:
        documents = DocumentStore(settings.documents_dir, register, settings.document_max_bytes)
        yield System(settings, register, documents, read_shelf(settings.rulebooks_dir))
