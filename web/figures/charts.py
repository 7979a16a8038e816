"""Bar charts as shapes: where each bar, label and number stands. ``statistics/chart.html`` draws them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 320
"""Of a chart, in its own units: as narrow as a telephone, so that its letters stay legible there."""

_LINE = 16
_BAR = 18
_GAP = 12
_LETTERS = 44
"""Letters in a line of a label."""
_ROOM_FOR_NUMBER = 60


@dataclass(frozen=True)
class Segment:
    """A piece of a bar. ``series`` counts from 1; each has a pattern of its own, so that none is told by colour."""

    series: int
    x: float
    width: float


@dataclass(frozen=True)
class Bar:
    """A bar with its label above and its number behind.

    Arguments:
        label: its lines, each with the place of its foot.
        y: where the bar begins, from above.
        segments: its pieces.
        end: where its number stands.
        number: in words.
    """

    label: tuple[tuple[int, str], ...]
    y: int
    segments: tuple[Segment, ...]
    end: float
    number: str


@dataclass(frozen=True)
class Chart:
    """A chart.

    Arguments:
        title: what it shows.
        text: all its numbers in words, for whoever does not see it.
        series: what the pieces of a bar stand for; one for bars of one piece.
        bars: from above.
        height: in its own units.
    """

    title: str
    text: str
    series: tuple[str, ...]
    bars: tuple[Bar, ...]
    height: int
    bar: int = _BAR
    width: int = WIDTH


def chart(title: str, series: Sequence[str], rows: Sequence[tuple[str, Sequence[float]]]) -> Chart | None:
    """A chart of bars, one a row, whose pieces are the row's values; None where there is nothing to show.

    Arguments:
        title: what it shows.
        series: what each value of a row is.
        rows: label and values, none below zero.
    """
    most = max((sum(values) for _, values in rows), default=0)
    if not most:
        return None
    bars, y, scale = [], 0, (WIDTH - _ROOM_FOR_NUMBER) / most
    for label, values in rows:
        lines = textwrap.wrap(label, _LETTERS) or [""]
        feet = tuple((y + _LINE * (number + 1) - 4, line) for number, line in enumerate(lines))
        y += _LINE * len(lines)
        segments, x = [], 0.0
        for number, value in enumerate(values, start=1):
            if value:
                segments.append(Segment(number, round(x, 1), round(value * scale, 1)))
                x += value * scale
        bars.append(Bar(feet, y, tuple(segments), round(x + 6, 1), f"{sum(values):g}"))
        y += _BAR + _GAP
    return Chart(
        title, "; ".join(_words(label, series, values) for label, values in rows), tuple(series), tuple(bars), y
    )


def _words(label: str, series: Sequence[str], values: Sequence[float]) -> str:
    if len(series) == 1:
        return f"{label}: {values[0]:g}"
    return f"{label}: " + ", ".join(f"{value:g} {name.lower()}" for name, value in zip(series, values, strict=True))
