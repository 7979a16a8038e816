"""A case in memory: the core, asked as the shell asks it, with a mail server that takes everything at once.

Tests record steps by name on a day, move the clock, and look at what stands, what was sent and what was refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from models.casefile import CaseFile
from models.consider import consider, plain_changes
from models.contract import Changes, Incoming, Question, State, Timer, instant_text, read, read_instant
from models.days import LONDON
from models.directory import Acting, Appointment, Directory, Organisation, Person
from models.duties import deadlines_of
from models.duty import Deadline
from models.fold import fold, open_record
from models.letter import LetterToSend
from models.quick_answers import why_not
from models.record import Entry, Refusal
from models.rulebook import Rulebook
from models.rulebook_file import read_rulebook
from models.world import Surroundings, World
from running.rulebooks import plain_shelf

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


def surroundings(told: Directory | None = None, extra_holidays: Iterable[str] = ()) -> Surroundings:
    """What is around every file in the tests of the core: a board, two rulebooks, and the extra holidays given."""
    shelf = plain_shelf(map(rulebook, ("hertfordshire-2018", "working-days-2018")))
    return Surroundings(told or directory(), shelf, frozenset(map(date.fromisoformat, extra_holidays)))


def morning(day: str | date, at: time = time(9)) -> datetime:
    """A time in London on a day, 09:00 unless told otherwise."""
    return datetime.combine(date.fromisoformat(str(day)), at, LONDON)


def identifiers_in(reason: str, case: Case) -> list[str]:
    """The technical names that a refusal uses, where it should say a label, a name or a day.

    Steps' names, the ids of entries, and the identifiers that things on the file have: a plain word may be both.
    """
    file = case.file
    named = [*file.actions, *file.requests, *file.panel_requests, *file.challenges, *file.advice, *file.reviewers]
    named += [*file.children, *file.family, *file.proceedings, *file.findings, *file.learning.events]
    named += [*file.publication.restrictions, *file.publication.copies, *file.letters]
    technical = {name for name in file.regime.steps if "_" in name} | {entry.id for entry in case.record}
    technical |= {name for name in named if re.search(r"[\d:_-]", name)}
    # What is wrong with a field of a message begins with the field's path, which its sender needs.
    reason = re.sub(r"(?:^|(?<=; ))[\w.-]+: ", "", reason)
    return sorted(name for name in technical if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", reason))


@dataclass(frozen=True)
class Answer:
    """What who sent a step is told: recorded, or refused with the rule and the reason."""

    recorded: bool
    step: str
    id: str
    rule: str
    reason: str
    field: str | None


@dataclass(frozen=True)
class Message:
    """A step for another file."""

    key: str
    to: str
    name: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Answered:
    """What the core answered, as it stands in history, with short names for what tests look at."""

    changes: Changes

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.changes, name)
        return list(value) if isinstance(value, tuple) else value

    @property
    def answer(self) -> Answer | None:
        """The first answer to who sent a step."""
        return next((read(Answer, said) for said in self.changes.answers), None)

    @property
    def timers(self) -> list[Timer]:
        """The timers to set."""
        return [read(Timer, timer) for timer in self.changes.timers]

    @property
    def deadlines(self) -> dict[str, dict[str, Any] | None]:
        """What the shell is to hold of deadlines from now on."""
        return dict(self.changes.standing.get("deadlines", {}))

    @property
    def letters(self) -> list[LetterToSend]:
        """The letters to start."""
        return [LetterToSend.read(work["arguments"][1]) for work in self._work("send_letter")]

    @property
    def messages(self) -> list[Message]:
        """The steps for other files."""
        return [Message(work["key"], **work["arguments"][0]) for work in self._work("tell_file")]

    def _work(self, activity: str) -> list[Any]:
        return [work for work in self.changes.work if work["activity"] == activity]


@dataclass
class Case:
    """One file, driven as the shell drives it.

    Arguments:
        now: business time; recording a step moves it forward.
        directory: told to the core; None while none is loaded.
        rulebooks: on the shelf.
        extra_holidays: told to the core.
        takes_mail: whether the mail server takes every letter at once.
    """

    state: State
    now: datetime
    directory: Directory | None
    rulebooks: dict[str, Any]
    extra_holidays: frozenset[date]
    takes_mail: bool = True
    letters: list[LetterToSend] = field(default_factory=list)
    changes: list[Answered] = field(default_factory=list)
    known: Any = None
    steps: int = 0
    _folded: tuple[list[int], CaseFile] | None = None

    @classmethod
    def opened(
        cls,
        *children: dict[str, Any],
        notified_on: str = "2018-09-05",
        aware_on: str | None = "2018-09-03",
        concern: str = "no",
        organisations: tuple[str, ...] = ("hospital",),
        rules: Rulebook | None = None,
        told: Directory | Surroundings | None = None,
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
        told: Directory | Surroundings | None = None,
        takes_mail: bool = True,
    ) -> Case:
        """A file opened with this body."""
        around = surroundings(told) if told is None or isinstance(told, Directory) else told
        record = open_record(body, rules or rulebook(), around.at(now))
        assert not isinstance(record, Refusal), record
        opening = {"reference": body["reference"], "offset_seconds": 0, "record": [entry.plain() for entry in record]}
        state, shelf = State.begin(opening), dict(around.rulebooks)
        case = cls(state, now, around.directory, shelf, around.extra_holidays, takes_mail)
        case.look()
        return case

    def step(self, name: str, on: str | date | None = None, **fields: Any) -> dict[str, Any]:
        """Records a step at 09:00 on a day (today when left out); fails when it is refused."""
        answer = self._step(name, on, fields).answer
        assert answer is not None and answer.recorded, answer
        return next(entry for entry in reversed(self.record) if not entry.is_fact).plain()

    def refused(self, name: str, on: str | date | None = None, **fields: Any) -> Refusal:
        """The refusal of a step; fails when it is recorded, or when the refusal leaves anything behind."""
        before = len(self.record)
        answer = self._step(name, on, fields).answer
        assert answer is not None and not answer.recorded, f"{name} was recorded"
        assert not [entry for entry in self.record[before:] if not entry.is_fact]
        assert identifiers_in(answer.reason, self) == [], answer.reason
        return Refusal(answer.rule, answer.reason, answer.field)

    def quick(self, name: str, on: str | date | None = None, **fields: Any) -> Refusal | None:
        """What the validator would say."""
        return why_not(self.record, name, self._body(on, fields), self.quick_world)

    def until(self, day: str | date, at: time = time(9)) -> Case:
        """Lets time pass, each timer firing when it is due."""
        end = morning(day, at)
        while True:
            due = min(((read_instant(timer["at"]), key) for key, timer in self.state.timers.items()), default=None)
            if due is None or due[0] > end:
                break
            self.now = max(self.now, due[0])
            self.fire(due[1])
        self.now = max(self.now, end)
        return self

    def fire(self, key: str, at: str = "") -> Answered:
        """A timer fires, one that is set unless its instant is given."""
        fired = self.state.timers.pop(key, None) if not at or at == self.state.timers.get(key, {}).get("at") else None
        return self._ask(Incoming("timer", key=key, at=at or (fired or {})["at"]))

    def look(self) -> Answered:
        """Asks the core again."""
        return self._ask(Incoming("reassess"))

    def undelivered(self, to: str) -> Answered:
        """A message under way finds no such file."""
        key = next(key for key, work in self.state.work.items() if work["arguments"][0].get("to") == to)
        return self._ask(Incoming("work", key=key, result={"delivered": False}))

    def mail_refused(self, notice: str, why: str = "550") -> None:
        """The mail server refuses a letter that is under way."""
        letter = next(one for one in self.under_way.values() if one.notice == notice)
        self._outcome(letter, accepted=False, why=why)

    def mail_accepted(self, notice: str) -> None:
        """The mail server takes a letter that is under way."""
        self._outcome(next(one for one in self.under_way.values() if one.notice == notice), accepted=True)

    @property
    def record(self) -> list[Entry]:
        """The entries of the file."""
        return [Entry.read(entry) for entry in self.state.record]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of its timeline."""
        return self.state.events

    @property
    def held(self) -> dict[str, dict[str, Any]]:
        """What the shell holds of each deadline."""
        return self.state.standing.get("deadlines", {})

    @property
    def under_way(self) -> dict[str, LetterToSend]:
        """The letters under way, by the key of their work."""
        work = self.state.work.items()
        return {key: LetterToSend.read(one["arguments"][1]) for key, one in work if one["activity"] == "send_letter"}

    def copy(self) -> Case:
        """The same, which stays as it is while this one goes on."""
        return replace(self, state=self.state.copy(), letters=list(self.letters), changes=list(self.changes))

    @property
    def finished(self) -> bool:
        """Whether the run may end."""
        return self.state.finished and not self.state.work

    def is_settled(self, letter: LetterToSend) -> bool:
        """Whether the shell holds a letter under way as of no use any more."""
        return bool(self.state.standing.get("letters", {}).get(letter.key, {}).get("settled"))

    @property
    def surroundings(self) -> Surroundings:
        """What is around the file."""
        return Surroundings(self.directory, self.rulebooks, self.extra_holidays)

    @property
    def world(self) -> World:
        """What the core is told of the world now."""
        return self.surroundings.at(self.now)

    @property
    def quick_world(self) -> World:
        """What the validator is told of the world now."""
        return self.surroundings.at(self.now, quick=True)

    @property
    def file(self) -> CaseFile:
        """The file as it stands, folded once for each record. Entries are never changed."""
        made_of = list(map(id, self.state.record))
        if self._folded is None or self._folded[0] != made_of:
            self._folded = made_of, fold(self.record)
        return self._folded[1]

    @property
    def deadlines(self) -> dict[str, Deadline]:
        """Every deadline, met or open."""
        file = self.file
        return deadlines_of(file, self.world)

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

    def _step(self, name: str, on: str | date | None, fields: dict[str, Any]) -> Answered:
        if on is not None and morning(on) > self.now:
            self.until(on)
        body = self._body(on, fields)
        source = str(body.pop("source", "update"))
        return self._ask(Incoming("step", name=name, body=body, source=source))

    def _outcome(self, letter: LetterToSend, *, accepted: bool, why: str = "") -> Answered:
        result = {"accepted": accepted, "at": instant_text(self.now), "address": f"{letter.to}@x.example", "why": why}
        return self._ask(Incoming("work", key=letter.key, result=result))

    def _ask(self, *incoming: Incoming) -> Answered:
        self.now += timedelta(milliseconds=1)
        question = Question(self.state.copy(), incoming, self.now, taken=len(self.changes), known=self.known)
        # Through plain data, as it goes through history.
        changes = read(Changes, json.loads(json.dumps(plain_changes(consider(question, self.surroundings)))))
        for one in incoming:
            if one.kind == "work":
                self.state.work.pop(one.key, None)
        self.state.apply(changes, self.now)
        self.known = question.after
        answered = Answered(changes)
        self.changes.append(answered)
        self.letters += answered.letters
        for work in changes.work:
            self.state.work[work["key"]] = work
        if self.takes_mail:
            for letter in answered.letters:
                if letter.key in self.state.work:
                    self._outcome(letter, accepted=True)
        return answered
