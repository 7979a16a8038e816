"""Actions of all reviews, by organisation and due date."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from models.days import london_date
from models.sections.s2_8_actions import BOARD
from models.step_words import capital
from register.lists.actions import (
    PAGE,
    STATUSES,
    TO_DO,
    ActionFilter,
    ActionLine,
    actions_by_owner,
    list_actions,
)
from web.request.filters import address, asked, before_page, choices, page_number, reader, step_link
from web.request.visit import Visit, allowed

router = APIRouter()

_NEXT = {
    "proposed": (("action_agreed", "Record that it was agreed"), ("action_declined", "Record that it was declined")),
    "agreed": (("action_progressed", "Record progress"), ("action_done", "Record that it is done")),
    "done": (("impact_recorded", "Record its impact"),),
}
"""Which steps come next for an action, by where it stands."""


@router.get("/actions")
async def actions(visit: Visit = allowed("read across files")) -> Response:
    """Every action that whoever asks may see, overdue ones first."""
    register, who, today = visit.site.register, reader(visit), london_date(visit.now)
    query, number = asked(visit, ("organisation", "status", "mine", "overdue")), page_number(visit)
    which = ActionFilter(
        organisation=query.get("organisation", ""),
        status=query.get("status", ""),
        owners=_own(visit) if "mine" in query else None,
        overdue="overdue" in query,
    )
    found = await list_actions(register, who, which, today=today, start=(number - 1) * PAGE)
    owners = await actions_by_owner(register, who, today=today)
    names = [("", "Any organisation"), *((line.owner, line.name) for line in sorted(owners, key=lambda o: o.name))]
    return visit.page(
        "actions/page.html",
        title="Actions",
        query=query,
        found=found,
        today=today,
        owners=[(line, address("/actions", {"organisation": line.owner})) for line in owners],
        organisations=choices(names, query.get("organisation", "")),
        statuses=choices(
            [("", "Any status"), *((status, capital(status)) for status in STATUSES)], query.get("status", "")
        ),
        to_do=TO_DO,
        links=[_links(visit, action) for action in found.actions],
        page=number,
        pages=max(-(-found.total // PAGE), 1),
        before_page=before_page("/actions", query),
    )


def _own(visit: Visit) -> list[str]:
    """Whose actions are one's own: one's organisation's, and for the board's officers the board's."""
    officer = not visit.account.roles.isdisjoint(("coordinator", "chair"))
    return [owner for owner in (visit.account.organisation, BOARD if officer else "") if owner]


def _links(visit: Visit, action: ActionLine) -> list[tuple[str, str]]:
    officer = "coordinator" in visit.account.roles
    if not officer and action.owner != visit.account.organisation:
        return []
    found = (
        (words, step_link(visit, action.reference, step, action=action.id))
        for step, words in _NEXT.get(action.status, ())
    )
    return [(words, link) for words, link in found if link]
