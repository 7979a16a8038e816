"""A file's papers: read back from each form, whatever was typed into the file, and who took them kept in the audit."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import openpyxl
import pypdf
import pytest
from docx import Document
from docx.oxml.ns import qn

from register.people.access import accesses, restrict
from web.papers.blocks import MARKING, Facts, Heading, Paper, Paragraph, Table
from web.papers.pdf import as_pdf
from web.papers.sheet import as_sheet
from web.papers.word import as_word

from ..core.case import Case
from ..core.lives import learned, planned, published, ready_to_publish, signed_off
from .conftest import Board, Browsers
from .test_published import shown
from .test_replies import asked_to_secure, mail_to

HOSTILE = [
    '#eval("1 + 1") *bold* _x_ $ 1/0 $ `raw` <label> @ref // comment /* \\ #let x = #{ ] ) }',
    "<script>alert(1)</script> & &amp; ]]> <?xml?> </w:t> {{ 7 * 7 }} {% raw %}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1;1)",
    "\t=1+1",
    "https://evil.example/ mailto:x@y.example internal:Sheet1!A1",
    "W" * 1_900,
    "emoji 😀👨‍👩‍👧 中文 العربية עברית ไทย \u202eright to left\u202c e\u0301",
    "NUL \0, bell \a, escape \x1b[31m, delete \x7f, no character \uffff, CR\rLF\r\nend",
    "Ŵyn Llŷr Ó Séaghdha — “quoted” … £5 €6",
]


@cache
def everything() -> Case:
    """A whole life, with notes that no form may stumble over."""
    case = learned(published(ready_to_publish(planned(signed_off()))))
    for number, text in enumerate(HOSTILE):
        case.step("note_added", text=text)
        case.step("action_proposed", action=f"a-{number}", text=text[:1_000], owner="hospital")
    noted = next(entry.id for entry in case.record if entry.name == "note_added")
    case.step("struck_out", step=noted, reason="Typed into the wrong file.")
    return case


def pdf(content: bytes) -> pypdf.PdfReader:
    """A PDF that says it is tagged, in which language, and what it is called."""
    reader = pypdf.PdfReader(io.BytesIO(content))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True and root["/StructTreeRoot"] and root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert "pdfuaid" in root["/Metadata"].get_data().decode()
    return reader


def tags(node: Any) -> set[str]:
    """The kinds of elements in a PDF's tree."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return set().union(*map(tags, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    return {str(node.get("/S"))} | (tags(node["/K"]) if "/K" in node else set())


def text_of(reader: pypdf.PdfReader) -> str:
    """All its text, on one line, without the places where long words may break."""
    return " ".join(" ".join(page.extract_text() for page in reader.pages).replace("\u200b", "").split())


async def test_each_paper_prints_without_navigation_and_marked(board: Board, browser: Browsers) -> None:
    reference, person = await shown(board, everything()), await browser("coordinator")
    for name in ("summary", "chronology", "action-plan"):
        page = await person.get(f"/files/{reference}/papers/{name}")
        assert page.status_code == 200 and MARKING in page.text
        assert "govuk-service-navigation" not in page.text and "govuk-footer" not in page.text
        assert page.text.count("<h1") == 1 and f"<title>{reference}: " in page.text
        assert "<script>alert(1)" not in page.text and "child-1" not in page.text.split("</title>")[0]
        assert f'href="/files/{reference}/papers/{name}.pdf"' in page.text


async def test_the_summary_says_where_the_file_stands(board: Board, browser: Browsers) -> None:
    reference, person = await shown(board, everything()), await browser("coordinator")
    text = (await person.get(f"/files/{reference}/papers/summary")).text
    for said in ("Serious Case Review", "SCR, criteria met", "By the finding.", "Example Hospital Trust", "2.9b"):
        assert said in text, said
    assert "Reviewer One" in text and "1 April 2019" in text


async def test_the_chronology_has_steps_reasons_what_was_struck_out_and_the_audit(
    board: Board, browser: Browsers
) -> None:
    reference, person = await shown(board, everything()), await browser("coordinator", name="Quinn Example")
    await person.get(f"/files/{reference}/papers/summary.pdf")
    text = (await person.get(f"/files/{reference}/papers/chronology")).text
    assert "STRUCK OUT: A note was added. Why: Typed into the wrong file." in text
    assert (
        "The report was published" in text and "Where on the board&#39;s website: https://board.example/report" in text
    )
    assert "Due by 1 April 2020" in text and "Letter sent to Ofsted" in text
    assert "Quinn Example" in text and "downloaded: summary, as PDF" in text


@pytest.mark.parametrize(("role", "sees"), [("coordinator", True), ("auditor", True), ("board_member", False)])
async def test_who_looked_at_a_file_is_for_those_alone_who_may_read_the_audit(
    board: Board, browser: Browsers, role: str, sees: bool
) -> None:
    reference, one = await shown(board, everything()), await browser("chair", name="Quinn Example")
    await one.get(f"/files/{reference}/papers/summary")
    person = await browser(role, organisation="exampleshire-hospital")
    address = f"/files/{reference}/papers/chronology"
    for text in ((await person.get(address)).text, text_of(pdf((await person.get(f"{address}.pdf")).content))):
        assert "The report was published" in text
        assert ("Quinn Example" in text) is ("Who read the file" in text) is sees
    assert ("with its audit" in (await person.get(f"/files/{reference}/papers")).text) is sees


async def test_whoever_prints_or_takes_a_paper_is_kept(board: Board, browser: Browsers) -> None:
    reference, person = await shown(board, everything()), await browser("auditor", name="An Auditor")
    for address in ("summary", "action-plan.xlsx", "chronology.docx"):
        assert (await person.get(f"/files/{reference}/papers/{address}")).status_code == 200
    kept = [(access.who, access.what) for access in await accesses(board.site.register, reference)]
    assert kept == [
        ("An Auditor", "downloaded: chronology with its audit, as Word"),
        ("An Auditor", "downloaded: action plan, as Spreadsheet"),
        ("An Auditor", "downloaded: summary, as a page to print"),
    ]


@pytest.mark.parametrize("name", ["summary", "chronology", "action-plan"])
async def test_as_pdf_it_is_tagged_and_marked_on_every_page(board: Board, browser: Browsers, name: str) -> None:
    reference, person = await shown(board, everything()), await browser("coordinator")
    answer = await person.get(f"/files/{reference}/papers/{name}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{reference}-{name}.pdf"'
    reader = pdf(answer.content)
    assert reader.metadata and str(reader.metadata.title).startswith(f"{reference}: ")
    assert all(MARKING in page.extract_text() for page in reader.pages)
    root: Any = reader.trailer["/Root"]
    assert {"/H1", "/Table", "/THead", "/TH", "/TD"} <= tags(root["/StructTreeRoot"]["/K"])


@pytest.mark.parametrize("name", ["summary", "chronology", "action-plan"])
async def test_as_word_it_has_headings_repeated_header_rows_and_its_language(
    board: Board, browser: Browsers, name: str
) -> None:
    reference, person = await shown(board, everything()), await browser("coordinator")
    document = Document(io.BytesIO((await person.get(f"/files/{reference}/papers/{name}.docx")).content))
    styles = [paragraph.style.name for paragraph in document.paragraphs if paragraph.style]
    assert styles.count("Heading 1") == 1 and "Heading 2" in styles
    assert document.core_properties.title.startswith(f"{reference}: ")
    assert MARKING in document.sections[0].header.paragraphs[0].text
    languages = {element.get(qn("w:val")) for element in document.styles.element.iter(qn("w:lang"))}
    assert languages == {"en-GB"}
    for table in document.tables:
        assert table.rows[0]._tr.trPr is not None and table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


async def test_what_was_typed_stands_in_word_and_spreadsheet_as_it_was_typed(board: Board, browser: Browsers) -> None:
    reference, person = await shown(board, everything()), await browser("coordinator")
    word = Document(io.BytesIO((await person.get(f"/files/{reference}/papers/action-plan.docx")).content))
    in_word = {cell.text for row in word.tables[0].rows for cell in row.cells}
    book = openpyxl.load_workbook(io.BytesIO((await person.get(f"/files/{reference}/papers/action-plan.xlsx")).content))
    in_sheet = {cell.value for row in book.worksheets[0].iter_rows() for cell in row}
    for text in [*HOSTILE[:8], HOSTILE[11]]:
        assert text in in_word, text
        assert text in in_sheet, text
    assert any("😀👨‍👩‍👧 中文 العربية" in str(text) for text in in_word & in_sheet)


@pytest.mark.parametrize("name", ["chronology", "action-plan"])
async def test_a_spreadsheet_runs_no_formula_and_has_no_links(board: Board, browser: Browsers, name: str) -> None:
    reference, person = await shown(board, everything()), await browser("coordinator")
    answer = await person.get(f"/files/{reference}/papers/{name}.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    for sheet in book.worksheets:
        assert sheet["A1"].value == MARKING and MARKING in str(sheet.oddHeader.center.text)
        assert sheet.freeze_panes == "B5"
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n", "d") and cell.hyperlink is None, cell.value
    assert book.properties.title and book.properties.title.startswith(reference)


async def test_days_in_a_spreadsheet_are_days(board: Board, browser: Browsers) -> None:
    reference, person = await shown(board, everything()), await browser("coordinator")
    answer = await person.get(f"/files/{reference}/papers/action-plan.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    due = {row[0].value: row[5].value for row in sheet.iter_rows(min_row=5)}
    assert isinstance(due["action-1"], datetime)


def paper(*texts: str, rows: int = 0) -> Paper:
    """A paper in which every text is everywhere."""
    table = Table(
        "Cap " + texts[0], tuple(texts), tuple(tuple(texts) for _ in range(rows or 1)), (1,) * len(texts), "-"
    )
    empty = Table("Empty", ("A",), (), (1,), "Nothing " + texts[0])
    blocks = [block for t in texts for block in (Heading(t), Paragraph(t), Facts(((t, t),)))]
    made = datetime(2027, 1, 5, 9, tzinfo=UTC)
    return Paper("x", f"EX-1: {texts[0]}", "EX-1", made, texts[0], (*blocks, table, empty))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_a_paper(text: str) -> None:
    assert pdf(as_pdf(paper(text))).pages
    assert Document(io.BytesIO(as_word(paper(text)))).paragraphs
    assert openpyxl.load_workbook(io.BytesIO(as_sheet(paper(text)))).worksheets


@pytest.mark.parametrize("text", HOSTILE[:8])
def test_a_pdf_says_what_was_typed_and_not_what_it_would_do(text: str) -> None:
    assert " ".join(text.split()) in text_of(pdf(as_pdf(paper(text, "x"))))


def test_what_cannot_be_printed_is_said_and_the_rest_stays() -> None:
    text = text_of(pdf(as_pdf(paper("before \u4e2d after Ŵyn"))))
    assert "before" in text and "after Ŵyn" in text
    if "\u4e2d" not in text:
        assert "Some characters cannot be printed here" in text


def test_a_long_word_stays_on_its_page() -> None:
    reader = pdf(as_pdf(paper("W" * 1_900)))
    assert text_of(reader).replace(" ", "").count("W") > 1_900 * 4


def test_a_cell_longer_than_a_spreadsheet_can_hold_is_cut_and_says_so() -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_sheet(paper("x" * 40_000))))
    values = [str(cell.value) for row in book.worksheets[0].iter_rows(min_row=5) for cell in row]
    assert values[0].endswith("longer: see the file)") and len(values[0]) <= 32_767


def test_the_same_paper_is_the_same_pdf() -> None:
    assert as_pdf(paper("x")) == as_pdf(paper("x"))


def test_a_table_goes_on_over_pages_with_its_header() -> None:
    reader = pdf(as_pdf(paper("Alpha", "Beta", rows=120)))
    assert len(reader.pages) > 2
    assert all("Alpha" in page.extract_text() for page in reader.pages)
    days = replace(paper("x"), blocks=(Table("T", ("Day",), ((date(2027, 1, 5),),), (1,), ""),))
    assert "5 January 2027" in text_of(pdf(as_pdf(days)))


async def test_one_letter_is_printed_as_it_was_sent_without_its_links(board: Board, browser: Browsers) -> None:
    reference, _ = await asked_to_secure(board)
    mail = await mail_to(board, reference, "safeguarding@hospital.example", "lock down")
    person = await browser("coordinator")
    papers = (await person.get(f"/files/{reference}/papers")).text
    address = f"/files/{reference}/papers/letter?notice=files_secured%3Aexampleshire-hospital&number=1"
    assert address.replace("&", "&amp;") in papers
    page = await person.get(address)
    assert page.status_code == 200 and "Please lock down the relevant case files" in page.text
    assert "safeguarding@hospital.example" in page.text and str(mail.message["Message-ID"])[1:-1] in page.text
    assert "/reply/" not in page.text
    assert "Please lock down the relevant case files" in text_of(pdf((await person.get(f"{address}&as=pdf")).content))
    assert (await person.get(f"{address}&as=docx")).status_code == 200
    for wrong in (f"{address}&as=xlsx", f"{address}&as=exe", f"/files/{reference}/papers/letter?notice=x&number=1"):
        assert (await person.get(wrong)).status_code == 404


async def test_there_are_no_other_papers(board: Board, browser: Browsers) -> None:
    reference, person = await shown(board, everything()), await browser("coordinator")
    for name in ("summary.xlsx", "summary.exe", "nothing", "nothing.pdf", "chronology.csv"):
        assert (await person.get(f"/files/{reference}/papers/{name}")).status_code == 404, name
    assert (await person.get("/files/NO-SUCH/papers/summary")).status_code == 404


async def test_a_restricted_file_has_no_papers_for_others(board: Board, browser: Browsers) -> None:
    reference, person, other = await shown(board, everything()), await browser("coordinator"), await browser("chair")
    register, now = board.site.register, board.site.now()
    await restrict(register, reference, [person.account.id], by=person.account.id, now=now)
    for address in ("", "/summary", "/summary.pdf", "/letter?notice=x"):
        assert (await other.get(f"/files/{reference}/papers{address}")).status_code == 404
    assert (await person.get(f"/files/{reference}/papers/summary.pdf")).status_code == 200


async def test_only_readers_of_files_get_papers(board: Board, browser: Browsers) -> None:
    reference = await shown(board, everything())
    for role, status in {"board_member": 200, "operations": 403, "administrator": 403}.items():
        person = await browser(role)
        assert (await person.get(f"/files/{reference}/papers/summary.pdf")).status_code == status
    assert (await (await browser()).get(f"/files/{reference}/papers/summary.pdf")).status_code == 303
