"""Tables as a spreadsheet: what is text stays text, whatever it begins with, and every page says how it is marked."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from datetime import datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from models.days import LONDON, day_words
from web.figures.tables import Cell, Table

MARKING = "OFFICIAL-SENSITIVE"

_TEXT_IS_TEXT = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_NARROW, _WIDE = 11, 60


def spreadsheet(title: str, tables: Sequence[Table], *, board: str, by: str, now: datetime) -> Callable[[], bytes]:
    """Makes a spreadsheet, a sheet for each table; to be called where nobody waits for it.

    Arguments:
        title: what it is.
        tables: what is in it.
        board: the board's name.
        by: who asked for it.
        now: when.
    """

    def made() -> bytes:
        content = io.BytesIO()
        with xlsxwriter.Workbook(content, _TEXT_IS_TEXT) as book:
            book.set_properties(
                {
                    "title": title,
                    "subject": MARKING,
                    "author": by,
                    "company": board,
                    "category": MARKING,
                    "created": now.replace(tzinfo=None),
                }
            )
            bold, wrap = (
                book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
                book.add_format({"text_wrap": True, "valign": "top"}),
            )
            _about(_sheet(book, "About", board), title, board, by, now, bold)
            for number, table in enumerate(tables, start=1):
                _fill(_sheet(book, _name(number, table), board), table, bold, wrap)
        return content.getvalue()

    return made


def _about(sheet: Worksheet, title: str, board: str, by: str, now: datetime, bold: Format) -> None:
    local = now.astimezone(LONDON)
    lines = (
        ("", MARKING),
        ("Title", title),
        ("Board", board),
        ("Made on", f"{day_words(local.date())}, {local:%H:%M}"),
        ("Made by", by),
        ("Counted", "The files that whoever made this may see. Files restricted to others are left out."),
    )
    for row, (name, value) in enumerate(lines):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, value, bold if not name else None)
    sheet.set_column(0, 0, _NARROW)
    sheet.set_column(1, 1, _WIDE)


def _sheet(book: Workbook, name: str, board: str) -> Worksheet:
    sheet = book.add_worksheet(name)
    # An ampersand begins a code in headers.
    sheet.set_header(f"&C&B{MARKING}&R{board.replace('&', '&&')[:80]}")
    sheet.set_footer(f"&C&B{MARKING}&R&P / &N")
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    return sheet


def _fill(sheet: Worksheet, table: Table, bold: Format, wrap: Format) -> None:
    sheet.write_string(0, 0, table.caption, bold)
    sheet.write_string(1, 0, table.note)
    top = 3
    for column, heading in enumerate(table.columns):
        sheet.write_string(top, column, heading, bold)
    for row, cells in enumerate(table.rows, start=top + 1):
        for column, cell in enumerate(cells):
            _write(sheet, row, column, cell, wrap)
    if not table.rows:
        sheet.write_string(top + 1, 0, "Nothing to count")
    sheet.set_column(0, 0, _WIDE)
    sheet.set_column(1, max(len(table.columns) - 1, 1), _NARROW)
    sheet.freeze_panes(top + 1, 1)
    sheet.repeat_rows(top)


def _write(sheet: Worksheet, row: int, column: int, cell: Cell, wrap: Format) -> None:
    if cell is None:
        sheet.write_blank(row, column, None)
    elif isinstance(cell, str):
        sheet.write_string(row, column, cell, wrap)
    else:
        sheet.write_number(row, column, cell)


def _name(number: int, table: Table) -> str:
    """A sheet's name: 31 letters at most, and none that spreadsheets forbid."""
    return f"{number} {re.sub(r'[^A-Za-z0-9 -]', '', table.caption)}"[:31].strip()
