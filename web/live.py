"""Tells an open page that its file changed."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
