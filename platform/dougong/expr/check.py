"""Raw tree → typed tree, every problem collected. The closed set of ops of a typed tree (expr/tree.py):

values      const · now · today · me · name (an extra name) · setting · list
records     row (value: level; 0 is the record itself, 1… the one an aggregate looks at) · old
fields      get · live (no stored column) · end (of a range) · label (of a choice) · key (of data)
many        children (field, form, via) · linked (field, owner's form) · everyone (form) · where · pick (('last'|'first', n), order)
of many     aggregate (value: its name) · map (one value of each) · pick_one
conditions  and · or · not · eq · lt · le · gt · ge · in · in_range · contains · empty · changed
numbers     add · sub · mul · div · neg · rescale · size (of a list)
time        start_of · day_of · days_from · span_from · spans · move · move_day
choice      if · call (value: the function's name)
`!=`, `not in` and `is not empty` are `not` over their opposite.
"""

from __future__ import annotations

from collections.abc import Iterator

from dougong.expr import calls, names, operators
from dougong.expr.checking import Checking, check_option, constant, convert, failed, kind_name, rescale
from dougong.expr.parse import Raw
from dougong.expr.tree import Node
from dougong.expr.types import Type

TYPERS = {
    "const": constant, "name": names.name, "attribute": names.attribute, "call": calls.call, "compare": operators.compare,
    "and": operators.logic, "or": operators.logic, "not": operators.logic, "neg": operators.negative, "list": operators.items,
    "empty": operators.empty, "not_empty": operators.empty,
    "add": operators.arithmetic, "sub": operators.arithmetic, "mul": operators.arithmetic, "div": operators.arithmetic,
}  # fmt: skip


def typed(c: Checking, raw: Raw) -> Node:
    """The entry of the checker: one raw node and all below it."""
    if raw.op == "list":
        return operators.items(c, raw)
    return TYPERS[raw.op](c, raw)


def wanted(c: Checking, raw: Raw, node: Node, want: Type | None) -> Node:
    """The whole formula where a value of type `want` has to come out."""
    if failed(node):
        return node
    if want is None:
        return c.report("expr-many-left", raw) if node.type.kind == "records" else node
    if want.kind == "yes_no" and node.type.kind != "yes_no":
        return c.report("expr-no-condition", raw, kind=kind_name(node.type))
    if want.kind == "choice" and not all(check_option(c, raw, _probe(want), leaf) for leaf in results(node)):
        return c.node("error", want, raw)
    if want.kind == "number" and node.type.kind == "number":
        return rescale(node, Type("number", want.scale, node.type.unit or want.unit))
    fitted = None if want.kind == "text" and node.type.kind == "choice" and want.options else convert(node, want)
    return fitted if fitted is not None else c.report("expr-wants", raw, kind=kind_name(node.type), wanted=kind_name(want))


def _probe(want: Type) -> Node:
    return Node("want", want)


def results(node: Node) -> Iterator[Node]:
    """The places from which the value of `node` may come."""
    if node.op == "if":
        yield from results(node.args[1])
        yield from results(node.args[2])
    else:
        yield node


def is_live(node: Node) -> bool:
    """Whether the value moves with the clock or the reader."""
    return node.op in ("now", "today", "me") or any(is_live(a) for a in node.args)


def reads(node: Node) -> frozenset[tuple[str, ...]]:
    """All paths from the record, and ('all', form, …) for other records."""
    found: set[tuple[str, ...]] = set()
    _collect(node, ((),), found)
    return frozenset(p for p in found if p)


def _collect(node: Node, rows: tuple[tuple[str, ...] | None, ...], found: set[tuple[str, ...]]) -> None:
    """`rows`: the path of the record at each level, None where it comes from elsewhere (`me.team`, an extra name)."""
    path = _path(node, rows)
    match node.op:
        case "get" | "live" | "children" | "linked" | "everyone" if path is not None:
            found.add(path)
            return
        case "aggregate" | "map" | "where" | "pick" | "pick_one":
            _collect(node.args[0], rows, found)
            inner = (*rows, _path(node.args[0], rows))
            for arg in node.args[1:]:
                _collect(arg, inner, found)
            return
    for arg in node.args:
        _collect(arg, rows, found)


def _path(node: Node, rows: tuple[tuple[str, ...] | None, ...]) -> tuple[str, ...] | None:
    match node.op:
        case "row":
            return rows[int(node.value)]
        case "old":
            return ("old",)
        case "everyone":
            return ("all", node.value)
        case "where" | "pick" | "pick_one":
            return _path(node.args[0], rows)
        case "get" | "live" | "children" | "linked":
            owner = _path(node.args[0], rows)
            return None if owner is None else (*owner, node.value if isinstance(node.value, str) else node.value[0])
    return None
