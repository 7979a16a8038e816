"""Every page in every state: nothing for axe to find, nothing wider than the window, with JavaScript and without."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from .conftest import Board, OpenPage, as_it_stands, axe, no_sideways_scroll
from .pages import PAGES, State

each_page = pytest.mark.parametrize("state", PAGES, ids=[state.name for state in PAGES])


@each_page
@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
async def test_a_page_can_be_used_by_everybody(
    board: Board, open_page: OpenPage, state: State, javascript: bool
) -> None:
    page = await open_page(*state.roles, javascript=javascript)
    await state.show(board, page)
    assert await page.locator("h1").count() == 1
    assert (await page.title()).endswith("Serious case reviews")
    async with as_it_stands(page) if not javascript else nullcontext(page) as shown:
        await axe(shown)
        await no_sideways_scroll(shown, width=1280, text=200)
        await no_sideways_scroll(shown, width=320)
        await axe(shown)


def test_no_state_has_the_name_of_another() -> None:
    assert len({state.name for state in PAGES}) == len(PAGES)
