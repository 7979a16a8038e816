"""Every duty that stands for a file: the sections' own, the letters', and the one to close it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from .casefile import CaseFile
from .counting import london_date
from .duty import Clocks, Deadline, Duty, Notice
from .sections import (
    letters,
    s1_3_principles,
    s2_1_criteria,
    s2_2_decision,
    s2_3_panel,
    s2_4_methodology,
    s2_5_reviewers,
    s2_6_timescale,
    s2_7_organisations,
    s2_8_actions,
    s2_9_publication,
    s2_10_learning,
)

SECTIONS = (
    s2_1_criteria,
    s2_2_decision,
    s2_3_panel,
    s2_4_methodology,
    s2_5_reviewers,
    s2_6_timescale,
    s2_7_organisations,
    s1_3_principles,
    s2_8_actions,
    s2_9_publication,
    s2_10_learning,
)


def deadlines_of(file: CaseFile, clocks: Clocks) -> dict[str, Deadline]:
    """Every deadline of the file, met or open, by key.

    Raises:
        NoCalendarError: a deadline counts working days in a year without a calendar.
    """
    found = {duty.key: duty for duty in _duties(file, clocks) if isinstance(duty, Deadline)}
    if file.ended is None and not any(deadline.open for deadline in found.values()):
        # An open file is never without a next deadline: when all is done, closing it is what is left to do.
        closing = clocks.deadline("closing", _all_done_on(file, found))
        found[closing.key] = closing
    return found


def notices_of(file: CaseFile, clocks: Clocks) -> dict[str, Notice]:
    """Every notice of the file, sent or not, by key."""
    return {duty.key: duty for duty in _duties(file, clocks) if isinstance(duty, Notice)}


def _duties(file: CaseFile, clocks: Clocks) -> Iterator[Duty]:
    yield from letters.duties(file, clocks)
    yield from letters.corrections(file)
    yield from _rungs(file)
    if file.ended is None:
        for section in SECTIONS:
            yield from section.duties(file, clocks)
        return
    yield from s2_1_criteria.closing_notices(file)
    yield from s2_2_decision.closing_notices(file)
    # Requests can be made of a file that has ended, and are followed like any other.
    for section in (s2_3_panel, s2_9_publication):
        yield from _still_followed(file, section.duties(file, clocks))


def _still_followed(file: CaseFile, duties: Iterator[Duty]) -> Iterator[Duty]:
    for duty in duties:
        if isinstance(duty, Deadline) and duty.clock in ("panel_request", "copy_supplied"):
            yield duty


def _rungs(file: CaseFile) -> Iterator[Notice]:
    """A mail for each rung of a ladder that was reached."""
    for deadline, rungs in file.rungs.items():
        for rung in rungs:
            for to in rung.to:
                key = f"{rung.kind}:{deadline}:{rung.due.isoformat()}:{rung.name}:{to}"
                content = {
                    "deadline": rung.title,
                    "due": rung.due.isoformat(),
                    "rule": rung.rule,
                    "key": deadline,
                }
                yield Notice(key, rung.rule, rung.title, rung.kind, to, content)


def _all_done_on(file: CaseFile, deadlines: dict[str, Deadline]) -> date:
    """The day the last thing was done."""
    days = [file.begun_on, *(d.met_on for d in deadlines.values() if d.met_on)]
    days += [london_date(letter.taken_at) for letter in file.letters.values() if letter.taken_at]
    days += [day for day in (file.reopened_on, *(action.declined_on for action in file.actions.values())) if day]
    return max(days)
