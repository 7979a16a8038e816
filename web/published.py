"""Published reports, open to everyone."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
