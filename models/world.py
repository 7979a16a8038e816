"""What the core is told of the world around a file: all of it together, so that nobody forgets a part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .days import london_date
from .directory import Directory


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around every file, whatever the time.

    Arguments:
        directory: the board's directory; None while none is loaded.
        rulebooks: the rulebooks on the shelf, by name, as plain data.
        extra_holidays: one-off bank holidays that the calendar does not know.
    """

    directory: Directory | None
    rulebooks: Mapping[str, Mapping[str, Any]]
    extra_holidays: frozenset[date]

    def at(self, now: datetime, *, quick: bool = False) -> World:
        """The world at an instant of business time.

        Arguments:
            now: business time.
            quick: whether the answer does not count, as in a validator.
        """
        return World(now, self.directory, self.rulebooks, self.extra_holidays, quick)


@dataclass(frozen=True, slots=True)
class World:
    """What the core is told of the world, at one moment. Made by :meth:`Surroundings.at` alone.

    Arguments:
        now: business time.
        directory: the board's directory; None while none is loaded. A quick answer then leaves checks that need it to
            the one that counts, and that one refuses.
        rulebooks: the rulebooks on the shelf, by name, as plain data.
        extra_holidays: one-off bank holidays that the calendar does not know.
        quick: True in a validator, whose answer does not count.
    """

    now: datetime
    directory: Directory | None
    rulebooks: Mapping[str, Mapping[str, Any]]
    extra_holidays: frozenset[date]
    quick: bool

    @property
    def today(self) -> date:
        """Today in London."""
        return london_date(self.now)

    @property
    def above_chair(self) -> bool:
        """Whether the directory has somebody in the role above the Chair today."""
        return self.directory is not None and self.directory.holder("above_chair", self.today) is not None
