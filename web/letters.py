"""Letters that wait or failed, across files."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
