"""Every step asks the whole file again: that must stay cheap however long the file grows."""

from __future__ import annotations

import json
import statistics

from bench.core import STEPS, fold_and_derive, long_record, median_ms

MOST = 6.0
"""Times what writing the record as text and reading it again takes, which any machine does at its own speed.

It is 1.4 times that, and six times is what ``python -m bench core`` aims at."""


def test_a_file_of_five_hundred_steps_is_folded_and_its_duties_derived_in_a_moment() -> None:
    record = long_record()
    assert sum(not entry.is_fact for entry in record) == STEPS
    assert len(fold_and_derive(record).deadlines) > 100

    def as_text() -> object:
        return json.loads(json.dumps([entry.plain() for entry in record]))

    # By turns: whatever else the machine does slows down both.
    times = [median_ms(lambda: fold_and_derive(record), 3) / median_ms(as_text, 3) for _ in range(7)]
    assert statistics.median(times) < MOST, times
