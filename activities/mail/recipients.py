"""Who a letter goes to, resolved when it is sent: a new Chair gets the next one."""

from __future__ import annotations

from datetime import date

from models.directory import ROLES, Directory, Person
from models.recipient import Recipient

from .compose import Mailbox


class NobodyThere(Exception):
    """Nobody can be written to: a person must put it right. Its text says who is missing."""


def mailbox_of(
    to: str, directory: Directory, on: date, *, address: str | None = None, fallback: str | None = None
) -> Mailbox:
    """The mailbox of a recipient on a day.

    Arguments:
        to: as the notice names it: a role, ``lead:county-hospital``, ``board_member:county-hospital``,
            ``person:a-person``, or one whose address the file holds.
        directory: the board's.
        on: the day of sending, in London.
        address: the address that the file holds for this recipient, corrected or given; it comes first.
        fallback: the address to use when the directory has none.

    Raises:
        NobodyThere: there is no address.
    """
    person = _person(to, directory, on)
    if address is not None:
        return Mailbox(person.name if person else "", address)
    if person is not None:
        return Mailbox(person.name, person.email)
    if fallback is not None:
        return Mailbox("", fallback)
    raise NobodyThere(
        "Not sent: no e-mail address. Add one to the directory, then record on the file that an address was corrected."
    )


def recipient_words(to: str) -> str:
    """Whom a notice names, without any person's or organisation's name: ``an organisation's safeguarding lead``."""
    kind = Recipient(to).kind
    return ROLES.get("safeguarding_lead" if kind == "lead" else kind, "its recipient")


def opens_files(to: str, directory: Directory, on: date) -> bool:
    """Whether a recipient reads files on the pages: the board's own people do, and nobody it writes to outside."""
    return Recipient(to).kind in _READERS or bool(organisations_of(to, directory, on))


_READERS = frozenset({"coordinator", "chair", "above_chair", "board_member"})


def organisations_of(to: str, directory: Directory, on: date) -> tuple[str, ...]:
    """The organisations that a recipient who is named as a person sits on the board for, on a day."""
    person = Recipient(to)
    if person.kind != "person":
        return ()
    held = directory.holding("board_member", on)
    return tuple(sorted({a.organisation for a in held if a.person == person.name and a.organisation is not None}))


def _person(to: str, directory: Directory, on: date) -> Person | None:
    who = Recipient(to)
    if who.kind == "lead":
        return directory.holder("safeguarding_lead", on, who.name)
    if who.kind == "board_member":
        return directory.holder("board_member", on, who.name)
    if who.kind == "person":
        return directory.person(who.name)
    return directory.holder(to, on) if to in ROLES else None
