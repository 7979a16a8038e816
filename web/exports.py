"""A file's papers: print, PDF, Word, spreadsheet."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
