"""Which types of documents the board keeps, and whether a content is what its file's name says."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class _Type:
    """A type: its media type, what people call it, and whether a file is of it."""

    media_type: str
    words: str
    is_one: Callable[[Path], bool]


_TEXT_NEVER_HAS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_TEXT_NEVER_STARTS = (
    b"%pdf-",
    b"{\\rtf",
    b"<!doctype html",
    b"<html",
    b"<script",
    b"<svg",
    b"<?xml",
    b"<?php",
    b"#!",
)
_START = 512


def _starts(*starts: bytes) -> Callable[[Path], bool]:
    def is_one(file: Path) -> bool:
        with file.open("rb") as content:
            return content.read(16).startswith(starts)

    return is_one


def _zip_with(part: str, stored_first: bytes = b"") -> Callable[[Path], bool]:
    """An office document: a ZIP that has ``part`` and no macros. Parts are known by name, never unpacked."""

    def is_one(file: Path) -> bool:
        with file.open("rb") as content:
            start = content.read(128)
        # An ODF file says what it is in its first part, which is stored and not compressed.
        if not start.startswith(b"PK\x03\x04") or not start[30:].startswith(stored_first):
            return False
        try:
            with zipfile.ZipFile(file) as parts:
                names = parts.namelist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError):
            return False
        return part in names and not any(PurePosixPath(name).name.lower() == "vbaproject.bin" for name in names)

    return is_one


def _text(file: Path) -> bool:
    start = True
    with file.open("rb") as content:
        while block := content.read(1 << 16):
            if _TEXT_NEVER_HAS.search(block):
                return False
            if start and block[:_START].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_TEXT_NEVER_STARTS):
                return False
            start = False
    return True


_OFFICE = "application/vnd.openxmlformats-officedocument"

_TYPES = {
    "pdf": _Type("application/pdf", "a PDF", _starts(b"%PDF-")),
    "docx": _Type(f"{_OFFICE}.wordprocessingml.document", "a Word document", _zip_with("word/document.xml")),
    "xlsx": _Type(f"{_OFFICE}.spreadsheetml.sheet", "an Excel workbook", _zip_with("xl/workbook.xml")),
    "odt": _Type(
        "application/vnd.oasis.opendocument.text",
        "an OpenDocument text",
        _zip_with("content.xml", b"mimetypeapplication/vnd.oasis.opendocument.text"),
    ),
    "txt": _Type("text/plain", "plain text", _text),
    "md": _Type("text/markdown", "plain text", _text),
    "csv": _Type("text/csv", "plain text", _text),
    "png": _Type("image/png", "a PNG picture", _starts(b"\x89PNG\r\n\x1a\n")),
    "jpg": _Type("image/jpeg", "a JPEG picture", _starts(b"\xff\xd8\xff")),
    "jpeg": _Type("image/jpeg", "a JPEG picture", _starts(b"\xff\xd8\xff")),
}
"""By the ending of the name. HTML is none of them: a page from outside could act as whoever reads it."""


class WrongType(Exception):
    """Not a type that is kept, or not the type that its name says. Its text is for whoever sent it."""


def media_type_by_name(filename: str) -> str:
    """The media type that a file's name promises.

    Raises:
        WrongType: none that the board keeps.
    """
    return _promised(filename).media_type


def check_type(filename: str, file: Path) -> None:
    """Checks that a content is what its name says: first bytes and, for office documents, parts.

    Raises:
        WrongType: it is not.
    """
    promised = _promised(filename)
    if not promised.is_one(file):
        raise WrongType(
            f"{filename} is not {promised.words}, though its name says so: save it as one and send it again."
        )


def _promised(filename: str) -> _Type:
    ending = PurePosixPath(filename).suffix.lower().removeprefix(".")
    if ending not in _TYPES:
        raise WrongType(f"{filename} cannot be kept: send one of these: {', '.join(_TYPES)}.")
    return _TYPES[ending]
