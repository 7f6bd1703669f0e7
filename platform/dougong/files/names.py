"""Names of files: what people see, and what a browser is told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote

from dougong.files.content import Content
from dougong.problems import Problem

LONGEST = 100
SHOWN = frozenset(
    ["image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"]
    + [f"audio/{sort}" for sort in ("mpeg", "mp4", "ogg", "wav", "webm", "flac")]
    + [f"video/{sort}" for sort in ("mp4", "webm", "quicktime")]
)
"""What a browser may show in place; everything else is only downloaded (THREATS S24)."""
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def clean_name(name: str, content: Content) -> str:
    """The last part of a path, without characters that hide or break things, ending as its content does (THREATS S25)."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode("utf-8")))[-1]
    visible = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and c not in '<>:"|?*')
    visible = " ".join(visible.split()).strip(". ") or Problem("file-name").sentence("zh")
    if _RESERVED.fullmatch(visible):
        visible = "_" + visible
    stem, dot, ending = visible.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = visible, ""
    if content.endings and f".{ending.lower()}" not in content.endings:
        stem, ending = visible, content.endings[0][1:]
    return f"{stem[: LONGEST - 11]}.{ending}" if ending else stem[:LONGEST]


def disposition(name: str, shown: bool) -> str:
    """The header of that name: plain letters for every server and program, and the name itself (RFC 6266)."""
    plain = re.sub(r"[^\w.-]", "_", unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or "file")
    return f"{'inline' if shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def headers(name: str, type_: str) -> Mapping[str, str]:
    """What a browser is told with the bytes: no guessing, nothing run in our origin, shown in place only if harmless."""
    return {
        "Content-Type": type_ if type_ in SHOWN else "application/octet-stream",
        "Content-Disposition": disposition(name, type_ in SHOWN),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "Cache-Control": "private, max-age=0, must-revalidate",
    }
