"""Which step meets a deadline: where somebody who sees the deadline goes to record what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .catalogue import STEPS
from .responsible import CHAIR_OR_COORDINATOR

STEP_FOR: Mapping[str, tuple[str, str] | None] = {
    "notify_panel": ("notified_panel", "child"),
    "notify_board": None,
    "decision": ("decision", ""),
    "decision_told": None,
    "panel_told_not_initiated": None,
    "decision_revisited": ("decision_revisited", ""),
    "peer_challenge_answered": ("peer_challenge_answered", "challenge"),
    "panel_request": ("panel_request_answered", "request"),
    "advice_considered": ("advice_considered", "advice"),
    "scope_set": ("scope_set", ""),
    "model_chosen": ("model_chosen", ""),
    "reviewer_appointed": ("reviewer_named", ""),
    "reviewers_told": None,
    "conflict_resolved": ("conflict_resolved", "reviewer:organisation"),
    "completion": ("report_signed_off", ""),
    "other_review_completed": ("report_signed_off", ""),
    "interim_learning": ("interim_learning", ""),
    "proceedings_checked": ("proceedings_recorded", "proceedings"),
    "representative_named": ("representative_named", "organisation"),
    "agency_information": ("information_received", "request"),
    "staff_informed": ("staff_informed", "organisation"),
    "agency_findings_told": ("staff_informed", "organisation"),
    "files_secured": ("files_secured", "organisation"),
    "practitioners_involved": ("practitioners_involved", ""),
    "family_invited": ("family_invited", "member"),
    "family_answered": ("family_answered", "member"),
    "action_agreed": ("action_agreed", "action"),
    "action_done": ("action_done", "action"),
    "impact_recorded": ("impact_recorded", "action"),
    "action_plan": ("action_plan_drafted", ""),
    "board_copy": None,
    "findings_shared": ("findings_shared", "organisation"),
    "board_responded": ("board_responded", ""),
    "publication_fixed": ("publication_fixed", ""),
    "panel_copy": None,
    "publication": ("published", ""),
    "publication_rechecked": ("publication_checked", ""),
    "panel_told_not_publishing": None,
    "non_publication_advice": ("panel_advised", ""),
    "non_publication_decided": ("non_publication_decided", ""),
    "year_on_website": None,
    "moved_to_request": ("moved_to_request", ""),
    "copy_supplied": ("copy_supplied", "request"),
    "learning_event": ("learning_event_held", ""),
    "learning_considered": ("learning_considered", ""),
    "training_changed": ("training_changed", ""),
    "learning_taken_forward": ("learning_taken_forward", "organisation"),
    "bulletin_approved": ("bulletin_approved", ""),
    "outcome_shared": ("outcome_shared", ""),
    "outcome_confirmed": ("outcome_confirmed", "organisation"),
    "monitoring": ("monitoring_reviewed", ""),
    "undelivered": ("address_corrected", ""),
    "closing": ("closed", ""),
}
"""By clock: the step that meets its deadlines, and the step's fields that stand behind the clock in a deadline's key
(``action_done:a-1`` is about action ``a-1``). None where no step does: a letter must be taken, or time pass."""

_ALWAYS: Mapping[str, Mapping[str, str]] = {
    "staff_informed": {"told": "of the review"},
    "agency_findings_told": {"told": "the findings of the single-agency review"},
}
"""What a clock says of the step's fields whatever its key."""


CHAIRS_CLOCKS = frozenset(clock for clock, met in STEP_FOR.items() if met and "chair" in STEPS[met[0]].who)
"""The clocks of deadlines that a step meets which the Chair may record."""


def whose(clock: str, responsible: str) -> str:
    """Whose work a deadline is, by its clock and by whom it reminds."""
    return CHAIR_OR_COORDINATOR if responsible == "coordinator" and clock in CHAIRS_CLOCKS else responsible


@dataclass(frozen=True, slots=True)
class MetBy:
    """The step that meets a deadline.

    Arguments:
        step: its name.
        fields: what of it the deadline knows already.
    """

    step: str
    fields: Mapping[str, str]


def met_by(clock: str, key: str) -> MetBy | None:
    """The step that meets a deadline, or None when it is not met by a step.

    Arguments:
        clock: the deadline's clock.
        key: the deadline's key.
    """
    found = STEP_FOR.get(clock)
    if found is None:
        return None
    step, fields = found
    names = fields.split(":") if fields else []
    told = key.removeprefix(clock).lstrip(":")
    values = told.split(":") if told else []
    # What stands behind the fields, the date of a hearing say, is no field of the step.
    return MetBy(step, {**dict(zip(names, values, strict=False)), **_ALWAYS.get(clock, {})})
