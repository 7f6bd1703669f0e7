"""Telephone numbers, kept in one spelling so that equal numbers are equal text.

Mainland mobiles as 11 digits, landlines as area-number[-extension], service numbers as digits, foreign ones as +digits.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from dougong.fields import read
from dougong.fields.base import Locale, Refused, field_types
from dougong.fields.options import SCAN, Schema
from dougong.fields.textual import Textual
from dougong.spec.form import Field

_NOISE = re.compile(r"[().·]|(?<=[0-9])-(?=[0-9])")
_EXTENSION = re.compile(r"(.*?)(?:转|ext\.?|分机|#|x)([0-9]{1,6})", re.IGNORECASE)
_HYPHEN_EXTENSION = re.compile(r"(.*[0-9]{7,8})-([0-9]{1,6})")
_MAINLAND = re.compile(r"(?:\+86|86(?=1[3-9][0-9]{9}$))([0-9]+)")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(010|02[0-9]|0[3-9][0-9]{2})([2-9][0-9]{6,7})")
_SERVICE = re.compile(r"[48]00[0-9]{7}|1[0-2][0-9]{1,4}|9[56][0-9]{3,6}|[2-9][0-9]{6,7}")
_FOREIGN = re.compile(r"\+[1-9][0-9]{6,14}")


class Phone(Textual):
    schema: ClassVar[Schema] = SCAN
    input_type = "tel"

    def parse(self, field: Field, raw: Any, locale: Locale) -> str | None:
        written = read.plain(raw, 60)
        if written is None:
            return None
        number, extension = _split("".join(written.split()))
        digits = _NOISE.sub("", number)
        if digits.startswith("00"):
            digits = "+" + digits[2:]
        if match := _MAINLAND.fullmatch(digits):
            digits = match[1] if _MOBILE.fullmatch(match[1]) or not _LANDLINE.fullmatch("0" + match[1]) else "0" + match[1]
        if _MOBILE.fullmatch(digits) and not extension:
            return digits
        if match := _LANDLINE.fullmatch(digits):
            return f"{match[1]}-{match[2]}" + (f"-{extension}" if extension else "")
        if _SERVICE.fullmatch(digits):
            return digits + (f"-{extension}" if extension else "")
        if _FOREIGN.fullmatch(digits) and not extension:
            return digits
        raise Refused("not-a-phone")


def _split(written: str) -> tuple[str, str]:
    """The number and its extension, '' without one."""
    match = _EXTENSION.fullmatch(written) or _HYPHEN_EXTENSION.fullmatch(written)
    return (match[1], match[2]) if match else (written, "")


field_types.register("phone")(Phone())
