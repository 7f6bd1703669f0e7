"""Items edited inside their parent: a child form of their own (`<form>_<field>`).

The value that parse gives is the rows as written, {column id: raw}; the caller parses each by the child form's fields.
A row that names its `uid` is an edit of that line; lines left out are deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from dougong.expr.types import Type, records
from dougong.fields.base import FieldType, Locale, Refused, field_types
from dougong.fields.options import Schema, option
from dougong.spec.form import Field

MOST = 500
_CELL = re.compile(r"([0-9]{1,6})-([a-z][a-z0-9_]{0,29})")


def gather(posted: Iterable[tuple[str, str]], name: str) -> list[dict[str, Any]]:
    """The rows of a posted form whose cells are called `<name>-<row>-<column>`, in the page's order; columns sent twice become lists."""
    rows: dict[str, dict[str, Any]] = {}
    for key, value in posted:
        match = _CELL.fullmatch(key.removeprefix(name + "-")) if key.startswith(name + "-") else None
        if not match:
            continue
        row = rows.setdefault(match[1], {})
        row[match[2]] = value if match[2] not in row else [*(row[match[2]] if isinstance(row[match[2]], list) else [row[match[2]]]), value]
    return list(rows.values())


class Lines(FieldType):
    schema: ClassVar[Schema] = {
        "columns": option(
            "列 | Columns",
            "明细的字段，写法同 fields | The fields of one line, written as under fields",
            type="object",
            minProperties=1,
            maxProperties=50,
            format="fields",
        ),
        "at_most": option("最多几行 | At most", "最多几行明细 | How many lines", type="integer", minimum=1, maximum=MOST),
    }
    required_options = ("columns",)
    operators = ()
    widget = "lines"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        """lang puts the child form's key in place."""
        return records("")

    def parse(self, field: Field, raw: Any, locale: Locale) -> tuple[Mapping[str, Any], ...]:
        if raw is None or raw == "":
            return ()
        if not isinstance(raw, list | tuple) or not all(isinstance(row, Mapping) and all(isinstance(k, str) for k in row) for row in raw):
            raise Refused("not-lines")
        rows = tuple(dict(row) for row in raw if any(cell not in (None, "", [], ()) for cell in row.values()))
        if len(rows) > MOST:
            raise Refused("too-many", limit=MOST)
        return rows

    def check(self, field: Field, value: Any) -> None:
        if len(value) > (limit := field.options.get("at_most", MOST)):
            raise Refused("too-many", limit=limit)

    def export(self, field: Field, value: Any) -> Any:
        return [dict(row) for row in value]


field_types.register("lines")(Lines())
