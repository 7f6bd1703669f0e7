"""Rules in plain words: a table of formulas, and whole templates without an id or a word of another language in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from dougong.automation.actions import actions
from dougong.automation.triggers import triggers
from dougong.expr.compile import compile_expr
from dougong.expr.functions import functions
from dougong.expr.scope import Scope
from dougong.expr.types import INTEGER, record
from dougong.installed import VOCABULARY, compile_sources
from dougong.lang.explain.app import Section, explain
from dougong.lang.explain.formulas import in_words
from dougong.lang.explain.speaker import Speaker
from dougong.lang.load import read_folder
from dougong.people.forms import SYSTEM_FORMS
from dougong.problems import NOWHERE, codes
from dougong.spec.app import App
from dougong.spec.form import Form

ROOT = Path(__file__).parents[2]
FILES = {
    "app.yaml": "app: shop\nversion: '1'\nname: 店\nask:\n  limit: {name: 上限, type: integer, default: 3}\n",
    "forms.yaml": """\
form: job
name: 工单
fields:
  name: {name: 名称, type: text}
  kind: {name: 类型, type: choice, options: {near: 近处, far: 远处, sea: 海上}}
  tags: {name: 标签, type: choices, options: {hot: 急, cold: 不急}}
  amount: {name: 金额, type: money}
  share: {name: 比例, type: percent}
  paid: {name: 已付, type: yes_no}
  due: {name: 期限, type: date}
  at: {name: 开始, type: datetime}
  valid: {name: 有效期, type: date_range}
  backup: {name: 协同人, type: user}
  last_at: {name: 最近动作, type: datetime}
  up: {name: 上级工单, type: link, to: job}
  visits: {name: 拜访, type: related, of: visit.job}
---
form: visit
name: 拜访
fields:
  job: {name: 工单, type: link, to: job}
  kind: {name: 动作, type: choice, options: {call: 电话, meet: 面谈}}
  ended_at: {name: 结束时间, type: datetime}
  cost: {name: 费用, type: money}
  phone: {name: 电话, type: text}
""",
    "en.yaml": """\
texts: en
app: {name: Shop, ask: {limit: Limit}}
form:
  job:
    name: Job
    fields:
      name: {name: Name}
      kind: {name: Kind, options: {near: Nearby, far: Far away, sea: At sea}}
      tags: {name: Tags, options: {hot: Urgent, cold: No hurry}}
      amount: Amount
      share: Share
      paid: Paid
      due: Due
      at: Begins
      valid: Valid
      backup: Backup
      last_at: Last action
      up: Part of
      visits: Visits
  visit:
    name: Visit
    fields:
      job: Job
      kind: {name: Act, options: {call: Call, meet: Meeting}}
      ended_at: Ended
      cost: Cost
      phone: Phone
""",
}

FORMULAS = [
    ("last_at < now - days(60)", "最近动作早于 60 天前", "Last action is more than 60 days ago"),
    ("last_at > now - hours(48)", "最近动作在最近 48 小时内", "Last action is within the last 48 hours"),
    ("due <= today + workdays(2)", "期限早于 2 个工作日后", "Due is less than 2 workdays ahead"),
    ("due < today", "期限早于今天", "Due is before today"),
    ("not (due < today)", "期限不早于今天（或为空）", "Due is not before today (or is empty)"),
    ("today - due > 3", "从期限到今天的天数超过 3", "the days from Due to today is more than 3"),
    ("due >= '2026-05-01'", "期限不早于2026年5月1日", "Due is not before May 1, 2026"),
    ("kind == 'far'", "类型是“远处”", "Kind is “Far away”"),
    ("kind != 'far'", "类型不是“远处”", "Kind is not “Far away”"),
    ("kind in ['near', 'far']", "类型是“近处”或“远处”", "Kind is “Nearby” or “Far away”"),
    ("kind not in ['near', 'far']", "类型不是“近处”或“远处”", "Kind is not “Nearby” or “Far away”"),
    ("'hot' in tags", "标签含有“急”", "Tags contains “Urgent”"),
    ("has_all(tags, ['hot', 'cold'])", "标签同时有“急”、“不急”", "Tags holds all of “Urgent”, “No hurry”"),
    ("amount > 1000", "金额超过 ¥1,000", "Amount is more than ¥1,000"),
    ("share >= 0.05", "比例至少 5%", "Share is at least 5%"),
    ("amount <= settings.limit", "金额不超过设定的“上限”", "Amount is at most the setting “Limit”"),
    ("paid", "已付为“是”", "Paid is yes"),
    ("not paid", "已付为“否”", "Paid is no"),
    ("paid == false", "已付为“否”", "Paid is no"),
    ("name is empty", "名称为空", "Name is empty"),
    ("valid is not empty", "有效期已填", "Valid is filled in"),
    ("today in valid", "今天在有效期之内", "today lies within Valid"),
    ("name contains '急'", "名称含有“急”", "Name contains “急”"),
    ("owner == me", "负责人是本人", "Owner is the person signed in"),
    ("me in [owner, backup]", "本人是负责人或协同人", "the person signed in is Owner or Backup"),
    ("owner.manager == me", "负责人的主管是本人", "Owner's manager is the person signed in"),
    ("up.owner.region == me.region", "上级工单的负责人的区域等于本人的区域",
     "Part of's owner's region equals the person signed in's region"),
    ("paid and kind == 'far'", "已付为“是”，且类型是“远处”", "Paid is yes and Kind is “Far away”"),
    ("paid and (kind == 'far' or due < today)", "已付为“是”，且（类型是“远处”，或期限早于今天）",
     "Paid is yes and (Kind is “Far away” or Due is before today)"),
    ("not (paid or name is empty)", "已付为“否”，且名称已填", "Paid is no and Name is filled in"),
    ("count(visits) >= 1", "有拜访", "there is at least one of Visits"),
    ("count(visits) == 0", "没有拜访", "there is none of Visits"),
    ("count(visits, kind == 'meet') > 2", "拜访（只看动作是“面谈”的）超过 2 条",
     "there are more than 2 of Visits (only where Act is “Meeting”)"),
    ("count(last(visits, 2), cost is empty) == 2", "最近 2 条拜访（只看费用为空的）正好有 2 条",
     "there are exactly 2 of the last 2 of Visits (only where Cost is empty)"),
    ("count(all.visit, phone == this.name) > 0", "有拜访（只看电话等于本工单的名称的）",
     "there is at least one of the Visit records (only where Phone equals this Job's Name)"),
    ("max(visits.ended_at)", "拜访中最晚的结束时间", "the latest Ended among Visits"),
    ("latest(max(visits.ended_at), touched_at)", "拜访中最晚的结束时间或最近跟进，取最晚的",
     "the latest Ended among Visits or Last touched, whichever is latest"),
    ("sum(visits, cost * 2)", "拜访的（费用 × 2）合计", "the total of (Cost × 2) over Visits"),
    ("count_distinct(visits.kind)", "拜访里不同的动作有几种", "how many different values of Act there are among Visits"),
    ("last(visits).cost", "最近一条拜访的费用", "cost of the last of Visits"),
    ("1 - amount / (amount + 5)", "1 − （金额 ÷ （金额 + ¥5））", "1 − (Amount ÷ (Amount + ¥5))"),
    ("n + 1", "顺序号 + 1", "the running number + 1"),
    ("if(paid, 'a', 'b')", "若已付为“是”则“a”，否则“b”", "“a” if Paid is yes, else “b”"),
    ("left(name, 4)", "名称的前 4 个字", "the first 4 characters of Name"),
    ("left(first_of(name, kind.name), 4)", "（名称或类型，取第一个有值的）的前 4 个字",
     "the first 4 characters of (Name or Kind, the first that is filled in)"),
    ("at + hours(2)", "开始之后 2 小时", "2 hours after Begins"),
    ("today + days(30)", "30 天后", "30 days from now"),
    ("valid.to", "有效期的结束", "the end of Valid"),
    ("changed(kind)", "类型有改动", "Kind was changed"),
    ("old.kind == 'far'", "原来的类型是“远处”", "the former Kind is “Far away”"),
]  # fmt: skip


@cache
def shop() -> App:
    app = compile_sources(FILES, tolerant=False).app
    assert app is not None
    return app


def all_forms(app: App) -> Mapping[str, Form]:
    return {**SYSTEM_FORMS, **{form.key: form for form in app.forms.values()}}


@pytest.mark.parametrize(("source", "zh", "en"), FORMULAS, ids=[f[0] for f in FORMULAS])
def test_a_formula_is_put_into_words(source: str, zh: str, en: str) -> None:
    app = shop()
    forms = all_forms(app)
    scope = Scope("shop", {k: f.shape for k, f in forms.items()}, app.forms["job"].shape, {"n": INTEGER, "found": record("shop.job")},
                  {"limit": INTEGER}, old=True)  # fmt: skip
    expr, problems = compile_expr(source, NOWHERE, scope)
    assert expr is not None, problems
    said = {}
    for locale in ("zh", "en"):
        speaker = Speaker(app, forms, VOCABULARY, locale)
        said[locale] = speaker.tidy(in_words(speaker, expr))
    assert said == {"zh": zh, "en": en}


@pytest.mark.parametrize("name", sorted(f.name for f in functions.values() if not f.special))
def test_every_function_has_its_words(name: str) -> None:
    assert any(code == f"say-{name}" or re.fullmatch(rf"say-{name}-\d", code) for code in codes())


@pytest.mark.parametrize("template", ["app_templates/sales", "examples/first", "examples/superstore/app"])
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_a_whole_template_is_explained_in_one_language_and_without_ids(template: str, locale: str) -> None:
    app = compile_sources(read_folder(ROOT / template), tolerant=False).app
    assert app is not None
    sections = explain(app, all_forms(app), VOCABULARY, locale)
    assert {s.kind for s in sections} >= {"form", "automation", "role"}
    assert {s.id for s in sections if s.kind == "automation"} == set(app.automations)
    assert {s.id for s in sections if s.kind == "role"} == set(app.roles)
    ids = {i for form in app.forms.values() for i in (form.id, *form.fields)} | set(app.automations) | set(app.roles)
    for line in said(sections):
        outside = re.sub("“[^”]*”", "", line)  # texts that are stored stay in the template's language
        assert "None" not in outside and "{" not in outside and "_" not in outside, line
        words = set(re.findall(r"[A-Za-z_]+", outside))
        if locale == "zh":
            assert not words - {"MD", "A", "B", "C", "Q", "V", "PDF", "cron", "US"}, line
        else:
            assert not re.search("[\u4e00-\u9fff]", outside), line
            assert not {w for w in words & ids if "_" in w}, line


def said(sections: list[Section]) -> list[str]:
    return [words for section in sections for words in (section.title, *(line for _, line in section.lines))]


def test_only_what_is_asked_for_is_explained() -> None:
    app = compile_sources(read_folder(ROOT / "examples/first"), tolerant=False).app
    assert app is not None
    sections = explain(app, all_forms(app), VOCABULARY, "zh", ("stalled_customer", "supervisor"))
    assert said(sections) == [
        "规则：客户两级预警",
        "何时：客户无进展（从最近动作算起）",
        "满 48 小时 → 弹窗提醒负责人：“请补录进展”",
        "满 72 小时 → 给负责人的主管发消息“〔客户名称〕已 72 小时无进展”（抄送负责人）",
        "角色：主管",
        "客户：可以看、新建、修改、删除、导出，只限负责人的主管是本人，或负责人是本人的",
        "拜访记录：可以看、新建、修改，看得到客户的才行",
        "没有主管时，事情落到这个角色",
    ]


FLOW = """\
workflow: steps
name: 流程
form: job
stages:
  - {id: open, name: 处理中}
  - {id: shut, name: 关闭, final: true}
"""
TRIGGERS = [
    ("{received: site, form: job, map: {name: data.name}}", "收到外部系统发来的数据时"),
    ("{held: open, of: steps, after: 3d}", "工单停在阶段“处理中”满 3 天"),
    ("{inactive: job, after: 48h}", "工单满 48 小时无进展（从最近跟进算起）"),
    ("{before: job, field: due, by: 1d}", "工单的期限之前 1 天"),
    ("{after: job, field: due, by: 2 workdays}", "工单的期限过后 2 个工作日"),
]


@pytest.mark.parametrize(("on", "zh"), TRIGGERS, ids=[t[0] for t in TRIGGERS])
def test_a_trigger_is_told_with_its_time(on: str, zh: str) -> None:
    rule = f"automation: it\nname: 规则\non: {on}\ndo: [{{notify: role.none, text: 到了}}]\n---\nrole: none\nname: 无\ncan: {{job: {{}}}}\n"
    files = {**FILES, "rules.yaml": rule, "flow.yaml": FLOW}
    files.pop("en.yaml")
    compiled = compile_sources(files, tolerant=False)
    assert compiled.app is not None, compiled.problems
    assert said(explain(compiled.app, all_forms(compiled.app), VOCABULARY, "zh", ("it",)))[1] == f"何时：{zh}"
    assert not [w for w in said(explain(compiled.app, all_forms(compiled.app), VOCABULARY, "en", ("it",))) if "{" in w or "None" in w]


RULES = """\
automation: every
name: 每周
on: {every: week, at: "mon 09:00", for_each: job}
if: "not paid"
do:
  - if: "kind == 'far'"
    do: [{notify: owner, text: 远}, {wait: 2h}]
    else: [{stop: true}]
  - {for_each: visits, if: "cost > 5", do: [{set: {phone: "1"}}]}
  - {webhook: erp, body: {a: "{{ name }}"}}
---
role: clerk
name: 文员
can:
  job: {may: [see, edit], hide: [amount], mask: [name], read_only: [due]}
"""
FIELDS = """
  twice: {name: 两倍, type: formula, stored: true, formula: "amount * 2"}
  open: {name: 公开数, type: formula, stored: true, formula: "amount * 3", reveal: true}
"""


def test_flow_nested_steps_and_rights_read_like_a_colleague() -> None:
    files = {**FILES, "forms.yaml": FILES["forms.yaml"].replace("\n---", FIELDS + "---", 1), "rules.yaml": RULES}
    files.pop("en.yaml")
    app = compile_sources(files, tolerant=False).app
    assert app is not None
    sections = explain(app, all_forms(app), VOCABULARY, "zh", ("every", "clerk"))
    assert ["  " * depth + words for section in sections for depth, words in section.lines] == [
        "何时：每周一 09:00，对每条工单",
        "条件：已付为“否”",
        "→ 若类型是“远处”：",
        "  → 给负责人发消息“远”",
        "  → 等 2 小时",
        "→ 否则：",
        "  → 到此为止",
        "→ 对每条拜访（条件是费用超过 ¥5）",
        "  → 填写电话 = “1”",
        "→ 调用外部接口“erp”（发送“a” = 名称）",
        "工单：可以看、修改",
        "  看不到金额",
        "  只看到遮盖后的名称",
        "  不能改期限",
        "工单的两倍也看不到，因为它由金额算出",
        "看不到金额，但看得到由它算出的工单的公开数",
    ]


@pytest.mark.parametrize("kind", ["trigger", "action"])
def test_what_has_no_sentence_of_its_own_has_titles_in_both_languages(kind: str) -> None:
    words = triggers if kind == "trigger" else actions
    for name, word in words.items():
        sentence = f"explain-{'on' if kind == 'trigger' else 'do'}-{name}"
        assert sentence in codes() or all(" | " in str(o.get("title", "")) for o in word.schema.values()) or name == "every", name
