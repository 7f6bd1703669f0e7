"""What the checker carries along, and how a value of one type stands where another is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from dougong.expr.functions.dates import date_
from dougong.expr.lexer import Report
from dougong.expr.numbers import LIMIT, MAX_SCALE, fit
from dougong.expr.parse import Raw
from dougong.expr.scope import Scope, Shape
from dougong.expr.tree import Node
from dougong.expr.types import DATE, DATETIME, EMPTY, TIME, Type, number
from dougong.problems import Mark, suggest

RESERVED = frozenset({"this", "old", "me", "now", "today", "all", "settings", "true", "false", "none", "and", "or", "not", "in", "is",
                      "if", "else", "contains", "empty"})  # fmt: skip
"""Words with a meaning of their own: no field may have such an id."""

KIND_NAMES: dict[str, dict[str, str]] = {
    "text": {"zh": "文字", "en": "text"}, "number": {"zh": "数字", "en": "a number"}, "yes_no": {"zh": "是/否", "en": "yes/no"},
    "date": {"zh": "日期", "en": "a date"}, "datetime": {"zh": "日期时间", "en": "a date with time"},
    "time": {"zh": "时刻", "en": "a time of day"}, "span": {"zh": "时长", "en": "a length of time"},
    "range": {"zh": "日期范围", "en": "a range of dates"}, "choice": {"zh": "选项", "en": "a choice"},
    "list": {"zh": "列表", "en": "a list"}, "record": {"zh": "一条记录", "en": "a record"},
    "records": {"zh": "一组记录", "en": "records"}, "file": {"zh": "文件", "en": "a file"}, "json": {"zh": "数据", "en": "data"},
    "secret": {"zh": "密文", "en": "a secret"},
    "empty": {"zh": "空", "en": "nothing"}, "integer": {"zh": "整数", "en": "a whole number"},
    "day": {"zh": "日期", "en": "a date"}, "any": {"zh": "任意值", "en": "anything"},
}  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """A record that bare names may mean: the formula's own (level 0), or the one an aggregate looks at."""

    shape: Shape | None
    level: int


@dataclass
class Checking:
    """`typed` is the checker's entry, given here so that its parts can call it."""

    scope: Scope
    report_at: Report
    mark_of: Callable[[int, int], Mark]
    typed: Callable[[Checking, Raw], Node]
    frames: tuple[Frame, ...] = ()

    def report(self, code: str, raw: Raw, suggestion: str = "", **args: Any) -> Node:
        """Notes a problem; the node returned keeps others from complaining about the same place."""
        self.report_at(code, raw.start, raw.end, suggestion=suggestion, **args)
        return self.node("error", EMPTY, raw)

    def node(self, op: str, type_: Type, raw: Raw, *args: Node, value: Any = None) -> Node:
        return Node(op, type_, args, value, self.mark_of(raw.start, raw.end))

    def check(self, raw: Raw) -> Node:
        return self.typed(self, raw)

    def inside(self, form: str) -> Checking:
        """The same, where bare names mean a record of `form`."""
        return replace(self, frames=(*self.frames, Frame(self.scope.forms[form], len(self.frames))))

    def condition(self, raw: Raw) -> Node:
        """`raw` where a condition has to stand."""
        node = self.check(raw)
        if node.type.kind != "yes_no" and node.op != "error":
            return self.report("expr-no-condition", raw, kind=KIND_NAMES[node.type.kind])
        return node


def failed(*nodes: Node) -> bool:
    return any(n.op == "error" for n in nodes)


def kind_name(type_: Type) -> dict[str, str]:
    return KIND_NAMES[type_.kind]


def constant(c: Checking, raw: Raw) -> Node:
    """A literal with its type."""
    value = raw.value
    if value is None:
        return c.node("const", EMPTY, raw)
    if isinstance(value, bool):
        return c.node("const", Type("yes_no"), raw, value=value)
    if isinstance(value, str):
        return c.node("const", Type("text"), raw, value=value or None)
    scale = 0 if isinstance(value, int) else max(0, -int(value.as_tuple().exponent))
    if scale > MAX_SCALE:
        return c.report("expr-too-fine", raw, limit=MAX_SCALE)
    if abs(value) >= LIMIT:
        return c.report("expr-too-large-number", raw)
    return c.node("const", number(scale), raw, value=value)


def convert(node: Node, want: Type) -> Node | None:
    """`node` as a value of type `want`, or None where that has no meaning."""
    have = node.type
    if have.kind == "empty":
        return replace(node, op="const", type=want, value=() if want.kind == "list" else None) if want.kind != "yes_no" else None
    if have.kind == "number" and want.kind == "number":
        return rescale(node, replace(have, scale=want.scale))
    if node.op == "const" and have.kind == "text" and want.kind in ("date", "datetime", "time"):
        return _written(node, want)
    match have.kind, want.kind:
        case "date", "datetime":
            return Node("start_of", DATETIME, (node,), mark=node.mark)
        case "datetime", "date":
            return Node("day_of", DATE, (node,), mark=node.mark)
        case ("choice", "text") | ("text", "choice"):
            return node
        case "record", "record":
            return node if have.form == want.form else None
        case "list", "list":
            return node
        case a, b if a == b:
            return node
    return None


def rescale(node: Node, want: Type) -> Node:
    """A number with another scale; rounds half up where it loses digits."""
    if node.type.scale == want.scale:
        return node
    if node.op == "const":
        return replace(node, type=want, value=fit(node.value, want.scale))
    return Node("rescale", want, (node,), mark=node.mark)


def _written(node: Node, want: Type) -> Node | None:
    """An ISO date or a time of day, written as text."""
    if want.kind == "time":
        return replace(node, type=TIME) if node.value and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", node.value, re.ASCII) else None
    day = date_(node.value) if node.value else None
    if not isinstance(day, date):
        return None
    return convert(replace(node, type=DATE, value=day), want)


def common(types: list[Type]) -> Type | None:
    """The one type that values of all these types can take, or None."""
    known = [t for t in types if t.kind != "empty"]
    if not known:
        return EMPTY
    kinds = {t.kind for t in known}
    if kinds == {"number"}:
        units = {t.unit for t in known} - {""}
        return number(max(t.scale for t in known), units.pop() if len(units) == 1 else "")
    if kinds == {"choice"}:
        options = tuple(dict.fromkeys(o for t in known for o in t.options))
        return Type("choice", options=options)
    if kinds == {"text", "choice"}:
        return Type("text")
    if kinds == {"date", "datetime"}:
        return DATETIME
    if len(kinds) == 1 and len({t.form for t in known}) == 1:
        return known[0]
    return None


def check_option(c: Checking, raw: Raw, choice: Node, value: Node) -> bool:
    """Whether the text `value` is one of the options of `choice`; notes a problem with the right id where it isn't."""
    if value.op != "const" or value.type.kind != "text" or value.value in choice.type.options or not choice.type.options:
        return True
    labels = option_labels(c, choice)
    right = labels.get(str(value.value)) or suggest(str(value.value), choice.type.options)
    if not right and (near := suggest(str(value.value), labels)):
        right = labels[near]
    known = ", ".join(choice.type.options[:12])
    c.report("expr-unknown-option", raw, suggestion=f"'{right}'" if right else "", found=value.value, known=known)
    return False


def option_labels(c: Checking, choice: Node) -> dict[str, str]:
    """Words a person might write for an option → its id; from the field, or from every choice with the same options."""
    if choice.op in ("get", "live"):
        shape = c.scope.forms.get(choice.args[0].type.form)
        shape = shape or next((f.shape for f in c.frames if f.shape and f.shape.key == choice.args[0].type.form), None)
        member = shape.members.get(choice.value) if shape else None
        return dict(member.labels) if member else {}
    return {}


@dataclass
class Cost:
    """How much work a formula may make: a limit, so that no formula can hold up a page (THREATS S29)."""

    limit: int = 2000
    spent: int = field(default=0)

    def of(self, node: Node, costs: Callable[[str], int], times: int = 1) -> int:
        own = costs(node.value) if node.op == "call" else 1
        inner = times * 10 if node.op in ("aggregate", "where", "map", "pick") else times
        return own * times + sum(self.of(a, costs, inner if i else times) for i, a in enumerate(node.args))
