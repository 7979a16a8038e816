"""What a file may be opened with, and what must be said plainly about it (1.1, 2.1f, 2.1g, 2.6b)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from ..casefile import CaseFile
from ..days import day_words
from ..duty import Deadline
from ..incident import Child, Incident, Opening
from ..record import Refusal
from ..rulebook import Rulebook
from .s2_1_criteria import late_without_reason

ARRANGEMENTS_END = date(2019, 9, 29)
"""LSCB arrangements end at the latest on 29 September 2019 (2.1g)."""


def may_open(opening: Opening, rulebook: Rulebook, today: date) -> Refusal | None:
    """Why a file may not be opened today; None when it may."""
    incident = opening.incident
    dates = {"opened_on": opening.opened_on}
    if incident is not None:
        dates |= {"incident.notified_on": incident.notified_on}
        for name in ("aware_on", "panel_notified_on"):
            day = getattr(incident, name)
            dates |= {f"incident.{name}": day} if day else {}
        for number, child in enumerate(incident.children):
            for name in ("born_on", "died_on"):
                day = getattr(child, name)
                dates |= {f"incident.children.{number}.{name}": day} if day else {}
    rule = "2.1f" if incident is not None else "1.1"
    for field, day in dates.items():
        if day > today:
            return Refusal(rule, f"{_title(field)}: {day_words(day)} is in the future. Check the date.", field)
        if incident is not None and field.endswith("born_on") and day > incident.notified_on:
            return Refusal(rule, "The child was born after the notification. Check both dates.", field)
    if incident is not None and opening.opened_on < incident.notified_on:
        return Refusal(rule, "A file cannot be opened before the board was notified. Check both dates.", "opened_on")
    began = rulebook.definitions.partners_began
    if incident is not None and began is not None and incident.notified_on > began:
        return Refusal(
            "2.1g",
            f"Safeguarding partner arrangements began on {day_words(began)}. This board does not handle incidents "
            "notified after that day.",
            "incident.notified_on",
        )
    return None


def _title(field: str) -> str:
    """What a date of an opening is called on its form, by its place in the message: ``The board was notified on``."""
    name = field.rpartition(".")[2]
    kind = Opening if field == name else Child if ".children." in field else Incident
    return str(kind.model_fields[name].title)


def remarks(file: CaseFile, deadlines: Iterable[Deadline]) -> Iterator[str]:
    """What must be said plainly about a file."""
    for late in late_without_reason(file, deadlines):
        yield (
            f"{late.title}: this was late. Record the reason with “Facts of the incident were corrected” ({late.rule})."
        )
    if file.notified_on and file.rules.definitions.partners_began is None and file.notified_on > ARRANGEMENTS_END:
        yield (
            "The board was notified after 29 September 2019, the last day of LSCB arrangements. This board's rulebook "
            "does not say when its safeguarding partner arrangements began (2.1g)."
        )
    if file.delayed_on and file.first_signed_on is None and file.expected_on:
        yield f"The review is delayed. Completion is expected on {day_words(file.expected_on)} (2.6b)."
