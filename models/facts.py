"""Facts: what the shell itself saw. No message from outside can make one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from .casefile import CaseFile
from .casefile_parts import Letter, Listing, RefusedStep, Rung
from .contract import read_instant
from .days import london_date
from .record import Entry
from .rulebook import rulebook_from
from .world import World


def _rulebook_pinned(file: CaseFile, entry: Entry) -> None:
    file.rules = rulebook_from(entry.body["rulebook"])
    if file.children:
        file.reassess_criteria(london_date(entry.recorded_at))


def _rung_reached(file: CaseFile, entry: Entry) -> None:
    body = entry.body
    rung = Rung(
        deadline=body["deadline"],
        due=date.fromisoformat(body["due"]),
        name=body["rung"],
        kind=body["kind"],
        to=tuple(body["to"]),
        title=body["title"],
        rule=body["rule"],
        at=read_instant(body["scheduled"]),
    )
    file.rungs.setdefault(rung.deadline, []).append(rung)


def _letter(file: CaseFile, entry: Entry) -> None:
    body = entry.body
    accepted = entry.name == "letter_accepted"
    at = read_instant(body["at"])
    notice, number = body["notice"], body["number"]
    before = file.letters.get(notice)
    if before is not None and (before.number > number or (before.number == number and before.accepted_at is not None)):
        return
    file.letters[notice] = Letter(
        notice=notice,
        number=number,
        to=body["to"],
        rule=body.get("rule", ""),
        template=body.get("template", ""),
        accepted_at=at if accepted else None,
        refused_at=None if accepted else at,
        message_id=body.get("message_id", ""),
        documents=tuple(body.get("documents", ())),
        why=body.get("why", ""),
        address=body.get("address", ""),
    )
    if not accepted:
        file.first_refused.setdefault(notice, at)
        file.refusals.setdefault(notice, {})[number] = body.get("why", "")
        if file.resend_after_refusal.pop(notice, 0) == number:
            file.resends[notice] = number + 1


def _letter_withdrawn(file: CaseFile, entry: Entry) -> None:
    """It waited until it had nothing left to say, and was not sent."""
    file.withdrawn.add(entry.body["notice"])


def _letters_wrong(file: CaseFile, entry: Entry) -> None:
    """These letters told what a step corrected. Of what is no more, they are void: told again, it is a new one."""
    wrong, void = dict(entry.body["notices"]), entry.body["void"]
    file.wrong_letters[entry.body["step"]] = wrong
    # Earlier releases said of all of them together whether they are void.
    for notice in void if isinstance(void, list) else wrong if void else ():
        file.resends[notice] = wrong[notice] + 1
        file.first_refused.pop(notice, None)
        file.refusals.pop(notice, None)
        file.resend_to.pop(notice, None)


def recipients_listed(listing: str, recipients: Sequence[str], world: World, documents: Sequence[str] = ()) -> Entry:
    """The fact that these are the people or organisations, by the directory of today, who get something."""
    body = {"listing": listing, "recipients": list(recipients), "documents": list(documents)}
    return Entry("recipients_listed", body, listing, "shell", world.now)


def _recipients_listed(file: CaseFile, entry: Entry) -> None:
    body = entry.body
    listing = Listing(london_date(entry.recorded_at), tuple(body["recipients"]), tuple(body["documents"]))
    file.listed[body["listing"]] = listing


def _step_refused(file: CaseFile, entry: Entry) -> None:
    body = entry.body
    file.refused.append(RefusedStep(entry.recorded_at, body["step"], body["id"], body["rule"], body["reason"]))


def _signals_dropped(file: CaseFile, entry: Entry) -> None:
    """More came in at once than could be kept: it is known how many, and not what."""
    file.dropped_signals += entry.body["count"]


def _nearly_full(file: CaseFile, entry: Entry) -> None:
    file.nearly_full = True


def _cancel_requested(file: CaseFile, entry: Entry) -> None:
    file.cancellations.append(entry.recorded_at)


def _message_undelivered(file: CaseFile, entry: Entry) -> None:
    """What was for another file found none: a file that ended in favour of it stands again."""
    reference = entry.body["to"]
    file.undelivered_messages.append(reference)
    if file.ended == "merged" and file.ended_note == reference:
        file.undo_ending()


FACTS: Mapping[str, Callable[[CaseFile, Entry], None]] = {
    "rulebook_pinned": _rulebook_pinned,
    "rung_reached": _rung_reached,
    "letter_accepted": _letter,
    "letter_refused": _letter,
    "letters_wrong": _letters_wrong,
    "letter_withdrawn": _letter_withdrawn,
    "recipients_listed": _recipients_listed,
    "step_refused": _step_refused,
    "signals_dropped": _signals_dropped,
    "nearly_full": _nearly_full,
    "cancel_requested": _cancel_requested,
    "message_undelivered": _message_undelivered,
}
"""What each fact changes on the file, by its name."""
