"""The report as a PDF/A-3b: letterhead, patient on every page, the opinion, the signature block, the envelope inside.

The pages depend on the frozen opinion alone: with and without the JWS they are the same, so what was previewed is what
is signed. What is said is `report_content`'s; signing is `sync.signing`'s.
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace, TTFFont

from resources import resource
from sync.records.case import Case
from sync.records.opinion import FrozenOpinion
from workstation.opinion.report_content import Paragraph, ReportContent, Section, Subheading, Table, report_content

ENVELOPE_NAME = "opinion.json"
JWS_NAME = "opinion.json.jws"

_MARGIN_MM = 20.0
_INK, _MUTED, _ACCENT, _LINE, _WASH, _ALARM = (
    (28, 34, 40),
    (98, 108, 118),
    (32, 112, 125),
    (205, 212, 218),
    (240, 244, 246),
    (168, 40, 34),
)


@dataclass(frozen=True, slots=True)
class KeyImage:
    """A picture that goes with the report: PNG bytes with the patient line in it, and its caption.

    Without bytes only the caption is printed, which then says why there is no picture.
    """

    png: bytes
    caption: str


def build_report(
    frozen: FrozenOpinion,
    case: Case,
    *,
    jws: str | None,
    signer_name: str,
    key_images: Sequence[KeyImage] = (),
) -> bytes:
    """The report, PDF/A-3b (ISO 19005-3), with the envelope as its source and, once signed, the JWS as supplement."""
    page = _Pages(report_content(frozen, case, signer_name))
    try:
        page.lay_out(key_images)
        page.attach(ENVELOPE_NAME, frozen.envelope, "application/json", "Source", "The signed opinion for machines")
        if jws is not None:
            words = "Detached signature over opinion.json (RFC 7515, RFC 7797)"
            page.attach(JWS_NAME, jws.encode("ascii"), "application/jose", "Supplement", words)
        with _quiet_fonts():
            return bytes(page.output())
    finally:
        page.close_fonts()


class _Pages(FPDF):
    """A4 pages with the patient at the top and the identifiers at the foot of each."""

    def __init__(self, content: ReportContent) -> None:
        super().__init__(format="A4", enforce_compliance="PDF/A-3B")
        self._content = content
        for style, file in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf"), ("I", "DejaVuSans-Oblique.ttf")):
            self.add_font("DejaVu", style, Path(str(resource("fonts", file))))
        self.set_title(f"{content.title}, {content.case_line}")
        self.set_author(content.signature[0][1])
        self.set_creator("Reading Room")
        self.set_lang("en")
        self.set_creation_date(content.signed_at)
        self.set_margins(_MARGIN_MM, 16, _MARGIN_MM)
        self.set_auto_page_break(True, 24)

    def lay_out(self, key_images: Sequence[KeyImage]) -> None:
        """All pages, first to last."""
        self.add_page()
        self.letterhead()
        for section in self._content.sections:
            self.section(section)
        if key_images:
            self.pictures(key_images)
        for section in self._content.appendix:
            self.section(section)
        self.signature_block()

    def attach(self, name: str, content: bytes, mime_type: str, relationship: str, words: str) -> None:
        """Embed a file as an associated file (ISO 19005-3 Annex E), dated like the opinion."""
        self.embed_file(
            bytes=content,
            basename=name,
            desc=words,
            mime_type=mime_type,
            associated_file_relationship=relationship,
            creation_date=self._content.signed_at,
            modification_date=self._content.signed_at,
            compress=True,
            checksum=True,
        )

    def close_fonts(self) -> None:
        """fpdf2 keeps the font files open."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    @property
    def _width_mm(self) -> float:
        return float(self.w) - 2 * _MARGIN_MM

    # --- every page ---

    def header(self) -> None:
        self.set_y(12)
        self.set_fill_color(*_WASH)
        self._ink(_INK)
        self.set_font("DejaVu", "B", 9)
        self._fit(self._content.patient_name, self._width_mm * 0.42 - 6)
        self.cell(self._width_mm * 0.42, 8, _clean(f"  {self._content.patient_name}"), fill=True)
        self.set_font("DejaVu", "", 8)
        words = f"{self._content.patient_details} · {self._content.case_line}  "
        self._fit(words, self._width_mm * 0.58 - 3)
        self.cell(self._width_mm * 0.58, 8, _clean(words), fill=True, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(5)

    def footer(self) -> None:
        self.set_y(-17)
        self.set_draw_color(*_LINE)
        self.line(_MARGIN_MM, self.get_y(), self.w - _MARGIN_MM, self.get_y())
        self.set_y(-15)
        self._ink(_MUTED)
        self.set_font("DejaVu", "", 7.5)
        self.cell(self._width_mm * 0.8, 6, _clean(self._content.footer))
        self.cell(self._width_mm * 0.2, 6, f"page {self.page_no()} of {{nb}}", align="R")

    # --- once ---

    def letterhead(self) -> None:
        content = self._content
        self._ink(_ACCENT)
        self.set_font("DejaVu", "B", 9)
        self._line("READING ROOM", 5)
        self._ink(_INK)
        self.set_font("DejaVu", "B", 17)
        self._line(content.title, 9)
        self._ink(_MUTED)
        self.set_font("DejaVu", "", 9)
        by, at = content.signature[0][1], content.signature[2][1]
        for_whom = f" · for {content.requester}" if content.requester else ""
        self._text(f"by {by}{for_whom} · {at}", 5)
        self.ln(2)
        self.set_draw_color(*_ACCENT)
        self.set_line_width(0.6)
        self.line(_MARGIN_MM, self.get_y(), self.w - _MARGIN_MM, self.get_y())
        self.set_line_width(0.2)
        self.ln(4)

    def section(self, section: Section) -> None:
        if self.will_page_break(28):
            self.add_page()
        self.ln(2)
        tint = _ALARM if section.alarming else _ACCENT
        self._ink(tint)
        self.set_font("DejaVu", "B", 11.5)
        self._text(section.title, 6)
        self.set_draw_color(*(tint if section.alarming else _LINE))
        self.line(_MARGIN_MM, self.get_y() + 0.6, self.w - _MARGIN_MM, self.get_y() + 0.6)
        self.ln(2.2)
        for block in section.blocks:
            if isinstance(block, Paragraph):
                self._paragraph(block)
            elif isinstance(block, Subheading):
                self._ink(_INK)
                self.set_font("DejaVu", "B", 9.5)
                self._text(block.text, 5.5)
            else:
                self._table(block)

    def pictures(self, images: Sequence[KeyImage]) -> None:
        first = next((self._picture_size_mm(image) for image in images[:1] if image.png), (0.0, 0.0))
        if self.will_page_break(first[1] + 30):
            self.add_page()  # the heading stays with its picture
        self.section(Section("Key images", ()))
        for image in images:
            if not image.png:
                self._ink(_MUTED)
                self.set_font("DejaVu", "I", 8)
                self._text(image.caption, 5)
                continue
            width, height = self._picture_size_mm(image)
            if self.will_page_break(height + 10):
                self.add_page()
            self.image(BytesIO(image.png), w=width, h=height, alt_text=_clean(image.caption))
            self._ink(_MUTED)
            self.set_font("DejaVu", "I", 8)
            self._text(image.caption, 5)
            self.ln(2)

    def _picture_size_mm(self, image: KeyImage) -> tuple[float, float]:
        """Width and height on the page, at most 130 × 150 mm."""
        width_px, height_px = struct.unpack(">II", image.png[16:24])  # PNG, IHDR
        width = min(self._width_mm, 130.0)
        height = width * height_px / width_px
        return (width * 150 / height, 150.0) if height > 150 else (width, height)

    def signature_block(self) -> None:
        rows = self._content.signature
        height = 14 + 5.6 * len(rows)
        if self.will_page_break(height + 8):
            self.add_page()
        self.ln(5)
        top = self.get_y()
        self.set_draw_color(*_ACCENT)
        self.set_line_width(0.4)
        self.rect(_MARGIN_MM, top, self._width_mm, height)
        self.set_line_width(0.2)
        self.set_y(top + 3)
        for number, (label, text) in enumerate(rows):
            self.set_x(_MARGIN_MM + 5)
            self._ink(_MUTED)
            self.set_font("DejaVu", "", 8)
            self.cell(48, 5.6, label)
            self._ink(_INK)
            self.set_font("DejaVu", "B" if number == 0 else "", 10 if number == 0 else 8.5)
            self.cell(0, 5.6, _clean(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_x(_MARGIN_MM + 5)
        self._ink(_MUTED)
        self.set_font("DejaVu", "I", 7.5)
        self.cell(
            0, 6, "This file carries the electronic signature and the signed answers; any change to it voids both."
        )
        self.set_y(top + height + 2)

    # --- parts ---

    def _paragraph(self, block: Paragraph) -> None:
        if block.label:
            self._ink(_MUTED)
            self.set_font("DejaVu", "B", 8)
            self._text(block.label, 4.6)
        self._ink(_INK)
        self.set_font("DejaVu", "B" if block.emphasis else "", 9.5)
        self._text(block.text or "–", 5)
        self.ln(1.6)

    def _table(self, block: Table) -> None:
        self.ln(1)
        self._ink(_INK)
        self.set_font("DejaVu", "", 8)
        self.set_draw_color(*_LINE)
        heading = FontFace(emphasis="BOLD", color=_MUTED, fill_color=_WASH)
        with self.table(
            col_widths=block.widths,
            text_align="LEFT",
            line_height=4.6,
            padding=1.2,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=heading,
        ) as table:
            for cells in (block.header, *block.rows):
                row = table.row()
                for text in cells:
                    row.cell(_clean(text))
        self.ln(2)

    def _fit(self, text: str, width_mm: float) -> None:
        """A smaller font where the text would not fit: an identity is never cut."""
        while self.font_size_pt > 4 and self.get_string_width(_clean(text)) > width_mm:
            self.set_font_size(self.font_size_pt - 0.5)

    def _ink(self, rgb: tuple[int, int, int]) -> None:
        self.set_text_color(*rgb)

    def _line(self, text: str, height_mm: float) -> None:
        self.cell(0, height_mm, _clean(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _text(self, text: str, height_mm: float) -> None:
        self.multi_cell(0, height_mm, _clean(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _clean(text: str) -> str:
    """Without control characters: they have no place on paper, and a NUL would end a PDF string for some readers."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", text.replace("\r\n", "\n").replace("\r", "\n"))


@contextmanager
def _quiet_fonts() -> Iterator[Any]:
    """fontTools logs every table it drops while making a subset; that is no news."""
    logger = logging.getLogger("fontTools")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
