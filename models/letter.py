"""A letter: one sending of a notice, as it is started, and as it stands while it is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .casefile import CaseFile
from .casefile_parts import Rung
from .contract import Work, letter_work, read
from .duty import Notice
from .key import Key
from .recipient import Recipient
from .sections.letters import IN_DIRECTORY

TIMEOUT = 300.0
"""Seconds that one try to send a letter may take: as long as its claim holds. Whoever tries again has the claim again,
and must be the only one who sends."""


@dataclass(frozen=True, slots=True)
class LetterToSend:
    """A letter to start: one message to one recipient, resolved when it is sent.

    Arguments:
        notice: the notice's key.
        number: the how manieth letter for it.
        rule, template, title, to, content, documents: the notice's own.
        regime: of the file, by which its links are made.
        address: where to send it, whatever the directory says; None to ask the directory.
        fallback: where to send it when the directory has no address.
        about, due: the deadline it speaks of, by key, and the day it tells; for a letter that asks for something, the
            deadline of what it asks for, whatever its day. Empty for any other letter.
    """

    notice: str
    number: int
    rule: str
    template: str
    title: str
    to: str
    regime: str
    address: str | None = None
    fallback: str | None = None
    content: Mapping[str, str] = field(default_factory=dict)
    documents: Sequence[str] = ()
    about: str = ""
    due: str = ""

    @property
    def key(self) -> str:
        """The key of the work of sending it."""
        return letter_work(self.notice, self.number)

    def plain(self) -> dict[str, Any]:
        """The letter as history keeps it."""
        return asdict(self)

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> LetterToSend:
        """A letter from what :meth:`plain` gave."""
        return read(cls, plain)

    def work(self, opening: Mapping[str, Any]) -> Work:
        """Sending it, for the file that was opened so."""
        file = {"reference": opening["reference"], "offset_seconds": opening.get("offset_seconds", 0)}
        return Work(self.key, "send_letter", (file, self.plain()), f"{self.title}, to {self.to}"[:200], timeout=TIMEOUT)


def letters_to_start(
    file: CaseFile, notices: Mapping[str, Notice], under_way: Mapping[str, Any]
) -> Iterator[LetterToSend]:
    """Every notice whose latest letter has not gone out and is not under way.

    Arguments:
        under_way: the work that the shell follows, by key.
    """
    for notice in notices.values():
        letter, number = file.letters.get(notice.key), file.resends.get(notice.key, 1)
        if (letter is None or letter.number < number) and letter_work(notice.key, number) not in under_way:
            yield letter_of(file, notice, number)


def letter_of(file: CaseFile, notice: Notice, number: int) -> LetterToSend:
    """The letter of this number for a notice, as the file has it now."""
    to = Recipient(notice.to)
    organisation = file.parties.get(to.name) if to.kind == "lead" else None
    corrected = file.addresses.get(notice.to)
    known = to.kind in IN_DIRECTORY
    if not known or (to.kind == "lead" and organisation is None):
        # Whoever the file no longer knows is reached where the letter was accepted that is now wrong.
        corrected = corrected or _reached_at(file, notice.to)
    return LetterToSend(
        notice=notice.key,
        number=number,
        rule=notice.rule,
        template=notice.template,
        title=notice.title,
        to=notice.to,
        regime=file.regime.name,
        address=file.resend_to.get(notice.key) or (None if known else corrected),
        fallback=corrected or (organisation.facts.email if organisation else None),
        content=dict(notice.content),
        documents=list(notice.documents),
        about=notice.about or _asked_for(file, notice),
        due=notice.due,
    )


def is_settled(letter: LetterToSend, file: CaseFile, deadlines: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a letter under way is of no use any more: a later one is, or what it tells of a deadline no longer holds.

    Arguments:
        letter: as it was started.
        file: as it now is.
        deadlines: what the shell holds of each, never what today's rules or calendar would derive.
    """
    if file.resends.get(letter.notice, 1) != letter.number:
        return True
    if not letter.about:
        return False
    held = deadlines.get(letter.about)
    if not letter.due:
        return held is not None and held["status"] != "open"
    if held is None or held["status"] != "open" or held["due"] != letter.due:
        return True
    rungs = file.rungs.get(letter.about, [])
    own = next((at for at, rung in enumerate(rungs) if rung.notice_to(letter.to) == letter.notice), len(rungs))
    return any(_says(later, rungs[own], letter.to) for later in rungs[own + 1 :])


def _asked_for(file: CaseFile, notice: Notice) -> str:
    """The key of the deadline of what a letter asks for; empty for one that asks for nothing."""
    clock = file.regime.asking.get(notice.template)
    if clock is None or Recipient(notice.to).kind == "person":
        return ""
    return Key.of(clock.name, *Key(notice.key).about[:1])


def _says(later: Rung, rung: Rung, to: str) -> bool:
    """Whether a later rung leaves an earlier one's mail to somebody with nothing to say."""
    return later.due == rung.due and (to in later.to or (rung.kind == "reminder" and later.kind == "passed"))


def _reached_at(file: CaseFile, recipient: str) -> str | None:
    """The address at which a mail server last accepted a letter to a recipient."""
    taken = [letter.address for letter in file.letters.values() if letter.to == recipient and letter.accepted_at]
    return next((address for address in reversed(taken) if address), None)
