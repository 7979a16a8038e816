"""Files restricted to named people."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
