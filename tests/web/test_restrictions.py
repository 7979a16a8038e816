"""A file can be restricted to named people; who reads it then is written down."""

from __future__ import annotations

import re
from dataclasses import replace

from register.people.access import restricted_to
from register.people.accounts import change_account

from .conftest import Board, Browser, Browsers


def page(reference: str) -> str:
    return f"/files/{reference}/restriction"


def _plain(text: str, reference: str) -> str:
    """A page without what differs from one request to the next."""
    return re.sub(r'nonce="[^"]*"|value="[^"]*"', "", text).replace(reference, "")


async def restrict(browser: Browser, reference: str, *others: Browser) -> None:
    people = [other.account.id for other in others]
    assert (await browser.fill(page(reference), {"people": people})).status_code == 303


async def test_a_restricted_file_is_there_for_the_people_named_and_whoever_named_them(
    board: Board, browser: Browsers
) -> None:
    reference = await board.opened()
    one, named, other = await browser("coordinator"), await browser("chair"), await browser("coordinator")
    assert "Everyone with access to files" in (await one.get(page(reference))).text
    await restrict(one, reference, named)
    assert await restricted_to(board.site.register, reference) == {one.account.id, named.account.id}
    assert (await one.get(page(reference))).status_code == (await named.get(page(reference))).status_code == 200
    refused, missing = await other.get(page(reference)), await other.get(page("EX-TEST-9999"))
    assert refused.status_code == missing.status_code == 404
    # Whether there is such a file is not told either.
    assert refused.text.count(reference) and _plain(refused.text, reference) == _plain(missing.text, "EX-TEST-9999")
    assert "or it is restricted" in refused.text and one.account.name not in refused.text
    token = await other.token("/account")
    for address in (page(reference), f"{page(reference)}/open"):
        assert (await other.post(address, data={"csrf": token})).status_code == 404
    assert await restricted_to(board.site.register, reference) == {one.account.id, named.account.id}


async def test_whoever_restricts_a_file_is_never_shut_out(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    one, other = await browser("coordinator"), await browser("chair")
    await restrict(one, reference)
    assert await restricted_to(board.site.register, reference) == {one.account.id}
    await restrict(one, reference, other)
    await restrict(other, reference)
    assert await restricted_to(board.site.register, reference) == {other.account.id}


async def test_it_is_opened_to_every_reader_again(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    one, other = await browser("coordinator"), await browser("coordinator")
    await restrict(one, reference)
    assert (await one.fill(f"{page(reference)}/open", {}, form=page(reference))).status_code == 303
    assert (await other.get(page(reference))).status_code == 200
    assert not await restricted_to(board.site.register, reference)


async def test_reading_a_restricted_file_is_written_down_and_reading_another_is_not(
    board: Board, browser: Browsers
) -> None:
    reference = await board.opened()
    one, named = await browser("coordinator"), await browser("chair", name="Cher Example")
    await named.get(page(reference))
    assert "No entries yet" in (await one.get(page(reference))).text
    await restrict(one, reference, named)
    await named.get(page(reference))
    audit = (await one.get(page(reference))).text.partition("Who read it</h2>")[2]
    assert "restricted to" in audit and "Cher Example" in audit and "looked at who may read it" in audit


async def test_an_auditor_reads_it_and_what_was_done_but_restricts_nothing(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    one, auditor = await browser("coordinator"), await browser("auditor", name="Aud Example")
    await restrict(one, reference)
    read = await auditor.get(page(reference))
    assert read.status_code == 200 and "Restrict the file" not in read.text and "Open it" not in read.text
    assert "Aud Example" in (await one.get(page(reference))).text.partition("Who read it</h2>")[2]
    answer = await auditor.post(page(reference), data={"csrf": await auditor.token("/account")})
    assert answer.status_code == 403


async def test_only_people_who_may_read_files_can_be_named(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    one, admin = await browser("coordinator"), await browser("administrator", name="Adm Example")
    assert "Adm Example" not in (await one.get(page(reference))).text
    for stranger in (admin.account.id, "nobody", "<script>"):
        answer = await one.fill(page(reference), {"people": [stranger]})
        assert answer.status_code == 422 and "Choose people from it again" in answer.text
    assert not await restricted_to(board.site.register, reference)


async def test_who_was_stopped_from_signing_in_cannot_be_named(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    one, stopped = await browser("coordinator"), await browser("chair", name="Sto Example")
    assert "Sto Example" in (await one.get(page(reference))).text
    await change_account(
        board.site.register, replace(stopped.account, active=False), by="the tests", now=board.site.now()
    )
    assert "Sto Example" not in (await one.get(page(reference))).text
    answer = await one.fill(page(reference), {"people": [stopped.account.id]})
    assert answer.status_code == 422 and not await restricted_to(board.site.register, reference)


async def test_a_files_own_page_leads_there_for_those_who_may(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    for role, sees in (("coordinator", True), ("chair", True), ("auditor", True), ("board_member", False)):
        shown = await (await browser(role)).get(f"/files/{reference}")
        assert shown.status_code == 200 and (f'href="{page(reference)}"' in shown.text) is sees, role


async def test_nothing_is_sent_to_a_file_one_may_not_read_by_merging_into_it(board: Board, browser: Browsers) -> None:
    hidden, mine = await board.opened(), await board.opened()
    one, other = await browser("coordinator"), await browser("coordinator")
    await restrict(one, hidden)
    year, month, day = board.today.split("-")
    values = {"reason": "The same incident.", "happened_on-year": year, "happened_on-month": month}
    values |= {"happened_on-day": day, "_confirm": "yes"}
    address = f"/files/{mine}/record/merged_into"
    for reference in (hidden, "EX-TEST-9999"):
        answer = await other.fill(address, {**values, "reference": reference})
        assert answer.status_code == 422
        assert f"There is no file {reference}, or it is restricted" in answer.text
    assert (await one.fill(address, {**values, "reference": hidden})).status_code == 303
