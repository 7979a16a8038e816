"""Who may do what on the pages: one table, and nothing else decides it.

What a step itself says about who may record it (``Step.who``) comes on top of ``record steps``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

Role = Literal["coordinator", "chair", "board_member", "auditor", "operations", "administrator"]
Action = Literal[
    "anyone",
    "sign out",
    "read files",
    "open files",
    "record steps",
    "restrict files",
    "read the audit",
    "read across files",
    "read the directory",
    "change the directory",
    "manage accounts",
    "see health",
]

ROLES: tuple[Role, ...] = get_args(Role)
ACTIONS: tuple[Action, ...] = get_args(Action)

ROLE_WORDS: dict[Role, str] = {
    "coordinator": "Coordinator: opens files, records every step, sees every letter",
    "chair": "Chair: reads files, decides, acknowledges",
    "board_member": "Board member: reads files, confirms for their own organisation",
    "auditor": "Auditor: reads everything, cannot record",
    "operations": "Operations: health and Temporal's web page, but no contents of files",
    "administrator": "Administrator: accounts and directory, but no contents of files",
}

_READERS: frozenset[Role] = frozenset({"coordinator", "chair", "board_member", "auditor"})

MAY: dict[Action, frozenset[Role]] = {
    "anyone": frozenset(),
    "sign out": frozenset(ROLES),
    "read files": _READERS,
    "open files": frozenset({"coordinator"}),
    "record steps": frozenset({"coordinator", "chair", "board_member"}),
    "restrict files": frozenset({"coordinator", "chair"}),
    "read the audit": frozenset({"coordinator", "chair", "auditor"}),
    "read across files": _READERS,
    "read the directory": frozenset(ROLES) - {"operations"},
    "change the directory": frozenset({"administrator"}),
    "manage accounts": frozenset({"administrator"}),
    "see health": frozenset({"operations", "administrator"}),
}
"""Which roles may do it. ``anyone`` needs no sign-in: the sign-in itself, published reports, replies by link."""


def may(roles: Iterable[str], action: Action) -> bool:
    """Whether somebody with these roles may do it."""
    return action == "anyone" or not MAY[action].isdisjoint(roles)
