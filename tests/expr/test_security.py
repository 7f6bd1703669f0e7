"""Nothing escapes from a formula (THREATS S1), and nothing runs long (S29)."""

from __future__ import annotations

import os
import time
import tracemalloc

import pytest

from dougong.expr.compile import compile_expr, compile_template
from tests.expr.world import MARK, SCOPE, Record, World, compile_, node_job, problems_of

OBJECTS = ["name", "n", "price", "ok", "day", "at", "valid", "tags", "owner", "lines", "me", "now", "this",
            "settings", "all", "''", "[]", "3",
           "left(name, 2)", "owner.manager", "extra"]  # fmt: skip
TRICKS = ["{}.__class__", "{}.__class__.__mro__", "{}.__globals__", "{}.__init__.__globals__['os']", "{}.mro()", "{}|attr('format')",
          "{}['__class__']", "{}[0]", "{}.format(name)", "{} % name", "{} ~ name", "{}|map('upper')", "{}.items()", "{}.__subclasses__()",
          "{}._x", "{}()", "{}.gi_frame", "{}|string|list", "{}[::2]", "{}.func_globals"]  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("thing", OBJECTS)
def test_no_object_gives_its_insides_away(thing: str, trick: str) -> None:
    assert problems_of(trick.format(thing))


@pytest.mark.parametrize(
    "source",
    [
        "cycler('a')", "lipsum()", "joiner()", "namespace(a=1)", "self", "_context", "range(10**9)", "dict(a=1)", "config", "request",
        "self.__init__.__globals__", "lipsum.__globals__.os.popen('id')", "cycler.__init__.__globals__.os", "get_flashed_messages()",
        "'{0.__class__}'.format(name)", "'%s' % name", "f'{name}'", "{'a': name}", "(name, other)", "name if ok else other",
        "name.__class__ if ok", "loop", "super()", "varargs", "caller()", "import os", "__import__('os')",
        "eval('1')", "open('/etc/passwd')",
        "name is callable", "name is sameas(other)", "left(*tags)", "left(**settings)", "left(text=name)", "n ** 9", "n // 2", "name := 1",
        "lambda: 1", "name; other", "{{ name }}", "{% if ok %}", "{# x #}", "n & m", "n ^ m", "n << 3", "`id`",
        "$name", "@name", "name\\other",
        "name?", "\x00", "'\ud800'", "'a\x00b' == name", "True.__class__", "none.x", "true.x", "none", "all", "settings",
    ],
)  # fmt: skip
def test_escapes_and_foreign_constructs_are_refused(source: str) -> None:
    expr, problems = compile_expr(source, MARK, SCOPE)
    assert problems or (expr is not None and source == "none")


def test_the_environment_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOUGONG_CANARY", "do-not-show-me")
    world = World([Record.read({"name": "{{ DOUGONG_CANARY }} %(DOUGONG_CANARY)s {0.__class__} $DOUGONG_CANARY"})])
    for source in ("name", "concat(name, name)", "replace(name, '0', name)", "text(n, name)", "text(day, name)", "upper(name)"):
        assert "do-not-show-me" not in str(world.python(compile_(source), world.things[0]))
    assert os.environ["DOUGONG_CANARY"] == "do-not-show-me"


@pytest.mark.parametrize(
    "source",
    [
        "'a' * 1000000000", "9 ** 9 ** 9", "(" * 2000 + "n" + ")" * 2000, "[" * 500 + "]" * 500, "not " * 900 + "ok", "-" * 3900 + "n",
        " and ".join(["ok"] * 1000), " + ".join(["n"] * 900), "n" * 5000, "if(ok, " * 60 + "1" + ", 2)" * 60, "n" + " < n" * 900,
        "left(" * 25 + "name" + ", 1)" * 25, "owner" + ".manager" * 400, "[" + "n," * 1300 + "n]", "'" * 3999, "{" * 3000, "a." * 1500,
        "count(lines, " * 8 + "ok" + ")" * 8, "~" * 3999, "((n)" * 900, "now - " * 600 + "days(1)", "0" * 3999, "0." + "0" * 3900 + "1",
        "9" * 3999, "text(n, '" + "#" * 3800 + "')", "concat(" + "name," * 700 + "name)", "x is empty is empty", "名" * 3999,
    ],
    ids=lambda s: s[:12],
)  # fmt: skip
def test_large_formulas_end_at_once(source: str) -> None:
    begun = time.process_time()
    compile_expr(source, MARK, SCOPE)
    assert time.process_time() - begun < 1
    tracemalloc.start()
    compile_expr(source, MARK, SCOPE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30_000_000


@pytest.mark.parametrize(
    "source",
    [
        "replace(" * 6 + "name, 'a', '" + "a" * 300 + "')" + f", 'a', '{'a' * 60}')" * 5,
        "now + days(999999999999)", "now + workdays(999999999999)", "day + workdays(10000)", "add_months(day, 999999999999)",
        "hours(999999999999) > hours(1)", "workdays_between(date(1,1,1), date(9999,12,31))", "round(n / 0.000001, 6) * 999999999999",
        "left(name, 999999999999)", "mid(name, 999999999999, 999999999999)", "pinyin(concat(name, name, name, name))",
        "date(999999999999, 999999999999, 999999999999)", "text(n, '000000000000000.000000%')",
    ],
    ids=lambda s: s[:24],
)  # fmt: skip
def test_costly_values_end_at_once_or_empty(source: str) -> None:
    world = World([Record.read({"name": "a" * 5000, "n": 999999999999, "day": "9999-12-31"})])
    expr = compile_(source)
    begun = time.process_time()
    value = world.python(expr, world.things[0])
    assert time.process_time() - begun < 1
    assert len(str(value)) < 70_000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{% for x in y %}", "expr-statement"), ("{# secret #}", "expr-statement"), ("a {{ name", "expr-open-braces"),
        ("a }} b", "expr-open-braces"), ("{{ }}", "expr-nothing-written"), ("{{ name|upper }}", "expr-filter"),
        ("{{ self.__class__ }}", "expr-forbidden-name"), ("x" * 30_000, "expr-text-too-long"), ("{{ n }}" * 200, "expr-text-too-long"),
        ("{{ 'a }}", "expr-open-braces"), ("{{ lines }}", "expr-many-left"),
    ],
    ids=lambda s: s[:20],
)  # fmt: skip
def test_texts_hold_formulas_and_nothing_else(text: str, code: str) -> None:
    template, problems = compile_template(text, MARK, SCOPE)
    assert template is None
    assert code in [p.code for p in problems]


def test_the_browser_gets_no_function_of_the_server() -> None:
    world = World([Record.read({})])
    for source in ("keyed_hash(name)", "md5(name)", "owner.name", "count(notes)", "count(all.note)", "pinyin(name)", "me.name"):
        assert node_job(compile_(source), world, world.things[0])["tree"] == {"op": "server"}
