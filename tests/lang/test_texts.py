"""Translations: everything that people read, by id, beside the template's own words."""

from __future__ import annotations

import re

from dougong.expr.tree import Template
from tests.lang.vocabulary import compiled

FORM = """\
form: paper
name: 单
title: "第 {{ number }} 号"
fields:
  number: {name: 号, type: text, help: 填号, placeholder: 如 12}
  kind: {name: 类, type: choice, options: {a: 甲, b: 乙}}
  agreed: {name: 同意, type: consent, statement: 我同意保存资料}
layout: [{section: 头, fields: [number, kind]}]
duplicates: [{same: number, then: refuse, message: "{{ found.number }} 已有"}]
reject_when:
  - {if: "kind == 'a'", message: "不能是 {{ kind.name }}", fields: [kind]}
ask_later: [{since: created_at, within: 1h, fields: [number], message: 请补}]
---
automation: tell
name: 告知
on: {created: paper}
do:
  - {notify: owner, text: "有新单 {{ kind.name }}"}
  - {id: again, notify: owner, text: 再说一遍}
  - if: "number is empty"
    do: [{popup: owner, text: 缺号}, {popup: owner, text: 缺号啊}]
"""
KEYS = [
    "app", "automation.tell", "automation.tell.do.again.text", "automation.tell.do.if.do.*.text", "automation.tell.do.if.do.*.text",
    "automation.tell.do.notify.text", "form.paper", "form.paper.ask_later.*.message", "form.paper.duplicates.number.message",
    "form.paper.fields.agreed", "form.paper.fields.agreed.statement", "form.paper.fields.kind", "form.paper.fields.kind.options.a",
    "form.paper.fields.kind.options.b", "form.paper.fields.number", "form.paper.fields.number.help",
    "form.paper.fields.number.placeholder", "form.paper.layout.number", "form.paper.reject_when.kind.message", "form.paper.title",
]  # fmt: skip


def test_every_text_that_is_read_is_asked_for_once() -> None:
    files = {"x.yaml": FORM, "en.yaml": "texts: en\n"}
    found = [str(p.args["path"]) for p in compiled(files).problems if p.code == "missing-translation"]
    ours = sorted(path for path in found if not path.startswith(("form.customer", "form.visit", "role", "app.ask", "workflow")))
    derived = [".".join("*" if re.fullmatch("s[0-9a-f]{8}", part) else part for part in path.split(".")) for path in ours]
    assert sorted(derived) == KEYS
    assert len(set(ours)) == len(ours)


def test_texts_with_formulas_are_compiled_where_the_original_stands() -> None:
    texts = """\
texts: en
form:
  paper:
    title: "No. {{ number }}"
    fields: {agreed: {statement: I agree}}
    reject_when: {kind: {message: "not {{ kind.name }}"}}
automation:
  tell: {do: {notify: {text: "new: {{ kind.name }}"}, again: {text: once more}}}
"""
    app = compiled({"x.yaml": FORM, "en.yaml": texts}).app
    assert app is not None
    paper, steps = app.forms["paper"], app.automations["tell"].levels[0].do
    told = [paper.title, paper.rejects[0].message, steps[0].options["text"], steps[1].options["text"]]
    assert all(isinstance(t, Template) for t in told)
    assert [t.in_("en-GB").source for t in told] == ["No. {{ number }}", "not {{ kind.name }}", "new: {{ kind.name }}", "once more"]
    assert [t.in_("zh-CN").source for t in told][:2] == ["第 {{ number }} 号", "不能是 {{ kind.name }}"]
    assert paper.fields["agreed"].options["statement"].in_("en") == "I agree"


def test_a_wrong_formula_in_a_translation_is_said_where_it_stands() -> None:
    texts = 'texts: en\nform:\n  paper:\n    title: "No. {{ numbr }}"\n'
    problems = compiled({"x.yaml": FORM, "en.yaml": texts}).problems
    assert [(p.code, str(p.mark), p.suggestion) for p in problems] == [("expr-unknown-field", "en.yaml:4:20", "number")]


def test_a_text_that_is_only_a_formula_needs_no_translation() -> None:
    form = FORM.replace("第 {{ number }} 号", "{{ number }} · {{ kind.name }}")
    found = [p.args["path"] for p in compiled({"x.yaml": form, "en.yaml": "texts: en\n"}).problems if p.code == "missing-translation"]
    assert "form.paper.title" not in found
