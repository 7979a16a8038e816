"""Recording a step by a form: shown, checked, recorded once, and nothing typed is lost."""

from __future__ import annotations

import re
from typing import Any

import httpx

from .conftest import Board, Browser, Browsers


def typed(board: Board, ago: int = 0, **more: str) -> dict[str, str]:
    """A note as somebody types it."""
    year, month, day = board.day(ago).split("-")
    return {"happened_on-day": day, "happened_on-month": month, "happened_on-year": year, "text": "A note.", **more}


def hidden_in(page: str) -> dict[str, str]:
    """The hidden fields of a page's last form."""
    form = page.rpartition('<form id="form"')[2]
    import html

    return {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    }


async def answered(coordinator: Browser, address: str, values: dict[str, Any]) -> httpx.Response:
    """A form filled in and sent: what comes back."""
    page = await coordinator.get(address)
    assert page.status_code == 200, page.text
    return await coordinator.post(address, data={**hidden_in(page.text), **values})


async def test_a_step_is_recorded_by_a_form_that_is_checked_first(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator", name="Sam Example")
    address = f"/files/{reference}/record/note_added"
    check = await answered(coordinator, address, typed(board))
    assert check.status_code == 200 and "Check your answers" in check.text and "A note." in check.text
    done = await coordinator.post(address, data={**hidden_in(check.text), "confirm": "yes"})
    assert done.status_code == 303 and done.headers["location"] == f"/files/{reference}?recorded=note_added"
    stored = await coordinator.get(f"/files/{reference}/record")
    assert stored.status_code == 200
