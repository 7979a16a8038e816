"""A file's history stays small: the events of a step, a timer, a letter and a write, and those of each run."""

from __future__ import annotations

import pytest

from bench.events import A_LETTER, A_STEP, A_TIMER, A_WRITE, LETTERS, STEPS, TIMERS, WRITES, Tally
from bench.history import MOST_EVENTS, rehearse


@pytest.fixture(scope="module")
async def review() -> Tally:
    """The history of a whole published review."""
    return (await rehearse()).tally


async def test_what_is_counted_is_a_whole_review(review: Tally) -> None:
    assert review.steps >= 60 and review.timers >= 50 and review.letters >= 30


async def test_a_step_a_timer_a_letter_and_a_write_take_no_more_events_than_they_may(review: Tally) -> None:
    assert review.events[STEPS] <= A_STEP * review.steps
    assert review.events[TIMERS] <= A_TIMER * review.timers
    assert review.events[LETTERS] <= A_LETTER * review.letters
    assert review.events[WRITES] <= A_WRITE * review.writes


async def test_all_events_together_are_within_what_these_may_take(review: Tally) -> None:
    assert review.total <= review.allowed


async def test_no_run_of_a_whole_review_grows_long(review: Tally) -> None:
    assert max(review.runs) < MOST_EVENTS
