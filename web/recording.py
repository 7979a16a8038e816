"""Recording a step: a form built from the step, check your answers, done."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
