"""What a form asks for later is a time rule of its own: a pop-up to the owner when the time is over and something is missing."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.expr.compile import compile_expr
from dougong.expr.scope import Scope
from dougong.expr.tree import Expr, Template
from dougong.problems import Problem
from dougong.spec.app import App, Automation, Level, Step, Trigger
from dougong.spec.form import AskLater, Form
from dougong.spec.label import Label


def ask_later_rules(app: App) -> Iterator[Automation]:
    """One automation for each `ask_later`."""
    for form in app.forms.values():
        for rule in form.ask_later:
            yield _of_rule(app, form, rule)


def _of_rule(app: App, form: Form, rule: AskLater) -> Automation:
    remind = Step("remind", "popup", {"popup": ("owner",), "text": _text(app, form, rule)})
    return Automation(
        id=f"{_known_as(form)}.ask_later.{rule.id}", app=app.id, name=_name(form, rule),
        on=Trigger("after", form.key, {"after": form.key, "field": rule.since, "by": rule.within}),
        if_=_missing(app, form, rule), levels=(Level("", (remind,)),), digest=app.digest, mark=form.mark,
    )


def _known_as(form: Form) -> str:
    """What the form was called at first sight: its table keeps that name, so a renamed form keeps its marks."""
    return form.table.removeprefix(f"{form.app}__")


def _missing(app: App, form: Form, rule: AskLater) -> Expr:
    words = " or ".join(f"{name} is empty" for name in rule.fields)
    condition, problems = compile_expr(words, form.mark, Scope(app.id, {form.key: form.shape}, form.shape, me=False))
    assert condition is not None, problems  # check let only fields through that may be empty
    return condition


def _text(app: App, form: Form, rule: AskLater) -> Template:
    """The record's title, and what the template says to it; else the names of the fields."""
    names = "、".join(form.fields[name].name.in_(app.language) for name in rule.fields)
    words = rule.message.in_(app.language) or Problem("ask-later-due", {"fields": names}).sentence(app.language)
    return Template(f"{form.title.source}：{words}", (*form.title.parts, f"：{words}"))


def _name(form: Form, rule: AskLater) -> Label:
    locales = {*form.name.others, *rule.message.others}
    fields = {locale: ("、" if locale == "zh" else ", ").join(form.fields[n].name.in_(locale) for n in rule.fields) for locale in locales}
    own = "、".join(str(form.fields[n].name) for n in rule.fields)
    return Label(f"{form.name} · {own}", {locale: f"{form.name.in_(locale)} · {names}" for locale, names in fields.items()})
