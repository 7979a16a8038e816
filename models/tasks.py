"""What a file asks for, stage by stage, as tasks: done, under way, to be begun, or not possible yet and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .casefile import CaseFile
from .deadline_words import DeadlineWords, deadline_words
from .projection import DeadlineRow
from .regime import Regime, StageKind, TaskKind
from .world import World

Status = Literal["completed", "in progress", "not yet started", "cannot start yet", "not needed"]


@dataclass(frozen=True, slots=True)
class Task:
    """A task of one file.

    Arguments:
        title: what is to be done.
        status: one adjective.
        why: why it cannot start yet, or what is to be said of its status; empty when there is nothing.
        step: the step that does it; empty when none does, or it is done.
        fields: what of the step is known already, where one single thing is open.
        next: the next deadline in words; None when none is open.
        met, total: how many of its deadlines are met, of how many.
    """

    title: str
    status: Status
    why: str = ""
    step: str = ""
    fields: Mapping[str, str] | None = None
    next: DeadlineWords | None = None
    met: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class StageTasks:
    """The tasks of a stage. ``current`` says that the file is in it."""

    stage: str
    title: str
    tasks: tuple[Task, ...]
    current: bool


def stage_of_step(regime: Regime, step: str) -> str:
    """The stage a step belongs to, empty when to none; nothing rests on it but the order of lists."""
    if step in regime.any_time:
        return ""
    named = (stage.name for stage in regime.stages if step in stage.more)
    return next(named, next((stage.name for stage in regime.stages if step in _done_by(stage)), ""))


def steps_of_stage(regime: Regime, stage: StageKind) -> tuple[str, ...]:
    """The steps of a stage, in the order in which they usually come up."""
    steps = dict.fromkeys((*_done_by(stage), *stage.more))
    return tuple(step for step in steps if stage_of_step(regime, step) == stage.name)


def clocks_of_stage(stage: StageKind) -> tuple[str, ...]:
    """The clocks of a stage's tasks."""
    return tuple(clock.name for kind in stage.tasks for clock in kind.clocks)


def _done_by(stage: StageKind) -> list[str]:
    """The steps that a stage's tasks begin with or are done by."""
    found = ((kind.step, *(clock.step for clock in kind.clocks)) for kind in stage.tasks)
    return [step for steps in found for step in steps if step]


_LETTERS = "Sent automatically when it is due."


def tasks_of(
    file: CaseFile,
    stage: str,
    deadlines: Sequence[DeadlineRow],
    steps: Sequence[Mapping[str, Any]],
    world: World,
) -> list[StageTasks]:
    """Every task of a file, by stage.

    Arguments:
        file: folded from its record.
        stage: where it stands.
        deadlines: every one, met or open.
        steps: what may be recorded now and why not, see :func:`models.view.recordable`.
        world: what the core is told of the world.
    """
    why_not = {step["step"]: [one["reason"] for one in step["why_not"]] for step in steps}
    found = []
    for one in file.regime.stages:
        asked = [kind for kind in one.tasks if not kind.only_if_asked or _deadlines_of(kind, deadlines)]
        tasks = tuple(_task(kind, file, deadlines, why_not, world) for kind in asked)
        found.append(StageTasks(one.name, one.title, tasks, one.name == stage))
    return [one for one in found if one.tasks]


def _deadlines_of(kind: TaskKind, deadlines: Sequence[DeadlineRow]) -> list[DeadlineRow]:
    clocks = {clock.name for clock in kind.clocks}
    return [deadline for deadline in deadlines if deadline.clock in clocks]


def _task(
    kind: TaskKind,
    file: CaseFile,
    deadlines: Sequence[DeadlineRow],
    why_not: Mapping[str, list[str]],
    world: World,
) -> Task:
    mine = _deadlines_of(kind, deadlines)
    still = sorted((d for d in mine if d.met_on is None), key=lambda d: d.due)
    met = len(mine) - len(still)
    if kind.done(file) or (mine and not still and not kind.again(file)):
        late = sum(d.met_on is not None and d.met_on > d.due for d in mine)
        return Task(kind.title, "completed", why=_late(late, len(mine)), met=met, total=len(mine))
    found = file.regime.met_by(still[0].clock, still[0].key) if still else None
    clock_step = kind.clocks[0].step if kind.clocks else ""
    step = found.step if found else "" if still else kind.step or clock_step
    fields = found.fields if found and len(still) == 1 else None
    reasons = why_not.get(step, []) if step else []
    words = deadline_words(still[0], world) if still else None
    if file.ended is not None and not still:
        return Task(kind.title, "not needed", f"The file has ended ({file.ended}).")
    if reasons:
        return Task(kind.title, "cannot start yet", reasons[0], next=words, met=met, total=len(mine))
    if not step and not still:
        return Task(kind.title, "cannot start yet", _LETTERS)
    begun = met > 0 or (bool(still) and not step)
    why = "Letters are being sent." if still and not step and not still[0].period else ""
    status: Status = "in progress" if begun else "not yet started"
    return Task(kind.title, status, why, step, fields, words, met, len(mine))


def _late(late: int, total: int) -> str:
    if not late:
        return ""
    return "Met late." if total == 1 else f"{late} of {total} met late."
