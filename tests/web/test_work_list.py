"""The work list: what needs somebody now, by due date."""

from __future__ import annotations

from .conftest import Browsers


async def test_somebody_who_may_read_files_sees_it(browser: Browsers) -> None:
    page = await (await browser("coordinator")).get("/")
    assert page.status_code == 200 and "Work list" in page.text


async def test_a_stranger_is_asked_to_sign_in_and_comes_back(browser: Browsers) -> None:
    page = await (await browser()).get("/?stage=review")
    assert page.status_code == 303 and page.headers["location"] == "/sign-in?then=%2F%3Fstage%3Dreview"


async def test_operations_do_not(browser: Browsers) -> None:
    page = await (await browser("operations")).get("/")
    assert page.status_code == 403 and "You may not do this" in page.text
