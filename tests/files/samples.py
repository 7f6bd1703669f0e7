"""Small files of every sort, made here so that none has to be kept in the tree."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

from PIL import Image


def picture(format_: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", colour: Any = (200, 40, 40), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, format_, **more)
    return out.getvalue()


def photo_with_place(size: tuple[int, int] = (60, 40)) -> bytes:
    """A JPEG lying on its side (orientation 6), with a place in its EXIF."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "SECRETCAMERA"
    return picture("JPEG", size, exif=exif)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header promises far more pixels than it brings."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\x00" * 1000)) + chunk(b"IEND", b"")


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
WEBM = b"\x1aE\xdf\xa3" + b"\x01" * 50
MP4 = b"\x00\x00\x00\x18ftypisom" + b"\x00" * 50
HTML = b"<html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
