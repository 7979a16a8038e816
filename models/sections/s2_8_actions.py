"""2.8 Agreeing improvement action, and following it until its impact is known (1.2d)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from ..called import numbered
from ..casefile import CaseFile
from ..casefile_parts import Action
from ..days import london_date
from ..duty import Deadline, DeadlineFactory, Duty, Notice
from ..facts import recipients_listed
from ..gates import (
    known_name,
    names_nobody,
    needs_party,
    needs_report,
    needs_review,
    new_name,
    not_before,
    not_before_review,
    once,
    since_report,
)
from ..incident import Day, Identifier, Line, Text
from ..key import Key
from ..recipient import Recipient
from ..record import Entry, Refusal
from ..step import Digest, Step, Who
from ..world import World
from .s2_7_organisations import BY_AGENCY

BOARD = "board"
"""The owner of an action that the board itself takes."""

COPIES = "board_copy:"
"""What the keys of the board members' copies begin with; the sign-off's step follows, and a redrafted plan's."""


class ActionProposed(Step):
    """We propose an action to the organisation that would carry it out (2.8a)."""

    label: ClassVar[str] = "An action was proposed"
    rules: ClassVar[tuple[str, ...]] = ("2.8a", "1.2d")

    action: Identifier = Field(title="Identifier of the action")
    text: Text = Field(title="The action", description="This text is sent to its owner. Do not name anyone.")
    owner: Identifier = Field(title="Owner", description="An organisation on the file, or 'board'.")
    due: Day | None = Field(
        None,
        title="Due",
        description="Leave blank for the standard time.",
        json_schema_extra={"standard": "action_done", "counted_from": "the day it is agreed"},
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review; interim learning can lead to actions before the report (2.6b)."""
        yield from needs_review(file, "2.8a")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Each action has its own name, an owner on the file and a day that lies ahead."""
        yield from not_before_review(file, self.happened_on, "2.8a")
        yield from new_name(self.action, file.actions, "action", "2.8a")
        yield from names_nobody(file, self.text, "text", "2.8a")
        if self.owner != BOARD:
            yield from needs_party(file, self.owner, "2.8a", "owner")
        if self.due is not None and self.due < self.happened_on:
            yield Refusal("2.8a", "The due date is before the date of the proposal. Check both dates.", "due")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Puts it into the plan, to be agreed."""
        file.actions[self.action] = Action(self.text, self.owner, self.due, self.happened_on)


class _OnAction(Step):
    """What steps on one action have in common."""

    who: ClassVar[tuple[Who, ...]] = BY_AGENCY
    acts_on: ClassVar[tuple[str, str]] = ("actions", "action")

    action: Identifier = Field(title="Identifier of the action")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The action is in the plan."""
        yield from known_name(self.action, file.actions, "action", "2.8a")
        if action := file.actions.get(self.action):
            yield from not_before(self.happened_on, action.proposed_on, "it was proposed", "2.8a")
            yield from self.check_action(action)

    def check_action(self, action: Action) -> Iterator[Refusal]:
        """Why this may not be recorded for this action now."""
        return iter(())


class ActionAgreed(_OnAction):
    """Its owner agrees to the action (2.8a)."""

    label: ClassVar[str] = "An action was agreed"
    rules: ClassVar[tuple[str, ...]] = ("2.8a",)

    agreed_by: Line = Field(title="Agreed by")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """By an owner who is still on the file."""
        yield from super().check(file, world)
        action = file.actions.get(self.action)
        if action is not None and action.owner != BOARD:
            yield from needs_party(file, action.owner, "2.8a", "action")

    def check_action(self, action: Action) -> Iterator[Refusal]:
        """Once; one that was declined can be agreed after all."""
        yield from once(action.agreed_on, "The agreement", "2.8a")
        yield from not_before(self.happened_on, action.declined_on, "it was declined", "2.8a")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Starts its clock."""
        action = file.actions[self.action]
        action.agreed_on, action.declined_on = self.happened_on, None
        action.first_settled_on = action.first_settled_on or self.happened_on


class ActionDeclined(_OnAction):
    """Its owner declines the action, with reasons (2.8a)."""

    label: ClassVar[str] = "An action was declined"
    rules: ClassVar[tuple[str, ...]] = ("2.8a",)

    reasons: Text = Field(title="Reasons")

    def check_action(self, action: Action) -> Iterator[Refusal]:
        """Before it is agreed, and once."""
        yield from once(action.agreed_on, "The agreement", "2.8a")
        yield from once(action.declined_on, "The refusal", "2.8a")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Settles the action."""
        file.actions[self.action].declined_on = file.actions[self.action].first_settled_on = self.happened_on


class ActionProgressed(_OnAction):
    """What progress an action has made (1.2d)."""

    label: ClassVar[str] = "An action progressed"
    rules: ClassVar[tuple[str, ...]] = ("1.2d",)

    progress: Text = Field(title="Progress")
    rating: Literal["red", "amber", "green"] = Field(title="Rating")

    def check_action(self, action: Action) -> Iterator[Refusal]:
        """Only an agreed action progresses, until it is done."""
        yield from _agreed(action)
        yield from not_before(self.happened_on, action.agreed_on, "it was agreed", "1.2d")
        if action.done_on is not None and self.happened_on > action.done_on:
            yield Refusal("1.2d", "The action is done. Record “An action's impact was recorded” instead.", "action")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the latest rating."""
        file.actions[self.action].progress = self.rating


class ActionDone(_OnAction):
    """An action is done (1.2d)."""

    label: ClassVar[str] = "An action was done"
    rules: ClassVar[tuple[str, ...]] = ("1.2d",)

    evidence: Text = Field(title="Evidence that it is done")
    document: Digest | None = Field(None, title="Document with the evidence")

    def check_action(self, action: Action) -> Iterator[Refusal]:
        """Once, after it is agreed."""
        yield from _agreed(action)
        yield from once(action.done_on, "That the action is done", "1.2d")
        yield from not_before(self.happened_on, action.agreed_on, "it was agreed", "1.2d")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Its impact is asked for next."""
        file.actions[self.action].done_on = self.happened_on
        if self.document:
            file.documents.append((self.document, "evidence", self.id))


class ImpactRecorded(_OnAction):
    """What an action changed (1.2d). Once its impact is recorded, the action is closed."""

    label: ClassVar[str] = "An action's impact was recorded"
    rules: ClassVar[tuple[str, ...]] = ("1.2d", "1.2e")

    impact: Text = Field(title="Impact", description="What is better for children now, and how you know.")

    def check_action(self, action: Action) -> Iterator[Refusal]:
        """Once, after it is done."""
        if action.done_on is None:
            yield Refusal("1.2d", "The action is not done yet. Record “An action was done” first.", "action")
        yield from once(action.impact_on, "The impact of this action", "1.2d")
        yield from not_before(self.happened_on, action.done_on, "it was done", "1.2d")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Closes the action."""
        file.actions[self.action].impact_on = self.happened_on
        file.actions[self.action].impact = self.impact


class ActionPlanDrafted(Step):
    """The action plan was uploaded as a document, for board members and for publication (2.8b)."""

    label: ClassVar[str] = "The action plan was drafted"
    rules: ClassVar[tuple[str, ...]] = ("2.8b",)

    document: Digest = Field(title="The action plan")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a review."""
        yield from needs_review(file, "2.8b")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The latest plan counts; board members who have an earlier one get it too."""
        file.plan_document = self.document
        file.plan_drafted_on, file.plan_step = self.happened_on, self.id
        file.plan_on = file.plan_on or self.happened_on
        file.documents.append((self.document, "action plan", self.id))


class FindingsShared(Step):
    """An organisation confirms that it shared the findings with its staff who were involved (2.8c)."""

    label: ClassVar[str] = "An organisation shared the findings with its staff"
    rules: ClassVar[tuple[str, ...]] = ("2.8c",)
    who: ClassVar[tuple[Who, ...]] = BY_AGENCY

    organisation: Identifier = Field(title="The organisation")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs a report."""
        yield from needs_report(file, "2.8c")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Once for each organisation on the file."""
        yield from needs_party(file, self.organisation, "2.8c")
        if party := file.parties.get(self.organisation):
            yield from once(party.findings_shared_on, "This confirmation", "2.8c")
        yield from since_report(file, self.happened_on, "2.8c")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the confirmation."""
        file.parties[self.organisation].findings_shared_on = self.happened_on


def _agreed(action: Action) -> Iterator[Refusal]:
    if action.agreed_on is None:
        yield Refusal("2.8a", "The action is not agreed. Record “An action was agreed” first.", "action")


def _copies_due(file: CaseFile) -> tuple[str, tuple[str, ...]] | None:
    """The listing of board members that is due, and what they get, once report and plan are both ready (2.8b)."""
    if file.report is None or file.plan_document is None or file.review is None or not file.review.serious:
        return None
    documents = (file.report.sha256, file.plan_document)
    sent = [listing.documents for key, listing in file.listed.items() if key.startswith(COPIES)]
    if documents in sent[-1:] or not all(action.settled for action in file.actions.values()):
        return None
    key = f"{COPIES}{file.report.step}"
    return (Key.of(key, file.plan_step) if key in file.listed else key), documents


def listings(file: CaseFile, world: World) -> Iterator[Entry]:
    """Who gets the board's copies is settled by the directory of the day they go out (2.8b); without one, later."""
    due = _copies_due(file)
    if due is None or file.ended is not None or world.directory is None:
        return
    if people := [person.id for person in world.directory.board_members(world.today)]:
        yield recipients_listed(due[0], people, world, due[1])


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """Each action through its stages, the plan and the board's copies, and the findings shared with staff."""
    for name, action in file.actions.items():
        yield from _action(factory, name, action)
    if file.review is None or not file.review.serious or file.first_signed_on is None:
        return
    yield factory.deadline("action_plan", file.first_signed_on, met_on=file.plan_on)
    yield from _board_copies(file, factory)
    # Asked of board members from the day they were sent what they are to share.
    copied_on = min((listing.on for key, listing in file.listed.items() if key.startswith(COPIES)), default=None)
    if copied_on is None:
        return
    for name, party in file.parties.items():
        since = max(copied_on, party.since)
        yield factory.for_organisation("findings_shared", name, since, party.findings_shared_on)


def _action(factory: DeadlineFactory, name: str, action: Action) -> Iterator[Duty]:
    def deadline(clock: str, start: date, met_on: date | None, due: date | None = None) -> Deadline:
        organisation = "" if action.owner == BOARD else action.owner
        return factory.deadline(
            clock,
            start,
            key=Key.of(clock, name),
            met_on=met_on,
            due=due,
            organisation=organisation,
            title=f"{factory.file.clock(clock).title} ({numbered('action', name)})",
        )

    asked = deadline("action_agreed", action.proposed_on, action.first_settled_on)
    yield asked
    if action.owner != BOARD:
        content = {"text": action.text, "due": action.due.isoformat() if action.due else "", "action": name}
        content["answer_by"] = asked.original_due.isoformat()
        yield Notice(
            Key.of("action_proposed", name),
            "2.8a",
            "Proposed action for your organisation",
            "action_proposed",
            Recipient.of("lead", action.owner),
            content,
        )
    if action.agreed_on:
        yield deadline("action_done", action.agreed_on, action.done_on, action.due)
    if action.done_on:
        yield deadline("impact_recorded", action.done_on, action.impact_on)


def _board_copies(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    waiting = _copies_due(file)
    if waiting is not None:
        # The directory names no board member: the deadline stands all the same, and the Chair hears of it.
        yield factory.deadline("board_copy", _copies_ready_on(file), key=waiting[0])
    listings = {key: listing for key, listing in file.listed.items() if key.startswith(COPIES)}
    for key, listing in listings.items():
        latest = key == list(listings)[-1]
        notices = [Key.of(key, member) for member in listing.recipients]
        for notice, member in zip(notices, listing.recipients, strict=True):
            letter = file.letters.get(notice)
            if not latest and letter is not None and letter.refused_at is not None:
                # What was replaced since is not sent again: the latest goes to everyone.
                continue
            title, to = "Report and action plan", Recipient.of("person", member)
            yield Notice(notice, "2.8b", title, "board_copy", to, documents=listing.documents)
        accepted = [file.accepted_at(notice) for notice in notices]
        all_on = max((london_date(at) for at in accepted if at), default=None) if all(accepted) else None
        if latest or all_on is not None:
            yield factory.deadline("board_copy", listing.on, key=key, met_on=all_on)


def _copies_ready_on(file: CaseFile) -> date:
    settled = [action.first_settled_on for action in file.actions.values()]
    signed_on = file.report.on if file.report else None
    return max(day for day in (file.begun_on, signed_on, file.plan_drafted_on, *settled) if day)
