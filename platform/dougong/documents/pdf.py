"""HTML → PDF by WeasyPrint, which sets Chinese in the system's fonts. It runs no scripts and fetches nothing (THREATS S20).

Where Pango or a Chinese font is missing there is no second printer: one in pure Python has no page styles, no tables that break
over pages and no font either, and a contract that looks different on another machine is worse than one that says what to install.
"""

from __future__ import annotations

import importlib
import shutil
import subprocess
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


def missing() -> Problem | None:
    """What this machine needs before it can print: asked when an app with documents is installed, and by `dougong doctor`."""
    try:
        _printer()
    except Problems as problems:
        return problems.problems[0]
    lister = shutil.which("fc-list")
    if lister and not subprocess.run([lister, ":lang=zh", "family"], capture_output=True, timeout=30, check=False).stdout.strip():
        return Problem("document-no-font", warning=True)
    return None


def render(html: str) -> bytes:
    """Raises Problems `document-no-renderer` where the program behind it is missing on this machine."""
    printer = _printer()
    nothing = printer.urls.URLFetcher(allowed_protocols=frozenset(), allow_redirects=False)
    style = printer.CSS(string=STYLE, url_fetcher=nothing)
    written: bytes = printer.HTML(string=html, url_fetcher=nothing, base_url=None).write_pdf(stylesheets=[style])
    return written


def _printer() -> Any:
    try:
        printer: Any = importlib.import_module("weasyprint")  # only when a paper is made: it is large, and needs Pango
    except (ImportError, OSError) as error:
        raise Problems([Problem("document-no-renderer", {"why": str(error).splitlines()[0]}, warning=True)]) from error
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # importing it switches this on for the whole process, and broken uploads would pass
    return printer
