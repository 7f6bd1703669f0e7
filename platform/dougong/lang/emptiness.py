"""Whether a formula's value can be empty (SEMANTICS 1), as far as its tree tells."""

from __future__ import annotations

from collections.abc import Mapping

from dougong.expr.scope import Member, Shape
from dougong.expr.tree import Node

FIRST_FILLED = frozenset({"latest", "earliest", "first_of", "min", "max"})
"""Functions that leave empty arguments aside."""


def member_of(node: Node, shapes: Mapping[str, Shape]) -> Member | None:
    """The field that a reading node reads."""
    if node.op not in ("get", "live") or not node.args:
        return None
    shape = shapes.get(node.args[0].type.form)
    return shape.members.get(node.value) if shape else None


def may_be_empty(node: Node, shapes: Mapping[str, Shape]) -> bool:
    """False only where the value is always there."""
    if node.type.kind in ("yes_no", "list", "records"):
        return False
    match node.op:
        case "now" | "today" | "me" | "row" | "everyone":
            return False
        case "const":
            return node.value is None
        case "get" | "live":
            member = member_of(node, shapes)
            return member is None or member.may_be_empty or may_be_empty(node.args[0], shapes)
        case "call" if node.value in FIRST_FILLED:
            return all(may_be_empty(arg, shapes) for arg in node.args)
        case "add" | "sub" | "mul" | "rescale" | "start_of" | "day_of" | "label":
            return any(may_be_empty(arg, shapes) for arg in node.args)
        case "if":
            return any(may_be_empty(arg, shapes) for arg in node.args[1:])
        case "aggregate":
            return not str(node.value[0] if isinstance(node.value, tuple) else node.value).startswith(("count", "sum"))
    return True
