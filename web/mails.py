"""The mails that were sent, only under make run."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
