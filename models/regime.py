"""A regime: one body of law, with the steps, the table of clocks, and the criteria that belong to it.

A rulebook names its regime, and a file is read by the regime of the rulebook that is pinned in it. Everything else in
the core, and everything outside it, asks the file's regime and knows none by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from .casefile import CaseFile
from .days import Unit
from .duty import Deadline, DeadlineFactory, Duty, Notice
from .finding import Finding
from .incident import Opening
from .key import Key
from .record import Entry, Refusal
from .responsible import CHAIR_OR_COORDINATOR
from .rulebook import Basis, Rulebook
from .step import Step
from .world import World


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the law lets a rulebook say of a clock's length: at least, at most, in which units."""

    least: int
    most: int
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class ClockKind:
    """All that a regime says of a clock, whatever length a rulebook gives it. Its task and its stage hold it.

    Arguments:
        name: as rulebooks have it.
        rule: the number of the rule behind it; empty when there is none.
        step: the step that meets its deadlines; empty when a letter does, or time.
        fields: the step's fields that stand behind the clock in a deadline's key: ``action_done:a-1`` is about ``a-1``.
        always: what a deadline of it says of the step's other fields.
        bounds: set by law or statutory guidance. Such a clock never moves by a board's own step.
        by_letters: whether letters of ours meet it, once the mail server has accepted them.
        period: whether it is no task but a period that must run: its last day is nobody's fault.
        after_end: whether it is followed on a file that has ended, too.
        asks: who is reminded: a role, or ``lead`` or ``board_member`` of the organisation that is asked.
        letter: the template of the letter that asks for it: for what is second in the notice's key, or if it is to a
            person, for each organisation that they sit on the board for.
        reply: what the step does as a reply by the letter's link, to begin a sentence: "Confirm that …"; empty when
            there is none.
        declines: other steps to reply with, and what they do; they have the same ``fields``.
        by_replying: whether it happens by the reply itself, so that the day is today.
    """

    name: str
    rule: str = ""
    step: str = ""
    fields: tuple[str, ...] = ()
    always: Mapping[str, str] = field(default_factory=dict)
    bounds: Bounds | None = None
    by_letters: bool = False
    period: bool = False
    after_end: bool = False
    asks: str = "coordinator"
    letter: str = ""
    reply: str = ""
    declines: tuple[tuple[str, str], ...] = ()
    by_replying: bool = False

    @property
    def basis(self) -> Basis:
        """Who sets its length."""
        return "statutory" if self.bounds else "board's own"

    def known(self, key: str) -> dict[str, str]:
        """What a deadline knows of the fields of the step that meets it.

        Arguments:
            key: the deadline's key. What stands behind the fields, the date of a hearing say, is no field of the step.
        """
        return {**dict(zip(self.fields, Key(key).about, strict=False)), **self.always}


@dataclass(frozen=True, slots=True)
class MetBy:
    """The step that meets a deadline.

    Arguments:
        step: its name.
        fields: what of it the deadline knows already.
    """

    step: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A task that every file of some kind has.

    Arguments:
        title: what is to be done, for people.
        clocks: of its deadlines.
        step: the step that begins it, where no clock's own step does.
        done: whether it is done, where no deadline says so.
        again: whether it is to be done again, though every deadline that there was for it is settled.
        only_if_asked: it is a task only once a deadline stands for it.
    """

    title: str
    clocks: tuple[ClockKind, ...] = ()
    step: str = ""
    done: Callable[[CaseFile], bool] = lambda file: False
    again: Callable[[CaseFile], bool] = lambda file: False
    only_if_asked: bool = False


@dataclass(frozen=True, slots=True)
class StageKind:
    """A stage of a file.

    Arguments:
        name: in one word.
        title: for people.
        tasks: in the order in which they usually come up.
        more: the steps that belong to it besides those its tasks are done by.
    """

    name: str
    title: str
    tasks: tuple[TaskKind, ...] = ()
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """What leads a file from one stage to another.

    Arguments:
        of: the stages that it leads from.
        step: the name of the step that does it.
        to: the stage that it leads to; empty for the one in which the file then stands.
        when: in which case it does, in a sentence.
    """

    of: tuple[str, ...]
    step: str
    to: str
    when: str


@dataclass(frozen=True)
class Regime:
    """One body of law.

    Arguments:
        name: as rulebooks have it, ``scr-2015``.
        title: for people.
        steps: each step's class by its name.
        stages: in their order, with their tasks and the clocks of each, ``closing`` and ``undelivered`` among them; a
            rulebook gives each clock a length and a ladder. The last stage is ``closed``.
        any_time: the steps that belong to no stage.
        moves: what leads from stage to stage.
        possible: the stages in which each step can be recorded.
        kinds: the kinds of review, and what stands for none.
        addressees: those who must be told of every decision; a rulebook can add to them.
        acknowledged: the templates of letters whose receipt is acknowledged.
        stage_of: the stage of a file that has not ended.
        kind_of: the kind of a file's review.
        find: the criteria, asked on a file's facts.
        may_open: why a file may not be opened today, if it may not.
        remarks: what must be said plainly about a file with these deadlines.
        duties: what asks for deadlines and notices, section by section.
        listings: who gets what is due by the directory of today, as facts, where no step settles it.
        closing_notices: what tells those concerned how a file ended.
    """

    name: str
    title: str
    steps: Mapping[str, type[Step]]
    stages: tuple[StageKind, ...]
    any_time: tuple[str, ...]
    moves: tuple[Move, ...]
    possible: Mapping[str, frozenset[str]]
    kinds: tuple[str, ...]
    addressees: tuple[str, ...]
    acknowledged: frozenset[str]
    stage_of: Callable[[CaseFile], str]
    kind_of: Callable[[CaseFile], str]
    find: Callable[[CaseFile], Finding]
    may_open: Callable[[Opening, Rulebook, date], Refusal | None]
    remarks: Callable[[CaseFile, Iterable[Deadline]], Iterator[str]]
    duties: tuple[Callable[[CaseFile, DeadlineFactory], Iterator[Duty]], ...]
    listings: Callable[[CaseFile, World], Iterator[Entry]] = lambda file, world: iter(())
    closing_notices: tuple[Callable[[CaseFile], Iterator[Notice]], ...] = ()

    @cached_property
    def clocks(self) -> Mapping[str, ClockKind]:
        """Each clock by its name."""
        return {clock.name: clock for stage in self.stages for task in stage.tasks for clock in task.clocks}

    @cached_property
    def asking(self) -> Mapping[str, ClockKind]:
        """The clock that a letter asks for, by the letter's template."""
        return {clock.letter: clock for clock in self.clocks.values() if clock.letter}

    def met_by(self, clock: str, key: str) -> MetBy | None:
        """The step that meets a deadline, or None when it is not met by a step.

        Arguments:
            clock: the deadline's clock.
            key: the deadline's key.
        """
        kind = self.clocks.get(clock)
        return MetBy(kind.step, kind.known(key)) if kind is not None and kind.step else None

    def responsible_for(self, deadline: Deadline) -> str:
        """Who is to meet a deadline: whoever is reminded of it, or the Chair too where the step is the Chair's."""
        step = self.clocks[deadline.clock].step
        chairs = step != "" and "chair" in self.steps[step].who
        return CHAIR_OR_COORDINATOR if chairs and deadline.responsible == "coordinator" else deadline.responsible
