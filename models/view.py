"""A file as people see it: its stage, its deadlines in words, what may be recorded next and why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from .casefile import CaseFile
from .casefile_parts import Letter
from .contract import instant_text
from .days import start_of
from .duties import duties_of
from .duty import Deadline, Notice
from .step import ready_refusals
from .world import World

SHOWN = 12
"""How many deadlines Temporal's web page shows of a file: each step keeps them in history."""


def stage_of(file: CaseFile) -> str:
    """Where a file stands, in one word."""
    return "closed" if file.ended is not None else file.regime.stage_of(file)


def kind_of(file: CaseFile) -> str:
    """The kind of review, or what stands for none."""
    return file.regime.kind_of(file)


def next_due(deadlines: Mapping[str, Deadline]) -> date | None:
    """The next day by which something is to be done."""
    return min((deadline.due for deadline in deadlines.values() if deadline.open), default=None)


def overdue(deadlines: Mapping[str, Deadline], today: date) -> int:
    """How many deadlines have passed without being met."""
    return sum(deadline.open and not deadline.period and deadline.due < today for deadline in deadlines.values())


def status_of(deadline: Deadline, today: date) -> str:
    """One adjective for lists."""
    if deadline.met_on is not None:
        return "met late" if deadline.late else "met"
    return "overdue" if deadline.due < today and not deadline.period else "open"


def latest_number(file: CaseFile, key: str, notice: Notice | None) -> int:
    """The number of a notice's latest letter; once it no longer stands, of the last that something became of."""
    letter = file.letters.get(key)
    return letter.number if letter and not notice else file.resends.get(key, 1)


def letter_status(letter: Letter | None, number: int) -> str:
    """What became of the letter of this number, in the register's words."""
    if letter is None or letter.number < number:
        return "under way"
    return "accepted" if letter.accepted_at else "refused"


def attributes_of(file: CaseFile, deadlines: Mapping[str, Deadline], today: date) -> dict[str, Any]:
    """What Temporal's web page lists and searches by; references and words of the rules alone."""
    due = next_due(deadlines)
    return {
        "CaseReference": file.reference,
        "CaseStage": stage_of(file),
        "CaseKind": kind_of(file),
        "CaseRulebook": file.rules.name,
        "NextDeadline": instant_text(start_of(due + timedelta(days=1))) if due else None,
        "Overdue": overdue(deadlines, today),
    }


def related_of(file: CaseFile) -> list[str]:
    """The files and reviews this one is linked with (1.1)."""
    merged = [file.ended_note] if file.ended == "merged" else []
    return [*file.opening.related, *file.joint, *merged]


def remarks_of(file: CaseFile, deadlines: Mapping[str, Deadline]) -> list[str]:
    """What must be said plainly about a file."""
    remarks = list(file.regime.remarks(file, deadlines.values()))
    if file.nearly_full:
        remarks.append(
            "This file is nearly full: four fifths of its space are used. It takes no more notes now, and no more "
            "steps once it is full. Upload long texts as documents."
        )
    if file.dropped_signals:
        remarks.append(
            f"{file.dropped_signals} signals arrived faster than they could be accepted, and were lost. The sender "
            "must check what is on the file, and send again what is missing."
        )
    if file.cancellations:
        remarks.append("Somebody asked Temporal to cancel this workflow. A file can only be ended by a step.")
    return remarks


def details_of(file: CaseFile, deadlines: Mapping[str, Deadline], today: date) -> str:
    """Markdown for Temporal's web page: reference, stage, finding and open deadlines. Nothing of the child."""
    lines = [f"**{file.reference}** · {stage_of(file)} · {kind_of(file)} · rulebook {file.rules.name}", ""]
    if file.opening.incident is not None:
        lines += [f"Criteria: {file.finding.held}", ""]
    lines += [f"> {remark}" for remark in remarks_of(file, deadlines)]
    standing = sorted((d for d in deadlines.values() if d.open), key=lambda d: (d.due, d.key))
    if standing:
        lines += ["", *(f"- **{d.due}, {status_of(d, today)}** {d.title} {d.rule}".rstrip() for d in standing[:SHOWN])]
        lines += ["", f"and {len(standing) - SHOWN} more"] if len(standing) > SHOWN else []
    else:
        lines += ["", "There are no open deadlines."]
    return "\n".join(lines)


def recordable(file: CaseFile, world: World) -> list[dict[str, Any]]:
    """Every step: whether it may be recorded now, and if not, why not."""
    found = []
    for name, kind in file.regime.steps.items():
        why_not = [{"rule": refusal.rule, "reason": refusal.reason} for refusal in ready_refusals(kind, file, world)]
        found.append({"step": name, "label": kind.label, "rules": list(kind.rules), "why_not": why_not})
    return found


def shown(file: CaseFile, world: World) -> dict[str, Any]:
    """The file for queries and the command line."""
    duties = duties_of(file, world)
    deadlines, in_hand = duties.deadlines, dict.fromkeys((*duties.notices, *file.letters))
    return {
        "reference": file.reference,
        "stage": stage_of(file),
        "kind": kind_of(file),
        "rulebook": file.rules.name,
        "related": related_of(file),
        "remarks": remarks_of(file, deadlines),
        "finding": {"held": file.finding.held, "limbs": _limbs(file)},
        "deadlines": [_deadline(d, world.today) for d in in_order(deadlines.values())],
        "letters": [_letter(file, notice, duties.notices.get(notice)) for notice in in_hand],
        "refused": [{**asdict(refused), "at": instant_text(refused.at)} for refused in file.refused],
        "next": recordable(file, world),
    }


def in_order(deadlines: Iterable[Deadline]) -> list[Deadline]:
    """Open ones first, by due date."""
    return sorted(deadlines, key=lambda deadline: (not deadline.open, deadline.due, deadline.key))


def _limbs(file: CaseFile) -> list[dict[str, Any]]:
    return [
        {
            "rule": limb.rule,
            "limb": limb.title,
            "child": limb.child,
            "held": limb.held,
            "facts": [fact.words for fact in limb.facts],
        }
        for limb in file.finding.limbs
    ]


def _deadline(deadline: Deadline, today: date) -> dict[str, Any]:
    return {
        "deadline": deadline.key,
        "rule": deadline.rule,
        "title": deadline.title,
        "basis": deadline.basis,
        "due": deadline.due.isoformat(),
        "original_due": deadline.original_due.isoformat(),
        "counted": deadline.counted,
        "status": status_of(deadline, today),
        "met_on": deadline.met_on.isoformat() if deadline.met_on else None,
    }


def _letter(file: CaseFile, key: str, notice: Notice | None) -> dict[str, Any]:
    letter, number = file.letters.get(key), latest_number(file, key, notice)
    at = letter and (letter.accepted_at or letter.refused_at)
    return {
        "notice": key,
        "rule": letter.rule if letter else notice.rule if notice else "",
        "to": letter.to if letter else notice.to if notice else "",
        "number": number,
        "status": letter_status(letter, number),
        "at": instant_text(at) if at else "",
        "acknowledged_on": file.acknowledged[key].isoformat() if key in file.acknowledged else None,
    }
