"""What a page's state is, and ways to bring a window there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Page

from ..web.conftest import Board


@dataclass(frozen=True)
class State:
    """A page in one of its states.

    Arguments:
        name: what it shows, for the test's name.
        path: where, or what makes it ready and says where.
        roles: of who looks; none for a stranger.
        then: what is done on the page before it is looked at: an empty form sent, say.
        status: what it answers.
    """

    name: str
    path: str | Callable[[Board], Awaitable[str]]
    roles: tuple[str, ...] = ("coordinator",)
    then: Callable[[Page], Awaitable[None]] | None = None
    status: int = 200

    async def show(self, board: Board, page: Page) -> None:
        """Brings a window there."""
        path = self.path if isinstance(self.path, str) else await self.path(board)
        answer = await page.goto(path)
        assert answer is not None and answer.status == self.status, f"{path}: {answer and answer.status}"
        if self.then is not None:
            await self.then(page)


def of_a_file(path: str) -> Callable[[Board], Awaitable[str]]:
    """A page of a new file: ``of_a_file("/files/{}/letters")``."""

    async def ready(board: Board) -> str:
        return path.format(await board.opened())

    return ready


def send(button: str) -> Callable[[Page], Awaitable[None]]:
    """Presses a button: on an empty form, it shows what is missing."""

    async def press(page: Page) -> None:
        await page.get_by_role("button", name=button).first.click()
        await page.wait_for_load_state("load")

    return press
