"""Replies by a link in a mail, without sign-in."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
