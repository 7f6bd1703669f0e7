"""What check says a role doesn't see is what it doesn't see: in lists, exports and the API alike (SEMANTICS 11)."""

from __future__ import annotations

from typing import Any

from dougong.api import shape
from dougong.lang.hidden_results import hidden_results
from dougong.records import exporting, query
from dougong.records.present import covered
from dougong.records.query import Query
from tests.records.conftest import Make
from tests.records.ground import APP, key

FORMS = """\
form: deal
name: 单
fields:
  name: {name: 名称, type: text, search: true}
  cost: {name: 成本, type: money}
  phone: {name: 手机, type: phone, mask: middle}
  margin: {name: 毛利, type: formula, stored: true, formula: "100 - cost"}
  share: {name: 毛利率, type: formula, stored: true, formula: "margin / 100"}
  shown: {name: 公开, type: formula, stored: true, reveal: true, formula: "margin * 2"}
  tail: {name: 尾号, type: formula, stored: true, formula: "right(phone, 4)"}
  plain: {name: 字数, type: formula, stored: true, formula: "len(name)"}
  parts: {name: 明细, type: lines, columns: {qty: {name: 数, type: integer}, price: {name: 价, type: money}}}
  total: {name: 合计, type: formula, stored: true, formula: "sum(parts, qty * price)"}
  count: {name: 条数, type: formula, stored: true, formula: "sum(parts.qty)"}
  notes: {name: 便条, type: related, of: note.deal}
  weight: {name: 重, type: formula, stored: true, formula: "count(notes)"}
---
form: note
name: 便条
fields:
  text: {name: 内容, type: text, search: true}
  deal: {name: 单, type: link, to: deal}
"""
ROLES = """\
role: open
name: 全看
can: {deal: {may: [see, export]}, note: {}}
---
role: costless
name: 不看成本
can: {deal: {may: [see, export], hide: [cost]}, note: {}}
---
role: masked
name: 遮号
can: {deal: {may: [see, export], mask: [phone]}, note: {}}
---
role: priceless
name: 不看价
can: {deal: {may: [see, export]}, deal_parts: {hide: [price]}, note: {}}
---
role: noteless
name: 不看便条
can: {deal: {may: [see, export]}}
"""
GONE = {
    "open": set(),
    "costless": {"cost", "margin", "share"},
    "masked": {"tail"},
    "priceless": {"total"},
    "noteless": {"weight"},
}
PEOPLE: dict[str, dict[str, Any]] = {role: {"roles": [role]} for role in GONE}


def test_check_and_every_way_of_reading_agree(workspace: Make) -> None:
    ground = workspace(FORMS, ROLES, people=PEOPLE)
    ground.create("deal", name="甲", cost="30", phone="13812345678", parts=[{"qty": 2, "price": "5"}])
    app = ground.workspace.apps[APP]
    form = ground.workspace.forms[key("deal")]
    computed = {f.id for f in form.fields.values() if f.computed}
    for role, gone in GONE.items():
        told = {c.field.id for c in hidden_results(app.roles[role], ground.workspace.forms) if c.form.id == "deal" and not c.revealed}
        assert told == gone & computed, role
        with ground.runtime.read(ground.actor(role)) as ctx:
            assert {id for id in computed if covered(ctx, form, form.fields[id])} == told, role
            (row,) = query.page(ctx, Query(form.key)).rows
            assert computed - set(row) == told, role
            assert {f.id for f in shape.readable_fields(ctx, form)}.isdisjoint(gone), role
            assert {f.id for f in exporting.fields(ctx, form)}.isdisjoint(gone), role
