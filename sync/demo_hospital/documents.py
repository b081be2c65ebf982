"""Letters and release forms of the invented hospital as PDF: what a scanned or exported record looks like. No FHIR."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import sin
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from resources import resource
from sync.demo_hospital.identity import HOSPITAL_NAME

_MARGIN_MM = 22
_GAP_MM = 3.5
"""Between two fields of the patient box: a value never touches its neighbour."""
_INK, _MUTED, _BRAND, _PALE = (32, 36, 44), (105, 112, 124), (24, 94, 112), (236, 242, 244)
_PEN = (28, 44, 120)
_ADDRESS = "1 Invented Avenue · 00000 Nowhere-on-Loopback"


@dataclass(frozen=True, slots=True)
class AboutPatient:
    """Who a document is about, as it prints."""

    name: str
    born: str
    sex: str
    patient_id: str
    accession: str


def write_letter(
    about: AboutPatient, title: str, department: str, author: str, dated: datetime,
    sections: tuple[tuple[str, str], ...], conclusion: str,
) -> bytes:  # fmt: skip
    """A report or letter on the hospital's paper."""
    page = _Paper(title, department, dated)
    page.patient_box(about)
    for heading, words in sections:
        page.section(heading, words)
    if conclusion:
        page.section("Conclusion", conclusion, strong=True)
    page.signature(author, f"{department}, electronically released {dated:%d %B %Y, %H:%M} UTC")
    return bytes(page.output())


def write_release(about: AboutPatient, specialist: str, signed: datetime, until: datetime) -> bytes:
    """The patient's signed release of their records to the specialist."""
    page = _Paper("Release of medical records", "Patient Services", signed)
    page.patient_box(about)
    page.section(
        "What I agree to",
        f"I ask {HOSPITAL_NAME} to give my records, among them images, tissue slides, reports and laboratory "
        "results, to "
        f"{specialist} for a remote second opinion on my diagnosis and treatment.",
    )
    page.section("For how long", f"From {signed:%d %B %Y} to {until:%d %B %Y}. I may withdraw at any time, in writing.")
    page.section(
        "What I know",
        "The specialist will not examine me. The opinion goes to my treating doctor, who stays responsible for "
        "my care. "
        "My records are not passed on to anybody else and are removed when the opinion is complete.",
    )
    page.section("Not included", "Psychotherapy notes. Genetic findings that are not related to the question.")
    page.signature(about.name, f"Patient, signed on {signed:%d %B %Y}", drawn=True)
    return bytes(page.output())


class _Paper(FPDF):
    """One A4 document on the hospital's letterhead."""

    def __init__(self, title: str, department: str, dated: datetime) -> None:
        super().__init__(format="A4")
        for style, file in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf"), ("I", "DejaVuSans-Oblique.ttf")):
            self.add_font("DejaVu", style, Path(str(resource("fonts", file))))
        self._department = department
        self._dated = dated
        self.set_title(title)
        self.set_author(HOSPITAL_NAME)
        self.set_creation_date(dated)
        self.set_margins(_MARGIN_MM, 18, _MARGIN_MM)
        self.set_auto_page_break(True, 26)
        self.add_page()
        self._write(title, 16, style="B", colour=_INK, height_mm=9)
        self.ln(2)

    @property
    def _width_mm(self) -> float:
        return float(self.w) - 2 * _MARGIN_MM

    def header(self) -> None:
        self._mark(_MARGIN_MM, 13)
        self.set_xy(_MARGIN_MM + 15, 13)
        self._write(HOSPITAL_NAME, 13, style="B", colour=_BRAND, height_mm=6, width_mm=100)
        self.set_x(_MARGIN_MM + 15)
        self._write(f"{self._department} · {_ADDRESS}", 7.5, colour=_MUTED, height_mm=4, width_mm=150)
        self.set_xy(self.w - _MARGIN_MM - 50, 13)
        self._use(9, "", _INK)
        self.cell(50, 6, f"{self._dated:%d %B %Y}", align="R")
        self.set_draw_color(*_BRAND)
        self.set_line_width(0.5)
        self.line(_MARGIN_MM, 27, self.w - _MARGIN_MM, 27)
        self.set_xy(_MARGIN_MM, 33)

    def footer(self) -> None:
        self.set_y(-18)
        self._use(7, "I", _MUTED)
        words = "An invented document about an invented patient, for demonstration and training only."
        self.cell(self._width_mm * 0.8, 5, words)
        self.cell(self._width_mm * 0.2, 5, f"page {self.page_no()}", align="R")

    def patient_box(self, about: AboutPatient) -> None:
        top = self.get_y()
        self.set_fill_color(*_PALE)
        self.rect(_MARGIN_MM, top, self._width_mm, 16, style="F", round_corners=True, corner_radius=1.5)
        fields = (
            ("Patient", about.name, 0.29), ("Born", about.born, 0.25), ("Sex", about.sex, 0.11),
            ("Patient no.", about.patient_id, 0.17), ("Accession", about.accession, 0.18),
        )  # fmt: skip
        inner = self._width_mm - 6.0
        x = _MARGIN_MM + 3.0
        for label, value, share in fields:
            width = inner * share
            self.set_xy(x, top + 2.5)
            self._write(label, 7, colour=_MUTED, height_mm=4, width_mm=width)
            self.set_x(x)
            size_pt = self._fitting_pt(value, 9.0, width - _GAP_MM)
            self._write(value, size_pt, style="B", colour=_INK, height_mm=6, width_mm=width)
            x += width
        self.set_xy(_MARGIN_MM, top + 21)

    def _fitting_pt(self, words: str, size_pt: float, width_mm: float) -> float:
        """The largest size up to *size_pt* at which bold *words* stay inside their column."""
        self.set_font("DejaVu", "B", size_pt)
        return min(size_pt, size_pt * width_mm / max(self.get_string_width(words), 0.1))

    def section(self, heading: str, words: str, *, strong: bool = False) -> None:
        self._write(heading.upper(), 7.5, style="B", colour=_BRAND, height_mm=5)
        self._use(10, "B" if strong else "", _INK)
        self.multi_cell(self._width_mm, 5.4, words, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(3.5)

    def signature(self, name: str, beneath: str, *, drawn: bool = False) -> None:
        self.ln(8)
        y = self.get_y()
        if drawn:
            self.set_draw_color(*_PEN)
            self.set_line_width(0.4)
            # A pen's line that belongs to nobody, another one for each name
            seed = sum(map(ord, name))
            points = [
                (
                    _MARGIN_MM + 4 + t * 0.14 + 2.2 * sin(t * 0.21 + 1),
                    y + 5 + 3.6 * sin(t * 0.052 + seed) * sin(t * 0.17),
                )
                for t in range(340)
            ]
            self.polyline(points)
            self.set_y(y + 10)
        self.set_draw_color(*_MUTED)
        self.set_line_width(0.2)
        self.line(_MARGIN_MM, self.get_y(), _MARGIN_MM + 70, self.get_y())
        self.ln(1.5)
        self._write(name, 10, style="B", colour=_INK, height_mm=5)
        self._write(beneath, 8, colour=_MUTED, height_mm=4.5)

    def _mark(self, x: float, y: float) -> None:
        """The hospital's sign: a linden leaf, roughly."""
        self.set_fill_color(*_BRAND)
        self.ellipse(x, y, 11, 11, style="F")
        self.set_draw_color(255, 255, 255)
        self.set_line_width(0.6)
        self.line(x + 5.5, y + 2.4, x + 5.5, y + 9)
        for step in (0.0, 1.8, 3.6):
            self.line(x + 5.5, y + 4.6 + step, x + 3.1, y + 3.2 + step)
            self.line(x + 5.5, y + 4.6 + step, x + 7.9, y + 3.2 + step)

    def _use(self, size_pt: float, style: str, colour: tuple[int, int, int]) -> None:
        self.set_font("DejaVu", style, size_pt)
        self.set_text_color(*colour)

    def _write(
        self, words: str, size_pt: float, *, style: str = "", colour: tuple[int, int, int], height_mm: float,
        width_mm: float | None = None,
    ) -> None:  # fmt: skip
        self._use(size_pt, style, colour)
        self.cell(width_mm or self._width_mm, height_mm, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
