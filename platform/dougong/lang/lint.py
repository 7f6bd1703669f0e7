"""What is allowed and yet doubtful or harmful; and the facts that the builder wants to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.expr.tree import Expr, Node, Template, walk
from dougong.lang.hidden_results import HiddenResult, hidden_results
from dougong.lang.rules import formulas
from dougong.lang.site import Site
from dougong.spec.app import App, Automation, Role, Stage, Step, Workflow
from dougong.spec.form import Form

Written = tuple[str, str, Any]
"""(form key, field, the constant written or None); the field '' means that a record was created."""


def lint(app: App, site: Site) -> Mapping[str, Any]:
    """Reports to `site.report.linting`; gives back the facts of Compiled."""
    for workflow in app.workflows.values():
        _stages(workflow, site)
    for form in app.forms.values():
        _pickers(form, app, site)
    for automation in app.automations.values():
        if not automation.broken:
            _since(automation, site)
            _old_compared(automation, site)
    _circles(app, site)
    _hidden_results(app, site)
    for language, path, mark in site.labels.missing():
        site.report.lint("missing-translation", mark, language=language, path=".".join(map(str, path)))
    for language, path, mark in site.labels.idle():
        site.report.lint("idle-translation", mark, language=language, path=".".join(map(str, path)))
    return {"defaults": {form.key: share for form in app.forms.values() if (share := _default_share(form, site)) is not None}}


def _hidden_results(app: App, site: Site) -> None:
    """Results that follow from what a role may not read (SEMANTICS 11): each field once, with the roles and why."""
    forms = {**site.links.others, **{form.key: form for form in app.forms.values()}}
    told: dict[tuple[str, str, bool], list[tuple[Role, HiddenResult]]] = {}
    for role in app.roles.values():
        for found in hidden_results(role, forms):
            told.setdefault((found.form.key, found.field.id, found.revealed), []).append((role, found))
    for (_, _, revealed), of_one in told.items():
        field = of_one[0][1].field
        named = {}
        for language, comma in (("zh", "、"), ("en", ", ")):
            inputs = dict.fromkeys((c.input or c.owner).name.in_(language) for _, c in of_one)
            named[language] = (comma.join(role.name.in_(language) for role, _ in of_one), comma.join(inputs), field.name.in_(language))
        roles, inputs_, result = ({language: words[n] for language, words in named.items()} for n in range(3))
        site.report.lint("result-revealed" if revealed else "result-covered", field.mark, role=roles, input=inputs_, field=result)


def _stages(workflow: Workflow, site: Site) -> None:
    """Stages nobody can enter, and stages nobody can leave."""
    stages = workflow.stages
    place = site.links.workflows[workflow.id].place["stages"]
    ways = {stage.id: _ways(number, stages) for number, stage in enumerate(stages)}
    reached, open_ = {stages[0].id}, [stages[0].id]
    while open_:
        for to in ways[open_.pop()] - reached:
            reached.add(to)
            open_.append(to)
    for number, stage in enumerate(stages):
        if stage.id not in reached:
            site.report.lint("stage-unreachable", place[number]["id"].mark, warning=False, stage=str(stage.name))
        elif not stage.final and not ways[stage.id]:
            site.report.lint("stage-without-exit", place[number]["id"].mark, warning=False, stage=str(stage.name))


def _ways(number: int, stages: tuple[Stage, ...]) -> set[str]:
    """The stages that one may go on to."""
    stage = stages[number]
    if stage.final:
        return set()
    out = {s.id for s in stages if (s.from_any or stage.id in s.from_) and s is not stage}
    following = stages[number + 1] if number + 1 < len(stages) else None
    if following and not following.from_ and not following.from_any:
        out.add(following.id)
    return out


def _pickers(form: Form, app: App, site: Site) -> None:
    own = {f.key: f for f in app.forms.values()}
    for field in form.fields.values():
        target = own.get(field.target)
        if target and not field.system and field.value.kind == "record" and not any(f.search for f in target.fields.values()):
            site.report.lint("picker-without-search", field.mark, field=str(field.name), form=str(target.name))


def _since(automation: Automation, site: Site) -> None:
    """A rule that counts from an empty field never fires, and nobody sees that."""
    since = getattr(site.vocabulary.triggers[automation.on.kind], "since", None)
    shape = site.shapes.get(automation.on.form)
    if since is None or shape is None:
        return
    id = since(automation.on)
    member = shape.members.get(id)
    if member and member.may_be_empty and automation.on.options.get("since") == id:
        site.report.lint("since-may-be-empty", automation.mark, field=member.name)


def _old_compared(automation: Automation, site: Site) -> None:
    for expr in _expressions(automation):
        for node in walk(expr.root):
            if node.op == "not" and node.args[0].op == "eq" and (field := _same_field(*node.args[0].args)):
                site.report.lint("old-compared", node.mark, field=field)


def _same_field(left: Node, right: Node) -> str:
    """The field whose old and new value are compared; '' where it is something else."""
    read = left.op == right.op == "get" and left.value == right.value
    return str(left.value) if read and {left.args[0].op, right.args[0].op} == {"old", "row"} else ""


def _expressions(automation: Automation) -> Iterator[Expr]:
    if automation.if_:
        yield automation.if_
    for level in automation.levels:
        yield from _inside(level.do)


def _inside(value: Any) -> Iterator[Expr]:
    """All formulas in compiled options."""
    match value:
        case Expr():
            yield value
        case Template():
            yield from (part for part in value.parts if isinstance(part, Expr))
        case Step():
            yield from _inside(value.options)
        case Mapping():
            for inner in value.values():
                yield from _inside(inner)
        case tuple():
            for inner in value:
                yield from _inside(inner)


def _circles(app: App, site: Site) -> None:
    """Rules that set each other off; at run time the chain is cut, so what the author wanted doesn't happen."""
    rules = [a for a in app.automations.values() if not a.broken and a.enabled]
    watching: dict[str, list[Automation]] = {}
    for rule in rules:
        if hasattr(site.vocabulary.triggers[rule.on.kind], "events"):
            watching.setdefault(rule.on.form, []).append(rule)
    forms = {form.key: form for form in app.forms.values()}
    after: dict[str, list[str]] = {}
    for rule in rules:
        written = _with_computed(_written(rule, site), forms) if watching else set()
        after[rule.id] = [
            b.id for form in {w[0] for w in written} for b in watching.get(form, ()) if any(_watches(b, w, site) for w in written)
        ]
    told: set[str] = set()
    for rule in rules:
        path = _way_back(rule.id, after)
        if path and not told & set(path):
            told |= set(path)
            names = " → ".join(str(app.automations[id].name) for id in (*path, rule.id))
            site.report.lint("rules-in-circle", rule.mark, path=names)


def _way_back(start: str, after: Mapping[str, list[str]]) -> list[str]:
    paths, seen = [[start]], {start}
    while paths:
        path = paths.pop(0)
        for following in after[path[-1]]:
            if following == start:
                return path
            if following not in seen:
                seen.add(following)
                paths.append([*path, following])
    return []


def _written(automation: Automation, site: Site) -> set[Written]:
    """What the steps write, as far as their schemas tell."""
    return {w for level in automation.levels for step in level.do for w in _step_writes(step, automation.on.form, site)}


def _step_writes(step: Step, form: str, site: Site) -> Iterator[Written]:
    schema = site.schemas.dispatches["action"].cases[step.action]["properties"]
    own = schema.get(step.action, {}).get("format")
    word = step.options.get(step.action)
    for option, value in step.options.items():
        match schema.get(option, {}).get("format"):
            case "values":
                target = _target_of(step, schema[option].get("target", ""), schema, form, site)
                for field, given in value.items():
                    yield target, field, None if isinstance(given, Expr | Template | tuple) else given
            case "steps":
                inner = word.type.form if isinstance(word, Expr) and word.type.form else form
                for below in value:
                    yield from _step_writes(below, inner, site)
    if own == "form" and isinstance(word, str):
        yield word, "", None
    elif own == "stage":
        yield form, "stage", word
    elif own == "field" and not any(s.get("format") == "values" for s in schema.values()):
        yield form, str(word), None


def _target_of(step: Step, option: str, schema: Mapping[str, Any], form: str, site: Site) -> str:
    value = step.options.get(option)
    if value is None:
        return form
    if schema[option].get("format") == "form":
        return str(value)
    shape = site.shapes.get(form)
    member = shape.members.get(str(value)) if shape else None
    return member.type.form if member else form


def _with_computed(written: set[Written], forms: Mapping[str, Form]) -> set[Written]:
    """And the stored fields of the same form that are computed from them."""
    out = set(written)
    for key in {form for form, _, _ in written} & set(forms):
        ids = {field for form, field, _ in written if form == key}
        for field in forms[key].fields.values():
            if field.computed and field.stored and any(path and path[0] in ids for expr in formulas(field) for path in expr.reads):
                out.add((key, field.id, None))
    return out


def _watches(automation: Automation, written: Written, site: Site) -> bool:
    form, field, value = written
    on = automation.on
    if on.form != form:
        return False
    events = getattr(site.vocabulary.triggers[on.kind], "events", ())
    if not field:
        return "created" in events
    if "stage_entered" in events or "stage_left" in events:
        return field == "stage" and ("stage_left" in events or on.options.get(on.kind) == value)
    if "changed" not in events:
        return False
    changed = on.options.get("changed")
    limits = dict(changed) if isinstance(changed, Mapping) else dict.fromkeys(on.options.get("fields", ()), on.options)
    if not limits:
        return True
    wanted = (limits.get(field) or {}).get("to")
    return field in limits and (wanted is None or value is None or wanted == value)


def _default_share(form: Form, site: Site) -> float | None:
    """The share of fillable fields that are filled in by a default, the last value or a copied lookup (F3: at least 65%)."""
    fillable = filled = 0
    for field in form.fields.values():
        copied = field.computed and field.options.get("copy") is True
        type_ = site.vocabulary.field_types.get(field.type)
        if field.system or type_ is None or type_.virtual or ((field.computed or type_.read_only) and not copied):
            continue
        fillable += 1
        filled += field.default is not None or field.copy_last or copied
    return filled / fillable if fillable else None
