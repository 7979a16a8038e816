"""What stands because of the file and its rulebook: deadlines to be met by a step, and notices to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from .casefile import CaseFile
from .counting import count, day_words
from .rulebook import PERIODS, Basis


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something to be done by the end of a day in London.

    Arguments:
        key: stable, so that the same duty is never raised twice.
        clock: its name in the rulebook.
        rule: the framework's number.
        title: what is to be done, for people.
        basis: set by statute or guidance, or the board's own.
        responsible: the recipient who is reminded.
        organisation: the organisation that was asked, if one was.
        due: the day, after any extension.
        original_due: the day, before any extension.
        counted: how it was counted.
        met_on: the day it was met, if it was.
    """

    key: str
    clock: str
    rule: str
    title: str
    basis: Basis
    responsible: str
    organisation: str
    due: date
    original_due: date
    counted: str
    met_on: date | None

    @property
    def period(self) -> bool:
        """Whether it is no task but a period that must run, and is over on its day."""
        return self.clock in PERIODS

    @property
    def open(self) -> bool:
        """Whether it is still to be met."""
        return self.met_on is None

    @property
    def late(self) -> bool:
        """Whether it was met after its day."""
        return self.met_on is not None and self.met_on > self.due


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one recipient, followed until the mail server has taken it.

    Arguments:
        key: stable, so that the same notice is never sent twice.
        rule: the framework's number.
        title: what it is about, for people.
        template: the name of its text.
        to: the recipient: a role, ``lead:county-hospital``, ``board_member:county-hospital``, ``person:a-person``, or
            one whose address the file holds.
        content: what the text needs; never a person's name or anything of the child.
        documents: attachments, by digest.
    """

    key: str
    rule: str
    title: str
    template: str
    to: str
    content: Mapping[str, str] = field(default_factory=dict)
    documents: tuple[str, ...] = ()


Duty = Deadline | Notice


@dataclass(frozen=True, slots=True)
class Clocks:
    """Makes deadlines from the file's rulebook, its extensions and the calendar."""

    file: CaseFile
    extra_holidays: tuple[date, ...] = ()

    def deadline(
        self,
        clock: str,
        start: date,
        *,
        key: str | None = None,
        met_on: date | None = None,
        due: date | None = None,
        counted: str = "the date that was set",
        responsible: str = "coordinator",
        organisation: str = "",
        title: str | None = None,
        back: bool = False,
        moves_before: int = 0,
    ) -> Deadline:
        """The deadline of a clock.

        Arguments:
            clock: its name in the rulebook.
            start: the day counted from, day 0.
            key: when there can be several; else the clock's name.
            met_on: the day it was met.
            due: a day named by a step, used instead of the clock's length.
            counted: how such a day came about.
            responsible: the recipient who is reminded.
            organisation: the organisation that was asked.
            title: when it says more than the rulebook's.
            back: counted back from ``start``.
            moves_before: how many of its extensions were for an earlier turn of events, and no longer count.

        Raises:
            NoCalendarError: working days in a year without a calendar.
        """
        rule = self.file.rules.clock(clock)
        if due is None:
            reached = count(start, -rule.length if back else rule.length, rule.unit, self.extra_holidays)
            due = reached.due
            counted = f"{rule.length} {rule.unit} back from {day_words(start)}" if back else reached.words()
        name = key or clock
        moved = self.file.extensions.get(name, [])[moves_before:]
        return Deadline(
            key=name,
            clock=clock,
            rule=rule.rule,
            title=(title or rule.title).replace("{organisation}", self._name_of(organisation)),
            basis=rule.basis,
            responsible=responsible,
            organisation=organisation,
            # Never earlier than without the extension, whatever the clock starts from since.
            due=max(moved[-1].new, due) if moved else due,
            original_due=due,
            counted=counted,
            met_on=met_on,
        )

    def _name_of(self, organisation: str) -> str:
        party = self.file.parties.get(organisation)
        return party.facts.name if party else self.file.taken_off.get(organisation, "The board")

    def for_organisation(
        self, clock: str, organisation: str, start: date, met_on: date | None, asked: str = "lead"
    ) -> Deadline:
        """A deadline that an organisation must meet, reminded through its safeguarding lead or its board member."""
        return self.deadline(
            clock,
            start,
            key=f"{clock}:{organisation}",
            met_on=met_on,
            responsible=f"{asked}:{organisation}",
            organisation=organisation,
        )
