"""A whole app, or the parts that are named, as sections of sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from dougong.expr.tree import Expr
from dougong.lang.explain.formulas import condition, in_words, value
from dougong.lang.explain.speaker import Speaker
from dougong.lang.explain.steps import Line, automation, led_by, people, steps, text
from dougong.lang.hidden_results import HiddenResult, hidden_results
from dougong.lang.vocabulary import Vocabulary
from dougong.spec.app import App, Grant, Guard, Role, Stage, Workflow
from dougong.spec.form import Field, Form

RIGHTS = ("see", "add", "edit", "delete", "import", "export")


@dataclass(frozen=True)
class Section:
    """`kind` and `id` are those of the thing explained: form, workflow, automation, role."""

    kind: str
    id: str
    title: str
    lines: tuple[Line, ...]


def explain(app: App, forms: Mapping[str, Form], vocabulary: Vocabulary, locale: str, only: Collection[str] = ()) -> list[Section]:
    """`forms` are all by key, other apps' and the system's too; `only` ids of forms, workflows, automations or roles ('' of it: all)."""
    s = Speaker(app, forms, vocabulary, locale)
    found: list[Section] = []
    for form in app.forms.values():
        name = form.name.in_(locale)
        within = s.say("explain-lines-of", parent=s.form(form.lines_of[0]), name=name) if form.lines_of else name
        found.append(Section("form", form.id, s.say("explain-form", name=within), tuple(_form(s, form))))
    for workflow in app.workflows.values():
        title = s.say("explain-workflow", name=workflow.name.in_(locale), form=s.form(workflow.form))
        found.append(Section("workflow", workflow.id, title, tuple(_workflow(s, workflow))))
    for rule in app.automations.values():
        (_, name), *lines = automation(s.as_me("words-me-actor"), rule)
        found.append(Section("automation", rule.id, s.say("explain-automation", name=name), tuple((d - 1, w) for d, w in lines)))
    for role in app.roles.values():
        found.append(Section("role", role.id, s.say("explain-role", name=role.name.in_(locale)), tuple(_role(s, role))))
    wanted = [section for section in found if section.lines and (not only or section.id in only)]
    return [replace(each, lines=tuple((depth, s.tidy(words)) for depth, words in each.lines)) for each in wanted]


# --- forms ------------------------------------------------------------------------------------------------------------


def _form(s: Speaker, form: Form) -> Iterator[Line]:
    for field in form.fields.values():
        yield from _field(s, field)
    for rule in form.rejects:
        yield 0, s.say("explain-reject", condition=in_words(s, rule.if_), message=text(s, rule.message))
    for twin in form.duplicates:
        code = f"explain-{'similar' if twin.similar else 'same'}-{twin.then}"
        words = s.say(code, fields=s.fields(form.key, twin.fields), share=f"{twin.above:.0%}")
        yield 0, words + (s.say("explain-saying", text=text(s, twin.message)) if twin.message else "")
    for later in form.ask_later:
        given = {"since": s.field(form.key, later.since), "span": s.span(later.within), "fields": s.fields(form.key, later.fields)}
        yield 0, s.say("explain-ask-later", **given)
        if later.before:
            stage = form.fields["stage"].choices.get(later.before) if "stage" in form.fields else None
            before = s.quoted(stage.name.in_(s.locale)) if stage else s.field(form.key, later.before)
            yield 1, s.say("explain-before-stage" if stage else "explain-before-tick", before=before)
    if form.public:
        yield 0, s.say("explain-public", fields=s.fields(form.key, form.public.fields))


def _field(s: Speaker, field: Field) -> Iterator[Line]:
    name = field.name.in_(s.locale)
    if field.formula is not None:
        how = "explain-kept" if field.stored else "explain-live"
        root = field.formula.root
        words = condition(s, root, 0) if root.type.kind == "yes_no" else value(s, root, 0)
        yield 0, s.say("explain-condition-field" if root.type.kind == "yes_no" else how, field=name, words=words)
    elif field.cases:
        yield 0, s.say("explain-cases", field=name)
        for case in field.cases:
            then = in_words(s, case.then) if isinstance(case.then, Expr) else s.option(field, case.then)
            when = in_words(s, case.if_) if case.if_ else s.say("explain-otherwise")
            yield 1, f"{when} → {then}"
    if field.value_template is not None:
        yield 0, s.say("explain-number", field=name, words=text(s, field.value_template))
    for code in ("required_when", "visible_when", "readonly_when"):
        if (asked := getattr(field, code)) is not None:
            always = asked.root.op == "const" and asked.root.value is True
            yield 0, s.say(f"explain-{code}-always" if always else f"explain-{code}", field=name, condition=in_words(s, asked))
    if isinstance(offered := field.options.get("filter"), Expr):
        yield 0, s.say("explain-filter", field=name, condition=in_words(s, offered))


# --- stages -----------------------------------------------------------------------------------------------------------


def _workflow(s: Speaker, workflow: Workflow) -> Iterator[Line]:
    for number, stage in enumerate(workflow.stages, 1):
        yield 0, s.say("explain-final" if stage.final else "explain-stage", n=number, stage=stage.name.in_(s.locale))
        yield from _stage(s, workflow, stage)
    if workflow.back_by:
        words = people(s, workflow.form, workflow.back_by)
        yield 0, s.say("explain-back-reason" if workflow.back_comment else "explain-back", people=words)


def _stage(s: Speaker, workflow: Workflow, stage: Stage) -> Iterator[Line]:
    names = {other.id: s.quoted(other.name.in_(s.locale)) for other in workflow.stages}
    if stage.from_any or stage.from_:
        yield 1, s.say("explain-from-any") if stage.from_any else s.say("explain-from", stages=s.listed(names[i] for i in stage.from_))
    for side, guard in (("entry", stage.entry), ("exit", stage.exit)):
        if guard:
            yield 1, _guard(s, workflow.form, side, guard)
    if stage.probability is not None and stage.between:
        low, high = stage.between
        yield 1, s.say("explain-probability-between", n=stage.probability, low=low, high=high)
    elif stage.probability is not None:
        yield 1, s.say("explain-probability", n=stage.probability)
    if stage.baseline is not None:
        yield 1, s.say("explain-baseline", n=stage.baseline)
    if stage.expected:
        yield 1, s.say("explain-expected", span=s.span(stage.expected))
    for deadline in stage.deadlines:
        yield from led_by(s, 1, s.say("explain-deadline", span=s.span(deadline.after)), steps(s, workflow.form, deadline.do, 0))


def _guard(s: Speaker, form: str, side: str, guard: Guard) -> str:
    asked = [s.say("explain-filled", fields=s.fields(form, guard.fields))] if guard.fields else []
    asked += [in_words(s, guard.if_)] if guard.if_ else []
    words = s.say(f"explain-{side}", words=s.say("words-and").join(asked))
    return words + (s.say("explain-else-saying", text=s.quoted(guard.message.in_(s.locale))) if guard.message else "")


# --- rights -----------------------------------------------------------------------------------------------------------


def _role(s: Speaker, role: Role) -> Iterator[Line]:
    for key, grant in role.can.items():
        form = s.forms.get(key)
        if form is not None:
            yield 0, _grant(s, form, grant)
            yield from _fields_of(s, form, grant)
    for found in hidden_results(role, {**s.forms}):
        yield 0, _hidden_result(s, found)
    for need in s.app.edit_needs:
        if need.form in role.can and "edit" in role.can[need.form].may:
            yield 0, s.say("explain-edit-needs", form=s.form(need.form), fields=s.fields(need.form, need.fields),
                           people=people(s, need.form, need.by))  # fmt: skip
    if role.fallback:
        yield 0, s.say("explain-fallback")


def _grant(s: Speaker, form: Form, grant: Grant) -> str:
    if form.lines_of:
        return s.say("explain-lines", form=s.form(form.key), parent=s.form(form.lines_of[0]))
    may = s.listed(s.say(f"explain-may-{verb}") for verb in RIGHTS if verb in grant.may)
    words = s.say("explain-grant", form=s.form(form.key), may=may)
    if grant.only:
        words += s.say("explain-only", condition=in_words(s, grant.only))
    if grant.follows:
        words += s.say("explain-follows", target=s.field(form.key, grant.follows))
    return words


def _fields_of(s: Speaker, form: Form, grant: Grant) -> Iterator[Line]:
    for code, ids in (("hide", grant.hide), ("mask", grant.mask), ("read_only", grant.read_only)):
        if ids:
            yield 1, s.say(f"explain-{code}", fields=s.fields(form.key, [f for f in form.fields if f in ids]))


def _hidden_result(s: Speaker, found: HiddenResult) -> str:
    given = {"form": s.form(found.form.key), "field": found.field.name.in_(s.locale)}
    given["input"] = found.input.name.in_(s.locale) if found.input else s.form(found.owner.key)
    return s.say("explain-revealed" if found.revealed else "explain-covered", **given)
