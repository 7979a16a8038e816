"""A file's organisations, people, reviewers, actions, documents and letters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response

from models.casefile_parts import Party, Request
from models.key import Key
from models.letter_words import letter_words
from models.projection import NoticeRow
from models.step_words import facts_words, step_label
from register.files.deliveries import Delivery, deliveries_of
from web.file.request import FileRequest, Shown, asked_for
from web.request.incident_words import incident_words
from web.request.links import step_link
from web.request.visit import Visit, allowed

router = APIRouter()

_FOLLOWED: tuple[tuple[str, str, str], ...] = (
    ("Representative named", "represented_on", "representative_named"),
    ("Case files locked down", "files_secured_on", "files_secured"),
    ("Staff told of the review", "staff_informed_on", "staff_informed"),
    ("Information sent", "information_on", ""),
    ("Staff told its own findings", "findings_told_on", "agency_findings_told"),
    ("Practitioners involved", "practitioners_on", ""),
    ("Findings shared with staff", "findings_shared_on", "findings_shared"),
    ("Learning taken forward", "taken_forward_on", "learning_taken_forward"),
    ("Outcome confirmed", "outcome_confirmed_on", "outcome_confirmed"),
)
"""What is followed with an organisation: in words, where the day is kept, and the clock that asks for it."""


@dataclass(frozen=True)
class Followed:
    """One thing that is followed with an organisation: done on a day, asked for by a deadline, or not asked for yet."""

    what: str
    done_on: date | None
    deadline: Shown | None


@dataclass(frozen=True)
class Organisation:
    """An organisation on the file, what is followed with it, what it was asked for, and its lead in the directory."""

    id: str
    party: Party
    followed: tuple[Followed, ...]
    requests: tuple[tuple[str, Request, Shown | None], ...]
    lead: str = ""
    findings: tuple[tuple[str, str], ...] = ()


@router.get("/files/{reference}/organisations")
async def organisations(reference: str, visit: Visit = allowed("read files")) -> Response:
    """Each organisation, and what is followed with it."""
    asked = await asked_for(visit, reference)
    by_key = {shown.row.key: shown for shown in asked.deadlines()}
    found = [_organisation(asked, name, party, by_key) for name, party in asked.file.case.parties.items()]
    add, take_off = _link(asked, "organisation_added"), _link(asked, "organisation_removed")
    return asked.page("organisations", organisations=found, add=add, take_off=take_off)


def _organisation(asked: FileRequest, name: str, party: Party, by_key: dict[str, Shown]) -> Organisation:
    followed = tuple(
        Followed(what, getattr(party, day), by_key.get(Key.of(clock, name)) if clock else None)
        for what, day, clock in _FOLLOWED
    )
    requests = tuple(
        (id, request, by_key.get(Key.of("agency_information", id)))
        for id, request in asked.file.case.requests.items()
        if request.organisation == name
    )
    directory, today = asked.file.world.directory, asked.file.world.today
    lead = directory.holder("safeguarding_lead", today, name) if directory else None
    return Organisation(name, party, followed, requests, f"{lead.name}, {lead.email}" if lead else "")


@router.get("/files/{reference}/people")
async def people(reference: str, visit: Visit = allowed("read files")) -> Response:
    """The incident, the children by local identifier, the family and how they were invited, and court proceedings."""
    asked = await asked_for(visit, reference)
    case = asked.file.case
    by_key = {shown.row.key: shown for shown in asked.deadlines()}
    return asked.page(
        "people",
        incident=incident_words(case),
        children=[(name, facts_words(child)) for name, child in case.children.items()],
        family=[
            (name, member, by_key.get(Key.of("family_answered", name)) or by_key.get(Key.of("family_invited", name)))
            for name, member in case.family.items()
        ],
        proceedings=[
            (
                name,
                one,
                [(day, on, by_key.get(Key.of("proceedings_checked", name, day))) for day, on in one.dates.items()],
            )
            for name, one in case.proceedings.items()
        ],
        correct=_link(asked, "facts_corrected"),
        invite=_link(asked, "family_invited"),
        record_proceedings=_link(asked, "proceedings_recorded"),
    )


@router.get("/files/{reference}/reviewers")
async def reviewers(reference: str, visit: Visit = allowed("read files")) -> Response:
    """The reviewers with their interests and conflicts; scope and model of the review."""
    asked = await asked_for(visit, reference)
    case = asked.file.case
    by_key = {shown.row.key: shown for shown in asked.deadlines()}
    found = [
        (
            name,
            reviewer,
            [
                (
                    asked.names.get(one, one),
                    since,
                    reviewer.resolved.get(one),
                    by_key.get(Key.of("conflict_resolved", name, one)),
                )
                for one, since in reviewer.conflicts.items()
            ],
        )
        for name, reviewer in case.reviewers.items()
    ]
    wanted = [shown for shown in asked.deadlines() if shown.row.clock == "reviewer_appointed" and not shown.row.met_on]
    return asked.page("reviewers", reviewers=found, wanted=wanted, appoint=_link(asked, "reviewer_named"))


@router.get("/files/{reference}/actions")
async def actions(reference: str, visit: Visit = allowed("read files")) -> Response:
    """The action plan: each action with its owner, its day and its impact."""
    asked = await asked_for(visit, reference)
    standing = [shown for shown in asked.deadlines() if shown.row.met_on is None]
    found = [
        (
            name,
            action,
            asked.names.get(action.owner, action.owner),
            [shown for shown in standing if Key(shown.row.key).about == (name,) and shown.row.clock in _OF_ACTIONS],
            step_link(reference, "action_progressed", {"action": name})
            if asked.may_record("action_progressed") and not action.closed
            else "",
        )
        for name, action in asked.file.case.actions.items()
    ]
    return asked.page("actions", actions=found, propose=_link(asked, "action_proposed"))


_OF_ACTIONS = frozenset({"action_agreed", "action_done", "impact_recorded"})


@router.get("/files/{reference}/documents")
async def documents(reference: str, visit: Visit = allowed("read files")) -> Response:
    """The documents that the file names."""
    asked = await asked_for(visit, reference)
    named = asked.file.stored.documents
    known = await visit.site.system.documents.named(reference, {one.sha256 for one in named})
    recorded = {entry.id: entry for entry in asked.file.stored.entries if not entry.is_fact}
    struck = asked.file.case.struck
    found = [
        {
            "row": row,
            "about": known.get(row.sha256),
            "step": step_label(asked.file.regime, recorded[row.step_id].name) if row.step_id in recorded else "",
            "at": recorded[row.step_id].recorded_at if row.step_id in recorded else None,
            "struck": row.step_id in struck,
        }
        for row in named
    ]
    return asked.page("documents", documents=found)


@dataclass(frozen=True)
class LetterShown:
    """A notice with what became of it.

    Arguments:
        row: as the file has it.
        to: who gets it, for people.
        status: what became of it, in words.
        why: why it was refused, where no mail server ever had it; empty else.
        deliveries: its letters as the ledger has them, the latest first.
        correct: where a corrected address is recorded; empty when nothing is to be corrected, or not by whoever asks.
    """

    row: NoticeRow
    to: str
    status: str
    why: str
    deliveries: tuple[Delivery, ...]
    correct: str


@router.get("/files/{reference}/letters")
async def letters(reference: str, visit: Visit = allowed("read files")) -> Response:
    """Every letter of the file, and what became of it."""
    asked = await asked_for(visit, reference)
    ledger: dict[str, list[Delivery]] = {}
    for delivery in await deliveries_of(visit.site.register, reference):
        ledger.setdefault(delivery.notice_key, []).append(delivery)
    found = [_letter(asked, row, ledger.get(row.key, [])) for row in asked.file.stored.notices]
    order = {"refused": 0, "under way": 1, "accepted": 2}
    return asked.page("letters", letters=sorted(found, key=lambda one: order.get(one.row.status, 1)))


def _letter(asked: FileRequest, row: NoticeRow, deliveries: list[Delivery]) -> LetterShown:
    latest = max(deliveries, key=lambda one: one.number, default=None)
    current = latest if latest is not None and latest.number >= row.number else None
    correctable = row.status == "refused" and asked.may_record("address_corrected")
    return LetterShown(
        row,
        asked.who(row.recipient),
        letter_words(row.status, current.status if current else "", bool(current and current.operations_must_act)),
        "No e-mail address. Add one to send it" if row.status == "refused" and current is None else "",
        tuple(sorted(deliveries, key=lambda one: -one.number)),
        step_link(asked.file.reference, "address_corrected", {"recipient": row.recipient}) if correctable else "",
    )


def _link(asked: FileRequest, step: str) -> str:
    """Where to record a step, for those who may and while it may be recorded."""
    if not asked.may_record(step):
        return ""
    possible = any(one["step"] == step and not one["why_not"] for one in asked.file.steps)
    return step_link(asked.file.reference, step) if possible else ""
