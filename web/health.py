"""Whether the pages are well, and Temporal's page for operations."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
