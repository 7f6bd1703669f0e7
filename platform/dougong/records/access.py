"""Which grants an actor holds on a form, and what they open of its fields (SEMANTICS 11). Default: nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from dougong.context import Ctx
from dougong.expr.to_python import evaluate
from dougong.records.source import RecordSource, environment
from dougong.records.standing import by_standing
from dougong.spec.app import Grant
from dougong.spec.form import Form

PUBLIC_TO_COLLEAGUES = frozenset({"user", "team"})
"""Everybody in the workspace sees names of people and teams: owners are shown in every list."""


@dataclass(frozen=True)
class Access:
    """An actor's grants on one form; `everything` skips rows and fields (system, the form's own app's automations).

    Several roles add up row by row: a field may be open in the rows of one grant and covered in those of another.
    Asked without a row, `hidden` and `masked` hold where some row's value is covered: what is asked of all rows at
    once (filters, sorting, columns) must not tell of that one. `on_row` narrows to the grants that hold for one record.
    """

    form: Form
    grants: tuple[Grant, ...]
    everything: bool = False

    def may(self, verb: str) -> bool:
        return self.everything or any(verb in g.may for g in self.grants)

    def hidden(self, field: str) -> bool:
        return not self.everything and not self._open_by(lambda g: field not in g.hide)

    def masked(self, field: str) -> bool:
        return not self.everything and not self._open_by(lambda g: field not in g.mask | g.hide)

    def read_only(self, field: str) -> bool:
        return not self.everything and self.closed_to(field, creating=False)

    def closed_to(self, field: str, *, creating: bool) -> bool:
        """Not to be written. A masked one is entered with a new record, but not overwritten unseen."""
        return field in (self._closed_at_first if creating else self._closed_later)

    @cached_property
    def _closed_at_first(self) -> frozenset[str]:
        return self._closed_by_all(g.read_only | g.hide for g in self._granting("add"))

    @cached_property
    def _closed_later(self) -> frozenset[str]:
        return self._closed_by_all(g.read_only | g.hide | g.mask for g in self._granting("edit"))

    def _granting(self, verb: str) -> Iterator[Grant]:
        return (g for g in self.grants if verb in g.may or (self.form.lines_of and "edit" in g.may))

    def _closed_by_all(self, closed: Iterable[frozenset[str]]) -> frozenset[str]:
        return frozenset(self.form.fields).intersection(*closed)

    @cached_property
    def unbounded(self) -> bool:
        """Whether the actor sees every live row, whatever stands in it."""
        free = any("see" in g.may and not g.only and not g.follows for g in self.grants)
        return self.everything or (free and not self.form.lines_of)

    @cached_property
    def uniform(self) -> bool:
        """Whether the same fields are covered in whichever row the actor sees."""
        seeing = [g for g in self.grants if "see" in g.may]
        return self.everything or len({(g.hide, g.mask) for g in seeing}) < 2

    def on_row(self, ctx: Ctx, row: Mapping[str, Any], source: RecordSource) -> Access:
        """The same with the grants that let the actor see this record."""
        if self.uniform:
            return self
        seeing = [g for g in self.grants if "see" in g.may]
        holding = tuple(g for g in seeing if holds(ctx, g, self.form, row, source))
        return replace(self, grants=tuple(replace(g, only=None, follows="") for g in holding))

    def _open_by(self, opens: Any) -> bool:
        """Whether the grants that open the field reach every row that any grant reaches. Who may only add sees what is entered."""
        seeing = [g for g in self.grants if "see" in g.may] or [g for g in self.grants if "add" in g.may]
        if not seeing:
            return False
        return all(opens(g) for g in seeing) or any(opens(g) and not g.only and not g.follows for g in seeing)


@by_standing
def access(ctx: Ctx, form_key: str) -> Access:
    """The actor's grants on the form; lines follow the form they belong to."""
    form, actor = ctx.workspace.forms[form_key], ctx.actor
    if actor.public:
        return Access(form, (_outside(form),) if form.key == actor.public else ())
    if actor.system or (actor.app and actor.app in _reachable(ctx, form)):
        return Access(form, (), everything=True)
    if form.lines_of:
        return Access(form, _of_lines(ctx, form))
    if form_key in PUBLIC_TO_COLLEAGUES:
        # They are changed through people/ alone, which keeps hierarchy and sign-in names in step.
        return Access(form, (Grant(form_key, frozenset({"see"})),) if actor.user or actor.app else ())
    return Access(form, tuple(granted[form_key] for granted in _roles(ctx) if form_key in granted))


def allows(ctx: Ctx, form_key: str, values: Mapping[str, Any], verb: str, source: RecordSource) -> bool:
    """Whether the actor may `verb` the record in hand; answers as `rights.where` would."""
    form = ctx.workspace.forms[form_key]
    allowed = access(ctx, form_key)
    if allowed.everything:
        return True
    return any(holds(ctx, g, form, values, source) for g in allowed.grants if verb in g.may)


def holds(ctx: Ctx, grant: Grant, form: Form, values: Mapping[str, Any], source: RecordSource) -> bool:
    """Whether the record is one of the grant's; a line is where its parent is one."""
    if form.lines_of:
        owner = ctx.workspace.forms[form.lines_of[0]]
        parent = source.record(owner.key, values["parent"]) if values.get("parent") is not None else None
        return parent is not None and holds(ctx, grant, owner, parent, source)
    if grant.only and not evaluate(grant.only, environment(ctx, form.key, values, source=source)):
        return False
    if grant.follows:
        target = form.fields[grant.follows].target
        found = source.record(target, values[grant.follows]) if values.get(grant.follows) else None
        return found is not None and allows(ctx, target, found, "see", source)
    return True


def _outside(form: Form) -> Grant:
    """Adding a record with the declared fields; nothing else of the form is there for people outside."""
    declared = form.public.fields if form.public else ()
    return Grant(form.key, frozenset({"add"}) if form.public else frozenset(), hide=frozenset(form.fields) - frozenset(declared))


def _of_lines(ctx: Ctx, form: Form) -> tuple[Grant, ...]:
    """The parent's rows and verbs; a covered lines field takes its lines with it. Columns are covered under the lines' own key."""
    assert form.lines_of is not None
    (parent, field), out = form.lines_of, list[Grant]()
    for granted in _roles(ctx):
        grant, own = granted.get(parent), granted.get(form.key)
        if ctx.workspace.forms[parent].lines_of:
            grant = next(iter(_of_lines(ctx, ctx.workspace.forms[parent])), None)
        if grant is None or field in grant.hide | grant.mask:
            continue
        closed = frozenset(form.fields) if field in grant.read_only else frozenset()
        hide, mask, read_only = (own.hide, own.mask, own.read_only) if own else (frozenset[str](),) * 3
        out.append(Grant(form.key, grant.may, grant.only, grant.follows, hide, mask, read_only | closed))
    return tuple(out)


def _roles(ctx: Ctx) -> list[Mapping[str, Grant]]:
    """What each of the actor's roles may do, by form key."""
    out = []
    for name in sorted(ctx.actor.roles):
        app, _, role = name.partition(".")
        found = ctx.workspace.apps[app].roles.get(role) if app in ctx.workspace.apps else None
        if found:
            out.append(found.can)
    return out


def _reachable(ctx: Ctx, form: Form) -> frozenset[str]:
    """The apps whose automations may touch the form: its own and those that declare it under `needs`."""
    return frozenset(a.id for a in ctx.workspace.apps.values() if a.id == form.app or form.app in a.needs) or frozenset({form.app})
