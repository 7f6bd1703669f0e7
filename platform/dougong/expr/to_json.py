"""Typed tree → JSON for the browser (web/assets/expr.js), which shows what the server will decide."""

from __future__ import annotations

from typing import Any

from dougong.expr.functions import functions
from dougong.expr.tree import Expr, Node
from dougong.expr.types import Calendar, Type
from dougong.expr.values import encode

SERVER: dict[str, Any] = {"op": "server"}
ELSEWHERE = frozenset({"everyone", "linked", "pick", "pick_one"})
LINES = "parent"


def to_json(expr: Expr) -> dict[str, Any]:
    """`{op, kind, scale, value, args}`, decimals as text; `{"op": "server"}` where the page has to ask the server.

    Of other records the page has only the lines it edits: a row holds them as a list under the field's id.
    """
    return _node(expr.root) if in_browser(expr) else dict(SERVER)


def calendar_json(calendar: Calendar) -> dict[str, Any]:
    """What expr.js needs as `env.calendar`."""
    return {
        "zone": calendar.zone.key,
        "week": list(calendar.week),
        "holidays": sorted(d.isoformat() for d in calendar.holidays),
        "make_up_days": sorted(d.isoformat() for d in calendar.make_up_days),
    }


def in_browser(expr: Expr) -> bool:
    """Whether the page has all that the formula reads and a face for all its functions."""
    return _known(expr.root)


def _known(node: Node) -> bool:
    match node.op:
        case "get" | "live" if node.args[0].op not in ("row", "old"):
            return False
        case "children" if node.value[2] != LINES or node.args[0].op != "row":
            return False
        case "call" if not functions[node.value].js:
            return False
    return node.op not in ELSEWHERE and all(_known(a) for a in node.args)


def _node(node: Node) -> dict[str, Any]:
    out: dict[str, Any] = {"op": node.op, "kind": node.type.kind}
    if node.type.scale:
        out["scale"] = node.type.scale
    if node.type.of:
        out["of"] = _of(node.type.of)
    if node.value is not None:
        out["value"] = encode(node.value, node.type) if node.op == "const" else node.value
    if node.op == "call":
        found = functions[node.value]
        params = next(s for s in found.signatures if s.takes(len(node.args)))
        out["strict"] = [not params.param(i).empty for i in range(len(node.args))]
    if node.args:
        out["args"] = [_node(a) for a in node.args]
    return out


def _of(type_: Type) -> dict[str, Any]:
    return {"kind": type_.kind, "scale": type_.scale}
