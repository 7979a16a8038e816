"""Open deadlines by due date: the work list, and the list of all files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI
from fastapi.responses import Response

from models.deadline_words import DeadlineWords, deadline_words
from models.recipient import Recipient
from models.regimes import every_stage, regime_named
from models.responsible import answers_for, named_in, responsible_words
from models.step_words import capital
from models.world import World
from register.lists.deadlines import names_on_files, next_deadlines
from register.lists.files import Filter, list_files
from register.lists.work_list import PAGE, Asker, Counts, Kept, WorkFilter, WorkLine, work_list
from web.navigation import home
from web.request.links import record_link
from web.request.paging import pagination
from web.request.visit import Visit, allowed

router = APIRouter()

_CHOICES = ("stage", "kind", "organisation")


@dataclass(frozen=True)
class Line:
    """A line of the work list as its page shows it.

    Arguments:
        deadline: as the register has it.
        words: how much time is left.
        who: who is responsible, for people.
        record: the address where the step that meets it is recorded; empty when there is none for whoever asks.
    """

    deadline: WorkLine
    words: DeadlineWords
    who: str
    record: str


@router.get("/")
async def work(visit: Visit = allowed("sign out")) -> Response:
    """The work list; for whoever reads no files, the page where they begin."""
    if not visit.may("read files"):
        return visit.redirect(home(visit.account.roles))
    which, world = _filter(visit), await visit.site.world()
    directory, today = world.directory, world.today
    account = visit.account
    mine = answers_for(account.roles, account.organisation, account.person, directory, today)
    reader = replace(reader_of(visit), answers_for=mine)
    number = page_number(visit)
    start, kept = (number - 1) * PAGE, _kept(visit.request.app)
    found = await work_list(visit.site.register, reader, today, which, start=start, kept=kept)
    names = named_in(directory)
    names |= await names_on_files(visit.site.register, found.counts.organisations.keys() - names.keys(), reader)
    asked = _asked(visit)
    return visit.page(
        "work_list/page.html",
        title="Work list",
        lines=[_line(visit, line, names, world) for line in found.lines],
        found=found,
        which=which,
        filtered=bool(asked),
        choices=_choices(found.counts, which, names),
        pages=pagination("/", asked, number, found.total, PAGE),
        first=(number - 1) * PAGE + 1,
    )


@router.get("/files")
async def files(visit: Visit = allowed("read files")) -> Response:
    """Every file, closed ones and those with nothing due among them."""
    asked, number = _asked(visit), page_number(visit)
    reader = reader_of(visit)
    which = Filter(
        stage=asked.get("stage"),
        kind=asked.get("kind"),
        organisation=asked.get("organisation"),
        reference=asked.get("q", ""),
        reader=None if reader.reads_all else reader.account,
    )
    found = await list_files(visit.site.register, which, start=(number - 1) * PAGE, limit=PAGE)
    ahead = await next_deadlines(visit.site.register, reader, [file.reference for file in found.files])
    world = await visit.site.world()
    return visit.page(
        "work_list/files.html",
        title="Files",
        files=found.files,
        total=found.total,
        which=which,
        stages=every_stage(),
        filtered=bool(asked),
        ahead={reference: deadline_words(line, world) for reference, line in ahead.items()},
        pages=pagination("/files", asked, number, found.total, PAGE),
        first=(number - 1) * PAGE + 1,
    )


def _kept(app: FastAPI) -> Kept:
    """What these pages counted before."""
    kept: Kept | None = getattr(app.state, "counted_work", None)
    if kept is None:
        kept = app.state.counted_work = Kept()
    return kept


def reader_of(visit: Visit) -> Asker:
    """Who asks, for queries that cross files."""
    return Asker(visit.account.id, reads_all="auditor" in visit.account.roles)


def page_number(visit: Visit) -> int:
    """The page that is asked for in the address; the first when that is no number."""
    asked = visit.request.query_params.get("page", "")
    return max(int(asked), 1) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1


def _asked(visit: Visit) -> dict[str, str]:
    """What the address asks for, without what is empty and without the page."""
    given = visit.request.query_params
    names = ("q", *_CHOICES, "overdue", "mine")
    return {name: given[name].strip() for name in names if given.get(name, "").strip()}


def _filter(visit: Visit) -> WorkFilter:
    asked = _asked(visit)
    return WorkFilter(
        stage=asked.get("stage"),
        kind=asked.get("kind"),
        organisation=asked.get("organisation"),
        overdue="overdue" in asked,
        mine="mine" in asked,
        reference=asked.get("q", ""),
    )


def _line(visit: Visit, line: WorkLine, names: dict[str, str], world: World) -> Line:
    asked = Recipient(line.responsible).name
    called = names | {asked: line.organisation} if line.organisation else names
    return Line(
        line,
        deadline_words(line, world),
        responsible_words(line.responsible, called),
        record_link(visit, regime_named(line.regime), line.reference, line.clock, line.key),
    )


def _choices(counts: Counts, which: WorkFilter, names: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """What each select offers, with how many there are behind it; what is chosen stays even when that is nothing."""

    def offered(values: dict[str, int], chosen: str | None, words: dict[str, str]) -> list[dict[str, Any]]:
        known = list(values) + ([chosen] if chosen and chosen not in values else [])
        listed = [
            {
                "value": value,
                "text": f"{words.get(value, capital(value))} ({values.get(value, 0):,})",
                "selected": value == chosen,
            }
            for value in known
        ]
        return [{"value": "", "text": "All", "selected": not chosen}, *listed]

    stages = {stage: counts.stages[stage] for stage in every_stage() if stage in counts.stages}
    kinds = dict(sorted(counts.kinds.items()))
    organisations = dict(sorted(counts.organisations.items(), key=lambda found: names.get(found[0], found[0])))
    return {
        "stage": offered(stages, which.stage, {}),
        "kind": offered(kinds, which.kind, {}),
        "organisation": offered(organisations, which.organisation, names),
    }


def address(path: str, asked: dict[str, str]) -> str:
    """An address with what is asked for."""
    return f"{path}?{urlencode(asked)}" if asked else path
