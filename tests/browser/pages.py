"""Every page in every state that it has: each is looked at by test_every_page.py. Whoever makes a page adds it here.

A state is a window's way there: who looks, at which address, and what is done then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from activities.mail.reply_links import ReplyLink, sign
from register.files.behind import Behind, note
from register.files.store import read_file

from ..web.conftest import Board
from .files import FILES
from .states import State, of_a_file, send


async def with_a_letter(board: Board) -> str:
    """The overview of a file that has been decided on: letters have gone, a review is under way."""
    reference = await board.opened()
    await board.record(reference, "decision", choice="SCR, criteria met", decided_by="chair", reasons=LONG)
    return f"/files/{reference}"


def decided(path: str = "") -> Callable[[Board], Awaitable[str]]:
    """A page of a file that has been decided on: ``decided("/letters")``."""

    async def ready(board: Board) -> str:
        return await with_a_letter(board) + path

    return ready


def behind(path: str = "") -> Callable[[Board], Awaitable[str]]:
    """A page while the register is behind with a file: one of its own, or another that tells of it."""

    async def ready(board: Board) -> str:
        reference = await board.opened()
        late = Behind(reference, 99, board.site.now(), LONG)
        await board.site.register.change(lambda connection: note(connection, late))
        return path or f"/files/{reference}"

    return ready


async def asked_by_link(board: Board) -> str:
    """The link by which a hospital confirms that its files are locked down."""
    reference = await board.opened()
    await board.record(reference, "review_recommended", recommends="SCR, criteria met", reasons="By the first limb.")
    today, hospital = date.fromisoformat(board.today), "exampleshire-hospital"
    link = ReplyLink(reference, f"files_secured:{hospital}", 1, "files_secured", hospital, today + timedelta(days=30))
    async with asyncio.timeout(30):
        while not await letter_is_there(board, reference, link.notice):
            await asyncio.sleep(0.05)  # Letters go out behind the step
    return f"/reply/{sign(board.site.secret, link)}"


async def letter_is_there(board: Board, reference: str, notice: str) -> bool:
    """Whether the file has a letter for this notice."""
    file = await read_file(board.site.register, reference)
    return file is not None and any(row.key == notice for row in file.notices)


LONG = "A reason that goes on and on, " * 30 + "withoutanybreakatall" * 12
"""What somebody may type: long, and with a word that has no place to break."""

EVERYTHING = ("coordinator", "chair", "administrator")

SHELL = [
    State("not found", "/no-such-page", status=404),
    State("not found, for a stranger", "/no-such-page", (), status=404),
    State("not allowed", "/files", ("operations",), status=403),
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
    State("health, with a file that is behind", behind("/health"), ("operations",)),
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
    State("overview of a file that the register is behind with", behind()),
    State("overview, for an auditor", decided(), ("auditor",)),
    State("a step that is refused", of_a_file("/files/{}/record/published")),
    State("a step's form", of_a_file("/files/{}/record/decision")),
    State("a step's form, nothing typed", of_a_file("/files/{}/record/decision"), then=send("Continue")),
    State("a long form", decided("/record/reviewer_named")),
    State("an incident to open", "/open"),
]

OPENING = [
    State("a question", "/open", then=send("Open a file for an incident")),
    State(
        "a question about a review without an incident",
        "/open",
        then=send("Open a file for a review without an incident"),
    ),
]

PAPERS = [
    *(State(f"{name} to print", decided(f"/papers/{name}")) for name in ("summary", "chronology", "action-plan")),
    *(
        State(f"directory, {part} to add", f"/directory/{part}/add", ("administrator",))
        for part in ("organisations", "people", "appointments", "acting")
    ),
    State("a person to add, nothing typed", "/directory/people/add", ("administrator",), then=send("Add")),
    State("calendar feed", "/account/calendar"),
]

REPLIES = [
    State("a reply by link", asked_by_link, ()),
    State("a reply by link, nothing typed", asked_by_link, (), then=send("Continue")),
    State("a link that is none of ours", "/reply/forged", (), status=404),
]

PAGES = [*SHELL, *SIGN_IN, *ACROSS, *A_FILE, *FILES, *OPENING, *PAPERS, *REPLIES]

WITHOUT_JAVASCRIPT = [*SIGN_IN, *A_FILE, *FILES[:6], *OPENING, *REPLIES]
"""Those that are looked at a second time without it."""
