"""The directory: read by everybody who needs it, changed by administrators, and nothing of it ever lost."""

from __future__ import annotations

import asyncio
import itertools
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from models.days import day_words, london_date
from models.directory import Directory
from register.directory import directory_changes, load_directory
from register.people.sessions import begin_session, end_session

from .conftest import Board, Browser, Browsers

_numbers = itertools.count(1)


def hidden(page: str, name: str) -> str:
    """A hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


async def send(browser: Browser, path: str, values: dict[str, str], page: str = "") -> Any:
    """Fills in the form at a path; with a page that was opened before, from what that knew."""
    page = page or (await browser.get(path)).text
    return await browser.post(path, data={"csrf": hidden(page, "csrf"), "revision": hidden(page, "revision"), **values})


async def someone(browser: Browser) -> tuple[str, str]:
    """A new person: id and name."""
    number = next(_numbers)
    name = f"Somebody New {number}"
    answer = await send(browser, "/directory/people/add", {"name": name, "email": f"new.{number}@board.example"})
    assert answer.status_code == 303
    return f"somebody-new-{number}", name


async def stored(board: Board) -> Directory:
    return await load_directory(board.site.register)


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def test_everybody_but_operations_reads_it_and_only_administrators_are_offered_changes(
    browser: Browsers,
) -> None:
    for role in ("coordinator", "chair", "board_member", "auditor"):
        page = (await (await browser(role)).get("/directory")).text
        assert "chair@board.example" in page and "/add" not in page and "/change" not in page
        assert (await (await browser(role)).get("/directory/people/add")).status_code == 403
    assert (await (await browser("operations")).get("/directory")).status_code == 403
    assert "/directory/people/add" in (await (await browser("administrator")).get("/directory")).text


async def test_the_panel_is_shown_by_its_dates(browser: Browsers) -> None:
    text = text_of((await (await browser("coordinator")).get("/directory")).text)
    assert "National Panel of Independent Experts 1 July 2013 to 11 June 2018 Ended" in text
    assert "Child Safeguarding Practice Review Panel from 12 June 2018" in text


async def test_a_new_person_has_an_identifier_made_from_the_name(board: Board, browser: Browsers) -> None:
    admin = await browser("administrator", name="An Administrator")
    name = f"Zoë O'Neil {next(_numbers)}"
    for _ in range(2):
        answer = await send(admin, "/directory/people/add", {"name": name, "email": "zoe@board.example"})
        assert answer.status_code == 303 and answer.headers["location"] == "/directory?saved=1"
    ids = [one.id for one in (await stored(board)).people if one.name == name]
    assert len(ids) == 2 and ids[0].startswith("zoe-oneil-") and ids[1] == f"{ids[0]}-2"
    change = (await directory_changes(board.site.register))[-1]
    assert (change.changed_by, change.what, change.was) == ("An Administrator", "people", None)


@pytest.mark.parametrize(
    ("part", "values", "field", "words"),
    [
        ("people", {"name": "", "email": "a@b.example"}, "name", "Enter a name"),
        ("people", {"name": "A" * 201, "email": "a@b.example"}, "name", "200 characters"),
        ("people", {"name": "A", "email": "nobody"}, "email", "Enter an e-mail address"),
        ("people", {"name": "A", "email": "a@b.example", "id": "Not So"}, "id", "lower-case letters"),
        ("people", {"name": "A", "email": "a@b.example", "id": "chair"}, "id", "This identifier is already used"),
        ("organisations", {"name": "A", "id": "hill-school"}, "id", "This identifier is already used"),
        ("appointments", {"role": "king", "person": "chair"}, "role", "Choose a role"),
        ("appointments", {"role": "chair", "person": "nobody-known"}, "person", "Choose a person"),
        ("appointments", {"role": "safeguarding_lead", "person": "chair"}, "organisation", "represents"),
        (
            "appointments",
            {"role": "board_member", "person": "chair", "organisation": "x"},
            "organisation",
            "from the list",
        ),
        (
            "appointments",
            {"role": "chair", "person": "chair", "since-day": "31", "since-month": "2", "since-year": "2027"},
            "since",
            "real date",
        ),
        ("acting", {"role": "chair", "person": "vice-chair"}, "since", "Enter the first day"),
        (
            "acting",
            {
                "role": "chair",
                "person": "vice-chair",
                **{"since-day": "2", "since-month": "1", "since-year": "2031"},
                **{"until-day": "1", "until-month": "1", "until-year": "2031"},
            },
            "until",
            "must not be before the first",
        ),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    board: Board, browser: Browsers, part: str, values: dict[str, str], field: str, words: str
) -> None:
    admin, before = await browser("administrator"), await stored(board)
    answer = await send(admin, f"/directory/{part}/add", values)
    page = answer.text
    assert answer.status_code == 422 and "<title>Error: " in page and await stored(board) == before
    anchor = f"{field}-day" if field in ("since", "until") else field
    assert re.search(rf'<a href="#{anchor}">[^<]*{re.escape(words)}', page) and f'id="{anchor}"' in page
    assert re.search(rf'id="{field}-error"[^>]*>.*?{re.escape(words)}', page, re.S)
    for name, value in values.items():
        if value and name not in ("role", "person", "organisation"):
            assert f'value="{value}"' in page


async def test_hostile_text_is_shown_as_text(browser: Browsers) -> None:
    admin = await browser("administrator")
    nasty = "<script>alert(1)</script>\"'&{{7*7}}"
    answer = await send(admin, "/directory/people/add", {"name": nasty, "email": "a@b.example"})
    assert answer.status_code == 303
    page = (await admin.get("/directory")).text
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page and "{{7*7}}" in page


async def test_whoever_acts_today_gets_what_is_sent_to_the_role(board: Board, browser: Browsers) -> None:
    admin = await browser("administrator")
    today = london_date(board.site.now())
    until = today + timedelta(days=3)
    days = {
        f"{name}-{part}": str(getattr(day, part))
        for name, day in (("since", today), ("until", until))
        for part in ("day", "month", "year")
    }
    values = {"role": "learning_and_development", "person": "vice-chair", **days}
    assert (await send(admin, "/directory/acting/add", values)).status_code == 303
    page = (await admin.get("/directory")).text
    assert f"The Vice-Chair deputy for Learning and Development Sub-Group until {day_words(until)}" in text_of(page)
    acting = (await stored(board)).acting[-1]
    (path,) = re.findall(r'href="(/directory/acting/\w+/change)"', page)
    shown = (await admin.get(path)).text
    assert f'value="{until.day}"' in shown and acting.until == until
    removed = await send(admin, path.replace("/change", "/remove"), {}, shown)
    assert removed.status_code == 303 and acting not in (await stored(board)).acting


async def test_a_role_that_letters_need_and_nobody_holds_is_warned_of(board: Board, browser: Browsers) -> None:
    admin = await browser("administrator")
    name = f"New School {next(_numbers)}"
    assert (await send(admin, "/directory/organisations/add", {"name": name})).status_code == 303
    text = text_of((await admin.get("/directory")).text)
    assert f"{name} has no safeguarding lead" in text and f"{name} has no board member" in text
    (id,) = [one.id for one in (await stored(board)).organisations if one.name == name]
    lead = {"role": "safeguarding_lead", "person": "school-lead", "organisation": id}
    assert (await send(admin, "/directory/appointments/add", lead)).status_code == 303
    text = text_of((await admin.get("/directory")).text)
    assert f"{name} has no safeguarding lead" not in text and f"{name} has no board member" in text


async def test_an_appointment_is_ended_by_its_last_day(board: Board, browser: Browsers) -> None:
    admin = await browser("administrator")
    id, name = await someone(admin)
    added = await send(admin, "/directory/appointments/add", {"role": "above_chair", "person": id})
    assert added.status_code == 303
    assert name in (await admin.get("/directory")).text
    page = (await admin.get("/directory")).text
    (path,) = re.findall(rf'href="(/directory/appointments/\w+/change)">Change<span[^>]*> [^<]*{name}', page)
    ended = {"until-day": "1", "until-month": "1", "until-year": "2020"}
    assert (await send(admin, path, {"role": "above_chair", "person": id, **ended})).status_code == 303
    (appointment,) = [one for one in (await stored(board)).appointments if one.person == id]
    assert str(appointment.until) == "2020-01-01"


async def test_who_is_named_somewhere_cannot_be_removed_and_the_page_says_why(board: Board, browser: Browsers) -> None:
    admin, before = await browser("administrator"), await stored(board)
    page = (await admin.get("/directory/people/chair/change")).text
    answer = await send(admin, "/directory/people/chair/remove", {}, page)
    assert answer.status_code == 422 and '<a href="#remove">An appointment or a deputy' in answer.text
    assert await stored(board) == before
    id, _ = await someone(admin)
    page = (await admin.get(f"/directory/people/{id}/change")).text
    assert (await send(admin, f"/directory/people/{id}/remove", {}, page)).status_code == 303
    assert (await stored(board)).person(id) is None


async def test_the_second_of_two_administrators_is_told_and_keeps_what_was_typed(
    board: Board, browser: Browsers
) -> None:
    one, other = await browser("administrator", name="First One"), await browser("administrator")
    id, name = await someone(one)
    path = f"/directory/people/{id}/change"
    opened = (await other.get(path)).text
    typed = {"name": f"{name}, married", "email": "married@board.example"}
    assert (
        await send(one, "/directory/people/chair/change", {"name": "The New Chair", "email": "n@b.example"})
    ).status_code == 303
    answer = await send(other, path, typed, opened)
    text = text_of(answer.text)
    assert answer.status_code == 409 and "Somebody else has just changed the directory" in text
    assert "by First One" in text and "Name: from The Chair to The New Chair" in text
    assert f'value="{typed["name"]}"' in answer.text and (await stored(board)).person(id).name == name  # type: ignore[union-attr]
    again = await send(other, path, typed, answer.text)
    person = (await stored(board)).person(id)
    assert again.status_code == 303 and person and person.name == typed["name"]
    back = {"name": "The Chair", "email": "chair@board.example"}
    assert (await send(one, "/directory/people/chair/change", back)).status_code == 303


async def test_of_two_who_send_at_the_same_moment_one_is_told(board: Board, browser: Browsers) -> None:
    admins = [await browser("administrator") for _ in range(3)]
    pages = [(await one.get("/directory/people/add")).text for one in admins]
    values = [{"name": f"At Once {n} {next(_numbers)}", "email": "a@b.example"} for n in range(3)]
    answers = await asyncio.gather(
        *(send(one, "/directory/people/add", v, p) for one, v, p in zip(admins, values, pages, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
    names = {one.name for one in (await stored(board)).people}
    assert sum(value["name"] in names for value in values) == 1


async def test_what_somebody_else_changed_or_removed_itself_is_told_too(board: Board, browser: Browsers) -> None:
    one, other = await browser("administrator"), await browser("administrator")
    id, name = await someone(one)
    path = f"/directory/people/{id}/change"
    opened = (await other.get(path)).text
    own = (await one.get(path)).text
    assert (await send(one, path.replace("/change", "/remove"), {}, own)).status_code == 303
    answer = await send(other, path, {"name": "Still Typed", "email": "s@b.example"}, opened)
    assert (
        answer.status_code == 409 and "is added as a new entry" in answer.text and 'value="Still Typed"' in answer.text
    )
    assert f"Person removed: {name}" in text_of(answer.text)
    assert (await other.get(path)).status_code == 404


async def test_a_double_click_changes_once(board: Board, browser: Browsers) -> None:
    admin = await browser("administrator")
    page = (await admin.get("/directory/people/add")).text
    values = {"name": f"Clicked Twice {next(_numbers)}", "email": "c@b.example"}
    first = await send(admin, "/directory/people/add", values, page)
    second = await send(admin, "/directory/people/add", values, page)
    assert (first.status_code, second.status_code) == (303, 409)
    assert [one.name for one in (await stored(board)).people].count(values["name"]) == 1


async def test_history_has_every_change_with_who_and_when(board: Board, browser: Browsers) -> None:
    admin = await browser("administrator", name="The One Who Did It")
    id, name = await someone(admin)
    await send(admin, f"/directory/people/{id}/change", {"name": name, "email": "later@board.example"})
    text = text_of((await (await browser("auditor")).get("/directory/history")).text)
    assert f"1 change by The One Who Did It {day_words(london_date(board.site.now()))}" in text
    latest = text.index(f"Person changed: {name} E-mail address: from")
    assert latest < text.index(f"Person added: {name}")


async def test_the_boards_name_is_changed_in_the_same_way(board: Board, browser: Browsers) -> None:
    admin, before = await browser("administrator"), (await stored(board)).board
    assert (await send(admin, "/directory/board", {"board": "  "})).status_code == 422
    assert (await send(admin, "/directory/board", {"board": "Another Board"})).status_code == 303
    assert (await stored(board)).board == "Another Board"
    assert (await send(admin, "/directory/board", {"board": before})).status_code == 303


async def test_parts_and_rows_that_are_not_there_are_not_found(browser: Browsers) -> None:
    admin = await browser("administrator")
    for path in ("/directory/kings/add", "/directory/people/nobody-at-all/change", "/directory/acting/x/change"):
        assert (await admin.get(path)).status_code == 404


async def test_only_administrators_change_it_even_with_a_form_of_their_own(board: Board, browser: Browsers) -> None:
    before = await stored(board)
    for role in ("coordinator", "chair", "auditor", "board_member", "operations"):
        somebody = await browser(role)
        token = await somebody.token("/account/calendar") if role != "operations" else "none"
        answer = await somebody.post("/directory/board", data={"csrf": token, "board": "Mine", "revision": "1"})
        assert answer.status_code == 403
    assert await stored(board) == before


async def test_what_was_typed_survives_a_session_that_ended(board: Board, browser: Browsers) -> None:
    admin = await browser("administrator")
    id, name = await someone(admin)
    path = f"/directory/people/{id}/change"
    opened = (await admin.get(path)).text
    await end_session(board.site.register, admin.cookies["session"])
    typed = {"name": f"{name} again", "email": "again@board.example"}
    answer = await send(admin, path, typed, opened)
    assert answer.status_code == 303 and "kept=1" in answer.headers["location"]
    secret = await begin_session(board.site.register, admin.account.id, now=board.site.now())
    admin.cookies.clear()
    admin.cookies.set("session", secret)
    page = (await admin.get(path)).text
    assert f'value="{typed["name"]}"' in page and hidden(page, "revision") == hidden(opened, "revision")
    assert (await send(admin, path, typed, page)).status_code == 303
    person = (await stored(board)).person(id)
    assert person and person.name == typed["name"]
    assert f'value="{typed["name"]}"' in (await admin.get(path)).text
    await send(admin, path, {"name": name, "email": "again@board.example"})
    assert f'value="{name}"' in (await admin.get(path)).text
