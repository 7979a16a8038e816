"""Every page in every state: nothing for axe to find, nothing wider than the window, with JavaScript and without."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from .conftest import Board, OpenPage, as_it_stands, axe, no_sideways_scroll
from .pages import PAGES, WITHOUT_JAVASCRIPT
from .states import State

LOOKED_AT = [*((state, True) for state in PAGES), *((state, False) for state in WITHOUT_JAVASCRIPT)]
NAMES = [f"{state.name}, {'with' if javascript else 'without'} JavaScript" for state, javascript in LOOKED_AT]


@pytest.mark.parametrize(("state", "javascript"), LOOKED_AT, ids=NAMES)
async def test_a_page_can_be_used_by_everybody(
    board: Board, open_page: OpenPage, state: State, javascript: bool
) -> None:
    page = await open_page(*state.roles, javascript=javascript)
    await state.show(board, page)
    assert await page.locator("h1").count() == 1
    assert (await page.title()).endswith("Serious case reviews")
    async with as_it_stands(page) if not javascript else nullcontext(page) as shown:
        if javascript:
            await axe(shown)
        await no_sideways_scroll(shown, width=1280, text=200)
        await no_sideways_scroll(shown, width=320)
        # No colour depends on the width; without JavaScript the narrow page is read with its colours.
        await axe(shown, contrast=not javascript)


async def test_what_is_wrong_is_found(open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto("/help")
    await page.evaluate("() => document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"data:,\">')")
    with pytest.raises(AssertionError, match="image-alt"):
        await axe(page)
    await page.evaluate("() => { document.querySelector('h1').style.width = '500px' }")
    await no_sideways_scroll(page, width=1280)
    with pytest.raises(AssertionError, match="at 320 px"):
        await no_sideways_scroll(page)


async def test_the_scripts_run_under_the_pages_own_policy(open_page: OpenPage) -> None:
    page = await open_page("coordinator", width=320)
    await page.goto("/")
    menu = page.get_by_role("button", name="Menu")
    assert await menu.get_attribute("aria-expanded") == "false"
    assert not await page.get_by_role("link", name="Calendar").is_visible()
    await menu.click()
    assert await page.get_by_role("link", name="Calendar").is_visible()


async def test_without_scripts_the_pages_are_offered_all_the_same(open_page: OpenPage) -> None:
    page = await open_page("coordinator", javascript=False, width=320)
    await page.goto("/")
    assert await page.get_by_role("link", name="Calendar").is_visible()
    assert not await page.get_by_role("button", name="Menu").is_visible()


async def test_on_paper_what_can_be_opened_is_open_and_no_navigation_is_left(open_page: OpenPage) -> None:
    page = await open_page("coordinator")
    await page.goto("/help")
    await page.evaluate(
        """() => document.querySelector('main').insertAdjacentHTML('beforeend',
            '<details class="govuk-details"><summary>How it was counted</summary><div>From Monday</div></details>')"""
    )
    counted, menu = page.get_by_text("From Monday"), page.get_by_role("navigation", name="Pages")
    assert await menu.is_visible() and not await counted.is_visible()
    await page.emulate_media(media="print")
    assert await counted.is_visible() and not await menu.is_visible()


async def test_the_navigation_of_whoever_has_every_role_stands_in_one_line(open_page: OpenPage) -> None:
    page = await open_page("coordinator", "administrator", "operations", width=1100)
    await page.goto("/")
    items = page.locator(".govuk-service-navigation__item")
    tops = await items.evaluate_all("all => all.map(one => Math.round(one.getBoundingClientRect().top))")
    assert len(tops) >= 10 and len(set(tops)) == 1


@pytest.mark.parametrize("javascript", [True, False])
async def test_what_matters_only_with_one_choice_is_revealed_by_it_and_without_scripts_shown_at_once(
    board: Board, open_page: OpenPage, javascript: bool
) -> None:
    reference, page = await board.opened(), await open_page("coordinator", javascript=javascript)
    reveals = (
        ("child_added", "child.harms", "other", "child.other_harm"),
        ("decision", "choice", "alternative review", "kind"),
    )
    for step, field, choice, revealed in reveals:
        await page.goto(f"/files/{reference}/record/{step}")
        behind = page.locator(f'[name="{revealed}"]').first
        assert await behind.is_visible() is not javascript
        await page.locator(f'[name="{field}"][value="{choice}"]').check()
        assert await behind.is_visible()
        async with as_it_stands(page) if not javascript else nullcontext(page) as shown:
            await axe(shown)


async def test_the_first_key_leads_past_the_navigation(open_page: OpenPage) -> None:
    page = await open_page("coordinator")
    await page.goto("/")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main-content"


def test_no_state_has_the_name_of_another() -> None:
    assert len({state.name for state in PAGES}) == len(PAGES)
