"""A secret is written and never shown: a canary is looked for in every table, answer, file, trace and log, on both databases."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from dougong.api import shape
from dougong.automation.tables import run_table, step_table
from dougong.clock import VirtualClock
from dougong.context import SYSTEM, Ctx
from dougong.expr.types import Hidden
from dougong.installed import compile_sources
from dougong.lifecycle import carry_out, install, prepare
from dougong.problems import Problems
from dougong.records import entry, exporting, history, query, save
from dougong.records.query import Query
from dougong.records.titles import display
from dougong.runtime import Runtime
from dougong.settings import Settings
from dougong.store.plan import accepted
from tests.notify.receiver import Receiver
from tests.records.ground import HEAD, MONDAY

CANARY = "kanarienvogel-73-金丝雀"
OTHER = "zeisig-19"
FORMS = """\
form: link_out
name: 连接
fields:
  name: {name: 名称, type: text, search: true}
  token: {name: 口令, type: secret, in_headers: true}
  kept: {name: 私钥, type: secret}
  locked: {name: 已设, type: formula, formula: "token is not empty", stored: true}
---
form: order
name: 订单
fields:
  number: {name: 编号, type: text}
  through: {name: 连接, type: link, to: link_out}
"""
RULE = """\
automation: send
name: 推送
on: {created: order}
do:
  - webhook: "%s/orders"
    headers: {Authorization: "Bearer {{ through.token }}", X-Shop: "{{ number }} 甲\\r\\nX-Evil: 1"}
    body: {number: "{{ number }}"}
    repeat: safe
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def runtime(database_url: str, tmp_path: Path, receiver: Receiver) -> Iterator[Runtime]:
    settings = replace(Settings.read({}), database_url=database_url, home=tmp_path, allow_private=frozenset({"127.0.0.1"}))
    made = Runtime(settings, VirtualClock(MONDAY))
    install(made, {"app.yaml": HEAD, "f.yaml": FORMS, "r.yaml": RULE % receiver.url}, who="test")
    yield made
    made.close()


def entered(ctx: Ctx, raw: dict[str, object]) -> int:
    form = ctx.workspace.forms["desk.link_out"]
    return save.create(ctx, form.key, entry.parse(ctx, form, raw)).id


def make(runtime: Runtime, **raw: object) -> int:
    with runtime.transaction(SYSTEM) as ctx:
        return entered(ctx, {"name": "甲", "token": CANARY, **raw})


def change(runtime: Runtime, id: int, **raw: object) -> None:
    with runtime.transaction(SYSTEM) as ctx:
        form = ctx.workspace.forms["desk.link_out"]
        save.edit(ctx, form.key, id, entry.parse(ctx, form, raw))


def opened(runtime: Runtime, id: int, field: str = "token") -> str | None:
    with runtime.read(SYSTEM) as ctx:
        value = ctx.connection.execute(text(f"SELECT {field} FROM desk__link_out WHERE id = {id}")).scalar()
        return None if value is None else ctx.workspace.vault.open(value)


def everything(runtime: Runtime) -> str:
    """All cells of all tables; a full-text index can't be read, and is made of what others hold."""
    with runtime.store.read() as connection:
        names = [name for name in inspect(connection).get_table_names() if not name.startswith("words$")]
        return "\n".join(repr(row) for name in names for row in connection.execute(text(f'SELECT * FROM "{name}"')))


def test_it_is_in_no_table_and_opens_only_with_the_key_in_the_home(runtime: Runtime, tmp_path: Path) -> None:
    id = make(runtime, kept=OTHER)
    runtime.work()
    found = everything(runtime)
    assert CANARY not in found and OTHER not in found
    key = tmp_path / "secret.key"
    assert key.stat().st_mode & 0o077 == 0 and key.read_text() not in found
    assert (opened(runtime, id), opened(runtime, id, "kept")) == (CANARY, OTHER)


def test_with_another_key_it_is_said_what_to_do(runtime: Runtime, tmp_path: Path) -> None:
    id = make(runtime)
    (tmp_path / "secret.key").unlink()
    with runtime.store.read() as connection:
        sealed = connection.execute(text("SELECT token FROM desk__link_out")).scalar_one()
    again = Runtime(runtime.settings, VirtualClock(MONDAY))
    make(again)
    with pytest.raises(Problems) as problems:
        again.workspace().vault.open(sealed)
    again.close()
    assert "secret.key" in problems.value.problems[0].sentence("zh")
    assert opened(runtime, id) == CANARY


def test_every_way_of_reading_shows_its_cover(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    id = make(runtime)
    change(runtime, id, token=OTHER)
    with runtime.read(SYSTEM) as ctx:
        form = ctx.workspace.forms["desk.link_out"]
        (row,) = query.page(ctx, Query(form.key)).rows
        said = [repr(row), display(ctx, form.fields["token"], row["token"]), str(row["token"])]
        said += [json.dumps(shape.many(ctx, form, [row], tuple(form.fields.values())), ensure_ascii=False, default=str)]
        said += [repr(history.entries(ctx, form.key, id))]
        assert query.page(ctx, Query(form.key, search=OTHER)).rows == ()
    assert said[1] == said[2] == "••••"
    assert '"token": "••••"' in said[3]
    assert not any(word in text_ for word in (CANARY, OTHER, "gAAAA") for text_ in (*said, caplog.text))


def test_an_export_holds_the_cover_and_brings_it_back_unharmed(runtime: Runtime) -> None:
    id = make(runtime)
    with runtime.read(SYSTEM) as ctx:
        form = ctx.workspace.forms["desk.link_out"]
        out = "".join(exporting.as_csv(ctx, form, (form.fields["name"], form.fields["token"]), Query(form.key)))
    assert CANARY not in out and "gAAAA" not in out and "••••" in out
    change(runtime, id, name="乙", token="••••")
    assert opened(runtime, id) == CANARY


@pytest.mark.parametrize(("sent", "left"), [("••••", CANARY), (OTHER, OTHER), ("", None), (None, None)])
def test_it_can_be_replaced_left_and_cleared(runtime: Runtime, sent: str | None, left: str | None) -> None:
    id = make(runtime)
    change(runtime, id, token=sent)
    assert opened(runtime, id) == left
    with runtime.read(SYSTEM) as ctx:
        assert query.get(ctx, "desk.link_out", id=id)["locked"] is (left is not None)


def test_a_cover_sent_at_creation_is_nothing(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as ctx:
        id = entered(ctx, {"name": "甲", "token": "••••"})
    assert opened(runtime, id) is None


def test_a_value_that_only_looks_sealed_is_sealed_again(runtime: Runtime) -> None:
    id = make(runtime)
    with runtime.store.read() as connection:
        sealed = connection.execute(text("SELECT token FROM desk__link_out")).scalar_one()
    change(runtime, id, kept=sealed)
    assert opened(runtime, id, "kept") == sealed


def test_a_webhooks_headers_hold_it_and_its_trace_does_not(runtime: Runtime, receiver: Receiver) -> None:
    receiver.usual = (200, {"echo": f"Bearer {CANARY}"})
    shop = make(runtime, token=CANARY.split("-金")[0])
    with runtime.transaction(SYSTEM) as ctx:
        save.create(ctx, "desk.order", {"number": "A1", "through": shop})
    runtime.work()
    (got,) = receiver.got
    assert got.headers["Authorization"] == "Bearer kanarienvogel-73"
    assert "X-Evil" not in got.headers and got.headers["X-Shop"].encode("latin-1").decode() == "A1 甲 X-Evil: 1"
    with runtime.store.read() as connection:
        runs = [dict(r) for r in connection.execute(run_table.select()).mappings()]
        steps = [dict(r) for r in connection.execute(step_table.select()).mappings()]
    assert [r["outcome"] for r in runs] == ["finished"], runs[0]["problem"]
    assert "kanarienvogel" not in json.dumps([runs, steps], default=str)
    assert "••••" in json.dumps(steps, default=str, ensure_ascii=False)


@pytest.mark.parametrize("where", [
    'automation: r\non: {created: link_out}\ndo: [{notify: owner, text: "{{ token }}"}]\n',
    'automation: r\non: {created: link_out}\ndo: [{webhook: "https://x.example", body: {t: "{{ token }}"}}]\n',
    'automation: r\non: {created: link_out}\ndo: [{webhook: "https://x.example/{{ token }}"}]\n',
    'automation: r\non: {created: link_out}\ndo: [{webhook: "https://x.example", headers: {A: "{{ kept }}"}}]\n',
    'automation: r\non: {created: link_out}\ndo: [{set: {name: "{{ token }}"}}]\n',
    'automation: r\non: {created: link_out}\ndo: [{set: {kept: "{{ token }}"}}]\n',
    'automation: r\non: {created: order}\nif: "through.token != number"\ndo: [{stop: true}]\n',
    'form: bad\nfields: {l: {type: link, to: link_out}, t: {type: formula, formula: "l.token"}}\n',
    'form: bad\nfields: {l: {type: link, to: link_out}, t: {type: lookup, of: l.token}}\n',
    'form: bad\ntitle: "{{ l.token }}"\nfields: {l: {type: link, to: link_out}}\n',
    'view: v\nname: 视\nform: link_out\nfilter: "token == kept"\n',
    "form: bad\nfields: {t: {type: secret, search: true}}\n",
    "form: bad\nfields: {t: {type: secret, unique: true}}\n",
    "form: bad\nfields: {t: {type: secret, default: x}}\n",
    'automation: r\non: {created: link_out}\ndo: [{webhook: "https://x.example", headers: {Host: x}}]\n',
])
def test_the_language_lets_it_go_nowhere_else(where: str) -> None:
    problems = compile_sources({"app.yaml": HEAD, "f.yaml": FORMS, "x.yaml": where}, tolerant=False).problems
    codes = {p.code for p in problems if not p.warning}
    assert codes & {"secret-not-read", "bad-option", "header-not-yours", "expr-wants", "expr-compares"}, codes


def test_written_anywhere_it_is_its_cover() -> None:
    secret = Hidden(CANARY)
    assert f"{secret} {secret!r} {[secret]} {secret}" == "•••• •••• [••••] ••••"


@pytest.mark.parametrize("type_", ["text", "secret"])
def test_changing_the_type_neither_reveals_a_secret_nor_takes_a_readable_text_for_one(runtime: Runtime, type_: str) -> None:
    make(runtime)
    before = FORMS if type_ == "text" else FORMS.replace("{name: 名称, type: text, search: true}", "{name: 名称, type: secret}")
    after = before.replace("token: {name: 口令, type: secret, in_headers: true}", "token: {name: 口令, type: text}")
    after = after.replace("  locked: {name: 已设, type: formula, formula: \"token is not empty\", stored: true}\n", "")
    plan = prepare(runtime, {"app.yaml": HEAD, "f.yaml": after if type_ == "text" else before})
    carry_out(runtime, plan, who="test", accept=accepted(plan.plan))
    with runtime.store.read() as connection:
        row = connection.execute(text("SELECT * FROM desk__link_out")).mappings().one()
    current = runtime.workspace().forms["desk.link_out"].fields["token" if type_ == "text" else "name"]
    assert row[current.key] is None
