"""Where a file's pages are, and where to record the step that meets a deadline."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from models.regime import Regime
from web.request.visit import Visit


def step_link(reference: str, step: str, fields: Mapping[str, str] | None = None) -> str:
    """The address of a step's form, with what is known of its fields already."""
    address = f"/files/{quote(reference)}/record/{quote(step)}"
    return f"{address}?{urlencode(fields)}" if fields else address


def may_record(visit: Visit, regime: Regime, step: str) -> bool:
    """Whether whoever asks may record steps of this kind at all."""
    kind = regime.steps.get(step)
    return kind is not None and visit.may("record steps") and not visit.account.roles.isdisjoint(kind.who)


def record_link(visit: Visit, regime: Regime, reference: str, clock: str, key: str) -> str:
    """Where to record the step that meets a deadline; empty when none does, or it is not for whoever asks."""
    found = regime.met_by(clock, key)
    if found is None or not may_record(visit, regime, found.step):
        return ""
    own = "coordinator" in visit.account.roles or "chair" in visit.account.roles
    if not own and found.fields.get("organisation", visit.account.organisation) != visit.account.organisation:
        return ""
    return step_link(reference, found.step, found.fields)
