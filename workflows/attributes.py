"""The search attributes of a file's workflow: what Temporal's web page and lists can show and filter by.

They are in clear text whatever the data converter does: references and counts, never a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

CASE_REFERENCE: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("CaseReference")
CASE_STAGE: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("CaseStage")
CASE_KIND: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("CaseKind")
CASE_RULEBOOK: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("CaseRulebook")
NEXT_DEADLINE: SearchAttributeKey[datetime] = SearchAttributeKey.for_datetime("NextDeadline")
"""The first deadline that is still to be met; unset when there is none."""
OVERDUE: SearchAttributeKey[int] = SearchAttributeKey.for_int("Overdue")
"""How many deadlines have passed and are not met."""

SEARCH_ATTRIBUTES: tuple[SearchAttributeKey[Any], ...] = (
    CASE_REFERENCE,
    CASE_STAGE,
    CASE_KIND,
    CASE_RULEBOOK,
    NEXT_DEADLINE,
    OVERDUE,
)
"""All of them; register them before the first workflow starts, or it stands still."""


def search_attributes(values: Mapping[str, Any]) -> list[SearchAttributeUpdate[Any]]:
    """The core's plain values as updates of the search attributes; None unsets one, unknown names are ignored."""
    updates: list[SearchAttributeUpdate[Any]] = []
    for key in SEARCH_ATTRIBUTES:
        if key.name in values:
            value = values[key.name]
            if value is not None and key is NEXT_DEADLINE:
                value = datetime.fromisoformat(value)
            updates.append(key.value_unset() if value is None else key.value_set(value))
    return updates
