"""The board's figures as tables, each with its chart: what the page shows and the spreadsheet has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.days import london_date
from models.regimes import every_stage
from models.rulebook import Rulebook
from models.step_words import capital
from register.lists.figures import (
    AnnualReport,
    Count,
    DecisionCount,
    StageCount,
    annual_report,
    count_by_kind_and_stage,
    count_by_kind_and_year,
    count_decisions,
)
from register.lists.milestones import Milestone, milestones
from web.figures.charts import Chart, chart
from web.request.filters import reader
from web.request.visit import Visit

Cell = str | int | float | None

NOT_INITIATING = ("alternative review", "no review")
"""Decisions not to initiate a Serious Case Review (2.2e)."""

_KEPT = ("Met on time", "Met late", "Overdue", "Not due yet")
_WORST = 10


@dataclass(frozen=True)
class Table:
    """Figures as a table.

    Arguments:
        id: its own on the page.
        caption: what it shows; also the spreadsheet's name for it, cut to what fits.
        columns: their headings; the first is that of the rows.
        rows: the first cell of each is its heading.
        note: what must be known to read it.
        chart: the same as bars; None where there is nothing to show.
    """

    id: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    chart: Chart | None = None


@dataclass(frozen=True)
class Figures:
    """All tables of a year or of all years, and the years there are."""

    year: int | None
    years: tuple[int, ...]
    tables: tuple[Table, ...]


async def figures(visit: Visit, year: int | None) -> Figures:
    """The figures of a year, or of all years, over the files that whoever asks may see."""
    register, who, today = visit.site.register, reader(visit), london_date(visit.now)
    opened = await count_by_kind_and_year(register, who)
    decided = await count_decisions(register, who)
    report = await annual_report(register, year, who)
    found = (
        _kinds([one for one in opened if year in (None, one.year)]),
        _stages(await count_by_kind_and_stage(register, who, year=year)),
        _milestones(await milestones(register, who, today=today, year=year), visit.site.system.rulebook),
        _decisions([one for one in decided if year in (None, one.year)]),
        _actions(report),
        _clocks(report, visit.site.system.rulebook),
    )
    years = {one.year for one in opened} | {one.year for one in decided} | {today.year}
    return Figures(year, tuple(sorted(years, reverse=True)), found)


def _kinds(counts: Sequence[Count]) -> Table:
    years = sorted({one.year for one in counts})
    by = {(one.kind, one.year): one.files for one in counts}
    kinds = sorted({one.kind for one in counts})
    sums = [(capital(kind), sum(by.get((kind, year), 0) for year in years)) for kind in kinds]
    rows: list[tuple[Cell, ...]] = [
        (name, *(by.get((kind, year), 0) for year in years), total)
        for kind, (name, total) in zip(kinds, sums, strict=True)
    ]
    if rows:
        rows.append(("All", *(sum(by.get((kind, year), 0) for kind in kinds) for year in years), sum(by.values())))
    return Table(
        "kinds",
        "Files by kind and year",
        ("Kind of review", *map(str, years), "All"),
        tuple(rows),
        "By the year in which the file was opened (1.2a).",
        chart("Files by kind of review", ("Files",), [(name, (total,)) for name, total in sums]),
    )


def _stages(counts: Sequence[StageCount]) -> Table:
    by = {(one.kind, one.stage): one.files for one in counts}
    kinds = sorted({one.kind for one in counts})
    stages = [stage for stage in every_stage() if any(one.stage == stage for one in counts)]
    rows: list[tuple[Cell, ...]] = [(capital(kind), *(by.get((kind, stage), 0) for stage in stages)) for kind in kinds]
    totals = [(capital(stage), (sum(by.get((kind, stage), 0) for kind in kinds),)) for stage in stages]
    if rows:
        rows.append(("All", *(values[0] for _, values in totals)))
    return Table(
        "stages",
        "Files by kind and stage",
        ("Kind of review", *map(capital, stages)),
        tuple(rows),
        "The stage of each file today.",
        chart("Files by stage", ("Files",), totals),
    )


def _milestones(found: Sequence[Milestone], rulebook: Rulebook) -> Table:
    rows: list[tuple[Cell, ...]] = []
    bars: list[tuple[str, Sequence[float]]] = []
    for one in found:
        clock = rulebook.clocks.get(one.clock)
        if clock is None:
            continue
        length = f"{clock.length} {clock.unit if clock.length != 1 else clock.unit.removesuffix('s')}"
        title = _title(rulebook, one.clock)
        met = f"{100 * one.on_time / one.met:.0f}%" if one.met else None
        rows.append(
            (
                title,
                clock.rule,
                length,
                capital(clock.basis),
                one.median_days,
                one.longest_days,
                one.on_time,
                one.late,
                one.overdue,
                one.open,
                met,
            )
        )
        bars.append((title, (one.on_time, one.late, one.overdue, one.open)))
    return Table(
        "milestones",
        "Time to each milestone",
        ("Milestone", "Rule", "Set length", "Set by", "Median days", "Longest, days", *_KEPT, "On time of those met"),
        tuple(rows),
        "Median and longest are calendar days from the start of the deadline to the day it was met. "
        "A dash means that it was not met yet, or has no start. By the year in which it was due.",
        chart("How the milestones were reached", _KEPT, bars),
    )


def _decisions(counts: Sequence[DecisionCount]) -> Table:
    years = sorted({one.year for one in counts}, reverse=True)
    choices = sorted({one.decision for one in counts}, key=lambda choice: (choice in NOT_INITIATING, choice))
    by = {(one.year, one.decision): one.files for one in counts}
    against = {year: sum(by.get((year, choice), 0) for choice in NOT_INITIATING) for year in years}
    rows: list[tuple[Cell, ...]] = [
        (str(year), *(by.get((year, choice), 0) for choice in choices), against[year]) for year in years
    ]
    return Table(
        "decisions",
        "Decisions, and those not to initiate a review",
        ("Year", *map(capital, choices), "Not to initiate a Serious Case Review"),
        tuple(rows),
        "A file counts with its latest decision, in the year that was taken (2.2e).",
        chart(
            "Decisions not to initiate a Serious Case Review", ("Decisions",), [(str(y), (against[y],)) for y in years]
        ),
    )


def _actions(report: AnnualReport) -> Table:
    actions = report.actions
    order = ("proposed", "agreed", "done", "closed", "declined")
    counted = [(capital(status), actions.by_status.get(status, 0)) for status in order]
    rows: tuple[tuple[Cell, ...], ...] = ()
    if actions.total:
        more = (("Done, whatever came after", actions.done), ("Impact recorded", actions.impact_recorded))
        rows = (*counted, *more, ("All", actions.total))
    return Table(
        "actions",
        "Actions and their impact",
        ("Status", "Actions"),
        rows,
        "By the year in which the action was due; an action without a date is not counted (1.2d).",
        chart("Actions by status", ("Actions",), [(name, (number,)) for name, number in counted]),
    )


def _clocks(report: AnnualReport, rulebook: Rulebook) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (_title(rulebook, one.clock), one.rule, capital(one.basis), one.met, one.met_late, one.overdue, one.open)
        for one in report.clocks
    ]
    worst = sorted(report.clocks, key=lambda one: one.met_late + one.overdue, reverse=True)[:_WORST]
    bars = [
        (_title(rulebook, o.clock), (o.met, o.met_late, o.overdue, o.open)) for o in worst if o.met_late + o.overdue
    ]
    return Table(
        "clocks",
        "How every deadline was kept",
        ("Deadline", "Rule", "Set by", *_KEPT),
        tuple(rows),
        "By the year in which it was due (1.2e, 1.3f).",
        chart("Deadlines that were most often late", _KEPT, bars),
    )


def _title(rulebook: Rulebook, clock: str) -> str:
    known = rulebook.clocks.get(clock)
    title = known.title if known else clock.replace("_", " ").capitalize()
    return title.replace("{organisation}", "An organisation")
