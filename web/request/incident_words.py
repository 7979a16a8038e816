"""What is known of a file's incident as a whole, in words; of a review that was opened without one, why it is held."""

from __future__ import annotations

from collections.abc import Iterator

from models.casefile import CaseFile
from models.days import day_words
from models.incident import Incident, PlannedReview
from models.key import Key
from models.step_words import capital, child_words


def incident_words(file: CaseFile) -> list[tuple[str, str]]:
    """What happened, where, when it was told and why late, as it now stands; what is not known is left out."""
    return [(label, value) for label, value in _rows(file) if value]


def _rows(file: CaseFile) -> Iterator[tuple[str, str]]:
    planned, incident = file.opening.review, file.opening.incident
    if planned is not None:
        yield _title(PlannedReview, "reasons"), planned.reasons
    if incident is None:
        return
    yield _title(Incident, "summary"), incident.summary or ""
    yield _title(Incident, "where"), capital(file.where)
    for name in ("aware_on", "notified_on"):
        day = getattr(file, name)
        yield _title(Incident, name), day_words(day) if day else ""
    for child, day in file.panel_notified.items():
        yield _of(child, _title(Incident, "panel_notified_on")), day_words(day)
    yield _title(Incident, "concern_about_joint_working"), capital(file.concern)
    for key, reason in file.late_because.items():
        clock, child = Key(key).kind, "".join(Key(key).about)
        yield _of(child, f"Why the {'board' if clock == 'notify_board' else 'panel'} was notified late"), reason


def _title(model: type[Incident | PlannedReview], name: str) -> str:
    return model.model_fields[name].title or name


def _of(child: str, label: str) -> str:
    return f"{label} ({child_words(child)})" if child else label
