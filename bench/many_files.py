"""A register with thousands of plausible files: the scenarios, cut at many moments of their lives and copied.

``python -m bench.many_files sqlite:///many.sqlite 10000`` makes one to look at.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from commands.samples import SAMPLES
from models.consider import consider
from models.contract import Incoming, Question, State, instant_text, read_instant
from models.fold import open_record
from models.project import project
from models.projection import Projection
from models.record import Entry, Refusal
from models.rulebook import Rulebook
from models.tables.register import (
    StoredAction,
    StoredDeadline,
    StoredEntry,
    StoredEvent,
    StoredFile,
    StoredFileDocument,
    StoredInvolvement,
    StoredNotice,
)
from models.world import Surroundings
from register.directory import replace_directory
from register.engine import Register
from register.files.store import write
from register.schema import migrate
from running.plain_files import read_plain_file
from running.rehearsals.scenario import Scenario, directory_in, read_scenario
from running.rulebooks import plain_shelf, read_shelf

ROOT = Path(__file__).parents[1]
NOW = datetime(2019, 3, 1, 10, tzinfo=UTC)
"""The business time at which the files are looked at: many of the scenarios are under way."""

MOMENTS = 10
"""At how many moments of its life a scenario is cut, so that every stage is there."""

_TABLES = tuple(
    table.__table__
    for table in (
        StoredFile,
        StoredEntry,
        StoredEvent,
        StoredDeadline,
        StoredNotice,
        StoredAction,
        StoredInvolvement,
        StoredFileDocument,
    )
)
_COPIES = sa.Table("bench_copy", sa.MetaData(), sa.Column("template", sa.Text), sa.Column("reference", sa.Text))


@dataclass
class Played:
    """A scenario, played as the shell plays it, with a mail server that takes everything at once."""

    scenario: Scenario
    rulebooks: dict[str, Rulebook]
    state: State = field(default_factory=State)
    now: datetime = NOW

    def moments(self) -> Iterator[Projection]:
        """The file after its opening and after each step."""
        self.now = self.scenario.opened_at
        record = open_record(self.scenario.opening, self.scenario.rulebook, self._surroundings().at(self.now))
        if isinstance(record, Refusal):
            raise SystemExit(record.reason)
        self.state = State(dict(self.scenario.opening), [entry.plain() for entry in record])
        self._ask(Incoming("reassess"))
        yield self._projection()
        digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in self.scenario.documents.items()}
        for step in self.scenario.steps:
            self._until(step.at)
            body = {
                name: digests.get(value, value) if isinstance(value, str) else value
                for name, value in step.body.items()
            }
            self._ask(Incoming("step", name=step.name, body=body, source="update"))
            yield self._projection()

    def _projection(self) -> Projection:
        record = [Entry.read(entry) for entry in self.state.record]
        return project(record, self.state.events, len(record), self._surroundings().at(self.now))

    def _surroundings(self) -> Surroundings:
        return Surroundings(self.scenario.directory, plain_shelf(self.rulebooks.values()), frozenset())

    def _until(self, end: datetime) -> None:
        while True:
            due = min(((read_instant(timer["at"]), key) for key, timer in self.state.timers.items()), default=None)
            if due is None or due[0] > end:
                break
            self.now = max(self.now, due[0])
            self._ask(Incoming("timer", key=due[1], at=self.state.timers.pop(due[1])["at"]))
        self.now = max(self.now, end)

    def _ask(self, incoming: Incoming) -> None:
        changes = consider(Question(self.state.copy(), [incoming], self.now), self._surroundings())
        self.state.work.pop(incoming.key, None)
        self.state.apply(changes, self.now)
        self.state.work |= {work["key"]: work for work in changes.work}
        for work in changes.work:
            result = {"accepted": True, "at": instant_text(self.now), "address": "somebody@x.example", "why": ""}
            self._ask(Incoming("work", key=work["key"], result=result | {"delivered": True}))


def templates() -> list[Projection]:
    """Every scenario at some moments of its life, each a file of its own."""
    shelf = read_shelf(ROOT / "rulebooks")
    found = []
    for number, path in enumerate(sorted((ROOT / "scenarios").glob("*.yaml"))):
        lives = list(Played(read_scenario(path, shelf), shelf).moments())
        chosen = sorted({round(at * (len(lives) - 1) / (MOMENTS - 1)) for at in range(MOMENTS)})
        for moment in chosen:
            found.append(renamed(lives[moment], f"T-{number}-{moment}"))
    return found


@cache
def life(scenario: str) -> tuple[Projection, ...]:
    """A scenario's file after its opening and after each step, by the scenario's name. Playing one takes seconds."""
    shelf = read_shelf(ROOT / "rulebooks")
    return tuple(Played(read_scenario(ROOT / "scenarios" / f"{scenario}.yaml", shelf), shelf).moments())


def renamed(file: Projection, reference: str) -> Projection:
    """The same file under another reference."""
    opened, *rest = file.entries
    first = replace(opened, body={**opened.body, "reference": reference})
    return replace(file, reference=reference, entries=(first, *rest))


async def fill(register: Register, number: int) -> dict[str, int]:
    """Fills a register with so many files, and says how many rows that made.

    Arguments:
        register: with empty tables, and patience for minutes.
        number: of files.
    """
    plain = read_plain_file(SAMPLES / "board.yaml")
    await replace_directory(register, directory_in(plain, plain.data), changed_by="the bench", at=NOW)
    files = templates()
    for file in files:
        await write(register, file)
    # Files with much to do outnumber those that are closed: half a dozen open deadlines each.
    wanted = [file for file in files for _ in range(1 + sum(one.met_on is None for one in file.deadlines) // 2)]
    copies = [
        {"template": wanted[at % len(wanted)].reference, "reference": f"HSCB-{2016 + at % 4}-{at:05d}"}
        for at in range(number - len(files))
    ]

    async def work(connection: AsyncConnection) -> dict[str, int]:
        await connection.run_sync(_COPIES.metadata.create_all)
        if copies:
            await connection.execute(sa.insert(_COPIES), copies)
        for table in _TABLES:
            await connection.execute(_copying(table, connection.dialect.name))
        await connection.run_sync(_COPIES.metadata.drop_all)
        await connection.execute(sa.text("ANALYZE"))
        counted = {
            table.name: await connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in _TABLES
        }
        standing = sa.select(sa.func.count()).where(StoredDeadline.__table__.c.met_on.is_(None))
        return {name: rows or 0 for name, rows in counted.items()} | {
            "open deadlines": await connection.scalar(standing) or 0
        }

    return await register.change(work)


def _copying(table: sa.Table, dialect: str) -> sa.Insert:
    values: list[sa.ColumnElement[Any]] = []
    for column in table.c:
        if column.name == "reference":
            values.append(_COPIES.c.reference)
        elif table.name == "entry" and column.name == "body":
            # A file's reference stands in the first entry as well.
            text: Any = sa.cast(column, sa.Text) if dialect == "postgresql" else sa.type_coerce(column, sa.Text)
            text = sa.func.replace(text, _COPIES.c.template, _COPIES.c.reference)
            json = sa.cast(text, sa.JSON) if dialect == "postgresql" else sa.type_coerce(text, sa.Text)
            values.append(
                sa.case(
                    (table.c.position == 0, json),
                    else_=column if dialect == "postgresql" else sa.type_coerce(column, sa.Text),
                )
            )
        else:
            values.append(column)
    chosen = sa.select(*values).join_from(table, _COPIES, _COPIES.c.template == table.c.reference)
    return sa.insert(table).from_select([column.name for column in table.c], chosen)


async def make(url: str, number: int) -> None:
    """Makes the tables at an address, if they are not there, and fills them."""
    await migrate(url)
    began = time.monotonic()
    async with Register(url, patience=1_800) as register:
        rows = await fill(register, number)
    print(", ".join(f"{rows[name]:,} {name}" for name in rows), f"in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    asyncio.run(make(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000))
