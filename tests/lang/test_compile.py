"""YAML → spec.App."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dougong.expr.tree import Expr, Template
from dougong.expr.types import DATETIME, JSON, Span, number
from dougong.lang.compile import compile_app
from dougong.lang.load import read_folder
from dougong.spec.app import App, Step
from dougong.spec.form import Form
from tests.lang.test_publish import SHIPPED
from tests.lang.vocabulary import BASE, SMALL, compiled

EXAMPLES = Path(__file__).parents[2] / "examples"


def app(files: dict[str, str] | None = None) -> App:
    result = compiled(files)
    assert result.app is not None, [p.sentence("en") for p in result.problems]
    return result.app


def form(text: str) -> Form:
    return next(f for f in app({"x.yaml": text}).forms.values() if f.id == "a")


def steps(text: str, on: str = "{created: customer}") -> tuple[Step, ...]:
    return app({"x.yaml": f"automation: a\non: {on}\ndo: {text}\n"}).automations["a"].levels[0].do


def test_the_example_becomes_an_app_without_a_problem() -> None:
    from_folder = compile_app_of(EXAMPLES / "first")
    assert set(from_folder.forms) == {"customer", "visit"}
    assert set(from_folder.roles) == {"salesperson", "supervisor"}
    assert [level.after for level in from_folder.automations["stalled_customer"].levels] == [Span(48 * 3_600_000), Span(72 * 3_600_000)]
    assert len(from_folder.scenarios) == 1


def compile_app_of(folder: Path) -> App:
    result = compile_app(read_folder(folder), SHIPPED)
    assert result.problems == ()
    assert result.app is not None
    return result.app


def test_a_form_knows_its_key_table_title_and_system_fields() -> None:
    customer = app().forms["customer"]
    assert (customer.key, customer.table, customer.title.source, customer.workflow) == (
        "shop.customer",
        "shop__customer",
        "{{ name }}",
        "steps",
    )
    assert list(customer.fields)[:3] == ["name", "grade", "budget"]
    assert {"owner", "creator", "created_at", "modified_at", "touched_at", "stage", "stage_since"} <= set(customer.fields)
    assert all(field.key == field.id for field in customer.fields.values())


def test_the_stage_is_a_choice_of_the_workflow() -> None:
    stage = app().forms["customer"].fields["stage"]
    assert stage.value.options == ("new", "talk", "won")
    assert str(stage.choices["talk"].name) == "谈"
    assert "stage" not in app().forms["visit"].shape.members


def test_owner_may_be_declared_to_rename_it() -> None:
    owner = form("form: a\nfields: {x: {type: text}, owner: {name: 销售, type: user}}\n").fields["owner"]
    assert (str(owner.name), owner.system, owner.value.form) == ("销售", True, "user")


def test_lines_are_a_child_form_with_a_way_back() -> None:
    shop = app()
    lines, child = shop.forms["customer"].fields["orders"], shop.forms["customer_orders"]
    assert (lines.target, lines.via, lines.value.kind) == ("shop.customer_orders", "parent", "records")
    assert (child.key, child.table, child.lines_of) == ("shop.customer_orders", "shop__customer_orders", ("shop.customer", "orders"))
    assert (child.fields["parent"].target, child.fields["qty"].default) == ("shop.customer", 1)


def test_a_related_field_knows_its_target_and_the_link_that_leads_back() -> None:
    visits = app().forms["customer"].fields["visits"]
    assert (visits.target, visits.via, visits.stored) == ("shop.visit", "customer", False)


def test_formulas_take_their_types_in_the_order_they_need() -> None:
    made = form("""\
form: a
fields:
  third: {type: formula, formula: "second * 2"}
  second: {type: formula, formula: "first + 0.5"}
  first: {type: formula, formula: "count(kids)"}
  kids: {type: related, of: b.a}
---
form: b
fields: {a: {type: link, to: a}, x: {type: text, search: true}, up: {type: formula, formula: "a.third"}}
""")
    assert [made.fields[id].value for id in ("first", "second", "third")] == [number(0), number(1), number(1)]


def test_what_time_rules_and_aggregates_look_along_is_indexed() -> None:
    shop = app({"x.yaml": "automation: a\non: {inactive: customer, since: last_at, after: 2d}\ndo: [{wait: 1h}]\n"})
    assert shop.forms["customer"].fields["last_at"].index
    assert shop.forms["visit"].fields["ended_at"].index
    assert not shop.forms["visit"].fields["note"].index


def test_defaults_are_values_formulas_or_texts() -> None:
    fields = form("""\
form: a
fields:
  t: {type: text, default: 你好}
  n: {type: integer, default: 3}
  m: {type: money, default: 1.5}
  d: {type: date, default: 2026-03-02}
  w: {type: datetime, default: "{{ now }}"}
  x: {type: text, default: "{{ me.name }}的"}
  u: {type: user, default: me}
""").fields
    assert [fields[id].default for id in "tnmd"] == ["你好", 3, Decimal("1.50"), date(2026, 3, 2)]
    assert isinstance(fields["w"].default, Expr) and fields["w"].default.type == DATETIME
    assert isinstance(fields["x"].default, Template)
    assert isinstance(fields["u"].default, Expr)


def test_cases_hold_option_ids_or_formulas() -> None:
    fields = form("""\
form: a
fields:
  n: {type: integer}
  c: {type: choice, options: {hi: 高, lo: 低}, stored: true, cases: [{if: "n > 3", then: hi}, {else: lo}]}
  k: {type: integer, cases: [{if: "n > 3", then: n * 2}, {else: 0}]}
""").fields
    assert [c.then for c in fields["c"].cases] == ["hi", "lo"]
    assert [isinstance(c.then, Expr) for c in fields["k"].cases] == [True, True]
    assert (fields["c"].stored, fields["k"].stored) == (True, False)


def test_steps_are_compiled_by_the_format_of_their_options() -> None:
    notify, set_, create, update, call = steps("""
  - {notify: [owner.manager, role.seller], cc: owner, via: [inbox, mail], due: 2 workdays, text: "{{ name }} 到了"}
  - {set: {grade: a, vip: true, budget: "{{ budget }}", backup: owner.manager}}
  - {create: visit, set: {customer: "{{ this }}", kind: first}}
  - {update_related: visits, if: "kind == 'demo'", set: {note: "{{ note }}!"}}
  - {call: hook, body: {free: "{{ name }}", n: 3}}
""")
    assert notify.options["notify"] == ("owner.manager", "role.seller")
    assert (notify.options["via"], notify.options["due"]) == (("inbox", "mail"), Span(workdays=2))
    assert isinstance(notify.options["text"], Template)
    assert (set_.options["set"]["grade"], set_.options["set"]["vip"]) == ("a", True)
    assert isinstance(set_.options["set"]["backup"], Expr)
    assert create.options["create"] == "shop.visit"
    assert create.options["set"]["kind"] == "first"
    assert update.options["if"].root.args[0].args[0].type.form == "shop.visit"
    assert call.options["body"]["n"] == 3


def test_flow_stands_on_the_record_in_turn_inside_for_each() -> None:
    (each,) = steps("""
  - for_each: visits
    if: "kind == 'first'"
    do:
      - if: "note is empty"
        do: [{set: {note: "{{ customer.name }}"}}]
        else: [{stop: true}]
""")
    inner = each.options["do"][0]
    assert each.options["for_each"].type.form == "shop.visit"
    assert inner.options["do"][0].options["set"]["note"].reads == {("customer", "name")}
    assert inner.options["else"][0].action == "stop"


def test_step_ids_come_from_content_so_that_they_stay_when_others_are_added() -> None:
    short, long = steps("[{wait: 1h}]"), steps("[{wait: 2h}, {wait: 1h}, {wait: 1h}, {id: mine, wait: 3h}]")
    assert short[0].id == long[1].id
    assert len({s.id for s in long}) == 4
    assert long[3].id == "mine"


def test_the_names_that_a_trigger_gives() -> None:
    (told,) = steps('[{popup: role.seller, text: "{{ received.phone }} {{ response.id }}"}]', "{received: website}")
    assert [p.type for p in told.options["text"].parts if isinstance(p, Expr)] == [JSON, JSON]
    (each,) = steps('[{popup: owner, text: "{{ name }} {{ customer.name }}"}]', "{every: day, for_each: customer}")
    assert len(each.options["text"].parts) == 3


def test_a_change_is_watched_field_by_field() -> None:
    rule = "automation: a\non: {changed: {grade: {from: b, to: a}}, form: customer}\n"
    on = app({"x.yaml": rule + 'if: "old.vip or changed(name)"\ndo: [{wait: 1h}]\n'})
    trigger = on.automations["a"].on
    assert (trigger.form, trigger.options["changed"]) == ("shop.customer", {"grade": {"from": "b", "to": "a"}})


def test_a_broken_automation_is_switched_off_and_the_rest_runs() -> None:
    files = {
        "x.yaml": "automation: good\non: {created: customer}\ndo: [{wait: 1h}]\n",
        "y.yaml": 'automation: lost\nname: 丢\non: {created: customer}\nif: "nothing == 1"\ndo: [{wait: 1h}]\n',
        "z.yaml": "automation: odd\non: {created: customer}\ndoo: [{wait: 1h}]\n",
    }
    result = compiled(files, tolerant=True)
    assert result.app is not None and result.problems == ()
    found = result.app.automations
    assert {id: [p.code for p in a.broken] for id, a in found.items()} == {
        "good": [],
        "lost": ["expr-unknown-field"],
        "odd": ["unknown-key"],
    }
    assert [a.enabled for a in found.values()] == [True, False, False]
    assert compiled(files).app is None


def test_a_rule_that_counts_from_no_time_is_switched_off_too() -> None:
    result = compiled({"x.yaml": "automation: a\non: {inactive: customer, since: name, after: 2d}\ndo: [{wait: 1h}]\n"}, tolerant=True)
    assert result.app is not None
    assert [p.code for p in result.app.automations["a"].broken] == ["since-not-a-time"]


RING = """\
automation: a
on: {changed: {grade: {to: a}}, form: customer}
do: [{set: {vip: true}}]
---
automation: b
on: {changed: customer, form: customer, fields: [vip]}
do: [{set: {grade: GRADE}}]
"""


@pytest.mark.parametrize(("grade", "codes"), [("a", ["rules-in-circle"]), ("b", [])])
def test_rules_that_set_each_other_off_are_found_by_fields_and_values(grade: str, codes: list[str]) -> None:
    assert [p.code for p in compiled({"x.yaml": RING.replace("GRADE", grade)}).problems] == codes


def test_a_circle_through_a_computed_field_is_found() -> None:
    customer = BASE["customer.yaml"] + "  score: {type: integer, stored: true, cases: [{if: vip, then: 5}, {else: 1}]}\n"
    rule = "automation: a\non: {changed: customer, form: customer, fields: [score]}\ndo: [{set: {vip: true}}]\n"
    assert [p.code for p in compiled({"customer.yaml": customer, "x.yaml": rule}).problems] == ["rules-in-circle"]


def test_a_picker_filter_stands_on_the_records_it_offers() -> None:
    link = form("form: a\nfields: {c: {type: link, to: customer, filter: \"vip and grade == 'a'\"}}\n").fields["c"]
    assert link.options["filter"].reads == {("vip",), ("grade",)}


def test_workflow_numbers_guards_and_deadlines() -> None:
    shop = app(
        {
            "flow.yaml": """\
workflow: steps
form: customer
stages:
  - {id: new, name: 新, probability: {default: 10%, between: [5%, 15%]}, expected: 7d, exit: {if: "count(visits) >= 1", message: 先拜访},
     deadlines: [{after: 24h, do: [{notify: owner, text: 快}]}]}
  - {id: won, name: 成, final: true, entry: {fields: [budget], message: 填预算}}
  - {id: lost, name: 失, final: true, from: any}
moves: {forward: next, back: {by: [owner.manager], comment: optional}}
"""
        }
    )
    flow = shop.workflows["steps"]
    new, won, lost = flow.stages
    assert (new.probability, new.between, new.expected) == (10, (5, 15), Span(days=7))
    assert new.exit is not None and str(new.exit.message) == "先拜访"
    assert new.deadlines[0].after == Span(24 * 3_600_000)
    assert won.entry is not None and won.entry.fields == ("budget",)
    assert lost.from_any
    assert (flow.back_by, flow.back_comment) == (("owner.manager",), False)


def test_words_come_with_their_translations_and_gaps_are_told() -> None:
    texts = (
        "texts: en\nform:\n  customer: {name: Customer, fields: {name: {name: Name}, grade: {options: {a: Grade A}}}, nothing: {name: x}}\n"
    )
    texts = texts.replace("customer: {name: Customer", "customer: {name: Customer, help: unused")
    result = compiled({"texts/en.yaml": texts})
    assert result.app is not None
    customer = result.app.forms["customer"]
    assert customer.fields["grade"].choices["a"].name.in_("en") == "Grade A"
    assert customer.fields["grade"].name.in_("en") == "等级"
    told = {(p.code, p.args["path"]) for p in result.problems}
    assert ("missing-translation", "form.customer.fields.grade") in told
    assert ("idle-translation", "form.customer.help") in told
    assert all(p.warning for p in result.problems)


def test_another_apps_form_is_reached_where_needs_names_it() -> None:
    other = app().forms["customer"]
    text = {
        **BASE,
        "app.yaml": 'app: spa\nversion: 1.0.0\nname: 疗\nneeds: {shop: ">=1"}\n',
        "x.yaml": "form: a\nfields: {c: {type: link, to: shop.customer}, g: {type: formula, formula: c.grade}}\n",
    }
    result = compile_app(text, SMALL, {other.key: other})
    assert result.app is not None
    assert result.app.forms["a"].fields["c"].target == "shop.customer"


def test_data_comes_from_rows_and_from_csv() -> None:
    result = compiled(
        {"x.yaml": "data: visit\nsample: true\nkey: note\nrows: [{note: x}]\nfile: v.csv\n", "data/v.csv": "note,kind\ny,first\n,demo\n"}
    )
    assert result.app is not None
    (data,) = result.app.data
    assert (data.form, data.rows, data.sample, data.key) == (
        "shop.visit",
        ({"note": "x"}, {"note": "y", "kind": "first"}, {"kind": "demo"}),
        True,
        "note",
    )


def test_rights_over_empty_fields_pass_with_a_guard_beside_them() -> None:
    role = 'role: r\nname: 角\ncan: {customer: {only: "backup is not empty and backup != me"}}\n'
    assert app({"x.yaml": role}).roles["r"].can["shop.customer"].only is not None


def test_the_share_of_fields_that_fill_themselves_is_told() -> None:
    assert compiled().facts["defaults"]["shop.customer"] == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    "formula",
    [
        "count(visits, ended_at > now - days(30))",
        "latest(max(visits.ended_at), touched_at)",
        "sum(orders, qty)",
        "created_at < now - days(3)",
        "last(visits).ended_at",
    ],
)
def test_kept_formulas_that_may_stand(formula: str) -> None:
    text = BASE["customer.yaml"] + f'  kept: {{type: formula, stored: true, formula: "{formula}"}}\n'
    assert app({"customer.yaml": text}).forms["customer"].fields["kept"].stored


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("count(visits, ended_at > this.created_at)", "aggregate-reads-parent"),
        ("count(visits, customer.vip)", "path-in-kept"),
        ("owner.name", "path-in-kept"),
        ("age + 1", "live-not-allowed"),
        ("days_between(created_at, today) > 3", "clock-in-kept"),
    ],
)
def test_kept_formulas_that_may_not(formula: str, code: str) -> None:
    text = BASE["customer.yaml"] + f'  kept: {{type: formula, stored: true, formula: "{formula}"}}\n'
    assert [p.code for p in compiled({"customer.yaml": text}).problems] == [code]


def test_a_default_answer_must_be_readable() -> None:
    bad = BASE["app.yaml"].replace("default: 3", "default: drei")
    assert [(p.code, p.mark.line) for p in compiled({"app.yaml": bad}).problems] == [("bad-value", 5)]


def test_the_digest_tells_whether_anything_changed() -> None:
    assert app().digest == app().digest
    assert app().digest != app({"app.yaml": BASE["app.yaml"] + "icon: x\n"}).digest
