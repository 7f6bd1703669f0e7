"""A large template without a fault, by seed: what `dougong validate` has to read in a company's third year."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

PLAIN = (
    "text", "text, search: true", "long_text", "integer, range: [0, 100]", "decimal", "money", "date", "datetime", "yes_no", "phone",
    "email", "choice, options: {a: 甲, b: 乙, c: 丙}", "tags", "user", "url",
)  # fmt: skip
FIELDS = 24


def write(folder: Path, lines: int, seed: int = 20260302) -> int:
    """Forms of 24 fields with their formulas, checks, views, rules and rights, one file each; the number of lines written."""
    dice, form, written = random.Random(seed), 0, 0
    role = ["role: clerk", "name: 职员", "can:"]
    (folder / "app.yaml").write_text("app: large\nname: 大应用\nversion: '1'\n", "utf-8")
    while written + len(role) + 3 < lines:
        form += 1
        text = list(_form(dice, form))
        (folder / f"form_{form:03}.yaml").write_text("\n".join(text) + "\n", "utf-8")
        role.append(f"  form_{form:03}: {{may: [see, add, edit], only: \"owner == me or amount > {dice.randint(1, 999)}\"}}")
        written += len(text)
    (folder / "roles.yaml").write_text("\n".join(role) + "\n", "utf-8")
    return written + len(role) + 3


def _form(dice: random.Random, number: int) -> Iterator[str]:
    id = f"form_{number:03}"
    yield from (f"form: {id}", f"name: 表单 {number}", 'title: "{{ name }}"', "fields:")
    yield "  name:   {name: 名称, type: text, required: true, search: true}"
    yield "  status: {name: 状态, type: choice, options: {new: 新, open: 跟进, won: 成交, lost: 流失}, default: new}"
    yield "  amount: {name: 金额, type: money, range: [0, 1000000]}"
    yield "  due:    {name: 到期, type: date}"
    yield f"  above:  {{name: 上级, type: link, to: form_{dice.randint(1, number):03}}}"
    for field in range(FIELDS):
        yield f"  f{field:02}: {{name: 字段 {field}, type: {dice.choice(PLAIN)}}}"
    yield f'  total: {{name: 合计, type: formula, formula: "amount * {dice.randint(2, 9)} + amount", stored: true}}'
    yield "  late: {name: 逾期, type: formula, formula: \"status in ['new', 'open'] and due < today\"}"
    yield from ("reject_when:", f"  - {{if: \"amount > {dice.randint(10_000, 99_999)} and status == 'lost'\", message: 金额太大}}")
    for view, status in enumerate(("new", "open", "won")):
        yield from ("---", f"view: {id}_{view}", f"name: 列表 {view}", f"form: {id}", "columns: [name, status, amount, due, owner]")
        yield from (f"filter: \"status == '{status}' and amount > {dice.randint(0, 99)}\"", "sort: [-amount]")
    for rule in range(6):
        yield from ("---", f"automation: {id}_rule_{rule}", f"name: 规则 {rule}", f"on: {{created: {id}}}")
        yield from (f"if: \"amount > {dice.randint(1, 9_999)} and contains(name, '宁波')\"", "do:")
        yield '  - {notify: owner, text: "{{ name }} 到期 {{ due }}"}'
        yield "  - if: \"status == 'new'\""
        yield "    do: [{set: {status: open}}]"
