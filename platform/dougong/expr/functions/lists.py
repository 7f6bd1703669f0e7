"""Lists: choices, tags, people, and the values of a field over many records."""

from __future__ import annotations

from typing import Any

from dougong.expr.functions.base import function
from dougong.expr.functions.text import MAX_TEXT


@function("has_all", "list, list -> yes_no", js=True, example="has_all(tags, ['vip', 'north'])",
          zh="是否每一项都有", en="holds each of these")  # fmt: skip
def has_all(items: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    return set(wanted) <= set(items)


@function("has_any", "list, list -> yes_no", js=True, example="has_any(tags, ['vip', 'north'])",
          zh="是否至少有一项", en="holds at least one of these")  # fmt: skip
def has_any(items: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    return not set(wanted).isdisjoint(items)


@function("join", "list, text* -> text", js=True, cost=3, example="join(tags, '、')", zh="用分隔符连成一段文字", en="the items in one text")
def join(items: tuple[Any, ...], between: str | None) -> str | None:
    text = (between or "").join(str(item) for item in items)
    return text if len(text) <= MAX_TEXT else None
