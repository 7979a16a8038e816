"""2.1 Criteria: the facts of the incident, who was notified of it, and what becomes of the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationError

from ..casefile import CaseFile
from ..casefile_parts import Correction, Letter
from ..days import day_words
from ..duty import Deadline, DeadlineFactory, Duty, Notice
from ..gates import known_name, needs_incident, new_name, not_answered, not_in_future
from ..incident import (
    Child,
    Custody,
    Day,
    Harm,
    Identifier,
    Incident,
    InvolvedOrganisation,
    KnownOrNot,
    Line,
    Outcome,
    Suspicion,
    Text,
    Where,
)
from ..key import Key
from ..recipient import Recipient
from ..record import Entry, Refusal
from ..step import Correcting, Step, rule_cited
from ..step_words import child_words
from ..world import World
from .s2_1_finding import harmed
from .s2_5_reviewers import add_conflicts


class NotifiedPanel(Step):
    """The local authority notified the national panel (2.1f). If it was late, record it and give the reason."""

    label: ClassVar[str] = "The authority notified the national panel"
    rules: ClassVar[tuple[str, ...]] = ("2.1f",)
    before_notification: ClassVar[bool] = True

    child: Identifier | None = Field(
        None, title="Child", description="Only for a child who was added to the file later."
    )
    late_because: Text | None = Field(None, title="Why it was late", description="Only if it was.")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs an incident."""
        yield from needs_incident(file, "2.1f")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Once for the incident and once for each child added later."""
        if self.child in file.children and self.child not in file.added_children:
            why = f"The notification of the incident covers {child_words(self.child or '')}. Leave the child out."
            yield Refusal("2.1f", why, "child")
        elif self.child is not None:
            yield from known_name(self.child, file.added_children, "child", "2.1f")
        if (self.child or "") in file.panel_notified:
            yield Refusal(
                "2.1f",
                "This notification is already recorded. If that is wrong, strike the step out. If the date was given "
                "when the file was opened, record “Facts of the incident were corrected”.",
            )
        aware = file.added_children.get(self.child, (None, None))[0] if self.child else file.aware_on
        if aware and self.happened_on < aware:
            yield Refusal(
                "2.1f",
                f"This is before the authority became aware ({day_words(aware)}). Check the date.",
                "happened_on",
            )

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Meets the authority's clock."""
        file.panel_notified[self.child or ""] = self.happened_on
        if self.late_because:
            file.late_because[_key("notify_panel", self.child)] = self.late_because


CHILD_FACTS = (
    "born_on",
    "outcome",
    "died_on",
    "harms",
    "other_harm",
    "recovered",
    "research_considered",
    "abuse_or_neglect",
    "custody",
    "detained_under_mental_health_act",
    "deprived_of_liberty",
    "residence",
)
INCIDENT_FACTS = ("concern_about_joint_working", "where", "aware_on", "notified_on", "panel_notified_on")
LATE = {"board_late_because": "notify_board", "panel_late_because": "notify_panel"}
"""Reasons that become known later, and whose clocks they explain (2.1f)."""


class FactsCorrected(Step):
    """A recorded fact was wrong or has become known (2.1e). The correction and its reason are kept."""

    label: ClassVar[str] = "Facts of the incident were corrected"
    rules: ClassVar[tuple[str, ...]] = ("2.1e", "2.1f")

    reason: Text = Field(title="Why the facts are corrected")
    child: Identifier | None = Field(
        None, title="Child", description="Whose facts. Leave blank if there is only one child on the file."
    )
    born_on: Day | None = Field(None, title="Date of birth")
    outcome: Outcome | None = Field(None, title="What happened to the child")
    died_on: Day | None = Field(None, title="Date of death")
    harms: tuple[Harm, ...] | None = Field(None, title="Kinds of harm")
    other_harm: Text | None = Field(None, title="What other harm")
    recovered: bool | None = Field(None, title="The child has recovered")
    research_considered: Text | None = Field(None, title="Research considered")
    abuse_or_neglect: Suspicion | None = Field(None, title="Abuse or neglect")
    custody: Custody | None = Field(None, title="In custody at the time of death")
    detained_under_mental_health_act: KnownOrNot | None = Field(None, title="Detained under the Mental Health Act 1983")
    deprived_of_liberty: KnownOrNot | None = Field(None, title="Subject to a deprivation of liberty order")
    residence: Line | None = Field(None, title="Area of normal residence")
    concern_about_joint_working: KnownOrNot | None = Field(None, title="Cause for concern about joint working")
    where: Where | None = Field(None, title="Where it happened")
    aware_on: Day | None = Field(
        None,
        title="The authority became aware on",
        description="Of the incident, or of the child if that child was added to the file later.",
    )
    notified_on: Day | None = Field(None, title="The board was notified on")
    panel_notified_on: Day | None = Field(
        None, title="The national panel was notified on", description="Of the incident, not of a child added later."
    )
    board_late_because: Text | None = Field(
        None, title="Why the board was notified late", description="Of the child, if you chose one who was added later."
    )
    panel_late_because: Text | None = Field(
        None, title="Why the panel was notified late", description="Of the child, if you chose one who was added later."
    )
    now_unknown: tuple[
        Literal[
            "born_on", "died_on", "residence", "aware_on", "panel_notified_on", "other_harm", "research_considered"
        ],
        ...,
    ] = Field(
        (),
        title="Facts that turned out to be unknown",
        description="If you tick the day the national panel was notified, the panel counts as not notified yet.",
    )

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs an incident."""
        yield from needs_incident(file, "2.1e")

    @classmethod
    def as_it_stands(cls, file: CaseFile) -> Mapping[str, Mapping[str, Any]]:
        """Each fact of each child and of the incident."""
        facts: dict[str, dict[str, Any]] = {name: {} for name in (*CHILD_FACTS, *INCIDENT_FACTS, *LATE)}
        for name in (*INCIDENT_FACTS, *LATE):
            facts[name][""] = _facts_of_incident(file, None)[name]
        for child in file.children:
            for name, value in _facts_of(file, child).items():
                facts[name][child] = value
        for child in file.added_children:
            for name in ("aware_on", *LATE):
                facts[name][child] = _facts_of_incident(file, child)[name]
        return facts

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Something must change, and the corrected facts must hang together, as they must when a file is opened."""
        child_facts = self._given(CHILD_FACTS)
        if not child_facts and not self._given((*INCIDENT_FACTS, *LATE)):
            yield Refusal("2.1e", "No fact is corrected. Enter at least one.")
            return
        if (child_facts or self.child is not None) and self._whose(file) is None:
            yield Refusal(
                "2.1e", f"Choose whose facts are corrected: {', '.join(map(child_words, file.children))}.", "child"
            )
            return
        for name in ("died_on", "born_on", "aware_on", "notified_on", "panel_notified_on"):
            yield from not_in_future(getattr(self, name), world.today, name, "2.1e")
            if name in self.now_unknown and getattr(self, name) is not None:
                title = type(self).model_fields[name].title
                yield Refusal("2.1e", f"{title}: this is both entered and ticked as unknown. Choose one.", name)
        yield from self._check_notification(file)
        known = file.children.get(self._whose(file) or "")
        if known and known.died_on and self.outcome not in (None, "died") and "died_on" not in child_facts:
            why = (
                "The file has a date of death, but the child did not die. Tick the date of death under “Facts that "
                "turned out to be unknown” as well."
            )
            yield Refusal("2.1e", why)
            return
        try:
            self._corrected_child(file)
            corrected = {"aware_on": file.aware_on, "notified_on": file.notified_on, **self._of_incident(file)}
            Incident.model_validate({"children": tuple(file.children.values()), **corrected})
        except ValidationError as error:
            fault = error.errors(include_input=False)[0]
            field = str(fault["loc"][0]) if fault["loc"] else None
            why = fault["msg"].removeprefix("Value error, ")
            yield Refusal(rule_cited(why) or "2.1e", why, field)
            return
        yield from self._check_birth(file)
        if not self._changed(file):
            yield Refusal("2.1e", "The file already says this. A correction must change at least one fact.")

    def _check_notification(self, file: CaseFile) -> Iterator[Refusal]:
        """The authority is aware before anyone is told, and the board is notified before it decides (2.1f, 2.1g)."""
        added = file.added_children.get(self.child) if self.child else None
        panel_told = file.panel_notified.get(self.child if self.child and added else "")
        if not added and "panel_notified_on" in self._given(INCIDENT_FACTS):
            panel_told = None  # what is given instead is looked at with the other facts
        if self.aware_on is not None and panel_told is not None and panel_told < self.aware_on:
            told = f"The national panel was notified on {day_words(panel_told)}"
            yield Refusal("2.1f", f"{told}. The authority was aware by then.", "aware_on")
        if self.aware_on is not None and added and added[1] < self.aware_on:
            told = f"The board was told of the child on {day_words(added[1])}"
            yield Refusal("2.1f", f"{told}. The authority was aware by then.", "aware_on")
        if self.notified_on is None:
            return
        decided = file.decisions[0].on if file.decisions else None
        for day, what in ((file.opening.opened_on, "The file was opened"), (decided, "The decision was made")):
            if day is not None and day < self.notified_on:
                yield Refusal("2.1f", f"{what} on {day_words(day)}. The board was notified by then.", "notified_on")
        began = file.rules.definitions.partners_began
        if began is not None and self.notified_on > began:
            yield Refusal(
                "2.1g",
                f"Safeguarding partner arrangements began on {day_words(began)}. This board does not handle incidents "
                "notified after that day.",
                "notified_on",
            )

    def _check_birth(self, file: CaseFile) -> Iterator[Refusal]:
        """No child was born after the board was notified of it (2.1f)."""
        if self.born_on is not None and (whose := self._whose(file)):
            added = file.added_children.get(whose)
            yield from _born_before(
                self.born_on, added[1] if added else self.notified_on or file.notified_on, "born_on"
            )
        elif self.notified_on is not None:
            for name, child in file.children.items():
                if name not in file.added_children:
                    yield from _born_before(child.born_on, self.notified_on, "notified_on")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Changes the facts and asks the criteria again; what others were told on the old ones is corrected."""
        changed = self._changed(file)
        file.corrections.append(Correction(self.id, self.happened_on, changed, entry.recorded_at))
        child = self._corrected_child(file)
        if child is not None:
            file.children[child.id] = child
        incident = self._of_incident(file)
        file.concern = incident.get("concern_about_joint_working", file.concern)
        file.where = incident.get("where", file.where)
        file.aware_on = incident.get("aware_on", file.aware_on)
        file.notified_on = incident.get("notified_on", file.notified_on)
        if "panel_notified_on" in incident:
            file.panel_notified.pop("", None)
            if incident["panel_notified_on"] is not None:
                file.panel_notified[""] = incident["panel_notified_on"]
        for name, clock in LATE.items():
            if name in changed:
                file.late_because[_late(file, clock, self.child)] = getattr(self, name)
        if self.child in file.added_children and "aware_on" in changed:
            file.added_children[self.child] = (self.aware_on, file.added_children[self.child][1])
        file.reassess_criteria(self.happened_on)

    def corrects(self, record: Sequence[Entry]) -> Correcting:
        """Says otherwise what letters told."""
        return Correcting()

    def _given(self, names: tuple[str, ...]) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return given | {name: None for name in self.now_unknown if name in names}

    def _changed(self, file: CaseFile) -> tuple[str, ...]:
        """The names of the facts that are not on the file as they are given here."""
        whose = self._whose(file)
        known = _facts_of_incident(file, self.child) | (_facts_of(file, whose) if whose else {})
        given = self._given((*CHILD_FACTS, *INCIDENT_FACTS, *LATE))
        return tuple(name for name, value in given.items() if known.get(name) != value)

    def _of_incident(self, file: CaseFile) -> dict[str, Any]:
        """The facts of the incident that are given; a child added later has a day of becoming aware of its own."""
        given = self._given(INCIDENT_FACTS)
        if self.child in file.added_children:
            given.pop("aware_on", None)
        return given

    def _whose(self, file: CaseFile) -> str | None:
        if self.child is not None:
            return self.child if self.child in file.children else None
        return next(iter(file.children)) if len(file.children) == 1 else None

    def _corrected_child(self, file: CaseFile) -> Child | None:
        whose, changes = self._whose(file), self._given(CHILD_FACTS)
        if whose is None or not changes:
            return None
        return Child.model_validate(file.children[whose].model_dump() | changes)


def _facts_of(file: CaseFile, child: str) -> dict[str, Any]:
    """The facts of a child that can be corrected, as they stand."""
    return {name: getattr(file.children[child], name) for name in CHILD_FACTS}


def _facts_of_incident(file: CaseFile, child: str | None) -> dict[str, Any]:
    """The facts of the incident that can be corrected, as they stand; a child added later has some of its own."""
    added = file.added_children.get(child) if child else None
    return {
        "concern_about_joint_working": file.concern,
        "where": file.where,
        "aware_on": added[0] if added else file.aware_on,
        "notified_on": file.notified_on,
        "panel_notified_on": file.panel_notified.get(""),
        **{name: file.late_because.get(_late(file, clock, child)) for name, clock in LATE.items()},
    }


def _late(file: CaseFile, clock: str, child: str | None) -> str:
    """The deadline that a reason for being late explains: the incident's, or that of a child added later."""
    return _key(clock, child if child in file.added_children else None)


class ChildAdded(Step):
    """Another child of the same incident came to light. It has its own notification deadlines (2.1f)."""

    label: ClassVar[str] = "A child was added"
    rules: ClassVar[tuple[str, ...]] = ("2.1f",)

    child: Child = Field(title="Child")
    aware_on: Day | None = Field(None, title="The authority became aware of this child on")
    late_because: Text | None = Field(None, title="Why the board was told late", description="Only if it was.")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Needs an incident."""
        yield from needs_incident(file, "2.1f")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """A child is added once, and the authority must be aware before it notifies."""
        yield from new_name(self.child.id, file.children, "child", "2.1f")
        yield from not_in_future(self.child.born_on, world.today, "child.born_on", "2.1f")
        yield from not_in_future(self.child.died_on, world.today, "child.died_on", "2.1f")
        yield from _born_before(self.child.born_on, self.happened_on, "child.born_on")
        if self.aware_on is not None and self.aware_on > self.happened_on:
            yield Refusal("2.1f", "The authority must be aware of the child before it tells the board.", "aware_on")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Adds the child and asks the criteria again."""
        file.children[self.child.id] = self.child
        file.added_children[self.child.id] = (self.aware_on, self.happened_on)
        if self.late_because:
            file.late_because[_key("notify_board", self.child.id)] = self.late_because
        file.reassess_criteria(self.happened_on)


class NotificationWithdrawn(Step):
    """The incident turned out not to be notifiable. Everyone who was told of it is told this."""

    label: ClassVar[str] = "The notification was withdrawn"
    rules: ClassVar[tuple[str, ...]] = ("2.1e",)

    reason: Text = Field(title="Why the incident is not notifiable")

    @classmethod
    def ready(cls, file: CaseFile, world: World) -> Iterator[Refusal]:
        """Refused while a limb is met: a case that meets a criterion must always trigger a review."""
        yield from needs_incident(file, "2.1e")
        yield from not_answered(file, "criteria")
        if file.review is not None:
            yield Refusal("2.2c", "A review is under way. The Chair must revisit the decision first.")
        for limb in file.finding.met()[:1]:
            yield Refusal(limb.rule, f"A criterion is met ({limb.title}), so the notification cannot be withdrawn.")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Ends the file as withdrawn."""
        end(file, "withdrawn", self)


class OrganisationAdded(Step):
    """Another organisation turned out to be involved (2.7a). We ask it everything that we asked the others (2.7d)."""

    label: ClassVar[str] = "An organisation was added"
    rules: ClassVar[tuple[str, ...]] = ("2.7a", "2.7d", "2.5b")

    organisation: InvolvedOrganisation = Field(title="Organisation")

    def check(self, file: CaseFile, world: World) -> Iterator[Refusal]:
        """An organisation is added once, and under the identifier that the directory has for it."""
        yield from new_name(self.organisation.id, file.parties, "organisation", "2.7a")
        name = self.organisation.name.casefold().split()
        for known in world.directory.organisations if world.directory else ():
            if known.id != self.organisation.id and known.name.casefold().split() == name:
                told = f"{known.name} is in the directory. Choose it there, so that it has the directory's identifier."
                yield Refusal("2.7a", told, "organisation.id")

    def apply(self, file: CaseFile, entry: Entry) -> None:
        """Puts it on the file, which may bring a reviewer's conflict to light."""
        file.involve(self.organisation, self.happened_on)
        add_conflicts(file, self.organisation.id)


def end(file: CaseFile, how: Literal["closed", "withdrawn", "merged", "transferred"], step: Step) -> None:
    """Ends a file: its deadlines fall away, its letters are still followed."""
    file.ended, file.ended_on, file.ended_step = how, step.happened_on, step.id


def duties(file: CaseFile, factory: DeadlineFactory) -> Iterator[Duty]:
    """The authority's two clocks (2.1f), for the incident and for each child added later."""
    with_incident = [child for name, child in file.children.items() if name not in file.added_children]
    notifiable = [child for child in with_incident if _notifiable(file, child)]
    if file.notified_on is not None and notifiable:
        start = file.aware_on or file.notified_on
        panel = file.panel_notified.get("")
        if panel is not None or any(_perhaps_serious(file, child) for child in notifiable):
            yield factory.deadline("notify_panel", start, met_on=panel)
        yield factory.deadline("notify_board", start, met_on=file.notified_on)
    for child, (aware, told) in file.added_children.items():
        if not _notifiable(file, file.children[child]):
            continue
        for clock, met_on in (("notify_panel", file.panel_notified.get(child)), ("notify_board", told)):
            if met_on is None and not _perhaps_serious(file, file.children[child]):
                continue
            # The title is sent by e-mail: it tells the child by the day the board was told of it.
            yield factory.deadline(
                clock,
                aware or told,
                key=_key(clock, child),
                met_on=met_on,
                title=f"{file.clock(clock).title}: child added on {day_words(told)}",
            )
    for decision, (since, met_on) in file.revisits.items():
        yield factory.deadline("decision_revisited", since, key=Key.of("decision_revisited", decision), met_on=met_on)


def late_without_reason(file: CaseFile, deadlines: Iterable[Deadline]) -> list[Deadline]:
    """The notifications that came late, and for which nobody has said why (2.1f)."""
    clocks = LATE.values()
    return [d for d in deadlines if d.clock in clocks and d.late and d.key not in file.late_because]


def _born_before(born_on: date | None, notified_on: date | None, field: str) -> Iterator[Refusal]:
    if born_on is not None and notified_on is not None and born_on > notified_on:
        yield Refusal("2.1f", "The child was born after the notification. Check both dates.", field)


def _key(clock: str, child: str | None) -> str:
    return Key.of(clock, child) if child else clock


def _notifiable(file: CaseFile, child: Child) -> bool:
    """Whether the authority is to notify: of any child in its area, of its own children outside the country too."""
    if file.where == "outside the United Kingdom":
        return child.residence is None or same_area(child.residence, file.rules.area)
    return file.where != "elsewhere in the United Kingdom"


def _perhaps_serious(file: CaseFile, child: Child) -> bool:
    """Whether the child died or was seriously harmed, by the board's own definition too, as far as is known."""
    return child.outcome != "not seriously harmed" or bool(harmed(child, file.rules.definitions).holds)


def same_area(one: str, other: str) -> bool:
    """Whether two names mean the same area, in whatever capitals and spaces."""
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def closing_notices(file: CaseFile) -> Iterator[Notice]:
    """Those told of the incident or the review are told that it was withdrawn, and those, that it was reopened."""
    rule, title, template = "2.1e", "The notification was withdrawn", "notification_withdrawn"
    if file.opening.incident is None:
        rule, title, template = "1.1", "The review was withdrawn", "review_withdrawn"
    for step, (ended, on) in file.reinstated.items():
        content = {"reinstated_on": on.isoformat()}
        for letter in file.letters.values():
            if letter.accepted_at and letter.notice == Key.of("withdrawn", ended, letter.to):
                key = Key.of("reinstated", step, letter.to)
                yield Notice(key, rule, "The case was reopened", "reinstated", letter.to, content)
    if file.ended == "withdrawn":
        told = {letter.to for letter in file.letters.values() if letter.accepted_at and _heard(file, letter)}
        for recipient in sorted(told):
            yield Notice(Key.of("withdrawn", file.ended_step, recipient), rule, title, template, recipient)


def _heard(file: CaseFile, letter: Letter) -> bool:
    """Whether a letter told someone of the incident: those outside, whoever is told of decisions, who was asked."""
    to = Recipient(letter.to)
    # An organisation that was taken off the file knows that nothing is asked of it.
    asked = to.kind == "peer" or (to.kind == "lead" and to.name in file.parties)
    asked = asked and letter.template not in ("reminder", "escalation")
    return to in OUTSIDE or Key(letter.notice).kind == "decision" or asked


OUTSIDE = frozenset({"ofsted", "dfe", "national_panel"})
"""Those outside the board who are told of an incident."""
