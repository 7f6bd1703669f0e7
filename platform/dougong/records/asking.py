"""Filters as the API and the command line write them: field:operator:value."""

from __future__ import annotations

from collections.abc import Mapping

from dougong.problems import Problem, Problems
from dougong.records.filters import Filter

OPERATORS: Mapping[str, str] = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "contains": "contains",
    "in": "in",
    "between": "between",
    "empty": "is empty",
    "filled": "is not empty",
}
MOST_VALUES = 200


def filter_of(written: str) -> Filter:
    """`in` and `between` take values with commas between them. Raises Problems `filter-malformed`, `filter-too-long`."""
    field, _, rest = written.partition(":")
    word, _, value = rest.partition(":")
    if word not in OPERATORS:
        raise Problems([Problem("filter-malformed", {"filter": written[:100], "operators": ", ".join(OPERATORS)})])
    values = value.split(",") if word in ("in", "between") else [value]
    if len(values) > MOST_VALUES:
        raise Problems([Problem("filter-too-long", {"limit": MOST_VALUES})])
    return Filter(field, OPERATORS[word], values if word in ("in", "between") else value)
