"""Formulas in words: operators and functions named, fields by their names, options by theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dougong.expr.tree import Expr, Node
from dougong.lang.explain.speaker import Speaker, choice_of

Words = Callable[[Speaker, Node, int], str]
"""The words for a node that stands `depth` records deep: 0 on the record itself, 1… on those that are counted."""
TIMES = ("date", "datetime", "time")
LOOSE = frozenset({"add", "sub", "if", "or", "and"})
OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}
MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq"}
CHOOSING = frozenset({"latest", "earliest", "max", "min", "first_of"})
SIGNS = {"add": "+", "sub": "−", "mul": "×", "div": "÷"}


def in_words(s: Speaker, expr: Expr) -> str:
    """A whole formula; a condition reads as a sentence, anything else as what it is the value of."""
    return condition(s, expr.root, 0) if expr.type.kind == "yes_no" else value(s, expr.root, 0)


# --- values -----------------------------------------------------------------------------------------------------------


def value(s: Speaker, node: Node, depth: int, like: Node | None = None) -> str:
    """`like` is what a constant is compared with or chosen for: it tells options and units."""
    if node.op in ("const", "list"):
        return _constant(s, node, depth, like)
    if node.op in VALUES:
        return VALUES[node.op](s, node, depth)
    return s.say("words-whether", a=condition(s, node, depth))


def _constant(s: Speaker, node: Node, depth: int, like: Node | None) -> str:
    if node.op == "list":
        return s.listed(value(s, item, depth, like) for item in node.args)
    if like is not None and (field := choice_of(s, like)) and field.choices and node.value is not None:
        return s.option(field, node.value)
    unit = like.type.unit if like is not None and like.type.kind == "number" and node.type.kind == "number" else node.type.unit
    percent_scale = max(node.type.scale, 4) if unit == "percent" else node.type.scale
    return s.plain(node.value, replace(node.type, unit=unit, scale=percent_scale) if node.type.kind == "number" else node.type)


def _read(s: Speaker, node: Node, depth: int) -> str:
    owner = node.args[0]
    name = s.field(owner.type.form, node.value)
    if owner.op == "row":
        return name if owner.value == depth else s.say("words-of-this", form=s.form(owner.type.form), name=name)
    if owner.op == "old":
        return s.say("words-before", a=name)
    if owner.op == "me" or owner.type.form == "user":
        return s.say("words-of-person", a=value(s, owner, depth), b=_small(s, name))
    return s.say("words-of-one" if owner.op == "pick_one" else "words-of", a=value(s, owner, depth), b=_small(s, name))


def _small(s: Speaker, name: str) -> str:
    """In English a field's name inside a sentence begins small, unless it is an abbreviation or a name of its own."""
    return name if s.chinese or name[1:2].isupper() else name[:1].lower() + name[1:]


def _row(s: Speaker, node: Node, depth: int) -> str:
    return s.say("words-this", form=s.form(node.type.form))


def _name(s: Speaker, node: Node, depth: int) -> str:
    code = f"words-name-{node.value}"
    if node.type.kind == "record" and not s.knows(code):
        return s.say("words-this", form=s.form(node.type.form))
    return s.say(code if s.knows(code) else "words-name-received", form=s.form(node.type.form))


def _setting(s: Speaker, node: Node, depth: int) -> str:
    question = s.app.questions.get(node.value)
    return s.say("words-setting", name=question.name.in_(s.locale) if question else node.value)


def _children(s: Speaker, node: Node, depth: int) -> str:
    id = node.value[0]
    return _read(s, Node("get", node.type, node.args, id), depth)


def _where(s: Speaker, node: Node, depth: int) -> str:
    return s.say("words-where", many=value(s, node.args[0], depth), condition=condition(s, node.args[1], depth + 1))


def _pick(s: Speaker, node: Node, depth: int) -> str:
    which, count = node.value
    many = value(s, node.args[0], depth)
    code = f"words-{which}" if node.op == "pick_one" else f"words-{which}-n"
    words = s.say(code, many=many, n=count)
    if node.args[1].type.kind == "empty":
        return words
    return s.say("words-ordered", a=words, by=value(s, node.args[1], depth + 1))


def _map(s: Speaker, node: Node, depth: int) -> str:
    return s.say("words-each", many=value(s, node.args[0], depth), value=value(s, node.args[1], depth + 1))


def _aggregate(s: Speaker, node: Node, depth: int) -> str:
    many = value(s, node.args[0], depth)
    if len(node.args) == 1:
        return s.say("words-count", many=many)
    inner = node.args[1]
    name = {"max": "latest", "min": "earliest"}.get(node.value, node.value) if inner.type.kind in TIMES else node.value
    words = value(s, inner, depth + 1)
    return s.say(f"words-{name}", many=many, value=words if inner.op not in SIGNS else _in_brackets(s, words))


def _arithmetic(s: Speaker, node: Node, depth: int) -> str:
    tight = node.op in ("mul", "div")
    beside = (None, None) if tight else (node.args[1], node.args[0])  # what is added to money is money, what it is times is a number
    left, right = (_bracketed(s, arg, depth, tight or (node.op == "sub" and n == 1), beside[n]) for n, arg in enumerate(node.args))
    return f"{left} {SIGNS[node.op]} {right}"


def _bracketed(s: Speaker, node: Node, depth: int, needed: bool, beside: Node | None) -> str:
    inner = node
    while inner.op == "rescale":
        inner = inner.args[0]
    words = value(s, node, depth, beside)
    return _in_brackets(s, words) if needed and inner.op in LOOSE | {"div"} else words


def _in_brackets(s: Speaker, words: str) -> str:
    return f"（{words}）" if s.chinese else f"({words})"


def _if(s: Speaker, node: Node, depth: int) -> str:
    holds, yes, no = node.args
    like = node if choice_of(s, node) else None
    return s.say("words-if", condition=condition(s, holds, depth), a=value(s, yes, depth, like), b=value(s, no, depth, like))


def _call(s: Speaker, node: Node, depth: int) -> str:
    like = node.args[0] if node.value in ("has_all", "has_any") else None
    args = [_argument(s, arg, depth, like if n else None) for n, arg in enumerate(node.args)]
    named = dict(zip("abcdefgh", args, strict=False)) | {"all": s.listed(args, "words-and-last"), "either": s.listed(args, "words-or-last")}
    exact = f"say-{node.value}-{len(args)}"
    return s.say(exact if s.knows(exact) else f"say-{node.value}", **named)


def _argument(s: Speaker, node: Node, depth: int, like: Node | None) -> str:
    words = value(s, node, depth, like)
    return _in_brackets(s, words) if node.op == "if" or (node.op == "call" and node.value in CHOOSING) else words


def _moved(s: Speaker, node: Node, depth: int) -> str:
    at, span = node.args
    back = span.op == "neg"
    length = value(s, span.args[0] if back else span, depth)
    if _is_clock(at):
        return s.say("words-ago" if back else "words-from-now", span=length)
    return s.say("words-earlier" if back else "words-later", a=value(s, at, depth), span=length)


def _is_clock(node: Node) -> bool:
    return node.op in ("now", "today") or (node.op in ("start_of", "day_of") and _is_clock(node.args[0]))


def _through(s: Speaker, node: Node, depth: int) -> str:
    return value(s, node.args[0], depth)


def _said(code: str) -> Words:
    return lambda s, node, depth: s.say(code, **{k: value(s, a, depth) for k, a in zip("ab", node.args, strict=False)})


VALUES: dict[str, Words] = {
    "get": _read, "live": _read, "row": _row, "old": _row, "name": _name, "setting": _setting, "children": _children, "linked": _children,
    "where": _where, "pick": _pick, "pick_one": _pick, "map": _map, "aggregate": _aggregate, "add": _arithmetic, "sub": _arithmetic,
    "mul": _arithmetic, "div": _arithmetic, "if": _if, "call": _call, "move": _moved, "move_day": _moved, "rescale": _through,
    "start_of": _through, "day_of": _through, "label": _through, "now": _said("words-now"), "today": _said("words-today"),
    "me": lambda s, node, depth: s.say(s.me), "neg": _said("words-minus"), "size": _said("words-size"),
    "days_from": _said("words-days-from"), "span_from": _said("words-span-from"), "spans": _said("words-spans"),
    "everyone": lambda s, node, depth: s.say("words-all", form=s.form(node.type.form)),
    "end": lambda s, node, depth: s.say(f"words-range-{node.value}", a=value(s, node.args[0], depth)),
    "key": lambda s, node, depth: s.say("words-key", a=value(s, node.args[0], depth), b=s.quoted(node.value)),
}  # fmt: skip


# --- conditions -------------------------------------------------------------------------------------------------------


def condition(s: Speaker, node: Node, depth: int, holds: bool = True) -> str:
    """The condition as a sentence; its opposite where it is not to hold."""
    match node.op:
        case "not":
            return condition(s, node.args[0], depth, not holds)
        case "and" | "or":
            joined = "and" if (node.op == "and") == holds else "or"
            return s.say(f"words-{joined}").join(_part(s, arg, depth, holds, joined) for arg in node.args)
        case "lt" | "le" | "gt" | "ge" if node.args[0].type.kind in (*TIMES, "number", "span", "text"):
            return _compared(s, node, depth, holds)
        case "eq":
            return _equal(s, node, depth, holds)
        case "empty":
            return s.say("words-is-empty" if holds else "words-is-filled", a=value(s, node.args[0], depth))
        case "in" | "contains" | "in_range" | "changed" | "if" | "call" | "const":
            return OTHERS[node.op](s, node, depth, holds)
    return s.say("words-is-yes" if holds else "words-is-no", a=value(s, node, depth))


def _part(s: Speaker, node: Node, depth: int, holds: bool, joined: str) -> str:
    inner, sign = node, holds
    while inner.op == "not":
        inner, sign = inner.args[0], not sign
    words = condition(s, node, depth, holds)
    own = {"and": "and" if sign else "or", "or": "or" if sign else "and"}.get(inner.op, joined)
    return _in_brackets(s, words) if own != joined else words


def _compared(s: Speaker, node: Node, depth: int, holds: bool) -> str:
    left, right = node.args
    op = node.op
    if _rests(left) and not _rests(right):
        left, right, op = right, left, MIRRORED[op]
    times = left.type.kind in TIMES
    if holds and times and (words := _around_now(s, left, op, right, depth)):
        return words
    if _counted(left) and right.op == "const":
        return _how_many(s, left, op if holds else OPPOSITE[op], right, depth)
    if times:
        code = f"words-time-{op}" if holds else f"words-time-not-{op}"
    else:
        code = f"words-{op}" if holds else f"words-{OPPOSITE[op]}"
    return s.say(code, a=value(s, left, depth), b=value(s, right, depth, left))


def _rests(node: Node) -> bool:
    """Whether nothing in it belongs to a record."""
    return node.op not in ("get", "live", "children", "everyone", "linked", "name") and all(_rests(a) for a in node.args)


def _around_now(s: Speaker, left: Node, op: str, right: Node, depth: int) -> str:
    """`at < now - days(60)`: more than 60 days ago."""
    moved = right
    while moved.op in ("start_of", "day_of"):
        moved = moved.args[0]
    if moved.op not in ("move", "move_day") or not _is_clock(moved.args[0]):
        return ""
    span = moved.args[1]
    back = span.op == "neg"
    length = value(s, span.args[0] if back else span, depth)
    code = f"words-{'past' if back else 'coming'}-{'before' if op in ('lt', 'le') else 'after'}"
    return s.say(code, a=value(s, left, depth), span=length)


def _counted(node: Node) -> bool:
    return node.op == "aggregate" and len(node.args) == 1


def _how_many(s: Speaker, left: Node, op: str, right: Node, depth: int) -> str:
    many, n = value(s, left.args[0], depth), right.value
    if (op, n) in (("gt", 0), ("ge", 1)):
        return s.say("words-any", many=many)
    if (op, n) in (("eq", 0), ("lt", 1), ("le", 0)):
        return s.say("words-none", many=many)
    return s.say(f"words-many-{op}", many=many, n=value(s, right, depth))


def _equal(s: Speaker, node: Node, depth: int, holds: bool) -> str:
    left, right = node.args
    if left.op in ("const", "me", "today", "now") and right.op not in ("const", "me"):
        left, right = right, left
    if left.type.kind == "yes_no":
        if right.op == "const":
            return condition(s, left, depth, holds == bool(right.value))
        return s.say("words-same" if holds else "words-not-same", a=value(s, left, depth), b=value(s, right, depth))
    if _counted(left) and right.op == "const" and holds:
        return _how_many(s, left, "eq", right, depth)
    named = left.type.kind in ("choice", "record", *TIMES) or (right.op == "const" and right.type.kind == "text")
    code = "words-is" if named else "words-eq"
    return s.say(code if holds else f"{code}-not", a=value(s, left, depth), b=value(s, right, depth, left))


def _in(s: Speaker, node: Node, depth: int, holds: bool) -> str:
    item, many = node.args
    if many.op == "list":
        options = s.listed((value(s, a, depth, item) for a in many.args), "words-or-last")
        return s.say("words-is" if holds else "words-is-not", a=value(s, item, depth), b=options)
    code = "words-contains" if holds else "words-contains-not"
    return s.say(code, a=value(s, many, depth), b=value(s, item, depth, many))


def _contains(s: Speaker, node: Node, depth: int, holds: bool) -> str:
    code = "words-contains" if holds else "words-contains-not"
    return s.say(code, a=value(s, node.args[0], depth), b=value(s, node.args[1], depth))


def _in_range(s: Speaker, node: Node, depth: int, holds: bool) -> str:
    return s.say("words-within" if holds else "words-within-not", a=value(s, node.args[0], depth), b=value(s, node.args[1], depth))


def _changed(s: Speaker, node: Node, depth: int, holds: bool) -> str:
    return s.say("words-changed" if holds else "words-changed-not", a=value(s, node.args[0], depth))


def _either(s: Speaker, node: Node, depth: int, holds: bool) -> str:
    asked, yes, no = node.args
    words = s.say("words-if", condition=condition(s, asked, depth), a=condition(s, yes, depth), b=condition(s, no, depth))
    return words if holds else s.say("words-not-so", a=words)


def _asked(s: Speaker, node: Node, depth: int, holds: bool) -> str:
    words = _call(s, node, depth)
    return words if holds else s.say("words-not-so", a=words)


def _fixed(s: Speaker, node: Node, depth: int, holds: bool) -> str:
    return s.say("words-always" if bool(node.value) == holds else "words-never")


OTHERS: dict[str, Callable[[Speaker, Node, int, bool], str]] = {
    "in": _in, "contains": _contains, "in_range": _in_range, "changed": _changed, "if": _either, "call": _asked, "const": _fixed,
}  # fmt: skip
