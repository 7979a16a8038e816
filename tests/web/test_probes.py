"""What is tried to see whether the system is well costs little, however many ask and however long it takes."""

from __future__ import annotations

import asyncio

import pytest

from web.operations import probes
from web.operations.probes import Probe


class Part:
    """A part of the system that counts how often it is tried, and answers when it is let."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.tried, self.fault, self.answers = 0, "", asyncio.Event()
        if at_once:
            self.answers.set()

    async def look(self) -> str:
        """What is wrong with it."""
        self.tried += 1
        await self.answers.wait()
        return self.fault


async def test_of_many_who_ask_at_once_one_tries() -> None:
    part = Part(at_once=False)
    probe = Probe(part.look, kept=60)
    asking = [asyncio.create_task(probe.fault()) for _ in range(20)]
    while not part.tried:
        await asyncio.sleep(0)
    part.answers.set()
    assert await asyncio.gather(*asking) == [""] * 20 and part.tried == 1


async def test_what_was_well_is_kept_for_its_while_and_what_was_not_for_a_shorter_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part = Part()
    probe = Probe(part.look, kept=30)
    now = 1_000.0
    monkeypatch.setattr("web.operations.probes.time.monotonic", lambda: now)
    assert await probe.fault() == ""
    part.fault = "Full."
    now += 29
    assert await probe.fault() == "" and part.tried == 1
    now += 1
    assert await probe.fault() == "Full." and part.tried == 2
    part.fault = ""
    now += probes._SOON
    assert await probe.fault() == "" and part.tried == 3


async def test_what_gives_no_answer_is_not_well_and_is_not_tried_again_until_it_has_given_one() -> None:
    part = Part(at_once=False)
    probe = Probe(part.look, kept=60, patience=0.01)
    for _ in range(5):
        assert await probe.fault() == "It gave no answer in 0.01 seconds."
    assert part.tried == 1
    part.answers.set()
    async with asyncio.timeout(10):
        while await probe.fault():
            pass
    assert part.tried == 1
