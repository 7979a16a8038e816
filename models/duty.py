"""What stands because of the file and its rulebook: deadlines to be met by a step, and notices to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from .casefile import CaseFile
from .days import count, day_words
from .key import Key
from .recipient import Recipient
from .responsible import ASKED_OF_ORGANISATIONS
from .rulebook import Basis
from .world import World


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
        period: whether it is no task but a period that must run, and is over on its day.
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
    period: bool

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
    """One message to one recipient, followed until the mail server has accepted it.

    Arguments:
        key: stable, so that the same notice is never sent twice.
        rule: the framework's number.
        title: what it is about, for people.
        template: the name of its text.
        to: the recipient: a role, ``lead:county-hospital``, ``board_member:county-hospital``, ``person:a-person``, or
            one whose address the file holds.
        content: what the text needs; never a person's name or anything of the child.
        documents: attachments, by digest.
        about, due: the deadline it speaks of, by key, and the day it tells, when it is of no use once that is met or
            moved; empty for any other.
    """

    key: str
    rule: str
    title: str
    template: str
    to: str
    content: Mapping[str, str] = field(default_factory=dict)
    documents: tuple[str, ...] = ()
    about: str = ""
    due: str = ""


Duty = Deadline | Notice


@dataclass(frozen=True, slots=True)
class DeadlineFactory:
    """Makes deadlines from the file's rulebook, its extensions and the calendar."""

    file: CaseFile
    world: World

    def deadline(
        self,
        clock: str,
        start: date,
        *,
        key: str | None = None,
        met_on: date | None = None,
        due: date | None = None,
        counted: str = "the date that was set",
        responsible: str = "",
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
            responsible: the recipient who is reminded, when it is not whom the clock asks.
            organisation: the organisation that was asked; with none it is the coordinator who is reminded.
            title: when it says more than the rulebook's.
            back: counted back from ``start``.
            moves_before: how many of its extensions were for an earlier turn of events, and no longer count.

        Raises:
            NoCalendarError: working days in a year without a calendar.
        """
        rule, kind = self.file.clock(clock), self.file.regime.clocks[clock]
        if due is None:
            reached = count(start, -rule.length if back else rule.length, rule.unit, self.world.extra_holidays)
            due = reached.due
            counted = f"{rule.length} {rule.unit} back from {day_words(start)}" if back else reached.words()
        if kind.asks in ASKED_OF_ORGANISATIONS:
            responsible = responsible or (Recipient.of(kind.asks, organisation) if organisation else "coordinator")
        name = key or clock
        moved = self.file.extensions.get(name, [])[moves_before:]
        return Deadline(
            key=name,
            clock=clock,
            rule=rule.rule,
            title=(title or rule.title).replace("{organisation}", self._name_of(organisation)),
            basis=rule.basis,
            responsible=responsible or kind.asks,
            organisation=organisation,
            # Never earlier than without the extension, whatever the clock starts from since.
            due=max(moved[-1].new, due) if moved else due,
            original_due=due,
            counted=counted,
            met_on=met_on,
            period=kind.period,
        )

    def _name_of(self, organisation: str) -> str:
        party = self.file.parties.get(organisation)
        return party.facts.name if party else self.file.removed_parties.get(organisation, "The board")

    def for_organisation(self, clock: str, organisation: str, start: date, met_on: date | None) -> Deadline:
        """A deadline that each organisation must meet."""
        return self.deadline(clock, start, key=Key.of(clock, organisation), met_on=met_on, organisation=organisation)
