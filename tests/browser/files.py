"""The work list and a file's pages in every state: whole lives from the scenarios, new files, long text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bench.many_files import life, renamed
from models.projection import Projection
from register.files.store import write
from register.people.access import restrict
from register.people.accounts import accounts

from ..web.conftest import Board
from .states import State, of_a_file

ENDS = ("", "/deadlines", "/organisations", "/people", "/reviewers", "/actions", "/documents", "/letters", "/history")


def of_a_life(
    path: str, scenario: str, step: int = -1, change: Callable[[Projection], Projection] = lambda file: file
) -> Callable[[Board], Awaitable[str]]:
    """A page of a file on which much has happened: ``of_a_life("/files/{}/letters", "published-review", 20)``."""

    async def ready(board: Board) -> str:
        reference = board.reference()
        await write(board.site.register, change(renamed(life(scenario)[step], reference)))
        return path.format(reference)

    return ready


def long_text(file: Projection) -> Projection:
    """With titles of one endless word each."""
    endless = "A-title-without-any-end-" * 12
    return replace(
        file,
        deadlines=tuple(replace(row, title=endless) for row in file.deadlines),
        notices=tuple(replace(row, title=endless, recipient=f"person:{endless}") for row in file.notices),
    )


def restricted(path: str) -> Callable[[Board], Awaitable[str]]:
    """A page of a file that is restricted to everybody there is."""

    async def ready(board: Board) -> str:
        reference = await board.opened()
        named = [account.id for account in await accounts(board.site.register)]
        await restrict(board.site.register, reference, named, by=named[0], now=board.site.now())
        return path.format(reference)

    return ready


def _named(end: str) -> str:
    return end.strip("/") or "overview"


FILES = [
    State("work list with deadlines", of_a_file("/?q={}")),
    State("work list, filtered", of_a_life("/?q={}&overdue=1&stage=review", "late-at-every-deadline", 8)),
    State("work list, long text", of_a_life("/?q={}", "published-review", 20, long_text)),
    State("work list, nothing fits", "/?q=NO-SUCH-FILE&mine=1"),
    State("work list, beyond its end", of_a_file("/?q={}&page=9")),
    State("work list, for an auditor", of_a_file("/?q={}"), ("auditor",)),
    State("files", of_a_file("/files?q={}")),
    State("files, none", "/files?q=NO-SUCH-FILE"),
    State("workflows", of_a_file("/operations/files?q={}"), ("operations",)),
    State("workflows, none", "/operations/files?q=NO-SUCH-FILE", ("operations",)),
    State("a file that is not there", "/files/NO-SUCH-FILE", status=404),
    State("a restricted file", restricted("/files/{}")),
    *(State(f"a new file: {_named(end)}", of_a_file(f"/files/{{}}{end}")) for end in ENDS[:3]),
    *(
        State(f"a review under way: {_named(end)}", of_a_life(f"/files/{{}}{end}", "published-review", 30))
        for end in ENDS
    ),
    State("a file that ended: overview", of_a_life("/files/{}", "published-review")),
    *(
        State(f"long text: {_named(end)}", of_a_life(f"/files/{{}}{end}", "published-review", 20, long_text))
        for end in ("", "/deadlines", "/letters")
    ),
    State("late: overview", of_a_life("/files/{}", "late-at-every-deadline", 8)),
    State("late: history", of_a_life("/files/{}/history?kind=escalations", "late-at-every-deadline", 8)),
    State("struck out: history", of_a_life("/files/{}/history?order=oldest", "struck-out")),
    State("conflicts: reviewers", of_a_life("/files/{}/reviewers", "reviewer-not-independent", -2)),
]
