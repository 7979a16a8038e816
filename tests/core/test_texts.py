"""Recipients and keys: one text form each, read back as it was written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.key import Key
from models.recipient import Recipient

IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1)


@given(IDS, st.lists(IDS | st.integers(2, 99) | st.dates()))
def test_a_key_is_read_back_as_it_was_written(kind: str, about: list[object]) -> None:
    key = Key.of(kind, *about)
    assert (key.kind, key.about) == (kind, tuple(map(str, about)))
    assert Key(str(key)) == key == Key.of(key.kind, *key.about)


@given(IDS, IDS)
def test_a_recipient_is_read_back_as_it_was_written(kind: str, name: str) -> None:
    to = Recipient.of(kind, name)
    assert (to.kind, to.name) == (kind, name) and Recipient(str(to)) == to


def test_what_is_empty_is_no_part_of_a_key_and_a_role_has_no_name() -> None:
    assert Key.of("outcome", "hill-school", "") == "outcome:hill-school"
    assert (Recipient("chair").kind, Recipient("chair").name) == ("chair", "")
