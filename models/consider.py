"""The one question the shell asks: given the record, what it holds and what came in, what changes?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import timedelta
from typing import Any

from .budget import TOLD_AT, Size
from .casefile import CaseFile
from .contract import (
    Changes,
    Incoming,
    Question,
    Timer,
    Work,
    deadline_timer,
    instant_text,
    read,
    work_timer,
)
from .days import NoCalendarError
from .difference import BY_LETTER, BY_RELEASE, Held, difference, held_since, line, rungs_told, timer_summary
from .duties import Duties, deadlines_of, duties_of
from .duty import Deadline
from .fold import fold
from .ladder import Planned, due_now
from .letter import LetterToSend, is_settled, letter_of, letters_to_start
from .project import project_file
from .projection import event_of
from .quick_answers import Known, judged
from .record import Entry, Refusal, Source
from .step import Step
from .view import attributes_of, details_of, stage_of
from .world import Surroundings
from .wrong_letters import wrong_letters

RENEWED_AFTER, FOR_EACH_TIMER = 600, 4
"""Events after which a run continues as new, and how many more for each timer that is set: those alone reach it. Work
under way is started again by the new run: with some, it may be twice as many, so that a quiet moment is found."""

AGAIN_IN = timedelta(minutes=1)
"""How long work that somebody ended from outside waits before it is started again."""

LONGEST_TIMEOUT = 3_600.0
"""Seconds: what the core answers is checked when it is answered, and not when it replays."""


def consider(question: Question, surroundings: Surroundings) -> Changes:
    """What the shell is to change. What the core made of the record is left in the question, for the next one.

    Arguments:
        question: what the shell holds, and what came in.
        surroundings: the directory, the rulebooks on the shelf, extra holidays.

    Raises:
        NoCalendarError: no answer is possible for a year without a calendar (for a step it is a refusal instead).
        UnreadableEntryError: the record was written by a newer release.
    """
    return _Consideration(question, surroundings).changes()


def plain_changes(changes: Changes) -> dict[str, Any]:
    """The core's answer as it stands in history: what it leaves alone is left out.

    Raises:
        ValueError: the shell could not do what it says.
    """
    for work in changes.work:
        if not 0 < work["timeout"] <= LONGEST_TIMEOUT or not isinstance(work["queue"], str):
            raise ValueError(f"The work {work['key']} has a timeout or a queue that cannot be.")
    for how in changes.filing.values():
        if not 0 < how["timeout"] <= LONGEST_TIMEOUT or not isinstance(how["queue"], str):
            raise ValueError("The register or the archive has a timeout or a queue that cannot be.")
    plain = {one.name: getattr(changes, one.name) for one in fields(Changes)}
    return {name: value for name, value in plain.items() if value or (name == "finished" and value is not None)}


class _Consideration:
    """One question being answered: things are taken one after another, each on what the one before left."""

    def __init__(self, question: Question, surroundings: Surroundings) -> None:
        state, known = question.state, question.known
        self.question, self.state = question, state
        self.world = surroundings.at(question.now)
        if known is None or (len(known.entries), len(known.events)) != (len(state.record), len(state.events)):
            known = Known.of(state.record, state.events)
        self.known: Known = known
        self.before = len(known.entries)
        self.deadlines: dict[str, Held] = dict(state.standing.get("deadlines", {}))
        self.letters: dict[str, Any] = dict(state.standing.get("letters", {}))
        self.waiting: dict[str, Any] = dict(state.standing.get("waiting", {}))
        self.under_way = dict(state.work)
        self.stage = state.stage
        self.events: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        self.work: list[dict[str, Any]] = []
        self.replaced: dict[str, dict[str, Any]] = {}
        self.size = Size.of(state, known.weight)
        # Of the thing at hand:
        self.incoming = Incoming("reassess")
        self.added = self.before
        self.unmoved: Mapping[str, Deadline] | None = None

    @property
    def file(self) -> CaseFile:
        return self.known.file

    def changes(self) -> Changes:
        duties: Duties | None = None
        incoming = self.question.incoming
        for position, one in enumerate(incoming):
            if self._still_counts(one):
                queued = [later for later in (*incoming[position + 1 :], *self.question.queued) if later.kind == "step"]
                duties = self._take(one, [step for step in queued if not step.refusal])
        if duties is None:
            self.question.after = self.known
            return Changes()
        return self._changes(duties)

    def _changes(self, duties: Duties) -> Changes:
        state, today = self.state, self.world.today
        timers = self._timers()
        standing = {
            "deadlines": _changed(state.standing.get("deadlines", {}), self.deadlines),
            "letters": _changed(state.standing.get("letters", {}), self.letters),
            "waiting": _changed(state.standing.get("waiting", {}), self.waiting),
        }
        open_ = any(held["status"] == "open" for held in self.deadlines.values())
        finished = self.file.ended is not None and not open_ and not self.waiting
        details = details_of(self.file, duties.deadlines, today)
        attributes = attributes_of(self.file, duties.deadlines, today)
        renewed_after = (RENEWED_AFTER + FOR_EACH_TIMER * len(timers)) * (2 if self.under_way else 1)
        changes = Changes(
            answers=self.answers,
            entries=[entry.plain() for entry in self.known.entries[self.before :]],
            events=self.events,
            replaced_entries=self.replaced,
            standing={kind: changed for kind, changed in standing.items() if changed},
            timers=[asdict(timer) for key, timer in timers.items() if _at(state.timers.get(key)) != timer.at],
            cancel=[key for key in state.timers if key not in timers],
            work=self.work,
            stage=self.stage if self.stage != state.stage else "",
            details=details if details != state.details else "",
            attributes=attributes if attributes != state.attributes else {},
            finished=finished if finished != state.finished else None,
            renew=self.question.taken > 0 and self.question.history_length > renewed_after,
        )
        self.known.notices = frozenset(duties.notices)
        self.question.after = self.known
        if changes.changes_the_file:
            revision = state.revision + 1
            entries = {**state.replaced.get("entries", {}), **dict.fromkeys(self.replaced, revision)}
            replaced = {**state.replaced, "entries": entries}
            self.question.projection = project_file(
                self.file, duties, self.known.entries, self.known.events, revision, today, replaced
            )
        return changes

    def _timers(self) -> dict[str, Timer]:
        """Every timer that is to be set, by key."""
        timers = [
            Timer(deadline_timer(key), held["timer"], timer_summary(held))
            for key, held in self.deadlines.items()
            if held["timer"]
        ]
        timers += [Timer(work_timer(key), waits["at"], waits["work"]["summary"]) for key, waits in self.waiting.items()]
        return {timer.key: timer for timer in timers}

    # One thing

    def _still_counts(self, one: Incoming) -> bool:
        """A fired timer counts only if exactly that one still stands: what it was for may have moved meanwhile."""
        if one.kind == "timer":
            return one.at == (self._deadline_of(one) or {}).get("timer") or one.at == self._waiting_for(one).get("at")
        return one.kind != "work" or one.key in self.under_way

    def _deadline_of(self, timer: Incoming) -> Held | None:
        return next((held for key, held in self.deadlines.items() if deadline_timer(key) == timer.key), None)

    def _waiting_for(self, timer: Incoming) -> dict[str, Any]:
        return next((waits for key, waits in self.waiting.items() if work_timer(key) == timer.key), {})

    def _take(self, one: Incoming, queued: Sequence[Incoming]) -> Duties:
        self.incoming, self.added, self.unmoved = one, len(self.known.entries), None
        events, work = len(self.events), len(self.work)
        try:
            answer = self._enter()
            duties = self._settle(queued)
        except NoCalendarError as error:
            if one.kind != "step":
                raise
            # What was asked for cannot be counted: it is refused, and the file stays as it was.
            self.known.cut(self.added, len(self.state.events) + events)
            del self.events[events:]
            for started in self.work[work:]:
                del self.under_way[started["key"]]
            del self.work[work:]
            answer = self._refused(Refusal("", str(error)))
            duties = self._settle(queued)
        if answer is not None:
            self.answers.append({"ticket": one.ticket, **answer})
        return duties

    def _settle(self, queued: Sequence[Incoming]) -> Duties:
        """What follows from what was entered: rungs, deadlines, letters, the stage."""
        file, notices = self.file, self._notices_before()
        for listed in file.regime.listings(file, self.world):
            self.known.add(listed)
        duties = duties_of(file, self.world)
        # What has passed can bring the next deadline, which may have passed as well.
        spared = self._met_by(queued, duties.deadlines)
        while self._climb(duties.deadlines, spared):
            duties = duties_of(file, self.world)
        self.deadlines, events = difference(self.deadlines, duties.deadlines, file, self.world, self._because)
        for event in (*events, *rungs_told(self.known.entries[self.added :], duties.deadlines, self.world)):
            self._keep(event)
        stage = stage_of(file)
        if stage != self.stage:
            self.stage = stage
            self._tell("stage", stage=stage)
            if stage == "closed":
                self._tell("closed", how=file.ended)
        self._look_at_letters(notices, duties)
        for letter in letters_to_start(file, duties.notices, self.under_way):
            self._start(letter.work(self.state.opening))
        self._say_how_full()
        return duties

    def _enter(self) -> dict[str, Any] | None:
        """Enters what came in into the record; answers who sent a step."""
        match self.incoming.kind:
            case "step":
                return self._enter_step()
            case "work":
                self._enter_outcome()
            case "timer":
                self._start_what_waited()
            case "cancel_requested":
                self._fact("cancel_requested", instant_text(self.world.now), {})
            case "signals_dropped":
                self._drop(self.incoming.count)
        return None

    # Steps

    def _enter_step(self) -> dict[str, Any]:
        name, body = self.incoming.name, self.incoming.body
        if self.incoming.refusal:
            return self._refused(Refusal("", self.incoming.refusal))
        step = judged(self.known.entries, self.file, name, body, self.world)
        if isinstance(step, Step):
            step = self._no_room(step) or step
        if isinstance(step, Refusal):
            return self._refused(step)
        if step is not None:
            source: Source = "signal" if self.incoming.source == "signal" else "update"
            came_with = (self.incoming.envelope, self.incoming.payload_metadata)
            self.size = self.size.with_step(body)
            self._follow(step, Entry(name, body, step.id, source, self.world.now, *came_with))
        return {"recorded": True, "step": name, "id": body["id"], "rule": "", "reason": "", "field": None}

    def _no_room(self, step: Step) -> Refusal | None:
        if step.when_full or self.size.with_step(self.incoming.body).part <= 1:
            return None
        why = "The file is full. You can only close it now. Tell operations."
        return Refusal("", why)

    def _follow(self, step: Step, entry: Entry) -> None:
        """Enters a step, and what comes right behind it."""
        self._tell("step_recorded", step=entry.name, id=step.id)
        record, before, wrong = self.known.entries, self.file, None
        if correcting := step.corrects(record):
            wrong = wrong_letters(step.id, correcting, before, fold((*record, entry)), self.world)
        follows = list(step.follows(record, before, self.world))
        self.known.add(entry)
        if wrong:
            self._fact("letters_wrong", f"wrong:{step.id}", wrong)
        for one in follows:
            if isinstance(one, Work):
                self._start(one)
            else:
                self.known.add(one)

    def _refused(self, refusal: Refusal) -> dict[str, Any]:
        name, id = self.incoming.name[:64], str(self.incoming.body.get("id", ""))[:64]
        said = {"rule": refusal.rule, "reason": refusal.reason, "field": refusal.field}
        if self.incoming.source in ("signal", "start"):
            self._keep_refused(name, id, said)
        return {"recorded": False, "step": name, "id": id, **said}

    def _keep_refused(self, name: str, id: str, said: dict[str, Any]) -> None:
        """A signal has nobody waiting for its answer, nor has a first step: the refusal is kept on the file, once.

        Who sent a first step looks for its answer among what their run has added: for them it is kept each time.
        """
        same = (name, id, said["reason"])
        if self.incoming.source == "signal" and any(
            (refused.step, refused.id, refused.reason) == same for refused in self.file.refused
        ):
            return
        body = dict(self.incoming.body) if self.size.part < TOLD_AT else {}
        fact = {"step": name, "id": id, **said, "body": body}
        if self.size.with_step(fact).part > 1:
            self._drop(1)
            return
        self.size = self.size.with_step(fact)
        self._fact("step_refused", f"refused:{id}", fact)
        self._tell("step_refused", step=name, rule=said["rule"], reason=said["reason"], id=id)

    def _drop(self, count: int) -> None:
        """Signals that could not be kept are counted, in one fact a day."""
        today = self.world.today.isoformat()
        found = enumerate(self.known.entries)
        at = next((at for at, entry in found if entry.name == "signals_dropped" and entry.body["on"] == today), None)
        if at is None:
            self._fact("signals_dropped", f"dropped:{today}", {"on": today, "count": count})
            self._tell("signals_dropped", count=count)
            return
        before = self.known.entries[at]
        more = {"on": today, "count": before.body["count"] + count}
        self.known.entries[at] = Entry(before.name, more, before.id, before.source, before.recorded_at)
        if at < self.before:
            self.replaced[str(at)] = self.known.entries[at].plain()
        self.known.file = fold(self.known.entries)

    # Work

    def _start(self, work: Work) -> None:
        plain = self.under_way[work.key] = asdict(work)
        self.work.append(plain)

    def _enter_outcome(self) -> None:
        work, result = self.under_way.pop(self.incoming.key), self.incoming.result
        if work["activity"] == "send_letter":
            self.letters.pop(self.incoming.key, None)
            self._enter_letter(LetterToSend.read(work["arguments"][1]), result)
        elif "failed" in result:
            self.waiting[self.incoming.key] = {"at": instant_text(self.world.now + AGAIN_IN), "work": work}
        elif not result["delivered"]:
            to = work["arguments"][0]["to"]
            self._fact("message_undelivered", to, {"to": to})

    def _start_what_waited(self) -> None:
        for key, waits in list(self.waiting.items()):
            if work_timer(key) == self.incoming.key:
                del self.waiting[key]
                self._start(read(Work, waits["work"]))

    def _enter_letter(self, letter: LetterToSend, result: dict[str, Any]) -> None:
        if "failed" in result:
            why = "The letter could not be sent: operations must look at this workflow's history."
            result = {"accepted": False, "at": instant_text(self.world.now), "why": why}
        # What was sent stands beside what became of it, as later code may derive the notice otherwise.
        told = {name: getattr(letter, name) for name in ("notice", "number", "rule", "template", "to")}
        body = {**result, **told, "documents": list(letter.documents)}
        id = f"{letter.notice}#{letter.number}"
        if result.get("withdrawn"):
            self._fact("letter_withdrawn", id, body)
            return
        self._fact("letter_accepted" if result["accepted"] else "letter_refused", id, body)
        self._tell(
            "notice_sent" if result["accepted"] else "notice_failed",
            notice=letter.notice,
            rule=letter.rule,
            to=result.get("address", ""),
            subject=result.get("subject", ""),
            message_id=result.get("message_id", ""),
            recipient=letter.to,
            **({} if result["accepted"] else {"why": result.get("why", "")}),
        )

    def _notices_before(self) -> frozenset[str]:
        """The notices that stood until now; asked for only while letters are under way that this could settle."""
        if self.known.notices is None and self.under_way:
            file = fold(self.known.entries[: self.added])
            self.known.notices = frozenset(duties_of(file, self.world).notices)
        return self.known.notices or frozenset()

    def _look_at_letters(self, before: frozenset[str], duties: Duties) -> None:
        """What the shell is to hold of each letter under way: that it is settled, or as it is to go now.

        Arguments:
            before: the notices that stood before what came in. Only what came in settles a letter, never a release.
            duties: those that stand now.
        """
        for key, work in self.under_way.items():
            if work["activity"] != "send_letter" or self.letters.get(key, {}).get("settled"):
                continue
            letter = LetterToSend.read(work["arguments"][1])
            notice = duties.notices.get(letter.notice)
            gone = notice is None and letter.notice in before and self.file.ended is None
            if gone or is_settled(letter, self.file, self.deadlines):
                self.letters[key] = {"settled": True}
            elif notice is not None and (now := letter_of(self.file, notice, letter.number)) != letter:
                self.letters[key] = {"settled": False, "letter": now.plain()}
            else:
                self.letters.pop(key, None)
        self.known.notices = frozenset(duties.notices)

    # What follows

    def _met_by(self, queued: Sequence[Incoming], deadlines: Mapping[str, Deadline]) -> frozenset[str]:
        """Deadlines that a step which waits behind this one meets in time, moves or takes away: they did not pass.

        Should that step be refused in its turn after all, they pass then.
        """
        if not queued:
            return frozenset()
        ahead = replace(self.known, file=fold(self.known.entries), entries=list(self.known.entries), events=[])
        try:
            for waiting in queued:
                step = judged(ahead.entries, ahead.file, waiting.name, waiting.body, self.world)
                if isinstance(step, Step) and step.foreseen:
                    ahead.add(Entry(waiting.name, waiting.body, step.id, "update", self.world.now))
            later = deadlines_of(ahead.file, self.world)
        except NoCalendarError:
            return frozenset()
        return frozenset(
            key
            for key, now in deadlines.items()
            if (then := later.get(key)) is None or then.due != now.due or not (then.open or then.late)
        )

    def _climb(self, deadlines: Mapping[str, Deadline], spared: frozenset[str]) -> bool:
        """Keeps as facts the rungs that are due; their mails follow as notices."""
        before = len(self.known.entries)
        for deadline in deadlines.values():
            if deadline.open and deadline.key not in spared:
                since = held_since(self.deadlines, deadline, self.world.now)
                due, _ = due_now(deadline, self.file, self.world.now, since, above=self.world.above_chair)
                for rung in due:
                    self._reach(deadline, rung)
        return len(self.known.entries) > before

    def _reach(self, deadline: Deadline, rung: Planned) -> None:
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

    def _because(self, moved: Deadline) -> str:
        """What moved a deadline: a new release, if today's code or calendar moves it with nothing coming in."""
        if self.unmoved is None:
            file = fold(self.known.entries[: self.added])
            self.unmoved = deadlines_of(file, self.world)
        before = self.unmoved.get(moved.key)
        if before is not None and (before.due, before.original_due) == (moved.due, moved.original_due):
            return BY_RELEASE
        return BY_LETTER if self.incoming.kind == "work" else self.incoming.name or BY_RELEASE

    def _say_how_full(self) -> None:
        if self.size.part >= TOLD_AT and not self.file.nearly_full:
            self._fact("nearly_full", "nearly_full", {})
            self._tell("nearly_full")

    def _fact(self, name: str, id: str, body: Mapping[str, Any]) -> None:
        self.known.add(Entry(name, body, id, "shell", self.world.now))

    def _tell(self, what: str, **fields: Any) -> None:
        self._keep(line(self.world.now, what, **fields))

    def _keep(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self.known.events.append(event_of(event))


def _at(timer: Mapping[str, Any] | None) -> str | None:
    return timer["at"] if timer else None


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The difference as the shell merges it: what is new or other, and None for what is gone."""
    gone: Iterator[str] = (key for key in before if key not in now)
    return {key: value for key, value in now.items() if before.get(key) != value} | dict.fromkeys(gone)
