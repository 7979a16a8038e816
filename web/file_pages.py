"""One file, from its overview to its history."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
