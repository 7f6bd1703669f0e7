"""What a step sees: the record as it is now, and formulas, texts and people worked out upon it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dougong.automation import people
from dougong.automation.platform import Platform
from dougong.context import Ctx
from dougong.expr.to_python import Env, evaluate, render
from dougong.expr.tree import Expr, Template
from dougong.expr.types import Type
from dougong.people import roles
from dougong.records import present, rights
from dougong.records.source import RecordSource, environment, read_in
from dougong.records.titles import shown
from dougong.spec.app import Automation
from dougong.spec.form import Form

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Scene:
    """`form` and `row` are None for a run without a record. `place` is the step's (run uid, step path, item)."""

    platform: Platform
    ctx: Ctx
    automation: Automation
    form: Form | None
    row: Row | None
    source: RecordSource
    old: Row | None = None
    names: Mapping[str, Any] = field(default_factory=dict)
    place: tuple[str, str, str] = ("", "", "")
    me: int | None = None  # who set it off; the writer is the app

    def value(self, raw: Any) -> Any:
        """A formula's or template's value; anything else as it is."""
        if isinstance(raw, Expr):
            return evaluate(raw, self.env())
        if isinstance(raw, Template):
            return render(raw, self.env(), self._show)
        return raw

    def holds(self, condition: Expr | None) -> bool:
        return condition is None or bool(evaluate(condition, self.env()))

    def values(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.value(item) for name, item in raw.items()}

    def text(self, raw: Any) -> str:
        """As the reader of `ctx` reads it; '' for an empty value."""
        if not isinstance(raw, Template):
            value = self.value(raw)
            return "" if value is None else str(value)
        told = raw.in_(self.ctx.locale)
        value = render(told, read_in(self.ctx, self.env()), self._show)
        return self._show(value, told.single.type) if told.single is not None else str(value)

    def seen_by(self, reader: int) -> Scene:
        """The same scene with what this person may read, in the language they read, for texts sent to them (SEMANTICS 11)."""
        language = (self.source.record("user", reader) or {}).get("language")
        ctx = replace(self.ctx.as_(roles.actor_for(self.ctx.connection, reader)), locale=language or self.ctx.workspace.locale)
        row = present.readable(ctx, self.form, self.row) if self.form and self.row else self.row
        if self.form and self.row and not rights.allows(ctx, self.form.key, self.row, "see", self.source):
            row = dict.fromkeys(self.row) | {"id": self.row["id"]}
        return replace(self, ctx=ctx, row=row, old=None, source=rights.reader_source(ctx))

    def people(self, paths: Sequence[str] | str) -> tuple[int, ...]:
        """Users at the ends of the paths; a path that ends in nobody gives the app's fallback role."""
        wanted = (paths,) if isinstance(paths, str) else tuple(paths)
        return people.resolve(self.ctx, self.automation.app, wanted, self.form, self.row, self.source)

    def env(self) -> Env:
        key = self.form.key if self.form else ""
        env = environment(self.ctx, key, self.row or {}, source=self.source, old=self.old, names=self.names)
        return replace(env, me=self.me if self.me is not None else env.me)

    def on(self, form: Form, row: Row, **names: Any) -> Scene:
        """The same step standing on another record."""
        return replace(self, form=form, row=row, old=None, names={**self.names, **names})

    def need_record(self) -> tuple[Form, Row]:
        assert self.form is not None and self.row is not None  # check refuses such a step in an automation without a record
        return self.form, self.row

    def _show(self, value: Any, type_: Type) -> str:
        return shown(self.ctx, value, type_)
