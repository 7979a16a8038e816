"""The list of published reports, as the register finds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from models.project import project
from models.projection import Projection
from register.engine import Register
from register.files.store import write
from register.lists.published import PAGE, published_report, published_reports

from ..core.case import Case
from ..core.lives import published, signed_off


def projected(case: Case, reference: str) -> Projection:
    """The case under another reference."""
    opened = case.record[0]
    record = [replace(opened, body={**opened.body, "reference": reference}), *case.record[1:]]
    return project(record, case.events, len(record), case.world)


async def test_the_latest_report_comes_first_and_what_is_not_published_never(register: Register) -> None:
    first, unpublished = published(), signed_off()
    later = published(on="2019-05-02")
    for case, reference in ((first, "EX-1"), (unpublished, "EX-22"), (later, "EX-333")):
        await write(register, projected(case, reference.ljust(4, "0")))
    found = await published_reports(register)
    assert [report.reference for report in found.reports] == ["EX-333", "EX-1"] and not found.more
    assert [report.published_on for report in found.reports] == [date(2019, 5, 2), date(2019, 4, 1)]


async def test_one_report_is_found_by_its_reference_alone(register: Register) -> None:
    await write(register, projected(published(), "EX-2019-0001"))
    assert await published_report(register, "EX-2019-0001")
    assert await published_report(register, "ex-2019-0001") is None
    assert await published_report(register, "EX-2019-%") is None
    assert await published_report(register, "\0") is None


async def test_reports_come_in_pages(register: Register) -> None:
    projection = projected(published(), "EX-0000")
    for number in range(PAGE + 2):
        record = (replace(projection.entries[0], body={**projection.entries[0].body, "reference": f"EX-{number:04}"}),)
        one = replace(projection, reference=f"EX-{number:04}", entries=(*record, *projection.entries[1:]))
        await write(register, one)
    first, second = await published_reports(register), await published_reports(register, page=2)
    assert len(first.reports) == PAGE and first.more
    assert [report.reference for report in second.reports] == [f"EX-{PAGE:04}", f"EX-{PAGE + 1:04}"]
    assert not second.more and not (await published_reports(register, page=3)).reports
