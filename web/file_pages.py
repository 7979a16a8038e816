"""One file, from its overview to its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from models.counting import london_date
from models.deadline_words import PERIODS, DeadlineWords, deadline_words
from models.projection import DeadlineRow
from models.responsible import named_in, organisation_of, responsible_words
from models.tasks import Task, tasks_of
from models.view import recordable, related_of, remarks_of
from web.file_links import may_record, record_link, step_link
from web.reading import OpenFile, open_file
from web.visit import Visit, allowed

router = APIRouter()

SECTIONS = (
    ("", "Overview"),
    ("deadlines", "Deadlines"),
    ("organisations", "Organisations"),
    ("people", "People"),
    ("reviewers", "Reviewers"),
    ("actions", "Actions"),
    ("documents", "Documents"),
    ("letters", "Letters"),
    ("history", "History"),
)
"""The pages of a file: the end of each address, and what it is called."""


@dataclass(frozen=True)
class Shown:
    """A deadline of a file as its pages show it.

    Arguments:
        row: as the register has it.
        words: how much time is left, and how it was counted.
        who: who is responsible.
        record: where the step that meets it is recorded; empty when there is none for whoever asks.
        moves: how it was moved: each new date with its reason.
    """

    row: DeadlineRow
    words: DeadlineWords
    who: str
    record: str
    moves: tuple[tuple[date, str], ...] = ()


@dataclass(frozen=True)
class FileRequest:
    """A page of a file that somebody asked for.

    Arguments:
        visit: who asks.
        file: the file.
        today: today in London.
        names: of organisations and people, by id.
    """

    visit: Visit
    file: OpenFile
    today: date
    names: dict[str, str]

    def deadlines(self) -> list[Shown]:
        """Every deadline, by its day."""
        return [self._shown(row) for row in sorted(self.file.stored.deadlines, key=lambda row: (row.due, row.key))]

    def next(self) -> Shown | None:
        """What is due next; a period that only has to run when there is nothing else."""
        standing = [row for row in self.file.stored.deadlines if row.met_on is None]
        row = min(standing, key=lambda row: (row.clock in PERIODS, row.due, row.key), default=None)
        return self._shown(row) if row else None

    def who(self, responsible: str) -> str:
        """Who somebody is, for people."""
        return responsible_words(responsible, self.names)

    def page(self, section: str, **context: Any) -> Response:
        """A page of the file: ``web/templates/file/…`` with the file's header and the way to its other pages."""
        reference = self.file.reference
        name = dict(SECTIONS)[section]
        return self.visit.page(
            f"file/{section or 'overview'}.html",
            title=f"{reference}: {name.lower()}",
            heading=name,
            file=self.file,
            case=self.file.case,
            stored=self.file.stored,
            ahead=self.next(),
            overdue=sum(
                row.met_on is None and row.due < self.today and row.clock not in PERIODS
                for row in self.file.stored.deadlines
            ),
            asked=self,
            sections=[
                {"text": text, "href": f"/files/{reference}{f'/{end}' if end else ''}", "active": end == section}
                for end, text in SECTIONS
            ],
            **context,
        )

    def _shown(self, row: DeadlineRow) -> Shown:
        moved = self.file.case.extensions.get(row.key, [])
        return Shown(
            row,
            deadline_words(row, self.today, self.visit.site.settings.extra_holidays, moved),
            self.who(row.responsible),
            record_link(self.visit, self.file.reference, row.clock, row.key) if row.met_on is None else "",
            tuple((extension.new, extension.reason) for extension in moved),
        )


async def asked_for(visit: Visit, reference: str) -> FileRequest:
    """A file for one of its pages.

    Raises:
        NotFound: there is none, or none for whoever asks.
        RegisterAway: no answer in time.
    """
    file = await open_file(visit, reference)
    names = named_in(file.world.directory) | {name: party.facts.name for name, party in file.case.parties.items()}
    return FileRequest(visit, file, london_date(visit.now), names)


@router.get("/files/{reference}")
async def overview(reference: str, visit: Visit = allowed("read files")) -> Response:
    """Where the file stands: its tasks by stage, its clocks, the finding, and what may be recorded next."""
    asked = await asked_for(visit, reference)
    file = asked.file
    steps = recordable(file.case, file.world)
    stages = tasks_of(
        file.case,
        file.stored.stage,
        file.stored.deadlines,
        steps,
        asked.today,
        visit.site.settings.extra_holidays,
    )
    return asked.page(
        "",
        remarks=remarks_of(file.case),
        related=related_of(file.case),
        stages=[(stage, [_task_item(asked, task) for task in stage.tasks]) for stage in stages],
        clocks=[shown for shown in asked.deadlines() if shown.row.met_on is None],
        limbs=file.case.finding.limbs,
        next_steps=[
            {"label": step["label"], "rules": step["rules"], "href": step_link(reference, step["step"])}
            for step in steps
            if not step["why_not"] and may_record(visit, step["step"])
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
        may_extend=may_record(visit, "deadline_extended"),
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
    words = task.status[:1].upper() + task.status[1:]
    if task.status == "in progress" and task.total > 1:
        words = f"{words}: {task.met} of {task.total}"
    plain = task.status in ("completed", "cannot start yet", "not needed")
    faint = {"classes": "govuk-task-list__status--cannot-start-yet"} if task.status == "cannot start yet" else {}
    shown = {"text": words, **faint} if plain else {"tag": {"text": words, "classes": _TAGS[task.status]}}
    hints = [task.next.line[:1].upper() + task.next.line[1:]] if task.next else []
    hints += [task.why] if task.why else []
    item: dict[str, Any] = {"title": {"text": task.title}, "status": shown}
    if hints:
        item["hint"] = {"text": ". ".join(hint.rstrip(".") for hint in hints) + "."}
    if task.step and may_record(asked.visit, task.step):
        item["href"] = step_link(asked.file.reference, task.step, task.fields)
    return item


__all__ = ["FileRequest", "Shown", "asked_for", "organisation_of", "router"]
