"""A small PDF of lines of text: what an invoice or a receipt needs, and nothing more.

*Called by*: invoice_page.py. *Keeps true*: what it writes opens in any reader; letters outside Latin-1 become "?".
"""

LINE, LEFT, TOP = 16, 56, 780


def make(title: str, lines: list[tuple[str, str]]) -> bytes:
    """One page: a title, and lines of words at the left and an amount at the right."""
    drawn = [f"BT /F1 18 Tf {LEFT} {TOP} Td ({_text(title)}) Tj ET"]
    for place, (words, amount) in enumerate(lines):
        y = TOP - 40 - place * LINE
        drawn.append(f"BT /F1 10 Tf {LEFT} {y} Td ({_text(words)}) Tj ET")
        if amount:
            drawn.append(f"BT /F1 10 Tf 460 {y} Td ({_text(amount)}) Tj ET")
    content = "\n".join(drawn).encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    return _join(objects)


def _text(words: str) -> str:
    plain = words.replace("€", "EUR ").replace("–", "-").replace("’", "'")
    plain = plain.encode("latin-1", "replace").decode("latin-1")
    return plain.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _join(objects: list[bytes]) -> bytes:
    written, starts = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        starts.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end
