"""Triggers, steps and texts in words. What a plug-in has no sentence of its own for is told by the titles of its options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.expr.tree import Expr, Template
from dougong.expr.types import TEXT, Span, Type
from dougong.lang.explain.formulas import condition, in_words, value
from dougong.lang.explain.speaker import Speaker
from dougong.lang.schema import compose
from dougong.spec.app import Automation, Level, Paper, Step, Trigger
from dougong.spec.form import Field

Line = tuple[int, str]
"""How far it is indented, and the words."""
Options = Mapping[str, Any]
OWN = frozenset({"do", "else"})
"""Options that hold further steps."""


def text(s: Speaker, template: Template | str) -> str:
    """A text in quotes, with what is filled in between brackets."""
    if isinstance(template, str):
        return s.quoted(template)
    told = template.in_(s.locale)
    if told.single is not None:
        return value(s, told.single.root, 0)
    return s.quoted("".join(p if isinstance(p, str) else s.say("explain-filled-in", words=in_words(s, p)) for p in told.parts))


def people(s: Speaker, form: str, paths: tuple[str, ...] | str) -> str:
    named = (paths,) if isinstance(paths, str) else paths
    return s.listed((_person(s, form, path) for path in named), "words-and-last")


def _person(s: Speaker, form: str, path: str) -> str:
    head, *rest = path.split(".")
    if head == "role" and rest:
        role = s.app.roles.get(rest[0])
        return s.say("explain-everyone-of", role=s.quoted(role.name.in_(s.locale) if role else rest[0]))
    if head in ("user", "team") and rest:
        return s.say(f"explain-{head}", name=s.quoted(rest[0]))
    words, at = s.say("words-me-actor") if head == "me" else "", form
    for step in rest if head == "me" else (head, *rest):
        field = s.field_of(at if not (head == "me" and not at) else "user", step)
        name = field.name.in_(s.locale) if field else step
        words = s.say("words-of", a=words, b=name if s.chinese else name.lower()) if words else name
        at = field.target if field else ""
    return words


def trigger(s: Speaker, on: Trigger) -> str:
    """When a rule is set off."""
    schema = compose(s.vocabulary).dispatches["trigger"].cases[on.kind]["properties"]
    if on.kind == "changed":
        return _changed(s, on)
    if on.kind == "every":
        return _every(s, on)
    words = {k: _option(s, on.form, v, schema.get(k, {}), on.options) for k, v in on.options.items()}
    if on.kind == "inactive":
        words.setdefault("since", s.field(on.form, "touched_at"))
    span = next((words[k] for k in ("by", "after") if k in words and k != on.kind), "")
    code = f"explain-on-{on.kind}-span" if span else f"explain-on-{on.kind}"
    if not s.knows(code):
        return s.listed(_titled(s, on.options, schema, words))
    return s.say(code, **{**words, "form": s.form(on.form), "span": span})


def _changed(s: Speaker, on: Trigger) -> str:
    changed, form = on.options.get("changed"), s.form(on.form)
    limits = changed if isinstance(changed, Mapping) else dict.fromkeys(on.options.get("fields", ()), on.options)
    if not limits:
        return s.say("explain-on-changed", form=form)
    parts = []
    for id, limit in limits.items():
        field = s.field_of(on.form, id)
        sides = {side: _given(s, limit[side], field) for side in ("from", "to") if limit and side in limit}
        given = {"field": s.field(on.form, id), "old": sides.get("from"), "new": sides.get("to")}
        parts.append(s.say("-".join(("explain-field-changed", *sides)), **given))
    return s.say("explain-on-changed-fields", form=form, fields=s.listed(parts, "words-or-last"))


def _every(s: Speaker, on: Trigger) -> str:
    day, _, at = str(on.options.get("at", "")).rpartition(" ")
    how = s.say(f"explain-every-{on.options['every']}")
    parts = [how, s.say(f"explain-day-{day}") if day.isalpha() else s.say("explain-day-of-month", n=day) if day else "", at]
    words = ("" if s.chinese else " ").join(p for p in parts if p)
    return s.say("explain-for-each-one", when=words, form=s.form(on.form)) if on.form else words


def automation(s: Speaker, rule: Automation) -> Iterator[Line]:
    """When, on which condition, what is done."""
    yield 0, rule.name.in_(s.locale)
    if rule.broken:
        yield 1, s.say("explain-broken", why=rule.broken[0].sentence(s.locale))
        return
    yield 1, s.say("explain-when", words=trigger(s, rule.on))
    if rule.if_:
        yield 1, s.say("explain-if", words=condition(s, rule.if_.root, 0))
    for level in rule.levels:
        yield from _level(s, rule, level)
    if not rule.enabled:
        yield 1, s.say("explain-off")


def _level(s: Speaker, rule: Automation, level: Level) -> Iterator[Line]:
    head = ""
    if level.repeated:
        per = s.field(rule.on.form, level.in_a_row_per) if level.in_a_row_per else s.form(rule.on.form)
        head = s.say("explain-repeated", n=level.repeated, per=per)
        if level.within:
            head = s.say("explain-within", words=head, span=s.span(level.within))
    elif level.after:
        head = s.say("explain-after", span=s.span(level.after))
    yield from led_by(s, 1, head, steps(s, rule.on.form, level.do, 0))


def led_by(s: Speaker, depth: int, head: str, lines: Iterator[Line]) -> Iterator[Line]:
    """One line where there is one step, else the steps below what leads to them."""
    said = list(lines)
    if len(said) == 1 or not head:
        yield from ((depth + d, f"{head} → {words}" if head else f"→ {words}") for d, words in said)
        return
    yield depth, f"{head} →"
    yield from ((depth + 1 + d, words) for d, words in said)


def steps(s: Speaker, form: str, do: tuple[Step, ...], depth: int) -> Iterator[Line]:
    for step in do:
        here = form
        if step.action == "for_each" and isinstance(many := step.options["for_each"], Expr):
            here = many.type.form
        yield depth, _step(s, form, here, step)
        for option in ("do", "else"):
            if option == "else" and "else" in step.options:
                yield depth, s.say("explain-else")
            yield from steps(s, here, step.options.get(option, ()), depth + 1)


def _step(s: Speaker, form: str, inner: str, step: Step) -> str:
    schema = compose(s.vocabulary).dispatches["action"].cases[step.action]["properties"]
    given = {k: v for k, v in step.options.items() if k not in OWN}
    words = {k: _option(s, inner if k == "if" else form, v, schema.get(k, {}), given) for k, v in given.items()}
    code = f"explain-do-{step.action}"
    if not s.knows(code):
        return s.listed(_titled(s, step.options, schema, words))
    marked = s.say(code, **{k: f"\0{k}\0" for k in words})
    rest = [k for k in words if f"\0{k}\0" not in marked]
    told = s.say(code, **words)
    silent = {k for k in rest if given[k] in (False, None, (), {}) or (k == step.action and given[k] is True)}
    more = [_more(s, k, words[k], schema.get(k, {})) for k in rest if k not in silent]
    return told + ("" if not more else s.say("explain-besides", words=s.listed(more)))


def _more(s: Speaker, option: str, words: str, schema: Options) -> str:
    code = f"explain-with-{option}"
    return s.say(code, words=words) if s.knows(code) else f"{_title(s, option, schema)}{'：' if s.chinese else ': '}{words}"


def _titled(s: Speaker, options: Options, schema: Mapping[str, Options], words: Mapping[str, str]) -> Iterator[str]:
    for option in options:
        if option in words:
            yield f"{_title(s, option, schema.get(option, {}))}{'：' if s.chinese else ': '}{words[option]}"


def _title(s: Speaker, option: str, schema: Options) -> str:
    zh, _, en = str(schema.get("title", option)).partition(" | ")
    return zh if s.chinese else en or zh


def _option(s: Speaker, form: str, given: Any, schema: Options, beside: Options) -> str:
    match schema.get("format"), given:
        case "people", _:
            return people(s, form, given)
        case "form", str():
            return s.form(given)
        case "field", str():
            return s.field(_form_of(s, form, schema, beside), given)
        case "stage", str():
            return s.quoted(s.option(s.field_of(form, "stage"), given).strip("“”"))
        case "workflow", str():
            return s.app.workflows[given].name.in_(s.locale) if given in s.app.workflows else given
        case "automation", str():
            return s.quoted(s.app.automations[given].name.in_(s.locale)) if given in s.app.automations else given
        case "values", Mapping():
            target = _form_of(s, form, schema, beside) if "target" in schema else ""
            pairs = (_pair(s, target, k, v) for k, v in given.items())
            return ("；" if s.chinese else "; ").join(pairs)
    return _plain(s, form, given, schema)


def _pair(s: Speaker, form: str, name: str, given: Any) -> str:
    """field = value; for the outside a free name."""
    called = s.field(form, name) if form else s.quoted(name)
    return s.say("explain-pair", field=called, value=_given(s, given, s.field_of(form, name)))


def _plain(s: Speaker, form: str, given: Any, schema: Options) -> str:
    match given:
        case Expr():
            return in_words(s, given)
        case Template():
            return text(s, given)
        case Span():
            return s.span(given)
        case Paper():
            return s.quoted(given.id)
        case bool():
            return s.say("word-yes" if given else "word-no")
        case tuple() | list():
            return s.listed(_plain(s, form, each, schema.get("items", schema)) for each in given)
        case Mapping():
            inner: Mapping[str, Options] = schema.get("properties", {})
            words = {k: _option(s, form, v, inner.get(k, {}), given) for k, v in given.items() if v not in (None, "", ())}
            return s.listed(_titled(s, given, inner, words))
        case str() if given in s.vocabulary.channels:
            return str(s.vocabulary.channels[given].name.in_(s.locale))
        case str() if s.knows(f"explain-word-{given}"):
            return s.say(f"explain-word-{given}")
        case str():
            return s.quoted(given)
    return str(given)


def _form_of(s: Speaker, form: str, schema: Options, beside: Options) -> str:
    """The form that the option's fields belong to: the one at hand, or that which the option named by `target` or `scope` leads to."""
    word = beside.get(schema.get("target") or schema.get("scope") or "")
    if not isinstance(word, str):
        return word.type.form if isinstance(word, Expr) else form
    field = s.field_of(form, word)
    return field.target if field else word if word in s.forms else form


def _given(s: Speaker, given: Any, field: Field | None) -> str:
    """A value for a field."""
    match given:
        case Expr():
            return in_words(s, given)
        case Template():
            return text(s, given)
    if field and field.choices and isinstance(given, str):
        return s.option(field, given)
    if isinstance(given, tuple) and field and field.choices:
        return s.listed(s.option(field, each) for each in given)
    return s.plain(given, field.value if field else _type_of(given))


def _type_of(given: Any) -> Type:
    return Type("yes_no") if isinstance(given, bool) else Type("number") if isinstance(given, int) else TEXT
