"""Which step answers which letter: what an agency, a board member or the Chair may confirm by a link in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .key import Key
from .recipient import Recipient
from .regime import Regime
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


_ABOUT_DEADLINES = frozenset({"reminder", "escalation"})
_SPEAKERS: Mapping[str, Who] = {
    "lead": "agency",
    "board_member": "board_member",
    "person": "board_member",
    "chair": "chair",
}


def replies_to(
    regime: Regime, template: str, notice: str, to: str, content: Mapping[str, str], speaks_for: Sequence[str] = ()
) -> tuple[Reply, ...]:
    """The steps by which the reader of a letter may answer it; none for most letters.

    Arguments:
        regime: the file's.
        template, notice, to, content: the letter's, see :class:`models.duty.Notice`.
        speaks_for: for a letter to a person, the organisations they sit on the board for.
    """
    kind, name = Recipient(to).kind, Recipient(to).name
    if template in regime.acknowledged:
        return (Reply("acknowledged", "Acknowledge this letter", {"notice": notice}, "", "", True),)
    if kind == "chair" and template == "escalation":
        words = "Acknowledge, and choose when to be reminded"
        return (Reply("escalation_acknowledged", words, {"deadline": content["key"]}, content["key"], "", True),)
    if kind not in _SPEAKERS or kind == "chair":
        return ()
    clock = regime.asking.get(template)
    if template in _ABOUT_DEADLINES:
        asked = [(content["key"], name)]
    elif clock is None:
        return ()
    elif kind == "person":
        asked = [(Key.of(clock.name, organisation), organisation) for organisation in speaks_for]
    else:
        asked = [(Key.of(clock.name, Key(notice).about[0]), name)]
    return tuple(
        reply for deadline, organisation in asked for reply in _replies(regime, deadline, organisation, _SPEAKERS[kind])
    )


def _replies(regime: Regime, deadline: str, organisation: str, speaker: Who) -> Iterator[Reply]:
    clock = regime.clocks.get(Key(deadline).kind)
    if clock is None or not clock.reply:
        return
    given = clock.known(deadline)
    for step, words in ((clock.step, clock.reply), *clock.declines):
        if speaker in regime.steps[step].who:
            yield Reply(step, words, given, deadline, organisation, clock.by_replying)
