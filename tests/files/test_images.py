"""Pictures are made anew, upright, without hidden data, with a watermark in their pixels."""

from __future__ import annotations

import io
import time

import pytest
from PIL import Image, ImageChops

from dougong.files.images import FONT_FOLDERS, LONGEST_SIDE, THUMB_SIDE, find_font, remake
from dougong.problems import Problems
from tests.files.samples import photo_with_place, picture, png_claiming

CHINESE = ["2026-03-05 14:30", "宁波骨科医院", "王强"]


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


def test_a_photo_on_its_side_stands_up_and_loses_its_hidden_data() -> None:
    body = photo_with_place()
    assert b"SECRETCAMERA" in body
    made = remake(body)
    assert opened(made.body).size == (40, 60)
    assert b"SECRETCAMERA" not in made.body and not opened(made.body).getexif()


@pytest.mark.parametrize(("body", "format_"), [
    (picture("PNG"), "PNG"), (picture("JPEG"), "JPEG"), (picture("WEBP"), "JPEG"), (picture("GIF"), "PNG"),
    (picture("JPEG", mode="CMYK", colour=(1, 2, 3, 4)), "JPEG"),
    (picture("PNG", mode="L", colour=9), "PNG"), (picture("PNG", mode="RGBA", colour=(1, 2, 3, 99)), "PNG"),
    (picture("WEBP", mode="RGBA", colour=(1, 2, 3, 99)), "PNG"),
    (picture("PNG", mode="I;16", colour=9), "PNG"),
])  # fmt: skip
def test_every_mode_and_format_becomes_jpeg_or_png(body: bytes, format_: str) -> None:
    made = remake(body)
    assert opened(made.body).format == format_ and opened(made.body).size == (60, 40)
    assert opened(made.thumb).format == "JPEG"
    assert made.content.type == f"image/{format_.lower()}"


def test_large_pictures_and_thumbnails_shrink_in_proportion() -> None:
    made = remake(picture("JPEG", (5000, 2500)))
    assert opened(made.body).size == (LONGEST_SIDE, LONGEST_SIDE // 2)
    assert opened(made.thumb).size == (THUMB_SIDE, THUMB_SIDE // 2)


@pytest.mark.parametrize(("body", "code"), [
    (png_claiming(50_000, 50_000), "image-too-many-pixels"), (png_claiming(9000, 9000), "image-too-many-pixels"),
    (png_claiming(6400, 6300), "image-too-many-pixels"),
    (picture("PNG")[:60], "image-broken"), (b"\x89PNG\r\n\x1a\n", "image-broken"), (picture("PNG") [:-30] + b"x" * 30, "image-broken"),
    (b"GIF89a", "image-broken"), (b"not a picture", "image-broken"),
    (b"\xff\xd8\xff\xe0" + b"\0" * 100, "image-broken"), (png_claiming(0, 0), "image-broken"),
])  # fmt: skip
def test_bombs_and_broken_pictures_are_refused_at_once(body: bytes, code: str) -> None:
    before = time.perf_counter()
    with pytest.raises(Problems) as raised:
        remake(body)
    assert [p.code for p in raised.value] == [code]
    assert time.perf_counter() - before < 5


@pytest.mark.parametrize("size", [(1200, 800), (300, 900), (60, 40)])
def test_a_watermark_changes_the_foot_and_nothing_else(size: tuple[int, int]) -> None:
    body = picture("PNG", size, mode="RGBA", colour=(200, 40, 40, 255))
    plain, marked = (opened(remake(body, lines, latin()).body).convert("RGB") for lines in ([], ["2026-03-05 14:30", "Wang Qiang"]))
    box = ImageChops.difference(plain, marked).getbbox()
    assert box is not None and box[3] == size[1] and box[1] >= 0
    colours = {colour for _, colour in marked.getcolors(10**7) or []}
    assert (255, 255, 255) in colours or size == (60, 40)


def test_different_words_make_different_pixels() -> None:
    body = picture("JPEG", (800, 600))
    assert remake(body, ["2026-03-05"], latin()).body != remake(body, ["2026-03-06"], latin()).body


def test_chinese_without_a_font_is_refused_in_clear_words() -> None:
    with pytest.raises(Problems) as raised:
        remake(picture("JPEG", (800, 600)), CHINESE, fonts=["/nowhere"])
    (problem,) = raised.value
    assert problem.code == "watermark-no-font" and "宁波骨科医院" in problem.sentence("zh") and "fonts-wqy-microhei" in problem.hint("en")


def test_chinese_is_written_where_this_machine_has_a_font_and_refused_where_not() -> None:
    body = picture("JPEG", (800, 600))
    if find_font(FONT_FOLDERS):
        assert remake(body, ["宁波"]).body != remake(body, ["鄞州"]).body
    else:
        with pytest.raises(Problems):
            remake(body, ["宁波"])


def test_no_font_is_found_in_an_empty_folder() -> None:
    assert find_font(("/nowhere",)) is None


def latin() -> list[str]:
    return ["/nowhere"]


def test_the_largest_photo_of_a_phone_is_taken_at_a_lower_resolution() -> None:
    made = remake(picture("JPEG", (9000, 6000)))
    width, height = opened(made.body).size
    assert 2400 <= width <= LONGEST_SIDE and abs(width / height - 1.5) < 0.01
