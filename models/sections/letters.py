"""Letters: what becomes of a notice, corrected addresses, and letters that said something wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from ..casefile import CaseFile
from ..days import london_date
from ..directory import ROLES
from ..duty import DeadlineFactory, Duty, Notice
from ..incident import Email, Line
from ..key import Key
from ..recipient import Recipient
from ..record import Entry, Refusal
from ..responsible import responsible_words
from ..step import Step
from ..step_words import step_label
from ..world import World
from .s2_1_criteria import FactsCorrected
from .s2_7_organisations import ORGANISATION


class AddressCorrected(Step):
    """A letter could not be delivered. With the right address, we send it again."""

    label: ClassVar[str] = "An address was corrected"
    rules: ClassVar[tuple[str, ...]] = ()
    on_closed: ClassVar[bool] = True
    acts_on: ClassVar[tuple[str, str]] = ("letters", "letter")

    recipient: Line = Field(title="Recipient", description="As the letter has it: ofsted, lead:county-hospital.")
    address: Email | None = Field(
        None,
        title="The right address",
        description="Leave blank for the directory's address. Later letters use the directory again.",
    )

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """There must be a letter to this recipient."""
        if self.recipient not in {letter.to for letter in file.letters.values()}:
            yield Refusal("", "No letter on this file was sent to this recipient.", "recipient")
        elif self.address is None and Recipient(self.recipient).kind not in IN_DIRECTORY:
            who = responsible_words(self.recipient)
            yield Refusal("", f"{who} is not in the directory. Enter the right address.", "address")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Sends every refused letter to this recipient again, as its next number.

        Later letters use the address where the directory has none: a new Chair gets the next one.
        """
        if self.address is not None:
            file.addresses[self.recipient] = self.address
        for notice, letter in file.letters.items():
            if letter.to == self.recipient and letter.refused_at is not None:
                if file.resends.get(notice, 1) > letter.number:
                    # It is under way already, to the address before: refused there, it goes once more.
                    file.resend_after_refusal[notice] = file.resends[notice]
                file.resends[notice] = max(letter.number + 1, file.resends.get(notice, 1))
                file.resend_to[notice] = self.address


IN_DIRECTORY = frozenset({*ROLES, "lead", "board_member", "person"})
"""How recipients begin whose address the directory has."""


def undelivered(file: CaseFile, factory: DeadlineFactory, notices: Mapping[str, Notice]) -> Iterator[Duty]:
    """A refused letter is a task for the coordinator, with an escalation of its own, until a mail server accepts it.

    Arguments:
        notices: those that stand; what told of something that no longer holds need not be delivered.
    """
    for notice, first in file.first_refused.items():
        letter = file.letters[notice]
        # That a mail about a deadline was lost is told even when its reason has gone since.
        key = Key(notice)
        if _about_a_letter(key) or not (notice in notices or key.kind in OF_RUNGS):
            continue
        to = letter_to(file, letter.to)
        about = notices[notice].title if notice in notices else "E-mail about a deadline"
        if notice in notices:
            yield factory.deadline(
                "undelivered",
                london_date(first),
                key=Key.of("undelivered", notice),
                met_on=london_date(letter.accepted_at) if letter.accepted_at else None,
                title=f"Undelivered letter: “{about}” to {to}",
            )
        for number, why in file.refusals[notice].items():
            content = {"undelivered_to": to, "notice": about, "why": why}
            title, key = (
                "A letter could not be delivered",
                Key.of("letter_refused", notice, number if number > 1 else ""),
            )
            yield Notice(key, letter.rule, title, "letter_refused", "coordinator", content)


def letter_to(file: CaseFile, to: str) -> str:
    """Whom a letter goes to, within a sentence: ``the national panel``, ``Hospital Trust, its safeguarding lead``."""
    if Recipient(to).kind == "person":
        return "a board member"
    names = file.removed_parties | {name: party.facts.name for name, party in file.parties.items()}
    words = responsible_words(to, names)
    return f"the {words[4:]}" if words.startswith("The ") else words


OF_RUNGS = frozenset({"reminder", "escalation", "period_ended"})
"""The kinds of keys that mails about deadlines have."""


def _about_a_letter(notice: Key) -> bool:
    """Whether a notice is about a letter that was refused: should it be refused too, there is no end to it."""
    return notice.kind == "letter_refused" or (notice.kind in OF_RUNGS and notice.about[0] == "undelivered")


def notices(file: CaseFile) -> Iterator[Notice]:
    """Those who were told something that turned out wrong hear so; the coordinator, of a merger that failed."""
    for reference in file.undelivered_messages:
        key = Key.of("merge_failed", reference)
        yield Notice(
            key, "1.1", "The other file of a merger was not found", "merge_failed", "coordinator", {"other": reference}
        )
    for correction in file.corrections:
        content = {
            "what": ", ".join(_corrected_words(file, name) for name in correction.what),
            "corrected_on": correction.on.isoformat(),
        }
        for recipient in sorted(_told_wrongly(file, correction.step)):
            key = Key.of("corrected", correction.step, recipient)
            if correction.what != ORGANISATION:
                yield Notice(key, "2.2e", "Correction of a letter that we sent", "letter_corrected", recipient, content)
            elif key in file.letters or Recipient(recipient).name not in file.parties:
                title = "You need do nothing more for this case"
                yield Notice(key, "2.7a", title, "organisation_removed", recipient, content)


def _corrected_words(file: CaseFile, name: str) -> str:
    """What was wrong, in words: a fact by its title, a step that was struck out by its label."""
    field = FactsCorrected.model_fields.get(name)
    return str(field.title) if field else f"“{step_label(file.regime, name)}”"


def _told_wrongly(file: CaseFile, step: str) -> set[str]:
    """Whom letters reached that told what this step corrected, whenever they did; the coordinator knows."""
    reached = set()
    for notice, number in file.wrong_letters.get(step, {}).items():
        letter = file.letters.get(notice)
        if letter is not None and letter.accepted_at is not None and letter.number <= number:
            reached.add(letter.to)
    return reached - {"coordinator"}
