"""Small registries to test the language with, and a base template to break in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dougong.fields as _built_in
from dougong.fields.base import field_types
from dougong.lang.compile import Compiled, compile_app
from dougong.lang.vocabulary import Vocabulary
from dougong.people.forms import SYSTEM_FORMS
from dougong.spec.app import Trigger

assert _built_in.BUILT_IN


@dataclass(frozen=True)
class Event:
    schema: Mapping[str, Any]
    required: tuple[str, ...]
    form_in: str = ""
    old: bool = False
    events: tuple[str, ...] = ()


@dataclass(frozen=True)
class Time:
    schema: Mapping[str, Any]
    required: tuple[str, ...]
    form_in: str
    default: str = "touched_at"
    span: str = "after"

    def since(self, trigger: Trigger) -> str:
        return str(trigger.options.get("since", self.default))


@dataclass(frozen=True)
class Schedule:
    schema: Mapping[str, Any]
    required: tuple[str, ...]
    form_in: str = "for_each"
    leveled: bool = False


@dataclass(frozen=True)
class Act:
    schema: Mapping[str, Any]
    required: tuple[str, ...] = field(default=())


FORM = {"type": "string", "format": "form"}
FIELD = {"type": "string", "format": "field"}
VALUES = {"type": "object", "format": "values"}
SIDES = {"type": "object", "properties": {"from": {}, "to": {}}, "additionalProperties": False}

TRIGGERS: dict[str, Event | Time | Schedule] = {
    "created": Event({"created": FORM}, ("created",), "created", events=("created",)),
    "changed": Event(
        {
            "changed": {
                "type": ["string", "object"],
                "format": "form",
                "propertyNames": {"format": "field"},
                "additionalProperties": SIDES,
            },
            "form": FORM,
            "fields": {"type": "array", "items": FIELD},
        },
        ("changed",),
        "form",
        old=True,
        events=("changed",),
    ),
    "entered": Event(
        {"entered": {"type": "string", "format": "stage"}, "of": {"type": "string", "format": "workflow"}},
        ("entered", "of"),
        events=("stage_entered",),
    ),
    "received": Event({"received": {"type": "string", "format": "id"}}, ("received",), events=("received",)),
    "inactive": Time(
        {"inactive": FORM, "since": {**FIELD, "scope": "inactive"}, "after": {"type": "string", "format": "duration"}},
        ("inactive",),
        "inactive",
    ),
    "every": Schedule({"every": {"enum": ["day", "week"]}, "at": {"type": "string"}, "for_each": FORM}, ("every",)),
}
ACTIONS = {
    "popup": Act({"popup": {"format": "people"}, "text": {"format": "template"}}, ("popup", "text")),
    "notify": Act(
        {
            "notify": {"format": "people"},
            "cc": {"format": "people"},
            "via": {"type": "array", "items": {"type": "string", "format": "channel"}},
            "text": {"format": "template"},
            "due": {"format": "duration"},
        },
        ("notify", "text"),
    ),
    "set": Act({"set": {**VALUES, "target": "on"}, "on": FIELD}, ("set",)),
    "create": Act({"create": FORM, "set": {**VALUES, "target": "create"}}, ("create",)),
    "update_related": Act(
        {
            "update_related": FIELD,
            "if": {"format": "formula", "scope": "update_related"},
            "set": {**VALUES, "target": "update_related", "scope": "update_related"},
        },
        ("update_related", "set"),
    ),
    "move": Act({"move": {"type": "string", "format": "stage"}}, ("move",)),
    "call": Act({"call": {"format": "template"}, "body": VALUES}, ("call",)),
}
SMALL = Vocabulary(field_types, TRIGGERS, ACTIONS, {"mail": None}, SYSTEM_FORMS)

BASE = {
    "app.yaml": "app: shop\nversion: 1.0.0\nname: 店\nask:\n  limit: {name: 上限, type: integer, default: 3}\n",
    "customer.yaml": """\
form: customer
name: 客户
fields:
  name:   {name: 名称, type: text, required: true, search: true}
  grade:  {name: 等级, type: choice, options: {a: 甲等, b: 乙等}, default: b}
  budget: {name: 预算, type: money}
  backup: {name: 备份人, type: user}
  vip:    {name: 贵宾, type: yes_no}
  visits: {name: 拜访, type: related, of: visit.customer}
  orders: {name: 订单, type: lines, columns: {item: {name: 货, type: text}, qty: {name: 数量, type: integer, default: 1}}}
  last_at: {name: 最近, type: formula, formula: "latest(max(visits.ended_at), touched_at)", stored: true}
  age:     {name: 天数, type: formula, formula: "days_between(created_at, today)"}
""",
    "visit.yaml": """\
form: visit
name: 拜访
fields:
  customer: {name: 客户, type: link, to: customer, required: true}
  kind:     {name: 类型, type: choice, options: {first: 首次, demo: 演示}}
  note:     {name: 备注, type: text}
  ended_at: {name: 结束, type: datetime}
""",
    "flow.yaml": """\
workflow: steps
form: customer
stages:
  - {id: new, name: 新}
  - {id: talk, name: 谈}
  - {id: won, name: 成, final: true}
""",
    "roles.yaml": 'role: seller\nname: 销售\ncan:\n  customer: {may: [see, edit], only: "owner == me"}\n  visit: {}\n',
}


def compiled(files: Mapping[str, str] | None = None, **options: Any) -> Compiled:
    """The base template with these files added or put in the place of its own."""
    return compile_app({**BASE, **(files or {})}, SMALL, **options)


def broken(file: str, old: str, new: str) -> Compiled:
    """The base template with one piece of text replaced."""
    assert old in BASE[file]
    return compiled({file: BASE[file].replace(old, new, 1)})
