"""Print docs/one-pager.md as docs/one-pager.pdf, by Chromium, on one side of A4; fails if it takes more.

.venv/bin/python scripts/one_pager_pdf.py
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import markdown

DOCS = Path(__file__).resolve().parents[1] / "docs"
SOURCE, TARGET, PICTURE = DOCS / "one-pager.md", DOCS / "one-pager.pdf", DOCS / "diagrams" / "flow.svg"
_STYLE = """
@page { size: A4; margin: 11mm 14mm }
body { font: 10pt/1.36 Helvetica, Arial, sans-serif; color: #1c2b2a }
h1 { font-size: 20pt; margin: 0 0 2mm; color: #00695c }
p { margin: 0 0 2.4mm } svg { width: 100%; margin: 1mm 0 }
table { border-collapse: collapse; width: 100%; font-size: 9pt; margin-bottom: 2.5mm }
td:last-child { white-space: nowrap }
td, th { border-bottom: .3pt solid #90a4ae; padding: .7mm 1.5mm; text-align: left }
a { color: #00695c; text-decoration: none }
"""


def fingerprint() -> str:
    """Of what is printed: a PDF that does not name it is out of date."""
    return hashlib.sha256(SOURCE.read_bytes() + PICTURE.read_bytes()).hexdigest()[:16]


def page_count(pdf: bytes) -> int:
    """Pages of a PDF as Chromium writes it."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def _html() -> str:
    body = markdown.markdown(SOURCE.read_text(encoding="utf-8"), extensions=["tables"])
    with_picture = re.sub(r"<img[^>]*flow\.svg[^>]*>", lambda _: PICTURE.read_text(encoding="utf-8"), body)
    title = f"Zipotify in one page [{fingerprint()}]"
    return f"<!doctype html><meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style>{with_picture}"


def main() -> None:
    """Print it, unless it was printed as it is."""
    if TARGET.exists() and fingerprint().encode() in TARGET.read_bytes():
        return
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("no Chromium here\n  -> make system")
    with tempfile.TemporaryDirectory() as folder:
        page, pdf = Path(folder) / "page.html", Path(folder) / "page.pdf"
        page.write_text(_html(), encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={pdf}"]
        subprocess.run([browser, *flags, page.as_uri()], check=True, capture_output=True, timeout=120)
        printed = pdf.read_bytes()
    if page_count(printed) != 1:
        sys.exit(f"docs/one-pager.md takes {page_count(printed)} pages\n  -> shorten it: it must fit on one side of A4")
    TARGET.write_bytes(printed)
    print(f"written: docs/{TARGET.name}, {len(printed)} bytes")


if __name__ == "__main__":
    main()
