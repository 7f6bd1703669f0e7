"""A large template by seed: as many forms, rules, stages and scenarios as make the number of lines asked for."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

HEAD = "app: large\nversion: '1'\nname: 大应用\nask:\n  limit: {name: 上限, type: integer, default: 3}\n"


def template(lines: int, seed: int = 20260302) -> Mapping[str, str]:
    """Relative path → text; the texts have at least `lines` lines together, and no mistake."""
    chance = Random(seed)
    files = {"app.yaml": HEAD}
    count, number = HEAD.count("\n"), 0
    while count < lines:
        for name, text in _one(number, chance).items():
            files[name] = text
            count += text.count("\n")
        number += 1
    grants = "".join(f'  f{n}: {{may: [see, add, edit], only: "owner == me or owner.manager == me"}}\n' for n in range(number))
    files["roles.yaml"] = f"role: clerk\nname: 文员\ncan:\n{grants}"
    return files


def _one(n: int, chance: Random) -> Mapping[str, str]:
    kinds = ["first", "demo", "talk", "care"]
    other = chance.randrange(n) if n else 0
    plain = "".join(
        f"  t{i}: {{name: 字段{i}, type: {chance.choice(['text', 'integer', 'date', 'yes_no'])}, help: 说明{i}}}\n" for i in range(24)
    )
    form = f"""\
form: f{n}
name: 表单{n}
title: "{{{{ name }}}} {{{{ kind.name }}}}"
fields:
  name: {{name: 名称, type: text, required: true, search: true}}
  kind: {{name: 类型, type: choice, options: {{first: 首次, demo: 演示, talk: 谈判, care: 回访}}, default: first}}
  amount: {{name: 金额, type: money}}
  at: {{name: 时间, type: datetime}}
  up: {{name: 上级, type: link, to: f{other}}}
  slides: {{name: 演示稿, type: file, required_when: "kind == '{chance.choice(kinds)}' and amount > {chance.randrange(999)}"}}
{plain}  items:
    name: 明细
    type: lines
    columns:
      what: {{name: 货品, type: text}}
      qty: {{name: 数量, type: integer, default: 1}}
      price: {{name: 单价, type: money}}
  total: {{name: 合计, type: money, formula: "sum(items, qty * price)", stored: true}}
  share: {{name: 比例, type: percent, formula: "1 - total / amount", stored: true}}
  late: {{name: 逾期, type: formula, formula: "latest(at, touched_at) < now - days({chance.randrange(1, 90)})", stored: true}}
  level:
    name: 级别
    type: choice
    options: {{high: 高, middle: 中, low: 低}}
    stored: true
    cases:
      - {{if: "total > 10000 and share < 0.2", then: high}}
      - {{if: "kind in ['demo', 'talk'] or amount is not empty", then: middle}}
      - {{else: low}}
reject_when:
  - {{if: "share > 0.5 and not late", message: "{{{{ name }}}} 的比例太高", fields: [share]}}
layout:
  - {{id: head, section: 基本, fields: [name, kind, amount, at, up]}}
  - {{id: more, section: 更多, fields: [slides, items, {', '.join(f't{i}' for i in range(24))}]}}
"""
    stages = "".join(
        f"""\
  - id: s{i}
    name: 阶段{i}
    exit: {{if: "amount > {i}", message: 先填金额}}
    deadlines:
      - {{id: slow, after: {i + 1}d, do: [{{notify: owner, text: "{{{{ name }}}} 停了 {i + 1} 天"}}]}}
"""
        for i in range(4)
    )
    rules = f"""\
automation: stalled{n}
name: 停滞{n}
on: {{inactive: f{n}, since: touched_at}}
if: "level != 'low' and kind != 'care'"
levels:
  - {{id: ask, after: 48h, do: [{{popup: owner, text: "请补录 {{{{ name }}}}"}}]}}
  - {{id: manager, after: 72h, do: [{{notify: owner.manager, cc: owner, text: "{{{{ name }}}} 已 72 小时无进展"}}]}}
---
automation: grown{n}
name: 变大{n}
on: {{changed: f{n}, fields: [amount]}}
if: "amount > {chance.randrange(1, 9999)} and changed(amount)"
do:
  - {{notify: [owner, owner.manager], text: "{{{{ name }}}}：{{{{ amount }}}}"}}
  - {{if: "kind == 'demo'", do: [{{set: {{at: "{{{{ now }}}}"}}}}]}}
"""
    return {
        f"forms/f{n}.yaml": form,
        f"workflows/w{n}.yaml": f"workflow: w{n}\nname: 流程{n}\nform: f{n}\nstages:\n{stages}  - {{id: done, name: 完成, final: true}}\n",
        f"automations/a{n}.yaml": rules,
    }
