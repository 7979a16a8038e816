"""Opening an incident, one question at a time."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
