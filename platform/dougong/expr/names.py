"""Names and paths: fields, `this`, `old`, `me`, `now`, `today`, `all.form`, `settings.x`, and what follows a dot."""

from __future__ import annotations

from dougong.expr.checking import RESERVED, Checking, failed, kind_name, option_labels
from dougong.expr.functions.base import functions
from dougong.expr.parse import Raw
from dougong.expr.scope import Member, Shape
from dougong.expr.tree import Node
from dougong.expr.types import DATE, DATETIME, JSON, TEXT, USER, list_of, record, records
from dougong.problems import suggest

MEANT = {"本人": "me", "自己": "me", "我": "me", "当前用户": "me", "现在": "now", "此刻": "now", "今天": "today", "今日": "today"}


def name(c: Checking, raw: Raw) -> Node:
    """A bare name."""
    word = raw.value
    frame = c.frames[-1] if c.frames else None
    if frame and frame.shape and word in frame.shape.members and word not in RESERVED:
        return member(c, raw, _row(c, raw, frame.shape, frame.level), frame.shape, word)
    match word:
        case "now":
            return c.node("now", DATETIME, raw)
        case "today":
            return c.node("today", DATE, raw)
        case "me" if c.scope.me:
            return c.node("me", USER, raw)
        case "this" if c.scope.form and "this" not in c.scope.names:  # a price is picked for `this` line
            return _row(c, raw, c.scope.form, 0)
        case "old" | "all" | "settings":
            return _no_use_alone(c, raw)
    if word in c.scope.names:
        return c.node("name", c.scope.names[word], raw, value=word)
    return _unknown(c, raw, frame.shape if frame else None)


def _no_use_alone(c: Checking, raw: Raw) -> Node:
    if raw.value == "old" and not c.scope.old:
        return c.report("expr-no-old", raw)
    return c.report("expr-needs-part", raw, found=raw.value)


def _row(c: Checking, raw: Raw, shape: Shape, level: int) -> Node:
    return c.node("row", record(shape.key), raw, value=level)


def _unknown(c: Checking, raw: Raw, shape: Shape | None) -> Node:
    word = raw.value
    if word in functions:
        return c.report("expr-function-without-call", raw, found=word, suggestion=f"{word}()")
    own = c.scope.form
    if len(c.frames) > 1 and own and word in own.members:
        return c.report("expr-needs-this", raw, suggestion=f"this.{word}", found=word, form=shape.name if shape else "")
    if shape is None:
        return c.report("expr-unknown-name", raw, suggestion=suggest(word, c.scope.names), found=word)
    return unknown_field(c, raw, shape, word, (*c.scope.names, "today", "now", "me"))


def unknown_field(c: Checking, raw: Raw, shape: Shape, word: str, more: tuple[str, ...] = ()) -> Node:
    """`word` is no field of `shape`: says so, with the id that was probably meant."""
    names = {m.name: key for key, m in shape.members.items() if m.name}
    right = MEANT[word] if MEANT.get(word) in more else suggest(word, (*shape.members, *more), names)
    called = shape.members[right].name if right in shape.members else ""
    return c.report("expr-unknown-field", raw, right, found=word, form=shape.name or shape.key, called=called if called != word else "")


def member(c: Checking, raw: Raw, owner: Node, shape: Shape, field: str) -> Node:
    """`owner.field` for a record `owner` of `shape`."""
    found: Member = shape.members[field]
    if found.type.kind == "records":
        if found.through:
            return c.node("linked", found.type, raw, owner, value=(found.through, shape.key))
        return c.node("children", found.type, raw, owner, value=(field, found.type.form, found.via))
    return c.node("get" if found.column else "live", found.type, raw, owner, value=field)


def attribute(c: Checking, raw: Raw) -> Node:
    """`owner.part`"""
    word, start = raw.value
    part = Raw("name", start, raw.end, value=word)
    owner = raw.args[0]
    if owner.op == "name" and not _is_field(c, owner.value):
        match owner.value:
            case "settings":
                return _setting(c, raw, part)
            case "all":
                return _everyone(c, raw, word, part)
            case "old" if c.scope.old and c.scope.form:
                if word not in c.scope.form.members:
                    return unknown_field(c, part, c.scope.form, word)
                return member(c, raw, c.node("old", record(c.scope.form.key), raw), c.scope.form, word)
    if owner.op == "attribute" and owner.args[0].value == "all" and (other := f"{owner.value[0]}.{word}") in c.scope.forms:
        return _everyone(c, raw, other, part)
    node = c.check(owner)
    return node if failed(node) else part_of(c, raw, node, part)


def _is_field(c: Checking, word: str) -> bool:
    return bool(c.frames and c.frames[-1].shape and word in c.frames[-1].shape.members and word not in RESERVED)


def part_of(c: Checking, raw: Raw, node: Node, part: Raw) -> Node:
    """What stands behind the dot, by the type of what stands before it."""
    word = part.value
    match node.type.kind:
        case "record":
            shape = _shape(c, node.type.form)
            if shape is None:
                return c.report("expr-unknown-form", part, found=node.type.form)
            return member(c, raw, node, shape, word) if word in shape.members else unknown_field(c, part, shape, word)
        case "records":
            inner = c.inside(node.type.form)
            row = inner.node("row", record(node.type.form), raw, value=len(c.frames))
            return _map(c, raw, node, part_of(inner, raw, row, part), part)
        case "list" if node.op == "map":
            return _map(c, raw, node.args[0], part_of(c.inside(node.args[0].type.form), raw, node.args[1], part), part)
        case "range" if word in ("from", "to"):
            return c.node("end", DATE, raw, node, value=word)
        case "choice" if word == "name":
            labels = {id: label for label, id in reversed(option_labels(c, node).items())}
            return c.node("label", TEXT, raw, node, value=tuple(sorted(labels.items())))
        case "json":
            return c.node("key", JSON, raw, node, value=word)
    return c.report("expr-no-parts", part, found=word, kind=kind_name(node.type))


def _map(c: Checking, raw: Raw, many: Node, value: Node, part: Raw) -> Node:
    """`visits.kind`: one value for each of many records."""
    if failed(value):
        return value
    if value.type.kind in ("records", "list"):
        return c.report("expr-many-of-many", part, found=part.value)
    return c.node("map", list_of(value.type), raw, many, value)


def _shape(c: Checking, form: str) -> Shape | None:
    if form in c.scope.forms:
        return c.scope.forms[form]
    return c.scope.form if c.scope.form and c.scope.form.key == form else None


def _setting(c: Checking, raw: Raw, part: Raw) -> Node:
    if part.value not in c.scope.settings:
        return c.report("expr-unknown-setting", part, suggestion=suggest(part.value, c.scope.settings), found=part.value)
    return c.node("setting", c.scope.settings[part.value], raw, value=part.value)


def _everyone(c: Checking, raw: Raw, word: str, part: Raw) -> Node:
    key = next((k for k in (f"{c.scope.app}.{word}", word) if k in c.scope.forms), "")
    if not key:
        known = [k.removeprefix(f"{c.scope.app}.") for k in c.scope.forms]
        return c.report("expr-unknown-form", part, suggestion=suggest(word, known), found=word)
    if len(c.frames) > 1:
        return c.report("expr-all-inside", raw)
    return c.node("everyone", records(key), raw, value=key)
