"""A file's pages when much has happened on it: whole lives from the scenarios, put into the register."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bench.many_files import life as life_of
from bench.many_files import renamed
from models.projection import Projection
from models.record import Entry
from register.files.deliveries import Letter, claim, refused
from register.files.store import write
from register.people.access import restrict

from .conftest import Board, Browsers
from .test_file_pages import PAGES

Lives = Callable[..., Awaitable[str]]


@pytest.fixture
def life(board: Board) -> Lives:
    """Puts a scenario into the register, played to its end or to some step, and gives the file's reference."""

    async def of(scenario: str, step: int = -1, change: Callable[[Projection], Projection] = lambda file: file) -> str:
        reference = board.reference()
        await write(board.site.register, change(renamed(life_of(scenario)[step], reference)))
        return reference

    return of


SCENARIOS = ("published-review", "struck-out", "late-at-every-deadline", "not-published-on-advice", "two-children")


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_every_page_shows_a_whole_life(life: Lives, browser: Browsers, scenario: str) -> None:
    reference, coordinator = await life(scenario), await browser("coordinator")
    for page in PAGES:
        found = await coordinator.get(f"/files/{reference}{page}")
        text = found.text
        assert found.status_code == 200 and text.count("<h1") == 1, page
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), f"{page} has an id twice: {sorted(i for i in ids if ids.count(i) > 1)}"


async def test_a_step_that_was_struck_out_stays_legible_and_says_by_whom_and_why(
    life: Lives, browser: Browsers
) -> None:
    reference = await life("struck-out")
    text = " ".join((await (await browser("coordinator")).get(f"/files/{reference}/history?order=oldest")).text.split())
    struck = re.search(r"<s>([^<]+)</s> <span class=\"board-struck__word\">struck out</span>", text)
    assert struck, "the step itself is still there"
    assert re.search(r"<strong>Struck out</strong> on \d+ \w+ \d{4} by coordinator: <span", text)


async def test_the_history_can_be_narrowed_and_turned_round(life: Lives, browser: Browsers) -> None:
    reference, coordinator = await life("late-at-every-deadline"), await browser("coordinator")

    async def titles(query: str) -> list[str]:
        text = (await coordinator.get(f"/files/{reference}/history?{query}")).text
        return re.findall(r'<h2 class="moj-timeline__title">([^<]+)', text)

    oldest = await titles("order=oldest&kind=escalations")
    assert any(title.startswith("Escalated to the Chair") for title in oldest)
    assert all(title.startswith(("Escalated", "Reminded", "Overdue, was due")) for title in oldest)
    assert (await titles("order=oldest"))[0] == "The file was opened"
    assert await titles("kind=nonsense") == await titles("")


async def test_a_file_that_ended_says_so_and_needs_nothing_more(life: Lives, browser: Browsers) -> None:
    reference = await life("published-review")
    text = " ".join((await (await browser("coordinator")).get(f"/files/{reference}")).text.split())
    assert re.search(r"<dt>Ended</dt><dd>Closed on \d+ \w+ \d{4}</dd>", text)
    assert "There are no open deadlines." in text and "Not yet started" not in text and "Overdue" not in text


async def test_what_is_met_late_and_what_is_overdue_says_by_how_much(life: Lives, browser: Browsers) -> None:
    reference = await life("late-at-every-deadline")
    text = (await (await browser("coordinator")).get(f"/files/{reference}/deadlines")).text
    assert re.search(r"Met on \d+ \w+ \d{4}, .+ late", text)
    reference = await life("late-at-every-deadline", 3)
    text = (await (await browser("coordinator")).get(f"/files/{reference}")).text
    assert re.search(r"\d+ (working days?|days?|months?)( and \d+ days?)? overdue", text)


async def test_text_that_people_typed_is_only_text_and_may_be_long(life: Lives, browser: Browsers) -> None:
    hostile = "<script>alert(1)</script>{{ 7*7 }}" + "long" * 400

    def typed(file: Projection) -> Projection:
        def entry(one: Entry) -> Entry:
            texts = {"reasons", "text", "how_explained", "contribution", "impact"}
            names = {"representative": hostile[:200], "recorded_by": hostile[:200], **dict.fromkeys(texts, hostile)}
            body = {name: names.get(name, value) for name, value in one.body.items()}
            return one if one.is_fact else replace(one, body=body)

        def title(row: object) -> object:
            return replace(row, title=hostile)  # type: ignore[type-var]

        return replace(
            file,
            entries=tuple(map(entry, file.entries)),
            deadlines=tuple(map(title, file.deadlines)),  # type: ignore[arg-type]
            notices=tuple(map(title, file.notices)),  # type: ignore[arg-type]
        )

    reference = await life("published-review", 30, typed)
    coordinator = await browser("coordinator")
    shown = 0
    for page in [f"/files/{reference}{page}" for page in PAGES] + [f"/?q={reference}"]:
        found = await coordinator.get(page)
        assert found.status_code == 200
        assert "<script>alert" not in found.text
        shown += "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in found.text
    assert shown >= 5


async def test_a_letter_that_was_refused_says_why_and_where_to_put_it_right(
    life: Lives, board: Board, browser: Browsers
) -> None:
    def refuse(file: Projection) -> Projection:
        return replace(file, notices=(replace(file.notices[0], status="refused", accepted_on=None), *file.notices[1:]))

    reference = await life("published-review", 12, refuse)
    stored = await board.site.register.read(lambda connection: _first_notice(connection, reference))
    now, letter = board.site.now(), Letter(reference, stored[0], stored[1])
    await claim(
        board.site.register, letter, recipient=stored[2], address="old@x.example", message_id="<1@x>", holder="a test",
        now=now, lease=timedelta(minutes=5),
    )  # fmt: skip
    await refused(board.site.register, letter, now=now, words="550 No such user <here>")
    text = (await (await browser("coordinator")).get(f"/files/{reference}/letters")).text
    assert "550 No such user &lt;here&gt;" in text and "old@x.example, 1 attempt" in text
    assert f"/files/{reference}/record/address_corrected?recipient=" in text
    assert "/record/address_corrected" not in (await (await browser("auditor")).get(f"/files/{reference}/letters")).text


async def _first_notice(connection: object, reference: str) -> tuple[str, int, str]:
    from sqlalchemy import text

    query = text("SELECT key, number, recipient FROM notice WHERE reference = :r AND position = 0")
    row = (await connection.execute(query, {"r": reference})).one()  # type: ignore[attr-defined]
    return row.key, row.number, row.recipient


async def test_a_restricted_file_says_so_on_every_page_to_those_who_see_it(
    life: Lives, board: Board, browser: Browsers
) -> None:
    reference, named, other = await life("two-children", 3), await browser("coordinator"), await browser("chair")
    await restrict(board.site.register, reference, [named.account.id], by=named.account.id, now=board.site.now())
    for page in PAGES:
        assert "Restricted to named people" in (await named.get(f"/files/{reference}{page}")).text
        assert (await other.get(f"/files/{reference}{page}")).status_code == 404


async def test_operations_see_references_and_the_way_to_temporal_and_no_content(
    life: Lives, board: Board, browser: Browsers
) -> None:
    reference, operations = await life("published-review", 5), await browser("operations")
    text = (await operations.get(f"/operations/files?q={reference}")).text
    assert f'href="{board.site.temporal_page}/namespaces/default/workflows/{reference}"' in text
    assert "Meadow Hospital" not in text and f'href="/files/{reference}"' not in text
    assert (await operations.get(f"/files/{reference}")).status_code == 403
    assert (await (await browser("coordinator")).get("/operations/files")).status_code == 403
