"""What a file is, told by its first bytes; neither its name nor the sender's word counts (THREATS S24, S25)."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = 8192
"""How many bytes `identify` wants to see."""


@dataclass(frozen=True)
class Content:
    """`kinds`: what it may serve as (WebM and MP4 may hold sound alone). A name with none of the `endings` gets the first."""

    type: str
    kinds: tuple[str, ...]
    endings: tuple[str, ...] = ()


JPEG = Content("image/jpeg", ("image",), (".jpg", ".jpeg"))
PNG = Content("image/png", ("image",), (".png",))
OTHER = Content("application/octet-stream", ("other",))
TEXT = Content("text/plain", ("document",))
PROGRAM = Content("application/x-executable", ("program",))

_MAGIC: tuple[tuple[int, bytes, Content], ...] = (
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (0, b"GIF87a", Content("image/gif", ("image",), (".gif",))),
    (0, b"GIF89a", Content("image/gif", ("image",), (".gif",))),
    (8, b"WEBP", Content("image/webp", ("image",), (".webp",))),
    (8, b"WAVE", Content("audio/wav", ("audio",), (".wav",))),
    (0, b"%PDF-", Content("application/pdf", ("document",), (".pdf",))),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        Content("application/x-ole-storage", ("document",), (".doc", ".xls", ".ppt", ".wps", ".et", ".dps", ".msg")),
    ),
    (0, b"{\\rtf", Content("application/rtf", ("document",), (".rtf",))),
    (0, b"AC10", Content("image/vnd.dwg", ("document",), (".dwg",))),
    (0, b"OggS", Content("audio/ogg", ("audio",), (".ogg", ".oga", ".opus"))),
    (0, b"fLaC", Content("audio/flac", ("audio",), (".flac",))),
    (0, b"#!AMR", Content("audio/amr", ("audio",), (".amr",))),
    (0, b"ID3", Content("audio/mpeg", ("audio",), (".mp3",))),
    (0, b"\x1aE\xdf\xa3", Content("video/webm", ("video", "audio"), (".webm", ".weba", ".mkv"))),
    (4, b"ftypM4A", Content("audio/mp4", ("audio",), (".m4a",))),
    (4, b"ftypheic", Content("image/heic", ("document",), (".heic",))),
    (4, b"ftypqt", Content("video/quicktime", ("video",), (".mov",))),
    (4, b"ftyp", Content("video/mp4", ("video", "audio"), (".mp4", ".m4v", ".3gp", ".m4a"))),
    (0, b"MZ", PROGRAM),
    (0, b"\x7fELF", PROGRAM),
    (0, b"\xcf\xfa\xed\xfe", PROGRAM),
    (0, b"\xca\xfe\xba\xbe", PROGRAM),
    (0, b"#!/", PROGRAM),
)
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIPPED: tuple[tuple[bytes, Content], ...] = (
    (b"word/", Content(_OFFICE + "wordprocessingml.document", ("document",), (".docx",))),
    (b"xl/", Content(_OFFICE + "spreadsheetml.sheet", ("document",), (".xlsx", ".xlsm"))),
    (b"ppt/", Content(_OFFICE + "presentationml.presentation", ("document",), (".pptx",))),
    (b"opendocument", Content("application/vnd.oasis.opendocument", ("document",), (".odt", ".ods", ".odp"))),
    (b"PK", Content("application/zip", ("document",), (".zip", ".docx", ".xlsx", ".pptx"))),
)


def identify(head: bytes) -> Content:
    """The content that begins with these bytes. Text of every sort, HTML and SVG too, is plain text."""
    if head.startswith(b"PK\x03\x04"):
        return next(content for mark, content in _ZIPPED if mark in head)
    for offset, mark, content in _MAGIC:
        if head.startswith(mark, offset) and (offset != 8 or head.startswith(b"RIFF")):
            return content
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return Content("audio/mpeg", ("audio",), (".mp3", ".aac"))
    return TEXT if _is_text(head) else OTHER


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            head[: len(head) - 4 if len(head) == HEAD else None].decode(encoding)  # the cut may go through a character
        except UnicodeDecodeError as error:
            if error.start < len(head) - 8:
                continue
        return True
    return False
