"""Opening a file: one question at a time, put down and taken up again, checked, and opened once."""

from __future__ import annotations

from typing import Any

from .conftest import Board, Browser, Browsers, csrf_in
from .html_forms import structure_faults

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
    finding = await coordinator.get(check.replace("/check", "/finding"))
    assert "A criterion is met" in finding.text and "2.1d" in finding.text and structure_faults(finding.text) == []
    done = await coordinator.fill(check.replace("/check", "/confirm"), {}, form=check.replace("/check", "/finding"))
    reference = answers["reference"]["reference"]
    assert done.status_code == 303 and done.headers["location"] == f"/open/done/{reference}"
    opened = await coordinator.get(f"/open/done/{reference}")
    assert reference in opened.text and "The Chair decides" in opened.text and structure_faults(opened.text) == []
    state = await board.cases.ask(reference, "state")
    body = state["record"][0]["body"]
    assert body["recorded_by"] == "Sam Example" and body["incident"]["children"][0]["born_on"] == "2015-03-04"
    assert [one["id"] for one in body["incident"]["organisations"]] == ["exampleshire-hospital", "hill-school"]
