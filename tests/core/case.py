"""A case in memory: the core, asked as the shell asks it, with a mail server that takes everything at once.

Tests record steps by name on a day, move the clock, and look at what stands, what was sent and what was refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from models.casefile import CaseFile
from models.changes import Changes, Incoming, LetterToSend, Standing
from models.consider import consider, why_not
from models.counting import LONDON
from models.directory import Acting, Appointment, Directory, Organisation, Person
from models.duties import deadlines_of
from models.duty import Clocks, Deadline
from models.fold import fold, open_record
from models.record import Entry, Refusal, instant_text, read_instant
from models.rulebook import Rulebook, read_rulebook
from models.step import World

RULEBOOKS = Path(__file__).parents[2] / "rulebooks"

REPORT, REPLACEMENT, PLAN, PAPER = "a" * 64, "b" * 64, "c" * 64, "d" * 64
"""Digests of documents that need not exist for the core."""

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
"""A child whose death meets the first limb of the criteria."""

HARMED: dict[str, Any] = {
    "id": "child-1",
    "born_on": "2012-03-04",
    "outcome": "seriously harmed",
    "harms": ["life-threatening injury"],
    "abuse_or_neglect": "known",
    "custody": "none",
    "detained_under_mental_health_act": "no",
    "deprived_of_liberty": "no",
    "residence": "Hertfordshire",
}
"""A child who was seriously harmed; with no concern about joint working no limb is met."""


@cache
def rulebook(name: str = "hertfordshire-2018") -> Rulebook:
    """A rulebook from the shelf."""
    return read_rulebook((RULEBOOKS / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")


def directory(*more: Appointment, acting: tuple[Acting, ...] = ()) -> Directory:
    """A plainly fictional board, with a role above the Chair only when it is added."""
    roles = ("chair", "coordinator", "ofsted", "dfe", "national_panel", "local_authority")
    people = [*roles, "deputy", "member-hospital", "member-school", "lead-hospital", "lead-school", "chief"]
    return Directory(
        board="Exampleshire Safeguarding Children Board",
        organisations=(
            Organisation(id="hospital", name="Example Hospital Trust"),
            Organisation(id="school", name="Example School"),
        ),
        people=tuple(
            Person(id=name.replace("_", "-"), name=f"Person {name}", email=f"{name}@board.example") for name in people
        ),
        appointments=(
            *(Appointment(role=role, person=role.replace("_", "-")) for role in roles),
            Appointment(role="board_member", person="member-hospital", organisation="hospital"),
            Appointment(role="board_member", person="member-school", organisation="school"),
            Appointment(role="safeguarding_lead", person="lead-hospital", organisation="hospital"),
            Appointment(role="safeguarding_lead", person="lead-school", organisation="school"),
            *more,
        ),
        acting=acting,
    )


def morning(day: str | date, at: time = time(9)) -> datetime:
    """A time in London on a day, 09:00 unless told otherwise."""
    return datetime.combine(date.fromisoformat(str(day)), at, LONDON)


@dataclass
class Case:
    """One file, driven as the shell drives it.

    Arguments:
        now: business time; recording a step moves it forward.
        directory: told to the core; None for a register that is away.
        takes_mail: whether the mail server takes every letter at once.
    """

    record: list[Entry]
    now: datetime
    directory: Directory | None
    rulebooks: dict[str, Any] = field(default_factory=dict)
    takes_mail: bool = True
    standing: Standing = field(default_factory=Standing)
    events: list[dict[str, Any]] = field(default_factory=list)
    letters: list[LetterToSend] = field(default_factory=list)
    under_way: dict[str, LetterToSend] = field(default_factory=dict)
    changes: list[Changes] = field(default_factory=list)
    steps: int = 0

    @classmethod
    def opened(
        cls,
        *children: dict[str, Any],
        notified_on: str = "2018-09-05",
        aware_on: str | None = "2018-09-03",
        concern: str = "no",
        organisations: tuple[str, ...] = ("hospital",),
        rules: Rulebook | None = None,
        told: Directory | None = None,
        takes_mail: bool = True,
        opened_on: str | None = None,
        **incident: Any,
    ) -> Case:
        """A file opened for an incident at 09:00 on the day of the notification, unless told otherwise."""
        names = {"hospital": "Example Hospital Trust", "school": "Example School"}
        day = opened_on or notified_on
        body = {
            "reference": "EX-2018-0001",
            "opened_on": day,
            "recorded_by": "coordinator",
            "incident": {
                "children": list(children or (DIED,)),
                "notified_on": notified_on,
                "concern_about_joint_working": concern,
                "organisations": [{"id": name, "name": names.get(name, name)} for name in organisations],
                **({"aware_on": aware_on} if aware_on else {}),
                **incident,
            },
        }
        return cls.start(body, morning(day), rules, told, takes_mail)

    @classmethod
    def start(
        cls,
        body: dict[str, Any],
        now: datetime,
        rules: Rulebook | None = None,
        told: Directory | None = None,
        takes_mail: bool = True,
    ) -> Case:
        """A file opened with this body."""
        record = open_record(body, rules or rulebook(), now)
        assert not isinstance(record, Refusal), record
        shelf = {name: rulebook(name).model_dump(mode="json") for name in ("hertfordshire-2018", "working-days-2018")}
        case = cls(record, now, told or directory(), shelf, takes_mail)
        case.look()
        return case

    def step(self, name: str, on: str | date | None = None, **fields: Any) -> dict[str, Any]:
        """Records a step at 09:00 on a day (today when left out); fails when it is refused."""
        changes = self._step(name, on, fields)
        assert changes.answer is not None and changes.answer.recorded, changes.answer
        return next(entry for entry in reversed(self.record) if not entry.is_fact).plain()

    def refused(self, name: str, on: str | date | None = None, **fields: Any) -> Refusal:
        """The refusal of a step; fails when it is recorded, or when the refusal leaves anything behind."""
        before = len(self.record)
        changes = self._step(name, on, fields)
        assert changes.answer is not None and not changes.answer.recorded, f"{name} was recorded"
        assert not [entry for entry in self.record[before:] if not entry.is_fact]
        return Refusal(changes.answer.rule, changes.answer.reason, changes.answer.field)

    def quick(self, name: str, on: str | date | None = None, **fields: Any) -> Refusal | None:
        """What the validator would say, without the directory."""
        return why_not(self.record, name, self._body(on, fields), World(self.now, quick=True))

    def until(self, day: str | date, at: time = time(9)) -> Case:
        """Lets time pass, each timer firing when it is due."""
        end = morning(day, at)
        while True:
            timers = [(held["timer"], key) for key, held in self.standing.deadlines.items() if held.get("timer")]
            due = min(((read_instant(timer), timer, key) for timer, key in timers), default=None)
            if due is None or due[0] > end:
                break
            self.now = max(self.now, due[0])
            self._ask(Incoming(kind="timer", key=due[2], at=due[1]))
        self.now = max(self.now, end)
        return self

    def look(self) -> Changes:
        """Asks the core again."""
        return self._ask(Incoming(kind="look"))

    def mail_refused(self, notice: str, why: str = "550") -> None:
        """The mail server refuses a letter that is under way."""
        letter = next(one for one in self.under_way.values() if one.notice == notice)
        self._outcome(letter, taken=False, why=why)

    def mail_taken(self, notice: str) -> None:
        """The mail server takes a letter that is under way."""
        self._outcome(next(one for one in self.under_way.values() if one.notice == notice), taken=True)

    @property
    def file(self) -> CaseFile:
        """The file as it stands."""
        return fold(self.record)

    @property
    def deadlines(self) -> dict[str, Deadline]:
        """Every deadline, met or open."""
        file = self.file
        return deadlines_of(file, Clocks(file))

    def due(self, key: str) -> date:
        """The due date of a deadline."""
        return self.deadlines[key].due

    def told(self, what: str, **fields: Any) -> list[dict[str, Any]]:
        """The lines of the timeline of one kind, with these fields."""
        return [e for e in self.events if e["what"] == what and all(e.get(k) == v for k, v in fields.items())]

    def sent(self, start: str) -> list[LetterToSend]:
        """The letters whose notice begins so."""
        return [letter for letter in self.letters if letter.notice.startswith(start)]

    def _body(self, on: str | date | None, fields: dict[str, Any]) -> dict[str, Any]:
        self.steps += 1
        day = str(on) if on is not None else self.now.astimezone(LONDON).date().isoformat()
        return {"id": f"step-{self.steps}", "recorded_by": "coordinator", "happened_on": day, **fields}

    def _step(self, name: str, on: str | date | None, fields: dict[str, Any]) -> Changes:
        if on is not None and morning(on) > self.now:
            self.until(on)
        body = self._body(on, fields)
        source = str(body.pop("source", "update"))
        return self._ask(Incoming(kind="step", name=name, body=body, source=source))

    def _outcome(self, letter: LetterToSend, *, taken: bool, why: str = "") -> None:
        told = {name: getattr(letter, name) for name in ("notice", "number", "rule", "template", "to", "documents")}
        body = {"taken": taken, "at": instant_text(self.now), "address": f"{letter.to}@x.example", "why": why, **told}
        del self.under_way[letter.key]
        self._ask(Incoming(kind="letter", body=body))

    def _ask(self, incoming: Incoming) -> Changes:
        self.now += timedelta(milliseconds=1)
        standing = self.standing.model_copy(update={"letters": [*self.under_way]})
        world = World(self.now, self.directory, self.rulebooks)
        changes = consider(self.record, standing, incoming, world)
        # Through plain data, as it goes through history.
        changes = Changes.model_validate(changes.model_dump(exclude_defaults=True))
        self.changes.append(changes)
        self.record += [Entry.read(entry) for entry in changes.entries]
        self.events += changes.events
        held = {**self.standing.deadlines, **changes.deadlines}
        self.standing = Standing(
            deadlines={key: value for key, value in held.items() if value is not None},
            stage=changes.stage or self.standing.stage,
        )
        for letter in changes.letters:
            self.letters.append(letter)
            self.under_way[letter.key] = letter
        if self.takes_mail:
            for letter in changes.letters:
                if letter.key in self.under_way:
                    self._outcome(letter, taken=True)
        return changes
