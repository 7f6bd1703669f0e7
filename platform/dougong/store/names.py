"""Physical names: ASCII, at most 63 bytes, and made so that what is derived never meets what a template names.

'$' stands in no id: a name with it can't be that of a form or a field.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2s
from itertools import chain, count

from dougong.spec.form import Form
from dougong.spec.system import PLAIN_COLUMNS

LONGEST = 63
"""Bytes of a name on PostgreSQL."""
RESERVED = frozenset({*PLAIN_COLUMNS, "position"})
"""Columns that no field may take."""


def short(name: str) -> str:
    """`name`, or where it is too long its beginning and a hash of all of it."""
    return name if len(name) <= LONGEST else f"{name[:LONGEST - 9]}_{blake2s(name.encode(), digest_size=4).hexdigest()}"


def form_table(form: Form) -> str:
    """What the form's table is called at first sight."""
    return short(f"{form.app}__{form.id}")


def junction(table: str, key: str) -> str:
    return short(f"{table}${key}")


def lines(table: str) -> str:
    """The key of the field whose lines stand in that table."""
    return f"lines${table}"


def search_table(table: str) -> str:
    return short(f"search${table}")


def words_table(table: str) -> str:
    return short(f"words${table}")


def aside(change: int, name: str) -> str:
    """What is set aside by that change is called; 'x_12_budget'."""
    return short(f"x_{change}_{name}")


def free(name: str, taken: Collection[str], suffixes: Sequence[str] = ("",)) -> str:
    """`name`, or `name_2` …: the first that is taken with none of its suffixes."""
    numbered = (short(f"{name}_{i}") for i in count(2))
    return next(n for n in chain([name], numbered) if not any(n + suffix in taken for suffix in suffixes))
