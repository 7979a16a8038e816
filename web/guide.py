"""A help page for each stage."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
