"""Deadlines by month and as a list, and as a feed for people's own calendars."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
