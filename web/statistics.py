"""Figures, as tables with charts and as a spreadsheet."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
