"""Rules over checked formulas: live and kept values (SEMANTICS 5), aggregates (6), rights over empty values (1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dougong.expr.to_sql import not_in_filter
from dougong.expr.tree import Expr, Node, walk
from dougong.lang.emptiness import member_of
from dougong.lang.report import Report
from dougong.lang.site import Site
from dougong.problems import NOWHERE, Mark
from dougong.spec.app import App, Automation
from dougong.spec.form import Field, Form

COMPARISONS = frozenset({"eq", "lt", "le", "gt", "ge"})
CLOCK = frozenset({"now", "today"})
MOVES = frozenset({"add", "sub", "move", "move_day", "start_of", "day_of"})
MANY = frozenset({"aggregate", "map", "where", "pick", "pick_one"})
MAX_LEVELS = 3


def check_rules(app: App, site: Site, *, tolerant: bool) -> App:
    """Reports what the rules refuse; gives back the app with the indexes that its rules and aggregates need.

    `tolerant` switches an automation off instead of reporting it.
    """
    for form in app.forms.values():
        for field in form.fields.values():
            if field.computed and field.stored:
                for expr in formulas(field):
                    _kept(expr, site, copied=field.options.get("copy") is True)
            elif field.computed and (field.index or field.unique or field.search):
                site.report.check("live-not-allowed", field.mark, field=str(field.name))
    _levels(app, site)
    for role in app.roles.values():
        for grant in role.can.values():
            if grant.only:
                _filter(grant.only, site)
                _refuse_negation(grant.only.root, frozenset(), site)
    for view in app.views.values():
        if view.if_:
            _filter(view.if_, site)
    needed: list[tuple[str, str]] = []
    automations = dict(app.automations)
    for id, automation in automations.items():
        if not automation.broken:
            own = Report()
            needed += _automation(automation, app, replace(site, report=own))
            if own.checking and tolerant:
                automations[id] = replace(automation, enabled=False, broken=tuple(own.checking))
            else:
                site.report.add(own)
    needed += [
        pair for form in app.forms.values() for field in form.fields.values() if field.stored for pair in _read_children(form, field)
    ]
    return _indexed(replace(app, automations=automations), needed)


def formulas(field: Field) -> Iterator[Expr]:
    """All formulas that a computed field's value comes from."""
    if field.formula:
        yield field.formula
    for case in field.cases:
        if case.if_:
            yield case.if_
        if isinstance(case.then, Expr):
            yield case.then


def _form(app: App, key: str, site: Site) -> Form | None:
    return next((f for f in app.forms.values() if f.key == key), site.forms.get(key))


def _live(expr: Expr, site: Site) -> None:
    """No value may be read that is not stored."""
    for node in walk(expr.root):
        if node.op == "live":
            site.report.check("live-not-allowed", node.mark, field=_name(node, site))


def _name(node: Node, site: Site) -> str:
    member = member_of(node, site.shapes)
    return member.name if member else str(node.value)


def _filter(expr: Expr, site: Site) -> None:
    """A condition that the database answers."""
    _live(expr, site)
    if all(node.op != "live" for node in walk(expr.root)) and (problem := not_in_filter(expr)):
        site.report.take([problem])


def _kept(expr: Expr, site: Site, *, copied: bool) -> None:
    """A stored formula: own columns, aggregates over own children, and the clock only where the next flip can be told.

    What is copied when a link is set may come over a path: nothing is carried on later.
    """
    if copied:
        return
    _live(expr, site)
    for node in _loose_clock(expr.root):
        site.report.check("clock-in-kept", node.mark)
    for node in _references(expr.root):
        site.report.check("path-in-kept", node.mark)
    for node, code in _foreign(expr.root, 0):
        site.report.check(code, node.mark)


def _loose_clock(node: Node) -> Iterator[Node]:
    """`now` and `today` outside of a comparison of an instant with now ± a duration."""
    if node.op in COMPARISONS and len(node.args) == 2:
        sides = [any(n.op in CLOCK for n in walk(arg)) for arg in node.args]
        if sides.count(True) == 1 and _is_moved_clock(node.args[sides.index(True)]):
            return
    if node.op in CLOCK:
        yield node
    for arg in node.args:
        yield from _loose_clock(arg)


def _is_moved_clock(node: Node) -> bool:
    """now, today, and those moved by a duration that doesn't come from a record."""
    if node.op in CLOCK:
        return True
    reads_record = any(n.op in ("get", "live", "children") for n in walk(node))
    return node.op in MOVES and not reads_record and _is_moved_clock(node.args[0])


def _references(node: Node) -> Iterator[Node]:
    """Paths over a reference: a change of the other record would have to be carried to all that point at it."""
    if node.op == "get" and node.args[0].op == "get":
        yield node
        return
    for arg in node.args:
        yield from _references(arg)


def _foreign(node: Node, level: int) -> Iterator[tuple[Node, str]]:
    """Aggregates over others than own children, and filters that read the parent or a third form."""
    if node.op in ("everyone", "linked") or (node.op == "children" and node.args[0].op != "row"):
        yield node, "aggregate-not-own"
        return
    if node.op == "children" and level:
        yield node, "aggregate-not-own"
        return
    if node.op == "row" and level and node.value < level:
        yield node, "aggregate-reads-parent"
    inner = level + 1 if node.op in MANY else level
    for index, arg in enumerate(node.args):
        yield from _foreign(arg, inner if index else level)


def _levels(app: App, site: Site) -> None:
    """Circles of computed fields over all forms, and aggregates that go up more than three levels."""
    fields = [(form.key, f) for form in app.forms.values() for f in form.fields.values() if not f.options.get("copy")]
    computed = {(form, f.id): f for form, f in fields if f.computed}
    below = {key: _dependencies(key[0], field, app, computed) for key, field in computed.items()}
    height: dict[tuple[str, str], int] = {}
    told: set[tuple[str, str]] = set()

    def climb(key: tuple[str, str], path: tuple[tuple[str, str], ...]) -> int:
        if key in path:
            circle = path[path.index(key) :]
            if not told & set(circle):
                site.report.check("formula-cycle", computed[key].mark, path=" → ".join(id for _, id in (*circle, key)))
            told.update(circle)
            return 0
        if key not in height:
            own = any(len(path) > 1 for expr in formulas(computed[key]) for path in expr.reads)
            height[key] = max(int(own), *(climb(other, (*path, key)) + (other[0] != key[0]) for other in below[key]), 0)
        return height[key]

    for key, field in computed.items():
        if climb(key, ()) > MAX_LEVELS and field.stored:
            site.report.check("aggregate-too-high", field.mark, limit=MAX_LEVELS)


def _dependencies(form: str, field: Field, app: App, computed: Mapping[tuple[str, str], Field]) -> tuple[tuple[str, str], ...]:
    """The computed fields that a field reads, on its own form or over a path."""
    forms = {f.key: f for f in app.forms.values()}
    found: dict[tuple[str, str], None] = {}
    for expr in formulas(field):
        for path in expr.reads:
            at = form
            for step in path:
                if (at, step) in computed:
                    found[at, step] = None
                here = forms.get(at)
                member = here.shape.members.get(step) if here else None
                if member is None:
                    break
                at = member.type.form or at
    return tuple(found)


def _read_children(form: Form, field: Field) -> Iterator[tuple[str, str]]:
    """(child form, column) for which a stored min, max or last needs the index (parent, column)."""
    for expr in formulas(field):
        for path in expr.reads:
            many = form.fields.get(path[0])
            if many and many.via and len(path) > 1:
                yield many.target, path[1]


def _automation(automation: Automation, app: App, site: Site) -> Iterator[tuple[str, str]]:
    """What a trigger watches must be stored; what time rules count from must be an indexed time."""
    word = site.vocabulary.triggers[automation.on.kind]
    form = _form(app, automation.on.form, site)
    if form is None:
        return
    watched = automation.on.options.get("fields", ())
    if isinstance(changed := automation.on.options.get("changed"), Mapping):
        watched = (*watched, *changed)
    for id in watched:
        _watched(form, str(id), automation.mark, site)
    since = getattr(word, "since", None)
    if since is None:
        return
    if automation.if_:
        _filter(automation.if_, site)
    id = since(automation.on)
    field = form.fields.get(id)
    if field is None:
        return
    _watched(form, id, automation.mark, site)
    if field.value.kind not in ("date", "datetime"):
        site.report.check("since-not-a-time", automation.mark, field=str(field.name))
    yield form.key, id


def _watched(form: Form, id: str, mark: Mark, site: Site) -> None:
    field = form.fields.get(id)
    if field and field.computed and not field.stored:
        site.report.check("live-not-allowed", mark if mark != NOWHERE else field.mark, field=str(field.name))


def _refuse_negation(node: Node, filled: frozenset[str], site: Site) -> None:
    """`not`, `!=`, `not in` are true on empty: in a right that would open records nobody thought of."""
    if node.op == "and":
        filled |= {_path(arg.args[0].args[0]) for arg in node.args if arg.op == "not" and arg.args[0].op == "empty"}
    if node.op == "not" and node.args[0].op != "empty":
        for inner in walk(node.args[0]):
            member = member_of(inner, site.shapes)
            if member and member.may_be_empty and member.type.kind not in ("yes_no", "list") and _path(inner) not in filled:
                site.report.check("right-over-empty", node.mark, field=member.name, path=_path(inner))
                return
    for arg in node.args:
        _refuse_negation(arg, filled, site)


def _path(node: Node) -> str:
    """A reading node as it is written."""
    if node.op in ("get", "live", "label", "end"):
        owner = _path(node.args[0])
        return f"{owner}.{node.value}" if owner else str(node.value)
    return ""


def _indexed(app: App, needed: list[tuple[str, str]]) -> App:
    """The app with `index` set on these (form key, field)."""
    wanted: dict[str, set[str]] = {}
    for form, field in needed:
        wanted.setdefault(form, set()).add(field)
    forms = {}
    for id, whole in app.forms.items():
        ids = {key for key in wanted.get(whole.key, ()) if whole.fields[key].stored and whole.fields[key].value.kind != "records"}
        fields = {key: replace(f, index=True) if key in ids else f for key, f in whole.fields.items()}
        forms[id] = replace(whole, fields=fields) if ids else whole
    return replace(app, forms=forms)
