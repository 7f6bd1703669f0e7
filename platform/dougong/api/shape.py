"""A record as the API shows it: {"uid", "revision", "values"}; what it shows, `values` of a create or an update takes back.

Links are uids, choices ids, decimals and dates text, lines a list of objects with their own `uid`. A value the reader may not see is
missing; a masked one is covered text; a link to a record that the reader may not see is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dougong.context import Ctx
from dougong.expr.values import encode
from dougong.fields.base import FieldType, field_types
from dougong.problems import Problem, Problems
from dougong.records import rights
from dougong.records.present import covered, readable
from dougong.records.references import target_of
from dougong.records.row import has_columns, is_empty
from dougong.records.source import RecordSource
from dougong.records.standing import by_standing
from dougong.spec.form import Field, Form
from dougong.store import prepared
from dougong.store.search import batched

Row = Mapping[str, Any]
BESIDE = frozenset({"lines", "links"})
"""Types whose values stand in tables of their own."""
AS_TOLD = frozenset({"text", "choice", "yes_no", "time"})


@by_standing
def readable_fields(ctx: Ctx, form: Form) -> tuple[Field, ...]:
    known = (f for f in form.fields.values() if (has_columns(f) or f.type in BESIDE) and not covered(ctx, form, f))
    return tuple(f for f in known if form.workflow or f.id not in ("stage", "stage_since"))


def chosen(ctx: Ctx, form: Form, names: Sequence[str]) -> tuple[Field, ...]:
    """The fields named; without any, all but lines and many links. Raises Problems `no-such-field`, for hidden ones too."""
    fields = readable_fields(ctx, form)
    if not names:
        return tuple(f for f in fields if f.type not in BESIDE)
    known = {f.id: f for f in fields}
    if unknown := [name for name in names if name not in known]:
        raise Problems(Problem("no-such-field", {"field": name[:60]}, form=form.key) for name in unknown)
    return tuple(known[name] for name in names)


def one(ctx: Ctx, form: Form, row: Row) -> dict[str, Any]:
    return many(ctx, form, [row], readable_fields(ctx, form))[0]


def many(ctx: Ctx, form: Form, rows: Sequence[Row], fields: Sequence[Field]) -> list[dict[str, Any]]:
    """`rows` as records.query gave them: with the reader's rights already."""
    shaping = _Shaping(ctx, rights.reader_source(ctx))
    return [
        {"uid": row["uid"], "revision": row["revision"], "values": values}
        for row, values in zip(rows, shaping.values(form, rows, fields), strict=True)
    ]


def counts(ctx: Ctx, form: Form, names: Sequence[str], counted: Sequence[tuple[Row, int]]) -> list[dict[str, Any]]:
    """`counted` as query.count_by gave it. All links to records that the reader may not see are one null."""
    fields = tuple(form.fields[name] for name in names)
    values = _Shaping(ctx, rights.reader_source(ctx)).values(form, [row for row, _ in counted], fields)
    numbers: dict[tuple[Any, ...], int] = {}
    for told, (_, number) in zip(values, counted, strict=True):
        key = tuple(told.values())
        numbers[key] = numbers.get(key, 0) + number
    return [{"values": dict(zip(values[0], key, strict=True)), "number": number} for key, number in numbers.items()]


@dataclass
class _Shaping:
    ctx: Ctx
    source: RecordSource
    uids: dict[str, dict[int, str]] = field(default_factory=dict)

    def values(self, form: Form, rows: Sequence[Row], fields: Sequence[Field]) -> list[dict[str, Any]]:
        beside = {f.id: self._beside(form, f, rows) for f in fields if f.type in BESIDE}
        own = [f for f in fields if f.type not in BESIDE]
        linked: dict[str, set[int]] = {}
        for f in own:
            if target := target_of(f):
                linked.setdefault(target, set()).update(id for row in rows for id in _ids(row.get(f.id)))
        for target, ids in linked.items():
            self._know(target, ids)
        as_stored = [f.id for f in own if _stands_as_told(f)]
        told = [(f.id, self._telling(f)) for f in own if not _stands_as_told(f)]
        return [
            {id: row[id] for id in as_stored if id in row}
            | {id: tell(row[id]) for id, tell in told if id in row}
            | {id: values[place] for id, values in beside.items()}
            for place, row in enumerate(rows)
        ]

    def _telling(self, f: Field) -> Callable[[Any], Any]:
        """How values of the field are told; one that is masked is text already."""
        if target := target_of(f):
            uids = self.uids[target]
            if f.value.kind == "list":
                return lambda value: [uids[id] for id in value if id in uids] if isinstance(value, tuple) else value
            return lambda value: uids.get(value) if isinstance(value, int) else value
        type_ = field_types[f.type]
        if f.value.kind == "datetime" and type(type_).export is FieldType.export:
            return lambda value: encode(value, f.value)
        kept = f.value.kind in ("text", "choice", "time", "file", "json")

        def tell(value: Any) -> Any:
            if is_empty(value) or (isinstance(value, str) and not kept):
                return [] if f.value.kind == "list" else value
            return type_.export(f, value)

        return tell

    def _beside(self, form: Form, f: Field, rows: Sequence[Row]) -> list[list[Any]]:
        child = self.ctx.workspace.forms[f.target]
        if f.type == "links":
            linked = [self.source.linked(form.key, f.id, row["id"]) for row in rows]
            return [[other["uid"] for other in of_one] for of_one in linked]
        self.source.fetch_children(child.key, "parent", [row["id"] for row in rows])
        lines = [sorted(self.source.children(child.key, "parent", row["id"]), key=lambda line: line.get("position") or 0) for row in rows]
        fields = tuple(c for c in readable_fields(self.ctx, child) if not c.system and c.id != "parent")
        return [
            [
                {"uid": line["uid"], **values}
                for line, values in zip(
                    of_one, self.values(child, [readable(self.ctx, child, line) for line in of_one], fields), strict=True
                )
            ]
            for of_one in lines
        ]

    def _know(self, target: str, ids: Iterable[int]) -> None:
        """Uids of the records that the reader may see."""
        known = self.uids.setdefault(target, {})
        table = self.ctx.workspace.tables[target]
        seen = prepared.uids(table)
        if not rights.access(self.ctx, target).unbounded:
            seen = seen.where(rights.where(self.ctx, target, table))
        for part in batched(sorted(set(ids) - known.keys())):
            known.update({id: uid for id, uid in self.ctx.connection.execute(seen, {"at_ids": part})})


def _stands_as_told(f: Field) -> bool:
    """Whether JSON holds the value as a row does, masked or not."""
    whole = f.value.kind in AS_TOLD or (f.value.kind == "number" and not f.value.scale)
    return whole and f.type not in BESIDE and not target_of(f) and type(field_types[f.type]).export is FieldType.export


def _ids(value: Any) -> tuple[int, ...]:
    return tuple(v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, int) and not isinstance(v, bool))
