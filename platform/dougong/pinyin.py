"""Chinese in Latin letters, polyphones as the words around them are read."""

from __future__ import annotations

import importlib
import unicodedata
from functools import cache, lru_cache
from typing import Any

WORDS = 20_000
"""Whose reading is remembered: the words of names come again and again."""
COMPARED = 60
"""Characters that decide where a text stands in a list."""


def pinyin(text: str) -> str:
    """'宁波' → 'ningbo'; what is not Chinese stays."""
    return "".join(_reader().lazy_pinyin(text))


def initials(text: str) -> str:
    """'宁波' → 'nb'."""
    return "".join(_reader().lazy_pinyin(text, style=importlib.import_module("pypinyin").Style.FIRST_LETTER))


@lru_cache(WORDS)
def order(text: str) -> str:
    """What a text sorts by, as in a phone's contacts: the pinyin of all of it, syllable by syllable, large letters as small ones,
    digits first; ties by the text itself. '重庆A' → 'chong qing a\x01重庆A'."""
    head = text[:COMPARED]
    plain = unicodedata.normalize("NFKC", head).casefold()
    syllables = plain if plain.isascii() else " ".join(_reader().lazy_pinyin(plain))
    return f"{' '.join(syllables.split())}\x01{head}"


@cache
def _reader() -> Any:
    """Only when a text is to be read: the dictionary is 55 MiB and a fifth of a second, and who shows records needs none of it."""
    converter = importlib.import_module("pypinyin.converter").DefaultConverter()
    converter.convert = lru_cache(WORDS)(converter.convert)
    return importlib.import_module("pypinyin.core").Pinyin(converter)
