"""What the pages across files share: filters in the address, pages of a list, and links into a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from models.days import london_date
from models.regimes import every_stage, steps_called
from models.responsible import answers_for
from models.step_words import capital
from register.lists.deadlines import organisations_on_files
from register.people.access import Reader, reader_of
from web.request.visit import Visit


def reader(visit: Visit) -> Reader:
    """Whoever asks, as a reader of files."""
    return reader_of(visit.account)


def asked(visit: Visit, names: Iterable[str]) -> dict[str, str]:
    """What the address asks for under these names, without what is empty."""
    given = visit.request.query_params
    return {name: given[name].strip() for name in names if given.get(name, "").strip()}


def page_number(visit: Visit) -> int:
    """The page that the address asks for; the first when that is no number."""
    given = visit.request.query_params.get("page", "")
    return max(int(given), 1) if given.isascii() and given.isdigit() and len(given) < 7 else 1


def address(path: str, query: Mapping[str, str], **changes: str) -> str:
    """A page with this query, some of it changed; what is empty is left out."""
    values = {name: value for name, value in {**query, **changes}.items() if value}
    return f"{path}?{urlencode(values)}" if values else path


def before_page(path: str, query: Mapping[str, str]) -> str:
    """A list's address as far as ``page=``, for its links from page to page."""
    return f"{path}?{urlencode(query)}&" if query else f"{path}?"


async def mine(visit: Visit) -> frozenset[str]:
    """What whoever asks is responsible for, as deadlines name it."""
    account, today = visit.account, london_date(visit.now)
    directory = await visit.site.directory()
    return answers_for(account.roles, account.organisation, account.person, directory, today)


async def organisation_choices(visit: Visit, chosen: str) -> list[dict[str, object]]:
    """The organisations of files that whoever asks may see, to choose one."""
    found = await organisations_on_files(visit.site.register, reader(visit))
    return choices([("", "Any organisation"), *found], chosen)


def stage_choices(chosen: str) -> list[dict[str, object]]:
    """The stages of a file, to choose one."""
    return choices([("", "Any stage"), *((stage, capital(stage)) for stage in every_stage())], chosen)


def choices(values: Iterable[tuple[str, str]], chosen: str) -> list[dict[str, object]]:
    """Values with their words, as the design system's select takes them."""
    return [{"value": value, "text": text, "selected": value == chosen} for value, text in values]


def step_link(visit: Visit, reference: str, step: str, **fields: str) -> str:
    """Where to record a step, with what is known of its fields; empty when it is not for whoever asks."""
    who = {role for kind in steps_called(step) for role in kind.who}
    if not visit.may("record steps") or visit.account.roles.isdisjoint(who):
        return ""
    return address(f"/files/{quote(reference)}/record/{quote(step)}", fields)
