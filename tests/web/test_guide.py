"""Help in plain English, for anyone."""

from __future__ import annotations

import re

import pytest

from models.rulebook import Clock
from models.serious_case_reviews import SERIOUS_CASE_REVIEWS, STEPS
from web.guide.pages import REGIME, STAGES, SUBJECTS, length_words

from .conftest import Board, Browsers


@pytest.mark.parametrize("slug", SUBJECTS)
async def test_anyone_may_read_it(browser: Browsers, slug: str) -> None:
    page = await (await browser()).get(f"/help/{slug}")
    assert page.status_code == 200 and f">{SUBJECTS[slug].title}</h1>" in " ".join(page.text.split()).replace("> ", ">")
    assert all(STEPS[name].label.replace("'", "&#39;") in page.text for name in SUBJECTS[slug].steps)


async def test_the_list_leads_to_every_subject(browser: Browsers) -> None:
    page = await (await browser()).get("/help")
    assert set(re.findall(r'href="/help/([\w-]+)"', page.text)) == set(SUBJECTS)


async def test_a_subject_that_is_none_is_not_found(browser: Browsers) -> None:
    page = await (await browser()).get("/help/nothing")
    assert page.status_code == 404 and "There is no help under this address" in page.text


def test_every_stage_of_a_file_has_a_page() -> None:
    assert [subject.slug for subject in STAGES] == [stage.name for stage in REGIME.stages]


def test_what_is_named_exists() -> None:
    for subject in SUBJECTS.values():
        assert set(subject.steps) <= set(STEPS), subject.slug
        assert set(subject.clocks or ()) <= set(SERIOUS_CASE_REVIEWS.clocks), subject.slug


async def test_lengths_are_those_of_the_rulebook_for_new_files(board: Board, browser: Browsers) -> None:
    page = " ".join((await (await browser()).get("/help/deadlines")).text.split())
    for clock in board.parts.rulebook.clocks.values():
        assert f'<td class="govuk-table__cell">{length_words(clock)}</td>' in page
    assert "{organisation}" not in page and page.count('<th scope="row"') == len(board.parts.rulebook.clocks)


@pytest.mark.parametrize(
    ("length", "unit", "words"),
    [
        (1, "calendar months", "1 calendar month"),
        (5, "working days", "5 working days"),
        (0, "calendar days", "on the day"),
    ],
)
def test_a_length_in_words(length: int, unit: str, words: str) -> None:
    clock = Clock.model_validate(
        {
            "rule": "2.2b",
            "title": "T",
            "length": length,
            "unit": unit,
            "basis": "statutory",
            "ladder": "l",
            "source": "s",
        }
    )
    assert length_words(clock) == words
