"""The board's figures: tables with charts, and the same as a spreadsheet."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from html import unescape

import openpyxl
import pytest

from register.people.access import restrict
from web.figures.charts import chart
from web.figures.spreadsheet import spreadsheet
from web.figures.tables import Table

from .conftest import Board, Browser, Browsers

YEAR = datetime.now(UTC).year


def table_in(page: str, id: str) -> list[list[str]]:
    """The cells of a table, its headings first."""
    section = page.partition(f'<section id="{id}"')[2].partition("</section>")[0]
    rows = re.findall(r"<tr.*?</tr>", section, re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]


async def counted(browser: Browser, query: str = "") -> int:
    """How many files there are in all, as the statistics say it."""
    return int(table_in((await browser.get(f"/statistics{query}")).text, "kinds")[-1][-1])


async def test_files_are_counted_by_kind_stage_and_year(board: Board, browser: Browsers) -> None:
    await board.opened()
    somebody = await browser("coordinator")
    before = await counted(somebody)
    await board.opened()
    page = (await somebody.get("/statistics")).text
    kinds, stages = table_in(page, "kinds"), table_in(page, "stages")
    assert int(kinds[-1][-1]) == before + 1 and str(YEAR) in kinds[0]
    assert "Undecided" in [row[0] for row in kinds] and "Deciding" in stages[0]
    assert sum(map(int, stages[-1][1:])) == before + 1


async def test_a_year_counts_what_happened_in_it_alone(board: Board, browser: Browsers) -> None:
    await board.opened()
    somebody = await browser("coordinator")
    page = (await somebody.get("/statistics?year=1999")).text
    assert "No figures in 1999" in page and not table_in(page, "kinds")
    before, in_all = await counted(somebody, f"?year={YEAR}"), await counted(somebody)
    await board.opened()
    assert (await counted(somebody, f"?year={YEAR}"), await counted(somebody)) == (before + 1, in_all + 1)
    for year in ("x", "20", "-999", "²²²²", "99999"):
        assert (await somebody.get("/statistics", params={"year": year})).status_code == 200


async def test_milestones_are_set_against_the_statutory_length(board: Board, browser: Browsers) -> None:
    reference = await board.opened(aware=60, notified=58)
    decided = {
        "choice": "SCR, criteria met",
        "decided_by": "chair",
        "reasons": "It is met.",
        "happened_on": board.day(48),
    }
    await board.record(reference, "decision", **decided)
    page = (await (await browser("auditor")).get("/statistics")).text
    headings, *rows = table_in(page, "milestones")
    (decision,) = [dict(zip(headings, row, strict=True)) for row in rows if row[0].startswith("Chair's decision")]
    assert (decision["Rule"], decision["Set length"], decision["Set by"]) == ("2.2b", "1 calendar month", "Statutory")
    assert int(decision["Met on time"]) >= 1 and float(decision["Median days"]) <= 30


async def test_decisions_not_to_initiate_are_counted(board: Board, browser: Browsers) -> None:
    reference = await board.opened(
        concern_about_joint_working="no",
        children=[
            {
                "id": "child-1",
                "born_on": "2015-03-04",
                "outcome": "seriously harmed",
                "harms": ["life-threatening injury"],
                "abuse_or_neglect": "suspected",
                "residence": "Hertfordshire",
            }
        ],
    )
    reasons = {"reasons": "Nothing more would be learnt.", "decided_by": "chair", "choice": "no review"}
    await board.record(reference, "decision", **reasons)
    page = (await (await browser("chair")).get("/statistics")).text
    headings, *rows = table_in(page, "decisions")
    this_year = dict(zip(headings, next(row for row in rows if row[0] == str(YEAR)), strict=True))
    assert int(this_year["No review"]) >= 1
    assert int(this_year["Not to initiate a Serious Case Review"]) >= int(this_year["No review"])


async def test_a_restricted_file_counts_for_those_who_may_see_it(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    named, other, auditor = await browser("coordinator"), await browser("coordinator"), await browser("auditor")
    before = await counted(other)
    await restrict(board.site.register, reference, [named.account.id], by=named.account.id, now=board.site.now())
    assert await counted(named) == before and await counted(other) == before - 1
    assert await counted(auditor) >= before
    assert "restricted to other people are left out" in (await other.get("/statistics")).text


async def test_each_chart_says_its_numbers_in_words_and_needs_no_style_of_its_own(
    board: Board, browser: Browsers
) -> None:
    await board.opened()
    page = (await (await browser("coordinator")).get("/statistics")).text
    charts = re.findall(r'<svg class="board-chart__bars".*?</svg>', page, re.S)
    assert len(charts) >= 3
    for one in charts:
        assert 'role="img"' in one and re.search(r"<title[^>]*>[^<]+</title>\s*<desc[^>]*>[^<]*\d", one)
    assert "style=" not in page and "<style" not in page


async def test_the_spreadsheet_has_the_same_and_its_marking_on_every_sheet(board: Board, browser: Browsers) -> None:
    await board.opened()
    somebody = await browser("coordinator", name="Pat Example")
    page, answer = (await somebody.get("/statistics")).text, await somebody.get("/statistics.xlsx")
    assert (
        answer.status_code == 200
        and f"statistics-all-years-{board.today}.xlsx" in answer.headers["content-disposition"]
    )
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.properties.creator == "Pat Example" and book.properties.title == "Statistics, all years"
    for sheet in book.worksheets:
        assert "OFFICIAL-SENSITIVE" in str(sheet.oddHeader.center.text)
    about, kinds, *_ = book.worksheets
    assert about["B1"].value == "OFFICIAL-SENSITIVE"
    rows = [[str(cell) for cell in row] for row in kinds.iter_rows(min_row=4, values_only=True)]
    assert rows == table_in(page, "kinds")


def test_what_looks_like_a_formula_stays_text() -> None:
    nasty = ("=1+1", "@SUM(A1)", "+1", "-1", '=HYPERLINK("http://evil.example")', "http://evil.example", "007")
    table = Table("t", "=cmd|' /C calc'!A0 [*]:?/\\", ("=A1", "N"), tuple((text, 1) for text in nasty))
    made = spreadsheet("=1", [table], board="A & B", by="=2", now=datetime(2026, 1, 2, tzinfo=UTC))()
    sheet = openpyxl.load_workbook(io.BytesIO(made)).worksheets[1]
    found = [sheet.cell(row, 1) for row in range(5, 5 + len(nasty))]
    assert [cell.value for cell in found] == list(nasty)
    assert {cell.data_type for cell in found} == {"s"} and not any(cell.hyperlink for cell in found)


@pytest.mark.parametrize("values", [[], [("A", (0, 0))]])
def test_nothing_to_show_is_no_chart(values: list[tuple[str, tuple[int, int]]]) -> None:
    assert chart("Nothing", ("One", "Two"), values) is None


def test_bars_keep_their_proportion_and_stay_inside() -> None:
    made = chart("T", ("One", "Two"), [("A", (2, 1)), ("B " * 60, (1, 0))])
    assert made
    first, second = made.bars
    assert [round(one.width) for one in first.segments] == [173, 87] and [one.series for one in second.segments] == [1]
    assert len(second.label) > 1 and all(bar.end < made.width for bar in made.bars)
    assert second.y + made.bar <= made.height and made.text.startswith("A: 2 one, 1 two; B")


async def test_those_without_file_content_see_no_figures(browser: Browsers) -> None:
    for role in ("operations", "administrator"):
        somebody = await browser(role)
        assert (await somebody.get("/statistics")).status_code == 403
        assert (await somebody.get("/statistics.xlsx")).status_code == 403
