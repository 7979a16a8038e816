"""Lists of files are filtered, in order of what is due next, and come in pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from models.projection import OrganisationRow, Projection
from register.engine import Register
from register.files.store import write
from register.lists.files import Filter, list_files

AFile = Callable[..., Projection]

SCHOOL = (OrganisationRow("school", "School", "Head"),)


@pytest.fixture
async def five(register: Register, a_file: AFile) -> Register:
    """A register with five files."""
    for file in (
        a_file("HSCB-2018-0005", next_due=None, closed_on=date(2020, 5, 1), stage="closed", overdue=0),
        a_file("HSCB-2018-0001", next_due=date(2019, 3, 1), overdue=2),
        a_file("HSCB-2018-0003", next_due=date(2019, 1, 1), overdue=0, organisations=SCHOOL),
        a_file("HSCB-2018-0002", next_due=date(2019, 1, 1), overdue=0, kind="audit of practice"),
        a_file("OLD_2017%4", next_due=date(2019, 2, 1), overdue=0, stage="deciding"),
    ):
        await write(register, file)
    return register


async def numbers(register: Register, which: Filter | None = None, **page: int) -> str:
    return "".join(file.reference[-1] for file in (await list_files(register, which, **page)).files)


async def test_files_come_by_what_is_due_next_then_by_reference_and_nothing_due_last(five: Register) -> None:
    assert await numbers(five) == "23415"


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (Filter(stage="deciding"), "4"),
        (Filter(kind="audit of practice"), "2"),
        (Filter(overdue=True), "1"),
        (Filter(overdue=False), "2345"),
        (Filter(open=True), "2341"),
        (Filter(open=False), "5"),
        (Filter(organisation="school"), "3"),
        (Filter(reference="2018-000"), "2315"),
        (Filter(reference=" hscb "), "2315"),
        (Filter(reference="%"), "4"),
        (Filter(reference="d_2"), "4"),
        (Filter(reference="' OR 1=1"), ""),
        (Filter(stage="review", overdue=False, kind="Serious Case Review"), "3"),
    ],
    ids=repr,
)
async def test_a_filter_gives_the_files_that_fit(five: Register, which: Filter, expected: str) -> None:
    assert await numbers(five, which) == expected
    assert (await list_files(five, which, limit=1)).total == len(expected)


async def test_pages_follow_one_another_and_know_the_total(five: Register) -> None:
    assert [await numbers(five, start=start, limit=2) for start in (0, 2, 4, 6)] == ["23", "41", "5", ""]
    assert (await list_files(five, start=4, limit=2)).total == 5
    assert await numbers(five, start=-3, limit=-1) == ""


async def test_a_line_has_what_a_list_shows(register: Register, a_file: AFile) -> None:
    file = a_file()
    await write(register, file)
    (line,) = (await list_files(register)).files
    for name in line.__slots__:
        assert getattr(line, name) == getattr(file, name)
