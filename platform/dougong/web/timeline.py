"""What happened to a record, in sentences by day: changes, stages, comments, records made below it, what machines did (FACE 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from flask import g
from sqlalchemy import select

from dougong.context import SYSTEM, Ctx
from dougong.expr.values import decode
from dougong.notify.message import notification_table
from dougong.problems import Problems
from dougong.records import comments, entering, history, query, references, rights
from dougong.records.filters import Filter
from dougong.records.present import covered, mask
from dougong.records.row import has_columns
from dougong.records.titles import display, titles
from dougong.spec.app import Workflow
from dougong.spec.form import Field, Form
from dougong.web import addresses, cells, here
from dougong.workflow import service as workflow

MOST = 100
MOST_BELOW = 20
QUIET = frozenset({"created_at", "modified_at", "touched_at", "creator", "stage_since", "flip_at"})
MACHINES = frozenset({"automation", "clock", "aggregate", "upgrade"})


@dataclass(frozen=True)
class Change:
    name: str
    old: str
    new: str


@dataclass(frozen=True)
class Entry:
    """`text` is the sentence after the name. `machine` ones are folded. `own` is a comment that its reader may take back."""

    at: datetime
    who: str
    text: str
    changes: tuple[Change, ...] = ()
    body: str = ""
    url: str = ""
    machine: bool = False
    own: str = ""


@dataclass(frozen=True)
class Day:
    day: date
    entries: tuple[Entry, ...]
    machine: tuple[Entry, ...]


def of(ctx: Ctx, form: Form, row: Mapping[str, Any], children: Sequence[tuple[Form, Field]]) -> tuple[Day, ...]:
    entries = [*_history(ctx, form, row), *_comments(ctx, form, row), *_told(ctx, form, row), *_below(ctx, row, children)]
    entries.sort(key=lambda e: e.at, reverse=True)
    days = groupby(entries[:MOST], key=lambda e: ctx.workspace.calendar.day_of(e.at))
    out = []
    for day, group in days:
        found = list(group)
        out.append(Day(day, tuple(e for e in found if not e.machine), tuple(e for e in found if e.machine)))
    return tuple(out)


def _history(ctx: Ctx, form: Form, row: Mapping[str, Any]) -> Iterator[Entry]:
    moves = {t["entered_at"]: t for t in workflow.times(ctx, form.key, row["id"])} if form.workflow else {}
    for head, values in history.entries(ctx, form.key, row["id"])[:MOST]:
        machine = head["origin"] in MACHINES
        who = here.say("The system") if head["actor"] is None and (not machine or head["actor_name"] == SYSTEM.name) else head["actor_name"]
        if head["kind"] == "edit" and (move := moves.get(head["at"])) and head["origin"] == "workflow":
            yield Entry(head["at"], who, _moved(ctx, form, move), body=move["comment"] or "", machine=head["actor"] is None)
            continue
        changes = tuple(_changes(ctx, form, values)) if head["kind"] == "edit" else ()
        if head["kind"] == "edit" and not changes:
            continue
        text = {
            "create": _entered(ctx, form, values) or here.say("made this %(form)s", form=here.name_in(form)),
            "delete": here.say("deleted it"),
            "restore": here.say("brought it back"),
        }.get(head["kind"], here.say("changed"))
        yield Entry(head["at"], who, text, changes, machine=machine and head["kind"] == "edit")


def _entered(ctx: Ctx, form: Form, values: Sequence[Mapping[Any, Any]]) -> str:
    """Of a record that an import put at a stage: which, and what it came there without."""
    told = next((v["new"] for v in values if v["field"] == entering.NOTE), None)
    if told is None or covered(ctx, form, form.fields["stage"]):
        return ""
    stages: Workflow = ctx.workspace.apps[form.app].workflows[form.workflow]
    stage = next((s.name.in_(g.locale) for s in stages.stages if s.id == told["stage"]), told["stage"])
    known = (form.fields[id] for id in told["fields"] if id in form.fields)
    lacking = [f.name.in_(g.locale) for f in known if not covered(ctx, form, f)]
    lacking += [reason.get(g.locale[:2]) or reason["zh"] for reason in told["reasons"]]
    if not lacking:
        return here.say("entered at “%(stage)s” by import", stage=stage)
    return here.say("entered at “%(stage)s” by import, without: %(missing)s", stage=stage, missing=here.listed(lacking))


def _moved(ctx: Ctx, form: Form, move: Mapping[Any, Any]) -> str:
    stages: Workflow = ctx.workspace.apps[form.app].workflows[form.workflow]
    name = next((s.name.in_(g.locale) for s in stages.stages if s.id == move["stage"]), move["stage"])
    return (
        here.say("pushed it back to “%(stage)s”", stage=name)
        if move["direction"] == "back"
        else here.say("moved it to “%(stage)s”", stage=name)
    )


def _changes(ctx: Ctx, form: Form, values: Sequence[Mapping[Any, Any]]) -> Iterator[Change]:
    """Hidden fields are left out, masked ones covered; so are fields that the form no longer has."""
    allowed = rights.access(ctx, form.key)
    for value in sorted(values, key=lambda v: list(form.fields).index(v["field"]) if v["field"] in form.fields else 0):
        field = form.fields.get(value["field"])
        if field is None or field.id in QUIET or covered(ctx, form, field):
            continue
        old, new = (_words(ctx, field, raw) for raw in (value["old"], value["new"]))
        if allowed.masked(field.id):
            old, new = mask(old) if old else "", mask(new) if new else ""
        if old or new:
            yield Change(field.name.in_(g.locale), old, new)


def _words(ctx: Ctx, field: Field, raw: Any) -> str:
    """What stands in old entries may not fit the field's present type any more."""
    try:
        value = decode(raw, field.value)
        if target := cells.target_of(field.value):
            return display(ctx, field, value, titles(ctx, target, cells.ids_in(value)))
        return display(ctx, field, value)
    except (ValueError, TypeError, ArithmeticError, AttributeError, KeyError):
        return str(raw)


def _comments(ctx: Ctx, form: Form, row: Mapping[str, Any]) -> Iterator[Entry]:
    for comment in comments.of(ctx, form.key, row["uid"], MOST):
        own = addresses.of_record(form.key, row["uid"], f"comments/{comment['uid']}") if comment["user"] == ctx.actor.user else ""
        yield Entry(comment["at"], comment["name"], "", body=comment["body"], own=own)


def _told(ctx: Ctx, form: Form, row: Mapping[str, Any]) -> Iterator[Entry]:
    """Whom the rules told about it. The words themselves were rendered for their reader and are shown to nobody else."""
    n = notification_table.c
    found = (
        select(n.at, n.user, n.title)
        .where(n.form == form.key, n.record == row["id"], n.show_from <= ctx.now)
        .order_by(n.id.desc())
        .limit(MOST)
    )
    told = list(ctx.connection.execute(found))
    names = titles(ctx, "user", {t.user for t in told})
    for one in told:
        text = here.say("told %(who)s", who=names.get(one.user, "…"))
        yield Entry(one.at, here.say("The system"), text, body=one.title if one.user == ctx.actor.user else "", machine=True)


def _below(ctx: Ctx, row: Mapping[str, Any], children: Sequence[tuple[Form, Field]]) -> Iterator[Entry]:
    """The newest records that were made for this one: visits of a customer, quotes of an order."""
    for child, via in children:
        try:
            found = query.page(ctx, query.Query(child.key, (Filter(via.id, "==", row["uid"]),), limit=MOST_BELOW)).rows
        except Problems:
            continue
        shared = cells.Page.of(ctx, child, [child.fields["creator"]], found)
        for below in found:
            creator = shared.titles.get("user", {}).get(below.get("creator") or 0) or here.say("The system")
            text = here.say("added %(form)s", form=here.name_in(child))
            yield Entry(
                below["created_at"], creator, text, body=shared.title(child, below), url=addresses.of_record(child.key, below["uid"])
            )


def children_of(ctx: Ctx, form: Form) -> tuple[tuple[Form, Field], ...]:
    """The forms whose records point at this one, as far as the reader may list them by that link."""
    out = []
    for child in ctx.workspace.forms.values():
        if not addresses.has_page(child) or child.key == form.key or not rights.access(ctx, child.key).may("see"):
            continue
        allowed = rights.access(ctx, child.key)
        for field in child.fields.values():
            if field.value.kind == "record" and field.target == form.key and has_columns(field) and not allowed.masked(field.id):
                out.append((child, field))
                break
    return tuple(out)


def uid_of_me(ctx: Ctx) -> str:
    return references.uid_of(ctx, "user", ctx.actor.user or 0)
