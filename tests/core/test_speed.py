"""Every step asks the whole file again: that must stay cheap however long the file grows."""

from __future__ import annotations

from bench.core import STEPS, fold_and_derive, long_record, median_ms

GENEROUS_MS = 60.0
"""Three times what ``python -m bench core`` aims at, for machines that are busy with other tests."""


def test_a_file_of_five_hundred_steps_is_folded_and_its_duties_derived_in_a_moment() -> None:
    record = long_record()
    assert sum(not entry.is_fact for entry in record) == STEPS
    assert len(fold_and_derive(record).deadlines) > 100
    assert median_ms(lambda: fold_and_derive(record), times=7) < GENEROUS_MS
