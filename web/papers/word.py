"""A paper as a Word document: real headings, header rows that are repeated, and the language said."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Mm, Pt

from .blocks import MARKING, Facts, Heading, Paper, Paragraph, Table, words

_FONT = "Arial"
_LONGEST_TITLE = 255
_SMALL = "17"
"""Half points: the size of text in tables."""
_TWENTIETHS = 20
"""Of a point, in which Word gives widths."""


def as_word(paper: Paper) -> bytes:
    """The Word document."""
    document = Document()
    _language(document)
    _properties(document, paper)
    _page(document, paper)
    document.add_heading(words(paper.title), level=1)
    document.add_paragraph(words(paper.made_words))
    for block in paper.blocks:
        match block:
            case Heading():
                document.add_heading(words(block.text), level=2)
            case Paragraph():
                document.add_paragraph(words(block.text))
            case Facts():
                _facts(document, block)
            case Table():
                _table(document, block, paper.caption_level(block))
    content = BytesIO()
    document.save(content)
    return content.getvalue()


def _language(document: Any) -> None:
    for style in document.styles:
        properties = style.element.find(qn("w:rPr"))
        found = properties.find(qn("w:lang")) if properties is not None else None
        if found is not None:
            found.set(qn("w:val"), "en-GB")
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, Pt(10)
    for element in document.styles.element.iter(qn("w:lang")):
        element.set(qn("w:val"), "en-GB")
    for level in (1, 2, 3):
        style = document.styles[f"Heading {level}"]
        style.font.name = _FONT
        # The theme's own font and blue would win over the font's name, and be too pale on paper.
        fonts = style.element.rPr.rFonts
        for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{name}"), None)
        style.font.color.rgb = None


def _properties(document: Any, paper: Paper) -> None:
    about = document.core_properties
    about.title, about.author, about.language = words(paper.title)[:_LONGEST_TITLE], "", "en-GB"
    about.subject, about.comments, about.keywords = MARKING, "", ""
    about.created = about.modified = paper.made.replace(tzinfo=None)


def _page(document: Any, paper: Paper) -> None:
    section = document.sections[0]
    width, height = (Mm(297), Mm(210)) if paper.wide else (Mm(210), Mm(297))
    section.orientation = WD_ORIENT.LANDSCAPE if paper.wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = width, height
    section.left_margin = section.right_margin = Mm(18)
    header = section.header.paragraphs[0]
    header.alignment = WD_ALIGN_PARAGRAPH.CENTER
    header.add_run(MARKING).bold = True
    footer = section.footer.paragraphs[0]
    footer.add_run(f"{words(paper.title)}, page ")
    _field(footer, "PAGE")
    footer.add_run(" of ")
    _field(footer, "NUMPAGES")


def _field(paragraph: Any, what: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), what)
    paragraph._p.append(field)


def _facts(document: Any, facts: Facts) -> None:
    for label, value in facts.rows:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(2)
        paragraph.add_run(f"{words(label)}: ").bold = True
        paragraph.add_run(words(value))


def _table(document: Any, block: Table, level: int) -> None:
    if not block.rows:
        document.add_paragraph(words(block.empty))
        return
    document.add_heading(words(block.caption), level=level)
    table = document.add_table(rows=0, cols=len(block.head), style="Table Grid")
    table.autofit = False
    section = document.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    widths = [int(room * width / sum(block.widths)) for width in block.widths]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    # Row by row through the library, a long chronology takes a quarter of a minute.
    table._tbl.append(_row([words(cell) for cell in block.head], widths, header=True))
    for row in block.rows:
        table._tbl.append(_row([words(cell) for cell in row], widths))
    document.add_paragraph()


def _row(texts: list[str], widths: list[int], *, header: bool = False) -> Any:
    row = OxmlElement("w:tr")
    if header:
        row.append(_with(OxmlElement("w:trPr"), _element("w:tblHeader", val="true")))
    for text, width in zip(texts, widths, strict=True):
        run = _with(OxmlElement("w:r"), _with(OxmlElement("w:rPr"), *([_element("w:b")] if header else []), _size()))
        run.text = text
        width_of = _element("w:tcW", w=str(round(Emu(width).pt * _TWENTIETHS)), type="dxa")
        cell = _with(OxmlElement("w:tc"), _with(OxmlElement("w:tcPr"), width_of))
        cell.append(_with(OxmlElement("w:p"), run))
        row.append(cell)
    return row


def _size() -> Any:
    return _element("w:sz", val=_SMALL)


def _element(name: str, **attributes: str) -> Any:
    element = OxmlElement(name)
    for attribute, value in attributes.items():
        element.set(qn(f"w:{attribute}"), value)
    return element


def _with(parent: Any, *children: Any) -> Any:
    for child in children:
        parent.append(child)
    return parent
