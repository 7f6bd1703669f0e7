"""A file is what its bytes say, whatever its name."""

from __future__ import annotations

import pytest

from dougong.files.content import HEAD, identify
from dougong.files.names import LONGEST, clean_name, headers
from tests.files.samples import HTML, MP4, PDF, SVG, WEBM, picture, zipped


@pytest.mark.parametrize(
    ("body", "type_", "kinds"),
    [
        (picture("PNG"), "image/png", ("image",)),
        (picture("JPEG"), "image/jpeg", ("image",)),
        (picture("GIF"), "image/gif", ("image",)),
        (picture("WEBP"), "image/webp", ("image",)),
        (PDF, "application/pdf", ("document",)),
        (WEBM, "video/webm", ("video", "audio")),
        (MP4, "video/mp4", ("video", "audio")),
        (b"\x00\x00\x00\x20ftypM4A " + b"\0" * 9, "audio/mp4", ("audio",)),
        (b"\x00\x00\x00\x20ftypheic" + b"\0" * 9, "image/heic", ("document",)),
        (b"OggS\0\2", "audio/ogg", ("audio",)),
        (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav", ("audio",)),
        (b"XXXX\x10\0\0\0WAVEfmt ", "application/octet-stream", ("other",)),
        (b"\xff\xfb\x90\x64", "audio/mpeg", ("audio",)),
        (b"#!AMR\n", "audio/amr", ("audio",)),
        (
            zipped("[Content_Types].xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ("document",),
        ),
        (
            zipped("[Content_Types].xml", "xl/workbook.xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ("document",),
        ),
        (zipped("../../etc/passwd"), "application/zip", ("document",)),
        (HTML, "text/plain", ("document",)),
        (SVG, "text/plain", ("document",)),
        ("客户,电话\n".encode("gb18030"), "text/plain", ("document",)),
        (("宁" * HEAD).encode()[:HEAD], "text/plain", ("document",)),
        (b"MZ\x90\0", "application/x-executable", ("program",)),
        (b"\x7fELF\2", "application/x-executable", ("program",)),
        (b"#!/bin/sh\nrm", "application/x-executable", ("program",)),
        (b"\x00\x01\x02\x03", "application/octet-stream", ("other",)),
    ],
)
def test_content_is_told_by_the_first_bytes(body: bytes, type_: str, kinds: tuple[str, ...]) -> None:
    content = identify(body[:HEAD])
    assert (content.type, content.kinds) == (type_, kinds)


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("报价单.pdf", "报价单.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\boot.ini", "boot.ini.pdf"),
        ("/abs/x.pdf", "x.pdf"),
        ("C:\\x.PDF", "x.PDF"),
        ("a\x00b\n.pdf", "ab.pdf"),
        ("CON", "_CON.pdf"),
        ("nul.pdf", "_nul.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("x.pdf.exe", "x.pdf.exe.pdf"),
        ("abc\u202efdp.exe", "abcfdp.exe.pdf"),
        ("\ud800.pdf", "pdf.pdf"),
        ("", "附件.pdf"),
        ("...", "附件.pdf"),
        ('a"<b>|c?.pdf', "abc.pdf"),
        ("x" * 300 + ".pdf", "x" * (LONGEST - 11) + ".pdf"),
    ],
)
def test_names_lose_paths_and_tricks_and_end_as_their_content_does(written: str, clean: str) -> None:
    assert clean_name(written, identify(PDF)) == clean


@pytest.mark.parametrize(
    ("body", "place", "type_"),
    [
        (picture("PNG"), "inline", "image/png"),
        (PDF, "inline", "application/pdf"),
        (HTML, "attachment", "application/octet-stream"),
        (SVG, "attachment", "application/octet-stream"),
        (zipped("a"), "attachment", "application/octet-stream"),
    ],
)
def test_only_harmless_content_is_shown_in_place(body: bytes, place: str, type_: str) -> None:
    told = headers('报价 "1"\r\nSet-Cookie: x.html', identify(body).type)
    assert told["Content-Disposition"].startswith(f'{place}; filename="')
    assert told["Content-Type"] == type_
    assert told["X-Content-Type-Options"] == "nosniff"
    assert not any(c in value for value in told.values() for c in "\r\n")
