"""One file, from its overview to its history."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from models.duties import deadlines_of
from models.step_words import capital, plain_reason
from models.tasks import Task, tasks_of
from models.view import recordable, related_of, remarks_of
from web.file.request import FileRequest, asked_for
from web.recording.step_catalogue import recorded_words
from web.request.links import step_link
from web.request.visit import Visit, allowed

router = APIRouter()


@router.get("/files/{reference}")
async def overview(reference: str, visit: Visit = allowed("read files")) -> Response:
    """Where the file stands: its tasks by stage, its clocks, the finding, and what may be recorded next."""
    asked = await asked_for(visit, reference)
    file = asked.file
    steps = recordable(file.case, file.world)
    stages = tasks_of(file.case, file.stored.stage, file.stored.deadlines, steps, file.world)
    return asked.page(
        "",
        done=recorded_words(visit, asked.file.regime),
        remarks=[
            plain_reason(asked.file.regime, remark)
            for remark in remarks_of(file.case, deadlines_of(file.case, file.world))
        ],
        related=related_of(file.case),
        stages=[(stage, [_task_item(asked, task) for task in stage.tasks]) for stage in stages],
        clocks=[shown for shown in asked.deadlines() if shown.row.met_on is None],
        next_steps=[
            {"label": step["label"], "rules": step["rules"], "href": step_link(reference, step["step"])}
            for step in steps
            if not step["why_not"] and asked.may_record(step["step"])
        ],
    )


@router.get("/files/{reference}/deadlines")
async def deadlines(reference: str, visit: Visit = allowed("read files")) -> Response:
    """Every deadline, open and met, and how each was counted."""
    asked = await asked_for(visit, reference)
    shown = asked.deadlines()
    return asked.page(
        "deadlines",
        standing=[one for one in shown if one.row.met_on is None],
        met=[one for one in shown if one.row.met_on is not None],
        may_extend=asked.may_record("deadline_extended"),
    )


_TAGS = {
    "completed": "",
    "in progress": "govuk-tag--blue",
    "not yet started": "govuk-tag--grey",
    "cannot start yet": "",
    "not needed": "",
}


def _task_item(asked: FileRequest, task: Task) -> dict[str, Any]:
    """A task as the design system's task list takes it."""
    words = capital(task.status)
    if task.status == "in progress" and task.total > 1:
        words = f"{words}: {task.met} of {task.total}"
    plain = task.status in ("completed", "cannot start yet", "not needed")
    faint = {"classes": "govuk-task-list__status--cannot-start-yet"} if task.status == "cannot start yet" else {}
    shown = {"text": words, **faint} if plain else {"tag": {"text": words, "classes": _TAGS[task.status]}}
    hints = [capital(task.next.line)] if task.next else []
    hints += [plain_reason(asked.file.regime, task.why)] if task.why else []
    item: dict[str, Any] = {"title": {"text": task.title}, "status": shown}
    if hints:
        item["hint"] = {"text": ". ".join(hint.rstrip(".") for hint in hints) + "."}
    if task.step and asked.may_record(task.step):
        item["href"] = step_link(asked.file.reference, task.step, task.fields)
    return item
