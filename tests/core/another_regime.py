"""A second body of law, as small as one can be: what a file under it shows is the engine's own, or this regime's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar

from pydantic import Field

from models.casefile import CaseFile
from models.duty import DeadlineFactory, Duty, Notice
from models.finding import Fact, Finding, Limb
from models.incident import Opening, Text
from models.record import Entry, Refusal
from models.regime import ClockKind, Move, Regime, StageKind, TaskKind
from models.rulebook import Clock, Rulebook
from models.step import Step
from models.upkeep.any_time import RulebookChanged
from models.world import World

from .case import rulebook

KEY = "visited"


class Visited(Step):
    """Somebody visited the child (V1)."""

    label: ClassVar[str] = "The child was visited"
    rules: ClassVar[tuple[str, ...]] = ("V1",)

    impression: Text = Field(title="What was seen")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Once."""
        if file.monitored:
            yield Refusal("V1", "The child was visited already: record all_well.")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the day."""
        file.monitored.append(self.happened_on)


class AllWell(Step):
    """All is well: the file ends (V2)."""

    label: ClassVar[str] = "All is well"
    rules: ClassVar[tuple[str, ...]] = ("V2",)

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """After a visit."""
        if not file.monitored:
            yield Refusal("V2", "Nobody has visited the child: record visited first.")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Ends the file."""
        file.ended, file.ended_on, file.ended_step = "closed", self.happened_on, self.id


def _find(file: CaseFile) -> Finding:
    """One limb: the child was harmed, by whatever."""
    return Finding(
        tuple(
            Limb("V0", "a child was harmed", name, (Fact(f"{name}.outcome", child.outcome, bool(child.harms)),))
            for name, child in file.children.items()
        )
    )


def _may_open(opening: Opening, rules: Rulebook, today: date) -> Refusal | None:
    return None if opening.incident else Refusal("V0", "A file is opened for an incident.")


def _remarks(file: CaseFile, deadlines: Any) -> Iterator[str]:
    if not file.monitored:
        yield "Nobody has visited the child (V1)."


def _duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    yield factory.deadline(KEY, file.begun_on, met_on=min(file.monitored, default=None))
    if file.monitored:
        yield Notice("seen", "V1", "The child was seen", "seen", "coordinator")


ANOTHER = Regime(
    name="visits",
    title="welfare visits",
    steps={kind.name(): kind for kind in (Visited, AllWell, RulebookChanged)},
    stages=(
        StageKind(
            "visiting",
            "Visiting",
            (
                TaskKind(
                    "A visit",
                    (ClockKind(KEY, "V1", "visited", ("impression",), letter="seen", reply="Say what you saw"),),
                ),
                TaskKind("The end", (ClockKind("undelivered"), ClockKind("closing", step="all_well"))),
            ),
        ),
        StageKind("closed", "Closed"),
    ),
    any_time=("rulebook_changed",),
    moves=(Move(("visiting",), "all_well", "closed", "All is well."),),
    possible={name: frozenset({"visiting"}) for name in ("visited", "all_well", "rulebook_changed")},
    kinds=("welfare visit",),
    addressees=(),
    acknowledged=frozenset(),
    stage_of=lambda file: "visiting",
    kind_of=lambda file: "welfare visit",
    find=_find,
    may_open=_may_open,
    remarks=_remarks,
    duties=(_duties,),
)


def another_rulebook() -> Rulebook:
    """A rulebook of that law."""
    first = rulebook()
    clock = first.clocks["scope_set"]
    clocks: dict[str, Clock] = {
        name: clock.model_copy(update={"rule": kind.rule, "title": name}) for name, kind in ANOTHER.clocks.items()
    }
    return first.model_copy(update={"name": "visits-2030", "regime": ANOTHER.name, "clocks": clocks})
