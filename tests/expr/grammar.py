"""Random formulas, by kind: forms of every operator, and a call of every function in the registry as its signature has it."""

from __future__ import annotations

import re
from random import Random

from hypothesis import strategies as st

from dougong.expr.functions import functions
from tests.expr.world import Record

LEAVES: dict[str, list[str]] = {
    "int": ["n", "m", "3", "0"], "num": ["n", "price", "cost", "rate", "fine", "2", "0.5", "1.25"], "small": ["2", "0", "1", "n"],
    "text": ["name", "other", "'a'", "'杭'", "extra"], "cond": ["ok", "sure", "true"], "day": ["day", "due", "today"],
    "at": ["at", "seen", "now"], "moment": ["at", "day", "now"], "time": ["clock", "'09:00'"], "choice": ["kind", "was_kind"],
    "span": ["hours(5)", "days(1)", "workdays(2)", "minutes(90)"], "list": ["tags"], "user": ["owner", "backup", "me"],
    "json": ["name"], "file": ["picture"], "record": ["owner", "backup"], "range": ["valid"],
    "line": ["qty > 1", "done", "label is empty", "day < this.due", "kind == 'demo'", "price < this.price", "not (at > now)"],
}  # fmt: skip

FORMS: dict[str, list[str]] = {
    "num": ["{num} + {num}", "{num} - {num}", "{int} * {num}", "{num} / {num}", "-{num}", "if({cond}, {num}, {num})", "{day} - {day}",
            "count(tags)", "count(helpers)", "sum(lines.qty)", "sum(lines, qty * price)", "sum(lines.price, {line})", "avg(lines.price)",
            "avg(lines.qty, {line})", "max(lines.qty)", "min(lines.price, {line})", "count(lines)", "count(lines, {line})",
            "count_distinct(lines.kind)", "count_distinct(lines.label, {line})", "last(lines).qty", "first(lines, day).qty",
            "count(last(lines, 2), {line})", "sum(first(lines, 2, qty).qty)", "owner.level", "owner.manager.level", "count(friends)",
            "count(notes, writer.manager == this.owner)", "max(notes.writer.level)", "count(all.note, thing == this)",
            "count(all.note, writer == this.owner) + {num}", "count(tags) + {int}", "count(friends) - {num}",
            "last(lines).qty + {num}",
            "sum(last(lines, 2).qty) + {num}", "if({cond}, count(tags), count(lines))",
            "sum(where(lines, {line}).qty)", "count(friends, ok)"],
    "cond": ["{num} < {num}", "{num} <= {num}", "{num} > {num}", "{num} >= {num}", "{num} == {num}", "{num} != {num}", "{text} < {text}",
             "{text} >= {text}", "{text} == {text}", "{text} != {text}", "{text} contains {text}", "{text} not contains {text}",
             "{day} < {day}", "{day} >= {day}", "{at} < {at}", "{at} >= {at}", "{day} < {at}", "{day} <= {at}", "{at} <= {day}",
             "{day} == {at}", "{day} > {at}", "{time} < {time}", "{choice} == {choice}", "{choice} == 'demo'", "{choice} != 'talk'",
             "{choice} in ['demo', 'talk']", "{choice} not in ['first']", "{num} in [{num}, 2, 0.5]", "{text} in [{text}, 'a']",
             "{text} in tags", "{text} not in tags", "tags contains {text}", "'demo' in kinds", "{day} in valid", "{day} not in valid",
             "{at} in valid", "{user} == {user}", "{user} != {user}", "me in [owner, backup]", "me in helpers", "{user} in helpers",
             "{num} is empty", "{text} is not empty", "{day} is empty", "{at} is empty", "tags is empty", "valid is empty",
             "picture is empty", "lines is empty", "helpers is empty", "{cond} and {cond}", "{cond} or {cond}", "not {cond}",
             "{cond} == {cond}", "{cond} != {cond}", "if({cond}, {cond}, {cond})", "{at} - {at} > {span}", "{at} - {at} == hours(0)",
             "0 < {num} < 5", "has_all(tags, ['a', 'ab'])", "has_any(tags, ['a', 'x'])", "kind in lines.kind", "'demo' in lines.kind",
             "has_any(lines.kind, ['demo'])", "this in friends", "({at} - {at}) + hours(1) > hours(2)"],
    "text": ["if({cond}, {text}, {text})", "kind.name", "concat(kind.name, {text})", "left(was_kind.name, {small})",
             "owner.name", "last(lines).label"],
    "day": ["if({cond}, {day}, {day})", "valid.from", "valid.to", "date({at})", "max(lines.day)", "{day} + days(3)", "{day} - workdays(2)",
            "{day} + weeks({small})", "{day} + workdays({small})", "{day} - workdays(m)"],
    "at": ["if({cond}, {at}, {at})", "{at} + {span}", "{at} - {span}", "{day} + hours(3)", "max(lines.at)", "latest({at}, {day})"],
    "choice": ["if({cond}, {choice}, {choice})"],
    "user": ["owner.manager", "if({cond}, owner, backup)"],
    "list": ["lines.label"],
}  # fmt: skip

KINDS = {"text": "text", "number": "num", "integer": "small", "day": "day", "date": "day", "datetime": "at", "time": "time", "list": "list",
         "choice": "choice", "span": "span", "record": "record", "file": "file", "json": "text"}  # fmt: skip
RESULTS = {"text": "text", "integer": "num", "number": "num", "number(6)": "num", "date": "day", "datetime": "at", "yes_no": "cond",
           "time": "time", "span": "span"}  # fmt: skip
WRITTEN = {  # arguments that have to be plain
    "round": ["round({num}, 2)", "round({num})"], "has_all": [], "has_any": [], "date": ["date(2026, {small}, 28)", "date({text})"],
    "text": ["text({num}, '#,##0.00')", "text({num}, '0.0%')", "text({day}, 'yyyy年m月d日')", "text({at}, 'yy-mm-dd hh:mi:ss')",
             "text({num})", "text({choice})", "text({at})"],
    "join": ["join(tags, '、')", "join(lines.label, {text})"], "add_months": ["add_months({day}, {small})", "add_months({day}, -13)"],
    "latest": ["latest({at}, {at})", "latest({day}, {day}, {day})"], "earliest": ["earliest({at}, {day})", "earliest({day}, {day})"],
}  # fmt: skip


def _calls() -> dict[str, list[str]]:
    """Every plain function that has a second face, per signature."""
    out: dict[str, list[str]] = {}
    for found in functions.values():
        if found.special or not (found.js or found.in_filter):
            continue
        for signature in found.signatures:
            first = KINDS[signature.params[0].kinds[0]]
            result = RESULTS.get(signature.result) or {"small": "num"}.get(first, first)
            names = [KINDS[p.kinds[0]] for p in signature.params if not p.optional]
            names += [names[-1]] * 2 if signature.params[-1].repeats else []
            written = WRITTEN.get(found.name)
            forms = written if written is not None else [f"{found.name}({', '.join('{' + n + '}' for n in names)})"]
            out.setdefault(result if result in LEAVES else "text", []).extend(f for f in forms if f not in out.get(result, ()))
    return out


CALLS = _calls()
ALL = [form for group in (FORMS, CALLS) for forms in group.values() for form in forms]


@st.composite
def formulas(draw: st.DrawFn, form: str) -> str:
    """`form` with its places filled up to two levels deep."""
    return _filled(draw, form, draw(st.integers(0, 2)))


def _filled(draw: st.DrawFn, form: str, depth: int) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: _some(draw, m[1], depth), form)


def _some(draw: st.DrawFn, kind: str, depth: int) -> str:
    forms = FORMS.get(kind, []) + CALLS.get(kind, [])
    if depth == 0 or not forms or draw(st.integers(0, 2)) == 0:
        return draw(st.sampled_from(LEAVES[kind]))
    return f"({_filled(draw, draw(st.sampled_from(forms)), depth - 1)})"


TEXTS = ["a", "ab", "A", "b", "杭州", "杭", "\U00020000x", "\U0001f600", "\uff5e", "é", "a%_", " pad ", "12.5", "-3",
            "2026-02-28", "2026-02-30",
         "x" * 50, 'q"\\', "0", "$&"]  # fmt: skip
INTS = [0, 1, 2, 3, -1, -7, 5, 40, 999_999_999_999, -999_999_999_999, 1_000_000]
DECIMALS = ["0", "0.01", "0.05", "1.005", "-0.005", "2.5", "-2.5", "3", "99.995", "123456.789012",
            "999999999999.99", "-0.000001", "0.333333"]
DAYS = ["2026-03-02", "2026-03-01", "2026-02-28", "2024-02-29", "2026-03-08", "2025-12-31", "2026-01-31", "0001-01-01", "9999-12-31"]
INSTANTS = ["2026-03-02T01:30:00.000Z", "2026-03-01T16:00:00.000Z", "2026-03-01T15:59:59.999Z", "2026-03-08T05:00:00.000Z",
            "2026-03-08T07:30:00.000Z", "2026-11-01T06:30:00.000Z", "2026-02-27T22:00:00.000Z", "1969-12-31T23:59:59.999Z"]  # fmt: skip


def _decimal(chance: Random, scale: int) -> str:
    whole, _, fraction = chance.choice(DECIMALS).partition(".")
    digits = f"{whole}.{fraction[:scale].ljust(scale, chr(48))}"
    return digits if float(digits) else digits.lstrip("-")  # there is one zero


def _own(chance: Random) -> dict[str, object]:
    ends = sorted(chance.sample(DAYS, 2))
    return {
        "name": chance.choice(TEXTS), "other": chance.choice(TEXTS), "n": chance.choice(INTS), "m": chance.choice(INTS[:8]),
        "price": _decimal(chance, 2), "cost": _decimal(chance, 2), "rate": _decimal(chance, 4), "fine": _decimal(chance, 6),
        "ok": chance.random() < 0.6, "sure": chance.random() < 0.6, "day": chance.choice(DAYS), "due": chance.choice(DAYS[:7]),
        "at": chance.choice(INSTANTS), "seen": chance.choice(INSTANTS), "clock": chance.choice(["09:00", "00:00", "23:59"]),
        "valid": [e if chance.random() < 0.8 else None for e in ends], "kind": chance.choice(["first", "demo", "talk"]),
        "was_kind": chance.choice(["first", "demo"]), "tags": sorted(chance.sample(TEXTS, 3)), "kinds": ["demo"], "picture": "f",
        "owner": chance.choice([1, 2, 3]), "backup": chance.choice([1, 2, 3]), "helpers": [1], "up": 1,
    }  # fmt: skip


def _line(chance: Random) -> dict[str, object]:
    full = {"qty": chance.choice(INTS), "price": _decimal(chance, 2), "label": chance.choice(TEXTS), "done": chance.random() < 0.5,
            "day": chance.choice(DAYS), "at": chance.choice(INSTANTS), "kind": chance.choice(["first", "demo", "talk"]),
            "deleted": chance.random() < 0.1}  # fmt: skip
    return {k: v for k, v in full.items() if chance.random() < 0.75}


def random_record(chance: Random) -> Record:
    """Any field may be empty; values lie on and beside the edges that formulas have."""
    own: dict[str, object] = {k: v for k, v in _own(chance).items() if chance.random() < 0.72 and v != [None, None]}
    lines = [_line(chance) for _ in range(chance.choice([0, 0, 1, 2, 4]))]
    notes = [{"writer": chance.choice([1, 2, 3])} if chance.random() < 0.8 else {} for _ in range(chance.choice([0, 1, 2]))]
    return Record.read({**own, "lines": lines, "notes": notes, "friends": chance.sample([1, 2, 3], chance.choice([0, 0, 1, 2]))})
