"""From the call about a child's death to a published report and the last action, by the pages alone."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser as Chromium

from running.rehearsals.scenario import Scenario, read_scenario
from running.rulebooks import read_shelf
from running.settings import load_settings

from .conftest import axe
from .journey import Journey, journey

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "published-review.yaml"

Answers = dict[str, dict[str, str | list[str]]]

ANSWERS: Answers = {
    "aware": {"aware_on-day": "3", "aware_on-month": "9", "aware_on-year": "2018"},
    "notified": {"notified_on-day": "5", "notified_on-month": "September", "notified_on-year": "2018"},
    "where": {"where": "in the area"},
    "summary": {"summary": "A child of four died at home. The family was known to all three organisations."},
    "c1-about": {
        **{"c1.id": "child-1", "c1.residence": "Hertfordshire"},
        **{"c1.born_on-day": "17", "c1.born_on-month": "2", "c1.born_on-year": "2014"},
    },
    "c1-outcome": {"c1.outcome": "died"},
    "c1-death": {
        **{"c1.died_on-day": "1", "c1.died_on-month": "9", "c1.died_on-year": "2018"},
        **{"c1.custody": "none", "c1.detained_under_mental_health_act": "no", "c1.deprived_of_liberty": "no"},
    },
    "c1-abuse": {"c1.abuse_or_neglect": "suspected"},
    "more-children": {"more-children": "no"},
    "joint-working": {"concern_about_joint_working": "yes"},
    "more-organisations": {"more-organisations": "no"},
}
"""The incident of the scenario, as it is typed. The reference and the organisations are added from it."""


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but the journey's own."""
    for name in os.environ:
        if name.upper().startswith(("SCR_", "TEMPORAL_")):
            monkeypatch.delenv(name)


@pytest.fixture
async def case(no_settings: None, tmp_path: Path) -> AsyncIterator[Journey]:
    """The published review, ready to be worked on."""
    scenario: Scenario = read_scenario(SCENARIO, read_shelf(load_settings().rulebooks_dir))
    async with journey(scenario, tmp_path) as ready:
        yield ready


async def test_a_death_leads_to_a_published_report_and_the_file_is_closed(case: Journey, chromium: Chromium) -> None:
    context = await chromium.new_context(base_url=case.address)
    await case.begin(await context.new_page())
    organisations = [one["id"] for one in case.scenario.opening["incident"]["organisations"]]
    here: Answers = {"reference": {"reference": case.reference}, "organisations": {"organisations": organisations}}
    await case.open({**ANSWERS, **here})
    for step in case.scenario.steps:
        await case.record(step)
        if step.name == "published":
            await _anyone_reads_the_report(case, chromium)
    await case.end()
    assert {"date", "choice", "text", "document"} <= {kind for kind, *_ in case.met}

    stored = await case.stored()
    assert stored.stage == "closed" and stored.published_on is not None
    assert not [row.key for row in stored.deadlines if row.status in ("open", "overdue")]
    recorded = [step.name for step in case.scenario.steps if not step.refused]
    assert [e.name for e in stored.entries if e.source in ("update", "start") and not e.is_fact][1:] == recorded
    for page in ("", "/history", "/letters", "/actions", "/deadlines"):
        await case.window.goto(f"/files/{case.reference}{page}")
        await axe(case.window)
    assert len(list(case.mails.folder.glob("*.eml"))) == sum(row.status == "accepted" for row in stored.notices)
    await context.close()


async def _anyone_reads_the_report(case: Journey, chromium: Chromium) -> None:
    """The day it is published, a stranger finds the report and takes it away."""
    stranger = await chromium.new_context(base_url=case.address)
    page = await stranger.new_page()
    await page.goto("/published")
    assert case.reference in await page.locator("main").inner_text()
    async with page.expect_download() as taken:
        await page.locator(f'a[href^="/published/{case.reference}/"]').first.click()
    path = await (await taken.value).path()
    assert path.read_text() == case.scenario.documents["report.txt"]
    await stranger.close()
