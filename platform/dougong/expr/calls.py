"""Calls: functions of the registry by their signatures, `if`, `changed`, and aggregates over many records."""

from __future__ import annotations

from dataclasses import replace

from dougong.expr.checking import Checking, check_option, common, convert, failed, kind_name
from dougong.expr.functions.base import Function, Param, Signature, functions
from dougong.expr.names import unknown_field
from dougong.expr.operators import contains, one_of
from dougong.expr.parse import Raw
from dougong.expr.tree import Node
from dougong.expr.types import DATE, DATETIME, EMPTY, INTEGER, YES_NO, Type, number, record, records
from dougong.problems import suggest

AGGREGATES = frozenset({"count", "count_distinct", "sum", "avg"})
EXTREMES = {"min": "min", "max": "max", "latest": "max", "earliest": "min"}
MANY = ("records", "list")
EXCEL_NAMES = {"average": "avg", "countif": "count", "sumif": "sum", "iferror": "first_of", "coalesce": "first_of", "vlookup": "where",
               "length": "len", "substr": "mid", "substring": "mid", "concatenate": "concat", "datedif": "months_between", "int": "floor",
               "search": "find", "isblank": "is empty", "networkdays": "workdays_between", "edate": "add_months",
               "eomonth": "end_of_month", "ifs": "if", "filter": "where", "roundup": "ceil", "rounddown": "floor"}  # fmt: skip


def call(c: Checking, raw: Raw) -> Node:
    name = raw.value
    match name:
        case "if":
            return _if(c, raw)
        case "changed":
            return _changed(c, raw)
        case "contains" if len(raw.args) == 2:
            return contains(c, raw, *raw.args)
        case "last" | "first":
            return _pick(c, raw)
        case "where" if len(raw.args) == 2:
            return _where(c, raw)
    if name not in functions:
        right = EXCEL_NAMES.get(name.lower(), "") or suggest(name.lower(), functions)
        return c.report("expr-unknown-function", _word(raw), suggestion=right, found=name)
    if (name in AGGREGATES or name in EXTREMES) and raw.args:
        first = c.check(raw.args[0]) if name in AGGREGATES or len(raw.args) == 1 else None
        if first is not None and (first.type.kind in MANY or name in AGGREGATES):
            return _aggregate(c, raw, first)
    if functions[name].special:
        return _wrong(c, raw, functions[name])
    return _plain(c, raw, functions[name])


def _word(raw: Raw) -> Raw:
    return replace(raw, end=raw.start + len(str(raw.value)))


def _wrong(c: Checking, raw: Raw, found: Function) -> Node:
    return c.report("expr-arguments", _word(raw), found=found.name, signature=found.written, example=found.example)


def _plain(c: Checking, raw: Raw, found: Function) -> Node:
    args = [c.check(a) for a in raw.args]
    if failed(*args):
        return c.node("error", EMPTY, raw)
    for signature in found.signatures:
        if signature.takes(len(args)) and (fitted := _fitted(signature, args)) is not None:
            return _called(c, raw, found, signature, fitted)
    taking = [s for s in found.signatures if s.takes(len(args))]
    if not taking:
        return _wrong(c, raw, found)
    at = next((i for i, a in enumerate(args) if _fit(a, taking[-1].param(i)) is None), 0)
    wanted = taking[-1].param(at).kinds[0]
    return c.report("expr-argument", raw.args[at], found=found.name, kind=kind_name(args[at].type), wanted=_wanted(wanted))


def _wanted(kind: str) -> dict[str, str]:
    return kind_name(replace(EMPTY, kind=kind))  # type: ignore[arg-type]  # integer, day and any have names too


def _called(c: Checking, raw: Raw, found: Function, signature: Signature, args: list[Node]) -> Node:
    if found.name in ("has_all", "has_any"):
        of, wanted = args[0].type.of, raw.args[1]
        if of is not None and of.kind == "choice" and wanted.op == "list":
            fine = [check_option(c, w, one_of(args[0], of), item) for w, item in zip(wanted.args, args[1].args, strict=True)]
            if not all(fine):
                return c.node("error", YES_NO, raw)
    if signature.result == "same":
        both = common([a.type for a in args])
        fitted = [convert(a, both) for a in args] if both else []
        if both is None or not all(fitted):
            return c.report("expr-one-kind", raw, found=found.name)
        return c.node("call", both, raw, *[f for f in fitted if f], value=found.name)
    if found.name == "date" and len(args) == 1 and args[0].type.kind == "date":
        return args[0]
    type_ = found.result(tuple(args)) if found.result else _result(signature.result, args)
    return c.node("call", type_, raw, *args, value=found.name)


def _result(written: str, args: list[Node]) -> Type:
    if written == "first":
        return args[0].type
    if written == "integer":
        return INTEGER
    if written.startswith("number("):
        return number(int(written[7:-1]))
    return Type(written)  # type: ignore[arg-type]  # a signature names kinds


def _fitted(signature: Signature, args: list[Node]) -> list[Node] | None:
    out = [_fit(a, signature.param(i)) for i, a in enumerate(args)]
    return None if None in out else [a for a in out if a is not None]


def _fit(arg: Node, param: Param) -> Node | None:
    for kind in param.kinds:
        if (out := _as_kind(arg, kind)) is not None:
            return out
    return None


def _as_kind(arg: Node, kind: str) -> Node | None:
    have = arg.type.kind
    match kind:
        case "any":
            return arg
        case "integer":
            return arg if have == "number" and arg.type.scale == 0 else convert(arg, INTEGER) if have == "empty" else None
        case "day":
            return convert(arg, DATE) if have in ("date", "datetime", "empty") or (have == "text" and arg.op == "const") else None
        case "date" | "datetime" if have == "text" and arg.op == "const":
            return convert(arg, DATE if kind == "date" else DATETIME)
        case "text" if have == "choice":
            return arg
    if have == kind:
        return arg
    return convert(arg, Type(kind)) if have == "empty" and kind != "list" else None  # type: ignore[arg-type]  # a kind by now


def _if(c: Checking, raw: Raw) -> Node:
    if len(raw.args) != 3:
        return _wrong(c, raw, functions["if"])
    condition = c.condition(raw.args[0])
    then, other = c.check(raw.args[1]), c.check(raw.args[2])
    if failed(condition, then, other):
        return c.node("error", EMPTY, raw)
    both = common([then.type, other.type])
    if both is None or both.kind == "records":
        return c.report("expr-if-kinds", raw, left=kind_name(then.type), right=kind_name(other.type))
    yes, no = convert(then, both), convert(other, both)
    if yes is None or no is None:
        return c.report("expr-if-kinds", raw, left=kind_name(then.type), right=kind_name(other.type))
    return c.node("if", both, raw, condition, yes, no)


def _changed(c: Checking, raw: Raw) -> Node:
    if len(raw.args) != 1 or raw.args[0].op != "name":
        return _wrong(c, raw, functions["changed"])
    if not c.scope.old or c.scope.form is None:
        return c.report("expr-no-old", _word(raw))
    field = raw.args[0].value
    member = c.scope.form.members.get(field)
    if member is None:
        return unknown_field(c, raw.args[0], c.scope.form, field)
    if member.type.kind == "records":
        return c.report("expr-compare-many", raw.args[0], kind=kind_name(member.type))
    form = record(c.scope.form.key)
    new = c.node("get", member.type, raw, c.node("row", form, raw, value=0), value=field)
    old = c.node("get", member.type, raw, c.node("old", form, raw), value=field)
    return c.node("changed", YES_NO, raw, new, old)


def _many(c: Checking, raw: Raw, name: str) -> Node:
    """An argument that must be a group of records."""
    node = c.check(raw)
    if failed(node) or node.type.kind == "records":
        return node
    return c.report("expr-no-records", raw, found=name, kind=kind_name(node.type))


def _where(c: Checking, raw: Raw) -> Node:
    many = _many(c, raw.args[0], "where")
    return many if failed(many) else _filtered(c, raw, many, raw.args[1])


def _filtered(c: Checking, raw: Raw, many: Node, condition: Raw) -> Node:
    holds = c.inside(many.type.form).condition(condition)
    return holds if failed(holds) else c.node("where", many.type, raw, many, holds)


def _pick(c: Checking, raw: Raw) -> Node:
    """last(records), last(records, 2), last(records, 2, order), last(records, order)"""
    if not 1 <= len(raw.args) <= 3:
        return _wrong(c, raw, functions[raw.value])
    many = _many(c, raw.args[0], raw.value)
    if failed(many):
        return many
    rest = list(raw.args[1:])
    count = rest.pop(0).value if rest and rest[0].op == "const" and isinstance(rest[0].value, int) else None
    if len(rest) > 1 or (count is not None and not 1 <= count <= 1000):
        return _wrong(c, raw, functions[raw.value])
    order = c.inside(many.type.form).check(rest[0]) if rest else c.node("const", EMPTY, raw)
    if failed(order):
        return order
    if order.type.kind not in ("number", "date", "datetime", "time", "text", "empty"):
        return c.report("expr-no-order", rest[0], kind=kind_name(order.type), found=raw.value)
    type_ = record(many.type.form) if count is None else records(many.type.form)
    return c.node("pick_one" if count is None else "pick", type_, raw, many, order, value=(raw.value, count or 1))


def _aggregate(c: Checking, raw: Raw, first: Node) -> Node:
    """count, count_distinct, sum, avg, min, max over records; count of a list."""
    name = EXTREMES.get(raw.value, raw.value)
    if failed(first):
        return first
    rest = list(raw.args[1:])
    if name == "count" and first.type.kind == "list" and first.op != "map":
        return c.node("size", INTEGER, raw, first) if not rest else _wrong(c, raw, functions[name])
    if first.type.kind != "records" and first.op != "map":
        return c.report("expr-no-records", raw.args[0], found=name, kind=kind_name(first.type))
    many = first if first.op != "map" else first.args[0]
    value = first.args[1] if first.op == "map" else None
    if value is None and name != "count":
        if not rest:
            return _wrong(c, raw, functions[raw.value])
        value = c.inside(many.type.form).check(rest.pop(0))
        if failed(value):
            return value
    if len(rest) > 1:
        return _wrong(c, raw, functions[raw.value])
    if rest and failed(many := _filtered(c, raw, many, rest[0])):
        return many
    return _over(c, raw, name, many, value)


def _over(c: Checking, raw: Raw, name: str, many: Node, value: Node | None) -> Node:
    if value is None:
        return c.node("aggregate", INTEGER, raw, many, value=name)
    kind = value.type.kind
    match name:
        case "count":
            known = Node("not", YES_NO, (Node("empty", YES_NO, (value,), mark=value.mark),), mark=value.mark)
            only = value if kind == "yes_no" else known
            return c.node("aggregate", INTEGER, raw, c.node("where", many.type, raw, many, only), value=name)
        case "count_distinct" if kind not in ("records", "list", "range", "json", "span", "empty"):
            type_ = INTEGER
        case "sum" if kind == "number":
            type_ = value.type
        case "avg" if kind == "number":
            type_ = number(6, value.type.unit)
        case "min" | "max" if kind in ("number", "date", "datetime", "time"):
            type_ = value.type
        case _:
            return c.report("expr-aggregate-kind", raw, found=raw.value, kind=kind_name(value.type))
    return c.node("aggregate", type_, raw, many, value, value=name)
