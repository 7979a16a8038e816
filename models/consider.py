"""The one question the shell asks: given the record, what it holds and what came in, what changes?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .casefile import CaseFile
from .catalogue import STEPS
from .changes import Answer, Changes, Incoming, LetterToSend, Message, Standing, Timer
from .counting import NoCalendarError
from .duties import deadlines_of, notices_of
from .duty import Clocks, Deadline, Notice
from .fold import apply, fold, rests_on
from .ladder import Planned, due_now
from .record import Entry, Refusal, Source, instant_text, read_instant
from .sections.every_week import RulebookChanged, StruckOut
from .sections.s2_1_criteria import MergedInto
from .sections.s2_8_actions import board_copy_due
from .step import Step, World, read_step, refusals
from .view import attributes_of, details_of, stage_of


def consider(record: Sequence[Entry], standing: Standing, incoming: Incoming, world: World) -> Changes:
    """What the shell is to change.

    Arguments:
        record: everything that happened on the file so far; the rulebook is pinned in it.
        standing: what the shell holds.
        incoming: the one thing that came in.
        world: business time, the directory, the rulebooks on the shelf.

    Raises:
        NoCalendarError: no answer is possible for a year without a calendar (for a step it is a refusal instead).
        DirectoryNeededError: only the directory can tell, and it was not given.
        UnreadableEntryError: the record was written by a newer release.
    """
    if incoming.kind == "timer" and not _still_holds(standing, incoming):
        return Changes()
    return _Consideration(record, standing, incoming, world).changes()


def why_not(record: Sequence[Entry], name: str, body: Mapping[str, Any], world: World) -> Refusal | None:
    """Why a step may not be recorded now; None when it may, or was recorded before. Changes nothing."""
    known = _known(record, name, body)
    if known is not None:
        return known.reason if isinstance(known.reason, Refusal) else None
    step = _read(name, body)
    if isinstance(step, Refusal):
        return step
    return _refusal(step, record, fold(record), world)


def standing_of(record: Sequence[Entry], world: World) -> Standing:
    """What a shell would hold of this record, for a file whose run is gone: its deadlines, with timers to set."""
    consideration = _Consideration(record, Standing(), Incoming(kind="look"), world)
    file = fold(record)
    held, _, _ = consideration._agree(file, deadlines_of(file, Clocks(file, world.extra_holidays)))
    return Standing(deadlines={key: value for key, value in held.items() if value is not None}, stage=stage_of(file))


@dataclass(frozen=True, slots=True)
class _Known:
    """A step whose id was recorded before: the same one again, or another with its id."""

    reason: Refusal | None


def _known(record: Sequence[Entry], name: str, body: Mapping[str, Any]) -> _Known | None:
    for entry in record:
        if entry.id == body.get("id") and not entry.is_fact:
            if entry.name == name and dict(entry.body) == dict(body):
                return _Known(None)
            why = f"The id {entry.id} was used for another step ({entry.name}): give this one an id of its own."
            return _Known(Refusal("", why, "id"))
    return None


def _read(name: str, body: Mapping[str, Any]) -> Step | Refusal:
    kind = STEPS.get(name)
    if kind is None:
        return Refusal("", f"There is no step called {name}: see the catalogue of steps.")
    return read_step(kind, body)


def _refusal(step: Step, record: Sequence[Entry], file: CaseFile, world: World) -> Refusal | None:
    try:
        refusal = next(refusals(step, file, world), None)
    except NoCalendarError as error:
        return Refusal("", str(error))
    if refusal is None and isinstance(step, StruckOut):
        later = rests_on(record, step.step, world)
        if later is not None:
            return Refusal("", f"The later step {later} rests on it: strike that out first.", "step")
    return refusal


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

    def changes(self) -> Changes:
        before = fold(self.record)
        answer = self._take(before)
        try:
            return self._changes(answer)
        except NoCalendarError as error:
            if answer is None or not answer.recorded:
                raise
            # What was asked for cannot be counted: it is refused, and the file stays as it was.
            self.entries, self.events, self.messages = [], [], []
            refusal = Refusal("", str(error))
            return self._changes(self._refused(self.incoming.name, self.incoming.body, refusal))

    def _changes(self, answer: Answer | None) -> Changes:
        file = fold((*self.record, *self.entries))
        self._list_people(file)
        clocks = Clocks(file, self.world.extra_holidays)
        deadlines = deadlines_of(file, clocks)
        if self._climb(file, deadlines):
            deadlines = deadlines_of(file, clocks)
        stage = stage_of(file)
        held, timers, cancel = self._agree(file, deadlines)
        if stage != self.standing.stage:
            self._event("stage", stage=stage)
            if stage == "closed":
                self._event("closed", how=file.ended)
        letters = list(self._letters(file, notices_of(file, clocks)))
        standing = any(deadline.open for deadline in deadlines.values())
        return Changes(
            answer=answer,
            entries=[entry.plain() for entry in self.entries],
            deadlines=held,
            timers=timers,
            cancel=cancel,
            letters=letters,
            messages=self.messages,
            events=self.events,
            stage=stage,
            details=details_of(file, deadlines, self.world.today),
            attributes=attributes_of(file, deadlines, self.world.today),
            over=file.ended is not None and not letters and not standing,
        )

    # What came in

    def _take(self, file: CaseFile) -> Answer | None:
        match self.incoming.kind:
            case "step":
                return self._take_step(file)
            case "letter":
                self._take_letter()
            case "cancel_requested":
                self._fact("cancel_requested", instant_text(self.world.now), {})
            case "message_undelivered":
                self._fact("message_undelivered", self.incoming.key, {"to": self.incoming.key})
        return None

    def _take_step(self, file: CaseFile) -> Answer:
        name, body = self.incoming.name, self.incoming.body
        if self.incoming.refusal:
            return self._refused(name, body, Refusal("", self.incoming.refusal))
        known = _known(self.record, name, body)
        if known is not None:
            if known.reason is None:
                return Answer(recorded=True, step=name, id=body["id"])
            return self._refused(name, body, known.reason)
        step = _read(name, body)
        refusal = step if isinstance(step, Refusal) else _refusal(step, self.record, file, self.world)
        if refusal is not None or isinstance(step, Refusal):
            return self._refused(name, body, refusal or Refusal("", ""))
        source: Source = "signal" if self.incoming.source == "signal" else "update"
        self.entries.append(Entry(name, body, step.id, source, self.world.now))
        self._event("step_recorded", step=name, id=step.id)
        if isinstance(step, RulebookChanged):
            self._fact("rulebook_pinned", f"rulebook:{step.id}", {"rulebook": self.world.rulebooks[step.rulebook]})
        if isinstance(step, MergedInto):
            self.messages.append(Message(to=step.reference, name="merged_from", body=_merged(file, step)))
        return Answer(recorded=True, step=name, id=step.id)

    def _refused(self, name: str, body: Mapping[str, Any], refusal: Refusal) -> Answer:
        id = str(body.get("id", ""))[:64]
        if self.incoming.source == "signal" and not any(
            e.name == "step_refused" and e.body["id"] == id for e in self.record
        ):
            # A signal has nobody waiting for its answer: the refusal is kept on the file.
            fact = {
                "step": name[:64],
                "id": id,
                "rule": refusal.rule,
                "reason": refusal.reason,
                "body": dict(body),
            }
            self._fact("step_refused", f"refused:{id}", fact)
            self._event("step_refused", step=name[:64], rule=refusal.rule, reason=refusal.reason, id=id)
        return Answer(
            recorded=False,
            step=name[:64],
            id=id,
            rule=refusal.rule,
            reason=refusal.reason,
            field=refusal.field,
        )

    def _take_letter(self) -> None:
        body = self.incoming.body
        name = "letter_taken" if body["taken"] else "letter_refused"
        self._fact(name, f"{body['notice']}#{body['number']}", body)
        self._event(
            "notice_sent" if body["taken"] else "notice_failed",
            notice=body["notice"],
            rule=body.get("rule", ""),
            to=body.get("address", ""),
            subject=body.get("subject", ""),
            message_id=body.get("message_id", ""),
            recipient=body["to"],
            **({} if body["taken"] else {"why": body.get("why", "")}),
        )

    def _fact(self, name: str, id: str, body: Mapping[str, Any]) -> None:
        self.entries.append(Entry(name, body, id, "shell", self.world.now))

    def _event(self, what: str, **fields: Any) -> None:
        at = instant_text(self.world.now.replace(microsecond=0))
        self.events.append({"at": at, "what": what, **fields})

    # What follows from it

    def _list_people(self, file: CaseFile) -> None:
        """Who gets the board's copies is settled by the directory of the day they go out (2.8b)."""
        due = board_copy_due(file)
        if due is None or file.ended is not None:
            return
        directory = self.world.need_directory()
        people = [person.id for person in directory.board_members(self.world.today)] if directory else []
        self._fact("people_listed", due[0], {"listing": due[0], "people": people, "documents": list(due[1])})
        apply(file, self.entries[-1])

    def _climb(self, file: CaseFile, deadlines: Mapping[str, Deadline]) -> bool:
        """Keeps as facts the rungs that are due; their mails follow as notices."""
        climbed = False
        for deadline in deadlines.values():
            if not deadline.open:
                continue
            ladder = file.rules.ladder(deadline.clock)
            rungs, _ = due_now(deadline, ladder, file, self.world.now, self._since(deadline), above=self._above())
            for rung in rungs:
                self._reach(file, deadline, rung)
                climbed = True
        return climbed

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

    def _since(self, deadline: Deadline) -> datetime:
        held = self.standing.deadlines.get(deadline.key)
        if held is None or held.get("due") != deadline.due.isoformat():
            return self.world.now
        return read_instant(held["since"])

    def _above(self) -> bool:
        directory = self.world.directory
        return directory is not None and directory.holder("above_chair", self.world.today) is not None

    # The difference to what the shell holds

    def _agree(
        self, file: CaseFile, deadlines: Mapping[str, Deadline]
    ) -> tuple[dict[str, dict[str, Any] | None], list[Timer], list[str]]:
        held: dict[str, dict[str, Any] | None] = {}
        timers: list[Timer] = []
        cancel: list[str] = []
        for key, before in self.standing.deadlines.items():
            if key not in deadlines:
                held[key] = None
                if before.get("timer"):
                    cancel.append(key)
                if before["status"] == "open":
                    self._deadline_event("deadline_cancelled", key, before)
        moved = self._moved_by_release(deadlines)
        for key, deadline in deadlines.items():
            was = self.standing.deadlines.get(key)
            now = self._held(file, deadline)
            self._tell(key, was, now, deadline, moved)
            if now["timer"] is None and was is not None and was.get("timer"):
                cancel.append(key)
            elif now["timer"] is not None and (was is None or was.get("timer") != now["timer"]):
                timers.append(Timer(deadline=key, at=now["timer"], summary=_summary(deadline)))
            if now != was:
                held[key] = now
        self._tell_rungs()
        return held, timers, cancel

    def _held(self, file: CaseFile, deadline: Deadline) -> dict[str, Any]:
        since = self._since(deadline)
        timer = None
        if deadline.open:
            ladder = file.rules.ladder(deadline.clock)
            _, ahead = due_now(deadline, ladder, file, self.world.now, since, above=self._above())
            timer = instant_text(ahead.at) if ahead else None
        return {
            "due": deadline.due.isoformat(),
            "original_due": deadline.original_due.isoformat(),
            "rule": deadline.rule,
            "title": deadline.title,
            "status": "open" if deadline.open else "met late" if deadline.late else "met",
            "since": instant_text(since),
            "timer": timer,
        }

    def _tell(
        self,
        key: str,
        was: Mapping[str, Any] | None,
        now: Mapping[str, Any],
        deadline: Deadline,
        moved: set[str],
    ) -> None:
        if was is None:
            self._deadline_event("deadline_set", key, now)
        elif was["due"] != now["due"] or was["original_due"] != now["original_due"]:
            because = "the rules or the calendar changed with a release" if key in moved else self._because()
            self._deadline_event("deadline_moved", key, now, old_due=was["due"], because=because)
        was_open = was is None or was["status"] == "open"
        if was_open and not deadline.open:
            self._deadline_event("deadline_met", key, now, late=deadline.late, met_on=str(deadline.met_on))
        elif not was_open and deadline.open:
            self._deadline_event("deadline_set", key, now)

    def _because(self) -> str:
        if self.incoming.kind == "step" and self.entries:
            return self.incoming.name
        return "the rules or the calendar changed with a release"

    def _moved_by_release(self, deadlines: Mapping[str, Deadline]) -> set[str]:
        """Deadlines that today's code or calendar would have moved without anything coming in."""
        differ = {
            key
            for key, deadline in deadlines.items()
            if key in self.standing.deadlines and self.standing.deadlines[key]["due"] != deadline.due.isoformat()
        }
        if not differ or not self.record:
            return set()
        file = fold(self.record)
        unchanged = deadlines_of(file, Clocks(file, self.world.extra_holidays))
        return {key for key in differ if key in unchanged and unchanged[key].due == deadlines[key].due}

    def _tell_rungs(self) -> None:
        for entry in self.entries:
            if entry.name != "rung_reached":
                continue
            body = entry.body
            fields = {
                "deadline": body["deadline"],
                "rule": body["rule"],
                "due": body["due"],
                "title": body["title"],
            }
            if body["kind"] == "passed":
                held = self.standing.deadlines.get(body["deadline"], {})
                self._event("deadline_passed", **fields, original_due=held.get("original_due", body["due"]))
            else:
                what = "escalated" if body["kind"] == "escalation" else "reminded"
                for to in body["to"]:
                    self._event(what, **fields, to=to)

    def _deadline_event(self, what: str, key: str, held: Mapping[str, Any], **more: Any) -> None:
        fields = {name: held[name] for name in ("rule", "due", "original_due", "title")}
        self._event(what, deadline=key, **fields, **more)

    def _letters(self, file: CaseFile, notices: Mapping[str, Notice]) -> Iterator[LetterToSend]:
        """The letters to start: every notice that was not taken and is not under way."""
        under_way = set(self.standing.letters)
        if self.incoming.kind == "letter":
            under_way.discard(f"{self.incoming.body['notice']}#{self.incoming.body['number']}")
        for notice in notices.values():
            letter = file.letters.get(notice.key)
            number = file.resends.get(notice.key, 1)
            if letter is not None and (letter.taken_at is not None or letter.number >= number):
                continue
            if f"{notice.key}#{number}" not in under_way:
                yield _letter(file, notice, number)


def _letter(file: CaseFile, notice: Notice, number: int) -> LetterToSend:
    organisation = file.parties.get(notice.to.removeprefix("lead:")) if notice.to.startswith("lead:") else None
    return LetterToSend(
        notice=notice.key,
        number=number,
        rule=notice.rule,
        template=notice.template,
        title=notice.title,
        to=notice.to,
        address=file.addresses.get(notice.to),
        fallback=organisation.facts.email if organisation else None,
        content=dict(notice.content),
        documents=list(notice.documents),
    )


def _merged(file: CaseFile, step: MergedInto) -> dict[str, Any]:
    return {
        "id": f"merged-from-{file.reference}",
        "recorded_by": step.recorded_by,
        "happened_on": step.happened_on.isoformat(),
        "reference": file.reference,
        "aware_on": file.aware_on.isoformat() if file.aware_on else None,
        "notified_on": file.notified_on.isoformat() if file.notified_on else None,
    }


def _summary(deadline: Deadline) -> str:
    """What Temporal's web page shows beside the timer: 200 bytes at most."""
    text = f"{deadline.rule} {deadline.title}, due {deadline.due.isoformat()}".strip()
    return text.encode()[:200].decode(errors="ignore")
