"""A page of a file that somebody asked for: the file, its deadlines in words, and what every page of it shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi.responses import Response

from models.days import london_date
from models.deadline_words import DeadlineWords, deadline_words
from models.projection import DeadlineRow
from models.responsible import responsible_words
from register.files.behind import Behind, behind_of
from web.request.links import may_record, record_link
from web.request.opened_file import OpenFile, open_file
from web.request.visit import Visit

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
        behind: what the register is behind with; None when it has all of the file.
    """

    visit: Visit
    file: OpenFile
    today: date
    behind: Behind | None

    @property
    def names(self) -> dict[str, str]:
        """Of organisations and people, by id."""
        return self.file.names

    def deadlines(self) -> list[Shown]:
        """Every deadline, by its day."""
        return [self._shown(row) for row in sorted(self.file.stored.deadlines, key=lambda row: (row.due, row.key))]

    def next(self) -> Shown | None:
        """What is due next; a period that only has to run when there is nothing else."""
        standing = [row for row in self.file.stored.deadlines if row.met_on is None]
        row = min(standing, key=lambda row: (row.period, row.due, row.key), default=None)
        return self._shown(row) if row else None

    def may_record(self, step: str) -> bool:
        """Whether whoever asks may record steps of this kind at all."""
        return may_record(self.visit, self.file.regime, step)

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
                row.met_on is None and row.due < self.today and not row.period for row in self.file.stored.deadlines
            ),
            asked=self,
            behind=self.behind,
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
            deadline_words(row, self.file.world, moved),
            self.who(row.responsible),
            self._record_link(row) if row.met_on is None else "",
            tuple((extension.new, extension.reason) for extension in moved),
        )

    def _record_link(self, row: DeadlineRow) -> str:
        return record_link(self.visit, self.file.regime, self.file.reference, row.clock, row.key)


async def asked_for(visit: Visit, reference: str) -> FileRequest:
    """A file for one of its pages.

    Raises:
        NotFound: there is none, or none for whoever asks.
        RegisterUnavailable: no answer in time.
    """
    file = await open_file(visit, reference)
    return FileRequest(visit, file, london_date(visit.now), await behind_of(visit.site.register, reference))
