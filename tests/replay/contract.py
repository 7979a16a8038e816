"""The fingerprint of the contract between shell and core: ``python -m tests.replay.contract`` writes it anew."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from models import contract

FINGERPRINT = Path(__file__).with_name("contract.json")

FROZEN = (contract.Timer, contract.Work, contract.Filing, contract.Changes, contract.State)
"""What stands in histories or is carried from run to run. A question does not: it is handed over by reference."""

LIMITS = ("BATCH_ITEMS", "BATCH_BYTES", "INBOX_ITEMS", "INBOX_BYTES")

CASES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "an answer": {"answers": [{"ticket": 1, "recorded": False}]},
    "an entry": {"entries": [{"name": "note_added"}]},
    "an event": {"events": [{"what": "stage"}]},
    "an entry replaced": {"replaced_entries": {"0": {"name": "note_added"}}},
    "an event replaced": {"replaced_events": {"0": {"what": "stage"}}},
    "something that stands": {"standing": {"deadlines": {"decision": None}}},
    "a timer": {"timers": [{"key": "a", "at": "2018-09-05T08:00:00Z"}]},
    "a timer cancelled": {"cancel": ["a"]},
    "work": {"work": [{"key": "a", "activity": "b"}]},
    "how to write": {"filing": {"register": {"timeout": 5.0}}},
    "a stage": {"stage": "review"},
    "details": {"details": "**EX-1**"},
    "attributes": {"attributes": {"Overdue": 1}},
    "an end": {"finished": True},
    "a renewal": {"renew": True},
}
"""What the core may answer, each by itself: which of them count as another revision of the file."""


def fingerprint() -> dict[str, Any]:
    """The contract as it is in the code at hand."""
    at = contract.read_instant("2018-09-05T09:00:00.5+01:00")
    return {
        "fields": {kind.__name__: {one.name: _field(one) for one in fields(kind)} for kind in FROZEN},
        "limits": {name: getattr(contract, name) for name in LIMITS},
        "keys": {
            "the timer of a deadline": contract.deadline_timer("decision"),
            "the timer of work that waits": contract.work_timer("letter:a#1"),
            "a letter": contract.letter_work("decision:d-1:ofsted", 2),
            "a message": contract.message_work("EX-2018-0002", "merged-from-EX-2018-0001-7"),
        },
        "an instant": contract.instant_text(at),
        "changes the file": {what: contract.Changes(**case).changes_the_file for what, case in CASES.items()},
    }


def _field(one: Field[Any]) -> str:
    if one.default is not MISSING:
        return f"{one.type} = {one.default!r}"
    if one.default_factory is not MISSING:
        return f"{one.type} = {one.default_factory()!r}"
    return str(one.type)


if __name__ == "__main__":
    FINGERPRINT.write_text(json.dumps(fingerprint(), indent=2) + "\n", encoding="utf-8")
