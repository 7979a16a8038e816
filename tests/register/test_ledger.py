"""A letter is never lost, and doubled only where the mail server may have taken it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from models.projection import Projection
from register.engine import Register
from register.files.deliveries import (
    AlreadySettled,
    Claimed,
    HeldBySomeoneElse,
    Letter,
    accepted,
    claim,
    deliveries_of,
    refused,
    unaddressed,
    undelivered,
    waiting,
)
from register.files.store import write

NOW = datetime(2019, 1, 7, 8, tzinfo=UTC)
LEASE = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
LETTER = Letter("HSCB-2018-0001", "decision_told:ofsted", 1)

Answer = Claimed | AlreadySettled | HeldBySomeoneElse

_senders = itertools.count(1)


async def claimed(register: Register, letter: Letter = LETTER, now: datetime = NOW, **changes: str) -> Answer:
    given = {
        "recipient": "ofsted",
        "address": "ofsted@example.org",
        "message_id": "<1@example.org>",
        "holder": f"sender {next(_senders)}",
    } | changes
    return await claim(register, letter, **given, now=now, lease=LEASE)


async def holder(register: Register, letter: Letter = LETTER, now: datetime = NOW) -> str:
    answer = await claimed(register, letter, now)
    assert isinstance(answer, Claimed)
    return answer.holder


async def test_a_letter_is_claimed_by_one_at_a_time(register: Register) -> None:
    first = await claimed(register)
    assert isinstance(first, Claimed) and first.attempt == 1
    assert await claimed(register, now=NOW + MINUTE) == HeldBySomeoneElse(NOW + LEASE)


async def test_whoever_claims_again_has_the_same_claim(register: Register) -> None:
    """The register may have kept a claim, and answered too late."""
    first = await claimed(register, holder="a")
    again = await claimed(register, now=NOW + MINUTE, holder="a", address="new@example.org")
    assert again == first and isinstance(again, Claimed) and again.attempt == 1
    assert await claimed(register, now=NOW + MINUTE, holder="b") == HeldBySomeoneElse(NOW + MINUTE + LEASE)
    (delivery,) = await deliveries_of(register, LETTER.reference)
    assert (delivery.address, delivery.claimed_at, delivery.updated_at) == ("new@example.org", NOW, NOW + MINUTE)


async def test_whoever_claims_again_after_giving_back_or_losing_the_claim_tries_again(register: Register) -> None:
    first = await claimed(register, holder="a")
    assert isinstance(first, Claimed)
    await waiting(register, LETTER, first.holder, now=NOW, words="450")
    second = await claimed(register, holder="a")
    assert isinstance(second, Claimed) and second.attempt == 2
    third = await claimed(register, holder="b", now=NOW + LEASE)
    assert isinstance(third, Claimed) and third.attempt == 3
    assert await claimed(register, holder="a", now=NOW + LEASE) == HeldBySomeoneElse(NOW + 2 * LEASE)


async def test_what_was_taken_or_refused_is_no_longer_its_senders_to_claim(register: Register) -> None:
    for number, settle in ((1, accepted), (2, partial(refused, words="550"))):
        letter = LETTER._replace(number=number)
        await claimed(register, letter, holder="a")
        await settle(register, letter, now=NOW)
        assert isinstance(await claimed(register, letter, holder="a"), AlreadySettled)


async def test_of_many_at_once_one_gets_the_letter(register: Register) -> None:
    async with Register(register.url) as other:
        answers = await asyncio.gather(*(claimed((register, other)[n % 2]) for n in range(10)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Claimed"] + ["HeldBySomeoneElse"] * 9


async def test_letters_differ_by_file_notice_and_number(register: Register) -> None:
    for letter in (
        LETTER,
        LETTER._replace(reference="OTHER"),
        LETTER._replace(notice_key="x"),
        LETTER._replace(number=2),
    ):
        assert isinstance(await claimed(register, letter), Claimed)


async def test_a_taken_letter_is_never_sent_again(register: Register) -> None:
    await holder(register)
    await accepted(register, LETTER, now=NOW + MINUTE)
    answer = await claimed(register, now=NOW + 10 * LEASE)
    assert isinstance(answer, AlreadySettled)
    assert (answer.outcome.status, answer.outcome.updated_at) == ("accepted", NOW + MINUTE)


async def test_a_refused_letter_is_not_sent_again(register: Register) -> None:
    await holder(register)
    await refused(register, LETTER, now=NOW, words="550: no such mailbox")
    answer = await claimed(register, now=NOW + 10 * LEASE)
    assert isinstance(answer, AlreadySettled)
    assert (answer.outcome.status, answer.outcome.words) == ("refused", "550: no such mailbox")


async def test_after_a_crash_the_claim_runs_out_and_the_same_message_goes_again(register: Register) -> None:
    await holder(register)
    assert isinstance(await claimed(register, now=NOW + LEASE - MINUTE), HeldBySomeoneElse)
    again = await claimed(register, now=NOW + LEASE, message_id="<2@example.org>", address="new@example.org")
    assert isinstance(again, Claimed) and (again.attempt, again.message_id) == (2, "<1@example.org>")
    (delivery,) = await deliveries_of(register, LETTER.reference)
    assert (delivery.address, delivery.claimed_at, delivery.updated_at) == (
        "new@example.org",
        NOW,
        NOW + LEASE,
    )


async def test_a_letter_that_waits_says_why_and_may_be_claimed_at_once(register: Register) -> None:
    mine = await holder(register)
    await waiting(register, LETTER, mine, now=NOW, words="STARTTLS is not offered", operations_must_act=True)
    (delivery,) = await undelivered(register, NOW)
    assert (delivery.status, delivery.words, delivery.operations_must_act) == (
        "waiting",
        "STARTTLS is not offered",
        True,
    )
    again = await claimed(register)
    assert isinstance(again, Claimed) and again.attempt == 2
    (delivery,) = await deliveries_of(register, LETTER.reference)
    assert (delivery.words, delivery.operations_must_act) == ("", False)


async def test_whoever_lost_the_claim_cannot_give_it_back(register: Register) -> None:
    late = await holder(register)
    await holder(register, now=NOW + LEASE)
    await waiting(register, LETTER, late, now=NOW + LEASE, words="too late")
    assert isinstance(await claimed(register, now=NOW + LEASE), HeldBySomeoneElse)


async def test_what_the_server_took_counts_even_when_the_claim_was_lost(register: Register) -> None:
    await holder(register)
    second = await holder(register, now=NOW + LEASE)
    await accepted(register, LETTER, now=NOW + LEASE)
    await accepted(register, LETTER, now=NOW + 2 * LEASE)
    await refused(register, LETTER, now=NOW + 2 * LEASE, words="too late")
    await waiting(register, LETTER, second, now=NOW + 2 * LEASE, words="too late")
    (delivery,) = await deliveries_of(register, LETTER.reference)
    assert (delivery.status, delivery.updated_at, delivery.words) == ("accepted", NOW + LEASE, "")


async def test_a_letter_refused_once_and_accepted_once_was_accepted(register: Register) -> None:
    await holder(register)
    await refused(register, LETTER, now=NOW, words="550")
    await accepted(register, LETTER, now=NOW + MINUTE)
    (delivery,) = await deliveries_of(register, LETTER.reference)
    assert (delivery.status, delivery.words) == ("accepted", "")


async def test_a_letter_that_is_refused_twice_was_refused_the_first_time(register: Register) -> None:
    await holder(register)
    await refused(register, LETTER, now=NOW, words="550")
    await refused(register, LETTER, now=NOW + MINUTE, words="554")
    (delivery,) = await deliveries_of(register, LETTER.reference)
    assert (delivery.words, delivery.updated_at) == ("550", NOW)


async def test_an_outcome_needs_a_claim(register: Register) -> None:
    with pytest.raises(LookupError, match="letter 1 for decision_told:ofsted was never claimed"):
        await accepted(register, LETTER, now=NOW)


async def test_letters_that_wait_or_failed_are_listed_across_files(register: Register) -> None:
    letters = {name: Letter(f"FILE-{n}", name, 1) for n, name in enumerate(("silent", "waits", "refused", "accepted"))}
    for n, (name, letter) in enumerate(letters.items()):
        mine = await holder(register, letter, NOW + n * MINUTE)
        if name == "waits":
            await waiting(register, letter, mine, now=NOW + n * MINUTE, words="450")
        elif name == "refused":
            await refused(register, letter, now=NOW + n * MINUTE, words="550")
        elif name == "accepted":
            await accepted(register, letter, now=NOW + n * MINUTE)
    assert [delivery.notice_key for delivery in await undelivered(register, NOW)] == ["waits", "refused"]
    after = await undelivered(register, NOW + LEASE)
    assert [delivery.notice_key for delivery in after] == ["silent", "waits", "refused"]


async def test_a_refused_letter_leaves_the_list_when_it_was_written_again(register: Register) -> None:
    await holder(register)
    await refused(register, LETTER, now=NOW, words="550")
    await holder(register, LETTER._replace(number=2))
    assert await undelivered(register, NOW) == ()


async def test_a_files_letters_are_read_in_their_order(register: Register) -> None:
    for n in (2, 1, 3):
        await holder(register, LETTER._replace(number=n), NOW + n * MINUTE)
    await holder(register, LETTER._replace(reference="OTHER"))
    found = await deliveries_of(register, LETTER.reference)
    assert [delivery.number for delivery in found] == [1, 2, 3]
    assert found[0] == replace(found[0], status="sending", held_until=NOW + MINUTE + LEASE, attempts=1)


async def test_a_letter_that_had_nobody_to_go_to_is_found_although_it_was_never_sent(
    register: Register, a_file: Callable[..., Projection]
) -> None:
    file = a_file()
    refused_one = replace(file.notices[0], status="refused")
    await write(register, replace(file, notices=(refused_one, *file.notices[1:])))
    (found,) = await unaddressed(register)
    assert (found.reference, found.notice_key, found.recipient) == (file.reference, refused_one.key, "ofsted")
    await holder(register, Letter(file.reference, refused_one.key, refused_one.number))
    assert await unaddressed(register) == ()


async def test_a_later_letter_that_had_nobody_to_go_to_is_found_although_an_earlier_one_was_sent(
    register: Register, a_file: Callable[..., Projection]
) -> None:
    file = a_file()
    again = replace(file.notices[0], status="refused", number=2)
    await write(register, replace(file, notices=(again, *file.notices[1:])))
    await holder(register, Letter(file.reference, again.key, 1))
    (found,) = await unaddressed(register)
    assert found.notice_key == again.key


async def test_a_letter_that_is_tried_again_keeps_the_time_of_its_first_try(register: Register) -> None:
    """Links in a letter count from it: sent again, they are the same."""
    first = await claimed(register)
    assert isinstance(first, Claimed) and first.first_at == NOW
    await waiting(register, LETTER, first.holder, now=NOW, words="away")
    second = await claimed(register, now=NOW + timedelta(days=40))
    assert isinstance(second, Claimed) and second.first_at == NOW and second.attempt == 2
