"""A file's history stays small: events a step, a timer and a letter take, and a whole review without a second run."""

from __future__ import annotations

import pytest

from bench.events import A_LETTER, A_STEP, A_TIMER, LETTERS, STEPS, TIMERS, Tally
from bench.history import MOST_EVENTS, rehearse

# One rehearsal for all of them, also when the tests are spread over several processes.
pytestmark = pytest.mark.xdist_group("a published review, counted")


@pytest.fixture(scope="module")
async def review() -> Tally:
    """The history of a whole published review."""
    return (await rehearse()).tally


async def test_what_is_counted_is_a_whole_review(review: Tally) -> None:
    assert review.steps >= 60 and review.timers >= 50 and review.letters >= 30


async def test_a_step_a_timer_and_a_letter_take_no_more_events_than_they_may(review: Tally) -> None:
    assert review.events[STEPS] <= A_STEP * review.steps
    assert review.events[TIMERS] <= A_TIMER * review.timers
    assert review.events[LETTERS] <= A_LETTER * review.letters


async def test_all_events_together_are_within_what_steps_timers_and_letters_may_take(review: Tally) -> None:
    assert review.total <= review.allowed


async def test_a_whole_review_stays_well_below_what_makes_a_run_continue_as_new(review: Tally) -> None:
    assert review.total + review.of_rehearsal < MOST_EVENTS
    assert not review.continued
