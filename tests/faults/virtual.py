"""A file in virtual time: opened on a day that has passed, and taken through its days by a test."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from models.contract import State
from models.days import LONDON
from register.files.deliveries import Delivery, deliveries_of
from running.rehearsals.time_skipping import skip_to, until_quiet

from .mail_server import MailServer
from .whole import Whole, as_projected, offset_to, rulebook

DIED: dict[str, Any] = {
    "id": "child-1",
    "born_on": "2012-03-04",
    "outcome": "died",
    "died_on": "2018-08-30",
    "abuse_or_neglect": "suspected",
    "custody": "none",
    "detained_under_mental_health_act": "no",
    "deprived_of_liberty": "no",
    "residence": "Hertfordshire",
}
"""A child whose death meets the first limb of the criteria. Made up."""


def incident(aware_on: str = "2018-09-03", notified_on: str = "2018-09-05") -> dict[str, Any]:
    """An incident at one organisation. Made up."""
    return {
        "children": [DIED],
        "aware_on": aware_on,
        "notified_on": notified_on,
        "concern_about_joint_working": "yes",
        "organisations": [{"id": "exampleshire-hospital", "name": "Exampleshire Hospital Trust"}],
    }


def morning(day: str | date, at: time = time(9)) -> datetime:
    """A time in London on a day, 09:00 unless told otherwise, in UTC: in London's, sums would be of wall clocks."""
    return datetime.combine(date.fromisoformat(str(day)), at, LONDON).astimezone(UTC)


@dataclass
class File:
    """One file of a system in virtual time."""

    virtual: Virtual
    reference: str
    offset: timedelta
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """Its workflow."""
        return self.virtual.whole.cases().handle(self.reference)

    def body(self, on: str | date, **fields: Any) -> dict[str, Any]:
        """A step's body, with an id of its own."""
        usual = {"id": f"step-{next(self._numbers)}", "recorded_by": "coordinator", "happened_on": str(on)}
        return usual | fields

    async def record(self, name: str, on: str | date, **fields: Any) -> dict[str, Any]:
        """Records a step, as a page or the command line does; the body that was sent."""
        body = self.body(on, **fields)
        await self.virtual.whole.cases(self.offset).record(self.reference, name, body)
        return body

    async def signal(self, name: str, on: str | date, **fields: Any) -> dict[str, Any]:
        """Sends a step as a signal, and waits for nothing; the body that was sent."""
        body = self.body(on, **fields)
        await self.handle.signal(name, body)
        return body

    async def now(self) -> datetime:
        """Business time."""
        return await self.virtual.env.get_current_time(self.handle) + self.offset

    async def until(self, day: str | date, at: time = time(9)) -> None:
        """Lets time pass, with everything due until then done and nothing under way but what waits to be retried."""
        await skip_to(self.virtual.env, self.handle, morning(day, at) - self.offset)

    async def quiet(self) -> None:
        """Waits until nothing is under way."""
        await until_quiet(self.handle)

    async def state(self) -> State:
        """What the workflow holds."""
        return await self.virtual.whole.state(self.reference)

    async def told(self, what: str, **fields: Any) -> list[dict[str, Any]]:
        """The lines of the timeline of one kind, with these fields."""
        events = (await self.state()).events
        return [e for e in events if e["what"] == what and all(e.get(name) == value for name, value in fields.items())]

    async def facts(self, name: str) -> list[dict[str, Any]]:
        """The bodies of the record's entries of one name."""
        return [entry["body"] for entry in (await self.state()).record if entry["name"] == name]

    async def letters(self) -> dict[str, Delivery]:
        """The ledger's lines of this file, by notice and number."""
        found = await deliveries_of(self.virtual.whole.register, self.reference)
        return {f"{one.notice_key}#{one.number}": one for one in found}

    async def agrees(self) -> None:
        """Fails unless the register holds exactly what the workflow does."""
        await self.quiet()
        state = await self.state()
        assert state.written == state.revision
        assert await self.virtual.whole.stored(self.reference) == as_projected(state)


@dataclass
class Virtual:
    """A whole system in virtual time."""

    env: WorkflowEnvironment
    whole: Whole
    mail: MailServer

    async def opened(self, on: str = "2018-09-05", **more: Any) -> File:
        """A new file, opened at 09:00 on a day."""
        reference = f"EX-{uuid.uuid4().hex[:8].upper()}"
        at = morning(on)
        offset = offset_to(at)
        body = {
            "reference": reference,
            "opened_on": on,
            "recorded_by": "coordinator",
            "incident": incident(**more),
        }
        await self.whole.cases(offset).open(body, rulebook(), at)
        file = File(self, reference, offset)
        await file.quiet()
        return file


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)
