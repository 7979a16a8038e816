"""Where colours are the reader's own, and on paper, a page says what it says on a screen."""

from __future__ import annotations

from .conftest import Board, OpenPage, axe


async def test_in_forced_colours_what_colour_said_is_said_by_edges_and_words(board: Board, open_page: OpenPage) -> None:
    reference = await board.opened(aware=60, notified=58)
    page = await open_page("coordinator")
    await page.emulate_media(forced_colors="active")
    await page.goto(f"/?q={reference}")
    tag = page.locator(".govuk-tag").first
    assert "overdue" in (await tag.inner_text()).lower()
    assert await tag.evaluate("one => getComputedStyle(one).borderTopStyle") == "solid"
    await axe(page)


async def test_on_paper_a_file_is_without_what_only_a_screen_can_use(board: Board, open_page: OpenPage) -> None:
    reference = await board.opened()
    page = await open_page("coordinator")
    await page.goto(f"/files/{reference}")
    assert await page.get_by_role("button", name="Record an update").is_visible()
    await page.emulate_media(media="print")
    assert not await page.get_by_role("button", name="Record an update").is_visible()
    assert not await page.locator(".govuk-service-navigation").is_visible()
    assert await page.locator("h1").is_visible()
    for words in ("Record an update", "Record that this is done"):
        assert not await page.get_by_text(words).first.is_visible(), words
    after = "all => all.map(one => getComputedStyle(one, '::after').content).filter(one => one.includes('/files'))"
    assert await page.locator("a[href]").evaluate_all(after) == [], "a link's address takes the room of what it says"


async def test_on_paper_the_summary_is_marked(board: Board, open_page: OpenPage) -> None:
    reference = await board.opened()
    page = await open_page("coordinator")
    await page.goto(f"/files/{reference}/papers/summary")
    await page.emulate_media(media="print")
    assert await page.get_by_text("OFFICIAL-SENSITIVE").first.is_visible()


async def test_on_a_narrow_screen_lists_show_all_of_a_deadline(board: Board, open_page: OpenPage) -> None:
    reference = await board.opened()
    page = await open_page("coordinator")
    await page.set_viewport_size({"width": 320, "height": 800})
    for address in (f"/?q={reference}", f"/files/{reference}/deadlines"):
        await page.goto(address)
        table = page.get_by_role("table").first
        for cell in await table.get_by_role("row").nth(1).locator("td, th").all():
            box = await cell.bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 320
        assert await table.get_by_role("columnheader").count() == 4
        await axe(page)


async def test_on_a_narrow_screen_the_pages_of_a_file_take_a_few_lines(board: Board, open_page: OpenPage) -> None:
    reference = await board.opened()
    page = await open_page("coordinator")
    await page.set_viewport_size({"width": 320, "height": 800})
    await page.goto(f"/files/{reference}")
    box = await page.locator(".moj-sub-navigation").bounding_box()
    assert box is not None and box["height"] < 200
