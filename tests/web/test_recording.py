"""Recording a step by a form: shown, checked, recorded once, and nothing typed is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from fastapi import FastAPI

from models.casefile import opened
from register.engine import Register
from register.files.store import read_file
from register.people.accounts import change_account
from register.people.saved_forms import kept_form
from register.people.sessions import begin_session
from web.app import make_app
from web.request import sending

from .conftest import Board, Browser, Browsers
from .html_forms import Page, structure_faults

T = TypeVar("T")


def today(board: Board, name: str = "happened_on", ago: int = 0) -> dict[str, str]:
    """A date as somebody types it."""
    year, month, day = board.day(ago).split("-")
    return {f"{name}-day": day, f"{name}-month": month, f"{name}-year": year}


def note(board: Board, text: str = "A note.") -> dict[str, str]:
    """A note as somebody types it."""
    return {**today(board), "text": text}


def values_in(page: httpx.Response) -> dict[str, Any]:
    """What a page's form would send as it is."""
    found: dict[str, Any] = {}
    for name, value in Page(page.text).form():
        found[name] = [*found[name], value] if name in found else [value]
    return found


async def sent(coordinator: Browser, address: str, values: dict[str, Any]) -> httpx.Response:
    """A form filled in and sent: the answer."""
    page = await coordinator.get(address)
    assert page.status_code == 200 and structure_faults(page.text) == [], structure_faults(page.text)
    return await coordinator.post(address.partition("?")[0], data=values_in(page) | values)


async def again(coordinator: Browser, address: str, page: httpx.Response, **more: Any) -> httpx.Response:
    """What a page's form holds, sent with something more: ``confirm``."""
    return await coordinator.post(address, data=values_in(page) | more)


async def steps(board: Board, reference: str, name: str) -> list[dict[str, Any]]:
    """The steps of one kind on a file."""
    return [entry for entry in (await board.cases.state(reference)).record if entry["name"] == name]


async def test_a_step_is_recorded_by_a_form_that_is_checked_first(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator", name="Sam Example")
    address = f"/files/{reference}/record/note_added"
    check = await sent(coordinator, address, note(board, "Line one.\nLine two."))
    assert check.status_code == 200 and structure_faults(check.text) == []
    assert "Check your answers" in check.text and "Line one.<br>Line two." in check.text
    done = await again(coordinator, address, check, _confirm="yes")
    assert done.status_code == 303 and done.headers["location"] == f"/files/{reference}?recorded=note_added"
    [entry] = await steps(board, reference, "note_added")
    assert entry["body"]["recorded_by"] == "Sam Example" and entry["body"]["text"] == "Line one.\nLine two."


async def test_a_request_reads_and_folds_its_file_once(
    board: Board, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The worker folds files too, in this process: only what is done for the request counts.
    done: ContextVar[list[str] | None] = ContextVar("done", default=None)

    def counted(name: str, call: Callable[..., T]) -> Callable[..., T]:
        def counting(*given: Any) -> T:
            if (names := done.get()) is not None:
                names.append(name)
            return call(*given)

        return counting

    monkeypatch.setattr("web.request.opened_file.read_file", counted("read", read_file))
    monkeypatch.setattr("models.fold.opened", counted("folded", opened))
    address = f"/files/{await board.opened()}/record/note_added"
    coordinator = await browser("coordinator")
    done.set([])
    page = await coordinator.get(address)
    assert page.status_code == 200 and done.get() == ["read", "folded"]
    values = values_in(page) | note(board)
    done.set([])
    page = await coordinator.post(address, data=values)
    assert "Check your answers" in page.text and done.get() == ["read", "folded"]


async def test_what_is_changed_after_the_check_is_what_is_recorded(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    address = f"/files/{reference}/record/note_added"
    check = await sent(coordinator, address, note(board, "First."))
    form = await again(coordinator, address, check, _change="yes")
    assert form.status_code == 200 and ("text", "First.") in Page(form.text).form()
    check = await again(coordinator, address, form, text="Second.")
    await again(coordinator, address, check, _confirm="yes")
    [entry] = await steps(board, reference, "note_added")
    assert entry["body"]["text"] == "Second."


async def test_a_double_click_records_once(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    address = f"/files/{reference}/record/note_added"
    check = await sent(coordinator, address, note(board))
    answers = await asyncio.gather(*(again(coordinator, address, check, _confirm="yes") for _ in range(3)))
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    reloaded = await again(coordinator, address, check, _confirm="yes")
    assert reloaded.status_code == 303
    assert len(await steps(board, reference, "note_added")) == 1


async def test_a_form_that_was_recorded_is_not_recorded_again_with_other_words(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    address = f"/files/{reference}/record/note_added"
    check = await sent(coordinator, address, note(board))
    await again(coordinator, address, check, _confirm="yes")
    back = await again(coordinator, address, check, _confirm="yes", text="Other words.")
    assert back.status_code == 409 and "You already recorded" in back.text and structure_faults(back.text) == []
    assert len(await steps(board, reference, "note_added")) == 1


async def test_who_types_while_another_records_is_told_what_and_by_whom_and_loses_nothing(
    board: Board, browser: Browsers
) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    address = f"/files/{reference}/record/note_added"
    form = await coordinator.get(address)
    await board.record(reference, "notified_panel", recorded_by="Robin Else")
    check = await coordinator.post(address, data=values_in(form) | note(board, "Mine."))
    assert check.status_code == 200 and "This file changed" in check.text and structure_faults(check.text) == []
    assert "The authority notified the national panel, by Robin Else" in check.text and "Mine." in check.text
    # Somebody records between the check and its confirmation: it is said before anything is recorded.
    await board.record(reference, "note_added", text="Another.", recorded_by="Robin Else")
    told = await again(coordinator, address, check, _confirm="yes")
    assert told.status_code == 409 and "A note was added, by Robin Else" in told.text and "Mine." in told.text
    assert (await again(coordinator, address, told, _confirm="yes")).status_code == 303
    assert [entry["body"]["text"] for entry in await steps(board, reference, "note_added")] == ["Another.", "Mine."]


async def test_two_coordinators_on_one_step_cannot_both_record_it(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    address = f"/files/{reference}/record/notified_panel"
    check = await sent(coordinator, address, today(board))
    await board.record(reference, "notified_panel")
    told = await again(coordinator, address, check, _confirm="yes")
    assert told.status_code == 422 and "This notification is already recorded" in told.text
    assert len(await steps(board, reference, "notified_panel")) == 1


async def test_a_refusal_of_the_rules_is_told_beside_its_field_and_keeps_what_was_typed(
    board: Board, browser: Browsers
) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    values = {**today(board), "choice": "no review", "decided_by": "The Chair", "reasons": "Not <b>yet</b>."}
    refused = await sent(coordinator, f"/files/{reference}/record/decision", values)
    assert refused.status_code == 422 and "<title>Error: " in refused.text and structure_faults(refused.text) == []
    assert 'href="#f-choice"' in refused.text and "must always trigger a Serious Case Review" in refused.text
    assert "“Facts of the incident were corrected”" in refused.text and "facts_corrected first" not in refused.text
    form = dict(Page(refused.text).form())
    assert form["choice"] == "no review" and form["decided_by"] == "The Chair" and form["reasons"] == "Not <b>yet</b>."


async def test_the_finding_is_beside_the_decision_limb_by_limb(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    page = await (await browser("chair")).get(f"/files/{reference}/record/decision")
    assert "A criterion is met" in page.text and "The child died in custody" in page.text
    assert "Why we ask" in page.text and "2.2c" in page.text


async def test_a_date_that_is_none_is_told_once_and_kept(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    values = {"happened_on-day": "31", "happened_on-month": "Feb", "happened_on-year": "2018", "text": "A note."}
    wrong = await sent(coordinator, f"/files/{reference}/record/note_added", values)
    assert wrong.status_code == 422 and wrong.text.count("Date it happened must be a real date") == 2
    assert "Enter a date" not in wrong.text and dict(Page(wrong.text).form())["happened_on-month"] == "Feb"


async def test_every_step_is_in_the_list_with_why_it_may_not_be_recorded(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    for way in ("", "?by=stage"):
        page = await coordinator.get(f"/files/{reference}/record{way}")
        assert page.status_code == 200 and structure_faults(page.text) == []
        assert f'href="/files/{reference}/record/decision"' in page.text
        assert f'href="/files/{reference}/record/published"' not in page.text
        assert "No report is signed off on this file" in page.text
    not_now = await coordinator.get(f"/files/{reference}/record/published")
    assert not_now.status_code == 200 and "You cannot record this now" in not_now.text


async def test_what_another_file_sends_by_itself_is_offered_to_nobody(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    page = await coordinator.get(f"/files/{reference}/record")
    assert "Only the other file can record this." in page.text
    assert f'href="/files/{reference}/record/merged_from"' not in page.text


async def test_the_chair_decides_and_leaves_the_rest_to_the_coordinator(board: Board, browser: Browsers) -> None:
    reference, chair = await board.opened(), await browser("chair")
    page = await chair.get(f"/files/{reference}/record")
    assert (
        f'href="/files/{reference}/record/decision"' in page.text and "Only a coordinator can record this." in page.text
    )
    assert f'href="/files/{reference}/record/notified_panel"' not in page.text
    token = {"csrf": await chair.token(f"/files/{reference}/record/decision")}
    forced = await chair.post(f"/files/{reference}/record/notified_panel", data={**token, **today(board)})
    assert forced.status_code == 403 and await steps(board, reference, "notified_panel") == []


async def test_a_board_member_confirms_for_the_own_organisation_alone(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    member = await browser("board_member", organisation="exampleshire-police")
    address = f"/files/{reference}/record/files_secured"
    form = await member.get(address)
    assert "Exampleshire Police" in form.text and "Hospital" not in form.text
    values = {**today(board), "how": "locked down"}
    forced = await sent(member, address, {**values, "organisation": "exampleshire-hospital"})
    assert forced.status_code == 422 and "your own organisation" in forced.text
    check = await sent(member, address, {**values, "organisation": "exampleshire-police"})
    assert (await again(member, address, check, _confirm="yes")).status_code == 303
    stranger = await browser("board_member")
    assert "your account has no organisation" in (await stranger.get(address)).text


async def test_a_board_member_records_nothing_about_the_action_of_another_organisation(
    board: Board, browser: Browsers
) -> None:
    reference = await board.opened()
    decision = {"choice": "SCR, criteria met", "decided_by": "chair", "reasons": "The first limb is met."}
    await board.record(reference, "decision", **decision)
    for number, owner in enumerate(("exampleshire-police", "exampleshire-hospital"), 1):
        proposed = {"action": f"a-{number}", "owner": owner, "text": "Train the night staff."}
        await board.record(reference, "action_proposed", **proposed)
        await board.record(reference, "action_agreed", action=f"a-{number}", agreed_by="Its director")
    member = await browser("board_member", organisation="exampleshire-police")
    address = f"/files/{reference}/record/action_done"
    form = await member.get(address)
    assert 'value="a-1"' in form.text and 'value="a-2"' not in form.text
    values = {**today(board), "evidence": "The list of those who were trained."}
    forced = await sent(member, address, {**values, "action": "a-2", "_confirm": "yes"})
    assert forced.status_code == 422 and "your own organisation" in forced.text
    assert await steps(board, reference, "action_done") == []
    check = await sent(member, address, {**values, "action": "a-1"})
    assert (await again(member, address, check, _confirm="yes")).status_code == 303


async def test_who_only_reads_records_nothing(board: Board, browser: Browsers) -> None:
    reference = await board.opened()
    for role in ("auditor", "operations", "administrator"):
        page = await (await browser(role)).get(f"/files/{reference}/record/note_added")
        assert page.status_code == 403
    coordinator = await browser("coordinator")
    assert (await coordinator.get("/files/EX-NONE/record")).status_code == 404
    assert (await coordinator.get(f"/files/{reference}/record/nothing")).status_code == 404


async def test_an_address_can_fill_in_what_is_known(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    query = "organisation=exampleshire-police&happened_on=2026-01-05&nonsense=1"
    form = await coordinator.get(f"/files/{reference}/record/files_secured?{query}")
    found = dict(Page(form.text).form())
    assert found["organisation"] == "exampleshire-police" and found["happened_on-month"] == "1"


async def test_what_was_typed_survives_a_session_that_was_lost(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    address = f"/files/{reference}/record/note_added"
    form = await coordinator.get(address)
    more = replace(coordinator.account, roles=frozenset({"coordinator", "chair"}))
    await change_account(board.site.register, more, by="the tests", now=board.site.now())
    lost = await coordinator.post(address, data=values_in(form) | note(board, "Typed for an hour."))
    assert lost.status_code == 303 and lost.headers["location"].startswith("/sign-in")
    secret = await begin_session(board.site.register, coordinator.account.id, now=board.site.now())
    coordinator.cookies.set("session", secret)
    back = await coordinator.get(address)
    assert (
        "Typed for an hour." in back.text
        and "We kept what you typed" in back.text
        and structure_faults(back.text) == []
    )
    assert values_in(back)["id"] == values_in(form)["id"]
    check = await again(coordinator, address, back)
    assert (await again(coordinator, address, check, _confirm="yes")).status_code == 303
    assert "Typed for an hour." not in (await coordinator.get(address)).text
    assert len(await steps(board, reference, "note_added")) == 1


async def test_with_temporal_away_it_says_plainly_that_nothing_was_recorded_and_keeps_everything(
    board: Board, browser: Browsers, away: FastAPI
) -> None:
    reference = await board.opened()
    cut_off = await browser("coordinator", app=away)
    address = f"/files/{reference}/record/note_added"
    check = await sent(cut_off, address, note(board, "Important."))
    assert check.status_code == 200, "the register alone is enough to fill in and check a form"
    told = await again(cut_off, address, check, _confirm="yes")
    assert told.status_code == 503 and structure_faults(told.text) == []
    assert "Your update was not recorded" in told.text and values_in(told)["text"] == ["Important."]
    assert "Important." in (await cut_off.get(address)).text, "it is kept on the server as well"
    # Temporal is back: the button on the same page sends the same step.
    back = await browser("coordinator")
    back.cookies.set("session", cut_off.cookies["session"])
    assert (await again(back, address, told, _confirm="yes")).status_code == 303
    [entry] = await steps(board, reference, "note_added")
    assert entry["body"]["text"] == "Important." and entry["id"] == values_in(told)["id"][0]
    assert not await kept_form(board.site.register, cut_off.account.id, address, now=board.site.now())


async def test_with_nobody_answering_it_says_that_it_may_have_been_recorded(
    board: Board, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    address = f"/files/{reference}/record/note_added"
    check = await sent(coordinator, address, note(board))
    # The same file, as a worker that is stopped leaves it: there, and deaf.
    handle = board.cases.handle(reference)
    await handle.terminate()
    await board.client.start_workflow(
        "IncidentWorkflow", args=[{"reference": reference}, b""], id=reference, task_queue="nobody"
    )
    monkeypatch.setattr(sending, "PATIENCE", timedelta(seconds=0.7))
    told = await again(coordinator, address, check, _confirm="yes")
    assert told.status_code == 503 and structure_faults(told.text) == []
    assert "may or may not have been recorded" in told.text and "safe" in told.text
    assert values_in(told)["id"] == values_in(check)["id"]
    await handle.terminate()


async def test_what_was_kept_can_be_given_up(board: Board, browser: Browsers, away: FastAPI) -> None:
    reference, cut_off = await board.opened(), await browser("coordinator", app=away)
    address = f"/files/{reference}/record/note_added"
    await again(cut_off, address, await sent(cut_off, address, note(board, "No more.")), _confirm="yes")
    kept = await cut_off.get(address)
    assert "No more." in kept.text
    given_up = await cut_off.post(address, data={"csrf": values_in(kept)["csrf"], "_discard": "yes"})
    assert given_up.status_code == 303 and "No more." not in (await cut_off.get(address)).text


async def test_with_the_register_away_what_was_typed_is_handed_back(
    board: Board, browser: Browsers, tmp_path: Path
) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    address = f"/files/{reference}/record/note_added"
    form = await coordinator.get(address)
    async with Register(f"sqlite:///{tmp_path}/nowhere/register.sqlite") as nowhere:
        app = make_app(replace(board.site, system=replace(board.parts, register=nowhere)))
        cut_off = await browser(app=app)
        cut_off.cookies.set("session", coordinator.cookies["session"])
        told = await cut_off.post(address, data=values_in(form) | note(board, 'Typed for an "hour" <b>.'))
        assert told.status_code == 503 and "Your change was not saved" in told.text
        assert structure_faults(told.text) == []
        secrets = await cut_off.post("/sign-in", data={"email": "a@b.example", "password": "a secret"})
        assert "a secret" not in secrets.text
    check = await again(coordinator, address, told)
    assert check.status_code == 200 and "Typed for an &#34;hour&#34; &lt;b&gt;." in check.text
    assert (await again(coordinator, address, check, _confirm="yes")).status_code == 303


async def test_the_file_says_what_was_recorded(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    address = f"/files/{reference}/record/notified_panel"
    check = await sent(coordinator, address, today(board))
    done = await again(coordinator, address, check, _confirm="yes")
    file = await coordinator.get(done.headers["location"])
    assert file.status_code == 200 and "Recorded: the authority notified the national panel." in file.text
    assert "Recorded:" not in (await coordinator.get(f"/files/{reference}?recorded=<script>")).text


async def test_an_organisation_of_the_directory_is_chosen_and_not_typed(board: Board, browser: Browsers) -> None:
    reference, coordinator = await board.opened(), await browser("coordinator")
    address = f"/files/{reference}/record/organisation_added"
    page = (await coordinator.get(address)).text
    assert 'value="hill-school"' in page and "Not in the directory" in page
    assert 'value="exampleshire-police"' not in page, "it is on the file already"
    year, month, day = board.today.split("-")
    when = {"happened_on-day": day, "happened_on-month": month, "happened_on-year": year}
    await coordinator.fill(address, {**when, "organisation.id": "hill-school", "id": "a-1", "_confirm": "yes"})
    assert "Hill School" in (await coordinator.get(f"/files/{reference}/organisations")).text
    other = {**when, "organisation.id": "+", "organisation.id-new": "elsewhere", "id": "a-2", "_confirm": "yes"}
    wrong = await coordinator.fill(address, other)
    assert wrong.status_code == 422 and "Enter an answer to “Name”" in wrong.text
    await coordinator.fill(address, {**other, "organisation.name": "A Nursery"})
    organisations = f"/files/{reference}/organisations"
    assert "A Nursery" in (await coordinator.get(organisations)).text
    take_off = f"/files/{reference}/record/organisation_removed"
    assert take_off in (await coordinator.get(organisations)).text
    mistake = {"organisation": "elsewhere", "reason": "Another nursery.", "id": "a-3", "_confirm": "yes"}
    await coordinator.fill(take_off, {**when, **mistake})
    assert "A Nursery" not in (await coordinator.get(organisations)).text
    history = (await coordinator.get(f"/files/{reference}/history")).text
    assert "A Nursery" in history.partition("taken off the file")[2].partition("An organisation was added")[0]
