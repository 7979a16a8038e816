"""The one question the shell asks: given the record, what it holds and what came in, what changes?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .casefile import CaseFile
from .catalogue import STEPS
from .changes import Answer, Changes, Incoming, LetterToSend, Message, Standing, line
from .counting import NoCalendarError
from .difference import BY_LETTER, BY_RELEASE, difference, held, held_since, letter_of, letters_to_start, rungs_told
from .duties import deadlines_of, duties_of, still_to_say
from .duty import Clocks, Deadline
from .fold import apply, fold, rests_on
from .ladder import Planned, due_now
from .record import Entry, Refusal, Source, instant_text
from .sections.every_week import MAX_WEIGHT, RulebookChanged, StruckOut
from .sections.s1_1_files import MergedInto
from .sections.s2_8_actions import board_copy_due
from .sections.s2_10_learning import BulletinApproved, OutcomeShared, partners_key
from .step import Step, World, read_step, refusals
from .view import attributes_of, details_of, stage_of
from .wrong_letters import CORRECTING, wrong_letters


def consider(record: Sequence[Entry], standing: Standing, incoming: Incoming, world: World) -> Changes:
    """What the shell is to change.

    Arguments:
        record: everything that happened on the file so far; the rulebook is pinned in it.
        standing: what the shell holds.
        incoming: the one thing that came in.
        world: business time, the directory, the rulebooks on the shelf.

    Raises:
        NoCalendarError: no answer is possible for a year without a calendar (for a step it is a refusal instead).
        UnreadableEntryError: the record was written by a newer release.
    """
    if incoming.kind == "timer" and not _still_holds(standing, incoming):
        return Changes()
    return _Consideration(record, standing, incoming, world).changes()


def why_not(record: Sequence[Entry], name: str, body: Mapping[str, Any], world: World) -> Refusal | None:
    """Why a step may not be recorded now; None when it may, or was recorded before. Changes nothing."""
    found = _judged(record, fold(record), name, body, world)
    return found if isinstance(found, Refusal) else None


def letter_as_it_stands(record: Sequence[Entry], letter: LetterToSend, world: World) -> LetterToSend | None:
    """A letter that has waited, as it is to go now; None when what it was to say is settled, or said by a later one.

    Arguments:
        record: everything that happened on the file so far.
        letter: as it was started.
        world: business time, and one-off holidays.
    """
    file = fold(record)
    duties = duties_of(file, Clocks(file, world.extra_holidays))
    if file.resends.get(letter.notice, 1) != letter.number or not still_to_say(file, duties.deadlines, letter.notice):
        return None
    if letter.notice in duties.notices:
        return letter_of(file, duties.notices[letter.notice], letter.number)
    # A file that has ended raises nothing new; what it had to tell before still goes.
    return letter if file.ended is not None else None


def standing_of(record: Sequence[Entry], world: World) -> Standing:
    """What a shell would hold of this record, for a file whose run is gone: its deadlines, with timers to set."""
    file = fold(record)
    deadlines = deadlines_of(file, Clocks(file, world.extra_holidays))
    holds = {key: held(deadline, file, world, world.now) for key, deadline in deadlines.items()}
    return Standing(deadlines=holds, stage=stage_of(file))


def _judged(
    record: Sequence[Entry], file: CaseFile, name: str, body: Mapping[str, Any], world: World
) -> Step | Refusal | None:
    """The step if it may be recorded now, or why not; None when the very same was recorded before."""
    for entry in record:
        if entry.id == body.get("id") and not entry.is_fact:
            if entry.name == name and dict(entry.body) == dict(body):
                return None
            why = f"The id {entry.id} was used for another step ({entry.name}): give this one an id of its own."
            return Refusal("", why, "id")
    kind = STEPS.get(name)
    if kind is None:
        return Refusal("", f"There is no step called {name[:64]}: see the catalogue of steps.")
    step = read_step(kind, body)
    if isinstance(step, Refusal):
        return step
    try:
        return next(refusals(step, file, world), None) or _rested_on(step, record, world) or step
    except NoCalendarError as error:
        return Refusal("", str(error))


def _rested_on(step: Step, record: Sequence[Entry], world: World) -> Refusal | None:
    later = rests_on(record, step.step, world) if isinstance(step, StruckOut) else None
    return Refusal("", f"The later step {later} rests on it: strike that out first.", "step") if later else None


def _still_holds(standing: Standing, incoming: Incoming) -> bool:
    """A fired timer counts only if the shell still holds exactly that one: the deadline may have moved meanwhile."""
    held = standing.deadlines.get(incoming.key)
    return held is not None and held.get("timer") == incoming.at


@dataclass(slots=True)
class _Consideration:
    record: Sequence[Entry]
    standing: Standing
    incoming: Incoming
    world: World
    entries: list[Entry] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    unmoved: Mapping[str, Deadline] | None = field(default=None, init=False)

    def changes(self) -> Changes:
        before = fold(self.record)
        try:
            return self._changes(self._take(before), self._after(before))
        except NoCalendarError as error:
            if self.incoming.kind != "step":
                raise
            # What was asked for cannot be counted: it is refused, and the file stays as it was.
            self.entries, self.events, self.messages = [], [], []
            before = fold(self.record)
            return self._changes(self._refused(before, Refusal("", str(error))), self._after(before))

    def _after(self, before: CaseFile) -> CaseFile:
        """The file with what came in; a step that was struck out is left out from the beginning."""
        if any(entry.name == "struck_out" for entry in self.entries):
            return fold((*self.record, *self.entries))
        for entry in self.entries:
            apply(before, entry)
        return before

    def _changes(self, answer: Answer | None, file: CaseFile) -> Changes:
        self._list_people(file)
        duties = duties_of(file, self._clocks(file))
        # What has passed can bring the next deadline, which may have passed as well.
        spared = self._met_behind(file, duties.deadlines)
        while self._climb(file, duties.deadlines, spared):
            duties = duties_of(file, self._clocks(file))
        found = difference(
            self.standing,
            duties.deadlines,
            file,
            self.world,
            fired=self.incoming.key if self.incoming.kind == "timer" else "",
            because=self._because,
        )
        self.events += [*found.events, *rungs_told(self.entries, duties.deadlines, self.world)]
        stage = stage_of(file)
        if stage != self.standing.stage:
            self._tell("stage", stage=stage)
            if stage == "closed":
                self._tell("closed", how=file.ended)
        letters = list(letters_to_start(file, duties.notices, set(self.standing.letters)))
        standing = any(deadline.open for deadline in duties.deadlines.values())
        return Changes(
            answer=answer,
            entries=[entry.plain() for entry in self.entries],
            deadlines=found.deadlines,
            timers=found.timers,
            cancel=found.cancel,
            letters=letters,
            messages=self.messages,
            events=self.events,
            stage=stage,
            details=details_of(file, duties.deadlines, self.world.today),
            attributes=attributes_of(file, duties.deadlines, self.world.today),
            over=file.ended is not None and not letters and not standing,
        )

    # What came in

    def _take(self, before: CaseFile) -> Answer | None:
        match self.incoming.kind:
            case "step":
                return self._take_step(before)
            case "letter":
                self._take_letter()
            case "cancel_requested":
                self._fact("cancel_requested", instant_text(self.world.now), {})
            case "message_undelivered":
                self._fact("message_undelivered", self.incoming.key, {"to": self.incoming.key})
        return None

    def _take_step(self, before: CaseFile) -> Answer:
        name, body = self.incoming.name, self.incoming.body
        if self.incoming.refusal:
            return self._refused(before, Refusal("", self.incoming.refusal))
        step = _judged(self.record, before, name, body, self.world)
        if isinstance(step, Refusal):
            return self._refused(before, step)
        if step is not None:
            source: Source = "signal" if self.incoming.source == "signal" else "update"
            self.entries.append(Entry(name, body, step.id, source, self.world.now))
            self._tell("step_recorded", step=name, id=step.id)
            self._follow(before, step)
        return Answer(recorded=True, step=name, id=body["id"])

    def _follow(self, before: CaseFile, step: Step) -> None:
        """What comes right behind a step."""
        if isinstance(step, RulebookChanged):
            self._fact("rulebook_pinned", f"rulebook:{step.id}", {"rulebook": self.world.rulebooks[step.rulebook]})
        elif isinstance(step, MergedInto):
            body = step.message(before, len(self.record))
            self.messages.append(Message(to=step.reference, name="merged_from", body=body))
        elif isinstance(step, BulletinApproved | OutcomeShared):
            directory = self.world.directory
            partners = list(directory.partners(self.world.today)) if directory else []
            listing = partners_key(step.id)
            self._fact("people_listed", listing, {"listing": listing, "people": partners, "documents": []})
        elif isinstance(step, CORRECTING):
            after = fold((*self.record, *self.entries))
            if wrong := wrong_letters(step, self.record, before, after, self.world.extra_holidays):
                self._fact("letters_wrong", f"wrong:{step.id}", wrong)

    def _refused(self, before: CaseFile, refusal: Refusal) -> Answer:
        name, id = self.incoming.name[:64], str(self.incoming.body.get("id", ""))[:64]
        if self.incoming.source == "signal":
            # A signal has nobody waiting for its answer: the refusal is kept on the file, each once.
            body = dict(self.incoming.body) if before.weight < MAX_WEIGHT else {}
            fact = {"step": name, "id": id, "rule": refusal.rule, "reason": refusal.reason, "body": body}
            if fact not in [entry.body for entry in self.record if entry.name == "step_refused"]:
                self._fact("step_refused", f"refused:{id}", fact)
                self._tell("step_refused", step=name, rule=refusal.rule, reason=refusal.reason, id=id)
        return Answer(recorded=False, step=name, id=id, rule=refusal.rule, reason=refusal.reason, field=refusal.field)

    def _take_letter(self) -> None:
        body = self.incoming.body
        if body.get("withdrawn"):
            self._fact("letter_withdrawn", f"{body['notice']}#{body['number']}", body)
            return
        name = "letter_taken" if body["taken"] else "letter_refused"
        self._fact(name, f"{body['notice']}#{body['number']}", body)
        self._tell(
            "notice_sent" if body["taken"] else "notice_failed",
            notice=body["notice"],
            rule=body.get("rule", ""),
            to=body.get("address", ""),
            subject=body.get("subject", ""),
            message_id=body.get("message_id", ""),
            recipient=body["to"],
            **({} if body["taken"] else {"why": body.get("why", "")}),
        )

    # What follows from it

    def _list_people(self, file: CaseFile) -> None:
        """Who gets the board's copies is settled by the directory of the day they go out (2.8b); without one, later."""
        due = board_copy_due(file)
        if due is None or file.ended is not None:
            return
        directory = self.world.directory
        people = [person.id for person in directory.board_members(self.world.today)] if directory else []
        if not people:
            return
        self._fact("people_listed", due[0], {"listing": due[0], "people": people, "documents": list(due[1])})
        apply(file, self.entries[-1])

    def _met_behind(self, file: CaseFile, deadlines: Mapping[str, Deadline]) -> frozenset[str]:
        """Deadlines that a step which waits behind this one meets in time, moves or takes away: they did not pass.

        Should that step be refused in its turn after all, they pass then.
        """
        if not self.standing.behind:
            return frozenset()
        ahead = fold((*self.record, *self.entries))
        try:
            for waiting in self.standing.behind:
                step = _judged(self.record, ahead, waiting.name, waiting.body, self.world)
                if isinstance(step, Step) and not isinstance(step, StruckOut | RulebookChanged):
                    apply(ahead, Entry(waiting.name, waiting.body, step.id, "update", self.world.now))
            later = deadlines_of(ahead, self._clocks(ahead))
        except NoCalendarError:
            return frozenset()
        return frozenset(
            key
            for key, now in deadlines.items()
            if (then := later.get(key)) is None or then.due != now.due or not (then.open or then.late)
        )

    def _climb(self, file: CaseFile, deadlines: Mapping[str, Deadline], spared: frozenset[str]) -> bool:
        """Keeps as facts the rungs that are due; their mails follow as notices."""
        before = len(self.entries)
        for deadline in deadlines.values():
            if deadline.open and deadline.key not in spared:
                since = held_since(self.standing, deadline, self.world.now)
                for rung in due_now(deadline, file, self.world.now, since, above=self.world.above_chair)[0]:
                    self._reach(file, deadline, rung)
        return len(self.entries) > before

    def _reach(self, file: CaseFile, deadline: Deadline, rung: Planned) -> None:
        body = {
            "deadline": deadline.key,
            "due": deadline.due.isoformat(),
            "rung": rung.name,
            "kind": rung.kind,
            "to": list(rung.to),
            "title": deadline.title,
            "rule": deadline.rule,
            "scheduled": instant_text(rung.at),
        }
        self._fact("rung_reached", f"{deadline.key}:{deadline.due.isoformat()}:{rung.name}", body)
        apply(file, self.entries[-1])

    def _because(self, moved: Deadline) -> str:
        """What moved a deadline: a new release, if today's code or calendar moves it with nothing coming in."""
        if self.unmoved is None:
            file = fold(self.record)
            self.unmoved = deadlines_of(file, self._clocks(file))
        before = self.unmoved.get(moved.key)
        if before is not None and (before.due, before.original_due) == (moved.due, moved.original_due):
            return BY_RELEASE
        return BY_LETTER if self.incoming.kind == "letter" else self.incoming.name or BY_RELEASE

    def _clocks(self, file: CaseFile) -> Clocks:
        return Clocks(file, self.world.extra_holidays)

    def _fact(self, name: str, id: str, body: Mapping[str, Any]) -> None:
        self.entries.append(Entry(name, body, id, "shell", self.world.now))

    def _tell(self, what: str, **fields: Any) -> None:
        self.events.append(line(self.world.now, what, **fields))
