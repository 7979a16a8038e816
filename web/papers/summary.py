"""A file's summary: where it stands, the finding, the decisions, what is due, and who is involved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from models.called import short_name
from models.casefile import CaseFile
from models.days import day_words
from models.duties import deadlines_of
from models.duty import Deadline
from models.projection import Projection
from models.step_words import capital, child_words, plain_reason
from models.view import in_order, related_of, remarks_of, status_of
from models.world import World
from web.request.incident_words import incident_words

from .blocks import Block, Cell, Facts, Heading, Paragraph, Table


def summary(stored: Projection, file: CaseFile, world: World) -> Iterator[Block]:
    """The blocks of the summary."""
    yield Facts(tuple((label, value) for label, value in _about(stored, file) if value))
    standing = deadlines_of(file, world)
    yield from (Paragraph(plain_reason(file.regime, remark)) for remark in remarks_of(file, standing))
    if told := incident_words(file):
        yield Heading("Incident" if file.opening.incident else "Review")
        yield Facts(tuple(told))
    if file.opening.incident is not None:
        yield Heading("Criteria")
        yield Paragraph(f"The criteria for a Serious Case Review: {file.finding.held}.")
        yield _finding(file)
    yield Heading("Decisions")
    yield _decisions(file)
    deadlines = in_order(standing.values())
    yield Heading("Deadlines")
    yield _deadlines("Open deadlines", [d for d in deadlines if d.open], world.today, "There are no open deadlines.")
    yield _deadlines("Met", [d for d in deadlines if not d.open], world.today, "No deadlines have been met yet.")
    yield Heading("Organisations")
    yield _organisations(file)
    yield Heading("Reviewers")
    yield _reviewers(file)
    yield Heading("Family")
    yield _family(file)
    yield Heading("Documents")
    yield _documents(file)


def _about(stored: Projection, file: CaseFile) -> Iterator[tuple[str, str]]:
    def on(day: date | None) -> str:
        return day_words(day) if day else ""

    yield "Reference", stored.reference
    yield "Stage", stored.stage
    yield "Kind of review", stored.kind
    yield "Opened", on(stored.opened_on)
    yield "Review began", on(stored.initiated_on)
    yield "Review completed", on(stored.completed_on)
    yield "Report published", on(stored.published_on)
    yield "Ended", f"{on(file.ended_on)} ({file.ended})" if file.ended else ""
    yield "Rulebook", stored.rulebook
    yield "Related files", ", ".join(related_of(file))


def _finding(file: CaseFile) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (limb.rule, capital(child_words(limb.child)), limb.title, limb.held, "\n".join(f.words for f in limb.facts))
        for limb in file.finding.limbs
    )
    head = ("Rule", "Child", "Criterion", "Held", "The facts")
    return Table("Are the criteria met?", head, rows, (1, 2, 5, 2, 6), "The criteria have not been checked.")


def _decisions(file: CaseFile) -> Table:
    rows = tuple((d.on, d.choice, d.kind or "", d.decided_by, d.reasons) for d in file.decisions)
    head = ("Day", "Decision", "Kind of review", "Decided by", "Reasons")
    return Table("Decisions, the first one first", head, rows, (2, 3, 3, 2, 6), "No decision has been recorded.")


def _deadlines(caption: str, deadlines: list[Deadline], today: date, empty: str) -> Table:
    rows = tuple(
        (
            d.due,
            f"{status_of(d, today)}{f', {day_words(d.met_on)}' if d.met_on else ''}",
            d.title,
            d.rule,
            d.counted + (f". Moved from {day_words(d.original_due)}" if d.due != d.original_due else ""),
        )
        for d in deadlines
    )
    return Table(caption, ("Due", "Status", "What", "Rule", "How it was counted"), rows, (3, 3, 6, 1, 5), empty)


def _organisations(file: CaseFile) -> Table:
    rows = tuple(
        (
            party.facts.name,
            party.representative,
            party.files_secured_on,
            party.staff_informed_on,
            party.information_on,
            party.findings_shared_on,
        )
        for party in file.parties.values()
    )
    head = (
        "Organisation",
        "Representative",
        "Files secured",
        "Staff informed",
        "Information received",
        "Findings shared",
    )
    return Table("Organisations involved", head, rows, (4, 3, 3, 3, 3, 3), "There are no organisations on the file.")


def _reviewers(file: CaseFile) -> Table:
    rows = tuple(
        (r.name, "lead reviewer" if r.lead else "reviewer", r.named_on, r.stood_down_on, ", ".join(r.interests))
        for r in file.reviewers.values()
    )
    head = ("Name", "Part", "Named", "Stood down", "Employers and interests")
    return Table("Reviewers", head, rows, (3, 2, 2, 2, 4), "No reviewers have been appointed.")


def _family(file: CaseFile) -> Table:
    rows = tuple(
        (short_name(name), m.relationship, m.invited_on, m.not_invited_because, m.answered_on)
        for name, m in file.family.items()
    )
    head = ("Identifier", "Relationship", "Invited", "Why not invited", "Answered")
    return Table("Family members", head, rows, (2, 3, 2, 4, 2), "No family members are listed.")


def _documents(file: CaseFile) -> Table:
    rows = tuple((what, file.dates.get(step), digest[:16]) for digest, what, step in dict.fromkeys(file.documents))
    head = ("Document", "Recorded for", "Start of its digest")
    return Table("Documents on the file", head, rows, (4, 3, 4), "There are no documents on the file.")
