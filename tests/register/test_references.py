"""A reference belongs to one opening, and the next free one is given out once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from models.projection import Projection
from register.engine import Register
from register.files.references import (
    Claim,
    ReferenceTaken,
    _claim_next,
    claim_next_reference,
    claim_reference,
)
from register.files.store import write

from .conftest import Pause

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


async def next_in_2026(register: Register, opening: str) -> str:
    return (await claim_next_reference(register, "HSCB", 2026, opening, NOW)).reference


async def test_a_reference_is_claimed_once(register: Register) -> None:
    assert await claim_reference(register, "HSCB-2026-0001", "a", NOW) == Claim("HSCB-2026-0001", "a", False)
    with pytest.raises(ReferenceTaken, match="HSCB-2026-0001 is already used: choose another reference"):
        await claim_reference(register, "HSCB-2026-0001", "b", NOW)


async def test_the_same_opening_may_claim_again_after_a_crash(
    register: Register, a_file: Callable[..., Projection]
) -> None:
    await claim_reference(register, "OLD-7", "a", NOW)
    assert not (await claim_reference(register, "OLD-7", "a", NOW)).begun
    await write(register, a_file("OLD-7"))
    assert (await claim_reference(register, "OLD-7", "a", NOW)).begun


async def test_a_reference_whose_file_is_there_is_taken_even_without_a_claim(
    register: Register, a_file: Callable[..., Projection]
) -> None:
    await write(register, a_file("HSCB-2026-0001"))
    with pytest.raises(ReferenceTaken):
        await claim_reference(register, "HSCB-2026-0001", "a", NOW)
    assert await next_in_2026(register, "a") == "HSCB-2026-0002"


async def test_the_next_reference_is_one_more_than_the_highest_of_its_prefix_and_year(
    register: Register,
) -> None:
    assert [await next_in_2026(register, opening) for opening in "ab"] == ["HSCB-2026-0001", "HSCB-2026-0002"]
    for named in (
        "HSCB-2026-0041",
        "HSCB-2027-0050",
        "XSCB-2026-0060",
        "HSCB-2026-A070",
        "HSCB-2026-99999999999",
    ):
        await claim_reference(register, named, named, NOW)
    assert await next_in_2026(register, "c") == "HSCB-2026-0042"
    assert (await claim_next_reference(register, "XSCB", 2025, "d", NOW)).reference == "XSCB-2025-0001"


async def test_the_same_opening_gets_the_same_number_again(register: Register) -> None:
    assert await next_in_2026(register, "a") == await next_in_2026(register, "a") == "HSCB-2026-0001"
    assert await next_in_2026(register, "b") == "HSCB-2026-0002"


async def test_openings_at_once_each_get_a_number_of_their_own(register: Register) -> None:
    async with Register(register.url) as other:
        given = await asyncio.gather(*(next_in_2026((register, other)[n % 2], f"opening {n}") for n in range(12)))
    assert sorted(given) == [f"HSCB-2026-{n:04}" for n in range(1, 13)]


async def test_one_opening_sent_twice_at_once_gets_one_number(register: Register, pause: Pause) -> None:
    async def claim_and_dawdle(connection: AsyncConnection) -> str:
        claim = await _claim_next(connection, "HSCB", 2026, "a", NOW)
        await pause.here()
        return claim.reference

    async with Register(register.url) as other:
        first = asyncio.create_task(register.change(claim_and_dawdle))
        await pause.begun()
        named = asyncio.create_task(claim_reference(other, "HSCB-2026-0041", "b", NOW))
        await asyncio.wait({named}, timeout=0.2)
        second = asyncio.create_task(next_in_2026(other, "a"))
        await asyncio.wait({second}, timeout=0.2)
        pause.let_go()
        assert await first == await second == "HSCB-2026-0001"
        await named


async def test_of_two_openings_at_once_one_gets_the_named_reference(register: Register) -> None:
    async with Register(register.url) as other:
        answers = await asyncio.gather(
            *(claim_reference((register, other)[n % 2], "HSCB-2026-0001", str(n), NOW) for n in range(6)),
            return_exceptions=True,
        )
    assert sorted(type(answer).__name__ for answer in answers) == ["Claim"] + ["ReferenceTaken"] * 5
