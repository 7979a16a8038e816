"""What a regime's criteria find in a file's facts: which limb is met, not met or undecided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Held = Literal["met", "not met", "undecided"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact that a limb rests on.

    Arguments:
        name: where it is recorded, ``child-1.outcome``.
        words: what it says, for people.
        holds: whether it speaks for the limb; None while it is unknown.
    """

    name: str
    words: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Limb:
    """One way in which an incident meets the criteria, for one child."""

    rule: str
    title: str
    child: str
    facts: tuple[Fact, ...]

    @property
    def held(self) -> Held:
        """Not met as soon as one fact speaks against it, undecided while one is unknown, else met."""
        if any(fact.holds is False for fact in self.facts):
            return "not met"
        return "undecided" if any(fact.holds is None for fact in self.facts) else "met"


@dataclass(frozen=True, slots=True)
class Finding:
    """Every limb for every child. Met when any limb is met for any child."""

    limbs: tuple[Limb, ...]

    @property
    def held(self) -> Held:
        """What the finding says of the criteria as a whole."""
        states = {limb.held for limb in self.limbs}
        return "met" if "met" in states else "undecided" if "undecided" in states else "not met"

    def met(self) -> tuple[Limb, ...]:
        """The limbs that are met."""
        return tuple(limb for limb in self.limbs if limb.held == "met")

    def unknown(self) -> tuple[str, ...]:
        """The names of the facts that leave a limb undecided, each once."""
        names = (f.name for limb in self.limbs if limb.held == "undecided" for f in limb.facts if f.holds is None)
        return tuple(dict.fromkeys(names))
