"""Opening a file: one question at a time, put down and taken up again, checked, and opened once."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI

from register.people.accounts import change_account
from register.people.sessions import begin_session

from .conftest import Board, Browser, Browsers, csrf_in
from .html_forms import Page, structure_faults

Answers = dict[str, dict[str, Any]]


def day_of(board: Board, name: str, ago: int) -> dict[str, str]:
    """A date as somebody types it."""
    year, month, day = board.day(ago).split("-")
    return {f"{name}-day": day, f"{name}-month": month, f"{name}-year": year}


def death(board: Board) -> Answers:
    """What is typed for a death at home."""
    return {
        "reference": {"reference": board.reference()},
        "aware": day_of(board, "aware_on", 3),
        "notified": day_of(board, "notified_on", 2),
        "panel": {},
        "where": {"where": "in the area"},
        "summary": {"summary": "A child died at home."},
        "c1-about": {
            "c1.id": "child-1",
            "c1.born_on-day": "4",
            "c1.born_on-month": "March",
            "c1.born_on-year": "2015",
            "c1.residence": "Hertfordshire",
        },
        "c1-outcome": {"c1.outcome": "died"},
        "c1-death": {
            **day_of(board, "c1.died_on", 3),
            "c1.custody": "none",
            "c1.detained_under_mental_health_act": "no",
            "c1.deprived_of_liberty": "no",
        },
        "c1-abuse": {"c1.abuse_or_neglect": "suspected"},
        "more-children": {"more-children": "no"},
        "joint-working": {"concern_about_joint_working": "unknown"},
        "organisations": {"organisations": ["exampleshire-hospital", "hill-school"]},
        "more-organisations": {"more-organisations": "no"},
        "related": {},
    }


async def begun(coordinator: Browser, kind: str = "incident") -> str:
    """The address of a new draft's first question."""
    started = await coordinator.fill("/open", {"kind": kind})
    assert started.status_code == 303
    return started.headers["location"]


async def walked(coordinator: Browser, address: str, answers: Answers) -> str:
    """Answers one question after another until there is none left; where that leads."""
    seen = []
    while not address.endswith("/check"):
        slug = address.rpartition("/")[2]
        seen.append(slug)
        assert len(seen) < 60, seen
        page = await coordinator.get(address)
        assert page.status_code == 200 and structure_faults(page.text) == [], (slug, structure_faults(page.text))
        assert re.search(r"<h1.*(\?|About child).*</h1>", page.text, re.DOTALL), f"{slug} is no question"
        sent = await coordinator.post(address, data={"csrf": csrf_in(page.text), **answers[slug]})
        assert sent.status_code == 303, (slug, sent.text)
        address = sent.headers["location"]
    assert list(answers) == seen
    return address


async def test_a_file_is_opened_question_by_question_and_the_finding_is_shown_first(
    board: Board, browser: Browsers
) -> None:
    coordinator, answers = await browser("coordinator", name="Sam Example"), death(board)
    check = await walked(coordinator, await begun(coordinator), answers)
    page = await coordinator.get(check)
    assert (
        "Check your answers" in page.text and "A child died at home." in page.text and structure_faults(page.text) == []
    )
    assert " of </span>" not in page.text, "of nobody"
    assert "for example Hertfordshire" in (await coordinator.get(check.replace("/check", "/c1-about"))).text
    finding = await coordinator.get(check.replace("/check", "/finding"))
    assert "A criterion is met" in finding.text and "2.1d" in finding.text and structure_faults(finding.text) == []
    done = await coordinator.fill(check.replace("/check", "/confirm"), {}, form=check.replace("/check", "/finding"))
    reference = answers["reference"]["reference"]
    assert done.status_code == 303 and done.headers["location"] == f"/open/done/{reference}"
    opened = await coordinator.get(f"/open/done/{reference}")
    assert (
        reference in opened.text
        and "decision on a Serious Case Review" in opened.text
        and structure_faults(opened.text) == []
    )
    body = (await board.cases.state(reference)).record[0]["body"]
    assert body["recorded_by"] == "Sam Example" and body["incident"]["children"][0]["born_on"] == "2015-03-04"
    assert [one["id"] for one in body["incident"]["organisations"]] == ["exampleshire-hospital", "hill-school"]


async def opened(board: Board, coordinator: Browser, answers: Answers, kind: str = "incident") -> dict[str, Any]:
    """The body that a file was opened with."""
    check = await walked(coordinator, await begun(coordinator, kind), answers)
    done = await coordinator.fill(check.replace("/check", "/confirm"), {}, form=check.replace("/check", "/finding"))
    assert done.status_code == 303, done.text
    reference = done.headers["location"].rpartition("/")[2]
    body: dict[str, Any] = (await board.cases.state(reference)).record[0]["body"]
    return body


def without(answers: Answers, *slugs: str, **more: dict[str, Any]) -> Answers:
    """Answers without some, and with others in place of what there was."""
    return {slug: more.get(slug.replace("-", "_"), given) for slug, given in answers.items() if slug not in slugs}


async def test_everything_can_be_unknown(board: Board, browser: Browsers) -> None:
    answers = without(
        death(board),
        "c1-death",
        reference={},
        aware={},
        where={"where": "unknown"},
        summary={},
        c1_about={"c1.id": "child-1"},
        c1_outcome={"c1.outcome": "unknown"},
        c1_abuse={"c1.abuse_or_neglect": "unknown"},
        organisations={},
    )
    body = await opened(board, await browser("coordinator"), answers)
    assert body["incident"] == {
        "children": [{"id": "child-1", "outcome": "unknown", "abuse_or_neglect": "unknown"}],
        "notified_on": board.day(2),
        "where": "unknown",
        "concern_about_joint_working": "unknown",
        "organisations": [],
    }
    assert re.fullmatch(r"HSCB-\d{4}-\d{4}", body["reference"]), "it is given the next reference"


async def test_a_file_without_a_reference_of_its_own_is_told_which_one_it_gets(board: Board, browser: Browsers) -> None:
    coordinator = await browser("coordinator")
    check = await walked(coordinator, await begun(coordinator), without(death(board), reference={}))
    assert re.search(r"The next reference, HSCB-\d{4}-\d{4}", (await coordinator.get(check)).text)


async def test_a_review_that_needs_no_incident(board: Board, browser: Browsers) -> None:
    coordinator, address = await browser("coordinator"), ""
    answers: Answers = {
        "reference": {"reference": board.reference()},
        "kind-of-review": {"kind": "audit of practice"},
        "reasons": {"reasons": "Three near misses in a year."},
        "organisations": {"organisations": ["hill-school"]},
        "more-organisations": {"more-organisations": "no"},
        "related": {"related": "EX-2018-0001\nEX-2018-0002"},
    }
    address = await begun(coordinator, "review")
    kinds = await coordinator.get(address.replace("/reference", "/kind-of-review"))
    assert "Serious Case Review" not in Page(kinds.text).text.partition("<form")[2]
    body = await opened(board, coordinator, answers, "review")
    assert body["review"]["kind"] == "audit of practice" and body["related"] == ["EX-2018-0001", "EX-2018-0002"]


async def test_another_child_and_an_organisation_from_elsewhere(board: Board, browser: Browsers) -> None:
    answers = death(board)
    coordinator = await browser("coordinator")
    address = await begun(coordinator)
    first = list(answers)[: list(answers).index("more-children")]
    for slug in first:
        address = (await coordinator.fill(address, answers[slug])).headers["location"]
    assert address.endswith("/more-children")
    address = (await coordinator.fill(address, {"more-children": "yes"})).headers["location"]
    assert address.endswith("/c2-about")
    same = await coordinator.fill(address, {"c2.id": "child-1"})
    assert same.status_code == 422 and "same child id" in same.text
    rest: Answers = {
        "c2-about": {"c2.id": "child-2"},
        "c2-outcome": {"c2.outcome": "seriously harmed"},
        "c2-harm": {"c2.harms": ["life-threatening injury"], "c2.recovered": "yes"},
        "c2-abuse": {"c2.abuse_or_neglect": "known"},
        "more-children": {"more-children": "no"},
        "joint-working": {"concern_about_joint_working": "yes"},
        "organisations": {"organisations": ["hill-school"]},
    }
    for slug, values in rest.items():
        assert address.endswith(slug), (slug, address)
        address = (await coordinator.fill(address, values)).headers["location"]
    address = (await coordinator.fill(address, {"more-organisations": "yes"})).headers["location"]
    values = {"o1.id": "ambulance", "o1.name": "County Ambulance", "o1.email": "lead@ambulance.example"}
    address = (await coordinator.fill(address, values)).headers["location"]
    assert address.endswith("/more-organisations") and "County Ambulance" in (await coordinator.get(address)).text
    address = (await coordinator.fill(address, {"more-organisations": "no"})).headers["location"]
    address = (await coordinator.fill(address, {})).headers["location"]
    check = await coordinator.get(address)
    assert "child-2" in check.text and structure_faults(check.text) == []
    assert re.findall(r"<h2[^>]*>((?:Child|Other organisation) \d)</h2>", check.text) == [
        "Child 1",
        "Child 2",
        "Other organisation 1",
    ]
    assert "What happened to the child, Child 2</span>" in check.text
    await coordinator.fill(address.replace("/check", "/confirm"), {}, form=address.replace("/check", "/finding"))
    incident = (await board.cases.state(answers["reference"]["reference"])).record[0]["body"]["incident"]
    assert incident["children"][1]["harms"] == ["life-threatening injury"] and incident["children"][1]["recovered"]
    assert incident["organisations"][1]["name"] == "County Ambulance"


async def test_a_child_that_was_added_by_mistake_is_removed(board: Board, browser: Browsers) -> None:
    coordinator = await browser("coordinator")
    start = (await begun(coordinator)).rpartition("/")[0]
    for slug, values in (("c1-about", {"c1.id": "child-1"}), ("more-children", {"more-children": "yes"})):
        await coordinator.fill(f"{start}/{slug}", values)
    await coordinator.fill(f"{start}/c2-about", {"c2.id": "by-mistake"})
    more = await coordinator.get(f"{start}/more-children")
    assert "by-mistake" in more.text and structure_faults(more.text) == []
    await coordinator.post(f"{start}/more-children", data={"csrf": csrf_in(more.text), "remove": "c2"})
    assert "by-mistake" not in (await coordinator.get(f"{start}/more-children")).text
    assert (await coordinator.get(f"{start}/c2-about")).status_code == 404


WRONG: list[tuple[dict[str, dict[str, Any]], str, str]] = [
    ({"c1-outcome": {"c1.outcome": "seriously harmed"}, "c1-harm": {}}, "f-c1-harms", "tick at least one kind of harm"),
    (
        {"c1-outcome": {"c1.outcome": "not seriously harmed"}, "c1-harm": {"c1.harms": "life-threatening injury"}},
        "f-c1-harms",
        "life-threatening injury is serious harm",
    ),
    ({"c1-outcome": {"c1.outcome": "not seriously harmed"}, "c1-harm": {}}, "f-c1-harms", "name the research"),
    ({"c1-outcome": {}}, "f-c1-outcome", "Choose an answer"),
    ({"c1-about": {"c1.id": "Not a name!"}}, "f-c1-id", "use up to 50 letters, digits, dots"),
    ({"c1-about": {"c1.id": "a", "c1.born_on-day": "1"}}, "f-c1-born_on-month", "must include a month and a year"),
    ({"notified": {}}, "f-notified_on-day", "Enter a date"),
    ({"related": {"related": "not a reference"}}, "f-related", "capital letters, digits and hyphens"),
    ({"reference": {"reference": "lower case"}}, "f-reference", "capital letters, digits and hyphens"),
]


@pytest.mark.parametrize(("answers", "field", "why"), WRONG, ids=[f"{field}: {why}" for _, field, why in WRONG])
async def test_what_is_wrong_is_told_at_its_question(
    board: Board, browser: Browsers, answers: Answers, field: str, why: str
) -> None:
    coordinator = await browser("coordinator")
    start = (await begun(coordinator)).rpartition("/")[0]
    before: Answers = {"notified": day_of(board, "notified_on", 2), "c1-about": {"c1.id": "child-1"}}
    for slug, values in {**before, **dict(list(answers.items())[:-1])}.items():
        assert (await coordinator.fill(f"{start}/{slug}", values)).status_code == 303
    slug, values = list(answers.items())[-1]
    wrong = await coordinator.fill(f"{start}/{slug}", values)
    assert wrong.status_code == 422 and "<title>Error: " in wrong.text and structure_faults(wrong.text) == []
    assert why in wrong.text and f'href="#{field}"' in wrong.text, [e for e in Page(wrong.text).all("a")]


async def test_dates_are_judged_together_and_none_lies_ahead(board: Board, browser: Browsers) -> None:
    coordinator = await browser("coordinator")
    start = (await begun(coordinator)).rpartition("/")[0]
    await coordinator.fill(f"{start}/c1-about", {"c1.id": "child-1"})
    await coordinator.fill(f"{start}/aware", day_of(board, "aware_on", 2))
    before = await coordinator.fill(f"{start}/notified", day_of(board, "notified_on", 3))
    assert before.status_code == 422 and "the authority must be aware before it notifies" in before.text
    ahead = await coordinator.fill(f"{start}/notified", day_of(board, "notified_on", -3))
    assert ahead.status_code == 422 and "is in the future" in ahead.text
    assert "incident." not in ahead.text and "notified_on is" not in ahead.text


async def test_a_day_that_lies_ahead_is_told_at_its_question_before_anything_else_is_answered(
    board: Board, browser: Browsers
) -> None:
    coordinator = await browser("coordinator")
    start = (await begun(coordinator)).rpartition("/")[0]
    ahead = await coordinator.fill(f"{start}/aware", day_of(board, "aware_on", -3))
    assert ahead.status_code == 422 and "is in the future" in ahead.text and 'href="#f-aware_on-day"' in ahead.text
    died = {"c1.outcome": "died"}
    await coordinator.fill(f"{start}/c1-outcome", died)
    ahead = await coordinator.fill(f"{start}/c1-death", day_of(board, "c1.died_on", -1))
    assert "is in the future" in ahead.text and 'href="#f-c1-died_on-day"' in ahead.text


@pytest.mark.rule("2.1f")
async def test_two_dates_that_contradict_each_other_are_put_right_one_after_the_other(
    board: Board, browser: Browsers
) -> None:
    coordinator, answers = await browser("coordinator"), death(board)
    start = (await begun(coordinator)).rpartition("/")[0]
    await walked(coordinator, f"{start}/reference", answers)
    earlier = await coordinator.fill(f"{start}/aware", day_of(board, "aware_on", 1))
    assert earlier.status_code == 303, "the other date may be the one that is wrong"
    check = await coordinator.get(f"{start}/check")
    assert "is before “The authority became aware on”" in check.text
    assert f'href="{start}/notified#f-notified_on-day"' in check.text
    assert (await coordinator.fill(f"{start}/notified", day_of(board, "notified_on", 1))).status_code == 303
    assert "There is a problem" not in (await coordinator.get(f"{start}/check")).text


async def test_an_opening_is_put_down_and_taken_up_again(board: Board, browser: Browsers) -> None:
    coordinator = await browser("coordinator")
    address = await begun(coordinator)
    later = await coordinator.fill(address, {"reference": "EX-LATER-1", "later": "yes"})
    assert later.status_code == 303 and later.headers["location"] == "/open"
    listed = await coordinator.get("/open")
    start = address.rpartition("/")[0]
    assert "EX-LATER-1" in listed.text and f'href="{start}"' in listed.text and structure_faults(listed.text) == []
    assert (await coordinator.get(start)).headers["location"] == f"{start}/aware"
    another = await browser("coordinator")
    assert "EX-LATER-1" not in (await another.get("/open")).text
    assert (await another.get(f"{start}/reference")).status_code == 404
    await coordinator.post(f"{start}/give-up", data={"csrf": csrf_in(listed.text)})
    assert "EX-LATER-1" not in (await coordinator.get("/open")).text


async def test_what_was_half_typed_when_it_was_put_down_is_kept_even_if_it_is_wrong(
    board: Board, browser: Browsers
) -> None:
    coordinator = await browser("coordinator")
    start = (await begun(coordinator)).rpartition("/")[0]
    await coordinator.fill(f"{start}/aware", {"aware_on-day": "31", "aware_on-month": "Feb", "later": "yes"})
    again = await coordinator.get(f"{start}/aware")
    assert dict(Page(again.text).form())["aware_on-month"] == "Feb"


async def test_a_double_click_opens_one_file(board: Board, browser: Browsers) -> None:
    coordinator, answers = await browser("coordinator"), without(death(board), reference={})
    check = await walked(coordinator, await begun(coordinator), answers)
    confirm, data = check.replace("/check", "/confirm"), {"csrf": await coordinator.token("/open")}
    sent = await asyncio.gather(*(coordinator.post(confirm, data=data) for _ in range(3)))
    assert {answer.headers.get("location") for answer in sent} == {sent[0].headers["location"]}
    reloaded = await coordinator.post(confirm, data=data)
    assert reloaded.headers["location"] == sent[0].headers["location"]
    assert (await coordinator.get(check)).headers["location"] == sent[0].headers["location"]


async def test_a_reference_that_is_taken_is_told_with_every_answer_kept(board: Board, browser: Browsers) -> None:
    taken, coordinator = await board.opened(), await browser("coordinator")
    answers = without(death(board), reference={"reference": taken})
    check = await walked(coordinator, await begun(coordinator), answers)
    refused = await coordinator.fill(check.replace("/check", "/confirm"), {}, form="/open")
    assert (
        refused.status_code == 422
        and f"{taken} is already used" in refused.text
        and "/reference#f-reference" in refused.text
    )
    start, other = check.rpartition("/")[0], board.reference()
    assert (await coordinator.fill(f"{start}/reference", {"reference": other})).headers["location"] == check
    done = await coordinator.fill(check.replace("/check", "/confirm"), {}, form="/open")
    assert done.headers["location"] == f"/open/done/{other}"


async def test_with_temporal_away_nothing_is_opened_and_every_answer_is_kept(
    board: Board, browser: Browsers, away: FastAPI
) -> None:
    cut_off, answers = await browser("coordinator", app=away), death(board)
    check = await walked(cut_off, await begun(cut_off), answers)
    told = await cut_off.fill(check.replace("/check", "/confirm"), {}, form="/open")
    assert told.status_code == 503 and "The file was not opened" in told.text and structure_faults(told.text) == []
    back = await browser("coordinator")
    back.cookies.set("session", cut_off.cookies["session"])
    done = await back.post(check.replace("/check", "/confirm"), data={"csrf": csrf_in(told.text)})
    assert done.status_code == 303 and done.headers["location"].endswith(answers["reference"]["reference"])


async def test_what_was_typed_survives_a_session_that_was_lost(board: Board, browser: Browsers) -> None:
    coordinator = await browser("coordinator")
    start = (await begun(coordinator)).rpartition("/")[0]
    token = await coordinator.token(f"{start}/summary")
    more = replace(coordinator.account, roles=frozenset({"coordinator", "chair"}))
    await change_account(board.site.register, more, by="the tests", now=board.site.now())
    lost = await coordinator.post(f"{start}/summary", data={"csrf": token, "summary": "Typed for an hour."})
    assert lost.status_code == 303 and lost.headers["location"].startswith("/sign-in")
    secret = await begin_session(board.site.register, coordinator.account.id, now=board.site.now())
    coordinator.cookies.set("session", secret)
    assert "Typed for an hour." in (await coordinator.get(f"{start}/summary")).text


@pytest.mark.parametrize("text", ['"><script>alert(1)</script>', "a\x00b", "x" * 50_000, "{{ 7 * 7 }}"])
async def test_hostile_text_at_every_question_is_refused_or_escaped(board: Board, browser: Browsers, text: str) -> None:
    coordinator, answers = await browser("coordinator"), death(board)
    start = (await begun(coordinator)).rpartition("/")[0]
    token = await coordinator.token("/open")
    for slug, values in answers.items():
        if slug == "c1-death":
            await coordinator.fill(f"{start}/c1-outcome", answers["c1-outcome"])
        data = {"csrf": token, **dict.fromkeys(values or ["related"], text), "remove": ""}
        answer = await coordinator.post(f"{start}/{slug}", data=data)
        assert answer.status_code in (303, 404, 422), (slug, answer.text)
        assert "<script>alert" not in answer.text and "\x00" not in answer.text
    for page in ("check", "finding", "more-children"):
        answer = await coordinator.get(f"{start}/{page}")
        assert answer.status_code in (200, 303) and "<script>alert" not in answer.text


async def test_only_who_may_open_files_is_asked(board: Board, browser: Browsers) -> None:
    for role in ("chair", "board_member", "auditor", "operations", "administrator"):
        assert (await (await browser(role)).get("/open")).status_code == 403
