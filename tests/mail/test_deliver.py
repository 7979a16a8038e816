"""What becomes of a message on its way to the mail server, against real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from activities.mail.smtp import (
    _PATIENCE_ALTOGETHER,
    DeliveryRefused,
    NotDelivered,
    Relay,
    TryAgain,
    WrongSettings,
    deliver,
)
from activities.sending import LEASE

Open = Callable[..., Any]
Write = Callable[..., EmailMessage]
RelayTo = Callable[..., Relay]

QUOTED = "panel@example.org says EX-2027-004: Zoe is not for us"
"""Servers quote addresses and subjects; nothing of this may be passed on."""


async def failure(message: EmailMessage, relay: Relay) -> NotDelivered:
    """How a delivery fails, after checking what holds for every failure."""
    with pytest.raises(NotDelivered) as caught:
        await deliver(message, relay)
    error = caught.value
    assert type(error) in (TryAgain, DeliveryRefused, WrongSettings)
    assert error.reason and "\n" not in error.reason and str(error) == error.reason
    assert not any(word in error.reason for word in ("panel", "EX-2027", "Zoe", "not for us"))
    # What the server wrote is in the original error, which must not follow ours into history.
    assert error.__cause__ is None and (error.__context__ is None or error.__suppress_context__)
    return error


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
async def test_a_message_is_taken_once_from_the_sender_to_the_one_recipient(
    security: str, post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office(security)
    await deliver(write(), relay_to(office.port, security=security))
    [envelope] = office.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("reviews@board.example.org", ["panel@example.org"])
    assert office.said[-1] == "QUIT"


async def test_we_greet_as_the_domain_we_send_from(post_office: Open, write: Write, relay_to: RelayTo) -> None:
    office = await post_office()
    await deliver(write(), relay_to(office.port))
    assert office.said[0] == "EHLO board.example.org"


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("code", [421, 450, 451, 452])
async def test_a_4xx_is_tried_again_and_was_not_taken(
    command: str, code: int, post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office(**{command: f"{code} 4.2.0 {QUOTED}"})
    error = await failure(write(), relay_to(office.port))
    assert isinstance(error, TryAgain) and not error.maybe_accepted
    assert f"{code} 4.2.0, mailbox" in error.reason


@pytest.mark.parametrize(
    ("command", "code", "what"),
    [
        ("MAIL", 550, "sender"),
        ("MAIL", 552, "sender"),
        ("RCPT", 550, "recipient"),
        ("RCPT", 553, "recipient"),
        ("DATA", 550, "message"),
        ("DATA", 554, "message"),
    ],
)
async def test_a_5xx_is_for_a_person(
    command: str, code: int, what: str, post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office(**{command: f"{code} {QUOTED}"})
    error = await failure(write(), relay_to(office.port))
    assert isinstance(error, DeliveryRefused) and error.code == code
    assert what in error.reason and str(code) in error.reason


async def test_the_enhanced_code_says_what_a_refusal_is_about(
    post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office(RCPT=f"550 5.1.1 {QUOTED}")
    error = await failure(write(), relay_to(office.port))
    assert error.reason == "The mail server refused the recipient (550 5.1.1, address)."


async def test_a_refusal_is_not_hidden_by_a_server_that_is_silent_from_there_on(
    post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office(RCPT="550 no", RSET="silence", QUIT="silence")
    error = await failure(write(), relay_to(office.port, timeout_seconds=0.3))
    assert isinstance(error, DeliveryRefused) and error.code == 550


@pytest.mark.parametrize("goodbye", ["silence", "hang up", "500 what?"])
async def test_what_was_taken_stays_taken_whatever_becomes_of_the_goodbye(
    goodbye: str, post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office(QUIT=goodbye)
    await deliver(write(), relay_to(office.port, timeout_seconds=0.3))
    assert len(office.taken) == 1


@pytest.mark.parametrize(("command", "maybe_accepted"), [("MAIL", False), ("RCPT", False), ("DATA", True)])
async def test_a_connection_that_drops_is_tried_again(
    command: str, maybe_accepted: bool, post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office(**{command: "hang up"})
    error = await failure(write(), relay_to(office.port))
    assert isinstance(error, TryAgain) and error.maybe_accepted is maybe_accepted


@pytest.mark.parametrize(("command", "maybe_accepted"), [("RCPT", False), ("DATA", True)])
async def test_silence_is_tried_again(
    command: str, maybe_accepted: bool, post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office(**{command: "silence"})
    begun = asyncio.get_running_loop().time()
    error = await failure(write(), relay_to(office.port, timeout_seconds=0.2))
    waited = asyncio.get_running_loop().time() - begun
    assert isinstance(error, TryAgain) and error.maybe_accepted is maybe_accepted
    assert "no answer in time" in error.reason
    # Once it has the content, a server gets longer: giving up on a slow one sends the letter twice.
    assert (waited > 0.8) is maybe_accepted


@pytest.mark.parametrize(("command", "maybe_accepted"), [("RCPT", False), ("DATA", True)])
async def test_a_delivery_ends_in_time_however_long_each_answer_may_take(
    command: str,
    maybe_accepted: bool,
    post_office: Open,
    write: Write,
    relay_to: RelayTo,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("activities.mail.smtp._PATIENCE_ALTOGETHER", 0.01)
    office = await post_office(**{command: "silence"})
    begun = asyncio.get_running_loop().time()
    error = await failure(write(), relay_to(office.port, timeout_seconds=30))
    assert asyncio.get_running_loop().time() - begun < 10
    assert isinstance(error, TryAgain) and error.maybe_accepted is maybe_accepted
    assert "no answer in time" in error.reason


async def test_a_server_that_never_greets_is_tried_again(scripted: Open, write: Write, relay_to: RelayTo) -> None:
    port = await scripted("silence")
    error = await failure(write(), relay_to(port, timeout_seconds=0.2))
    assert isinstance(error, TryAgain) and not error.maybe_accepted


async def test_a_server_that_is_not_there_is_tried_again(unused_tcp_port: int, write: Write, relay_to: RelayTo) -> None:
    error = await failure(write(), relay_to(unused_tcp_port))
    assert isinstance(error, TryAgain) and not error.maybe_accepted
    assert "connection refused" in error.reason


async def test_a_host_without_an_address_is_tried_again(write: Write, relay_to: RelayTo) -> None:
    error = await failure(write(), relay_to(587, host="nowhere.invalid", security="starttls"))
    assert isinstance(error, TryAgain) and not error.maybe_accepted
    assert "nowhere.invalid" in error.reason


@pytest.mark.parametrize(
    ("greeting", "expected"),
    [
        ("421 closing", TryAgain),
        ("554 not from your address", WrongSettings),
        ("what?", TryAgain),
        ("hang up", TryAgain),
    ],
)
async def test_a_greeting_that_sends_us_away_says_nothing_about_the_message(
    greeting: str, expected: type[NotDelivered], scripted: Open, write: Write, relay_to: RelayTo
) -> None:
    assert type(await failure(write(), relay_to(await scripted(greeting)))) is expected


@pytest.mark.parametrize(("answer", "expected"), [("421 busy", TryAgain), ("550 not you", WrongSettings)])
async def test_a_refused_ehlo_says_nothing_about_the_message(
    answer: str, expected: type[NotDelivered], scripted: Open, write: Write, relay_to: RelayTo
) -> None:
    assert type(await failure(write(), relay_to(await scripted("220 hi", EHLO=answer)))) is expected


@pytest.mark.parametrize("word", ["gibberish", "299 perhaps"])
async def test_an_answer_that_cannot_be_understood_after_the_content_may_mean_taken(
    word: str, post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office(DATA=word)
    error = await failure(write(), relay_to(office.port))
    assert isinstance(error, TryAgain) and error.maybe_accepted


async def test_a_relay_without_starttls_gets_nothing_in_clear_text(
    post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office("none")
    error = await failure(write(), relay_to(office.port, security="starttls"))
    assert isinstance(error, WrongSettings) and "STARTTLS" in error.reason
    assert "MAIL" not in office.said


@pytest.mark.parametrize(("answer", "expected"), [("454 soon", TryAgain), ("502 no", WrongSettings)])
async def test_a_starttls_that_is_offered_and_refused(
    answer: str, expected: type[NotDelivered], scripted: Open, write: Write, relay_to: RelayTo
) -> None:
    port = await scripted("220 hi", EHLO="250-hi\r\n250 STARTTLS", STARTTLS=answer)
    assert type(await failure(write(), relay_to(port, security="starttls"))) is expected


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_trusts_is_for_operations(
    security: str, post_office: Open, write: Write, relay_to: RelayTo, certificates: Any
) -> None:
    office = await post_office(security)
    relay = relay_to(office.port, security=security, ca_file=certificates.other_ca_file)
    error = await failure(write(), relay)
    assert isinstance(error, WrongSettings) and "certificate" in error.reason
    assert office.taken == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_for_another_name_is_for_operations(
    security: str, post_office: Open, write: Write, relay_to: RelayTo, certificates: Any
) -> None:
    office = await post_office(security, certificate=certificates.for_another_name)
    error = await failure(write(), relay_to(office.port, security=security))
    assert isinstance(error, WrongSettings) and "127.0.0.1" in error.reason


async def test_tls_where_the_relay_speaks_clear_text_is_for_operations(
    post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office("none")
    error = await failure(write(), relay_to(office.port, security="tls"))
    assert isinstance(error, WrongSettings) and "TLS" in error.reason


async def test_a_connection_cut_in_the_tls_handshake_is_tried_again(
    scripted: Open, write: Write, relay_to: RelayTo
) -> None:
    port = await scripted("220 hi", EHLO="250-hi\r\n250 STARTTLS", STARTTLS="220 go hang up")
    assert isinstance(await failure(write(), relay_to(port, security="starttls")), TryAgain)


async def test_the_right_password_is_taken(post_office: Open, write: Write, relay_to: RelayTo) -> None:
    office = await post_office("starttls", sign_in=True)
    await deliver(write(), relay_to(office.port, security="starttls", username="board", password="right"))
    assert len(office.taken) == 1


async def test_a_wrong_password_is_for_operations_and_tried_once(
    post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office("starttls", sign_in=True)
    relay = relay_to(office.port, security="starttls", username="board", password="wrong")
    error = await failure(write(), relay)
    assert isinstance(error, WrongSettings) and "535" in error.reason and "password" in error.reason
    assert [said for said in office.said if said.startswith("AUTH")] == ["AUTH PLAIN"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("535 no hang up", WrongSettings), ("454 later", TryAgain), ("421 closing hang up", TryAgain)],
)
async def test_a_relay_that_hangs_up_on_a_wrong_password_is_not_taken_for_one_that_is_away(
    answer: str, expected: type[NotDelivered], scripted: Open, write: Write, relay_to: RelayTo
) -> None:
    port = await scripted("220 hi", EHLO="250-hi\r\n250 AUTH LOGIN PLAIN CRAM-MD5", AUTH=answer)
    error = await failure(write(), relay_to(port, username="board", password="wrong"))
    assert type(error) is expected


@pytest.mark.parametrize("offered", ["250 HELP", "250 AUTH XOAUTH2"])
async def test_a_relay_that_offers_no_sign_in_is_for_operations(
    offered: str, scripted: Open, write: Write, relay_to: RelayTo
) -> None:
    port = await scripted("220 hi", EHLO=f"250-hi\r\n{offered}")
    error = await failure(write(), relay_to(port, username="board", password="right"))
    assert isinstance(error, WrongSettings) and "sign in" in error.reason


@pytest.mark.parametrize("method", ["LOGIN", "CRAM-MD5"])
async def test_other_ways_to_sign_in_are_used_where_plain_is_not_offered(
    method: str, scripted: Open, write: Write, relay_to: RelayTo
) -> None:
    port = await scripted("220 hi", EHLO=f"250-hi\r\n250 AUTH {method}", AUTH="535 5.7.8 no")
    error = await failure(write(), relay_to(port, username="board", password="right"))
    assert isinstance(error, WrongSettings) and "535 5.7.8, policy" in error.reason


async def test_a_relay_that_wants_a_sign_in_we_have_not_is_for_operations(
    post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office("starttls", sign_in=True)
    error = await failure(write(), relay_to(office.port, security="starttls"))
    assert isinstance(error, WrongSettings) and "530" in error.reason


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
@pytest.mark.parametrize("code", [530, 538])
async def test_a_relay_that_asks_for_a_sign_in_or_for_encryption_refuses_no_message(
    command: str, code: int, post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office(**{command: f"{code} 5.7.11 {QUOTED}"})
    error = await failure(write(), relay_to(office.port))
    assert isinstance(error, WrongSettings) and f"{code} 5.7.11, policy" in error.reason


def test_a_delivery_is_over_before_another_may_claim_the_letter() -> None:
    relay = Relay("mail.example.org", 587)
    assert relay.timeout_seconds * _PATIENCE_ALTOGETHER < LEASE.total_seconds()


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "0.0.0.0", "127.0.0.1.nowhere.invalid"])
async def test_clear_text_goes_to_loopback_alone(host: str, write: Write, relay_to: RelayTo) -> None:
    # None of these can be reached, so only a check made before connecting calls them wrong settings.
    error = await failure(write(), relay_to(25, host=host))
    assert isinstance(error, WrongSettings) and "clear text" in error.reason.lower()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_may_have_clear_text(host: str) -> None:
    assert Relay(host, 25, "none").fault() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"host": ""},
        {"host": "mail.example.org\r\nRCPT"},
        {"host": "x" * 70 + ".example.org"},
        {"security": "STARTTLS"},
        {"username": "board"},
        {"password": "right"},
        {"ca_file": "/nowhere/ca.pem"},
        {"ca_file": __file__},
    ],
)
async def test_settings_that_cannot_be_right_are_for_operations(
    changes: dict[str, Any], write: Write, relay_to: RelayTo
) -> None:
    relay = relay_to(1, **{"security": "starttls", **changes})
    assert isinstance(await failure(write(), relay), WrongSettings)


def test_a_password_is_not_shown() -> None:
    assert "hunter2" not in repr(Relay("localhost", 25, "none", "board", "hunter2"))


def addressed(to: str | Address, sender: str | Address = "reviews@board.example.org") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = sender, to
    message.set_content("Grüße")
    return message


async def test_an_address_in_letters_the_relay_does_not_know_is_for_a_person(
    post_office: Open, relay_to: RelayTo
) -> None:
    office = await post_office()
    error = await failure(addressed(Address("", "zoë", "example.org")), relay_to(office.port))
    assert isinstance(error, DeliveryRefused) and error.code is None
    assert office.taken == []


async def test_an_address_in_letters_the_relay_knows_is_taken(post_office: Open, relay_to: RelayTo) -> None:
    office = await post_office(utf8=True)
    await deliver(addressed(Address("", "zoë", "example.org")), relay_to(office.port))
    assert office.taken[0].rcpt_tos == ["zoë@example.org"]


async def test_a_relay_of_seven_bits_gets_seven_bits(post_office: Open, relay_to: RelayTo) -> None:
    office = await post_office(withheld=("8BITMIME",))
    await deliver(addressed("panel@example.org"), relay_to(office.port))
    assert office.taken[0].content.isascii()
    assert message_from_bytes(office.taken[0].content, policy=default).get_content() == "Grüße\n"


@pytest.mark.parametrize("to", ["", "undisclosed-recipients:;", "a@example.org, b@example.org", "nobody"])
async def test_a_message_has_exactly_one_recipient(to: str, relay_to: RelayTo, unused_tcp_port: int) -> None:
    assert isinstance(await failure(addressed(to), relay_to(unused_tcp_port)), DeliveryRefused)


@pytest.mark.parametrize("header", ["Cc", "Bcc"])
async def test_a_copy_is_another_recipient(header: str, relay_to: RelayTo, unused_tcp_port: int) -> None:
    message = addressed("panel@example.org")
    message[header] = "other@example.org"
    assert isinstance(await failure(message, relay_to(unused_tcp_port)), DeliveryRefused)


async def test_a_domain_that_cannot_be_greeted_with_is_for_operations(post_office: Open, relay_to: RelayTo) -> None:
    office = await post_office()
    message = addressed("panel@example.org", Address("", "reviews", "zoë.example.org"))
    assert isinstance(await failure(message, relay_to(office.port)), WrongSettings)


async def test_a_delivery_that_is_cancelled_leaves_no_connection_behind(
    post_office: Open, write: Write, relay_to: RelayTo
) -> None:
    office = await post_office(DATA="silence")
    delivery = asyncio.create_task(deliver(write(), relay_to(office.port)))
    await office.content_came.wait()
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    await asyncio.wait_for(office.connection_lost.wait(), 5)
