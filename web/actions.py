"""Actions of all reviews, by organisation and due date."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
