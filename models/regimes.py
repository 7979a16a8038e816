"""Every regime there is, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .record import Entry, Refusal
from .regime import Regime
from .serious_case_reviews import SERIOUS_CASE_REVIEWS
from .step import Step

REGIMES: dict[str, Regime] = {SERIOUS_CASE_REVIEWS.name: SERIOUS_CASE_REVIEWS}
"""The bodies of law that rulebooks can belong to."""


def regime_named(name: str) -> Regime:
    """The regime by this name.

    Raises:
        KeyError: this release has none.
    """
    return REGIMES[name]


def regime_of(record: Sequence[Entry]) -> Regime:
    """The regime of a file, from its record: that of the rulebook it was opened under.

    Raises:
        KeyError: this release does not know it.
    """
    return regime_named(record[1].body["rulebook"]["regime"])


def step_called(regime: Regime, name: str) -> type[Step] | Refusal:
    """The class of a step that a file of this regime can take, or why there is none."""
    if kind := regime.steps.get(name):
        return kind
    others = " and ".join(other.title for other in REGIMES.values() if name in other.steps)
    if others:
        return Refusal("", f"{name} is a step of {others}, and this file is under {regime.title}.")
    return Refusal("", f"There is no step called {name[:64]}. See the list of steps.")


def steps_called(name: str) -> list[type[Step]]:
    """The classes of this name in every regime, for what does not know the file's."""
    return [regime.steps[name] for regime in REGIMES.values() if name in regime.steps]


def build_steps() -> None:
    """Builds what steps are read by, for whoever is about to read any of them and must be quick."""
    for regime in REGIMES.values():
        for kind in regime.steps.values():
            kind.model_rebuild()


def every_stage() -> tuple[str, ...]:
    """The stages of all regimes, each once, for lists across files."""
    return _each_once(stage.name for regime in REGIMES.values() for stage in regime.stages)


def every_kind() -> tuple[str, ...]:
    """The kinds of review of all regimes, each once, for lists across files."""
    return _each_once(kind for regime in REGIMES.values() for kind in regime.kinds)


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
