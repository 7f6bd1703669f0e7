"""Pictures are taken apart and made anew: what isn't a picture doesn't survive, nor does hidden data such as the place in EXIF."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from dougong.files.content import JPEG, PNG, Content
from dougong.problems import Problem, Problems

PIXELS = 25_000_000
PHOTO_PIXELS = 200_000_000
"""More are refused before any is decoded (THREATS S26). A phone's JPEG is decoded at a lower resolution, so it may have more."""
LONGEST_SIDE = 3600  # a sheet of A4 scanned at 300 dpi is 3508 long
THUMB_SIDE = 320
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
FONTS = (
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "PingFang.ttc",
    "STHeiti Light.ttc",
    "msyh.ttc",
    "simhei.ttf",
    "simsun.ttc",
)

Image.MAX_IMAGE_PIXELS = PHOTO_PIXELS
_BROKEN = (UnidentifiedImageError, OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError, struct.error, OverflowError)
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Picture:
    """The picture as it is kept, and its thumbnail (JPEG)."""

    body: bytes
    thumb: bytes
    content: Content


def remake(body: bytes, lines: Sequence[str] = (), fonts: Sequence[str] = FONT_FOLDERS) -> Picture:
    """Upright, at most LONGEST_SIDE long, with `lines` written into the pixels. Raises Problems."""
    picture, lossless = _decoded(body)
    if lines:
        _write(picture, lines, fonts)
    content = PNG if lossless else JPEG
    small = picture.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    return Picture(_encoded(picture, content), _encoded(_on_white(small), JPEG), content)


def _decoded(body: bytes) -> tuple[Image.Image, bool]:
    """The picture as RGB or RGBA, and whether it must be kept without loss: drawings and what has clear parts."""
    try:
        with Image.open(io.BytesIO(body), formats=FORMATS) as picture:
            limit = PHOTO_PIXELS if picture.format == "JPEG" else PIXELS
            if picture.width * picture.height > limit:
                raise _pixels(limit)
            picture.draft("RGB", (LONGEST_SIDE * 2 // 3, LONGEST_SIDE * 2 // 3))  # JPEG alone; never more than 23 million pixels remain
            clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
            upright = ImageOps.exif_transpose(picture.convert("RGBA" if clear else "RGB"))
    except _TOO_LARGE:
        raise _pixels(PHOTO_PIXELS) from None
    except _BROKEN:
        raise Problems([Problem("image-broken")]) from None
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    upright.info.clear()
    return upright, clear or picture.format in ("PNG", "GIF")


def _pixels(limit: int) -> Problems:
    words = {"zh": f"{limit // 10_000} 万", "en": f"{limit // 1_000_000} million"}
    return Problems([Problem("image-too-many-pixels", {"limit": words})])


def _encoded(picture: Image.Image, content: Content) -> bytes:
    out = io.BytesIO()
    if content is JPEG:
        picture.save(out, "JPEG", quality=85, optimize=True)
    else:
        picture.save(out, "PNG")
    return out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _write(picture: Image.Image, lines: Sequence[str], folders: Sequence[str]) -> None:
    """White on a dark strip at the foot, a thirtieth of the longer side high, shrunk until it fits the width."""
    text = "\n".join(lines)
    path = find_font(tuple(folders))
    if path is None and not text.isascii():
        raise Problems([Problem("watermark-no-font", {"text": text.replace("\n", " ")})])
    size = max(12, max(picture.size) // 30)
    draw = ImageDraw.Draw(picture)
    while True:
        font = ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
        left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font=font, spacing=size // 4)
        if right - left <= picture.width - size or size <= 8:
            break
        size -= max(1, size // 8)
    margin = size // 2
    edge = picture.height - int(bottom - top) - 2 * margin
    strip = picture.crop((0, edge, picture.width, picture.height)).point(lambda level: level // 3)
    if picture.mode == "RGBA":
        strip.putalpha(255)
    picture.paste(strip, (0, edge))
    draw.multiline_text((margin, edge + margin - top), text, font=font, fill="white", spacing=size // 4)


@cache
def find_font(folders: tuple[str, ...]) -> Path | None:
    """The first of FONTS that is installed; None without a font that knows Chinese."""
    there = [path for folder in folders if (path := Path(folder).expanduser()).is_dir()]
    found = {f.name: f for path in there for f in sorted(path.rglob("*.[to]t[cf]"))}
    return next((found[name] for name in FONTS if name in found), None)
