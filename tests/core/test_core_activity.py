"""The core as an activity: whatever goes wrong in it is told to whoever asked."""

from __future__ import annotations

import pytest

from activities import consider
from models.contract import Incoming, Question

from .case import Case, surroundings


def test_a_search_in_the_core_that_finds_nothing_is_an_error_that_a_thread_can_hand_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def finds_nothing(*_: object) -> None:
        next(iter(()))

    case = Case.opened()
    monkeypatch.setattr(consider, "consider", finds_nothing)
    with pytest.raises(RuntimeError, match="what is not there"):
        consider.plain_answer(Question(case.state, (Incoming("reassess"),), case.now), surroundings())
