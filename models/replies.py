"""Which step answers which letter: what an agency, a board member or the Chair may confirm by a link in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .catalogue import STEPS
from .step import Who


@dataclass(frozen=True, slots=True)
class Reply:
    """One step that answers one letter.

    Arguments:
        step: its name.
        words: what it does, to begin a sentence: "Confirm that …".
        given: the fields that the letter settles; the rest is for whoever replies.
        deadline: the key of the deadline that asks for it; empty for the receipt of a letter.
        organisation: for which organisation it is; empty for none.
        by_replying: whether it happens by the reply itself, so that the day is today.
    """

    step: str
    words: str
    given: Mapping[str, str]
    deadline: str
    organisation: str
    by_replying: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    """A step that answers a clock's deadline. ``field`` holds what the deadline's key names after the clock."""

    step: str
    words: str
    field: str
    more: Mapping[str, str] | None = None
    by_replying: bool = False


_CONFIRMS = "organisation"

_ANSWERS: Mapping[str, tuple[_Answer, ...]] = {
    "files_secured": (_Answer("files_secured", "Confirm that the case files are secured", _CONFIRMS),),
    "representative_named": (_Answer("representative_named", "Name your representative", _CONFIRMS),),
    "staff_informed": (
        _Answer("staff_informed", "Confirm that your staff know of the review", _CONFIRMS, {"told": "of the review"}),
    ),
    "agency_findings_told": (
        _Answer(
            "staff_informed",
            "Confirm that your staff know the findings of your own review",
            _CONFIRMS,
            {"told": "the findings of the single-agency review"},
        ),
    ),
    "agency_information": (
        _Answer("information_received", "Send the information", "request", by_replying=True),
        _Answer("information_declined", "Decline to give the information", "request", by_replying=True),
    ),
    "action_agreed": (
        _Answer("action_agreed", "Agree to the action", "action", by_replying=True),
        _Answer("action_declined", "Decline the action", "action", by_replying=True),
    ),
    "action_done": (_Answer("action_done", "Say that the action is done", "action"),),
    "impact_recorded": (_Answer("impact_recorded", "Say what the action changed", "action"),),
    "findings_shared": (
        _Answer("findings_shared", "Confirm that the findings were shared with your staff", _CONFIRMS),
    ),
    "learning_taken_forward": (
        _Answer("learning_taken_forward", "Say how your organisation takes the learning forward", _CONFIRMS),
    ),
    "outcome_confirmed": (_Answer("outcome_confirmed", "Confirm that you have the outcome", _CONFIRMS),),
}
"""By the clock, the steps of which one meets its deadline."""

_DEADLINES: Mapping[str, str] = {
    "lock_down": "files_secured",
    "staff_to_be_informed": "staff_informed",
    "agency_findings_to_be_told": "agency_findings_told",
    "information_requested": "agency_information",
    "action_proposed": "action_agreed",
    "outcome": "outcome_confirmed",
}
"""By a letter's template, the clock of the deadline that it is about; what it is for comes second in its key."""

_ABOUT_DEADLINES = frozenset({"reminder", "escalation"})
_TO_ACKNOWLEDGE = frozenset({"decision", "decision_not_to_initiate"})
_COPIES = "board_copy"
_SPEAKERS: Mapping[str, Who] = {
    "lead": "agency",
    "board_member": "board_member",
    "person": "board_member",
    "chair": "chair",
}


def replies_to(
    template: str, notice: str, to: str, content: Mapping[str, str], speaks_for: Sequence[str] = ()
) -> tuple[Reply, ...]:
    """The steps by which the reader of a letter may answer it; none for most letters.

    Arguments:
        template, notice, to, content: the letter's, see :class:`models.duty.Notice`.
        speaks_for: for a letter to a person, the organisations they sit on the board for.
    """
    kind, _, name = to.partition(":")
    if template in _TO_ACKNOWLEDGE:
        return (Reply("acknowledged", "Acknowledge this letter", {"notice": notice}, "", "", True),)
    if kind == "chair" and template == "escalation":
        words = "Acknowledge it and name a day to look again"
        return (Reply("escalation_acknowledged", words, {"deadline": content["key"]}, content["key"], "", True),)
    if kind not in _SPEAKERS or kind == "chair":
        return ()
    if template == _COPIES:
        asked = [(f"findings_shared:{organisation}", organisation) for organisation in speaks_for]
    elif template in _ABOUT_DEADLINES:
        asked = [(content["key"], name)]
    elif template in _DEADLINES:
        asked = [(f"{_DEADLINES[template]}:{notice.split(':')[1]}", name)]
    else:
        return ()
    return tuple(
        reply for deadline, organisation in asked for reply in _replies(deadline, organisation, _SPEAKERS[kind])
    )


def _replies(deadline: str, organisation: str, speaker: Who) -> Iterator[Reply]:
    clock, _, what = deadline.partition(":")
    for answer in _ANSWERS.get(clock, ()):
        if speaker in STEPS[answer.step].who:
            given = {answer.field: what, **(answer.more or {})}
            yield Reply(answer.step, answer.words, given, deadline, organisation, answer.by_replying)
