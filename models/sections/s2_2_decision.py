"""2.2 Decisions whether to initiate a Serious Case Review."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from pydantic import Field

from ..casefile import CaseFile
from ..casefile_parts import Choice, Decision, EarlierReview, Learning, Publication, Review
from ..days import london_date
from ..duty import DeadlineFactory, Duty, Notice
from ..gates import decided_by_chair, names_nobody, needs_incident, not_answered, not_before, once
from ..incident import Email, Line, ReviewKind, Text
from ..key import Key
from ..record import Entry, Refusal
from ..step import Digest, Step, Who
from ..step_words import fact_label
from ..world import World
from .s2_1_criteria import end, same_area


class ReviewRecommended(Step):
    """The Case Review Group's recommendation to the Chair, which the decision may differ from (2.2c, 2.7d)."""

    label: ClassVar[str] = "The Case Review Group made its recommendation"
    rules: ClassVar[tuple[str, ...]] = ("2.2c", "2.7d")
    by_finding: ClassVar[bool] = True

    recommends: Choice = Field(title="What the group recommends")
    reasons: Text = Field(title="Reasons, criterion by criterion")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs an incident."""
        yield from needs_incident(file, "2.2c")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """A recommendation to hold a review asks agencies to lock down their files; one from before a decision, never.

        That came from the decision already, or the decision was against it.
        """
        file.recommended_on = file.recommended_on or self.happened_on
        later = file.decision is None or self.happened_on >= file.decision.on
        if self.recommends != "no review" and later:
            file.ask_lock_down(self.happened_on)


class Deciding(Step):
    """What a decision and a decision revisited have in common (2.1e, 2.2)."""

    who: ClassVar[tuple[Who, ...]] = ("coordinator", "chair")
    by_finding: ClassVar[bool] = True

    choice: Choice = Field(title="The decision", json_schema_extra={"rule": "2.2g"})
    kind: ReviewKind | None = Field(
        None,
        title="Kind of alternative review",
        description="Only for an alternative review.",
        json_schema_extra={
            "rule": "2.2g",
            "not_offered": ["Serious Case Review"],
            "only_with": {"choice": "alternative review"},
        },
    )
    decided_by: Line = Field(
        title="Decided by",
        description="The Chair, or the person acting for the Chair that day (2.2c).",
        json_schema_extra={"rule": "2.2c"},
    )
    reasons: Text = Field(
        title="Reasons",
        description="Sent to the national panel if no Serious Case Review is held. Do not name anyone.",
        json_schema_extra={"rule": "2.2e"},
    )
    unknown_reasons: dict[str, Text] = Field(
        default_factory=dict,
        title="Why the Chair decided although facts are unknown",
        json_schema_extra={"rule": "2.1e"},
        description="A reason for each fact that leaves a criterion undecided (2.1e), and for an unknown area of "
        "residence when no child is known to live in the board's area (2.2a).",
    )
    notification_document: Digest | None = Field(
        None,
        title="The notification",
        description="A copy that can be sent. It goes to the national panel if no review is held (2.2e).",
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs an incident of a child of this area, and no advice on the criteria left unanswered."""
        yield from needs_incident(file, "2.2a")
        yield from not_answered(file, "criteria")
        # A review that was begun here is given up first, so that the case can go to the other board.
        if _all_elsewhere(file) and file.review is None:
            yield Refusal(
                "2.2a",
                f"No child on this file normally lives in {file.rules.area}, so the board for the area of residence "
                "decides. Record “The case was transferred to another board”, or correct the area of residence.",
            )

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """The Chair decides (2.2c), by the finding (2.1e)."""
        yield from self._check_area(file)
        yield from self._check_choice(file)
        yield from decided_by_chair(self.decided_by, self.happened_on, world, "decided_by", "2.2c")
        yield from names_nobody(file, self.reasons, "reasons", "2.2e")

    def _check_area(self, file: CaseFile) -> Iterator[Refusal]:
        for fact in _unknown_areas(file):
            if fact not in self.unknown_reasons:
                why = f"{fact_label(fact)} is unknown, and the board for the area of residence decides"
                yield Refusal("2.2a", f"{why}. Say why this board decides without knowing it.", "unknown_reasons")

    def _check_choice(self, file: CaseFile) -> Iterator[Refusal]:
        if _all_elsewhere(file):
            if self.choice != "no review":
                yield Refusal(
                    "2.2a",
                    f"No child on this file normally lives in {file.rules.area}, so the board for the area of "
                    "residence decides. Choose no review, then record “The case was transferred to another board”.",
                    "choice",
                )
            return
        held = file.finding.held
        if self.choice == "SCR, criteria met" and held != "met":
            yield Refusal(
                "2.1a",
                f"By the facts on the file, the criteria are {'not met' if held == 'not met' else 'undecided'}. "
                "Correct the facts first, or choose a Serious Case Review although they are not met (2.2g).",
                "choice",
            )
        if self.choice != "SCR, criteria met" and held == "met":
            limb = file.finding.met()[0]
            yield Refusal(
                "2.1e",
                "A case that meets a criterion must always trigger a Serious Case Review, and one is met "
                f"({limb.rule}: {limb.title}). If a fact is wrong, record “Facts of the incident were corrected” "
                "first.",
                "choice",
            )
        for fact in _undecided(file):
            if fact not in self.unknown_reasons:
                why = f"{fact_label(fact)} is unknown. Say why the Chair decides without knowing it."
                yield Refusal("2.1e", why, "unknown_reasons")
        if (self.choice == "alternative review") != (self.kind is not None):
            yield Refusal("2.2g", "Choose the kind of review for an alternative review, and only then.", "kind")
        elif self.kind == "Serious Case Review":
            yield Refusal(
                "2.2g", "A Serious Case Review is not an alternative review. Choose it as the decision.", "kind"
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the decision beside earlier ones, and begins or ends the review."""
        before = file.decision
        found = file.finding.held
        told = tuple(file.rules.addressees.decision)
        decision = Decision(
            self.id, self.choice, self.kind, self.happened_on, self.decided_by, self.reasons, found, told
        )
        if before is not None and before.id in file.revisits:
            file.revisits[before.id] = (file.revisits[before.id][0], self.happened_on)
        file.decisions.append(decision)
        if self.notification_document:
            file.documents.append((self.notification_document, "notification", self.id))
            file.notification_documents[self.id] = self.notification_document
        review, file.review = file.review, _review(decision, file.review)
        if file.review is None:
            file.lock_down_over = True
            return
        file.ask_lock_down(self.happened_on)
        if review is None or review.kind != file.review.kind:
            _begin(file, review)
        if file.first_signed_on is not None and not file.review.criteria_met:
            file.publication.settle(self.happened_on)
        if not file.vacancies:
            file.vacancies["reviewer_appointed"] = (self.happened_on, None)


def _all_elsewhere(file: CaseFile) -> bool:
    """Whether every child is known to live in another board's area."""
    areas = [child.residence for child in file.children.values()]
    return bool(areas) and all(area is not None and not same_area(area, file.rules.area) for area in areas)


def facts_to_explain(file: CaseFile) -> tuple[str, ...]:
    """The unknown facts that a decision must give a reason for, by their names on the file (2.1e, 2.2a)."""
    if _all_elsewhere(file):
        return ()
    return tuple(dict.fromkeys((*_undecided(file), *_unknown_areas(file))))


def _undecided(file: CaseFile) -> tuple[str, ...]:
    return file.finding.unknown() if file.finding.held == "undecided" else ()


def _unknown_areas(file: CaseFile) -> tuple[str, ...]:
    """The areas of residence that are unknown, when no child is known to live in the board's area."""
    areas = {f"{name}.residence": child.residence for name, child in file.children.items()}
    if any(area is not None and same_area(area, file.rules.area) for area in areas.values()):
        return ()
    return tuple(fact for fact, area in areas.items() if area is None)


class DecisionStep(Deciding):
    """The Chair's first decision whether to hold a Serious Case Review, normally a month after notification (2.2b)."""

    label: ClassVar[str] = "A decision was made"
    rules: ClassVar[tuple[str, ...]] = ("2.2a", "2.2b", "2.2c", "2.2e", "2.2g", "2.1a", "2.1e")

    @classmethod
    def name(cls) -> str:
        """``decision``: the word alone belongs to what is kept on the file."""
        return "decision"

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """There is one first decision; later ones revisit it."""
        if file.decision is not None:
            yield Refusal("2.2f", "A decision is already recorded. To change it, record “The decision was revisited”.")
        yield from super().ready(file, world)


class DecisionRevisited(Deciding):
    """The Chair decided again, after the panel's advice or because a criterion is now met (2.1e, 2.2f)."""

    label: ClassVar[str] = "The decision was revisited"
    rules: ClassVar[tuple[str, ...]] = ("2.2f", "2.1e", "2.2c", "2.2e")

    because: Text = Field(title="Why it was revisited")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """There must be a decision to revisit."""
        if file.decision is None:
            yield Refusal("2.2f", "There is no decision to revisit. Record “A decision was made” first.")
        yield from super().ready(file, world)

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Not before what it revisits and why, and not against a review whose report is signed off."""
        yield from not_before(self.happened_on, file.decision.on if file.decision else None, "the decision", "2.2f")
        since, _ = file.revisits.get(file.decision.id, (None, None)) if file.decision else (None, None)
        yield from not_before(self.happened_on, since, "the criterion was met", "2.1e")
        serious = file.review is not None and file.review.serious
        if file.report is not None and (self.choice == "no review" or (serious and not self.choice.startswith("SCR"))):
            yield Refusal(
                "2.2f", "The review's report is signed off, so it is too late to decide against the review.", "choice"
            )
        yield from super().check(file, world)


class Transferred(Step):
    """The child lives in another board's area. We send that board a letter, and this file closes (2.2a)."""

    label: ClassVar[str] = "The case was transferred to another board"
    rules: ClassVar[tuple[str, ...]] = ("2.2a",)

    board: Line = Field(title="The other board")
    email: Email = Field(title="Its e-mail address")
    reason: Text = Field(title="Why the case belongs to that board")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Refused for a child of this area, and while a review is under way."""
        yield from needs_incident(file, "2.2a")
        for name, child in file.children.items():
            if child.residence is None:
                yield Refusal(
                    "2.2a",
                    f"{fact_label(f'{name}.residence')} is unknown. Record “Facts of the incident "
                    "were corrected” first.",
                )
            elif same_area(child.residence, file.rules.area):
                yield Refusal(
                    "2.2a", f"A child on this file normally lives in {file.rules.area}, so this board decides."
                )
        if file.review is not None:
            yield Refusal(
                "2.2a", "A review is under way here. Record “The decision was revisited” before you transfer the case."
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Ends the file as transferred."""
        end(file, "transferred", self)
        file.ended_note = self.board
        file.addresses["other_board"] = self.email


class NotificationCopySent(Step):
    """We sent the panel a copy of the notification securely, as a decision not to initiate requires (2.2e)."""

    label: ClassVar[str] = "The panel was sent the notification"
    rules: ClassVar[tuple[str, ...]] = ("2.2e",)

    how: Line = Field(title="How it was sent")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Once, and only with a decision not to initiate."""
        if all(decision.initiates for decision in file.decisions):
            yield Refusal(
                "2.2e",
                "There is no decision against a Serious Case Review, so the panel needs no copy of the notification.",
            )
        yield from once(notification_had_on(file), "The copy to the panel", "2.2e")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """The panel has what the decision goes with."""
        file.notification_copy_sent_on = self.happened_on


class Acknowledged(Step):
    """Someone acknowledged a letter that we sent (2.2e)."""

    label: ClassVar[str] = "A letter was acknowledged"
    rules: ClassVar[tuple[str, ...]] = ("2.2e",)
    on_closed: ClassVar[bool] = True
    acts_on: ClassVar[tuple[str, str]] = ("letters", "letter")

    notice: Line = Field(title="Which letter", description="Its key, as the file's list of letters shows it.")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Only what was accepted can be acknowledged."""
        accepted_at = file.accepted_at(self.notice)
        if accepted_at is None:
            yield Refusal("2.2e", "A mail server has not accepted this letter, so nobody can acknowledge it.", "notice")
        else:
            yield from not_before(self.happened_on, london_date(accepted_at), "the letter was accepted", "2.2e")
            yield from once(file.acknowledged.get(self.notice), "This acknowledgement", "2.2e")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Keeps the acknowledgement."""
        file.acknowledged[self.notice] = self.happened_on


def _review(decision: Decision, before: Review | None) -> Review | None:
    if decision.choice == "no review":
        return None
    kind: ReviewKind = decision.kind or "Serious Case Review"
    initiated_on = before.initiated_on if before is not None and before.kind == kind else decision.on
    return Review(kind, initiated_on, decision.choice == "SCR, criteria met")


def _begin(file: CaseFile, ended: Review | None) -> None:
    """A review has its own time and report; after a review of another kind, what follows is done anew (1.1)."""
    file.delays.clear()
    file.reviews_begun += 1
    for party in file.parties.values():
        # What staff were told was of another review (2.7c).
        party.staff_informed_on = None
    if file.report is None:
        return
    if file.publication.published_on is not None and ended is not None:
        file.earlier = EarlierReview(ended.kind, file.report, file.publication)
    file.report = file.first_signed_on = None
    file.drafts.clear()
    file.learning = Learning(commission_includes_event=file.learning.commission_includes_event, again=True)
    before = file.publication
    file.publication = Publication(
        changed_on=before.changed_on,
        restrictions=before.restrictions,
        copies=before.copies,
        disclosed=before.disclosed,
    )
    for party in file.parties.values():
        party.findings_shared_on = party.taken_forward_on = party.outcome_confirmed_on = None


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """The month to decide (2.2b), and who is told (2.2e)."""
    if file.notified_on is not None:
        first = file.decisions[0].on if file.decisions else None
        yield factory.deadline("decision", file.notified_on, met_on=first)
    for decision in file.decisions:
        yield from _told(file, factory, decision)


def _told(file: CaseFile, factory: DeadlineFactory, decision: Decision) -> Iterator[Duty]:
    for to in decision.told:
        not_initiating = to == "national_panel" and not decision.initiates
        copy = file.notification_documents.get(decision.id)
        yield Notice(
            Key.of("decision", decision.id, to),
            "2.2e",
            "The decision",
            "decision_not_to_initiate" if not_initiating else "decision",
            to,
            _decision_content(file, decision, with_reasons=not_initiating),
            documents=(copy,) if copy and not_initiating else (),
        )
    accepted = [file.accepted_at(Key.of("decision", decision.id, to)) for to in decision.told]
    all_on = max((london_date(at) for at in accepted if at), default=None) if all(accepted) else None
    yield factory.deadline("decision_told", decision.on, key=Key.of("decision_told", decision.id), met_on=all_on)
    panel, had_on = file.accepted_at(Key.of("decision", decision.id, "national_panel")), notification_had_on(file)
    later = file.decisions[file.decisions.index(decision) + 1 :]
    held_on = next((one.on for one in later if one.initiates), None)
    # Once a review is held after all, the panel is owed the letter alone.
    only_notification_lacks = panel is not None and held_on is not None and (had_on is None or had_on > held_on)
    if not decision.initiates and not only_notification_lacks:
        yield factory.deadline(
            "panel_told_not_initiated",
            decision.on,
            key=Key.of("panel_told_not_initiated", decision.id),
            met_on=max(london_date(panel), had_on) if panel and had_on else None,
            title="Copy of the notification to the national panel, after the decision not to initiate"
            if panel
            else None,
        )


def notification_had_on(file: CaseFile) -> date | None:
    """The first day the panel had a copy of the notification: with a letter, or by a secure way (2.2e)."""
    sent = (Key.of("decision", decision, "national_panel") for decision in file.notification_documents)
    accepted = [file.accepted_at(key) for key in sent]
    days = [file.notification_copy_sent_on, *(london_date(at) for at in accepted if at)]
    return min((day for day in days if day), default=None)


def _decision_content(file: CaseFile, decision: Decision, *, with_reasons: bool) -> dict[str, str]:
    content = {
        "choice": decision.choice,
        "kind": decision.kind or "",
        "finding": decision.finding,
        "decided_on": decision.on.isoformat(),
        "revisited": "yes" if file.decisions[0] is not decision else "",
    }
    if with_reasons:
        content["reasons"] = decision.reasons
        content["attached"] = "yes" if decision.id in file.notification_documents else ""
        had_on = notification_had_on(file)
        content["notification_had_on"] = had_on.isoformat() if had_on else ""
        content["notified_on"] = file.notified_on.isoformat() if file.notified_on else ""
        content["aware_on"] = file.aware_on.isoformat() if file.aware_on else ""
    return content


def closing_notices(file: CaseFile) -> Iterator[Notice]:
    """The other board is told of the case that is now its own (2.2a)."""
    if file.ended == "transferred":
        key = Key.of("transferred", file.ended_step)
        yield Notice(key, "2.2a", "A case for your board", "transferred", "other_board", {"board_to": file.ended_note})
