"""What a file asks for, stage by stage, as tasks: done, under way, to be begun, or not possible yet and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from .casefile import CaseFile
from .deadline_words import DeadlineWords, deadline_words
from .meets import met_by
from .projection import DeadlineRow
from .rulebook import PERIODS

Status = Literal["completed", "in progress", "not yet started", "cannot start yet", "not needed"]


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A task that every file of some kind has.

    Arguments:
        title: what is to be done, for people.
        clocks: the clocks of its deadlines.
        step: the step that begins it, where no clock's own step does.
        done: whether it is done, where no deadline says so.
        again: whether it is to be done again, though every deadline that there was for it is settled.
        only_if_asked: it is a task only once a deadline stands for it.
    """

    title: str
    clocks: tuple[str, ...] = ()
    step: str = ""
    done: Callable[[CaseFile], bool] = lambda file: False
    again: Callable[[CaseFile], bool] = lambda file: False
    only_if_asked: bool = False


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


def _asked(title: str, *clocks: str) -> TaskKind:
    return TaskKind(title, clocks, only_if_asked=True)


def _unpublished(file: CaseFile) -> bool:
    return file.publication.published_on is None


def _to_be_fixed(file: CaseFile) -> bool:
    return _unpublished(file) and file.publication.fixed_for is None


TASKS: tuple[tuple[str, str, tuple[TaskKind, ...]], ...] = (
    (
        "deciding",
        "Deciding whether to hold a review",
        (
            TaskKind("The local authority notifies the board", ("notify_board",), only_if_asked=True),
            TaskKind("The local authority notifies the national panel", ("notify_panel",), only_if_asked=True),
            TaskKind(
                "The Case Review Group recommends",
                step="review_recommended",
                done=lambda file: file.recommended_on is not None,
            ),
            TaskKind("The Chair decides", ("decision",)),
            TaskKind("Those who must hear of the decision are told", ("decision_told", "panel_told_not_initiated")),
            _asked("The decision is revisited", "decision_revisited"),
            _asked("Peer challenge is answered", "peer_challenge_answered"),
            _asked("Requests of the national panel or the Department are answered", "panel_request"),
            _asked("The board responds to the national panel's advice", "advice_considered"),
        ),
    ),
    (
        "review",
        "The review",
        (
            _asked("Organisations lock down their case files", "files_secured"),
            TaskKind("A lead reviewer is appointed", ("reviewer_appointed",)),
            _asked("The national panel is given the reviewers' names", "reviewers_told"),
            _asked("Conflicts of interest are resolved", "conflict_resolved"),
            TaskKind("The scope is set", ("scope_set",)),
            TaskKind("The model is chosen", ("model_chosen",)),
            TaskKind("Organisations name their representatives", ("representative_named",)),
            TaskKind("Organisations inform their staff", ("staff_informed",)),
            TaskKind("Organisations send information", ("agency_information",), step="information_requested"),
            _asked("Staff are told their organisation's own findings", "agency_findings_told"),
            TaskKind("Practitioners are involved", ("practitioners_involved",)),
            TaskKind("The family is invited", ("family_invited",)),
            _asked("The family answers", "family_answered"),
            _asked("Court proceedings are followed", "proceedings_checked"),
            _asked("Interim learning is recorded", "interim_learning"),
            TaskKind("The report is drafted", step="report_drafted", done=lambda file: bool(file.drafts)),
            TaskKind("The report is signed off", ("completion", "other_review_completed")),
        ),
    ),
    (
        "publication",
        "Publication",
        (
            TaskKind("Actions are proposed", step="action_proposed", done=lambda file: bool(file.actions)),
            _asked("Owners agree the actions", "action_agreed"),
            TaskKind("The action plan is ready", ("action_plan",)),
            TaskKind("Every board member has report and plan", ("board_copy",)),
            TaskKind("Findings are shared with staff", ("findings_shared",)),
            TaskKind("The board's response is ready", ("board_responded",)),
            TaskKind(
                "The publication is checked",
                step="publication_checked",
                done=lambda file: file.publication.checked_on is not None,
            ),
            _asked("The publication is checked again", "publication_rechecked"),
            TaskKind("The publication date is fixed", ("publication_fixed",), again=_to_be_fixed),
            _asked("The national panel has its copy", "panel_copy"),
            TaskKind("The report is published", ("publication",), again=_unpublished),
            _asked("The national panel is told that publication is not proposed", "panel_told_not_publishing"),
            _asked("The national panel advises on not publishing", "non_publication_advice"),
            _asked("It is decided whether to publish", "non_publication_decided"),
        ),
    ),
    (
        "learning",
        "Learning",
        (
            TaskKind("A learning event is held", ("learning_event",)),
            TaskKind("The sub-group considers the findings", ("learning_considered",)),
            TaskKind("The training programme is changed", ("training_changed",)),
            TaskKind("Organisations take the learning forward", ("learning_taken_forward",)),
            TaskKind("A bulletin is approved", ("bulletin_approved",)),
            TaskKind("The outcome is shared with partners", ("outcome_shared",)),
            _asked("Organisations confirm the outcome", "outcome_confirmed"),
        ),
    ),
    (
        "follow-up",
        "Follow-up",
        (
            TaskKind("Actions are done", ("action_done",)),
            TaskKind("The impact of each action is recorded", ("impact_recorded",)),
            _asked("Open actions are reviewed", "monitoring"),
            _asked("The report's year on the website", "year_on_website"),
            _asked("What happens to the report after its year", "moved_to_request"),
            _asked("Requests for a copy are answered", "copy_supplied"),
            _asked("Letters that could not be delivered reach their readers", "undelivered"),
            TaskKind("The file is closed", ("closing",), done=lambda file: file.ended is not None),
        ),
    ),
)
"""The tasks of each stage, with the stage's name and title, in the order in which they usually come up."""

FURTHER: Mapping[str, tuple[str, ...]] = {
    "deciding": (
        *("facts_corrected", "child_added", "notification_withdrawn", "transferred", "peer_challenge_sought"),
        *("panel_requested", "panel_advised", "notification_sent", "acknowledged"),
    ),
    "review": (
        *("organisation_added", "organisation_removed", "reviewer_stood_down", "information_declined"),
        *("information_request_withdrawn", "family_listed", "finding_recorded", "delay_recorded", "review_withdrawn"),
    ),
    "publication": (
        *("action_declined", "non_publication_proposed", "court_restriction_set", "court_restriction_lifted"),
        *("situation_changed", "disclosed_early", "report_withdrawn", "report_restored"),
    ),
    "learning": ("learning_event_planned",),
    "follow-up": ("action_progressed", "copy_requested"),
    "closed": ("reopened",),
    "": (
        *("joined_with", "merged_into", "merged_from", "note_added", "struck_out", "address_corrected"),
        *("deadline_extended", "escalation_acknowledged", "rulebook_changed"),
    ),
}
"""By stage, the steps that belong to it beside those its tasks are done by; by "", those that belong to none."""


def stage_of_step(step: str) -> str:
    """The stage a step belongs to, empty when to none; nothing rests on it but the order of lists."""
    further = (stage for stage, steps in FURTHER.items() if step in steps)
    return next(further, next((name for name, _, kinds in TASKS if step in _done_by(kinds)), ""))


def steps_of_stage(stage: str) -> tuple[str, ...]:
    """The steps of a stage, in the order in which they usually come up."""
    done_by = (step for name, _, kinds in TASKS if name == stage for step in _done_by(kinds))
    return tuple(step for step in dict.fromkeys((*done_by, *FURTHER[stage])) if stage_of_step(step) == stage)


def clocks_of_stage(stage: str) -> tuple[str, ...]:
    """The clocks of a stage's tasks."""
    return tuple(clock for name, _, kinds in TASKS if name == stage for kind in kinds for clock in kind.clocks)


def _done_by(kinds: Sequence[TaskKind]) -> list[str]:
    """The steps that tasks begin with or are done by."""
    found = [(kind.step, *(met.step for clock in kind.clocks if (met := met_by(clock, clock)))) for kind in kinds]
    return [step for steps in found for step in steps if step]


_LETTERS = "It goes out by itself as soon as there is something to tell."


def tasks_of(
    file: CaseFile,
    stage: str,
    deadlines: Sequence[DeadlineRow],
    steps: Sequence[Mapping[str, Any]],
    today: date,
    extra_holidays: Sequence[date] = (),
) -> list[StageTasks]:
    """Every task of a file, by stage.

    Arguments:
        file: folded from its record.
        stage: where it stands.
        deadlines: every one, met or open.
        steps: what may be recorded now and why not, see :func:`models.view.recordable`.
        today: today in London.
        extra_holidays: one-off bank holidays.
    """
    why_not = {step["step"]: [one["reason"] for one in step["why_not"]] for step in steps}
    found = []
    for name, title, kinds in TASKS:
        tasks = [_task(kind, file, deadlines, why_not, today, extra_holidays) for kind in kinds if _is(kind, deadlines)]
        found.append(StageTasks(name, title, tuple(tasks), name == stage))
    return found


def _is(kind: TaskKind, deadlines: Sequence[DeadlineRow]) -> bool:
    return not kind.only_if_asked or any(deadline.clock in kind.clocks for deadline in deadlines)


def _task(
    kind: TaskKind,
    file: CaseFile,
    deadlines: Sequence[DeadlineRow],
    why_not: Mapping[str, list[str]],
    today: date,
    extra_holidays: Sequence[date],
) -> Task:
    mine = [deadline for deadline in deadlines if deadline.clock in kind.clocks]
    still = sorted((d for d in mine if d.met_on is None), key=lambda d: d.due)
    met = len(mine) - len(still)
    if kind.done(file) or (mine and not still and not kind.again(file)):
        late = sum(d.met_on is not None and d.met_on > d.due for d in mine)
        return Task(kind.title, "completed", why=_late(late, len(mine)), met=met, total=len(mine))
    found = met_by(still[0].clock, still[0].key) if still else None
    clock_step = met_by(kind.clocks[0], kind.clocks[0]) if kind.clocks else None
    step = found.step if found else "" if still else kind.step or (clock_step.step if clock_step else "")
    fields = found.fields if found and len(still) == 1 else None
    reasons = why_not.get(step, []) if step else []
    words = deadline_words(still[0], today, extra_holidays) if still else None
    if file.ended is not None and not still:
        return Task(kind.title, "not needed", f"The file has ended ({file.ended}).")
    if reasons:
        return Task(kind.title, "cannot start yet", reasons[0], next=words, met=met, total=len(mine))
    if not step and not still:
        return Task(kind.title, "cannot start yet", _LETTERS)
    begun = met > 0 or (bool(still) and not step)
    why = "Letters are under way." if still and not step and still[0].clock not in PERIODS else ""
    status: Status = "in progress" if begun else "not yet started"
    return Task(kind.title, status, why, step, fields, words, met, len(mine))


def _late(late: int, total: int) -> str:
    if not late:
        return ""
    return "Met late." if total == 1 else f"{late} of {total} met late."
