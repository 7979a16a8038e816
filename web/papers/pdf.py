"""A paper as tagged PDF (PDF/UA-1)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import typst

from .blocks import MARKING, Block, Facts, Heading, Paper, Paragraph, Table, words

_TEMPLATE = Path(__file__).with_name("paper.typ")
_LONG = re.compile(r"\S{25,}")
_PIECE = re.compile(r"\S{6}(?=\S)")
_MAY_BREAK = "\u200b"
_MISSING = "\ufffd"
_READABLE = re.compile(r"[^\n\t\u0020-\u04ff\u200b\u2010-\u2027\u20ac\ufffd]")
_SURE = re.compile(r"[^\n\t\u0020-\u00ff\u200b\u2013\u2014\u2018-\u201d\u2022\u2026\u20ac]")
_NOTE = "Some characters cannot be printed here. The page and the Word document have them."


def as_pdf(paper: Paper) -> bytes:
    """The PDF. What no font on this machine can show becomes a mark for it, and a line at the end says so."""
    text = json.dumps(_data(paper), ensure_ascii=False)
    for unreadable, mark in ((None, ""), (_READABLE, _MISSING), (_SURE, "?")):
        data = json.loads(text)
        if unreadable is not None:
            data = _replaced(data, unreadable, mark)
            data["blocks"].append({"kind": "paragraph", "text": _NOTE})
        try:
            return _compiled(data, paper)
        except typst.TypstError as error:
            if "could not be displayed" not in str(error) or unreadable is _SURE:
                raise
    raise AssertionError("the last try returns or raises")


def _compiled(data: dict[str, Any], paper: Paper) -> bytes:
    made: bytes = typst.compile(
        str(_TEMPLATE),
        root=str(_TEMPLATE.parent),
        format="pdf",
        sys_inputs={"paper": json.dumps(data, ensure_ascii=False)},
        pdf_standards=["ua-1"],
        timestamp=int(paper.made.timestamp()),
    )
    return made


def _data(paper: Paper) -> dict[str, Any]:
    return {
        "marking": MARKING,
        "title": _breakable(paper.title),
        "made": _breakable(paper.made_words),
        "wide": paper.wide,
        "blocks": [_block(block, paper) for block in paper.blocks],
    }


def _block(block: Block, paper: Paper) -> dict[str, Any]:
    match block:
        case Heading():
            return {"kind": "heading", "text": _breakable(block.text)}
        case Paragraph():
            return {"kind": "paragraph", "text": _breakable(block.text)}
        case Facts():
            return {"kind": "facts", "rows": [[_breakable(cell) for cell in row] for row in block.rows]}
        case Table():
            rows = [[_breakable(words(cell)) for cell in row] for row in block.rows]
            return {
                "kind": "table",
                "level": paper.caption_level(block),
                "caption": _breakable(block.caption),
                "head": [_breakable(cell) for cell in block.head],
                "rows": rows,
                "widths": list(block.widths),
                "empty": _breakable(block.empty),
            }


def _breakable(text: str) -> str:
    """A long word may be broken, so that it stays on its page."""
    return _LONG.sub(lambda long: _PIECE.sub(lambda piece: piece[0] + _MAY_BREAK, long[0]), words(text))


def _replaced(data: Any, unreadable: re.Pattern[str], mark: str) -> Any:
    if isinstance(data, dict):
        return {name: _replaced(value, unreadable, mark) for name, value in data.items()}
    if isinstance(data, list):
        return [_replaced(value, unreadable, mark) for value in data]
    return unreadable.sub(mark, data) if isinstance(data, str) else data
