"""Values as pages show them: text, links to records, states, files; fetched for a whole page at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from markupsafe import Markup, escape

from dougong import pinyin
from dougong.context import Ctx
from dougong.expr.types import Span, Type
from dougong.fields.base import field_types
from dougong.records import references, rights
from dougong.records.source import RecordSource
from dougong.records.titles import display, title
from dougong.spec.app import Automation
from dougong.spec.form import Field, Form
from dougong.web import addresses
from dougong.web.columns import STATES


@dataclass(frozen=True)
class Cell:
    """`kind` chooses how the template draws it; `text` alone always says the value."""

    field: Field
    text: str
    kind: str = "text"
    value: Any = None
    links: tuple[tuple[str, str], ...] = ()  # (title, address or '')
    state: str = ""

    def __bool__(self) -> bool:
        return bool(self.text) or bool(self.links)


@dataclass
class Page:
    """What the rows of one page have in common: titles and uids of the records they point at, read once."""

    ctx: Ctx
    source: RecordSource
    titles: dict[str, dict[int, str]] = field(default_factory=dict)
    uids: dict[str, Mapping[int, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, ctx: Ctx, form: Form, fields: Iterable[Field], rows: Sequence[Mapping[str, Any]]) -> Page:
        page = cls(ctx, rights.reader_source(ctx))
        wanted: dict[str, set[int]] = {}
        for field_ in [*fields, *(form.fields[n] for n in form.fields if n in _hops(form))]:
            if target := target_of(field_.value):
                wanted.setdefault(target, set()).update(id for row in rows for id in ids_in(row.get(field_.id)))
        for target, ids in wanted.items():
            page.know(target, ids)
        return page

    def know(self, form: str, ids: set[int]) -> None:
        known = self.titles.setdefault(form, {})
        new = sorted(ids - known.keys())
        self.source.fetch(form, new)
        for id in new:
            if (row := self.source.record(form, id)) is not None:
                known[id] = title(self.ctx, form, row, self.source)
        self.uids[form] = {**self.uids.get(form, {}), **references.uids(self.ctx, form, set(new) & known.keys())}

    def title(self, form: Form, row: Mapping[str, Any]) -> str:
        return title(self.ctx, form.key, row, self.source)

    def cell(self, field_: Field, row: Mapping[str, Any]) -> Cell:
        """The field on this row, as the reader may read it; a field that is not in the row is empty."""
        value = row.get(field_.id)
        if target := target_of(field_.value):
            known = self.titles.get(target, {})
            ids = [id for id in ids_in(value) if id in known]
            links = tuple((known[id], addresses.of_record(target, self.uids[target].get(id, ""))) for id in ids)
            kind = "person" if target == "user" else "link"
            comma = "、" if self.ctx.locale.startswith("zh") else ", "
            return Cell(field_, comma.join(name for name, _ in links), kind, value, links)
        return Cell(field_, display(self.ctx, field_, value), kind_of(field_, value), value, state=state_of(field_, value))


def _hops(form: Form) -> frozenset[str]:
    """Links that the title looks through."""
    return frozenset(path[0] for part in form.title.parts if not isinstance(part, str) for path in part.reads if len(path) > 1)


def target_of(type_: Type) -> str:
    """The form whose records a value names, or ''."""
    if type_.kind == "record":
        return type_.form
    return type_.of.form if type_.kind == "list" and type_.of and type_.of.kind == "record" else ""


def ids_in(value: Any) -> tuple[int, ...]:
    if isinstance(value, tuple | list):
        return tuple(v for v in value if isinstance(v, int))
    return (value,) if isinstance(value, int) and not isinstance(value, bool) else ()


def kind_of(field_: Field, value: Any) -> str:
    """What the template knows how to draw beyond text."""
    if field_.value.kind == "number":
        return "money" if field_.value.unit == "money" else "number"
    if field_.value.kind == "file" or (field_.value.of and field_.value.of.kind == "file"):
        return "files"
    if field_.value.kind == "choice" and state_of(field_, value):
        return "state"
    if field_.value.kind in ("datetime", "date") and not isinstance(value, str | None):
        return "day" if field_.value.kind == "date" else "ago" if field_.system else "moment"
    return {"phone": "phone", "email": "email", "url": "url", "rich_text": "rich", "long_text": "long"}.get(field_.type, "text")


def state_of(field_: Field, value: Any) -> str:
    """The shape and colour of a choice's option, where it has one: named by `colour`, or an option that is called a colour."""
    if field_.value.kind != "choice" or not isinstance(value, str) or value not in field_.choices:
        return ""
    colour = field_.choices[value].colour or value
    return colour if colour in STATES else ""


def is_number(field_: Field) -> bool:
    return field_.value.kind == "number"


def marked(text: str, query: str) -> Markup:
    """The text with what was searched for marked, also by pinyin initials."""
    spots: set[int] = set()
    low = unicodedata.normalize("NFKC", text).casefold()
    if len(low) != len(text):
        low = text
    for word in unicodedata.normalize("NFKC", query).casefold().split():
        for hay in (low, _letters(text)) if word.isascii() else (low,):
            start = hay.find(word)
            if start >= 0:
                spots.update(range(start, start + len(word)))
                break
    out, inside = Markup(), False
    for place, letter in enumerate(text):
        if (place in spots) != inside:
            inside = not inside
            out += Markup("<mark>") if inside else Markup("</mark>")
        out += escape(letter)
    return out + Markup("</mark>") if inside else out


@cache
def _letters(text: str) -> str:
    """One letter per character: a Chinese character's initial, everything else as it is."""
    return "".join((pinyin.initials(c)[:1] or c) if "\u3400" <= c <= "\u9fff" else c.lower()[:1] for c in text)


def limits(ctx: Ctx, form: Form) -> tuple[tuple[str, Span], ...]:
    """After how long without movement a record counts as late: the first level of every `inactive` rule on this form."""
    app = ctx.workspace.apps.get(form.app)
    rules: Iterable[Automation] = app.automations.values() if app else ()
    wanted = [
        (r, r.levels[0].after)
        for r in rules
        if r.on.kind == "inactive" and r.on.form == form.key and r.enabled and not r.broken and r.levels
    ]
    return tuple((str(rule.on.options.get("since", "touched_at")), after) for rule, after in wanted if after is not None)


def late_since(ctx: Ctx, limits_: Sequence[tuple[str, Span]], row: Mapping[str, Any]) -> datetime | None:
    """Since when nothing has moved, where that is longer than a rule allows."""
    calendar = ctx.workspace.calendar
    for since, after in limits_:
        at = row.get(since)
        if isinstance(at, datetime) and calendar.plus(at, after) <= ctx.now:
            return at
    return None


def is_long(field_: Field) -> bool:
    return field_types[field_.type].widget in ("long_text", "rich_text", "json", "lines", "related")
