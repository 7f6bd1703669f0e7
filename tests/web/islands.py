"""A form with one field of each common kind, drawn as app pages are, served to a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, render_template_string, request
from werkzeug.serving import make_server

import dougong.fields  # noqa: F401 - fills the registry
from dougong.expr.compile import compile_expr
from dougong.expr.scope import Member, Scope, Shape
from dougong.expr.to_json import calendar_json, to_json
from dougong.expr.types import Calendar
from dougong.fields.base import Locale, field_types
from dougong.fields.draw import draw
from dougong.problems import NOWHERE
from dougong.spec.form import Field, Option
from dougong.spec.label import Label
from dougong.web import bundle, language
from dougong.web.formats import Reader

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'"
NAMES = ("宁波骨科医院", "鄞州第二医院", "慈溪市人民医院", "杭州瑞康医疗器械有限公司")
PAGE = """
{% extends "base.html" %}{% import "controls.html" as c %}{% import "macros.html" as ui %}
{% set page_class = "narrow with-foot" %}
{% block title %}记一笔{% endblock %}
{% block page %}
{{ ui.topbar("记一笔", "/list") }}
<form class="form" method="post" action="/form" novalidate data-form="desk.note:new" data-rules='{{ rules | tojson }}'>
<fieldset class="section"><legend>现场</legend><div class="fields">
{% for f in fields %}
{% call c.field(f.id, f.name.text, f.required, wide=f.type in ("lines", "long_text"), group=f.type in ("choice", "choices")) -%}
{{ draw(f) }}{% endcall %}{% endfor %}
</div></fieldset>
<p data-field="double">两倍 <output data-computed></output></p><p data-field="share">占比 <output data-computed></output></p>
{{ c.form_foot("提交", "/list") }}
</form>
{% endblock %}
"""
LIST = """
{% extends "base.html" %}{% import "macros.html" as ui %}
{% block page %}<header class="page-head"><h1>清单</h1></header>
<table class="list"><tbody>{% for name in names %}
<tr data-uid="{{ loop.index }}"><td class="name"><a href="/form?n={{ loop.index }}">{{ ui.company(name) }}</a></td></tr>{% endfor %}
</tbody></table>
<input class="control" name="note" data-key="c">{{ ui.button("筛选", type="button", attrs={"data-sheet": "filter"}) }}
{% call ui.menu() %}<a href="#">{{ ui.icon("trash-2") }}删除</a>{% endcall %}
{% if saved %}{{ ui.toast({"text": "已记下", "undo": "/undo", "saved": "desk.note:new"}) }}{% endif %}{% endblock %}
{% block floats %}{% call ui.sheet("filter", "筛选") %}<div class="sheet-body">里面</div>{% endcall %}{% endblock %}
"""


def _field(id: str, name: str, type_: str, options: Mapping[str, Any] | None = None, **more: Any) -> Field:
    choices = {key: Option(key, Label(text)) for key, text in (options or {}).get("options", {}).items()}
    value = field_types[type_].value_type(options or {})
    return Field(id=id, name=Label(name), type=type_, key=id, options=options or {}, choices=choices, value=value, **more)


GOALS = {"options": {"collect": "收集信息", "show": "演示", "sign": "签约"}}
KINDS = {"options": {"first": "首次", "demo": "演示", "tour": "参观", "talk": "谈判"}}
COLUMNS = (_field("item", "品名", "text"), _field("qty", "数量", "integer"))
FIELDS = (
    _field("who", "对象", "link", {"to": "desk.place"}, target="desk.place", required=True),
    _field("goal", "本次目标", "choice", GOALS),
    _field("kind", "动作", "choice", KINDS, required=True),
    _field("amount", "金额", "money"),
    _field("reason", "原因", "text"),
    _field("agreed", "同意录音", "yes_no"),
    _field("slides", "演示稿", "file"),
    _field("note", "备注", "long_text"),
    _field("items", "明细", "lines", target="desk.note_items"),
)
SHAPE = Shape("desk.note", "记录", {f.id: Member(f.value, f.name.text) for f in FIELDS})
FORMULAS: dict[str, tuple[str, dict[str, Any]]] = {
    "double": ("amount * 2", {"unit": "¥"}),
    "share": ("amount / 1000000", {"percent": True}),
}
WHEN = {"slides": {"required_when": "kind == 'demo'"}, "reason": {"visible_when": "amount > 100000 and not agreed"}}


def tree(source: str) -> dict[str, Any]:
    expr, problems = compile_expr(source, NOWHERE, Scope("desk", {SHAPE.key: SHAPE}, SHAPE))
    assert expr, problems
    return to_json(expr)


def rules() -> dict[str, Any]:
    out: dict[str, Any] = {f.id: {"kind": f.value.kind, "required": f.required} for f in FIELDS}
    for id, conditions in WHEN.items():
        out[id] |= {name: tree(source) for name, source in conditions.items()}
    out |= {id: {"kind": "number", "formula": tree(source), **more} for id, (source, more) in FORMULAS.items()}
    lines = {"items": {"fields": {c.id: {"kind": c.value.kind} for c in COLUMNS}}}
    return {"fields": out, "lines": lines, "env": {"calendar": calendar_json(Calendar())}, "offset": "+08:00"}


@dataclass
class Islands:
    """`posted` are the entries of each form sent; `undone` counts presses of 撤销; `refuse_files` makes uploads fail."""

    address: str = ""
    posted: list[list[tuple[str, str]]] = field(default_factory=list)
    undone: int = 0
    refuse_files: bool = False


@contextmanager
def serve() -> Iterator[Islands]:
    site = Islands()
    server = make_server("127.0.0.1", 0, app(site), threaded=True)
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


def app(site: Islands) -> Flask:
    made = Flask("dougong.web")
    made.secret_key = "only for tests"
    language.install(made, lambda: Reader(request.args.get("locale", "zh-CN"), Calendar(), datetime(2026, 3, 9, 1, 30, tzinfo=UTC)))
    bundle.install(made)
    place = {"url": "/list", "label": "今日", "icon": "house", "current": True, "badge": 3}
    rail = [{"name": "服务台", "places": [place, {"url": "/form", "label": "记录", "icon": "notebook-pen"}]}]
    shell = {"workspace": "斗拱", "home": "/list", "search": "/search", "bar": [place], "rail": rail, "foot": []}
    made.jinja_env.globals |= {"csrf_token": lambda: "proof", "shell": shell, "rail_folded": lambda: False}

    def drawn(f: Field) -> str:
        columns = COLUMNS if f.type == "lines" else ()
        return draw(f, None, f.id, Locale(), {"id": f"f-{f.id}", "required": None}, columns)

    @made.get("/form")
    def form() -> str:
        return render_template_string(PAGE, fields=FIELDS, draw=drawn, rules=rules())

    @made.post("/form")
    def send() -> str:
        site.posted.append(list(request.form.items(multi=True)))
        return render_template_string(LIST, names=NAMES, saved=True)

    @made.get("/list")
    def listed() -> str:
        return render_template_string(LIST, names=NAMES, saved=False)

    @made.get("/pick/desk/place")
    @made.get("/search")
    def found() -> Response:
        text = request.args.get("q", "")
        fitting = [(n, name) for n, name in enumerate(NAMES) if text in name]
        return jsonify([{"id": f"uid-{n}", "text": name, "note": "三级甲等", "url": f"/form?n={n}"} for n, name in fitting])

    @made.post("/files")
    def keep() -> tuple[Response, int]:
        if site.refuse_files:
            return jsonify(message="这种文件不收。"), 422
        assert request.headers["X-CSRFToken"] == "proof"
        return jsonify(uid="file-1", name=request.files["file"].filename, url="/files/file-1", thumb=""), 200

    @made.get("/saved")
    def saved() -> str:
        return render_template_string(LIST, names=NAMES, saved=True)

    @made.post("/undo")
    def undo() -> tuple[str, int]:
        site.undone += 1
        return "", 204

    @made.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return made
