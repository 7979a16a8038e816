"""A scenario that was played: its timeline and its mails, to be asked in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from models.contract import read_instant
from models.days import LONDON
from models.rulebook import Rulebook
from running.embedded.mail_catcher import Mail, list_mails
from running.rehearsals.rehearsal import Played, Stage, play
from running.rehearsals.scenario import Scenario, read_scenario
from running.rulebooks import read_shelf

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "scenarios"
FILES = sorted(FOLDER.glob("*.yaml"))
SHELF: dict[str, Rulebook] = read_shelf(ROOT / "rulebooks")

Line = dict[str, Any]


@dataclass(frozen=True)
class Play:
    """What came of a scenario.

    Arguments:
        scenario: as it was read.
        played: timeline and failures.
        mails: that were sent, in order of arrival.
    """

    scenario: Scenario
    played: Played
    mails: tuple[Mail, ...]

    def all(self, what: str, **fields: Any) -> list[Line]:
        """The lines of one kind with these fields, in order of time."""
        lines = (line for line in self.played.timeline if line["what"] == what)
        return [line for line in lines if all(line.get(name) == value for name, value in fields.items())]

    def one(self, what: str, **fields: Any) -> Line:
        """The only such line."""
        found = self.all(what, **fields)
        assert len(found) == 1, f"{len(found)} lines {what} {fields}"
        return found[0]

    def due(self, deadline: str) -> str:
        """The date a deadline had when it was first set."""
        return str(self.all("deadline_set", deadline=deadline)[0]["due"])

    def sent(self, start: str) -> list[Line]:
        """The letters that were taken whose notice begins so."""
        return [line for line in self.all("notice_sent") if line["notice"].startswith(start)]

    def mail(self, line: Line) -> Mail:
        """The mail of a letter."""
        return next(mail for mail in self.mails if mail.message["Message-ID"] == line["message_id"])

    def recipients(self, start: str) -> list[str]:
        """Who got the letters whose notice begins so, as the file names them."""
        return sorted(line["recipient"] for line in self.sent(start))

    def refusals(self, step: str) -> list[tuple[str, str]]:
        """The rule and the reason of each refusal of a step."""
        return [(line["rule"], line["reason"]) for line in self.all("step_refused", step=step)]


def when(line: Line) -> str:
    """The minute of a line in London, ``2018-10-01 11:00``."""
    return london(line).strftime("%Y-%m-%d %H:%M")


def on(line: Line) -> str:
    """The day of a line in London."""
    return london(line).date().isoformat()


def london(line: Line) -> datetime:
    """The instant of a line, in London."""
    return read_instant(line["at"]).astimezone(LONDON)


def attachments(mail: Mail) -> list[str]:
    """What is attached to a mail, as text."""
    return [str(part.get_content()) for part in mail.message.iter_attachments()]


def words(mail: Mail) -> str:
    """A mail's plain text in one line."""
    return " ".join(mail.text.split())


@lru_cache
def scenario(name: str) -> Scenario:
    """A scenario of the folder, read."""
    return read_scenario(FOLDER / f"{name}.yaml", SHELF)


def mappings(data: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in plain data."""
    if isinstance(data, dict):
        yield data
    if isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from mappings(part)


async def played(what: Scenario, stage: Stage, folder: Path) -> Play:
    """Plays a scenario, keeping its mails in a folder."""
    done = await play(what, stage, folder)
    return Play(what, done, tuple(list_mails(done.mails)))
