"""Who may record which step: what the step says, against the roles and the organisation of an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from models.casefile import CaseFile
from models.step import Step
from register.people.accounts import Account
from web.forms.fields import FormField

WORDS = {
    "coordinator": "a coordinator",
    "chair": "the Chair",
    "board_member": "a board member",
    "agency": "an agency",
    "another_file": "the other file",
}


def may_not(kind: type[Step], account: Account) -> str:
    """Why somebody may not record such a step; empty when they may."""
    if account.roles.isdisjoint(kind.who):
        who = " or ".join(WORDS[one] for one in kind.who if one != "agency")
        return f"Only {who} can record this."
    if limited(kind, account) and _about_organisations(kind) and not account.organisation:
        return (
            "You can record this only for your own organisation, and your account has no organisation. "
            "Ask an administrator."
        )
    return ""


def limited(kind: type[Step], account: Account) -> bool:
    """Whether somebody may record it for the own organisation alone: as a board member and nothing else."""
    return account.roles.isdisjoint(set(kind.who) - {"board_member"})


def own_fields(kind: type[Step], account: Account, fields: list[FormField], file: CaseFile) -> list[FormField]:
    """The fields of a form with the choices that are somebody's own."""
    if not limited(kind, account):
        return fields
    mine = {
        "organisation": {account.organisation},
        "action": {name for name, action in file.actions.items() if action.owner == account.organisation},
    }
    found = []
    for made in fields:
        if made.key in mine and made.kind == "choice":
            options = tuple(option for option in made.options if option.value in mine[made.key])
            blocked = tuple(option for option in made.blocked if option.value in mine[made.key])
            made = replace(made, options=options, blocked=blocked)
        found.append(made)
    return found


def not_own(kind: type[Step], account: Account, body: Mapping[str, Any], file: CaseFile) -> str:
    """The field that names what is another organisation's; empty when all is somebody's own."""
    if not limited(kind, account):
        return ""
    if "organisation" in kind.model_fields and body.get("organisation") != account.organisation:
        return "organisation"
    if "action" in kind.model_fields:
        action = file.actions.get(str(body.get("action")))
        if action is None or action.owner != account.organisation:
            return "action"
    return ""


def _about_organisations(kind: type[Step]) -> bool:
    return "organisation" in kind.model_fields or "action" in kind.model_fields
