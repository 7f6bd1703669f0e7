"""How the command line speaks: the person's language, problems with their place."""

from __future__ import annotations

import os

from dougong.problems import language


def locale() -> str:
    """'zh' or 'en', by DOUGONG_LANG, else the shell's LANG, else Chinese."""
    told = os.environ.get("DOUGONG_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "en" if told.lower().startswith("en") else language("zh")


def say(zh: str, en: str) -> str:
    return zh if locale() == "zh" else en
