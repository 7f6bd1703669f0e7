"""What counts as the same name when somebody signs in (THREATS S48), and what such names may look like."""

from __future__ import annotations

import re
import unicodedata

_PHONE = re.compile(r"\+?[\d\s().-]{5,25}")
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
_LOGIN = re.compile(r"[a-z0-9_.\u4e00-\u9fff-]{2,40}")  # Latin and Han only: no letter that looks like another


def clean(text: str, most: int = 200) -> str:
    """One line of text as it may be stored: NFC, no control or invisible characters, at most `most` characters."""
    kinds = [(c, unicodedata.category(c)) for c in text[: most * 4]]
    visible = "".join(" " if kind in ("Cc", "Zl", "Zp") else c for c, kind in kinds if kind not in ("Cf", "Cs"))
    return " ".join(unicodedata.normalize("NFC", visible).split())[:most]


def sign_in_key(text: str) -> str:
    """The form in which sign-in names are compared: case, width, invisible characters and the way of writing a phone don't matter."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", clean(text)).casefold())
    return phone_digits(folded) if _PHONE.fullmatch(folded) else folded.replace(" ", "")


def phone_digits(text: str) -> str:
    """Digits only; the country code of China and the leading 00 fall away."""
    digits = re.sub(r"\D", "", text).removeprefix("00")
    return digits[2:] if len(digits) == 13 and digits.startswith("861") else digits


def is_email(text: str) -> bool:
    return len(text) <= 200 and bool(_EMAIL.fullmatch(text)) and text.count("@") == 1


def is_login(text: str) -> bool:
    return bool(_LOGIN.fullmatch(sign_in_key(text)))
