"""A paper's tables as a spreadsheet. Nothing in it is a formula, whatever a text begins with."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import xlsxwriter

from .blocks import MARKING, Paper, Table, words

_LONGEST = 32_000
"""Characters that a cell can hold, and a few to spare."""
_CUT = " … (longer: see the file)"
_UNIT = 6
"""Characters of a column's width for each part of it."""


def as_sheet(paper: Paper) -> bytes:
    """The spreadsheet: a sheet for each table."""
    content = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    workbook = xlsxwriter.Workbook(content, options)
    workbook.set_properties(
        {"title": words(paper.title)[:255], "subject": MARKING, "created": paper.made.replace(tzinfo=None)}
    )
    bold = workbook.add_format({"bold": True})
    head = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#ebebeb"})
    text = workbook.add_format({"text_wrap": True, "valign": "top"})
    day = workbook.add_format({"num_format": "d mmmm yyyy", "align": "left", "valign": "top"})
    for number, table in enumerate(block for block in paper.blocks if isinstance(block, Table)):
        sheet = workbook.add_worksheet(f"{number + 1} {_sheet_name(table.caption)}")
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_header(f"&C{MARKING}")
        sheet.repeat_rows(3)
        sheet.write_string(0, 0, MARKING, bold)
        sheet.write_string(1, 0, _short(f"{words(paper.title)}. {words(paper.made_words)}"))
        for column, (title, width) in enumerate(zip(table.head, table.widths, strict=True)):
            sheet.write_string(3, column, _short(words(title)), head)
            sheet.set_column(column, column, width * _UNIT)
        for line, row in enumerate(table.rows, start=4):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(line, column, cell, day)
                elif isinstance(cell, int):
                    sheet.write_number(line, column, cell, text)
                else:
                    sheet.write_string(line, column, _short(words(cell)), text)
        sheet.freeze_panes(4, 1)
        if table.rows:
            sheet.autofilter(3, 0, 3 + len(table.rows), len(table.head) - 1)
    workbook.close()
    return content.getvalue()


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - len(_CUT)] + _CUT


def _sheet_name(caption: str) -> str:
    return "".join(c for c in caption if c.isalnum() or c == " ")[:25].strip()
