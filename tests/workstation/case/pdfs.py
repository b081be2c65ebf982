"""Small PDF files made by hand."""

from __future__ import annotations

SQUARE = b"0 0 0 rg 0 0 20 20 re f"


def make_pdf(
    pages: int, *, width_pt: int = 200, height_pt: int = 100, content: bytes = SQUARE, filters: bytes = b""
) -> bytes:
    """*pages* pages with *content*: a black square in the lower left corner."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(pages))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode())
    for n in range(pages):
        box = f"[0 0 {width_pt} {height_pt}]"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents {4 + 2 * n} 0 R >>".encode())
        objects.append(b"<< /Length %d %s >> stream\n%s\nendstream" % (len(content), filters, content))
    body, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + table + trailer
