"""A record's PDF: made by an automation, read back by another program; what is in the record stays text, and nothing is fetched."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from dougong.automation.tables import run_table
from dougong.clock import VirtualClock
from dougong.context import SYSTEM
from dougong.documents import pdf
from dougong.files import attachments
from dougong.files.tables import file
from dougong.installed import compile_sources
from dougong.lifecycle import install, prepare
from dougong.records import entry, save
from dougong.runtime import Runtime
from dougong.settings import Settings
from tests.records.ground import HEAD, MONDAY

PAPER = """<html><head><title>报价单</title></head><body><h1>报价单 {{ number }}</h1>
<p>客户：{{ name }}　等级：{{ grade }}　日期：{{ day }}</p><p>{{ note }}</p>
<table><tr><th>品名</th><th>数量</th><th>金额</th></tr>
{{ each lines }}<tr><td>{{ what }}</td><td>{{ qty }}</td><td>{{ qty * price }}</td></tr>
{{ end }}</table><p>合计 {{ sum(lines, qty * price) }}{{ if(count(lines) > 1, '（多项）', '') }}</p></body></html>
"""
FORM = """
form: bill
name: 单据
title: "{{ number }} {{ name }}"
fields:
  number: {name: 编号, type: text}
  name:   {name: 客户, type: text}
  grade:  {name: 等级, type: choice, options: {a: 三级甲等, b: 其他}}
  day:    {name: 日期, type: date}
  note:   {name: 说明, type: long_text}
  lines:
    name: 明细
    type: lines
    columns:
      what:  {name: 品名, type: text}
      qty:   {name: 数量, type: integer}
      price: {name: 单价, type: money}
  send:   {name: 发出, type: yes_no}
  paper:  {name: 文件, type: file, many: true}
"""
RULE = """
automation: make
name: 出单
on: {changed: {send: {to: true}}, form: bill}
do:
  - {document: bill_paper, attach: paper}
""".lstrip()
VALUES = {
    "number": "Q-001", "name": "宁波市第六医院（骨科）", "grade": "a", "day": "2026-03-02", "note": "第一行\n第二行",
    "lines": [{"what": "髋关节假体", "qty": "2", "price": "1200.50"}, {"what": "手术器械包", "qty": "1", "price": "80"}],
}  # fmt: skip


def sources(paper: str = PAPER, rule: str = RULE) -> dict[str, str]:
    return {"app.yaml": HEAD, "form.yaml": FORM, "rule.yaml": rule, "documents/bill_paper.html": paper}


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    made = Runtime(Settings(f"sqlite:///{tmp_path / 'x.db'}", "", tmp_path, "", frozenset(), ""), VirtualClock(MONDAY))
    yield made
    made.close()


def printed(runtime: Runtime, paper: str = PAPER, **values: object) -> tuple[str, str]:
    """The text of the PDF that a bill leads to, as pdftotext reads it, and the file's name."""
    install(runtime, sources(paper), who="test")
    with runtime.transaction(SYSTEM, "person") as ctx:
        bill = ctx.workspace.forms["desk.bill"]
        made = save.create(ctx, bill.key, entry.parse(ctx, bill, {**VALUES, **values}))
    with runtime.transaction(SYSTEM, "person") as ctx:
        save.edit(ctx, "desk.bill", made.id, {"send": True})
    runtime.work()
    with runtime.store.read() as connection:
        runs = list(connection.execute(select(run_table.c.outcome, run_table.c.problem)))
        (kept,) = attachments.of_record(connection, "desk.bill", made.id) or [pytest.fail(str(runs))]
    with attachments.open_bytes(runtime.storage, kept) as stream:
        body = stream.read()
    assert body.startswith(b"%PDF-") and kept.type == "application/pdf"
    return text_of(body), kept.name


pytestmark = pytest.mark.usefixtures("pdf_text")  # where a PDF can't be made and read, all of this is left out by name


def text_of(body: bytes) -> str:
    return subprocess.run(["pdftotext", "-layout", "-", "-"], input=body, capture_output=True, check=True).stdout.decode()


def test_a_paper_holds_the_record_and_each_of_its_lines_in_chinese(runtime: Runtime) -> None:
    text, name = printed(runtime)
    for words in ("报价单 Q-001", "宁波市第六医院（骨科）", "三级甲等", "第一行", "第二行"):
        assert words in text, (words, text)
    for words in ("髋关节假体", "手术器械包", "2,401", "2,481", "（多项）"):
        assert words in text, (words, text)
    assert text.index("髋关节假体") < text.index("手术器械包") and "第一行第二行" not in text
    assert name == "Q-001 宁波市第六医院（骨科）.pdf"


def test_what_was_entered_stays_text(runtime: Runtime) -> None:
    strange = "{{7*7}} {{ each lines }} <b>x</b> <img src='file:///etc/passwd'> ${7*7}"
    text, _ = printed(runtime, name=strange, number="{{7*7}}")
    assert "{{7*7}} {{ each lines }} <b>x</b>" in text and "${7*7}" in text and "49" not in text


@pytest.mark.parametrize(
    "html",
    [
        '<img src="{url}">',
        '<link rel="stylesheet" href="{url}">',
        '<link rel="attachment" href="{url}">',
        '<object data="{url}"></object>',
        '<embed src="{url}">',
        '<style>@import url("{url}"); body {{ background: url("{url}") }}</style>',
        '<a rel="attachment" href="{url}">x</a>',
        '<style>@font-face {{ font-family: x; src: url("{url}") }} p {{ font-family: x }}</style><p>x</p>',
        '<base href="{url}"><img src="x">',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}" width="9" height="9"/></svg>',
        '<p style="list-style: url({url})">x</p>',
    ],
)
def test_nothing_is_fetched_and_no_file_is_read(html: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text("canary-7f3a")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        for url in (f"http://127.0.0.1:{server.getsockname()[1]}/x", canary.as_uri()):
            body = pdf.render(f"<html><body>{html.format(url=url)}<p>还在</p></body></html>")
            assert "还在" in text_of(body) and b"canary" not in body and "canary" not in text_of(body)
        with pytest.raises(BlockingIOError):  # nobody knocked
            server.accept()


@pytest.mark.parametrize(
    ("paper", "rule", "code", "at"),
    [
        ("<p>{{ nmae }}</p>", RULE, "expr-unknown-field", ("documents/bill_paper.html", 1, 7, 4)),
        ("<p>\n  {{ each lines }}{{ qyt }}{{ end }}", RULE, "expr-unknown-field", ("documents/bill_paper.html", 2, 22, 3)),
        ("{{ each name }}{{ end }}", RULE, "expr-wants", ("documents/bill_paper.html", 1, 9, 4)),
        ("a\n{{ each lines }}", RULE, "document-each-open", ("documents/bill_paper.html", 2, 1, 16)),
        ("{{ end }}", RULE, "document-end-alone", ("documents/bill_paper.html", 1, 1, 9)),
        ("{{ name", RULE, "document-open-braces", ("documents/bill_paper.html", 1, 1, 2)),
        ("{% for x in lines %}", RULE, "document-jinja", ("documents/bill_paper.html", 1, 1, 2)),
        ("{{ ''.__class__ }}", RULE, "", ("documents/bill_paper.html", 1, 0, 0)),
        ("x", RULE.replace("bill_paper", "bil_paper"), "unknown-document", ("rule.yaml", 5, 16, 9)),
        ("x", RULE.replace("attach: paper", "attach: papers"), "unknown-field", ("rule.yaml", 5, 36, 6)),
    ],
)
def test_a_mistake_in_a_paper_is_reported_at_its_words(paper: str, rule: str, code: str, at: tuple[str, int, int, int]) -> None:
    found = compile_sources(sources(paper, rule), tolerant=False)
    assert found.app is None and (found.problems[0].mark.file, found.problems[0].mark.line) == at[:2]
    if code:
        (problem,) = found.problems
        assert (problem.code, problem.mark.column, problem.mark.length) == (code, *at[2:])


def test_a_paper_without_an_end_is_not_printed(runtime: Runtime) -> None:
    install(runtime, sources("<p>{{ each lines }}{{ parent.note }}{{ end }}</p>"), who="test")
    with runtime.transaction(SYSTEM, "person") as ctx:
        bill = ctx.workspace.forms["desk.bill"]
        lines = [{"what": "x", "qty": "1"}] * 60
        made = save.create(ctx, bill.key, entry.parse(ctx, bill, {"name": "甲", "note": "长" * 18_000, "lines": lines}))
    with runtime.transaction(SYSTEM, "person") as ctx:
        save.edit(ctx, "desk.bill", made.id, {"send": True})
    runtime.work()
    with runtime.store.read() as connection:
        assert connection.execute(select(file.c.id)).first() is None
        assert "document-too-large" in str(list(connection.execute(select(run_table))))


def test_a_machine_that_cannot_print_says_at_install_what_is_missing(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)  # as Python itself marks a module that can't be imported
    (told,) = [p for p in prepare(runtime, sources()).warnings if p.code.startswith("document-")]
    assert told.warning and "libpango-1.0-0" in told.sentence("zh") and "dougong[pdf]" in told.sentence("en")
    without = {name: text for name, text in sources().items() if not name.startswith(("documents/", "rule"))}
    assert [p for p in prepare(runtime, without).warnings if p.code.startswith("document-")] == []


def test_a_machine_without_a_chinese_font_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pdf.missing() is None
    (tmp_path / "fonts.conf").write_text('<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>')
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    told = pdf.missing()
    assert told is not None and told.code == "document-no-font" and "fonts-noto-cjk" in told.sentence("zh")
