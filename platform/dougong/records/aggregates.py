"""What stored formulas ask of a record's own children, taken out of them (SEMANTICS 6).

A formula such as `latest(max(visits.ended_at), touched_at)` becomes `latest($0, touched_at)` and the part `$0`. A part's
value comes, at a cost that does not grow with the number of children where that can be, from one of three places: the
stored value and the difference that one child makes (count and sum), one SQL statement on the parents' rows, or the
children themselves read into Python, where SQL can't say it or they are not written yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select

from dougong.context import Ctx
from dougong.expr import numbers
from dougong.expr.python_ground import build
from dougong.expr.to_python import Env
from dougong.expr.to_sql import not_in_filter, to_sql
from dougong.expr.tree import Expr, Node
from dougong.records.graph import reads
from dougong.records.source import sql_scope
from dougong.spec.app import Workspace
from dougong.spec.form import Case, Field, Form

Row = Mapping[str, Any]
NO_SCALAR = frozenset({"records", "list", "range", "span", "json", "empty"})
OUTSIDE = frozenset(
    {"now", "today", "me", "name", "setting", "old", "live", "children", "linked", "everyone", "pick", "pick_one", "aggregate"}
)
"""What a child's contribution must not depend on, to be worked out from the child alone."""


@dataclass(frozen=True)
class Part:
    """`field` is the stored field that the part belongs to; `many` is the parent's field that the children come by; `form` and
    `via` are theirs.

    `whole`: the field's value is this part and nothing else. `by_difference`: one child's part in it is known from the child.
    """

    name: str
    field: str
    expr: Expr
    many: str
    form: str
    via: str
    whole: bool
    by_difference: bool
    in_sql: bool
    by_id: bool

    def contribution(self, env: Env, parent: int, child: Row | None) -> Any:
        """What one child adds: 0 where it is not there, deleted, somebody else's, or filtered out."""
        if child is None or child.get("deleted_at") is not None or child.get(self.via) != parent:
            return 0
        node, rows = self.expr.root, (env.row, child)
        group = node.args[0]
        while group.op == "where":
            if not build(group.args[1])(env, rows):
                return 0
            group = group.args[0]
        return 1 if node.value == "count" else build(node.args[1])(env, rows) or 0


@dataclass(frozen=True)
class Kept:
    """A stored computed field with its parts taken out; `rest` computes its value once they are known by name."""

    field: Field
    rest: Field
    parts: tuple[Part, ...]

    def needed(self, dirty: Iterable[str]) -> bool:
        """Whether the value may differ when the fields in `dirty` did: also where it moves with the clock or reads over a link."""
        return any(
            (len(path) > 1 and not any(p.many == path[0] for p in self.parts)) or path[0] in dirty for path in reads(self.field) if path
        ) or any(e.live for e in _formulas(self.field))


_kept: WeakKeyDictionary[Workspace, dict[tuple[str, str], Kept]] = WeakKeyDictionary()


def kept(workspace: Workspace, form: Form, field: Field) -> Kept:
    """Worked out once per compiled workspace."""
    known = _kept.setdefault(workspace, {})
    if (form.key, field.id) not in known:
        parts: list[Part] = []
        rest = replace(
            field,
            formula=_without(field.formula, field.id, parts) if field.formula else None,
            cases=tuple(
                Case(
                    _without(c.if_, field.id, parts) if c.if_ else None,
                    _without(c.then, field.id, parts) if isinstance(c.then, Expr) else c.then,
                )
                for c in field.cases
            ),
        )
        known[form.key, field.id] = Kept(field, rest, tuple(parts))
    return known[form.key, field.id]


def by_sql(ctx: Ctx, form: Form, ids: Sequence[int], parts: Sequence[Part]) -> dict[int, dict[str, Any]]:
    """Values of parts by record, with one statement for all of them, by their names."""
    if not parts or not ids:
        return {id: {} for id in ids}
    table = ctx.workspace.tables[form.key]
    scope = sql_scope(ctx, form.key, table)
    columns = [to_sql(part.expr, scope, two_valued=True) for part in parts]
    found = ctx.connection.execute(select(table.c.id, *columns).where(table.c.id.in_(ids)))
    return {row[0]: {part.name: value for part, value in zip(parts, row[1:], strict=True)} for row in found}


def by_difference(part: Part, stored: Any, env: Env, parent: int, images: Iterable[tuple[Row | None, Row | None]]) -> Any:
    """The stored count or sum after these children went from their old to their new image."""
    scale, value = part.expr.type.scale, stored
    for old, new in images:
        gone, come = part.contribution(env, parent, old), part.contribution(env, parent, new)
        value = None if value is None else numbers.fit(value - gone + come, scale)
    return value


def by_rows(part: Part, env: Env) -> Any:
    """From the children themselves, as the record's source has them."""
    return build(part.expr.root)(env, (env.row,))


def seeks(forms: Iterable[Form]) -> dict[str, set[tuple[str, ...]]]:
    """(link to the parent, column) to be indexed together, by child form: where a stored formula looks for an end, or beside the clock."""
    wanted: dict[str, set[tuple[str, ...]]] = {}
    for form in forms:
        for expr in (e for f in form.fields.values() if f.computed and f.stored for e in _formulas(f)):
            for node in _walk(expr.root):
                for column in _sought(node):
                    group = next((n.value for n in _walk(node) if _own_children(n)), None)
                    if group is not None:
                        wanted.setdefault(group[1], set()).add((group[2], column))
    return wanted


def _sought(node: Node) -> Iterator[str]:
    """Columns of the children that a seek along an index finds."""
    if node.op in ("pick", "pick_one") or (node.op == "aggregate" and node.value in ("min", "max")):
        looked = [node.args[1]]
    elif node.op == "where":
        compared = [n for n in _walk(node.args[1]) if n.op in ("lt", "le", "gt", "ge") and any(m.op in ("now", "today") for m in _walk(n))]
        looked = [side for n in compared for side in n.args]
    else:
        return
    yield from (n.value for n in looked if n.op == "get" and n.args[0].op == "row" and n.args[0].value == 1)


def _formulas(field: Field) -> tuple[Expr, ...]:
    found = [field.formula, *(e for c in field.cases for e in (c.if_, c.then if isinstance(c.then, Expr) else None))]
    return tuple(e for e in found if e is not None)


def _without(expr: Expr, field: str, parts: list[Part]) -> Expr:
    """The formula with each smallest scalar piece that looks at own children replaced by a name."""
    root = _cut(expr.root, field, parts, whole=True)
    return expr if root is expr.root else Expr(expr.source, root, expr.reads, expr.live, expr.mark)


def _cut(node: Node, field: str, parts: list[Part], whole: bool = False) -> Node:
    if not any(_own_children(n) for n in _walk(node)):
        return node
    inside = [a for a in node.args if any(_own_children(n) for n in _walk(a))]
    if node.type.kind not in NO_SCALAR and any(a.type.kind in NO_SCALAR for a in inside):
        part = _part(f"${field}.{len(parts)}", node, field, whole)
        if part is not None:
            parts.append(part)
            return Node("name", node.type, value=part.name, mark=node.mark)
        return node
    args = tuple(_cut(a, field, parts) for a in node.args)
    return node if args == node.args else replace(node, args=args)


def _part(name: str, node: Node, field: str, whole: bool) -> Part | None:
    """None where the piece looks at several kinds of children at once: then Python reads them."""
    groups = {n.value for n in _walk(node) if _own_children(n)}
    if len(groups) != 1:
        return None
    many, child, via = next(iter(groups))
    expr = Expr("", node, frozenset(), any(n.op in ("now", "today") for n in _walk(node)))
    return Part(
        name, field, expr, many, child, via,
        whole=whole and node.op == "aggregate",
        by_difference=node.op == "aggregate" and node.value in ("count", "sum") and _local(node),
        in_sql=not_in_filter(expr) is None and not _reads_parent(node),
        by_id=any(n.op in ("pick", "pick_one") for n in _walk(node)),
    )  # fmt: skip


def _own_children(node: Node) -> bool:
    return node.op == "children" and node.args[0].op == "row" and node.args[0].value == 0


def _local(node: Node) -> bool:
    """Whether filter and summand look at nothing but the child's own row."""
    group, looked = node.args[0], list(node.args[1:])
    while group.op == "where":
        looked.append(group.args[1])
        group = group.args[0]
    return _own_children(group) and all(_of_child(n) for part in looked for n in _walk(part))


def _of_child(node: Node) -> bool:
    if node.op in OUTSIDE:
        return False
    return node.args[0].op == "row" if node.op == "get" else node.op != "row" or node.value == 1


def _reads_parent(node: Node) -> bool:
    """A look at the parent's own values: its row may not be written yet."""
    if _own_children(node):
        return False
    return (node.op == "row" and node.value == 0) or any(_reads_parent(a) for a in node.args)


def _walk(node: Node) -> Iterable[Node]:
    yield node
    for arg in node.args:
        yield from _walk(arg)
