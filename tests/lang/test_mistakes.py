"""What a mistake gets: its place, its code, and what was probably meant. ⟦…⟧ stands around the words that are to be underlined."""

from __future__ import annotations

import pytest

from dougong.lang.compile import compile_app
from dougong.problems import Mark
from tests.lang.vocabulary import BASE, SMALL, compiled

Row = tuple[str, str, str | None]
SLIPS: list[Row] = [
    ("form: a\nfields:\n  ⟦name：⟧文本\n  b: {type: text}\n", "fullwidth-colon", "name: "),
    ("form: a\nfields:\n  x: {⟦name：⟧客户, type: text}\n", "fullwidth-colon", "name: 客户"),
    ("⟦form：⟧a\n", "fullwidth-colon", "form: "),
    ("form: a\nfields:\n  x: {name: 客户⟦，⟧type: text}\n", "fullwidth-comma", ", "),
    ("form: a\nname: ⟦“客户”⟧\nfields: {x: {type: text}}\n", "curly-quotes", '"客户"'),
    ("form: a\nfields:\n⟦\t⟧x: {type: text}\n", "tab-indent", ""),
    ("form: a\nfields:\n⟦\u3000⟧\u3000x: {type: text}\n", "fullwidth-space", ""),
    ("form: a\nname: ⟦*客户⟧\n", "alias-refused", '"*客户"'),
    ("form: a\nname: ⟦*client⟧\n", "alias-refused", '"*client"'),
    ("form: a\nname: ⟦&客户⟧ x\n", "anchor-refused", '"&客户"'),
    ("form: a\nname: ⟦&c x⟧\n", "anchor-refused", ""),
    ("form: a\nname: ⟦!!python/object:os.system x⟧\n", "tag-refused", ""),
    ("form: a\n⟦<<⟧: {name: x}\n", "merge-refused", ""),
    ("form: a\nname: 客户 ⟦#1⟧\n", "hash-cuts-text", '"客户 #1"'),
    ("form: a\nicon: ⟦#ff0000⟧\n", "hash-cuts-text", '"#ff0000"'),
    ("form: a\nname: ⟦[必填]客户⟧\n", "brackets-text", '"[必填]客户"'),
    ("form: a\nname: ⟦[⟧必填]\nfields: {x: {type: text}}\n", "brackets-text", '"[必填]"'),
    ("form: a\ntitle: ⟦{{ name }}⟧\n", "braces-unquoted", '"{{ name }}"'),
    ("form: a\nfields: {x: {type: text, default: ⟦你好 {{ me }}⟧}}\n", "braces-unquoted", '"你好 {{ me }}"'),
    ("form: a\nname: ⟦价格: 高⟧\n", "colon-in-text", '"价格: 高"'),
    ("form: a\nfields: {x: {name: ⟦价格: 高⟧}}\n", "colon-in-text", '"价格: 高"'),
    ("form: a\nname: ⟦@客户⟧\n", "reserved-start", '"@客户"'),
    ('form: a\nname: "客户"⟦名⟧\n', "text-after-quote", ""),
    ('form: a\nname: ⟦"⟧客户\nfields: {}\n', "quote-not-closed", ""),
    ("form: a\nfields: ⟦{⟧x: {type: text}\n", "bracket-not-closed", ""),
    ("form: a\nfields:\n    x: {type: text}\n  ⟦y⟧: {type: text}\n", "bad-indent", ""),
    ("form: a\nlayout: ⟦-⟧ b\n", "list-on-key-line", ""),
    ("form: a\n⟦form⟧: b\n", "duplicate-key", ""),
    ("⟦-⟧ form: a\n", "not-a-mapping", ""),
    ("form: a\nname: 客⟦\x07⟧户\n", "not-printable", ""),
]

WORDS: list[Row] = [
    ("⟦frm⟧: a\n", "unknown-kind", "form"),
    ("name: 客户\n⟦form⟧: a\n", "kind-not-first", ""),
    ("⟦dashboard⟧: a\n", "kind-not-yet", ""),
    ("form: a\nfields: {x: {type: text}}\n⟦limits⟧: []\n", "kind-not-yet", ""),
    ("⟦approval⟧: a\n", "kind-not-yet", ""),
    ("form: a\nfields: {x: {type: money, ⟦pick⟧: {from: a}}}\n", "kind-not-yet", ""),
    ("form: a\nfields: {x: {type: lines, columns: {p: {type: money, ⟦pick⟧: {from: a}}}}}\n", "kind-not-yet", ""),
    ("form: a\nfields: {x: {type: money, ⟦locked_when⟧: \"x > 3\"}}\n", "kind-not-yet", ""),
    ("⟦form⟧: a\nname: x\n", "missing-key", ""),
    ("form: ⟦Kunde⟧\nfields: {x: {type: text}}\n", "bad-id", "kunde"),
    ("form: a\nfields: {⟦Name⟧: {type: text}}\n", "bad-id", "name"),
    ("form: a\nfields: {⟦" + "x" * 31 + "⟧: {type: text}}\n", "id-too-long", ""),
    ("form: a\n⟦feilds⟧: {x: {type: text}}\nfields: {x: {type: text}}\n", "unknown-key", "fields"),
    ("form: a\nfields: {x: {⟦nmae⟧: 客户, type: text}}\n", "unknown-key", "name"),
    ("form: a\nfields: {x: {type: ⟦txt⟧}}\n", "unknown-field-type", "text"),
    ("form: a\nfields: {⟦x⟧: {name: 客户}}\n", "missing-key", ""),
    ("form: a\nfields: {x: {type: text, required: ⟦是⟧}}\n", "wrong-type", "true"),
    ("form: a\nfields: {x: {type: text, required: ⟦yes⟧}}\n", "wrong-type", "true"),
    ("form: a\nname: ⟦2024⟧\nfields: {x: {type: text}}\n", "wrong-type", '"2024"'),
    ("form: a\nfields: {⟦x⟧: {type: choice}}\n", "missing-key", ""),
    ("form: a\nfields: {x: {type: text, mask: ⟦midle⟧}}\n", "not-one-of", "middle"),
    ("form: a\n⟦name⟧:\nfields: {x: {type: text}}\n", "empty-value", ""),
    ("form: a\nfields: {x: {type: text}}\nlayout: [{section: 一, fields: ⟦x、y⟧}]\n", "wrong-type", "[x, y]"),
    ("automation: a\non: {⟦creatd⟧: visit}\ndo: [{popup: owner, text: x}]\n", "unknown-trigger", "created"),
    ("automation: a\non: {created: visit}\ndo: [{⟦popop⟧: owner, text: x}]\n", "unknown-action", "popup"),
    ("automation: a\non: {created: visit}\ndo: [⟦{⟧popup: owner}]\n", "missing-key", ""),
    ("automation: a\non: {created: visit}\ndo: [{wait: ⟦2天⟧}]\n", "bad-duration", "2d"),
    ("automation: a\non: {created: visit}\ndo: [{wait: ⟦48⟧}]\n", "bad-duration", "48h"),
    ("automation: a\non: {created: visit}\nif_running: ⟦ignore⟧\ndo: [{wait: 1h}]\n", "not-one-of", ""),
    ("scenario: s\npeople: {w: {}}\nat: ⟦tomorrow⟧\nsteps: [{wait: 1h}]\n", "wrong-pattern", ""),
    ("scenario: s\npeople: {w: {}}\nat: 2026-03-02T09:00+08:00\nsteps: [{⟦wiat⟧: 1h}]\n", "unknown-scenario-step", "wait"),
]

REFERENCES: list[Row] = [
    ("form: ⟦visit⟧\nfields: {x: {type: text}}\n", "duplicate-id", ""),
    ("form: a\nfields: {x: {type: link, to: ⟦custmer⟧}}\n", "unknown-form", "customer"),
    ("form: a\nfields: {x: {type: link, to: ⟦客户⟧}}\n", "unknown-form", "customer"),
    ("form: a\nfields: {x: {type: link, to: ⟦sales.customer⟧}}\n", "need-missing", ""),
    ("form: a\nfields: {x: {type: related, of: ⟦visit.custmer⟧}}\n", "unknown-field", "customer"),
    ("form: a\nfields: {x: {type: related, of: ⟦visit.customer⟧}}\n", "related-not-a-link", ""),
    ("form: a\nfields: {x: {type: related, of: ⟦visit⟧}}\n", "related-needs-field", ""),
    ("form: a\nfields: {⟦touched_at⟧: {type: datetime}}\n", "id-of-system-field", ""),
    ("form: a\nfields: {⟦now⟧: {type: datetime}}\n", "id-reserved", ""),
    ("form: a\nfields: {x: {type: text}}\nlayout: [{section: 一, fields: [⟦y⟧]}]\n", "unknown-field", ""),
    ("automation: a\non: {created: ⟦visits⟧}\ndo: [{wait: 1h}]\n", "unknown-form", "visit"),
    ("automation: a\non: {inactive: customer, since: ⟦last_att⟧, after: 2d}\ndo: [{wait: 1h}]\n", "unknown-field", "last_at"),
    ("automation: a\non: {created: customer}\ndo: [{popup: ⟦role.saler⟧, text: x}]\n", "unknown-role", "seller"),
    ("automation: a\non: {created: customer}\ndo: [{popup: ⟦owner.boss⟧, text: x}]\n", "unknown-field", ""),
    ("automation: a\non: {created: customer}\ndo: [{popup: ⟦name⟧, text: x}]\n", "not-people", ""),
    ("automation: a\non: {created: customer}\ndo: [{set: {⟦名称⟧: x}}]\n", "unknown-field", "name"),
    ("automation: a\non: {created: customer}\ndo: [{create: visit, set: {⟦nots⟧: x}}]\n", "unknown-field", "note"),
    ("automation: a\non: {created: customer}\ndo: [{move: ⟦谈⟧}]\n", "unknown-stage", "talk"),
    ("automation: a\non: {created: visit}\ndo: [{move: ⟦talk⟧}]\n", "no-workflow-here", ""),
    ("automation: a\non: {entered: talk, of: ⟦step⟧}\ndo: [{popup: role.seller, text: x}]\n", "unknown-workflow", "steps"),
    ("automation: a\non: {created: customer}\ndo: [{notify: owner, via: [⟦mial⟧], text: x}]\n", "unknown-channel", "mail"),
    ("automation: a\non: {inactive: customer}\nlevels: [{id: a, repeated: 3, of: ⟦b⟧, do: [{wait: 1h}]}]\n", "unknown-level", ""),
    ("view: v\nname: 表\nform: visit\ncolumns: [note, ⟦kid⟧]\n", "unknown-field", "kind"),
    ("view: v\nname: 表\nform: visit\nsort: [⟦-ended⟧]\n", "unknown-field", "ended_at"),
    ("role: r\nname: 角\ncan: {⟦visist⟧: {}}\n", "unknown-form", "visit"),
    ("role: r\nname: 角\ncan: {visit: {hide: [⟦noted⟧]}}\n", "unknown-field", "note"),
    ("role: r\nname: 角\ncan: {customer: {}, ⟦customer_order⟧: {hide: [qty]}}\n", "unknown-form", "customer_orders"),
    ("role: r\nname: 角\ncan: {customer: {}, customer_orders: {hide: [⟦数量⟧]}}\n", "unknown-field", "qty"),
    ("role: r\nname: 角\ncan: {customer: {hide: [⟦cost⟧]}}\n", "unknown-field", ""),
    ("data: visit\nrows: [{⟦nota⟧: x}]\n", "unknown-field", "note"),
    ("data: visit\nfile: ⟦visits.csv⟧\n", "unknown-file", ""),
    ("scenario: s\npeople: {w: {role: ⟦selle⟧}}\nat: 2026-03-02T09:00+08:00\nsteps: [{wait: 1h}]\n", "unknown-role", "seller"),
    ("scenario: s\npeople: {w: {}}\nas: ⟦v⟧\nat: 2026-03-02T09:00+08:00\nsteps: [{wait: 1h}]\n", "unknown-person", ""),
    ("scenario: s\npeople: {w: {}}\nat: 2026-03-02T09:00+08:00\nsteps: [{create: {⟦custome⟧: {}}}]\n", "unknown-form", "customer"),
    ("workflow: second\nform: ⟦customer⟧\nstages: [{id: a, name: 一, final: true}]\n", "second-workflow", ""),
]

MEANING: list[Row] = [
    ("form: a\nfields: {x: {type: text, required_when: \"⟦knd⟧ == 'demo'\"}, kind: {type: text}}\n", "expr-unknown-field", "kind"),
    ('form: a\nfields: {x: {type: text}}\ntitle: "第 {{ ⟦y⟧ }} 号"\n', "expr-unknown-field", None),
    ("form: a\nfields: {x: {type: choice, options: {a: 甲}, default: ⟦甲乙⟧}}\n", "bad-value", None),
    ("form: a\nfields: {x: {type: choice, options: {a: 甲}, cases: [{else: ⟦甲⟧}]}}\n", "unknown-option-id", "a"),
    ('form: a\nfields: {x: {type: yes_no, cases: [{⟦else⟧: true}, {if: "1 > 2", then: true}]}}\n', "else-not-last", ""),
    ('form: a\nfields: {x: {type: integer, cases: [⟦{⟧if: "1 > 2"}, {else: 3}]}}\n', "case-incomplete", ""),
    ('form: a\nfields: {x: {type: integer, default: "⟦{{ now }}{{ me.name }}⟧"}}\n', "wrong-value", ""),
    ('form: a\nfields: {x: {type: integer, default: "{{ ⟦now⟧ }}"}}\n', "expr-wants", None),
    ('form: a\nfields: {⟦x⟧: {type: formula, formula: "y + 1"}, y: {type: formula, formula: "x + 1"}}\n', "formula-cycle", ""),
    ('form: a\nfields: {x: {type: formula, stored: true, formula: "days_between(⟦today⟧, created_at)"}}\n', "clock-in-kept", ""),
    ('form: a\nfields: {c: {type: link, to: customer}, x: {type: formula, stored: true, formula: "⟦c.name⟧"}}\n', "path-in-kept", ""),
    ('form: a\nfields: {x: {type: formula, stored: true, formula: "count(⟦all.visit⟧)"}}\n', "aggregate-not-own", ""),
    ('view: v\nname: 表\nform: customer\nfilter: "⟦age⟧ > 3"\n', "live-not-allowed", ""),
    ("view: v\nname: 表\nform: customer\nsort: [⟦-age⟧]\n", "live-not-allowed", ""),
    ('form: a\nfields: {⟦x⟧: {type: formula, index: true, formula: "1 + 1"}}\n', "live-not-allowed", ""),
    ("automation: ⟦a⟧\non: {changed: customer, form: customer, fields: [age]}\ndo: [{wait: 1h}]\n", "live-not-allowed", ""),
    ("automation: ⟦a⟧\non: {inactive: customer, since: name, after: 2d}\ndo: [{wait: 1h}]\n", "since-not-a-time", ""),
    ("automation: a\n⟦on⟧: {inactive: customer, since: last_at}\ndo: [{wait: 1h}]\n", "how-long-once", ""),
    (
        "automation: a\n⟦on⟧: {inactive: customer, since: last_at, after: 1d}\nlevels: [{id: a, after: 1d, do: [{wait: 1h}]}]\n",
        "how-long-once",
        "",
    ),
    ("automation: a\non: {every: day, at: \"09:00\"}\n⟦levels⟧: [{id: a, after: 1d, do: [{wait: 1h}]}]\n", "levels-need-time", ""),
    ("automation: ⟦a⟧\non: {created: customer}\n", "do-or-levels", ""),
    ("automation: a\non: {inactive: customer}\nlevels: [{id: ⟦x⟧, do: [{wait: 1h}]}]\n", "after-or-repeated", ""),
    ("automation: a\non: {created: customer}\ndo: [{set: {⟦stage⟧: won}}]\n", "stage-not-set", ""),
    ("automation: a\non: {created: customer}\ndo: [{set: {⟦age⟧: 3}}]\n", "computed-not-set", ""),
    ("automation: a\non: {created: customer}\ndo: [{set: {budget: ⟦viel⟧}}]\n", "bad-value", ""),
    ('role: r\nname: 角\ncan: {customer: {only: "⟦backup != me⟧"}}\n', "right-over-empty", ""),
    ("role: r\nname: 角\ncan: {customer: {only: \"⟦not (grade == 'a'⟧)\"}}\n", "right-over-empty", ""),
    ("role: r\nname: 角\ncan: {customer: {follows: ⟦name⟧}}\n", "follows-a-link", ""),
    ("role: r\nname: 角\ncan: {customer: {may: [see, ⟦import_stage⟧]}}\n", "stage-right-idle", ""),
    ("role: r\nname: 角\ncan: {customer: {}, customer_orders: {⟦may⟧: [see], hide: [qty]}}\n", "lines-follow-parent", ""),
    ("role: r\nname: 角\ncan: {⟦customer_orders⟧: {hide: [qty]}}\n", "lines-not-opened", ""),
]

ON = "automation: a\non: {created: customer}\n"
DO = "do: [{popup: owner, text: x}]\n"


def if_(formula: str) -> str:
    return f'{ON}if: "{formula}"\n{DO}'


def shown_when(formula: str, type_: str) -> str:
    return f'form: a\nfields:\n  n: {{type: {type_}}}\n  x: {{type: text, visible_when: "{formula}"}}\n'


def computed(formula: str) -> str:
    return f'form: a\nfields:\n  n: {{type: integer}}\n  x: {{type: formula, formula: "{formula}"}}\n'


BUILDERS: list[Row] = [
    ("automation: a\non: {every: ⟦每天⟧}\n" + DO.replace("owner", "role.seller"), "not-one-of", "day"),
    ("automation: a\non: {inactive: customer}\nlevels: [{id: x, after: ⟦72小时⟧, do: [{popup: owner, text: x}]}]\n", "bad-duration", "72h"),
    (if_("grade == ⟦'甲等'⟧"), "expr-unknown-option", "'a'"),
    (if_("grade == ⟦“甲等”⟧"), "expr-unknown-option", "'a'"),
    (if_("budget > ⟦10%⟧"), "expr-spelling", "0.1"),
    (if_("vip ⟦且⟧ budget > 3"), "expr-spelling", "and"),
    (if_("created_at > ⟦'2026/3/1'⟧"), "expr-spelling", "'2026-03-01'"),
    (if_("created_at > ⟦'2026年3月1日'⟧"), "expr-spelling", "'2026-03-01'"),
    (if_("created_at > ⟦2026/03/01⟧"), "expr-spelling", "'2026-03-01'"),
    (if_("created_at > now - ⟦3 天⟧"), "expr-spelling", "days(3)"),
    (if_("created_at > now - ⟦2个工作日⟧"), "expr-spelling", "workdays(2)"),
    (ON + "⟦do⟧: {popup: owner, text: x}\n", "dash-missing", ""),
    (ON + "⟦do⟧:\n  popup: owner\n  text: x\n", "dash-missing", ""),
    (ON + "do:\n  - popup: owner\n  - ⟦text⟧: x\n", "split-item", ""),
    (ON + "do:\n  - popup:\n      to: owner\n      ⟦text⟧: x\n", "key-too-deep", ""),
    ("automation: a\non: ⟦created customer⟧\n" + DO, "group-wanted", "{created: customer}"),
    ("automation: a\n⟦on⟧:\n  - created: customer\n" + DO, "dash-too-many", ""),
    ("automation: a\n⟦when⟧: {created: customer}\n" + DO, "unknown-key", "on"),
    (ON + "⟦actions⟧: [{popup: owner, text: x}]\n", "unknown-key", "do"),
    ("automation: a\non: {created: ⟦customers⟧}\n" + DO, "unknown-form", "customer"),
    (ON + "do: [{popup: ⟦主管⟧, text: x}]\n", "not-people", "owner.manager"),
    (ON + "do: [{⟦通知⟧: owner, text: x}]\n", "unknown-action", "notify"),
    ("form: a\n⟦fields⟧:\n  - name: {type: text}\n", "dash-too-many", ""),
    ("form: a\nfields:\n  name: ⟦text⟧\n", "group-wanted", "{type: text}"),
    ("form: a\nfields:\n  x: {type: ⟦文本⟧}\n", "unknown-field-type", "text"),
    ("form: a\nfields:\n  x: {type: ⟦number⟧}\n", "unknown-field-type", "integer"),
    ("form: a\nfields:\n  x: {type: ⟦select⟧, options: {a: 甲}}\n", "unknown-field-type", "choice"),
    ("form: a\nfields:\n  x: {type: choice, options: ⟦[⟧甲, 乙]}\n", "group-wanted", "{a: 甲, b: 乙}"),
    ("form: a\nfields:\n  x: {type: text, required: ⟦必填⟧}\n", "wrong-type", "true"),
    ("form: a\nfields:\n  x: {type: money, range: ⟦0-100⟧}\n", "wrong-type", "[0, 100]"),
    ("form: a\nfields:\n  x: {type: date, default: ⟦today⟧}\n", "bad-value", '"{{ today }}"'),
    ("form: a\n ⟦fields⟧:\n  x: {type: text}\n", "bad-indent", ""),
    (computed("⟦if n > 3 then 1 else 2⟧"), "expr-inline-if", ""),
    (computed("n > 3 ⟦?⟧ 1 : 2"), "expr-inline-if", ""),
    (computed("⟦=⟧n+1"), "expr-leading-equals", ""),
    (computed("⟦$⟧{n} + 1"), "expr-character", ""),
    (computed("⟦{{ n + 1 }}⟧"), "expr-braces", "n + 1"),
    (shown_when("n is not ⟦null⟧", "text"), "expr-spelling", "empty"),
    (shown_when("n == ⟦'是'⟧", "yes_no"), "expr-spelling", "true"),
    (shown_when("n ⟦不等于⟧ 'a'", "text"), "expr-spelling", "!="),
    (shown_when("n ⟦不为空⟧", "text"), "expr-spelling", "is not empty"),
    (shown_when("n ⟦like⟧ 'a'", "text"), "expr-spelling", "contains"),
    ("role: r\nname: 角\ncan:\n  customer: ⟦see⟧\n", "group-wanted", "{may: [see]}"),
    ("role: r\nname: 角\ncan:\n  customer: ⟦[⟧see, edit]\n", "group-wanted", "{may: [see, edit]}"),
    ("role: r\nname: 角\ncan:\n  customer: {may: [⟦查看⟧]}\n", "not-one-of", "see"),
    ("role: r\nname: 角\ncan:\n  ⟦客户⟧: {may: [see]}\n", "unknown-form", "customer"),
    ('role: r\nname: 角\ncan:\n  customer: {only: "owner == ⟦本人⟧"}\n', "expr-unknown-field", "me"),
    ("workflow: w\nform: visit\n⟦stages⟧:\n  a: {name: 一}\n  b: {name: 二, final: true}\n", "dash-missing", ""),
    ("workflow: w\nform: visit\nstages: [{id: a, name: 一, probability: ⟦10%⟧}]\n", "group-wanted", "{default: 10%}"),
    ("workflow: w\nform: visit\nstages: [{id: a, name: 一, expected: ⟦7天⟧}]\n", "bad-duration", "7d"),
    ("workflow: w\nform: visit\nstages: [⟦一⟧]\n", "group-wanted", "{id: …, name: 一}"),
]
"""What a business builder writes who has read the language's page once."""

DOUBT = [
    ("form: a\nfields: {x: {type: text}}\nreject_when: [⟦{⟧if: \"x == 'a'\"}]\n", "no-message", False),
    ("form: a\nfields: {x: {type: text}}\nduplicates: [⟦{⟧same: x, then: refuse}]\n", "no-message", False),
    ("form: a\nfields: {⟦x⟧: {type: link, to: visit}}\n", "picker-without-search", True),
    (
        "form: a\nfields: {d: {type: date}}\n---\nautomation: ⟦r⟧\non: {inactive: a, since: d, after: 2d}\ndo: [{wait: 1h}]\n",
        "since-may-be-empty",
        True,
    ),
    (
        'automation: a\non: {changed: customer, form: customer}\nif: "⟦old.grade != grade⟧"\ndo: [{wait: 1h}]\n',
        "old-compared",
        True,
    ),
    ("automation: ⟦a⟧\non: {changed: customer, form: customer}\ndo: [{set: {vip: true}}]\n", "rules-in-circle", True),
    (
        'form: a\nfields: {x: {type: money}, ⟦y⟧: {type: formula, stored: true, formula: "x * 2"}}\n'
        "---\nrole: r\nname: 角\ncan: {a: {hide: [x]}}\n---\nrole: t\nname: 另\ncan: {a: {mask: [x]}}\n",
        "result-covered",
        True,
    ),
    (
        'form: a\nfields: {x: {type: money}, ⟦y⟧: {type: formula, stored: true, reveal: true, formula: "x * 2"}}\n'
        "---\nrole: r\nname: 角\ncan: {a: {hide: [x]}}\n",
        "result-revealed",
        True,
    ),
    (
        'form: a\nfields: {ls: {type: lines, columns: {c: {type: money}}}, ⟦y⟧: {type: formula, stored: true, formula: "sum(ls, c)"}}\n'
        "---\nrole: r\nname: 角\ncan: {a: {}, a_ls: {hide: [c]}}\n",
        "result-covered",
        True,
    ),
]


def place_of(text: str) -> tuple[str, Mark]:
    """The text without its brackets, and where they stood."""
    start, end = text.index("⟦"), text.index("⟧")
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    return text.replace("⟦", "").replace("⟧", ""), Mark("x.yaml", line, column, end - start - 1)


def id_of(case: object) -> str:
    return str(case).replace("\n", " ")[:60] if isinstance(case, str) else ""


@pytest.mark.parametrize(("text", "code", "suggestion"), SLIPS + WORDS + REFERENCES + MEANING + BUILDERS, ids=id_of)
def test_a_mistake_is_reported_at_its_words_with_what_was_meant(text: str, code: str, suggestion: str | None) -> None:
    source, mark = place_of(text)
    result = compiled({"x.yaml": source})
    assert [(p.code, p.mark) for p in result.problems] == [(code, mark)]
    assert suggestion is None or result.problems[0].suggestion == suggestion
    assert result.app is None


def test_a_suggested_id_comes_with_its_name_beside_it_but_not_in_it() -> None:
    source, _ = place_of(if_("⟦grad⟧ == 'a'"))
    (problem,) = compiled({"x.yaml": source}).problems
    assert problem.suggestion == "grade"
    assert (problem.hint("zh"), problem.hint("en")) == ("是不是想写 grade（等级）？", "did you mean grade (等级)?")


@pytest.mark.parametrize(("text", "code", "warning"), DOUBT, ids=id_of)
def test_what_is_doubtful_is_told_and_only_what_harms_stops(text: str, code: str, warning: bool) -> None:
    source, mark = place_of(text)
    result = compiled({"x.yaml": source})
    assert [(p.code, p.mark, p.warning) for p in result.problems] == [(code, mark, warning)]
    assert (result.app is not None) == warning


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        ("[{id: a, name: 一}, ⟦b⟧]", "stage-without-exit"),
        ("[{id: a, name: 一, final: true}, ⟦b⟧]", "stage-unreachable"),
        ("[{id: a, name: 一}, {id: c, name: 三, final: true}, ⟦b⟧]", "stage-unreachable"),
    ],
)
def test_a_stage_must_be_reached_and_left(stages: str, code: str) -> None:
    text = f"workflow: steps\nform: customer\nstages: {stages.replace('⟦b⟧', '{id: ⟦b⟧, name: 二}')}\n"
    source, mark = place_of(text)
    result = compiled({"flow.yaml": source})
    assert [(p.code, p.mark.line, p.mark.column) for p in result.problems] == [(code, mark.line, mark.column)]


def test_a_stage_that_comes_from_any_is_reached() -> None:
    stages = "[{id: a, name: 一}, {id: b, name: 二, final: true}, {id: c, name: 三, final: true, from: any}]"
    assert compiled({"flow.yaml": f"workflow: steps\nform: customer\nstages: {stages}\n"}).app


def test_all_mistakes_of_one_phase_come_together_and_the_next_phase_waits() -> None:
    text = "form: a\nfields:\n  x: {type: link, to: nowhere}\n  y: {type: related, of: visit.nothing}\n"
    text += '  z: {type: text, required_when: "q == 1"}\n'
    assert [p.code for p in compiled({"x.yaml": text}).problems] == ["unknown-form", "unknown-field"]


def test_a_wrong_formula_is_reported_once_and_not_again_where_it_is_read() -> None:
    formulas = ("nothing + 1", "x + 1", "y + x")
    text = "form: a\nfields:\n" + "".join(f'  {id}: {{type: formula, formula: "{f}"}}\n' for id, f in zip("xyz", formulas, strict=True))
    assert [(p.code, p.mark.line) for p in compiled({"x.yaml": text}).problems] == [("expr-unknown-field", 3)]


def test_a_template_without_an_app_says_so() -> None:
    files = {name: text for name, text in BASE.items() if name != "app.yaml"}
    assert [p.code for p in compile_app(files, SMALL).problems] == ["no-app"]
    assert [p.code for p in compiled({"b.yaml": BASE["app.yaml"]}).problems] == ["second-app"]
