"""Every page in every state that it has: each is looked at by test_every_page.py. Whoever makes a page adds it here.

A state is a window's way there: who looks, at which address, and what is done then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..web.conftest import Board
from .files import FILES
from .states import State, of_a_file, send


async def with_a_letter(board: Board) -> str:
    """The overview of a file that has been decided on: letters have gone, a review is under way."""
    reference = await board.opened()
    await board.record(reference, "decision", choice="SCR, criteria met", decider="chair", reasons=LONG)
    return f"/files/{reference}"


def decided(path: str = "") -> Callable[[Board], Awaitable[str]]:
    """A page of a file that has been decided on: ``decided("/letters")``."""

    async def ready(board: Board) -> str:
        return await with_a_letter(board) + path

    return ready


LONG = "A reason that goes on and on, " * 30 + "withoutanybreakatall" * 12
"""What somebody may type: long, and with a word that has no place to break."""

EVERYTHING = ("coordinator", "chair", "administrator")

SHELL = [
    State("not found", "/no-such-page", status=404),
    State("not found, for a stranger", "/no-such-page", (), status=404),
    State("not allowed", "/", ("operations",), status=403),
    State("help that is not there", "/help/no-such-stage", (), status=404),
    State("help", "/help", ()),
    State("help, signed in", "/help", EVERYTHING),
    *(
        State(f"help on {subject}", f"/help/{subject}", ())
        for subject in (
            *("deciding", "review", "publication", "learning", "follow-up", "closed"),
            *("recording", "deadlines", "letters"),
        )
    ),
    State("health", "/health", ("operations",)),
    State("health, for an administrator", "/health", ("administrator",)),
]

SIGN_IN = [
    State("sign-in", "/sign-in", ()),
    State("sign-in, nothing typed", "/sign-in", (), then=send("Sign in")),
    State("a link to choose a password that is spent", "/welcome/spent", (), status=410),
    State("account", "/account"),
    State("password", "/account/password"),
    State("accounts", "/accounts", ("administrator",)),
    State("an account to add", "/accounts/add", ("administrator",)),
    State("an account to add, nothing typed", "/accounts/add", ("administrator",), then=send("Add")),
]

ACROSS = [
    State("work list", "/"),
    State("work list, nothing found", "/?reference=NOTHING-LIKE-THIS"),
    State("work list, for a board member", "/", ("board_member",)),
    State("calendar", "/calendar"),
    State("calendar as a list", "/calendar/list"),
    State("actions", "/actions"),
    State("letters", "/letters"),
    State("statistics", "/statistics", ("auditor",)),
    State("mails", "/mails"),
    State("published reports", "/published", ()),
    State("directory", "/directory", ("administrator",)),
    State("directory, its history", "/directory/history", ("administrator",)),
]

A_FILE = [
    *(State(f"{part} of a file", decided(f"/{part}")) for part in ("papers", "record", "restriction")),
    State("overview of a file that is decided on", decided()),
    State("overview, for an auditor", decided(), ("auditor",)),
    State("a step that is refused", of_a_file("/files/{}/record/published")),
    State("a step's form", of_a_file("/files/{}/record/decision")),
    State("a step's form, nothing typed", of_a_file("/files/{}/record/decision"), then=send("Continue")),
    State("a long form", decided("/record/reviewer_named")),
    State("an incident to open", "/open"),
]

PAGES = [*SHELL, *SIGN_IN, *ACROSS, *A_FILE, *FILES]

WITHOUT_JAVASCRIPT = [*SIGN_IN, *A_FILE, *FILES[:6]]
"""Those that are looked at a second time without it."""
