"""HTML → PDF by WeasyPrint, which sets Chinese in the system's fonts. It runs no scripts and fetches nothing (THREATS S20)."""

from __future__ import annotations

import importlib
from typing import Any

from PIL import ImageFile

from dougong.problems import Problem, Problems

STYLE = """
@page { size: A4; margin: 18mm 16mm; @bottom-center { content: counter(page) " / " counter(pages); font-size: 9pt; color: #666 } }
body {
  font-family: "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "PingFang SC", "Microsoft YaHei", sans-serif;
  font-size: 10.5pt;
}
h1 { font-size: 18pt; margin: 0 0 6mm }
table { width: 100%; border-collapse: collapse }
th, td { border: 0.5pt solid #999; padding: 1.5mm 2mm; text-align: left }
thead { display: table-header-group }
tr { break-inside: avoid }
"""


def render(html: str) -> bytes:
    """Raises Problems `document-no-renderer` where the program behind it is missing on this machine."""
    try:
        printer: Any = importlib.import_module("weasyprint")  # only when a paper is made: it is large, and needs Pango
    except (ImportError, OSError) as error:
        raise Problems([Problem("document-no-renderer", {"why": str(error).splitlines()[0]})]) from error
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # importing it switches this on for the whole process, and broken uploads would pass
    nothing = printer.urls.URLFetcher(allowed_protocols=frozenset(), allow_redirects=False)
    style = printer.CSS(string=STYLE, url_fetcher=nothing)
    written: bytes = printer.HTML(string=html, url_fetcher=nothing, base_url=None).write_pdf(stylesheets=[style])
    return written
