"""Which computed fields follow from which: read off the formulas once per compiled workspace."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from dougong.expr.tree import Expr
from dougong.spec.app import Workspace
from dougong.spec.form import Field, Form


@dataclass(frozen=True)
class Upkeep:
    """A parent's stored `fields` that read this form's records through `via`, the link that leads to the parent.

    `reads` are the fields of this form that they look at, `via` included.
    """

    parent: str
    via: str
    fields: frozenset[str]
    reads: frozenset[str]


@dataclass(frozen=True)
class Graph:
    """`order` lists each form's stored computed fields so that each comes after those it reads."""

    order: dict[str, tuple[Field, ...]]
    upkeep: dict[str, tuple[Upkeep, ...]]


_graphs: WeakKeyDictionary[Workspace, Graph] = WeakKeyDictionary()


def graph(workspace: Workspace) -> Graph:
    """The workspace's graph, made once."""
    if workspace not in _graphs:
        order = {key: _in_order(form) for key, form in workspace.forms.items()}
        _graphs[workspace] = Graph(order, _upkeep(workspace))
    return _graphs[workspace]


def formulas(field: Field) -> tuple[Expr, ...]:
    """All formulas that a computed field's value comes from."""
    parts: list[Expr | None] = [field.formula]
    for case in field.cases:
        parts += [case.if_, case.then if isinstance(case.then, Expr) else None]
    return tuple(p for p in parts if p is not None)


def reads(field: Field) -> frozenset[tuple[str, ...]]:
    return frozenset(path for formula in formulas(field) for path in formula.reads)


def _in_order(form: Form) -> tuple[Field, ...]:
    kept = {f.id: f for f in form.fields.values() if f.computed and f.stored}
    done: dict[str, Field] = {}

    def visit(field: Field) -> None:
        if field.id in done:
            return
        for path in sorted(reads(field)):
            if path and path[0] in kept and path[0] != field.id:
                visit(kept[path[0]])
        done[field.id] = field

    for field in kept.values():
        visit(field)
    return tuple(done.values())


def _upkeep(workspace: Workspace) -> dict[str, tuple[Upkeep, ...]]:
    found: dict[str, list[Upkeep]] = {}
    for key, form in workspace.forms.items():
        by_child: dict[tuple[str, str], tuple[set[str], set[str]]] = {}
        for field in form.fields.values():
            if not (field.computed and field.stored):
                continue
            for path in reads(field):
                many = form.fields.get(path[0]) if path else None
                if many and many.value.kind == "records" and many.via:
                    fields, looked_at = by_child.setdefault((many.target, many.via), (set(), {many.via}))
                    fields.add(field.id)
                    looked_at.update(path[1:2])
        for (child, via), (fields, looked_at) in by_child.items():
            found.setdefault(child, []).append(Upkeep(key, via, frozenset(fields), frozenset(looked_at)))
    return {child: tuple(upkeeps) for child, upkeeps in found.items()}
